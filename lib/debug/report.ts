/** @file What all diagnoses are: data that prints as a short table, and one sentence that says what to do. */

/** A result of `ng.debug`. `String()` and `console.log` give a table and the advice. */
export abstract class Report {
  /** One sentence: what to do about it. */
  abstract readonly advice: string;

  /** The lines above the advice. */
  protected abstract lines(): readonly string[];

  toString(): string {
    return [...this.lines(), this.advice].join('\n');
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Rows below their heads, numbers to the right. */
export function columns(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const isNumber = (s: string): boolean => /^(-|[-+]?[\d.,]+(e[-+]?\d+)?( %)?|NaN|-?Infinity)$/.test(s);
  const widths = heads.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i]!.length)));
  const right = heads.map((_, i) => rows.length > 0 && rows.every((r) => isNumber(r[i]!)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((c, i) => (right[i] ? c.padStart(widths[i]!) : c.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  // Sentences are long.
  const rule = widths.map((w) => '─'.repeat(Math.min(w, 60))).join('  ');
  return [line(heads), rule, ...rows.map(line)];
}

/** A share in percent. */
export const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;

/** A list of names, the first few of many. */
export const some = (names: readonly string[], most = 5): string =>
  names.length <= most ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
