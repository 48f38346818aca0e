/** @file The bilinear map of two inputs. */
import { ShapeError } from '../../core/errors';
import { readArguments, type WithRequired } from '../../core/arguments';
import { tensor } from '../../core/params';
import { numel, sameShape, showShape } from '../../core/shape';
import { needTensor, type Tensor } from '../../core/tensor';
import { add } from '../elementwise/arithmetic';
import { type LinearOptions, matmul } from './matmul';
import { permute, reshape } from '../shape/views';

/** What {@link bilinear} cannot do without. */
export interface BilinearArguments {
  /** [..., in2], with the leading dimensions of the first input */
  input2: Tensor;
  /** [out, in1, in2] */
  weight: Tensor;
}
const bilinearSpec = { input2: tensor, weight: tensor, bias: tensor.orNull() };

/**
 * y[.., o] = x1[.., i] weight[o, i, j] x2[.., j] + bias[o], summed over i and j: one matrix product for x1, then one for
 * each row.
 * @param x1 - [..., in1]
 * @param args - input2: [..., in2]; weight: [out, in1, in2]; bias: [out], or nothing. In this order, or by name
 */
export function bilinear(
  x1: Tensor,
  ...args: WithRequired<[input2: Tensor, weight: Tensor], BilinearArguments, LinearOptions>
): Tensor {
  const { input2, weight, bias } = readArguments('bilinear', bilinearSpec, args);
  return bilinearOf(x1, input2, weight, bias);
}

/** {@link bilinear} with arguments that were read. */
export function bilinearOf(x1: Tensor, x2: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  const op = 'bilinear';
  for (const t of [x1, x2, weight]) needTensor(op, t);
  const lead = x1.shape.slice(0, -1);
  const [out, in1, in2] = weight.shape as [number, number, number];
  const fits = x1.ndim > 0 && x2.ndim > 0 && weight.ndim === 3 && x1.shape.at(-1) === in1 && x2.shape.at(-1) === in2;
  if (!fits || !sameShape(lead, x2.shape.slice(0, -1)))
    throw new ShapeError(
      `[${op}] inputs ${showShape(x1.shape)} and ${showShape(x2.shape)} do not fit weight ${showShape(weight.shape)} (out, in1, in2)`,
    );
  if (bias && !sameShape(bias.shape, [out]))
    throw new ShapeError(`[${op}] bias ${showShape(bias.shape)} does not fit weight ${showShape(weight.shape)}`);
  const rows = numel(lead);
  const byOutput = reshape(permute(weight, [1, 0, 2]), [in1, out * in2]);
  const left = reshape(matmul(reshape(x1, [rows, in1]), byOutput), [rows, out, in2]);
  const y = reshape(matmul(left, reshape(x2, [rows, in2, 1])), [...lead, out]);
  return bias ? add(y, bias) : y;
}
