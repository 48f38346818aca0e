/** @file An array that stays in its .npy file: its rows, read when they are asked for. */
import { type FileHandle, open } from 'node:fs/promises';
import { type Device } from '../core/device';
import { type DType } from '../core/dtype';
import { numel } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { squeeze } from '../ops/shape/views';
import { tensor } from '../ops/tensors/create';
import { checkIndices, type Dataset, indicesOf } from './dataset';
import { longestHeader, npyError, type NpyHeader, parseHeader, valuesIn } from './npy-format';

// The system reads no more at once.
const mostAtOnce = 2 ** 30;

async function fill(path: string, file: FileHandle, out: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < out.length;) {
    const length = Math.min(out.length - done, mostAtOnce);
    const { bytesRead } = await file.read(out, done, length, position + done);
    if (bytesRead === 0) throw npyError(path, `truncated at byte ${position + done} since it was opened`);
    done += bytesRead;
  }
}

/**
 * The rows of a .npy file, which may be larger than memory: `get` gives a tensor of one, `getBatch` of several, [b, ...].
 * Both read from the file, rows that follow each other at once, and keep nothing; so loop by `for await`.
 */
export class NpyDataset implements Dataset<Tensor, Tensor> {
  /** @internal */
  readonly madeElsewhere = true;
  private constructor(
    private readonly path: string,
    private readonly header: NpyHeader,
    private readonly device: Device | undefined,
  ) {}

  /** @internal Use {@link npy}. */
  static async open(path: string, device: Device | undefined): Promise<NpyDataset> {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const first = new Uint8Array(Math.min(size, longestHeader));
      await fill(path, file, first, 0);
      const header = parseHeader(path, first, size);
      if (header.shape.length === 0) throw npyError(path, 'a number alone has no rows; leave out mmap');
      if (header.fortran && header.shape.length > 1)
        throw npyError(
          path,
          'its rows are scattered (fortran_order); save it by np.save(path, np.ascontiguousarray(x))',
        );
      return new NpyDataset(path, header, device);
    } finally {
      await file.close();
    }
  }

  /** The shape of the whole array. */
  get shape(): readonly number[] {
    return this.header.shape;
  }

  /** What its values become: see {@link npy}. */
  get dtype(): DType {
    return this.header.kind.dtype;
  }

  get length(): number {
    return this.shape[0]!;
  }

  async get(index: number): Promise<Tensor> {
    checkIndices('npy', [index], this.length);
    return squeeze(await this.getBatch(Int32Array.of(index)), 0);
  }

  /** @throws FileFormatError if the file has become shorter */
  async getBatch(indices: Int32Array): Promise<Tensor> {
    const at = indicesOf('npy', indices, this.length);
    const row = this.shape.slice(1);
    const size = numel(row) * this.header.kind.size;
    const bytes = new Uint8Array(at.length * size);
    const file = await open(this.path);
    try {
      for (let from = 0; from < at.length;) {
        let to = from + 1;
        while (to < at.length && at[to] === at[to - 1]! + 1) to++;
        await fill(this.path, file, bytes.subarray(from * size, to * size), this.header.start + at[from]! * size);
        from = to;
      }
    } finally {
      await file.close();
    }
    const shape = [at.length, ...row];
    return tensor(valuesIn(this.header, bytes), { shape, dtype: this.dtype, device: this.device });
  }
}
