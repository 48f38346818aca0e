/** @file Checks of hyperparameters. */
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';

/** Whose settings they are: an optimizer, or its name. Reading the name of a class takes longer than all checks of a step. */
type Owner = string | object;
const nameOf = (owner: Owner): string => (typeof owner === 'string' ? owner : owner.constructor.name);

/** Throws unless every named value is a finite number of at least 0 (and, with `below`, less than that). */
export function checkHyper(optimizer: Owner, values: Readonly<Record<string, unknown>>, below = Infinity): void {
  for (const name in values) {
    const v = values[name];
    if (typeof v === 'number' && v >= 0 && v < below) continue;
    const range = below === Infinity ? 'a finite number of at least 0' : `at least 0 and less than ${below}`;
    throw new ArgumentError(`[${nameOf(optimizer)}] ${name} must be ${range}, got ${describe(v)}`);
  }
}

/** Throws unless the two decays of a pair are at least 0 and less than 1. */
export function checkBetas(optimizer: Owner, betas: unknown): void {
  if (!Array.isArray(betas) || betas.length !== 2)
    throw new ArgumentError(`[${nameOf(optimizer)}] betas must be two numbers, got ${describe(betas)}`);
  checkHyper(optimizer, { 'betas[0]': betas[0] as unknown, 'betas[1]': betas[1] as unknown }, 1);
}
