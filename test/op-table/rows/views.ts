/** @file Rows of lib/ops/shape/views.ts and cast.ts. */
import * as ng from '../../../lib';
import { at, broadcast, build, exact, nd, zip } from '../nd';
import type { Row } from '../row';

const identityValues: Row = {
  reference: ([a]) => a!,
  samples: [{ inputs: [[3, 4]] }, { inputs: [[]] }, { inputs: [[2, 1, 3]] }],
  grad: true,
};
const shaped = (row: Omit<Row, 'reference' | 'grad'>): Row => ({
  // The values stay in row-major order; only the shape changes, which the sample's last argument spells out.
  reference: ([a], args) => nd(args[args.length - 1] as number[], a!.data),
  grad: true,
  ...row,
});
const x = (): ng.Tensor => ng.ones([2, 3]);
const call = (f: (t: ng.Tensor, ...args: never[]) => ng.Tensor) => (inputs: ng.Tensor[], args: unknown[]) =>
  f(inputs[0]!, ...(args.slice(0, -1) as never[]));

// In place on a copy: the result of the op without the underscore.
const changed = (
  change: (t: ng.Tensor, ...args: never[]) => ng.Tensor,
  moved: (axes: number[], args: never[]) => number[],
  samples: Row['samples'],
): Row => ({
  fn: ([a], args) => change(a!.clone(), ...(args as never[])),
  reference: ([a], args) => {
    const from = moved(
      a!.shape.map((_, i) => i),
      args as never[],
    );
    const shape = from.map((d) => (d < 0 ? 1 : a!.shape[d]!));
    return build(shape, (i) =>
      exact(
        a!,
        a!.shape.map((_, d) => (from.includes(d) ? i[from.indexOf(d)]! : 0)),
      ),
    );
  },
  samples,
  grad: true,
  errors: [[() => change(ng.ones([2, 3]).requiresGrad_(), ...(samples[0]!.args as never[])), 'ERR_INPLACE']],
});
const swapped = (axes: number[], [p, q]: [number, number] | []): number[] =>
  axes.length < 2 ? axes : axes.map((d) => (d === (p ?? 0) ? (q ?? 1) : d === (q ?? 1) ? (p ?? 0) : d));
const inPlaceViews = {
  squeeze_: changed(ng.squeeze_ as never, (axes) => axes.filter((d) => d !== 1), [
    { inputs: [[2, 1, 3]], args: [1] },
    { inputs: [[2, 1]], args: [] },
  ]),
  unsqueeze_: changed(ng.unsqueeze_ as never, (axes) => [axes[0]!, -1, ...axes.slice(1)], [
    { inputs: [[2, 3]], args: [1] },
    { inputs: [[4]], args: [{ dim: 1 }] },
  ]),
  transpose_: changed(ng.transpose_ as never, swapped as never, [
    { inputs: [[2, 3]], args: [0, 1] },
    { inputs: [[2, 3, 4]], args: [2, 0] },
  ]),
  swapaxes_: changed(ng.swapaxes_ as never, swapped as never, [{ inputs: [[2, 3, 4]], args: [0, 1] }]),
  swapdims_: changed(ng.swapdims_ as never, swapped as never, [{ inputs: [[2, 3, 4]], args: [1, 2] }]),
  t_: changed(ng.t_ as never, swapped as never, [
    { inputs: [[2, 3]], args: [] },
    { inputs: [[3]], args: [] },
  ]),
};

export const viewRows = {
  cast: {
    fn: ([a]) => ng.cast(ng.cast(a!, 'float64'), a!.dtype),
    reference: ([a]) => a!,
    samples: [{ inputs: [[3, 4]] }],
    grad: true,
    errors: [[() => ng.cast(x(), 'float12' as never), 'ERR_INVALID_ARG']],
  },
  clone: identityValues,
  contiguous: identityValues,
  detach: { ...identityValues, grad: false },
  copy_: {
    fn: ([a, b]) => a!.clone().copy_(b!),
    reference: ([a, b]) => zip(a!, b!, (_, v) => v),
    samples: [{ inputs: [[3, 4], [4]] }, { inputs: [[2], [2]] }],
    grad: true,
    errors: [[() => x().copy_(ng.ones([4])), 'ERR_SHAPE']],
  },
  viewAs: shaped({
    fn: ([a], args) => ng.viewAs(a!.contiguous(), args[0] as number[]),
    samples: [
      {
        inputs: [[3, 4]],
        args: [
          [2, 6],
          [2, 6],
        ],
      },
      {
        inputs: [[6]],
        args: [
          [-1, 2],
          [3, 2],
        ],
      },
    ],
    errors: [
      [() => x().view([4]), 'ERR_SHAPE'],
      [() => x().T.view([6]), 'ERR_SHAPE'],
    ],
  }),
  reshape: shaped({
    fn: call(ng.reshape as never),
    samples: [
      {
        inputs: [[3, 4]],
        args: [
          [2, 6],
          [2, 6],
        ],
      },
      {
        inputs: [[2, 3, 4]],
        args: [
          [-1, 4],
          [6, 4],
        ],
      },
      { inputs: [[1]], args: [[], []] },
    ],
    errors: [
      [() => x().reshape([4, -1]), 'ERR_SHAPE'],
      [() => x().reshape([-1, -1]), 'ERR_SHAPE'],
    ],
  }),
  flatten: shaped({
    fn: call(ng.flatten as never),
    samples: [
      { inputs: [[2, 3, 4]], args: [1, [2, 12]] },
      { inputs: [[2, 3]], args: [0, [6]] },
      { inputs: [[]], args: [0, [1]] },
    ],
    errors: [[() => x().flatten(1, 0), 'ERR_INVALID_ARG']],
  }),
  unflatten: shaped({
    fn: call(ng.unflatten as never),
    samples: [{ inputs: [[2, 12]], args: [1, [3, -1], [2, 3, 4]] }],
    errors: [[() => x().unflatten(1, [2, 2]), 'ERR_SHAPE']],
  }),
  permute: {
    reference: ([a], [order]) => {
      const o = order as number[];
      return build(
        o.map((k) => a!.shape[k]!),
        (i) =>
          exact(
            a!,
            a!.shape.map((_, k) => i[o.indexOf(k)]!),
          ),
      );
    },
    samples: [
      { inputs: [[2, 3, 4]], args: [[2, 0, 1]] },
      { inputs: [[2, 3]], args: [[1, 0]] },
    ],
    grad: true,
    errors: [
      [() => x().permute([0]), 'ERR_INVALID_ARG'],
      [() => x().permute([0, 2]), 'ERR_INDEX'],
    ],
  },
  transpose: {
    reference: ([a], [p, q]) => {
      const n = a!.shape.length;
      const swap = <V>(list: V[]): V[] =>
        list.map((v, k) =>
          k === ((p as number) + n) % n
            ? list[((q as number) + n) % n]!
            : k === ((q as number) + n) % n
              ? list[((p as number) + n) % n]!
              : v,
        );
      return build(swap(a!.shape), (i) => exact(a!, swap(i)));
    },
    samples: [
      { inputs: [[2, 3, 4]], args: [0, -1] },
      { inputs: [[2, 3]], args: [0, 1] },
    ],
    grad: true,
    errors: [[() => x().transpose(0, 2), 'ERR_INDEX']],
  },
  squeeze: shaped({
    fn: call(ng.squeeze as never),
    samples: [
      { inputs: [[1, 3, 1]], args: [[3]] },
      { inputs: [[1, 3, 1]], args: [0, [3, 1]] },
      { inputs: [[2, 3]], args: [1, [2, 3]] },
    ],
    errors: [[() => x().squeeze(2), 'ERR_INDEX']],
  }),
  unsqueeze: shaped({
    fn: call(ng.unsqueeze as never),
    samples: [
      { inputs: [[2, 3]], args: [1, [2, 1, 3]] },
      { inputs: [[2]], args: [-1, [2, 1]] },
    ],
    errors: [[() => x().unsqueeze(4), 'ERR_INDEX']],
  }),
  expand: {
    reference: ([a], [shape]) =>
      build(
        broadcast(
          a!.shape,
          (shape as number[]).map((d, i, s) => (d === -1 ? a!.shape[a!.shape.length - s.length + i]! : d)),
        ),
        (i) => at(a!, i),
      ),
    samples: [
      { inputs: [[3, 1]], args: [[2, 3, 4]] },
      { inputs: [[1, 4]], args: [[3, -1]] },
    ],
    grad: true,
    errors: [
      [() => x().expand([2, 4]), 'ERR_SHAPE'],
      [() => x().expand([3]), 'ERR_SHAPE'],
    ],
  },
  broadcastTo: {
    reference: ([a], [shape]) => build(shape as number[], (i) => at(a!, i)),
    samples: [{ inputs: [[3, 1]], args: [[2, 3, 4]] }],
    grad: true,
  },
  narrow: {
    reference: ([a], [axis, start, length]) => {
      const ax = axis as number;
      return build(
        a!.shape.map((d, k) => (k === ax ? (length as number) : d)),
        (i) =>
          exact(
            a!,
            i.map((v, k) => (k === ax ? v + (start as number) : v)),
          ),
      );
    },
    samples: [
      { inputs: [[5, 3]], args: [0, 1, 3] },
      { inputs: [[2, 6]], args: [1, 4, 2] },
    ],
    grad: true,
    errors: [[() => x().narrow(0, 1, 2), 'ERR_INDEX']],
  },
  ...inPlaceViews,
} satisfies Record<string, Row>;
