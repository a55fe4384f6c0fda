#include "engine/persist/aof_cut.h"

#include <absl/status/status.h>

#include <span>
#include <string>
#include <string_view>

#include "engine/base/check.h"

namespace norn::persist {
namespace {

// The line's letter, and what stands there while the line is changed.
constexpr uint64_t kLetterAt = 1;
constexpr std::string_view kOn = "B";
constexpr std::string_view kOff = "b";
static_assert(AofBlockLine::kPrefix.substr(kLetterAt, 1) == kOn);

absl::StatusOr<std::string> ReadRange(env::File& file, uint64_t begin, uint64_t end) {
  std::string bytes(end - begin, '\0');
  for (size_t have = 0; have < bytes.size();) {
    const absl::StatusOr<size_t> read = file.Read(begin + have, std::span(bytes).subspan(have));
    if (!read.ok()) return read.status();
    if (*read == 0) return absl::DataLossError("the file became shorter while it was read");
    have += *read;
  }
  return bytes;
}

absl::Status WriteAndSync(env::File& file, uint64_t offset, std::string_view bytes) {
  const absl::Status status = file.Write(offset, std::span(bytes.data(), bytes.size()));
  return status.ok() ? file.Sync() : status;
}

// The block's line speaks of the bytes up to `end`, durably.
absl::Status ShortenBlock(env::File& file, const AofBlock& block, uint64_t end) {
  const absl::StatusOr<std::string> kept = ReadRange(file, block.payload_begin(), end);
  if (!kept.ok()) return kept.status();
  const std::string line =
      AofBlockLine::For(*kept, block.offset, block.line.SafeOffset(block.offset))
          .Format(block.offset);
  const std::string_view fields = std::string_view(line).substr(AofBlockLine::kPrefix.size());
  absl::Status status = file.Sync();  // C3
  if (status.ok()) status = WriteAndSync(file, block.offset + kLetterAt, kOff);
  if (status.ok()) {
    status = WriteAndSync(file, block.offset + AofBlockLine::kPrefix.size(), fields);
  }
  if (status.ok()) status = WriteAndSync(file, block.offset + kLetterAt, kOn);
  return status;
}

}  // namespace

absl::StatusOr<uint64_t> CutLogFile(env::File& file, const AofCut& cut) {
  uint64_t size = cut.offset;
  if (cut.block && cut.offset < cut.block->end()) {
    CHECK(cut.block->payload_begin() <= cut.offset);
    if (cut.offset == cut.block->payload_begin()) {
      size = cut.block->offset;
    } else if (absl::Status status = ShortenBlock(file, *cut.block, size); !status.ok()) {
      return status;
    }
  }
  absl::Status status = file.Truncate(size);
  if (status.ok()) status = file.Sync();
  if (!status.ok()) return status;
  return size;
}

}  // namespace norn::persist
