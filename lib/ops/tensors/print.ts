/** @file Tensors as text: PyTorch's layout and digits, with shape and dtype always named. */
import type { GradNode } from '../../core/graph';
import { deviceIndex } from '../../core/device';
import { isFloat } from '../../core/dtype';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { boolean, integer, number, oneOf } from '../../core/params';
import { showShape } from '../../core/shape';
import { addMethods, Tensor } from '../../core/tensor';
import { cat } from '../shape/joining';
import { dataSync } from './read';
import { narrow } from '../shape/views';

type Profile = 'default' | 'short' | 'full';

/** How tensors are printed. */
export interface PrintOptions {
  /** Digits after the point. Default 4. */
  precision?: number | undefined;
  /** With more elements than this only the edges are shown. Default 1000. */
  threshold?: number | undefined;
  /** How many elements at each edge. Default 3. */
  edgeitems?: number | undefined;
  /** Characters per line. Default 80. */
  linewidth?: number | undefined;
  /** What the others are unless they are named: `'default'`, `'short'` (2 digits, 2 at each edge), `'full'` (no edges). */
  profile?: Profile | undefined;
  /** Scientific notation always, never, or (null, the default) where the values call for it. */
  sciMode?: boolean | null | undefined;
}

const profiles = {
  default: { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80 },
  short: { precision: 2, threshold: 1000, edgeitems: 2, linewidth: 80 },
  full: { precision: 4, threshold: Infinity, edgeitems: 3, linewidth: 80 },
};
let current = { ...profiles.default, sciMode: null as boolean | null };

const count = integer({ least: 0 });
const printSpec: Spec<PrintOptions> = {
  precision: integer({ least: 0, most: 60 }).optional(),
  threshold: number({ least: 0 }).optional(),
  ...{ edgeitems: count.optional(), linewidth: count.optional() },
  profile: oneOf('default', 'short', 'full').optional(),
  sciMode: boolean.orNull(),
};

/** Changes how tensors are printed. What is not named stays as it is, but for `sciMode`; a profile changes all others. */
export function setPrintoptions(
  ...args: InOrderOrByName<
    [precision?: number, threshold?: number, edgeitems?: number, linewidth?: number, profile?: Profile],
    PrintOptions
  >
): void {
  const { profile, sciMode = null, ...given } = readArguments('setPrintoptions', printSpec, args);
  const base = profile === undefined ? current : profiles[profile];
  const named = Object.fromEntries(Object.entries(given).filter(([, v]) => v !== undefined));
  current = { ...base, ...named, sciMode };
}

// --- numbers --------------------------------------------------------------------------------------------------------

// JavaScript rounds exact ties up, C (and so PyTorch) to even: 0.03125 is 0.0312. toFixed and toExponential are exact,
// so a tie shows as a 5 followed by zeros only.
function toEven(rounded: string, exact: string, digits: number): string {
  const point = exact.indexOf('.');
  const end = digits === 0 ? point : point + 1 + digits;
  if (!/^\.?50*$/.test(exact.slice(end))) return rounded;
  const cut = exact.slice(0, end);
  return Number(cut[cut.length - 1]) % 2 === 0 ? cut : rounded;
}

const signOf = (v: number): string => (v < 0 || Object.is(v, -0) ? '-' : '');

function finite(v: number): string | undefined {
  if (Number.isNaN(v)) return 'nan';
  return Number.isFinite(v) ? undefined : v < 0 ? '-inf' : 'inf';
}

function fixed(v: number, digits: number): string {
  const a = Math.abs(v);
  return finite(v) ?? signOf(v) + toEven(a.toFixed(digits), a.toFixed(100), digits);
}

function scientific(v: number, digits: number): string {
  const special = finite(v);
  if (special) return special;
  const a = Math.abs(v);
  const [mantissa, exponent] = a.toExponential(digits).split('e') as [string, string];
  const exact = a.toExponential(100).split('e')[0]!;
  const power = Math.abs(Number(exponent)).toString().padStart(2, '0');
  return `${signOf(v)}${toEven(mantissa, exact, digits)}e${exponent.startsWith('-') ? '-' : '+'}${power}`;
}

type Formatter = { width: number; format: (v: number | bigint) => string };

// All numbers of a tensor are shown alike: as wide as the widest one.
function formatterOf(values: readonly (number | bigint)[], t: Tensor): Formatter {
  const finish = (show: (v: number | bigint) => string, shown: readonly string[]): Formatter => {
    const width = shown.reduce((w, s) => Math.max(w, s.length), 1);
    return { width, format: (v) => show(v).padStart(width) };
  };
  if (!isFloat(t.dtype)) {
    const show = t.dtype === 'bool' ? (v: number | bigint) => (v ? 'True' : 'False') : String;
    return finish(show, values.map(show));
  }
  const { precision, sciMode } = current;
  const list = (values as number[]).filter((v) => Number.isFinite(v) && v !== 0);
  const sizes = list.map(Math.abs);
  const high = sizes.reduce((a, b) => Math.max(a, b), 0);
  const low = sizes.reduce((a, b) => Math.min(a, b), Infinity);
  const whole = list.every(Number.isInteger);
  const wild = list.length > 0 && (high / low > 1000 || high > 1e8 || low < 1e-4);
  if (list.length > 0 && (sciMode ?? wild)) {
    const show = (v: number | bigint): string => scientific(v as number, precision);
    return finish(show, list.map(show));
  }
  if (whole) {
    const show = (v: number | bigint): string => finite(v as number) ?? `${fixed(v as number, 0)}.`;
    // Of zeros, NaN and infinities alone PyTorch makes no column.
    return finish(show, list.map(show));
  }
  const show = (v: number | bigint): string => fixed(v as number, precision);
  return finish(show, list.map(show));
}

// --- layout ---------------------------------------------------------------------------------------------------------

// Only what is shown: the edges of every long dimension.
function edges(t: Tensor): Tensor {
  const n = current.edgeitems;
  return t.shape.reduce(
    (x, d, axis) => (d > 2 * n ? cat([narrow(x, axis, 0, n), narrow(x, axis, d - n, n)], axis) : x),
    t.detach(),
  );
}

function body(t: Tensor, indent: number): string {
  if (t.numel === 0) return '[]';
  const summarize = t.numel > current.threshold;
  const seen = summarize ? edges(t) : t;
  const values = Array.from(dataSync(seen) as ArrayLike<number | bigint>);
  const { width, format } = formatterOf(values, t);
  const perLine = (at: number): number => Math.max(1, Math.floor((current.linewidth - at) / (width + 2)));
  let next = 0;
  const level = (axis: number, at: number): string => {
    if (axis === t.ndim) return format(values[next++]!);
    const cut = summarize && t.shape[axis]! > 2 * current.edgeitems;
    const parts = Array.from({ length: seen.shape[axis]! }, () => level(axis + 1, at + 1));
    const last = axis === t.ndim - 1;
    if (cut) parts.splice(current.edgeitems, 0, last ? ' ...' : '...');
    const pad = ' '.repeat(at + 1);
    if (!last) return `[${parts.join(`,${'\n'.repeat(t.ndim - 1 - axis)}${pad}`)}]`;
    const lines: string[] = [];
    for (let i = 0; i < parts.length; i += perLine(at)) lines.push(parts.slice(i, i + perLine(at)).join(', '));
    return `[${lines.join(`,\n${pad}`)}]`;
  };
  return level(0, indent);
}

const nodeName = (node: GradNode): string => `${node.name[0]!.toUpperCase()}${node.name.slice(1)}Backward`;

/** The tensor as PyTorch prints it, with shape and dtype: `tensor([1., 2.], shape=[2], dtype=float32)`. Blocks. */
export function tensorToString(t: Tensor): string {
  const prefix = 'tensor(';
  const suffixes = [`shape=${showShape(t.shape)}`, `dtype=${t.dtype}`];
  if (t.isDisposed) return `${prefix}disposed, ${suffixes.join(', ')})`;
  if (t.storage.device !== deviceIndex(undefined)) suffixes.unshift(`device='${t.device}'`);
  if (t.gradFn) suffixes.push(`grad_fn=<${nodeName(t.gradFn)}>`);
  else if (t.requiresGrad) suffixes.push('requires_grad=True');
  let text = prefix + body(t, prefix.length);
  let lineLength = text.length - text.lastIndexOf('\n') + 1;
  for (const s of suffixes) {
    const fits = lineLength + s.length + 2 <= current.linewidth;
    text += fits ? `, ${s}` : `,\n${' '.repeat(prefix.length)}${s}`;
    lineLength = fits ? lineLength + s.length + 2 : prefix.length + s.length;
  }
  return `${text})`;
}

// Deep inside other objects the shape is enough.
const inspect = (t: Tensor, depth: number): string =>
  depth < 0 ? `[Tensor ${showShape(t.shape)} ${t.dtype}]` : t.toString();

addMethods({ toString: tensorToString });
Object.defineProperty(Tensor.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: Tensor, depth: number) {
    return inspect(this, depth);
  },
  writable: true,
  configurable: true,
});
declare module '../../core/tensor' {
  interface Tensor {
    /** The values as PyTorch prints them, with shape and dtype. Blocks until they are there. */
    toString(): string;
  }
}
