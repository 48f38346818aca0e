/** @file Models as files: safetensors, with the architecture among its metadata. */
import type { Arguments } from '../../core/arguments';
import { ArgumentError, FileFormatError } from '../../core/errors';
import { instance } from '../../core/params';
import { load, loadMetadata, type LoadOptions, save } from '../../io/safetensors';
import { Module } from '../../nn/module';
import { Malformed, read } from './read';
import { type Json, written } from './write';

const key = 'nodegrad.model';
const version = 1;
const moduleParam = instance('a module', Module);

/**
 * Writes a module into one file: a safetensors file whose metadata holds the architecture as JSON. The file appears whole or
 * not at all. Its tensors are named as in the state dict, so that `ng.load` and other programs read them too.
 *
 * @throws ArgumentError (code `ERR_ARCHITECTURE`) for a class that is not registered ({@link registerModule}), and for
 *   functions that are not of `ng`
 */
export async function saveModel(path: string, model: Module): Promise<void> {
  moduleParam.check('saveModel', 'model', model);
  const { root, tensors } = written(model);
  await save(path, tensors, { metadata: { [key]: JSON.stringify({ version, root }) } });
}

/**
 * The model that `model.save(path)` or {@link saveModel} wrote: the same architecture, values and modes; it predicts the same
 * bits.
 *
 * @param options - `device`: where it goes; default: the default device
 * @throws FileFormatError for a file that holds no model; ArgumentError (code `ERR_ARCHITECTURE`) for a class that is not
 *   registered
 */
export async function loadModel(path: string, ...options: Arguments<LoadOptions>): Promise<Module> {
  const bad = (why: string, cause?: unknown): FileFormatError =>
    new FileFormatError(`[loadModel] ${path}: ${why}`, { cause });
  const text = (await loadMetadata(path))[key];
  if (text === undefined) throw bad('it holds tensors but no model; load() reads those');
  const tensors = await load(path, ...options);
  try {
    const file = JSON.parse(text) as { version: number; root: Json };
    if (file?.version !== version) throw new Malformed(`its version is ${String(file?.version)}, not ${version}`);
    return read({ root: file.root, tensors });
  } catch (e) {
    if (e instanceof ArgumentError && e.code === 'ERR_ARCHITECTURE') throw e;
    throw bad((e as Error).message, e);
  }
}
