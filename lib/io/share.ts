/** @file Tensors for other threads of the process, through memory that all of them see. */
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { type Packed, packed, sharedTensor, unpacked } from '../data/workers/packed';

/** What {@link share} gives: `postMessage`, `workerData` and `structuredClone` take it. */
export interface Shared {
  readonly kind: 'nodegrad shared';
  /** The value, its tensors as bytes in SharedArrayBuffers. */
  readonly value: unknown;
}

const isShared = (v: unknown): v is Shared =>
  typeof v === 'object' && v !== null && (v as Partial<Shared>).kind === 'nodegrad shared';

async function shareValue(value: unknown): Promise<Shared> {
  const reads: Promise<void>[] = [];
  // A tensor that occurs twice is shared once.
  const done = new Map<Tensor, Packed>();
  const pack = (t: Tensor): Packed => {
    t.checkAlive('share');
    const before = done.get(t);
    if (before) return before;
    const [p, read] = sharedTensor(t.to('cpu'));
    reads.push(read);
    done.set(t, p);
    return p;
  };
  const shared: Shared = { kind: 'nodegrad shared', value: packed('share', value, pack) };
  await Promise.all(reads);
  return shared;
}

function open<T = Record<string, Tensor>>(shared: unknown): T {
  if (!isShared(shared)) throw new ArgumentError(`[share.open] expected what ng.share gave, got ${describe(shared)}`);
  return unpacked(shared.value) as T;
}

/**
 * A state dict, or any tensors in lists and records, for other threads: their values at this moment, copied once into
 * SharedArrayBuffers, which any number of worker threads get without a further copy. `share.open` makes tensors of them
 * again, on the CPU, in whatever thread; a change of these is seen by nobody else.
 *
 * For worker threads only: a child process has memory of its own and is given a file ({@link save}).
 *
 * @example
 * // in a worker that trains
 * parentPort.postMessage(await ng.share(model.stateDict()));
 * // in the thread that serves
 * worker.on('message', (weights) => {
 *   const next = new Net();
 *   next.loadStateDict(ng.share.open(weights));
 *   predict.swap(next);
 * });
 * @throws ArgumentError for functions and instances of classes, which no other thread can get
 */
export const share: {
  (value: unknown): Promise<Shared>;
  /** What was shared. Which type it has may be said; default a state dict. */
  open<T = Record<string, Tensor>>(shared: unknown): T;
} = Object.assign(shareValue, { open });
