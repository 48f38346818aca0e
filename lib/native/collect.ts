/** @file When dead tensors are collected. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { addon } from './addon';

// Note [No tidy] A tensor's JavaScript wrapper is tiny, so V8 sees no reason to collect it. When the bytes behind live
// wrappers pass a watermark we ask for a minor collection (about 50 us); wrappers die young, so that nearly always
// suffices. Finalizers run synchronously inside it. The watermark starts low, so that a loop is given the same few blocks
// again while they are still in the processor's cache, and moves up until a collection frees half of what is there: then
// a training step fits between two of them and its tensors do not grow old. Only above `manyBytes` does a full collection
// follow if a minor one freed too little; what is still alive then is really in use, and the watermark moves above it.

const { regs } = addon; // [1]: live bytes
type Collect = (options?: { type: 'minor' | 'major'; execution: 'sync' }) => void;

const { Bun } = globalThis as { Bun?: { gc(sync: boolean): void } };

/** V8's own function. Bun has another engine, whose collections are all full; elsewhere they come when they come. */
function findGc(): Collect {
  if (Bun) return () => Bun.gc(true);
  setFlagsFromString('--expose-gc');
  return (runInNewContext('typeof gc === "function" ? gc : undefined') as Collect | undefined) ?? ((): void => {});
}
const rawGc = findGc();

/** Collects all that is dead. */
export const gc = (): void => rawGc();

const manyBytes = 192 * 2 ** 20;
let watermark = Bun ? manyBytes : 16 * 2 ** 20;

/** Collects dead tensors if the `live` bytes behind them have passed the watermark. */
export function collectAbove(live: number): void {
  if (live > watermark) collect();
}

function collect(): void {
  rawGc({ type: 'minor', execution: 'sync' });
  if (watermark < manyBytes) {
    if (regs[1]! > watermark / 2) watermark = Math.min(manyBytes, regs[1]! * 2);
    return;
  }
  if (regs[1]! <= watermark * 0.75) return;
  gc();
  watermark = Math.max(manyBytes, regs[1]! * 1.5);
}

/** Collects dead tensors now: young ones, or (`full`) all. */
export function collectGarbage(full: boolean): void {
  if (full) gc();
  else rawGc({ type: 'minor', execution: 'sync' });
}
