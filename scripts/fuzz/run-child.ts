/** @file Starts a child, watches it (silence, memory) and reads its log. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { Event, Job } from './child';
import type { Failure, Statement } from './program';

/** How children are run. */
export interface Setting {
  /** For jobs, logs and the files that programs write. */
  dir: string;
  /** Of the child: guard mode, another addon, a preloaded sanitizer. */
  env: Record<string, string>;
  /**
   * Milliseconds of the child's own processor time without a new statement that count as a hang: a busy machine makes
   * children slow, not stuck. One that waits for something that does not come is given six times as long by the clock.
   */
  silence: number;
  /** Resident bytes that count as unbounded. */
  resident: number;
}

let jobs = 0;
const patience = 6;

/**
 * Runs `node <script> <job file> <log file>` and watches it. The child writes one line of JSON per event, the last one
 * `{ end: true }`. `ended` says why it did not get there.
 */
export async function watchChild<E extends { end?: true }>(
  script: string,
  job: unknown,
  setting: Setting,
  attempt = 1,
): Promise<{ events: E[]; ended?: Failure }> {
  const name = path.join(setting.dir, `job-${process.pid}-${jobs++}`);
  fs.writeFileSync(`${name}.json`, JSON.stringify(job));
  fs.writeFileSync(`${name}.log`, '');
  const stderr = fs.openSync(`${name}.err`, 'w');
  const options = ['--stack-trace-limit=30', '--max-old-space-size=1024'];
  const child = spawn(process.execPath, [...options, path.join(__dirname, script), `${name}.json`, `${name}.log`], {
    cwd: setting.dir,
    env: { ...process.env, ...setting.env },
    stdio: ['ignore', 'ignore', stderr],
  });
  fs.closeSync(stderr);
  let ended: Failure | undefined;
  let size = 0;
  let changed = Date.now();
  let used = 0;
  const timer = setInterval(() => {
    const now = fs.statSync(`${name}.log`).size;
    const { processor, resident } = usage(child.pid!);
    if (now !== size) [size, changed, used] = [now, Date.now(), processor];
    const silent = Date.now() - changed;
    if (silent > setting.silence && (processor - used > setting.silence || silent > patience * setting.silence))
      ended ??= { kind: 'hang', text: `longer than ${setting.silence / 1000} s` };
    if (resident > setting.resident)
      ended ??= { kind: 'memory', text: `more than ${(setting.resident / 2 ** 30).toFixed(1)} GiB resident` };
    if (ended) child.kill('SIGKILL');
  }, 200);
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (c, s) => resolve([c, s]));
  });
  clearInterval(timer);
  const lines = fs.readFileSync(`${name}.log`, 'utf8').split('\n').slice(0, -1);
  const events = lines.map((l) => JSON.parse(l) as E);
  const errors = fs.readFileSync(`${name}.err`, 'utf8');
  for (const end of ['json', 'log', 'err']) fs.rmSync(`${name}.${end}`);
  if (events.length === 0) {
    if (attempt < 3) return watchChild(script, job, setting, attempt + 1);
    throw new Error(`${script} did not start (${ended?.text ?? code ?? signal}): ${errors.slice(-2000)}`);
  }
  // Nobody else does that.
  if (signal === 'SIGKILL') ended ??= { kind: 'memory', text: 'killed by the system' };
  if (!ended && !(code === 0 && events.at(-1)?.end)) {
    const words = fatal.exec(errors)?.[0] ?? '';
    ended = { kind: 'crash', text: [signal ?? `exit code ${code}`, words, frames(errors)].join(' ').trim() };
  }
  return { events, ended };
}

const fatal =
  /ERROR: \w+Sanitizer: [\w-]+|FATAL ERROR: .*|malloc.*|free\(\).*|double free.*|corrupted.*|terminate called.*|runtime error: .*/;

/** Whether a fault may be the machine's: time and memory depend on what else runs. It counts if it shows again. */
export const isSoft = (f: Failure): boolean => ['hang', 'memory', 'leak'].includes(f.kind);

/** One program as it ran. `failure` includes what the parent saw: a crash, a hang. */
export interface Ran {
  program: number;
  statements: Statement[];
  failure?: Failure;
  live: number;
  worked: number;
}

/** Runs programs. If the child died, it was of the last one (`whole` is false). */
export async function runChild(job: Job, setting: Setting): Promise<{ ran: Ran[]; whole: boolean }> {
  const { events, ended } = await watchChild<Event>('child.js', job, setting);
  const ran: Ran[] = [];
  for (const e of events) {
    if (e.program !== undefined) ran.push({ program: e.program, statements: [], live: 0, worked: 0 });
    const last = ran.at(-1);
    if (!last) continue;
    if (e.s && e.s.target !== '_') last.statements.push(e.s);
    if (e.failure) last.failure ??= e.failure;
    last.worked += e.worked ?? 0;
    if (e.live !== undefined) last.live = e.live;
  }
  const last = ran.at(-1);
  if (ended && last) last.failure ??= { ...ended, at: last.statements.at(-1)?.expr };
  return { ran, whole: !ended };
}

// The functions of ours on a sanitizer's stack.
const frames = (errors: string): string =>
  [...errors.matchAll(/#\d+ 0x\w+ in (?:ng::)?(?:\w+::)*(\w+)/g)]
    .map((m) => m[1]!)
    .slice(0, 3)
    .join(' < ');

/** Milliseconds of processor time so far, and bytes resident. */
function usage(pid: number): { processor: number; resident: number } {
  try {
    // The name, in parentheses, may hold anything; fields 14, 15 and 24 of proc(5), in ticks of 10 ms and pages.
    const fields = fs
      .readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
      .map(Number);
    return { processor: 10 * (fields[11]! + fields[12]!), resident: 4096 * fields[21]! };
  } catch {
    return { processor: 0, resident: 0 }; // ended, or a system without /proc
  }
}
