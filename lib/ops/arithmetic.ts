/** @file Arithmetic and comparison of two operands. Shapes broadcast; dtypes promote as in PyTorch. */
import { addMethods, type Method, type Tensor } from '../core/tensor';
import { engineOps } from '../core/autograd';
import { cast } from './cast';
import { defineBinary, defineUnary, type Operand } from './define';

const zeroOf = (g: Tensor): Tensor => mul(g, 0);

/** a + b */
export const add = defineBinary('add', { gradA: (g) => g, gradB: (g) => g });
/** a - b */
export const sub = defineBinary('sub', { gradA: (g) => g, gradB: (g) => neg(g) });
/** a * b */
export const mul = defineBinary('mul', { save: 'ab', gradA: (g, _a, b) => mul(g, b), gradB: (g, a) => mul(g, a) });
/** a / b; integers are divided as float32 */
export const div = defineBinary('div', {
  save: 'by',
  result: 'float',
  gradA: (g, _a, b) => div(g, b),
  gradB: (g, _a, b, y) => neg(div(mul(g, y), b)),
});
/** a to the power b. The gradient with respect to b is 0 where a is 0. */
export const pow = defineBinary('pow', {
  save: 'aby',
  cost: 4,
  gradA: (g, a, b) => {
    if (typeof b === 'number') return b === 0 ? zeroOf(g) : mul(g, mul(pow(a, b - 1), b));
    return mul(g, mul(b, pow(a, sub(b as Tensor, 1))));
  },
  gradB: (g, a, _b, y) => mul(g, typeof a === 'number' ? mul(y, a === 0 ? 0 : Math.log(a)) : mulLog(y, a as Tensor)),
});
// y * log a, and 0 where a is 0.
const mulLog = (y: Tensor, a: Tensor): Tensor => {
  const zero = cast(eq(a, 0), a.dtype);
  return mul(y, mul(log(add(a, zero)), sub(1, zero)));
};
const log = defineUnary('log', { save: 'x', grad: (g, x) => div(g, x) });

/** The larger of a and b; NaN if either is. Ties share the gradient equally. */
export const maximum = defineBinary('maximum', {
  save: 'ab',
  gradA: (g, a, b) => mul(g, share(a, b)),
  gradB: (g, a, b) => mul(g, share(b, a)),
});
/** The smaller of a and b; NaN if either is. Ties share the gradient equally. */
export const minimum = defineBinary('minimum', {
  save: 'ab',
  gradA: (g, a, b) => mul(g, share(b, a)),
  gradB: (g, a, b) => mul(g, share(a, b)),
});
// 1 where a > b, 1/2 where equal, 0 elsewhere.
const share = (a: Operand, b: Operand): Tensor => {
  const d = (typeof a === 'object' ? a : (b as Tensor)).dtype;
  return mul(add(cast(gt(a, b), d), cast(ge(a, b), d)), 0.5);
};
/** Remainder with the sign of b */
export const remainder = defineBinary('remainder', { save: 'ab', gradA: (g) => g, gradB: (g, a, b) => neg(mul(g, floorDivide(a, b))) });
/** floor(a / b) */
export const floorDivide = defineBinary('floorDivide', {});

export const eq = defineBinary('eq', { result: 'bool' });
export const ne = defineBinary('ne', { result: 'bool' });
export const lt = defineBinary('lt', { result: 'bool' });
export const le = defineBinary('le', { result: 'bool' });
export const gt = defineBinary('gt', { result: 'bool' });
export const ge = defineBinary('ge', { result: 'bool' });

/** -a */
export const neg = defineUnary('neg', { ints: 'keep', grad: (g) => neg(g), cost: 0.25 });

const methods = { add, sub, mul, div, pow, maximum, minimum, remainder, floorDivide, eq, ne, lt, le, gt, ge, neg };
addMethods(methods);
addMethods({ add_: add.inPlace, sub_: sub.inPlace, mul_: mul.inPlace, div_: div.inPlace, pow_: pow.inPlace, neg_: neg.inPlace });

type Binary = (b: Operand) => Tensor;
declare module '../core/tensor' {
  interface Tensor extends Record<'add' | 'sub' | 'mul' | 'div' | 'pow' | 'maximum' | 'minimum' | 'remainder' | 'floorDivide', Binary> {
    eq: Binary;
    ne: Binary;
    lt: Binary;
    le: Binary;
    gt: Binary;
    ge: Binary;
    neg(): Tensor;
    add_: Binary;
    sub_: Binary;
    mul_: Binary;
    div_: Binary;
    pow_: Binary;
    neg_(): Tensor;
  }
}

engineOps.add = add;
engineOps.addInPlace = (a, b) => void add.inPlace(a, b);
export type { Method };
