// Follows docs/adding-an-op.md literally: copies the repository, makes every edit that the page shows, builds, and runs
// the rows of the ops it adds. So the page cannot go stale.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'nodegrad-doc-'));

const run = (command, args) => execFileSync(command, args, { cwd: copy, stdio: ['ignore', 'inherit', 'inherit'] });

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
  const edit = /in `([^`]+)`, (?:after `([^`]+)`|at the end):\n+( *)```\w+\n([\s\S]*?)\n *```/gi;
  const names = [];
  let edits = 0;
  for (const [, file, after, indent, block] of page.matchAll(edit)) {
    const target = path.join(copy, file);
    const text = block.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    const before = fs.readFileSync(target, 'utf8');
    if (after === undefined) {
      fs.writeFileSync(target, `${before}\n${text}\n`);
    } else {
      const at = before.indexOf(after);
      if (at < 0) throw new Error(`${file} has no line with ${after}`);
      const eol = before.indexOf('\n', at) + 1;
      fs.writeFileSync(target, `${before.slice(0, eol)}${text}\n${before.slice(eol)}`);
    }
    names.push(...Array.from(text.matchAll(/^export const (\w+)/gm), (m) => m[1]));
    edits++;
  }
  if (edits !== 5) throw new Error(`the page shows 5 edits, ${edits} were found`);
  console.log(`made ${edits} edits for ${names.join(', ')}`);
  run(process.execPath, ['scripts/bootstrap.mjs', 'native']);
  run(process.execPath, ['scripts/bootstrap.mjs', 'typescript']);
  run(process.execPath, ['node_modules/jest/bin/jest.js', 'op-table', '-t', `^(${names.join('|')}) `]);
} finally {
  fs.rmSync(copy, { recursive: true, force: true });
}
