/** @file What was found: one program per distinct fault, in a folder, and a list at the end. */
import fs from 'node:fs';
import path from 'node:path';
import type { Failure } from './program';

export class Findings {
  private readonly seen = new Map<string, { times: number; file?: string; failure?: Failure }>();

  constructor(readonly dir: string) {}

  /** Counts a fault; true the first time. */
  isNew(key: string): boolean {
    const known = this.seen.get(key);
    if (known) known.times++;
    else this.seen.set(key, { times: 1 });
    return !known;
  }

  /** Takes a fault back that did not show again and may have been the machine's. */
  drop(key: string): void {
    this.seen.delete(key);
    console.log(`once   ${key}: not again`);
  }

  /** Writes the program of a fault. */
  add(key: string, failure: Failure, program: string): void {
    fs.mkdirSync(this.dir, { recursive: true });
    const file = path.join(this.dir, `${failure.kind.replace(' ', '-')}-${hash(key)}.js`);
    fs.writeFileSync(file, program);
    this.seen.set(key, { times: this.seen.get(key)?.times ?? 1, file, failure });
    console.log(
      `FOUND ${key}\n${program
        .split('\n')
        .filter((l) => l.startsWith('  const'))
        .slice(0, 12)
        .join('\n')}\n  -> ${file}`,
    );
  }

  /** Keeps a file that breaks something. */
  addFile(key: string, name: string, bytes: Uint8Array, why: string): void {
    fs.mkdirSync(this.dir, { recursive: true });
    const file = path.join(this.dir, name);
    fs.writeFileSync(file, bytes);
    this.note(key, `${why}\n  -> ${file}`);
  }

  /** A fault that has no program of its own. */
  note(key: string, why: string): void {
    if (!this.seen.has(key)) this.seen.set(key, { times: 1 });
    console.log(`FOUND ${key}\n  ${why}`);
  }

  get size(): number {
    return this.seen.size;
  }

  summary(): string[] {
    return [...this.seen].map(([key, f]) => `${String(f.times).padStart(5)} x ${key}${f.file ? `  ${f.file}` : ''}`);
  }
}

const hash = (s: string): string =>
  ([...s].reduce((h, c) => (Math.imul(h, 31) + c.charCodeAt(0)) | 0, 7) >>> 0).toString(36);
