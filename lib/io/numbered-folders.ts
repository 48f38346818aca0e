/**
 * @file Folders that appear whole or not at all: each new one is written aside, brought to disk, and gets the next number
 * as its name. Nothing is ever replaced, so whoever is killed at any moment leaves those that were there.
 */
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ArgumentError } from '../core/errors';
import { asideOf, removeLeftovers, syncDirectory, writeAll } from './atomic';

// Eight digits at least, so that listings are in order.
const nameOf = (number: number): string => String(number).padStart(8, '0');
const folderName = /^\d{8,15}$/;
// Of folders on the way in or out.
const aside = 'checkpoint';

/** The path of a numbered folder. */
export const folderOf = (dir: string, number: number): string => join(dir, nameOf(number));

const codeOf = (e: unknown): string | undefined => (e as NodeJS.ErrnoException | null)?.code;

/** The numbers of the folders in `dir`, ascending; none if there is no such directory. */
export async function numbersIn(dir: string): Promise<number[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((e: unknown) => {
    if (codeOf(e) === 'ENOENT') return [];
    throw e;
  });
  const folders = entries.filter((e) => e.isDirectory() && folderName.test(e.name));
  return folders.map((e) => Number(e.name)).sort((a, b) => a - b);
}

/**
 * Adds a folder with these files (each in pieces) to `dir`, which is made if it is not there, and removes those that
 * shall not stay. Resolves to its number when it is on disk.
 * @param stay - which ones stay of these numbers, ascending, the new one the last
 */
export async function addFolder(
  op: string,
  dir: string,
  files: ReadonlyMap<string, readonly Uint8Array[]>,
  stay: (numbers: readonly number[]) => Promise<readonly number[]>,
): Promise<number> {
  try {
    const made = await mkdir(dir, { recursive: true });
    if (made !== undefined) await syncDirectory(dirname(resolve(made)));
  } catch (e) {
    if (codeOf(e) !== 'EEXIST' && codeOf(e) !== 'ENOTDIR') throw e;
    throw new ArgumentError(`[${op}] ${dir} is no directory, and none can be made there`);
  }
  await removeLeftovers(dir, aside);
  const temporary = join(dir, asideOf(aside));
  let number: number;
  try {
    await mkdir(temporary);
    for (const [name, pieces] of files) await writeFile(join(temporary, name), pieces);
    await syncDirectory(temporary);
    number = await numbered(dir, temporary);
  } catch (e) {
    await rm(temporary, { force: true, recursive: true });
    throw e;
  }
  await syncDirectory(dir);
  const there = (await numbersIn(dir)).filter((n) => n <= number);
  const staying = await stay(there);
  for (const n of there) if (!staying.includes(n)) await removeWhole(dir, n);
  return number;
}

async function writeFile(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'wx');
  try {
    for (const piece of pieces) await writeAll(file, piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

// Another process may take the same number in between: a folder that is not empty is never replaced.
async function numbered(dir: string, temporary: string): Promise<number> {
  for (;;) {
    const number = ((await numbersIn(dir)).at(-1) ?? 0) + 1;
    try {
      await rename(temporary, folderOf(dir, number));
      return number;
    } catch (e) {
      if (!(await numbersIn(dir)).includes(number)) throw e;
    }
  }
}

// Out of sight first, so that nobody finds it in part.
async function removeWhole(dir: string, number: number): Promise<void> {
  const temporary = join(dir, asideOf(aside));
  try {
    await rename(folderOf(dir, number), temporary);
  } catch (e) {
    // Another process was faster.
    if (codeOf(e) === 'ENOENT') return;
    throw e;
  }
  await rm(temporary, { force: true, recursive: true });
}
