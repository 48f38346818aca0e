/** @file What kernel calls read and write, and how much arithmetic those do for which that is a matter of shapes. */
import { dtypes, dtypeCode, dtypeSize } from '../core/dtype';
import { numel, type Shape, showShape } from '../core/shape';
import { shapeOf, Tensor } from '../core/tensor';

const sizes = dtypes.reduce<number[]>((all, d) => ((all[dtypeCode(d)] = dtypeSize(d)), all), []);
const product = (list: unknown): number => (list as readonly number[]).reduce((a, b) => a * b, 1);

// By kernel: additions and multiplications, from the arguments of native/kernels.def.
const work: Readonly<Record<string, (v: readonly unknown[]) => number>> = {
  matmul: (v) => 2 * product(v[4]) * (v[7] as number) * (v[8] as number) * (v[9] as number),
  conv: (v) => convolution(v[4], v[5], v[6]),
  convTranspose: (v) => convolution(v[4], v[5], v[6]),
  convWeight: (v) => convolution(v[3], v[4], v[5]),
  attention: (v) => attention(v[6], 1, 1),
  attentionGrad: (v) => attention(v[10], 3, 2),
};
const convolution = (x: unknown, w: unknown, grid: unknown): number =>
  2 * (x as number[])[0]! * product(w) * product(grid);
// `byWidth` and `byValueWidth`: how often a score is multiplied by a row of that width.
function attention(of: unknown, byWidth: number, byValueWidth: number): number {
  const [batch, heads, , rows, keys, width, valueWidth] = of as number[];
  return 2 * batch! * heads! * rows! * keys! * (byWidth * width! + byValueWidth * valueWidth!);
}

/** What is left of a tensor when its memory must not be held. */
export class TensorTrace {
  constructor(
    readonly shape: Shape,
    private readonly dtype: number,
  ) {}
  get bytes(): number {
    return numel(this.shape) * sizes[this.dtype]!;
  }
}

/** The values of a call with their tensors, lists of them too, replaced by traces: in place. */
export function forgetTensors(values: unknown[]): void {
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if (v instanceof Tensor) values[i] = new TensorTrace(shapeOf(v), v.dtypeCode);
    else if (Array.isArray(v) && typeof v[0] === 'object')
      values[i] = v.map((t) => (t instanceof Tensor ? new TensorTrace(shapeOf(t), t.dtypeCode) : undefined));
    // Memory that is no tensor: part of the block of several.
    else if (typeof v === 'object' && v !== null && !Array.isArray(v)) values[i] = undefined;
  }
}

/** A kernel call of which {@link forgetTensors} was made. */
export interface ForgottenCall {
  kernel: string;
  letters: readonly string[];
  values: readonly unknown[];
}

/** Additions and multiplications of a call; 0 where they do not follow from shapes. */
export const flopsOf = ({ kernel, values }: ForgottenCall): number => work[kernel]?.(values) ?? 0;

const tracesIn = (v: unknown): TensorTrace[] =>
  v instanceof TensorTrace ? [v] : Array.isArray(v) ? v.filter((t): t is TensorTrace => t instanceof TensorTrace) : [];

/** Bytes of tensors that a call reads and writes; what it reads and writes counts twice. */
export const bytesOf = ({ letters, values }: ForgottenCall): number =>
  values.reduce<number>((sum, v, i) => {
    const times = 'mMS'.includes(letters[i]!) ? 2 : 1;
    return sum + times * tracesIn(v).reduce((s, t) => s + t.bytes, 0);
  }, 0);

/** The shapes of the tensors that a call reads, or writes if it reads none: "[64, 784] [128, 784]"; "12 tensors". */
export function shapesOf({ letters, values }: ForgottenCall): string {
  const shapes = (wanted: string): string[] =>
    values.flatMap((v, i) => {
      if (v instanceof TensorTrace) return letters[i] === wanted ? [showShape(v.shape)] : [];
      const list = tracesIn(v);
      return list.length > 0 ? [`${list.length} tensors`] : [];
    });
  const read = shapes('r');
  return (read.length > 0 ? read : shapes('w')).slice(0, 3).join(' ');
}
