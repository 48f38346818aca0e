// Whether a change made dispatch slower: small steps and ops of two built trees in turns, each turn in a process of its own.
// CPU time, not the clock's, so that it says something on a busy machine too.
//
//   node scripts/bench-trees.mjs <tree> <other tree> [turns, default 5]
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const self = fileURLToPath(import.meta.url);
const median = (list) => list.slice().sort((a, b) => a - b)[list.length >> 1];

/** By name: how often a round runs it, and what it is. */
function cases(ng) {
  const { nn, optim } = ng;
  const [a, b, m] = [ng.ones([4]), ng.ones([4]), ng.ones([4, 4])];
  const leaf = ng.ones([4], { requiresGrad: true });
  const training = (model, x, lossOf) => {
    const optimizer = new optim.Adam(model.parameters(), { lr: 1e-4 });
    return () => {
      optimizer.zeroGrad();
      lossOf(model.forward(x)).backward();
      optimizer.step();
    };
  };
  const [y, classes] = [ng.randn([32, 1]), ng.randint(0, 5, [4])];
  const layers = [new nn.Linear(20, 64), new nn.ReLU(), new nn.Linear(64, 32), new nn.ReLU(), new nn.Linear(32, 1)];
  const conv = [new nn.Conv2d(1, 4, 3), new nn.BatchNorm2d(4), new nn.ReLU(), new nn.MaxPool2d(2), new nn.Flatten()];
  const cnn = new nn.Sequential(...conv, new nn.Linear(36, 5));
  const encoder = new nn.TransformerEncoderLayer(16, 2, 32);
  return {
    'step of mlp 20-64-32-1, batch 32': [
      1000,
      training(new nn.Sequential(...layers), ng.randn([32, 20]), (p) => nn.functional.mseLoss(p, y)),
    ],
    'step of a small cnn, [4, 1, 8, 8]': [
      1000,
      training(cnn, ng.randn([4, 1, 8, 8]), (p) => nn.functional.crossEntropy(p, classes)),
    ],
    'step of an encoder layer, [5, 2, 16]': [1000, training(encoder, ng.randn([5, 2, 16]), (p) => p.sum())],
    'add [4]': [20000, () => a.add(b)],
    'add [4], recorded': [20000, () => leaf.add(b)],
    'add_ [4]': [20000, () => a.add_(b)],
    'add [4], 10 ops and backward': [
      1000,
      () => {
        let t = leaf.add(b);
        for (let i = 0; i < 8; i++) t = t.add(b);
        t.sum().backward();
        leaf.grad = null;
      },
    ],
    'matmul [4, 4]': [20000, () => ng.matmul(m, m)],
    'reshape [4, 4]': [20000, () => m.reshape([2, 8])],
    'narrow [4, 4]': [20000, () => m.narrow(0, 0, 2)],
  };
}

// Microseconds of CPU time of each: medians of 9 rounds after 5 for warming up.
function measure(tree) {
  const ng = createRequire(import.meta.url)(path.resolve(tree, 'dist/lib/index.js'));
  ng.manualSeed(0);
  const found = {};
  for (const [name, [times, run]] of Object.entries(cases(ng))) {
    const rounds = [];
    for (let round = -5; round < 9; round++) {
      const before = process.cpuUsage();
      for (let i = 0; i < times; i++) run();
      ng.synchronizeSync();
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) rounds.push((user + system) / times);
    }
    found[name] = median(rounds);
  }
  return found;
}

const [first, second, turns = '5'] = process.argv.slice(2);
if (first === '--measure') console.log(JSON.stringify(measure(second)));
else if (second === undefined) {
  console.error('usage: node scripts/bench-trees.mjs <tree> <other tree> [turns]');
  process.exitCode = 1;
} else {
  const all = [];
  for (let turn = 0; turn < Number(turns); turn++)
    all.push(
      [first, second].map((tree) => {
        const child = spawnSync(process.execPath, [self, '--measure', tree], { stdio: ['ignore', 'pipe', 'inherit'] });
        return JSON.parse(child.stdout.toString());
      }),
    );
  for (const name of Object.keys(all[0][0])) {
    const [before, after] = [0, 1].map((i) => median(all.map((turn) => turn[i][name])));
    const ratio = (after / before).toFixed(2);
    console.log(`${name.padEnd(38)} ${before.toFixed(2).padStart(8)} us ${after.toFixed(2).padStart(8)} us  ${ratio}`);
  }
}
