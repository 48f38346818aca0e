/** @file What a row of the op table says about an op. The harness derives all checks from it. */
import type * as ops from '../../lib/ops';
import type { DType, Tensor } from '../../lib';
import type { Nd } from './nd';

/** One input: a shape, or a shape with a range of values, a dtype, or the values themselves. */
export interface Input {
  shape: readonly number[];
  /** Values are drawn from [low, high). Default [-2, 2). */
  low?: number;
  high?: number;
  /** Whole numbers. */
  ints?: boolean;
  /** Not cast to the dtype under test (indices, masks). */
  dtype?: DType;
  values?: readonly number[];
}

export interface Sample {
  inputs: (readonly number[] | Input)[];
  args?: unknown[];
}

/** What an op returns; of a record (values, indices) all entries are compared in order. */
export type Result = Tensor | readonly Tensor[] | Record<string, Tensor>;

export interface Row {
  /** How to call the op; default: the op of that name with the inputs and then `args`. */
  fn?: (inputs: Tensor[], args: unknown[]) => Result;
  /** The plain float64 definition. */
  reference: (inputs: Nd[], args: unknown[]) => Nd | readonly Nd[];
  samples: Sample[];
  /** Check gradients by finite differences (and of the gradient itself, unless 'first'). False: not differentiable. */
  grad: boolean | 'first';
  /** Of float32 results; float64 results must agree within 1e-9. Default 2e-5. */
  tolerance?: number;
  /** False: inputs of which one slice is repeated make no sense to the op (singular matrices, ties). Default true. */
  broadcast?: boolean;
  /** Elementwise ops: also compared at +-1e4, +-inf, NaN, 0, denormals. */
  extremes?: boolean;
  /** Bad calls and the code of the error each must throw at once. */
  errors?: [call: () => unknown, code: string][];
  /** Sizes at which `npm run bench` measures the op, beside PyTorch's of that name. Elementwise ops: see perf.ts. */
  perf?: Sample[];
  /** Input dtypes under test besides float32 and float64. */
  dtypes?: readonly DType[];
}

type Ops = typeof ops;

/**
 * Every function of lib/ops that turns tensors into tensors: each needs a row, or the project does not compile.
 */
export type OpName = {
  [K in keyof Ops]: Ops[K] extends (...args: infer A) => infer R
    ? R extends Tensor | readonly Tensor[] | Record<string, Tensor>
      ? Tensor extends A[0]
        ? K
        : R extends Tensor
          ? Tensor[] extends A[0]
            ? K
            : never
          : never
      : never
    : never;
}[keyof Ops];

/** Rows of one family. */
export type Rows<K extends OpName> = Record<K, Row>;
