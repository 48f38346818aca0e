/** @file Parts of images, and images with something around them. */
import { readSettings } from '../../core/arguments';
import { ArgumentError, ShapeError } from '../../core/errors';
import { boolean, Param } from '../../core/params';
import { showShape } from '../../core/shape';
import { type Tensor } from '../../core/tensor';
import { floor } from '../../ops/elementwise/math';
import { where } from '../../ops/elementwise/where';
import { resizedCropped, type Size, warped } from '../../ops/images/warp';
import { padded } from '../../ops/shape/padding';
import { narrow } from '../../ops/shape/views';
import { type SeedOptions, seedSpec } from '../sampler';
import { sampledBoxes } from './boxes';
import { type Fill, fill, type PaddingMode, paddingMode, type Range, range, type Sides, sides, size } from './params';
import { Transform } from './transform';

/** Settings of {@link Pad}. */
export interface PadOptions {
  /** One value, or one per channel. Default 0. */
  fill?: Fill | undefined;
  /** What is added: the fill, the nearest pixel, or what a mirror shows. Default 'constant'. */
  paddingMode?: PaddingMode | undefined;
}
const padSpec = { fill: fill.or(0), paddingMode: paddingMode.or('constant' as const) };
type Around = Required<PadOptions>;

// Pixels added around images.
function surrounded(op: string, x: Tensor, [left, top, right, bottom]: Sides, o: Around): Tensor {
  if (Math.max(left, top, right, bottom) === 0) return x;
  if (o.paddingMode !== 'constant')
    return padded(x, [left, right, top, bottom], o.paddingMode === 'edge' ? 'replicate' : 'reflect');
  const to = [x.shape[2]! + top + bottom, x.shape[3]! + left + right] as const;
  return warped(op, x, [1, 0, -left, 0, 1, -top], { size: to, fill: o.fill });
}

/** Pixels added around images. @param padding - for all sides; [sides, ends]; or [left, top, right, bottom] */
export class Pad extends Transform {
  private readonly settings: Around & { padding: Sides };

  constructor(padding: number | readonly number[], options?: PadOptions) {
    super();
    this.settings = readSettings('Pad', { padding: sides, ...padSpec }, [padding, options]);
  }
  protected apply(x: Tensor): Tensor {
    const { padding, ...around } = this.settings;
    return surrounded('Pad', x, padding, around);
  }
}

/** The middle of images. Smaller ones get zeros around them first. @param size - [height, width], or one number for both */
export class CenterCrop extends Transform {
  private readonly size: Size;

  constructor(target: number | readonly number[]) {
    super();
    this.size = size.check('CenterCrop', 'size', target);
  }
  protected apply(x: Tensor): Tensor {
    const [h, w] = this.size;
    const lack = (want: number, have: number): [number, number] => {
      const more = Math.max(0, want - have);
      return [Math.floor(more / 2), more - Math.floor(more / 2)];
    };
    const [left, right] = lack(w, x.shape[3]!);
    const [top, bottom] = lack(h, x.shape[2]!);
    const wide = surrounded('CenterCrop', x, [left, top, right, bottom], { fill: 0, paddingMode: 'constant' });
    // As Python rounds, half to even.
    const middle = (have: number, want: number): number => {
      const at = (have - want) / 2;
      return Number.isInteger(at) ? at : 2 * Math.round(at / 2);
    };
    const rows = narrow(wide, 2, middle(wide.shape[2]!, h), h);
    return narrow(rows, 3, middle(wide.shape[3]!, w), w);
  }
}

/** Settings of {@link RandomCrop}. */
export interface RandomCropOptions extends PadOptions, SeedOptions {
  /** Added before cropping: for all sides; [sides, ends]; or [left, top, right, bottom]. Default: nothing. */
  padding?: number | readonly number[] | null | undefined;
  /** Smaller images get what is missing on both sides instead of an error. Default false. */
  padIfNeeded?: boolean | undefined;
}
interface Crop extends Around {
  size: Size;
  padding: Sides;
  padIfNeeded: boolean;
}
const nothing: Sides = [0, 0, 0, 0];
const cropSpec = {
  size,
  padding: new Param<Sides>('a padding, or null', (v, op, name) =>
    v === null ? nothing : sides.check(op, name, v),
  ).or(nothing),
  padIfNeeded: boolean.or(false),
  ...padSpec,
  ...seedSpec,
};

/** A part of each image at a place of its own. @param size - [height, width], or one number for both */
export class RandomCrop extends Transform {
  private readonly settings: Crop;

  constructor(target: number | readonly number[], options?: RandomCropOptions) {
    const { seed, generator, ...settings } = readSettings('RandomCrop', cropSpec, [target, options]);
    super({ seed, generator });
    this.settings = settings;
  }
  protected apply(x: Tensor): Tensor {
    const { size: to, padIfNeeded, ...around } = this.settings;
    let [left, top, right, bottom] = around.padding;
    if (padIfNeeded) {
      const lackW = Math.max(0, to[1] - x.shape[3]! - left - right);
      const lackH = Math.max(0, to[0] - x.shape[2]! - top - bottom);
      [left, top, right, bottom] = [left + lackW, top + lackH, right + lackW, bottom + lackH];
    }
    const [freeH, freeW] = [x.shape[2]! + top + bottom - to[0], x.shape[3]! + left + right - to[1]];
    if (freeH < 0 || freeW < 0)
      throw new ShapeError(`[RandomCrop] ${showShape(to)} does not fit into images of ${showShape(x.shape.slice(2))}`);
    // A constant border need not be made: what is read outside is the fill.
    const mirrored = around.paddingMode !== 'constant';
    const from = mirrored ? surrounded('RandomCrop', x, [left, top, right, bottom], around) : x;
    const at = (free: number, before: number) =>
      floor(this.uniform(x, mirrored ? 0 : -before, free + 1 - (mirrored ? 0 : before)));
    return warped('RandomCrop', from, [1, 0, at(freeW, left), 0, 1, at(freeH, top)], { size: to, fill: around.fill });
  }
}

/** Settings of {@link RandomResizedCrop}. */
export interface RandomResizedCropOptions extends SeedOptions {
  /** Of which share of the area the part is. Default [0.08, 1]. */
  scale?: readonly number[] | undefined;
  /** Its width by its height. Default [3 / 4, 4 / 3]. */
  ratio?: readonly number[] | undefined;
}
interface ResizedCrop {
  size: Size;
  scale: Range;
  ratio: Range;
}
const resizedCropSpec = {
  size,
  scale: range(0, 1).or([0.08, 1] as const),
  ratio: range(Number.MIN_VALUE).or([3 / 4, 4 / 3] as const),
  ...seedSpec,
};

/**
 * A part of each image, of an area and a shape of its own, resized bilinearly with antialias (Szegedy et al. 2015). Ten
 * parts are tried for each image; if none fits, the middle is taken.
 * @param size - [height, width] of the result, or one number for both
 */
export class RandomResizedCrop extends Transform {
  private readonly settings: ResizedCrop;

  constructor(target: number | readonly number[], options?: RandomResizedCropOptions) {
    const { seed, generator, ...settings } = readSettings('RandomResizedCrop', resizedCropSpec, [target, options]);
    super({ seed, generator });
    if (settings.scale[1] === 0) throw new ArgumentError('[RandomResizedCrop] scale must end above 0');
    this.settings = settings;
  }
  protected apply(x: Tensor): Tensor {
    const { size: to, scale, ratio } = this.settings;
    const [h, w] = x.shape.slice(2) as [number, number];
    const uniform = (low: number, high: number, k?: number): Tensor => this.uniform(x, low, high, k);
    const box = sampledBoxes(uniform, [h, w], [h, w], scale, [1 / ratio[1], 1 / ratio[0]]);
    const width = Math.min(w, Math.round(h * Math.min(Math.max(w / h, ratio[0]), ratio[1])));
    const height = Math.min(h, Math.round(w / Math.min(Math.max(w / h, ratio[0]), ratio[1])));
    const or = (found: Tensor, middle: number): Tensor => where(box.found, found, middle);
    return resizedCropped(
      x,
      [
        or(box.top, Math.floor((h - height) / 2)),
        or(box.left, Math.floor((w - width) / 2)),
        or(box.height, height),
        or(box.width, width),
      ],
      to,
    );
  }
}
