/** @file One thing that was found, and how bad it is. */

/** `'error'`: nothing good can come of it; `'warning'`: likely to hurt; `'note'`: good to know. */
export type Severity = 'error' | 'warning' | 'note';

/** Something about data, in words. */
export interface Finding {
  /** Stable name of the kind, such as `'leaked-target'`; see docs/diagnosis.md. */
  kind: string;
  severity: Severity;
  /** What was found. */
  what: string;
  /** What to do about it. */
  advice: string;
}

const order: readonly Severity[] = ['error', 'warning', 'note'];

/** The worst first; else in the order in which they were found. */
export const bySeverity = <F extends { severity: Severity }>(findings: readonly F[]): F[] =>
  [...findings].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
