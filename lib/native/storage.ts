/** @file Memory of a device. */
import { OutOfMemoryError } from '../core/errors';
import { addon } from './addon';
import { collectAbove, gc } from './collect';
import { watching } from './watch';

// V8 keeps the addon's exports as a dictionary; this is called all the time. regs: the slot of the last allocation, and the
// live bytes.
const { alloc, regs } = addon;

/** A block of memory on one device. Shared by all views of a tensor. */
export class Storage {
  /** Names the block to the addon; -1 after `release`. */
  slot: number;
  readonly device: number;
  readonly bytes: number;
  /** Counts in-place changes, to detect that a value saved for backward was overwritten. */
  version = 0;
  /** Counts the recorded ones among them: what views of it knew of its history is then out of date. */
  rewrites = 0;
  /** Tensors that show this storage and have not been disposed. */
  users = 0;

  constructor(bytes: number, device: number) {
    alloc(this, bytes, device);
    if (regs[0]! < 0) {
      // Dead tensors may hold what we need: a full collection, then once more.
      gc();
      addon.flush(device);
      alloc(this, bytes, device);
      if (regs[0]! < 0) throw outOfMemory(bytes, device);
    }
    this.slot = regs[0]!;
    this.device = device;
    this.bytes = bytes;
    collectAbove(regs[1]!);
    watching.by?.made?.(this);
  }

  /** Gives the memory back; what uses it then says so. */
  release(): void {
    if (this.slot < 0) return;
    addon.release(this.slot);
    this.slot = -1;
  }
}

function outOfMemory(bytes: number, device: number): OutOfMemoryError {
  const [live, , cached, , limit] = addon.stats(device, false);
  const mb = (n: number): string => `${(n / 2 ** 20).toFixed(1)} MiB`;
  const bound = limit < 2 ** 62 ? `, the limit is ${mb(limit)}` : '';
  return new OutOfMemoryError(
    `[alloc] cannot allocate ${mb(bytes)}: ${mb(live)} are live, ${mb(cached)} cached${bound}`,
  );
}
