/** @file Calls that make no sense: whatever is given to a public name, what is thrown is an error with a code. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readSurface } from '../scripts/fuzz/surface';
import * as ng from '../lib';

const surface = readSurface(path.join(__dirname, '..', 'lib', 'index.d.ts'));
const evaluate = (expr: string): unknown => (new Function('ng', `return (${expr}\n)`) as (n: typeof ng) => unknown)(ng);

/** What came out of an expression that is no error of the library's; undefined for a value or an error with a code. */
async function raw(expr: string): Promise<string | undefined> {
  try {
    await evaluate(expr);
    return undefined;
  } catch (e) {
    if (e instanceof ng.NodegradError && typeof e.code === 'string' && /^\[\S+\] ./.test(e.message)) return undefined;
    // The system's word on a file.
    if (typeof (e as NodeJS.ErrnoException | null)?.errno === 'number') return undefined;
    return `${expr}: ${String(e)}`;
  }
}

const hostile = [
  '', 'undefined', 'null', 'NaN', '-1', '0.5', '2n', "'abc'", "Symbol('s')", 'true', '{}', '[]', '[null]', '[1, 2]', '{ length: 2 }',
  '{ length: 2 ** 31 }', '{ length: -1 }', 'Object.create(null)', 'new Map([[1, 2]])', '() => 1', 'new DataView(new ArrayBuffer(4))',
  'ng.ones([2])', 'ng.ones([2]), null', 'ng.ones([2]), 2n', "ng.ones([2]), 'abc'", 'ng.ones([2]), {}', 'ng.ones([2]), () => 1',
  'ng.ones([2]), [1, 2]', 'ng.ones([2]), ng.ones([2])', '[ng.ones([2])], 2n', '[ng.ones([2])], {}', '[ng.ones([2])], ng.ones([2])',
]; // prettier-ignore

// Reads 60,000 images for each.
const slow = /^ng\.datasets\.mnist$/;

describe('public functions and constructors refuse what they cannot use', () => {
  const cwd = process.cwd();
  beforeAll(() => process.chdir(fs.mkdtempSync(path.join(os.tmpdir(), 'nodegrad-misuse-'))));
  afterAll(() => {
    const dir = process.cwd();
    process.chdir(cwd);
    fs.rmSync(dir, { recursive: true });
  });

  const calls = new Map(
    surface
      .filter((c) => (c.kind === 'function' || c.kind === 'new') && !slow.test(c.path))
      .map((c) => [`${c.kind === 'new' ? 'new ' : ''}${c.path}`, c]),
  );
  test.each([...calls.keys()])('%s', async (callee) => {
    const faults: (string | undefined)[] = [];
    for (const args of hostile) {
      faults.push(await raw(`${callee}(${args})`));
      // What a call that made sense may have set.
      ng.setGradEnabled(true);
      ng.setNumThreads(2);
      ng.setMemoryLimit(2 ** 33);
      ng.setDebug(false);
    }
    expect(faults.filter(Boolean)).toEqual([]);
  });
});

// Made sense of by the fuzzer, or would be: methods, setters, and arguments behind the first.
test.each([
  'new ng.nn.ModuleList([1])',
  'new ng.callbacks.EarlyStopping({ restoreBestWeights: true }).update(1, 1)',
  "new ng.callbacks.EarlyStopping().update('x')",
  'new ng.callbacks.EarlyStopping().onTrainEnd()',
  'new ng.metrics.F1().update(1, 1)',
  "ng.div({}, 1, { roundingMode: 'trunc' })",
  'new ng.nn.ModuleList().extend(1)',
  'new ng.nn.ModuleList().insert({}, new ng.nn.ReLU())',
  'new ng.nn.ModuleList().map(1)',
  'new ng.nn.ModuleDict([[1, 2]])',
  'new ng.nn.ModuleDict([1])',
  'new ng.nn.ModuleDict({ __proto__: new ng.nn.ModuleDict() })',
  'new ng.nn.ModuleDict().update(null)',
  'new ng.nn.ParameterDict().update([null])',
  'new ng.nn.ReLU().apply()',
  "new ng.nn.ReLU().train('yes')",
  "new ng.nn.Linear(2, 2).namedModules(Symbol('s'))",
  'new ng.nn.Linear(2, 2).getParameter(Object.create(null))',
  'new ng.nn.Linear(2, 2).registerForwardHook(1)',
  'new ng.nn.UninitializedParameter(ng.ones([0])).materialize(1n)',
  'new ng.nn.UninitializedParameter(ng.ones([0, 2])).materialize(0)',
  'new ng.nn.ConvTranspose2d(1, 1, 2).forward(ng.ones([1, 1, 3, 3]), 1)',
  'new ng.nn.ConvTranspose2d(1, 1, 2).forward(ng.ones([1, 1, 3, 3]), [4])',
  'new ng.nn.KVCache(0)',
  'new ng.nn.KVCache().update(ng.ones([1, 1, 2, 2]))',
  'new ng.nn.KVCache().update(ng.ones([3, 6, 6, 3]), ng.ones([6, 6, 1025, 1]))',
  'new ng.nn.KVCache().update(ng.ones([1, 1, 2, 2]), ng.ones([1, 1, 100, 2]))',
  'new ng.nn.utils.rnn.PackedSequence(1, [])',
  'new ng.nn.utils.rnn.PackedSequence(ng.ones([2]), [2], ng.ones([3]))',
  "new ng.nn.utils.rnn.PackedSequence(ng.ones([2]), [2], ng.tensor([0, 7], { dtype: 'int64' }))",
  'ng.nn.utils.rnn.packSequence([1])',
  'ng.nn.utils.rnn.unpadSequence(ng.ones([2]), [1])',
  'ng.nn.utils.vectorToParameters(1, [])',
  'new ng.data.Subset({ length: 0, getBatch: () => 1 }, { length: 2 ** 31 })',
  'new ng.data.Subset({ length: 3, getBatch: () => 1 }, [0]).getBatch(1)',
  'new ng.data.Subset({ length: 2 ** 53, get: () => 1 }, [0])',
  'new ng.data.TensorDataset(ng.ones([2])).getBatch(1)',
  'new ng.data.TensorDataset(ng.ones([2])).getBatch([0, 2])',
  'new ng.data.ConcatDataset([{ length: 2 ** 31 - 1, get: () => 1 }, { length: 2, get: () => 1 }])',
  'new ng.data.DataLoader({ length: 2 ** 31, get: () => 1 })',
  'new ng.data.DataLoader({ length: 2, get: () => 1 }, { sampler: 1 })',
  '[...new ng.data.DataLoader({ length: 2, get: () => 1 }, { sampler: [2n] })]',
  'ng.data.randomSplit({ length: 2, get: () => 1 }, { length: 2 })',
  'ng.data.collate([ng.ones([1]), 1])',
  'ng.data.collate([[1], 1])',
  'ng.data.collate([{ a: 1 }, null])',
  "ng.data.collate(['a', 1])",
  'ng.data.collate([new Float32Array(1), 1])',
  'new ng.optim.SGD([ng.ones([1])], { maximize: 1 })',
  'new ng.optim.SGD([ng.ones([1])]).step(1)',
  'new ng.optim.SGD([ng.ones([1])]).addParamGroup({ params: 1 })',
  'new ng.optim.SGD([ng.ones([1])]).loadStateDict({ state: {}, paramGroups: [1] })',
  'ng.gradcheck((x) => 1, ng.ones([1]).requiresGrad_())',
  "ng.gradcheck((x) => x, ng.ones([1]).requiresGrad_(), 'abc')",
  'ng.gradcheck((x) => x, ng.ones([1]).requiresGrad_(), -1)',
  'ng.gradgradcheck((x) => x, ng.ones([1]).requiresGrad_(), [ng.ones([1]), ng.ones([1])])',
  'ng.customFunction({ forward: (c, x) => c.saveForBackward(1), backward: (c, g) => g })(ng.ones([1]))',
  'ng.customFunction({ forward: () => 1, backward: (c, g) => g })(ng.ones([1]))',
  'ng.ones([1]).requiresGrad_().registerHook(1)',
  'ng.keep(1)',
  'new ng.Slice()',
  'new ng.nn.TransformerEncoder(new ng.nn.TransformerEncoderLayer(2, 1), 1, { norm: 1 })',
  'new ng.nn.TransformerDecoder(new ng.nn.TransformerDecoderLayer(2, 1), 1, 1)',
  'ng.sub(ng.ones([1]), new Date(0), { alpha: 2 })',
  "ng.nn.utils.removeSpectralNorm(new ng.nn.ReLU(), Symbol('s'))",
  'ng.setGradEnabled(1)',
  "ng.div(ng.ones([1]), 1, 'floor')",
  'ng.ones([1]).div_(1, { roundingMode: {} })',
  "ng.add(ng.ones([1]), 1, 'abc')",
  "ng.ones([1]).requiresGrad_().backward('abc')",
  'ng.ones([1]).requiresGrad_().backward({ retainGraph: 1 })',
  'ng.grad(ng.ones([1]).requiresGrad_(), ng.ones([1]).requiresGrad_(), { gradOutputs: [1] })',
  'ng.nn.utils.spectralNorm(new ng.nn.Linear(2, 2), { dim: 0.5 })',
  'ng.nn.init.xavierNormal_(ng.ones([2, 2]), { generator: 1 })',
  "ng.nn.init.constant_(ng.ones([2]), 'abc')",
  'ng.nn.init.sparse_(ng.ones([2, 2]))',
  'ng.nn.functional.tripletMarginWithDistanceLoss(ng.ones([2]), ng.ones([2]), ng.ones([2]), { distanceFunction: () => 1 })',
  'ng.optim.swaUtils.getSwaAvgFn()(1)',
  "ng.optim.swaUtils.getSwaAvgFn()(ng.ones([1]), ng.ones([1]), 'a')",
  'ng.optim.swaUtils.getEmaAvgFn()(ng.ones([1]), 2n, 1)',
  'ng.optim.swaUtils.getEmaMultiAvgFn()(1)',
  // The kernel reads as many values as there are averages, wherever they lie.
  'ng.optim.swaUtils.getEmaMultiAvgFn()([ng.ones([1])], [], 1)',
  'ng.optim.swaUtils.getSwaMultiAvgFn()([ng.ones([100])], [ng.ones([1])], 1)',
  'ng.optim.swaUtils.getSwaMultiAvgFn()([ng.ones([1])], [ng.ones([1])], 1n)',
  'Object.assign(new ng.optim.swaUtils.AveragedModel(new ng.nn.Linear(2, 2)), { nAveraged: 1n }).updateParameters()',
  'new ng.optim.swaUtils.AveragedModel(new ng.nn.Linear(2, 2)).loadStateDict({ n_averaged: ng.tensor(-1) })',
  'Object.assign(new ng.optim.swaUtils.AveragedModel(new ng.nn.Linear(2, 2), { avgFn: () => 1 }), { nAveraged: 1 }).updateParameters()',
])('%s', async (expr) => {
  expect(await raw(expr)).toBeUndefined();
  // It is an error, and at once.
  await expect((async () => await evaluate(expr))()).rejects.toThrow(ng.NodegradError);
});

describe('schedules', () => {
  const { lrScheduler } = ng.optim;
  const sgd = (): ng.optim.SGD => new ng.optim.SGD([ng.ones([1])], { lr: 1, momentum: 0.9 });
  const made: ((o: ng.optim.SGD) => ng.optim.lrScheduler.LRScheduler)[] = [
    (o) => new lrScheduler.StepLR(o, 2),
    (o) => new lrScheduler.CosineAnnealingWarmRestarts(o, 3),
    (o) => new lrScheduler.OneCycleLR(o, { maxLr: 1, totalSteps: 10 }),
    (o) => new lrScheduler.ReduceLROnPlateau(o),
    (o) => new lrScheduler.ChainedScheduler([new lrScheduler.StepLR(o, 2)]),
  ];
  test.each(made.map((make) => [make(sgd()).constructor.name, make] as const))('%s', (_, make) => {
    const s = make(sgd());
    const before = JSON.stringify(s.stateDict());
    const state = s.stateDict();
    for (const name of Object.keys(state)) {
      for (const value of [undefined, null, 2n, 'abc', [], ['x'], {}])
        if (!(name === 'best' && (value ?? null) === null))
          expect(() => s.loadStateDict({ ...state, [name]: value } as never)).toThrow(ng.ArgumentError);
    }
    for (const value of [null, 1, 'abc', [], {}])
      expect(() => s.loadStateDict(value as never)).toThrow(ng.ArgumentError);
    for (const value of [2n, 'abc', {}]) {
      if (!(s instanceof lrScheduler.ChainedScheduler)) expect(() => s.step(value)).toThrow(ng.ArgumentError);
      expect(() => (s.lastEpoch = value as never)).toThrow(ng.ArgumentError);
    }
    expect(JSON.stringify(s.stateDict())).toBe(before);
  });

  test('factors and heights that are no numbers', () => {
    expect(() => new lrScheduler.LambdaLR(sgd(), () => 2n as never)).toThrow(
      '[LambdaLR] lrLambda must return a number',
    );
    expect(() => new lrScheduler.CyclicLR(sgd(), { baseLr: 0.1, maxLr: 1, scaleFn: () => 'x' as never })).toThrow(
      '[CyclicLR] scaleFn must return a number',
    );
  });
});
