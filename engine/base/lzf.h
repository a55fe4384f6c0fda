#pragma once
// LZF, the compression of long strings in snapshots: the byte format of Marc Lehmann's liblzf, both ways.
//
//   000LLLLL                      a literal run: L + 1 (1..32) bytes follow
//   LLLooooo oooooooo             a copy: L + 2 (3..8) bytes from o + 1 (1..8192) bytes back
//   111ooooo LLLLLLLL oooooooo    a long copy: L + 9 (9..264) bytes
//
// Written here because Debian's liblzf fails us twice: its compressor keeps a table of 256 KiB on the stack, four times a
// fiber's, and does not initialise it, so that the bytes it writes depend on what ran before.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace norn {

// The most that a compressed byte can stand for: a long copy has three bytes for 264.
inline constexpr size_t kLzfExpansionMax = 88;

// Owns its tables, made on first use. The same input gives the same output, whatever came before.
class LzfCompressor {
 public:
  // The compressed form of `input` if it has at most `bytes_max` bytes, else empty; valid until the next call. Input of
  // kInputBytesMax and more is not compressed.
  std::string_view Compress(std::string_view input, size_t bytes_max);

  static constexpr size_t kInputBytesMax = size_t{1} << 31;

 private:
  // Positions count on from call to call, so that the table need not be cleared: what is below base_ was another input's.
  std::unique_ptr<uint32_t[]> last_seen_;  // by hash of three bytes
  uint32_t base_ = 1;
  std::vector<char> out_;
};

// True if `compressed` is well formed and stands for exactly out.size() bytes; `out` holds them then.
bool LzfDecompress(std::string_view compressed, std::span<char> out);

}  // namespace norn
