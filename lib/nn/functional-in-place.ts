/** @file The functions of nn.functional that have an argument `inplace`, after the others. */
import { type Given, type InOrderOrByName, readArguments, type Spec } from '../core/arguments';
import { boolean, Param } from '../core/params';
import { needTensor, type Tensor } from '../core/tensor';
import type { HardtanhOptions, ThresholdOptions } from '../ops/layers/activations';
import * as ops from '../ops/layers/dropout';
import type { DropoutOptions } from '../ops/layers/dropout';
import { rrelu as randomized, rrelu_, type RReluOptions } from '../ops/layers/noisy';

/** The last argument. */
interface InPlace {
  /** Overwrite the input and return it. Default false: a new tensor. */
  inplace?: boolean | undefined;
}
/** Arguments P in order, then `inplace`; or by name. */
type TakingInPlace<P extends unknown[], S extends object> = (
  x: Tensor,
  ...args: InOrderOrByName<[...P, inplace?: boolean], Given<S & InPlace>>
) => Tensor;

type Op = (x: Tensor, ...options: Record<string, unknown>[]) => Tensor;
const method =
  (name: string): Op =>
  (x, ...options) =>
    (x as unknown as Record<string, (...list: unknown[]) => Tensor>)[name]!(...options);

// What the op itself checks.
const unread = new Param<unknown>('', (v) => v).optional();

// A function of the values `own`, in PyTorch's order, then `inplace`, then those of `more`, which PyTorch does not have.
function taking<P extends unknown[], S extends object>(
  name: string,
  own: readonly string[],
  { op = method(name), inPlace = method(`${name}_`), more = [] as readonly string[] } = {},
): TakingInPlace<P, S> {
  const some = (names: readonly string[]): Spec<Record<string, unknown>> =>
    Object.fromEntries(names.map((n) => [n, unread]));
  const spec = { ...some(own), inplace: boolean.or(false), ...some(more) };
  return (x, ...args) => {
    needTensor(name, x);
    if (args.length === 0) return op(x);
    const { inplace, ...values } = readArguments<Record<string, unknown>>(name, spec, args);
    const run = inplace === true ? inPlace : op;
    return own.length > 0 ? run(x, values) : run(x);
  };
}

type None = TakingInPlace<[], object>;
/** max(x, 0) */
export const relu: None = taking('relu', []);
/** min(max(x, 0), 6) */
export const relu6: None = taking('relu6', []);
/** x sigmoid(x) */
export const silu: None = taking('silu', []);
/** x tanh(softplus(x)) */
export const mish: None = taking('mish', []);
/** The self-normalizing scaled elu */
export const selu: None = taking('selu', []);
/** x / 6 + 1 / 2, within 0 and 1 */
export const hardsigmoid: None = taking('hardsigmoid', []);
/** x hardsigmoid(x) */
export const hardswish: None = taking('hardswish', []);
type Alpha = TakingInPlace<[alpha?: number], { alpha: number }>;
/** x where positive, alpha (exp(x) - 1) elsewhere; alpha defaults to 1 */
export const elu: Alpha = taking('elu', ['alpha']);
/** x where positive, alpha (exp(x / alpha) - 1) elsewhere; alpha defaults to 1 */
export const celu: Alpha = taking('celu', ['alpha']);
/** x where positive, `negativeSlope` (default 0.01) times x elsewhere */
export const leakyRelu: TakingInPlace<[negativeSlope?: number], { negativeSlope: number }> = taking('leakyRelu', [
  'negativeSlope',
]);
/** x within `minVal` (default -1) and `maxVal` (default 1) */
export const hardtanh: TakingInPlace<[minVal?: number, maxVal?: number], HardtanhOptions> = taking('hardtanh', [
  'minVal',
  'maxVal',
]);
/** x where it exceeds `threshold`, `value` elsewhere */
export const threshold: TakingInPlace<[threshold: number, value: number], ThresholdOptions> = taking('threshold', [
  'threshold',
  'value',
]);
/** x where positive, elsewhere x times a slope: in training a random one for each element, otherwise their mean. */
export const rrelu: TakingInPlace<[lower?: number, upper?: number, training?: boolean], RReluOptions> = taking(
  'rrelu',
  ['lower', 'upper', 'training'],
  { op: randomized as Op, inPlace: rrelu_ as Op, more: ['generator'] },
);

/** What was made of `x` by dropping, written over it. */
export const droppedInPlace = (x: Tensor, y: Tensor): Tensor => (y === x ? x : x.copy_(y));

type Dropping = TakingInPlace<[p?: number, training?: boolean], DropoutOptions>;
const dropping = (name: string, op: (x: Tensor, options?: DropoutOptions) => Tensor): Dropping =>
  taking(name, ['p', 'training'], {
    op: op as Op,
    inPlace: (x, options) => droppedInPlace(x, op(x, options)),
    more: ['generator'],
  });

/** Drops each element with probability p (default 0.5) and divides the others by 1 - p; `training` is true by default. */
export const dropout: Dropping = dropping('dropout', ops.dropout);
/** {@link dropout} of whole channels of [N, C, L] or [C, L]. */
export const dropout1d: Dropping = dropping('dropout1d', ops.dropout1d);
/** {@link dropout} of whole channels of [N, C, H, W] or [C, H, W]. */
export const dropout2d: Dropping = dropping('dropout2d', ops.dropout2d);
/** {@link dropout} of whole channels of [N, C, D, H, W] or [C, D, H, W]. */
export const dropout3d: Dropping = dropping('dropout3d', ops.dropout3d);
/** Dropout that keeps mean and variance of self-normalizing networks; `training` is false by default, as in PyTorch. */
export const alphaDropout: Dropping = dropping('alphaDropout', ops.alphaDropout);
/** {@link alphaDropout} of whole channels; `training` is false by default, as in PyTorch. */
export const featureAlphaDropout: Dropping = dropping('featureAlphaDropout', ops.featureAlphaDropout);
