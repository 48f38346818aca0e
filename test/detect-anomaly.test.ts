/** @file The operation that made the first NaN or infinity. */
import * as ng from '../lib';
import { AnomalyError, nn, optim } from '../lib';
import { debugging } from '../lib/core/debug-mode';
import { watching } from '../lib/native/watch';
import { caught } from './caught';

const { detectAnomaly } = ng.debug;

function anomalyOf(run: () => unknown): AnomalyError {
  const e = caught(() => detectAnomaly(run));
  if (!(e instanceof AnomalyError)) throw new Error(`no anomaly: ${String(e)}`, { cause: e });
  return e;
}

afterEach(() => {
  expect(debugging).toEqual({ on: process.env['NODEGRAD_DEBUG'] === '1', gradientOf: undefined });
  expect(watching.by).toBeUndefined();
});

/** The line of the call below the one that asks. */
const nextLine = (): RegExp => {
  const at = /detect-anomaly\.test\.[jt]s:(\d+)/.exec(new Error().stack!.split('\n')[2]!)!;
  return new RegExp(`detect-anomaly\\.test\\.[jt]s:${Number(at[1]) + 1}:`);
};

test('forward: the operation as it was called, the line, the values', () => {
  const x = ng.tensor([[-1, 2], [4, 9]]); // prettier-ignore
  let line = /never/;
  const e = anomalyOf(() => {
    line = nextLine();
    const bad = x.log();
    return bad.mul(2).add(1).sum();
  });
  expect(e.code).toBe('ERR_ANOMALY');
  expect(e.anomaly).toEqual({
    op: 'log',
    phase: 'forward',
    inputHad: false,
    line: expect.stringMatching(line) as string,
    output: {
      shape: [2, 2],
      nan: 1,
      infinite: 0,
      min: Math.fround(Math.log(2)),
      max: Math.fround(Math.log(9)),
      count: 4,
    },
    inputs: [{ shape: [2, 2], nan: 0, infinite: 0, min: -1, max: 9, count: 4 }],
  });
  expect(e.message).toMatch(/^\[log\] made 1 NaN of 4 values, shape \[2, 2\]; inputs: \[2, 2\] from -1 to 9, at /);
});

test.each<[string, () => ng.Tensor, string]>([
  ['a division by zero, read by nobody', () => ng.ones([2]).div(ng.zeros([2])), 'div'],
  ['an overflow', () => ng.tensor([100]).exp().sub(3), 'exp'],
  ['a layer', () => nn.functional.linear(ng.full([1, 2], 3e38), ng.ones([1, 2])).mul(0), 'linear'],
  ['in place', () => ng.tensor([0, 1]).log_().add(1), 'log_'],
  [
    'infinity less infinity',
    () =>
      ng
        .full([1], Infinity)
        .sub(ng.full([1], Infinity))
        .mul(1),
    'sub',
  ],
  ['a function below a function', () => ng.tensor([-4]).sqrt().exp(), 'sqrt'],
])('%s', (_name, run, op) => {
  expect(anomalyOf(run).anomaly).toMatchObject({ op, phase: 'forward', inputHad: false });
});

test('backward: the gradient of the operation, and the line that recorded it', () => {
  const x = ng.tensor([0, 4], { requiresGrad: true });
  let line = /never/;
  const e = anomalyOf(() => {
    line = nextLine();
    const root = x.sqrt();
    root.mul(3).sum().backward();
  });
  expect(e.anomaly).toMatchObject({ op: 'sqrt', phase: 'backward', inputHad: false });
  expect(e.anomaly.line).toMatch(line);
  expect(e.message).toMatch(/^\[sqrt\] the gradient made 1 infinite of 2 values.*recorded at/);
});

test('a backward pass of what was recorded before', () => {
  const x = ng.tensor([0, 4], { requiresGrad: true });
  ng.setDebug(false);
  const loss = x.sqrt().sum();
  ng.setDebug(process.env['NODEGRAD_DEBUG'] === '1');
  const { anomaly, message } = anomalyOf(() => loss.backward());
  expect(anomaly).toMatchObject({ op: 'sqrt', phase: 'backward', line: undefined });
  expect(message).toMatch(/recorded before detectAnomaly began/);
});

test('what the inputs had already', () => {
  const x = ng.tensor([1, NaN, 3]);
  const e = anomalyOf(() => x.add(1).sum());
  expect(e.anomaly).toMatchObject({ op: 'add', inputHad: true, inputs: [{ nan: 1, count: 3 }] });
  expect(e.message).toMatch(/^\[add\] its input already had NaN or infinities/);
  expect(anomalyOf(() => ng.tensor([Infinity]).mul(2).sum()).anomaly).toMatchObject({ op: 'mul', inputHad: true });
});

test('a training that explodes', () => {
  const layer = new nn.Linear(2, 1);
  const optimizer = new optim.SGD(layer.parameters(), { lr: 1e12 });
  const e = anomalyOf(() => {
    for (let i = 0; i < 20; i++) {
      const loss = layer
        .forward(ng.ones([4, 2]))
        .square()
        .mean();
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
    }
  });
  expect(e.anomaly).toMatchObject({ op: 'square', inputHad: false });
});

test('named although the program notices first', () => {
  const e = anomalyOf(() => {
    if (!Number.isFinite(ng.tensor([-1]).log().itemSync())) throw new Error('diverged');
  });
  expect(e.anomaly.op).toBe('log');
  expect(e.cause).toEqual(new Error('diverged'));
});

test('in a training by fit, in scopes', async () => {
  const x = ng.randn([32, 4]);
  const model = ng.sequential([new nn.Dense(8, { activation: 'relu' }), new nn.Dense(1)]);
  const fit = (lr: number): Promise<ng.History> => {
    model.compile({ optimizer: { name: 'sgd', lr }, loss: 'mse' });
    return detectAnomaly(() => model.fit(x, x.sum(1), { epochs: 4, verbose: 0 }));
  };
  expect((await fit(0.01)).history['loss']).toHaveLength(4);
  await expect(fit(1e20)).rejects.toMatchObject({ code: 'ERR_ANOMALY', anomaly: { inputHad: false } });
  expect(anomalyOf(() => ng.scope(() => ng.zeros([3]).log().mul(2))).anomaly.op).toBe('log');
  // Overwritten by what is right, while the view that was wrong is gone.
  const all = ng.ones([4]);
  detectAnomaly(() => {
    const view = all.narrow(0, 0, 2);
    view.sub_(1).log_();
    view.dispose();
    all.fill_(3);
  });
});

describe('what is right throws nothing', () => {
  const step = (model: nn.Module, x: ng.Tensor, lossOf: (p: ng.Tensor) => ng.Tensor): number => {
    const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3 });
    let last = 0;
    for (let i = 0; i < 2; i++) {
      const loss = lossOf(model.forward(x) as ng.Tensor);
      optimizer.zeroGrad();
      loss.backward();
      nn.utils.clipGradNorm_(model.parameters(), 1);
      optimizer.step();
      last = loss.itemSync();
    }
    return last;
  };
  const classes = (n: number, c: number): ng.Tensor => ng.randint(0, c, [n], { dtype: 'int64' });

  test('the same numbers as without it: convolutions, norms, pooling, dropout, losses, clipping, AdamW', () => {
    const make = (): nn.Module =>
      new nn.Sequential(
        new nn.Conv2d(1, 4, 3, { padding: 1 }),
        new nn.BatchNorm2d(4),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Flatten(),
        new nn.Dropout(0.2),
        new nn.Linear(64, 3),
      );
    const run = (): number => {
      ng.manualSeed(7);
      const y = classes(6, 3);
      return step(make(), ng.randn([6, 1, 8, 8]), (p) => nn.functional.crossEntropy(p, y));
    };
    const plain = run();
    expect(detectAnomaly(run)).toBe(plain);
  });

  test('memory that no kernel writes is not looked at for what was in it before', () => {
    // Blocks of many sizes go back with NaN in them.
    for (let n = 1; n <= 1024; n *= 2)
      Array.from({ length: 30 }, () => ng.full([n], NaN)).forEach((t) => {
        t.dispose();
      });
    detectAnomaly(() => {
      const p = ng.randn([7, 3, 4], { requiresGrad: true });
      const labels = ng.tensor([[1, 2, 3], [1, 1, 2], [3, 2, 1]], { dtype: 'int64' }); // prettier-ignore
      nn.functional.ctcLoss(p.logSoftmax(2), labels, [7, 7, 7], [3, 2, 1]).backward();
      const q = ng.ones([2], { requiresGrad: true });
      q.sum().backward();
      new optim.LAMB([p, q]).step();
    });
  });

  test('attention with masks of -Infinity, recurrent layers, embeddings', () => {
    detectAnomaly(() => {
      const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
      const x = ng.randn([2, 5, 8]);
      const mask = nn.Transformer.generateSquareSubsequentMask(5);
      layer.forward(x, { srcMask: mask }).square().mean().backward();
      layer.forward(x, { isCausal: true }).mean().backward();
      const [out] = new nn.LSTM(8, 4).forward(x);
      const [gru] = new nn.GRU(8, 4).forward(x);
      out.add(gru).sum().backward();
      new nn.Embedding(10, 4).forward(classes(6, 10)).sum().backward();
    });
  });

  test('operations that meet infinities on the way and leave them out', () => {
    detectAnomaly(() => {
      const x = ng.zeros([3], { requiresGrad: true });
      x.norm().backward();
      const p = ng.tensor([0, 1, 0.5], { requiresGrad: true });
      nn.functional.binaryCrossEntropy(p, ng.tensor([0, 1, 1])).backward();
      new nn.BCELoss().forward(p, ng.tensor([0, 1, 1])).backward();
      const q = ng.tensor([0, 1, 0.5], { requiresGrad: true });
      nn.functional.binaryCrossEntropy(q, ng.tensor([0, 1, 1])).backward(null, { createGraph: true });
      const probabilities = ng.randn([7, 1, 4], { requiresGrad: true }).logSoftmax(2);
      nn.functional.ctcLoss(probabilities, ng.tensor([[1, 2]], { dtype: 'int64' }), [7], [2]).backward();
      ng.tensor([1, 2])
        .maskedFill(ng.tensor([true, false]), -Infinity)
        .softmax(0)
        .sum()
        .itemSync();
      ng.full([2], NaN).nanToNum().sum().itemSync();
      ng.logsumexp(ng.tensor([-1000, 0]), 0).itemSync();
      ng.cat([ng.ones([2]), ng.zeros([2])])
        .std()
        .itemSync();
      ng.cdist(ng.ones([2, 3]), ng.ones([2, 3]))
        .sum()
        .itemSync();
    });
  });
});

test('asynchronous: until the promise settles, and only what the function does', async () => {
  const other = async (): Promise<number> => {
    await new Promise((r) => setTimeout(r, 5));
    return ng.tensor([-1]).log().itemSync();
  };
  const outside = other();
  const wait = detectAnomaly(async () => {
    await new Promise((r) => setTimeout(r, 20));
    const x = ng.tensor([-1]);
    await x.data();
    return x.sqrt().add(1).item();
  });
  await expect(wait).rejects.toMatchObject({ code: 'ERR_ANOMALY', anomaly: { op: 'sqrt' } });
  expect(await outside).toBeNaN();
  expect(await detectAnomaly(async () => ng.tensor([4]).sqrt().item())).toBe(2);
});

test('two at once; one within another', async () => {
  const slow = (v: number, ms: number): Promise<number> =>
    detectAnomaly(async () => {
      await new Promise((r) => setTimeout(r, ms));
      return ng.tensor([v]).log().item();
    });
  const [a, b] = await Promise.allSettled([slow(-1, 2), slow(1, 10)]);
  expect(a).toMatchObject({ status: 'rejected', reason: { anomaly: { op: 'log' } } });
  expect(b).toEqual({ status: 'fulfilled', value: 0 });
  expect(anomalyOf(() => detectAnomaly(() => ng.tensor([-1]).log())).anomaly.op).toBe('log');
});

test('errors of the function, and what is no function', () => {
  expect(() => detectAnomaly(() => ng.ones([2]).add(ng.ones([3])))).toThrow(ng.ShapeError);
  expect(() => detectAnomaly(3 as never)).toThrow('[detectAnomaly] fn must be a function');
  expect(() => detectAnomaly(() => ng.ones([2, 2]).indexSelect(0, ng.tensor([5], { dtype: 'int64' })))).toThrow(
    ng.IndexError,
  );
});
