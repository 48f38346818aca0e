/** @file `ng.special`: special functions under the names of torch.special. */
export { sigmoid as expit } from './ops/layers/activations';
export { xlogy } from './ops/elementwise/binary';
export { erfinv } from './ops/elementwise/erfinv';
export {
  digamma,
  digamma as psi,
  erf,
  erfc,
  exp2,
  expm1,
  lgamma as gammaln,
  log1p,
  logit,
  round,
} from './ops/elementwise/math';
export { logSoftmax, softmax } from './ops/layers/softmax';
export { sinc } from './ops/elementwise/special';
export {
  besselJ0,
  besselJ1,
  besselY0,
  besselY1,
  entr,
  erfcx,
  i0,
  i0 as modifiedBesselI0,
  i0e,
  i1,
  i1 as modifiedBesselI1,
  i1e,
  logNdtr,
  multigammaln,
  ndtr,
  ndtri,
  polygamma,
  xlog1py,
  zeta,
} from './ops/elementwise/special-functions';
export { logsumexp } from './ops/reduce/statistics';
