/** @file kill -9 at random moments of a training: the last checkpoint is whole, and the end is as if nothing had happened. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ng from '../lib';

const root = mkdtempSync(join(tmpdir(), 'nodegrad-kill-'));
afterAll(() => rmSync(root, { recursive: true }));
const steps = 200;

/** What the program said, killed so many milliseconds after it began to train. */
function run(dir: string, delay?: number): Promise<{ code: number | null; text: string; errors: string }> {
  const child = spawn(process.execPath, [join(__dirname, 'programs', 'resumable.js'), dir, String(steps)]);
  let [text, errors, armed] = ['', '', false];
  child.stderr.on('data', (d: Buffer) => (errors += d.toString()));
  child.stdout.on('data', (d: Buffer) => {
    text += d.toString();
    if (delay === undefined || armed) return;
    armed = true;
    setTimeout(() => child.kill('SIGKILL'), delay);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, text, errors }));
  });
}

const result = (text: string): string | undefined => /done .*/.exec(text)?.[0];

test('a training that is killed again and again ends with the bits of one that was not', async () => {
  const whole = await run(join(root, 'whole'));
  expect(whole).toMatchObject({ code: 0, errors: '' });
  const dir = join(root, 'killed');
  // Not the generator of nodegrad, so that each run of the test kills at other moments.
  const delays = Array.from({ length: 14 }, () => Math.floor(Math.random() * 120));
  let [kills, newest] = [0, 0];
  let text = '';
  for (const delay of [...delays, undefined]) {
    const r = await run(dir, delay);
    expect([r.errors, delays]).toEqual(['', delays]);
    const there = await ng.listCheckpoints(dir);
    expect(there.at(-1) ?? 0).toBeGreaterThanOrEqual(newest);
    newest = there.at(-1) ?? 0;
    // Each of them is whole.
    for (const number of there) {
      const { step } = await ng.loadCheckpoint<{ step: number }>(dir, {}, { number, random: false });
      expect(step % 3).toBe(0);
      const folder = join(dir, String(number).padStart(8, '0'));
      for (const part of ['model', 'optimizer']) await ng.load(join(folder, `${part}.safetensors`));
    }
    if (r.code === null) kills++;
    text = r.text;
    if (result(text)) break;
  }
  expect(kills).toBeGreaterThan(2);
  expect(result(text)).toBe(result(whole.text));
  // What the killed ones left is gone with the next save.
  await ng.saveCheckpoint(dir, {});
  const left = readdirSync(dir).filter((f) => f.startsWith('.'));
  expect(left.filter((f) => !isRunning(f))).toEqual([]);
}, 120_000);

// A process id that is somebody else's by now keeps its folder.
function isRunning(name: string): boolean {
  try {
    return process.kill(Number(/\.(\d+)\.\w+\.tmp$/.exec(name)?.[1]), 0);
  } catch {
    return false;
  }
}
