#pragma once
// HyperLogLog: how many different elements there were, in at most 12 KB however many, with an error of 0.81 %.
//
// An element's hash (MurmurHash64A) has 14 bits that choose one of 16384 registers; a register keeps the longest run of zeros
// that the other 50 bits of its elements began with, and one. Many different elements make long runs likely, and equal ones
// change nothing. The count is what the histogram of the registers makes most likely (O. Ertl, "New cardinality estimation
// algorithms for HyperLogLog sketches", arXiv:1702.01284; the structure: Flajolet et al. 2007).
//
// The bytes are those of a string that clients may GET, SET and keep, the same as Valkey's for the same elements in the same
// order:
//
//     0      4        5        8            16
//     | HYLL | form   | zeros  | count      | registers ...
//              0 dense           u64 LE; its highest bit: out of date
//              1 sparse
//
//     dense    16384 registers of 6 bits, the first in the lowest bits of the first byte; 12304 bytes in all
//     sparse   runs of equal registers:  00nnnnnn            n+1 zeros
//                                        01nnnnnn nnnnnnnn   n+1 zeros
//                                        1vvvvvnn            n+1 registers of v+1
//
//   I1  The runs of a sparse one cover 16384 registers exactly. Bytes from clients may say anything else: every function says
//       so (kCorrupt, nullopt, false) and reads nothing outside.
//   I2  A sparse one becomes dense when a register passes 32, or when it would grow beyond a limit of bytes; never back.
//
// Deterministic; runs anywhere, never parks.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/prng.h"

namespace norn::hyperloglog {

inline constexpr size_t kRegisters = 16384;
inline constexpr size_t kHeaderBytes = 16;
inline constexpr size_t kDenseBytes = kHeaderBytes + kRegisters * 6 / 8;

// A sparse one without elements.
std::string Empty();

// Whether bytes have the header, and where dense the length, of one. Its runs may still be corrupt.
bool HasHeader(std::string_view bytes);

// All below require HasHeader.
bool IsDense(std::string_view bytes);

// The register of an element, and what it must be at least.
struct Mark {
  size_t at = 0;
  uint8_t value = 0;
};
Mark MarkOf(std::string_view element);

// The register's value of a dense one.
uint8_t DenseRegister(std::string_view bytes, size_t at);
// Raises the register of a dense one; false when it is as high already. Leaves the cached count alone.
bool RaiseDense(std::span<char> bytes, const Mark& mark);

enum class Raised : uint8_t { kSame, kChanged, kCorrupt };
// Raises a register in either form; a sparse one longer than `sparse_bytes_max` becomes dense. Leaves a corrupt one as it was.
Raised Raise(std::string* bytes, const Mark& mark, size_t sparse_bytes_max);

// False: corrupt, and left as it was.
bool MakeDense(std::string* bytes);

// ---- the count ----
std::optional<uint64_t> CachedCount(std::string_view bytes);
void SetCachedCount(std::span<char> bytes, uint64_t count);
void DropCachedCount(std::span<char> bytes);
// Counts, whatever is cached. nullopt: corrupt.
std::optional<uint64_t> Count(std::string_view bytes);

// ---- several at once ----
using Registers = std::array<uint8_t, kRegisters>;
// Raises each register to what it is in `bytes`. False: corrupt; some may have been raised.
bool MergeInto(Registers* registers, std::string_view bytes);
uint64_t Count(const Registers& registers);
// Sets all registers of a dense one. Leaves the cached count alone.
void SetRegisters(std::span<char> bytes, const Registers& registers);

// The runs as text: "Z:100 v:3,1 z:20 ..."; nullopt: dense.
std::optional<std::string> Describe(std::string_view bytes);

// Tries registers and counts with elements drawn from `prng`; the empty text, or what is wrong.
std::string SelfTest(Prng& prng, size_t sparse_bytes_max);

}  // namespace norn::hyperloglog
