// Follows docs/adding-an-op.md literally: copies the repository, makes every edit that the page shows, builds, and runs
// the rows of the ops it adds, the last one (the fused kernel) on the emulated CUDA device too. So the page cannot go
// stale. One instruction set is built: the page shows how code is added, not that it is portable.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'nodegrad-doc-'));

/** Runs node; anything but one of the `accepted` exit codes ends the check. */
function run(args, env = {}, accepted = [0]) {
  const options = { cwd: copy, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } };
  const { status } = spawnSync(process.execPath, args, options);
  if (!accepted.includes(status)) throw new Error(`${args.join(' ')} ended with ${status}`);
  return status;
}

/** Puts text into a file: below the first line that contains `after`, or at the end. */
function insert(file, text, after) {
  const before = fs.readFileSync(file, 'utf8');
  if (after === undefined) return fs.writeFileSync(file, `${before}\n${text}\n`);
  const at = before.indexOf(after);
  if (at < 0) throw new Error(`${file} has no line with ${after}`);
  const eol = before.indexOf('\n', at) + 1;
  fs.writeFileSync(file, `${before.slice(0, eol)}${text}\n${before.slice(eol)}`);
}

try {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of files.split('\n').filter((f) => f && fs.existsSync(path.join(root, f)))) {
    fs.cpSync(path.join(root, file), path.join(copy, file), { preserveTimestamps: true });
  }
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));

  const page = fs.readFileSync(path.join(root, 'docs/adding-an-op.md'), 'utf8');
  const edit =
    /(?:in `([^`]+)`, (?:after `([^`]+)`|at the end)|the new file `([^`]+)`):\n+( *)```\w+\n([\s\S]*?)\n *```/gi;
  const names = [];
  let edits = 0;
  for (const [, file, after, fresh, indent, block] of page.matchAll(edit)) {
    const text = block.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    if (fresh === undefined) insert(path.join(copy, file), text, after);
    else fs.writeFileSync(path.join(copy, fresh), `${text}\n`, { flag: 'wx' });
    names.push(...Array.from(text.matchAll(/^export (?:const|function) (\w+)/gm), (m) => m[1]));
    edits++;
  }
  if (edits !== 11) throw new Error(`the page shows 11 edits, ${edits} were found`);
  console.log(`made ${edits} edits for ${names.join(', ')}`);
  run(['scripts/bootstrap.mjs', 'native', '--portable']);
  run(['scripts/bootstrap.mjs', 'typescript']);
  const rows = (list) => [
    'node_modules/jest/bin/jest.js',
    'op-table',
    '--verbose=false',
    '-t',
    `^(${list.join('|')}) `,
  ];
  run(rows(names));
  // Exit code 3: cmake is missing, or this is not Linux, and a sentence says so.
  if (run(['scripts/build-cuda.mjs', '--emulate'], {}, [0, 3]) === 0) {
    const library = path.join(copy, 'build/cuda-emulated/libnodegrad_cuda.so');
    run(rows(names.slice(-1)), { NODEGRAD_TEST_DEVICE: 'cuda', NODEGRAD_CUDA_LIBRARY: library });
  }
} finally {
  fs.rmSync(copy, { recursive: true, force: true });
}
