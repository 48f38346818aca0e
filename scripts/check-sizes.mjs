// The sizes of things: no file of source has more than 400 lines, and no room more than its budget, so that growth is a
// decision. Prints lines and budget of every room.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const most = 400;

// Lines by room. A file belongs to the longest of these that its path begins with.
const budgets = {
  'lib/': 400, // the public face
  'lib/native/': 900, // with where the addon may be
  'lib/core/': 3000,
  'lib/ops/': 500, // all ops by name
  'lib/ops/kit/': 1300,
  'lib/ops/tensors/': 1700,
  'lib/ops/autograd/': 450,
  'lib/ops/elementwise/': 1900,
  'lib/ops/reduce/': 1800,
  'lib/ops/sort/': 900,
  'lib/ops/shape/': 2200,
  'lib/ops/indexing/': 1900,
  'lib/ops/linear/': 2600,
  'lib/ops/signal/': 800,
  'lib/ops/random/': 800,
  'lib/ops/layers/': 4600,
  'lib/ops/losses/': 1600,
  'lib/ops/images/': 250,
  'lib/nn/': 7500,
  'lib/optim/': 3200,
  'lib/data/': 4500,
  'lib/data/tables/': 1600, // from CSV, JSON lines, Parquet and Arrow
  'lib/data/text/': 600,
  'lib/data/samplers/': 500,
  'lib/data/transforms/': 1100,
  'lib/data/workers/': 450,
  'lib/io/': 1250,
  'lib/train/': 5700,
  'lib/train/report/': 2000, // pages of runs, with what runs in browsers
  'lib/serve/': 750,
  'lib/testing/': 350,
  'lib/debug/': 3500, // the tools and the profiler, each with its report
  'native/': 400, // the table
  'native/binding/': 1500,
  'native/runtime/': 1800,
  'native/ops/': 10000,
  'native/gemm/': 1200,
  'native/cuda/': 1700,
  'native/test/': 4700,
  'native/bench/': 200,
  'test/': 19500,
  'test/fixtures/': 3200,
  'test/op-table/': 7500,
  'scripts/': 3400,
  'scripts/fuzz/': 2500,
  'scripts/packages/': 800, // what makes and tries what users install
};
const made = new Set(['lib/kernels.ts']);

const files = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', 'lib', 'native', 'test', 'scripts'],
  {
    cwd: root,
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((f) => /\.(ts|mts|js|mjs|cpp|h|cu|def|py)$/.test(f) && !made.has(f) && fs.existsSync(path.join(root, f)));

const rooms = Object.keys(budgets).sort((a, b) => b.length - a.length);
const lines = new Map(Object.keys(budgets).map((r) => [r, 0]));
const problems = [];
for (const f of files) {
  const n = fs.readFileSync(path.join(root, f), 'utf8').split('\n').length - 1;
  if (n > most) problems.push(`${f} has ${n} lines, ${most} are allowed: split it by idea`);
  const room = rooms.find((r) => f.startsWith(r));
  lines.set(room, lines.get(room) + n);
}
for (const [room, n] of lines) {
  console.log(`${room.padEnd(22)} ${String(n).padStart(6)} of ${String(budgets[room]).padStart(6)} lines`);
  if (n > budgets[room]) problems.push(`${room} has ${n} lines, its budget is ${budgets[room]}`);
}
for (const p of problems) console.error(p);
process.exitCode = problems.length ? 1 : 0;
