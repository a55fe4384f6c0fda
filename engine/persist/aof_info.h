#pragma once
// The append-only log as INFO persistence shows it.

#include <cstdint>

namespace norn::persist {

// For INFO persistence; the fields have its names.
struct AofInfo {
  bool aof_enabled = false;
  bool aof_rewrite_in_progress = false;
  bool aof_rewrite_scheduled = false;
  int64_t aof_last_rewrite_time_sec = -1;
  int64_t aof_current_rewrite_time_sec = -1;
  bool aof_last_bgrewrite_status = true;
  uint64_t aof_rewrites = 0;
  uint64_t aof_rewrites_consecutive_failures = 0;
  bool aof_last_write_status = true;
  // Valkey shows these only while the log is on.
  uint64_t aof_current_size = 0;
  uint64_t aof_base_size = 0;
  bool aof_pending_rewrite = false;
  uint64_t aof_buffer_length = 0;
  uint64_t aof_pending_bio_fsync = 0;
  uint64_t aof_delayed_fsync = 0;
};

}  // namespace norn::persist
