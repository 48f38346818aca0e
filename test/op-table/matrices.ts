/** @file Plain linear algebra on small float64 arrays, for references: slow, obvious, by other methods than the kernels. */
import { build, exact, type Nd, nd, size } from './nd';

export type Matrix = number[][];

/** Applies f to every matrix of a batch. */
export function eachMatrix(a: Nd, f: (m: Matrix) => Matrix): Nd {
  const [rows, cols] = a.shape.slice(-2) as [number, number];
  const lead = a.shape.slice(0, -2);
  const results = Array.from({ length: size(lead) }, (_, b) =>
    f(Array.from({ length: rows }, (_r, i) => a.data.slice((b * rows + i) * cols, (b * rows + i + 1) * cols))),
  );
  const first = results[0] ?? [];
  return nd([...lead, first.length, first[0]?.length ?? 0], results.flat(2));
}

/** The same for a result without matrix dimensions, or with one. */
export const eachNumber = (a: Nd, f: (m: Matrix) => number): Nd =>
  nd(a.shape.slice(0, -2), eachMatrix(a, (m) => [[f(m)]]).data);
export function eachVector(a: Nd, f: (m: Matrix) => number[]): Nd {
  const r = eachMatrix(a, (m) => [f(m)]);
  return nd([...a.shape.slice(0, -2), r.shape[r.shape.length - 1]!], r.data);
}

export const transposed = (m: Matrix): Matrix => (m[0] ?? []).map((_, j) => m.map((row) => row[j]!));
export const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => (b[0] ?? []).map((_, j) => row.reduce((s, v, k) => s + v * b[k]![j]!, 0)));
export const diagonal = (v: number[]): Matrix => v.map((x, i) => v.map((_, j) => (i === j ? x : 0)));

/** Adds `shift * i + base` to the diagonal: away from singular, with eigenvalues apart. */
export const shifted = (a: Nd, base: number, shift = 0): Nd =>
  build(a.shape, (i) => {
    const [r, c] = i.slice(-2) as [number, number];
    return exact(a, i) + (r === c ? base + shift * r : 0);
  });

/** Gaussian elimination without pivots: U on and above the diagonal, below it the factors of the rows. */
export function eliminated(m: Matrix): Matrix {
  const a = m.map((row) => row.slice());
  for (let p = 0; p < Math.min(a.length, a[0]!.length); p++) {
    for (let i = p + 1; i < a.length; i++) {
      const f = (a[i]![p]! /= a[p]![p]!);
      for (let j = p + 1; j < a[i]!.length; j++) a[i]![j]! -= f * a[p]![j]!;
    }
  }
  return a;
}

/** By expansion along the first row. */
export function determinant(m: Matrix): number {
  if (m.length === 0) return 1;
  return m[0]!.reduce((s, v, j) => s + (j % 2 ? -v : v) * determinant(minor(m, 0, j)), 0);
}
const minor = (m: Matrix, i: number, j: number): Matrix =>
  m.filter((_, r) => r !== i).map((row) => row.filter((_, c) => c !== j));

/** By cofactors. */
export function inverse(m: Matrix): Matrix {
  const d = determinant(m);
  return m.map((_, i) => m.map((_row, j) => ((i + j) % 2 ? -1 : 1) * (determinant(minor(m, j, i)) / d)));
}

/** Eigenvalues (ascending) and eigenvectors (columns) of a symmetric matrix, by cyclic Jacobi rotations. */
export function symmetric(m: Matrix): { values: number[]; vectors: Matrix } {
  const n = m.length;
  let a = m.map((row) => row.slice());
  let v = diagonal(new Array<number>(n).fill(1));
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (a[p]![q] === 0) continue;
        const angle = 0.5 * Math.atan2(2 * a[p]![q]!, a[q]![q]! - a[p]![p]!);
        const r = diagonal(new Array<number>(n).fill(1));
        r[p]![p] = r[q]![q] = Math.cos(angle);
        r[p]![q] = Math.sin(angle);
        r[q]![p] = -Math.sin(angle);
        a = product(transposed(r), product(a, r));
        v = product(v, r);
      }
    }
  }
  const order = a.map((_, i) => i).sort((i, j) => a[i]![i]! - a[j]![j]!);
  return { values: order.map((i) => a[i]![i]!), vectors: v.map((row) => order.map((i) => row[i]!)) };
}

/** Singular values (descending), from the eigenvalues of the smaller of m m^T and m^T m. */
export function singularValues(m: Matrix): number[] {
  const t = transposed(m);
  const gram = m.length < t.length ? product(m, t) : product(t, m);
  return symmetric(gram)
    .values.map((v) => Math.sqrt(Math.max(0, v)))
    .reverse();
}

/** u diag(f(s)) v^T with the singular values s of m: a function of the matrix that no sign can change. */
export function ofSingular(m: Matrix, f: (s: number) => number): Matrix {
  if (m.length < (m[0] ?? []).length) return transposed(ofSingular(transposed(m), f));
  const { values, vectors } = symmetric(product(transposed(m), m));
  const gain = values.map((w) => f(Math.sqrt(w)) / Math.sqrt(w));
  return product(product(m, vectors), product(diagonal(gain), transposed(vectors)));
}
