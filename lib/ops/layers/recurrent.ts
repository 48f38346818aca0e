/**
 * @file One layer of a recurrent network in one direction, over steps that lie one after the other ("packed"): step t
 * has `steps[t]` rows, never more than the step before. All input products are one matrix product; a step is one matrix
 * product and one pointwise kernel. h' = cell(x W_ih^T + b_ih, h W_hh^T + b_hh).
 */
import { isFloat, isHalf } from '../../core/dtype';
import { DTypeError, ShapeError } from '../../core/errors';
import { sameShape, showShape } from '../../core/shape';
import { empty, type Tensor } from '../../core/tensor';
import { type BufferArg, kernel, opcode, written } from '../../native';
import { cast } from '../tensors/cast';
import { zeros } from '../tensors/create';
import { denseOf, runBinary, runCopy, sameDevice } from '../kit/launch';
import { runMatmul } from '../linear/matmul';
import { definePrimitive } from '../kit/primitive';
import { gradientAgain } from '../kit/recompute';
import { type CellKind, type CellWeights, composite, gatesOf, type LayerResult } from './recurrent-cell';
import { sumTo } from '../reduce/reduce';
import { transpose } from '../shape/views';

export { type CellKind, type CellWeights, gatesOf, type LayerResult } from './recurrent-cell';

const matmulKernel = kernel('matmul');
const unaryKernel = kernel('unary');
const binaryKernel = kernel('binary');
const lstmStep = kernel('lstmStep');
const lstmStepGrad = kernel('lstmStepGrad');
const gruStep = kernel('gruStep');
const gruStepGrad = kernel('gruStepGrad');
const copyKernel = kernel('copy');

const flat = [1] as const;
const addCode = opcode('binary', 'add');
const activation = { tanh: opcode('unary', 'tanh'), relu: opcode('unary', 'relu') };
const slope = { tanh: opcode('binary', 'tanhGrad'), relu: opcode('binary', 'reluGrad') };

// Rows of a contiguous matrix, as a kernel sees them.
const rowsOf = (t: Tensor, row: number): BufferArg => ({
  storage: t.storage,
  offset: t.offset + row * t.shape[1]!,
  dtypeCode: t.dtypeCode,
});

// A run of rows of one step whose previous state lies together: in the outputs of the step before, or in the initial state.
interface Run {
  /** First row in packed order. */
  at: number;
  /** First row within the step. */
  row: number;
  n: number;
  /** Where the state before lies: its first row in packed order, or -1 for the initial state (then at `row`). */
  before: number;
}

// All runs in the order of computation.
function schedule(steps: readonly number[], reverse: boolean): Run[] {
  const starts: number[] = [];
  let total = 0;
  for (const n of steps) {
    starts.push(total);
    total += n;
  }
  const order = steps.map((_, t) => (reverse ? steps.length - 1 - t : t));
  const runs: Run[] = [];
  order.forEach((t, k) => {
    const n = steps[t]!;
    const p = k === 0 ? -1 : order[k - 1]!;
    const old = p < 0 ? 0 : Math.min(n, steps[p]!);
    if (old > 0) runs.push({ at: starts[t]!, row: 0, n: old, before: starts[p]! });
    if (n > old) runs.push({ at: starts[t]! + old, row: old, n: n - old, before: -1 });
  });
  return runs;
}

// Rows of the last step of each sequence, in the order of the rows.
function lastRows(y: Tensor, steps: readonly number[], reverse: boolean): Tensor {
  const out = empty([steps[0] ?? 0, y.shape[1]!], y.dtype, y.storage.device);
  const width = y.shape[1]!;
  let at = 0;
  steps.forEach((n, t) => {
    const from = reverse ? (t === 0 ? 0 : n) : (steps[t + 1] ?? 0);
    const count = n - from;
    if (count > 0) copyKernel(written(rowsOf(out, from)), rowsOf(y, at + from), [count * width], flat, flat);
    at += n;
  });
  return out;
}

// out[n, cols] = a[n, k] b[k, cols] + bias + beta out, all contiguous; b may be read transposed.
function product(out: BufferArg, a: BufferArg, b: Tensor, n: number, beta: number, bias: Tensor | null = null): void {
  const [k, cols] = b.shape as [number, number];
  matmulKernel(written(out), a, b, bias, [], [], [], n, cols, k, k, 1, cols, 1, beta);
}

const initial = (run: Run, all: Tensor, first: Tensor): BufferArg =>
  run.before < 0 ? rowsOf(first, run.row) : rowsOf(all, run.before);

interface Forward {
  y: Tensor;
  /** Activated gates of all steps. */
  gates: Tensor;
  /** LSTM: cell states of all steps. GRU: what the reset gate multiplies. */
  extra: Tensor | null;
}

function forward(
  kind: CellKind,
  runs: readonly Run[],
  x: Tensor,
  w: CellWeights,
  h0: Tensor,
  c0: Tensor | null,
): Forward {
  const hidden = h0.shape[1]!;
  const width = gatesOf[kind] * hidden;
  const total = x.shape[0]!;
  const device = x.storage.device;
  const make = (cols: number, rows = total): Tensor => empty([rows, cols], x.dtype, device);
  const { inputBias: bi, hiddenBias: bh } = w;
  // The reset gate multiplies the hidden bias of a GRU, so there the two cannot be added beforehand.
  const bias = bi && bh && kind !== 'gru' ? runBinary(addCode, empty([width], x.dtype, device), bi, bh) : (bi ?? null);
  const gates = runMatmul(x, transpose(w.inputWeight.detach(), 0, 1), bias && denseOf(bias));
  // Packing for the products reads rows; transposed once here instead of once per step.
  const wh = denseOf(transpose(w.hiddenWeight.detach(), 0, 1));
  const plain = kind === 'tanh' || kind === 'relu';
  const y = plain ? gates : make(hidden);
  const extra = plain ? null : make(hidden);
  const scratch = kind === 'gru' ? make(width, h0.shape[0]!) : null;
  for (const run of runs) {
    const g = rowsOf(gates, run.at);
    const h = initial(run, y, h0);
    const n = run.n;
    if (kind === 'gru') {
      product(scratch!, h, wh, n, 0, bh ? denseOf(bh) : null);
      gruStep(written(g), written(rowsOf(extra!, run.at)), h, written(rowsOf(y, run.at)), scratch!, n, hidden);
      continue;
    }
    product(g, h, wh, n, 1);
    if (kind === 'lstm')
      lstmStep(
        written(g),
        initial(run, extra!, c0!),
        written(rowsOf(extra!, run.at)),
        written(rowsOf(y, run.at)),
        n,
        hidden,
      );
    else unaryKernel(activation[kind], written(g), g, [n * hidden], flat, flat, 0, 0);
  }
  return { y, gates, extra };
}

interface Backward {
  /** Gradients of the gates before activation, by way of the input. */
  dx: Tensor;
  /** The same by way of the state (differs for the GRU). */
  dh: Tensor;
  dh0: Tensor;
  dc0: Tensor | null;
  /** The state before each row. */
  before: Tensor;
}

const ownCopy = (t: Tensor | undefined, like: Tensor): Tensor =>
  t
    ? runCopy(empty(like.shape, like.dtype, like.storage.device), t)
    : zeros(like.shape, { dtype: like.dtype, device: like.device });

function backward(
  kind: CellKind,
  runs: readonly Run[],
  f: Forward,
  wh: Tensor,
  h0: Tensor,
  c0: Tensor | null,
  grads: readonly (Tensor | undefined)[],
): Backward {
  const { y, gates, extra } = f;
  const hidden = h0.shape[1]!;
  const device = y.storage.device;
  const dy = grads[0] ? denseOf(grads[0]) : zeros(y.shape, { dtype: y.dtype, device: y.device });
  const dx = empty(gates.shape, y.dtype, device);
  const dg = kind === 'gru' ? empty(gates.shape, y.dtype, device) : dx;
  // Gradients of the state, carried from step to step; rows that have not begun yet hold those of the last state.
  const dh = ownCopy(grads[1], h0);
  const dc = kind === 'lstm' ? ownCopy(grads[2], c0!) : null;
  const before = empty(y.shape, y.dtype, device);
  const weight = denseOf(wh);
  for (let i = runs.length - 1; i >= 0; i--) {
    const run = runs[i]!;
    const n = run.n;
    const size = [n * hidden];
    const [out, carry, up] = [rowsOf(dx, run.at), rowsOf(dh, run.row), rowsOf(dy, run.at)];
    const h = initial(run, y, h0);
    copyKernel(written(rowsOf(before, run.at)), h, size, flat, flat);
    if (kind === 'lstm') {
      const c = initial(run, extra!, c0!);
      lstmStepGrad(
        written(out),
        carry,
        written(rowsOf(dc!, run.row)),
        up,
        rowsOf(gates, run.at),
        c,
        rowsOf(extra!, run.at),
        n,
        hidden,
      );
    } else if (kind === 'gru') {
      gruStepGrad(
        written(out),
        written(rowsOf(dg, run.at)),
        written(carry),
        up,
        rowsOf(gates, run.at),
        rowsOf(extra!, run.at),
        h,
        n,
        hidden,
      );
    } else {
      binaryKernel(addCode, written(carry), carry, up, size, flat, flat, flat, 0, 0);
      binaryKernel(slope[kind], written(out), carry, rowsOf(y, run.at), size, flat, flat, flat, 0, 0);
    }
    product(carry, rowsOf(dg, run.at), weight, n, kind === 'gru' ? 1 : 0);
  }
  return { dx, dh: dg, dh0: dh, dc0: dc, before };
}

// Weights are fields that users may replace; the kernels believe what they are given.
function checkWeights(kind: CellKind, x: Tensor, w: CellWeights, h0: Tensor, c0: Tensor | null): void {
  const hidden = (c0 ?? h0).shape[1]!;
  const output = w.projection ? h0.shape[1]! : hidden;
  const rows = gatesOf[kind] * hidden;
  const wanted: [string, Tensor | null | undefined, number[]][] = [
    ['input weight', w.inputWeight, [rows, x.shape[1]!]],
    ['hidden weight', w.hiddenWeight, [rows, output]],
    ['input bias', w.inputBias, [rows]],
    ['hidden bias', w.hiddenBias, [rows]],
    ['projection', w.projection, [output, hidden]],
  ];
  if (!isFloat(x.dtype)) throw new DTypeError(`[${kind}] needs floating-point tensors, got ${x.dtype}`);
  for (const [name, t, shape] of wanted) {
    if (!t) continue;
    sameDevice(kind, x, t);
    if (!sameShape(t.shape, shape))
      throw new ShapeError(`[${kind}] the ${name} must be ${showShape(shape)}, got ${showShape(t.shape)}`);
    if (t.dtype !== x.dtype) throw new DTypeError(`[${kind}] the ${name} is ${t.dtype}, the input ${x.dtype}`);
  }
}

/**
 * One layer in one direction. 16-bit types are computed in float32, which is what the kernels know.
 * @param x - [sum of steps, input], step after step
 * @param steps - rows per step, not increasing
 * @param h0 - [steps[0], output]; `c0` [steps[0], hidden] for an LSTM
 */
export function recurrentLayer(
  kind: CellKind,
  x: Tensor,
  steps: readonly number[],
  w: CellWeights,
  h0: Tensor,
  c0: Tensor | null,
  reverse: boolean,
): LayerResult {
  checkWeights(kind, x, w, h0, c0);
  if (isHalf(x.dtype)) {
    const wide = <T extends Tensor | null | undefined>(t: T): T => (t ? (cast(t, 'float32') as T) : t);
    const weights = {
      inputWeight: wide(w.inputWeight),
      hiddenWeight: wide(w.hiddenWeight),
      inputBias: wide(w.inputBias),
      hiddenBias: wide(w.hiddenBias),
      projection: wide(w.projection),
    };
    const outs = recurrentLayer(kind, wide(x), steps, weights, wide(h0), wide(c0), reverse);
    return outs.map((t) => cast(t!, x.dtype)) as LayerResult;
  }
  if (w.projection) return composite(kind, x, steps, w, h0, c0, reverse);
  const { inputWeight, hiddenWeight, inputBias = null, hiddenBias = null } = w;
  const tensors = { x, h0, c0, inputWeight, hiddenWeight, inputBias, hiddenBias };
  return layer(tensors, { kind, steps, reverse, runs: schedule(steps, reverse) }, kind) as LayerResult;
}

interface Inputs {
  x: Tensor;
  h0: Tensor;
  c0: Tensor | null;
  inputWeight: Tensor;
  hiddenWeight: Tensor;
  inputBias: Tensor | null;
  hiddenBias: Tensor | null;
}
interface Settings {
  kind: CellKind;
  steps: readonly number[];
  reverse: boolean;
  runs: readonly Run[];
}
const inputNames = ['x', 'h0', 'c0', 'inputWeight', 'hiddenWeight', 'inputBias', 'hiddenBias'] as const;

const layer = definePrimitive<Inputs, Settings, Tensor[], Forward>({
  name: 'recurrentLayer',
  inputs: inputNames,
  forward({ x, h0, c0, ...w }, { kind, steps, reverse, runs }) {
    const f = forward(kind, runs, x, w, denseOf(h0), c0 && denseOf(c0));
    const out = [f.y, lastRows(f.y, steps, reverse)];
    if (kind === 'lstm') out.push(lastRows(f.extra!, steps, reverse));
    return { out, kept: f };
  },
  reads: [...inputNames, 'y', 'gates', 'extra'],
  derivative: gradientAgain<Inputs, Settings, Tensor[]>(
    inputNames,
    ({ x, h0, c0, ...w }, { kind, steps, reverse }) => composite(kind, x, steps, w, h0, c0, reverse) as Tensor[],
  ),
  gradient: {
    run(grads, { x, h0, c0, inputWeight, hiddenWeight, ...f }, { kind, runs }, needs) {
      const b = backward(kind, runs, f, hiddenWeight, denseOf(h0), c0 && denseOf(c0), grads);
      const byBias = needs.inputBias || needs.hiddenBias ? sumTo(b.dx, [b.dx.shape[1]!]) : null;
      return {
        x: needs.x ? runMatmul(b.dx, inputWeight, null) : null,
        h0: b.dh0,
        c0: b.dc0,
        inputWeight: needs.inputWeight ? runMatmul(transpose(b.dx, 0, 1), x, null) : null,
        hiddenWeight: needs.hiddenWeight ? runMatmul(transpose(b.dh, 0, 1), b.before, null) : null,
        inputBias: byBias,
        hiddenBias: kind === 'gru' && byBias ? sumTo(b.dh, [b.dh.shape[1]!]) : byBias,
      };
    },
  },
});
