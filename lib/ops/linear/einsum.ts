/**
 * @file Einstein summation, through batched matrix products. Operands are multiplied from left to right; a letter is
 * summed as soon as no later operand and no output names it, so that sums over shared letters become the inner
 * dimension of a matmul.
 */
import { resultType } from '../../core/dtype';
import { ArgumentError, ShapeError } from '../../core/errors';
import { describe, numel, type Shape, showShape } from '../../core/shape';
import { needTensor, Tensor } from '../../core/tensor';
import { mul } from '../elementwise/arithmetic';
import { cast } from '../tensors/cast';
import { diagonal } from '../shape/diagonals';
import { sameDevice } from '../kit/launch';
import { matmul } from './matmul';
import { sum } from '../reduce/reduce';
import { permute, reshape } from '../shape/views';

/** A tensor whose dimensions have names: letters, and for those of '...' numbers, counted from the right. */
interface Named {
  t: Tensor;
  names: string[];
}

function fail(equation: string, what: string): never {
  throw new ArgumentError(`[einsum] '${equation}': ${what}`);
}

// The names of one term; `dots` is how many dimensions its '...' stands for.
function namesOf(equation: string, term: string, dots: number): string[] {
  const parts = term.split('...');
  if (parts.length > 2) fail(equation, `'${term}' has several ellipses`);
  const bad = parts.join('').match(/[^A-Za-z]/);
  if (bad) fail(equation, `unexpected '${bad[0]}'`);
  // Dimensions of '...' broadcast, so they are aligned at their right ends.
  const middle = parts.length === 2 ? Array.from({ length: dots }, (_, i) => String(dots - i)) : [];
  return [...parts[0]!, ...middle, ...(parts[1] ?? '')];
}

// Sums may repeat a letter within one operand: that means its diagonal.
function withoutRepeats({ t, names }: Named): Named {
  const repeated = names.findIndex((n, i) => names.indexOf(n) < i);
  if (repeated < 0) return { t, names };
  const first = names.indexOf(names[repeated]!);
  const rest = names.filter((_, i) => i !== first && i !== repeated);
  return withoutRepeats({ t: diagonal(t, 0, first, repeated), names: [...rest, names[first]!] });
}

function summed(a: Named, drop: (name: string) => boolean): Named {
  const axes = a.names.flatMap((n, i) => (drop(n) ? [i] : []));
  if (axes.length === 0) return a;
  return { t: sum(a.t, axes), names: a.names.filter((n) => !drop(n)) };
}

// Of integers in products, which keep their width.
function sumOut(a: Named, drop: (name: string) => boolean): Named {
  const { t, names } = summed(a, drop);
  return { t: cast(t, a.t.dtype), names };
}

const ordered = ({ t, names }: Named, order: readonly string[]): Tensor =>
  order.every((n, i) => n === names[i])
    ? t
    : permute(
        t,
        order.map((n) => names.indexOf(n)),
      );

// Two operands multiplied, summing over the shared names that `keep` does not hold.
function multiply(a0: Named, b0: Named, keep: ReadonlySet<string>): Named {
  // A length of 1 broadcasts: such a dimension of one operand is dropped where the other has the real one.
  const length = ({ t, names }: Named, n: string): number => t.shape[names.indexOf(n)]!;
  const narrow = (x: Named, other: Named): Named =>
    sumOut(x, (n) => (other.names.includes(n) ? length(x, n) === 1 && length(other, n) !== 1 : !keep.has(n)));
  const a = narrow(a0, b0);
  const b = narrow(b0, a0);
  const shared = a.names.filter((n) => b.names.includes(n));
  const batch = shared.filter((n) => keep.has(n));
  const inner = shared.filter((n) => !keep.has(n));
  const onlyA = a.names.filter((n) => !shared.includes(n));
  const onlyB = b.names.filter((n) => !shared.includes(n));
  // Names that were dropped as broadcast in one operand and are summed: they are only in the other by now.
  const names = [...batch, ...onlyA, ...onlyB];
  const lengths = (x: Named, list: readonly string[]): Shape => list.map((n) => length(x, n));
  let t: Tensor;
  if (inner.length === 0 && a.t.dtype !== 'bool') {
    const left = reshape(ordered(a, [...batch, ...onlyA]), [
      ...lengths(a, [...batch, ...onlyA]),
      ...onlyB.map(() => 1),
    ]);
    const right = reshape(ordered(b, [...batch, ...onlyB]), [
      ...lengths(b, batch),
      ...onlyA.map(() => 1),
      ...lengths(b, onlyB),
    ]);
    t = mul(left, right);
  } else {
    const size = (x: Named, list: readonly string[]): number => numel(lengths(x, list));
    const left = reshape(ordered(a, [...batch, ...onlyA, ...inner]), [
      ...lengths(a, batch),
      size(a, onlyA),
      size(a, inner),
    ]);
    const right = reshape(ordered(b, [...batch, ...inner, ...onlyB]), [
      ...lengths(b, batch),
      size(b, inner),
      size(b, onlyB),
    ]);
    t = reshape(matmul(left, right), [...lengths(a, batch), ...lengths(a, onlyA), ...lengths(b, onlyB)]);
  }
  return sumOut({ t, names }, (n) => !keep.has(n));
}

interface Parsed {
  operands: Named[];
  output: string[];
}

function parse(equation: string, tensors: readonly Tensor[]): Parsed {
  const [left, right, extra] = equation.replaceAll(' ', '').split('->') as [string, string?, string?];
  if (extra !== undefined) fail(equation, "more than one '->'");
  const terms = left.split(',');
  if (terms.length !== tensors.length) fail(equation, `${terms.length} terms for ${tensors.length} operands`);
  let most = 0;
  const operands = terms.map((term, i): Named => {
    const t = tensors[i]!;
    const letters = term.replace('...', '').length;
    const dots = t.ndim - letters;
    if (dots < 0 || (dots > 0 && !term.includes('...')))
      throw new ShapeError(
        `[einsum] '${equation}': term '${term}' does not fit an operand of shape ${showShape(t.shape)}`,
      );
    most = Math.max(most, dots);
    return { t, names: namesOf(equation, term, dots) };
  });
  const counts = new Map<string, number>();
  for (const n of operands.flatMap((o) => o.names)) counts.set(n, (counts.get(n) ?? 0) + 1);
  if (right === undefined) {
    // Without an output: the dimensions of '...', then the letters that occur once, capitals first, in order.
    const once = [...counts].filter(([n, c]) => c === 1 && /[A-Za-z]/.test(n)).map(([n]) => n);
    return { operands, output: [...namesOf(equation, '...', most), ...once.sort()] };
  }
  const output = namesOf(equation, right, most);
  for (const n of output) {
    if (!counts.has(n)) fail(equation, `the output names '${n}', which no operand has`);
    if (output.indexOf(n) !== output.lastIndexOf(n)) fail(equation, `the output names '${n}' twice`);
  }
  return { operands, output };
}

function checkLengths(equation: string, operands: readonly Named[]): void {
  const known = new Map<string, number>();
  for (const { t, names } of operands)
    names.forEach((n, i) => {
      const d = t.shape[i]!;
      const before = known.get(n) ?? 1;
      if (before !== 1 && d !== 1 && before !== d)
        throw new ShapeError(`[einsum] '${equation}': '${n}' is ${before} in one operand and ${d} in another`);
      known.set(n, before === 1 ? d : before);
    });
}

/**
 * Products summed over named dimensions: `einsum('bij,bjk->bik', a, b)`. Every letter names a dimension; what the part
 * after '->' does not name is summed. '...' stands for any dimensions, which broadcast. A letter twice in one term is
 * its diagonal. Without '->' the output has the letters that occur once, in alphabetical order.
 */
export function einsum(equation: string, ...tensors: (Tensor | readonly Tensor[])[]): Tensor {
  if (typeof equation !== 'string') throw new ArgumentError(`[einsum] expected an equation, got ${describe(equation)}`);
  const list = tensors.flat() as Tensor[];
  if (list.length === 0) throw new ArgumentError('[einsum] expected at least one operand');
  for (const t of list) {
    needTensor('einsum', t);
    sameDevice('einsum', list[0]!, t);
  }
  const dtype = list.reduce<Tensor | { dtype: Tensor['dtype']; ndim: number }>(
    (a, b) => ({ dtype: resultType(a, b), ndim: Math.max(a.ndim, b.ndim) }),
    list[0]!,
  ).dtype;
  const { operands, output } = parse(
    equation,
    list.map((t) => cast(t, dtype)),
  );
  checkLengths(equation, operands);
  const diagonals = operands.map(withoutRepeats);
  const result = diagonals.slice(1).reduce((a, b, i) => {
    const later = diagonals.slice(i + 2).flatMap((o) => o.names);
    return multiply(a, b, new Set([...output, ...later]));
  }, diagonals[0]!);
  const kept = new Set(output);
  // The sum of one operand alone is int64, as sums of integers are.
  const total = diagonals.length === 1 ? summed : sumOut;
  return ordered(
    total(result, (n) => !kept.has(n)),
    output,
  );
}
