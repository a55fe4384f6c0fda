// INFO: stats, commandstats, errorstats, latencystats.

#include <cmath>
#include <string>

#include "engine/commands/info.h"
#include "engine/commands/latency.h"
#include "engine/commands/table.h"

#include <fmt/format.h>

namespace norn {
namespace {

// Names become part of "name:value" lines; error codes are what clients made handlers say.
std::string SafeName(std::string_view name) {
  std::string safe(name);
  for (char& c : safe) {
    if (c == '#' || c == ':' || c == '\n' || c == '\r') c = '_';
  }
  return safe;
}

void AddTraffic(InfoLines& lines, const NodeStats& stats) {
  const ExecutorStats& totals = stats.totals;
  lines.Add("total_connections_received", totals.connections_received)
      .Add("total_commands_processed", totals.commands_processed)
      .Add("instantaneous_ops_per_sec", std::llround(stats.instantaneous_ops_per_s))
      .Add("total_net_input_bytes", totals.net_input_bytes)
      .Add("total_net_output_bytes", totals.net_output_bytes)
      .Add("total_net_repl_input_bytes", stats.replication.received_bytes)
      .Add("total_net_repl_output_bytes", stats.replication.sent_bytes)
      .AddDecimal("instantaneous_input_kbps", stats.instantaneous_input_kbps)
      .AddDecimal("instantaneous_output_kbps", stats.instantaneous_output_kbps)
      .AddDecimal("instantaneous_input_repl_kbps", 0)
      .AddDecimal("instantaneous_output_repl_kbps", 0)
      .Add("rejected_connections", totals.connections_rejected)
      .Add("sync_full", stats.replication.full_syncs)
      .Add("sync_partial_ok", stats.replication.partial_syncs)
      .Add("sync_partial_err", stats.replication.refused_partial_syncs);
}

void AddKeys(InfoLines& lines, const NodeStats& stats) {
  const KeyspaceStats& keyspace = stats.keyspace;
  lines.Add("expired_keys", keyspace.expired_keys)
      .Add("expired_fields", keyspace.expired_fields)
      .AddDecimal("expired_stale_perc", keyspace.expired_stale_percent)
      .Add("evicted_keys", keyspace.evicted_keys)
      .Add("evicted_clients", 0)
      .Add("evicted_scripts", 0)
      .Add("keyspace_hits", keyspace.hits)
      .Add("keyspace_misses", keyspace.misses)
      .Add("pubsub_channels", stats.pubsub_channels)
      .Add("pubsub_patterns", stats.pubsub_patterns)
      .Add("pubsubshard_channels", stats.pubsub_shard_channels)
      .Add("latest_fork_usec", 0)
      .Add("total_forks", 0)
      .Add("migrate_cached_sockets", stats.migrate_cached_sockets)
      .Add("slave_expires_tracked_keys", 0)
      .Add("active_defrag_hits", 0)
      .Add("active_defrag_misses", 0)
      .Add("active_defrag_key_hits", 0)
      .Add("active_defrag_key_misses", 0)
      .Add("total_active_defrag_time", 0)
      .Add("current_active_defrag_time", 0)
      .Add("tracking_total_keys", 0)
      .Add("tracking_total_items", 0)
      .Add("tracking_total_prefixes", 0);
}

std::string Percentiles(const CommandStats& stats, const std::vector<double>& percentiles) {
  std::string text;
  for (double percentile : percentiles) {
    if (!text.empty()) text += ',';
    text += fmt::format("p{}={:.3f}", percentile, LatencyAtPercentile(stats, percentile));
  }
  return text;
}

template <typename Visit>
void ForEachCommand(const InfoFacts& facts, Visit visit) {
  const std::vector<CommandStats>& commands = facts.stats.totals.commands;
  for (uint32_t id = 0; id < commands.size(); ++id) visit(CommandById(id), commands[id]);
}

}  // namespace

std::string InfoStats(const InfoFacts& facts) {
  const ExecutorStats& totals = facts.stats.totals;
  InfoLines lines("Stats");
  AddTraffic(lines, facts.stats);
  AddKeys(lines, facts.stats);
  lines.Add("unexpected_error_replies", totals.unexpected_errors)
      .Add("total_error_replies", totals.total_errors)
      .Add("dump_payload_sanitizations", 0)
      .Add("total_reads_processed", totals.reads_processed)
      .Add("total_writes_processed", totals.writes_processed)
      .Add("remote_batches", totals.remote_batches)
      .Add("remote_commands", totals.remote_commands)
      .Add("multi_shard_commands", totals.multi_shard_commands)
      .Add("client_query_buffer_limit_disconnections", totals.query_buffer_limit_disconnections)
      .Add("client_output_buffer_limit_disconnections", totals.output_buffer_limit_disconnections)
      .Add("acl_access_denied_auth", facts.stats.denied_auths)
      .Add("acl_access_denied_cmd", 0)
      .Add("acl_access_denied_key", 0)
      .Add("acl_access_denied_channel", 0);
  return lines.Take();
}

std::string InfoCommandStats(const InfoFacts& facts) {
  InfoLines lines("Commandstats");
  ForEachCommand(facts, [&](const CommandSpec& spec, const CommandStats& stats) {
    if (stats.calls == 0 && stats.failed == 0 && stats.rejected == 0) return;
    const uint64_t micros = stats.nanos / 1000;
    const double each =
        stats.calls == 0 ? 0 : static_cast<double>(micros) / static_cast<double>(stats.calls);
    lines.Add(fmt::format("cmdstat_{}", spec.full_name),
              fmt::format("calls={},usec={},usec_per_call={:.2f},rejected_calls={},failed_calls={}",
                          stats.calls, micros, each, stats.rejected, stats.failed));
  });
  return lines.Take();
}

std::string InfoErrorStats(const InfoFacts& facts) {
  InfoLines lines("Errorstats");
  for (const auto& [code, count] : facts.stats.totals.errors) {
    lines.Add(fmt::format("errorstat_{}", SafeName(code)), fmt::format("count={}", count));
  }
  return lines.Take();
}

std::string InfoLatencyStats(const InfoFacts& facts) {
  InfoLines lines("Latencystats");
  if (!facts.options.latency_tracking) return lines.Take();
  ForEachCommand(facts, [&](const CommandSpec& spec, const CommandStats& stats) {
    if (LatencySteps(stats).empty()) return;
    lines.Add(fmt::format("latency_percentiles_usec_{}", spec.full_name),
              Percentiles(stats, facts.options.latency_tracking_info_percentiles));
  });
  return lines.Take();
}

}  // namespace norn
