#pragma once
// Where bytes of a snapshot or log go: a file, a socket behind a replication link, a test's string. Writers of the formats
// know only this.

#include <absl/status/status.h>

#include <string_view>

namespace norn::persist {

class ByteSink {
 public:
  virtual ~ByteSink() = default;

  // Takes all of `bytes`, which need not outlive the call. Parks. After an error nothing is known about what arrived; every
  // later call fails too.
  virtual absl::Status Write(std::string_view bytes) = 0;
};

}  // namespace norn::persist
