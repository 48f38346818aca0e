// `npm run parity`: runs the tests that compare with PyTorch's results and prints, for every layer, loss, optimizer, op
// and so on that has some, how often it was compared and the worst relative error. Exits with 1 if a test fails.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'nodegrad-parity-'));
const file = path.join(dir, 'records.jsonl');

// The tests that import test/parity.ts, directly or through another helper beside it.
const sources = fs.readdirSync(path.join(root, 'test')).filter((f) => f.endsWith('.ts'));
const imports = (f, name) => fs.readFileSync(path.join(root, 'test', f), 'utf8').includes(`from './${name}'`);
const helpers = ['parity'];
for (const h of helpers) {
  for (const f of sources) {
    const name = f.slice(0, -3);
    if (!f.endsWith('.test.ts') && !helpers.includes(name) && imports(f, h)) helpers.push(name);
  }
}
const tests = sources.filter((f) => f.endsWith('.test.ts') && helpers.some((h) => imports(f, h)));

const jest = spawnSync(
  process.execPath,
  [path.join(root, 'node_modules/jest/bin/jest.js'), ...tests.map((f) => `dist/test/${f.slice(0, -3)}.js`)],
  { cwd: root, env: { ...process.env, NODEGRAD_PARITY: file }, encoding: 'utf8' },
);
const lines = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split('\n').filter(Boolean) : [];
fs.rmSync(dir, { recursive: true });

const rows = new Map();
for (const { kind, name, dtype, comparisons, worst } of lines.map((l) => JSON.parse(l))) {
  const row = rows.get(`${kind} ${name}`) ?? { kind, name, comparisons: 0, worst: {} };
  row.comparisons += comparisons;
  row.worst[dtype] = Math.max(row.worst[dtype] ?? 0, worst ?? Infinity);
  rows.set(`${kind} ${name}`, row);
}
const order = ['layer', 'activation', 'loss', 'optimizer', 'schedule', 'initialiser', 'training', 'op'];
const table = [...rows.values()].sort(
  (a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || (a.name < b.name ? -1 : 1),
);
const show = (v) => (v === undefined ? '-' : v === 0 ? 'exact' : v.toExponential(1));
const floats = (row) => [show(row.worst.float32), show(row.worst.float64 ?? row.worst.int64 ?? row.worst.bool)];
const cells = [
  ['kind', 'name', 'comparisons', 'worst float32', 'worst float64'],
  ...table.map((r) => [r.kind, r.name, String(r.comparisons), ...floats(r)]),
];
const widths = cells[0].map((_, i) => Math.max(...cells.map((c) => c[i].length)));
const line = (c) => c.map((v, i) => (i < 2 ? v.padEnd(widths[i]) : v.padStart(widths[i]))).join('  ');
console.log('Relative errors against PyTorch (values, gradients, trajectories)\n');
console.log(line(cells[0]));
console.log(widths.map((w) => '-'.repeat(w)).join('  '));
for (const c of cells.slice(1)) console.log(line(c));
const total = table.reduce((n, r) => n + r.comparisons, 0);
console.log(`\n${table.length} names, ${total} comparisons, ${tests.length} test files`);
if (jest.status !== 0) {
  console.error(jest.stderr || jest.stdout);
  process.exitCode = 1;
}
