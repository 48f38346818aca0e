/**
 * @file Runs programs in this process and judges them. A crash or a hang is judged by the parent, which sees the log:
 * one line before every statement.
 */
import * as ng from '../../lib';
import { collectGarbage, memoryStats } from '../../lib/native';
import { type Failure, type Statement } from './program';
import { type Held, mine } from './values';

/** The most memory that a program's tensors may take. */
export const memoryLimit = 256 * 2 ** 20;

type Log = (event: object) => void;

const settled = new Set<Promise<unknown>>();
let unhandled: Failure | undefined;
process.on('unhandledRejection', (e) => {
  // A user's own error that nobody caught is the user's.
  if (!isMine(e) && !(e instanceof Error && fromProgram(e))) unhandled ??= { kind: 'unhandled', text: describe(e) };
});

const isMine = (e: unknown): boolean => e instanceof Error && (e.message === mine || isMine(e.cause));

// A class given as a callback looks like a function until it is called.
const isClassAsFunction = (e: Error): boolean =>
  /^Class constructors? .*cannot be invoked without 'new'/.test(e.message);

const describe = (e: unknown): string =>
  e instanceof Error ? `${e.name}: ${e.message.split('\n')[0]} ${origin(e)}` : `thrown ${typeof e}`;

// Where in the library an error came from, without line numbers.
function origin(e: Error): string {
  const line = e.stack?.split('\n').find((l) => l.includes('/lib/'));
  return line
    ? `(${/at (?:new )?([\w.<>#$]+)?/.exec(line)?.[1] ?? ''} in ${/lib\/([\w./-]+)\.[jt]s/.exec(line)?.[1] ?? '?'})`
    : '';
}

/** What is wrong with an error that came out of a call; undefined if it is as it should be. */
function judge(e: unknown): Failure | undefined {
  if (isMine(e)) return undefined;
  if (e instanceof ng.NodegradError)
    return typeof e.code === 'string' && e.message.length > 10
      ? undefined
      : { kind: 'raw error', text: `no code: ${e.message}` };
  if (e instanceof Error && (fromProgram(e) || isClassAsFunction(e))) return undefined;
  // The system's word on a file.
  if (e instanceof Error && typeof (e as NodeJS.ErrnoException).errno === 'number') return undefined;
  return { kind: 'raw error', text: describe(e) };
}

/** Whether a tensor's elements lie inside its memory, and its books agree with each other. */
function checkTensor(t: ng.Tensor): string | undefined {
  if (t.isDisposed) return undefined;
  const { shape, strides } = t;
  if (shape.length !== strides.length) return `shape [${shape.join()}] with strides [${strides.join()}]`;
  if (!shape.every((s) => Number.isSafeInteger(s) && s >= 0)) return `a result has shape [${shape.join()}]`;
  if (shape.length > 8) return `a result has ${shape.length} dimensions`;
  if (t.numel === 0) return undefined;
  const books = t as unknown as { storage: { bytes: number }; offset: number };
  const ends = shape.map((s, i) => (s - 1) * strides[i]!);
  const low = books.offset + ends.reduce((a, b) => a + Math.min(0, b), 0);
  const high = books.offset + ends.reduce((a, b) => a + Math.max(0, b), 0);
  const size = { float32: 4, float64: 8, int32: 4, int64: 8, uint8: 1, bool: 1, bfloat16: 2, float16: 2 }[t.dtype];
  if (!Number.isInteger(low) || low < 0 || !((high + 1) * size <= books.storage.bytes))
    return `a result reaches outside its memory: shape [${shape.join()}], strides [${strides.join()}], offset ${books.offset}, ${books.storage.bytes} bytes`;
  return undefined;
}

/** Tensors and instances in a result get names of their own. */
function hold(name: string, value: unknown, held: Held[]): void {
  if (typeof value !== 'object' || value === null) return;
  const list = Array.isArray(value);
  if (!list && Object.getPrototypeOf(value) !== Object.prototype) held.push({ name, value });
  else
    for (const [k, v] of Object.entries(value).slice(0, 4))
      if (v instanceof ng.Tensor) held.push({ name: list ? `${name}[${k}]` : `${name}.${k}`, value: v });
}

function sane(): void {
  ng.setGradEnabled(true);
  ng.setNumThreads(2);
  ng.setDefaultDevice('cpu');
  ng.setMemoryLimit(memoryLimit);
  ng.manualSeed(1);
}

const turn = (): Promise<void> => new Promise((r) => setImmediate(r));
const violations = (): number => memoryStats(0)[5];

async function timed<T>(p: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((r) => (timer = setTimeout(() => r(undefined), 2000)));
  try {
    return await Promise.race([p, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs what `next` gives until it gives nothing more; counts what threw nothing. The first failure ends the program. */
export async function runProgram(
  held: Held[],
  next: () => Statement | undefined,
  log: Log,
): Promise<{ failure?: Failure; worked: number }> {
  const guardBefore = violations();
  const values: Record<string, unknown> = {};
  let failure: Failure | undefined;
  let worked = 0;
  unhandled = undefined;
  sane();
  const done = (f: Failure | undefined, at: string): boolean => {
    const found = f ?? unhandled;
    if (found) failure ??= { ...found, at: found.at ?? at };
    return failure !== undefined;
  };

  for (let s = next(); s; s = next()) {
    log({ s });
    let f: Failure | undefined;
    try {
      const names = Object.keys(values);
      const run = new Function('ng', ...names, `return (${s.expr}\n)`) as (...a: unknown[]) => unknown;
      let value = run(ng, ...names.map((n) => values[n]));
      if (value instanceof Promise) {
        const p = value as Promise<unknown>;
        const watched = p.catch((e: unknown) => void done(judge(e), s!.expr));
        if (s.floats) settled.add(watched);
        else value = await timed(p);
      }
      if (value instanceof ng.Tensor) {
        const wrong = checkTensor(value);
        if (wrong) f = { kind: 'invariant', text: wrong };
        else if (!value.isDisposed && value.numel < 1e5) value.dataSync();
      }
      values[s.target] = value;
      hold(s.target, value, held);
      worked++;
    } catch (e) {
      values[s.target] = undefined;
      f = judge(e);
    }
    if (done(f, s.expr)) break;
  }
  log({ s: { target: '_', expr: 'ng.synchronize()' } });
  sane();
  await timed(Promise.all(settled));
  settled.clear();
  try {
    await ng.synchronize();
  } catch (e) {
    done(judge(e), 'ng.synchronize()');
  }
  held.length = 0;
  for (const k of Object.keys(values)) delete values[k];
  await turn();
  await turn();
  collectGarbage(false);
  done(undefined, '(after the program)');
  if (violations() !== guardBefore)
    done({ kind: 'guard', text: 'a canary behind a block was overwritten' }, '(after the program)');
  return { failure, worked };
}

// The first frame that is no builtin: an error of the program's own text (a member of undefined, a callback that fails) is
// no fault of the library.
function fromProgram(e: unknown): boolean {
  if (e instanceof SyntaxError) return true;
  const frames = (e as Error).stack?.split('\n').filter((l) => /^ +at /.test(l) && !/<anonymous>\)?$/.test(l)) ?? [];
  return frames.length > 0 && /eval at |engine\.js/.test(frames[0]!);
}

/** Bytes that stay live after everything was let go, as far as that is more than `before`. */
export async function liveBytes(before: number): Promise<number> {
  for (let i = 0; i < 3 && ng.memory().live > before; i++) {
    collectGarbage(true);
    await turn();
  }
  return ng.memory().live;
}
