// Special functions in double, for elementwise kernels on the CPU and on CUDA: errors in ulp are in the op table's
// rows.
//
// Coefficients of the Bessel functions, the inverse normal distribution and zeta are those of S. Moshier's Cephes.
// These functions are too long to be copied into every loop, so they are called; each instruction set has its own.
#pragma once
#include "math.h"

#if defined(__CUDACC__)
#define NG_SPECIAL static __host__ __device__ __noinline__
#else
#define NG_SPECIAL static inline __attribute__((noinline))
#endif

#if defined(NG_ISA)
namespace ng::NG_ISA::m {
#else
namespace ng::m {
#endif

// The sum of c[i] T_(n-1-i)(x / 2), the last halved (Clenshaw).
template <class... C>
NG_FN double chebyshev(double x, C... c) {
  double b0 = 0, b1 = 0, b2 = 0;
  ((b2 = b1, b1 = b0, b0 = x * b1 - b2 + c), ...);
  return 0.5 * (b0 - b2);
}

// --- modified Bessel functions of the first kind: exp(-|x|) I0(x) and exp(-|x|) I1(x) ---

NG_SPECIAL double i0e(double x) {
  const double a = abs(x);
  if (a <= 8) {
    return chebyshev(a / 2 - 2, -4.4153416464793395e-18, 3.3307945188222384e-17, -2.431279846547955e-16,
                     1.715391285555133e-15, -1.1685332877993451e-14, 7.676185498604936e-14, -4.856446783111929e-13,
                     2.95505266312964e-12, -1.726826291441556e-11, 9.675809035373237e-11, -5.189795601635263e-10,
                     2.6598237246823866e-09, -1.300025009986248e-08, 6.046995022541919e-08, -2.670793853940612e-07,
                     1.1173875391201037e-06, -4.4167383584587505e-06, 1.6448448070728896e-05, -5.754195010082104e-05,
                     0.00018850288509584165, -0.0005763755745385824, 0.0016394756169413357, -0.004324309995050576,
                     0.010546460394594998, -0.02373741480589947, 0.04930528423967071, -0.09490109704804764,
                     0.17162090152220877, -0.3046826723431984, 0.6767952744094761);
  }
  const double s = chebyshev(
      32 / a - 2, -7.233180487874754e-18, -4.830504485944182e-18, 4.46562142029676e-17, 3.461222867697461e-17,
      -2.8276239805165836e-16, -3.425485619677219e-16, 1.7725601330565263e-15, 3.8116806693526224e-15,
      -9.554846698828307e-15, -4.150569347287222e-14, 1.54008621752141e-14, 3.8527783827421426e-13,
      7.180124451383666e-13, -1.7941785315068062e-12, -1.3215811840447713e-11, -3.1499165279632416e-11,
      1.1889147107846439e-11, 4.94060238822497e-10, 3.3962320257083865e-09, 2.266668990498178e-08,
      2.0489185894690638e-07, 2.8913705208347567e-06, 6.889758346916825e-05, 0.0033691164782556943, 0.8044904110141088);
  return s / sqrt(a);
}
NG_SPECIAL double i1e(double x) {
  const double a = abs(x);
  if (a <= 8) {
    return x * chebyshev(a / 2 - 2, 2.7779141127610464e-18, -2.111421214358166e-17, 1.5536319577362005e-16,
                         -1.1055969477353862e-15, 7.600684294735408e-15, -5.042185504727912e-14, 3.223793365945575e-13,
                         -1.9839743977649436e-12, 1.1736186298890901e-11, -6.663489723502027e-11, 3.625590281552117e-10,
                         -1.8872497517228294e-09, 9.381537386495773e-09, -4.445059128796328e-08, 2.0032947535521353e-07,
                         -8.568720264695455e-07, 3.4702513081376785e-06, -1.3273163656039436e-05, 4.781565107550054e-05,
                         -0.00016176081582589674, 0.0005122859561685758, -0.0015135724506312532, 0.004156422944312888,
                         -0.010564084894626197, 0.024726449030626516, -0.05294598120809499, 0.1026436586898471,
                         -0.17641651835783406, 0.25258718644363365);
  }
  const double s =
      chebyshev(32 / a - 2, 7.517296310842105e-18, 4.414348323071708e-18, -4.6503053684893586e-17,
                -3.209525921993424e-17, 2.96262899764595e-16, 3.3082023109209285e-16, -1.8803547755107825e-15,
                -3.8144030724370075e-15, 1.0420276984128802e-14, 4.272440016711951e-14, -2.1015418427726643e-14,
                -4.0835511110921974e-13, -7.198551776245908e-13, 2.0356285441470896e-12, 1.4125807436613782e-11,
                3.2526035830154884e-11, -1.8974958123505413e-11, -5.589743462196584e-10, -3.835380385964237e-09,
                -2.6314688468895196e-08, -2.512236237870209e-07, -3.882564808877691e-06, -0.00011058893876262371,
                -0.009761097491361469, 0.7785762350182801);
  return copysign(s / sqrt(a), x);
}
NG_FN double i0(double x) { return abs(x) == infinity<double>() ? infinity<double>() : exp(abs(x)) * i0e(x); }
NG_FN double i1(double x) { return abs(x) == infinity<double>() ? x : exp(abs(x)) * i1e(x); }

// --- the normal distribution ---

// exp(x^2) erfc(x). The product is exact to rounding because exp gets what x x lost; where erfc leaves the range of
// double, the asymptotic series takes over.
NG_SPECIAL double erfcx(double x) {
  if (x < -26.7) return infinity<double>();
  if (x < 25) {
    const double s = x * x, lost = ::fma(x, x, -s);
    const double e = ::exp(s);
    return (e + e * lost) * ::erfc(x);
  }
  const double r = 0.5 / x / x;
  return 0.56418958354775628695 / x * (1 - r * (1 - 3 * r * (1 - 5 * r * (1 - 7 * r * (1 - 9 * r * (1 - 11 * r))))));
}
// log of the distribution function.
NG_SPECIAL double logNdtr(double x) {
  const double t = x * 0.70710678118654752440;
  return x < -1 ? ::log(erfcx(-t) / 2) - t * t : ::log1p(-::erfc(t) / 2);
}
// The x where the distribution function is p.
NG_SPECIAL double ndtri(double p) {
  if (!(p > 0 && p < 1)) return p == 0 ? -infinity<double>() : p == 1 ? infinity<double>() : notANumber<double>();
  const bool upper = p > 1 - 0.13533528323661269189;  // exp(-2)
  const double y = upper ? 1 - p : p;
  if (y > 0.13533528323661269189) {
    const double d = y - 0.5, z = d * d;
    const double q =
        poly(z, -59.96335010141079, 98.00107541859997, -56.67628574690703, 13.931260938727968, -1.2391658386738125) /
        poly(z, 1.0, 1.9544885833814176, 4.676279128988815, 86.36024213908905, -225.46268785411937, 200.26021238006066,
             -82.03722561683334, 15.90562251262117, -1.1833162112133);
    return (d + d * (z * q)) * 2.50662827463100050242;  // sqrt(2 pi)
  }
  const double x = ::sqrt(-2 * ::log(y)), z = 1 / x;
  const double q =
      x < 8
          ? poly(z, 4.0554489230596245, 31.525109459989388, 57.16281922464213, 44.08050738932008, 14.684956192885803,
                 2.1866330685079025, -0.1402560791713545, -0.03504246268278482, -0.0008574567851546854) /
                poly(z, 1.0, 15.779988325646675, 45.39076351288792, 41.3172038254672, 15.04253856929075,
                     2.504649462083094, -0.14218292285478779, -0.03808064076915783, -0.0009332594808954574)
          : poly(z, 3.2377489177694603, 6.915228890689842, 3.9388102529247444, 1.3330346081580755, 0.20148538954917908,
                 0.012371663481782003, 0.00030158155350823543, 2.6580697468673755e-06, 6.239745391849833e-09) /
                poly(z, 1.0, 6.02427039364742, 3.6798356385616087, 1.3770209948908132, 0.21623699359449663,
                     0.013420400608854318, 0.00032801446468212774, 2.8924786474538068e-06, 6.790194080099813e-09);
  const double r = x - ::log(x) / x - z * q;
  return upper ? r : -r;
}

// --- Hurwitz's zeta: the sum of (q + k)^-s over k >= 0 ---

// For q > 0, by Euler and Maclaurin's formula after the first terms.
NG_SPECIAL double zetaOfPositive(double s, double q) {
  const double factors[] = {12.0,
                            -720.0,
                            30240.0,
                            -1209600.0,
                            47900160.0,
                            -1.8924375803183791606e9,
                            7.47242496e10,
                            -2.950130727918164224e12,
                            1.1646782814350067249e14,
                            -4.5979787224074726105e15,
                            1.8152105401943546773e17,
                            -7.1661652561756670113e18};
  double sum = ::pow(q, -s), a = q, b = 0;
  for (int i = 0; i < 9 || a <= 9; i++) {
    a += 1;
    b = ::pow(a, -s);
    sum += b;
    if (abs(b) <= 0x1p-53 * abs(sum)) return sum;
  }
  const double w = a;
  sum += b * w / (s - 1) - 0.5 * b;
  double rising = 1, k = 0;
  for (const double factor : factors) {
    rising *= s + k;
    b /= w;
    const double t = rising * b / factor;
    sum += t;
    if (!(abs(t) >= 0x1p-53 * abs(sum))) return sum;
    rising *= s + k + 1;
    b /= w;
    k += 2;
  }
  return sum;
}
// For q < 0 and whole s the terms in front of 0 are those of two series from -q's fraction on: no loop over them.
NG_SPECIAL double zeta(double s, double q) {
  if (s == 1) return infinity<double>();
  if (!(s > 1) || q != q) return notANumber<double>();
  if (q > 0) return zetaOfPositive(s, q);
  const double whole = ::floor(q);
  if (whole == q) return infinity<double>();
  if (s != ::floor(s)) return notANumber<double>();
  const double up = q - whole;  // the first term behind 0
  const double before = zetaOfPositive(s, 1 - up) - zetaOfPositive(s, 1 - q);
  return (::fmod(s, 2) == 0 ? before : -before) + zetaOfPositive(s, up);
}

// --- Bessel functions, from the C library ---

NG_FN double besselJ0(double x) { return ::j0(x); }
NG_FN double besselJ1(double x) { return ::j1(x); }
NG_FN double besselY0(double x) { return x < 0 ? notANumber<double>() : ::y0(x); }
NG_FN double besselY1(double x) { return x < 0 ? notANumber<double>() : ::y1(x); }

// In float they are the rounded results of double.
#define NG_ROUNDED(name) \
  NG_FN float name(float x) { return static_cast<float>(name(static_cast<double>(x))); }
// clang-format off
NG_ROUNDED(i0) NG_ROUNDED(i0e) NG_ROUNDED(i1) NG_ROUNDED(i1e) NG_ROUNDED(erfcx) NG_ROUNDED(logNdtr) NG_ROUNDED(ndtri)
NG_ROUNDED(besselJ0) NG_ROUNDED(besselJ1) NG_ROUNDED(besselY0) NG_ROUNDED(besselY1)
// clang-format on
#undef NG_ROUNDED
        NG_FN float zeta(float s, float q) {
  return static_cast<float>(zeta(static_cast<double>(s), static_cast<double>(q)));
}

}  // namespace ng::m
