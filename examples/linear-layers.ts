/**
 * @file Stacked linear layers equal one linear layer, so a network bends only by what stands between them. Three trained
 * linear layers are multiplied into one matrix and one bias, which give the same outputs, and fit y = sin x no better than
 * the best straight line (mean squared error 0.2). The same layers with ReLU between them must get below 0.001.
 */
import * as ng from 'nodegrad';
import { nn, optim } from 'nodegrad';
import { drawCurves } from './support/chart';
import { lesson } from './support/lesson';

const width = 32;

/** Three linear layers, with something or nothing between them. */
class Net extends nn.Module {
  fc1 = new nn.Linear(1, width);
  fc2 = new nn.Linear(width, width);
  fc3 = new nn.Linear(width, 1);
  constructor(readonly between: (x: ng.Tensor) => ng.Tensor) {
    super();
  }
  forward(x: ng.Tensor): ng.Tensor {
    const h = this.between(this.fc1.forward(x));
    return this.fc3.forward(this.between(this.fc2.forward(h)));
  }
}

/** W3 (W2 (W1 x + b1) + b2) + b3 = (W3 W2 W1) x + (W3 (W2 b1 + b2) + b3). */
function collapse({ fc1, fc2, fc3 }: Net): nn.Linear {
  const one = new nn.Linear(1, 1);
  const weight = fc3.weight.matmul(fc2.weight).matmul(fc1.weight);
  const bias = fc3.weight.matmul(fc2.weight.matmul(fc1.bias!).add(fc2.bias!)).add(fc3.bias!);
  one.loadStateDict({ weight: weight.detach(), bias: bias.detach() });
  return one;
}

function fit(model: Net, x: ng.Tensor, y: ng.Tensor, steps: number): number {
  const criterion = new nn.MSELoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  for (let i = 0; i < steps; i++) {
    const loss = criterion.forward(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
  }
  return ng.noGrad(() => criterion.forward(model.forward(x), y).itemSync());
}

lesson('linear-layers', 'Multiplies a network of linear layers into one layer.', async ({ quick, reached }) => {
  ng.manualSeed(0);
  const x = ng.linspace(-Math.PI, Math.PI, 200).unsqueeze(1);
  const y = ng.sin(x);
  const steps = quick ? 50 : 1000;

  // The best straight line there is: least squares, solved and not trained.
  const columns = ng.cat([x, ng.onesLike(x)], 1);
  const line = columns.matmul(ng.linalg.lstsq(columns, y).solution);
  const best = await line.sub(y).square().mean().item();

  const [linear, bent] = [new Net((h) => h), new Net((h) => ng.relu(h))];
  const [linearLoss, loss] = [fit(linear, x, y, steps), fit(bent, x, y, steps)];
  const one = collapse(linear);
  const [a, b, c] = ng.noGrad(() => [linear.forward(x), one.forward(x), bent.forward(x)] as const);
  const difference = await a.sub(b).abs().max().item();
  const count = (m: nn.Module<[ng.Tensor]>): number => m.parameters().reduce((n, p) => n + p.numel, 0);
  console.log(`three linear layers: ${count(linear)} parameters, mean squared error ${linearLoss.toFixed(4)}`);
  const [slope, offset] = [await one.weight.item(), await one.bias!.item()];
  console.log(`multiplied into one: ${count(one)} parameters, y = ${slope.toFixed(4)} x + ${offset.toFixed(4)}`);
  console.log(`outputs of the two differ by at most ${difference.toExponential(1)}`);

  const flat = (t: ng.Tensor): Promise<number[]> => t.flatten().array<number[]>();
  const curves = [
    { name: 'sin x', values: await flat(y) },
    { name: 'three linear layers', values: await flat(a) },
    { name: 'the same with ReLU', values: await flat(c) },
  ];
  const places = (await flat(x)).map((v) => v.toFixed(2));
  drawCurves('linear-layers', curves, { title: 'Three layers fit a sine', x: 'x', y: 'y', places });
  const naive = { what: 'best straight line', value: best };
  reached({ what: 'mean squared error with ReLU', value: loss, must: 0.001, naive });
});
