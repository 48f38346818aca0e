/**
 * @file Rosenblatt's perceptron learns AND and OR but never XOR, and a network with one hidden layer does. A perceptron
 * answers 1 on one side of a straight line. It must see that no line parts the four cases of XOR (the best get 3 of 4
 * right), and that a hidden layer of four units gets all 4 right.
 */
import * as ng from 'nodegrad';
import { nn, optim } from 'nodegrad';
import { lesson } from './support/lesson';
import { drawRegions, places } from './support/regions';

const cases: [number, number][] = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const x = ng.tensor(cases);
const tables = { AND: [0, 0, 0, 1], OR: [0, 1, 1, 1], XOR: [0, 1, 1, 0] };
type Answers = (x: ng.Tensor) => ng.Tensor;

/** How many of the four cases a model gets right. */
const right = (answers: ng.Tensor, wanted: number[]): number => answers.eq(ng.tensor(wanted)).sum().itemSync();

/** Rosenblatt's rule (1958): where the answer is wrong, move the line towards that case. No gradient is needed. */
function perceptron(wanted: number[], epochs: number): { answers: Answers; best: number; epoch: number } {
  const [w, b] = [ng.zeros([2]), ng.zeros([])];
  const answers: Answers = (input) => input.matmul(w).add(b).gt(0).to('float32');
  let best = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (let i = 0; i < 4; i++) {
      const error = ng.sub(wanted[i]!, answers(x.at(i)));
      w.add_(x.at(i).mul(error));
      b.add_(error);
    }
    best = Math.max(best, right(answers(x), wanted));
    // A rule that has made no mistake changes nothing any more.
    if (best === 4) return { answers, best, epoch };
  }
  return { answers, best, epoch: epochs };
}

/** The most cases that any of n random lines gets right: what perceptrons can do at all, however they are trained. */
function bestLine(n: number, wanted: number[]): number {
  const [w, b] = [ng.randn([2, n]), ng.randn([n])];
  const answers = x.matmul(w).add(b).gt(0).to('float32');
  return answers.eq(ng.tensor(wanted).unsqueeze(1)).sum(0).max().itemSync();
}

/** Two lines are not enough for every start; four hidden units find a way from nearly every one. */
function network(wanted: number[], steps: number): Answers {
  const model = new nn.Sequential(new nn.Linear(2, 4), new nn.Tanh(), new nn.Linear(4, 1), new nn.Flatten(0));
  const criterion = new nn.BCEWithLogitsLoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
  for (let i = 0; i < steps; i++) {
    const loss = criterion.forward(model.forward(x), ng.tensor(wanted));
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
  }
  return (input) => ng.noGrad(() => model.forward(input).gt(0).to('float32'));
}

lesson('perceptron', 'Teaches AND, OR and XOR to a perceptron, and XOR to a network.', async ({ quick, reached }) => {
  ng.manualSeed(0);
  const [low, high] = [-0.5, 1.5];
  const field = ng.tensor(places(low, high));
  const panel = async (title: string, answers: Answers, wanted: number[]) => ({
    title: `${title}: ${right(answers(x), wanted)} of 4`,
    answers: await answers(field).array<number[]>(),
    examples: cases.map((at, i) => ({ at, label: wanted[i]! })),
  });

  const panels = [];
  let single = 0;
  for (const [name, wanted] of Object.entries(tables)) {
    const { answers, best, epoch } = perceptron(wanted, 100);
    console.log(`${name}: the perceptron gets at best ${best} of 4 cases right within ${epoch} epochs`);
    panels.push(await panel(`${name}, perceptron`, answers, wanted));
    single = best;
  }
  const lines = quick ? 1000 : 100_000;
  single = Math.max(single, bestLine(lines, tables.XOR));
  console.log(`XOR: the best of ${lines} random lines gets ${single} of 4 cases right`);

  const answers = network(tables.XOR, 500);
  panels.push(await panel('XOR, hidden layer', answers, tables.XOR));
  drawRegions('perceptron', panels, low, high);
  const naive = { what: 'one perceptron at best', value: single / 4 };
  reached({ what: 'XOR cases right', value: right(answers(x), tables.XOR) / 4, must: 1, naive, percent: true });
});
