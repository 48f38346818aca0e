/** @file Rows of lib/ops/layers/pooling.ts, resample.ts. */
import * as ng from '../../../lib';
import type { AvgPoolOptions, InterpolateOptions, MaxPoolOptions } from '../../../lib';
import { build, exact, indices, map, type Nd, sum } from '../nd';
import type { Row } from '../row';
import { each, inside } from './windows';

const named = (op: string) => (ng as unknown as Record<string, (...args: unknown[]) => unknown>)[op]!;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

// Sliding windows over the last n dimensions, then f of each and of its number of elements with the padding.
function slide(
  x: Nd,
  n: number,
  kernel: unknown,
  o: Partial<MaxPoolOptions>,
  f: (list: number[], full: number) => number,
): Nd {
  const taps = each(kernel, n, 1);
  const [stride, pad, dilation] = [each(o.stride ?? taps, n, 1), each(o.padding, n, 0), each(o.dilation, n, 1)];
  const lead = x.shape.slice(0, -n);
  const area = x.shape.slice(-n);
  const grid = area.map((d, i) => {
    const room = (d + 2 * pad[i]! - dilation[i]! * (taps[i]! - 1) - 1) / stride[i]!;
    const count = (o.ceilMode ? Math.ceil(room) : Math.floor(room)) + 1;
    return (count - 1) * stride[i]! >= d + pad[i]! ? count - 1 : count;
  });
  return build([...lead, ...grid], (index) => {
    const p = index.slice(-n);
    const all = indices(taps).map((t) => t.map((v, i) => p[i]! * stride[i]! - pad[i]! + v * dilation[i]!));
    const at = all.filter((q) => inside(q, area));
    const full = all.filter((q) => q.every((v, i) => v < area[i]! + pad[i]!)).length;
    return f(
      at.map((q) => exact(x, [...index.slice(0, -n), ...q])),
      full,
    );
  });
}

function even(x: Nd, n: number, output: unknown, f: (list: number[]) => number): Nd {
  const area = x.shape.slice(-n);
  const grid = each(output, n, 1);
  return build([...x.shape.slice(0, -n), ...grid], (index) => {
    const parts = index.slice(-n).map((p, i) => {
      const from = Math.floor((p * area[i]!) / grid[i]!);
      return range(Math.ceil(((p + 1) * area[i]!) / grid[i]!) - from).map((k) => k + from);
    });
    return f(
      indices(parts.map((l) => l.length)).map((t) =>
        exact(x, [...index.slice(0, -n), ...t.map((k, i) => parts[i]![k]!)]),
      ),
    );
  });
}

const mean = (list: readonly number[]): number => sum(list) / list.length;
const maxRef =
  (n: number) =>
  ([x]: Nd[], [kernel, o]: unknown[]): Nd =>
    slide(x!, n, kernel, (o ?? {}) as Partial<MaxPoolOptions>, (list) => Math.max(...list));
const avgRef =
  (n: number) =>
  ([x]: Nd[], [kernel, options]: unknown[]): Nd => {
    const o = (options ?? {}) as Partial<AvgPoolOptions>;
    return slide(
      x!,
      n,
      kernel,
      o,
      (list, full) => sum(list) / (o.divisorOverride ?? ((o.countIncludePad ?? true) ? full : list.length)),
    );
  };
const shapes = [
  [2, 2, 7],
  [1, 2, 5, 4],
  [1, 1, 3, 4, 3],
] as const;
const x = (n: number): readonly number[] => shapes[n - 1]!;

const maxRow = (n: number): Row => ({
  reference: maxRef(n),
  samples: [
    { inputs: [x(n)], args: [2] },
    { inputs: [x(n)], args: [3, { stride: 2, padding: 1 }] },
    { inputs: [x(n)], args: [2, { stride: 1, dilation: 2, ceilMode: true }] },
    { inputs: [x(n).slice(1)], args: [[...range(n).map((i) => 1 + (i % 2))], { ceilMode: true }] },
  ],
  grad: true,
  errors: [
    [() => named(`maxPool${n}d`)(ng.ones(x(n)), 2, { padding: 2 }), 'ERR_INVALID_ARG'],
    [() => named(`maxPool${n}d`)(ng.ones([3]), 2), 'ERR_SHAPE'],
  ],
});
const avgRow = (n: number): Row => ({
  reference: avgRef(n),
  samples: [
    { inputs: [x(n)], args: [2] },
    { inputs: [x(n)], args: [3, { stride: 2, padding: 1, countIncludePad: false }] },
    { inputs: [x(n)], args: [3, { stride: 2, padding: 1, ceilMode: true }] },
    { inputs: [x(n).slice(1)], args: [2, { divisorOverride: 5 }] },
  ],
  grad: true,
  errors: [
    [() => named(`avgPool${n}d`)(ng.ones(x(n)), 0), 'ERR_INVALID_ARG'],
    [() => named(`avgPool${n}d`)(ng.ones(x(n)), 20), 'ERR_SHAPE'],
  ],
});
const adaptiveRow = (n: number, f: (list: number[]) => number): Row => ({
  reference: ([a], [output]) => even(a!, n, output, f),
  samples: [
    { inputs: [x(n)], args: [2] },
    { inputs: [x(n).slice(1)], args: [range(n).map((i) => 3 - (i % 2))] },
  ],
  grad: true,
});

const lpRow = (n: number): Row => ({
  reference: ([a], [p, kernel, o]) =>
    slide(a!, n, kernel, (o ?? {}) as Partial<MaxPoolOptions>, (list, full) => {
      // The mean of what is there, times the size of a whole window.
      const whole = each(kernel, n, 1).reduce((a, b) => a * b, 1);
      return ((sum(list.map((v) => v ** (p as number))) / full) * whole) ** (1 / (p as number));
    }),
  samples: [
    { inputs: [x(n)], args: [2, 2] },
    { inputs: [{ shape: x(n), low: 0.2, high: 2 }], args: [1.5, 3, { stride: 2 }] },
    { inputs: [{ shape: x(n).slice(1), low: 0.2, high: 2 }], args: [3, 2, { ceilMode: true }] },
  ],
  grad: true,
  errors: [
    [() => named(`lpPool${n}d`)(ng.ones(x(n)), 0, 2), 'ERR_INVALID_ARG'],
    [() => named(`lpPool${n}d`)(ng.ones(x(n)), 2, 20), 'ERR_SHAPE'],
  ],
});

// Values of images at places of [-1, 1] by bilinear interpolation, zeros around.
function sampledAt(image: Nd, grid: Nd, align: boolean): Nd {
  const [, , height, width] = image.shape as [number, number, number, number];
  const place = (v: number, d: number): number => (align ? ((v + 1) / 2) * (d - 1) : ((v + 1) * d - 1) / 2);
  return build([image.shape[0]!, image.shape[1]!, ...grid.shape.slice(1, -1)], ([n, c, ...p]) => {
    const x0 = place(exact(grid, [n!, ...p, 0]), width);
    const y0 = place(exact(grid, [n!, ...p, 1]), height);
    return sum(
      indices([height, width]).map(
        ([y, x]) =>
          exact(image, [n!, c!, y!, x!]) * Math.max(0, 1 - Math.abs(x! - x0)) * Math.max(0, 1 - Math.abs(y! - y0)),
      ),
    );
  });
}
const places = { shape: [2, 3, 2, 2], low: -1.3, high: 1.3 };
const unit = (i: number, d: number, align: boolean): number => {
  const v = d === 1 ? 0 : -1 + (2 * i) / (d - 1);
  return align ? v : (v * (d - 1)) / d;
};

const unpoolRow = (n: number): Row => ({
  broadcast: false,
  fn: ([a], [kernel]) => {
    const { values, indices: at } = named(`maxPool${n}d`)(a, kernel, { returnIndices: true }) as ng.ValuesAndIndices;
    return named(`maxUnpool${n}d`)(values, at, kernel, { outputSize: a!.shape }) as ng.Tensor;
  },
  reference: ([a], [kernel]) => {
    // No value is drawn twice, so that a maximum's place in the whole array is known by itself.
    const kept = new Set(slide(a!, n, kernel, {}, (list) => Math.max(...list)).data);
    return map(a!, (v) => (kept.has(v) ? v : 0));
  },
  samples: [{ inputs: [x(n)], args: [2] }],
  grad: true,
});

function refInterpolate([a]: Nd[], [options]: unknown[]): Nd {
  const o = options as InterpolateOptions;
  const n = a!.shape.length - 2;
  const input = a!.shape.slice(2);
  const out = o.size ? each(o.size, n, 1) : input.map((d, i) => Math.floor(d * each(o.scaleFactor, n, 1)[i]!));
  const terms = (p: number, i: number): [number, number][] => {
    const d = input[i]!;
    const scale = o.size ? d / out[i]! : 1 / each(o.scaleFactor, n, 1)[i]!;
    if (o.mode === 'nearest' || !o.mode) return [[Math.min(Math.floor(p * scale), d - 1), 1]];
    const raw = o.alignCorners ? (out[i]! > 1 ? (p * (d - 1)) / (out[i]! - 1) : 0) : (p + 0.5) * scale - 0.5;
    const s = Math.max(0, raw);
    const first = Math.min(Math.floor(s), d - 1);
    return [
      [first, 1 - (s - first)],
      [Math.min(first + 1, d - 1), s - first],
    ];
  };
  return build([...a!.shape.slice(0, 2), ...out], ([b, c, ...p]) => {
    const lists = p.map((v, i) => terms(v, i));
    return sum(
      indices(lists.map((l) => l.length)).map((t) => {
        const picked = t.map((k, i) => lists[i]![k]!);
        return picked.reduce((w, [, f]) => w * f, 1) * exact(a!, [b!, c!, ...picked.map(([k]) => k)]);
      }),
    );
  });
}

// Windows at places computed from numbers in [0, 1), of which two dimensions take theirs in the other order.
const fractionalRow = (n: 2 | 3): Row => {
  const pool = n === 2 ? ng.fractionalMaxPool2d : ng.fractionalMaxPool3d;
  const output = [3, 2, 2].slice(0, n);
  const taps = [2, 3, 1].slice(0, n);
  const area = [6, 5, 4].slice(0, n);
  const image = ng.ones([1, 2, ...area]);
  return {
    fn: ([a, u]) => pool(a!, taps, { outputSize: output, _randomSamples: u! }),
    reference: ([a, u]) =>
      build([...a!.shape.slice(0, 2), ...output], (index) => {
        const from = output.map((count, i) => {
          const s = exact(u!, [index[0]!, index[1]!, n === 2 ? 1 - i : i]);
          const alpha = (area[i]! - taps[i]!) / (count - 1);
          const p = index[i + 2]!;
          return p === count - 1 ? area[i]! - taps[i]! : Math.floor((p + s) * alpha) - Math.floor(s * alpha);
        });
        return Math.max(
          ...indices(taps).map((t) => exact(a!, [index[0]!, index[1]!, ...t.map((v, i) => v + from[i]!)])),
        );
      }),
    samples: [
      {
        inputs: [
          [2, 2, ...area],
          { shape: [2, 2, n], dtype: 'float64', values: range(4 * n).map((i) => ((i * 7) % 10) / 10 + 0.03) },
        ],
      },
    ],
    grad: true,
    errors: [
      [() => pool(image, 2), 'ERR_INVALID_ARG'],
      [() => pool(image, 2, area), 'ERR_SHAPE'],
      [() => pool(image, 2, 2, null, false, ng.ones([1, 2, 1])), 'ERR_SHAPE'],
      [() => pool(image, 2, { outputRatio: [0.5] }), 'ERR_INVALID_ARG'],
      [() => pool(ng.ones([4, 4]), 2, 2), 'ERR_SHAPE'],
      [() => pool(image.to('int64'), 2, 2), 'ERR_DTYPE'],
    ],
  };
};

export const visionRows = {
  maxPool1d: maxRow(1),
  maxPool2d: maxRow(2),
  maxPool3d: maxRow(3),
  avgPool1d: avgRow(1),
  avgPool2d: avgRow(2),
  avgPool3d: avgRow(3),
  gridSample: {
    reference: ([a, g], [o]) => sampledAt(a!, g!, (o as { alignCorners?: boolean } | undefined)?.alignCorners ?? false),
    samples: [{ inputs: [[2, 2, 3, 4], places] }, { inputs: [[2, 1, 4, 2], places], args: [{ alignCorners: true }] }],
    grad: true,
    errors: [
      [() => ng.gridSample(ng.ones([1, 1, 2, 2]), ng.ones([1, 2, 2, 3])), 'ERR_SHAPE'],
      [() => ng.gridSample(ng.ones([1, 2, 2]), ng.ones([1, 2, 1])), 'ERR_SHAPE'],
      [() => ng.gridSample(ng.ones([1, 1, 2, 2]), ng.ones([2, 1, 1, 2])), 'ERR_SHAPE'],
      [() => ng.gridSample(ng.ones([1, 1, 2, 2, 2]), ng.ones([1, 1, 1, 1, 3]), 'bicubic'), 'ERR_SHAPE'],
      [() => ng.gridSample(ng.ones([1, 1, 2, 2]), ng.ones([1, 1, 1, 2]), 'linear' as never), 'ERR_INVALID_ARG'],
      [
        () => ng.gridSample(ng.ones([1, 1, 2, 2]), ng.ones([1, 1, 1, 2]), { paddingMode: 'x' as never }),
        'ERR_INVALID_ARG',
      ],
      [() => ng.gridSample(ng.ones([1, 1, 2, 2]), ng.ones([1, 1, 1, 2], { dtype: 'float64' })), 'ERR_DTYPE'],
    ],
  },
  affineGrid: {
    reference: ([t], [shape, align = false]) => {
      const area = (shape as number[]).slice(2);
      return build([t!.shape[0]!, ...area, area.length], (i) => {
        const p = i.slice(1, -1).map((v, k) => unit(v, area[k]!, align as boolean));
        return sum([...p.reverse(), 1].map((v, k) => v * exact(t!, [i[0]!, i[i.length - 1]!, k])));
      });
    },
    samples: [
      { inputs: [[2, 2, 3]], args: [[2, 1, 3, 4]] },
      { inputs: [[1, 3, 4]], args: [[1, 1, 2, 1, 3], true] },
    ],
    grad: true,
    errors: [
      [() => ng.affineGrid(ng.ones([1, 2, 3]), [2, 1, 3, 4]), 'ERR_SHAPE'],
      [() => ng.affineGrid(ng.ones([1, 2, 3]), 3 as never), 'ERR_INVALID_ARG'],
      [() => ng.affineGrid(ng.ones([1, 2, 3], { dtype: 'int32' }), [1, 1, 3, 4]), 'ERR_DTYPE'],
    ],
  },
  lpPool1d: lpRow(1),
  lpPool2d: lpRow(2),
  lpPool3d: lpRow(3),
  adaptiveAvgPool1d: adaptiveRow(1, mean),
  adaptiveAvgPool2d: adaptiveRow(2, mean),
  adaptiveAvgPool3d: adaptiveRow(3, mean),
  fractionalMaxPool2d: fractionalRow(2),
  fractionalMaxPool3d: fractionalRow(3),
  adaptiveMaxPool1d: adaptiveRow(1, (list) => Math.max(...list)),
  adaptiveMaxPool2d: adaptiveRow(2, (list) => Math.max(...list)),
  adaptiveMaxPool3d: adaptiveRow(3, (list) => Math.max(...list)),
  maxUnpool1d: unpoolRow(1),
  maxUnpool2d: unpoolRow(2),
  maxUnpool3d: unpoolRow(3),
  interpolate: {
    reference: refInterpolate,
    samples: [
      { inputs: [[2, 2, 5]], args: [{ scaleFactor: 2 }] },
      { inputs: [[1, 2, 4, 3]], args: [{ size: [6, 2] }] },
      { inputs: [[2, 2, 5]], args: [{ size: 8, mode: 'linear' }] },
      { inputs: [[1, 2, 3, 4]], args: [{ scaleFactor: [2, 1.5], mode: 'bilinear' }] },
      { inputs: [[1, 2, 3, 4]], args: [{ size: [5, 3], mode: 'bilinear', alignCorners: true }] },
      { inputs: [[1, 1, 2, 3, 2]], args: [{ scaleFactor: 2, mode: 'trilinear' }] },
    ],
    grad: true,
    errors: [
      [() => ng.interpolate(ng.ones([1, 2, 3, 3]), { size: 2, antialias: true }), 'ERR_INVALID_ARG'],
      [() => ng.interpolate(ng.ones([1, 2, 3, 3])), 'ERR_INVALID_ARG'],
      [() => ng.interpolate(ng.ones([1, 2, 3]), { size: 4, mode: 'bilinear' }), 'ERR_SHAPE'],
    ],
  },
  pixelShuffle: {
    reference: ([a], [r]) => {
      const [c, h, w] = a!.shape.slice(-3) as [number, number, number];
      const f = r as number;
      return build([...a!.shape.slice(0, -3), c / f ** 2, h * f, w * f], (i) => {
        const [k, y, z] = i.slice(-3) as [number, number, number];
        return exact(a!, [...i.slice(0, -3), k * f * f + (y % f) * f + (z % f), Math.floor(y / f), Math.floor(z / f)]);
      });
    },
    samples: [
      { inputs: [[2, 8, 2, 3]], args: [2] },
      { inputs: [[9, 1, 2]], args: [3] },
    ],
    grad: true,
    errors: [[() => ng.pixelShuffle(ng.ones([1, 3, 2, 2]), 2), 'ERR_SHAPE']],
  },
  pixelUnshuffle: {
    reference: ([a], [r]) => {
      const [c, h, w] = a!.shape.slice(-3) as [number, number, number];
      const f = r as number;
      return build([...a!.shape.slice(0, -3), c * f ** 2, h / f, w / f], (i) => {
        const [k, y, z] = i.slice(-3) as [number, number, number];
        const tap = k % (f * f);
        return exact(a!, [...i.slice(0, -3), Math.floor(k / (f * f)), y * f + Math.floor(tap / f), z * f + (tap % f)]);
      });
    },
    samples: [{ inputs: [[2, 2, 4, 6]], args: [2] }],
    grad: true,
    errors: [[() => ng.pixelUnshuffle(ng.ones([1, 3, 3, 2]), 2), 'ERR_SHAPE']],
  },
  channelShuffle: {
    reference: ([a], [g]) => {
      const per = a!.shape[1]! / (g as number);
      return build(a!.shape, ([n, c, ...p]) =>
        exact(a!, [n!, (c! % (g as number)) * per + Math.floor(c! / (g as number)), ...p]),
      );
    },
    samples: [{ inputs: [[2, 6, 2, 2]], args: [3] }],
    grad: true,
    errors: [[() => ng.channelShuffle(ng.ones([1, 3, 3, 2]), 2), 'ERR_SHAPE']],
  },
} satisfies Record<string, Row>;
