/** @file What a run was made with, and what it takes to do it again. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { currentGenerator } from '../../core/random-state';
import { backendInfo } from '../../core/runtime';
import { type Trainer } from '../trainer';

/** What the program runs on, by name. */
export function environment(device: string): Record<string, string> {
  const cpus = os.cpus();
  const { isa, threads } = backendInfo();
  // Seen from dist/lib/train/report.
  const own = readFileSync(join(__dirname, '../../../../package.json'), 'utf8');
  return {
    nodegrad: (JSON.parse(own) as { version: string }).version,
    'Node.js': process.version,
    platform: `${process.platform} ${process.arch}, ${os.release()}`,
    processor: `${cpus[0]?.model.trim() ?? 'unknown'}, ${cpus.length} cores`,
    memory: `${(os.totalmem() / 2 ** 30).toFixed(1)} GiB`,
    device,
    kernels: `${isa}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
  };
}

/** What is set by hand, by name. */
export function reproduce(trainer: Trainer): Record<string, string> {
  const { settings, compiledWith } = trainer;
  // One that comes last only looks at what the others have done.
  const callbacks = settings?.callbacks.filter((c) => !c.isLast);
  const commit = gitCommit(process.cwd());
  return {
    command: commandLine(),
    folder: process.cwd(),
    ...(commit === undefined ? {} : { commit }),
    seed: String(currentGenerator().initialSeed()),
    compile: words({ ...compiledWith, optimizer: undefined }),
    fit: words({ ...settings, batchSize: trainer.loader?.batchSize, callbacks }),
    ...(trainer.optimizerIfAny && { optimizer: String(trainer.optimizerIfAny) }),
  };
}

function commandLine(): string {
  const [, script, ...args] = process.argv;
  const path = script === undefined ? [] : [relative(process.cwd(), script)];
  return ['node', ...process.execArgv, ...path, ...args]
    .map((a) => (/^[\w./:=@,+-]+$/.test(a) ? a : JSON.stringify(a)))
    .join(' ');
}

// Data, callbacks and functions cannot be written down: their names are.
function word(v: unknown): string | undefined {
  if (v === undefined || v === null) return undefined;
  if (typeof v === 'function') return v.name || 'a function';
  if (typeof v !== 'object') return String(v);
  if (Array.isArray(v)) return v.length === 0 ? undefined : v.map((e) => word(e) ?? '-').join(' ');
  const kind = v.constructor?.name ?? 'Object';
  if (kind !== 'Object') return kind;
  return Object.entries(v)
    .map(([name, e]) => `${name} ${word(e) ?? '-'}`)
    .join(' ');
}
const words = (settings: object): string =>
  Object.entries(settings)
    .flatMap(([name, v]) => {
      const w = word(v);
      return w === undefined ? [] : [`${name}: ${w}`];
    })
    .join(', ');

const textOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

/** The commit of the work tree that `dir` is in, read from its files; undefined if it is in none. */
export function gitCommit(dir: string): string | undefined {
  for (let at = resolve(dir), above = ''; at !== above; above = at, at = dirname(at)) {
    const git = join(at, '.git');
    const head = textOf(join(git, 'HEAD'));
    if (head !== undefined) return commitOf(git, head);
    // Of a further work tree, or of a submodule: a file that says where.
    const elsewhere = /^gitdir: (.+)/.exec(textOf(git) ?? '')?.[1];
    if (elsewhere === undefined) continue;
    const own = resolve(at, elsewhere.trim());
    return commitOf(own, textOf(join(own, 'HEAD')) ?? '');
  }
  return undefined;
}

function commitOf(git: string, head: string): string | undefined {
  const ref = /^ref: (.+)/.exec(head)?.[1]?.trim();
  if (ref === undefined) return /^[0-9a-f]{40,64}$/m.exec(head)?.[0];
  const common = resolve(git, textOf(join(git, 'commondir'))?.trim() ?? '.');
  const loose = textOf(join(git, ref)) ?? textOf(join(common, ref));
  if (loose !== undefined) return loose.trim();
  const packed = textOf(join(common, 'packed-refs'))?.split('\n');
  return packed?.find((line) => line.endsWith(` ${ref}`))?.split(' ')[0];
}
