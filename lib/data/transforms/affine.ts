/** @file Images turned, moved, scaled and sheared. */
import { readSettings } from '../../core/arguments';
import { ArgumentError } from '../../core/errors';
import { numbers, Param } from '../../core/params';
import { describe } from '../../core/shape';
import { type Tensor } from '../../core/tensor';
import { neg } from '../../ops/elementwise/arithmetic';
import { round } from '../../ops/elementwise/math';
import { type Interpolation, inverseOf, type PerImage, warped } from '../../ops/images/warp';
import { type SeedOptions, seedSpec } from '../sampler';
import { type Fill, fill, interpolation, type Range, range, spread } from './params';
import { Transform } from './transform';

/** Settings of {@link RandomRotation}. */
export interface RandomRotationOptions extends SeedOptions {
  /** Default 'nearest'. */
  interpolation?: Interpolation | undefined;
  /** Column and row that stay where they are, from the upper left corner. Default: the middle. */
  center?: readonly number[] | null | undefined;
  /** What stands around the image, one value or one per channel. Default 0. */
  fill?: Fill | undefined;
}

const point = new Param<readonly [number, number]>('a point [x, y]', (v, op, name) => {
  const list = numbers.check(op, name, v);
  if (list.length !== 2) throw new ArgumentError(`[${op}] ${name} must be [x, y], got ${describe(v)}`);
  return [list[0]!, list[1]!];
});
const warpSpec = { interpolation: interpolation.or('nearest' as const), center: point.orNull(), fill: fill.or(0) };
const rotationSpec = { degrees: spread(), ...warpSpec, ...seedSpec };
type Warp = Required<Pick<RandomRotationOptions, 'interpolation' | 'fill'>> & {
  center: readonly [number, number] | null;
};
const still = [0, 0] as const;
const once = [1, 1] as const;

/**
 * Each image turned counter-clockwise by an angle of its own.
 * @param degrees - d for angles between -d and d, or [low, high]
 */
export class RandomRotation extends Transform {
  private readonly settings: Warp & { degrees: Range };

  constructor(degrees: number | readonly number[], options?: RandomRotationOptions) {
    const { seed, generator, ...settings } = readSettings('RandomRotation', rotationSpec, [degrees, options]);
    super({ seed, generator });
    this.settings = settings;
  }
  protected apply(x: Tensor): Tensor {
    const { degrees, center, ...rest } = this.settings;
    const angle = neg(this.uniform(x, ...degrees));
    return warped('RandomRotation', x, inverseOf(x, { angle, translate: still, scale: 1, shear: still, center }), rest);
  }
}

/** Settings of {@link RandomAffine}. */
export interface RandomAffineOptions extends RandomRotationOptions {
  /** Largest shares of width and height by which an image is moved. Default: none is. */
  translate?: readonly number[] | null | undefined;
  /** Between which factors an image is scaled. Default: none is. */
  scale?: readonly number[] | null | undefined;
  /** Degrees: s for shears along x between -s and s, [low, high], or [low, high] along x and then along y. */
  shear?: number | readonly number[] | null | undefined;
}

const shear = new Param<readonly [Range, Range]>('a shear', (v, op, name) => {
  if (v === null) return [still, still];
  if (!Array.isArray(v) || v.length !== 4) return [spread().check(op, name, v), still];
  return [range().check(op, name, v.slice(0, 2)), range().check(op, name, v.slice(2))];
});
const affineSpec = {
  degrees: spread(),
  translate: new Param<readonly [number, number]>('shares of width and height', (v, op, name) => {
    if (v === null) return still;
    const [a, b] = point.check(op, name, v);
    if (Math.min(a, b) < 0 || Math.max(a, b) > 1)
      throw new ArgumentError(`[${op}] ${name} must be shares between 0 and 1, got ${describe(v)}`);
    return [a, b];
  }).or(still),
  scale: new Param<Range>('two factors', (v, op, name) =>
    v === null ? once : range(Number.MIN_VALUE).check(op, name, v),
  ).or(once),
  shear: shear.or([still, still] as const),
  ...warpSpec,
  ...seedSpec,
};
interface Affine extends Warp {
  degrees: Range;
  translate: readonly [number, number];
  scale: Range;
  shear: readonly [Range, Range];
}

/**
 * Each image turned clockwise, sheared, scaled about its middle and moved, all by numbers of its own.
 * @param degrees - d for angles between -d and d, or [low, high]; 0 turns none
 */
export class RandomAffine extends Transform {
  private readonly settings: Affine;

  constructor(degrees: number | readonly number[], options?: RandomAffineOptions) {
    const { seed, generator, ...settings } = readSettings('RandomAffine', affineSpec, [degrees, options]);
    super({ seed, generator });
    this.settings = settings;
  }
  protected apply(x: Tensor): Tensor {
    const { degrees, translate, scale, shear: shears, center, ...rest } = this.settings;
    // Nothing is drawn for what does not vary.
    const draw = ([low, high]: Range): PerImage => (low === high ? low : this.uniform(x, low, high));
    const pixels = (share: number, length: number): PerImage =>
      share === 0 ? 0 : round(this.uniform(x, -share * length, share * length));
    const map = {
      angle: draw(degrees),
      translate: [pixels(translate[0], x.shape[3]!), pixels(translate[1], x.shape[2]!)] as const,
      scale: draw(scale),
      shear: [draw(shears[0]), draw(shears[1])] as const,
      center,
    };
    return warped('RandomAffine', x, inverseOf(x, map), rest);
  }
}
