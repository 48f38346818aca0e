/** @file Optimizers as `compile` takes them: by name, by name and settings, as a function, or made already. */
import { isOptions } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';
import { type Parameter } from '../nn/parameter';
import * as optim from '../optim';
import { type AnyOptimizer } from '../optim/lr/base';
import { Optimizer } from '../optim/optimizer';
import { Table } from './table';

/** What the name of an optimizer stands for. */
export type OptimizerMaker = (parameters: Parameter[], settings: Record<string, unknown>) => AnyOptimizer;

/** An optimizer: a name, a name with settings (`{ name: 'adamw', lr: 3e-4 }`), a function, or one that was made. */
export type OptimizerLike =
  string | ({ name: string } & Record<string, unknown>) | ((parameters: Parameter[]) => AnyOptimizer) | AnyOptimizer;

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each has settings of its own, which it checks
type AnyClass = new (parameters: Parameter[], settings: any) => unknown;
const made =
  (of: AnyClass, usual: object = {}): OptimizerMaker =>
  (parameters, settings) =>
    new of(parameters, { ...usual, ...settings }) as AnyOptimizer;

/** Optimizers by name: the classes of `ng.optim`, with Keras's learning rates where it has another default. */
export const optimizerNames = new Table<OptimizerMaker>('optimizer', {
  sgd: made(optim.SGD, { lr: 0.01 }),
  adam: made(optim.Adam),
  adamw: made(optim.AdamW),
  adamax: made(optim.Adamax, { lr: 0.001 }),
  nadam: made(optim.NAdam, { lr: 0.001 }),
  radam: made(optim.RAdam),
  rmsprop: made(optim.RMSprop, { lr: 0.001, alpha: 0.9 }),
  adagrad: made(optim.Adagrad, { lr: 0.001 }),
  adadelta: made(optim.Adadelta, { lr: 0.001, rho: 0.95 }),
  adafactor: made(optim.Adafactor),
  lamb: made(optim.LAMB),
  lion: made(optim.Lion),
  muon: made(optim.Muon),
  rprop: made(optim.Rprop),
});

/** The optimizer of these parameters that `like` names. */
export function optimizerOf(op: string, like: OptimizerLike, parameters: Parameter[]): AnyOptimizer {
  const made = makerOf(op, like)(parameters);
  if (!(made instanceof Optimizer))
    throw new ArgumentError(`[${op}] an optimizer function must return an optimizer, got ${describe(made)}`);
  return made as AnyOptimizer;
}

function makerOf(op: string, like: unknown): (parameters: Parameter[]) => unknown {
  if (like instanceof Optimizer) return () => like;
  if (typeof like === 'function') return like as (parameters: Parameter[]) => unknown;
  if (typeof like === 'string') {
    const make = optimizerNames.get(op, like.toLowerCase());
    return (parameters) => make(parameters, {});
  }
  if (isOptions(like)) {
    const { name, ...settings } = like as { name?: unknown };
    const make = optimizerNames.get(op, typeof name === 'string' ? name.toLowerCase() : name);
    return (parameters) => make(parameters, settings);
  }
  throw new ArgumentError(
    `[${op}] optimizer must be a name (${optimizerNames.names().join(', ')}), { name, ...settings }, a function or an optimizer, got ${describe(like)}`,
  );
}

/** Gives an optimizer a name, for `compile`; in lower case. */
export const registerOptimizer = (name: string, make: OptimizerMaker): void => void optimizerNames.set(name, make);
