#pragma once
// A full copy on its way to the replicas that asked for it together: what the snapshot's writer produced and the slowest of
// them has not taken yet. The writer parks while that is much, and is told when nobody is left.
//
// Belongs to executor 0.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "engine/fiber/wait_queue.h"
#include "engine/persist/byte_sink.h"
#include "engine/replication/backlog.h"

namespace norn::net {

class SnapshotPayload : public persist::ByteSink {
 public:
  // `mark` 40 characters behind the last byte; empty where the length was announced.
  SnapshotPayload(env::Executor& executor, std::string mark)
      : mark_(std::move(mark)), room_(executor) {}

  // Called when there is more to read, or the end.
  void SetWake(std::function<void()> wake) { wake_ = std::move(wake); }

  // ---- the writer ----
  // Cancelled: no reader is left. Parks.
  absl::Status Write(std::string_view bytes) override;
  // All is written (the mark is added here), or the snapshot failed.
  void End(bool complete);

  // ---- readers ----
  using ReaderId = Backlog::HoldId;
  ReaderId AddReader() { return spool_.Hold(spool_.begin()); }
  void RemoveReader(ReaderId reader);
  size_t Read(ReaderId reader, std::span<char> out);
  // Everything was written and read.
  bool Finished(ReaderId reader) const {
    return complete_ && spool_.PositionOf(reader) == spool_.end();
  }
  bool failed() const { return failed_; }
  uint64_t written_bytes() const { return static_cast<uint64_t>(spool_.end()); }

 private:
  const std::string mark_;
  Backlog spool_{0};
  WaitQueue room_;
  std::function<void()> wake_;
  bool complete_ = false;
  bool failed_ = false;
};

}  // namespace norn::net
