/** @file Part "files": malformed safetensors and IDX files, read in child processes. */
import type { Budget } from './budget';
import { idx, safetensors } from './mutate';
import { Random } from './random';
import { watchChild, type Setting } from './run-child';
import type { Findings } from './findings';

interface Event {
  file?: number;
  kind?: string;
  why?: string;
  end?: true;
}

/** The bytes of the file with that number, e.g. to look at one that failed. */
export function malformed(seed: number, i: number): Buffer {
  const random = new Random(seed, i, 77);
  return random.chance(0.35) ? idx(random) : safetensors(random);
}

/** Returns the number of files that were read. */
export async function fuzzFiles(o: {
  seed: number;
  budget: Budget;
  setting: Setting;
  findings: Findings;
}): Promise<number> {
  const perChild = 400;
  // Reading takes no more than this in all, whatever a file claims.
  const setting = { ...o.setting, resident: o.setting.resident / 2 };
  let files = 0;
  const found = (file: Event, why: string): void => {
    const key = `files: ${why.replace(/\d+/g, '#').slice(0, 100)}`;
    if (!o.findings.isNew(key)) return;
    const bytes = malformed(o.seed, file.file!);
    o.findings.addFile(key, `${file.kind}-${o.seed}-${file.file}.${file.kind}`, bytes, why);
  };
  const again = async (file: number): Promise<boolean> => {
    const { events, ended } = await watchChild<Event>(
      'files-child.js',
      { seed: o.seed, from: file, count: 1 },
      setting,
    );
    return ended !== undefined || events.some((e) => e.why);
  };
  for (let at = 0; o.budget.more(at);) {
    const { events, ended } = await watchChild<Event>(
      'files-child.js',
      { seed: o.seed, from: at, count: perChild },
      setting,
    );
    let last: Event | undefined;
    const faults: [Event, string][] = [];
    for (const e of events) {
      if (e.file !== undefined) {
        last = e;
        files++;
      }
      if (e.why && last) faults.push([last, e.why]);
    }
    if (ended && last) faults.push([last, `${ended.kind}: ${ended.text}`]);
    // Memory and time depend on what else runs: a fault shows again when the file is read alone.
    for (const [file, why] of faults) if (await again(file.file!)) found(file, why);
    at = ended && last ? last.file! + 1 : at + perChild;
  }
  return files;
}
