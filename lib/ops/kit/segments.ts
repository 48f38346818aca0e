/** @file Kernels that take many tensors in one call: optimizers' formulas, and sums of squares. Nothing is tracked. */
import { empty, type Tensor } from '../../core/tensor';
import { type BufferArg, kernel, opcode, writtenAll, written } from '../../native';
import { runCopy } from './launch';

const stepKernel = kernel('optimStep');
const scaleKernel = kernel('scaleAll');
const togetherKernel = kernel('together');
const squaresKernel = kernel('sumSquares');

/** A formula of native/ops/optim/optim_steps.h and its constants, in the order of its fields. */
export interface Rule {
  /** Its opcode. */
  op: number;
  constants: number[];
}

// A call's arguments must fit the argument buffer (native/binding/state.h): 5 lists of 3 doubles, the size, constants.
const most = 4000;

const sizesOf = (list: readonly Tensor[]): number[] => list.map((t) => t.numel);

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

let heard: ((inputs: readonly BufferArg[]) => void) | undefined;

/**
 * Runs `fn`, and tells `hear` on what each step in it depends, before it is made. A step of which anything is the result
 * of a failed call changes nothing, and says so to nobody.
 */
export function hearingSteps(hear: (inputs: readonly BufferArg[]) => void, fn: () => void): void {
  const before = heard;
  heard = hear;
  try {
    fn();
  } finally {
    heard = before;
  }
}

/**
 * Changes `params` by the rule, in one pass. All are contiguous, float32 or float64, and on one device.
 * @param grads - of the parameters, and of their dtypes; none for a rule that takes none
 * @param states - one list per state that the formula names: the state of each parameter
 * @param rates - a factor of each parameter's rate, float64
 * @param guard - what {@link together} gave, if this is one of several calls of one step
 */
export function runStep(
  rule: Rule,
  params: readonly Tensor[],
  grads: readonly Tensor[],
  states: readonly (readonly Tensor[])[] = [],
  rates: BufferArg | null = null,
  guard: Tensor | null = null,
): void {
  const { op, constants } = rule;
  if (params.length > most) {
    const all = guard ?? together(grads);
    for (let at = 0; at < params.length; at += most) {
      const piece = (list: readonly Tensor[]): readonly Tensor[] => list.slice(at, at + most);
      runStep(rule, piece(params), piece(grads), states.map(piece), rates && from(rates, at), all);
    }
    return;
  }
  const sizes = sizesOf(params);
  if (heard) heard([...grads, ...(rates ? [rates] : []), ...(guard ? [guard] : [])]);
  stepKernel(op, writtenAll(params), grads, writtenAll(joined(states)), sizes, constants, rates, guard);
  // What was saved of them for backward before this step is no longer valid.
  for (const p of params) p.storage.version++;
}

/** The sum of squares of each tensor, as a float64 vector. Same conditions. */
export function runSquares(list: readonly Tensor[]): Tensor {
  const out = empty([list.length], 'float64', list[0]!.storage.device);
  for (let at = 0; at < list.length; at += most) {
    const piece = list.slice(at, at + most);
    const sizes = sizesOf(piece);
    squaresKernel(written(from(out, at)), piece, sizes);
  }
  return out;
}

const lerpStep = opcode('optim', 'lerp');
const assignStep = opcode('optim', 'assign');

/**
 * For a step of several calls: given to each, it keeps all of them from changing anything if one of `list` is the result
 * of a failed call (Note [Marks] in native/runtime/mark.h).
 */
export function together(list: readonly BufferArg[]): Tensor {
  let guard: Tensor | undefined;
  for (let at = 0; at < list.length; at += most) {
    const piece = list.slice(at, at + most);
    const next = empty([], 'float32', list[0]!.storage.device);
    togetherKernel(written(next), guard ? [guard, ...piece] : piece);
    guard = next;
  }
  return guard ?? empty([], 'float32', 0);
}

/** Multiplies every tensor by one number: a float64 tensor of one element. Same conditions. */
export function runScale(list: readonly Tensor[], scale: Tensor): void {
  const rates = runCopy(empty([Math.min(list.length, most)], 'float64', scale.storage.device), scale);
  for (let at = 0; at < list.length; at += most) {
    const piece = list.slice(at, at + most);
    scaleKernel(writtenAll(piece), sizesOf(piece), rates);
    for (const t of piece) t.storage.version++;
  }
}

/** targets = values, unless one of the values, or the guard, is the result of a failed call. Same conditions. */
export const runAssign = (targets: readonly Tensor[], values: readonly Tensor[], guard: Tensor | null): void =>
  runStep({ op: assignStep, constants: [0] }, targets, values, [], null, guard);

/** averages += weight (values - averages). Same conditions. */
export const runLerp = (averages: readonly Tensor[], values: readonly Tensor[], weight: number): void =>
  runStep({ op: lerpStep, constants: [weight] }, averages, values);

/** Whether a tensor can take part in a call with `first`. */
export const joins =
  (first: Tensor) =>
  (t: Tensor): boolean =>
    t.storage.device === first.storage.device && (t.dtype === 'float32' || t.dtype === 'float64') && t.isContiguous();
