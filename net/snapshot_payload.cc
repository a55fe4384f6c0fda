#include "net/snapshot_payload.h"

#include <algorithm>

namespace norn::net {
namespace {

constexpr size_t kSpoolBytesMax = 4 * 1024 * 1024;
constexpr size_t kPieceBytes = 256 * 1024;

}  // namespace

absl::Status SnapshotPayload::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    while (spool_.hold_count() > 0 && spool_.size() >= kSpoolBytesMax) {
      room_.Wait(Instant::Never());
    }
    if (spool_.hold_count() == 0) return absl::CancelledError("no replica wants the copy any more");
    const size_t count = std::min(bytes.size(), kPieceBytes);
    spool_.Append(bytes.substr(0, count));
    bytes.remove_prefix(count);
    if (wake_) wake_();
  }
  return absl::OkStatus();
}

void SnapshotPayload::End(bool complete) {
  if (complete && spool_.hold_count() > 0) spool_.Append(mark_);
  complete_ = complete;
  failed_ = !complete;
  if (wake_) wake_();
}

void SnapshotPayload::RemoveReader(ReaderId reader) {
  spool_.Release(reader);
  room_.WakeAll();
}

size_t SnapshotPayload::Read(ReaderId reader, std::span<char> out) {
  const StreamOffset at = spool_.PositionOf(reader);
  const size_t bytes = spool_.Read(at, out);
  spool_.MoveHold(reader, at + static_cast<StreamOffset>(bytes));
  room_.WakeAll();
  return bytes;
}

}  // namespace norn::net
