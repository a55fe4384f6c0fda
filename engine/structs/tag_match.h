#pragma once
// Matching one byte against the seven tags of a bucket line at once: by SSE2, or by 64-bit arithmetic where there is none.
// Both are always compiled, so that one machine's tests prove them equal.

#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace norn {

// Bit i of the result, i in 0..6: byte i of `meta` equals `tag`.
inline uint32_t MatchTagScalar(uint64_t meta, uint8_t tag) {
  constexpr uint64_t kOnes = 0x0101010101010101ULL;
  constexpr uint64_t kLow7 = 0x7f7f7f7f7f7f7f7fULL;
  const uint64_t x = meta ^ (kOnes * tag);
  // The high bit of each byte that is zero in x; exact, no carry between bytes.
  const uint64_t zeros = ~(((x & kLow7) + kLow7) | x | kLow7);
  // Gathers the eight high bits into the top byte.
  return static_cast<uint32_t>(((zeros >> 7) * 0x0102040810204080ULL) >> 56) & 0x7f;
}

#ifdef __SSE2__
inline uint32_t MatchTag(uint64_t meta, uint8_t tag) {
  const __m128i bytes = _mm_cvtsi64_si128(static_cast<int64_t>(meta));
  const __m128i equal = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(static_cast<char>(tag)));
  return static_cast<uint32_t>(_mm_movemask_epi8(equal)) & 0x7f;
}
#else
inline uint32_t MatchTag(uint64_t meta, uint8_t tag) { return MatchTagScalar(meta, tag); }
#endif

inline uint32_t MatchEmpty(uint64_t meta) { return MatchTag(meta, 0); }
inline uint32_t MatchUsed(uint64_t meta) { return MatchEmpty(meta) ^ 0x7f; }

}  // namespace norn
