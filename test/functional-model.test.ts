/** @file Symbols and the models made of them: `ng.input`, `layer.apply`, `ng.model`. */
import * as ng from '../lib';
import { nn } from '../lib';
import { caught, codeOf } from './caught';

const bits = (t: ng.Tensor): number[] => Array.from(t.dataSync() as Float32Array);

describe('symbols', () => {
  test('know their shape, and have no values', async () => {
    await expect(
      ng
        .input([2])
        .sum()
        .item()
        .catch((e: ng.NodegradError) => e.code),
    ).resolves.toBe('ERR_SYMBOL');
    const x = ng.input([3, 4], { name: 'x' });
    expect([x.shape, x.ndim, x.dtype, x.numel, x.size(1), x.dim()]).toEqual([[-1, 3, 4], 3, 'float32', NaN, 3, 3]);
    expect(String(x)).toBe('Symbol(x, [batch, 3, 4], float32)');
    expect(ng.input([], 'n', 'int64').dtype).toBe('int64');
    for (const use of [
      () => x.dataSync(),
      () => x.sum().itemSync(),
      () => new nn.Linear(4, 2).forward(x),
      () => ng.ones([3, 4]).add(x),
      () => ng.allclose(x, x),
      () => ng.ones([2]).copy_(x),
    ])
      expect(codeOf(use)).toBe('ERR_SYMBOL');
    expect(codeOf(() => x.add_(1))).toBe('ERR_SYMBOL');
    expect(codeOf(() => ng.relu_(x))).toBe('ERR_SYMBOL');
    expect(codeOf(() => ng.input([2, -1]))).toBe('ERR_SHAPE');
    expect(codeOf(() => ng.input([2], { nme: 'x' } as never))).toBe('ERR_INVALID_ARG');
  });

  test('go through functions and methods', () => {
    const x = ng.input([3, 4]);
    const shapes: [ng.Tensor, number[]][] = [
      [ng.add(x, 1), [-1, 3, 4]],
      [ng.sub(1, x), [-1, 3, 4]],
      [ng.mul(x, ng.ones([4])), [-1, 3, 4]],
      [ng.matmul(x, ng.ones([4, 5])), [-1, 3, 5]],
      [ng.mean(x, 1), [-1, 4]],
      [ng.sum(x), []],
      [ng.reshape(x, [-1, 12]), [-1, 12]],
      [ng.reshape(x, [-1, 4]), [-1, 4]],
      [ng.softmax(x, -1), [-1, 3, 4]],
      [ng.cat([x, x], 1), [-1, 6, 4]],
      [ng.concatenate([x, x]), [-1, 3, 8]],
      [ng.concatenate([x, x], 1), [-1, 6, 4]],
      [ng.concatenate([x, x], { axis: 0 }), [-1, 3, 4]],
      [ng.maximum(x, x), [-1, 3, 4]],
      [ng.where(ng.gt(x, 0), x, 0), [-1, 3, 4]],
      [x.transpose(0, 1), [3, -1, 4]],
      [x.mul(x).relu().flatten(1), [-1, 12]],
      [x.at([ng.s(), 0]), [-1, 4]],
      [x.max(1).values, [-1, 4]],
      [x.T, [4, 3, -1]],
      [ng.linalg.norm(x, { dim: -1 }), [-1, 3]],
      [nn.functional.relu(x), [-1, 3, 4]],
      [x.to('float64'), [-1, 3, 4]],
    ];
    for (const [t, shape] of shapes) {
      expect(t).toBeInstanceOf(ng.SymbolicTensor);
      expect(t.shape).toEqual(shape);
    }
    expect(x.to('float64').dtype).toBe('float64');
    expect(ng.isTensor(x)).toBe(true);
  });

  test('errors come at the line of the layer, with the layer and the symbols', () => {
    const x = ng.input([3], { name: 'x' });
    const apply = (): unknown => new nn.Linear(4, 2).apply(x);
    expect(codeOf(apply)).toBe('ERR_SHAPE');
    expect(apply).toThrow('applying Linear to Symbol(x, [batch, 3], float32)');
    expect((caught(apply) as Error).stack).toContain('applying Linear');
    expect(codeOf(() => ng.cat([x, ng.input([4])], 2))).toBe('ERR_INDEX');
    expect(() => ng.add(x, ng.input([4]))).toThrow('applying add');
    expect(codeOf(() => new nn.Linear(3, 2).apply(ng.ones([2, 3])))).toBe('ERR_SYMBOL');
    expect(codeOf(() => new nn.Linear(3, 2).apply(undefined as never))).toBe('ERR_SYMBOL');
  });

  test('leave weights, statistics, modes and random numbers alone', () => {
    const x = ng.input([3]);
    const norm = new nn.BatchNorm1d(3);
    ng.manualSeed(1);
    const before = ng.getRngState();
    norm.apply(new nn.Dropout(0.5).apply(x));
    ng.dropout(x, 0.5);
    expect(ng.getRngState()).toEqual(before);
    expect([bits(norm.runningMean!), norm.training]).toEqual([[0, 0, 0], true]);
    // Weights that are drawn now are like those of a layer that met its input.
    const lazy = new nn.LazyLinear(2);
    lazy.apply(x);
    ng.manualSeed(1);
    const plain = new nn.LazyLinear(2);
    plain.forward(ng.zeros([1, 3]));
    ng.manualSeed(1);
    const applied = new nn.LazyLinear(2);
    applied.apply(x);
    expect(bits(applied.weight)).toEqual(bits(plain.weight));
  });
});

describe('models', () => {
  test('compute what their layers do, with the parameters in order of first use', () => {
    const x = ng.input([4]);
    const first = new nn.Linear(4, 3);
    const second = new nn.Linear(3, 2);
    const model = ng.model({ inputs: x, outputs: second.apply(ng.relu(first.apply(x))) });
    expect(Object.keys(model.stateDict())).toEqual([
      'linear.weight',
      'linear.bias',
      'linear_1.weight',
      'linear_1.bias',
    ]);
    expect(model.parameters()).toEqual([first.weight, first.bias, second.weight, second.bias]);
    const data = ng.randn([5, 4]);
    const want = second.forward(ng.relu(first.forward(data)));
    expect(bits(model.forward(data))).toEqual(bits(want));
    expect(bits(model.forward([data]))).toEqual(bits(want));
    expect(bits(model.forward({ input: data }))).toEqual(bits(want));
    expect(String(model)).toBe(
      'FunctionalModel(\n' +
        '  (linear): Linear(in_features=4, out_features=3, bias=True)\n' +
        '  (linear_1): Linear(in_features=3, out_features=2, bias=True)\n)',
    );
    model.forward(data).sum().backward();
    expect(first.weight.grad!.shape).toEqual([3, 4]);
    expect(model.eval().training || first.training).toBe(false);
  });

  test('take and give lists and records; layers may be named, shared and nested', () => {
    const a = ng.input([4], { name: 'left' });
    const b = ng.input([4], { name: 'right' });
    const shared = new nn.Linear(4, 3);
    const encoder = ng.model({ inputs: a, outputs: ng.tanh(shared.apply(a)) });
    const distance = ng.sub(encoder.apply(a), encoder.apply(b)).abs();
    const head = new nn.Linear(3, 1);
    const model = ng.model({
      inputs: [a, b],
      outputs: { score: head.apply(distance), parts: [distance] as const },
      layers: { head },
    });
    expect(Object.keys(model.stateDict())).toEqual([
      'functional_model.linear.weight',
      'functional_model.linear.bias',
      'head.weight',
      'head.bias',
    ]);
    const [p, q] = [ng.randn([2, 4]), ng.randn([2, 4])];
    const want = ng
      .tanh(shared.forward(p))
      .sub(ng.tanh(shared.forward(q)))
      .abs();
    const { score, parts } = model.forward([p, q]);
    expect(bits(parts[0])).toEqual(bits(want));
    expect(bits(score)).toEqual(bits(head.forward(want)));
    expect(bits(model.forward({ right: q, left: p }).score)).toEqual(bits(score));
    expect(bits(model.forward(p, q).score)).toEqual(bits(score));
    const records = ng.model({ inputs: { x: a, y: b }, outputs: ng.add(a, b) });
    expect(bits(records.forward({ x: p, y: q }))).toEqual(bits(p.add(q)));
    expect(records.inputNames).toEqual(['x', 'y']);
    // Nested, by symbols in a list and by name.
    const [u, v] = [ng.input([4]), ng.input([4])];
    const outer = ng.model({ inputs: [u, v], outputs: [records.apply({ x: u, y: v }), model.apply([u, v]).score] });
    const [sum, again] = outer.forward(p, q);
    expect([bits(sum), bits(again)]).toEqual([bits(p.add(q)), bits(score)]);
    expect(outer.inputNames).toEqual(['input', 'input_1']);
  });

  test('layers of several inputs and of several outputs', () => {
    const x = ng.input([5, 4]);
    const lstm = new nn.LSTM(4, 3, { batchFirst: true });
    const [out, [h, c]] = lstm.apply(x);
    expect([out.shape, h.shape, c.shape]).toEqual([
      [-1, 5, 3],
      [1, -1, 3],
      [1, -1, 3],
    ]);
    const attention = new nn.MultiheadAttention(4, 2, { batchFirst: true });
    const [attended] = attention.apply(x, x, x);
    const bilinear = new nn.Bilinear(3, 4, 2);
    const model = ng.model({ inputs: x, outputs: bilinear.apply(out, attended) });
    const data = ng.randn([2, 5, 4]);
    const want = bilinear.forward(lstm.forward(data)[0], attention.forward(data, data, data)[0]);
    expect(bits(model.forward(data))).toEqual(bits(want));
    const rows = model.nodes().map((n) => [n.name, n.type, n.outputShapes[0], n.parameters, n.connectedTo]);
    expect(rows).toEqual([
      ['input', 'Input', [-1, 5, 4], 0, []],
      ['lstm', 'LSTM', [-1, 5, 3], 108, ['input']],
      ['multihead_attention', 'MultiheadAttention', [-1, 5, 4], 80, ['input']],
      ['bilinear', 'Bilinear', [-1, 5, 2], 26, ['lstm', 'multihead_attention']],
    ]);
  });

  test('functions keep their names, also as activations', () => {
    expect([ng.relu.name, ng.linalg.norm.name, nn.functional.gelu.name]).toEqual(['relu', 'norm', 'gelu']);
    expect(String(new nn.Dense(2, { activation: ng.relu }))).toContain("activation='relu'");
  });

  test('parameters and constants among the arguments belong to the model', () => {
    const x = ng.input([3]);
    const gain = new nn.Parameter(ng.tensor([1, 2, 3]));
    const shift = ng.tensor([1, 1, 1]);
    const model = ng.model({ inputs: x, outputs: x.mul(gain).add(shift).mul(gain) });
    expect(Object.keys(model.stateDict())).toEqual(['parameter', 'constant']);
    expect(bits(model.double().forward(ng.ones([1, 3], { dtype: 'float64' })))).toEqual([2, 6, 12]);
  });

  test('part of a model is one: from inputs, or from what is computed', () => {
    const x = ng.input([4]);
    const body = new nn.Linear(4, 3).apply(x);
    const head = new nn.Linear(3, 2);
    const features = ng.model({ inputs: x, outputs: body });
    const top = ng.model({ inputs: body, outputs: head.apply(body) });
    const whole = ng.model({ inputs: x, outputs: head.apply(body) });
    const data = ng.randn([2, 4]);
    expect(bits(top.forward(features.forward(data)))).toEqual(bits(whole.forward(data)));
  });

  test('a layer in the place of another', () => {
    const x = ng.input([4]);
    const model = ng.model({ inputs: x, outputs: new nn.Linear(4, 3).apply(x) });
    const other = new nn.Linear(4, 3);
    model.addModule('linear', other);
    const data = ng.randn([2, 4]);
    expect(bits(model.forward(data))).toEqual(bits(other.forward(data)));
  });

  test('what makes no model, and no input of one', () => {
    const x = ng.input([4], { name: 'x' });
    const y = ng.input([4], { name: 'y' });
    const both = ng.add(x, y);
    const within: unknown[] = [1];
    within.push(within);
    const wrong: [() => unknown, string][] = [
      [() => ng.model({ inputs: x, outputs: both }), 'the outputs need Symbol(y, [batch, 4], float32)'],
      [() => ng.model({ inputs: [x, y], outputs: ng.relu(x) }), 'no output needs the input y'],
      [() => ng.model({ inputs: [x, x], outputs: x }), 'an input is given twice'],
      [() => ng.model({ inputs: ng.ones([2]), outputs: both }), 'inputs must be a symbol'],
      [() => ng.model({ inputs: x, outputs: ng.ones([2]) }), 'outputs must be a symbol'],
      [() => ng.model({ inputs: within as never, outputs: both }), 'inputs must be a symbol'],
      [() => ng.model({ inputs: [x, y], outputs: both, layers: { a: new nn.ReLU() } }), 'no output needs the layer'],
    ];
    for (const [run, message] of wrong) {
      expect(run).toThrow(message);
      expect(codeOf(run)).toBe('ERR_GRAPH');
    }
    expect(codeOf(() => ng.cat([ng.ones([2]), within] as never))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => ng.cat([x, within] as never))).toBe('ERR_INVALID_ARG');
    const layer = new nn.ReLU();
    const named = (layers: Record<string, nn.Module>): unknown =>
      ng.model({ inputs: x, outputs: layer.apply(x), layers });
    expect(() => named({ a: layer, b: layer })).toThrow('[model] a layer is given two names');
    expect(() => named({ x: layer })).toThrow('an input and a layer are named "x"');
    expect(codeOf(() => named({ 'a.b': layer }))).toBe('ERR_INVALID_ARG');
    const z = ng.input([4], 'x');
    expect(() => ng.model({ inputs: [x, z], outputs: ng.add(x, z) })).toThrow('two inputs are named "x"');
    const model = ng.model({ inputs: [x, y], outputs: both });
    const data = ng.ones([2, 4]);
    expect(codeOf(() => model.forward(data))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => model.forward({ x: data, z: data }))).toBe('ERR_INVALID_ARG');
    expect(() => model.forward([data, ng.ones([2, 3])])).toThrow('the input y is [batch, 4], got [2, 3]');
    expect(codeOf(() => model.forward([data, 3 as never]))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => ng.model({ inputs: x } as never))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => ng.model(undefined as never))).toBe('ERR_INVALID_ARG');
  });
});
