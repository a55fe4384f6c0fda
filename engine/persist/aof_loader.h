#pragma once
// Reads the append-only log back: the base, then the incremental files in order, and repairs what a crash left of its end.
//
// The rule of truncation. A crash may leave the end of the last file in pieces; nothing that was synced is there. So:
//
//   T1  Only the end of the log may be torn: a file behind which lie only ones without commands. Anywhere else bytes are missing that
//       later ones built upon, and the load fails.
//   T2  The cut is before the first command or transaction that is not whole. A MULTI without its EXEC is not whole even when
//       each of its commands is: cut behind it, and the next run would append to the open MULTI, whose commands would then be
//       dropped by the load after that.
//   T3  The cut is durable before the load returns: what is appended next lies behind whole commands. No line of a block
//       stays that speaks of bytes behind it (aof_cut.h), or the next load would take what is appended for damage.
//   T4  Bytes that no server writes are damage, not a torn tail, and the load fails; sectors apart that were never written and
//       read as zeros, where nothing says that they were synced (CommandReader::LooksTorn).
//
// A failed load has applied a part. The caller exits.

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/env/disk.h"
#include "engine/persist/aof_directory.h"
#include "engine/persist/aof_manifest.h"
#include "engine/persist/byte_source.h"

namespace norn::persist {

// Takes what the log says. All may park.
class AofLoadTarget {
 public:
  virtual ~AofLoadTarget() = default;

  // A base that begins as a snapshot (RDB). Returns the snapshot's length, checksum included: commands may follow it in the
  // same file. Reading further than that is no harm.
  virtual absl::StatusOr<uint64_t> LoadBase(ByteSource& source) = 0;

  // A command, SELECT included. Those of a transaction come only when its EXEC was found, one after the other, without the
  // MULTI and EXEC around them.
  virtual absl::Status Apply(std::span<const std::string_view> words) = 0;

  // Bytes of the log read so far; every few megabytes and at the end.
  virtual void Progress(uint64_t done_bytes, uint64_t total_bytes) = 0;
};

struct AofLoadOptions {
  bool load_truncated = true;                      // aof-load-truncated
  uint64_t word_bytes_max = 512ull * 1024 * 1024;  // proto-max-bulk-len
};

struct AofLoadResult {
  AofManifest manifest;   // empty: there is no log
  bool upgraded = false;  // from the one file of old servers
  uint64_t base_bytes = 0;
  uint64_t total_bytes = 0;  // after the cut
  uint64_t commands = 0;
  uint64_t transactions = 0;

  // What was cut off.
  uint64_t cut_bytes = 0;
  uint64_t cut_offset = 0;
  std::string cut_path;
};

// InvalidArgument: the manifest is damaged. DataLoss: a file of the log is, or is missing. FailedPrecondition: the load must not
// go on without the operator (a torn tail while that is refused; log files without a manifest). Others: from the disk and the
// target. Messages name the file, the offset and what to do.
absl::StatusOr<AofLoadResult> LoadAof(env::Disk& disk, const AofNames& names,
                                      const AofLoadOptions& options, AofLoadTarget& target);

}  // namespace norn::persist
