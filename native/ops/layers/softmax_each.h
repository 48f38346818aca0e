// How the rows of a batch are shared out among threads, and which of the two ways a row goes.
#pragma once
#include "runtime/parallel.h"
#include "softmax_narrow.h"
#include "softmax_rows.h"

namespace ng::NG_ISA {

inline constexpr int64_t kRowsGrain = 8192;  // elements per task

// Spreads the rows: narrow(first row, rows) for sixteen short rows at a time, or row(block, row) for each long one.
template <class T, class Narrow, class Row>
void forRows(int64_t rows, int64_t cols, Narrow&& narrow, Row&& row) {
  if (cols <= kNarrowCols) {
    parallelFor((rows + kLanes - 1) / kLanes, kRowsGrain / (cols * kLanes + 1), [&](int64_t b, int64_t e) {
      for (int64_t r = b * kLanes; r < e * kLanes && r < rows; r += kLanes) {
        narrow(r, rows - r < kLanes ? rows - r : kLanes);
      }
    });
  } else {
    parallelFor(rows, kRowsGrain / cols, [&](int64_t b, int64_t e) {
      Block<T> block;
      for (int64_t r = b; r < e; r++) row(block, r);
    });
  }
}

}  // namespace ng::NG_ISA
