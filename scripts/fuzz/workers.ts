/** @file Part "workers": worker threads that are terminated while they load the addon or work. */
import type { Budget } from './budget';
import type { Findings } from './findings';
import { isSoft, watchChild, type Setting } from './run-child';

interface Event {
  worker?: number;
  task?: string;
  delay?: number;
  why?: string;
  resident?: number;
  end?: true;
}

/** What a child may grow by from its 30th worker to its last, the 120th: a leak of every fifth worker is more. */
const growthAllowed = 300 * 2 ** 20;

/** Returns the number of workers. */
export async function fuzzWorkers(o: {
  seed: number;
  budget: Budget;
  setting: Setting;
  findings: Findings;
}): Promise<number> {
  const perChild = 120;
  let workers = 0;
  const found = (why: string, last: Event | undefined): void => {
    const key = `workers: ${why.replace(/\d+/g, '#')}`;
    if (o.findings.isNew(key)) o.findings.note(key, `${why}; seed ${o.seed}, worker ${last?.worker} (${last?.task})`);
  };
  // What one child did wrong, with the worker that it happened in. Time and memory (soft) depend on what else runs.
  const run = async (job: object): Promise<{ why: string; soft: boolean; last: Event | undefined }[]> => {
    const { events, ended } = await watchChild<Event>('workers-child.js', job, o.setting);
    const started = events.filter((e) => e.worker !== undefined);
    const last = started.at(-1);
    workers += started.length;
    const faults = events.flatMap((e) => (e.why ? [{ why: e.why, soft: false, last }] : []));
    if (ended) faults.push({ why: `${ended.kind}: ${ended.text}`, soft: isSoft(ended), last });
    const sizes = events.flatMap((e) => e.resident ?? []);
    const grown = sizes.at(-1)! - sizes[Math.floor(sizes.length / 4)]!;
    if (grown > growthAllowed)
      faults.push({
        why: `grew by ${(grown / 2 ** 20).toFixed(0)} MB from the 30th to the last worker`,
        soft: true,
        last,
      });
    return faults;
  };
  for (let at = 0; o.budget.more(at); at += perChild) {
    const job = { seed: o.seed, from: at, count: perChild };
    const faults = await run(job);
    const again = faults.some((f) => f.soft) ? await run(job) : [];
    for (const f of faults) if (!f.soft || again.some((g) => g.soft)) found(f.why, f.last);
    for (const f of again) if (!f.soft) found(f.why, f.last);
  }
  return workers;
}
