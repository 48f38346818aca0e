/** @file The cells of recurrent networks, and one layer of them in differentiable ops: the definition of recurrent.ts. */
import type { Tensor } from '../../core/tensor';
import { add, mul, sub } from '../elementwise/arithmetic';
import { relu, sigmoid } from './activations';
import { cat } from '../shape/joining';
import { tanh } from '../elementwise/math';
import { linear } from '../linear/matmul';
import { chunk } from '../shape/splitting';
import { narrow } from '../shape/views';

/** Kinds of cells; the first two are the plain one with that activation. */
export type CellKind = 'tanh' | 'relu' | 'lstm' | 'gru';

/** Gates per state element. */
export const gatesOf: Readonly<Record<CellKind, number>> = { tanh: 1, relu: 1, lstm: 4, gru: 3 };

/** The weights of one layer and direction, as PyTorch stores them. */
export interface CellWeights {
  /** [gates hidden, input] */
  inputWeight: Tensor;
  /** [gates hidden, output] */
  hiddenWeight: Tensor;
  /** [gates hidden] each, or both absent */
  inputBias?: Tensor | null | undefined;
  hiddenBias?: Tensor | null | undefined;
  /** [output, hidden]: projects the output of an LSTM. */
  projection?: Tensor | null | undefined;
}

/** What one layer in one direction gives: outputs of all steps, last h, last c (LSTM only). */
export type LayerResult = [y: Tensor, h: Tensor, c?: Tensor];

// One step: the new h and c.
function cell(kind: CellKind, gx: Tensor, h: Tensor, c: Tensor | null, w: CellWeights): [Tensor, Tensor | null] {
  const gh = linear(h, w.hiddenWeight, w.hiddenBias);
  if (kind === 'tanh') return [tanh(add(gx, gh)), null];
  if (kind === 'relu') return [relu(add(gx, gh)), null];
  if (kind === 'gru') {
    const [xr, xz, xn] = chunk(gx, 3, 1) as [Tensor, Tensor, Tensor];
    const [hr, hz, hn] = chunk(gh, 3, 1) as [Tensor, Tensor, Tensor];
    const n = tanh(add(xn, mul(sigmoid(add(xr, hr)), hn)));
    return [add(n, mul(sigmoid(add(xz, hz)), sub(h, n))), null];
  }
  const [i, f, g, o] = chunk(add(gx, gh), 4, 1) as [Tensor, Tensor, Tensor, Tensor];
  const next = add(mul(sigmoid(f), c!), mul(sigmoid(i), tanh(g)));
  const out = mul(sigmoid(o), tanh(next));
  return [w.projection ? linear(out, w.projection) : out, next];
}

/** One layer in one direction, see recurrent.ts: what its kernels compute, to any order of gradients. */
export function composite(
  kind: CellKind,
  x: Tensor,
  steps: readonly number[],
  w: CellWeights,
  h0: Tensor,
  c0: Tensor | null,
  reverse: boolean,
): LayerResult {
  const gx = linear(x, w.inputWeight, w.inputBias);
  const parts = steps.length > 0 ? splitRows(gx, steps) : [];
  const ys: Tensor[] = [];
  let [h, c] = [h0, c0];
  const order = steps.map((_, t) => (reverse ? steps.length - 1 - t : t));
  for (const t of order) {
    const n = steps[t]!;
    const [hn, cn] = cell(kind, parts[t]!, top(h, n), c && top(c, n), w);
    ys[t] = hn;
    h = onTop(hn, h);
    c = c && cn ? onTop(cn, c) : null;
  }
  return c ? [cat(ys), h, c] : [cat(ys), h];
}

function splitRows(t: Tensor, sizes: readonly number[]): Tensor[] {
  let at = 0;
  return sizes.map((n) => {
    const v = narrow(t, 0, at, n);
    at += n;
    return v;
  });
}

const top = (t: Tensor, n: number): Tensor => (t.shape[0] === n ? t : narrow(t, 0, 0, n));
// `part` in place of the first rows of `t`.
const onTop = (part: Tensor, t: Tensor): Tensor => {
  const n = part.shape[0]!;
  return t.shape[0] === n ? part : cat([part, narrow(t, 0, n, t.shape[0]! - n)]);
};
