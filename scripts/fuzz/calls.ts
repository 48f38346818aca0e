/** @file Part "calls": generated programs in child processes; what fails is bisected, minimised and written down. */
import fs from 'node:fs';
import path from 'node:path';
import type { Budget } from './budget';
import { minimise } from './minimise';
import { type Failure, print, signature, type Statement } from './program';
import { isSoft, type Ran, runChild, type Setting } from './run-child';
import { readSurface } from './surface';
import { templates } from './templates';
import type { Findings } from './findings';

const perChild = 150;

export interface CallsOptions {
  seed: number;
  budget: Budget;
  setting: Setting;
  findings: Findings;
}

const sameFault = (a: Failure | undefined, b: Failure): boolean =>
  a !== undefined && a.kind === b.kind && (a.kind === 'crash' || a.kind === 'hang' || signature(a) === signature(b));

/** Returns how many programs and statements ran, and how many statements threw nothing. */
export async function fuzzCalls(o: CallsOptions): Promise<{ programs: number; statements: number; worked: number }> {
  const surface = path.join(o.setting.dir, 'surface.json');
  const file = path.join(__dirname, '..', '..', 'lib', 'index.d.ts');
  fs.writeFileSync(surface, JSON.stringify({ surface: readSurface(file), templates: templates() }));
  const total = { programs: 0, statements: 0, worked: 0 };
  let next = 0;
  const worker = async (): Promise<void> => {
    while (o.budget.more(next)) {
      const from = next;
      next += perChild;
      // A child that died goes on behind the program that killed it.
      for (let at = from; at < from + perChild && o.budget.more(at);) {
        const { ran, whole } = await runChild(
          { surface, seed: o.seed, from: at, count: from + perChild - at },
          o.setting,
        );
        total.programs += ran.length;
        total.statements += ran.reduce((n, r) => n + r.statements.length, 0);
        total.worked += ran.reduce((n, r) => n + r.worked, 0);
        for (const [i, r] of ran.entries()) await examine(ran.slice(0, i), r, o);
        if (whole) break;
        at = (ran.at(-1)?.program ?? at) + 1;
      }
    }
  };
  await Promise.all([worker(), worker()]);
  return total;
}

async function examine(earlier: Ran[], r: Ran, o: CallsOptions): Promise<void> {
  const failure = r.failure ?? (r.live > 0 ? await leak(r, o) : undefined);
  if (!failure) return;
  const key = signature(failure);
  if (!o.findings.isNew(key)) return;
  const origin = `npm run fuzz -- --part calls --seed ${o.seed}, program ${r.program}`;
  const deadline = Math.min(o.budget.until, Date.now() + 60_000);
  const fails = (prefix: Statement[][]) => async (candidates: Statement[][]) =>
    firstFailing(prefix, candidates, failure, o);
  let prefix: Statement[][] = [];
  let known = (await fails([])([r.statements])) === 0;
  for (const n of [1, 4, 20, earlier.length]) {
    if (known || Date.now() > deadline) break;
    prefix = earlier.slice(-n).map((e) => e.statements);
    known = (await fails(prefix)([r.statements])) === 0;
  }
  if (!known && isSoft(failure)) return o.findings.drop(key);
  if (!known) {
    const all = earlier.map((e) => e.statements).flat();
    o.findings.add(
      key,
      failure,
      print([...all, ...r.statements], [origin, failure.text, 'did not fail again when replayed']),
    );
    return;
  }
  if (prefix.length) {
    // Names repeat from program to program.
    const flat = [...prefix, r.statements].flatMap((p, i) => p.map((s) => renamed(s, i)));
    if ((await fails([])([flat])) === 0) prefix = [];
    const short = prefix.length ? flat : await minimise(flat, fails([]), deadline);
    o.findings.add(key, failure, print(short, [origin, failure.text]));
    return;
  }
  o.findings.add(key, failure, print(await minimise(r.statements, fails([]), deadline), [origin, failure.text]));
}

const renamed = (s: Statement, i: number): Statement => ({
  ...s,
  target: `${s.target}_${i}`,
  expr: s.expr.replace(/\bv\d+\b/g, (v) => `${v}_${i}`),
});

async function firstFailing(
  prefix: Statement[][],
  candidates: Statement[][],
  failure: Failure,
  o: CallsOptions,
): Promise<number> {
  const repeat = failure.kind === 'leak' ? 4 : 1;
  // What kills the process is tried one by one; the rest shares a child.
  const alone = prefix.length > 0 || ['crash', 'hang', 'memory', 'guard'].includes(failure.kind);
  const setting = failure.kind === 'hang' ? { ...o.setting, silence: Math.min(o.setting.silence, 6000) } : o.setting;
  for (let at = 0; at < candidates.length; at += alone ? 1 : candidates.length) {
    const list = alone ? [...prefix, candidates[at]!] : candidates;
    const { ran } = await runChild({ programs: list, repeat }, setting);
    if (repeat > 1) {
      const hit = list.findIndex((_, i) => grows(ran.filter((r) => r.program === i)));
      if (hit >= 0) return hit;
    } else {
      const hit = ran.find((r) => sameFault(r.failure, failure) && (!alone || r.program === list.length - 1));
      if (hit) return alone ? at : hit.program;
    }
  }
  return -1;
}

const grows = (runs: Ran[]): boolean => runs.length >= 4 && runs.slice(1).every((r) => r.live > 0);

// Caches fill once; a leak takes more every time.
async function leak(r: Ran, o: CallsOptions): Promise<Failure | undefined> {
  const { ran } = await runChild({ programs: [r.statements], repeat: 4 }, o.setting);
  if (!grows(ran)) return undefined;
  return {
    kind: 'leak',
    text: `bytes stay live, by statement kinds ${r.statements
      .map((s) => s.expr.split('(')[0])
      .slice(-1)
      .join()}`,
  };
}
