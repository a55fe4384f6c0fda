#include "engine/persist/file_sink.h"

namespace norn::persist {

absl::Status FileSink::Write(std::string_view bytes) {
  if (absl::Status taken = Take(bytes); !taken.ok()) return taken;
  if (sync_every_bytes_ == 0 || flushed_end_ - synced_end_ < sync_every_bytes_) {
    return absl::OkStatus();
  }
  if (absl::Status flushed = Flush(); !flushed.ok()) return flushed;
  failure_ = file_.Sync();
  synced_end_ = flushed_end_;
  return failure_;
}

absl::Status FileSink::Take(std::string_view bytes) {
  if (!failure_.ok()) return failure_;
  if (pending_.size() + bytes.size() < kPieceBytes) {
    pending_.Append(bytes);
    return absl::OkStatus();
  }
  if (absl::Status flushed = Flush(); !flushed.ok()) return flushed;
  if (bytes.size() >= kPieceBytes) return WriteThrough(bytes);
  pending_.Append(bytes);
  return absl::OkStatus();
}

absl::Status FileSink::Flush() {
  if (!failure_.ok()) return failure_;
  if (pending_.empty()) return absl::OkStatus();
  absl::Status written = WriteThrough(pending_.view());
  pending_.Clear();
  return written;
}

absl::Status FileSink::WriteThrough(std::string_view bytes) {
  failure_ = file_.Write(flushed_end_, bytes);
  if (failure_.ok()) flushed_end_ += bytes.size();
  return failure_;
}

}  // namespace norn::persist
