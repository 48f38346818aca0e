/** @file Greatest common divisors and least common multiples of whole numbers. */
import { DTypeError } from '../../core/errors';
import { addMethods, Tensor } from '../../core/tensor';
import { defineBinary, type Operand } from '../kit/define';

const divisor = defineBinary('gcd', { result: 'ints' });
const multiple = defineBinary('lcm', { result: 'ints' });

// Truth values have no divisors, as in PyTorch.
function checkWhole(op: string, ...operands: readonly Operand[]): void {
  for (const v of operands)
    if (typeof v === 'boolean' || (v instanceof Tensor && v.dtype === 'bool'))
      throw new DTypeError(`[${op}] takes integers, not bool`);
}

/** The greatest common divisor, elementwise; that of 0 and 0 is 0. Never negative. Shapes broadcast. */
export function gcd(a: Operand, b: Operand): Tensor {
  checkWhole('gcd', a, b);
  return divisor(a, b);
}
/** The least common multiple, elementwise; 0 where one is 0. Never negative. Shapes broadcast. */
export function lcm(a: Operand, b: Operand): Tensor {
  checkWhole('lcm', a, b);
  return multiple(a, b);
}

addMethods({
  gcd,
  lcm,
  gcd_: (self: Tensor, b: Operand) => {
    checkWhole('gcd_', self, b);
    return divisor.inPlace(self, b);
  },
  lcm_: (self: Tensor, b: Operand) => {
    checkWhole('lcm_', self, b);
    return multiple.inPlace(self, b);
  },
});
declare module '../../core/tensor' {
  interface Tensor extends MethodsAs<typeof import('./divisors'), 'gcd' | 'lcm', (b: Operand) => Tensor> {
    /** {@link gcd} in place. */
    gcd_(b: Operand): Tensor;
    /** {@link lcm} in place. */
    lcm_(b: Operand): Tensor;
  }
}
