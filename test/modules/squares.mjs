// A dataset for the tests of workers: [i, i squared] with a random number, made one by one; example `bad` fails.
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';

const ng = createRequire(import.meta.url)('../../dist/lib/index.js');

export default class Squares {
  constructor({ length, bad = -1, exits = -1, slow = 0, late = -1 }) {
    Object.assign(this, { length, bad, exits, slow, late });
  }
  async get(i) {
    if (this.slow) await setTimeout(this.slow);
    if (i === this.late) await setTimeout(300);
    if (i === this.exits) process.exit(7);
    if (i === this.bad) throw new RangeError(`no example ${i}`);
    return { x: Float32Array.of(i, i * i), noise: ng.rand([1]).dataSync(), name: `example ${i}` };
  }
}
