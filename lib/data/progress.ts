/** @file A progress line around a loop. */
import { readOptions, type Spec } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { boolean, integer, Param, string } from '../core/params';
import { describe } from '../core/shape';
import { DataLoader } from './loader';

/** Where progress is written: `process.stderr`, or anything with `write`. */
export interface ProgressStream {
  write(text: string): unknown;
  /** Whether it is a terminal, where one line is written over and over. */
  isTTY?: boolean | undefined;
  /** The width of the terminal. Default 80. */
  columns?: number | undefined;
}

/** Options of {@link progress}. */
export interface ProgressOptions {
  /** How many turns the loop has. Default: the `length` or `size` of what is looped over, if it has one. */
  total?: number | null | undefined;
  /** What stands in front of the line. Default none. */
  label?: string | undefined;
  /** Whether to show anything. Default: on a terminal only. Elsewhere a line is written every ten seconds, and one at the end. */
  show?: boolean | null | undefined;
  /** Default `process.stderr`. */
  stream?: ProgressStream | null | undefined;
}

/** @internal What progress is written to. */
export const progressStream = new Param<ProgressStream>('something with write()', (v, op, name) => {
  if (typeof (v as Partial<ProgressStream> | null)?.write === 'function') return v as ProgressStream;
  throw new ArgumentError(`[${op}] ${name} must be something with write(), got ${describe(v)}`);
});
const spec: Spec<Required<ProgressOptions>> = {
  total: integer({ least: 0 }).orNull(),
  label: string.or(''),
  show: boolean.orNull(),
  stream: progressStream.orNull(),
};

// Milliseconds between two writes: on a terminal, elsewhere.
const [often, seldom] = [100, 10_000];
const barWidth = 24;

/** @internal Seconds in words: 4.2 s, 3 min 07 s, 2 h 05 min. */
export function duration(s: number): string {
  const two = (v: number): string => String(Math.floor(v)).padStart(2, '0');
  if (s < 99.95) return `${s.toFixed(1)} s`;
  return s < 3600
    ? `${Math.floor(s / 60)} min ${two(s % 60)} s`
    : `${Math.floor(s / 3600)} h ${two((s % 3600) / 60)} min`;
}

// Three digits.
const rateText = (rate: number): string =>
  rate >= 100 ? Math.round(rate).toLocaleString('en-US') : rate.toPrecision(3);

/** The line of one loop. */
class Line {
  private readonly started = performance.now();
  private written = this.started;
  private done: number;

  constructor(
    private readonly stream: ProgressStream,
    private readonly label: string,
    private readonly total: number | undefined,
    private readonly first: number,
  ) {
    this.done = first;
    if (this.terminal) this.write();
  }

  // A terminal that cannot go back in its line is none.
  private get terminal(): boolean {
    return this.stream.isTTY === true && process.env['TERM'] !== 'dumb';
  }

  advance(): void {
    this.done++;
    if (performance.now() - this.written >= (this.terminal ? often : seldom)) this.write();
  }

  private text(end: boolean): string {
    const { total, done, label } = this;
    const seconds = (performance.now() - this.started) / 1000;
    const rate = (done - this.first) / seconds;
    const parts = [total === undefined ? String(done) : `${done}/${total}`];
    if (done > this.first && seconds > 0) parts.push(`${rateText(rate)}/s`);
    if (end) parts.push(`in ${duration(seconds)}`);
    else if (total !== undefined && done > this.first && done <= total)
      parts.push(`${duration((total - done) / rate)} left`);
    const share = total ? Math.min(1, done / total) : undefined;
    const percent = share === undefined ? '' : `${String(Math.floor(100 * share)).padStart(3)} %`;
    const words = [label, percent, parts.join(', ')].filter(Boolean);
    const room = (this.stream.columns ?? 80) - 1;
    const plain = words.join(' ');
    if (!this.terminal) return plain;
    if (share === undefined || plain.length + barWidth + 1 > room) return plain.slice(0, room);
    words.splice(label ? 1 : 0, 0, bar(share));
    return words.join(' ');
  }

  private write(end = false): void {
    this.written = performance.now();
    if (this.terminal) this.stream.write(`\r${this.text(end)}\x1b[K${end ? '\n' : ''}`);
    else this.stream.write(`${this.text(end)}\n`);
  }

  finish(): void {
    this.write(true);
  }
}

// https://no-color.org: any value but the empty one turns colours off.
function bar(share: number): string {
  const full = Math.round(share * barWidth);
  const [done, left] = ['█'.repeat(full), '░'.repeat(barWidth - full)];
  return process.env['NO_COLOR'] ? done + left : `\x1b[32m${done}\x1b[2m${left}\x1b[0m`;
}

// How many turns a loop over `source` has, if that is known.
function countIn(source: object): number | undefined {
  if (source instanceof DataLoader && source.isIterable) return undefined;
  const { length, size } = source as { length?: unknown; size?: unknown };
  return [length, size].find((n): n is number => Number.isSafeInteger(n));
}

/** What {@link progress} returns: the same turns, for `for` and `for await` loops. */
export class Progress<T> implements Iterable<T>, AsyncIterable<T> {
  readonly #source: Iterable<T> | AsyncIterable<T>;
  readonly #options: Required<ProgressOptions>;

  /** @internal */
  constructor(source: Iterable<T> | AsyncIterable<T>, options: Required<ProgressOptions>) {
    this.#source = source;
    this.#options = options;
  }

  // None if nothing is shown.
  #line(): Line | undefined {
    const { show, label } = this.#options;
    const stream = this.#options.stream ?? process.stderr;
    if (!(show ?? stream.isTTY === true)) return undefined;
    const total = this.#options.total ?? countIn(this.#source);
    // A loader may go on in the middle of an epoch.
    const first = this.#source instanceof DataLoader ? this.#source.position : 0;
    return new Line(stream, label, total, first);
  }

  *[Symbol.iterator](): Generator<T, void, undefined> {
    const source = this.#source;
    if (!(Symbol.iterator in source)) throw new ArgumentError('[progress] this can only be looped over with for await');
    const line = this.#line();
    try {
      for (const value of source) {
        yield value;
        line?.advance();
      }
    } finally {
      line?.finish();
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    const line = this.#line();
    try {
      for await (const value of this.#source) {
        yield value;
        line?.advance();
      }
    } finally {
      line?.finish();
    }
  }
}

/**
 * Shows how far a loop is: `for await (const [x, y] of ng.progress(loader))` writes a line with the share that is done,
 * turns per second and the time left. On a terminal only, unless `{ show: true }`; without colours if the environment
 * has `NO_COLOR`.
 *
 * @param source - a DataLoader, or anything that can be looped over
 * @throws ArgumentError for what cannot be looped over, and unknown options
 */
export function progress<T>(source: AsyncIterable<T> | Iterable<T>, options: ProgressOptions = {}): Progress<T> {
  const loops = typeof source === 'string' || (typeof source === 'object' && source !== null);
  if (!loops || !(Symbol.iterator in Object(source) || Symbol.asyncIterator in Object(source)))
    throw new ArgumentError(`[progress] source must be something to loop over, got ${describe(source)}`);
  return new Progress(source, readOptions('progress', spec, options));
}
