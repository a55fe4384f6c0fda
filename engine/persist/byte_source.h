#pragma once
// Where bytes of a snapshot or log come from: a file, a socket behind a replication link, a test's string. Readers of the
// formats know only this.

#include <absl/status/statusor.h>

#include <cstddef>
#include <span>

namespace norn::persist {

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Reads up to buf.size() bytes (at least 1 unless the end is reached) and returns the count; 0: the end, and it stays the
  // end. Parks. Requires a buf that is not empty. An error is the world's and final.
  virtual absl::StatusOr<size_t> Read(std::span<char> buf) = 0;
};

}  // namespace norn::persist
