/**
 * @file A training that may be killed at any moment: `node resumable.js <directory> <steps>`. It goes on from the newest
 * checkpoint, saves one every few steps, and when it is through prints a hash of everything.
 */
import { createHash } from 'node:crypto';
import * as ng from '../../lib';
import { data, nn, optim } from '../../lib';

const [dir, count] = process.argv.slice(2) as [string, string];
// Large enough that writing takes a while.
const width = 400;

async function main(): Promise<void> {
  ng.manualSeed(3);
  const x = ng.rand([37, 10], { generator: new ng.Generator(1) });
  const set = new data.TensorDataset(x, x.sum(1, { keepdim: true }));
  const model = new nn.Sequential(new nn.Linear(10, width), new nn.Dropout(0.2), new nn.Linear(width, width), new nn.ReLU(), new nn.Linear(width, 1)); // prettier-ignore
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const loader = new data.DataLoader(set, { batchSize: 4, shuffle: true });
  const parts = { model, optimizer, loader };
  let step = 0;
  if ((await ng.listCheckpoints(dir)).length > 0) ({ step } = await ng.loadCheckpoint<{ step: number }>(dir, parts));
  process.stdout.write(`start ${step}\n`);
  while (step < Number(count))
    for await (const [input, target] of loader) {
      const loss = nn.functional.mseLoss(model.forward(input), target);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      if (++step % 3 === 0) {
        const saving = ng.saveCheckpoint(dir, { ...parts, step }, { keep: 2 });
        // Now and then training goes on while it is written.
        if (step % 2 === 0) await saving;
        else void saving.catch(() => process.exit(3));
      }
      if (step >= Number(count)) break;
    }
  const hash = createHash('sha256');
  for (const p of model.parameters()) hash.update(p.dataSync() as Float32Array);
  process.stdout.write(`done ${step} ${hash.digest('hex')} ${JSON.stringify(ng.getRngState())}\n`);
}

void main();
