/**
 * @file Where built files may be. What is found is run, so it is looked for in these places and no others: a folder above
 * may belong to somebody else.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { forThisMachine, type PlatformPackage } from './platforms';

/** A place, and why what is wanted is not there. */
export interface Place {
  /** A file, or the package that should have held it. */
  path: string;
  problem?: string;
}

interface Manifest {
  name?: unknown;
  version?: unknown;
}

function manifest(dir: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}

/** The folder of this package: the one above lib/native/ or dist/lib/native/ that says so itself. */
const folder = [join(__dirname, '..', '..'), join(__dirname, '..', '..', '..')].find(
  (dir) => manifest(dir)?.name === 'nodegrad',
);
const version = folder === undefined ? undefined : manifest(folder)?.version;

const isPnp = process.versions['pnp'] !== undefined;
const beside = folder === undefined ? '' : dirname(folder);
const isInModules = basename(beside) === 'node_modules';

/**
 * The folder of a package that this one depends on, or undefined. Yarn's Plug'n'Play knows it, and Deno in its cache. Else
 * it is inside this package or beside it, where npm, pnpm and yarn put what has exactly its version; require.resolve would
 * go on to folders above.
 */
function folderOf(name: string): string | undefined {
  if (isPnp || (process.versions['deno'] !== undefined && !isInModules)) {
    try {
      return dirname(require.resolve(`${name}/package.json`));
    } catch {
      return undefined;
    }
  }
  if (folder === undefined) return undefined;
  const parents = [join(folder, 'node_modules'), ...(isInModules ? [beside] : [])];
  return parents.map((dir) => join(dir, name)).find((dir) => manifest(dir));
}

const checked = (path: string): Place => (existsSync(path) ? { path } : { path, problem: 'does not exist' });

function packaged(name: string, file: string): Place {
  const dir = folderOf(name);
  if (dir === undefined) return { path: name, problem: 'is not installed' };
  const found = manifest(dir)?.version;
  if (found !== version)
    return { path: name, problem: `has version ${String(found)}, and nodegrad has ${String(version)}` };
  return checked(join(dir, file));
}

/**
 * Where a built file may be, in the order in which to try: the file that `variable` of the environment names and nothing
 * else, or build/ of this package and then those of `packages` that are for this machine.
 * @param built - its path in build/
 */
export function places(variable: string, built: string, packages: readonly PlatformPackage[]): Place[] {
  const named = process.env[variable];
  if (named) return [checked(named)];
  return [
    ...(folder === undefined ? [] : [checked(join(folder, 'build', built))]),
    ...forThisMachine(packages).map(({ name }) => packaged(name, basename(built))),
  ];
}

/** What builds the addon from source, as one types it; the same in a clone and for every package manager. */
export function buildCommand(): string {
  const script = join(folder ?? 'node_modules/nodegrad', 'scripts', 'bootstrap.mjs');
  return `${isPnp ? 'yarn node' : 'node'} ${JSON.stringify(script)} native`;
}
