/** @file Rows of lib/ops/layers/conv.ts. */
import * as ng from '../../../lib';
import type { ConvOptions, ConvTransposeOptions } from '../../../lib';
import { build, exact, indices, type Nd } from '../nd';
import type { Row } from '../row';
import { each, inside } from './windows';

function refConv([x, w, b]: Nd[], [options]: unknown[]): Nd {
  const o = (options ?? {}) as Partial<ConvOptions>;
  const n = w!.shape.length - 2;
  const [stride, dilation] = [each(o.stride, n, 1), each(o.dilation, n, 1)];
  const taps = w!.shape.slice(2);
  const before =
    o.padding === 'same' ? taps.map((k, i) => Math.floor((dilation[i]! * (k - 1)) / 2)) : each(o.padding, n, 0);
  const grid = taps.map((k, i) => {
    const reach = dilation[i]! * (k - 1);
    const room = x!.shape[2 + i]! + (o.padding === 'same' ? reach : 2 * before[i]!);
    return Math.floor((room - reach - 1) / stride[i]!) + 1;
  });
  const [outputs, per] = w!.shape as [number, number];
  const perOut = outputs / (o.groups ?? 1);
  return build([x!.shape[0]!, outputs, ...grid], ([image, out, ...p]) => {
    let total = b ? b.data[out!]! : 0;
    for (const [c, ...t] of indices([per, ...taps])) {
      const at = p.map((v, i) => v * stride[i]! - before[i]! + t[i]! * dilation[i]!);
      if (inside(at, x!.shape.slice(2)))
        total += exact(x!, [image!, Math.floor(out! / perOut) * per + c!, ...at]) * exact(w!, [out!, c!, ...t]);
    }
    return total;
  });
}

function refConvTranspose([x, w, b]: Nd[], [options]: unknown[]): Nd {
  const o = (options ?? {}) as Partial<ConvTransposeOptions>;
  const n = w!.shape.length - 2;
  const [stride, dilation, pad, extra] = [
    each(o.stride, n, 1),
    each(o.dilation, n, 1),
    each(o.padding, n, 0),
    each(o.outputPadding, n, 0),
  ];
  const taps = w!.shape.slice(2);
  const grid = taps.map(
    (k, i) => (x!.shape[2 + i]! - 1) * stride[i]! - 2 * pad[i]! + dilation[i]! * (k - 1) + extra[i]! + 1,
  );
  const per = w!.shape[1]!;
  const perIn = w!.shape[0]! / (o.groups ?? 1);
  const out = build([x!.shape[0]!, per * (o.groups ?? 1), ...grid], ([, c]) => (b ? b.data[c!]! : 0));
  for (const [image, channel, ...p] of indices(x!.shape)) {
    for (const [c, ...t] of indices([per, ...taps])) {
      const at = p.map((v, i) => v * stride[i]! - pad[i]! + t[i]! * dilation[i]!);
      if (!inside(at, grid)) continue;
      const place = [image!, Math.floor(channel! / perIn) * per + c!, ...at].reduce(
        (q, v, i) => q * out.shape[i]! + v,
        0,
      );
      out.data[place]! += exact(x!, [image!, channel!, ...p]) * exact(w!, [channel!, c!, ...t]);
    }
  }
  return out;
}

const convShapes = (n: number): (readonly number[])[] => [
  [n < 3 ? 2 : 1, 4, ...[5, 4, 3].slice(0, n)],
  [6, 2, ...[3, 2, 2].slice(0, n)],
  [6],
];
const convRow = (n: number, op: typeof ng.conv1d): Row => ({
  ...(n === 2 && {
    perf: [
      {
        inputs: [
          [32, 64, 32, 32],
          [64, 64, 3, 3],
        ],
      },
    ],
  }),
  reference: refConv,
  samples: [
    { inputs: convShapes(n), args: [{ groups: 2 }] },
    { inputs: convShapes(n), args: [{ groups: 2, stride: 2, padding: 1 }] },
    { inputs: convShapes(n), args: [{ groups: 2, padding: 'same', dilation: 2 }] },
    // Depthwise, with two outputs per channel.
    {
      inputs: [[1, 3, ...[5, 4, 3].slice(0, n)], [6, 1, ...[2, 3, 1].slice(0, n)], [6]],
      args: [{ groups: 3, stride: 2, padding: 1 }],
    },
    {
      inputs: [
        [2, 3, ...[3, 4, 2].slice(0, n)],
        [5, 3, ...Array<number>(n).fill(1)],
      ],
    },
  ],
  grad: true,
  errors: [
    [() => op(ng.ones([1, 3, ...Array<number>(n).fill(5)]), ng.ones([2, 2, ...Array<number>(n).fill(3)])), 'ERR_SHAPE'],
    [() => op(ng.ones([1, 2, ...Array<number>(n).fill(2)]), ng.ones([2, 2, ...Array<number>(n).fill(3)])), 'ERR_SHAPE'],
    [
      () =>
        op(ng.ones([1, 2, ...Array<number>(n).fill(5)]), ng.ones([2, 2, ...Array<number>(n).fill(3)]), ng.ones([3])),
      'ERR_SHAPE',
    ],
    [
      () =>
        op(ng.ones([1, 2, ...Array<number>(n).fill(5)]), ng.ones([2, 2, ...Array<number>(n).fill(3)]), { stride: 0 }),
      'ERR_INVALID_ARG',
    ],
    [
      () =>
        op(
          ng.ones([1, 2, ...Array<number>(n).fill(5)], { dtype: 'float64' }),
          ng.ones([2, 2, ...Array<number>(n).fill(3)]),
        ),
      'ERR_DTYPE',
    ],
  ],
});
const transposeShapes = (n: number): (readonly number[])[] => [
  [2, 4, ...[3, 4, 2].slice(0, n)],
  [4, 3, ...[3, 2, 2].slice(0, n)],
  [6],
];
const transposeRow = (n: number, op: typeof ng.convTranspose1d): Row => ({
  reference: refConvTranspose,
  samples: [
    { inputs: transposeShapes(n), args: [{ groups: 2 }] },
    { inputs: transposeShapes(n), args: [{ groups: 2, stride: 2, outputPadding: 1, dilation: 2 }] },
    {
      inputs: [
        [1, 3, ...[3, 3, 3].slice(0, n)],
        [3, 2, ...[3, 3, 3].slice(0, n)],
      ],
      args: [{ stride: 3, padding: 1 }],
    },
  ],
  grad: true,
  errors: [
    [() => op(ng.ones([1, 3, ...Array<number>(n).fill(5)]), ng.ones([2, 2, ...Array<number>(n).fill(3)])), 'ERR_SHAPE'],
    [
      () =>
        op(ng.ones([1, 2, ...Array<number>(n).fill(5)]), ng.ones([2, 2, ...Array<number>(n).fill(3)]), {
          outputPadding: 1,
        }),
      'ERR_INVALID_ARG',
    ],
  ],
});

export const convRows = {
  conv1d: convRow(1, ng.conv1d),
  conv2d: convRow(2, ng.conv2d),
  conv3d: convRow(3, ng.conv3d),
  convTranspose1d: transposeRow(1, ng.convTranspose1d),
  convTranspose2d: transposeRow(2, ng.convTranspose2d),
  convTranspose3d: transposeRow(3, ng.convTranspose3d),
} satisfies Record<string, Row>;
