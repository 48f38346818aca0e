/** @file Rows of tensors by number, gathered on their device. */
import { ShapeError } from '../core/errors';
import { numel, showShape } from '../core/shape';
import { empty, type Tensor } from '../core/tensor';
import { kernel, written } from '../native';
import { tensor } from '../ops/tensors/create';
import { denseOf } from '../ops/kit/launch';

const indexSelectKernel = kernel('indexSelect');

/** The rows `indices` (which the caller has checked) of each tensor. Data has no gradient, so nothing is tracked. */
export function rowsOf(tensors: readonly Tensor[], indices: Int32Array): Tensor[] {
  const index = new Map<string, Tensor>();
  return tensors.map((t) => {
    t.checkAlive('getBatch');
    let i = index.get(t.device);
    if (!i) index.set(t.device, (i = tensor(indices, { device: t.device })));
    const row = t.shape.slice(1);
    const out = empty([indices.length, ...row], t.dtype, t.storage.device);
    indexSelectKernel(written(out), denseOf(t), i, 1, t.shape[0]!, indices.length, numel(row));
    return out;
  });
}

/** Throws unless all tensors have the same number of rows, which is returned. */
export function commonRows(op: string, tensors: readonly Tensor[]): number {
  const n = tensors[0]!.shape[0];
  if (n === undefined || tensors.some((t) => t.shape[0] !== n))
    throw new ShapeError(`[${op}] the first dimensions differ: ${tensors.map((t) => showShape(t.shape)).join(', ')}`);
  return n;
}
