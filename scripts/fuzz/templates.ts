/** @file Calls that work, from the samples of the op table. */
import { makeNd, lcg } from '../../test/op-table/harness';
import type { Input } from '../../test/op-table/row';
import { table } from '../../test/op-table/table';
import type { Template } from './generate';

const literal = (v: number): string => (Object.is(v, -0) ? '-0' : String(v));

/** One per sample of every op that is called with its inputs and then its arguments. */
export function templates(): Template[] {
  const out: Template[] = [];
  for (const [name, row] of Object.entries(table)) {
    if (row.fn) continue;
    for (const { inputs, args = [] } of row.samples) {
      const random = lcg(out.length);
      const tensors = inputs.map((i) => {
        const input: Input = 'shape' in i ? i : { shape: i };
        const { data } = makeNd(input, random);
        const grad = !input.dtype && row.grad !== false ? ', requiresGrad: true' : '';
        const values = data.map((v) => literal(Number(v.toPrecision(3)))).join(', ');
        return `ng.tensor([${values}], { shape: [${input.shape.join(', ')}], dtype: '${input.dtype ?? 'float32'}'${grad} })`;
      });
      if (tensors.some((t) => t.length > 700)) continue;
      try {
        out.push({ path: `ng.${name}`, args: [...tensors, ...args.map((a) => JSON.stringify(a) ?? 'undefined')] });
      } catch {
        // Arguments that are no data (a tensor, a function).
      }
    }
  }
  return out;
}
