/** @file What tests of the diagnosis share. */
import * as ng from '../lib';
import { type nn } from '../lib';

/** Everything that a diagnosis could have changed: values, gradients, modes, random state. */
export function stateOf(model: nn.Module): unknown {
  return {
    values: [...model.namedParameters(), ...model.namedBuffers()].map(([n, t]) => [
      n,
      t.arraySync(),
      t.storage.version,
    ]),
    grads: model.parameters().map((p) => p.grad?.arraySync()),
    modes: model.modules().map((m) => m.training),
    random: ng.getRngState(),
  };
}
