// INFO: server, clients, persistence, replication, cpu, modules, cluster, keyspace.

#include <algorithm>
#include <cstdint>
#include <string>

#include "engine/base/version.h"
#include "engine/commands/info.h"

#include <fmt/format.h>

namespace norn {
namespace {

constexpr int64_t kSecondsPerDay = 24 * 3600;
constexpr uint64_t kAccessClockMask = (1 << 24) - 1;  // seconds, as entries keep them

std::string_view ModeName(const config::Options& options) {
  return options.cluster_enabled ? "cluster" : "standalone";
}

// "listener0:name=tcp,bind=*,bind=-::*,port=6379"
void AddListeners(InfoLines& lines, const InfoFacts& facts) {
  int index = 0;
  if (facts.options.port != 0) {
    std::string listener = "name=tcp";
    for (const std::string& address : facts.options.bind) listener += ",bind=" + address;
    listener += ",port=" + facts.port;
    lines.Add(fmt::format("listener{}", index++), listener);
  }
  if (!facts.options.unixsocket.empty()) {
    lines.Add(fmt::format("listener{}", index),
              fmt::format("name=unix,bind={}", facts.options.unixsocket));
  }
}

std::string Seconds(int64_t micros) {
  return fmt::format("{}.{:06}", micros / 1000000, micros % 1000000);
}

}  // namespace

std::string InfoServer(const InfoFacts& facts) {
  const int64_t uptime_s = (facts.instant - facts.start_instant).ns / 1000000000;
  const auto& options = facts.options;
  InfoLines lines("Server");
  lines.Add("redis_version", kRedisVersion)
      .Add("server_name", kServerName)
      .Add("norn_version", kVersion)
      .Add("redis_git_sha1", "00000000")
      .Add("redis_git_dirty", 0)
      .Add(options.extended_redis_compatibility ? "redis_mode" : "server_mode", ModeName(options))
      .Add("os", facts.host.os)
      .Add("arch_bits", 64)
      .Add("process_id", facts.stats.process.pid)
      .Add("process_supervised", "no")
      .Add("run_id", facts.run_id)
      .Add("tcp_port", facts.port)
      .Add("server_time_usec", facts.now.us)
      .Add("uptime_in_seconds", uptime_s)
      .Add("uptime_in_days", uptime_s / kSecondsPerDay)
      .Add("hz", options.hz)
      .Add("configured_hz", options.hz)
      .Add("lru_clock", static_cast<uint64_t>(facts.now.unix_s()) & kAccessClockMask)
      .Add("executable", facts.host.executable)
      .Add("config_file", facts.config_file)
      .Add("io_threads_active", facts.threads > 1 ? 1 : 0)
      .Add("threads", facts.threads)
      .Add("availability_zone", options.availability_zone);
  AddListeners(lines, facts);
  return lines.Take();
}

std::string InfoClients(const InfoFacts& facts) {
  const NodeStats& stats = facts.stats;
  const bool pausing = facts.pause.mode != PauseMode::kNone && facts.pause.until > facts.instant;
  const std::string_view paused = !pausing                              ? "none"
                                  : facts.pause.mode == PauseMode::kAll ? "all"
                                                                        : "write";
  return InfoLines("Clients")
      .Add("connected_clients", stats.connected_clients)
      .Add("cluster_connections", 0)
      .Add("maxclients", facts.options.maxclients)
      .Add("client_recent_max_input_buffer", stats.largest_input_buffer_bytes)
      .Add("client_recent_max_output_buffer", stats.largest_output_buffer_bytes)
      .Add("blocked_clients", stats.blocked_clients)
      .Add("tracking_clients", 0)
      .Add("pubsub_clients", stats.pubsub_clients)
      .Add("watching_clients", stats.watching_clients)
      .Add("clients_in_timeout_table", 0)
      .Add("total_watched_keys", stats.watched_keys)
      .Add("total_blocking_keys", stats.blocking_keys)
      .Add("total_blocking_keys_on_nokey", stats.blocking_keys_nokey)
      .Add("paused_actions", paused)
      .Add("paused_timeout_milliseconds",
           pausing ? (facts.pause.until - facts.instant).millis() : 0)
      .Take();
}

namespace {

std::string_view OkOrErr(bool ok) { return ok ? "ok" : "err"; }

// Only while a file is being read.
void AddLoading(InfoLines& lines, const PersistenceStats& p) {
  const uint64_t total = std::max(p.loading_total_bytes, p.loading_loaded_bytes);
  const double percent =
      total == 0 ? 0
                 : 100.0 * static_cast<double>(p.loading_loaded_bytes) / static_cast<double>(total);
  const double left_bytes = static_cast<double>(total - p.loading_loaded_bytes);
  const int64_t eta_s =
      p.loading_bytes_per_s < 1 ? 1 : static_cast<int64_t>(left_bytes / p.loading_bytes_per_s);
  lines.Add("loading_start_time", p.loading_start_unix_s)
      .Add("loading_total_bytes", total)
      .Add("loading_rdb_used_mem", 0)
      .Add("loading_loaded_bytes", p.loading_loaded_bytes)
      .Add("loading_loaded_perc", fmt::format("{:.2f}", percent))
      .Add("loading_eta_seconds", eta_s);
}

// Only while the log is on.
void AddLogSizes(InfoLines& lines, const persist::AofInfo& aof) {
  lines.Add("aof_current_size", aof.aof_current_size)
      .Add("aof_base_size", aof.aof_base_size)
      .Add("aof_pending_rewrite", aof.aof_pending_rewrite ? 1 : 0)
      .Add("aof_buffer_length", aof.aof_buffer_length)
      .Add("aof_pending_bio_fsync", aof.aof_pending_bio_fsync)
      .Add("aof_delayed_fsync", aof.aof_delayed_fsync);
}

}  // namespace

// Snapshots copy nothing, so what tells of copied pages is zero.
std::string InfoPersistence(const InfoFacts& facts) {
  const PersistenceStats& p = facts.stats.persistence;
  InfoLines lines("Persistence");
  lines.Add("loading", p.loading ? 1 : 0)
      .Add("async_loading", 0)
      .Add("current_cow_peak", 0)
      .Add("current_cow_size", 0)
      .Add("current_cow_size_age", 0)
      .Add("current_fork_perc", "0.00")
      .Add("current_save_keys_processed", p.save_keys_processed)
      .Add("current_save_keys_total", p.save_keys_total)
      .Add("rdb_changes_since_last_save", p.changes_since_last_save)
      .Add("rdb_bgsave_in_progress", p.bgsave_in_progress ? 1 : 0)
      .Add("rdb_last_save_time", p.last_save_unix_s)
      .Add("rdb_last_bgsave_status", OkOrErr(p.last_bgsave_ok))
      .Add("rdb_last_bgsave_time_sec", p.last_bgsave_s)
      .Add("rdb_current_bgsave_time_sec", p.current_bgsave_s)
      .Add("rdb_saves", p.saves)
      .Add("rdb_last_cow_size", 0)
      .Add("rdb_last_load_keys_expired", p.last_load_keys_expired)
      .Add("rdb_last_load_keys_loaded", p.last_load_keys_loaded)
      .Add("aof_enabled", p.aof.aof_enabled ? 1 : 0)
      .Add("aof_rewrite_in_progress", p.aof.aof_rewrite_in_progress ? 1 : 0)
      .Add("aof_rewrite_scheduled", p.aof.aof_rewrite_scheduled ? 1 : 0)
      .Add("aof_last_rewrite_time_sec", p.aof.aof_last_rewrite_time_sec)
      .Add("aof_current_rewrite_time_sec", p.aof.aof_current_rewrite_time_sec)
      .Add("aof_last_bgrewrite_status", OkOrErr(p.aof.aof_last_bgrewrite_status))
      .Add("aof_rewrites", p.aof.aof_rewrites)
      .Add("aof_rewrites_consecutive_failures", p.aof.aof_rewrites_consecutive_failures)
      .Add("aof_last_write_status", OkOrErr(p.aof.aof_last_write_status))
      .Add("aof_last_cow_size", 0)
      .Add("module_fork_in_progress", 0)
      .Add("module_fork_last_cow_size", 0);
  if (p.aof.aof_enabled) AddLogSizes(lines, p.aof);
  if (p.loading) AddLoading(lines, p);
  return lines.Take();
}

std::string InfoReplication(const InfoFacts& facts) {
  return InfoLines("Replication").Take() + facts.replication;
}

std::string InfoCpu(const InfoFacts& facts) {
  return InfoLines("CPU")
      .Add("used_cpu_sys", Seconds(facts.stats.process.cpu_system_us))
      .Add("used_cpu_user", Seconds(facts.stats.process.cpu_user_us))
      .Add("used_cpu_sys_children", Seconds(0))
      .Add("used_cpu_user_children", Seconds(0))
      .Take();
}

std::string InfoModules(const InfoFacts&) { return InfoLines("Modules").Take(); }

std::string InfoCluster(const InfoFacts& facts) {
  return InfoLines("Cluster").Add("cluster_enabled", facts.options.cluster_enabled ? 1 : 0).Take() +
         facts.cluster;
}

std::string InfoKeyspace(const InfoFacts& facts) {
  InfoLines lines("Keyspace");
  for (size_t index = 0; index < facts.stats.dbs.size(); ++index) {
    const DbStats& db = facts.stats.dbs[index];
    if (db.keys == 0 && db.expires == 0) continue;
    lines.Add(fmt::format("db{}", index),
              fmt::format("keys={},expires={},avg_ttl={},keys_with_volatile_items={}", db.keys,
                          db.expires, db.avg_ttl_ms, db.timed_objects));
  }
  return lines.Take();
}

}  // namespace norn
