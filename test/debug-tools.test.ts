/** @file Diagnosis: one batch by heart, what goes through a model; and that the model stays as it was. */
import { inspect } from 'node:util';
import * as ng from '../lib';
import { nn, optim } from '../lib';
import { codeOf } from './caught';
import { stateOf } from './debug-cases';

const { debug } = ng;
type Model = nn.Module<[ng.Tensor], ng.Tensor>;

const classifier = (): Model =>
  new nn.Sequential(
    new nn.Linear(4, 32),
    new nn.BatchNorm1d(32),
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Linear(32, 3),
  );
const batch = (n = 24): [ng.Tensor, ng.Tensor] => [ng.randn([n, 4]), ng.randint(0, 3, [n], { dtype: 'int64' })];

describe('overfitBatch', () => {
  test('a network learns random labels by heart, and stays as it was', async () => {
    const model = classifier();
    const [x, y] = batch();
    nn.functional.crossEntropy(model.forward(x), y).backward();
    (model as nn.Sequential).at(2).eval();
    const before = stateOf(model);
    const r = await debug.overfitBatch(model, [x, y], { loss: 'crossEntropy', steps: 200, lr: 0.01 });
    expect(r.reached).toBe(true);
    expect(r.losses.length).toBeGreaterThan(5);
    expect(r.losses.length).toBeLessThan(200);
    expect(r.losses.at(-1)).toBeLessThanOrEqual(0.1 * r.losses[0]!);
    expect(stateOf(model)).toEqual(before);
    expect(String(r)).toMatch(/^One batch, \d+ steps: learned/);
    expect(inspect(r)).toBe(String(r));
    expect(r.advice).toMatch(/^[A-Z].*\.$/);
  });

  test('a loss that waits for its backward pass still has it', async () => {
    const model = classifier();
    const [x, y] = batch();
    const loss = nn.functional.crossEntropy(model.forward(x), y);
    await debug.overfitBatch(model, [x, y], { loss: 'crossEntropy', steps: 3 });
    debug.trace(model, x);
    loss.backward();
    expect(model.parameters().every((p) => p.grad !== null)).toBe(true);
  });

  test('inputs that say nothing cannot be learned', async () => {
    const [, y] = batch();
    const r = await debug.overfitBatch(classifier(), [ng.zeros([24, 4]), y], { loss: 'crossEntropy', lr: 0.01 });
    expect(r.reached).toBe(false);
    expect(r.losses).toHaveLength(200);
    expect(r.advice).toMatch(/One batch must be learned/);
  });

  test("the user's optimizers: by name, with settings, as a function, made; a made one takes no step", async () => {
    const model = classifier();
    const made = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
    for (const optimizer of ['adam', { name: 'sgd', lr: 0.1 }, (p: nn.Parameter[]) => new optim.RMSprop(p), made]) {
      const r = await debug.overfitBatch(model, batch(), { loss: new nn.CrossEntropyLoss(), steps: 20, optimizer });
      expect(r.losses.at(-1)).toBeLessThan(r.losses[0]!);
    }
    expect(made.state.size).toBe(0);
  });

  test('a compiled model needs no loss', async () => {
    const model = ng.sequential([new nn.Dense(16, { activation: 'relu' }), new nn.Dense(1)]);
    model.compile({ optimizer: { name: 'adam', lr: 0.02 }, loss: 'mse' });
    const x = ng.randn([16, 4]);
    const r = await debug.overfitBatch(model, [x, ng.randn([16, 1])]);
    expect(r.losses.at(-1)).toBeLessThan(0.5 * r.losses[0]!);
    // Its first layer still waits for the size of its input.
    expect(model.parameters().map((p) => p.shape)).toEqual([[16, 0], [16], [1, 0], [1]]);
  });

  test('generators that layers hold, and buffers of every kind', async () => {
    const generator = new ng.Generator(5);
    const model = new nn.Sequential(new nn.Linear(4, 8), new nn.Dropout(0.5, { generator }), new nn.Linear(8, 3));
    const [x, y] = batch();
    const states = [stateOf(model), generator.getState()];
    // A run in training mode draws from it.
    const drawing = (p: ng.Tensor): ng.Tensor => ng.rand([1], { generator }).mul(0).add(p.square().mean()).sum();
    await debug.overfitBatch(model, [x, y], { loss: drawing, steps: 3 });
    expect([stateOf(model), generator.getState()]).toEqual(states);
  });

  test('weights that are computed from others, and what forward leaves in fields', async () => {
    class Last extends nn.Module {
      inner = nn.utils.weightNorm(new nn.Linear(4, 3));
      last: ng.Tensor = ng.zeros([1]);
      forward(x: ng.Tensor): ng.Tensor {
        return (this.last = this.inner.forward(x));
      }
    }
    const model = new Last();
    const [x, y] = batch();
    const { last } = model;
    const before = [model.inner.weight.arraySync(), model.forward(x).arraySync()];
    model.last = last;
    await debug.overfitBatch(model, [x, y], { loss: 'crossEntropy', lr: 0.1 });
    expect(model.last).toBe(last);
    expect([model.inner.weight.arraySync(), model.forward(x).arraySync()]).toEqual(before);
  });

  test('errors leave the model as it was', async () => {
    const model = classifier();
    const [x, y] = batch();
    const before = stateOf(model);
    let calls = 0;
    const fails = (p: ng.Tensor): ng.Tensor => {
      if (++calls === 3) throw new Error('enough');
      return p.square().mean();
    };
    await expect(debug.overfitBatch(model, [x, y], { loss: fails })).rejects.toThrow('enough');
    expect(stateOf(model)).toEqual(before);
    await expect(debug.overfitBatch(model, [x, y], { loss: 'mse', step: 3 } as never)).rejects.toThrow(
      '[overfitBatch] has no option "step"',
    );
    await expect(debug.overfitBatch(model, [x, y])).rejects.toThrow('[overfitBatch] the option loss is missing');
    await expect(debug.overfitBatch(model, x as never, { loss: 'mse' })).rejects.toThrow('[overfitBatch] a batch must');
  });
});

describe('trace', () => {
  test('nested containers: path, class, shapes, parameters; the model stays as it was', () => {
    const model = new nn.Sequential(
      new nn.Conv2d(1, 4, 3, { padding: 1 }),
      new nn.Sequential(new nn.BatchNorm2d(4), new nn.ReLU(), new nn.Dropout(0.5)),
      new nn.Flatten(),
      new nn.Linear(4 * 64, 10),
    );
    const x = ng.randn([2, 1, 8, 8]);
    const before = stateOf(model);
    const t = debug.trace(model, x);
    expect(stateOf(model)).toEqual(before);
    expect(t.rows.map((r) => [r.path, r.type, r.parameters])).toEqual([
      ['', 'Sequential', 0],
      ['0', 'Conv2d', 40],
      ['1', 'Sequential', 0],
      ['1.0', 'BatchNorm2d', 8],
      ['1.1', 'ReLU', 0],
      ['1.2', 'Dropout', 0],
      ['2', 'Flatten', 0],
      ['3', 'Linear', 2570],
    ]);
    expect(t.rows[0]).toMatchObject({ inputShapes: [[2, 1, 8, 8]], outputShapes: [[2, 10]] });
    expect(t.rows[6]).toMatchObject({ inputShapes: [[2, 4, 8, 8]], outputShapes: [[2, 256]] });
    expect(t.parameters).toBe(2618);
    const lines = String(t).split('\n');
    expect(lines[0]).toMatch(/^module\s+class\s+input\s+output\s+parameters$/);
    expect(lines).toContain('3        Linear       [2, 256]      [2, 10]            2,570');
    expect(inspect(t)).toBe(String(t));
  });

  test('several inputs and outputs, recurrent layers, a layer that is called twice, one that is not', () => {
    class Two extends nn.Module {
      rnn = new nn.LSTM(3, 5, { batchFirst: true });
      shared = new nn.Linear(5, 5);
      spare = new nn.Linear(2, 2);
      forward(a: ng.Tensor, b: ng.Tensor): { sum: ng.Tensor; last: ng.Tensor } {
        const [out] = this.rnn.forward(a);
        return { sum: this.shared.forward(this.shared.forward(out.select(1, -1))).add(b), last: out };
      }
    }
    const t = debug.trace(new Two(), [ng.randn([2, 4, 3]), ng.randn([2, 5])]);
    expect(t.rows.map((r) => r.path)).toEqual(['', 'rnn', 'shared', 'shared']);
    expect(t.rows[0]!.outputShapes).toEqual([
      [2, 5],
      [2, 4, 5],
    ]);
    expect(t.rows[1]!.outputShapes).toEqual([
      [2, 4, 5],
      [1, 2, 5],
      [1, 2, 5],
    ]);
    expect(t.unused).toEqual(['spare']);
    expect(t.advice).toMatch(/^Not called.*spare/);
  });

  test('a functional model with inputs by name, and layers that wait for their sizes', () => {
    const [a, b] = [ng.input([3], { name: 'a' }), ng.input([2], { name: 'b' })];
    const dense = new nn.Dense(4, { activation: 'relu' });
    const model = ng.model({ inputs: [a, b], outputs: new nn.Dense(1).apply(ng.concatenate([dense.apply(a), b])) });
    expect(debug.trace(model, { a: ng.ones([5, 3]), b: ng.ones([5, 2]) }).rows.at(-1)!.outputShapes).toEqual([[5, 1]]);
    const lazy = new nn.Sequential(new nn.LazyLinear(3), new nn.Dense(2));
    const t = debug.trace(lazy, ng.ones([1, 7]));
    expect(t.rows.map((r) => r.parameters)).toEqual([0, 24, 8]);
    expect(lazy.parameters().map((p) => p.numel)).toEqual([0, 3, 0, 2]);
  });

  test('errors are those of forward and of the reader; hooks are gone afterwards', () => {
    const model = classifier();
    const before = stateOf(model);
    expect(codeOf(() => debug.trace(model, ng.ones([2, 9])))).toBe('ERR_SHAPE');
    expect(stateOf(model)).toEqual(before);
    expect(codeOf(() => debug.trace({} as never, ng.ones([1])))).toBe('ERR_INVALID_ARG');
    expect(debug.trace(model, ng.ones([2, 4])).rows).toHaveLength(6);
  });
});
