/** @file Writing a file (numbered-folders.ts: a folder) so that a reader sees the old contents or the new ones, whatever happens in between. */
import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, lstat, open, readdir, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { newTypedArray } from '../core/dtype';
import { ArgumentError } from '../core/errors';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

// Process ids mean something on one machine only, and folders may be shared.
const machine = hash(hostname()).slice(0, 8);

// Files being written by this thread and its siblings carry the id of the process: those of an earlier process with the
// same id are older than this one.
const started = Date.now() - process.uptime() * 1000;

/** `.name.pid.machine random.tmp`; a name too long for what is added to it is hashed. 255 bytes are the most. */
const prefixOf = (name: string): string => `.${Buffer.byteLength(name) > 200 ? hash(name) : name}.`;
/** The name under which `name` is written before it gets its own. */
export const asideOf = (name: string): string =>
  `${prefixOf(name)}${process.pid}.${machine}${randomBytes(4).toString('hex')}.tmp`;

/**
 * Has `write` fill a file beside `path`, makes sure it is on disk, and gives it the name. On failure the file beside it
 * is removed and `path` is untouched. A link stays one: its target is replaced. The mode of an existing file is kept.
 */
export async function writeAtomic(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const target = await followed(path);
  const mode = await modeOf(target);
  const dir = dirname(target);
  await removeLeftovers(dir, basename(target));
  const aside = join(dir, asideOf(basename(target)));
  try {
    const file = await open(aside, 'wx');
    try {
      if (mode !== undefined) await file.chmod(mode);
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, target);
  } catch (e) {
    await rm(aside, { force: true });
    throw e;
  }
  await syncDirectory(dir);
}

// As many links as Linux follows.
const maxLinks = 40;

// Where writing to `path` would write. The file itself need not exist, also behind a link.
async function followed(path: string): Promise<string> {
  let at = resolve(path);
  for (let links = 0; links < maxLinks; links++) {
    at = join(await realpath(dirname(at)), basename(at));
    const isLink = await lstat(at).then(
      (s) => s.isSymbolicLink(),
      () => false,
    );
    if (!isLink) return at;
    at = resolve(dirname(at), await readlink(at));
  }
  throw new ArgumentError(`[save] ${path} is a link that leads in circles`);
}

// The permissions of the file there, if there is one. Devices, pipes and folders must not be replaced.
async function modeOf(target: string): Promise<number | undefined> {
  const found = await stat(target).catch((e: NodeJS.ErrnoException) => {
    if (e.code === 'ENOENT') return undefined;
    throw e;
  });
  if (found && !found.isFile()) throw new ArgumentError(`[save] ${target} exists and is no file`);
  return found && found.mode & 0o7777;
}

/** Removes what processes that were killed while they saved `name` left in `dir`. */
export async function removeLeftovers(dir: string, name: string): Promise<void> {
  const prefix = prefixOf(name);
  for (const file of await readdir(dir)) {
    if (!file.startsWith(prefix)) continue;
    const match = /^(\d+)\.([0-9a-f]{8})[0-9a-f]{8}\.tmp$/.exec(file.slice(prefix.length));
    if (match?.[2] !== machine) continue;
    const aside = join(dir, file);
    if (await isAbandoned(Number(match[1]), aside)) await rm(aside, { force: true, recursive: true });
  }
}

async function isAbandoned(pid: number, file: string): Promise<boolean> {
  if (pid === process.pid)
    return stat(file).then(
      (s) => s.mtimeMs < started,
      () => false,
    );
  try {
    process.kill(pid, 0);
    return false;
  } catch (e) {
    return (e as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** New names have to reach the disk too, not only what they name. Not every system lets a directory be opened. */
export async function syncDirectory(dir: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(dir, 'r');
    await handle.sync();
  } catch {
    // The contents are safe already.
  } finally {
    await handle?.close();
  }
}

/** Writes all of `bytes`, however many calls that takes. */
export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, at, Math.min(bytes.length - at, 2 ** 30));
    at += bytesWritten;
  }
}

/** Reads `length` bytes at `position`; fewer if the file ends before. */
export async function readAll(file: FileHandle, length: number, position: number): Promise<Uint8Array> {
  const bytes = newTypedArray('uint8', length) as Uint8Array;
  let at = 0;
  while (at < length) {
    const { bytesRead } = await file.read(bytes, at, Math.min(length - at, 2 ** 30), position + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}
