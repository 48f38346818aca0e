/** @file The operation that calls kernels, and errors in its name. */
import { DeviceError, DTypeError, kernelError, type NodegradError } from '../core/errors';

// Errors of kernels name the operation as the user did: `take`, not the kernel `linearIndex` below it. The outermost
// operation that says its name is it: methods of tensors and the functions that leave the library do, and what layers
// call below them.

const opNames: string[] = [''];
const opNumbers = new Map<string, number>();
let calling = 0;

/** A number for the operation of that name. */
export function opNumber(name: string): number {
  let n = opNumbers.get(name);
  if (n === undefined) opNumbers.set(name, (n = opNames.push(name) - 1));
  return n;
}

/** Enters operation `op`, unless one was entered already; what it answers is for {@link leaveOp}. */
export function enterOp(op: number): number {
  const before = calling;
  if (before === 0) calling = op;
  return before;
}

/** Leaves it. */
export function leaveOp(before: number): void {
  calling = before;
}

/** Runs `f` as operation `name`, unless one was entered already. */
export function named<T>(name: string, f: () => T): T {
  const before = enterOp(opNumber(name));
  try {
    return f();
  } finally {
    leaveOp(before);
  }
}

/** Runs `f` as if no operation was entered: gradients and hooks, which have their own names. */
export function outsideOps(f: () => void): void {
  const before = calling;
  calling = 0;
  try {
    f();
  } finally {
    calling = before;
  }
}

/** The operation that was entered, or else `own`. */
export const callingOr = (own: number): number => calling || own;

/** The name of a number. */
export const opName = (op: number): string => opNames[op]!;

/** Its name. */
export const nameOf = (own: number): string => opNames[calling || own]!;

/**
 * Native code throws { code, message } without the operation's name; a kernel's failure has the code 'KERNEL_<number>' and
 * the number of the operation that failed.
 */
export function translate(e: unknown, own = 0): unknown {
  const { code, message, op = own } = e as { code?: string | undefined; message: string; op?: number | undefined };
  if (code === 'ERR_UNSUPPORTED_ON_DEVICE')
    return new DeviceError(`[${opNames[op]}] ${message}; move the tensors with .to('cpu')`, code);
  if (code === 'ERR_DTYPE') return new DTypeError(`[${opNames[op]}] ${message}`);
  return code?.startsWith('KERNEL_') ? failureOf(Number(code.slice(7)), message, op) : e;
}

/** The error of a failure that a kernel reported. */
export const failureOf = (fail: number, message: string, op: number): NodegradError =>
  kernelError(fail, `[${opNames[op]}] ${message}`);
