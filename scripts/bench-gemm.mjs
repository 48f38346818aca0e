// `node scripts/bench-gemm.mjs [threads]`: builds and runs native/bench, the matrix product against one core's peak.
// NODEGRAD_ISA chooses the instruction set.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const build = path.join(root, 'build', 'native');
for (const args of [
  ['-S', root, '-B', build, '-DNG_TESTS=ON', '-DNG_ADDON=OFF'],
  ['--build', build, '--target', 'native_bench', '-j2'],
]) {
  const { status, stderr, error } = spawnSync('cmake', args, { encoding: 'utf8' });
  if (status === 0) continue;
  console.error(error ? 'cmake is missing: install it, e.g. with `apt-get install cmake`.' : stderr);
  process.exit(1);
}
process.exitCode = spawnSync(path.join(build, 'native_bench'), process.argv.slice(2), { stdio: 'inherit' }).status ?? 1;
