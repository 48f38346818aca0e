// Every file, note and symbol that a document or a comment names exists:
//   paths      the end of a tracked file's path, with or without folders
//   notes      are defined where their text follows the name in brackets, and are in the file that is named with them
//   symbols    of documents only: `name`, `Type::name` and `name()` in backticks occur in the sources
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root })
  .toString()
  .split('\n')
  .filter((f) => f && fs.existsSync(path.join(root, f)));
const text = new Map();
for (const f of files) {
  if (/\.(md|ts|mts|mjs|js|h|cpp|cu|def|py|gyp|json|txt)$|^\.ci\/run$/.test(f) && !/^package-lock/.test(f))
    text.set(f, fs.readFileSync(path.join(root, f), 'utf8'));
}
const isDocument = (f) => f.endsWith('.md');
const isSource = (f) => !isDocument(f) && !f.endsWith('.json');

/** The lines of a file that people read as prose, as [number, line]; comment marks are kept. */
function prose(f) {
  const lines = text.get(f).split('\n');
  const comment = /\.(py|gyp|txt)$|^\.ci/.test(f) ? /(^|\s)#\s.*$/ : /(^|\s)\/\/.*$|^\s*(\/\*\*?|\*)\s.*$/;
  return lines.flatMap((line, i) => {
    const words = isDocument(f) ? line : (comment.exec(line)?.[0] ?? '');
    return words ? [[i + 1, words]] : [];
  });
}

const problems = [];
const known = (name) => files.some((f) => f === name || f.endsWith(`/${name}`));
// Other projects' files, and names that stand for any.
const foreign = /^(c10|X\.|<|\*)|^(cublasLt|node_api|napi|cuda\w*|cstd\w*|package|tsconfig)\b/;

const notes = new Map(); // name -> files that define it
const asked = []; // [file, line, name, file named with it]
for (const f of text.keys()) {
  for (const [number, line] of prose(f)) {
    for (const [, name] of line.matchAll(
      /(?<![\w./@-])((?:[\w-]+\/)*[\w-]+\.(?:cpp|h|cu|def|mjs|mts|ts|md|py))\b(?![\w/(])/g,
    )) {
      // A file that a page tells its reader to make.
      if (line.includes(`the new file \`${name}\``)) continue;
      if (!foreign.test(name) && !known(name)) problems.push(`${f}:${number}: no file ${name}`);
    }
    for (const m of line.matchAll(/Note \[([^\]]+)\]/g)) {
      const before = line.slice(0, m.index).replace(/^[\s/*#-]+/, '');
      const after = line.slice(m.index + m[0].length);
      const where = /^ in ([\w./-]+\w)/.exec(after)?.[1];
      // A note that begins a line and goes on with a sentence is the definition.
      if (before === '' && !where && /^:? +[A-Za-z`]/.test(after)) notes.set(m[1], [...(notes.get(m[1]) ?? []), f]);
      else asked.push([f, number, m[1], where]);
    }
  }
}
for (const [f, number, name, where] of asked) {
  const home = notes.get(name);
  if (!home) problems.push(`${f}:${number}: no Note [${name}]`);
  else if (where && !home.some((h) => h.endsWith(where)))
    problems.push(`${f}:${number}: Note [${name}] is in ${home.join(' and ')}, not ${where}`);
}

const words = new Set();
for (const f of text.keys()) {
  if (isSource(f)) for (const w of text.get(f).match(/[A-Za-z_]\w*/g) ?? []) words.add(w);
}
/** Whether some file declares `type` and names `member`. */
const memberExists = (type, member) =>
  [...text].some(
    ([f, t]) =>
      isSource(f) &&
      new RegExp(`\\b(class|struct|namespace|interface|enum class) ${type}\\b`).test(t) &&
      new RegExp(`\\b${member}\\b`).test(t),
  );
for (const f of text.keys()) {
  if (!/^(docs\/|README|CONTRIBUTING)/.test(f)) continue;
  let fenced = false;
  for (const [number, line] of prose(f)) {
    if (/^\s*```/.test(line)) fenced = !fenced;
    if (fenced) continue;
    for (const [, code] of line.matchAll(/`([^`]+)`/g)) {
      const [, type, member] = /^(?:([A-Z]\w*)::)?([A-Za-z_]\w*)(?:\(\))?$/.exec(code) ?? [];
      if (!member) continue;
      // Names with an upper case letter within: short lower case words may be anybody's.
      const ours = type ? memberExists(type, member) : !/[a-z][A-Z]/.test(member) || words.has(member);
      if (!ours) problems.push(`${f}:${number}: no ${code} in the sources`);
    }
  }
}

for (const p of problems) console.error(p);
process.exitCode = problems.length ? 1 : 0;
