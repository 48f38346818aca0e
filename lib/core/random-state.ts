/**
 * @file Which generator draws when a call names none: the default one of the environment, or the one of the
 * {@link withGenerator} that is under way.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { fn as fnParam, generator as generatorParam } from './params';
import { Generator, type RngState } from './random';

/** One per environment: worker threads have their own. */
const defaultGenerator = new Generator();

// Made by the first `withGenerator`: from then on Node.js follows every promise, which a program without pays nothing for.
let scopes: AsyncLocalStorage<Generator> | undefined;

/** The generator in use where none is given. */
export const currentGenerator = (): Generator => scopes?.getStore() ?? defaultGenerator;

const fnChecked = fnParam<() => unknown>();

/**
 * Runs `fn` with a generator of its own: whatever is drawn inside without naming another one (random tensors, new layers,
 * dropout, the order of a DataLoader) comes from `generator`, also after an `await`, and also while others run in between.
 * So two trainings at once give the bits that each gives alone. Inside, {@link manualSeed}, {@link getRngState} and
 * {@link setRngState} are about this generator. Calls may be nested.
 *
 * @param fn - synchronous or asynchronous; timers and promises that it starts keep the generator
 * @returns what `fn` returns
 * @throws ArgumentError unless given a Generator and a function
 */
export function withGenerator<R>(generator: Generator, fn: () => R): R {
  generatorParam.check('withGenerator', 'generator', generator);
  fnChecked.check('withGenerator', 'fn', fn);
  scopes ??= new AsyncLocalStorage();
  return scopes.run(generator, fn);
}

/** Seeds the generator in use: the same seed gives the same numbers. Returns it. */
export function manualSeed(seed: number): Generator {
  return currentGenerator().manualSeed(seed);
}

/** The state of the generator in use. */
export const getRngState = (): RngState => currentGenerator().getState();
/** Restores a state of the generator in use. */
export const setRngState = (state: RngState): void => currentGenerator().setState(state);
