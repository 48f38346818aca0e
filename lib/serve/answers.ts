/** @file A batch goes through the model, and its rows become the answers. */
import { isOptions } from '../core/arguments';
import { ArgumentError, ShapeError } from '../core/errors';
import { noGrad } from '../core/grad-mode';
import { outsideScopes } from '../core/scope';
import { describe, showShape } from '../core/shape';
import { Tensor } from '../core/tensor';
import { turnIfDue } from '../core/turn';
import { readStorage } from '../native';
import { evaluating } from '../nn/modes';
import { listOf, type Tensors } from '../train/tensors';
import { type Trainer } from '../train/trainer';
import { batchOf, type Example } from './example';

/** As what answers come: tensors, values in nested arrays, or values in one typed array. */
export type OutputKind = 'tensor' | 'array' | 'data';

const nothing = new Uint8Array(0);
// The rows of one output. Reading fails with what failed in the model.
async function rowsOf(output: Tensor, kind: OutputKind, rows: readonly Tensor[]): Promise<readonly unknown[]> {
  if (kind === 'array') return output.array() as Promise<unknown[]>;
  if (kind === 'data') {
    const values = await output.data();
    const length = values.length / output.shape[0]!;
    return Array.from({ length: output.shape[0]! }, (_, i) => values.slice(i * length, (i + 1) * length));
  }
  await readStorage(output.storage, 0, nothing);
  // As other reads do: callers that ask again at once must not starve timers and sockets.
  await turnIfDue();
  return rows;
}

function checkOutputs(made: unknown, examples: number): asserts made is Tensors {
  const fits = made instanceof Tensor || Array.isArray(made) || isOptions(made);
  const list = fits ? (listOf(made as Tensors) as unknown[]) : [];
  if (list.length === 0 || !list.every((t) => t instanceof Tensor))
    throw new ArgumentError(`[batcher] a model gives a tensor, or a list or record of them, not ${describe(made)}`);
  for (const t of list as Tensor[])
    if (t.shape[0] !== examples)
      throw new ShapeError(
        `[batcher] the model gave ${showShape(t.shape)} for ${examples} examples; it must give a row for each`,
      );
}

/** The answers of a model to examples of one form, in their order. */
export async function answersOf(
  trainer: Trainer,
  examples: readonly Example[],
  kind: OutputKind,
): Promise<readonly unknown[]> {
  const { made, rows } = outsideScopes(() =>
    noGrad(() => {
      const batch = batchOf(examples, trainer.placement());
      const made: unknown = evaluating(trainer.model, () => trainer.call(batch));
      checkOutputs(made, examples.length);
      // Copies: an answer that is kept must not keep its whole batch.
      const rows = listOf(made).map((t) => (kind === 'tensor' ? examples.map((_, i) => t.select(0, i).clone()) : []));
      for (const t of listOf(batch)) if (!listOf(made).includes(t)) t.dispose();
      return { made, rows };
    }),
  );
  try {
    const outputs = await Promise.all(listOf(made).map((t, i) => rowsOf(t, kind, rows[i]!)));
    if (made instanceof Tensor) return outputs[0]!;
    if (Array.isArray(made)) return examples.map((_, i) => outputs.map((o) => o[i]));
    const names = Object.keys(made);
    return examples.map((_, i) => Object.fromEntries(names.map((name, k) => [name, outputs[k]![i]])));
  } finally {
    for (const t of listOf(made)) t.dispose();
  }
}
