/** @file Rows at the sizes at which `npm run bench` measures them: ours to be called, and what PyTorch needs to do the same. */
import { call, lcg, makeNd, asInput, toTensor } from './harness';
import type { Input, Row, Sample } from './row';
import { table } from './table';

/** One op at one size. */
export interface PerfCase {
  /** For people: the op and the shapes. */
  name: string;
  /** As nodegrad calls it; PyTorch's name is the same in snake_case. */
  op: string;
  inputs: Input[];
  args: unknown[];
  /** Calls it. */
  run: () => unknown;
}

// Of elementwise ops that say nothing themselves.
const large = 1 << 20;

function samplesOf(row: Row, everything: boolean): Sample[] {
  if (row.perf) return row.perf;
  if (!everything || !row.extremes) return [];
  return [{ ...row.samples[0]!, inputs: row.samples[0]!.inputs.map((i) => ({ ...asInput(i), shape: [large] })) }];
}

/** The rows that have sizes; with `everything` the elementwise ones, at a million elements, too. */
export function perfCases(everything: boolean): PerfCase[] {
  return Object.entries(table as Record<string, Row>).flatMap(([op, row]) =>
    samplesOf(row, everything).map((sample): PerfCase => {
      const inputs = sample.inputs.map(asInput);
      const args = sample.args ?? [];
      const shapes = inputs.map((i) => `[${i.shape.join(', ')}]`).join(' ');
      const shown = args.length > 0 ? ` ${JSON.stringify(args).slice(1, -1)}` : '';
      let tensors: ReturnType<typeof toTensor>[] | undefined;
      const run = (): unknown => {
        const random = lcg(0);
        tensors ??= inputs.map((i) => toTensor(makeNd(i, random), i.dtype ?? 'float32', 'contiguous'));
        return call(op, row, tensors, args);
      };
      return { name: `${op} ${shapes}${shown}`, op, inputs, args, run };
    }),
  );
}
