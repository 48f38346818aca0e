// The elementwise operations: one row each, the only list there is. lib/ looks opcodes up by name (the addon exports
// the names); native/ops/elementwise_ops.h turns rows into functors, for the CPU and for CUDA.
//
//   U(name, kind, formula)   x: the element; p, q: the op's parameters
//   B(name, kind, formula)   x, y: the elements; p, q: the op's parameters
// kind: Real (floating), Num (every dtype), Whole (integers and bool), and with "Test" a bool result.
// m:: is native/ops/math.h. T is the element type. Formulas are written so that no finite input gives a NaN, and that
// NaN stays NaN. Fused gradients take (x = dL/dy, y = the saved value) and give dL/dx.
#pragma once

// clang-format off
#define NG_UNARY_OPS(U)                                                                                                \
  U(neg, Num, T(-x))                                                                                                   \
  U(abs, Num, T(x < T(0) ? T(-x) : x == T(0) ? T(0) : x))                                                              \
  U(sign, Num, T(x > T(0) ? T(1) : x < T(0) ? T(-1) : T(0)))                                                           \
  U(square, Num, T(x * x))                                                                                             \
  U(sqrt, Real, m::sqrt(x))                                                                                            \
  U(rsqrt, Real, T(1) / m::sqrt(x))                                                                                    \
  U(reciprocal, Real, T(1) / x)                                                                                        \
  U(exp, Real, m::exp(x))                                                                                              \
  U(exp2, Real, m::exp2(x))                                                                                            \
  U(expm1, Real, m::expm1(x))                                                                                          \
  U(log, Real, m::log(x))                                                                                              \
  U(log2, Real, m::log2(x))                                                                                            \
  U(log10, Real, m::log10(x))                                                                                          \
  U(log1p, Real, m::log1p(x))                                                                                          \
  U(sin, Real, m::sin(x))                                                                                              \
  U(cos, Real, m::cos(x))                                                                                              \
  U(tan, Real, m::tan(x))                                                                                              \
  U(asin, Real, m::asin(x))                                                                                            \
  U(acos, Real, m::acos(x))                                                                                            \
  U(atan, Real, m::atan(x))                                                                                            \
  U(sinh, Real, m::sinh(x))                                                                                            \
  U(cosh, Real, m::cosh(x))                                                                                            \
  U(tanh, Real, m::tanh(x))                                                                                            \
  U(asinh, Real, m::asinh(x))                                                                                          \
  U(acosh, Real, m::acosh(x))                                                                                          \
  U(atanh, Real, m::atanh(x))                                                                                          \
  U(erf, Real, m::erf(x))                                                                                              \
  U(erfc, Real, m::erfc(x))                                                                                            \
  U(lgamma, Real, m::lgamma(x))                                                                                        \
  U(digamma, Real, m::digamma(x))                                                                                      \
  U(entr, Real, x != x ? x : x > T(0) ? -x * m::log(x) : x == T(0) ? T(0) : T(-__builtin_inf()))                       \
  U(erfcx, Real, m::erfcx(x))                                                                                          \
  U(logNdtr, Real, m::logNdtr(x))                                                                                      \
  U(ndtri, Real, m::ndtri(x))                                                                                          \
  U(i0, Real, m::i0(x))                                                                                                \
  U(i0e, Real, m::i0e(x))                                                                                              \
  U(i1, Real, m::i1(x))                                                                                                \
  U(i1e, Real, m::i1e(x))                                                                                              \
  U(besselJ0, Real, m::besselJ0(x))                                                                                    \
  U(besselJ1, Real, m::besselJ1(x))                                                                                    \
  U(besselY0, Real, m::besselY0(x))                                                                                    \
  U(besselY1, Real, m::besselY1(x))                                                                                    \
  U(floor, Num, rounded<T>(x, [](auto v) { return m::floor(v); }))                                                     \
  U(ceil, Num, rounded<T>(x, [](auto v) { return m::ceil(v); }))                                                       \
  U(round, Num, rounded<T>(x, [](auto v) { return m::rint(v); }))                                                      \
  U(trunc, Num, rounded<T>(x, [](auto v) { return m::trunc(v); }))                                                     \
  U(frac, Real, x - m::trunc(x))                                                                                       \
  U(isnan, NumTest, x != x)                                                                                            \
  U(isinf, NumTest, infinite(x))                                                                                       \
  U(isfinite, NumTest, x == x && !infinite(x))                                                                         \
  U(logicalNot, NumTest, !(x != T(0)))                                                                                 \
  U(bitwiseNot, Whole, flip(x))                                                                                        \
  U(nanToNum, Real, finiteOf(x, p))                                                                                    \
  U(clamp, Num, T(x < T(p) ? T(p) : x > T(q) ? T(q) : x))                                                              \
  U(threshold, Num, T(x <= T(p) ? T(q) : x))                                                                           \
  U(relu, Num, T(x < T(0) ? T(0) : x))                                                                                 \
  U(relu6, Real, x < T(0) ? T(0) : x > T(6) ? T(6) : x)                                                                \
  U(leakyRelu, Real, x < T(0) ? x * T(p) : x)                                                                          \
  U(elu, Real, x < T(0) ? m::expm1(x) * T(p) : x)                                                                      \
  U(celu, Real, x < T(0) ? m::expm1(x / T(p)) * T(p) : x)                                                              \
  U(selu, Real, x < T(0) ? m::expm1(x) * T(1.7580993408473766) : x * T(1.0507009873554805))                            \
  U(gelu, Real, x * m::normalCdf(x))                                                                                   \
  U(geluTanh, Real, x * m::sigmoid(geluInner(x) * T(2)))                                                               \
  U(sigmoid, Real, m::sigmoid(x))                                                                                      \
  U(logSigmoid, Real, -m::log1pexp(-x))                                                                                \
  U(silu, Real, x * m::sigmoid(x))                                                                                     \
  U(mish, Real, x * m::tanh(m::log1pexp(x)))                                                                           \
  U(softplus, Real, x * T(p) > T(q) ? x : m::log1pexp(x * T(p)) / T(p))                                                \
  U(softsign, Real, x / (T(1) + m::abs(x)))                                                                            \
  U(hardsigmoid, Real, x < T(-3) ? T(0) : x > T(3) ? T(1) : x / T(6) + T(0.5))                                         \
  U(hardswish, Real, x < T(-3) ? T(0) : x > T(3) ? x : x * (x + T(3)) / T(6))                                          \
  U(hardtanh, Real, x < T(p) ? T(p) : x > T(q) ? T(q) : x)

#define NG_BINARY_OPS(B)                                                                                               \
  B(add, Num, T(x + y))                                                                                                \
  B(sub, Num, T(x - y))                                                                                                \
  B(mul, Num, T(x * y))                                                                                                \
  B(div, Real, x / y)                                                                                                  \
  B(floorDivide, Num, floorDiv(x, y))                                                                                  \
  B(remainder, Num, modulo(x, y))                                                                                      \
  B(fmod, Num, fmodOf(x, y))                                                                                           \
  B(pow, Num, powOf(x, y))                                                                                             \
  B(maximum, Num, T(x != x ? x : y != y ? y : x > y ? x : y))                                                          \
  B(minimum, Num, T(x != x ? x : y != y ? y : x < y ? x : y))                                                          \
  B(fmax, Real, x != x ? y : y != y ? x : x > y ? x : y)                                                               \
  B(fmin, Real, x != x ? y : y != y ? x : x < y ? x : y)                                                               \
  B(atan2, Real, m::atan2(x, y))                                                                                       \
  B(hypot, Real, m::hypot(x, y))                                                                                       \
  B(copysign, Real, m::copysign(x, y))                                                                                 \
  B(xlogy, Real, y != y ? y : x == T(0) ? T(0) : x * m::log(y))                                                        \
  B(xlog1py, Real, y != y ? y : x == T(0) ? T(0) : x * m::log1p(y))                                                    \
  B(zeta, Real, m::zeta(x, y))                                                                                         \
  B(gcd, Whole, gcdOf(x, y))                                                                                           \
  B(lcm, Whole, lcmOf(x, y))                                                                                           \
  B(eq, NumTest, x == y)                                                                                               \
  B(ne, NumTest, x != y)                                                                                               \
  B(lt, NumTest, x < y)                                                                                                \
  B(le, NumTest, x <= y)                                                                                               \
  B(gt, NumTest, x > y)                                                                                                \
  B(ge, NumTest, x >= y)                                                                                               \
  B(logicalAnd, NumTest, x != T(0) && y != T(0))                                                                       \
  B(logicalOr, NumTest, x != T(0) || y != T(0))                                                                        \
  B(logicalXor, NumTest, (x != T(0)) != (y != T(0)))                                                                   \
  B(bitwiseAnd, Whole, T(x & y))                                                                                       \
  B(bitwiseOr, Whole, T(x | y))                                                                                        \
  B(bitwiseXor, Whole, T(x ^ y))                                                                                       \
  B(leftShift, Whole, shiftLeft(x, y))                                                                                 \
  B(rightShift, Whole, shiftRight(x, y))                                                                               \
  /* gradients: x = dL/dresult, y = the saved input, or result where noted */                                          \
  B(absGrad, Real, y > T(0) ? x : y < T(0) ? -x : y == T(0) ? T(0) : y)                                                \
  B(sqrtGrad, Real, x * T(0.5) / y) /* y: result */                                                                    \
  B(rsqrtGrad, Real, x * T(-0.5) * y * y * y) /* y: result */                                                          \
  B(reciprocalGrad, Real, -x * y * y) /* y: result */                                                                  \
  B(erfGrad, Real, x * T(1.1283791670955126) * m::exp(-y * y))                                                         \
  B(clampGrad, Real, y < T(p) || y > T(q) ? T(0) : x)                                                                  \
  B(thresholdGrad, Real, y <= T(p) ? T(0) : x)                                                                         \
  B(reluGrad, Real, y > T(0) ? x : T(0)) /* y: input or result */                                                      \
  B(relu6Grad, Real, y > T(0) && y < T(6) ? x : T(0))                                                                  \
  B(leakyReluGrad, Real, y > T(0) ? x : x * T(p))                                                                      \
  B(eluGrad, Real, y <= T(0) ? x * T(p) * m::exp(y) : x)                                                               \
  B(celuGrad, Real, y < T(0) ? x * m::exp(y / T(p)) : x)                                                               \
  B(seluGrad, Real, y <= T(0) ? x * T(1.7580993408473766) * m::exp(y) : x * T(1.0507009873554805))                     \
  B(geluGrad, Real, x * (m::normalCdf(y) + bounded(y) * m::normalPdf(y)))                                              \
  B(geluTanhGrad, Real, x * geluTanhSlope(y))                                                                          \
  B(sigmoidGrad, Real, x * y * (T(1) - y)) /* y: result */                                                             \
  B(logSigmoidGrad, Real, x * m::sigmoid(-y))                                                                          \
  B(tanhGrad, Real, x * (T(1) - y * y)) /* y: result */                                                                \
  B(siluGrad, Real, x * m::sigmoid(y) * (T(1) + bounded(y) * m::sigmoid(-y)))                                          \
  B(mishGrad, Real, x * mishSlope(y))                                                                                  \
  B(softplusGrad, Real, y * T(p) > T(q) ? x : x * m::sigmoid(y * T(p)))                                                \
  B(softsignGrad, Real, x / ((T(1) + m::abs(y)) * (T(1) + m::abs(y))))                                                 \
  B(hardsigmoidGrad, Real, y > T(-3) && y < T(3) ? x / T(6) : T(0))                                                    \
  B(hardswishGrad, Real, y <= T(-3) ? T(0) : y < T(3) ? x * (y / T(3) + T(0.5)) : x)                                    \
  B(hardtanhGrad, Real, y > T(p) && y < T(q) ? x : T(0))
// clang-format on
