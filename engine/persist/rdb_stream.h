#pragma once
// A whole snapshot on its way into a sink: buffers that encoders filled, in the order of their arrival, with the checksum
// over all of them at the end.

#include <absl/status/status.h>

#include <cstdint>
#include <string_view>

#include "engine/persist/byte_sink.h"

namespace norn::persist {

class RdbStream {
 public:
  // `checksum` false: the trailer holds zero, which readers take for "unchecked".
  RdbStream(ByteSink& sink, bool checksum) : sink_(sink), checksum_on_(checksum) {}

  // The first bytes must be RdbEncoder::Header's. Parks.
  absl::Status Write(std::string_view bytes);
  // Writes the end mark and the checksum; nothing may follow. Parks.
  absl::Status Finish();

  uint64_t bytes_written() const { return bytes_written_; }

 private:
  ByteSink& sink_;
  bool checksum_on_;
  bool finished_ = false;
  uint64_t checksum_ = 0;
  uint64_t bytes_written_ = 0;
};

}  // namespace norn::persist
