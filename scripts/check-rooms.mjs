// The rooms of lib/ and the doors between them: imports point down, as docs/architecture.md draws it; lib/native/index.ts is
// the one door to the addon; no files import each other in a circle. Imports of types count for nothing: they are gone at
// run time. Ops are recorded by lib/ops/kit alone, and kernels live in the rooms of their ops.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const problems = [];

// The drawing: `debug -> train -> io -> nn, optim, data -> ... -> native -> addon`. Rooms of one step do not know each other but
// through what lies below.
const page = fs.readFileSync(path.join(root, 'docs/architecture.md'), 'utf8');
const drawing = /Imports only point down: `([^`]+)`/.exec(page)?.[1];
if (!drawing) throw new Error('docs/architecture.md does not draw the way of imports');
const level = new Map();
drawing.split('->').forEach((step, i) => step.split(',').forEach((r) => level.set(r.trim(), i)));
// Where the drawing is left, and why.
const allowed = {
  'native -> core/errors.ts': 'the door throws the errors of the library',
  'native -> core/dtype.ts': 'and counts bytes',
  'native -> core/shape.ts': 'and words what it refuses',
};
// Files that are one thing in several.
const knots = [
  // A tensor has a gradient and a node of the graph, which has tensors.
  ['lib/core/autograd.ts', 'lib/core/entering.ts', 'lib/core/graph.ts', 'lib/core/tensor.ts'],
  // A module can clone itself.
  ['lib/nn/copying.ts', 'lib/nn/module.ts'],
];

const files = fs
  .readdirSync(path.join(root, 'lib'), { recursive: true })
  .map((f) => `lib/${f.replaceAll(path.sep, '/')}`)
  .filter((f) => f.endsWith('.ts'));
const known = new Set(files);

/** The files whose values a file imports. */
function importsOf(file) {
  const source = ts.createSourceFile(file, fs.readFileSync(path.join(root, file), 'utf8'), ts.ScriptTarget.Latest);
  const out = [];
  for (const s of source.statements) {
    if (!ts.isImportDeclaration(s) && !ts.isExportDeclaration(s)) continue;
    const from = s.moduleSpecifier?.text;
    if (!from?.startsWith('.')) continue;
    const clause = s.importClause ?? s;
    const named = clause.namedBindings ?? clause.exportClause;
    const typesOnly =
      clause.isTypeOnly || (!clause.name && named?.elements?.length && named.elements.every((e) => e.isTypeOnly));
    if (typesOnly) continue;
    const target = path.posix.join(path.posix.dirname(file), from);
    const found = [`${target}.ts`, `${target}/index.ts`].find((f) => known.has(f));
    if (found) out.push(found);
  }
  return out;
}
const graph = new Map(files.map((f) => [f, importsOf(f)]));

const roomOf = (f) => (f.split('/').length > 2 ? f.split('/')[1] : undefined);
for (const [file, targets] of graph) {
  const room = roomOf(file);
  for (const target of targets) {
    const other = roomOf(target);
    if (room === other) continue;
    if (other === 'native' && target !== 'lib/native/index.ts')
      problems.push(`${file} imports ${target}: lib/native/index.ts is the one door to the addon`);
    if (!room || !other) continue; // the public face, and tables that all may read
    if (!level.has(room)) problems.push(`${file}: the drawing has no room ${room}`);
    const down = level.get(other) > level.get(room);
    if (!down && !allowed[`${room} -> ${target.slice(4)}`])
      problems.push(`${file} imports ${target}: imports only point down, ${drawing}`);
  }
}

// An op is a value (docs/architecture.md): the engine of lib/ops/kit records it, no op calls `track` itself.
for (const file of files) {
  if (!file.startsWith('lib/ops/') || file.startsWith('lib/ops/kit/')) continue;
  if (/\btrack\(/.test(fs.readFileSync(path.join(root, file), 'utf8')))
    problems.push(`${file} calls track: an op is recorded by what lib/ops/kit makes of its definition`);
}

/** Groups of files that reach each other (Tarjan 1972). */
function circles() {
  const found = [];
  const index = new Map();
  const low = new Map();
  const stack = [];
  const visit = (f) => {
    index.set(f, index.size);
    low.set(f, index.get(f));
    stack.push(f);
    for (const g of graph.get(f)) {
      if (!index.has(g)) visit(g);
      if (stack.includes(g)) low.set(f, Math.min(low.get(f), low.get(g)));
    }
    if (low.get(f) !== index.get(f)) return;
    const group = stack.splice(stack.indexOf(f));
    if (group.length > 1) found.push(group.sort());
  };
  for (const f of files) if (!index.has(f)) visit(f);
  return found;
}
for (const circle of circles()) {
  if (!knots.some((k) => circle.every((f) => k.includes(f))))
    problems.push(`import each other in a circle: ${circle.join(', ')}`);
}

// The rooms of native/ops are those of lib/ops, so that an op and its kernel are found under one name.
const roomsIn = (dir) => {
  const entries = fs.readdirSync(path.join(root, dir), { withFileTypes: true });
  return entries.filter((e) => e.isDirectory()).map((e) => e.name);
};
const twins = new Set([...roomsIn('lib/ops'), 'optim']);
for (const room of roomsIn('native/ops'))
  if (!twins.has(room)) problems.push(`native/ops/${room}: lib/ops has no such room`);

for (const p of problems) console.error(p);
process.exitCode = problems.length ? 1 : 0;
