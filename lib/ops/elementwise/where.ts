/** @file Choosing between two operands by a condition. */
import { type DType, resultType, resultTypeScalar } from '../../core/dtype';
import { type InOrderOrByName, readArguments } from '../../core/arguments';
import { DTypeError } from '../../core/errors';
import { operand, tensor } from '../../core/params';
import { broadcastShapes, broadcastStrides, type Shape } from '../../core/shape';
import { addMethods, empty, needTensor, Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { cast } from '../tensors/cast';
import type { Operand } from '../kit/define';
import { runFill, sameDevice } from '../kit/launch';
import { recordsOfChoice } from '../kit/hot';
import { nonzero } from '../indexing/nonzero';

const whereKernel = kernel('where');

/** out = c ? a : b, all broadcast to `shape`; a, b and out have one dtype; out may be a or b. Untracked. */
export function runWhere(
  c: Tensor,
  a: Tensor,
  b: Tensor,
  shape: Shape,
  out = empty(shape, a.dtype, a.storage.device),
): Tensor {
  const along = (t: Tensor): readonly number[] => broadcastStrides(t.shape, t.strides, shape);
  whereKernel(written(out), c, a, b, shape, out.strides, along(c), along(a), along(b));
  return out;
}

// Two numbers give float32, as tensor() does; two booleans bool.
function commonType(a: Operand, b: Operand): DType {
  if (a instanceof Tensor) {
    if (b instanceof Tensor) return resultType(a, b);
    return typeof b === 'boolean' ? a.dtype : resultTypeScalar(a.dtype, b);
  }
  if (b instanceof Tensor) return commonType(b, a);
  return typeof a === 'boolean' && typeof b === 'boolean' ? 'bool' : 'float32';
}

/** The operands of {@link where} by name. */
export interface WhereOperands {
  input: Operand;
  other: Operand;
}
const whereSpec = { input: operand, other: operand };
const methodSpec = { condition: tensor, other: operand };
const isOperand = (v: unknown): v is Operand => v instanceof Tensor || typeof v === 'number' || typeof v === 'boolean';

// In order without the reader: most ops are made of this one.
function chosenFrom(args: readonly unknown[]): readonly [Operand, Operand] {
  const [a, b] = args;
  if (args.length === 2 && isOperand(a) && isOperand(b)) return [a, b];
  const { input, other } = readArguments('where', whereSpec, args);
  return [input, other];
}

/**
 * `a` where the condition holds, `b` elsewhere. The three broadcast; a and b may be numbers and promote as in arithmetic.
 * No gradient flows to the operand that was not chosen, not even NaN.
 */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor;
export function where(condition: Tensor, operands: WhereOperands): Tensor;
export function where(condition: Tensor, a: Operand, b: { other: Operand }): Tensor;
/** The indices where the condition holds, one int64 vector per dimension. Waits for the stream. */
export function where(condition: Tensor): Tensor[];
export function where(condition: Tensor, ...args: readonly unknown[]): Tensor | Tensor[] {
  needTensor('where', condition);
  if (args[0] === undefined && args[1] === undefined) return nonzero(condition, { asTuple: true });
  const [a, b] = chosenFrom(args);
  if (condition.dtype !== 'bool' && condition.dtype !== 'uint8')
    throw new DTypeError(
      `[where] the condition must be a bool tensor, not ${condition.dtype}; compare it with 0 first`,
    );
  const dtype = commonType(a, b);
  const operandOf = (v: Operand): Tensor => {
    if (!(v instanceof Tensor)) return runFill(empty([], dtype, condition.storage.device), Number(v));
    v.checkAlive('where');
    sameDevice('where', condition, v);
    return cast(v, dtype);
  };
  const x = operandOf(a);
  const y = operandOf(b);
  const shape = broadcastShapes('where', broadcastShapes('where', x.shape, y.shape), condition.shape);
  return chosen(runWhere(condition, x, y, shape), condition, x, y);
}

const chosen = recordsOfChoice({
  name: 'where',
  x: (g, condition) => where(condition, g, 0),
  y: (g, condition) => where(condition, 0, g),
});

type Chosen = InOrderOrByName<[condition: Tensor, other: Operand], { condition: Tensor; other: Operand }>;
addMethods({
  where: (self: Tensor, ...args: Chosen) => {
    const { condition, other } = readArguments('where', methodSpec, args);
    return where(condition, self, other);
  },
});
declare module '../../core/tensor' {
  interface Tensor {
    /** This tensor where the condition holds, `other` elsewhere. */
    where(...args: Chosen): Tensor;
  }
}
