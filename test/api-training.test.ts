/** @file The programs of "the Keras way" in the documentation, on small data. */
import * as ng from '../lib';
import { data, nn } from '../lib';

const classes = ng.randint(0, 10, [200], { dtype: 'int64' });
const xTrain = ng.randn([200, 784]).add(classes.unsqueeze(1).div(4));
const yTrain = ng.oneHot(classes, 10).to('float32');

/** What the program prints. */
async function printed(program: () => Promise<void>): Promise<string> {
  const log = jest.spyOn(console, 'log').mockImplementation(() => {});
  const write = jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
  try {
    await program();
    return [...log.mock.calls, ...write.mock.calls].map(([text]) => String(text)).join('\n');
  } finally {
    log.mockRestore();
    write.mockRestore();
  }
}

test('a model of layers', async () => {
  const controller = new AbortController();
  const [xTest, yTest, xNew] = [xTrain.narrow(0, 0, 50), yTrain.narrow(0, 0, 50), xTrain.narrow(0, 0, 9)];
  const text = await printed(async () => {
    const model = ng.sequential([
      new nn.Dense(128, { activation: 'relu', inputShape: [784] }),
      new nn.Dropout(0.2),
      new nn.Dense(10, { activation: 'softmax' }),
    ]);
    model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
    model.summary();
    const history = await model.fit(xTrain, yTrain, {
      epochs: 10,
      batchSize: 32,
      validationSplit: 0.2,
      callbacks: [new ng.callbacks.EarlyStopping({ monitor: 'valLoss', patience: 3, restoreBestWeights: true })],
      signal: controller.signal,
    });
    expect(history.epoch.slice(0, 3)).toEqual([0, 1, 2]);
    expect(history.history['loss']).toHaveLength(history.epoch.length);
    expect(history.history['valAccuracy']).toHaveLength(history.epoch.length);
    expect(Object.keys(await model.evaluate(xTest, yTest))).toEqual(['loss', 'accuracy']);
    expect((await model.predict(xNew, { batchSize: 256 })).shape).toEqual([9, 10]);
    expect(Object.keys(await model.trainOnBatch(xTest, yTest))).toEqual(['loss', 'accuracy']);
  });
  expect(text).toContain('Total params: 101,770');
  expect(text).toContain('Epoch 1/10');
});

test("a module of the PyTorch way, a step and a callback of one's own", async () => {
  class SimpleNet extends nn.Module {
    fc1 = new nn.Linear(784, 16);
    fc2 = new nn.Linear(16, 10);
    forward(x: ng.Tensor): ng.Tensor {
      return this.fc2.forward(ng.relu(this.fc1.forward(x)));
    }
  }
  const loader = new data.DataLoader(new data.TensorDataset(xTrain, classes), { batchSize: 50, shuffle: true });
  const ended: number[] = [];
  class Mine extends ng.callbacks.Callback {
    override onEpochEnd(epoch: number, logs: ng.Logs): void {
      ended.push(epoch, Object.keys(logs).length);
    }
  }
  const trainer = ng.trainer(new SimpleNet(), {
    optimizer: 'adam',
    loss: 'crossEntropy',
    metrics: ['accuracy', new ng.metrics.TopK(3)],
  });
  const { history } = await trainer.fit(loader, {
    epochs: 2,
    validationData: loader,
    callbacks: [new Mine()],
    verbose: 0,
  });
  expect(Object.keys(history)).toEqual(['loss', 'accuracy', 'topK', 'valLoss', 'valAccuracy', 'valTopK']);
  expect(ended).toEqual([0, 6, 1, 6]);

  class Gan extends ng.Trainer {
    readonly discriminator = ng.sequential([new nn.Dense(1, { inputShape: [784] })]);
    readonly other = new ng.optim.Adam(this.discriminator.parameters(), { lr: 1e-3 });

    override trainStep([images]: ng.Batch): ng.StepValues {
      const real = images as ng.Tensor;
      const n = real.shape[0]!;
      const fake = this.model.forward(ng.randn([n, 8])) as ng.Tensor;
      const judge = (x: ng.Tensor, label: number): ng.Tensor =>
        nn.functional.binaryCrossEntropyWithLogits(this.discriminator.forward(x) as ng.Tensor, ng.full([n, 1], label));
      const dLoss = judge(real, 1).add(judge(fake.detach(), 0));
      this.minimize(dLoss, n, this.other);
      const gLoss = judge(fake, 1);
      this.minimize(gLoss, n);
      return { dLoss, gLoss };
    }
  }
  const generator = ng.sequential([new nn.Dense(784, { inputShape: [8] })]);
  const gan = new Gan(generator, { optimizer: 'adam' });
  const got = await gan.fit(xTrain, undefined, { epochs: 3, verbose: 0 });
  expect(Object.keys(got.history)).toEqual(['dLoss', 'gLoss']);
  expect(got.history['gLoss']!.every(Number.isFinite)).toBe(true);
});
