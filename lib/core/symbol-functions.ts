/**
 * @file What leaves the library: functions take symbols too (then the call is recorded) and are the operation that errors
 * name; symbols have the methods of tensors.
 */
import { enterOp, leaveOp, opNumber } from '../native';
import { ArgumentError } from './errors';
import { engineOps } from './autograd';
import { holdsSymbol, SymbolicTensor, traced } from './symbol';
import { Tensor } from './tensor';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any function
type Fn = (...args: any[]) => unknown;

const inPlace = (what: string, name: string): ArgumentError =>
  new ArgumentError(`[${name}] a symbol cannot be changed in place: ${what} has no use here`, 'ERR_SYMBOL');

// By the path below `ng`, and the reverse.
const byPath = new Map<string, Fn>();
const paths = new Map<Fn, string>();
const wrappers = new Map<Fn, Fn>();

/** The function of that path, e.g. `nn.functional.relu`. */
export const functionAt = (path: string): Fn | undefined => byPath.get(path);
/** The path of a function that leaves the library. */
export const pathOf = (fn: Fn): string | undefined => paths.get(fn);

// Whether there was ever a symbol. Until then nobody looks for one.
let symbolsExist = false;

function holdsOne(args: readonly unknown[]): boolean {
  for (const v of args) if (typeof v === 'object' && v !== null && holdsSymbol(v)) return true;
  return false;
}

// What users call: takes symbols, and is the operation that errors of kernels name.
function leaving(path: string, fn: Fn): Fn {
  const name = path.slice(path.lastIndexOf('.') + 1);
  const op = opNumber(name);
  const wrapper = (...args: unknown[]): unknown => {
    const before = enterOp(op);
    try {
      if (!symbolsExist || !holdsOne(args)) return fn(...args);
      if (path.endsWith('_')) throw inPlace(`ng.${path}`, path);
      // What tells of shapes and dtypes only does so of the symbol itself.
      return traced({ fn: path }, fn, args, { what: path }) ?? fn(...args);
    } finally {
      leaveOp(before);
    }
  };
  Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(fn));
  Object.defineProperty(wrapper, 'name', { value: name });
  return wrapper;
}

function symbolic(path: string, fn: Fn): Fn {
  let wrapper = wrappers.get(fn);
  if (!wrapper) {
    wrapper = leaving(path, fn);
    wrappers.set(fn, wrapper);
    paths.set(wrapper, path).set(fn, path);
  }
  byPath.set(path, fn);
  return wrapper;
}

/**
 * What `room` exports, with functions that take symbols too in the place of its functions. The library itself uses the plain
 * ones.
 * @param prefix - the room's path below `ng`, with a dot behind
 */
export function symbolicRoom<R extends object>(room: R, prefix = ''): R {
  const out: Record<string, unknown> = {};
  for (const [name, v] of Object.entries(room) as [string, unknown][]) {
    const isPlain = typeof v === 'function' && !/^class\b/.test(Function.prototype.toString.call(v));
    out[name] = isPlain ? symbolic(prefix + name, v as Fn) : v;
  }
  return out as R;
}

/** Gives symbols the methods of tensors. At the first symbol, when all of them are there. */
export function giveMethods(): void {
  if (symbolsExist) return;
  symbolsExist = true;
  const own = SymbolicTensor.prototype;
  const example = engineOps.zeros([2, 2], 'float32', 0);
  for (const [name, d] of Object.entries(Object.getOwnPropertyDescriptors(Tensor.prototype))) {
    if (name === 'constructor' || Object.hasOwn(own, name)) continue;
    const { get, value } = d as { get?: (() => unknown) | undefined; value?: unknown };
    if (get) {
      // `T` and its kind.
      if (!(get.call(example) instanceof Tensor)) continue;
      const run = (t: unknown): unknown => get.call(t);
      Object.defineProperty(own, name, {
        get(this: SymbolicTensor) {
          return traced({ getter: name }, run, [this], { what: name });
        },
      });
    } else if (typeof value === 'function') {
      const method = value as Fn;
      const run = (t: unknown, ...args: unknown[]): unknown => method.apply(t, args);
      Object.defineProperty(own, name, {
        value(this: SymbolicTensor, ...args: unknown[]) {
          if (name.endsWith('_')) throw inPlace(`${name}()`, name);
          return traced({ method: name }, run, [this, ...args], { what: name }) ?? method.apply(this, args);
        },
      });
    }
  }
}
