/** @file The inverse of erf. */
import { isFloat } from '../../core/dtype';
import { addMethods, needTensor, type Tensor } from '../../core/tensor';
import { add, div, eq, gt, log, lt, mul, neg, sub } from './arithmetic';
import { cast } from '../tensors/cast';
import { inPlaceOf } from '../kit/in-place';
import { definePrimitive } from '../kit/primitive';
import { abs, erf, erfc, exp, sign, sqrt, square } from './math';
import { where } from './where';

// Giles 2010, "Approximating the erfinv function", table 5: polynomials in w - 2.5 and sqrt(w) - 3, highest power first.
const central = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3, -4.17768164e-3,
  0.246640727, 1.50140941,
];
const tail = [
  -2.00214257e-4, 1.00950558e-4, 1.34934322e-3, -3.67342844e-3, 5.73950773e-3, -7.6224613e-3, 9.43887047e-3, 1.00167406,
  2.83297682,
];
const horner = (coefficients: readonly number[], x: Tensor): Tensor =>
  coefficients.slice(1).reduce((p, c) => add(mul(p, x), c), mul(add(mul(x, 0), 1), coefficients[0]!));

function compute(x: Tensor): Tensor {
  const a = abs(x);
  const w = neg(log(mul(sub(1, a), add(a, 1))));
  let y = mul(x, where(lt(w, 5), horner(central, sub(w, 2.5)), horner(tail, sub(sqrt(w), 3))));
  if (x.dtype === 'float64') {
    // Two Newton steps; in the tail the residual comes from erfc, where it does not cancel.
    for (let step = 0; step < 2; step++) {
      const residual = where(gt(a, 0.5), mul(sign(x), sub(sub(1, a), erfc(abs(y)))), sub(erf(y), x));
      y = sub(y, div(residual, mul(exp(neg(square(y))), 2 / Math.sqrt(Math.PI))));
    }
  }
  return where(eq(a, 1), mul(x, Infinity), y);
}

/** y with erf(y) = x: infinite at -1 and 1, NaN beyond. */
export function erfinv(x: Tensor): Tensor {
  needTensor('erfinv', x);
  return inverse({ x: isFloat(x.dtype) ? x : cast(x, 'float32') });
}

const inverse = definePrimitive<{ x: Tensor }, void, Tensor, { y: Tensor }>({
  name: 'erfinv',
  inputs: ['x'],
  forward({ x }) {
    const y = compute(x);
    return { out: y, kept: { y } };
  },
  reads: ['y'],
  derivative: (g, { y }) => ({ x: mul(g, mul(exp(square(y)), Math.sqrt(Math.PI) / 2)) }),
});

addMethods({ erfinv, erfinv_: inPlaceOf('erfinv_', erfinv) });
declare module '../../core/tensor' {
  interface Tensor extends MethodsAs<typeof import('./erfinv'), 'erfinv', () => Tensor> {
    /** {@link erfinv} in place. */
    erfinv_(): Tensor;
  }
}
