// Element types. The numeric codes are shared with lib/core/dtype.ts and must not be reordered.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ng {

enum class DType : uint8_t { f32 = 0, f64 = 1, i32 = 2, i64 = 3, u8 = 4, boolean = 5, bf16 = 6, f16 = 7 };

inline constexpr size_t kDTypeSize[] = {4, 8, 4, 8, 1, 1, 2, 2};
inline constexpr size_t sizeOf(DType t) { return kDTypeSize[static_cast<int>(t)]; }

}  // namespace ng
