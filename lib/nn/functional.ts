/** @file Layers as functions, as torch.nn.functional. */
export * from '../ops/layers/activations';
export { logSigmoid as logsigmoid } from '../ops/layers/activations';
export { softmax, logSoftmax, softmin } from '../ops/layers/softmax';
export { tanh } from '../ops/elementwise/math';
export { gumbelSoftmax, rrelu_ } from '../ops/layers/noisy';
export { celu_, elu_, hardtanh_, leakyRelu_, relu_, selu_, threshold_ } from '../ops/in-place-functions';
// These take the argument inplace; they stand before the ops of the same names.
export {
  alphaDropout,
  celu,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  elu,
  featureAlphaDropout,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  mish,
  relu,
  relu6,
  rrelu,
  selu,
  silu,
  threshold,
} from './functional-in-place';
export { linear } from '../ops/linear/matmul';
export { bilinear } from '../ops/linear/bilinear';
export { conv1d, conv2d, conv3d, convTranspose1d, convTranspose2d, convTranspose3d } from '../ops/layers/conv';
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  maxPool1d,
  maxPool2d,
  maxPool3d,
} from '../ops/layers/pooling';
export { fractionalMaxPool2d, fractionalMaxPool3d } from '../ops/layers/fractional-pooling';
export { maxUnpool1d, maxUnpool2d, maxUnpool3d } from '../ops/layers/unpooling';
export { lpPool1d, lpPool2d, lpPool3d } from '../ops/layers/lp-pooling';
export { batchNorm, instanceNorm } from '../ops/layers/normalization';
export { groupNorm, layerNorm, rmsNorm } from '../ops/layers/row-norm';
export { localResponseNorm } from '../ops/layers/local-response';
export { pad } from '../ops/shape/padding';
export { oneHot } from '../ops/reduce/counting';
export {
  channelShuffle,
  fold,
  interpolate,
  pixelShuffle,
  pixelUnshuffle,
  unfoldPatches as unfold,
  upsample,
  upsampleBilinear,
  upsampleNearest,
} from '../ops/layers/resample';
export { affineGrid, gridSample } from '../ops/layers/grid-sample';
export { pdist } from '../ops/linear/distances';
export { embedding, embeddingBag } from '../ops/layers/embedding';
export { scaledDotProductAttention } from '../ops/layers/attention';
export {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  categoricalCrossentropy,
  cosineEmbeddingLoss,
  cosineSimilarity,
  normalize,
  crossEntropy,
  ctcLoss,
  gaussianNllLoss,
  hingeEmbeddingLoss,
  hingeLoss,
  huberLoss,
  klDiv,
  l1Loss,
  marginRankingLoss,
  mseLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  multiMarginLoss,
  nllLoss,
  pairwiseDistance,
  poissonNllLoss,
  smoothL1Loss,
  softMarginLoss,
  sparseCategoricalCrossentropy,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} from '../ops/losses/losses';
