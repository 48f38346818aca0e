/** @file NumPy's files: .npy, one array, and .npz, several by name (a zip of .npy files). */
import { readFile } from 'node:fs/promises';
import { unzipSync } from 'fflate';
import { readOptions } from '../core/arguments';
import { type Device } from '../core/device';
import { FileFormatError } from '../core/errors';
import { device as deviceParam } from '../core/params';
import { type Tensor } from '../core/tensor';
import { checkPath, tooMuch, type UnpackOptions, unpackSpec } from './bytes';
import { NpyDataset } from './npy-dataset';
import { parseNpy } from './npy-format';

/** Settings of {@link npy}. */
export interface NpyOptions {
  /** Leave the array in its file, and read rows when they are asked for: a dataset, no tensor. Default false. */
  mmap?: boolean | undefined;
  /** Default: the default device. */
  device?: Device | undefined;
}

/** Settings of {@link npz}. */
export interface NpzOptions extends UnpackOptions {
  /** Default: the default device. */
  device?: Device | undefined;
}

// So many bytes does deflate give for one.
const mostOfDeflate = 1032;

const spec = { device: deviceParam.optional() };

async function bytesOf(op: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_FS_FILE_TOO_LARGE') throw cause;
    throw new FileFormatError(
      `[${op}] ${path} is too large to be read at once; ${op === 'npy' ? 'leave it in its file by mmap: true' : 'keep its arrays in files of their own'}`,
      { cause },
    );
  }
}

/**
 * An array that NumPy's save wrote. Floats, int32, int64, uint8 and bool keep their type; smaller integers become int32,
 * uint32 int64.
 *
 * With `mmap: true` it stays in its file, which may be larger than memory, as with NumPy's `mmap_mode`: a dataset of its
 * rows that reads those of a batch when they are asked for.
 *
 * @throws FileFormatError for what is no .npy file, is truncated, or of a type that there is no dtype for (objects,
 *   strings, complex)
 * @example
 * ```ts
 * const x = await data.npy('x.npy');          // np.save('x.npy', x)
 * const rows = await data.npy('huge.npy', { mmap: true });
 * for await (const [x, y] of new data.DataLoader(new data.StackDataset(rows, labels), { batchSize: 32 })) { ... }
 * ```
 */
export function npy(path: string, options: NpyOptions & { mmap: true }): Promise<NpyDataset>;
export function npy(path: string, options?: NpyOptions & { mmap?: false | undefined }): Promise<Tensor>;
export async function npy(path: string, options: NpyOptions = {}): Promise<Tensor | NpyDataset> {
  const { device, mmap } = readOptions('npy', { ...spec, mmap: false }, options);
  checkPath('npy', path);
  return mmap ? NpyDataset.open(path, device) : parseNpy(path, await bytesOf('npy', path), device);
}

/**
 * Arrays by name that NumPy's savez or savez_compressed wrote, as {@link npy} reads each.
 *
 * @throws FileFormatError for what is no .npz file, is truncated, or says that it unpacks to more than `maxBytes`
 * @example
 * ```ts
 * const { x, y } = await data.npz('train.npz');          // np.savez('train.npz', x=x, y=y)
 * ```
 */
export async function npz(path: string, options: NpzOptions = {}): Promise<Record<string, Tensor>> {
  const { device, maxBytes } = readOptions('npz', { ...spec, ...unpackSpec }, options);
  checkPath('npz', path);
  const bytes = await bytesOf('npz', path);
  let total = 0;
  let files: Record<string, Uint8Array>;
  try {
    // Sizes are as the archive says; nothing is unpacked beyond them.
    files = unzipSync(bytes, {
      filter({ name, size, originalSize }) {
        if (!name.endsWith('.npy')) return false;
        if (originalSize > mostOfDeflate * (size + 1))
          throw new FileFormatError(`[npz] ${path}, ${name}: ${size} bytes cannot unpack to ${originalSize}`);
        total += originalSize;
        if (total > maxBytes) throw tooMuch('npz', `${path}, ${name}`, maxBytes);
        return true;
      },
    });
  } catch (cause) {
    if (cause instanceof FileFormatError) throw cause;
    throw new FileFormatError(
      `[npz] ${path}: its ${bytes.length} bytes are no zip file that can be read: ${(cause as Error).message}`,
      { cause },
    );
  }
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => [name.slice(0, -4), parseNpy(`${path}, ${name}`, content, device)]),
  );
}
