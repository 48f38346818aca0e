/** @file Arithmetic and comparison of two operands. Shapes broadcast; dtypes promote as in PyTorch. */
import { addMethods, type Tensor } from '../../core/tensor';
import { engineOps } from '../../core/autograd';
import { isFloat } from '../../core/dtype';
import { DTypeError } from '../../core/errors';
import { isOptions, needOptions, readArguments, type Spec } from '../../core/arguments';
import { number, oneOf, operand } from '../../core/params';
import { cast } from '../tensors/cast';
import { type BinaryOp, defineBinary, defineUnary, type Operand, type Second } from '../kit/define';

const zeroOf = (g: Tensor): Tensor => mul(g, 0);

/** Options of {@link add}, {@link sub} and {@link rsub}. */
export interface AlphaOptions {
  /** Factor of the second operand. Default 1. */
  alpha?: number | undefined;
}

const alphaSpec: Spec<{ other: Operand; alpha: number }> = { other: operand, alpha: number().or(1) };
/** The second operand of {@link add} and its kin, in its place or by name. */
export type Scaled = Operand | ({ other: Operand } & AlphaOptions);

/** A sum or difference whose second operand may be scaled. */
export interface AlphaOp extends BinaryOp {
  (a: Operand, b: Scaled, options?: AlphaOptions): Tensor;
  inPlace(a: Tensor, b: Scaled, options?: AlphaOptions): Tensor;
}

// Options of two operands come by name only. `list.reduce(add)` passes positions, which mean nothing here.
function byName<O extends object>(name: string, options: O | undefined): O | undefined {
  if (options === undefined || typeof options === 'number') return undefined;
  needOptions(name, options);
  return options;
}

// Lets `op` scale its second operand.
function withAlpha(own: string, op: BinaryOp): AlphaOp {
  const scaled = (name: string, second: Scaled, options: AlphaOptions | undefined): Operand => {
    const { other: b, alpha } = readArguments(name, alphaSpec, [second, options]);
    if (alpha === 1) return b;
    if (typeof b !== 'object') return Number(b) * alpha;
    if (!isFloat(b.dtype) && !Number.isInteger(alpha))
      throw new DTypeError(`[${name}] alpha ${alpha} is no integer, but the tensor is ${b.dtype}`);
    return mul(b, alpha);
  };
  const factored = (name: string, b: Scaled, given?: AlphaOptions): Operand => {
    const options = byName(name, given);
    return options || isOptions(b) ? scaled(name, b, options) : b;
  };
  const label = `${own}_`;
  const scaling = (a: Operand, b: Scaled, options?: AlphaOptions): Tensor => op(a, factored(own, b, options));
  scaling.inPlace = (a: Tensor, b: Scaled, options?: AlphaOptions): Tensor =>
    op.inPlace(a, factored(label, b, options));
  return scaling;
}

/** a + alpha b */
export const add = withAlpha('add', defineBinary('add', { gradA: (g) => g, gradB: (g) => g }));
/** a - alpha b */
export const sub = withAlpha('sub', defineBinary('sub', { gradA: (g) => g, gradB: (g) => neg(g) }));
/** b - alpha a */
export function rsub(a: Operand, b: Scaled, options?: AlphaOptions): Tensor {
  if (!isOptions(b)) return sub(b, a, options);
  const { other, alpha } = readArguments('rsub', alphaSpec, [b, options]);
  return sub(other, a, { alpha });
}
/** a * b */
export const mul = defineBinary('mul', {
  save: ['b', 'a'],
  gradA: (g, _a, b) => mul(g, b),
  gradB: (g, a) => mul(g, a),
});
/** Options of {@link div}. */
export interface DivOptions {
  /** Round the quotient down ('floor') or towards 0 ('trunc'); integers then stay integers. Default null: do not. */
  roundingMode?: 'floor' | 'trunc' | null | undefined;
}
const divSpec: Spec<{ other: Operand } & Required<DivOptions>> = {
  other: operand,
  roundingMode: oneOf('floor', 'trunc').orNull(),
};
/** The second operand of {@link div}, in its place or by name. */
export type Divisor = Operand | ({ other: Operand } & DivOptions);

/** A quotient that may be rounded. */
export interface DivOp extends BinaryOp {
  (a: Operand, b: Divisor, options?: DivOptions): Tensor;
  inPlace(a: Tensor, b: Divisor, options?: DivOptions): Tensor;
}

/** Towards zero */
export const trunc = defineUnary('trunc', { ints: 'keep', grad: zeroOf });
const isWhole = (v: Operand): boolean => (typeof v === 'object' ? !isFloat(v.dtype) : Number.isInteger(Number(v)));

// Lets `op` round.
function withRounding(op: BinaryOp): DivOp {
  const read = (name: string, b: Divisor, given?: DivOptions): [Operand, DivOptions['roundingMode']] => {
    const options = byName(name, given);
    if (!options && !isOptions(b)) return [b, null];
    const { other, roundingMode } = readArguments(name, divSpec, [b, options]);
    return [other, roundingMode];
  };
  // What rounding down has to be raised by: 1 where the quotient is negative and not whole.
  const raise = (a: Operand, b: Operand): Tensor => {
    const down = floorDivide(a, b);
    return mul(cast(lt(down, 0), down.dtype), cast(ne(remainder(a, b), 0), down.dtype));
  };
  const rounding = (a: Operand, second: Divisor, options?: DivOptions): Tensor => {
    const [b, mode] = read('div', second, options);
    if (mode === null) return op(a, b);
    if (mode === 'floor') return floorDivide(a, b);
    operand.check('div', 'input', a);
    // As PyTorch: of floating-point numbers the rounded quotient is cut, which 1 / 0.001 = 1000 needs.
    return isWhole(a) && isWhole(b) ? add(floorDivide(a, b), raise(a, b)) : trunc(op(a, b));
  };
  rounding.inPlace = (a: Tensor, second: Divisor, options?: DivOptions): Tensor => {
    const [b, mode] = read('div_', second, options);
    if (mode === null) return op.inPlace(a, b);
    if (mode === 'floor') return floorDivide.inPlace(a, b);
    if (!isWhole(a) || !isWhole(b)) return trunc.inPlace(op.inPlace(a, b));
    const by = raise(a, b);
    return add.inPlace(floorDivide.inPlace(a, b), by);
  };
  return rounding;
}

const quotient = defineBinary('div', {
  save: ['b', 'by'],
  result: 'float',
  gradA: (g, _a, b) => div(g, b),
  gradB: (g, _a, b, y) => neg(div(mul(g, y), b)),
});
/** a / b, which may be rounded; integers are divided as float32 unless it is. */
export const div = withRounding(quotient);
/** a to the power b. The gradient with respect to b is 0 where a is 0. */
export const pow = defineBinary('pow', {
  second: 'exponent',
  save: ['ab', 'ay'],
  gradA: (g, a, b) => {
    if (typeof b === 'number') return b === 0 ? zeroOf(g) : mul(g, mul(pow(a, b - 1), b));
    // x^0 is constant, also at 0, where x^(0 - 1) is infinite: there the exponent of the slope is taken as 0.
    const steady = cast(eq(b as Tensor, 0), (b as Tensor).dtype);
    return mul(g, mul(b, pow(a, sub(add(b as Tensor, steady), 1))));
  },
  gradB: (g, a, _b, y) => mul(g, typeof a === 'number' ? mul(y, a === 0 ? 0 : Math.log(a)) : mulLog(y, a as Tensor)),
}) as BinaryOp<string> as BinaryOp<'exponent'>;
// y * log a, and 0 where a is 0.
const mulLog = (y: Tensor, a: Tensor): Tensor => {
  const zero = cast(eq(a, 0), a.dtype);
  return mul(y, mul(log(add(a, zero)), sub(1, zero)));
};
/** The natural logarithm */
export const log = defineUnary('log', { save: 'x', grad: (g, x) => div(g, x) });

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
export const remainder = defineBinary('remainder', {
  save: ['', 'ab'],
  gradA: (g) => g,
  gradB: (g, a, b) => neg(mul(g, floorDivide(a, b))),
});
/** floor(a / b) */
export const floorDivide = defineBinary('floorDivide', {});

/** Where a = b, as bool; shapes broadcast. */
export const eq = defineBinary('eq', { result: 'bool' });
/** Where a differs from b, as bool; shapes broadcast. */
export const ne = defineBinary('ne', { result: 'bool' });
/** Where a < b, as bool; shapes broadcast. */
export const lt = defineBinary('lt', { result: 'bool' });
/** Where a <= b, as bool; shapes broadcast. */
export const le = defineBinary('le', { result: 'bool' });
/** Where a > b, as bool; shapes broadcast. */
export const gt = defineBinary('gt', { result: 'bool' });
/** Where a >= b, as bool; shapes broadcast. */
export const ge = defineBinary('ge', { result: 'bool' });

/** -a */
export const neg = defineUnary('neg', { ints: 'keep', grad: (g) => neg(g) });

addMethods({
  add,
  sub,
  rsub,
  mul,
  div,
  pow,
  maximum,
  minimum,
  remainder,
  floorDivide,
  eq,
  ne,
  lt,
  le,
  gt,
  ge,
  neg,
  log,
});
addMethods({
  add_: add.inPlace,
  sub_: sub.inPlace,
  mul_: mul.inPlace,
  div_: div.inPlace,
  pow_: pow.inPlace,
  neg_: neg.inPlace,
});
addMethods({
  eq_: eq.inPlace,
  ne_: ne.inPlace,
  lt_: lt.inPlace,
  le_: le.inPlace,
  gt_: gt.inPlace,
  ge_: ge.inPlace,
});
addMethods({ log_: log.inPlace, remainder_: remainder.inPlace, floorDivide_: floorDivide.inPlace });

type Binary = (b: Second) => Tensor;
type Scaling = (b: Scaled, options?: AlphaOptions) => Tensor;
declare module '../../core/tensor' {
  interface Tensor
    extends
      MethodsAs<
        typeof import('./arithmetic'),
        'mul' | 'remainder' | 'floorDivide' | 'maximum' | 'minimum' | 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge',
        Binary
      >,
      MethodsAs<typeof import('./arithmetic'), 'add' | 'sub' | 'rsub', Scaling>,
      MethodsAs<typeof import('./arithmetic'), 'pow', (exponent: Second<'exponent'>) => Tensor>,
      MethodsAs<typeof import('./arithmetic'), 'div', (b: Divisor, options?: DivOptions) => Tensor>,
      MethodsAs<typeof import('./arithmetic'), 'neg' | 'log' | 'trunc', () => Tensor> {
    /** {@link mul} in place. */
    mul_: Binary;
    /** {@link remainder} in place. */
    remainder_: Binary;
    /** {@link floorDivide} in place. */
    floorDivide_: Binary;
    /** {@link eq} in place. */
    eq_: Binary;
    /** {@link ne} in place. */
    ne_: Binary;
    /** {@link lt} in place. */
    lt_: Binary;
    /** {@link le} in place. */
    le_: Binary;
    /** {@link gt} in place. */
    gt_: Binary;
    /** {@link ge} in place. */
    ge_: Binary;
    /** {@link add} in place. */
    add_: Scaling;
    /** {@link sub} in place. */
    sub_: Scaling;
    /** {@link pow} in place. */
    pow_(exponent: Second<'exponent'>): Tensor;
    /** {@link div} in place. */
    div_(b: Divisor, options?: DivOptions): Tensor;
    /** {@link neg} in place. */
    neg_(): Tensor;
    /** {@link log} in place. */
    log_(): Tensor;
  }
}

engineOps.add = add;
engineOps.addInPlace = (a, b) => void add.inPlace(a, b);
