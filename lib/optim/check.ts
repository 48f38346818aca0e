/** @file Checks of hyperparameters. */
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';

/** Throws unless every named value is a finite number of at least 0 (and, with `below`, less than that). */
export function checkHyper(optimizer: string, values: object, below = Infinity): void {
  for (const [name, v] of Object.entries(values)) {
    if (typeof v === 'number' && v >= 0 && v < below) continue;
    const range = below === Infinity ? 'a finite number of at least 0' : `at least 0 and less than ${below}`;
    throw new ArgumentError(`[${optimizer}] ${name} must be ${range}, got ${describe(v)}`);
  }
}

/** Throws unless the two decays of a pair are at least 0 and less than 1. */
export function checkBetas(optimizer: string, betas: unknown): void {
  if (!Array.isArray(betas) || betas.length !== 2)
    throw new ArgumentError(`[${optimizer}] betas must be two numbers, got ${describe(betas)}`);
  checkHyper(optimizer, { 'betas[0]': betas[0] as unknown, 'betas[1]': betas[1] as unknown }, 1);
}
