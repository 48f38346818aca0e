// For a machine with an NVIDIA GPU: builds the CUDA library, runs the op table on the GPU, compares its kernels' speed
// with what the GPU can do, and trains MNIST on it.
//
//   node scripts/gpu-check.mjs [--no-table] [--no-mnist]
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const skip = (part) => process.argv.includes(`--no-${part}`);
let failed = 0;

function step(name, args, env = {}) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (status !== 0) failed++;
  return status === 0;
}

if (!step('build', ['scripts/bootstrap.mjs']) || !step('CUDA library', ['scripts/build-cuda.mjs'])) process.exit(1);
const ng = createRequire(import.meta.url)('../dist/lib');
if (!ng.cuda.isAvailable()) {
  console.error(`no GPU can be used: ${ng.cuda.reason}`);
  process.exit(1);
}
console.log(`\n${ng.cuda.deviceCount()} GPU(s), the first: ${ng.cuda.getDeviceName(0)}`);

/** Milliseconds per call: the median of five rounds of `times` calls, after a warm-up. */
async function time(times, call) {
  for (let i = 0; i < 3; i++) call();
  const rounds = [];
  for (let r = 0; r < 5; r++) {
    await ng.synchronize();
    const started = performance.now();
    for (let i = 0; i < times; i++) call();
    await ng.synchronize();
    rounds.push((performance.now() - started) / times);
  }
  return rounds.sort((a, b) => a - b)[2];
}

async function timings() {
  console.log('\n== timings');
  ng.setDefaultDevice('cuda');
  const row = (name, ms, amount, unit) =>
    console.log(`${name.padEnd(34)} ${ms.toFixed(4).padStart(10)} ms  ${(amount / ms / 1e6).toFixed(0)} ${unit}`);
  const n = 1 << 26;
  const [a, b] = [ng.rand([n]), ng.rand([n])];
  row('add, 64 Mi float32', await time(20, () => ng.add(a, b)), 12 * n, 'GB/s');
  row('tanh, 64 Mi float32', await time(20, () => ng.tanh(a)), 8 * n, 'GB/s');
  row('sum, 64 Mi float32', await time(20, () => ng.sum(a)), 4 * n, 'GB/s');
  const m = a.reshape([n / 1024, 1024]);
  row('sum over rows of [65536, 1024]', await time(20, () => ng.sum(m, 0)), 4 * n, 'GB/s');
  row('softmax, [65536, 1024]', await time(20, () => ng.softmax(m, 1)), 8 * n, 'GB/s');
  row('transposed copy, [65536, 1024]', await time(20, () => m.transpose(0, 1).contiguous()), 8 * n, 'GB/s');
  row('normal numbers, 64 Mi float32', await time(20, () => ng.randn([n])), 4 * n, 'GB/s');
  for (const size of [256, 1024, 4096]) {
    const [x, y] = [ng.rand([size, size]), ng.rand([size, size])];
    row(`matmul ${size}, float32 (no TF32)`, await time(20, () => ng.matmul(x, y)), 2 * size ** 3, 'GFLOP/s');
  }
  const p = new ng.nn.Linear(4096, 4096);
  const adam = new ng.optim.Adam(p.parameters(), { lr: 1e-3 });
  for (const q of p.parameters()) q.grad = ng.rand(q.shape);
  row('Adam, 16 Mi parameters', await time(20, () => adam.step()), 28 * 4096 * 4097, 'GB/s');
  const model = new ng.nn.Sequential(new ng.nn.Linear(784, 128), new ng.nn.ReLU(), new ng.nn.Linear(128, 10));
  const optimizer = new ng.optim.Adam(model.parameters(), { lr: 1e-3 });
  const [x, y] = [ng.rand([64, 784]), ng.randint(0, 10, [64])];
  const ms = await time(500, () => {
    const loss = ng.nn.functional.crossEntropy(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
  });
  console.log(`${'training step 784-128-10, batch 64'.padEnd(34)} ${ms.toFixed(4).padStart(10)} ms`);
  ng.setDefaultDevice('cpu');
}

await timings();
if (!skip('table')) {
  step('op table', ['node_modules/jest/bin/jest.js', 'op-table'], { NODEGRAD_TEST_DEVICE: 'cuda' });
}
if (!skip('mnist')) step('MNIST', ['dist/examples/mnist.js', '--device', 'cuda', '--epochs', '2']);
console.log(failed ? `\n${failed} part(s) failed` : '\nall parts passed');
process.exitCode = failed ? 1 : 0;
