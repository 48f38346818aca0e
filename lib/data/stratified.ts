/** @file A random part in which each class has its share, as scikit-learn's StratifiedShuffleSplit draws it. */
import { ArgumentError } from '../core/errors';

/**
 * How many examples of each class are in a draw of `total`: the shares rounded down, and one more for those with the
 * largest remainders; which of equal ones, `order` says (scikit-learn's _approximate_mode).
 */
export function shareOut(counts: readonly number[], total: number, order: (n: number) => Int32Array): number[] {
  const all = counts.reduce((a, b) => a + b, 0);
  const exact = counts.map((c) => (c / all) * total);
  const out = exact.map(Math.floor);
  let left = total - out.reduce((a, b) => a + b, 0);
  const remainders = exact.map((e, i) => e - out[i]!);
  const rank = order(counts.length);
  const first = [...counts.keys()].sort((a, b) => remainders[b]! - remainders[a]! || rank[a]! - rank[b]!);
  for (const i of first) {
    if (left === 0) break;
    out[i]!++;
    left--;
  }
  return out;
}

/**
 * Divides `among`, positions whose classes `labels` say, at random into a part of `size` and the rest.
 * @returns the rest and the part, each in random order
 * @throws ArgumentError for a class with one example, or more classes than examples in a part
 */
export function stratified(
  op: string,
  among: Int32Array,
  labels: readonly unknown[],
  size: number,
  order: (n: number) => Int32Array,
): [Int32Array, Int32Array] {
  const classes = new Map<unknown, number[]>();
  for (const i of among) {
    const of = classes.get(labels[i]);
    if (of) of.push(i);
    else classes.set(labels[i], [i]);
  }
  const lonely = [...classes].find(([, of]) => of.length < 2);
  if (lonely)
    throw new ArgumentError(`[${op}] stratify: class ${String(lonely[0])} has one example; each needs two at least`);
  for (const n of [size, among.length - size])
    if (n < classes.size)
      throw new ArgumentError(`[${op}] stratify: a part of ${n} examples cannot hold all ${classes.size} classes`);
  const lists = [...classes.values()];
  const counts = lists.map((l) => l.length);
  const rests = shareOut(counts, among.length - size, order);
  const rest: number[] = [];
  const part: number[] = [];
  lists.forEach((list, c) => {
    const mixed = order(list.length);
    mixed.forEach((at, k) => (k < rests[c]! ? rest : part).push(list[at]!));
  });
  const mix = (list: number[]): Int32Array => order(list.length).map((at) => list[at]!);
  return [mix(rest), mix(part)];
}
