/** @file Kernels that take many tensors in one call: optimizers' formulas, and sums of squares. Nothing is tracked. */
import { empty, type Tensor } from '../core/tensor';
import { type BufferArg, kernel, opcode } from '../native';
import { runCopy } from './launch';

const stepKernel = kernel('optimStep');
const squaresKernel = kernel('sumSquares');

/** A formula of native/ops/optim_steps.h and its constants, in the order of its fields. */
export interface Rule {
  /** Its opcode. */
  op: number;
  constants: number[];
}

// A call's arguments must fit the argument buffer (native/binding/state.h): 5 lists of 3 doubles, the size, constants.
const most = 4000;

const sizesOf = (list: readonly Tensor[]): number[] => list.map((t) => t.numel);

function total(sizes: readonly number[]): number {
  let sum = 0;
  for (const n of sizes) sum += n;
  return sum;
}

function joined(lists: readonly (readonly Tensor[])[]): Tensor[] {
  const out: Tensor[] = [];
  for (const list of lists) for (const t of list) out.push(t);
  return out;
}
const from = ({ storage, offset, dtypeCode }: BufferArg, at: number): BufferArg => ({
  storage,
  offset: offset + at,
  dtypeCode,
});

/**
 * Changes `params` by the rule, in one pass. All are contiguous, float32 or float64, and on one device.
 * @param grads - of the parameters, and of their dtypes; none for a rule that takes none
 * @param states - one list per state that the formula names: the state of each parameter
 * @param rates - a factor of each parameter's rate, float64
 */
export function runStep(
  rule: Rule,
  params: readonly Tensor[],
  grads: readonly Tensor[],
  states: readonly (readonly Tensor[])[] = [],
  rates: BufferArg | null = null,
): void {
  const { op, constants } = rule;
  if (params.length > most) {
    for (let at = 0; at < params.length; at += most) {
      const piece = (list: readonly Tensor[]): readonly Tensor[] => list.slice(at, at + most);
      runStep(rule, piece(params), piece(grads), states.map(piece), rates && from(rates, at));
    }
    return;
  }
  const sizes = sizesOf(params);
  stepKernel(total(sizes) * (0.25 + 0.125 * states.length), op, params, grads, joined(states), sizes, constants, rates);
  // What was saved of them for backward before this step is no longer valid.
  for (const p of params) p.storage.version++;
}

/** The sum of squares of each tensor, as a float64 vector. Same conditions. */
export function runSquares(list: readonly Tensor[]): Tensor {
  const out = empty([list.length], 'float64', list[0]!.storage.device);
  for (let at = 0; at < list.length; at += most) {
    const piece = list.slice(at, at + most);
    const sizes = sizesOf(piece);
    squaresKernel(total(sizes) * 0.25, from(out, at), piece, sizes);
  }
  return out;
}

const lerpStep = opcode('optim', 'lerp');
const scaleStep = opcode('optim', 'scale');

/** Multiplies every tensor by one number: a float64 tensor of one element. Same conditions. */
export function runScale(list: readonly Tensor[], scale: Tensor): void {
  const rates = runCopy(empty([list.length], 'float64', scale.storage.device), scale);
  runStep({ op: scaleStep, constants: [1] }, list, [], [], rates);
}

/** averages += weight (values - averages). Same conditions. */
export const runLerp = (averages: readonly Tensor[], values: readonly Tensor[], weight: number): void =>
  runStep({ op: lerpStep, constants: [weight] }, averages, values);

/** Whether a tensor can take part in a call with `first`. */
export const joins =
  (first: Tensor) =>
  (t: Tensor): boolean =>
    t.storage.device === first.storage.device && (t.dtype === 'float32' || t.dtype === 'float64') && t.isContiguous();
