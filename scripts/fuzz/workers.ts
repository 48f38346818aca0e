/** @file Part "workers": worker threads that are terminated while they load the addon or work. */
import type { Findings } from './findings';
import { watchChild, type Setting } from './run-child';

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
  until: number;
  setting: Setting;
  findings: Findings;
}): Promise<number> {
  const perChild = 120;
  let workers = 0;
  const found = (why: string, last: Event | undefined): void => {
    const key = `workers: ${why.replace(/\d+/g, '#')}`;
    if (o.findings.isNew(key)) o.findings.note(key, `${why}; seed ${o.seed}, worker ${last?.worker} (${last?.task})`);
  };
  for (let at = 0; Date.now() < o.until; at += perChild) {
    const job = { seed: o.seed, from: at, count: perChild };
    const { events, ended } = await watchChild<Event>('workers-child.js', job, o.setting);
    const started = events.filter((e) => e.worker !== undefined);
    workers += started.length;
    for (const e of events) if (e.why) found(e.why, started.at(-1));
    if (ended) found(`${ended.kind}: ${ended.text}`, started.at(-1));
    const sizes = events.flatMap((e) => e.resident ?? []);
    const grown = sizes.at(-1)! - sizes[Math.floor(sizes.length / 4)]!;
    if (grown > growthAllowed)
      found(`grew by ${(grown / 2 ** 20).toFixed(0)} MB from the 30th to the last worker`, started.at(-1));
  }
  return workers;
}
