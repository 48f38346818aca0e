/** @file Which operation made the first NaN or infinity: every kernel call is looked at. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { debugging, userLine } from '../core/debug-mode';
import { isFloat } from '../core/dtype';
import { type Anomaly, AnomalyError, type ValueCounts } from '../core/errors';
import { fn as fnParam } from '../core/params';
import { showShape } from '../core/shape';
import { Tensor } from '../core/tensor';
import { type Storage, watch, type WatchedCall, type Watcher, writeStorage } from '../native';
import { badWords, countsOf, isClean, rangeWords } from './count';

/** What a buffer holds. */
interface Look extends ValueCounts {
  /** Infinity is there; -Infinity alone may be a mask. */
  positive: boolean;
}

function lookAt(t: Tensor): Look {
  const values = t.detach().dataSync() as ArrayLike<number> & { includes(v: number): boolean };
  return { ...countsOf(t.shape, values), positive: values.includes(Infinity) };
}

/** Memory that holds values that are no finite numbers. */
interface Suspect {
  /** The part of it that does. */
  where: Tensor;
  error: AnomalyError;
  /** In which operation, or in whose gradient, it was made. */
  within: unknown;
  /** Whether the rest of the operation has read it: if nothing came of that, it was a step of a computation that is right. */
  read: boolean;
}

const floats = ({ letters, values }: WatchedCall, kinds: string): Tensor[] =>
  letters
    .flatMap((code, i) => (kinds.includes(code) ? (values[i] as Tensor | Tensor[]) : []))
    .filter((t) => t instanceof Tensor && isFloat(t.dtype) && t.numel > 0);

const numbersIn = ({ letters, values }: WatchedCall): number[] =>
  letters.flatMap((code, i) => ('nP'.includes(code) ? (values[i] as number | number[]) : []));

function message({ op, phase, inputHad, line, output, inputs }: Anomaly): string {
  const values = `${badWords(output)} of ${output.count} values, shape ${showShape(output.shape)}`;
  const of = inputs.map((c) => {
    const bad = isClean(c) ? '' : `${badWords(c)} and `;
    return `${showShape(c.shape)} ${bad}${rangeWords(c)}`;
  });
  const what =
    phase === 'backward'
      ? `the gradient ${inputHad ? 'has' : 'made'} ${values}`
      : inputHad
        ? `its input already had NaN or infinities, the result has ${values}`
        : `made ${values}`;
  const where =
    line === undefined
      ? ' (recorded before detectAnomaly began)'
      : `, ${phase === 'backward' ? 'recorded ' : ''}${line}`;
  return `[${op}] ${what}; inputs: ${of.join('; ') || 'none'}${where}`;
}

/**
 * Looks at what every call reads and writes. Operations may compute with infinities on the way (a mask, a division that
 * is then left out), so what is bad stays a suspect until another operation reads it, or nothing does.
 */
class AnomalyWatcher implements Watcher {
  private readonly suspects = new Map<Storage, Suspect>();
  // Memory made meanwhile: what is bad in it was made meanwhile too.
  private readonly own = new WeakSet<Storage>();
  private readonly written = new WeakSet<Storage>();

  constructor(private readonly mine: () => boolean) {}

  // Zeros, so that what no kernel has written is not taken for a result.
  made(storage: Storage): void {
    if (!this.mine()) return;
    this.own.add(storage);
    if (storage.bytes > 0) writeStorage(storage, 0, new Uint8Array(storage.bytes));
  }

  call(call: WatchedCall, run: () => void): void {
    if (!this.mine()) return run();
    const within = debugging.gradientOf ?? call.op;
    const writes = floats(call, 'wmMS');
    // A product is added to what is there; where nothing is, that is no input.
    const blank = (t: Tensor): boolean => this.own.has(t.storage) && !this.written.has(t.storage);
    const reads = [...floats(call, 'rRMS'), ...floats(call, 'm').filter((t) => !blank(t))];
    const carried = this.checkReads(reads, within);
    // What will be overwritten is looked at before.
    const lost = new Set(writes.map((t) => t.storage));
    const before = new Map(reads.filter((t) => lost.has(t.storage)).map((t) => [t, lookAt(t)]));
    const foreign = writes.filter((t) => !reads.includes(t) && !this.own.has(t.storage) && !isClean(lookAt(t)));
    run();
    let inputs: readonly Look[] | undefined;
    for (const t of writes) {
      this.written.add(t.storage);
      const output = lookAt(t);
      // What a call keeps for its gradient beside the result may be infinite: logarithms of zero.
      const kept = t !== writes[0] && output.nan === 0;
      if (isClean(output) || kept) this.clear(t.storage);
      else if (!this.suspects.has(t.storage) && !foreign.includes(t)) {
        inputs ??= reads.map((r) => before.get(r) ?? lookAt(r));
        const error = carried ?? this.judge(call, output, inputs);
        if (error) this.suspects.set(t.storage, { where: t, error, within, read: false });
      }
    }
  }

  // Another operation that reads a suspect's bad values confirms it. The error of one that this operation carries on.
  private checkReads(reads: readonly Tensor[], within: unknown): AnomalyError | undefined {
    let carried: AnomalyError | undefined;
    for (const t of reads) {
      const s = this.suspects.get(t.storage);
      if (!s || isClean(lookAt(t))) continue;
      if (s.within !== within) throw s.error;
      s.read = true;
      carried ??= s.error;
    }
    return carried;
  }

  // Overwritten by what is clean: the rest of a suspect's values may have gone.
  private clear(storage: Storage): void {
    const s = this.suspects.get(storage);
    if (s && (s.where.isDisposed || isClean(lookAt(s.where)))) this.suspects.delete(storage);
  }

  private judge(call: WatchedCall, output: Look, inputs: readonly Look[]): AnomalyError | undefined {
    const given = numbersIn(call);
    if (given.some(Number.isNaN)) return undefined;
    const had = { nan: inputs.some((c) => c.nan > 0), infinite: inputs.some((c) => c.infinite > 0) };
    // An infinity that was asked for, or a mask of -Infinity that was handed on, is none.
    const asked = given.some((v) => Math.abs(v) === Infinity);
    const born = (output.nan > 0 && !had.nan) || (output.infinite > 0 && !had.nan && !had.infinite && !asked);
    const passed = (output.nan > 0 && had.nan) || (output.infinite > 0 && inputs.some((c) => c.positive));
    if (!born && !passed) return undefined;
    const node = debugging.gradientOf;
    const anomaly: Anomaly = {
      op: node?.name ?? call.op,
      phase: node ? 'backward' : 'forward',
      inputHad: !born,
      line: node ? node.line : userLine(),
      output: plain(output),
      inputs: inputs.map(plain),
    };
    return new AnomalyError(message(anomaly), anomaly);
  }

  /** The first that nobody has read. */
  get left(): AnomalyError | undefined {
    for (const s of this.suspects.values()) if (!s.read) return s.error;
    return undefined;
  }
}

const plain = ({ positive: _positive, ...counts }: Look): ValueCounts => counts;

const fnChecked = fnParam<() => unknown>();
// How many run: lines are remembered until the last has ended. Then the debug mode is what it was.
let running = 0;
let mode = false;

/**
 * Runs `fn`, and throws if an operation in it, forward or backward, makes a NaN or an infinity: with the operation as the
 * user called it, the user's line, and the values. Every call is waited for and its results are read: slow. Errors that
 * `fn` throws by itself come with an anomaly that is there as their reason.
 *
 * What counts: results that are NaN while no input was; infinities that come from finite inputs, also where a later
 * operation leaves them out (`where(x > 0, log(x), 0)`: its gradient is NaN). What an operation asks for counts not (`full(Infinity)`,
 * a mask of -Infinity), nor what it uses and leaves out within itself. Where the data held NaN before, the error says
 * that its input already had them.
 *
 * @param fn - synchronous or asynchronous; only what it does, and what it awaits, is looked at
 * @returns what `fn` returns
 * @throws AnomalyError (code `ERR_ANOMALY`), whose `anomaly` holds op, phase, line and counts
 * @example
 * ng.debug.detectAnomaly(() => {
 *   const loss = criterion.forward(model.forward(x), y);
 *   loss.backward();
 * });
 */
export function detectAnomaly<R>(fn: () => R): R {
  fnChecked.check('detectAnomaly', 'fn', fn);
  const context = new AsyncLocalStorage<true>();
  const watcher = new AnomalyWatcher(() => context.getStore() === true);
  const end = watch(watcher);
  if (running++ === 0) mode = debugging.on;
  debugging.on = true;
  const ended = (): void => {
    end();
    context.disable();
    if (--running === 0) debugging.on = mode;
  };
  const failed = (e: unknown): never => {
    const { left } = watcher;
    if (!left || e instanceof AnomalyError) throw e;
    left.cause = e;
    throw left;
  };
  const passed = <T>(result: T): T => {
    if (watcher.left) throw watcher.left;
    return result;
  };
  let pending = false;
  try {
    const result = context.run(true, fn);
    if (!(result instanceof Promise)) return passed(result);
    pending = true;
    return result.then(passed, failed).finally(ended) as R;
  } catch (e) {
    return failed(e);
  } finally {
    if (!pending) ended();
  }
}
