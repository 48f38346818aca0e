// Sums over the rows of [rows, columns], for columns that lie side by side in memory: strips of them are walked row by
// row. As elsewhere in the norms, sums run in T within a block and in double across blocks.
#pragma once
#include <cstdint>

namespace ng::NG_ISA {

constexpr int64_t kStrip = 64;      // columns
constexpr int64_t kStripRows = 64;  // per partial sum

inline int64_t stripsOf(int64_t columns) { return (columns + kStrip - 1) / kStrip; }

// For each of `width` <= kStrip columns the sums over the rows of the two numbers that f(row, column, a, b) adds.
template <class T, class F>
inline void stripSums(double* a, double* b, int64_t rows, int64_t width, F&& f) {
  for (int64_t j = 0; j < width; j++) a[j] = b[j] = 0;
  for (int64_t first = 0; first < rows; first += kStripRows) {
    const int64_t end = first + kStripRows < rows ? first + kStripRows : rows;
    T u[kStrip] = {}, v[kStrip] = {};
    for (int64_t i = first; i < end; i++) {
      for (int64_t j = 0; j < width; j++) f(i, j, u[j], v[j]);
    }
    for (int64_t j = 0; j < width; j++) a[j] += static_cast<double>(u[j]), b[j] += static_cast<double>(v[j]);
  }
}

}  // namespace ng::NG_ISA
