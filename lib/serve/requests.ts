/** @file Requests that wait, batches under way, and the moments at which one becomes the other. */
import { NodegradError } from '../core/errors';
import { type Module } from '../nn/module';
import { type Placement } from '../train/tensors';
import { Trainer } from '../train/trainer';
import { answersOf, type OutputKind } from './answers';
import { urgent, urgentCopy } from './urgent-copy';
import { checkForm, dropExample, type Example, exampleOf, type Form, sameForm } from './example';
import { type BatcherStats, Latencies } from './stats';

/** How requests are gathered. */
export interface Gathering {
  maxBatchSize: number;
  maxDelayMs: number;
  maxQueue: number;
  output: OutputKind;
  /** From a copy of the model, on the queue of the CPU that goes first. */
  priority: boolean;
  /** What every example must be; undefined: what the first one was that was answered. */
  form: Form | undefined;
}

interface Request {
  example: Example;
  /** When it came, of `performance.now()`. */
  since: number;
  resolve(answer: unknown): void;
  reject(reason: unknown): void;
}

const closedError = (cause: unknown): NodegradError =>
  new NodegradError('ERR_CLOSED', '[batcher] is closed', cause === undefined ? {} : { cause });

/** The queue of a batcher. One batch is under way at a time; what comes meanwhile is the next. */
export class Requests {
  // Undefined until the first copy is there.
  #trainer: Trainer | undefined;
  #where: Placement;
  #swaps = 0;
  #form: Form | undefined;
  #waiting: Request[] = [];
  #running = false;
  #closed: { cause: unknown } | undefined;
  #idle: (() => void)[] = [];
  // Armed only while something waits, so that an idle batcher holds no process.
  #cancelTimer: (() => void) | undefined;
  #answered = 0;
  #batches = 0;
  readonly #latencies = new Latencies(4096);

  constructor(
    model: Module,
    private readonly how: Gathering,
  ) {
    this.#where = this.#placementOf(model);
    this.#form = how.form;
    if (!how.priority) this.#trainer = new Trainer(model);
    else
      this.#adopt(urgentCopy(model)).catch((error: unknown) => {
        this.#closed ??= { cause: error };
        this.#rejectAll(error);
      });
  }

  #placementOf(model: Module): Placement {
    const where = new Trainer(model).placement();
    return this.how.priority ? { ...where, device: urgent } : where;
  }

  // What waits is told.
  #rejectAll(error: unknown): void {
    for (const { example, reject } of this.#waiting.splice(0)) {
      dropExample(example);
      reject(error);
    }
    this.#arrange(false);
  }

  /** Rejects as `ng.batcher` says. */
  ask(x: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw closedError(this.#closed.cause);
      signal?.throwIfAborted();
      if (this.#waiting.length >= this.how.maxQueue)
        throw new NodegradError(
          'ERR_OVERLOADED',
          `[batcher] ${this.#waiting.length} requests wait already, the limit (maxQueue); try again later`,
        );
      const example = exampleOf(x, this.#where);
      const request: Request = { example, since: performance.now(), resolve, reject };
      if (this.#refused(request)) return;
      if (signal) this.#obey(request, signal);
      this.#waiting.push(request);
      this.#arrange(false);
    });
  }

  // Whether an example is unlike what is known of them; it is then rejected.
  #refused({ example, reject }: Request): boolean {
    try {
      if (this.#form)
        checkForm(example.form, this.#form, this.how.form ? 'an example must be' : 'the first example was');
      return false;
    } catch (error) {
      dropExample(example);
      reject(error);
      return true;
    }
  }

  // The signal takes the request out of the queue, or its answer out of the batch under way.
  #obey(request: Request, signal: AbortSignal): void {
    const { resolve, reject } = request;
    const abort = (): void => {
      const at = this.#waiting.indexOf(request);
      if (at >= 0) {
        this.#waiting.splice(at, 1);
        dropExample(request.example);
      }
      reject(signal.reason);
      this.#arrange(false);
    };
    signal.addEventListener('abort', abort, { once: true });
    const over = (): void => signal.removeEventListener('abort', abort);
    request.resolve = (answer) => (over(), resolve(answer));
    request.reject = (reason) => (over(), reject(reason));
  }

  /** From the next batch on, `model` answers; with priority, when its copy is there. Of several the last. */
  async swap(model: Module): Promise<void> {
    if (this.how.priority) return this.#adopt(urgentCopy(model));
    this.#take(model);
  }

  async #adopt(copying: Promise<Module>): Promise<void> {
    const mine = ++this.#swaps;
    const copy = await copying;
    if (mine === this.#swaps) this.#take(copy);
  }

  #take(model: Module): void {
    this.#trainer = new Trainer(model);
    this.#where = this.#placementOf(model);
    this.#form = this.how.form;
    this.#arrange(false);
  }

  stats(): BatcherStats {
    const [p50, p99] = this.#latencies.quantiles(0.5, 0.99) as [number, number];
    const [requests, batches] = [this.#answered, this.#batches];
    return { requests, batches, meanBatch: requests / Math.max(batches, 1), p50, p99, queued: this.#waiting.length };
  }

  /** Takes no more requests; those that wait are rejected or, with `drain`, answered. Resolves when none is left. */
  close(drain: boolean, cause?: unknown): Promise<void> {
    this.#closed ??= { cause };
    if (!drain) this.#rejectAll(closedError(this.#closed.cause));
    this.#arrange(true);
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      this.#tellIdle();
    });
  }

  #tellIdle(): void {
    if (!this.#running && this.#waiting.length === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  // Begins a batch if one is due, or sets the timer for when it will be. `now`: what waits has waited long enough.
  #arrange(now: boolean): void {
    const [first] = this.#waiting;
    if (!first) {
      this.#cancelTimer?.();
      return this.#tellIdle();
    }
    if (this.#running || !this.#trainer) return;
    const left = first.since + this.how.maxDelayMs - performance.now();
    if (now || this.#closed || this.#waiting.length >= this.how.maxBatchSize) void this.#run();
    else this.#setTimer(left);
  }

  #setTimer(ms: number): void {
    if (this.#cancelTimer) return;
    const due = (): void => {
      this.#cancelTimer = undefined;
      this.#arrange(true);
    };
    // What is called in the same turn of the event loop is one batch, even without a delay.
    const timer = ms > 0 ? setTimeout(due, ms) : setImmediate(due);
    this.#cancelTimer = () => {
      this.#cancelTimer = undefined;
      if (ms > 0) clearTimeout(timer as NodeJS.Timeout);
      else clearImmediate(timer as NodeJS.Immediate);
    };
  }

  // The first that wait, of one form: until one was answered nobody knows which forms the model takes.
  #next(): Request[] {
    const { form } = this.#waiting[0]!.example;
    const batch: Request[] = [];
    this.#waiting = this.#waiting.filter((r) => {
      const taken = batch.length < this.how.maxBatchSize && sameForm(r.example.form, form);
      if (taken) batch.push(r);
      return !taken;
    });
    return batch;
  }

  async #run(): Promise<void> {
    this.#cancelTimer?.();
    this.#running = true;
    const batch = this.#next();
    const trainer = this.#trainer!;
    try {
      const answers = await answersOf(
        trainer,
        batch.map((r) => r.example),
        this.how.output,
      );
      if (trainer === this.#trainer && !this.#form?.dtypes) {
        this.#form = batch[0]!.example.form;
        this.#waiting = this.#waiting.filter((r) => !this.#refused(r));
      }
      this.#batches++;
      this.#answered += batch.length;
      const now = performance.now();
      batch.forEach((r, i) => {
        this.#latencies.add(now - r.since);
        r.resolve(answers[i]);
      });
    } catch (error) {
      for (const r of batch) r.reject(error);
    }
    this.#running = false;
    // Those whose time came meanwhile wait no longer.
    const [next] = this.#waiting;
    this.#arrange(next !== undefined && performance.now() - next.since >= this.how.maxDelayMs);
  }
}
