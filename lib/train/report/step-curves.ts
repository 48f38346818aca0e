/** @file Curves over the steps of a training of any length, within bounds, and read without holding a step up. */
import { outsideScopes } from '../../core/scope';
import { Tensor } from '../../core/tensor';
import { type StepValues } from '../logs';
import { type Steps } from './record';

// Points of a curve. One more, and every second goes.
const mostPoints = 2000;
// Points that may be on the device before it is asked for them.
const mostUnasked = 64;

interface Waiting {
  at: number;
  values: StepValues;
}

/**
 * Values by name of every `stride`-th step. The stride is 1 until there are 2,000 points, then 2, 4 and so on: which steps
 * are kept depends on their number alone.
 */
export class StepCurves {
  private steps: Steps = { count: 0, stride: 1, at: [], values: {} };
  // Kept, and not in `steps` yet; of the first `asked` the device has been asked.
  private waiting: Waiting[] = [];
  private asked = 0;
  private reading: Promise<void> = Promise.resolve();

  /** How many steps there were. */
  get count(): number {
    return this.steps.count;
  }
  /** Whether the next step will be kept. */
  get wantsNext(): boolean {
    return (this.steps.count + 1) % this.steps.stride === 0;
  }

  /** Counts a step, and keeps the values of one that is wanted. Nothing is waited for. */
  add(values: () => StepValues): void {
    const wanted = this.wantsNext;
    const at = ++this.steps.count;
    if (!wanted) return;
    // What a value came from (the graph) is not kept.
    const kept = Object.entries(values()).map(([name, v]): [string, Tensor | number] => [
      name,
      v instanceof Tensor ? outsideScopes(() => v.detach()) : v,
    ]);
    this.waiting.push({ at, values: Object.fromEntries(kept) });
    // What fails here makes `fit` throw.
    if (this.waiting.length - this.asked >= mostUnasked) this.read().catch(() => {});
  }

  /** Asks for what waits. Resolves when all before is known, without blocking the event loop. */
  read(): Promise<void> {
    const list = this.waiting.slice(this.asked);
    this.asked = this.waiting.length;
    const number = async (v: Tensor | number): Promise<number> => Number(v instanceof Tensor ? await v.item() : v);
    const known = Promise.all(list.map(({ values }) => Promise.all(Object.values(values).map(number))));
    // A rejection is met below, after those before it.
    known.catch(() => {});
    this.reading = this.reading.then(async () => {
      const numbers = await known;
      list.forEach((w, i) => {
        // Unless they have been read by snapshot(), or given up.
        if (this.waiting[0] !== w) return;
        this.waiting.shift();
        this.asked--;
        this.put(w, numbers[i]!);
      });
    });
    return this.reading;
  }

  /** What is known so far. */
  get known(): Readonly<Steps> {
    return this.steps;
  }

  /** All up to now. Blocks until it is known. */
  snapshot(): Steps {
    for (const w of this.waiting)
      this.put(
        w,
        Object.values(w.values).map((v) => Number(v instanceof Tensor ? v.itemSync() : v)),
      );
    this.waiting = [];
    this.asked = 0;
    return copied(this.steps);
  }

  /** Goes on from there; without, from the beginning. */
  restore(steps: Steps = { count: 0, stride: 1, at: [], values: {} }): void {
    this.waiting = [];
    this.asked = 0;
    this.reading = Promise.resolve();
    this.steps = copied(steps);
  }

  private put({ at, values }: Waiting, numbers: readonly number[]): void {
    const { steps } = this;
    // It may have been wanted when there were fewer.
    if (at % steps.stride !== 0) return;
    steps.at.push(at);
    const names = Object.keys(values);
    for (const name of names) steps.values[name] ??= Array<null>(steps.at.length - 1).fill(null);
    for (const [name, list] of Object.entries(steps.values)) list.push(numbers[names.indexOf(name)] ?? null);
    if (steps.at.length <= mostPoints) return;
    steps.stride *= 2;
    const thinned = <T>(list: readonly T[]): T[] => list.filter((_, i) => kept[i]);
    const kept = steps.at.map((n) => n % steps.stride === 0);
    steps.at = thinned(steps.at);
    for (const [name, list] of Object.entries(steps.values)) steps.values[name] = thinned(list);
  }
}

const copied = (s: Steps): Steps => ({
  ...s,
  at: s.at.slice(),
  values: Object.fromEntries(Object.entries(s.values).map(([name, list]) => [name, list.slice()])),
});
