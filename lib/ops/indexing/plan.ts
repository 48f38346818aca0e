/**
 * @file From an index as the user wrote it to what has to be done: first a view by strides alone (integers, slices,
 * null, ellipsis), then the places of that view which index tensors and masks name.
 */
import { ArgumentError, DTypeError, IndexError, ShapeError } from '../../core/errors';
import {
  broadcastShapes,
  contiguousStrides,
  describe,
  maxDims,
  sameShape,
  type Shape,
  showShape,
} from '../../core/shape';
import { needTensor, Tensor } from '../../core/tensor';
import { tensor } from '../tensors/create';
import { linearIndex, nonzeroFlat } from './kernels';
import { castOf, sameDevice } from '../kit/launch';
import { placesOf } from './nonzero';
import type { Geometry } from '../shape/views';

/** A range of one dimension; made by {@link s}. */
export class Slice {
  constructor(
    readonly start: number | null,
    readonly stop: number | null,
    readonly step: number,
  ) {
    for (const v of [start, stop, step])
      if (!Number.isInteger(v) && (v !== null || v === step))
        throw new ArgumentError(`[s] a slice is made of integers, got ${describe(v)}`);
    if (step === 0) throw new ArgumentError('[s] the step of a slice must not be 0');
  }

  /** The first element and the number of elements for a dimension of this length. */
  resolve(length: number): [start: number, count: number] {
    const { step } = this;
    const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
    const bound = (v: number): number => Math.min(Math.max(v < 0 ? v + length : v, low), high);
    const start = this.start === null ? (step > 0 ? low : high) : bound(this.start);
    const stop = this.stop === null ? (step > 0 ? high : low) : bound(this.stop);
    const count = Math.max(0, Math.ceil((stop - start) / step));
    return [count > 0 ? start : 0, count];
  }
}

/**
 * A slice for {@link at}: `start` (included) to `stop` (excluded), `step` apart. Null or nothing is open, negative
 * counts from the end; unlike in PyTorch the step may be negative.
 */
export function s(start?: number | null, stop?: number | null, step?: number | null): Slice {
  return new Slice(start ?? null, stop ?? null, step ?? 1);
}

/** Integers or booleans in (nested) arrays, in place of an index tensor. */
export type NestedIndex = readonly (number | boolean | NestedIndex)[];
/** What one dimension (a mask: several) is indexed by. */
export type IndexItem = number | boolean | null | '...' | Slice | Tensor | NestedIndex;
/** One index, or a list with one per dimension. */
export type Index = Exclude<IndexItem, NestedIndex> | readonly IndexItem[];

/** Where the indexed dimensions of the view are and go. */
export interface Picking {
  /** The order of the view's dimensions: `lead`, the indexed ones, `tail`. */
  order: number[];
  lead: Shape;
  /** The product of the indexed dimensions. */
  length: number;
  tail: Shape;
  /** What the index tensors broadcast to; replaces the indexed dimensions. */
  picked: Shape;
}

/** The two steps. `linear` are the positions among `length`, int64. */
export interface Plan {
  shape: Shape;
  geometry: Geometry;
  picking: Picking | undefined;
  linear: Tensor | undefined;
}

// The first leaf of nested arrays, all of whose leaves are integers or all booleans. Deeper arrays than a tensor can be (one
// may hold itself) are refused before they are walked.
function checkNested(op: string, v: unknown, depth = 0): unknown {
  if (Array.isArray(v)) {
    if (depth === maxDims) throw new ShapeError(`[${op}] an index array has at most ${maxDims} dimensions`);
    const leaves = v.map((e) => checkNested(op, e, depth + 1));
    const other = leaves.find((e) => e !== undefined && typeof e !== typeof leaves[0]);
    if (other !== undefined)
      throw new ArgumentError(`[${op}] an index array holds integers or booleans, not both: ${describe(other)}`);
    return leaves[0];
  }
  if (!Number.isSafeInteger(v) && typeof v !== 'boolean')
    throw new ArgumentError(`[${op}] an index is an integer, got ${describe(v)}`);
  return v;
}

function indexTensor(op: string, item: Tensor | NestedIndex | boolean, like: Tensor): Tensor {
  const leaf = item instanceof Tensor ? item : checkNested(op, item);
  const t =
    item instanceof Tensor
      ? item
      : tensor(item, { dtype: typeof leaf === 'boolean' ? 'bool' : 'int64', device: like.device });
  needTensor(op, t);
  sameDevice(op, like, t);
  if (t.dtype === 'uint8') return castOf(t, 'bool');
  if (t.dtype !== 'bool' && t.dtype !== 'int64' && t.dtype !== 'int32')
    throw new DTypeError(
      `[${op}] an index tensor must be int64, int32 or bool, not ${t.dtype}; make it with { dtype: 'int64' } or cast it`,
    );
  return t;
}

class Planner {
  readonly shape: number[] = [];
  /** Per dimension of the view: the dimension it runs along (-1: a new one), and in what steps. */
  readonly from: number[] = [];
  readonly step: number[] = [];
  /** Per dimension of the tensor: the first element. */
  readonly start: number[];
  /** Index tensors by dimension of the view. */
  readonly index = new Map<number, Tensor>();
  private dim = 0;

  constructor(
    private readonly op: string,
    private readonly t: Tensor,
  ) {
    this.start = new Array<number>(t.ndim).fill(0);
  }

  /** Dimensions not yet indexed. */
  get left(): number {
    return this.t.ndim - this.dim;
  }

  /** The length of the first of them. */
  get next(): number {
    return this.t.shape[this.dim]!;
  }

  keep(): void {
    this.slice(0, this.t.shape[this.dim]!, 1);
  }

  slice(start: number, count: number, step: number): void {
    this.shape.push(count);
    this.from.push(this.dim);
    this.step.push(step);
    this.start[this.dim++] = start;
  }

  insert(): void {
    this.shape.push(1);
    this.from.push(-1);
    this.step.push(1);
  }

  integer(i: number): void {
    const d = this.t.shape[this.dim]!;
    if (!Number.isInteger(i)) throw new ArgumentError(`[${this.op}] an index is an integer, got ${i}`);
    if (i < -d || i >= d)
      throw new IndexError(
        `[${this.op}] index ${i} is out of range for dimension ${this.dim} of ${showShape(this.t.shape)}`,
      );
    this.start[this.dim++] = i < 0 ? i + d : i;
  }

  tensor(x: Tensor): void {
    if (x.dtype !== 'bool') return this.pick(x);
    const covered = this.t.shape.slice(this.dim, this.dim + x.ndim);
    if (!sameShape(covered, x.shape))
      throw new ShapeError(
        `[${this.op}] a mask of shape ${showShape(x.shape)} does not fit ${showShape(this.t.shape)} from dimension ${this.dim}`,
      );
    if (x.ndim > 0) return placesOf(nonzeroFlat(x), x.shape).forEach((v) => this.pick(v));
    // A single truth value: a new dimension of length 1 or 0.
    this.index.set(this.shape.length, nonzeroFlat(x));
    this.insert();
  }

  private pick(x: Tensor): void {
    this.index.set(this.shape.length, x);
    this.keep();
  }

  geometry(): Geometry {
    const { from, step, start } = this;
    return (strides) => ({
      strides: from.map((f, i) => (f < 0 ? 1 : strides[f]! * step[i]!)),
      offset: start.reduce((sum, v, i) => sum + (v === 0 ? 0 : v * strides[i]!), 0),
    });
  }

  // Neighbours are replaced where they are; scattered ones go to the front. As in PyTorch, 0-dim index tensors count
  // as integers here: they have no say.
  picking(): Picking {
    const wide = [...this.index.keys()].filter((d) => this.index.get(d)!.ndim > 0);
    const anchors = wide.length > 0 ? wide : [...this.index.keys()];
    const [first, last] = [anchors[0]!, anchors[anchors.length - 1]!];
    const rest = this.shape.map((_, d) => d).filter((d) => !this.index.has(d));
    const together = !rest.some((d) => d > first && d < last);
    const lead = together ? rest.filter((d) => d < first) : [];
    const tail = rest.filter((d) => !lead.includes(d));
    const indexed = [...this.index.keys()];
    return {
      order: [...lead, ...indexed, ...tail],
      lead: lead.map((d) => this.shape[d]!),
      length: indexed.reduce((n, d) => n * this.shape[d]!, 1),
      tail: tail.map((d) => this.shape[d]!),
      picked: [...this.index.values()].reduce<Shape>((shape, x) => broadcastShapes(this.op, shape, x.shape), []),
    };
  }

  finish(): Plan {
    const { shape } = this;
    const geometry = this.geometry();
    if (this.index.size === 0) return { shape, geometry, picking: undefined, linear: undefined };
    const picking = this.picking();
    const sizes = [...this.index.keys()].map((d) => shape[d]!);
    const linear = linearIndex([...this.index.values()], sizes, contiguousStrides(sizes), picking.picked);
    return { shape, geometry, picking, linear };
  }
}

/** Reads an index; everything known here is checked here. Masks wait for the stream: their count is a shape. */
export function makePlan(op: string, t: Tensor, given: Index): Plan {
  const items = (Array.isArray(given) ? given : [given]) as readonly IndexItem[];
  const tensors = items.map((v) =>
    v instanceof Tensor || Array.isArray(v) || typeof v === 'boolean' ? indexTensor(op, v as Tensor, t) : undefined,
  );
  let used = 0;
  items.forEach((item, i) => {
    const x = tensors[i];
    if (x) used += x.dtype === 'bool' ? x.ndim : 1;
    else if (item !== null && item !== '...') used++;
  });
  if (used > t.ndim)
    throw new IndexError(`[${op}] ${used} indices for the ${t.ndim} dimensions of ${showShape(t.shape)}`);
  if (items.filter((v) => v === '...').length > 1) throw new IndexError(`[${op}] only one '...' is allowed`);
  const p = new Planner(op, t);
  items.forEach((item, i) => {
    const x = tensors[i];
    if (x) p.tensor(x);
    else if (typeof item === 'number') p.integer(item);
    else if (item === null) p.insert();
    else if (item === '...') for (let k = t.ndim - used; k > 0; k--) p.keep();
    else if (item instanceof Slice) {
      const [start, count] = item.resolve(p.next);
      p.slice(start, count, item.step);
    } else
      throw new ArgumentError(
        `[${op}] an index is an integer, ng.s(), null, '...' or an index tensor, got ${describe(item)}`,
      );
  });
  while (p.left > 0) p.keep();
  if (p.shape.length > maxDims)
    throw new ShapeError(`[${op}] the result would have ${p.shape.length} dimensions; at most ${maxDims}`);
  return p.finish();
}
