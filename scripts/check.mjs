// `npm run check`: everything that is checked besides the tests. `--fix` (npm run format) repairs what can be.
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const fix = process.argv.includes('--fix');
const node = process.execPath;
const tool = (name) => path.join(root, 'node_modules', name);
const tracked = (...patterns) =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...patterns], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter(Boolean);

let failed = 0;
function step(name, command, args) {
  const started = Date.now();
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  if (status !== 0) failed++;
}

function clangFormat() {
  const found = [
    'clang-format',
    'clang-format-14',
    'clang-format-15',
    'clang-format-16',
    'clang-format-17',
    'clang-format-18',
  ].find((c) => spawnSync(c, ['--version']).status === 0);
  if (!found) return console.log('skip   clang-format (not installed)');
  step('clang-format', found, [
    ...(fix ? ['-i'] : ['--dry-run', '-Werror']),
    ...tracked('native/*.cpp', 'native/*.h', 'native/*.cu', 'native/*.cuh'),
  ]);
}

const prettier = tracked('*.ts', '*.mts', '*.js', '*.mjs', '*.json', '*.md', '.ci/*.json');
step('prettier', node, [
  tool('prettier/bin/prettier.cjs'),
  fix ? '--write' : '--check',
  '--log-level',
  'warn',
  ...prettier,
]);
step('eslint', node, [tool('eslint/bin/eslint.js'), '--max-warnings', '0', ...(fix ? ['--fix'] : []), '.']);
clangFormat();
step('docs/ops.md', node, ['dist/scripts/op-docs.js', ...(fix ? [] : ['--check'])]);
if (!fix) {
  step('names in documents and comments', node, ['scripts/check-names.mjs']);
  step('pages of error codes and environment variables', node, ['scripts/check-reference.mjs']);
  step('doors between rooms', node, ['scripts/check-rooms.mjs']);
  step('sizes of files and rooms', node, ['scripts/check-sizes.mjs']);
  step('lib/kernels.ts is what native/kernels.def says', node, ['scripts/kernel-types.mjs', '--check']);
  step('comments of exported names', node, ['scripts/check-exports.mjs']);
  step('types', node, [tool('typescript/bin/tsc'), '--noEmit', '-p', '.']);
  step('types in browsers', node, [tool('typescript/bin/tsc'), '--noEmit', '-p', 'lib/train/report/browser']);
  step('types as users see them', node, ['scripts/check-types.mjs']);
  step('examples', node, ['scripts/run-examples.mjs']);
  step('docs/adding-an-op.md', node, ['scripts/check-doc.mjs']);
}
process.exitCode = failed ? 1 : 0;
