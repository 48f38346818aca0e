/** @file The graph that ops leave behind for backward: its nodes, and the order in which backward visits them. */
import { debugging, userLine } from './debug-mode';
import { AnomalyError, AutogradError } from './errors';
import { type DType } from './dtype';
import { type Shape, showShape } from './shape';
import { type GradHook, shapeOf, type Tensor } from './tensor';

/**
 * Gradient of an op: from the gradients of the outputs (`grads[i]`, zeros never passed: undefined where nothing
 * flowed) and the saved tensors to one gradient per input, null where there is none. `needs[i]` tells whether input
 * i's gradient is wanted at all. Written with differentiable ops, so that higher orders work.
 */
export type GradFn = (grads: Tensor[], saved: Tensor[], needs: readonly boolean[]) => (Tensor | null | undefined)[];

let nextNodeId = 0;

/** Where the gradient of an input goes: to an output of the node that made it. */
export interface Edge {
  node: GradNode;
  index: number;
  shape: Shape;
  dtype: DType;
}

/** One recorded operation. */
export class GradNode {
  /** Grows with creation, so descending order is a topological order. */
  readonly id = nextNodeId++;
  hooks: Map<number, GradHook[]> | undefined;
  /** The latest search that found this node, and its place in what that found; see {@link Order}. */
  seen = 0;
  place = 0;
  private versions: readonly number[];
  /** In debug mode: the user's line that recorded it. */
  line: string | undefined;

  constructor(
    readonly name: string,
    readonly edges: (Edge | null)[],
    readonly outputs: number,
    private saved: Tensor[] | null,
    private fn: GradFn | null,
  ) {
    this.versions = versionsOf(saved);
    if (debugging.on) this.line = userLine();
  }

  addHook(index: number, hook: GradHook): () => void {
    this.hooks ??= new Map();
    const list = this.hooks.get(index) ?? [];
    this.hooks.set(index, list);
    list.push(hook);
    return () => {
      const i = list.indexOf(hook);
      if (i >= 0) list.splice(i, 1);
    };
  }

  apply(grads: Tensor[], needs: readonly boolean[]): (Tensor | null | undefined)[] {
    if (this.line === undefined && !debugging.on) return this.run(grads, needs);
    const before = debugging.gradientOf;
    // A gradient that is computed by a backward pass of its own is this operation's still.
    debugging.gradientOf ??= this;
    try {
      return this.run(grads, needs);
    } catch (e) {
      // An anomaly says so itself, and may be of another operation.
      if (e instanceof Error && this.line !== undefined && !(e instanceof AnomalyError))
        e.message += ` (in the gradient of ${this.name}, recorded ${this.line})`;
      throw e;
    } finally {
      debugging.gradientOf = before;
    }
  }

  private run(grads: Tensor[], needs: readonly boolean[]): (Tensor | null | undefined)[] {
    const { saved, fn } = this;
    if (!saved || !fn)
      throw new AutogradError(
        `[backward] going through the graph a second time (at ${this.name}), but what it saved was released; ` +
          'pass { retainGraph: true } to the first backward',
        'ERR_BACKWARD_TWICE',
      );
    for (let i = 0; i < saved.length; i++) {
      if (saved[i]!.storage.version !== this.versions[i])
        throw new AutogradError(
          `[backward] a tensor ${showShape(shapeOf(saved[i]!))} that ${this.name} needs for its gradient was changed in place ` +
            `(version ${saved[i]!.storage.version}, expected ${this.versions[i]})`,
          'ERR_INPLACE',
        );
    }
    return fn(grads, saved, needs);
  }

  release(): void {
    this.saved = null;
    this.fn = null;
  }

  /** @internal After an in-place op wrote a tensor that it saved itself. */
  refreshVersions(): void {
    this.versions = versionsOf(this.saved);
  }
}

const none: readonly number[] = [];

function versionsOf(saved: readonly Tensor[] | null): readonly number[] {
  if (!saved || saved.length === 0) return none;
  const out = new Array<number>(saved.length);
  for (let i = 0; i < saved.length; i++) out[i] = saved[i]!.storage.version;
  return out;
}

/** Receives the gradient of one leaf. */
export class LeafNode extends GradNode {
  constructor(readonly variable: Tensor) {
    super('leaf', [], 1, [], null);
  }
}

let searches = 0;
const newestFirst = (a: GradNode, b: GradNode): number => b.id - a.id;

// All nodes that lead to these, newest first, and the leaves, which lead nowhere, behind them.
function reachable(roots: readonly GradNode[], search: number): GradNode[] {
  const order: GradNode[] = [];
  const leaves: GradNode[] = [];
  const stack = roots.slice();
  let sorted = true;
  while (stack.length > 0) {
    const n = stack.pop()!;
    if (n.seen === search) continue;
    n.seen = search;
    if (n instanceof LeafNode) {
      leaves.push(n);
      continue;
    }
    if (order.length > 0 && order[order.length - 1]!.id < n.id) sorted = false;
    order.push(n);
    const { edges } = n;
    for (let i = 0; i < edges.length; i++) {
      const e = edges[i];
      if (e && e.node.seen !== search) stack.push(e.node);
    }
  }
  // A chain of layers is found in its order.
  if (!sorted) order.sort(newestFirst);
  for (let i = 0; i < leaves.length; i++) order.push(leaves[i]!);
  return order;
}

/**
 * The nodes that one backward pass visits. Nodes carry a mark and their place themselves, which costs a fraction of a set
 * and a map. A pass that begins within this one (in a hook) takes the marks of the nodes it visits; they are set anew then.
 */
export class Order {
  readonly nodes: readonly GradNode[];
  private readonly search = ++searches;

  constructor(roots: readonly GradNode[]) {
    this.nodes = reachable(roots, this.search);
    this.mark();
  }

  private mark(): void {
    for (let i = 0; i < this.nodes.length; i++) {
      const n = this.nodes[i]!;
      n.seen = this.search;
      n.place = i;
    }
  }

  /** The index in `nodes` of one of them. */
  placeOf(node: GradNode): number {
    if (node.seen !== this.search) this.mark();
    return node.place;
  }
}

/** Nodes on a path to one of the wanted ones: others need not run. */
export function leadingTo(order: readonly GradNode[], wanted: ReadonlySet<GradNode>): Set<GradNode> {
  const useful = new Set<GradNode>(wanted);
  for (let i = order.length - 1; i >= 0; i--) {
    const n = order[i]!;
    if (n.edges.some((e) => e !== null && useful.has(e.node))) useful.add(n);
  }
  return useful;
}
