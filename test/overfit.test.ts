/** @file Networks that must be able to learn: small ones by heart, deep ones with a way around their layers. */
import * as ng from '../lib';
import { nn, optim } from '../lib';

type Forward = (x: ng.Tensor) => ng.Tensor;

/** The loss after at most so many steps on one batch; stops as soon as it is below the goal. */
function overfit(parameters: nn.Parameter[], run: Forward, x: ng.Tensor, y: ng.Tensor, steps: number): number {
  const optimizer = new optim.Adam(parameters, { lr: 1e-2 });
  let loss = Infinity;
  for (let i = 0; i < steps && loss >= 1e-2; i++) {
    const t = nn.functional.crossEntropy(run(x), y);
    optimizer.zeroGrad();
    t.backward();
    optimizer.step();
    loss = t.itemSync();
  }
  return loss;
}

describe('learns 16 random sequences by heart', () => {
  const [count, length, width, classes] = [16, 8, 16, 5];
  const batch = (): [ng.Tensor, ng.Tensor] => [
    ng.randn([count, length, 4]),
    ng.randint(0, classes, [count], { dtype: 'int64' }),
  ];

  test.each([
    ['LSTM', () => new nn.LSTM(4, width, { batchFirst: true })],
    ['GRU', () => new nn.GRU(4, width, { batchFirst: true })],
  ] as const)('%s', (_name, make) => {
    const [layer, head] = [make() as nn.GRU, new nn.Linear(width, classes)];
    const run: Forward = (x) => head.forward(layer.forward(x)[0].select(1, -1));
    const loss = overfit([...layer.parameters(), ...head.parameters()], run, ...batch(), 300);
    expect(loss).toBeLessThan(1e-2);
  });

  test('transformer encoder', () => {
    const layer = new nn.TransformerEncoderLayer(width, 2, { dimFeedforward: 32, dropout: 0, batchFirst: true });
    const model = new nn.Sequential(new nn.Linear(4, width), new nn.TransformerEncoder(layer, 2));
    const head = new nn.Linear(width, classes);
    const run: Forward = (x) => head.forward((model.forward(x) as ng.Tensor).mean(1));
    const loss = overfit([...model.parameters(), ...head.parameters()], run, ...batch(), 300);
    expect(loss).toBeLessThan(1e-2);
  });
});

describe('a hundred layers', () => {
  const [depth, width] = [100, 16];
  const hundred = (make: () => nn.Module): nn.Module[] => Array.from({ length: depth }, make);

  /** He et al. 2016: x + W relu(norm(x)), so the gradient has a way around every layer. */
  class Block extends nn.Module {
    norm = new nn.LayerNorm(width);
    linear = new nn.Linear(width, width);
    forward(x: ng.Tensor): ng.Tensor {
      return x.add(this.linear.forward(ng.relu(this.norm.forward(x))));
    }
  }

  /** The points inside of a circle against those outside, after some steps: losses, norms of the first layer's gradient. */
  function train(model: nn.Sequential, first: nn.Linear, steps: number): { losses: number[]; norms: number[] } {
    const x = ng.randn([64, 2]);
    const y = x.square().sum(1).gt(1.4).to('int64');
    const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
    const [losses, norms]: [number[], number[]] = [[], []];
    for (let i = 0; i < steps; i++) {
      const loss = nn.functional.crossEntropy(model.forward(x) as ng.Tensor, y);
      optimizer.zeroGrad();
      loss.backward();
      losses.push(loss.itemSync());
      // In float64: the squares of what has vanished are zero in float32.
      norms.push(first.weight.grad!.to('float64').square().sum().sqrt().itemSync());
      optimizer.step();
    }
    return { losses, norms };
  }

  test('with residual connections: the first layer gets its gradient, and the loss falls', () => {
    const blocks = hundred(() => new Block()) as Block[];
    const ends = [new nn.LayerNorm(width), new nn.Linear(width, 2)];
    const model = new nn.Sequential(new nn.Linear(2, width), ...blocks, ...ends);
    const { losses, norms } = train(model, blocks[0]!.linear, 40);
    expect(Math.min(...norms)).toBeGreaterThan(1e-3);
    expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]!);
  });

  test('of sigmoids alone: the gradient vanishes, and the loss stays', () => {
    const layers = hundred(() => new nn.Sequential(new nn.Linear(width, width), new nn.Sigmoid())) as nn.Sequential[];
    const model = new nn.Sequential(new nn.Linear(2, width), ...layers, new nn.Linear(width, 2));
    const { losses, norms } = train(model, layers[0]!.at(0) as nn.Linear, 10);
    expect(Math.max(...norms)).toBeLessThan(1e-20);
    expect(losses.at(-1)).toBeGreaterThan(0.5);
  });
});

describe('second derivatives through networks', () => {
  const real = { dtype: 'float64' } as const;

  /** Of the network's outputs by its input and by all its parameters. */
  function check(model: nn.Module, run: Forward, shape: number[]): void {
    const parameters = model.parameters();
    const places = model.modules().flatMap((m) => {
      const fields = Object.entries(m).filter(([, value]) => value instanceof nn.Parameter);
      return fields.map(([field, value]) => ({ m, field, at: parameters.indexOf(value as nn.Parameter) }));
    });
    const fn = (x: ng.Tensor, ...weights: ng.Tensor[]): ng.Tensor => {
      for (const { m, field, at } of places) Object.assign(m, { [field]: weights[at] });
      return run(x);
    };
    const x = ng.randn(shape, { ...real, requiresGrad: true });
    expect(places.length).toBe(parameters.length);
    expect(ng.gradcheck(fn, [x, ...parameters])).toBe(true);
    expect(ng.gradgradcheck(fn, [x, ...parameters])).toBe(true);
  }

  const networks: [string, () => nn.Sequential, number[]][] = [
    [
      'linear, layer norm, GELU, linear',
      () =>
        new nn.Sequential(
          new nn.Linear(3, 4, real),
          new nn.LayerNorm(4, real),
          new nn.GELU(),
          new nn.Linear(4, 2, real),
        ),
      [2, 3],
    ],
    [
      'convolution, batch norm, SiLU, pooling, linear',
      () =>
        new nn.Sequential(
          new nn.Conv2d(1, 2, 2, { padding: 1, ...real }),
          new nn.BatchNorm2d(2, real),
          new nn.SiLU(),
          new nn.AvgPool2d(2),
          new nn.Flatten(),
          new nn.Linear(8, 2, real),
        ),
      [2, 1, 3, 3],
    ],
    [
      'convolution, group norm, tanh, transposed convolution',
      () =>
        new nn.Sequential(
          new nn.Conv1d(2, 4, 2, real),
          new nn.GroupNorm(2, 4, real),
          new nn.Tanh(),
          new nn.ConvTranspose1d(4, 1, 2, { stride: 2, ...real }),
        ),
      [2, 2, 4],
    ],
  ];
  test.each(networks)('%s', (_name, make, shape) => {
    const model = make();
    check(model, (x) => model.forward(x) as ng.Tensor, shape);
  });

  test('a transformer layer', () => {
    const options = {
      dimFeedforward: 3,
      dropout: 0,
      activation: 'gelu',
      batchFirst: true,
      normFirst: true,
      ...real,
    } as const;
    const model = new nn.TransformerEncoderLayer(2, 1, options);
    check(model, (x) => model.forward(x, { isCausal: true }), [1, 3, 2]);
  });
});
