/** @file Rows of lib/ops/elementwise/aliases.ts and properties.ts. */
import * as ng from '../../../lib';
import { map } from '../nd';
import type { Row } from '../row';
import { anyShapes, of } from '../samples';
import { arithmeticRows as a } from './arithmetic';
import { binaryRows } from './binary';
import { mathRows as m } from './math';

const same: Row = { reference: ([x]) => x!, samples: anyShapes, grad: true };

export const aliasRows = {
  absolute: m.abs,
  negative: a.neg,
  sgn: m.sign,
  fix: m.trunc,
  arcsin: m.asin,
  arccos: m.acos,
  arctan: m.atan,
  arcsinh: m.asinh,
  arccosh: m.acosh,
  arctanh: m.atanh,
  arctan2: binaryRows.atan2,
  subtract: a.sub,
  multiply: a.mul,
  divide: a.div,
  trueDivide: a.div,
  greater: a.gt,
  greaterEqual: a.ge,
  less: a.lt,
  lessEqual: a.le,
  notEqual: a.ne,
  clip: m.clamp,
  positive: { ...same, errors: [[() => ng.positive(1 as never), 'ERR_INVALID_ARG']] },
  asTensor: same,
  fillDiagonal_: {
    fn: ([x]) => ng.fillDiagonal_(x!.clone(), 7),
    reference: ([x]) => {
      const [, n] = x!.shape as [number, number];
      let i = -1;
      return map(x!, (v) => (++i % n === Math.floor(i / n) ? 7 : v));
    },
    samples: [of([3, 4]), of([4, 2]), of([1, 1])],
    grad: true,
    errors: [[() => ng.fillDiagonal_(ng.ones([2]), 1), 'ERR_SHAPE']],
  },
} satisfies Record<string, Row>;
