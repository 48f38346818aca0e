/** @file The worker threads of a loader. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { NodegradError } from '../../core/errors';
import { unpacked } from './packed';
import { type Source } from './source';
import { type Failure, type Reply, type Request } from './worker';

interface Waiting {
  indices: Int32Array;
  resolve(batch: unknown): void;
  reject(e: Error): void;
}

interface Thread {
  worker: Worker;
  waiting: Map<number, Waiting>;
}

/** The error of a batch that a worker could not make. Code: that of the error in the worker, or `ERR_WORKER`. */
function errorOf(thread: number, { message, stack, code, index }: Failure, indices: Int32Array): Error {
  const shown = `${indices.slice(0, 8).join(', ')}${indices.length > 8 ? ', ...' : ''}`;
  const which = index === undefined ? `one of the examples ${shown}` : `example ${index}`;
  const cause = Object.assign(new Error(message), { stack, code });
  return new NodegradError(code ?? 'ERR_WORKER', `[DataLoader] ${which}, in worker ${thread}: ${message}`, { cause });
}

/** Makes batches in threads, which are started when they are first asked for one and stay for the loops to come. */
export class WorkerPool {
  private threads: (Thread | undefined)[] = [];
  private next = 0;

  constructor(
    private readonly count: number,
    private readonly source: Source,
  ) {}

  /** A batch of the examples at `indices`. Batches are shared out in turn. */
  async batch(indices: Int32Array, seed: number): Promise<unknown> {
    const at = this.next++;
    const which = at % this.count;
    const thread = (this.threads[which] ??= this.start(which));
    const request: Request = { id: at, indices, seed };
    // The process lives while a batch is awaited, and not for the threads' sake.
    if (thread.waiting.size === 0) thread.worker.ref();
    return new Promise<unknown>((resolve, reject) => {
      thread.waiting.set(at, { indices, resolve, reject });
      thread.worker.postMessage(request);
    });
  }

  private start(which: number): Thread {
    const worker = new Worker(join(__dirname, 'worker.js'), { workerData: { source: this.source } });
    const thread: Thread = { worker, waiting: new Map() };
    worker.unref();
    worker.on('message', ({ id, batch, failure }: Reply) => {
      const waiting = thread.waiting.get(id);
      thread.waiting.delete(id);
      if (thread.waiting.size === 0) worker.unref();
      if (failure) waiting?.reject(errorOf(which, failure, waiting.indices));
      else waiting?.resolve(unpacked(batch));
    });
    const end = (why: string, cause?: unknown): void => {
      const e = new NodegradError('ERR_WORKER', `[DataLoader] worker ${which} ended: ${why}`, { cause });
      for (const w of thread.waiting.values()) w.reject(e);
      thread.waiting.clear();
      // Its next batch starts another; the others go on with theirs.
      if (this.threads[which] === thread) this.threads[which] = undefined;
    };
    worker.on('error', (e) => end(e instanceof Error ? e.message : String(e), e));
    worker.on('exit', (code) => end(`exit code ${code}`));
    return thread;
  }

  /** Ends the threads. The next batches start new ones. */
  async close(): Promise<void> {
    const { threads } = this;
    this.threads = [];
    await Promise.all(threads.map(async (t) => t?.worker.terminate()));
  }
}
