/** @file Folders of images, a class each, by the package sharp. */
import { type Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, extname, join } from 'node:path';
import { readOptions, sizesOf } from '../core/arguments';
import { noGrad } from '../core/autograd';
import { type Device } from '../core/device';
import { ArgumentError, FileFormatError } from '../core/errors';
import { device as deviceParam, either, number, numbers, oneOf, Param, positive, sizes } from '../core/params';
import { type Tensor } from '../core/tensor';
import { div, sub } from '../ops/elementwise/arithmetic';
import { permute, reshape, squeeze } from '../ops/shape/views';
import { cast, contiguous } from '../ops/tensors/cast';
import { tensor } from '../ops/tensors/create';
import { checkPath } from './bytes';
import { checkIndices, type Dataset, indicesOf } from './dataset';
import { peer } from './peer';

/** What is subtracted from the values, and what they are then divided by: one number, or one for each channel. */
export interface ImageNormalization {
  mean: number | readonly number[];
  std: number | readonly number[];
}

/** Settings of {@link images}. */
export interface ImagesOptions {
  /** Height and width in pixels, one number for a square. Images of other sizes are scaled. */
  size: number | readonly number[];
  /** 3 (red, green, blue; default) or 1 (gray, as PIL and torchvision compute it). */
  channels?: 1 | 3 | undefined;
  /** What becomes of images of other proportions: `fill` stretches (default, as in torchvision), `cover` cuts off, `contain` adds black. */
  fit?: 'fill' | 'cover' | 'contain' | undefined;
  /** Default: values stay in [0, 1]. */
  normalize?: ImageNormalization | undefined;
  /** How many images of a batch are decoded at once. Default: the number of processors. */
  concurrency?: number | undefined;
  device?: Device | undefined;
}

const list = either(number(), numbers);
const normalizationSpec = { mean: list, std: list };
const normalization = new Param<ImageNormalization>('{ mean, std }', (v, op) =>
  readOptions<ImageNormalization>(op, normalizationSpec, v as ImageNormalization),
);
const imagesSpec = {
  size: sizes(1),
  channels: new Param<1 | 3>('1 or 3', (v, op, name) => {
    if (v === 1 || v === 3) return v;
    throw new ArgumentError(`[${op}] ${name} must be 1 or 3, got ${String(v)}`);
  }).or(3 as const),
  fit: oneOf('fill', 'cover', 'contain').or('fill' as const),
  normalize: normalization.optional(),
  concurrency: positive.optional(),
  device: deviceParam.optional(),
};

// What is called of sharp.
interface Sharp {
  removeAlpha(): Sharp;
  toColourspace(space: string): Sharp;
  resize(width: number, height: number, options: { fit: string; kernel: string; background: string }): Sharp;
  raw(options: { depth: string }): Sharp;
  toBuffer(): Promise<Uint8Array>;
}
interface SharpModule {
  default(path: string): Sharp;
}

interface Settings {
  height: number;
  width: number;
  channels: 1 | 3;
  fit: string;
  concurrency: number;
  device: Device | undefined;
  /** float32 [c, 1, 1] each. */
  normalize: { mean: Tensor; std: Tensor } | undefined;
}

/**
 * Images in files: `[image, label]`, decoded when they are asked for; batches wait for promises, so loop over them by
 * `for await`. Images are float32 [c, h, w] in [0, 1] unless normalized, labels int32.
 */
export class ImageDataset implements Dataset<[Tensor, Tensor], [Tensor, Tensor]> {
  /** @internal */
  readonly madeElsewhere = true;
  /** @internal Use {@link images}. */
  constructor(
    /** The names of the classes, sorted; a label is a position in them. */
    readonly classes: readonly string[],
    /** The path of each example's image. */
    readonly files: readonly string[],
    /** The class of each example. */
    readonly labels: Int32Array,
    private readonly how: Settings,
    private readonly sharp: SharpModule,
  ) {}

  get length(): number {
    return this.files.length;
  }

  async get(index: number): Promise<[Tensor, Tensor]> {
    checkIndices('images', [index], this.length);
    const [x, y] = await this.getBatch(Int32Array.of(index));
    return [squeeze(x, 0), squeeze(y, 0)];
  }

  /** Decodes several images at once, on sharp's threads: x [n, c, h, w], y int32 [n]. */
  async getBatch(indices: Int32Array): Promise<[Tensor, Tensor]> {
    const at = indicesOf('images', indices, this.length);
    const { height, width, channels, concurrency, device, normalize } = this.how;
    const size = height * width * channels;
    const bytes = new Uint8Array(at.length * size);
    let next = 0;
    let failed = false;
    const worker = async (): Promise<void> => {
      while (next < at.length && !failed) {
        const i = next++;
        try {
          await this.decode(this.files[at[i]!]!, bytes.subarray(i * size, (i + 1) * size));
        } catch (e) {
          failed = true;
          throw e;
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, at.length) }, worker));
    const y = tensor(
      at.map((i) => this.labels[i]!),
      { device },
    );
    const x = noGrad(() => {
      // Moved as bytes, and then spread by channel.
      const pixels = tensor(bytes, { shape: [at.length, height, width, channels], device });
      const unit = div.inPlace(contiguous(cast(permute(pixels, [0, 3, 1, 2]), 'float32')), 255);
      return normalize ? div.inPlace(sub.inPlace(unit, normalize.mean), normalize.std) : unit;
    });
    return [x, y];
  }

  // The pixels of a file, row by row, the channels of each side by side.
  private async decode(path: string, out: Uint8Array): Promise<void> {
    const { height, width, channels, fit } = this.how;
    let rgb: Uint8Array;
    try {
      rgb = await this.sharp
        .default(path)
        .removeAlpha()
        .toColourspace('srgb')
        // As torchvision's Resize: bilinear, with antialiasing.
        .resize(width, height, { fit, kernel: 'linear', background: 'black' })
        .raw({ depth: 'uchar' })
        .toBuffer();
    } catch (cause) {
      throw new FileFormatError(`[images] ${path} cannot be decoded: ${(cause as Error).message}`, { cause });
    }
    if (rgb.length !== 3 * height * width)
      throw new FileFormatError(`[images] ${path}: ${rgb.length} bytes of pixels, expected ${3 * height * width}`);
    if (channels === 3) return out.set(rgb);
    // PIL's weights, in 1/65536.
    for (let i = 0; i < out.length; i++)
      out[i] = (rgb[3 * i]! * 19595 + rgb[3 * i + 1]! * 38470 + rgb[3 * i + 2]! * 7471 + 0x8000) >> 16;
  }
}

const extensions = new Set(['.png', '.jpg', '.jpeg', '.webp']);
const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

// What a folder holds, but for hidden files; links are followed.
async function entries(folder: string): Promise<{ path: string; directory: boolean }[]> {
  const found: Dirent[] = await readdir(folder, { withFileTypes: true });
  const shown = found.filter((e) => !e.name.startsWith('.')).sort((a, b) => byName(a.name, b.name));
  return Promise.all(
    shown.map(async (e) => {
      const path = join(folder, e.name);
      return { path, directory: e.isSymbolicLink() ? (await stat(path)).isDirectory() : e.isDirectory() };
    }),
  );
}

async function imagesIn(folder: string): Promise<string[]> {
  const out: string[] = [];
  for (const { path, directory } of await entries(folder)) {
    if (directory) out.push(...(await imagesIn(path)));
    else if (extensions.has(extname(path).toLowerCase())) out.push(path);
  }
  return out;
}

function normalizer(channels: number, { mean, std }: ImageNormalization, device: Device | undefined) {
  const each = (name: string, v: number | readonly number[]): Tensor => {
    const values = typeof v === 'number' ? Array<number>(channels).fill(v) : v;
    if (values.length !== channels)
      throw new ArgumentError(
        `[images] normalize.${name} must be a number or ${channels} of them, got ${values.length}`,
      );
    return reshape(tensor(values, { dtype: 'float32', device }), [channels, 1, 1]);
  };
  if ([std].flat().includes(0)) throw new ArgumentError('[images] normalize.std must not be 0');
  return { mean: each('mean', mean), std: each('std', std) };
}

/**
 * Images in folders, one for each class, as torchvision's ImageFolder: PNG, JPEG and WebP, also in folders below. Files
 * of other names, and hidden ones, are left out. Only the names are read here; an image is decoded when it is asked for,
 * by the package sharp, on its own threads.
 *
 * @param folder - holds a folder for each class, whose names sorted are `classes`
 * @returns a dataset of `[image, label]`: float32 [c, h, w] in [0, 1], int32
 * @throws ArgumentError where there are no classes, or a class has no images; later FileFormatError
 *   (`ERR_FILE_FORMAT`) with the file's name for one that cannot be decoded; `ERR_MISSING_DEPENDENCY` without the package
 * @example
 * ```ts
 * const pets = await data.images('pets', { size: [64, 64], normalize: { mean: 0.5, std: 0.5 } });
 * pets.classes;                                            // ['cat', 'dog']
 * for await (const [x, y] of new data.DataLoader(pets, { batchSize: 32, shuffle: true })) { ... }  // x [32, 3, 64, 64]
 * ```
 */
export async function images(folder: string, options: ImagesOptions): Promise<ImageDataset> {
  checkPath('images', folder);
  const o = readOptions('images', imagesSpec, options);
  const [height, width] = sizesOf('images', 'size', o.size, 2, 1) as [number, number];
  const { channels, fit, device, concurrency = availableParallelism() } = o;
  const normalize = o.normalize && normalizer(channels, o.normalize, device);
  const folders = (await entries(folder)).filter((e) => e.directory).map((e) => e.path);
  if (folders.length === 0) throw new ArgumentError(`[images] ${folder} has no folders; it needs one for each class`);
  const lists = await Promise.all(folders.map(imagesIn));
  const empty = lists.findIndex((l) => l.length === 0);
  if (empty >= 0)
    throw new ArgumentError(
      `[images] ${folders[empty]} has no images: no files that end with ${[...extensions].join(', ')}`,
    );
  return new ImageDataset(
    folders.map((f) => basename(f)),
    lists.flat(),
    Int32Array.from(lists.flatMap((l, label) => l.map(() => label))),
    { height, width, channels, fit, concurrency, device, normalize },
    await peer<SharpModule>('images', 'sharp'),
  );
}
