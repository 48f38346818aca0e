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
} from './tensors/create';
export * from './tensors/cast';
export * from './elementwise/arithmetic';
export { where } from './elementwise/where';
export * from './elementwise/math';
export * from './elementwise/binary';
export { gcd, lcm } from './elementwise/divisors';
export * from './elementwise/aliases';
export * from './elementwise/special';
export { i0, mvlgamma, polygamma } from './elementwise/special-functions';
export * from './layers/activations';
export * from './layers/softmax';
export * from './elementwise/erfinv';
export * from './random/random';
export * from './random/distributions';
export {
  alphaDropout,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  type DropoutFunction,
  type DropoutOptions,
  featureAlphaDropout,
} from './layers/dropout';
export * from './layers/noisy';
export { all, any, type Axes, mean, prod, type ReduceOptions, sum } from './reduce/reduce';
export type { AlongOptions } from './reduce/chosen';
export type { Named, ValuesAndIndices } from './kit/named';
export * from './reduce/extremes';
export * from './reduce/statistics';
export * from './reduce/scans';
export * from './sort/order';
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
} from './shape/views';
export { linear, type LinearOptions, matmul } from './linear/matmul';
export { bilinear, type BilinearArguments } from './linear/bilinear';
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
} from './layers/conv';
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
} from './layers/pooling';
export {
  type MaxUnpool,
  maxUnpool1d,
  maxUnpool2d,
  maxUnpool3d,
  type MaxUnpoolOptions,
  type UnpoolArguments,
} from './layers/unpooling';
export { type LpPool, lpPool1d, lpPool2d, lpPool3d, type LpPoolOptions, type LpPoolSizes } from './layers/lp-pooling';
export {
  type FractionalMaxPool,
  fractionalMaxPool2d,
  fractionalMaxPool3d,
  type FractionalPoolOptions,
} from './layers/fractional-pooling';
export {
  batchNorm,
  type BatchNormOptions,
  instanceNorm,
  type InstanceNormOptions,
  type RunningStatistics,
} from './layers/normalization';
export {
  groupNorm,
  layerNorm,
  type NormalizedShape,
  type NormOptions,
  type NumGroups,
  rmsNorm,
  type RmsNormOptions,
} from './layers/row-norm';
export { localResponseNorm, type LocalResponseNormOptions } from './layers/local-response';
export {
  channelShuffle,
  interpolate,
  type InterpolateMode,
  type InterpolateOptions,
  pixelShuffle,
  pixelUnshuffle,
} from './layers/resample';
export * from './layers/positions';
export * from './layers/grid-sample';
export {
  type AttentionOptions,
  causalMask,
  type CausalMaskArguments,
  type KeyAndValue,
  paddingMask,
  scaledDotProductAttention,
} from './layers/attention';
export {
  gather,
  type IndexArguments,
  indexSelect,
  scatter,
  scatter_,
  scatterAdd,
  scatterAdd_,
  type ScatterAddArguments,
  type ScatterArguments,
  take,
  takeAlongDim,
} from './indexing/gather';
export {
  indexAdd,
  indexAdd_,
  type IndexAddArguments,
  indexCopy,
  indexCopy_,
  type IndexCopyArguments,
  indexFill,
  indexFill_,
  type IndexFillArguments,
} from './indexing/slices';
export * from './indexing/put';
export * from './shape/as-strided';
export * from './indexing/scatter-reduce';
export type { IndexLike } from './indexing/checks';
export {
  type BagMode,
  embedding,
  embeddingBag,
  type EmbeddingBagOptions,
  type EmbeddingOptions,
} from './layers/embedding';
export * from './indexing/indexing';
export { fill_, maskedFill, maskedFill_, maskedSelect, zero_ } from './indexing/masking';
export type { MaskedFillArguments } from './indexing/masking';
export * from './indexing/masked-scatter';
export { argwhere, nonzero, type NonzeroOptions, type UnravelArguments, unravelIndex } from './indexing/nonzero';
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
} from './shape/joining';
export * from './shape/splitting';
export { pad, type PadArguments, type PadMode } from './shape/padding';
export * from './shape/arranging';
export * from './shape/repetition';
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
} from './shape/diagonals';
export * from './reduce/counting';
export * from './linear/products';
export * from './linear/distances';
export * from './linear/einsum';
export * from './linear/linalg';
export * from './linear/linalg/lowrank';
export * from './reduce/histogram';
export * from './reduce/covariance';
export * from './shape/combinations';
export * from './reduce/calculus';
export {
  bartlettWindow,
  blackmanWindow,
  blockDiag,
  hammingWindow,
  hannWindow,
  logspace,
  vander,
} from './tensors/generators';
export type { VanderOptions, WindowOptions } from './tensors/generators';
export { kaiserWindow, type KaiserOptions } from './signal/windows';
export { istft, type IstftOptions, stft, type StftOptions } from './signal/stft';
export * from './shape/regions';
export { argsort, msort, sort, type SortOptions, topk, type TopkOptions } from './sort/sorting';
export * from './sort/distinct';
export * from './sort/search';
export * from './tensors/read';
export { type PrintOptions, setPrintoptions } from './tensors/print';
export * from './tensors/properties';
import './tensors/to';
export type { Target } from './tensors/to';
