/**
 * @file In-place forms as functions, as torch has them beside the methods: `ng.relu_(x)` is `x.relu_()`. They change the
 * tensor and return it.
 */
import { needTensor, Tensor } from '../core/tensor';

type InPlaceName = { [K in keyof Tensor]: Tensor[K] extends (...args: never) => Tensor ? K : never }[keyof Tensor] &
  `${string}_`;
/** A method of tensors as a function. */
type AsFunction<K extends InPlaceName> = (x: Tensor, ...args: Parameters<Tensor[K]>) => Tensor;

const inPlace =
  <K extends InPlaceName>(name: K): AsFunction<K> =>
  (x, ...args) => {
    needTensor(name, x);
    return (x[name] as (...list: unknown[]) => Tensor)(...args);
  };

/** {@link abs} in place. */
export const abs_ = inPlace('abs_');
/** {@link acos} in place. */
export const acos_ = inPlace('acos_');
/** {@link acosh} in place. */
export const acosh_ = inPlace('acosh_');
/** {@link addmv} in place. */
export const addmv_ = inPlace('addmv_');
/** {@link arccos} in place. */
export const arccos_ = inPlace('arccos_');
/** {@link arccosh} in place. */
export const arccosh_ = inPlace('arccosh_');
/** {@link arcsin} in place. */
export const arcsin_ = inPlace('arcsin_');
/** {@link arcsinh} in place. */
export const arcsinh_ = inPlace('arcsinh_');
/** {@link arctan} in place. */
export const arctan_ = inPlace('arctan_');
/** {@link arctanh} in place. */
export const arctanh_ = inPlace('arctanh_');
/** {@link asin} in place. */
export const asin_ = inPlace('asin_');
/** {@link asinh} in place. */
export const asinh_ = inPlace('asinh_');
/** {@link atan} in place. */
export const atan_ = inPlace('atan_');
/** {@link atanh} in place. */
export const atanh_ = inPlace('atanh_');
/** {@link ceil} in place. */
export const ceil_ = inPlace('ceil_');
/** {@link celu} in place. */
export const celu_ = inPlace('celu_');
/** {@link clamp} in place. */
export const clamp_ = inPlace('clamp_');
/** {@link clampMax} in place. */
export const clampMax_ = inPlace('clampMax_');
/** {@link clampMin} in place. */
export const clampMin_ = inPlace('clampMin_');
/** {@link clip} in place. */
export const clip_ = inPlace('clip_');
/** {@link cos} in place. */
export const cos_ = inPlace('cos_');
/** {@link cosh} in place. */
export const cosh_ = inPlace('cosh_');
/** {@link deg2rad} in place. */
export const deg2rad_ = inPlace('deg2rad_');
/** Takes the tensor out of the autograd graph: it becomes a leaf that requires no gradients. Not for views. */
export const detach_ = inPlace('detach_');
/** {@link elu} in place. */
export const elu_ = inPlace('elu_');
/** {@link erf} in place. */
export const erf_ = inPlace('erf_');
/** {@link erfc} in place. */
export const erfc_ = inPlace('erfc_');
/** {@link exp2} in place. */
export const exp2_ = inPlace('exp2_');
/** {@link exp} in place. */
export const exp_ = inPlace('exp_');
/** {@link expm1} in place. */
export const expm1_ = inPlace('expm1_');
/** {@link fix} in place. */
export const fix_ = inPlace('fix_');
/** {@link floor} in place. */
export const floor_ = inPlace('floor_');
/** {@link frac} in place. */
export const frac_ = inPlace('frac_');
/** {@link gcd} in place. */
export const gcd_ = inPlace('gcd_');
/** {@link hardtanh} in place. */
export const hardtanh_ = inPlace('hardtanh_');
/** {@link i0} in place. */
export const i0_ = inPlace('i0_');
/** {@link lcm} in place. */
export const lcm_ = inPlace('lcm_');
/** {@link ldexp} in place. */
export const ldexp_ = inPlace('ldexp_');
/** {@link leakyRelu} in place. */
export const leakyRelu_ = inPlace('leakyRelu_');
/** {@link log10} in place. */
export const log10_ = inPlace('log10_');
/** {@link log1p} in place. */
export const log1p_ = inPlace('log1p_');
/** {@link log2} in place. */
export const log2_ = inPlace('log2_');
/** {@link log} in place. */
export const log_ = inPlace('log_');
/** {@link logit} in place. */
export const logit_ = inPlace('logit_');
/** {@link nanToNum} in place. */
export const nanToNum_ = inPlace('nanToNum_');
/** {@link neg} in place. */
export const neg_ = inPlace('neg_');
/** {@link negative} in place. */
export const negative_ = inPlace('negative_');
/** {@link rad2deg} in place. */
export const rad2deg_ = inPlace('rad2deg_');
/** {@link reciprocal} in place. */
export const reciprocal_ = inPlace('reciprocal_');
/** {@link relu} in place. */
export const relu_ = inPlace('relu_');
/** {@link round} in place. */
export const round_ = inPlace('round_');
/** {@link rsqrt} in place. */
export const rsqrt_ = inPlace('rsqrt_');
/** {@link selu} in place. */
export const selu_ = inPlace('selu_');
/** {@link sigmoid} in place. */
export const sigmoid_ = inPlace('sigmoid_');
/** {@link sin} in place. */
export const sin_ = inPlace('sin_');
/** {@link sinc} in place. */
export const sinc_ = inPlace('sinc_');
/** {@link sinh} in place. */
export const sinh_ = inPlace('sinh_');
/** {@link sqrt} in place. */
export const sqrt_ = inPlace('sqrt_');
/** {@link square} in place. */
export const square_ = inPlace('square_');
/** {@link tan} in place. */
export const tan_ = inPlace('tan_');
/** {@link tanh} in place. */
export const tanh_ = inPlace('tanh_');
/** {@link threshold} in place. */
export const threshold_ = inPlace('threshold_');
/** {@link trunc} in place. */
export const trunc_ = inPlace('trunc_');
/** {@link xlogy} in place. */
export const xlogy_ = inPlace('xlogy_');
