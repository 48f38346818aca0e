/**
 * @file Kernel calls. Typed and thin, so that the encoding of calls can change without touching an op.
 */
import { dtypeCode, dtypes, dtypeSize } from '../core/dtype';
import { ArgumentError, DisposedError, NodegradError } from '../core/errors';
import { describe } from '../core/shape';
import type { Kernels } from '../kernels';
import { addon } from './addon';
import type { BufferArg } from './buffers';
import { callingOr, nameOf, opNumber, translate } from './operation';
import { Storage } from './storage';
import { numberOf, opcodesOf } from './table';
import { unwatched, watching } from './watch';

// V8 keeps the addon's exports as a dictionary; these are used all the time.
const { args, run } = addon;

// Number of the latest call. A call that finds another one there when it has read its arguments was interrupted: what it
// wrote into the shared memory is no longer its own.
let latest = 0;

// Added to the dtype of a buffer that is all of its block: see MarkRef in native/runtime/param.h.
const wholeBlock = 16;
const sizes = dtypes.reduce<number[]>((all, d) => ((all[dtypeCode(d)] = dtypeSize(d)), all), []);

const isWhole = (b: BufferArg): boolean =>
  b.base === null || (b.base !== undefined && b.numel! * sizes[b.dtypeCode]! === b.storage.bytes);

function putBuffer(own: number, at: number, b: unknown, writes: boolean): number {
  if (b === null) {
    args[at] = -1;
    args[at + 1] = 0;
    args[at + 2] = 0;
    return at + 3;
  }
  const { storage, offset, dtypeCode } = (b ?? {}) as BufferArg;
  if (!(storage instanceof Storage)) throw wrong(own, 'a tensor', b);
  if (storage.slot < 0) throw new DisposedError(`[${nameOf(own)}] a tensor was used after dispose()`);
  args[at] = storage.slot;
  args[at + 1] = offset;
  args[at + 2] = writes && isWhole(b as BufferArg) ? dtypeCode + wholeBlock : dtypeCode;
  return at + 3;
}

function putNumber(own: number, at: number, v: unknown): void {
  if (typeof v === 'number') args[at] = v;
  else if (typeof v === 'boolean') args[at] = v ? 1 : 0;
  else throw wrong(own, 'a number', v);
}

function putInteger(own: number, at: number, v: unknown): void {
  if (!Number.isSafeInteger(v)) throw wrong(own, 'an integer', v);
  args[at] = v as number;
}

// Of a list of `n` things that take `each` doubles.
function putCount(own: number, at: number, n: number, each: number): void {
  if (at + n * each + 1 > args.length)
    throw new ArgumentError(`[${nameOf(own)}] a list of ${n} is too long for one call`);
  args[at] = n;
}

const wrong = (own: number, wanted: string, got: unknown): ArgumentError =>
  new ArgumentError(`[${nameOf(own)}] expected ${wanted}, got ${describe(got)}`);

/**
 * The kernel of that name. Its encoding comes from the addon. Arguments of another number or type throw, and nothing of
 * the call is run: a value is converted by nobody, since what converts it may run kernels while this call is written
 * down. So do tensors of a dtype that the kernel does not take, and a device that has no such kernel.
 */
export function kernel<K extends keyof Kernels>(name: K): Kernels[K] {
  const id = numberOf(name);
  const letters = addon.kernels[id]![1];
  const arity = letters.length;
  const codes = Array.from(letters);
  // The names of a kernel's operations, or its own: for calls that no operation has entered.
  const owns = (addon.opcodes[opcodesOf[name]!] as string[] | undefined)?.map(opNumber);
  const self = opNumber(name);
  const call = (...values: unknown[]): void => {
    const own = owns?.[values[0] as number] ?? self;
    const { by } = watching;
    if (by?.call) return unwatched(() => by.call!({ op: nameOf(own), letters: codes, values }, () => call(...values)));
    if (values.length !== arity) throw new NodegradError('ERR_INTERNAL', `[${name}] takes ${arity} arguments`);
    const number = ++latest;
    args[0] = callingOr(own);
    let at = 1;
    let device = -1;
    for (let i = 0; i < arity; i++) {
      const v = values[i];
      const code = codes[i];
      switch (code) {
        case 'n':
        case 'b':
          putNumber(own, at++, v);
          break;
        case 'i':
        case 'p':
          putInteger(own, at++, v);
          break;
        case 'r':
        case 'w':
        case 'm':
          at = putBuffer(own, at, v, code === 'w');
          if (device < 0 && v !== null) device = (v as BufferArg).storage.device;
          break;
        // Each case reads the length itself: a place that sees arrays of all kinds is slow.
        case 'd':
        case 'I': {
          if (!Array.isArray(v)) throw wrong(own, 'a list', v);
          const n = v.length;
          putCount(own, at++, n, 1);
          for (let j = 0; j < n; j++) putInteger(own, at++, (v as readonly number[])[j]);
          break;
        }
        case 'P': {
          if (!Array.isArray(v)) throw wrong(own, 'a list', v);
          const n = v.length;
          putCount(own, at++, n, 1);
          for (let j = 0; j < n; j++) putNumber(own, at++, (v as readonly number[])[j]);
          break;
        }
        default: {
          if (!Array.isArray(v)) throw wrong(own, 'a list', v);
          const list = v as readonly BufferArg[];
          const n = list.length;
          putCount(own, at++, n, 3);
          for (let j = 0; j < n; j++) at = putBuffer(own, at, list[j], false);
          if (device < 0 && n > 0) device = list[0]!.storage.device;
        }
      }
    }
    if (number !== latest)
      throw new ArgumentError(`[${nameOf(own)}] an argument ran another operation while it was read`);
    try {
      run(id, device, at);
    } catch (e) {
      throw translate(e, callingOr(own));
    }
    by?.ran?.(name, callingOr(own), codes, values);
  };
  return call as unknown as Kernels[K];
}
