/**
 * @file Replays the recorded chains (test/fixtures/chains.json): `node chains-child.js`. Prints one JSON line: what
 * differs from PyTorch, and a hash of all bits per chain, which must not depend on the number of threads
 * (NODEGRAD_FUZZ_THREADS).
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import * as ng from '../../lib';
import type { DType, Tensor } from '../../lib';
import { lcg } from '../../test/op-table/harness';

interface Digest {
  shape: number[];
  data: number[];
  /** Of large results: the positions of `data`, the sum, the sum of magnitudes. */
  at?: number[];
  sum?: number;
  size?: number;
}
interface Chain {
  inputs: { shape: number[]; seed: number }[];
  steps: [op: string, inputs: number[], args: unknown[]][];
  weights: number;
  double: boolean;
  /** The result, then the inputs' gradients, then (`double`) those of the squares of the gradients. */
  results: (Digest | null)[];
}

type Fn = (...args: unknown[]) => Tensor | { values: Tensor };
const special: Record<string, (t: Tensor[], ...args: never[]) => Tensor> = {
  cat: (t, d: number) => ng.cat(t, d),
  stack: (t, d: number) => ng.stack(t, d),
  addInPlace: ([a, b]) => a!.clone().add_(b!),
  mulInPlace: ([a, b]) => a!.clone().mul_(b!),
  copyInPlace: ([a, b]) => a!.clone().copy_(b!),
};

function step(name: string, tensors: Tensor[], args: unknown[]): Tensor {
  const given = args.map((a) => {
    const list = (a as { int64?: number[] } | null)?.int64;
    return list ? ng.tensor(list, { dtype: 'int64' }) : a;
  });
  const own = special[name];
  if (own) return own(tensors, ...(given as never[]));
  const fn = (name in ng ? ng : ng.nn.functional) as unknown as Record<string, Fn>;
  const out = fn[name]!(...tensors, ...given);
  return out instanceof ng.Tensor ? out : out.values;
}

function made(seed: number, shape: number[], dtype: DType): Tensor {
  const random = lcg(seed);
  const n = shape.reduce((a, b) => a * b, 1);
  return ng.tensor(
    Float64Array.from({ length: n }, () => -2 + 4 * random()),
    { shape, dtype },
  );
}

/** `transposed`: the inputs lie in memory the other way round, which may not matter. */
export function replay(c: Chain, dtype: DType, transposed: boolean): (Tensor | null)[] {
  const leaves = c.inputs.map(({ shape, seed }) => {
    const t = made(seed, shape, dtype);
    const order = shape.map((_, i) => shape.length - 1 - i);
    return (transposed ? t.permute(order).contiguous().permute(order) : t).requiresGrad_();
  });
  const all = [...leaves];
  for (const [name, at, args] of c.steps)
    all.push(
      step(
        name,
        at.map((i) => all[i]!),
        args,
      ),
    );
  const y = all.at(-1)!;
  const loss = y.mul(made(c.weights, [...y.shape], dtype)).sum();
  const options = { allowUnused: true };
  const grads = ng.grad(loss, leaves, { ...options, createGraph: c.double }) as (Tensor | null)[];
  if (!c.double) return [y, ...grads];
  const first = grads.filter((g): g is Tensor => g !== null && g.requiresGrad);
  const squares = first.map((g) => g.mul(g).sum()).reduce((a, b) => a.add(b));
  return [y, ...grads, ...(ng.grad(squares, leaves, options) as (Tensor | null)[])];
}

/** Why `got` is not what PyTorch recorded. An absent gradient may be zeros. */
function differs(got: Tensor | null, want: Digest | null, tolerance: number): string | undefined {
  const data = got ? Array.from(got.dataSync() as Float64Array, Number) : [];
  if (!want) return data.every((v) => v === 0) ? undefined : 'a gradient where PyTorch has none';
  if (!got) return want.data.every((v) => v === 0) ? undefined : 'no gradient where PyTorch has one';
  if (got.shape.join() !== want.shape.join()) return `shape [${got.shape.join()}], PyTorch has [${want.shape.join()}]`;
  const scale = want.size !== undefined ? want.size / data.length : Math.max(0, ...want.data.map(Math.abs));
  const values = want.at ? want.at.map((i) => data[i]!) : data;
  const bound = (w: number): number => tolerance * (Math.abs(w) + scale + 1e-3);
  for (const [i, w] of want.data.entries())
    if (!(Math.abs(values[i]! - w) <= bound(w))) return `${values[i]} for ${w} at ${want.at?.[i] ?? i}`;
  const sum = data.reduce((a, b) => a + b, 0);
  if (want.sum !== undefined && !(Math.abs(sum - want.sum) <= tolerance * (want.size! + 1)))
    return `the sum is ${sum} for ${want.sum}`;
  return undefined;
}

const tolerances = { float64: 2e-8, float32: 2e-4 };

function main(): void {
  ng.setNumThreads(Number(process.env['NODEGRAD_FUZZ_THREADS'] ?? 1));
  const file = path.join(__dirname, '..', '..', '..', 'test', 'fixtures', 'chains.json');
  const chains = JSON.parse(fs.readFileSync(file, 'utf8')) as Chain[];
  const failures: string[] = [];
  const hashes: string[] = [];
  let compared = 0;
  for (const [i, c] of chains.entries()) {
    const hash = createHash('sha256');
    for (const dtype of ['float64', 'float32'] as const) {
      for (const transposed of [false, true]) {
        try {
          const got = replay(c, dtype, transposed);
          for (const t of got) if (t) hash.update(t.dataSync() as Float64Array);
          for (const [k, w] of c.results.entries()) {
            compared++;
            const why = differs(got[k] ?? null, w, tolerances[dtype]);
            const what =
              k === 0
                ? 'result'
                : k <= c.inputs.length
                  ? `gradient ${k - 1}`
                  : `second gradient ${k - 1 - c.inputs.length}`;
            if (why)
              failures.push(
                `chain ${i} ${dtype}${transposed ? ' transposed' : ''}, ${what}: ${why}: ${JSON.stringify([c.inputs, c.steps])}`,
              );
          }
        } catch (e) {
          failures.push(
            `chain ${i} ${dtype}${transposed ? ' transposed' : ''}: ${String(e)}: ${JSON.stringify([c.inputs, c.steps])}`,
          );
        }
      }
    }
    hashes.push(hash.digest('hex').slice(0, 16));
  }
  console.log(JSON.stringify({ isa: ng.backendInfo().isa, chains: chains.length, compared, failures, hashes }));
}

if (require.main === module) main();
