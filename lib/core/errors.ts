/**
 * @file The errors of nodegrad. Every error has a class and a stable `code`; messages start with the op's name in
 * brackets and give both shapes or dtypes.
 */

/** Base class of all errors that nodegrad throws on purpose. */
export class NodegradError extends Error {
  /** Stable, machine-readable. */
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Shapes that do not fit together, or a shape that is none. Code `ERR_SHAPE`. */
export class ShapeError extends NodegradError {
  constructor(message: string) {
    super('ERR_SHAPE', message);
  }
}

/** A dtype that an op does not take. Code `ERR_DTYPE`. */
export class DTypeError extends NodegradError {
  constructor(message: string) {
    super('ERR_DTYPE', message);
  }
}

/** An index, axis or class outside its range. Code `ERR_INDEX`. */
export class IndexError extends NodegradError {
  constructor(message: string) {
    super('ERR_INDEX', message);
  }
}

/** An argument that is wrong for another reason. Code `ERR_INVALID_ARG`, or a more specific one. */
export class ArgumentError extends NodegradError {
  constructor(message: string, code = 'ERR_INVALID_ARG') {
    super(code, message);
  }
}

/** Misuse of autograd. Codes `ERR_AUTOGRAD`, `ERR_BACKWARD_TWICE`, `ERR_INPLACE`. */
export class AutogradError extends NodegradError {
  constructor(message: string, code = 'ERR_AUTOGRAD') {
    super(code, message);
  }
}

/** The memory limit, or the machine's memory, is exhausted. Nothing is lost: free something and go on. Code `ERR_OUT_OF_MEMORY`. */
export class OutOfMemoryError extends NodegradError {
  constructor(message: string) {
    super('ERR_OUT_OF_MEMORY', message);
  }
}

/** A tensor was used after `dispose()`. Code `ERR_DISPOSED`. */
export class DisposedError extends NodegradError {
  constructor(message: string) {
    super('ERR_DISPOSED', message);
  }
}

/** A device that is not there, or an operation across devices. Code `ERR_DEVICE`. */
export class DeviceError extends NodegradError {
  constructor(message: string, code = 'ERR_DEVICE') {
    super(code, message);
  }
}

/** A value that a computation cannot take (a singular matrix, probabilities that are none). Code `ERR_NUMERIC`. */
export class NumericError extends NodegradError {
  constructor(message: string) {
    super('ERR_NUMERIC', message);
  }
}

/** What is in a tensor. */
export interface ValueCounts {
  shape: readonly number[];
  /** Elements that are NaN. */
  nan: number;
  /** Elements that are Infinity or -Infinity. */
  infinite: number;
  /** The least finite value; NaN if there is none. */
  min: number;
  /** The largest finite value; NaN if there is none. */
  max: number;
  /** The number of elements. */
  count: number;
}

/** Where the first NaN or infinity came from. */
export interface Anomaly {
  /** The operation as the user called it. */
  op: string;
  /** `'backward'`: in its gradient. */
  phase: 'forward' | 'backward';
  /** Whether its input had them already, and nothing in the function made them. */
  inputHad: boolean;
  /** The user's line where the operation was called: "at file:line:column"; undefined if it was recorded earlier. */
  line: string | undefined;
  /** Of the result. */
  output: ValueCounts;
  /** Of the floating-point inputs. */
  inputs: readonly ValueCounts[];
}

/** A NaN or an infinity was made: see `ng.debug.detectAnomaly`. Code `ERR_ANOMALY`. */
export class AnomalyError extends NodegradError {
  constructor(
    message: string,
    /** What made it, where, and of which values. */
    readonly anomaly: Anomaly,
  ) {
    super('ERR_ANOMALY', message);
  }
}

/** A file that is truncated, malformed or not what it claims. Code `ERR_FILE_FORMAT`. */
export class FileFormatError extends NodegradError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_FILE_FORMAT', message, options);
  }
}

/** The error for a failure that a kernel reported (native/runtime/ctx.h, `enum class Fail`). */
export function kernelError(fail: number, message: string): NodegradError {
  switch (fail) {
    case 1:
      return new IndexError(message);
    case 2:
      return new DeviceError(message);
    case 3:
      return new NumericError(message);
    case 4:
      return new OutOfMemoryError(message);
    default:
      return new NodegradError('ERR_KERNEL', message);
  }
}
