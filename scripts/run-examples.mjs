// Runs every program of examples/ with small data; a program that fails, or warns on stderr, fails the check.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const programs = fs
  .readdirSync(path.join(root, 'examples'))
  .filter((f) => f.endsWith('.ts'))
  .map((f) => f.replace(/ts$/, 'js'))
  .sort();
let failed = 0;
for (const program of programs) {
  const started = Date.now();
  const r = spawnSync(process.execPath, [path.join('dist/examples', program), '--quick'], {
    cwd: root,
    encoding: 'utf8',
    timeout: 300_000,
  });
  const ok = r.status === 0;
  console.log(
    `${ok ? 'ok    ' : 'FAILED'} examples/${program.replace(/js$/, 'ts')} (${((Date.now() - started) / 1000).toFixed(1)} s)`,
  );
  if (!ok) {
    failed++;
    console.log(r.stdout.slice(-2000), r.stderr.slice(-4000));
  }
}
process.exitCode = failed ? 1 : 0;
