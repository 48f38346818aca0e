/** @file Sizes of layers are checked. */
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';

/** Throws unless `value` is an integer of at least `least`. */
export function checkSize(layer: string, name: string, value: unknown, least = 0): number {
  if (!Number.isSafeInteger(value) || (value as number) < least)
    throw new ArgumentError(`[${layer}] ${name} must be an integer of at least ${least}, got ${describe(value)}`);
  return value as number;
}
