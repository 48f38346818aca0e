/** @file Weights as they were. */
import { noGrad } from '../../core/grad-mode';
import { outsideScopes } from '../../core/scope';
import { type Module, type StateDict } from '../../nn/module';

/** A copy of the model's parameters and buffers, for `model.loadStateDict`. */
export const copyOfWeights = (model: Module): StateDict =>
  noGrad(() =>
    outsideScopes(() => Object.fromEntries(Object.entries(model.stateDict()).map(([name, t]) => [name, t.clone()]))),
  );
