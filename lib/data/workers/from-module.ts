/** @file Datasets that a module makes, so that every thread can make its own. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ArgumentError, NodegradError } from '../../core/errors';
import { string } from '../../core/params';
import { describe } from '../../core/shape';
import { checkDataset, type Dataset } from '../dataset';
import { importIn } from '../peer';

/**
 * Calls the default export of a module, a function or a class.
 * @throws NodegradError (`ERR_INVALID_ARG`) if it cannot be loaded, with the reason as its cause
 */
export async function datasetOfModule(url: string, args: readonly unknown[]): Promise<Dataset<unknown, unknown>> {
  let module: { default?: unknown };
  try {
    module = (await importIn(url)) as { default?: unknown };
  } catch (cause) {
    throw new NodegradError('ERR_INVALID_ARG', `[fromModule] ${url} cannot be loaded: ${(cause as Error).message}`, {
      cause,
    });
  }
  // Of a CommonJS module, `default` is its exports.
  const inner = module.default as { default?: unknown } | undefined;
  const make = typeof inner === 'function' ? inner : inner?.default;
  if (typeof make !== 'function')
    throw new ArgumentError(
      `[fromModule] the default export of ${url} must be a function or class that gives a dataset, got ${describe(module.default)}`,
    );
  const isClass = /^class\b/.test(Function.prototype.toString.call(make));
  const made: unknown = isClass
    ? new (make as new (...a: readonly unknown[]) => unknown)(...args)
    : await (make as (...a: readonly unknown[]) => unknown)(...args);
  checkDataset('fromModule', made);
  return made as Dataset<unknown, unknown>;
}

/** A dataset, and how another thread makes it again. */
export class ModuleDataset<T, B> implements Dataset<T, B> {
  readonly get?: (index: number) => T | Promise<T>;
  readonly getBatch?: (indices: Int32Array) => B | Promise<B>;

  /** @internal Use {@link fromModule}. */
  constructor(
    readonly url: string,
    readonly args: readonly unknown[],
    private readonly own: Dataset<T, B>,
  ) {
    if (typeof own.get === 'function') this.get = (i) => own.get!(i);
    if (typeof own.getBatch === 'function') this.getBatch = (list) => own.getBatch!(list);
  }

  get length(): number {
    return this.own.length;
  }
}

// Of a URL: named by what is used of it, since users may be without the types of Node and of browsers.
const hrefOf = (v: unknown): string | undefined => (v instanceof URL ? v.href : undefined);

/**
 * The dataset that a module makes, for a `DataLoader` with `workers`: each of them makes its own.
 *
 * @param path - of the module, relative to the working directory, or a file URL (text or `URL`). Its default export is a
 *   class, or a function (also async), that gives a dataset: `length`, and `get(index)` or `getBatch(indices)`
 * @param args - for it; what can be sent to another thread (`structuredClone`)
 * @example
 * ```ts
 * const set = await data.fromModule<[Float32Array, number]>('./spectrograms.mjs', 'recordings/');
 * const loader = new data.DataLoader(set, { batchSize: 64, shuffle: true, workers: 2 });
 * ```
 */
export async function fromModule<T = unknown, B = unknown>(
  path: string | { readonly href: string },
  ...args: readonly unknown[]
): Promise<ModuleDataset<T, B>> {
  const given = hrefOf(path) ?? string.check('fromModule', 'path', path);
  const url = given.startsWith('file:') ? given : pathToFileURL(resolve(given)).href;
  try {
    structuredClone(args);
  } catch (cause) {
    throw new ArgumentError(`[fromModule] arguments cannot be sent to another thread: ${(cause as Error).message}`);
  }
  return new ModuleDataset(url, args, (await datasetOfModule(url, args)) as Dataset<T, B>);
}
