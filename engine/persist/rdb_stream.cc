#include "engine/persist/rdb_stream.h"

#include "engine/base/byte_buffer.h"
#include "engine/base/check.h"
#include "engine/persist/crc64.h"
#include "engine/persist/rdb_format.h"
#include "engine/persist/rdb_output.h"

namespace norn::persist {

absl::Status RdbStream::Write(std::string_view bytes) {
  CHECK(!finished_);
  if (checksum_on_) checksum_ = Crc64(checksum_, bytes);
  bytes_written_ += bytes.size();
  return sink_.Write(bytes);
}

absl::Status RdbStream::Finish() {
  const char end = static_cast<char>(kRdbEof);
  if (absl::Status written = Write({&end, 1}); !written.ok()) return written;
  ByteBuffer trailer;
  RdbOutput(trailer, nullptr).LittleEndian(checksum_, 8);
  finished_ = true;
  bytes_written_ += trailer.size();
  return sink_.Write(trailer.view());
}

}  // namespace norn::persist
