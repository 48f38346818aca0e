/**
 * @file Indexing as in PyTorch: `t.at([1, ng.s(0, 4, 2), null, '...', mask, indices])`. Integers, slices, null and the
 * ellipsis give views; index tensors and masks copy. `set` and `indexPut_` assign to the same places.
 */
import { ArgumentError, ShapeError } from '../../core/errors';
import { checkAxis, describe, numel, sameShape, type Shape, showShape } from '../../core/shape';
import { addMethods, alias, needTensor, Tensor } from '../../core/tensor';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { axis as axisParam, boolean, either, integer, operand, Param } from '../../core/params';
import { add } from '../elementwise/arithmetic';
import { cast } from '../tensors/cast';
import { type NestedArray, tensor } from '../tensors/create';
import { runAddRows, runScatter, scatterMode, takeRows } from './kernels';
import { type Index, type IndexItem, makePlan, type Plan, s } from './plan';
import { denseOf, runCopy, sameDevice } from '../kit/launch';
import { maskedFill_ } from './masking';
import { apart, defineOverwrite, type Overwrite, scalarOf } from '../kit/overwrite';
import { broadcastTo, needDims, permute, region, reshape } from '../shape/views';

export { s, Slice } from './plan';
export type { Index, IndexItem, NestedIndex } from './plan';

const inOrder = (order: readonly number[]): boolean => order.every((d, i) => d === i);

// A step that changes nothing need not be taken before picking.
function seesAll(t: Tensor, plan: Plan): boolean {
  const { strides, offset } = plan.geometry(t.strides);
  return offset === 0 && sameShape(plan.shape, t.shape) && sameShape(strides, t.strides);
}

const resultShape = ({ shape, picking }: Plan): Shape =>
  picking ? [...picking.lead, ...picking.picked, ...picking.tail] : shape;

function apply(t: Tensor, plan: Plan, linear: Tensor | undefined): Tensor {
  const { picking } = plan;
  if (!picking) return region('at', t, plan.shape, plan.geometry);
  const v = seesAll(t, plan) ? t : region('at', t, plan.shape, plan.geometry);
  const x = inOrder(picking.order) ? v : permute(v, picking.order);
  const rows = takeRows(reshape(x, [numel(picking.lead), picking.length, numel(picking.tail)]), linear!);
  return reshape(rows, resultShape(plan));
}

/**
 * The elements that an index names. One index or a list: integers, {@link s} slices, null (a new dimension), '...',
 * bool masks, integer tensors (several broadcast against each other), or arrays in place of tensors.
 *
 * Without tensors the result is a view. Dimensions indexed by neighbouring tensors are replaced where they are, by
 * others at the front, as in PyTorch. Negative indices count from the end. An integer out of range throws an IndexError
 * at once, one inside a tensor at the next wait.
 */
export function at(t: Tensor, index: Index): Tensor {
  needTensor('at', t);
  const plan = makePlan('at', t, index);
  return apply(t, plan, plan.linear);
}

// --- assignment -----------------------------------------------------------------------------------------------------

/** What can be assigned; cast and broadcast to the indexed elements. */
export type Assignable = Tensor | number | boolean | readonly NestedArray[];

function write(target: Tensor, plan: Plan, linear: Tensor | undefined, value: Tensor, accumulate: boolean): void {
  const { strides, offset } = plan.geometry(target.strides);
  const { picking } = plan;
  const seen = alias(target, plan.shape, strides, target.offset + offset);
  if (!picking) {
    runCopy(seen, accumulate ? add(seen, value) : value);
    return;
  }
  const x = inOrder(picking.order) ? seen : permute(seen, picking.order);
  const dense = denseOf(x);
  const flat = [numel(picking.lead), picking.length, numel(picking.tail)];
  const rows = reshape(broadcastTo(value, resultShape(plan)), [flat[0]!, linear!.numel, flat[2]!]);
  const out = reshape(dense, flat);
  if (accumulate) runAddRows(out, denseOf(rows), linear!);
  else runScatter(scatterMode.set, out, 1, broadcastTo(reshape(linear!, [1, -1, 1]), rows.shape), rows);
  if (dense !== x) runCopy(x, dense);
}

interface Assigned {
  value: Tensor;
  /** The positions of a plan that picks elements. */
  linear: Tensor | null;
}
interface How {
  /** Without positions. */
  plan: Plan;
  accumulate: boolean;
}

const assigned: (inputs: Assigned, how: How) => Overwrite = defineOverwrite<Assigned, How>({
  name: 'indexPut',
  inputs: ['value', 'linear'],
  write: (o, { value, linear }, { plan, accumulate }) =>
    write(o, plan, linear ?? undefined, apart(o, value), accumulate),
  reads: ['linear'],
  derivative(g, { linear }, { plan, accumulate }, needs) {
    const cleared = (): Tensor => assigned({ value: scalarOf(0, g), linear }, { plan, accumulate: false }).copy(g);
    return {
      t: needs.t ? (accumulate ? g : cleared()) : null,
      value: needs.value ? apply(g, plan, linear ?? undefined) : null,
    };
  },
});

const assigning = ({ linear, ...plan }: Plan, value: Tensor, accumulate: boolean): Overwrite =>
  assigned({ value, linear: linear ?? null }, { plan: { ...plan, linear: undefined }, accumulate });

// Arrays are read by `tensor`, which checks what is in them.
const assignable = either<[Tensor | number | boolean, Assignable]>(
  operand,
  new Param<Assignable>('an array of numbers', (v, op) => {
    if (Array.isArray(v)) return v as Assignable;
    throw new ArgumentError(`[${op}] values must be a tensor, a number or an array of numbers, got ${describe(v)}`);
  }),
);

function valueFor(op: string, t: Tensor, plan: Plan, given: Assignable): Tensor {
  const value = assignable.check(op, 'values', given);
  const v =
    value instanceof Tensor
      ? value
      : typeof value === 'object'
        ? tensor(value, { dtype: t.dtype, device: t.device })
        : scalarOf(value, t);
  v.checkAlive(op);
  sameDevice(op, t, v);
  const to = resultShape(plan);
  let shape = v.shape;
  while (shape.length > to.length && shape[0] === 1) shape = shape.slice(1);
  const lead = to.length - shape.length;
  if (lead < 0 || shape.some((d, i) => d !== 1 && d !== to[lead + i]))
    throw new ShapeError(
      `[${op}] a value of shape ${showShape(v.shape)} does not fit the indexed shape ${showShape(to)}`,
    );
  return cast(shape === v.shape ? v : reshape(v, shape), t.dtype);
}

const isMask = (v: unknown): v is Tensor => v instanceof Tensor && v.dtype === 'bool' && v.ndim > 0;

/** Assigns to the elements that an index names (see {@link at}), in place; the value is cast and broadcast. */
export function set(t: Tensor, index: Index, value: Assignable): Tensor {
  needTensor('set', t);
  const items = (Array.isArray(index) ? index : [index]) as readonly IndexItem[];
  const [mask] = items;
  // One value behind one mask needs no positions, so nothing waits.
  const single = ['number', 'boolean'].includes(typeof value) || (value instanceof Tensor && value.ndim === 0);
  if (items.length === 1 && isMask(mask) && single && sameShape(mask.shape, t.shape.slice(0, mask.ndim))) {
    const open = [...mask.shape, ...t.shape.slice(mask.ndim).map(() => 1)];
    return maskedFill_(t, reshape(mask, open), value as Tensor | number | boolean);
  }
  const plan = makePlan('set', t, index);
  return assigning(plan, valueFor('set', t, plan, value), false).self(t);
}

/** Options of {@link indexPut}. */
export interface IndexPutOptions {
  /** Add to what is there; places named twice count twice. Default false: overwrite. */
  accumulate?: boolean | undefined;
}

/** Arguments of {@link indexPut} by name. */
export interface IndexPutArguments extends IndexPutOptions {
  indices: Index;
  values: Assignable;
}
// makePlan and valueFor check both, with the tensor beside them.
const indexPutSpec: Spec<Required<IndexPutArguments>> = {
  indices: new Param<Index>('an index', (v) => v as Index),
  values: assignable,
  accumulate: boolean.or(false),
};
type IndexPut = (
  t: Tensor,
  ...args: InOrderOrByName<[indices: Index, values: Assignable, accumulate?: boolean], IndexPutArguments>
) => Tensor;

function putting(op: string, t: Tensor, args: readonly unknown[]): Overwrite {
  needTensor(op, t);
  const { indices, values, accumulate } = readArguments(op, indexPutSpec, args);
  const plan = makePlan(op, t, indices);
  return assigning(plan, valueFor(op, t, plan, values), accumulate);
}

/** A copy with the elements that `indices` name replaced by `values` (or, accumulating, increased). */
export const indexPut: IndexPut = (t, ...args) => putting('indexPut', t, args).copy(t);
/** {@link indexPut} in place. */
export const indexPut_: IndexPut = (t, ...args) => putting('indexPut_', t, args).self(t);

/** Arguments of {@link select}. */
export interface SelectArguments {
  dim: number;
  index: number;
}
const selectSpec: Spec<SelectArguments> = { dim: axisParam, index: integer() };

/** One position of one dimension, as a view. */
export function select(t: Tensor, ...args: InOrderOrByName<[dim: number, index: number], SelectArguments>): Tensor {
  needDims('select', t);
  const { dim, index } = readArguments('select', selectSpec, args);
  const a = checkAxis('select', dim, t.ndim);
  return at(t, [...t.shape.slice(0, a).map(() => whole), index]);
}
const whole = s();

addMethods({ at, set, indexPut, indexPut_, select });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./indexing'), 'at' | 'set' | 'indexPut' | 'indexPut_' | 'select'> {}
}
