/** @file What reports are made of: curves within bounds, pictures, the commit of a work tree. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import * as ng from '../lib';
import { gitCommit } from '../lib/train/report/environment';
import { png } from '../lib/train/report/png';
import { shown } from '../lib/train/report/shown';
import { StepCurves } from '../lib/train/report/step-curves';
import { temporaryFolder } from './temporary-files';

const folder = temporaryFolder('report-parts');

test('curves stay within 2,000 points, by the number of the step alone', async () => {
  const curves = new StepCurves();
  for (let i = 1; i <= 9000; i++) curves.add(() => ({ v: i }));
  await curves.read();
  const { count, stride, at, values } = curves.known;
  expect({ count, stride }).toEqual({ count: 9000, stride: 8 });
  expect(at).toEqual(Array.from({ length: 1125 }, (_, i) => 8 * (i + 1)));
  expect(values['v']).toEqual(at);
  // As one that went on in between, with what waited on the device.
  const [first, second] = [new StepCurves(), new StepCurves()];
  for (let i = 1; i <= 4999; i++) first.add(() => ({ v: ng.tensor(i) }));
  second.restore(first.snapshot());
  for (let i = 5000; i <= 9000; i++) second.add(() => ({ v: i }));
  expect(second.snapshot()).toEqual(curves.known);
  await first.read();
  expect(first.known.at.length).toBe(1249);
});

test('pictures: grey and coloured, in the colours that they have', () => {
  const file = png(Uint8Array.of(0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110), 2, 2, 3);
  expect(file.subarray(0, 8)).toEqual(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'));
  expect(file.readUInt32BE(29)).toBe(0xfdd49a73);
  const at = file.indexOf('IDAT');
  const rows = inflateSync(file.subarray(at + 4, at + 4 + file.readUInt32BE(at - 4)));
  expect([...rows]).toEqual([0, 0, 10, 20, 30, 40, 50, 0, 60, 70, 80, 90, 100, 110]);
  const pixels = (values: Float32Array | Uint8Array, shape: number[]): number[] => {
    const s = shown(values, shape) as { picture: string };
    const bytes = Buffer.from(s.picture.split(',')[1]!, 'base64');
    const start = bytes.indexOf('IDAT');
    return [...inflateSync(bytes.subarray(start + 4))];
  };
  // Channels are side by side in the file, and each row begins with its filter.
  const values = Float32Array.from({ length: 192 }, (_, i) => (i < 64 ? 1 : i < 128 ? 0.5 : 0));
  expect(pixels(values, [3, 8, 8]).slice(0, 4)).toEqual([0, 255, 128, 0]);
  // From -2 to 2.
  const wide = Float32Array.from({ length: 64 }, (_, i) => (i % 8 === 0 ? -2 : i % 8 === 1 ? 0 : 2));
  expect(pixels(wide, [8, 8]).slice(0, 4)).toEqual([0, 0, 128, 255]);
  expect(shown(new Float32Array(40), [4, 10])).toEqual({ numbers: Array(12).fill(0), shape: [4, 10] });
});

test('the commit of a work tree, without git', () => {
  const dir = join(folder.dir, 'repository');
  mkdirSync(dir);
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
      cwd: dir,
      encoding: 'utf8',
    }).trim();
  git('init', '--quiet');
  expect(gitCommit(dir)).toBeUndefined();
  git('commit', '--quiet', '--allow-empty', '-m', 'one');
  const one = git('rev-parse', 'HEAD');
  expect(gitCommit(dir)).toBe(one);
  git('pack-refs', '--all');
  expect(gitCommit(dir)).toBe(one);
  git('worktree', 'add', '--quiet', join(dir, 'beside'));
  expect(gitCommit(join(dir, 'beside'))).toBe(one);
  git('checkout', '--quiet', '--detach');
  expect(gitCommit(dir)).toBe(one);
  expect(gitCommit('/')).toBeUndefined();
});
