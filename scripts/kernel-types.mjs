// Writes lib/kernels.ts: the type of every kernel call, from native/kernels.def. bootstrap.mjs runs it before the
// TypeScript is compiled; `node scripts/kernel-types.mjs --check` says whether the file is up to date.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const target = path.join(root, 'lib/kernels.ts');

const types = {
  In: 'BufferArg | null',
  Out: 'Written | null',
  InOut: 'Written | null',
  InList: 'readonly BufferArg[]',
  InOutList: 'readonly Written[]',
  StateList: 'readonly Written[]',
  Dims: 'readonly number[]',
  IntList: 'readonly number[]',
  PerStep: 'number',
  PerStepList: 'readonly number[]',
  int64_t: 'number',
  double: 'number',
  bool: 'boolean',
};

/** `X(name, cost, (Ctx&, parameters), "meaning")`, the meaning in one string or several. */
function rows(text) {
  const row = /^X\((\w+),[^]*?\(Ctx&,? ?([^]*?)\),\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\)/gm;
  return Array.from(text.matchAll(row), ([, name, params, doc]) => ({
    name,
    params: params
      .replaceAll(/\s+/g, ' ')
      .split(', ')
      .filter(Boolean)
      .map((p) => /^(\w+)(?:<\w+>)? (\w+)$/.exec(p)?.slice(1) ?? fail(`${name}: ${p}`)),
    doc: Array.from(doc.matchAll(/"((?:[^"\\]|\\.)*)"/g), (m) => m[1]).join(''),
  }));
}

function fail(what) {
  throw new Error(`native/kernels.def has a row that this script does not understand: ${what}`);
}

const reserved = new Set(['var', 'in']);

function kernelTypes() {
  const text = fs.readFileSync(path.join(root, 'native/kernels.def'), 'utf8');
  const all = rows(text);
  if (all.length !== text.match(/^X\(/gm)?.length) fail('a row that does not end as the others do');
  const methods = all.map(({ name, params, doc }) => {
    const list = params.map(([type, p]) => `${reserved.has(p) ? `${p}_` : p}: ${types[type] ?? fail(type)}`);
    return `  /** ${doc.replaceAll('*/', '* /')} */\n${wrapped(`  ${name}: (${list.join(', ')}) => void;`)}`;
  });
  return [
    '/** @file The kernels as TypeScript calls them. Made by scripts/kernel-types.mjs from native/kernels.def. */\n',
    "import type { BufferArg, Written } from './native';\n\n",
    '/** One function per kernel: the parameters of its C++ signature, whose meaning native/kernels.def gives. */\n',
    `export interface Kernels {\n${methods.join('')}}\n`,
  ].join('');
}

/** Lines of at most 120 characters, broken after commas. */
function wrapped(text) {
  let out = '';
  let line = text;
  while (line.length > 120) {
    const at = line.lastIndexOf(', ', 118) + 1;
    out += `${line.slice(0, at)}\n`;
    line = `    ${line.slice(at + 1)}`;
  }
  return `${out}${line}\n`;
}

/** Brings lib/kernels.ts up to date; with `check`, throws where it is not. */
export function writeKernelTypes(check = false) {
  const now = fs.existsSync(target) ? fs.readFileSync(target, 'utf8') : '';
  const wanted = kernelTypes();
  if (now === wanted) return;
  if (check) throw new Error('lib/kernels.ts is not what native/kernels.def says: run `npm run build`');
  fs.writeFileSync(target, wanted);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeKernelTypes(process.argv.includes('--check'));
