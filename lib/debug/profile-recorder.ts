/** @file Notes kernel calls while they are made; what they were is worked out afterwards. */
import { type Module } from '../nn/module';
import { latestTiming, opName, startTiming, type Storage, stopTiming, watch, type Watcher } from '../native';
import { bytesOf, flopsOf, type ForgottenCall, forgetTensors, shapesOf } from './kernel-work';

/** One kernel call. Times in ms since the profile began. */
export interface ProfiledCall {
  /** The operation as the user called it, or the kernel where none was entered (gradients). */
  op: string;
  kernel: string;
  /** Of the tensors that it reads. */
  shapes: string;
  /** Where the module is in whose `forward` it was made: 'blocks.0.norm'; '' outside of the model. */
  module: string;
  bytes: number;
  /** 0 where they do not follow from shapes. */
  flops: number;
  /** When JavaScript made it. */
  called: number;
  /** When JavaScript went on. */
  returned: number;
  /** When it ran on the device. */
  begin: number;
  end: number;
}

/** What was noted in all. */
export interface Recording {
  calls: ProfiledCall[];
  /** From begin to end, ms. */
  wall: number;
  /** How long JavaScript was held up by reads that block, ms. */
  blocked: number;
  /** How long JavaScript had nothing to do, because it waited for a promise, ms. */
  idle: number;
  allocations: number;
  /** Of memory, taken anew or from the cache. */
  allocatedBytes: number;
}

interface Noted extends ForgottenCall {
  op: number;
  module: string;
  /** Its place among the times. */
  timing: number;
}

/** Sees kernel calls from {@link start} to {@link stop}. */
export class Recorder implements Watcher {
  private readonly noted: Noted[] = [];
  private readonly path: string[] = [''];
  private blocked = 0;
  private allocations = 0;
  private allocatedBytes = 0;
  // On the device's clock, ms.
  private began = 0;
  private startedAt = 0; // by performance.now()
  private loop = performance.eventLoopUtilization();
  private ends: (() => void)[] = [];

  start(model: Module | undefined): void {
    const hooks = model
      ?.namedModules()
      .flatMap(([path, m]) => [
        m.registerForwardPreHook(() => void this.path.push(path || '(model)')),
        m.registerForwardHook(() => void this.path.pop(), { alwaysCall: true }),
      ]);
    this.began = startTiming();
    this.startedAt = performance.now();
    this.loop = performance.eventLoopUtilization();
    this.ends = [watch(this), () => hooks?.forEach((h) => h.remove())];
  }

  ran(kernel: string, op: number, letters: readonly string[], values: unknown[]): void {
    forgetTensors(values);
    this.noted.push({ kernel, op, letters, values, module: this.path[this.path.length - 1]!, timing: latestTiming() });
  }
  made(storage: Storage): void {
    this.allocations++;
    this.allocatedBytes += storage.bytes;
  }
  waited(ms: number): void {
    this.blocked += ms;
  }

  /** Waits for the device. */
  stop(): Recording {
    this.ends.forEach((end) => end());
    const { idle } = performance.eventLoopUtilization(this.loop);
    const times = stopTiming();
    const wall = performance.now() - this.startedAt;
    const calls = this.noted.map((c): ProfiledCall => {
      const [called, returned, begin, end] = times.subarray(4 * c.timing, 4 * c.timing + 4).map((t) => t - this.began);
      // A call that did not run, because what it reads is the result of a failed one, took no time.
      const ran = times[4 * c.timing + 3]! > 0;
      return {
        op: opName(c.op),
        kernel: c.kernel,
        shapes: shapesOf(c),
        module: c.module,
        bytes: bytesOf(c),
        flops: flopsOf(c),
        called: called!,
        returned: returned!,
        begin: ran ? begin! : returned!,
        end: ran ? end! : returned!,
      };
    });
    const { blocked, allocations, allocatedBytes } = this;
    return { calls, wall, blocked, idle, allocations, allocatedBytes };
  }
}
