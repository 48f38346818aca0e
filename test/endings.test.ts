/** @file The process ends by itself, whatever it was doing: in training, in batching, in threads and processes of its own. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const lib = join(__dirname, '..', 'lib', 'index.js');

/** What every program begins with: a model, its training, and its batcher. */
const prelude = `
  const ng = require(${JSON.stringify(lib)});
  const { Worker } = require('node:worker_threads');
  const model = ng.sequential([new ng.nn.Dense(64, { activation: 'relu', inputShape: [16] }), new ng.nn.Dense(4)]);
  model.compile({ optimizer: 'adam', loss: 'mse' });
  const [x, y] = [ng.randn([512, 16]), ng.randn([512, 4])];
  const train = (epochs = 1e6) => model.fit(x, y, { epochs, verbose: 0 });
  const predict = ng.batcher(model, { maxDelayMs: 5, output: 'array' });
  const one = () => predict(new Float32Array(16));
  const later = (ms, fn) => setTimeout(fn, ms);`;

interface Ended {
  status: number | null;
  signal: NodeJS.Signals | null;
  out: string;
}

/** How a program ends; 'ready' on its output gets it \`kill\`, if there is one. */
function ends(code: string, kill?: NodeJS.Signals): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-e', prelude + code], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`it does not end: ${code}\n${out}`));
    }, 30_000);
    const read = (data: Buffer): void => {
      out += data.toString();
      if (kill && !child.killed && out.includes('ready')) child.kill(kill);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      resolve({ status, signal, out });
    });
  });
}

const well = { status: 0, signal: null };

test('an idle batcher holds no process, a request that waits does', async () => {
  expect(await ends('one().then(() => console.log("answered"));')).toEqual({ ...well, out: 'answered\n' });
  expect(await ends('predict.close().then(() => console.log("closed"));')).toEqual({ ...well, out: 'closed\n' });
  const slow = 'ng.batcher(model, { maxDelayMs: 300 })(new Float32Array(16)).then(() => console.log("answered"));';
  expect(await ends(slow)).toEqual({ ...well, out: 'answered\n' });
  const gone = `const c = new AbortController(); later(10, () => c.abort());
    ng.batcher(model, { maxDelayMs: 60000 })(new Float32Array(16), { signal: c.signal }).catch((e) => console.log(e.name));`;
  expect(await ends(gone)).toEqual({ ...well, out: 'AbortError\n' });
});

test('when training is over or aborted', async () => {
  expect(await ends('train(3).then(one).then(() => console.log("done"));')).toEqual({ ...well, out: 'done\n' });
  const aborted = `const c = new AbortController(); later(100, () => c.abort());
    model.fit(x, y, { epochs: 1e6, verbose: 0, signal: c.signal }).then((h) => console.log(h.aborted));`;
  expect(await ends(aborted)).toEqual({ ...well, out: 'true\n' });
});

const busy = 'train(); (async () => { for (;;) await Promise.all(Array.from({ length: 20 }, one)); })();';

test('process.exit in the middle of training and batching', async () => {
  expect(await ends(`${busy} later(150, () => process.exit(3));`)).toMatchObject({ status: 3, signal: null });
  expect(await ends(`${busy} process.exit(0);`)).toMatchObject(well);
});

test('an error that nobody catches, thrown or rejected', async () => {
  const thrown = await ends(`${busy} later(150, () => { throw new Error('uncaught one'); });`);
  expect(thrown).toMatchObject({ status: 1, signal: null, out: expect.stringContaining('uncaught one') as string });
  const rejected = await ends(`${busy} later(150, () => predict([1]));`);
  expect(rejected).toMatchObject({ status: 1, signal: null, out: expect.stringContaining('ERR_SHAPE') as string });
});

test('SIGTERM: by default it ends the process, with a listener the program ends it', async () => {
  expect(await ends(`${busy} later(150, () => console.log('ready'));`, 'SIGTERM')).toMatchObject({ signal: 'SIGTERM' });
  const graceful = `const c = new AbortController();
    const fitting = model.fit(x, y, { epochs: 1e6, verbose: 0, signal: c.signal });
    const asked = Array.from({ length: 100 }, one);
    process.once('SIGTERM', async () => {
      c.abort();
      await predict.close({ drain: true });
      console.log((await Promise.all(asked)).length, (await fitting).aborted);
    });
    const held = setInterval(() => {}, 1000);
    process.once('SIGTERM', () => clearInterval(held));
    console.log('ready');`;
  expect(await ends(graceful, 'SIGTERM')).toEqual({ ...well, out: 'ready\n100 true\n' });
});

test('a worker that trains and answers is terminated, or ends by itself', async () => {
  const start = (code: string): string =>
    `const w = new Worker(${JSON.stringify(`${prelude}${code}`)}, { eval: true });`;
  const terminated = `${start(busy)} later(400, async () => console.log('exit', await w.terminate()));`;
  expect(await ends(terminated)).toEqual({ ...well, out: 'exit 1\n' });
  const done = `${start('train(2).then(one);')} w.once('exit', (code) => console.log('exit', code));`;
  expect(await ends(done)).toEqual({ ...well, out: 'exit 0\n' });
  const crashed = `${start(`${busy} later(100, () => { throw new Error('in the worker'); });`)}
    w.once('error', (e) => console.log(e.message));`;
  expect(await ends(crashed)).toEqual({ ...well, out: 'in the worker\n' });
});

test('a child process and a cluster train and answer', async () => {
  const child = `const { fork } = require('node:child_process'); const fs = require('node:fs');
    const file = require('node:path').join(require('node:os').tmpdir(), 'nodegrad-child-' + process.pid + '.cjs');
    fs.writeFileSync(file, ${JSON.stringify(`${prelude} train(2).then(one).then((v) => process.send(v.length));`)});
    const c = fork(file);
    c.once('message', (n) => { console.log(n); c.disconnect(); });
    c.once('exit', (code) => { fs.unlinkSync(file); console.log('exit', code); });`;
  expect(await ends(child)).toEqual({ ...well, out: '4\nexit 0\n' });
  const cluster = `const cluster = require('node:cluster'); const fs = require('node:fs');
    const file = require('node:path').join(require('node:os').tmpdir(), 'nodegrad-cluster-' + process.pid + '.cjs');
    fs.writeFileSync(file, ${JSON.stringify(`${prelude}
      const server = require('node:http').createServer(async (_, res) => res.end(String((await one()).length)));
      train(20).then(() => server.listen(0));
      process.once('disconnect', () => predict.close());`)});
    cluster.setupPrimary({ exec: file, execArgv: [] });
    let answers = 0, exits = 0;
    cluster.on('listening', async (worker, { port }) => {
      console.log(await (await fetch('http://127.0.0.1:' + port)).text());
      if (++answers === 2) cluster.disconnect();
    });
    cluster.on('exit', (_, code) => { if (++exits === 2) { fs.unlinkSync(file); console.log('exit', code); } });
    cluster.fork(); cluster.fork();`;
  expect(await ends(cluster)).toEqual({ ...well, out: '4\n4\nexit 0\n' });
});
