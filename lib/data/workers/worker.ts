/** @file The program of a loader's worker thread: makes its dataset, and then the batches that it is asked for. */
import { parentPort, workerData } from 'node:worker_threads';
import { manualSeed } from '../../core/random-state';
import { batchOf, type Dataset } from '../dataset';
import { packed, packedTensor } from './packed';
import { datasetOf, type Source } from './source';

/** Asks for a batch. */
export interface Request {
  id: number;
  indices: Int32Array;
  /** Of the random numbers that the dataset draws meanwhile; the same whatever worker it is. */
  seed: number;
}

/** An error that cannot cross threads as it is. */
export interface Failure {
  message: string;
  stack: string;
  code: string | undefined;
  /** The example that failed; undefined if several were made at once. */
  index: number | undefined;
}

/** A batch, or why there is none. */
export interface Reply {
  id: number;
  batch?: unknown;
  failure?: Failure;
}

const { source } = workerData as { source: Source };
const dataset = datasetOf(source);
// Whoever asks is told.
dataset.catch(() => {});

function failureOf(e: unknown, index: number | undefined): Failure {
  const { message, stack, code } = (e instanceof Error ? e : new Error(String(e))) as Error & { code?: unknown };
  return { message, stack: stack ?? message, code: typeof code === 'string' ? code : undefined, index };
}

async function answer({ id, indices, seed }: Request): Promise<[Reply, ArrayBuffer[]]> {
  let at: number | undefined;
  try {
    const d = await dataset;
    manualSeed(seed);
    // Which example fails is known where they are made one by one.
    const one: Dataset<unknown, unknown> | undefined =
      typeof d.getBatch === 'function'
        ? undefined
        : {
            length: d.length,
            get: async (i) => {
              try {
                return await d.get!(i);
              } catch (e) {
                at ??= i;
                throw e;
              }
            },
          };
    const moved: ArrayBuffer[] = [];
    const batch = packed('DataLoader', await batchOf(one ?? d, indices), (t) => {
      const p = packedTensor(t);
      moved.push(p.bytes.buffer as ArrayBuffer);
      return p;
    });
    return [{ id, batch }, moved];
  } catch (e) {
    return [{ id, failure: failureOf(e, at) }, []];
  }
}

// One after the other, so that each has its random numbers.
let queue: Promise<void> = Promise.resolve();
parentPort!.on('message', (request: Request) => {
  queue = queue.then(async () => {
    const [reply, moved] = await answer(request);
    parentPort!.postMessage(reply, moved);
  });
});
