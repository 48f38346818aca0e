/** @file nn.Module: discovery, state dicts, modes, containers; what modules print, against PyTorch. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import * as ng from '../lib';
import { nn } from '../lib';
import { caught, codeOf } from './caught';

const file = join(__dirname, '..', '..', 'test', 'fixtures', 'modules.json');
const rows = JSON.parse(readFileSync(file, 'utf8')) as {
  code: string;
  text: string;
  state: Record<string, number[]>;
}[];

class Net extends nn.Module {
  fc1 = new nn.Linear(4, 3);
  act = new nn.ReLU();
  fc2 = new nn.Linear(3, 2, { bias: false });
  scale = new nn.Parameter(ng.ones([1]));
  steps = this.registerBuffer('steps', ng.zeros([], { dtype: 'int64' }));
  scratch = this.registerBuffer('scratch', ng.zeros([2]), { persistent: false });
  notes = ng.zeros([5]);
  forward(x: ng.Tensor): ng.Tensor {
    return this.fc2.forward(this.act.forward(this.fc1.forward(x))).mul(this.scale);
  }
}
const values = (t: ng.Tensor): number[] => Array.from(t.dataSync() as Float32Array);

test('modules, parameters and buffers by path; casts by name', () => {
  const model = new nn.Sequential(new Net(), new nn.ReLU());
  expect(model.getSubmodule('')).toBe(model);
  expect(model.getSubmodule('0.fc1')).toBe((model.getSubmodule('0') as Net).fc1);
  expect(model.getParameter('0.fc2.weight').shape).toEqual([2, 3]);
  expect(model.getBuffer('0.steps').dtype).toBe('int64');
  const absent = (): unknown => model.getParameter('0.fc2.bias');
  expect(codeOf(absent)).toBe('ERR_INVALID_ARG');
  expect(absent).toThrow('[getParameter] Sequential has none named "0.fc2.bias"');
  const dtypes = (): (string | undefined)[] => [model.parameters()[0]!.dtype, model.getBuffer('0.steps').dtype];
  expect(model.double()).toBe(model);
  expect(dtypes()).toEqual(['float64', 'int64']);
  model.half();
  expect(dtypes()).toEqual(['float16', 'int64']);
  model.float();
  expect(dtypes()).toEqual(['float32', 'int64']);
});

describe('like PyTorch', () => {
  test.each(rows)('$code', ({ code, text, state }) => {
    const m = runInNewContext(code, { nn, ng }) as nn.Module;
    expect(String(m)).toBe(text);
    const own = Object.entries(m.stateDict()).map(([name, t]) => [name, [...t.shape]]);
    expect(Object.fromEntries(own)).toEqual(state);
    expect(own.map(([name]) => name)).toEqual(Object.keys(state));
  });
});

describe('discovery', () => {
  test('parameters, buffers and modules by name, in order', () => {
    const m = new Net();
    expect(m.namedParameters().map(([n]) => n)).toEqual(['scale', 'fc1.weight', 'fc1.bias', 'fc2.weight']);
    expect(m.namedBuffers().map(([n]) => n)).toEqual(['steps', 'scratch']);
    expect(Object.keys(m.stateDict())).toEqual(['scale', 'steps', 'fc1.weight', 'fc1.bias', 'fc2.weight']);
    expect(m.namedModules().map(([n]) => n)).toEqual(['', 'fc1', 'act', 'fc2']);
    expect(m.namedChildren().map(([n]) => n)).toEqual(['fc1', 'act', 'fc2']);
    expect(m.parameters().every((p) => p.requiresGrad && p instanceof nn.Parameter)).toBe(true);
  });

  test('a parameter that is used twice comes once, but has two names in the state', () => {
    const m = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 2));
    (m[1] as nn.Linear).weight = (m[0] as nn.Linear).weight;
    expect(m.namedParameters().map(([n]) => n)).toEqual(['0.weight', '0.bias', '1.bias']);
    expect(Object.keys(m.stateDict())).toEqual(['0.weight', '0.bias', '1.weight', '1.bias']);
    const shared = new nn.ReLU();
    expect(new nn.Sequential(shared, shared).modules()).toHaveLength(2);
  });

  test('what is added after construction is found; modules that refer to each other end', () => {
    const m = new Net() as Net & { extra?: nn.Module; self?: nn.Module };
    m.extra = new nn.Linear(1, 1);
    m.self = m;
    expect(m.namedParameters().map(([n]) => n)).toContain('extra.weight');
    expect(Object.keys(m.stateDict())).toHaveLength(7);
    m.addModule('late', new nn.Linear(1, 1));
    m.registerParameter('gain', new nn.Parameter(ng.ones([2])));
    expect(Object.keys(m.stateDict())).toEqual(expect.arrayContaining(['late.bias', 'gain']));
    expect(() => m.addModule('a.b', new nn.ReLU())).toThrow('without dots');
    expect(() => m.addModule('forward', new nn.ReLU())).toThrow('already a method');
    expect(() => m.registerBuffer('x', 3 as never)).toThrow('[registerBuffer]');
  });
});

describe('state', () => {
  test('moves from one module to another, by value', () => {
    const [a, b] = [new Net(), new Net()];
    expect(b.loadStateDict(a.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(values(b.fc1.weight)).toEqual(values(a.fc1.weight));
    ng.noGrad(() => a.fc1.weight.mul_(2));
    expect(values(b.fc1.weight)).not.toEqual(values(a.fc1.weight));
    // The dictionary shows the module's memory.
    expect(values(a.stateDict()['fc1.weight']!)).toEqual(values(a.fc1.weight));
    expect(a.stateDict()['fc1.weight']!.requiresGrad).toBe(false);
  });

  test('a failed load names everything that is wrong and changes nothing', () => {
    const m = new Net();
    const before = values(m.fc1.weight);
    const sd: nn.StateDict = {
      ...m.stateDict(),
      'fc1.weight': ng.zeros([4, 3]),
      'fc1.bias': ng.full([3], 9),
      other: ng.zeros([1]),
    };
    delete sd['scale'];
    const error = caught(() => m.loadStateDict(sd)) as ng.NodegradError;
    expect(error).toBeInstanceOf(ng.ArgumentError);
    expect(error.code).toBe('ERR_STATE_DICT');
    for (const part of ['missing keys: scale', 'unexpected keys: other', 'fc1.weight', '[4, 3]', '[3, 4]'])
      expect(error.message).toContain(part);
    expect(values(m.fc1.weight)).toEqual(before);
    expect(values(m.fc1.bias!)).not.toContain(9);
  });

  test('strict: false takes what fits, but not other shapes', () => {
    const m = new Net();
    expect(m.loadStateDict({ 'fc1.bias': ng.full([3], 9), other: ng.zeros([1]) }, { strict: false })).toEqual({
      missingKeys: ['scale', 'steps', 'fc1.weight', 'fc2.weight'],
      unexpectedKeys: ['other'],
    });
    expect(values(m.fc1.bias!)).toEqual([9, 9, 9]);
    expect(() => m.loadStateDict({ 'fc1.bias': ng.ones([4]) }, { strict: false })).toThrow('[4]');
    expect(() => m.loadStateDict(null as never)).toThrow(ng.ArgumentError);
    expect(() => m.loadStateDict({ 'fc1.bias': [1, 2, 3] as never }, { strict: false })).toThrow('not a tensor');
  });
});

describe('modes and changes', () => {
  test('train and eval reach all modules', () => {
    const m = new Net();
    expect(m.eval()).toBe(m);
    expect(m.modules().map((x) => x.training)).toEqual([false, false, false, false]);
    m.train();
    expect(m.act.training).toBe(true);
  });

  test('to(dtype) casts floating-point parameters and buffers and keeps the objects', () => {
    const m = new Net();
    const weight = m.fc1.weight;
    const optimizer = new ng.optim.SGD(m.parameters(), { lr: 0.1 });
    m.to('float64');
    expect(m.fc1.weight).toBe(weight);
    expect([weight.dtype, m.steps.dtype, m.scratch.dtype]).toEqual(['float64', 'int64', 'float64']);
    const y = m.forward(ng.ones([1, 4], { dtype: 'float64' }));
    expect(y.dtype).toBe('float64');
    y.sum().backward();
    const before = values(m.scale);
    optimizer.step();
    expect(values(m.scale)).not.toEqual(before);
    expect(() => m.to('float23' as never)).toThrow(ng.NodegradError);
  });

  test('requiresGrad_, zeroGrad and apply', () => {
    const m = new Net();
    m.fc1.requiresGrad_(false);
    m.forward(ng.ones([2, 4]))
      .sum()
      .backward();
    expect([m.fc1.weight.grad, m.fc2.weight.grad !== null]).toEqual([null, true]);
    m.zeroGrad({ setToNone: false });
    expect(values(m.fc2.weight.grad!)).toEqual([0, 0, 0, 0, 0, 0]);
    m.zeroGrad();
    expect(m.fc2.weight.grad).toBeNull();
    const order: string[] = [];
    m.apply((x) => void order.push(x.constructor.name));
    expect(order).toEqual(['Linear', 'ReLU', 'Linear', 'Net']);
  });
});

describe('containers', () => {
  test('Sequential', () => {
    const named = new nn.Sequential({ fc: new nn.Linear(2, 3), act: new nn.ReLU() });
    expect(Object.keys(named.stateDict())).toEqual(['fc.weight', 'fc.bias']);
    expect([named.length, named.at(-1) instanceof nn.ReLU]).toEqual([2, true]);
    expect(named.forward(ng.ones([1, 2])).shape).toEqual([1, 3]);
    const x = ng.ones([2]);
    expect(new nn.Sequential().forward(x)).toBe(x);
    expect([...new nn.Sequential(new nn.ReLU()).append(new nn.Tanh())].map(String)).toEqual(['ReLU()', 'Tanh()']);
    expect(() => named.at(2)).toThrow(ng.IndexError);
    expect(() => new nn.Sequential(new nn.ReLU(), (() => 1) as never)).toThrow('[Sequential]');
  });

  test('ModuleList, ModuleDict and ParameterList', () => {
    const list = new nn.ModuleList<nn.Module>([new nn.Linear(1, 1)]);
    list.append(new nn.Linear(1, 2)).insert(0, new nn.ReLU());
    expect([list.length, ...list.map((m) => m.constructor.name)]).toEqual([3, 'ReLU', 'Linear', 'Linear']);
    expect(Object.keys(list.stateDict())).toEqual(['1.weight', '1.bias', '2.weight', '2.bias']);
    expect(() => (list as nn.Module).forward()).toThrow(ng.ArgumentError);
    const dict = new nn.ModuleDict<nn.Module>({ keys: new nn.Linear(1, 1) });
    dict.set('b', new nn.ReLU());
    expect([[...dict.keys()], dict.size, dict.has('b'), dict.delete('b'), dict.size]).toEqual([
      ['keys', 'b'],
      2,
      true,
      true,
      1,
    ]);
    expect(Object.keys(dict.stateDict())).toEqual(['keys.weight', 'keys.bias']);
    expect(() => dict.get('c')).toThrow('keys');
    const params = new nn.ParameterList([new nn.Parameter(ng.ones([2]))]);
    expect(Object.keys(params.stateDict())).toEqual(['0']);
    expect(() => params.append(ng.ones([2]) as never)).toThrow(ng.ArgumentError);
  });

  test('ParameterDict', () => {
    const dict = new nn.ParameterDict({ gain: new nn.Parameter(ng.ones([2])) });
    dict.update(new Map([['values', new nn.Parameter(ng.zeros([3]))]])).set('gain', new nn.Parameter(ng.ones([4])));
    expect(dict.namedParameters().map(([name, p]) => [name, ...p.shape])).toEqual([
      ['gain', 4],
      ['values', 3],
    ]);
    expect([...dict.keys()]).toEqual(['gain', 'values']);
    expect(() => dict.get('bias')).toThrow('[ParameterDict] has no "bias"; it has gain, values');
    expect(() => dict.set('x', ng.ones([2]) as never)).toThrow('[ParameterDict] expected an nn.Parameter');
    expect(() => dict.set('a.b', new nn.Parameter(ng.ones([2])))).toThrow('without dots');
    expect(() => (dict as nn.Module).forward()).toThrow(ng.ArgumentError);
  });
});

describe('weights computed from others', () => {
  test('weightNorm: trains length and direction, and goes away again', () => {
    ng.manualSeed(4);
    const m = new nn.Linear(3, 2);
    const before = values(m.weight);
    expect(nn.utils.weightNorm(m)).toBe(m);
    expect(Object.keys(m.stateDict())).toEqual(['bias', 'weight_g', 'weight_v']);
    values(m.weight).forEach((v, i) => expect(v).toBeCloseTo(before[i]!, 6));
    const optimizer = new ng.optim.SGD(m.parameters(), { lr: 0.1 });
    const x = ng.randn([5, 3]);
    m.forward(x).square().sum().backward();
    optimizer.step();
    const y = m.forward(x);
    expect(values(m.weight)).not.toEqual(before);
    const now = values(m.weight);
    nn.utils.removeWeightNorm(m);
    expect(Object.keys(m.stateDict())).toEqual(['bias', 'weight']);
    expect(m.weight).toBeInstanceOf(nn.Parameter);
    expect(values(m.weight)).toEqual(now);
    expect(values(m.forward(x))).toEqual(values(y));
  });

  test('spectralNorm: the largest singular value comes near 1', () => {
    ng.manualSeed(5);
    const m = nn.utils.spectralNorm(new nn.Linear(6, 4), { nPowerIterations: 20 });
    expect(Object.keys(m.stateDict())).toEqual(['bias', 'weight_orig', 'weight_u', 'weight_v']);
    m.forward(ng.ones([1, 6]));
    expect(ng.linalg.svdvals(m.weight).at(0).itemSync()).toBeCloseTo(1, 3);
    const u = values(m.stateDict()['weight_u']!);
    m.eval().forward(ng.ones([1, 6]));
    expect(values(m.stateDict()['weight_u']!)).toEqual(u);
    // Two forwards before one backward, as for real and generated images.
    m.train();
    m.forward(ng.ones([1, 6]))
      .sum()
      .add(m.forward(ng.zeros([1, 6])).sum())
      .backward();
    expect(m.parameters().every((p) => p.grad !== null)).toBe(true);
    nn.utils.removeSpectralNorm(m);
    expect(Object.keys(m.stateDict())).toEqual(['bias', 'weight']);
    expect(m.namedBuffers()).toEqual([]);
  });

  test('what is refused', () => {
    const m = nn.utils.weightNorm(new nn.Linear(3, 2));
    expect(() => nn.utils.weightNorm(m)).toThrow('computed from others already');
    expect(() => nn.utils.spectralNorm(m)).toThrow('computed from others already');
    expect(() => nn.utils.removeSpectralNorm(m)).toThrow('no spectral norm');
    expect(() => nn.utils.weightNorm(new nn.ReLU())).toThrow('"weight" is no parameter of ReLU');
    expect(() => nn.utils.weightNorm(new nn.LazyLinear(3))).toThrow('does not know its shape');
    expect(() => nn.utils.weightNorm(new nn.Linear(2, 2), { dim: 2 })).toThrow(ng.IndexError);
    expect(() => nn.utils.spectralNorm(new nn.Linear(2, 2), { nPowerIterations: 0 })).toThrow('nPowerIterations');
    expect(() => nn.utils.spectralNorm(3 as never)).toThrow('expected a module');
  });
});

test('settings are taken either way, and wrong ones are named', () => {
  expect(new nn.LeakyReLU(0.2).negativeSlope).toBe(0.2);
  expect(new nn.LeakyReLU({ negativeSlope: 0.2 }).negativeSlope).toBe(0.2);
  expect(() => new nn.LeakyReLU({ slope: 0.2 } as never)).toThrow('negativeSlope');
  expect(() => new nn.LeakyReLU('0.2' as never)).toThrow('must be a number');
  expect(() => new nn.Sigmoid(1 as never)).toThrow('[Sigmoid]');
  expect(() => new nn.Linear(-1, 2)).toThrow('inFeatures');
  expect(() => new nn.Linear(1, 2.5)).toThrow('outFeatures');
  expect(() => new nn.ReLU().forward([1] as never)).toThrow('[ReLU] expected a tensor');
});
