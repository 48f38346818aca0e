/** @file The second names that PyTorch has for elementwise ops (NumPy's, mostly), as functions and methods. */
import { addMethods, needTensor, Tensor } from '../../core/tensor';
import { div, ge, gt, le, lt, mul, ne, neg, sub } from './arithmetic';
import { atan2 } from './binary';
import { type Second } from '../kit/define';
import { abs, acos, acosh, asin, asinh, atan, atanh, clamp, type ClampArguments, sign, trunc } from './math';

/** {@link abs} */
export const absolute = abs;
/** {@link neg} */
export const negative = neg;
/** {@link sign} */
export const sgn = sign;
/** {@link trunc} */
export const fix = trunc;
/** {@link asin} */
export const arcsin = asin;
/** {@link acos} */
export const arccos = acos;
/** {@link atan} */
export const arctan = atan;
/** {@link asinh} */
export const arcsinh = asinh;
/** {@link acosh} */
export const arccosh = acosh;
/** {@link atanh} */
export const arctanh = atanh;
/** {@link atan2} */
export const arctan2 = atan2;
/** {@link sub} */
export const subtract = sub;
/** {@link mul} */
export const multiply = mul;
/** {@link div} */
export const divide = div;
/** {@link div} */
export const trueDivide = div;
/** {@link gt} */
export const greater = gt;
/** {@link ge} */
export const greaterEqual = ge;
/** {@link lt} */
export const less = lt;
/** {@link le} */
export const lessEqual = le;
/** {@link ne} */
export const notEqual = ne;
/** {@link clamp} */
export const clip = clamp;

/** The tensor itself; +x in Python. */
export function positive(x: Tensor): Tensor {
  needTensor('positive', x);
  return x;
}

const one = { absolute, negative, sgn, fix, arcsin, arccos, arctan, arcsinh, arccosh, arctanh };
const two = {
  ...{ arctan2, subtract, multiply, divide, trueDivide },
  ...{ greater, greaterEqual, less, lessEqual, notEqual },
};
for (const [name, op] of Object.entries(one))
  addMethods({ [name]: (self) => op(self), [`${name}_`]: (self) => op.inPlace(self) });
for (const [name, op] of Object.entries(two)) addMethods({ [name]: op, [`${name}_`]: op.inPlace });
addMethods({
  positive,
  clip,
  clip_: (self: Tensor, ...args: ClampArguments) => self.clamp_(...args),
});

declare module '../../core/tensor' {
  interface Tensor
    extends
      MethodsOf<typeof import('./aliases'), 'clip'>,
      MethodsAs<
        typeof import('./aliases'),
        | 'absolute'
        | 'negative'
        | 'sgn'
        | 'fix'
        | 'arcsin'
        | 'arccos'
        | 'arctan'
        | 'arcsinh'
        | 'arccosh'
        | 'arctanh'
        | 'positive',
        () => Tensor
      >,
      MethodsAs<
        typeof import('./aliases'),
        | 'greater'
        | 'greaterEqual'
        | 'less'
        | 'lessEqual'
        | 'notEqual'
        | 'arctan2'
        | 'subtract'
        | 'multiply'
        | 'divide'
        | 'trueDivide',
        (b: Second) => Tensor
      > {
    /** {@link absolute} in place. */
    absolute_(): Tensor;
    /** {@link negative} in place. */
    negative_(): Tensor;
    /** {@link sgn} in place. */
    sgn_(): Tensor;
    /** {@link fix} in place. */
    fix_(): Tensor;
    /** {@link arcsin} in place. */
    arcsin_(): Tensor;
    /** {@link arccos} in place. */
    arccos_(): Tensor;
    /** {@link arctan} in place. */
    arctan_(): Tensor;
    /** {@link arcsinh} in place. */
    arcsinh_(): Tensor;
    /** {@link arccosh} in place. */
    arccosh_(): Tensor;
    /** {@link arctanh} in place. */
    arctanh_(): Tensor;
    /** {@link greater} in place. */
    greater_(b: Second): Tensor;
    /** {@link greaterEqual} in place. */
    greaterEqual_(b: Second): Tensor;
    /** {@link less} in place. */
    less_(b: Second): Tensor;
    /** {@link lessEqual} in place. */
    lessEqual_(b: Second): Tensor;
    /** {@link notEqual} in place. */
    notEqual_(b: Second): Tensor;
    /** {@link arctan2} in place. */
    arctan2_(b: Second): Tensor;
    /** {@link subtract} in place. */
    subtract_(b: Second): Tensor;
    /** {@link multiply} in place. */
    multiply_(b: Second): Tensor;
    /** {@link divide} in place. */
    divide_(b: Second): Tensor;
    /** {@link trueDivide} in place. */
    trueDivide_(b: Second): Tensor;
    /** {@link clip} in place. */
    clip_: Method<typeof clip>;
  }
}
