/**
 * @file How elementwise ops are defined: a row gives the kernel's opcode by name and the gradient, written with
 * differentiable ops. Where a fused backward kernel exists it is used unless the backward pass itself is recorded.
 */
import {
  checkInPlace,
  flatGradient,
  type GradFn,
  hasHistory,
  isGradEnabled,
  needsTracking,
  track,
  trackInPlace,
} from '../../core/autograd';
import { readArguments, type Spec } from '../../core/arguments';
import { defaultDType, type DType, isFloat, resultType, resultTypeScalar } from '../../core/dtype';
import { ArgumentError, DTypeError, ShapeError } from '../../core/errors';
import { operand } from '../../core/params';
import { broadcastShapes, sameShape, showShape } from '../../core/shape';
import { empty, needTensor, shapeOf, Tensor } from '../../core/tensor';
import { opcode } from '../../native';
import { cast } from '../tensors/cast';
import { castOf, like, runBinary, runCopy, runScalar, runUnary, sameDevice } from './launch';
import { remembered } from './overwrite';

// --- unary ----------------------------------------------------------------------------------------------------------

interface UnarySpec {
  /** Opcode name, if it is not the op's name. */
  kernel?: string | undefined;
  /** What the gradient needs: the input, the result, or nothing. */
  save?: 'x' | 'y' | 'none' | undefined;
  /** dL/dx from dL/dy, the saved tensor and the op's two parameters. Default: zeros. */
  grad?: ((g: Tensor, saved: Tensor, p0: number, p1: number) => Tensor) | undefined;
  /** Opcode of a binary kernel (g, saved) -> grad. */
  fused?: string | undefined;
  /** What integer tensors do: become the default float first (default), or stay; `bool` results in any case. */
  ints?: 'float' | 'keep' | undefined;
  result?: 'same' | 'bool' | undefined;
}

/** An elementwise op of one tensor and up to two parameters, and its in-place form. */
export interface UnaryOp {
  (x: Tensor, p0?: number, p1?: number): Tensor;
  inPlace(x: Tensor, p0?: number, p1?: number): Tensor;
}

/** Defines an elementwise op of one tensor. */
export function defineUnary(name: string, spec: UnarySpec): UnaryOp {
  const code = opcode('unary', spec.kernel ?? name);
  const fused = spec.fused === undefined ? -1 : opcode('binary', spec.fused);
  const { save = 'none', grad } = spec;
  const label = `${name}_`;
  const backward =
    (p0: number, p1: number) =>
    (grads: Tensor[], kept: Tensor[]): Tensor[] => {
      const g = grads[0]!;
      const saved = kept[0]!;
      if (fused >= 0 && !isGradEnabled()) return [runBinary(fused, like(g), g, saved, p0, p1)];
      return [grad!(g, saved, p0, p1)];
    };

  const op = (x: Tensor, p0 = 0, p1 = 0): Tensor => {
    needTensor(name, x);
    const dtype: DType = isFloat(x.dtype) || spec.ints === 'keep' || spec.result === 'bool' ? x.dtype : defaultDType();
    const a = dtype === x.dtype ? x : cast(x, dtype);
    const out = like(a, spec.result === 'bool' ? 'bool' : dtype);
    const y = runUnary(code, out, a, p0, p1);
    if (!isGradEnabled() || !isFloat(y.dtype) || !hasHistory(a)) return y;
    if (!grad) return track(name, y, [a], [], flatGradient([a]));
    return track(name, y, [a], save === 'x' ? [a] : save === 'y' ? [y] : [], backward(p0, p1));
  };
  op.inPlace = (x: Tensor, p0 = 0, p1 = 0): Tensor => {
    needTensor(label, x);
    if (spec.result === 'bool' ? x.dtype !== 'bool' : !isFloat(x.dtype) && spec.ints !== 'keep')
      throw new DTypeError(`[${label}] the result does not fit into a tensor of ${x.dtype}`);
    const inputs = [x];
    checkInPlace(label, x, inputs);
    const tracked = needsTracking(inputs);
    const old = save === 'x' && tracked ? remembered(x) : x;
    runUnary(code, x, x, p0, p1);
    x.storage.version++;
    if (!tracked) return x;
    if (!grad) trackInPlace(label, x, inputs, [], flatGradient(inputs));
    else trackInPlace(label, x, inputs, save === 'none' ? [] : [old], backward(p0, p1));
    return x;
  };
  return op;
}

// --- binary ---------------------------------------------------------------------------------------------------------

/** A tensor or a number that stands for one of any shape. */
export type Operand = Tensor | number | boolean;

/** The second operand of an op, in its place or by its name N. */
export type Second<N extends string = 'other'> = Operand | Readonly<Record<N, Operand>>;

interface BinarySpec {
  kernel?: string | undefined;
  /** PyTorch's name of the second operand. Default 'other'. */
  second?: string | undefined;
  /** Which of a, b and the result y the gradients of a and of b read: any of 'a', 'b', 'y'; one string if the same. */
  save?: string | readonly [string, string] | undefined;
  /** Gradients before broadcasting is undone; default: zeros. An operand may be a number. */
  gradA?: ((g: Tensor, a: Operand, b: Operand, y: Tensor) => Tensor) | undefined;
  gradB?: ((g: Tensor, a: Operand, b: Operand, y: Tensor) => Tensor) | undefined;
  /** `promote` (default), `float`: integers become the default float, `bool`: comparisons, `ints`: integers and bool only. */
  result?: 'promote' | 'float' | 'bool' | 'ints' | undefined;
}

/** An elementwise op of two operands, at least one of them a tensor, and its in-place form. */
export interface BinaryOp<N extends string = 'other'> {
  (a: Operand, b: Second<N>): Tensor;
  inPlace(a: Tensor, b: Second<N>): Tensor;
}

// Of a, b and the result y, those that are kept for backward.
const [keepA, keepB, keepY] = [1, 2, 4];
const bitsOf = (names: string): number =>
  (names.includes('a') ? keepA : 0) | (names.includes('b') ? keepB : 0) | (names.includes('y') ? keepY : 0);

const isNumber = (v: unknown): v is number | boolean => typeof v === 'number' || typeof v === 'boolean';

function checkOperand(op: string, v: unknown): void {
  if (isNumber(v)) return;
  needTensor(op, v);
}

const otherSpec = { other: operand };

/** The second operand `v` of an op: itself, or what an object gives under its name. */
export function secondOf(op: string, v: Second<string>, spec: Spec<Record<string, Operand>>): Operand {
  if (isNumber(v)) return v;
  if (!(v instanceof Tensor)) return Object.values(readArguments(op, spec, [v]))[0]!;
  v.checkAlive(op);
  return v;
}

/** {@link secondOf} where the name is `other`. */
export const otherOf = (op: string, v: Second): Operand => secondOf(op, v, otherSpec);

/** Defines an elementwise op of two operands, with broadcasting and PyTorch's type promotion. */
export function defineBinary(name: string, spec: BinarySpec): BinaryOp {
  const code = opcode('binary', spec.kernel ?? name);
  const { save = '', gradA, gradB, result = 'promote' } = spec;
  const secondSpec = spec.second === undefined ? otherSpec : { [spec.second]: operand };
  const label = `${name}_`;
  const [readsOfA, readsOfB] = (typeof save === 'string' ? [save, save] : save).map(bitsOf) as [number, number];

  const computeType = (op: string, a: Operand, b: Operand): DType => {
    const t = a instanceof Tensor ? a : (b as Tensor);
    let d: DType;
    if (a instanceof Tensor && b instanceof Tensor) d = resultType(a, b);
    else {
      const s = isNumber(a) ? a : (b as number | boolean);
      d = typeof s === 'boolean' ? t.dtype : resultTypeScalar(t.dtype, s);
    }
    if (result === 'float' && !isFloat(d)) d = defaultDType();
    if (result === 'ints' && isFloat(d)) throw new DTypeError(`[${op}] takes integers or bool, not ${d}`);
    return d;
  };

  // Runs into `out`; a and b already have the compute dtype.
  const launch = (out: Tensor, a: Operand, b: Operand): Tensor => {
    if (a instanceof Tensor && b instanceof Tensor) return runBinary(code, out, a, b, 0, 0);
    if (a instanceof Tensor) return runScalar(code, out, a, Number(b), false, 0, 0);
    return runScalar(code, out, b as Tensor, Number(a), true, 0, 0);
  };

  // Which of a, b, y have to be kept: what a wanted gradient reads, and is a tensor.
  const kept = (a: Operand, b: Operand): number => {
    const wanted =
      (a instanceof Tensor && a.requiresGrad ? readsOfA : 0) | (b instanceof Tensor && b.requiresGrad ? readsOfB : 0);
    return wanted & ((a instanceof Tensor ? keepA : 0) | (b instanceof Tensor ? keepB : 0) | keepY);
  };
  const savedOf = (which: number, a: Operand, b: Operand, y: Tensor): Tensor[] => {
    const list: Tensor[] = [];
    if (which & keepA) list.push(a as Tensor);
    if (which & keepB) list.push(b as Tensor);
    if (which & keepY) list.push(y);
    return list;
  };
  const backward = (which: number, a: Operand, b: Operand): GradFn => {
    if (!gradA || !gradB) return flatGradient(inputsOf(a, b));
    const bothTensors = a instanceof Tensor && b instanceof Tensor;
    // The closure keeps numbers only; tensors come back through `saved`.
    const na = a instanceof Tensor ? undefined : a;
    const nb = b instanceof Tensor ? undefined : b;
    return (grads, saved, needs) => {
      const g = grads[0]!;
      let i = 0;
      const sa = na ?? (which & keepA ? saved[i++]! : (undefined as never));
      const sb = nb ?? (which & keepB ? saved[i++]! : (undefined as never));
      const sy = which & keepY ? saved[i]! : (undefined as never);
      const ga = na === undefined && needs[0] ? gradA(g, sa, sb, sy) : null;
      const gb = nb === undefined && needs[bothTensors ? 1 : 0] ? gradB(g, sa, sb, sy) : null;
      return bothTensors ? [ga, gb] : [na === undefined ? ga : gb];
    };
  };
  const inputsOf = (a: Operand, b: Operand): Tensor[] => {
    if (a instanceof Tensor) return b instanceof Tensor ? [a, b] : [a];
    return [b as Tensor];
  };

  const op = (x: Operand, second: Second): Tensor => {
    checkOperand(name, x);
    const z = secondOf(name, second, secondSpec);
    if (isNumber(x) && isNumber(z)) throw new ArgumentError(`[${name}] at least one operand must be a tensor`);
    if (x instanceof Tensor && z instanceof Tensor) sameDevice(name, x, z);
    const dtype = computeType(name, x, z);
    const a = x instanceof Tensor && x.dtype !== dtype ? cast(x, dtype) : x;
    const b = z instanceof Tensor && z.dtype !== dtype ? cast(z, dtype) : z;
    const one = a instanceof Tensor ? a : (b as Tensor);
    const shape =
      a instanceof Tensor && b instanceof Tensor ? broadcastShapes(name, shapeOf(a), shapeOf(b)) : shapeOf(one);
    const y = launch(empty(shape, result === 'bool' ? 'bool' : dtype, one.storage.device), a, b);
    if (!isGradEnabled() || !isFloat(y.dtype)) return y;
    if (!hasHistory(one) && !(b instanceof Tensor && hasHistory(b))) return y;
    const which = kept(a, b);
    return track(name, y, inputsOf(a, b), savedOf(which, a, b, y), backward(which, a, b));
  };

  op.inPlace = (t: Tensor, second: Second): Tensor => {
    needTensor(label, t);
    const z = secondOf(label, second, secondSpec);
    if (z instanceof Tensor) {
      sameDevice(label, t, z);
      if (!sameShape(shapeOf(t), shapeOf(z)) && !sameShape(broadcastShapes(label, shapeOf(t), shapeOf(z)), shapeOf(t)))
        throw new ShapeError(`[${label}] ${showShape(shapeOf(z))} does not fit into ${showShape(shapeOf(t))}`);
    }
    const dtype = computeType(label, t, z);
    const narrows = isFloat(dtype) && !isFloat(t.dtype);
    if (narrows || (result === 'bool' && t.dtype !== 'bool' && !isFloat(t.dtype)))
      throw new DTypeError(`[${label}] a result of ${dtype} does not fit into a tensor of ${t.dtype}`);
    const inputs = inputsOf(t, z);
    checkInPlace(label, t, inputs);
    const tracked = needsTracking(inputs);
    const which = tracked ? kept(t, z) : 0;
    // What the gradient reads of the old value must survive the write.
    const old = which & keepA ? remembered(t) : t;
    const b = z instanceof Tensor && z.dtype !== dtype ? cast(z, dtype) : z;
    const sharesMemory = b instanceof Tensor && b !== t && b.storage === t.storage;
    const safe = sharesMemory ? remembered(b) : b;
    // Both operands may be one tensor: its old value stands for both.
    const other = b === t && which & keepB ? (old === t ? remembered(t) : old) : safe;
    if (t.dtype === dtype && result !== 'bool') launch(t, t, safe);
    else runCopy(t, launch(like(t, result === 'bool' ? 'bool' : dtype), castOf(t, dtype), safe));
    t.storage.version++;
    if (tracked) trackInPlace(label, t, inputs, savedOf(which, old, other, t), backward(which, t, z));
    return t;
  };
  return op;
}
