/** @file `ng.signal.windows`: windows under the names of torch.signal.windows. */
export {
  bartlett,
  blackman,
  cosine,
  exponential,
  gaussian,
  generalCosine,
  generalHamming,
  hamming,
  hann,
  kaiser,
  nuttall,
  type SignalWindowOptions,
} from './ops/signal/windows';
