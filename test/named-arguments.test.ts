/**
 * @file Tensor ops by one table: their arguments in PyTorch's order and under PyTorch's names (camelCase) mean the same,
 * names that do not exist are refused, and so is whatever is no argument, with an error that has a code.
 */
import * as ng from '../lib';

type Values = Readonly<Record<string, unknown>>;
/** The op, what it is called on (nothing: a function of `ng` alone), and its arguments in PyTorch's order. */
type Row = readonly [op: string, self: () => ng.Tensor | undefined, args: () => Values];

const x = (): ng.Tensor =>
  ng.tensor([
    [0.3, -1.2, 2.5],
    [1.1, 0.4, -0.6],
  ]);
const y = (): ng.Tensor => x().mul(2).add(1);
const v = (): ng.Tensor => ng.tensor([1, 2, 4]);
const int = (...values: number[]): ng.Tensor => ng.tensor(values, { dtype: 'int64' });
const n = (): ng.Tensor => int(5, 3, 12);
const mask = (): ng.Tensor => x().gt(0);
const none = (): undefined => undefined;
const other = (): Values => ({ other: y() });
const bits = (): Values => ({ other: int(1, 2, 3) });
const seed = 7;

const rows: Row[] = [
  ...[
    'fmod',
    'atan2',
    'hypot',
    'copysign',
    'xlogy',
    'fmax',
    'fmin',
    'add',
    'sub',
    'mul',
    'div',
    'maximum',
    'remainder',
  ],
  ...['floorDivide', 'eq', 'lt', 'logicalAnd', 'logaddexp', 'logaddexp2', 'ldexp', 'equal', 'isSameSize', 'rsub'],
  ...['greater', 'subtract', 'resultType', 'add_', 'mul_', 'typeAs', 'fmod_'],
].map((op): Row => [op, x, other]);
rows.push(
  ...['bitwiseAnd', 'bitwiseOr', 'bitwiseXor', 'bitwiseLeftShift', 'bitwiseRightShift'].map((op): Row => [op, n, bits]),
  ...['pow', 'floatPower'].map((op): Row => [op, x, () => ({ exponent: 2 })]),
  ['heaviside', x, () => ({ values: ng.tensor([0.5]) })],
  ['renorm', x, () => ({ p: 2, dim: 0, maxnorm: 1 })],
  ['dist', x, () => ({ other: y(), p: 3 })],
  ...['lerp', 'lerp_'].map((op): Row => [op, x, () => ({ end: y(), weight: 0.25 })]),
  ...['addcmul', 'addcdiv', 'addcmul_', 'addcdiv_'].map((op): Row => [
    op,
    x,
    () => ({ tensor1: y(), tensor2: v(), value: 0.5 }),
  ]),
  ...['isclose', 'allclose'].map((op): Row => [op, x, () => ({ other: y(), rtol: 0.5, atol: 1, equalNan: true })]),
  ...['quantile', 'nanquantile'].map((op): Row => [
    op,
    x,
    () => ({ q: ng.tensor([0.3, 0.5]), dim: 1, keepdim: true, interpolation: 'lower' }),
  ]),
  ...['median', 'nanmedian', 'mode'].map((op): Row => [op, x, () => ({ dim: 1, keepdim: true })]),
  ['topk', x, () => ({ k: 2, dim: 1, largest: false, sorted: true })],
  ['kthvalue', x, () => ({ k: 2, dim: 1, keepdim: true })],
  ...['maskedFill', 'maskedFill_'].map((op): Row => [op, x, () => ({ mask: mask(), value: 7 })]),
  ['maskedSelect', x, () => ({ mask: mask() })],
  ['maskedScatter', x, () => ({ mask: mask(), source: y() })],
  ['fill_', x, () => ({ value: 3 })],
  ['selectScatter', x, () => ({ src: v(), dim: 0, index: -1 })],
  ['sliceScatter', x, () => ({ src: ng.zeros([2, 1]), dim: 1, start: 0, end: 2, step: 2 })],
  ['diagonalScatter', x, () => ({ src: ng.zeros([2]), offset: 0, dim1: 0, dim2: 1 })],
  ['take', x, () => ({ index: int(-1, 0) })],
  ['takeAlongDim', x, () => ({ indices: ng.tensor([[-1], [0]], { dtype: 'int64' }), dim: 1 })],
  ...['indexPut', 'indexPut_'].map((op): Row => [op, x, () => ({ indices: [0, 1], values: 5, accumulate: true })]),
  ['unravelIndex', none, () => ({ indices: int(5, -1), shape: [2, 3] })],
  ['searchsorted', v, () => ({ values: x(), outInt32: true, right: true, side: 'right', sorter: int(0, 1, 2) })],
  ['bucketize', x, () => ({ boundaries: v(), outInt32: true, right: true })],
  ['isin', x, () => ({ testElements: v(), assumeUnique: false, invert: true })],
  ['histc', x, () => ({ bins: 4, min: -1, max: 2 })],
  ['histogram', x, () => ({ bins: 4, range: [-1, 2], weight: y(), density: true })],
  ['combinations', v, () => ({ r: 2, withReplacement: true })],
  ['interp', x, () => ({ xp: v(), fp: v() })],
  ['trapezoid', x, () => ({ x: v() })],
  ['cumulativeTrapezoid', x, () => ({ x: v() })],
  ['diff', x, () => ({ n: 1, dim: 0, prepend: y(), append: y() })],
  ...['newZeros', 'newOnes', 'newEmpty'].map((op): Row => [op, x, () => ({ size: [0, 2], dtype: 'int32' })]),
  ['newFull', x, () => ({ size: [2], fillValue: 3, dtype: 'int32' })],
  ['newTensor', x, () => ({ data: [1, 2], dtype: 'int32' })],
  ['size', x, () => ({ dim: 1 })],
  ['stride', x, () => ({ dim: 0 })],
  ['promoteTypes', none, () => ({ type1: 'int32', type2: 'float16' })],
  ['canCast', none, () => ({ from: 'int32', to: 'bool' })],
  ['scalarTensor', none, () => ({ s: 3, dtype: 'int32' })],
  ['logspace', none, () => ({ start: 0, end: 2, steps: 5, base: 2, dtype: 'float64' })],
  ...['hannWindow', 'hammingWindow', 'blackmanWindow', 'bartlettWindow'].map((op): Row => [
    op,
    none,
    () => ({ windowLength: 5, periodic: false, dtype: 'float64' }),
  ]),
  ['vander', v, () => ({ N: 2, increasing: true })],
  ['polygamma', none, () => ({ n: 1, input: v() })],
  ['mvlgamma', v, () => ({ p: 1 })],
  ['unique', v, () => ({ sorted: true, returnInverse: true, returnCounts: true, dim: 0 })],
  ['uniqueConsecutive', v, () => ({ returnInverse: true, returnCounts: true, dim: 0 })],
  ['where', mask, () => ({ input: x(), other: 0 })],
  ...['cat', 'stack'].map((op): Row => [op, none, () => ({ tensors: [x(), y()], dim: 1 })]),
  ...['hstack', 'vstack', 'dstack', 'columnStack'].map((op): Row => [op, none, () => ({ tensors: [x(), y()] })]),
  ['scatterReduce', v, () => ({ dim: 0, index: int(0), src: v(), reduce: 'amax', includeSelf: false })],
  ['cauchy_', x, () => ({ median: 1, sigma: 2 })],
  ['logNormal_', x, () => ({ mean: 1, std: 2 })],
  ['geometric_', x, () => ({ p: 0.3 })],
  ['random_', x, () => ({ from: 2, to: 9 })],
  ['bernoulli_', x, () => ({ p: 0.3 })],
  ['exponential_', x, () => ({ lambd: 2 })],
  ['truncNormal_', x, () => ({ mean: 1, std: 2, a: 0, b: 1 })],
  ['randintLike', x, () => ({ low: 2, high: 9 })],
  ['exponential', none, () => ({ size: [3], lambd: 2 })],
  ['gradcheck', none, () => ({ func: (t: ng.Tensor) => t.square(), inputs: v().requiresGrad_(), eps: 1e-5 })],
  ['gradgradcheck', none, () => ({ func: (t: ng.Tensor) => t.pow(3), inputs: v().requiresGrad_(), gradOutputs: null })],
);

type Any = (...args: unknown[]) => unknown;
// Of functions and methods the same; what only one of both has is asked there.
function call(op: string, self: ng.Tensor | undefined, args: readonly unknown[]): unknown {
  ng.manualSeed(seed);
  const f = (ng as unknown as Record<string, Any>)[op];
  if (f) return f(...(self ? [self, ...args] : args));
  return (self as unknown as Record<string, Any>)[op]!(...args);
}
const flat = (r: unknown): unknown =>
  r instanceof ng.Tensor ? [r.dtype, r.shape, r.arraySync()] : Array.isArray(r) ? r.map(flat) : r;

// Options that only a name can give come last in an object.
const positional = (values: Values): unknown[] => {
  const { dtype, eps, ...plain } = values;
  const named = dtype !== undefined || eps !== undefined;
  return named ? [...Object.values(plain), { ...(dtype ? { dtype } : { eps }) }] : Object.values(plain);
};

test.each(rows)('%s: in order and by name', (op, self, args) => {
  const expected = flat(call(op, self(), positional(args())));
  expect(flat(call(op, self(), [args()]))).toEqual(expected);
  // The first in its place, the rest by name.
  const [first, ...rest] = Object.entries(args());
  expect(flat(call(op, self(), [first![1], Object.fromEntries(rest)]))).toEqual(expected);
});

const codeOf = (f: () => unknown): string => {
  try {
    f();
  } catch (e) {
    return e instanceof ng.NodegradError ? e.code : String(e);
  }
  return '';
};

test.each(rows)('%s: another name is refused', (op, self, args) => {
  expect(codeOf(() => call(op, self(), [{ ...args(), nope: 1 }]))).toBe('ERR_INVALID_ARG');
});

const disposed = (): ng.Tensor => {
  const t = v();
  t.dispose();
  return t;
};
class Other {}
const self: unknown[] = [];
self.push(self);
const garbage: (() => unknown)[] = [
  ...[null, 'x', NaN, -1, 1.5, 1e20, 10n, true, Symbol('s'), {}, { nope: 1 }, [], [{}], [null], [Symbol('s')], self],
  ...[() => 1, new Proxy({}, {}), Object.create(null) as object, new Date(), new Other(), new Uint8Array(0)],
].map((value) => () => value);
garbage.push(
  disposed,
  () => [disposed()],
  () => undefined,
);

test.each(rows)('%s: what is no argument is refused with a code', (op, on, args) => {
  const names = Object.keys(args());
  const places = names.map((_, i) => i);
  for (const make of garbage) {
    const codes = places.flatMap((i) => {
      const values = Object.values(args());
      values[i] = make();
      const named = { ...args(), [names[i]!]: make() };
      return [codeOf(() => call(op, on(), values)), codeOf(() => call(op, on(), [named]))];
    });
    if (op in ng) codes.push(codeOf(() => call(op, make() as ng.Tensor, Object.values(args()))));
    for (const code of codes) expect(code).toMatch(/^(ERR_[A-Z_]+)?$/);
  }
});

test('options of functions of tensors', () => {
  const cases: [() => unknown, string][] = [
    [() => ng.cov(x(), { corection: 0 } as never), 'ERR_INVALID_ARG'],
    [() => ng.gradient(x(), { spacing: [1] }), 'ERR_INVALID_ARG'],
    [() => ng.gradient(x(), { space: 2 } as never), 'ERR_INVALID_ARG'],
    [() => ng.trapezoid(x(), v(), { dx: 2 }), 'ERR_INVALID_ARG'],
    [() => ng.bucketize(x(), v(), { side: 'right' } as never), 'ERR_INVALID_ARG'],
    [() => ng.asTensor([1], { requiresGrad: true } as never), 'ERR_INVALID_ARG'],
    [() => x().to('float64' as never, 'cpu' as never), 'ERR_INVALID_ARG'],
    [() => x().cuda('gpu' as never), 'ERR_DEVICE'],
    [() => x().cuda([Symbol('s')] as never), 'ERR_DEVICE'],
    [() => ng.setPrintoptions({ precison: 2 } as never), 'ERR_INVALID_ARG'],
    [() => ng.gradcheck((() => 3) as never, v().requiresGrad_()), 'ERR_INVALID_ARG'],
  ];
  for (const [f, code] of cases) expect(codeOf(f)).toBe(code);
  expect(x().to('cpu', 'float64').dtype).toBe('float64');
  expect(ng.sub(x(), { other: y(), alpha: 2 }).arraySync()).toEqual(x().sub(y().mul(2)).arraySync());
  expect(x().div({ other: v(), roundingMode: 'floor' }).arraySync()).toEqual(x().floorDivide(v()).arraySync());
});
