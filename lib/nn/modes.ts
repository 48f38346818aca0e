/** @file Training and evaluation mode for the moment of one call. */
import { type Module } from './module';

/** The modes of all modules now; the function that it returns brings them back. */
export function keepModes(model: Module): () => void {
  const modes = model.modules().map((m) => [m, m.training] as const);
  return () => modes.forEach(([m, training]) => (m.training = training));
}

/** Runs `fn`, which is synchronous, with the model evaluating: whoever else uses the model notices nothing. */
export function evaluating<R>(model: Module, fn: () => R): R {
  const restore = keepModes(model);
  model.eval();
  try {
    return fn();
  } finally {
    restore();
  }
}
