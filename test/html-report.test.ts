/** @file The report of a run: what is in the file, and that it works in a browser. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as ng from '../lib';
import { callbacks, data, nn } from '../lib';
import { type PageData, type RunRecord } from '../lib/train/report/record';
import { browserTests, chartOf, dragOver } from './browser';
import { temporaryFolder } from './temporary-files';
import { clouds, net, quiet } from './train-cases';

const folder = temporaryFolder('report');
const { inBrowser, open } = browserTests();

/** What a page was given. */
function runIn(file: string): RunRecord {
  const json = /<script type="application\/json" id="data-of-page">(.*?)<\/script>/s.exec(
    readFileSync(file, 'utf8'),
  )![1]!;
  return (JSON.parse(json) as PageData).runs[0]!;
}

let files = 0;
/** Fits with a report, and gives its file. */
async function reported(
  model: ng.Sequential,
  [x, y]: readonly [ng.Tensor, ng.Tensor],
  options: ng.FitOptions = {},
  settings: ng.callbacks.HTMLReportOptions = {},
): Promise<string> {
  const file = join(folder.dir, 'reports', `${files++}.html`);
  const list = [...(options.callbacks ?? []), new callbacks.HTMLReport(file, settings)];
  await model.fit(x, y, { ...quiet, epochs: 2, batchSize: 8, ...options, callbacks: list });
  return file;
}
const compiled = (): ng.Sequential =>
  net().compile({ optimizer: { name: 'adam', lr: 0.01 }, loss: 'crossEntropy', metrics: ['accuracy'] });

describe('the record', () => {
  test('curves by epoch and by step, with the norm of all gradients', async () => {
    const [x, y] = clouds(20);
    const norms: number[] = [];
    class Norms extends callbacks.Callback {
      override async onTrainBatchEnd(): Promise<void> {
        norms.push(await nn.utils.getTotalNorm(this.model.parameters().map((p) => p.grad!)).item());
      }
    }
    const run = runIn(await reported(compiled(), [x, y], { validationData: [x, y], callbacks: [new Norms()] }));
    expect(run.epochs.map((e) => e.epoch)).toEqual([0, 1]);
    expect(Object.keys(run.epochs[0]!.logs)).toEqual(['loss', 'accuracy', 'valLoss', 'valAccuracy']);
    const { count, stride, at, values } = run.steps;
    expect({ count, stride, at }).toEqual({ count: 6, stride: 1, at: [1, 2, 3, 4, 5, 6] });
    expect(Object.keys(values)).toEqual(['loss', 'learningRate', 'gradientNorm']);
    expect(values['learningRate']).toEqual(Array(6).fill(0.01));
    expect(values['gradientNorm']).toEqual(norms);
    // The mean over the examples of the first epoch: batches of 8, 8 and 4.
    const [a, b, c] = values['loss'] as [number, number, number];
    expect((8 * a + 8 * b + 4 * c) / 20).toBeCloseTo(run.epochs[0]!.logs['loss']!, 6);
    expect(run).toMatchObject({ status: 'ended', error: null, plannedEpochs: 2, stepsPerEpoch: 3 });
  });

  test('norms before clipping, of the steps that are made when gradients are accumulated', async () => {
    const [x, y] = clouds(48);
    const whole = runIn(await reported(compiled(), [x, y], { epochs: 1, clipNorm: 1e-3 }));
    expect(Math.min(...(whole.steps.values['gradientNorm'] as number[]))).toBeGreaterThan(0.1);
    const few = runIn(await reported(compiled(), [x, y], { epochs: 1, accumulate: 3 }));
    expect(few.steps.values['gradientNorm']!.map((v) => v !== null)).toEqual([false, false, true, false, false, true]);
  });

  test('confusion matrix and samples of the validation that is made anyway, as the metrics count them', async () => {
    const [x, y] = clouds(40, 3);
    const model = compiled();
    const run = runIn(
      await reported(model, clouds(40), { validationData: [x, y] }, { classes: ['a', 'b'], samples: 40 }),
    );
    const matrix = new ng.metrics.ConfusionMatrix(3);
    matrix.update(await model.predict(x), y);
    const seen = run.seen!;
    expect(seen.confusion).toEqual(await matrix.compute());
    expect(seen).toMatchObject({ epoch: 1, examples: 40, classes: ['a', 'b'] });
    const right = seen.samples.map((s) => s.right);
    const wrong = right.filter((r) => !r).length;
    // Some are, and come first; of equals, the first.
    expect(wrong).toBeGreaterThan(0);
    expect(right).toEqual([...Array(wrong).fill(false), ...Array(40 - wrong).fill(true)]);
    const predictions = await (await model.predict(x)).argmax(1).array<number[]>();
    const truths = await y.array<number[]>();
    const named = (n: number): string => ['a', 'b', '2'][n]!;
    const first = truths.findIndex((t, i) => t !== predictions[i]);
    const [row] = await x.narrow(0, first, 1).array<number[][]>();
    expect(seen.samples[0]).toEqual({
      inputs: [{ numbers: row, shape: [4] }],
      prediction: named(predictions[first]!),
      truth: named(truths[first]!),
      right: false,
    });
  });

  test.each(['bceWithLogits', 'binaryCrossentropy'])('two classes by %s', async (loss) => {
    const x = ng.linspace(-1, 1, 20).unsqueeze(1);
    const y = x.gt(0.2).to('float32');
    const layers = loss === 'bceWithLogits' ? [] : [new nn.Sigmoid()];
    const model = ng.sequential([new nn.Dense(1, { inputShape: [1] }), ...layers]).compile({ loss });
    const { confusion } = runIn(await reported(model, [x, y], { validationData: [x, y] })).seen!;
    const said = (await model.predict(x)).gt(loss === 'bceWithLogits' ? 0 : 0.5).to('float32');
    const count = async (t: number, p: number): Promise<number> =>
      ng.logicalAnd(y.eq(t), said.eq(p)).to('float32').sum().item();
    expect(confusion).toEqual([
      [await count(0, 0), await count(0, 1)],
      [await count(1, 0), await count(1, 1)],
    ]);
  });

  test('values: the examples that are missed by most come first', async () => {
    const x = ng.linspace(-1, 1, 24).unsqueeze(1);
    const y = x.mul(3);
    const model = ng.sequential([new nn.Dense(1, { inputShape: [1] })]).compile({ loss: 'mse', optimizer: 'sgd' });
    const { confusion, samples } = runIn(
      await reported(model, [x, y], { validationData: [x, y] }, { samples: 3 }),
    ).seen!;
    expect(confusion).toBeNull();
    const errors = (await model.predict(x)).sub(y).abs().reshape([24]);
    const worst = await errors.topk(3).indices.array<number[]>();
    const inputs = await x.array<number[][]>();
    expect(samples.map((s) => s.inputs[0])).toEqual(worst.map((i) => ({ numbers: inputs[i], shape: [1] })));
    expect(samples[0]!.right).toBeNull();
  });

  test('labels that are to be left out are no class, and segments are counted by pixel', async () => {
    const x = ng.randn([6, 1, 8, 8]);
    const y = ng.where(x.select(1, 0).gt(0.5), -100, x.select(1, 0).gt(0).to('int64'));
    const model = ng.sequential([new nn.Conv2d(1, 2, 1)]).compile({ loss: 'crossEntropy' });
    const { confusion, samples } = runIn(await reported(model, [x, y], { validationData: [x, y] })).seen!;
    expect(confusion!.flat().reduce((a, b) => a + b)).toBe(await y.ge(0).to('float32').sum().item());
    expect(samples[0]!.inputs[0]).toMatchObject({ width: 8, height: 8 });
  });

  test('data of its own, in arrays, a dataset or a loader', async () => {
    const [x, y] = clouds(30, 5);
    const dataset = new data.TensorDataset(x, y);
    const given = [[x, y], dataset, new data.DataLoader(dataset, { batchSize: 7 })] as ng.ValidationData[];
    const seen: unknown[] = [];
    for (const one of given) {
      ng.manualSeed(1);
      seen.push(runIn(await reported(compiled(), clouds(16), {}, { data: one })).seen);
    }
    expect(seen[0]).toMatchObject({ examples: 30 });
    expect(seen).toEqual([seen[0], seen[0], seen[0]]);
    await expect(reported(compiled(), clouds(16), {}, { data: [x] as never })).rejects.toThrow(
      '[HTMLReport] data must be [x, y], [x, y, sampleWeight], or something that gives batches',
    );
  });

  test('several outputs and answers of another kind than the targets: nothing is said of them', async () => {
    const x = ng.randn([8, 4]);
    const model = ng.sequential([new nn.Dense(5, { inputShape: [4] })]);
    model.compile({ loss: (p, t) => p.sum(1).sub(t).square().mean() });
    expect(runIn(await reported(model, [x, ng.randn([8])], { validationData: [x, ng.randn([8])] })).seen).toBeNull();
  });

  test('predictions that are NaN are missed by most', async () => {
    const x = ng.tensor([[1], [5], [2]]);
    const model = ng.sequential([new nn.Dense(1, { inputShape: [1] })]).compile({ loss: 'mse' });
    const bad = ng.tensor([[9], [NaN], [2]]);
    const { samples } = runIn(await reported(model, [x, x], { validationData: [bad, x] })).seen!;
    expect(samples[0]!.truth).toBe('5');
  });

  test("steps of one's own, with optimizers of their own and no loss", async () => {
    const model = net();
    const parts = [model.parameters().slice(0, 2), model.parameters().slice(2)];
    const [first, second] = parts.map((p) => new ng.optim.SGD(p, { lr: 0.1 })) as [ng.optim.SGD, ng.optim.SGD];
    class Two extends ng.Trainer {
      override trainStep([x]: ng.Batch): ng.StepValues {
        this.minimize((this.call(x) as ng.Tensor).square().mean(), 1, first);
        const other = (this.call(x) as ng.Tensor).abs().mean();
        this.minimize(other, 1, second);
        return { other };
      }
    }
    const file = join(folder.dir, 'own.html');
    const list = [new callbacks.HTMLReport(file)];
    await new Two(model).fit(ng.randn([16, 4]), undefined, { ...quiet, callbacks: list });
    const run = runIn(file);
    expect(Object.keys(run.steps.values)).toEqual(['other', 'gradientNorm']);
    // Of the step that was made last.
    const norm = await nn.utils.getTotalNorm(parts[1]!.map((p) => p.grad!)).item();
    expect(run.steps.values['gradientNorm']).toEqual([norm]);
    expect(run).toMatchObject({ status: 'ended', seen: null });
    expect(run.reproduce['optimizer']).toBeUndefined();
  });

  test('data, model, environment, and how to do it again', async () => {
    ng.manualSeed(12);
    const run = runIn(await reported(compiled(), clouds(20), { seed: 77 }, { title: 'mine' }));
    expect(run.title).toBe('mine');
    expect(run.data[0]).toBe('20 examples per epoch');
    expect(run.data[1]).toMatch(/^x: float32, \[4\] per example; in the first batch from .* mean .* deviation/);
    expect(run.data[2]).toMatch(
      /^y: int64, one value per example; in the first batch \d different values from 0 to 2$/,
    );
    expect(run.model).toContain('(None, 8)');
    expect(run.model).toContain('Total params: 67');
    expect(run.environment).toMatchObject({ 'Node.js': process.version, device: 'cpu' });
    expect(run.reproduce).toMatchObject({ seed: '77', compile: 'loss: crossEntropy, metrics: accuracy' });
    expect(run.reproduce['fit']).toContain('batchSize: 8');
    expect(run.reproduce['optimizer']).toContain('lr: 0.01');
  });

  test('a training is the same with it and without', async () => {
    const make = (): ng.Sequential => {
      ng.manualSeed(4);
      return ng
        .sequential([new nn.Dense(8, { inputShape: [4] }), new nn.Dropout(0.5), new nn.Dense(3)])
        .compile({ loss: 'crossEntropy' });
    };
    const weights = (m: nn.Module): unknown => Object.values(m.stateDict()).map((t) => t.arraySync());
    const options = { validationSplit: 0.2, shuffle: true };
    const a = make();
    const before = await a.fit(...clouds(40), { ...quiet, epochs: 2, batchSize: 8, ...options });
    const list = [new callbacks.HTMLReport(join(folder.dir, 'same.html'))];
    const b = make();
    expect(await b.fit(...clouds(40), { ...quiet, epochs: 2, batchSize: 8, ...options, callbacks: list })).toEqual(
      before,
    );
    expect(weights(b)).toEqual(weights(a));
  });

  test('how it ended: stopped, aborted, failed', async () => {
    const ends = (run: (c: ng.callbacks.Callback) => void) =>
      new (class extends callbacks.Callback {
        override onTrainBatchEnd(batch: number): void {
          if (batch === 1) run(this);
        }
      })();
    const stopped = ends((c) => void (c.trainer.stopTraining = true));
    expect(runIn(await reported(compiled(), clouds(40), { callbacks: [stopped] })).status).toBe('stopped');
    const abort = new AbortController();
    const aborts = ends(() => abort.abort());
    const options = { signal: abort.signal, callbacks: [aborts] };
    expect(runIn(await reported(compiled(), clouds(40), options))).toMatchObject({ status: 'aborted', epochs: [] });
    const file = join(folder.dir, 'failed.html');
    const fails = ends(() => {
      throw new Error('the power failed');
    });
    const list = [new callbacks.HTMLReport(file), fails];
    await expect(compiled().fit(...clouds(40), { ...quiet, batchSize: 8, callbacks: list })).rejects.toThrow(
      'the power',
    );
    expect(runIn(file)).toMatchObject({ status: 'failed', error: 'the power failed', steps: { count: 2 } });
  });

  test('what only a kernel sees is thrown as without a report, and is in it', async () => {
    const [x] = clouds(40);
    const file = join(folder.dir, 'kernel.html');
    const options = { ...quiet, batchSize: 8, callbacks: [new callbacks.HTMLReport(file)] };
    const fit = compiled().fit(x, ng.full([40], 99, { dtype: 'int64' }), options);
    await expect(fit).rejects.toMatchObject({ code: 'ERR_INDEX' });
    expect(runIn(file)).toMatchObject({ status: 'failed', error: expect.stringContaining('class 99') });
  });

  test('a loss that is NaN is written down as such', async () => {
    const x = ng.full([8, 4], NaN);
    const run = runIn(await reported(compiled(), [x, ng.zeros([8], { dtype: 'int64' })]));
    expect(run.epochs[0]!.logs['loss']).toBe('NaN');
    expect(run.steps.values['loss']).toEqual(['NaN', 'NaN']);
  });

  test('what it does not take', () => {
    const make = (options: object) => () => new callbacks.HTMLReport('x.html', options);
    expect(make({ sample: 3 })).toThrow('[HTMLReport] has no argument "sample"');
    expect(make({ samples: -1 })).toThrow('[HTMLReport] samples must be an integer of at least 0');
    expect(make({ classes: [1] })).toThrow('[HTMLReport] classes must be an array of strings');
    const state = { epochs: 3 } as never;
    expect(() => new callbacks.HTMLReport('x.html').loadStateDict(state)).toThrow(
      '[HTMLReport.loadStateDict] epochs must be the logs of epochs',
    );
  });
});

describe('the page', () => {
  const nasty = '</script><script>window.hit = 1</script><img src=x onerror="window.hit = 1">';
  class Adds extends callbacks.Callback {
    override onEpochEnd(_: number, logs: ng.Logs): void {
      logs[nasty] = 1;
    }
  }
  const options: ng.callbacks.HTMLReportOptions = { title: nasty, classes: [nasty, '&amp;', "'"] };

  test('one file without addresses, and nothing of a run is part of its language', async () => {
    const file = await reported(
      compiled(),
      clouds(40),
      { validationData: clouds(20), callbacks: [new Adds()] },
      options,
    );
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain('<img src=x');
    expect(text.match(/<script>/g)).toHaveLength(2);
    expect(text).toContain('default-src &#39;none&#39;');
    expect(text).not.toMatch(/(src|href)="(?!data:)/);
    expect(runIn(file).seen!.classes[0]).toBe(nasty);
  });

  inBrowser('opens without errors, and what a run says stays text', async () => {
    const validationData = clouds(20);
    const file = await reported(compiled(), clouds(40), { validationData, callbacks: [new Adds()] }, options);
    const { page, problems } = await open(pathToFileURL(file).href);
    expect(await page.title()).toBe(nasty);
    expect(await page.$eval('h1', (e) => e.textContent)).toBe(nasty);
    expect(await page.$eval('#confusion', (e) => e.textContent)).toContain(nasty);
    expect(await page.$eval('#epochs', (e) => e.textContent)).toContain(nasty);
    expect(await page.evaluate('window.hit')).toBeUndefined();
    expect(problems).toEqual([]);
    await page.close();
  });

  inBrowser('draws curves, zooms and shows values under the pointer', async () => {
    const file = await reported(compiled(), clouds(160), { epochs: 5, validationData: clouds(20) });
    const run = runIn(file);
    const { page, problems } = await open(pathToFileURL(file).href);
    const loss = await chartOf(page, 'epoch:loss');
    expect(loss).toMatchObject({ labels: ['epoch', 'loss', 'valLoss'], min: 1, max: 5, points: 5 });
    expect(loss.coloured).toBeGreaterThan(200);
    const before = await chartOf(page, 'step:gradientNorm');
    expect(before).toMatchObject({ min: 1, max: 100, points: 100, values: ['--', '--'] });
    expect(before.coloured).toBeGreaterThan(200);
    await dragOver(page, 'step:gradientNorm');
    const zoomed = await chartOf(page, 'step:gradientNorm');
    expect(zoomed.min).toBeGreaterThan(20);
    expect(zoomed.max).toBeLessThan(55);
    // Where the pointer is, at the half of what was shown and the right edge of what is.
    const [step, value] = zoomed.values as [string, string];
    expect(Number(value)).toBeCloseTo(run.steps.values['gradientNorm']![Number(step) - 1]!, 3);
    await page.mouse.click(0, 0);
    const over = (await page.$('[data-chart="step:gradientNorm"] .u-over'))!;
    await over.click({ count: 2 });
    expect(await chartOf(page, 'step:gradientNorm')).toMatchObject({ min: 1, max: 100 });
    expect(problems).toEqual([]);
    await page.close();
  });

  inBrowser('shows images as pictures, and a logarithmic axis', async () => {
    const x = ng.rand([24, 1, 12, 12]);
    const y = x.mean([1, 2, 3]).gt(0.5).to('int64');
    const model = ng
      .sequential([new nn.Flatten(), new nn.Dense(2, { inputShape: [144] })])
      .compile({ loss: 'crossEntropy' });
    const file = await reported(model, [x, y], { validationData: [x, y] }, { samples: 5 });
    const { page, problems } = await open(pathToFileURL(file).href);
    const sizes = await page.$$eval('#samples img', (list) =>
      (list as unknown as { naturalWidth: number; width: number }[]).map((i) => [i.naturalWidth, i.width]),
    );
    expect(sizes).toEqual(Array(5).fill([12, 84]));
    await page.click('[data-chart="epoch:loss"] input');
    expect((await chartOf(page, 'epoch:loss')).coloured).toBeGreaterThan(50);
    expect(problems).toEqual([]);
    await page.close();
  });

  inBrowser('has gaps where there is no number, on either axis', async () => {
    const x = ng.full([8, 4], NaN);
    const file = await reported(compiled(), [x, ng.zeros([8], { dtype: 'int64' })], { epochs: 3 });
    const { page, problems } = await open(pathToFileURL(file).href);
    for (let axis = 0; axis < 2; axis++) {
      expect(await chartOf(page, 'epoch:loss')).toMatchObject({ coloured: 0, points: 3 });
      await page.click('[data-chart="epoch:loss"] input');
    }
    expect(await page.$eval('#epochs', (e) => e.textContent)).toContain('NaN');
    expect(problems).toEqual([]);
    await page.close();
  });

  inBrowser('nothing gets out of it: the policy forbids the network', async () => {
    const text = readFileSync(await reported(compiled(), clouds(16)), 'utf8');
    const file = join(folder.dir, 'tampered.html');
    writeFileSync(
      file,
      text.replace('<h1>', '<script>window.hit = 1</script><img src="http://127.0.0.1:9/x.png"><h1>'),
    );
    const { page, problems } = await open(pathToFileURL(file).href);
    expect(await page.evaluate('window.hit')).toBeUndefined();
    const blocked = problems.filter((p) => p.includes('Content Security Policy'));
    expect(blocked.length).toBeGreaterThanOrEqual(2);
    await page.close();
  });
});
