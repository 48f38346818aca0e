/** @file A model whose answers nothing holds up: a copy of it on the queue of the CPU that goes first. */
import { type Device } from '../core/device';
import { noGrad } from '../core/grad-mode';
import { outsideScopes } from '../core/scope';
import { type Module } from '../nn/module';
import { tensor } from '../ops/tensors/create';
import { data } from '../ops/tensors/read';

/** Where it is. */
export const urgent: Device = 'cpu:1';

/**
 * A copy on `cpu:1`, with the weights of this moment, which are read without blocking: what is queued before them may take a
 * while. Rejects with what failed on the way to a weight.
 * @throws ArgumentError (`ERR_CLONE`) at once for a module that cannot be copied
 */
export function urgentCopy<M extends Module>(model: M): Promise<M> {
  const copy = outsideScopes(() => model.clone());
  const all = [...copy.parameters(), ...copy.buffers()].filter((t) => t.device !== urgent);
  const moved = all.map(async (t) => {
    const values = await data(t);
    const { shape, dtype } = t;
    outsideScopes(() => noGrad(() => t.adopt(tensor(values, { shape, dtype, device: urgent }))));
  });
  return Promise.all(moved).then(() => copy);
}
