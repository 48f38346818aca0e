/** @file What references of convolution and pooling share. */

/** A size per dimension, given once for all, in a list, or not at all. */
export const each = (v: unknown, n: number, otherwise: number): number[] =>
  Array.isArray(v) ? (v as number[]) : Array<number>(n).fill((v as number | undefined) ?? otherwise);
/** Whether a place lies in an array of that shape. */
export const inside = (p: readonly number[], shape: readonly number[]): boolean =>
  p.every((v, i) => v >= 0 && v < shape[i]!);
