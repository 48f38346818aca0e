/// <reference lib="esnext.disposable" preserve="true" />
/**
 * @file The tensor: a dtype, a shape and strides over shared memory, plus its place in the autograd graph. Operations
 * are added to the class by the files of lib/ops (declaration merging), each beside its definition.
 */
import { enterOp, leaveOp, opNumber, Storage } from '../native';
import { type Device, deviceName } from './device';
import { type DType, dtypeCode, dtypeSize, isFloat } from './dtype';
import { ArgumentError, AutogradError, DisposedError, DTypeError, OutOfMemoryError } from './errors';
import { contiguousStrides, describe, isContiguous, numel, type Shape, showShape } from './shape';
import { tensorHooks } from './hooks';
import { enteringGradient, gradientLike } from './entering';
import { type GradNode, LeafNode } from './graph';

/** A hook on a gradient: may return another tensor to use instead. */
export type GradHook = (grad: Tensor) => Tensor | void;

/** The shape that a tensor itself holds, for reading only. `t.shape` is a copy of it. */
export let shapeOf: (t: Tensor) => Shape;
/** The strides that a tensor itself holds, for reading only. */
export let stridesOf: (t: Tensor) => readonly number[];

/**
 * An n-dimensional array. Create one with {@link tensor}, {@link zeros} and their kind, not with `new`.
 */
export class Tensor {
  /** Shared with all views. */
  storage: Storage;
  #grad: Tensor | null = null;
  #shape: Shape;
  #strides: readonly number[];
  /** Of the first element, in elements. */
  offset: number;
  /** What its elements are, e.g. 'float32'. */
  readonly dtype: DType;
  /** @internal The number that kernels know {@link dtype} by. */
  readonly dtypeCode: number;
  /** What produced this tensor, for backward; null for a leaf. */
  gradFn: GradNode | null = null;
  /** Which output of `gradFn` this is. */
  outputIndex = 0;
  /** The tensor whose memory this one shows, when it is a view made by an op. */
  base: Tensor | null = null;
  /** @internal How often that memory's history had been rewritten when the view was made. */
  rewritesSeen = 0;
  private needsGrad = false;
  private leaf: LeafNode | null = null;
  private contiguousFlag: boolean | undefined;
  private disposed = false;

  constructor(storage: Storage, shape: Shape, strides: readonly number[], offset: number, dtype: DType) {
    this.storage = storage;
    this.#shape = shape;
    this.#strides = strides;
    this.offset = offset;
    this.dtype = dtype;
    this.dtypeCode = dtypeCode(dtype);
    storage.users++;
    if (tensorHooks.created) tensorHooks.created(this);
  }

  // Users get copies: what they write into one must not reach the kernels. Freezing instead made a small training step
  // 1.4 times as slow (V8 slices and reads frozen arrays slowly); this costs nothing where code reads shapeOf.
  static {
    shapeOf = (t) => t.#shape;
    stridesOf = (t) => t.#strides;
  }

  /** The length of each dimension. A copy. */
  get shape(): Shape {
    return this.#shape.slice();
  }

  /** The distance of neighbours in each dimension, in elements. A copy. */
  get strides(): readonly number[] {
    return this.#strides.slice();
  }

  /** The number of dimensions. */
  get ndim(): number {
    return this.#shape.length;
  }

  /** The number of elements. */
  get numel(): number {
    return numel(this.#shape);
  }

  /** Where its memory lies: 'cpu', 'cuda:0', ... */
  get device(): Device {
    return deviceName(this.storage.device);
  }

  /** Whether the elements lie row-major without gaps. */
  isContiguous(): boolean {
    return (this.contiguousFlag ??= isContiguous(this.#shape, this.#strides));
  }

  /**
   * The gradient, once `backward()` has reached this leaf (or a tensor with `retainGrad()`). Writable: one of the tensor's
   * shape and device, which is cast to its dtype.
   */
  get grad(): Tensor | null {
    return this.#grad;
  }
  set grad(g: Tensor | null) {
    this.#grad = (g ?? null) === null ? null : enteringGradient('grad', g, gradientLike(this));
  }

  /** Whether gradients flow to this tensor. Writable on leaves. */
  get requiresGrad(): boolean {
    return this.needsGrad;
  }
  set requiresGrad(on: boolean) {
    if (on && !isFloat(this.dtype))
      throw new DTypeError(
        `[requiresGrad] only floating-point tensors can require gradients, this one is ${this.dtype}`,
      );
    if (!on && this.gradFn)
      throw new AutogradError(
        '[requiresGrad] only a leaf can stop requiring gradients; use detach() on a computed tensor',
      );
    this.needsGrad = on;
  }

  /** Sets `requiresGrad` and returns the tensor. */
  requiresGrad_(on = true): this {
    this.requiresGrad = on;
    return this;
  }

  /** Whether this tensor was not computed by a tracked operation. */
  get isLeaf(): boolean {
    return this.gradFn === null;
  }

  /**
   * @internal Whether the memory's history was rewritten by a recorded in-place change after this view was made: the view
   * shows the new values, but knows the gradient of the old ones.
   */
  get isOutdated(): boolean {
    return this.base !== null && this.rewritesSeen !== this.storage.rewrites;
  }

  /** @internal Makes this tensor an output of `node`. */
  setGradFn(node: GradNode, index: number): void {
    this.gradFn = node;
    this.outputIndex = index;
    this.needsGrad = true;
  }

  /** @internal The node that receives this leaf's gradient. */
  leafNode(): LeafNode {
    return (this.leaf ??= new LeafNode(this));
  }

  /**
   * Calls `hook` with the gradient of this tensor when it is computed; a returned tensor replaces it. Returns a
   * function that removes the hook.
   */
  registerHook(hook: GradHook): () => void {
    if (typeof hook !== 'function')
      throw new ArgumentError(`[registerHook] expected a function, got ${describe(hook)}`);
    if (!this.requiresGrad) throw new AutogradError('[registerHook] this tensor does not require gradients');
    return (this.gradFn ?? this.leafNode()).addHook(this.outputIndex, hook);
  }

  /** Keeps the gradient of this computed tensor in `grad`. */
  retainGrad(): void {
    if (!this.requiresGrad) throw new AutogradError('[retainGrad] this tensor does not require gradients');
    if (this.gradFn) this.registerHook((g) => void (this.grad = g));
  }

  /**
   * Gives this tensor's claim on its memory back; the memory is free as soon as no view claims it. Optional: dead
   * tensors are collected.
   */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    if (--this.storage.users === 0) this.storage.release();
  }

  /** Whether {@link dispose} was called, or its memory is gone. */
  get isDisposed(): boolean {
    return this.disposed || this.storage.slot < 0;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /**
   * @internal Shows the memory of `t`, with its shape, from now on. The object stays the same, so that a
   * module or an optimizer that holds it keeps it.
   */
  adopt(t: Tensor): void {
    this.checkAlive('adopt');
    t.storage.users++;
    if (--this.storage.users === 0) this.storage.release();
    this.#shape = t.#shape;
    this.#strides = t.#strides;
    const { storage, offset, dtype, dtypeCode: code } = t;
    Object.assign(this, { storage, offset, dtype, dtypeCode: code, contiguousFlag: undefined });
  }

  /** Strings and template literals show the values; arithmetic on a tensor would only make a string of it. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString();
    throw new ArgumentError(
      '[tensor] a tensor is no number: use its methods (a.add(b), a.gt(b)), or await t.item() for the value',
    );
  }

  /** Refuses: values are fetched asynchronously. */
  toJSON(): never {
    throw new ArgumentError('[tensor] a tensor does not turn into JSON by itself; use await t.array()');
  }

  /** @internal Throws if the memory is gone. */
  checkAlive(op: string): void {
    if (this.isDisposed) throw new DisposedError(`[${op}] this tensor ${showShape(this.#shape)} was disposed`);
  }
}

/** Throws unless an op got a live tensor. */
export function needTensor(op: string, x: unknown): asserts x is Tensor {
  if (!(x instanceof Tensor)) throw new ArgumentError(`[${op}] expected a tensor, got ${describe(x)}`);
  x.checkAlive(op);
}

/** A new contiguous tensor with undefined contents. */
export function empty(shape: Shape, dtype: DType, device: number): Tensor {
  const n = numel(shape);
  const bytes = n * dtypeSize(dtype);
  if (!(bytes <= 2 ** 52))
    throw new OutOfMemoryError(`[alloc] shape ${showShape(shape)} of ${dtype} exceeds any memory`);
  return new Tensor(new Storage(bytes, device), shape, contiguousStrides(shape), 0, dtype);
}

/** Another look at the memory of `t`, without autograd. */
export function alias(t: Tensor, shape: Shape, strides: readonly number[], offset: number): Tensor {
  t.checkAlive('view');
  // A view of nothing may start anywhere, also outside the memory: it starts where that does.
  const v = new Tensor(t.storage, shape, strides, numel(shape) === 0 ? 0 : offset, t.dtype);
  v.base = t.base ?? t;
  v.rewritesSeen = t.base ? t.rewritesSeen : t.storage.rewrites;
  return v;
}

/** The method that a function is whose first argument is the tensor. */
export type Method<F> = F extends (self: Tensor, ...args: infer A) => infer R ? (...args: A) => R : never;

/**
 * The functions N of a module as methods: `interface Tensor extends MethodsOf<typeof import('./reduce'), 'sum' | 'mean'>`
 * in the module `./reduce`. Mapped over the module itself, not over an object of its functions: so each method keeps the
 * declaration of its function, and with it the documentation that editors show.
 */
export type MethodsOf<M, N extends keyof M> = { [K in N]: Method<M[K]> };

/** {@link MethodsOf} with a type of their own, where {@link Method} sees too much (or one overload only). */
export type MethodsAs<M, N extends keyof M, F> = { [K in N]: F };

/** Makes functions whose first argument is a tensor methods of it. */
export function addMethods(fns: Record<string, (self: Tensor, ...args: never) => unknown>): void {
  for (const [name, fn] of Object.entries(fns)) {
    const op = opNumber(name);
    Object.defineProperty(Tensor.prototype, name, {
      value(this: Tensor, ...args: never) {
        const before = enterOp(op);
        try {
          return fn(this, ...args);
        } finally {
          leaveOp(before);
        }
      },
      writable: true,
      configurable: true,
    });
  }
}
