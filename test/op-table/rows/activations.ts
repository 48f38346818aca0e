/** @file Rows of lib/ops/layers/activations.ts and softmax.ts. */
import * as ng from '../../../lib';
import { at, build, exact, lines, map, type Nd, nd, sum } from '../nd';
import type { Row } from '../row';
import { anyShapes, call, from, of } from '../samples';
import { erfc, sigmoid, softplus } from '../special';

const errors: Row['errors'] = [[() => ng.relu('x' as never), 'ERR_INVALID_ARG']];
const unary = (f: (x: number) => number, more: Partial<Row> = {}): Row => ({
  reference: ([a]) => map(a!, f),
  samples: anyShapes,
  grad: true,
  extremes: true,
  errors,
  ...more,
});
// With one setting: its default, another value, and another by name.
const set = (
  name: string,
  byDefault: number,
  other: number,
  f: (x: number, v: number) => number,
  more: Partial<Row> = {},
): Row => ({
  reference: ([a], [v = byDefault]) =>
    map(a!, (x) => f(x, typeof v === 'object' ? (v as Record<string, number>)[name]! : (v as number))),
  samples: [of([3, 4]), call([5], other), call([2, 1, 3], { [name]: other })],
  grad: true,
  extremes: true,
  errors,
  ...more,
});
const range = (x: number, lo: number, hi: number): number => (Number.isNaN(x) ? x : Math.min(Math.max(x, lo), hi));
const wide = [of(from(-8, 8, 3, 8)), of(from(-8, 8)), of(from(-8, 8, 2, 1, 3))];
const silu = (x: number): number => x * sigmoid(x);
const elu = (x: number, alpha: number): number => (x > 0 ? x : alpha * Math.expm1(x));
const tanhGelu = (x: number): number => x * sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));

function soft(a: Nd, axis: number, sign: number, log: boolean): Nd {
  const f = (list: number[]): number[] => {
    const top = Math.max(...list.map((x) => sign * x));
    const total = Math.log(sum(list.map((x) => Math.exp(sign * x - top)))) + top;
    return list.map((x) => (log ? sign * x - total : Math.exp(sign * x - total)));
  };
  return a.shape.length === 0 ? nd([], f(a.data)) : lines(a, axis, f);
}
const rowwise = (sign: number, log: boolean): Row => ({
  reference: ([a], [axis = -1]) => soft(a!, axis as number, sign, log),
  samples: [of([3, 4]), call([2, 3, 4], 1), call([3, 2], 0), of([2, 37]), of([3, 1]), of([]), of(from(-90, 90, 3, 5))],
  grad: true,
  perf: [call([64, 10], 1), call([2048, 512], 1)],
  errors: [
    [() => ng.softmax(ng.ones([2], { dtype: 'int32' })), 'ERR_DTYPE'],
    [() => ng.logSoftmax(ng.ones([2]), 1), 'ERR_INDEX'],
  ],
});

export const activationRows = {
  relu: unary((x) => (x > 0 || Number.isNaN(x) ? x : 0), {
    dtypes: ['int32', 'int64'],
    perf: [of([64, 128]), of([1 << 20])],
  }),
  relu6: unary((x) => range(x, 0, 6), { samples: wide }),
  sigmoid: unary(sigmoid),
  logSigmoid: unary((x) => -softplus(-x)),
  silu: unary(silu),
  swish: unary(silu),
  mish: unary((x) => x * Math.tanh(softplus(x))),
  gelu: unary((x) => 0.5 * x * erfc(-x * Math.SQRT1_2), {
    reference: ([a], [how]) => map(a!, (x) => (how === undefined ? 0.5 * x * erfc(-x * Math.SQRT1_2) : tanhGelu(x))),
    samples: [...anyShapes, call([3, 4], 'tanh'), call([5], { approximate: 'tanh' })],
    errors: [[() => ng.gelu(ng.ones([2]), 'erf' as never), 'ERR_INVALID_ARG']],
  }),
  leakyRelu: set('negativeSlope', 0.01, 0.3, (x, v) => (x > 0 ? x : v * x)),
  elu: set('alpha', 1, 0.4, elu),
  celu: set('alpha', 1, 0.4, (x, v) => (x > 0 ? x : v * Math.expm1(x / v)), {
    errors: [[() => ng.celu(ng.ones([2]), 0), 'ERR_INVALID_ARG']],
  }),
  selu: unary((x) => 1.0507009873554805 * elu(x, 1.6732632423543772)),
  softplus: {
    reference: ([a], [beta = 1, threshold = 20]) => {
      const o = typeof beta === 'object' ? (beta as { beta?: number; threshold?: number }) : { beta, threshold };
      const b = (o.beta ?? 1) as number;
      return map(a!, (x) => (x * b > ((o.threshold ?? 20) as number) ? x : softplus(x * b) / b));
    },
    samples: [of([3, 4]), call([5], 2.5), call(from(-4, 4, 9), 2, 3), call([4], { beta: 3 })],
    grad: true,
    extremes: true,
    errors,
  },
  softsign: unary((x) => x / (1 + Math.abs(x))),
  hardsigmoid: unary((x) => range(x / 6 + 0.5, 0, 1), { samples: wide }),
  hardswish: unary((x) => (x <= -3 ? 0 : (x * range(x + 3, 0, 6)) / 6), { samples: wide }),
  hardtanh: {
    reference: ([a], [lo = -1, hi = 1]) => {
      const o = typeof lo === 'object' ? (lo as { minVal?: number; maxVal?: number }) : { minVal: lo, maxVal: hi };
      return map(a!, (x) => range(x, (o.minVal ?? -1) as number, (o.maxVal ?? 1) as number));
    },
    samples: [of([3, 4]), call([5], -0.5, 2), call([4], { maxVal: 0.3 })],
    grad: true,
    extremes: true,
    errors: [[() => ng.hardtanh(ng.ones([2]), 2, 1), 'ERR_INVALID_ARG']],
  },
  threshold: {
    reference: ([a], [limit, value]) =>
      map(a!, (x) => (x > (limit as number) || Number.isNaN(x) ? x : (value as number))),
    samples: [call([3, 4], 0.2, -7), call([], -1, 3)],
    grad: true,
    extremes: true,
    errors,
  },
  tanhshrink: unary((x) => x - Math.tanh(x)),
  softshrink: set('lambd', 0.5, 1.1, (x, v) => (x > v ? x - v : x < -v ? x + v : x * 0), {
    errors: [[() => ng.softshrink(ng.ones([2]), -1), 'ERR_INVALID_ARG']],
  }),
  hardshrink: set('lambd', 0.5, 1.1, (x, v) => (Math.abs(x) <= v ? 0 : x)),
  prelu: {
    reference: ([a, w]) =>
      build(a!.shape, (i) => {
        const x = at(a!, i);
        return x > 0 ? x : x * (w!.data.length === 1 ? w!.data[0]! : w!.data[i[1]!]!);
      }),
    samples: [of([2, 3, 4], [3]), of([3, 4], [1]), of([5], [1]), of([2, 3], [])],
    grad: true,
    errors: [[() => ng.prelu(ng.ones([2, 3]), ng.ones([2])), 'ERR_SHAPE']],
  },
  glu: {
    reference: ([a], [axis = -1]) => {
      const ax = ((axis as number) + a!.shape.length) % a!.shape.length;
      const n = a!.shape[ax]! / 2;
      const pick = (i: number[], k: number): number =>
        exact(
          a!,
          i.map((v, j) => (j === ax ? v + k : v)),
        );
      return build(
        a!.shape.map((d, j) => (j === ax ? n : d)),
        (i) => pick(i, 0) * sigmoid(pick(i, n)),
      );
    },
    samples: [of([3, 4]), call([4, 3], 0), call([2, 6, 2], -2)],
    grad: true,
    errors: [[() => ng.glu(ng.ones([2, 3])), 'ERR_SHAPE']],
  },
  softmax: rowwise(1, false),
  logSoftmax: rowwise(1, true),
  softmin: rowwise(-1, false),
} satisfies Record<string, Row>;
