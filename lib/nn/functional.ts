/** @file Layers as functions, as torch.nn.functional. */
export * from '../ops/activations';
export { softmax, logSoftmax, softmin } from '../ops/softmax';
export { tanh } from '../ops/math';
export { alphaDropout, dropout, dropout1d, dropout2d, dropout3d } from '../ops/dropout';
export { linear } from '../ops/matmul';
export { embedding, embeddingBag } from '../ops/embedding';
export { scaledDotProductAttention } from '../ops/attention';
export { layerNorm } from '../ops/norm';
export {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  gaussianNllLoss,
  huberLoss,
  klDiv,
  l1Loss,
  mseLoss,
  nllLoss,
  poissonNllLoss,
  smoothL1Loss,
  softMarginLoss,
} from '../ops/losses';
