/** @file Rows of lib/ops/signal/fourier.ts, which is `ng.fft`: against the sums that define the transforms. */
import * as ng from '../../../lib';
import type { Tensor } from '../../../lib';
import { build, exact, type Nd } from '../nd';
import type { Row } from '../row';
import { call, of } from '../samples';

type Norm = 'backward' | 'ortho' | 'forward';
type Options = { n?: number; dim?: number; norm?: Norm };
type Fn = (x: Tensor, ...options: never[]) => Tensor;

const factor = (norm: Norm | undefined, n: number, inverse: boolean): number =>
  norm === 'ortho' ? 1 / Math.sqrt(n) : (norm === 'forward') !== inverse ? 1 / n : 1;
const replaced = (i: readonly number[], axis: number, v: number): number[] => i.map((w, k) => (k === axis ? v : w));

// The sum over `axis` of an array of pairs, to `kept` of n results.
function sumRef(x: Nd, axis: number, n: number, kept: number, inverse: boolean, scale: number): Nd {
  const shape = replaced(x.shape, axis, kept);
  return build(shape, (i) => {
    const part = i[i.length - 1]!;
    let total = 0;
    for (let j = 0; j < Math.min(n, x.shape[axis]!); j++) {
      const at = (p: number): number => exact(x, replaced([...i.slice(0, -1), p], axis, j));
      const turn = ((inverse ? 2 : -2) * Math.PI * j * i[axis]!) / n;
      const [c, s] = [Math.cos(turn), Math.sin(turn)];
      total += part === 0 ? at(0) * c - at(1) * s : at(0) * s + at(1) * c;
    }
    return total * scale;
  });
}
const asPairs = (x: Nd): Nd => build([...x.shape, 2], (i) => (i[i.length - 1] === 0 ? exact(x, i.slice(0, -1)) : 0));
const realPart = (x: Nd): Nd => build(x.shape.slice(0, -1), (i) => exact(x, [...i, 0]));
// All n numbers of a line of which the first half is given; the imaginary parts of those that are real do not count.
const whole = (x: Nd, axis: number, n: number): Nd =>
  build(replaced(x.shape, axis, n), (i) => {
    const k = i[axis]!;
    const mirrored = 2 * k > n;
    const own = mirrored ? n - k : k;
    if (own >= x.shape[axis]!) return 0;
    const v = exact(x, replaced(i, axis, own));
    if (i[i.length - 1] === 0) return v;
    return own === 0 || 2 * own === n ? 0 : mirrored ? -v : v;
  });

function reference(x: Nd, o: Options, kind: 'pairs' | 'real' | 'half', inverse: boolean): Nd {
  const count = x.shape.length - (kind === 'real' ? 0 : 1);
  const axis = ((o.dim ?? -1) + count) % count;
  const there = x.shape[axis]!;
  const n = o.n ?? (kind === 'half' ? 2 * (there - 1) : there);
  const kept = kind === 'real' ? Math.floor(n / 2) + 1 : n;
  const pairs = kind === 'real' ? asPairs(x) : kind === 'half' ? whole(x, axis, n) : x;
  const y = sumRef(pairs, axis, n, kept, inverse, factor(o.norm, n, inverse));
  return kind === 'half' ? realPart(y) : y;
}

const row = (fn: Fn, kind: 'pairs' | 'real' | 'half', inverse: boolean): Row => {
  const of2 = (...shape: number[]): number[] => (kind === 'real' ? shape : [...shape, 2]);
  return {
    fn: ([x], args) => fn(x!, ...(args as never[])),
    reference: ([x], [o]) => reference(x!, (o ?? {}) as Options, kind, inverse),
    samples: [
      of(of2(8)),
      of(of2(2, 7)),
      call(of2(3, 6), { dim: 0 }),
      call(of2(2, 5), { n: 9, norm: 'ortho' }),
      call(of2(2, 6, 2), { dim: -2, n: 5, norm: 'forward' }),
      of(of2(3, 71)),
    ],
    grad: true,
    errors: [
      [() => fn(ng.ones(of2(4)), { n: 0 } as never), 'ERR_INVALID_ARG'],
      [() => fn(ng.ones(of2(4)), { norm: 'unitary' } as never), 'ERR_INVALID_ARG'],
      [() => fn(ng.ones(of2(4)), { dim: 1 } as never), 'ERR_INDEX'],
      [() => fn(kind === 'real' ? ng.tensor(1) : ng.ones([4, 3])), 'ERR_SHAPE'],
    ],
  };
};

type Grid = { s?: number[]; dim?: number[]; norm?: Norm };
const gridRow = (fn: Fn, kind: 'pairs' | 'real' | 'half', inverse: boolean, two: boolean): Row => {
  const of2 = (...shape: number[]): number[] => (kind === 'real' ? shape : [...shape, 2]);
  return {
    fn: ([x], args) => fn(x!, ...(args as never[])),
    reference: ([x], [given]) => {
      const { s, dim, norm } = (given ?? {}) as Grid;
      const count = x!.shape.length - (kind === 'real' ? 0 : 1);
      const all = Array.from({ length: count }, (_, i) => i);
      const axes = (dim ?? (s ? s.map((_, i) => i - s.length) : two ? [-2, -1] : all)).map((a) => (a + count) % count);
      const one = (y: Nd, k: number, how: 'pairs' | 'real' | 'half'): Nd =>
        reference(y, { dim: axes[k]!, ...(s && { n: s[k]! }), ...(norm && { norm }) }, how, inverse);
      const last = axes.length - 1;
      let y = kind === 'real' ? one(x!, last, 'real') : x!;
      for (let k = 0; k < last; k++) y = one(y, k, 'pairs');
      return kind === 'real' ? y : one(y, last, kind);
    },
    samples: [
      of(of2(3, 4)),
      call(of2(2, 3, 4), { norm: 'ortho' }),
      call(of2(3, 5), { s: [2, 6] }),
      call(of2(2, 3, 4), { dim: [0, 1] }),
    ],
    grad: true,
    errors: [
      [() => fn(ng.ones(of2(4, 4)), { s: [1], dim: [0, 1] } as never), 'ERR_INVALID_ARG'],
      [() => fn(ng.ones(of2(4, 4)), { dim: [0, 0] } as never), 'ERR_INVALID_ARG'],
      [() => fn(ng.ones(of2(4, 4)), { dim: [2] } as never), 'ERR_INDEX'],
    ],
  };
};

const shift = (fn: typeof ng.fft.fftshift, by: (n: number) => number): Row => ({
  fn: ([x], [dim]) => fn(x!, dim as number),
  reference: ([x], [dim]) =>
    build(x!.shape, (i) =>
      exact(
        x!,
        i.map((v, k) => {
          const n = x!.shape[k]!;
          return dim === undefined || dim === k ? (v - by(n) + 2 * n) % n : v;
        }),
      ),
    ),
  samples: [of([4, 5]), call([5, 4], 0), of([7])],
  grad: true,
  errors: [[() => fn(ng.ones([2]), 1), 'ERR_INDEX']],
});

export const fourierRows = {
  'fft.fft': row(ng.fft.fft, 'pairs', false),
  'fft.ifft': row(ng.fft.ifft, 'pairs', true),
  'fft.rfft': row(ng.fft.rfft, 'real', false),
  'fft.irfft': row(ng.fft.irfft, 'half', true),
  'fft.fftn': gridRow(ng.fft.fftn, 'pairs', false, false),
  'fft.ifftn': gridRow(ng.fft.ifftn, 'pairs', true, false),
  'fft.rfftn': gridRow(ng.fft.rfftn, 'real', false, false),
  'fft.irfftn': gridRow(ng.fft.irfftn, 'half', true, false),
  'fft.fft2': gridRow(ng.fft.fft2, 'pairs', false, true),
  'fft.ifft2': gridRow(ng.fft.ifft2, 'pairs', true, true),
  'fft.rfft2': gridRow(ng.fft.rfft2, 'real', false, true),
  'fft.irfft2': gridRow(ng.fft.irfft2, 'half', true, true),
  'fft.fftshift': shift(ng.fft.fftshift, (n) => Math.floor(n / 2)),
  'fft.ifftshift': shift(ng.fft.ifftshift, (n) => -Math.floor(n / 2)),
} satisfies Record<string, Row>;
