#pragma once
// The replica's half of replication, as far as it needs no I/O: which bytes of the primary's stream count as applied, what
// the link looks like to INFO and ROLE, and when to try again.
//
// Pure; belongs to executor 0.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/replication/offset.h"

namespace norn {

// Follows the commands of a stream from where it began.
//
//   A1  Every byte counts, whatever the command (PING, GETACK, SELECT).
//   A2  Inside MULTI nothing counts until EXEC ran: a replica that resumes begins with a whole transaction.
class StreamProgress {
 public:
  explicit StreamProgress(DbIndex db) : applied_db_(db), db_(db) {}

  // The next command was run. Returns true when everything so far counts as applied.
  bool OnCommand(std::span<const std::string_view> words, size_t bytes);

  // Bytes run since the last TakeApplied, up to the last point that counts.
  size_t applied_bytes() const { return applied_bytes_; }
  // Bytes behind that point: an open transaction.
  size_t open_bytes() const { return open_bytes_; }
  bool in_transaction() const { return in_transaction_; }
  // The database selected at the last point that counts.
  DbIndex applied_db() const { return applied_db_; }
  void TakeApplied() { applied_bytes_ = 0; }

 private:
  DbIndex applied_db_;
  DbIndex db_;
  size_t applied_bytes_ = 0;
  size_t open_bytes_ = 0;
  bool in_transaction_ = false;
};

// "REPLCONF GETACK *", which wants an acknowledgement at once.
bool IsGetAck(std::span<const std::string_view> words);

// REPLCONF ACK <applied> [FACK <on disk>]; -1: no log to sync.
std::string AckCommand(StreamOffset applied, StreamOffset on_disk);

enum class LinkState : uint8_t {
  kNone,        // this node is a primary
  kConnect,     // will connect
  kConnecting,  // waits for the connection
  kHandshake,   // talks
  kTransfer,    // receives and loads a copy
  kConnected,   // applies the stream
};

// The link to the primary as INFO and ROLE describe it.
struct LinkStatus {
  LinkState state = LinkState::kNone;
  std::string host = {};
  int64_t port = 0;
  Instant last_io = {};
  bool was_up = false;  // down_since means something
  Instant down_since = {};
  StreamOffset read_offset = 0;      // received
  int64_t transfer_total_bytes = 0;  // 0: not told
  int64_t transfer_read_bytes = 0;
  size_t stream_buffer_bytes = 0;  // dual channel: stream received while loading
  size_t stream_buffer_peak_bytes = 0;

  // "master_host" to "master_link_down_since_seconds"; `offset` is what was applied.
  std::string InfoLines(StreamOffset offset, Instant now) const;
  // ROLE's fourth element.
  std::string_view RoleName() const;
};

// When to try again after the link ended. At once after a link that worked, each second while the primary cannot be reached,
// and ever more seldom when copies keep failing, so that a replica that cannot keep up does not make its primary copy for ever
// (I21).
class ReconnectPolicy {
 public:
  // The link ended. `copied`: it fetched a full copy, whole or in part; `streamed`: how long it applied the stream.
  void OnEnd(bool connected, bool copied, Duration streamed);
  Duration delay() const { return delay_; }
  int failed_copies() const { return failed_copies_; }

 private:
  Duration delay_;
  int failed_copies_ = 0;
};

// "42.50% (17.0 MB of 40.0 MB), 8.5 MB/s, 3 s left": a transfer for the log. `total_bytes` 0: not known.
std::string DescribeTransfer(int64_t read_bytes, int64_t total_bytes, Duration elapsed);

}  // namespace norn
