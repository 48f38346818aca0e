/** @file Rows of lib/ops/layers/embedding.ts, attention.ts and positions.ts. */
import * as ng from '../../../lib';
import type { AttentionOptions } from '../../../lib/ops';
import type { EmbeddingBagOptions } from '../../../lib/ops/layers/embedding';
import type { RotaryOptions } from '../../../lib/ops/layers/positions';
import { build, exact, indices, type Nd, sum } from '../nd';
import type { Input, Row } from '../row';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const ids = (shape: readonly number[], high: number): Input => ({ shape, low: 0, high, ints: true, dtype: 'int64' });

function refBag(index: Nd, weight: Nd, options: EmbeddingBagOptions = {}): Nd {
  const { mode = 'mean', paddingIdx } = options;
  const [count, size] = index.shape as [number, number];
  return build([count, weight.shape[1]!], ([b, c]) => {
    const rows = range(size)
      .map((i) => exact(index, [b!, i]))
      .filter((row) => row !== paddingIdx);
    const values = rows.map((row) => exact(weight, [row, c!]));
    if (mode === 'max') return values.length ? Math.max(...values) : 0;
    return sum(values) / (mode === 'mean' ? Math.max(1, values.length) : 1);
  });
}

// q, k, v have four dimensions; the mask has all of the scores'.
function refAttention([q, k, v, mask]: Nd[], options: AttentionOptions = {}): Nd {
  const [batch, heads, rows, width] = q!.shape as [number, number, number, number];
  const [, keyHeads, keys, valueWidth] = v!.shape as [number, number, number, number];
  const scale = options.scale ?? 1 / Math.sqrt(width);
  const weights = new Map<string, number[]>();
  for (const [b, h, i] of indices([batch, heads, rows]) as [number, number, number][]) {
    const kh = Math.floor((h * keyHeads) / heads);
    const scores = range(keys).map((j) => {
      if (options.isCausal && j > i) return -Infinity;
      return (
        scale * sum(range(width).map((c) => exact(q!, [b, h, i, c]) * exact(k!, [b, kh, j, c]))) +
        (mask ? exact(mask, [b, h, i, j]) : 0)
      );
    });
    const top = Math.max(...scores);
    const e = scores.map((s) => Math.exp(s - top));
    weights.set(
      [b, h, i].join(),
      e.map((x) => x / sum(e)),
    );
  }
  return build([batch, heads, rows, valueWidth], ([b, h, i, c]) => {
    const kh = Math.floor((h! * keyHeads) / heads);
    return sum(weights.get([b, h, i].join())!.map((w, j) => w * exact(v!, [b!, kh, j, c!])));
  });
}

const attend = (inputs: ng.Tensor[], args: unknown[]): ng.Tensor => {
  const [q, k, v, attnMask] = inputs as [ng.Tensor, ng.Tensor, ng.Tensor, ng.Tensor?];
  return ng.scaledDotProductAttention(q, k, v, { ...(args[0] as AttentionOptions), attnMask });
};
const qkv = (
  heads: number,
  keyHeads: number,
  rows: number,
  keys: number,
  width: number,
  valueWidth = width,
): number[][] => [
  [2, heads, rows, width],
  [2, keyHeads, keys, width],
  [2, keyHeads, keys, valueWidth],
];

export const sequenceRows = {
  embedding: {
    reference: ([index, weight]) =>
      build([...index!.shape, weight!.shape[1]!], (i) =>
        exact(weight!, [exact(index!, i.slice(0, -1)), i[i.length - 1]!]),
      ),
    samples: [
      { inputs: [ids([2, 3], 5), [5, 4]] },
      { inputs: [ids([7], 3), [3, 1]] },
      { inputs: [ids([], 3), [3, 2]] },
    ],
    grad: true,
    errors: [
      [() => ng.embedding(ng.ones([2]), ng.ones([3, 2])), 'ERR_DTYPE'],
      [() => ng.embedding([0], ng.ones([3])), 'ERR_SHAPE'],
      [() => ng.embedding([0], ng.ones([3, 2]), { paddingIdx: 3 }), 'ERR_INVALID_ARG'],
      [() => ng.embedding([3], ng.ones([3, 2])).dataSync(), 'ERR_INDEX'],
    ],
  },
  embeddingBag: {
    reference: ([index, weight], [options]) => refBag(index!, weight!, options as EmbeddingBagOptions),
    samples: [
      { inputs: [ids([3, 4], 5), [5, 2]], args: [{ mode: 'sum' }] },
      { inputs: [ids([3, 4], 5), [5, 2]] },
      { inputs: [ids([3, 4], 5), [5, 2]], args: [{ mode: 'mean', paddingIdx: 1 }] },
      { inputs: [ids([3, 2], 3), [3, 2]], args: [{ mode: 'max', paddingIdx: 1 }] },
    ],
    grad: true,
    errors: [
      [() => ng.embeddingBag([0], ng.ones([3, 2])), 'ERR_INVALID_ARG'],
      [() => ng.embeddingBag([[0]], ng.ones([3, 2]), { offsets: [0] }), 'ERR_INVALID_ARG'],
      [() => ng.embeddingBag([[0]], ng.ones([3, 2]), { perSampleWeights: ng.ones([1, 1]) }), 'ERR_INVALID_ARG'],
      [() => ng.embeddingBag([[0]], ng.ones([3, 2]), { mode: 'sum', perSampleWeights: ng.ones([2]) }), 'ERR_SHAPE'],
    ],
  },
  scaledDotProductAttention: {
    fn: attend,
    reference: (inputs, [options]) => refAttention(inputs, options as AttentionOptions),
    samples: [
      { inputs: qkv(2, 2, 3, 5, 4, 3) },
      { inputs: qkv(1, 1, 4, 3, 2), args: [{ isCausal: true, scale: 0.3 }] },
      { inputs: qkv(4, 2, 2, 3, 2), args: [{ enableGqa: true }] },
      { inputs: [...qkv(2, 2, 2, 3, 2), [2, 2, 2, 3]] },
      { inputs: qkv(1, 1, 1, 1, 1) },
    ],
    grad: true,
    errors: [
      [() => ng.scaledDotProductAttention(ng.ones([2, 3]), ng.ones([2, 4]), ng.ones([2, 4])), 'ERR_SHAPE'],
      [() => ng.scaledDotProductAttention(ng.ones([2, 3]), ng.ones([2, 3]), ng.ones([4, 3])), 'ERR_SHAPE'],
      [() => ng.scaledDotProductAttention(ng.ones([3]), ng.ones([2, 3]), ng.ones([2, 3])), 'ERR_SHAPE'],
      [() => attend([ng.ones([2, 3]), ng.ones([2, 3]), ng.ones([2, 3]), ng.ones([5, 2])], []), 'ERR_SHAPE'],
      [
        () => attend([ng.ones([2, 3]), ng.ones([2, 3]), ng.ones([2, 3]), ng.ones([2, 2])], [{ isCausal: true }]),
        'ERR_INVALID_ARG',
      ],
      [() => attend([ng.ones([2, 3]), ng.ones([2, 3]), ng.ones([2, 3])], [{ dropoutP: 2 }]), 'ERR_INVALID_ARG'],
      [() => attend([ng.ones([2, 3]), ng.ones([2, 3], { dtype: 'float64' }), ng.ones([2, 3])], []), 'ERR_DTYPE'],
      [
        () =>
          attend(
            qkv(3, 2, 1, 1, 1).map((s) => ng.ones(s)),
            [{ enableGqa: true }],
          ),
        'ERR_SHAPE',
      ],
    ],
  },
  layerNorm: {
    broadcast: false,
    perf: [{ inputs: [[2048, 384]], args: [[384]] }],
    fn: ([x, weight, bias], args) =>
      ng.layerNorm(x!, args[0] as number | number[], weight, bias, (args[1] as number | undefined) ?? 1e-5),
    reference: ([x, weight, bias], args) => {
      const inner = [args[0] as number | number[]].flat();
      const lead = x!.shape.slice(0, x!.shape.length - inner.length);
      const eps = (args[1] as number | undefined) ?? 1e-5;
      return build(x!.shape, (i) => {
        const group = indices(inner).map((j) => exact(x!, [...i.slice(0, lead.length), ...j]));
        const center = sum(group) / group.length;
        const variance = sum(group.map((v) => (v - center) ** 2)) / group.length;
        const y = (exact(x!, i) - center) / Math.sqrt(variance + eps);
        const own = i.slice(lead.length);
        return y * (weight ? exact(weight, own) : 1) + (bias ? exact(bias, own) : 0);
      });
    },
    samples: [
      { inputs: [[3, 5], [5], [5]], args: [5] },
      {
        inputs: [
          [2, 3, 4],
          [3, 4],
        ],
        args: [[3, 4], 1e-3],
      },
      { inputs: [[2, 7]], args: [7] },
    ],
    grad: true,
    tolerance: 1e-4,
    errors: [
      [() => ng.layerNorm(ng.ones([2, 3]), 2), 'ERR_SHAPE'],
      [() => ng.layerNorm(ng.ones([2, 3]), 3, ng.ones([2])), 'ERR_SHAPE'],
      [() => ng.layerNorm(ng.ones([2, 3], { dtype: 'int32' }), 3), 'ERR_DTYPE'],
    ],
  },
  rotary: {
    reference: ([x], [options]) => {
      const { base = 10000, offset = 0, interleaved = false } = (options ?? {}) as RotaryOptions;
      const n = x!.shape.length;
      const width = x!.shape[n - 1]!;
      return build(x!.shape, (i) => {
        const c = i[n - 1]!;
        const pair = interleaved ? c >> 1 : c % (width / 2);
        const first = interleaved ? c % 2 === 0 : c < width / 2;
        const other = interleaved ? c ^ 1 : (c + width / 2) % width;
        const angle = (i[n - 2]! + offset) * base ** ((-2 * pair) / width);
        const y = exact(x!, [...i.slice(0, -1), other]);
        return exact(x!, i) * Math.cos(angle) + (first ? -y : y) * Math.sin(angle);
      });
    },
    samples: [
      { inputs: [[2, 3, 4]] },
      { inputs: [[5, 6]], args: [{ offset: 7, base: 100 }] },
      { inputs: [[1, 2, 3, 4]], args: [{ interleaved: true }] },
    ],
    grad: true,
    errors: [
      [() => ng.rotary(ng.ones([2, 3])), 'ERR_SHAPE'],
      [() => ng.rotary(ng.ones([4])), 'ERR_SHAPE'],
    ],
  },
  paddingMask: {
    reference: ([lengths], [length]) =>
      build([lengths!.shape[0]!, length as number], ([b, t]) => (t! >= exact(lengths!, [b!]) ? 1 : 0)),
    samples: [{ inputs: [ids([4], 5)], args: [5] }],
    grad: false,
    errors: [[() => ng.paddingMask(ng.ones([2, 2])), 'ERR_SHAPE']],
  },
} satisfies Record<string, Row>;
