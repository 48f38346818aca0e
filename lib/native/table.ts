/** @file Kernels and opcodes by name, in the tables that the addon derives from native/kernels.def and native/ops. */
import { NodegradError } from '../core/errors';
import type { Kernels } from '../kernels';
import { type Addon, addon } from './addon';

// Whose names the first argument of a kernel counts.
export const opcodesOf: Partial<Record<keyof Kernels, keyof Addon['opcodes']>> = {
  unary: 'unary',
  binary: 'binary',
  binaryScalar: 'binary',
  reduce: 'reduce',
  scan: 'scan',
  optimStep: 'optim',
};

const numbers = new Map(addon.kernels.map((k, i) => [k[0], i]));

/** The number of a kernel. */
export function numberOf(name: keyof Kernels): number {
  const id = numbers.get(name);
  if (id === undefined) throw new NodegradError('ERR_INTERNAL', `the addon has no kernel "${name}"`);
  return id;
}

/**
 * Whether a device has the kernel, for tensors of that dtype.
 * @param operation - of a kernel of several operations (`unary`, `binary`, `binaryScalar`): its name
 */
export function hasKernel(name: keyof Kernels, device: number, dtype: number, operation?: string): boolean {
  const id = numberOf(name);
  if (!addon.hasKernel(id, device)) return false;
  const bit = 1 << dtype;
  const [, letters, dtypes] = addon.kernels[id]!;
  const kind = opcodesOf[name];
  if (operation !== undefined && (kind === 'unary' || kind === 'binary'))
    return (addon.opcodeTypes[kind][opcode(kind, operation)]! & bit) !== 0;
  // The first memory that it reads, or else that it writes.
  const reads = Array.from(letters).findIndex((c) => 'rRmMS'.includes(c));
  const first = reads >= 0 ? reads : letters.indexOf('w');
  return first < 0 || (dtypes[first]! & bit) !== 0;
}

/** The number of an elementwise, reduction or scan operation, or of an optimizer's formula. */
export function opcode(kind: keyof Addon['opcodes'], name: string): number {
  const i = addon.opcodes[kind].indexOf(name);
  if (i < 0) throw new NodegradError('ERR_INTERNAL', `the addon has no ${kind} operation "${name}"`);
  return i;
}
