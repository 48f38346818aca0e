/** @file Plain float64 arrays and loops: the reference that ops are compared with. Slow and obvious on purpose. */

/** A dense row-major array. */
export interface Nd {
  shape: number[];
  data: number[];
}

export const nd = (shape: readonly number[], data: readonly number[]): Nd => ({
  shape: shape.slice(),
  data: data.slice(),
});
export const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
export const scalar = (v: number): Nd => nd([], [v]);

/** All index tuples of a shape, row-major. */
export function indices(shape: readonly number[]): number[][] {
  let out: number[][] = [[]];
  for (const d of shape) out = out.flatMap((head) => Array.from({ length: d }, (_, i) => [...head, i]));
  return out;
}

/** The position of an index tuple; dimensions of length 1 repeat, missing leading ones are ignored (broadcasting). */
export function at(a: Nd, index: readonly number[]): number {
  const lead = index.length - a.shape.length;
  let p = 0;
  a.shape.forEach((d, i) => (p = p * d + (d === 1 ? 0 : index[i + lead]!)));
  return a.data[p]!;
}

/** An array from a function of the index. */
export const build = (shape: readonly number[], f: (index: number[]) => number): Nd => nd(shape, indices(shape).map(f));

export const map = (a: Nd, f: (x: number) => number): Nd => nd(a.shape, a.data.map(f));

export function broadcast(...shapes: (readonly number[])[]): number[] {
  const n = Math.max(...shapes.map((s) => s.length));
  return Array.from({ length: n }, (_, i) => {
    const sizes = shapes.map((s) => s[s.length - n + i] ?? 1);
    return sizes.find((d) => d !== 1) ?? 1;
  });
}

export const zip = (a: Nd, b: Nd, f: (x: number, y: number) => number): Nd =>
  build(broadcast(a.shape, b.shape), (i) => f(at(a, i), at(b, i)));

export const axesOf = (a: Nd, axes: number | readonly number[] | null | undefined): number[] =>
  axes === undefined || axes === null
    ? a.shape.map((_, i) => i)
    : (typeof axes === 'number' ? [axes] : axes).map((x) => (x < 0 ? x + Math.max(1, a.shape.length) : x));

/** Reduces `axes` with a function of the list of elements. */
export function reduce(
  a: Nd,
  axes: number | readonly number[] | null | undefined,
  keepdim: boolean,
  f: (list: number[]) => number,
): Nd {
  const red = a.shape.length === 0 ? [] : axesOf(a, axes);
  const kept = a.shape.map((d, i) => (red.includes(i) ? 1 : d));
  const full = build(kept, (index) =>
    f(
      indices(red.map((r) => a.shape[r]!)).map((r) =>
        at(
          a,
          index.map((v, i) => (red.includes(i) ? r[red.indexOf(i)]! : v)),
        ),
      ),
    ),
  );
  return keepdim
    ? full
    : nd(
        a.shape.filter((_, i) => !red.includes(i)),
        full.data,
      );
}

export const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);

/** Applies f to every line along `axis` (a list to a list of any one length). */
export function lines(a: Nd, axis: number, f: (list: number[]) => number[]): Nd {
  const ax = axis < 0 ? axis + a.shape.length : axis;
  const n = a.shape[ax] ?? 1;
  const outer = a.shape.map((d, i) => (i === ax ? 1 : d));
  const results = new Map(
    indices(outer).map((i) => [
      i.join(),
      f(
        Array.from({ length: n }, (_, k) =>
          at2(
            a,
            i.map((v, j) => (j === ax ? k : v)),
          ),
        ),
      ),
    ]),
  );
  const m = results.size === 0 ? n : [...results.values()][0]!.length;
  return build(
    a.shape.map((d, i) => (i === ax ? m : d)),
    (i) => results.get(i.map((v, j) => (j === ax ? 0 : v)).join())![i[ax]!]!,
  );
}

// Like `at`, but without broadcasting.
const at2 = (a: Nd, index: readonly number[]): number => a.data[index.reduce((p, v, i) => p * a.shape[i]! + v, 0)]!;
export { at2 as exact };
