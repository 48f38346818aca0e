/**
 * @file The steps of one of scripts/bench-models.ts or bench-layers.ts: every line that comes in is a number of steps, and the answer
 * is the microseconds of one, and the most bytes that this process ever held beyond what it held before the network.
 *
 *   node dist/scripts/bench-step.js <name> <threads>
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import * as ng from '../lib';
import { layers } from './bench-layers';
import { models } from './bench-models';

/** Linux only; null elsewhere. */
function peakMemory(): number | null {
  try {
    return Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
  } catch {
    return null;
  }
}

const [name, threads] = process.argv.slice(2) as [string, string];
ng.setNumThreads(Number(threads));
ng.manualSeed(0);
const before = peakMemory();
const step = { ...models, ...layers }[name]!();
createInterface({ input: process.stdin }).on('line', (line) => {
  const steps = Number(line);
  const started = performance.now();
  for (let i = 0; i < steps; i++) step();
  ng.synchronizeSync();
  const micros = ((performance.now() - started) * 1000) / steps;
  console.log(JSON.stringify({ micros, memory: before === null ? null : peakMemory()! - before }));
});
