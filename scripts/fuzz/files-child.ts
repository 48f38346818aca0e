/**
 * @file Loads malformed files: `node files-child.js <job file> <log file>`. Each must be refused with a FileFormatError
 * or loaded, in memory that its own size bounds.
 */
import fs from 'node:fs';
import path from 'node:path';
import * as ng from '../../lib';
import { idx, safetensors } from './mutate';
import { Random } from './random';

const [jobFile, logFile] = process.argv.slice(2) as [string, string];
const job = JSON.parse(fs.readFileSync(jobFile, 'utf8')) as { seed: number; from: number; count: number };
const fd = fs.openSync(logFile, 'a');
const log = (e: object): void => void fs.writeSync(fd, `${JSON.stringify(e)}\n`);

/** What a file may cost: eight times its size (bytes become integers, integers wider ones) and a little. */
const allowed = (size: number): number => 8 * size + 2 ** 20;
/** What reading one may take in the process, an unpacked data set included. */
const residentAllowed = 160 * 2 ** 20;
// What a byte of deflate can stand for at most.
const mostDeflated = 1032;

async function load(kind: string, file: string): Promise<ng.Tensor[]> {
  return kind === 'idx' ? [await ng.data.readIdx(file)] : Object.values(await ng.load(file));
}

async function check(i: number): Promise<string | undefined> {
  const random = new Random(job.seed, i, 77);
  const kind = random.chance(0.35) ? 'idx' : 'safetensors';
  const bytes = kind === 'idx' ? idx(random) : safetensors(random);
  const file = path.resolve(`malformed-${process.pid}.${kind}`);
  fs.writeFileSync(file, bytes);
  log({ file: i, kind });
  const before = ng.memory().live;
  const resident = process.memoryUsage.rss();
  let loaded: ng.Tensor[] = [];
  try {
    loaded = await load(kind, file);
  } catch (e) {
    if (!(e instanceof ng.FileFormatError) || e.code !== 'ERR_FILE_FORMAT')
      return `${kind}: not a FileFormatError: ${String(e)}`;
  }
  const grown = process.memoryUsage.rss() - resident;
  if (grown > residentAllowed + mostDeflated * bytes.length)
    return `${kind}: a file of ${bytes.length} bytes took ${(grown / 2 ** 20).toFixed(0)} MB to read`;
  if (ng.memory().live - before > allowed(bytes.length)) return `${kind}: tensors larger than the file`;
  for (const t of loaded) if (t.dataSync().length !== t.numel) return `${kind}: a tensor without its values`;
  if (kind === 'safetensors' && loaded.length && random.chance(0.3)) {
    // What was accepted can be saved and comes back the same.
    const first = await ng.load(file);
    await ng.save(file, first);
    const again = await ng.load(file);
    for (const [name, t] of Object.entries(first)) {
      const u = again[name];
      const same = u && u.dtype === t.dtype && u.shape.join() === t.shape.join();
      if (!same || Buffer.compare(bits(t), bits(u)) !== 0)
        return `safetensors: ${name} changed when it was saved again`;
    }
  }
  for (const t of loaded) t.dispose();
  return undefined;
}

const bits = (t: ng.Tensor): Buffer => {
  const a = t.dataSync() as Float32Array;
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength);
};

async function main(): Promise<void> {
  for (let i = job.from; i < job.from + job.count; i++) {
    const why = await check(i).catch((e: unknown) => `thrown: ${String(e)}`);
    if (why) log({ why });
  }
  log({ end: true });
}

void main();
