#pragma once
// Counters of one executor. Plain numbers that only their executor writes; INFO gathers and sums copies.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace norn {

// Latencies by power of two: bucket i counts calls of [2^i, 2^(i+1)) nanoseconds.
inline constexpr size_t kLatencyBuckets = 40;

struct CommandStats {
  uint64_t calls = 0;
  uint64_t nanos = 0;
  uint64_t rejected = 0;  // refused before the handler (arity, auth, memory ...)
  uint64_t failed = 0;    // the handler answered with an error
  std::array<uint32_t, kLatencyBuckets> latency = {};
};

struct ExecutorStats {
  std::vector<CommandStats> commands;      // by CommandSpec::id
  std::map<std::string, uint64_t> errors;  // by code; bounded (kErrorCodesMax)
  uint64_t commands_processed = 0;
  uint64_t connections_received = 0;
  uint64_t connections_rejected = 0;
  uint64_t net_input_bytes = 0;
  uint64_t net_output_bytes = 0;
  uint64_t unexpected_errors = 0;
  uint64_t total_errors = 0;
  uint64_t query_buffer_limit_disconnections = 0;
  uint64_t output_buffer_limit_disconnections = 0;
  uint64_t reads_processed = 0;
  uint64_t writes_processed = 0;
  uint64_t remote_batches = 0;  // batches of commands posted to another shard
  uint64_t remote_commands = 0;
  uint64_t multi_shard_commands = 0;  // that collected several tokens

  void Add(const ExecutorStats& other);
};

inline constexpr size_t kErrorCodesMax = 128;

}  // namespace norn
