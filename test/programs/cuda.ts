/**
 * @file What is asked of a CUDA device, in a process of its own (the library is opened once per process): `node cuda.js
 * <task>` prints JSON.
 *   reason  what nodegrad says about GPUs, and what happens to who uses one all the same
 *   random  random numbers made on 'cpu' and on 'cuda'
 *   train   losses and weights of a network trained on 'cpu' and on 'cuda'
 *   errors  what bad data gives
 */
import * as ng from '../../lib';
import { data, nn, optim } from '../../lib';

const message = (f: () => unknown): unknown => {
  try {
    f();
    return null;
  } catch (e) {
    return e instanceof ng.NodegradError ? [e.name, e.code, e.message] : String(e);
  }
};

function reason(): unknown {
  const before = [ng.devices(), ng.cuda.isAvailable(), ng.cuda.deviceCount(), ng.cuda.reason];
  const moved = message(() => ng.ones([2]).to('cuda'));
  const started = message(() => ng.setDefaultDevice('cuda:0'));
  ng.setDefaultDevice('cpu');
  return { before, moved, started, unknown: message(() => ng.zeros([1], { device: 'tpu' as ng.Device })), alive: true };
}

function random(): unknown {
  const on = (device: ng.Device): unknown => {
    ng.manualSeed(7);
    const lists = [
      ng.rand([1003], { device }),
      ng.rand([501], { device, dtype: 'float64' }),
      ng.randn([1003], { device }),
      ng.randn([501], { device, dtype: 'float64' }),
      ng.randint(-5, 1000, [777], { device }),
      ng.bernoulli(ng.full([999], 0.3, { device })),
      ng.dropout(ng.ones([1001], { device }), 0.4, true),
    ];
    return lists.map((t) => Array.from(t.to('cpu').dataSync() as Float64Array, Number));
  };
  return [on('cpu'), on('cuda')];
}

class Net extends nn.Module {
  fc1 = new nn.Linear(36, 24);
  drop = new nn.Dropout(0.25);
  fc2 = new nn.Linear(24, 10);
  forward(x: ng.Tensor): ng.Tensor {
    return this.fc2.forward(this.drop.forward(ng.relu(this.fc1.forward(x))));
  }
}

async function trainOn(device: ng.Device): Promise<unknown> {
  ng.setDefaultDevice(device);
  ng.manualSeed(5);
  const x = ng.randn([200, 36]);
  // The class is told by the sign of three pixels.
  const signs = ng.gt(x, 0).to('int64');
  const y = ng.matmul(signs, ng.tensor([4, 2, 1, ...new Array<number>(33).fill(0)], { dtype: 'int64' }));
  const set = new data.TensorDataset(x, y);
  const model = new Net();
  const out: number[] = [];
  for (const make of [
    () => new optim.Adam(model.parameters(), { lr: 1e-2 }),
    () => new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-3 }),
  ]) {
    const optimizer = make();
    for (let epoch = 0; epoch < 3; epoch++) {
      for await (const [images, labels] of new data.DataLoader(set, { batchSize: 50, shuffle: true })) {
        const loss = ng.nn.functional.crossEntropy(model.forward(images!), labels!);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        out.push((await loss.item()) as number);
      }
    }
  }
  model.eval();
  const loss = ng.nn.functional.crossEntropy(model.forward(x), y, { labelSmoothing: 0.1 });
  const where = [model.fc1.weight.device, loss.device];
  const weights = Array.from(model.fc1.weight.dataSync() as Float32Array);
  ng.setDefaultDevice('cpu');
  return { losses: out, weights, where, loss: await loss.item() };
}

async function errors(): Promise<unknown> {
  const cuda = { device: 'cuda' as const };
  const later = async (t: ng.Tensor): Promise<unknown> => {
    try {
      await t.data();
      return null;
    } catch (e) {
      return [(e as ng.NodegradError).code, (e as Error).message];
    }
  };
  const logits = ng.zeros([4, 3], cuda);
  return [
    await later(ng.nn.functional.crossEntropy(logits, ng.tensor([0, 9, 7, 1], { ...cuda, dtype: 'int64' }))),
    await later(ng.indexSelect(logits, 0, ng.tensor([0, 3, 4, 2], { ...cuda, dtype: 'int64' }))),
    await later(
      ng.floorDivide(ng.tensor([1, 2], { ...cuda, dtype: 'int32' }), ng.zeros([2], { ...cuda, dtype: 'int32' })),
    ),
    message(() => ng.add(logits, ng.zeros([3]))),
    message(() => ng.nonzero(logits)),
    await later(logits),
  ];
}

const tasks: Record<string, () => unknown> = {
  reason,
  random,
  errors,
  train: async () => [await trainOn('cpu'), await trainOn('cuda')],
};

async function main(): Promise<void> {
  console.log(JSON.stringify(await tasks[process.argv[2]!]!()));
}
void main();
