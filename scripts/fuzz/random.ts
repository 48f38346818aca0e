/** @file A small seeded generator: what the fuzzer does depends on its seed alone, never on the library under test. */

export class Random {
  private state: number;

  /** Seeds that differ in one place give unrelated sequences. */
  constructor(...seeds: number[]) {
    this.state = 0x9e3779b9;
    for (const s of seeds) {
      this.state = (Math.imul(this.state ^ s, 0x85ebca6b) + 0x27d4eb2f) | 0;
      this.bits();
    }
  }

  /** 32 random bits (mulberry32). */
  bits(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** A whole number from 0 up to, not including, `n`. */
  below(n: number): number {
    return Math.floor((this.bits() / 2 ** 32) * n);
  }

  chance(p: number): boolean {
    return this.bits() < p * 2 ** 32;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}
