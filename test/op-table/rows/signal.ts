/** @file Rows of lib/ops/signal/stft.ts: against the sums that define the transforms. */
import * as ng from '../../../lib';
import { build, exact, type Nd } from '../nd';
import type { Row } from '../row';
import { call, these } from '../samples';
import { i0 } from './specialFunctions';

interface Options {
  nFft: number;
  hopLength?: number;
  winLength?: number;
  center?: boolean;
  onesided?: boolean;
  normalized?: boolean;
  padMode?: 'constant' | 'reflect';
}

// The window of the samples with a window: no symmetry, and longer than a hop.
const shape = [0.3, 0.9, 1, 0.7, 0.5, 0.2];
const windowOf = (o: Options, given: Nd | undefined): number[] => {
  const own = given ? given.data : Array<number>(o.winLength ?? o.nFft).fill(1);
  const left = Math.floor((o.nFft - own.length) / 2);
  return Array.from({ length: o.nFft }, (_, j) => own[j - left] ?? 0);
};
const hopOf = (o: Options): number => o.hopLength ?? Math.floor(o.nFft / 4);

function stftRef(x: Nd, given: Nd | undefined, o: Options): Nd {
  const n = o.nFft;
  const [length] = x.shape.slice(-1) as [number];
  const reach = (o.center ?? true) ? Math.floor(n / 2) : 0;
  const value = (lead: number[], j: number): number => {
    const inside = j >= 0 && j < length;
    if (!inside && o.padMode === 'constant') return 0;
    return exact(x, [...lead, j < 0 ? -j : j >= length ? 2 * (length - 1) - j : j]);
  };
  const w = windowOf(o, given);
  const count = Math.floor((length + 2 * reach - n) / hopOf(o)) + 1;
  const kept = o.onesided === false ? n : Math.floor(n / 2) + 1;
  const scale = o.normalized ? 1 / Math.sqrt(n) : 1;
  return build([...x.shape.slice(0, -1), kept, count, 2], (i) => {
    const [k, t, part] = i.slice(-3) as [number, number, number];
    let total = 0;
    for (let j = 0; j < n; j++) {
      const turn = (-2 * Math.PI * j * k) / n;
      total += w[j]! * value(i.slice(0, -3), t * hopOf(o) + j - reach) * (part ? Math.sin(turn) : Math.cos(turn));
    }
    return scale * total;
  });
}

const signal: number[] = [2, 30];
const window = these(shape);
const bad = ng.ones([30]);

export const signalRows = {
  stft: {
    fn: ([x, w], [o]) => ng.stft(x!, { ...(o as Options), ...(w && { window: w }) }),
    reference: ([x, w], [o]) => stftRef(x!, w, o as Options),
    samples: [
      call(signal, { nFft: 8 }),
      call([30], { nFft: 7, center: false, onesided: false, normalized: true }),
      call(signal, { nFft: 8, hopLength: 3, padMode: 'constant' }),
      { inputs: [signal, window], args: [{ nFft: 8, hopLength: 3, winLength: 6 }] },
    ],
    grad: true,
    errors: [
      [() => ng.stft(bad, {} as never), 'ERR_INVALID_ARG'],
      [() => ng.stft(bad, 0), 'ERR_INVALID_ARG'],
      [() => ng.stft(bad, 64), 'ERR_SHAPE'],
      [() => ng.stft(bad, 8, { winLength: 9 }), 'ERR_INVALID_ARG'],
      [() => ng.stft(bad, 8, { window: ng.ones([7]) }), 'ERR_SHAPE'],
      [() => ng.stft(ng.ones([2, 2, 30]), 8), 'ERR_SHAPE'],
      [() => ng.stft(ng.ones([30], { dtype: 'int32' }), 8), 'ERR_DTYPE'],
      [() => ng.stft(bad, 8, { padMode: 'same' as never }), 'ERR_INVALID_ARG'],
    ],
  },
  // Inverts what the transforms of its input are.
  istft: {
    fn: ([x], [o]) => ng.istft(ng.stft(x!, o as Options), { ...(o as Options), length: x!.shape.at(-1)! }),
    reference: ([x]) => x!,
    samples: [
      call([2, 32], { nFft: 8 }),
      call([28], { nFft: 7, hopLength: 3, center: false, onesided: false, normalized: true }),
      call([30], { nFft: 8, hopLength: 3, winLength: 6 }),
    ],
    grad: true,
    errors: [
      [() => ng.istft(ng.ones([5, 3, 2]), 12), 'ERR_SHAPE'],
      [() => ng.istft(ng.ones([5, 3]), 8), 'ERR_SHAPE'],
      [() => ng.istft(ng.ones([5, 3, 2]), 8, { hopLength: 9 }), 'ERR_INVALID_ARG'],
      [() => ng.istft(ng.ones([5, 3, 2]), 8, { window: ng.zeros([8]) }), 'ERR_NUMERIC'],
    ],
  },
  // Times what it is asked for, so that it has an input.
  kaiserWindow: {
    fn: ([x], [periodic]) =>
      ng.kaiserWindow(x!.shape[0]!, { periodic: periodic as boolean, beta: 3, dtype: x!.dtype }).mul(x!),
    reference: ([x], [periodic]) =>
      build(x!.shape, ([k]) => {
        const n = x!.shape[0]!;
        const place = (2 * k!) / (periodic ? n : n - 1) - 1;
        return (exact(x!, [k!]) * i0(3 * Math.sqrt(1 - place * place))) / i0(3);
      }),
    samples: [call([8], true), call([7], false)],
    grad: true,
    errors: [
      [() => ng.kaiserWindow(-1), 'ERR_INVALID_ARG'],
      [() => ng.kaiserWindow(4, true, -1), 'ERR_INVALID_ARG'],
    ],
  },
} satisfies Record<string, Row>;
