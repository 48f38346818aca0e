/** @file Elements chosen by a bool mask, and filling. */
import { checkInPlace, trackInPlace } from '../../core/autograd';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { DTypeError, ShapeError } from '../../core/errors';
import { operand, tensor as tensorParam } from '../../core/params';
import { broadcastShapes, sameShape, showShape } from '../../core/shape';
import { addMethods, needTensor, Tensor } from '../../core/tensor';
import { cast } from '../tensors/cast';
import { nonzeroFlat, takeRows } from './kernels';
import { runCopy, sameDevice } from '../kit/launch';
import { apart, defineOverwrite, scalarOf } from '../kit/overwrite';
import { broadcastTo, reshape } from '../shape/views';
import { runWhere, where } from '../elementwise/where';

type Value = Tensor | number | boolean;

/** Arguments of {@link maskedFill} by name. */
export interface MaskedFillArguments {
  mask: Tensor;
  value: Value;
}
/** For all ops that take a mask. */
export const maskSpec = { mask: tensorParam };
const maskedFillSpec: Spec<MaskedFillArguments> = { ...maskSpec, value: operand };
const valueSpec = { value: operand };
type MaskedFill = (t: Tensor, ...args: InOrderOrByName<[mask: Tensor, value: Value], MaskedFillArguments>) => Tensor;

/** Throws unless `mask` is one, on the device of `t`. */
export function checkMask(op: string, t: Tensor, mask: Tensor): void {
  sameDevice(op, t, mask);
  if (mask.dtype !== 'bool')
    throw new DTypeError(`[${op}] the mask must be bool, not ${mask.dtype}; compare it with 0 first`);
}

function fillValue(op: string, t: Tensor, value: Value): Tensor {
  if (!(value instanceof Tensor)) return scalarOf(value, t);
  if (value.ndim > 0)
    throw new ShapeError(`[${op}] the value must be a number or a 0-dim tensor, got ${showShape(value.shape)}`);
  return cast(value, t.dtype);
}

/** A copy with one value where the mask holds. Mask and tensor broadcast; the dtype stays. */
export const maskedFill: MaskedFill = (t, ...args) => {
  needTensor('maskedFill', t);
  const { mask, value } = readArguments('maskedFill', maskedFillSpec, args);
  checkMask('maskedFill', t, mask);
  return where(mask, fillValue('maskedFill', t, value), t);
};

/** Writes one value where the mask, broadcast, holds. */
export const maskedFill_: MaskedFill = (t, ...args) => {
  needTensor('maskedFill_', t);
  const { mask, value } = readArguments('maskedFill_', maskedFillSpec, args);
  checkMask('maskedFill_', t, mask);
  if (!sameShape(broadcastShapes('maskedFill_', t.shape, mask.shape), t.shape))
    throw new ShapeError(
      `[maskedFill_] a mask of shape ${showShape(mask.shape)} does not fit into ${showShape(t.shape)}`,
    );
  return filling({ value: fillValue('maskedFill_', t, value), mask }, {}).self(t);
};

const filling = defineOverwrite<{ value: Tensor; mask: Tensor }, object>({
  name: 'maskedFill',
  inputs: ['value', 'mask'],
  write: (o, { value, mask }) => void runWhere(apart(o, mask), apart(o, value), o, o.shape, o),
  reads: ['mask'],
  derivative: (g, { mask }, _, needs) => ({
    t: needs.t ? where(mask, 0, g) : null,
    value: needs.value ? where(mask, g, 0) : null,
  }),
});

/** The elements where the mask holds, as a vector. Mask and tensor broadcast. Waits for the stream. */
export function maskedSelect(t: Tensor, ...args: InOrderOrByName<[mask: Tensor], { mask: Tensor }>): Tensor {
  needTensor('maskedSelect', t);
  const { mask } = readArguments('maskedSelect', maskSpec, args);
  checkMask('maskedSelect', t, mask);
  const shape = broadcastShapes('maskedSelect', t.shape, mask.shape);
  const flat = reshape(broadcastTo(t, shape), [1, -1, 1]);
  return reshape(takeRows(flat, nonzeroFlat(broadcastTo(mask, shape))), [-1]);
}

/** Overwrites every element. */
export function fill_(t: Tensor, ...args: InOrderOrByName<[value: Value], { value: Value }>): Tensor {
  needTensor('fill_', t);
  return overwriteAll('fill_', t, readArguments('fill_', valueSpec, args).value);
}

function overwriteAll(op: string, t: Tensor, value: Value): Tensor {
  const v = fillValue(op, t, value);
  checkInPlace(op, t, [t, v]);
  runCopy(t, apart(t, v));
  t.storage.version++;
  trackInPlace(op, t, [t, v], [], ([g], _saved, needs) => [null, needs[1] ? g : null]);
  return t;
}

/** Overwrites every element with 0. */
export function zero_(t: Tensor): Tensor {
  needTensor('zero_', t);
  return overwriteAll('zero_', t, 0);
}

addMethods({ maskedFill, maskedFill_, maskedSelect, fill_, zero_ });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<
    typeof import('./masking'),
    'maskedFill' | 'maskedFill_' | 'maskedSelect' | 'fill_' | 'zero_'
  > {}
}
