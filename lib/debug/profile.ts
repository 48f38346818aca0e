/** @file Where the time goes: kernel calls by operation and shape. */
import { writeFile } from 'node:fs/promises';
import { readOptions } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { noGrad } from '../core/grad-mode';
import { fn as fnParam, instance, string } from '../core/params';
import { Module } from '../nn/module';
import { getThreads, waitForStream } from '../native';
import { matmul } from '../ops/linear/matmul';
import { ones } from '../ops/tensors/create';
import { type ProfiledCall, Recorder, type Recording } from './profile-recorder';
import { traceOf } from './profile-trace';
import { columns, percent, Report } from './report';

/** Calls of one operation with tensors of one shape. */
export interface ProfileRow {
  /** The operation as the user called it, or the kernel where none was entered (gradients). */
  op: string;
  kernel: string;
  /** Of the tensors that it reads: "[64, 784] [128, 784]". */
  shapes: string;
  /** The module in whose `forward` it was called; '' outside of the model, and unless one was given. */
  module: string;
  calls: number;
  /** On the device, ms. */
  time: number;
  /** Of the device's time. */
  share: number;
  /** Read and written. */
  bytes: number;
  /** 10^9 bytes per second. */
  gigabytesPerSecond: number;
  /** 10^9 additions and multiplications per second; NaN where they do not follow from shapes. */
  gflops: number;
  /** Of what the machine's own matrix product reaches; NaN likewise. */
  peakShare: number;
}

/** Settings of {@link profile}. */
export interface ProfileOptions {
  /** Tells for each call which of its modules made it. */
  model?: Module | undefined;
}

const rowsShown = 20;
const short = (v: number): string => (Number.isFinite(v) ? v.toFixed(v < 10 ? 2 : v < 100 ? 1 : 0) : '-');
const ms = (v: number): string => `${v.toFixed(v < 10 ? 3 : 1)}`;

/** What {@link profile} found. */
export class Profile extends Report {
  readonly advice: string;
  /** Operations, those that took longest first. */
  readonly rows: readonly ProfileRow[];
  /** Kernel calls in the order in which they were made. */
  readonly calls: readonly ProfiledCall[];
  /** From the first to the last moment, ms. */
  readonly wall: number;
  /** How long the device worked, ms. */
  readonly busy: number;
  /** How long JavaScript waited for values: in reads that block, and with nothing else to do, ms. */
  readonly waiting: number;
  readonly allocations: number;
  readonly allocatedBytes: number;

  /** @internal */
  constructor(
    recording: Recording,
    /** 10^9 additions and multiplications per second that a large float32 matrix product reaches here. */
    readonly peakGflops: number,
  ) {
    super();
    const { calls, wall, blocked, idle, allocations, allocatedBytes } = recording;
    this.calls = calls;
    this.wall = wall;
    this.allocations = allocations;
    this.allocatedBytes = allocatedBytes;
    this.waiting = blocked + idle;
    this.busy = calls.reduce((sum, c) => sum + c.end - c.begin, 0);
    this.rows = this.grouped();
    this.advice = this.sentence();
  }

  private grouped(): ProfileRow[] {
    const groups = new Map<string, ProfiledCall[]>();
    for (const c of this.calls) {
      const key = [c.op, c.kernel, c.shapes, c.module].join('\0');
      const group = groups.get(key);
      if (group) group.push(c);
      else groups.set(key, [c]);
    }
    const rows = [...groups.values()].map((group): ProfileRow => {
      const { op, kernel, shapes, module } = group[0]!;
      const sum = (of: (c: ProfiledCall) => number): number => group.reduce((s, c) => s + of(c), 0);
      const [time, bytes, flops] = [sum((c) => c.end - c.begin), sum((c) => c.bytes), sum((c) => c.flops)];
      const gflops = flops > 0 ? flops / time / 1e6 : NaN;
      return {
        ...{ op, kernel, shapes, module, calls: group.length, time, bytes, gflops },
        share: time / this.busy,
        gigabytesPerSecond: bytes / time / 1e6,
        peakShare: gflops / this.peakGflops,
      };
    });
    return rows.sort((a, b) => b.time - a.time);
  }

  private sentence(): string {
    const [first] = this.rows;
    if (!first) return 'No kernel was called: the function has to use tensors.';
    if (this.busy < 0.5 * this.wall)
      return `The device worked ${percent(this.busy / this.wall)} of the time and waited for JavaScript or data: larger batches, or data prepared ahead, keep it busy.`;
    const known = Number.isFinite(first.peakShare) ? ` at ${percent(first.peakShare)} of the machine's peak` : '';
    return `${percent(first.share)} of the time goes into ${first.op} ${first.shapes}${known}: that is where a change can pay.`;
  }

  protected lines(): string[] {
    const withModules = this.rows.some((r) => r.module !== '');
    const rows = this.rows
      .slice(0, rowsShown)
      .map((r) => [
        r.op === r.kernel ? r.op : `${r.op} (${r.kernel})`,
        r.shapes,
        ...(withModules ? [r.module] : []),
        String(r.calls),
        ms(r.time),
        percent(r.share),
        short(r.gigabytesPerSecond),
        short(r.gflops),
        Number.isFinite(r.peakShare) ? percent(r.peakShare) : '-',
      ]);
    const heads = [
      'op',
      'shapes',
      ...(withModules ? ['module'] : []),
      'calls',
      'ms',
      'share',
      'GB/s',
      'GFLOP/s',
      'peak',
    ];
    const left = this.rows.length - rows.length;
    return [
      ...columns(heads, rows),
      ...(left > 0 ? [`and ${left} more`] : []),
      `${ms(this.wall)} ms: the device worked ${ms(this.busy)}, JavaScript waited ${ms(this.waiting)}; ` +
        `${this.allocations} allocations, ${(this.allocatedBytes / 2 ** 20).toFixed(1)} MB`,
    ];
  }

  /** Writes a file that chrome://tracing and ui.perfetto.dev open: JavaScript's calls, and the device's work. */
  async saveTrace(file: string): Promise<void> {
    await writeFile(string.check('saveTrace', 'file', file), traceOf(this.calls));
  }
}

// By the number of threads, measured once.
const peaks = new Map<number, number>();

/** 10^9 additions and multiplications per second of a matrix product of 1024, the best of three. */
function peakOf(threads: number): number {
  let peak = peaks.get(threads);
  if (peak === undefined) {
    const n = 1024;
    const a = noGrad(() => ones([n, n], { dtype: 'float32', device: 'cpu' }));
    let best = Infinity;
    for (let i = 0; i < 4; i++) {
      waitForStream(0);
      const before = performance.now();
      noGrad(() => void matmul(a, a).dispose());
      waitForStream(0);
      best = Math.min(best, performance.now() - before);
    }
    a.dispose();
    peaks.set(threads, (peak = (2 * n ** 3) / best / 1e6));
  }
  return peak;
}

let running = false;
const spec = { model: instance('a Module', Module).optional() };

/**
 * Runs `fn` and says which operations its time went into. What runs meanwhile besides `fn` is seen too. While nobody
 * profiles, nothing is noted.
 *
 * @param fn - what to look at, a training step for example; it may be async, and is called once. Call it before by
 *   hand, so that what happens only the first time is not seen
 * @returns rows by operation and shape; `String()` is a table, `saveTrace(file)` a file for ui.perfetto.dev
 * @throws what `fn` throws
 * @example
 * ```ts
 * const p = await ng.profile(() => step(x, y), { model });
 * console.log(String(p));
 * await p.saveTrace('trace.json');
 * ```
 */
export async function profile(fn: () => unknown, options?: ProfileOptions): Promise<Profile> {
  fnParam<() => unknown>().check('profile', 'fn', fn);
  const { model } = readOptions('profile', spec, options as object);
  if (running) throw new ArgumentError('[profile] another profile is running');
  running = true;
  const recorder = new Recorder();
  let recording: Recording | undefined;
  try {
    recorder.start(model);
    await fn();
  } finally {
    recording = recorder.stop();
    running = false;
  }
  return new Profile(recording, peakOf(getThreads()));
}
