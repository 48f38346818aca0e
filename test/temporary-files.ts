/** @file Files for the tests of one file, and what reading them says. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodegradError } from '../lib';

/** A folder that is gone when the tests have run. */
export interface TemporaryFolder {
  readonly dir: string;
  /** The path of a new file of this content. */
  file(content: string | Uint8Array): string;
  /** Code and message of what a promise is rejected with, without the folder. */
  failure(made: Promise<unknown>): Promise<string>;
}

/** To be called once, at the top of a test file. */
export function temporaryFolder(name: string): TemporaryFolder {
  const dir = mkdtempSync(join(tmpdir(), `nodegrad-${name}-`));
  afterAll(() => rmSync(dir, { recursive: true }));
  let files = 0;
  return {
    dir,
    file(content) {
      const path = join(dir, `f${files++}`);
      writeFileSync(path, content);
      return path;
    },
    async failure(made) {
      const e = await made.then(
        () => 'nothing was thrown',
        (reason: NodegradError) => reason,
      );
      return typeof e === 'string' ? e : `${e.code} ${e.message.replaceAll(`${dir}/`, '')}`;
    },
  };
}
