/**
 * @file The one comparison with results that PyTorch computed (test/fixtures). `npm run parity` runs the tests that use
 * it and makes a table of the worst error per name: with NODEGRAD_PARITY=<file> set, each test file appends what it
 * compared, as lines of JSON.
 */
import { appendFileSync } from 'node:fs';
import * as ng from '../lib';

/** What a name stands for in the table. */
export type Kind = 'op' | 'activation' | 'layer' | 'loss' | 'initialiser' | 'optimizer' | 'schedule' | 'training';

/** Numbers as fixtures store them: JSON has no infinities and no NaN. */
export type Stored = number | string | boolean;

export interface Comparison {
  kind: Kind;
  name: string;
  /** What is compared, for the message: 'gradient of weight'. */
  label?: string;
  /** The arguments of each element, for the message. */
  at?: readonly unknown[];
  /** Largest relative error allowed. */
  tolerance: number;
  /** Errors of values smaller than this are relative to it. Default 1. 'scale': the largest value of all (and 0.01). */
  floor?: number | 'scale';
  /** Precision of the computation. Default: the tensor's dtype, float64 for plain numbers. */
  dtype?: ng.DType;
}

/** What one name came to, as a line of the file. */
export interface Record {
  kind: Kind;
  name: string;
  dtype: string;
  comparisons: number;
  worst: number;
}

const seen = new Map<string, Record>();
const file = process.env['NODEGRAD_PARITY'];
if (file) afterAll(() => appendFileSync(file, [...seen.values()].map((r) => `${JSON.stringify(r)}\n`).join('')));

function record({ kind, name }: Comparison, dtype: string, worst: number): void {
  const key = `${kind} ${name} ${dtype}`;
  const r = seen.get(key) ?? { kind, name, dtype, comparisons: 0, worst: 0 };
  seen.set(key, { ...r, comparisons: r.comparisons + 1, worst: Math.max(r.worst, worst) });
}

export const unstore = (v: Stored): number =>
  typeof v === 'string' ? (v === 'nan' ? NaN : Number(v.replace('inf', 'Infinity'))) : Number(v);

/** The relative error, 0 where both are the same infinity or NaN. */
function errorOf(got: number, want: number, floor: number): number {
  if (got === want || (Number.isNaN(got) && Number.isNaN(want))) return 0;
  const error = Math.abs(got - want) / Math.max(Math.abs(want), floor);
  return Number.isFinite(error) ? error : Infinity;
}

/** What a recorded call stands for in the table: `new nn.Linear(2, 3)` the layer Linear, `F.pad(x)` the op pad. */
export function recorded(code: string, call: string): { kind: Kind; name: string } {
  const layer = /^(?:new )?(?:\w+\.)*(\w+)\(/.exec(code)?.[1];
  if (layer) return { kind: 'layer', name: layer };
  return { kind: 'op', name: /\b(?:F|ng|rnn)\.(\w+)\(/.exec(call)?.[1] ?? call };
}

/** Fails unless every number agrees with PyTorch's within the tolerance; says which one does not. */
export function expectParity(
  got: ng.Tensor | readonly number[] | number,
  want: readonly Stored[] | Stored,
  how: Comparison,
): void {
  const numbers =
    got instanceof ng.Tensor
      ? Array.from(got.dataSync() as Float64Array, Number)
      : typeof got === 'number'
        ? [got]
        : got;
  const wanted = (Array.isArray(want) ? (want as readonly Stored[]) : [want as Stored]).map(unstore);
  const { label = how.name, tolerance, floor = 1 } = how;
  if (numbers.length !== wanted.length)
    throw new Error(`${label}: ${numbers.length} numbers, PyTorch has ${wanted.length}`);
  const least = floor === 'scale' ? Math.max(1e-2, ...wanted.filter(Number.isFinite).map(Math.abs)) : floor;
  const errors = numbers.map((g, i) => errorOf(g, wanted[i]!, least));
  const worst = Math.max(0, ...errors);
  record(how, how.dtype ?? (got instanceof ng.Tensor ? got.dtype : 'float64'), worst);
  if (worst <= tolerance) return;
  const i = errors.indexOf(worst);
  const where = how.at ? ` (at ${String(how.at[i])})` : '';
  throw new Error(
    `${label}: element ${i}${where} is ${numbers[i]}, PyTorch has ${wanted[i]} (relative error ${worst.toExponential(1)}, allowed ${tolerance})`,
  );
}
