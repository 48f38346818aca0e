/**
 * @file The process that runs programs: `node child.js <job file> <log file>`. Programs are generated from a seed, or
 * given. It may die of them.
 */
import fs from 'node:fs';
import { Generator, type Template } from './generate';
import { liveBytes, runProgram } from './engine';
import type { Failure, Statement } from './program';
import { Random } from './random';
import type { Callable } from './surface';
import type { Held } from './values';
import * as ng from '../../lib';

/** What the parent asks for. */
export type Job = Generated | Given;
interface Generated {
  surface: string;
  seed: number;
  from: number;
  count: number;
}
interface Given {
  programs: Statement[][];
  /** Each program so often, to see whether memory grows every time. */
  repeat: number;
}

/** Lines of the log. */
export interface Event {
  program?: number;
  s?: Statement;
  failure?: Failure;
  /** Statements that threw nothing. */
  worked?: number;
  /** Bytes live after the program. */
  live?: number;
  end?: true;
}

const [jobFile, logFile] = process.argv.slice(2) as [string, string];
const job = JSON.parse(fs.readFileSync(jobFile, 'utf8')) as Job;
const fd = fs.openSync(logFile, 'a');
const log = (e: Event): void => void fs.writeSync(fd, `${JSON.stringify(e)}\n`);

const classAt = (path: string): (abstract new (...args: never[]) => unknown) | undefined => {
  let v: unknown = { ng };
  for (const part of path.split('.')) v = (v as Record<string, unknown> | undefined)?.[part];
  return typeof v === 'function' ? (v as abstract new (...args: never[]) => unknown) : undefined;
};

async function generated(j: Generated): Promise<void> {
  const { surface, templates } = JSON.parse(fs.readFileSync(j.surface, 'utf8')) as {
    surface: Callable[];
    templates: Template[];
  };
  let before = await liveBytes(0);
  for (let i = j.from; i < j.from + j.count; i++) {
    const random = new Random(j.seed, i);
    const held: Held[] = [];
    const g = new Generator(random, surface, templates, held, classAt);
    let left = 3 + random.below(12);
    log({ program: i });
    const { failure, worked } = await runProgram(held, () => (left-- > 0 ? g.next() : undefined), log);
    const live = await liveBytes(before);
    log({ failure, worked, live: live - before });
    before = live;
  }
}

async function given({ programs, repeat }: Given): Promise<void> {
  let before = await liveBytes(0);
  for (const [i, statements] of programs.entries()) {
    for (let k = 0; k < repeat; k++) {
      log({ program: i });
      const left = [...statements];
      const { failure, worked } = await runProgram([], () => left.shift(), log);
      const live = await liveBytes(before);
      log({ failure, worked, live: live - before });
      before = live;
    }
  }
}

process.on('uncaughtException', (e) => {
  log({
    failure: {
      kind: 'crash',
      text: `uncaught: ${String(e?.stack ?? e)
        .split('\n')
        .slice(0, 2)
        .join(' ')}`,
    },
  });
  process.exit(3);
});
void ('programs' in job ? given(job) : generated(job)).then(() => {
  log({ end: true });
  process.exit(0);
});
