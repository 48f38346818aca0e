// Discrete Fourier transforms of lines of any length. Mixed radix with self-sorting stages (Stockham; see Van Loan,
// Computational Frameworks for the Fast Fourier Transform, 1992, section 1.7); lengths with a large prime factor become
// a convolution of a power of two (Bluestein 1970). Several lines are transformed side by side, one per lane, so that
// the innermost loops are long and contiguous from the first stage on.
#include "kernels.h"
#include "ops/kit/apart.h"
#include "runtime/parallel.h"
#include "runtime/scratch.h"

namespace ng::NG_ISA {
namespace {

constexpr int64_t kLargestPrime = 61;      // beyond it the convolution is cheaper than a sum over all terms
constexpr int64_t kLanes = 16;             // lines side by side, at most
constexpr int64_t kWorkBytes = 256 << 10;  // of those lines, to stay in the second-level cache
constexpr int64_t kGrain = 16384;          // elements per task, at least
constexpr int64_t kTile = 16;              // elements of a line that are read or written together
constexpr double kTurn = 6.283185307179586;

enum class From : int64_t { complex, real, hermitian };
template <From kFrom>
struct Kind {
  static constexpr From kValue = kFrom;
};

template <class C>
struct Complex {  // an array of complex numbers as two arrays
  C* re;
  C* im;
  Complex at(int64_t i) const { return {re + i, im + i}; }
};

struct Factors {
  int count = 0;
  int64_t f[64];
  int64_t largest = 1;
};

Factors factorsOf(int64_t n) {
  Factors r;
  const auto divide = [&](int64_t d) {
    while (n % d == 0) {
      r.f[r.count++] = d;
      r.largest = d > r.largest ? d : r.largest;
      n /= d;
    }
  };
  divide(4);
  for (int64_t d = 2; d * d <= n; d++) divide(d);
  if (n > 1) divide(n);
  return r;
}

// w[j] = exp(-2 pi i j / n), from two tables of about sqrt(n) values, in double precision.
template <class C>
void turns(Complex<C> w, int64_t n) {
  int64_t low = 1;
  while (low * low < n) low *= 2;
  const Scratch<double> fineRe(2 * low);
  double* const fineIm = fineRe + low;
  for (int64_t j = 0; j < low; j++) {
    fineRe[j] = __builtin_cos(kTurn * static_cast<double>(j) / static_cast<double>(n));
    fineIm[j] = -__builtin_sin(kTurn * static_cast<double>(j) / static_cast<double>(n));
  }
  for (int64_t base = 0; base < n; base += low) {
    const double c = __builtin_cos(kTurn * static_cast<double>(base) / static_cast<double>(n));
    const double s = -__builtin_sin(kTurn * static_cast<double>(base) / static_cast<double>(n));
    const int64_t m = n - base < low ? n - base : low;
    for (int64_t j = 0; j < m; j++) {
      w.re[base + j] = static_cast<C>(c * fineRe[j] - s * fineIm[j]);
      w.im[base + j] = static_cast<C>(c * fineIm[j] + s * fineRe[j]);
    }
  }
}

// Stages of one radix r: the sum over r inputs, m s apart, times the turn of the output. x is [r, m, s], y is [m, r,
// s]; turn j of this stage's length is w[j * step].
template <class C>
void stage2(Complex<C> y, Complex<C> x, int64_t m, int64_t s, Complex<C> w, int64_t step) {
  for (int64_t p = 0; p < m; p++) {
    const Complex<C> a = x.at(s * p), b = x.at(s * (p + m)), u = y.at(2 * s * p), v = y.at(s * (2 * p + 1));
    const C c = w.re[p * step], d = w.im[p * step];
    NG_APART
    for (int64_t q = 0; q < s; q++) {
      const C re = a.re[q] - b.re[q], im = a.im[q] - b.im[q];
      u.re[q] = a.re[q] + b.re[q];
      u.im[q] = a.im[q] + b.im[q];
      v.re[q] = re * c - im * d;
      v.im[q] = re * d + im * c;
    }
  }
}

template <class C>
void stage3(Complex<C> y, Complex<C> x, int64_t m, int64_t s, Complex<C> w, int64_t step) {
  constexpr C kHalf = C(0.5), kRoot = C(0.8660254037844386);  // sqrt(3) / 2
  for (int64_t p = 0; p < m; p++) {
    const Complex<C> a = x.at(s * p), b = x.at(s * (p + m)), c = x.at(s * (p + 2 * m));
    const Complex<C> y0 = y.at(3 * s * p), y1 = y0.at(s), y2 = y0.at(2 * s);
    const C c1 = w.re[p * step], d1 = w.im[p * step], c2 = w.re[2 * p * step], d2 = w.im[2 * p * step];
    NG_APART
    for (int64_t q = 0; q < s; q++) {
      const C sumRe = b.re[q] + c.re[q], sumIm = b.im[q] + c.im[q];
      const C midRe = a.re[q] - kHalf * sumRe, midIm = a.im[q] - kHalf * sumIm;
      const C difRe = kRoot * (b.re[q] - c.re[q]), difIm = kRoot * (b.im[q] - c.im[q]);
      const C re1 = midRe + difIm, im1 = midIm - difRe, re2 = midRe - difIm, im2 = midIm + difRe;
      y0.re[q] = a.re[q] + sumRe;
      y0.im[q] = a.im[q] + sumIm;
      y1.re[q] = re1 * c1 - im1 * d1;
      y1.im[q] = re1 * d1 + im1 * c1;
      y2.re[q] = re2 * c2 - im2 * d2;
      y2.im[q] = re2 * d2 + im2 * c2;
    }
  }
}

template <class C>
void stage4(Complex<C> y, Complex<C> x, int64_t m, int64_t s, Complex<C> w, int64_t step) {
  for (int64_t p = 0; p < m; p++) {
    const Complex<C> a = x.at(s * p), b = x.at(s * (p + m)), c = x.at(s * (p + 2 * m)), d = x.at(s * (p + 3 * m));
    const Complex<C> y0 = y.at(4 * s * p), y1 = y0.at(s), y2 = y0.at(2 * s), y3 = y0.at(3 * s);
    const C c1 = w.re[p * step], d1 = w.im[p * step], c2 = w.re[2 * p * step], d2 = w.im[2 * p * step],
            c3 = w.re[3 * p * step], d3 = w.im[3 * p * step];
    NG_APART
    for (int64_t q = 0; q < s; q++) {
      const C acRe = a.re[q] + c.re[q], acIm = a.im[q] + c.im[q], bdRe = b.re[q] + d.re[q], bdIm = b.im[q] + d.im[q];
      const C aMcRe = a.re[q] - c.re[q], aMcIm = a.im[q] - c.im[q];
      const C bMdRe = b.re[q] - d.re[q], bMdIm = b.im[q] - d.im[q];
      const C re1 = aMcRe + bMdIm, im1 = aMcIm - bMdRe, re2 = acRe - bdRe, im2 = acIm - bdIm, re3 = aMcRe - bMdIm,
              im3 = aMcIm + bMdRe;
      y0.re[q] = acRe + bdRe;
      y0.im[q] = acIm + bdIm;
      y1.re[q] = re1 * c1 - im1 * d1;
      y1.im[q] = re1 * d1 + im1 * c1;
      y2.re[q] = re2 * c2 - im2 * d2;
      y2.im[q] = re2 * d2 + im2 * c2;
      y3.re[q] = re3 * c3 - im3 * d3;
      y3.im[q] = re3 * d3 + im3 * c3;
    }
  }
}

template <class C>
void stageAny(Complex<C> y, Complex<C> x, int64_t r, int64_t m, int64_t s, Complex<C> w, int64_t step) {
  const int64_t one = m * step;  // turns of r are this far apart in w
  for (int64_t p = 0; p < m; p++) {
    for (int64_t j = 0; j < r; j++) {
      const Complex<C> v = y.at(s * (r * p + j));
      NG_APART
      for (int64_t q = 0; q < s; q++) v.re[q] = v.im[q] = 0;
      for (int64_t k = 0; k < r; k++) {
        const Complex<C> a = x.at(s * (p + k * m));
        const C c = w.re[j * k % r * one], d = w.im[j * k % r * one];
        NG_APART
        for (int64_t q = 0; q < s; q++) {
          v.re[q] += a.re[q] * c - a.im[q] * d;
          v.im[q] += a.re[q] * d + a.im[q] * c;
        }
      }
      const C c = w.re[p * j * step], d = w.im[p * j * step];
      NG_APART
      for (int64_t q = 0; q < s; q++) {
        const C re = v.re[q], im = v.im[q];
        v.re[q] = re * c - im * d;
        v.im[q] = re * d + im * c;
      }
    }
  }
}

// The transforms of `lanes` lines x[n, lanes], which is lost; the result is in x or y, whichever is returned.
template <class C>
Complex<C> transform(Complex<C> x, Complex<C> y, int64_t n, int64_t lanes, const Factors& factors, Complex<C> w) {
  int64_t rest = n, s = lanes;
  for (int i = 0; i < factors.count; i++) {
    const int64_t r = factors.f[i], m = rest / r, step = n / rest;
    if (r == 4)
      stage4(y, x, m, s, w, step);
    else if (r == 2)
      stage2(y, x, m, s, w, step);
    else if (r == 3)
      stage3(y, x, m, s, w, step);
    else
      stageAny(y, x, r, m, s, w, step);
    rest = m;
    s *= r;
    const Complex<C> t = x;
    x = y;
    y = t;
  }
  return x;
}

template <class T>
struct Call {
  T* out;
  const T* x;
  int64_t lines, n, given, kept;
  From from;
  bool toReal, inverse;
  double scale;

  // Element k of a line. The inverse is the transform of the numbers with real and imaginary part exchanged.
  template <From kFrom, bool kInverse, class C>
  void load(const T* line, int64_t k, C& re, C& im) const {
    const bool mirrored = kFrom == From::hermitian && 2 * k > n;
    const int64_t i = mirrored ? n - k : k;
    C a = 0, b = 0;
    if (i < given) {
      a = static_cast<C>(line[kFrom == From::real ? i : 2 * i]);
      // Of a line that transforms to real numbers the imaginary part of the middle and of the first is 0.
      const bool own = kFrom == From::hermitian && (i == 0 || 2 * i == n);
      if (kFrom != From::real && !own) b = static_cast<C>(mirrored ? -line[2 * i + 1] : line[2 * i + 1]);
    }
    re = kInverse ? b : a;
    im = kInverse ? a : b;
  }

  // Calls body(line, k, re, im) for all elements of `lanes` lines, in tiles that leave what is read and what is written
  // in the first-level cache.
  template <From kFrom, bool kInverse, class C, class F>
  void loadTiles(int64_t first, int64_t lanes, F&& body) const {
    for (int64_t k0 = 0; k0 < n; k0 += kTile)
      for (int64_t l = 0; l < lanes; l++) {
        const T* const line = x + (first + l) * given * (kFrom == From::real ? 1 : 2);
        const int64_t end = n - k0 < kTile ? n : k0 + kTile;
        for (int64_t k = k0; k < end; k++) {
          C re, im;
          load<kFrom, kInverse>(line, k, re, im);
          body(l, k, re, im);
        }
      }
  }
  template <class C, class F>
  void loadAll(int64_t first, int64_t lanes, F&& body) const {
    const auto withFrom = [&](auto kind) {
      if (inverse)
        loadTiles<decltype(kind)::kValue, true, C>(first, lanes, body);
      else
        loadTiles<decltype(kind)::kValue, false, C>(first, lanes, body);
    };
    if (from == From::real)
      withFrom(Kind<From::real>{});
    else if (from == From::hermitian)
      withFrom(Kind<From::hermitian>{});
    else
      withFrom(Kind<From::complex>{});
  }

  // Writes what value(line, k, re, im) gives for the results that are kept.
  template <class C, class F>
  void storeAll(int64_t first, int64_t lanes, F&& value) const {
    const C c = static_cast<C>(scale);
    for (int64_t k0 = 0; k0 < kept; k0 += kTile)
      for (int64_t l = 0; l < lanes; l++) {
        T* const line = out + (first + l) * kept * (toReal ? 1 : 2);
        const int64_t end = kept - k0 < kTile ? kept : k0 + kTile;
        for (int64_t k = k0; k < end; k++) {
          C re, im;
          value(l, k, re, im);
          if (toReal) {
            line[k] = static_cast<T>((inverse ? im : re) * c);
          } else {
            line[2 * k] = static_cast<T>((inverse ? im : re) * c);
            line[2 * k + 1] = static_cast<T>((inverse ? re : im) * c);
          }
        }
      }
  }
};

// Runs body(first line, lanes, work) for all lines; work has room for `arrays` arrays of lanes * length numbers.
template <class C, class F>
void overLines(int64_t lines, int64_t length, int64_t arrays, F&& body) {
  int64_t lanes = kLanes;
  while (lanes > 1 && (lanes > lines || lanes * length * arrays * static_cast<int64_t>(sizeof(C)) > kWorkBytes))
    lanes /= 2;
  const int64_t blocks = (lines + lanes - 1) / lanes;
  parallelFor(blocks, kGrain / (lanes * length) + 1, [&](int64_t b, int64_t e) {
    const Scratch<C> work(lanes * length * arrays);
    for (int64_t u = b; u < e; u++) {
      const int64_t first = u * lanes;
      body(first, lines - first < lanes ? lines - first : lanes, work);
    }
  });
}

template <class C, class T>
void mixedRadix(const Call<T>& call, const Factors& factors) {
  const int64_t n = call.n;
  const Scratch<C> table(2 * n);
  const Complex<C> w{table, table + n};
  turns(w, n);
  overLines<C>(call.lines, n, 4, [&](int64_t first, int64_t lanes, C* work) {
    const int64_t size = n * lanes;
    const Complex<C> x{work, work + size}, y{work + 2 * size, work + 3 * size};
    call.template loadAll<C>(first, lanes, [&](int64_t l, int64_t k, C re, C im) {
      x.re[k * lanes + l] = re;
      x.im[k * lanes + l] = im;
    });
    const Complex<C> r = transform(x, y, n, lanes, factors, w);
    call.template storeAll<C>(first, lanes, [&](int64_t l, int64_t k, C& re, C& im) {
      re = r.re[k * lanes + l];
      im = r.im[k * lanes + l];
    });
  });
}

// With jk = (j^2 + k^2 - (k - j)^2) / 2 the transform is a convolution with the chirp exp(pi i j^2 / n), between two
// products with its conjugate. It runs in double precision, which the longer transforms need.
template <class T>
void bluestein(const Call<T>& call) {
  using C = double;
  const int64_t n = call.n;
  int64_t wide = 1;
  while (wide < 2 * n - 1) wide *= 2;
  const Factors factors = factorsOf(wide);
  const Scratch<C> table(6 * wide + 2 * n);
  const Complex<C> w{table, table + wide}, chirp{table + 2 * wide, table + 2 * wide + n};
  const Complex<C> a{table + 2 * wide + 2 * n, table + 3 * wide + 2 * n}, b = a.at(2 * wide);
  turns(w, wide);
  for (int64_t j = 0; j < n; j++) {
    // j^2 modulo the period of the chirp
    const double turn = kTurn * 0.5 * static_cast<double>(j * j % (2 * n)) / static_cast<double>(n);
    chirp.re[j] = __builtin_cos(turn);
    chirp.im[j] = -__builtin_sin(turn);
  }
  for (int64_t j = 0; j < wide; j++) {
    const int64_t k = j < n ? j : wide - j;  // the chirp is even, and wraps around
    a.re[j] = k < n ? chirp.re[k] : 0;
    a.im[j] = k < n ? -chirp.im[k] : 0;
  }
  const Complex<C> kernel = transform(a, b, wide, 1, factors, w);
  overLines<C>(call.lines, wide, 4, [&](int64_t first, int64_t lanes, C* work) {
    const int64_t size = wide * lanes;
    const Complex<C> x{work, work + size}, y{work + 2 * size, work + 3 * size};
    for (int64_t i = n * lanes; i < size; i++) x.re[i] = x.im[i] = 0;
    call.template loadAll<C>(first, lanes, [&](int64_t l, int64_t k, C re, C im) {
      x.re[k * lanes + l] = re * chirp.re[k] - im * chirp.im[k];
      x.im[k * lanes + l] = re * chirp.im[k] + im * chirp.re[k];
    });
    const Complex<C> f = transform(x, y, wide, lanes, factors, w);
    // The inverse transform, with exchanged parts.
    const Complex<C> g = f.re == x.re ? y : x;
    for (int64_t k = 0; k < wide; k++)
      for (int64_t l = 0; l < lanes; l++) {
        const int64_t i = k * lanes + l;
        const C re = f.re[i] * kernel.re[k] - f.im[i] * kernel.im[k];
        f.im[i] = f.re[i] * kernel.im[k] + f.im[i] * kernel.re[k];
        f.re[i] = re;
      }
    const Complex<C> r = transform({f.im, f.re}, {g.im, g.re}, wide, lanes, factors, w);
    const C share = 1 / static_cast<C>(wide);
    call.template storeAll<C>(first, lanes, [&](int64_t l, int64_t k, C& re, C& im) {
      const C a = r.im[k * lanes + l] * share, b = r.re[k * lanes + l] * share;
      re = a * chirp.re[k] - b * chirp.im[k];
      im = a * chirp.im[k] + b * chirp.re[k];
    });
  });
}

}  // namespace

void fft(Ctx& c, Out<Real> out, In<Real> x, int64_t lines, int64_t n, int64_t given, int64_t kept, int64_t from,
         bool toReal, bool inverse, double scale) {
  const Factors factors = factorsOf(n);
  const auto run = [&](auto tag) {
    using T = decltype(tag);
    const Call<T> call{out.as<T>(), x.as<T>(), lines, n, given, kept, static_cast<From>(from), toReal, inverse, scale};
    if (factors.largest > kLargestPrime)
      bluestein(call);
    else
      mixedRadix<T>(call, factors);
  };
  if (x.t == DType::f64) {
    run(double{});
  } else {
    run(float{});
  }
}

}  // namespace ng::NG_ISA
