// Temporary list until the real elementwise kernels land (branch elem): names only.
#pragma once
#define NG_UNARY_OPS(U) U(neg) U(abs) U(sign) U(square) U(sqrt) U(rsqrt) U(reciprocal) U(exp) U(exp2) U(expm1) U(log) U(log2) U(log10) U(log1p) U(sin) U(cos) U(tan) U(asin) U(acos) U(atan) U(sinh) U(cosh) U(tanh) U(asinh) U(acosh) U(atanh) U(erf) U(erfc) U(sigmoid) U(relu) U(floor) U(ceil) U(round) U(trunc) U(isnan) U(isinf) U(isfinite) U(logicalNot)
#define NG_BINARY_OPS(B) B(add) B(sub) B(mul) B(div) B(floorDivide) B(remainder) B(fmod) B(pow) B(maximum) B(minimum) B(eq) B(ne) B(lt) B(le) B(gt) B(ge) B(logicalAnd) B(logicalOr) B(logicalXor) B(reluGrad) B(sigmoidGrad) B(tanhGrad)
