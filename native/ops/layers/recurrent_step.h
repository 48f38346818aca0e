// One element of a step of an LSTM or GRU, forward and backward; the same for all backends.
//
// LSTM (Hochreiter & Schmidhuber 1997, with forget gate): i, f, g, o;  c' = f c + i g,  h' = o tanh(c').
// GRU (Cho et al. 2014, PyTorch's variant): r, z, n with n = tanh(x_n + r q), q = W_hn h + b_hn;  h' = n + z (h - n).
#pragma once
#include "ops/kit/math.h"

namespace ng::NG_ISA {

template <class T>
struct Lstm {
  T i, f, g, o, c, h;
};
template <class T>
NG_FN Lstm<T> lstm(T i, T f, T g, T o, T c) {
  i = m::sigmoid(i);
  f = m::sigmoid(f);
  g = m::tanh(g);
  o = m::sigmoid(o);
  const T next = f * c + i * g;
  return {i, f, g, o, next, o * m::tanh(next)};
}

// From the activated gates, the cell state before and after, and the gradients of h' and c'.
template <class T>
struct LstmGrad {
  T i, f, g, o, c;
};
template <class T>
NG_FN LstmGrad<T> lstmGrad(T i, T f, T g, T o, T c, T next, T dh, T dc) {
  const T t = m::tanh(next);
  const T down = dc + dh * o * (T(1) - t * t);
  return {down * g * i * (T(1) - i), down * c * f * (T(1) - f), down * i * (T(1) - g * g), dh * t * o * (T(1) - o),
          down * f};
}

template <class T>
struct Gru {
  T r, z, n, h;
};
template <class T>
NG_FN Gru<T> gru(T r, T z, T n, T q, T h) {
  r = m::sigmoid(r);
  z = m::sigmoid(z);
  n = m::tanh(n + r * q);
  return {r, z, n, n + z * (h - n)};
}

// From the activated gates, q, h and the gradient of h'; `q` is that of the state's part of n, `h` the direct one.
template <class T>
struct GruGrad {
  T r, z, n, q, h;
};
template <class T>
NG_FN GruGrad<T> gruGrad(T r, T z, T n, T q, T h, T dh) {
  const T dn = dh * (T(1) - z) * (T(1) - n * n);
  return {dn * q * r * (T(1) - r), dh * (h - n) * z * (T(1) - z), dn, dn * r, dh * z};
}

}  // namespace ng::NG_ISA
