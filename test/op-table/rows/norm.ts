/** @file Rows of lib/ops/layers/normalization.ts (layerNorm is among the sequence rows) and local-response.ts. */
import * as ng from '../../../lib';
import { build, exact, indices, type Nd, sum } from '../nd';
import type { Row } from '../row';

// (x - mean) / sqrt(variance + eps) over the elements that `member` counts with i; per channel weight and bias.
function normalized(
  x: Nd,
  member: (i: number[], j: number[]) => boolean,
  parts: { weight?: Nd; bias?: Nd; eps: number; centered?: boolean },
): Nd {
  const all = indices(x.shape);
  return build(x.shape, (i) => {
    const group = all.filter((j) => member(i, j)).map((j) => exact(x, j));
    const center = parts.centered === false ? 0 : sum(group) / group.length;
    const variance = sum(group.map((v) => (v - center) ** 2)) / group.length;
    const y = (exact(x, i) - center) / Math.sqrt(variance + parts.eps);
    const { weight, bias } = parts;
    return y * (weight ? exact(weight, [i[1]!]) : 1) + (bias ? exact(bias, [i[1]!]) : 0);
  });
}

const notFloat = (f: (x: ng.Tensor) => unknown): [() => unknown, string] => [
  () => f(ng.ones([2, 4, 3], { dtype: 'int32' })),
  'ERR_DTYPE',
];
const eps = 1e-3;

export const normRows = {
  batchNorm: {
    fn: ([x, weight, bias]) => ng.batchNorm(x!, null, null, { weight, bias, training: true, eps }),
    reference: ([x, weight, bias]) => normalized(x!, (i, j) => i[1] === j[1], { weight, bias, eps }),
    samples: [{ inputs: [[3, 2, 5], [2], [2]] }, { inputs: [[4, 3], [3], [3]] }, { inputs: [[2, 2, 3, 2], [2], [2]] }],
    grad: true,
    tolerance: 5e-5,
    errors: [
      [() => ng.batchNorm(ng.ones([3]), null, null, { training: true }), 'ERR_SHAPE'],
      [() => ng.batchNorm(ng.ones([4, 3]), null, null, { training: true, weight: ng.ones([4]) }), 'ERR_SHAPE'],
      notFloat((x) => ng.batchNorm(x, null, null, { training: true })),
    ],
  },
  groupNorm: {
    fn: ([x, weight, bias], [groups]) => ng.groupNorm(x!, groups as number, { weight, bias, eps }),
    reference: ([x, weight, bias], [groups]) => {
      const size = x!.shape[1]! / (groups as number);
      const group = (i: number[]): number => Math.floor(i[1]! / size);
      return normalized(x!, (i, j) => i[0] === j[0] && group(i) === group(j), { weight, bias, eps });
    },
    samples: [
      { inputs: [[2, 6, 3], [6], [6]], args: [3] },
      { inputs: [[3, 4], [4], [4]], args: [1] },
      { inputs: [[2, 4, 2, 3]], args: [2] },
    ],
    grad: true,
    tolerance: 5e-5,
    errors: [
      [() => ng.groupNorm(ng.ones([2, 6, 3]), 4), 'ERR_SHAPE'],
      [() => ng.groupNorm(ng.ones([2, 6, 3]), 3, { bias: ng.ones([3]) }), 'ERR_SHAPE'],
      notFloat((x) => ng.groupNorm(x, 2)),
    ],
  },
  instanceNorm: {
    fn: ([x, weight, bias]) => ng.instanceNorm(x!, { weight, bias, eps }),
    reference: ([x, weight, bias]) => normalized(x!, (i, j) => i[0] === j[0] && i[1] === j[1], { weight, bias, eps }),
    samples: [{ inputs: [[2, 3, 5], [3], [3]] }, { inputs: [[2, 2, 3, 4]] }],
    grad: true,
    tolerance: 5e-5,
    errors: [
      [() => ng.instanceNorm(ng.ones([2, 3])), 'ERR_SHAPE'],
      [() => ng.instanceNorm(ng.ones([2, 3, 4]), { weight: ng.ones([2]) }), 'ERR_SHAPE'],
      notFloat((x) => ng.instanceNorm(x)),
    ],
  },
  rmsNorm: {
    fn: ([x, weight], [shape]) => ng.rmsNorm(x!, shape as number[], { weight, eps }),
    reference: ([x, weight], [shape]) => {
      const lead = x!.shape.length - (shape as number[]).length;
      const together = (i: number[], j: number[]): boolean => i.slice(0, lead).every((v, k) => v === j[k]);
      const y = normalized(x!, together, { eps, centered: false });
      return build(y.shape, (i) => exact(y, i) * (weight ? exact(weight, i.slice(lead)) : 1));
    },
    samples: [
      { inputs: [[4, 5], [5]], args: [[5]] },
      { inputs: [[2, 3, 4]], args: [[3, 4]] },
    ],
    grad: true,
    errors: [
      [() => ng.rmsNorm(ng.ones([2, 3]), 2), 'ERR_SHAPE'],
      [() => ng.rmsNorm(ng.ones([2, 3]), 3, { weight: ng.ones([2]) }), 'ERR_SHAPE'],
      notFloat((x) => ng.rmsNorm(x, 3)),
    ],
  },
  localResponseNorm: {
    fn: ([x], [size]) => ng.localResponseNorm(x!, size as number, { alpha: 0.5, beta: 0.75, k: 2 }),
    reference: ([x], [size]) => {
      const n = size as number;
      return build(x!.shape, (i) => {
        const near = indices([n]).map(([k]) => i[1]! + k! - Math.floor(n / 2));
        const squares = near
          .filter((c) => c >= 0 && c < x!.shape[1]!)
          .map((c) => exact(x!, [i[0]!, c, ...i.slice(2)]) ** 2);
        return exact(x!, i) / (2 + (0.5 * sum(squares)) / n) ** 0.75;
      });
    },
    samples: [
      { inputs: [[2, 5, 3]], args: [3] },
      { inputs: [[1, 4, 2, 2]], args: [2] },
    ],
    grad: true,
    errors: [
      [() => ng.localResponseNorm(ng.ones([2, 3]), 2), 'ERR_SHAPE'],
      [() => ng.localResponseNorm(ng.ones([2, 3, 4]), 0), 'ERR_INVALID_ARG'],
      notFloat((x) => ng.localResponseNorm(x, 2)),
    ],
  },
} satisfies Record<string, Row>;
