/** @file Modules applied to symbols. */
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';
import { holdsSymbol, traced } from '../core/symbol';
import { evaluating } from './modes';
import type { Module } from './module';

/** `apply` of every module. */
export function apply(this: Module, ...given: unknown[]): unknown {
  const [fn] = given;
  if (given.length !== 1 || typeof fn !== 'function') return appliedTo(this, given);
  for (const m of this.children()) m.apply(fn as (module: Module) => void);
  (fn as (module: Module) => void)(this);
  return this;
}

/** What `module.forward` gives for these, as symbols. */
function appliedTo(module: Module, inputs: readonly unknown[]): unknown {
  const name = module.constructor.name;
  if (!inputs.some((v) => holdsSymbol(v)))
    throw new ArgumentError(
      `[apply] ${name} is applied to symbols (ng.input) or takes a function, got ${inputs.map(describe).join(', ') || 'nothing'}; for tensors there is forward`,
      'ERR_SYMBOL',
    );
  const run = (...args: unknown[]): unknown => module.forward(...args);
  const result = traced({ layer: module }, run, inputs, {
    what: name,
    run: (...args) => evaluating(module, () => run(...args)),
    draws: true,
    device: (module.parameters()[0] ?? module.buffers()[0])?.storage.device,
  });
  if (result === undefined)
    throw new ArgumentError(`[apply] ${name} returns no tensor, so nothing follows from it`, 'ERR_SYMBOL');
  return result;
}
