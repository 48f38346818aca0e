/**
 * @file Symbols: tensors that stand for values to come. Modules and functions that are given one are recorded, as a call
 * whose outputs are symbols too; {@link traced} makes them.
 */
import { Storage } from '../native';
import { engineOps } from './autograd';
import { isOptions } from './arguments';
import { deviceIndex } from './device';
import type { DType } from './dtype';
import { ArgumentError, NodegradError } from './errors';
import { noGrad } from './grad-mode';
import { currentGenerator } from './random-state';
import { contiguousStrides, sameShape, type Shape } from './shape';
import { Tensor } from './tensor';

/** What is done to symbols: by a module, or by a function or method of tensors under its name. */
export type Target =
  { readonly layer: object } | { readonly fn: string } | { readonly method: string } | { readonly getter: string };

/** One call that was recorded. */
export interface Call {
  readonly target: Target;
  /** Does it, to tensors. */
  readonly run: (...args: unknown[]) => unknown;
  /** Symbols stand where tensors will. */
  readonly args: readonly unknown[];
  /** In the order in which {@link mapTensors} meets them. */
  outputs: readonly SymbolicTensor[];
  /** Grows from call to call. */
  readonly number: number;
}

// Shapes are those that two sizes of the batch give: what differs depends on it.
const batches = [2, 3] as const;
/** In the shape of a symbol: a length that depends on the size of the batch. */
export const anyLength = -1;

let calls = 0;

let nothing: Storage | undefined;
const noValues = (s: SymbolicTensor): ArgumentError =>
  new ArgumentError(
    `[symbol] ${String(s)} has no values; apply layers to it (layer.apply(symbol)) or functions of ng, then make an ng.model`,
    'ERR_SYMBOL',
  );

/**
 * A tensor that stands for values to come: what {@link input} makes, and what layers and functions make of it. Its shape
 * is known, with -1 for the batch; its values are not.
 */
export class SymbolicTensor extends Tensor {
  /** What makes it; null for an input. */
  readonly call: Call | null;
  /** Of an input. */
  readonly label: string | undefined;
  /** @internal The shapes that the two sizes of the batch give. */
  readonly shapes: readonly [Shape, Shape];

  /** @internal Symbols are made by `ng.input` and by applying layers and functions. */
  constructor(shapes: readonly [Shape, Shape], dtype: DType, call: Call | null, label?: string) {
    const shape = shapes[0].map((d, i) => (d === shapes[1][i] ? d : anyLength));
    super((nothing ??= new Storage(0, 0)), shape, contiguousStrides(shape), 0, dtype);
    this.shapes = shapes;
    this.call = call;
    this.label = label;
    // Whatever wants values asks for the memory first.
    Object.defineProperty(this, 'storage', {
      get: (): never => {
        throw noValues(this);
      },
    });
  }

  override checkAlive(): void {
    throw noValues(this);
  }
  /** NaN where it depends on the batch. */
  override get numel(): number {
    return this.shape.includes(anyLength) ? NaN : super.numel;
  }
  override get isDisposed(): boolean {
    return false;
  }
  override dispose(): void {
    // It holds no memory.
  }
  /** `Symbol(name, [batch, 128, 9], float32)` */
  override toString(): string {
    const name = this.label === undefined ? '' : `${this.label}, `;
    return `Symbol(${name}${showSymbolic(this.shape)}, ${this.dtype})`;
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** `[batch, 128, 9]` */
export const showSymbolic = (shape: Shape): string =>
  `[${shape.map((d) => (d === anyLength ? 'batch' : d)).join(', ')}]`;

/** A symbol for batches of examples of that shape. */
export const inputSymbol = (shape: Shape, dtype: DType, name: string | undefined): SymbolicTensor =>
  new SymbolicTensor(
    [
      [batches[0], ...shape],
      [batches[1], ...shape],
    ],
    dtype,
    null,
    name,
  );

/**
 * `value` with each tensor in it, also inside of arrays and plain objects, replaced by what `f` makes of it.
 * @throws ArgumentError if an array or object lies within itself (in `around`)
 */
export function mapTensors(value: unknown, f: (t: Tensor) => unknown, around: readonly unknown[] = []): unknown {
  if (value instanceof Tensor) return f(value);
  if (typeof value !== 'object' || value === null) return value;
  if (around.includes(value)) throw new ArgumentError('an array or object lies within itself');
  const within = (v: unknown): unknown => mapTensors(v, f, [...around, value]);
  if (Array.isArray(value)) return sameNames(value, value.map(within));
  if (isOptions(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, within(v)]));
  return value;
}

// Results of several tensors have names for them too.
function sameNames(from: readonly unknown[], to: unknown[]): unknown[] {
  for (const name of Object.getOwnPropertyNames(from).slice(from.length))
    if (name !== 'length') Object.defineProperty(to, name, { value: to[from.indexOf(from[name as never])] });
  return to;
}

// What an array or a plain object holds; nothing in what lies within itself (`around`: where one is).
function partsOf(value: unknown, around: readonly unknown[]): readonly unknown[] {
  if (around.includes(value)) return [];
  return Array.isArray(value) ? value : isOptions(value) ? Object.values(value) : [];
}

/** The tensors in `value`, in the order of {@link mapTensors}. */
export function tensorsIn(value: unknown, out: Tensor[] = [], around: readonly unknown[] = []): Tensor[] {
  if (value instanceof Tensor) out.push(value);
  else for (const v of partsOf(value, around)) tensorsIn(v, out, [...around, value]);
  return out;
}

/** Whether there is a symbol in `value`. */
export function holdsSymbol(value: unknown, around: readonly unknown[] = []): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof Tensor) return value.constructor === SymbolicTensor;
  return partsOf(value, around).some((v) => typeof v === 'object' && holdsSymbol(v, [...around, value]));
}

// Zeros in the place of symbols.
const tried = (args: readonly unknown[], batch: 0 | 1, device: number): unknown[] =>
  mapTensors(args, (t) =>
    t instanceof SymbolicTensor ? engineOps.zeros(t.shapes[batch], t.dtype, device) : t,
  ) as unknown[];

/** What tells users where an error comes from, which names shapes of a batch that nobody made. */
function located(e: unknown, what: string, args: readonly unknown[]): unknown {
  if (!(e instanceof NodegradError)) return e;
  const shapes = tensorsIn(args).map((t) => (t instanceof SymbolicTensor ? String(t) : `[${t.shape.join(', ')}]`));
  const message = `${e.message} (applying ${what} to ${shapes.join(', ')}, tried with a batch of ${batches[0]})`;
  if (e.stack) e.stack = e.stack.replace(e.message, () => message);
  e.message = message;
  return e;
}

/** How {@link traced} tries a call. */
export interface Trial {
  /** How errors call it. */
  readonly what: string;
  /** Does it for the shapes alone. Default: as the call does. */
  readonly run?: ((...args: unknown[]) => unknown) | undefined;
  /** Whether the random numbers that it takes are taken: those of weights that are drawn now. */
  readonly draws?: boolean | undefined;
  /** Where the tensors are that it meets. Default: where those among the arguments are. */
  readonly device?: number | undefined;
}

/**
 * Records a call: runs it on zeros with two small batches, without gradients, and gives symbols in the place of the tensors
 * in its result. Undefined if there is none in it.
 */
export function traced(target: Target, run: Call['run'], args: readonly unknown[], trial: Trial): unknown {
  const constant = tensorsIn(args).find((t) => !(t instanceof SymbolicTensor));
  const device = trial.device ?? constant?.storage.device ?? deviceIndex(undefined);
  const once = (batch: 0 | 1): unknown => {
    const generator = currentGenerator();
    const state = generator.getState();
    try {
      let result: unknown;
      // Not returned: what promises a value is none of its concern.
      noGrad(() => void (result = (trial.run ?? run)(...tried(args, batch, device))));
      return result;
    } catch (e) {
      throw located(e, trial.what, args);
    } finally {
      if (batch === 1 || !trial.draws) generator.setState(state);
    }
  };
  const first = once(0);
  const found = tensorsIn(first);
  if (found.length === 0) return undefined;
  const others = tensorsIn(once(1));
  if (others.length !== found.length || others.some((t, i) => t.ndim !== found[i]!.ndim))
    throw new ArgumentError(`[apply] the results of ${trial.what} depend on the size of the batch`, 'ERR_SYMBOL');
  const call: Call = { target, run, args, outputs: [], number: ++calls };
  const outputs = found.map((t, i) => new SymbolicTensor([t.shape, others[i]!.shape], t.dtype, call));
  call.outputs = outputs;
  let at = 0;
  return mapTensors(first, () => outputs[at++]);
}

/** Whether tensors of this shape may stand for the symbol. */
export const fitsSymbol = (s: SymbolicTensor, shape: Shape): boolean =>
  sameShape(
    s.shape,
    shape.map((d, i) => (s.shape[i] === anyLength ? anyLength : d)),
  );
