/**
 * @file The autograd engine. An op calls {@link track} with its inputs, output, the tensors its gradient needs and a
 * gradient function; the engine does everything else once: order, accumulation, summing down to a broadcast input's
 * shape, casting, skipping inputs that need none, hooks, releasing what was saved, errors.
 */
import { outsideOps } from '../native';
import { AutogradError } from './errors';
import { enteringGradient, gradientLike } from './entering';
import { type DType, dtypeSize, isFloat } from './dtype';
import { overlapsItself, sameShape, type Shape, showShape } from './shape';
import * as gradMode from './grad-mode';
import { tensorHooks } from './hooks';
import { type Edge, type GradFn, GradNode, leadingTo, LeafNode, Order } from './graph';
import { shapeOf, stridesOf, type Tensor } from './tensor';

export type { GradFn } from './graph';
// Values, not `export ... from`: the getters of that make a dictionary of this module's exports, which every op reads.
export const { enableGrad, isGradEnabled, noGrad, setGradEnabled } = gradMode;

/** Ops the engine itself needs; set by lib/ops, which lies above this file. */
export const engineOps: {
  add(a: Tensor, b: Tensor): Tensor;
  addInPlace(a: Tensor, b: Tensor): void;
  sumTo(t: Tensor, shape: Shape): Tensor;
  cast(t: Tensor, dtype: DType): Tensor;
  clone(t: Tensor): Tensor;
  onesLike(t: Tensor): Tensor;
  zeros(shape: Shape, dtype: DType, device: number): Tensor;
} = {} as never;

/** Whether an op on these inputs will be recorded. */
export function needsTracking(inputs: readonly Tensor[]): boolean {
  if (!isGradEnabled()) return false;
  for (let i = 0; i < inputs.length; i++) if (hasHistory(inputs[i]!)) return true;
  return false;
}

/** Whether an op on this tensor is recorded where gradients are. */
export const hasHistory = (t: Tensor): boolean => t.requiresGrad || t.isOutdated;

function checkCurrent(op: string, t: Tensor): void {
  if (t.isOutdated)
    throw new AutogradError(
      `[${op}] this view ${showShape(shapeOf(t))} was taken before the tensor it shows was changed in place, so its gradient ` +
        'would be that of the old values; take the view again',
      'ERR_INPLACE',
    );
}

function edgeOf(op: string, t: Tensor): Edge | null {
  checkCurrent(op, t);
  if (!t.requiresGrad) return null;
  return { node: nodeOf(t), index: t.outputIndex, shape: shapeOf(t), dtype: t.dtype };
}

/**
 * Records an op on `out` (one tensor, or several) unless grad mode is off or no input requires gradients. `saved` are
 * the tensors `fn` needs; they must not change in place before backward, which is checked.
 */
export function track<T extends Tensor | Tensor[]>(
  name: string,
  out: T,
  inputs: readonly Tensor[],
  saved: Tensor[],
  fn: GradFn,
): T {
  if (!needsTracking(inputs)) return out;
  const edges = new Array<Edge | null>(inputs.length);
  for (let i = 0; i < inputs.length; i++) edges[i] = edgeOf(name, inputs[i]!);
  const many = Array.isArray(out);
  const node = new GradNode(name, edges, many ? out.length : 1, saved, fn);
  if (many) {
    for (let i = 0; i < out.length; i++) if (isFloat(out[i]!.dtype)) out[i]!.setGradFn(node, i);
  } else out.setGradFn(node, 0);
  return out;
}

/** The gradient of an op whose result is flat: zeros. */
export function flatGradient(inputs: readonly Tensor[]): GradFn {
  const like = inputs.map((t) => [shapeOf(t), t.dtype, t.storage.device] as const);
  return (_grads, _saved, needs) => like.map((l, i) => (needs[i] ? engineOps.zeros(...l) : null));
}

const nodeOf = (t: Tensor): GradNode => t.gradFn ?? t.leafNode();

/** Checks that `t` may be changed in place now, before anything is written. */
export function checkInPlace(op: string, t: Tensor, inputs: readonly Tensor[]): void {
  if (!t.isContiguous() && overlapsItself(shapeOf(t), stridesOf(t)))
    throw new AutogradError(
      `[${op}] several elements of this tensor ${showShape(shapeOf(t))} are one in memory (expand makes such), so it cannot be ` +
        'changed in place; clone() it first',
      'ERR_INPLACE',
    );
  if (!isGradEnabled()) return;
  for (let i = 0; i < inputs.length; i++) checkCurrent(op, inputs[i]!);
  if (t.isLeaf && t.requiresGrad)
    throw new AutogradError(
      `[${op}] a leaf that requires gradients cannot be changed in place; wrap the change in noGrad()`,
      'ERR_INPLACE',
    );
  if (t.base && isFloat(t.dtype) && (t.base.requiresGrad || needsTracking(inputs)))
    throw new AutogradError(
      `[${op}] a view cannot be changed in place while gradients are recorded; use an out-of-place op (where, scatter, cat), or noGrad()`,
      'ERR_INPLACE',
    );
}

/** After `t` was overwritten by an op on `inputs` (which may include t's old value): the new history of `t`. */
export function trackInPlace(name: string, t: Tensor, inputs: readonly Tensor[], saved: Tensor[], fn: GradFn): void {
  // Integers hold no gradient: what is written into them is constant.
  if (!needsTracking(inputs) || !isFloat(t.dtype)) return;
  const edges = inputs.map((i) => edgeOf(name, i));
  t.setGradFn(new GradNode(name, edges, 1, saved, fn), 0);
  t.storage.rewrites++;
}

// --- backward -------------------------------------------------------------------------------------------------------

/** How one backward pass runs. */
export interface RunOptions {
  retainGraph: boolean;
  createGraph: boolean;
  /** Gradients of these are returned; leaves are left alone. Undefined: accumulate into the leaves' `grad`. */
  inputs?: readonly Tensor[] | undefined;
}

class Run {
  // By the nodes' places.
  private readonly grads: ((Tensor | undefined)[] | undefined)[];
  // Sums the engine made itself; nobody else holds them, so a further gradient may be added in place.
  private readonly own = new Set<Tensor>();
  private readonly given = new Set<Tensor['storage']>();
  readonly results: (Tensor | undefined)[];

  constructor(
    private readonly options: RunOptions,
    private readonly order: Order,
  ) {
    this.results = options.inputs ? options.inputs.map(() => undefined) : [];
    this.grads = new Array(order.nodes.length);
  }

  add(node: GradNode, index: number, g: Tensor): void {
    const list = (this.grads[this.order.placeOf(node)] ??= new Array<Tensor | undefined>(node.outputs));
    const before = list[index];
    if (!before) list[index] = g;
    else if (!this.options.createGraph && this.own.has(before)) engineOps.addInPlace(before, g);
    else {
      const sum = engineOps.add(before, g);
      this.own.add(sum);
      list[index] = sum;
    }
  }

  private runHooks(node: GradNode, list: (Tensor | undefined)[]): void {
    if (!node.hooks) return;
    for (const [index, hooks] of node.hooks) {
      for (const hook of hooks.slice()) {
        const g = list[index];
        if (!g) continue;
        // What a hook saw may be kept by the user: from here on it is not ours to write.
        this.own.delete(g);
        this.given.add(g.storage);
        const replaced: unknown = hook(g);
        if (replaced !== undefined && replaced !== null) {
          const now = enteringGradient('registerHook', replaced, gradientLike(g));
          list[index] = now;
          this.given.add(now.storage);
        }
      }
    }
  }

  private accumulate(leaf: Tensor, g: Tensor): void {
    if (leaf.grad) {
      // One that was recorded must not be changed in place; one that was expanded cannot be.
      if (this.options.createGraph || leaf.grad.requiresGrad || !leaf.grad.isContiguous()) {
        leaf.grad = engineOps.add(leaf.grad, g);
        tensorHooks.kept?.(leaf.grad);
      } else engineOps.addInPlace(leaf.grad, g);
      return;
    }
    // The leaf owns its gradient: shared or strided memory is copied.
    const part = g.numel * dtypeSize(g.dtype) < g.storage.bytes;
    const shared = part || this.given.has(g.storage) || !g.isContiguous();
    if (this.options.createGraph) leaf.grad = g;
    else leaf.grad = shared ? engineOps.clone(g) : g;
    tensorHooks.kept?.(leaf.grad);
    this.given.add(leaf.grad.storage);
  }

  private conform(g: Tensor, e: Edge): Tensor {
    let r = g;
    if (!sameShape(shapeOf(r), e.shape)) r = engineOps.sumTo(r, e.shape);
    if (r.dtype !== e.dtype) r = engineOps.cast(r, e.dtype);
    return r;
  }

  // By node: which of its gradients go where in the results.
  private wantedOf(inputs: readonly Tensor[]): Map<GradNode, [index: number, at: number][]> {
    const wanted = new Map<GradNode, [index: number, at: number][]>();
    inputs.forEach((t, at) => {
      const n = nodeOf(t);
      wanted.set(n, [...(wanted.get(n) ?? []), [t.outputIndex, at]]);
    });
    return wanted;
  }

  execute(): void {
    const { inputs, retainGraph, createGraph } = this.options;
    const { nodes } = this.order;
    const wanted = inputs && this.wantedOf(inputs);
    const useful = wanted && leadingTo(nodes, new Set(wanted.keys()));
    for (let at = 0; at < nodes.length; at++) {
      const node = nodes[at]!;
      const list = this.grads[at];
      if (!list || (useful && !useful.has(node))) continue;
      this.grads[at] = undefined;
      this.runHooks(node, list);
      // A gradient function may pass what it got on to several inputs, so from here on nobody may add to it in place.
      if (this.own.size > 0) for (const g of list) if (g) this.own.delete(g);
      for (const [index, result] of wanted?.get(node) ?? []) {
        this.results[result] = list[index];
        if (list[index]) this.given.add(list[index].storage);
      }
      if (node instanceof LeafNode) {
        if (!inputs && list[0]) this.accumulate(node.variable, list[0]);
        continue;
      }
      const { edges } = node;
      const needs = new Array<boolean>(edges.length);
      for (let i = 0; i < edges.length; i++) needs[i] = edges[i] !== null && (!useful || useful.has(edges[i]!.node));
      if (!needs.includes(true)) continue;
      const out = node.apply(list as Tensor[], needs);
      for (let i = 0; i < edges.length; i++) {
        const e = edges[i];
        const g = out[i];
        if (e && g && needs[i]) this.add(e.node, e.index, this.conform(g, e));
      }
      if (!retainGraph && !createGraph) node.release();
    }
  }

  protect(t: Tensor): void {
    this.given.add(t.storage);
  }
}

function seed(op: string, root: Tensor, given: Tensor | null | undefined): Tensor {
  if (given !== undefined && given !== null) return enteringGradient(op, given, gradientLike(root));
  if (root.numel !== 1)
    throw new AutogradError(
      `[${op}] a gradient can be started without an argument only from a scalar; this tensor has shape ${showShape(shapeOf(root))}`,
    );
  return engineOps.onesLike(root);
}

function start(
  op: string,
  roots: readonly Tensor[],
  seeds: readonly (Tensor | null | undefined)[],
  options: RunOptions,
): Run {
  const run = new Run(options, new Order(roots.map(nodeOf)));
  const before = isGradEnabled();
  setGradEnabled(options.createGraph);
  try {
    roots.forEach((r, i) => {
      if (!r.requiresGrad)
        throw new AutogradError(
          `[${op}] this tensor ${showShape(shapeOf(r))} does not require gradients and was not computed from one that does`,
        );
      checkCurrent(op, r);
      const s = seed(op, r, seeds[i]);
      if (seeds[i]) run.protect(s);
      run.add(nodeOf(r), r.outputIndex, s);
    });
    outsideOps(() => run.execute());
  } finally {
    setGradEnabled(before);
  }
  return run;
}

/** Computes the gradients of `root` and adds them to the `grad` of every leaf that requires one. */
export function backward(root: Tensor, gradient: Tensor | null | undefined, options: RunOptions): void {
  start('backward', [root], [gradient], options);
}

/** The gradients of `outputs` with respect to `inputs`, undefined where nothing flowed; no `grad` is touched. */
export function gradients(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  seeds: readonly (Tensor | null | undefined)[],
  options: RunOptions,
): readonly (Tensor | undefined)[] {
  return start('grad', outputs, seeds, { ...options, inputs }).results;
}
