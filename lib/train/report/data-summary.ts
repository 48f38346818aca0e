/** @file The data of a training in sentences, told from its first batch. */
import { isFloat } from '../../core/dtype';
import { showShape } from '../../core/shape';
import { type Tensor } from '../../core/tensor';
import { short, summarizeNumbers } from '../../data/description';
import { cast } from '../../ops/tensors/cast';
import { type Batch } from '../source';
import { listOf, type Tensors } from '../tensors';

// Values that are looked at.
const mostValues = 1_000_000;

async function sentence(name: string, t: Tensor): Promise<string> {
  const what = `${name}: ${t.dtype}, ${t.ndim === 1 ? 'one value' : showShape(t.shape.slice(1))} per example`;
  const values = (await cast(t, 'float64').data<Float64Array>()).subarray(0, mostValues);
  if (values.length === 0) return what;
  if (!isFloat(t.dtype)) {
    const different = [...new Set(values)].sort((a, b) => a - b);
    const range = `from ${different[0]} to ${different.at(-1)}`;
    return `${what}; in the first batch ${different.length} different values ${range}`;
  }
  const { numbers, missing } = summarizeNumbers(name, 'feature', 'number', values.slice());
  const { min, max, mean, std } = numbers!;
  const nan = missing > 0 ? `, ${missing} NaN` : '';
  return `${what}; in the first batch from ${short(min)} to ${short(max)}, mean ${short(mean)}, deviation ${short(std)}${nan}`;
}

const named = (name: string, v: Tensors): [string, Tensor][] => {
  const list = listOf(v);
  const keys = Array.isArray(v) ? list.map((_, i) => `${name}[${i}]`) : Object.keys(v).map((k) => `${name}.${k}`);
  return list.length === 1 ? [[name, list[0]!]] : list.map((t, i) => [keys[i]!, t]);
};

/** Sentences about inputs and targets. Nothing blocks the event loop. */
export function dataSummary([x, y, weight]: Batch, examples: number | undefined): Promise<string[]> {
  const all = [...named('x', x), ...(y ? named('y', y) : []), ...(weight ? named('sampleWeight', weight) : [])];
  const head = `${examples?.toLocaleString('en-US') ?? 'An unknown number of'} examples per epoch`;
  return Promise.all([Promise.resolve(head), ...all.map(([name, t]) => sentence(name, t))]);
}
