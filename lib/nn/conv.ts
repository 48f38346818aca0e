/** @file Convolution layers. */
import { noGrad } from '../core/autograd';
import { ArgumentError, ShapeError } from '../core/errors';
import { numel, showShape } from '../core/shape';
import { type Tensor } from '../core/tensor';
import {
  type Dimensions,
  readArguments,
  readSettings,
  type Sizes,
  sizesOf,
  type WithRequired,
} from '../core/arguments';
import { integer, integers, positive, sizes } from '../core/params';
import {
  convLayerSpec,
  convolved,
  type ConvPadding,
  convTransposed,
  convTransposeLayerSpec,
  type PaddingMode,
  samePadding,
} from '../ops/layers/conv';
import { padded, type PadMode } from '../ops/shape/padding';
import { kaimingUniform_, uniform_ } from './init';
import { newParameter, weightDefaults, type WeightOptions } from './linear';
import { checkInput, Module } from './module';
import { type Parameter } from './parameter';
import { python } from '../core/python';
import { checkSize } from './sizes';

export type { PaddingMode };

/** What a convolution layer cannot do without. */
export interface ConvSizes {
  inChannels: number;
  outChannels: number;
  kernelSize: Sizes;
}

/** Options of convolution layers, in PyTorch's order. */
export interface ConvSettings extends WeightOptions {
  /** Default 1. */
  stride: Sizes;
  /** A size, 'same' or 'valid'. Default 0. */
  padding: ConvPadding;
  /** Default 1. */
  dilation: Sizes;
  /** Default 1. */
  groups: number;
  /** Add a learned bias. Default true. */
  bias: boolean;
  /** Default 'zeros'. */
  paddingMode: PaddingMode;
}

/** Options of transposed convolution layers, in PyTorch's order. */
export interface ConvTransposeSettings extends WeightOptions {
  stride: Sizes;
  padding: Sizes;
  /** Added to one side of the output, whose size a stride leaves open. Default 0. */
  outputPadding: Sizes;
  groups: number;
  bias: boolean;
  dilation: Sizes;
  /** There is no other. */
  paddingMode: 'zeros';
}

/** Arguments of convolution layers. */
export type ConvArguments = WithRequired<
  [inChannels: number, outChannels: number, kernelSize: Sizes],
  ConvSizes,
  ConvSettings
>;
/** Arguments of transposed convolution layers. */
export type ConvTransposeArguments = WithRequired<
  [inChannels: number, outChannels: number, kernelSize: Sizes],
  ConvSizes,
  ConvTransposeSettings
>;

interface Geometry {
  stride: number[];
  padding: number[] | 'same' | 'valid';
  dilation: number[];
  outputPadding: number[];
  groups: number;
  paddingMode: PaddingMode;
}

const all = (list: readonly number[], v: number): boolean => list.every((x) => x === v);

abstract class ConvBase extends Module {
  /** The least `inChannels`; 0 where the first input tells. */
  protected static readonly leastInputs: number = 1;
  /** [outChannels, inChannels / groups, ...kernelSize]; transposed: [inChannels, outChannels / groups, ...] */
  weight: Parameter;
  /** [outChannels] */
  bias: Parameter | null;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | 'same' | 'valid';
  readonly dilation: readonly number[];
  readonly outputPadding: readonly number[];
  readonly groups: number;
  readonly paddingMode: PaddingMode;

  constructor(
    sizes: { inChannels: number; outChannels: number; kernelSize: readonly number[] },
    transposed: boolean,
    g: Geometry,
    o: WeightOptions & { bias: boolean },
  ) {
    super();
    const { inChannels } = sizes;
    checkSize(this.constructor.name, 'inChannels', inChannels, new.target.leastInputs);
    this.outChannels = sizes.outChannels;
    this.groups = g.groups;
    this.checkGroups(inChannels);
    this.kernelSize = sizes.kernelSize;
    this.stride = g.stride;
    this.padding = g.padding;
    this.dilation = g.dilation;
    this.outputPadding = g.outputPadding;
    this.paddingMode = g.paddingMode;
    const [first, second] = transposed ? [inChannels, this.outChannels] : [this.outChannels, inChannels];
    this.weight = newParameter([first, second / this.groups, ...sizes.kernelSize], o);
    this.bias = o.bias ? newParameter([this.outChannels], o) : null;
    this.resetParameters();
  }

  /** How many channels the input has. */
  abstract get inChannels(): number;

  protected checkGroups(inChannels: number): void {
    if (inChannels % this.groups !== 0 || this.outChannels % this.groups !== 0)
      throw new ArgumentError(
        `[${this.constructor.name}] inChannels ${inChannels} and outChannels ${this.outChannels} must be divisible by groups ${this.groups}`,
      );
  }

  /** Draws new values as PyTorch does: uniform within 1 / sqrt(fan in). */
  resetParameters(): void {
    noGrad(() => {
      kaimingUniform_(this.weight, { a: Math.sqrt(5) });
      const fanIn = numel(this.weight.shape.slice(1));
      const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
      if (this.bias) uniform_(this.bias, -bound, bound);
    });
  }

  override extraRepr(): string {
    const parts = [String(this.inChannels), String(this.outChannels)];
    parts.push(`kernel_size=${python(this.kernelSize)}`, `stride=${python(this.stride)}`);
    if (typeof this.padding === 'string') parts.push(`padding=${this.padding}`);
    else if (!all(this.padding, 0)) parts.push(`padding=${python(this.padding)}`);
    if (!all(this.dilation, 1)) parts.push(`dilation=${python(this.dilation)}`);
    if (!all(this.outputPadding, 0)) parts.push(`output_padding=${python(this.outputPadding)}`);
    if (this.groups !== 1) parts.push(`groups=${this.groups}`);
    if (!this.bias) parts.push('bias=False');
    if (this.paddingMode !== 'zeros') parts.push(`padding_mode=${this.paddingMode}`);
    return parts.join(', ');
  }
}

// The layers that learn their input channels (lazy-channels.ts) are made with 0 of them.
const start = { inChannels: integer({ least: 0 }), outChannels: positive, kernelSize: sizes(1) };
const convSpec = { ...start, ...convLayerSpec, ...weightDefaults };
const transposeSpec = { ...start, ...convTransposeLayerSpec, ...weightDefaults };

const withoutInputs = <S extends { inChannels: unknown }>({ inChannels: _, ...rest }: S): Omit<S, 'inChannels'> => rest;
/** For layers that learn their input channels. */
export const lazyConvSpec = withoutInputs(convSpec);
/** The same for transposed ones. */
export const lazyTransposeSpec = withoutInputs(transposeSpec);

abstract class Conv extends ConvBase {
  private readonly n: Dimensions;
  constructor(n: Dimensions, settings: ConvArguments) {
    const op = `Conv${n}d`;
    const o = readSettings<ConvSizes & ConvSettings>(op, convSpec, settings);
    const stride = sizesOf(op, 'stride', o.stride, n, 1);
    if (o.padding === 'same' && !all(stride, 1))
      throw new ArgumentError(`[${op}] padding 'same' needs stride 1, got ${showShape(stride)}`);
    const padding = o.padding === 'same' || o.padding === 'valid' ? o.padding : sizesOf(op, 'padding', o.padding, n, 0);
    const dilation = sizesOf(op, 'dilation', o.dilation, n, 1);
    const outputPadding = Array<number>(n).fill(0);
    super(
      { ...o, kernelSize: sizesOf(op, 'kernelSize', o.kernelSize, n, 1) },
      false,
      { ...o, stride, padding, dilation, outputPadding },
      o,
    );
    this.n = n;
  }

  get inChannels(): number {
    return this.weight.shape[1]! * this.groups;
  }

  forward(x: Tensor): Tensor {
    checkInput(this, x);
    const { weight, bias, stride, dilation, groups, padding } = this;
    if (this.paddingMode === 'zeros') return convolved(this.n, x, weight, { bias, stride, padding, dilation, groups });
    if (x.ndim !== this.n + 1 && x.ndim !== this.n + 2)
      throw new ShapeError(
        `[${this.constructor.name}] input ${showShape(x.shape)} needs ${this.n + 1} or ${this.n + 2} dimensions`,
      );
    const sides =
      padding === 'valid'
        ? []
        : padding === 'same'
          ? samePadding(this.kernelSize, dilation)
          : padding.map((p): [number, number] => [p, p]);
    const wide = padded(x, sides.reverse().flat(), this.paddingMode as PadMode);
    return convolved(this.n, wide, weight, { bias, stride, padding: 0, dilation, groups });
  }
}

const outputSizeSpec = { outputSize: integers.orNull() };

abstract class ConvTranspose extends ConvBase {
  private readonly n: Dimensions;
  constructor(n: Dimensions, settings: ConvTransposeArguments) {
    const op = `ConvTranspose${n}d`;
    const o = readSettings<ConvSizes & ConvTransposeSettings>(op, transposeSpec, settings);
    const geometry = {
      stride: sizesOf(op, 'stride', o.stride, n, 1),
      padding: sizesOf(op, 'padding', o.padding, n, 0),
      dilation: sizesOf(op, 'dilation', o.dilation, n, 1),
      outputPadding: sizesOf(op, 'outputPadding', o.outputPadding, n, 0),
      groups: o.groups,
      paddingMode: 'zeros' as const,
    };
    super({ ...o, kernelSize: sizesOf(op, 'kernelSize', o.kernelSize, n, 1) }, true, geometry, o);
    this.n = n;
  }

  get inChannels(): number {
    return this.weight.shape[0]!;
  }

  /** @param outputSize - of the spatial dimensions, where the stride leaves it open */
  forward(x: Tensor, how?: readonly number[] | { outputSize?: readonly number[] | null | undefined } | null): Tensor {
    checkInput(this, x);
    const outputSize = how == null ? null : readArguments(this.constructor.name, outputSizeSpec, [how]).outputSize;
    const { weight, bias, stride, padding, dilation, groups } = this;
    if (outputSize && outputSize.length !== this.n && outputSize.length !== this.n + 2)
      throw new ShapeError(
        `[${this.constructor.name}] outputSize has ${outputSize.length} sizes for ${this.n} dimensions`,
      );
    const outputPadding = outputSize ? this.extra(x, outputSize.slice(-this.n)) : this.outputPadding;
    return convTransposed(this.n, x, weight, {
      bias,
      stride,
      padding: padding as number[],
      outputPadding,
      groups,
      dilation,
    });
  }

  private extra(x: Tensor, wanted: readonly number[]): number[] {
    const grid = x.shape.slice(-this.n);
    return wanted.map((size, i) => {
      const least =
        (grid[i]! - 1) * this.stride[i]! -
        2 * (this.padding[i] as number) +
        this.dilation[i]! * (this.kernelSize[i]! - 1) +
        1;
      if (size < least || size >= least + this.stride[i]!)
        throw new ShapeError(
          `[${this.constructor.name}] an output of ${showShape(wanted)} is not possible for input ${showShape(x.shape)}: dimension ${i} is ${least} to ${least + this.stride[i]! - 1}`,
        );
      return size - least;
    });
  }
}

/** Convolution over [batch, inChannels, length]; the batch may be missing. */
export class Conv1d extends Conv {
  constructor(...settings: ConvArguments) {
    super(1, settings);
  }
}
/** Convolution over [batch, inChannels, height, width]; the batch may be missing. */
export class Conv2d extends Conv {
  constructor(...settings: ConvArguments) {
    super(2, settings);
  }
}
/** Convolution over [batch, inChannels, depth, height, width]; the batch may be missing. */
export class Conv3d extends Conv {
  constructor(...settings: ConvArguments) {
    super(3, settings);
  }
}
/** Transposed convolution over [batch, inChannels, length]. */
export class ConvTranspose1d extends ConvTranspose {
  constructor(...settings: ConvTransposeArguments) {
    super(1, settings);
  }
}
/** Transposed convolution over [batch, inChannels, height, width]. */
export class ConvTranspose2d extends ConvTranspose {
  constructor(...settings: ConvTransposeArguments) {
    super(2, settings);
  }
}
/** Transposed convolution over [batch, inChannels, depth, height, width]. */
export class ConvTranspose3d extends ConvTranspose {
  constructor(...settings: ConvTransposeArguments) {
    super(3, settings);
  }
}
