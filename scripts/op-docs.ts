/**
 * @file Writes docs/ops.md, what runs where: each op of the op table with the kernels it calls, the dtypes it takes, and
 * whether a GPU has all of them. Everything is seen by running the rows' first samples and watching the door to the
 * addon; nothing is kept by hand. `npm run format` writes the page, `npm run check` compares it (`--check`).
 *
 * What a GPU runs is seen on the CPU as well: a second process tells the library that kernels without a CUDA twin do not
 * exist, so that ops take their composites there, and notes who called one all the same.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import * as ng from '../lib';
import { addon } from '../lib/native/addon';
import { type Watcher, watch } from '../lib/native/watch';
import { asInput, call, lcg, makeNd, toTensor } from '../test/op-table/harness';
import type { Input, Row } from '../test/op-table/row';
import { table } from '../test/op-table/table';

const root = path.join(__dirname, '..', '..');
const page = path.join(root, 'docs', 'ops.md');
const dtypes = ['float32', 'float64', 'bfloat16', 'float16', 'int64', 'int32', 'uint8', 'bool'] as const;

/** What one op was seen to do: the kernels of its float32 forward pass, or of its first dtype, and the dtypes it takes. */
interface Seen {
  kernels: string[];
  dtypes: string[];
}

/** The kernels that native/ops and native/gemm define for CUDA. */
function cudaTwins(): Set<string> {
  const sources = fs.readdirSync(path.join(root, 'native'), { recursive: true, encoding: 'utf8' });
  const text = sources
    .filter((f) => f.endsWith('.cu'))
    .map((f) => fs.readFileSync(path.join(root, 'native', f), 'utf8'))
    .join('\n');
  return new Set(Array.from(text.matchAll(/^void (\w+)\(Ctx&/gm), ([, name]) => name!));
}

function seenOf(op: string, row: Row): Seen {
  const sample = row.samples[0]!;
  const inputs = sample.inputs.map(asInput);
  const seen: Seen = { kernels: [], dtypes: [] };
  for (const dtype of dtypes) {
    const random = lcg(0);
    const tensors = inputs.map((i: Input) => toTensor(makeNd(i, random), i.dtype ?? dtype, 'contiguous'));
    const called = new Set<string>();
    const watcher: Watcher = { ran: (kernel) => called.add(kernel) };
    const stop = watch(watcher);
    try {
      call(op, row, tensors, sample.args ?? []);
    } catch (e) {
      if (!(e instanceof ng.NodegradError)) throw e;
      continue;
    } finally {
      stop();
      ng.synchronizeSync();
    }
    if (seen.dtypes.length === 0) seen.kernels = [...called].sort();
    seen.dtypes.push(dtype);
  }
  return seen;
}

const everything = (): Record<string, Seen> =>
  Object.fromEntries(Object.entries(table as Record<string, Row>).map(([op, row]) => [op, seenOf(op, row)]));

/** As on a GPU: the kernels that it lacks are hidden. */
function asOnGpu(): Record<string, Seen> {
  const twins = cudaTwins();
  const there = addon.kernels.map(([name]) => twins.has(name));
  addon.hasKernel = (kernel) => there[kernel]!;
  return everything();
}

const short = (names: readonly string[]): string => names.map((n) => `\`${n}\``).join(' ');
const allFloats = dtypes.slice(0, 4);
const allIntegers = dtypes.slice(4, 7);

/** A group of dtypes by its name. */
function grouped(list: readonly string[]): string {
  const out: string[] = [];
  const take = (group: readonly string[], name: string): void => {
    if (group.every((d) => list.includes(d))) out.push(name);
    else out.push(...group.filter((d) => list.includes(d)));
  };
  take(allFloats, 'floats');
  take(allIntegers, 'integers');
  take(['bool'], 'bool');
  return out.join(', ');
}

function text(cpu: Record<string, Seen>, gpu: Record<string, Seen>): string {
  const twins = cudaTwins();
  const rows = Object.entries(cpu)
    .sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
    .map(([op, { kernels, dtypes: taken }]) => {
      const there = gpu[op]!.kernels;
      const lacks = there.filter((k) => !twins.has(k));
      const other = there.join() === kernels.join() ? 'yes' : `by ${short(there)}`;
      return `| \`${op}\` | ${short(kernels) || 'none: a view'} | ${grouped(taken)} | ${lacks.length ? `no: lacks ${short(lacks)}` : other} |`;
    });
  const done = rows.filter((r) => !r.includes('| no: lacks')).length;
  return `# What runs where

Made by scripts/op-docs.ts (\`npm run format\`) from the op table: the kernels of native/kernels.def that an op's forward
pass calls on the CPU for the first sample of its row, the dtypes that it takes there (floats: float32, float64,
bfloat16, float16; integers: int64, int32, uint8), and whether a GPU has what it needs: the same kernels (yes), others,
because the op's composite takes the place of a missing one (by ...), or not all (no). Gradients are not in it.

${rows.length} ops, ${done} of them on a GPU.

| Op | Kernels | Dtypes | GPU |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function main(): void {
  if (process.argv.includes('--as-on-gpu')) return console.log(JSON.stringify(asOnGpu()));
  const gpu = JSON.parse(
    execFileSync(process.execPath, [__filename, '--as-on-gpu'], { encoding: 'utf8', maxBuffer: 1 << 26 }),
  ) as Record<string, Seen>;
  const made = text(everything(), gpu);
  if (!process.argv.includes('--check')) return fs.writeFileSync(page, made);
  if (fs.readFileSync(page, 'utf8') === made) return;
  console.error('docs/ops.md is not what the op table says: run `npm run format`');
  process.exitCode = 1;
}

main();
