#pragma once
// How a node's memory divides up: INFO memory and MEMORY STATS are two views of it.

#include <cstdint>

#include "engine/commands/node_control.h"

namespace norn {

struct MemoryReport {
  uint64_t used_bytes = 0;
  uint64_t peak_bytes = 0;
  uint64_t startup_bytes = 0;
  uint64_t clients_bytes = 0;
  uint64_t tables_bytes = 0;  // of the databases, without entries
  uint64_t backlog_bytes = 0;
  uint64_t replicas_bytes = 0;    // what replicas have yet to read, beyond the backlog
  uint64_t aof_buffer_bytes = 0;  // of the append-only log, not on disk
  uint64_t overhead_bytes = 0;    // startup + clients + tables + the buffers
  uint64_t dataset_bytes = 0;     // what is used beyond the overhead
  uint64_t keys = 0;
  uint64_t bytes_per_key = 0;
  double dataset_percent = 0;  // of what is used beyond the start
  double peak_percent = 0;

  // The allocator's and the system's view; zero where the world does not tell.
  uint64_t resident_bytes = 0;
  uint64_t allocated_bytes = 0;
  uint64_t active_bytes = 0;
  uint64_t mapped_bytes = 0;
  uint64_t system_bytes = 0;

  // Ratios of 0 / 0 are 0.
  double AllocatorFragmentation() const { return Ratio(active_bytes, allocated_bytes); }
  double AllocatorResident() const { return Ratio(mapped_bytes, active_bytes); }
  double ResidentOverhead() const { return Ratio(resident_bytes, mapped_bytes); }
  double Fragmentation() const { return Ratio(resident_bytes, used_bytes); }
  static int64_t Excess(uint64_t whole, uint64_t part) {
    return static_cast<int64_t>(whole) - static_cast<int64_t>(part);
  }

 private:
  static double Ratio(uint64_t whole, uint64_t part) {
    return part == 0 ? 0 : static_cast<double>(whole) / static_cast<double>(part);
  }
};

MemoryReport ReportMemory(const NodeStats& stats);

}  // namespace norn
