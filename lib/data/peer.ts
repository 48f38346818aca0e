/** @file Packages that only some sources need: looked for when they are used, and named with their install command if they are missing. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { constants, runInThisContext } from 'node:vm';
import { NodegradError } from '../core/errors';

/** The path of a package's file; the program's own packages come first, then nodegrad's. Undefined if it is in neither. */
export function resolvePeer(request: string): string | undefined {
  for (const from of [join(process.cwd(), 'index.js'), __filename]) {
    try {
      return createRequire(from).resolve(request);
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}

/** `import()`. Test runners run code in a context that has none; the main context has it. */
export async function importIn(url: string): Promise<unknown> {
  try {
    return await import(url);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING_FLAG') throw e;
    const load = runInThisContext('(url) => import(url)', {
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }) as (url: string) => Promise<unknown>;
    return load(url);
  }
}

/**
 * The exports of an optional peer dependency. Its types are T: what nodegrad calls of it, since the published
 * declarations must not need the package.
 * @param why - what needs it, completes "... needs the package"
 * @throws NodegradError (`ERR_MISSING_DEPENDENCY`) with the install command
 */
export async function peer<T>(op: string, name: string, why = 'it'): Promise<T> {
  const path = resolvePeer(name);
  if (path === undefined)
    throw new NodegradError(
      'ERR_MISSING_DEPENDENCY',
      `[${op}] ${why} needs the package ${name}, which is not installed: run \`npm install ${name}\``,
    );
  const found = (await importIn(pathToFileURL(path).href)) as { default?: unknown };
  // A CommonJS package has its exports under `default`, and those that could be told from its text beside it.
  return { ...(found.default as object | undefined), ...found } as T;
}
