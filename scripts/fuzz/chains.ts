/**
 * @file Part "chains": the recorded chains of ops against PyTorch, on every instruction set of this machine, with one and
 * with several threads. The bits of two thread counts are equal.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Findings } from './findings';

/** What one replay says. */
export interface Replay {
  isa: string;
  chains: number;
  compared: number;
  failures: string[];
  hashes: string[];
}

/** Undefined if the machine lacks the instruction set. */
export async function replayChains(
  isa: string,
  threads: number,
  env: Record<string, string> = {},
): Promise<Replay | undefined> {
  const options = {
    env: { ...process.env, ...env, NODEGRAD_ISA: isa, NODEGRAD_FUZZ_THREADS: String(threads) },
    maxBuffer: 2 ** 28,
  };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [path.join(__dirname, 'chains-child.js')], options);
    return JSON.parse(stdout) as Replay;
  } catch (e) {
    if (/does not have/.test((e as { stderr?: string }).stderr ?? '')) return undefined;
    throw e;
  }
}

export const isas = ['portable', 'avx2', 'avx512'];

/** Replays all chains once per instruction set and thread count; the number of comparisons. */
export async function fuzzChains(o: { env: Record<string, string>; findings: Findings }): Promise<number> {
  let compared = 0;
  for (const isa of isas) {
    const one = await replayChains(isa, 1, o.env);
    const many = await replayChains(isa, 3, o.env);
    if (!one || !many) {
      console.log(`skip   chains ${isa}: not on this processor`);
      continue;
    }
    compared += one.compared + many.compared;
    for (const f of [...one.failures, ...many.failures]) {
      const key = `chains ${isa}: ${f.replace(/[-\d.e]+/g, '#').slice(0, 80)}`;
      if (o.findings.isNew(key)) o.findings.note(key, f);
    }
    one.hashes.forEach((h, i) => {
      if (h !== many.hashes[i])
        o.findings.note(`chains ${isa}: threads`, `chain ${i}: other bits with 3 threads than with 1`);
    });
  }
  return compared;
}
