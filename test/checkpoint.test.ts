/** @file Checkpoints: what they hold, what is on disk, and what is refused. test/checkpoint-parity.test.ts trains with them. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ng from '../lib';
import { data, nn, optim } from '../lib';

const root = fs.mkdtempSync(join(tmpdir(), 'nodegrad-checkpoint-'));
afterAll(() => fs.rmSync(root, { recursive: true }));
let made = 0;
const folder = (): string => join(root, String(made++));
const rejected = (p: Promise<unknown>): Promise<unknown> => p.then(() => undefined, (e: unknown) => e); // prettier-ignore
const names = (dir: string): string[] => fs.readdirSync(dir).sort();

test('plain values and tensors come back as they were', async () => {
  const dir = folder();
  const values = {
    epoch: 3,
    odd: [NaN, Infinity, -Infinity, -0, 0.1, 1e300],
    text: '"$tensor" \ud800',
    nested: { a: [null, true, { b: [] }], $tensor: 'x', ['__proto__']: 1 },
    ['$values']: 1,
    nothing: undefined,
  };
  const t = ng.randn([2, 3], { dtype: 'float64' });
  await ng.saveCheckpoint(dir, { ...values, best: { t, u: [t, ng.tensor(3, { dtype: 'int64' })] } });
  const { best, ...rest } = await ng.loadCheckpoint(dir);
  // toEqual passes over what is undefined.
  expect(rest).toEqual(values);
  expect(rest).not.toHaveProperty('nothing');
  expect(Object.is((rest as typeof values).odd[3], -0)).toBe(true);
  const back = best as { t: ng.Tensor; u: ng.Tensor[] };
  expect([back.t.dtype, back.t.arraySync(), back.u[0]!.arraySync()]).toEqual(['float64', t.arraySync(), t.arraySync()]);
  expect([back.u[1]!.dtype, back.u[1]!.shape]).toEqual(['int64', []]);
});

test('the values are those of the moment of the call, and the last call is the newest', async () => {
  const dir = folder();
  const model = new nn.Linear(2, 2);
  const before = model.weight.arraySync();
  const first = ng.saveCheckpoint(dir, { model, n: 1 }, { keep: 5 });
  ng.noGrad(() => model.weight.add_(1));
  const second = ng.saveCheckpoint(dir, { model, n: 2 }, { keep: 5 });
  expect(await Promise.all([second, first])).toEqual([2, 1]);
  expect(await ng.loadCheckpoint(dir, { model })).toEqual({ n: 2 });
  expect(await ng.loadCheckpoint(dir, { model }, { number: 1 })).toEqual({ n: 1 });
  expect(model.weight.arraySync()).toEqual(before);
});

test('the newest are kept, and other files are left alone', async () => {
  const dir = folder();
  fs.mkdirSync(join(dir, '7'), { recursive: true });
  fs.writeFileSync(join(dir, 'notes.txt'), '');
  for (let i = 1; i <= 5; i++) expect(await ng.saveCheckpoint(dir, { i }, { keep: 2 })).toBe(i);
  expect(await ng.listCheckpoints(dir)).toEqual([4, 5]);
  expect(names(dir)).toEqual(['00000004', '00000005', '7', 'notes.txt']);
  await ng.saveCheckpoint(dir, { i: 6 });
  expect(names(dir)).toEqual(['00000006', '7', 'notes.txt']);
  expect(await ng.listCheckpoints(join(dir, 'none'))).toEqual([]);
});

test('the best one stays beside the newest', async () => {
  const dir = folder();
  const losses = [3, NaN, 1, 2, 1, Infinity, 4];
  const there: number[][] = [];
  for (const value of losses) {
    await ng.saveCheckpoint(dir, { value }, { value, keep: 2 });
    there.push(await ng.listCheckpoints(dir));
  }
  expect(there).toEqual([[1], [1, 2], [2, 3], [3, 4], [3, 4, 5], [3, 5, 6], [3, 6, 7]]);
  expect(await ng.loadCheckpoint(dir, {}, { number: 'best' })).toEqual({ value: 1 });
  expect(await ng.loadCheckpoint(dir)).toEqual({ value: 4 });
  // It stays when those that follow have no value, until one is better.
  await ng.saveCheckpoint(dir, {});
  expect(await ng.listCheckpoints(dir)).toEqual([3, 8]);
  await ng.saveCheckpoint(dir, {}, { value: 0.5 });
  expect(await ng.listCheckpoints(dir)).toEqual([9]);

  const scores = folder();
  for (const value of [0.7, 0.9, 0.8]) await ng.saveCheckpoint(scores, { value }, { value, mode: 'max' });
  expect(await ng.listCheckpoints(scores)).toEqual([2, 3]);
  expect(await ng.loadCheckpoint(scores, {}, { number: 'best' })).toEqual({ value: 0.9 });
  // One that cannot be read is not the best, and hinders no saving.
  fs.writeFileSync(join(scores, '00000002', 'checkpoint.json'), '{');
  await ng.saveCheckpoint(scores, {});
  expect(await ng.listCheckpoints(scores)).toEqual([3, 4]);
});

test('a best one is asked for where none has a value', async () => {
  const dir = folder();
  await ng.saveCheckpoint(dir, {});
  expect(await rejected(ng.loadCheckpoint(dir, {}, { number: 'best' }))).toMatchObject({ code: 'ERR_NO_CHECKPOINT' });
  for (const options of [
    { value: 'low' },
    { value: true },
    { value: 1, mode: 'least' },
    { mode: 'max' },
    { best: true },
  ])
    expect(await rejected(ng.saveCheckpoint(dir, {}, options as never))).toMatchObject({ code: 'ERR_INVALID_ARG' });
});

test('the model in it is a file as ng.save writes it', async () => {
  const dir = folder();
  const model = new nn.Sequential(new nn.Linear(3, 2), new nn.BatchNorm1d(2));
  await ng.saveCheckpoint(dir, { model });
  expect(names(join(dir, '00000001'))).toEqual(['checkpoint.json', 'model.safetensors']);
  await ng.save(join(root, 'same.safetensors'), model.stateDict());
  const read = (f: string): Buffer => fs.readFileSync(f);
  expect(read(join(dir, '00000001', 'model.safetensors'))).toEqual(read(join(root, 'same.safetensors')));
});

test('generators: as parts, and of layers', async () => {
  const dir = folder();
  const build = () => {
    const generator = new ng.Generator(1);
    const model = new nn.Sequential(new nn.Dropout({ generator: new ng.Generator(2) }), new nn.Identity());
    return { generator, model };
  };
  const a = build();
  a.generator.take(10);
  a.model.forward(ng.ones([7]));
  await ng.saveCheckpoint(dir, a);
  const b = build();
  await ng.loadCheckpoint(dir, b);
  expect(b.generator.getState()).toEqual(a.generator.getState());
  const ones = ng.ones([20]);
  expect(b.model.forward(ones).arraySync()).toEqual(a.model.forward(ones).arraySync());
  const other = { model: new nn.Sequential(new nn.Dropout(), new nn.Identity()) };
  expect(await rejected(ng.loadCheckpoint(dir, other))).toMatchObject({ code: 'ERR_CHECKPOINT_PART' });
});

test('lazy layers get their shapes, and an optimizer made before its state', async () => {
  const dir = folder();
  const build = () => {
    const model = new nn.LazyLinear(2);
    return { optimizer: new optim.Adam(model.parameters()), model };
  };
  const a = build();
  a.model.forward(ng.ones([1, 3])).sum().backward(); // prettier-ignore
  a.optimizer.step();
  await ng.saveCheckpoint(dir, a);
  const b = build();
  await ng.loadCheckpoint(dir, b);
  expect(b.model.weight.arraySync()).toEqual(a.model.weight.arraySync());
  expect(b.optimizer.state.size).toBe(2);
});

describe('refused', () => {
  const model = (): nn.Linear => new nn.Linear(2, 2);
  const adam = (m = model()): optim.Adam => new optim.Adam(m.parameters());
  const dir = folder();
  beforeAll(async () => {
    const m = model();
    const optimizer = adam(m);
    const loader = new data.DataLoader(new data.TensorDataset(ng.ones([4])));
    const scheduler = new optim.lrScheduler.StepLR(optimizer, { stepSize: 1 });
    await ng.saveCheckpoint(dir, { model: m, optimizer, loader, scheduler, epoch: 3 });
  });

  test.each<[string, string, string, () => Record<string, unknown>]>([
    ['a missing part', 'ERR_CHECKPOINT_PART', 'has no part "averages"; it holds model, optimizer, loader, scheduler', () => ({ averages: model() })], // prettier-ignore
    ['a value that is a part here', 'ERR_CHECKPOINT_PART', 'has no part "epoch", but a plain value', () => ({ epoch: model() })], // prettier-ignore
    ['a part of another type', 'ERR_CHECKPOINT_PART', 'holds the module Linear as model, got the optimizer Adam', () => ({ model: adam() })], // prettier-ignore
    ['another optimizer', 'ERR_CHECKPOINT_PART', 'holds the optimizer Adam as optimizer, got the optimizer SGD', () => ({ optimizer: new optim.SGD(model().parameters(), { lr: 1 }) })], // prettier-ignore
    ['another schedule', 'ERR_CHECKPOINT_PART', 'holds the scheduler StepLR', () => ({ scheduler: new optim.lrScheduler.ConstantLR(adam()) })], // prettier-ignore
    ['a model of other shapes', 'ERR_STATE_DICT', 'weight has shape', () => ({ model: new nn.Linear(2, 3) })],
    ['a plain value', 'ERR_INVALID_ARG', 'epoch is no part', () => ({ epoch: 0 })],
  ])('%s', async (_name, code, message, parts) => {
    const error = await rejected(ng.loadCheckpoint(dir, parts()));
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) as string });
  });

  test('then nothing is changed', async () => {
    const m = model();
    const two = new nn.Linear(2, 2);
    const optimizer = new optim.Adam([{ params: m.parameters() }, { params: two.parameters() }]);
    const [weight, rng] = [m.weight.arraySync(), ng.getRngState()];
    const error = await rejected(ng.loadCheckpoint(dir, { optimizer, model: m }));
    expect(error).toMatchObject({ code: 'ERR_STATE_DICT' });
    expect([m.weight.arraySync(), ng.getRngState()]).toEqual([weight, rng]);
  });

  test('no checkpoint there', async () => {
    expect(await rejected(ng.loadCheckpoint(folder()))).toMatchObject({ code: 'ERR_NO_CHECKPOINT' });
    expect(await rejected(ng.loadCheckpoint(dir, {}, { number: 9 }))).toMatchObject({
      code: 'ERR_NO_CHECKPOINT',
      message: expect.stringMatching(/no checkpoint 9 in .*; it has 1$/) as string,
    });
  });

  const circle: Record<string, unknown> = {};
  circle['self'] = [circle];
  test.each<[string, unknown]>([
    ['a function', { f: () => 1 }],
    ['a date', { when: new Date() }],
    ['a bigint', { n: [1n] }],
    ['a circle', { circle }],
    ['a name that is a path', { '../m': model() }],
    ['names that differ in capitals', { m: model(), M: model() }],
    ['no object', 3],
    ['a model', model()],
  ])('what no checkpoint can hold: %s', async (_name, parts) => {
    const to = folder();
    expect(await rejected(ng.saveCheckpoint(to, parts as never))).toMatchObject({ code: 'ERR_INVALID_ARG' });
    expect(fs.existsSync(to)).toBe(false);
  });

  test('a place where no directory can be, and options that are none', async () => {
    const file = join(root, 'file');
    fs.writeFileSync(file, '');
    for (const at of [file, join(file, 'x')])
      expect(await rejected(ng.saveCheckpoint(at, {}))).toMatchObject({ code: 'ERR_INVALID_ARG' });
    for (const keep of [0, 1.5, 'x'])
      expect(await rejected(ng.saveCheckpoint(dir, {}, { keep: keep as number }))).toMatchObject({ code: 'ERR_INVALID_ARG' }); // prettier-ignore
  });

  test.each<[string, (folder: string) => void]>([
    ['no JSON', (f) => fs.truncateSync(join(f, 'checkpoint.json'), 20)],
    ['another file', (f) => fs.writeFileSync(join(f, 'checkpoint.json'), '{}')],
    ['a later version', (f) => edit(f, (m) => (m['version'] = 2))],
    ['an unknown value', (f) => edit(f, (m) => (m['values'] = { a: { $map: 1 } }))],
    ['a tensor that is missing', (f) => edit(f, (m) => (m['values'] = { a: { $tensor: 'x' } }))],
    ['random state that is none', (f) => edit(f, (m) => (m['random'] = 3))],
    ['no parts', (f) => edit(f, (m) => delete m['parts'])],
    ['a truncated file', (f) => fs.truncateSync(join(f, 'model.safetensors'), 60)],
    ['a missing file', (f) => fs.rmSync(join(f, 'model.safetensors'))],
  ])('damaged: %s', async (_name, damage) => {
    const to = folder();
    await ng.saveCheckpoint(to, { model: model() });
    damage(join(to, '00000001'));
    const mine = model();
    const weight = mine.weight.arraySync();
    expect(await rejected(ng.loadCheckpoint(to, { model: mine }))).toMatchObject({ code: 'ERR_FILE_FORMAT' });
    expect(mine.weight.arraySync()).toEqual(weight);
  });
});

function edit(folder: string, change: (manifest: Record<string, unknown>) => unknown): void {
  const file = join(folder, 'checkpoint.json');
  const manifest = JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, unknown>;
  change(manifest);
  fs.writeFileSync(file, JSON.stringify(manifest));
}

test('a value that cannot be read writes nothing', async () => {
  const dir = folder();
  // Too large to run within the call, which would throw there.
  const bad = ng.ones([2, 400]).indexSelect(0, ng.full([200], 7, { dtype: 'int64' }));
  expect(await rejected(ng.saveCheckpoint(dir, { bad }))).toMatchObject({ code: 'ERR_INDEX' });
  expect(fs.existsSync(dir)).toBe(false);
  // And the next save into the same directory is not held up.
  expect(await ng.saveCheckpoint(dir, { n: 1 })).toBe(1);
});

test('what is read while another is saved is whole', async () => {
  const dir = folder();
  const big = ng.zeros([50_000]);
  await ng.saveCheckpoint(dir, { n: 0, big });
  let done = false;
  const saving = (async () => {
    for (let n = 1; n < 25; n++) await ng.saveCheckpoint(dir, { n, big });
    done = true;
  })();
  let last = 0;
  while (!done) {
    const { n } = await ng.loadCheckpoint<{ n: number }>(dir);
    expect(n).toBeGreaterThanOrEqual(last);
    last = n;
  }
  await saving;
});
