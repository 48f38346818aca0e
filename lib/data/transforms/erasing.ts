/** @file Images without a part of them. */
import { readSettings } from '../../core/arguments';
import { ShapeError } from '../../core/errors';
import { either, number, numbers, oneOf, probability } from '../../core/params';
import { showShape } from '../../core/shape';
import { type Tensor } from '../../core/tensor';
import { add, ge, gt, lt } from '../../ops/elementwise/arithmetic';
import { logicalAnd } from '../../ops/elementwise/binary';
import { where } from '../../ops/elementwise/where';
import { randn } from '../../ops/random/random';
import { reshape } from '../../ops/shape/views';
import { arange, tensor } from '../../ops/tensors/create';
import { type SeedOptions, seedSpec } from '../sampler';
import { sampledBoxes } from './boxes';
import { type Range, range } from './params';
import { Transform } from './transform';

/** Settings of {@link RandomErasing}. */
export interface RandomErasingOptions extends SeedOptions {
  /** How likely a part of an image is erased. Default 0.5. */
  p?: number | undefined;
  /** Of which share of the area. Default [0.02, 0.33]. */
  scale?: readonly number[] | undefined;
  /** Its height by its width. Default [0.3, 3.3]. */
  ratio?: readonly number[] | undefined;
  /** What is put there: a number, one per channel, or numbers of the standard normal distribution. Default 0. */
  value?: number | readonly number[] | 'random' | undefined;
}
interface Erasing {
  p: number;
  scale: Range;
  ratio: Range;
  value: number | readonly number[] | 'random';
}
const spec = {
  p: probability.or(0.5),
  scale: range(0, 1).or([0.02, 0.33] as const),
  ratio: range(Number.MIN_VALUE).or([0.3, 3.3] as const),
  value: either(number(), numbers, oneOf('random')).or(0),
  ...seedSpec,
};

/** Whether the pixels of images lie in parts of them: bool [n, 1, h, w]. */
export function insideOf(x: Tensor, box: { top: Tensor; left: Tensor; height: Tensor; width: Tensor }): Tensor {
  const along = (length: number, from: Tensor, part: Tensor, shape: number[]): Tensor => {
    const at = reshape(arange(length, { dtype: 'float64', device: x.device }), shape);
    const [first, count] = [from, part].map((v) => reshape(v, [-1, 1, 1, 1]));
    return logicalAnd(ge(at, first!), lt(at, add(first!, count!)));
  };
  return logicalAnd(
    along(x.shape[2]!, box.top, box.height, [1, 1, -1, 1]),
    along(x.shape[3]!, box.left, box.width, [1, 1, 1, -1]),
  );
}

/** A part of each image erased with probability p (Zhong et al. 2017). */
export class RandomErasing extends Transform {
  private readonly settings: Erasing;

  constructor(...args: [p?: number | RandomErasingOptions, options?: RandomErasingOptions]) {
    const { seed, generator, ...settings } = readSettings('RandomErasing', spec, args);
    super({ seed, generator });
    this.settings = settings;
  }
  protected apply(x: Tensor): Tensor {
    const { p, scale, ratio, value } = this.settings;
    const [h, w] = x.shape.slice(2) as [number, number];
    const uniform = (low: number, high: number, k?: number): Tensor => this.uniform(x, low, high, k);
    const chosen = gt(this.chance(x, p), 0);
    const box = sampledBoxes(uniform, [h, w], [h - 1, w - 1], scale, ratio);
    const erased = logicalAnd(reshape(logicalAnd(chosen, box.found), [-1, 1, 1, 1]), insideOf(x, box));
    return where(erased, this.filling(x, value), x);
  }

  private filling(x: Tensor, value: Erasing['value']): Tensor | number {
    if (value === 'random') return randn(x.shape, { dtype: x.dtype, device: x.device, ...this.source });
    if (typeof value === 'number') return value;
    if (value.length !== x.shape[1])
      throw new ShapeError(`[RandomErasing] ${value.length} values for images of ${showShape(x.shape)}`);
    return reshape(tensor(value as number[], { dtype: x.dtype, device: x.device }), [-1, 1, 1]);
  }
}
