/** @file All operations. A new family is one file and one line here. */
export {
  arange,
  type ArangeArguments,
  empty,
  emptyLike,
  eye,
  type EyeArguments,
  full,
  type FullArguments,
  fullLike,
  linspace,
  type LinspaceArguments,
  type NestedArray,
  ones,
  onesLike,
  tensor,
  type TensorOptions,
  zeros,
  zerosLike,
} from './create';
export * from './cast';
export * from './arithmetic';
export { where } from './where';
export * from './math';
export * from './binary';
export { gcd, lcm } from './divisors';
export * from './aliases';
export * from './special';
export { i0, mvlgamma, polygamma } from './specialFunctions';
export * from './activations';
export * from './softmax';
export * from './erfinv';
export * from './random';
export * from './distributions';
export {
  alphaDropout,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  type DropoutFunction,
  type DropoutOptions,
  featureAlphaDropout,
} from './dropout';
export * from './noisy';
export { all, any, type Axes, mean, prod, type ReduceOptions, sum } from './reduce';
export type { AlongOptions } from './chosen';
export type { Named, ValuesAndIndices } from './named';
export * from './extremes';
export * from './statistics';
export * from './scans';
export * from './order';
// The rest of ./views trusts its caller.
export {
  broadcastTo,
  type DimArguments,
  type DimsArguments,
  expand,
  flatten,
  type FlattenOptions,
  narrow,
  type NarrowArguments,
  permute,
  reshape,
  type ShapeArguments,
  type SizeArguments,
  squeeze,
  squeeze_,
  type SqueezeArguments,
  transpose,
  transpose_,
  type TransposeArguments,
  unflatten,
  type UnflattenArguments,
  unsqueeze,
  unsqueeze_,
  viewAs,
} from './views';
export { linear, type LinearOptions, matmul } from './matmul';
export { bilinear, type BilinearArguments } from './bilinear';
export {
  conv1d,
  conv2d,
  conv3d,
  type ConvOptions,
  type Convolution,
  type ConvPadding,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type ConvTransposeOptions,
  type ConvWeight,
  type TransposedConvolution,
} from './conv';
// The rest of ./pooling and its kind trusts its caller.
export {
  type AdaptiveAvgPool,
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  type AdaptiveMaxPool,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  type AdaptiveSize,
  type AvgPool,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  type AvgPoolOptions,
  type KernelSize,
  type MaxPool,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  type MaxPoolOptions,
  type OutputSize,
} from './pooling';
export {
  type MaxUnpool,
  maxUnpool1d,
  maxUnpool2d,
  maxUnpool3d,
  type MaxUnpoolOptions,
  type UnpoolArguments,
} from './unpooling';
export { type LpPool, lpPool1d, lpPool2d, lpPool3d, type LpPoolOptions, type LpPoolSizes } from './lpPooling';
export {
  type FractionalMaxPool,
  fractionalMaxPool2d,
  fractionalMaxPool3d,
  type FractionalPoolOptions,
} from './fractionalPooling';
export {
  batchNorm,
  type BatchNormOptions,
  instanceNorm,
  type InstanceNormOptions,
  type RunningStatistics,
} from './normalization';
export {
  groupNorm,
  layerNorm,
  type NormalizedShape,
  type NormOptions,
  type NumGroups,
  rmsNorm,
  type RmsNormOptions,
} from './rowNorm';
export { localResponseNorm, type LocalResponseNormOptions } from './localResponse';
export {
  channelShuffle,
  interpolate,
  type InterpolateMode,
  type InterpolateOptions,
  pixelShuffle,
  pixelUnshuffle,
} from './resample';
export * from './positions';
export * from './gridSample';
export {
  type AttentionOptions,
  causalMask,
  type CausalMaskArguments,
  type KeyAndValue,
  paddingMask,
  scaledDotProductAttention,
} from './attention';
export {
  gather,
  indexAdd,
  indexAdd_,
  type IndexAddArguments,
  type IndexArguments,
  indexCopy,
  indexCopy_,
  type IndexCopyArguments,
  indexFill,
  indexFill_,
  type IndexFillArguments,
  indexSelect,
  scatter,
  scatter_,
  scatterAdd,
  scatterAdd_,
  type ScatterAddArguments,
  type ScatterArguments,
  take,
  takeAlongDim,
} from './gather';
export * from './put';
export * from './asStrided';
export * from './scatterReduce';
export type { IndexLike } from './index-checks';
export { type BagMode, embedding, embeddingBag, type EmbeddingBagOptions, type EmbeddingOptions } from './embedding';
export * from './indexing';
export * from './masking';
export { argwhere, nonzero, type NonzeroOptions, type UnravelArguments, unravelIndex } from './nonzero';
export {
  type AlongDim,
  type AtLeast,
  atleast1d,
  atleast2d,
  atleast3d,
  cat,
  columnStack,
  concat,
  concatenate,
  type ConcatenateArguments,
  dstack,
  hstack,
  rowStack,
  stack,
  vstack,
} from './joining';
export * from './splitting';
export { pad, type PadArguments, type PadMode } from './padding';
export * from './arranging';
export * from './repetition';
export {
  diag,
  diagEmbed,
  diagflat,
  diagonal,
  type DiagonalArguments,
  type DiagonalOptions,
  fillDiagonal_,
  type FillDiagonalArguments,
  type IndicesArguments,
  trace,
  tril,
  trilIndices,
  triu,
  triuIndices,
} from './diagonals';
export * from './counting';
export * from './products';
export * from './distances';
export * from './einsum';
export * from './linalg';
export * from './linalg/lowrank';
export * from './histogram';
export * from './samples';
export * from './calculus';
export { bartlettWindow, blackmanWindow, blockDiag, hammingWindow, hannWindow, logspace, vander } from './generators';
export type { VanderOptions, WindowOptions } from './generators';
export { kaiserWindow, type KaiserOptions } from './windows';
export { istft, type IstftOptions, stft, type StftOptions } from './stft';
export * from './regions';
export * from './sorting';
export * from './distinct';
export * from './search';
export * from './read';
export { type PrintOptions, setPrintoptions } from './print';
export * from './properties';
import './to';
export type { Target } from './to';
