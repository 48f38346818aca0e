/** @file What a cell of a table may be: a number, a boolean, a date, or a category. */
import { types } from 'node:util';

/** One value of a table that is there: text from files of text, values from files that have types. */
export type Cell = string | number | boolean | Date;

/** What the values of a column are. */
export type ColumnType = 'number' | 'boolean' | 'date' | 'category';

/** The types that are numbers in the end. */
export type NumericType = Exclude<ColumnType, 'category'>;

const numeral = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const infinite = /^[+-]?inf(inity)?$/i;

/** The number that `text` is; undefined if it is none. */
export function numberIn(text: string, decimal = '.'): number | undefined {
  // With a comma, a point is none: 1.234 may be meant as 1234.
  if (decimal !== '.' && text.includes('.')) return undefined;
  const t = decimal === '.' ? text : text.replace(decimal, '.');
  if (numeral.test(t)) return Number(t);
  return infinite.test(t) ? (t.startsWith('-') ? -Infinity : Infinity) : undefined;
}

/** 1 for true, 0 for false, in any case. */
export function booleanIn(text: string): number | undefined {
  const t = text.toLowerCase();
  return t === 'true' ? 1 : t === 'false' ? 0 : undefined;
}

const iso =
  /^(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?\s*(Z|[+-]\d{2}:?\d{2})?)?$/i;
const monthFirst = /^([a-z]{3,9})\.? (\d{1,2}),? (\d{4})$/i;
const dayFirst = /^(\d{1,2})[ -]([a-z]{3,9})\.?[ -](\d{4})$/i;
const months = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
const day = 86_400_000;

function days(year: number, month: number, date: number): number | undefined {
  const d = new Date(Date.UTC(2000, month - 1, date));
  d.setUTCFullYear(year, month - 1, date);
  // A 30th of February is none.
  return month >= 1 && month <= 12 && d.getUTCMonth() === month - 1 && d.getUTCDate() === date
    ? d.getTime() / day
    : undefined;
}

function monthOf(name: string): number {
  const n = name.toLowerCase();
  return months.findIndex((m) => m === n || m.slice(0, 3) === n || (n === 'sept' && m === 'september')) + 1;
}

/**
 * A date as days since 1970-01-01, with the time of day as a fraction: 2020-01-31, 2020/1/31, 2020-01-31T12:30:00Z (a
 * time without a zone is UTC), Jan 31 2020, 31 January 2020. 1/2/2020 is none: it may be in January or in February.
 */
export function dateIn(text: string): number | undefined {
  const m = iso.exec(text);
  if (m) {
    const date = days(Number(m[1]), Number(m[3]), Number(m[4]));
    if (date === undefined || m[5] === undefined) return date;
    const [hour, minute, second] = [Number(m[5]), Number(m[6]), Number(m[7] ?? 0)];
    if (hour > 23 || minute > 59 || second >= 61) return undefined;
    const zone = m[8] && m[8] !== 'Z' && m[8] !== 'z' ? m[8] : '+0000';
    const ahead = (zone[0] === '-' ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2)));
    return date + (hour * 60 + minute - ahead) / 1440 + second / 86_400;
  }
  const a = monthFirst.exec(text);
  if (a) return days(Number(a[3]), monthOf(a[1]!), Number(a[2]));
  const b = dayFirst.exec(text);
  return b ? days(Number(b[3]), monthOf(b[2]!), Number(b[1])) : undefined;
}

/** The date of a number of days since 1970-01-01, as in ISO 8601; with the time if it is not midnight. */
export function showDate(value: number): string {
  const d = new Date(Math.round(value * day));
  if (Number.isNaN(d.getTime())) return String(value);
  const text = d.toISOString();
  return Number.isInteger(value) ? text.slice(0, 10) : `${text.slice(0, 19)}Z`;
}

/** How each type is read; `decimal` is what stands before the fraction of a number in text. */
export const readers: Record<NumericType, (cell: Cell, decimal: string) => number | undefined> = {
  number: (c, decimal) => (typeof c === 'number' ? c : typeof c === 'string' ? numberIn(c, decimal) : undefined),
  boolean: (c) => (typeof c === 'boolean' ? Number(c) : typeof c === 'string' ? booleanIn(c) : undefined),
  date: (c) => (isDate(c) ? c.getTime() / day : typeof c === 'string' ? dateIn(c) : undefined),
};

// Of any realm.
const isDate = (v: unknown): v is Date => types.isDate(v);

/**
 * A value of a file that has types, as a cell: null and NaN are missing. Integers beyond 2 ** 53 are rounded.
 * @returns the cell, null for what is missing, undefined for what is none: lists, objects, bytes
 */
export function cellOf(v: unknown): Cell | null | undefined {
  if (v === undefined || v === null || Number.isNaN(v)) return null;
  if (typeof v === 'string' || typeof v === 'number' || typeof v === 'boolean') return v;
  if (typeof v === 'bigint') return Number(v);
  if (isDate(v)) return Number.isNaN(v.getTime()) ? null : v;
  return undefined;
}

/** pandas's list of what stands for a missing value. */
export const missingWords: readonly string[] = [
  '', '#N/A', '#N/A N/A', '#NA', '-1.#IND', '-1.#QNAN', '-NaN', '-nan', '1.#IND', '1.#QNAN', '<NA>', 'N/A', 'NA', 'NULL', 'NaN',
  'None', 'n/a', 'nan', 'null',
]; // prettier-ignore
