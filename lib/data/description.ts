/** @file What a table holds, as numbers and in words. */
import { moments, quantile } from './columns';
import { type ColumnType, showDate } from './tables/cells';

/** One column: what pandas's describe says of it. */
export interface ColumnSummary {
  name: string;
  role: 'feature' | 'target';
  type: ColumnType;
  /** How many values there are, without the missing ones. */
  count: number;
  missing: number;
  /** Of numbers, booleans (as 0 and 1) and dates (days since 1970-01-01). `std` has n - 1 below the line, as in pandas. */
  numbers?:
    { mean: number; std: number; min: number; q25: number; median: number; q75: number; max: number } | undefined;
  /** Of categories: each with how often it is there, the most frequent first. */
  categories?: [name: string, count: number][] | undefined;
}

/** Summarises numbers; NaN is missing. */
export function summarizeNumbers(
  name: string,
  role: ColumnSummary['role'],
  type: ColumnType,
  all: Float64Array,
): ColumnSummary {
  const sorted = all.filter((v) => !Number.isNaN(v)).sort();
  const count = sorted.length;
  const { mean, variance } = moments(sorted);
  const numbers = {
    mean,
    std: Math.sqrt((variance * count) / (count - 1)),
    min: quantile(sorted, 0),
    q25: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    q75: quantile(sorted, 0.75),
    max: quantile(sorted, 1),
  };
  return { name, role, type, count, missing: all.length - count, numbers };
}

/** Summarises categories, given how often each is there. */
export function summarizeCategories(
  name: string,
  role: ColumnSummary['role'],
  counts: readonly [string, number][],
  missing: number,
): ColumnSummary {
  const categories = counts.filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
  return { name, role, type: 'category', count: categories.reduce((n, c) => n + c[1], 0), missing, categories };
}

/** Four digits, without an exponent where there need be none. */
export const short = (v: number): string =>
  Number.isInteger(v) && Math.abs(v) < 1e9 ? String(v) : String(Number(v.toPrecision(4)));
/** From how many times on the deviation of a feature drowns a smaller one. */
export const farApart = 100;

const percent = (part: number, whole: number): string => `${short((100 * part) / whole)} %`;
const shownCategories = 6;

function words(c: ColumnSummary): string {
  const missing = c.missing > 0 ? `; ${c.missing} missing (${percent(c.missing, c.count + c.missing)})` : '';
  if (c.count === 0) return `no values${missing}`;
  if (c.categories) {
    const list = c.categories.slice(0, shownCategories).map(([n, k]) => `${n} ${percent(k, c.count)}`);
    const more = c.categories.length - list.length;
    return `${c.categories.length} categories: ${list.join(', ')}${more > 0 ? `, ${more} more` : ''}${missing}`;
  }
  const n = c.numbers!;
  if (c.type === 'boolean') return `true in ${percent(n.mean, 1)}${missing}`;
  if (c.type === 'date') return `dates from ${showDate(n.min)} to ${showDate(n.max)}${missing}`;
  if (n.min === n.max) return `always ${short(n.min)}${missing}`;
  return (
    `numbers from ${short(n.min)} to ${short(n.max)}, mean ${short(n.mean)}, std ${short(n.std)}, ` +
    `half of them from ${short(n.q25)} to ${short(n.q75)}${missing}`
  );
}

// What to do about it.
function advice(columns: readonly ColumnSummary[]): string[] {
  const of = (test: (c: ColumnSummary) => boolean): string =>
    columns
      .filter(test)
      .map((c) => c.name)
      .join(', ');
  const features = columns.filter((c) => c.role === 'feature');
  const out: string[] = [];
  const constant = of((c) => c.count > 0 && (c.numbers ? c.numbers.min === c.numbers.max : c.categories!.length === 1));
  if (constant) out.push(`Constant, so nothing can be learned from it: ${constant}.`);
  const missing = of((c) => c.missing > 0 && c.type !== 'category');
  if (missing)
    out.push(`Values are missing (NaN) in ${missing}: fill them with data.Imputer, fitted on the training part.`);
  const infinite = of((c) => c.numbers !== undefined && (c.numbers.min === -Infinity || c.numbers.max === Infinity));
  if (infinite) out.push(`Infinite values in ${infinite}.`);
  const sizes = features.flatMap((c) => (c.numbers && c.numbers.std > 0 ? [c.numbers.std] : []));
  if (sizes.some((s) => s > farApart * Math.min(...sizes)))
    out.push(
      `The features differ in scale by more than ${farApart} times: use data.StandardScaler, fitted on the training part.`,
    );
  for (const c of columns) {
    const [most, least] = [c.categories?.[0], c.categories?.at(-1)];
    if (c.role === 'target' && most && least && most[1] >= 5 * least[1])
      out.push(
        `The classes of ${c.name} are unbalanced: ${most[0]} is there ${short(most[1] / least[1])} times as often as ${least[0]}; ` +
          'split with stratify, and look at more than accuracy.',
      );
  }
  return out;
}

/** What a dataset holds. `String(description)` says it in words. */
export class Description {
  /** What to do about it, in sentences. */
  readonly advice: readonly string[];

  /** @internal Use `data.describe`. */
  constructor(
    /** How many examples there are. */
    readonly length: number,
    /** Of how many of them this tells. */
    readonly looked: number,
    readonly columns: readonly ColumnSummary[],
  ) {
    this.advice = advice(columns);
  }

  toString(): string {
    const of = (role: ColumnSummary['role']): ColumnSummary[] => this.columns.filter((c) => c.role === role);
    const [features, targets] = [of('feature'), of('target')];
    const part = this.looked < this.length ? `, of which the first ${this.looked} say:` : ':';
    const head = `${this.length} examples of ${features.length} ${features.length === 1 ? 'feature' : 'features'}`;
    const to = targets.length > 0 ? `, target ${targets.map((c) => c.name).join(', ')}` : '';
    const width = Math.min(24, Math.max(...this.columns.map((c) => c.name.length)));
    const rows = [...features, ...targets].map((c) => `  ${c.name.padEnd(width)}  ${words(c)}`);
    return [`${head}${to}${part}`, ...rows, ...this.advice].join('\n');
  }
}
