/**
 * @file `npm run fuzz -- [--minutes 10] [--programs 10800] [--seed 1] [--part calls|chains|files|kill|workers] [--out
 * <folder>]`: throws generated input at the library, as much as the time allows, or a fixed amount, the same on every
 * machine, or both: then that amount, less if the time is over. `--sanitize` runs it on an addon with the address and
 * undefined behaviour sanitizers, built if need be. Exits with 1 if something was found; docs/reliability.md says more.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type Budget, budgetOf } from './budget';
import { fuzzCalls } from './calls';
import { fuzzChains } from './chains';
import { fuzzFiles } from './files';
import { Findings } from './findings';
import { fuzzKill } from './kill';
import type { Setting } from './run-child';
import { fuzzWorkers } from './workers';

interface Options {
  seed: number;
  budget: Budget;
  setting: Setting;
  findings: Findings;
}

interface Part {
  /** Of the time. */
  share: number;
  /** How much it does per program of the part `calls`. */
  each: number;
  /** Returns what it says of itself. */
  run(o: Options): Promise<string>;
}

/** Chains take as long as they take, about a minute. */
const parts: Record<string, Part> = {
  chains: {
    share: 0,
    each: 0,
    run: async (o) => `${await fuzzChains({ env: o.setting.env, findings: o.findings })} comparisons with PyTorch`,
  },
  files: { share: 0.1, each: 4 / 3, run: async (o) => `${await fuzzFiles(o)} malformed files` },
  kill: { share: 0.1, each: 1 / 45, run: async (o) => `${await fuzzKill(o)} kills` },
  workers: { share: 0.15, each: 2 / 15, run: async (o) => `${await fuzzWorkers(o)} workers` },
  calls: {
    share: 0.65,
    each: 1,
    run: async (o) => {
      const { programs, statements, worked } = await fuzzCalls(o);
      return `${statements} calls in ${programs} programs, ${((100 * worked) / statements).toFixed(0)}% threw nothing`;
    },
  },
};

/** What children need in order to run on the sanitized addon, which is built here. */
async function sanitized(): Promise<Record<string, string>> {
  const script = pathToFileURL(path.join(__dirname, '..', '..', '..', 'scripts', 'sanitized-addon.mjs')).href;
  const { buildSanitizedAddon, sanitizedEnvironment } = (await import(script)) as {
    buildSanitizedAddon(): void;
    sanitizedEnvironment(): Record<string, string>;
  };
  buildSanitizedAddon();
  return sanitizedEnvironment();
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string' },
      programs: { type: 'string' },
      seed: { type: 'string', default: '1' },
      part: { type: 'string' },
      out: { type: 'string', default: path.join('build', 'fuzz') },
      sanitize: { type: 'boolean', default: false },
    },
  });
  // With neither, ten minutes.
  const programs = Number(values.programs ?? Infinity);
  const minutes = Number(values.minutes ?? (values.programs === undefined ? 10 : Infinity));
  const seed = Number(values.seed);
  const names = values.part ? values.part.split(',') : Object.keys(parts);
  const unknown = names.find((n) => !(n in parts));
  if (unknown !== undefined || !(minutes > 0) || !(programs > 0) || !Number.isInteger(seed)) {
    console.error(
      `fuzz: --minutes, --programs and --seed take numbers, --part some of ${Object.keys(parts).join(', ')}`,
    );
    process.exitCode = 2;
    return;
  }
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'nodegrad-fuzz-'));
  const findings = new Findings(path.resolve(values.out));
  const env = { NODEGRAD_GUARD: '1', ...(values.sanitize ? await sanitized() : {}) };
  const slow = values.sanitize ? 4 : 1;
  const setting = { dir, env, silence: 10_000 * slow, resident: 2.5 * 2 ** 30 * slow };
  const end = Date.now() + minutes * 60_000;
  let left = names.reduce((sum, n) => sum + parts[n]!.share, 0);
  for (const name of names) {
    const { share, each, run } = parts[name]!;
    const started = Date.now();
    const until = started + ((end - started) * share) / (left || 1);
    const budget = budgetOf(Math.ceil(programs * each), until);
    const said = await run({ seed, budget, setting, findings });
    left -= share;
    console.log(`${name.padEnd(8)} ${said} (${((Date.now() - started) / 1000).toFixed(0)} s)`);
  }
  fs.rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  console.log(findings.size ? findings.summary().join('\n') : `nothing found, seed ${seed}`);
  process.exitCode = findings.size ? 1 : 0;
}

void main();
