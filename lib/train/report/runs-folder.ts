/** @file Runs in a folder, a JSON file each: those of earlier processes are listed beside the one under way. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isOptions } from '../../core/arguments';
import { writeAll, writeAtomic } from '../../io/atomic';
import { recordJson } from './page';
import { type RunRecord, type Sample, type Seen } from './record';

// Of more, the newest are listed.
const mostRuns = 20;
// A record is bounded; what is larger is none.
const mostBytes = 16 * 2 ** 20;

const fileOf = (id: string): string => `run-${id}.json`;

/** Writes a run, whole or not at all. */
export async function saveRun(dir: string, run: RunRecord): Promise<void> {
  const bytes = Buffer.from(recordJson(run));
  await writeAtomic(join(dir, fileOf(run.id)), (file) => writeAll(file, bytes));
}

/** The runs of a folder, which is made if it is missing, the oldest first. A file that holds none is left out, with a warning. */
export async function savedRuns(op: string, dir: string): Promise<RunRecord[]> {
  await mkdir(dir, { recursive: true });
  const entries = await readdir(dir, { withFileTypes: true });
  const names = entries.filter((e) => e.isFile() && /^run-[\w-]+\.json$/.test(e.name)).map((e) => e.name);
  const runs: RunRecord[] = [];
  // Names begin with the time.
  for (const name of names.sort().slice(-mostRuns)) {
    const run = await runIn(join(dir, name));
    if (run && fileOf(run.id) === name) runs.push(run);
    else process.emitWarning(`[${op}] ${join(dir, name)} is no run, and is left out`);
  }
  return runs;
}

async function runIn(path: string): Promise<RunRecord | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    const run: unknown = text.length > mostBytes ? undefined : JSON.parse(text);
    if (!isRun(run)) return undefined;
    const over = run.status !== 'running' && run.status !== 'paused';
    return over ? run : { ...run, status: 'failed', error: 'it has not come to an end, or another process is at it' };
  } catch {
    return undefined;
  }
}

const isText = (v: unknown): boolean => isOptions(v) && Object.values(v as object).every((e) => typeof e === 'string');
const isList = (v: unknown, test: (e: unknown) => boolean): boolean => Array.isArray(v) && v.every(test);

const isSeen = (v: unknown): boolean => {
  if (!isOptions(v)) return false;
  const { confusion, classes, samples } = v as Partial<Seen>;
  return (
    (confusion === null || isList(confusion, Array.isArray)) &&
    isList(classes, (c) => typeof c === 'string') &&
    isList(samples, (s) => isOptions(s) && isList((s as Partial<Sample>).inputs, isOptions))
  );
};

/** Whether a page can show it. */
function isRun(v: unknown): v is RunRecord {
  if (!isOptions(v)) return false;
  const { format, id, title, started, epochs, steps, seen, interventions, model, data, environment, reproduce } =
    v as Partial<RunRecord>;
  return (
    format === 1 &&
    [id, title, started, model].every((t) => typeof t === 'string') &&
    isList(epochs, (e) => isOptions(e) && isOptions((e as { logs?: unknown }).logs)) &&
    isOptions(steps) &&
    Array.isArray(steps.at) &&
    isOptions(steps.values) &&
    Object.values(steps.values).every((list) => Array.isArray(list) && list.length === steps.at.length) &&
    (seen === null || isSeen(seen)) &&
    isList(interventions, isOptions) &&
    isList(data, (d) => typeof d === 'string') &&
    isText(environment) &&
    isText(reproduce)
  );
}
