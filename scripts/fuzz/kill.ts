/** @file Part "kill": kill -9 while a file is being saved. Afterwards it is the old or the new one, whole. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import * as ng from '../../lib';
import type { Budget } from './budget';
import type { Findings } from './findings';
import { Random } from './random';
import type { Setting } from './run-child';

/** Kills one child after `delay` milliseconds of saving; returns what it said. */
async function killed(
  file: string,
  version: number,
  delay: number,
  setting: Setting,
): Promise<{ started: number; saved: number }> {
  const args = [path.join(__dirname, 'kill-child.js'), file, String(version)];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...setting.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
    child.stdout.on('data', (d: Buffer) => {
      // From the first save on.
      if (text === '') setTimeout(() => child.kill('SIGKILL'), delay);
      text += d.toString();
    });
  });
  const last = (word: string): number =>
    Number([...text.matchAll(new RegExp(`${word} (\\d+)\n`, 'g'))].at(-1)?.[1] ?? version - 1);
  return { started: last('start'), saved: last('saved') };
}

/** Why the file is neither the version before nor the one that was being written. */
async function wrong(file: string, lowest: number, highest: number): Promise<string | undefined> {
  const version = Number((await ng.loadMetadata(file))['version']);
  if (!(version >= lowest && version <= highest)) return `version ${version}, not ${lowest} to ${highest}`;
  const tensors = Object.values(await ng.load(file));
  if (tensors.length !== 3) return `${tensors.length} tensors of 3`;
  for (const t of tensors)
    if (!(t.dataSync() as Float32Array).every((v) => v === version)) return `values of another version than ${version}`;
  return undefined;
}

// Whether there is a process of the number in the name of a temporary file.
function isRunning(name: string): boolean {
  try {
    return process.kill(Number(/\.(\d+)\.\w+\.tmp$/.exec(name)?.[1]), 0);
  } catch {
    return false;
  }
}

/** Returns the number of kills. */
export async function fuzzKill(o: {
  seed: number;
  budget: Budget;
  setting: Setting;
  findings: Findings;
}): Promise<number> {
  const random = new Random(o.seed, 4);
  const dir = fs.mkdtempSync(path.join(o.setting.dir, 'kill-'));
  const file = path.join(dir, 'model.safetensors');
  let kills = 0;
  // Until the first version has been saved there need not be a file, however many children were killed.
  let there = false;
  for (let version = 1; o.budget.more(kills); kills++) {
    const { started, saved } = await killed(file, version, random.below(40), o.setting);
    const why = fs.existsSync(file)
      ? await wrong(file, Math.max(saved, version - 1), started).catch((e: unknown) => String(e))
      : there || saved >= version ? 'the file is gone' : undefined; // prettier-ignore
    there ||= fs.existsSync(file);
    if (why && o.findings.isNew(`kill: ${why.replace(/\d+/g, '#')}`))
      o.findings.note(
        `kill: ${why.replace(/\d+/g, '#')}`,
        `kill -9 while saving, seed ${o.seed}, kill ${kills}: ${why}`,
      );
    // The file says which version is in it; the next child goes on from there.
    version = fs.existsSync(file) && !why ? Number((await ng.loadMetadata(file))['version']) + 1 : started + 1;
  }
  await ng.save(file, { a: ng.ones([2]) });
  // A process id that is somebody else's by now keeps its file.
  const left = fs.readdirSync(dir).filter((f) => f !== path.basename(file) && !isRunning(f));
  if (left.length && o.findings.isNew('kill: leftovers'))
    o.findings.note(
      'kill: leftovers',
      `${left.length} temporary files of ${kills} killed processes are still there after a save`,
    );
  return kills;
}
