#include "engine/commands/stats.h"

namespace norn {
namespace {

void AddCommand(CommandStats& to, const CommandStats& from) {
  to.calls += from.calls;
  to.nanos += from.nanos;
  to.rejected += from.rejected;
  to.failed += from.failed;
  for (size_t i = 0; i < kLatencyBuckets; ++i) to.latency[i] += from.latency[i];
}

}  // namespace

void ExecutorStats::Add(const ExecutorStats& other) {
  if (commands.size() < other.commands.size()) commands.resize(other.commands.size());
  for (size_t i = 0; i < other.commands.size(); ++i) AddCommand(commands[i], other.commands[i]);
  for (const auto& [code, count] : other.errors) errors[code] += count;
  commands_processed += other.commands_processed;
  connections_received += other.connections_received;
  connections_rejected += other.connections_rejected;
  net_input_bytes += other.net_input_bytes;
  net_output_bytes += other.net_output_bytes;
  unexpected_errors += other.unexpected_errors;
  total_errors += other.total_errors;
  query_buffer_limit_disconnections += other.query_buffer_limit_disconnections;
  output_buffer_limit_disconnections += other.output_buffer_limit_disconnections;
  reads_processed += other.reads_processed;
  writes_processed += other.writes_processed;
  remote_batches += other.remote_batches;
  remote_commands += other.remote_commands;
  multi_shard_commands += other.multi_shard_commands;
}

}  // namespace norn
