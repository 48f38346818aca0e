// Opcodes of the unary and binary kernels. lib/ looks them up by name. Temporary until branch elem lands the real
// kernels (its list must hold these names, with these parameters): bring-up kernels are in zy_bringup_elementwise.cpp.
#pragma once

// name                 out = op(a, p0, p1)
#define NG_UNARY_OPS(U) \
  U(neg) U(abs) U(sign) U(square) U(sqrt) U(rsqrt) U(reciprocal) \
  U(exp) U(exp2) U(expm1) U(log) U(log2) U(log10) U(log1p) \
  U(sin) U(cos) U(tan) U(asin) U(acos) U(atan) U(sinh) U(cosh) U(tanh) U(asinh) U(acosh) U(atanh) \
  U(erf) U(erfc) U(lgamma) U(digamma) \
  U(floor) U(ceil) U(round) U(trunc) U(frac) \
  U(isnan) U(isinf) U(isfinite) U(logicalNot) U(bitwiseNot) \
  U(clamp)       /* p0 = min, p1 = max; NaN stays NaN */ \
  U(sigmoid) U(relu) U(silu) U(mish) U(gelu) U(geluTanh) U(selu) U(logSigmoid) U(softsign) U(hardsigmoid) U(hardswish) \
  U(leakyRelu)   /* p0 = slope below 0 */ \
  U(elu)         /* p0 = alpha */ \
  U(celu)        /* p0 = alpha */ \
  U(softplus)    /* p0 = beta, p1 = threshold */ \
  U(threshold)   /* a > p0 ? a : p1 */ \
  U(softshrink)  /* p0 = lambda */ \
  U(hardshrink)  /* p0 = lambda */

// name                 out = op(a, b)
#define NG_BINARY_OPS(B) \
  B(add) B(sub) B(mul) B(div) B(floorDivide) B(remainder) B(fmod) B(pow) \
  B(maximum) B(minimum) B(fmax) B(fmin) B(atan2) B(hypot) B(copysign) B(xlogy) \
  B(eq) B(ne) B(lt) B(le) B(gt) B(ge) \
  B(logicalAnd) B(logicalOr) B(logicalXor) B(bitwiseAnd) B(bitwiseOr) B(bitwiseXor) B(leftShift) B(rightShift) \
  /* gradients, op(g, y) with the saved result y */ \
  B(reluGrad) B(sigmoidGrad) B(tanhGrad) \
  /* gradients, op(g, x) with the saved input x and the parameters of the op */ \
  B(siluGrad) B(mishGrad) B(geluGrad) B(geluTanhGrad) B(seluGrad) B(logSigmoidGrad) B(softsignGrad) \
  B(hardsigmoidGrad) B(hardswishGrad) B(leakyReluGrad) B(eluGrad) B(celuGrad) B(softplusGrad) B(thresholdGrad) \
  B(clampGrad)     /* g where p0 <= x <= p1 */ \
  B(hardtanhGrad)  /* g where p0 < x < p1 */ \
  B(shrinkGrad)    /* g where |x| > p0: of softshrink and hardshrink */
