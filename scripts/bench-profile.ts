/**
 * @file What `ng.profile` costs: `node dist/scripts/bench-profile.js [rounds]`. Medians of training steps with and without
 * it, in turns.
 */
import * as ng from '../lib';
import { nn, optim } from '../lib';

const rounds = Number(process.argv[2] ?? 21);
const stepsPerRound = 200;

/** A step of a network of these widths. */
function stepOf(batch: number, widths: readonly number[]): () => void {
  const layers = widths.slice(1).flatMap((w, i) => {
    const layer = new nn.Linear(widths[i]!, w);
    return i + 2 < widths.length ? [layer, new nn.ReLU()] : [layer];
  });
  const model = new nn.Sequential(...layers);
  const optimizer = new optim.Adam(model.parameters());
  const x = ng.randn([batch, widths[0]!]);
  const y = ng.randint(0, widths.at(-1)!, [batch]);
  return () => {
    const loss = nn.functional.crossEntropy(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
  };
}

const median = (list: number[]): number => list.sort((a, b) => a - b)[list.length >> 1]!;

async function main(): Promise<void> {
  const nets: [string, () => void][] = [
    ['20-64-32-2, batch 32', stepOf(32, [20, 64, 32, 2])],
    ['784-128-10, batch 64', stepOf(64, [784, 128, 10])],
    ['784-1024-1024-10, batch 64', stepOf(64, [784, 1024, 1024, 10])],
  ];
  for (const [name, step] of nets) {
    const timed = async (): Promise<number> => {
      const before = performance.now();
      for (let i = 0; i < stepsPerRound; i++) step();
      await ng.synchronize();
      return ((performance.now() - before) / stepsPerRound) * 1000;
    };
    await timed();
    const without: number[] = [];
    const within: number[] = [];
    for (let r = 0; r < rounds; r++) {
      without.push(await timed());
      let time = 0;
      await ng.profile(async () => {
        time = await timed();
      });
      within.push(time);
    }
    const [a, b] = [median(without), median(within)];
    console.log(
      `${name.padEnd(28)} ${a.toFixed(1)} us a step, profiled ${b.toFixed(1)} us, ${(100 * (b / a - 1)).toFixed(1)} % more`,
    );
  }
}

void main();
