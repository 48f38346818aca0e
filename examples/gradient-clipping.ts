/**
 * @file Gradient clipping: a recurrent network on long sequences explodes without it, and learns with it.
 * The adding problem (Hochreiter and Schmidhuber 1997): 50 random numbers, two of which are marked; the answer is the sum of
 * those two. What is learned: through 50 steps a gradient is multiplied by the same matrix 50 times, so that now and then it is
 * a million times as long as usual; one such step throws the weights away, and relu units that never fire again do not come
 * back. Clipping keeps the direction and bounds the length. With it the squared error must be below 0.06; always answering
 * the mean has 1/6, and that is where the network without clipping stays.
 */
import * as ng from 'nodegrad';
import { nn, optim } from 'nodegrad';
import { drawCurves } from './support/chart';
import { lesson } from './support/lesson';

const [length, units, maxNorm] = [50, 64, 0.1];

/** n sequences [n, 50, 2] of a number and a mark each, one mark in each half; and the sums of the marked numbers [n]. */
function sums(n: number): [sequences: ng.Tensor, sums: ng.Tensor] {
  const numbers = ng.rand([n, length]);
  const places = ng.arange(length).to('int64');
  const at = (from: number, to: number): ng.Tensor => places.eq(ng.randint(from, to, [n, 1]));
  const marks = at(0, length / 2)
    .logicalOr(at(length / 2, length))
    .to('float32');
  return [ng.stack([numbers, marks], 2), numbers.mul(marks).sum(1)];
}

/** A recurrent network that at first only remembers: identity from step to step (Le, Jaitly and Hinton 2015). */
class Adder extends nn.Module {
  rnn = new nn.RNN(2, units, { nonlinearity: 'relu', batchFirst: true });
  output = new nn.Linear(units, 1);

  constructor() {
    super();
    nn.init.eye_(this.rnn.getParameter('weight_hh_l0'));
    nn.init.normal_(this.rnn.getParameter('weight_ih_l0'), { std: 0.001 });
    for (const bias of ['bias_hh_l0', 'bias_ih_l0']) nn.init.zeros_(this.rnn.getParameter(bias));
  }

  forward(x: ng.Tensor): ng.Tensor {
    const [states] = this.rnn.forward(x);
    return this.output.forward(states.at([ng.s(), -1])).squeeze(1);
  }
}

/** Losses and lengths of gradients, before clipping, by step; and the error on new sequences in the end. */
interface Run {
  losses: ng.Tensor;
  norms: ng.Tensor;
  error: number;
}

/** Trains with gradients that are made no longer than `most`. */
async function train(most: number, steps: number): Promise<Run> {
  ng.manualSeed(0); // The same weights and sequences for both.
  const model = new Adder();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const schedule = new optim.lrScheduler.CosineAnnealingLR(optimizer, { tMax: steps });
  const [losses, norms]: ng.Tensor[][] = [[], []];
  for (let step = 0; step < steps; step++) {
    const [x, y] = sums(64);
    const loss = nn.functional.mseLoss(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    norms.push(nn.utils.clipGradNorm(model.parameters(), most));
    optimizer.step();
    schedule.step();
    losses.push(loss.detach());
    // A loop without a loader waits by itself now and then, so that steps do not pile up.
    if (step % 100 === 0) await loss.item();
  }
  const [x, y] = sums(2000);
  const error = await ng.noGrad(() => nn.functional.mseLoss(model.forward(x), y)).item();
  return { losses: ng.stack(losses), norms: ng.stack(norms), error };
}

lesson('gradient-clipping', 'A recurrent network with and without clipping.', async ({ quick, reached }) => {
  const steps = quick ? 60 : 4000;
  const runs = { 'without clipping': await train(Infinity, steps), 'with clipping': await train(maxNorm, steps) };

  // The largest of 20 steps: a single one is enough to do the damage.
  const largest = async (t: ng.Tensor): Promise<number[]> => (await t.reshape([-1, 20]).amax(1).array()) as number[];
  const draw = async (name: string, y: string, of: (run: Run) => ng.Tensor): Promise<void> => {
    const curves = Object.entries(runs).map(async ([what, run]) => ({ name: what, values: await largest(of(run)) }));
    const places = Array.from({ length: steps / 20 }, (_, i) => 20 * i);
    drawCurves(name, await Promise.all(curves), {
      title: `${y}, largest of 20 steps`,
      x: 'step',
      y,
      log: true,
      places,
    });
  };
  await draw('gradient-clipping-norms', 'Length of the gradient', (run) => run.norms);
  await draw('gradient-clipping', 'Squared error in training', (run) => run.losses);

  for (const [what, { losses, norms, error }] of Object.entries(runs)) {
    const [norm, loss] = [await norms.max().item(), await losses.max().item()];
    console.log(
      `${what}: longest gradient ${norm.toPrecision(2)}, largest loss ${loss.toPrecision(2)}, in the end ${error.toFixed(4)}`,
    );
  }
  const [, answers] = sums(2000);
  const naive = { what: 'always the mean', value: await answers.var({ correction: 0 }).item() };
  reached({ what: 'squared error with clipping', value: runs['with clipping'].error, must: 0.06, naive });
});
