// The two pages that list what the sources know, compared with them both ways: docs/errors.md every code of an error,
// docs/environment.md every environment variable.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const read = (f) => fs.readFileSync(path.join(root, f), 'utf8');
// Codes of Node's errors, which are handled and not thrown.
const ofNode = new Set(['ERR_FS_FILE_TOO_LARGE', 'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING_FLAG']);

/** The names that match `pattern` in the files of `folders`, each with one file that has it. */
function named(pattern, folders) {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...folders], {
    cwd: root,
  })
    .toString()
    .split('\n')
    .filter((f) => /\.(ts|mjs|js|cpp|cu|h|def)$/.test(f) && fs.existsSync(path.join(root, f)));
  return new Map(files.flatMap((f) => (read(f).match(pattern) ?? []).map((name) => [name, f])));
}

const problems = [];
function compare(page, pattern, folders) {
  const known = named(pattern, folders);
  const rows = new Set([...read(page).matchAll(/^\| `([A-Z_0-9]+)`/gm)].map(([, name]) => name));
  for (const [name, file] of known)
    if (!rows.has(name) && !ofNode.has(name)) problems.push(`${file}: ${name} is not in ${page}`);
  for (const name of rows) if (!known.has(name)) problems.push(`${page}: nothing has ${name}`);
}
compare('docs/errors.md', /\bERR_[A-Z_]+\b/g, ['lib', 'native/binding', 'native/runtime']);
// Where they are read: by getenv, process.env, and what looks for a file that a variable may name.
const variable = /(?<=getenv\("|env\['|env\.|places\(')(?:NODEGRAD_[A-Z_]+|CHROMIUM_PATH)/g;
compare('docs/environment.md', variable, ['lib', 'native', 'scripts', 'test']);
for (const p of problems) console.error(p);
process.exitCode = problems.length ? 1 : 0;
