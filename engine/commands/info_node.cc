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
      .Add("pubsub_clients", 0)
      .Add("watching_clients", stats.watching_clients)
      .Add("clients_in_timeout_table", 0)
      .Add("total_watched_keys", stats.watched_keys)
      .Add("total_blocking_keys", 0)
      .Add("total_blocking_keys_on_nokey", 0)
      .Add("paused_actions", paused)
      .Add("paused_timeout_milliseconds",
           pausing ? (facts.pause.until - facts.instant).millis() : 0)
      .Take();
}

// Nothing is ever saved or loaded yet. As Valkey, the start counts as the last save.
std::string InfoPersistence(const InfoFacts& facts) {
  return InfoLines("Persistence")
      .Add("loading", 0)
      .Add("async_loading", 0)
      .Add("current_cow_peak", 0)
      .Add("current_cow_size", 0)
      .Add("current_cow_size_age", 0)
      .Add("current_fork_perc", "0.00")
      .Add("current_save_keys_processed", 0)
      .Add("current_save_keys_total", 0)
      .Add("rdb_changes_since_last_save", facts.stats.keyspace.changes)
      .Add("rdb_bgsave_in_progress", 0)
      .Add("rdb_last_save_time", facts.start_wall.unix_s())
      .Add("rdb_last_bgsave_status", "ok")
      .Add("rdb_last_bgsave_time_sec", -1)
      .Add("rdb_current_bgsave_time_sec", -1)
      .Add("rdb_saves", 0)
      .Add("rdb_last_cow_size", 0)
      .Add("rdb_last_load_keys_expired", 0)
      .Add("rdb_last_load_keys_loaded", 0)
      .Add("aof_enabled", 0)
      .Add("aof_rewrite_in_progress", 0)
      .Add("aof_rewrite_scheduled", 0)
      .Add("aof_last_rewrite_time_sec", -1)
      .Add("aof_current_rewrite_time_sec", -1)
      .Add("aof_last_bgrewrite_status", "ok")
      .Add("aof_rewrites", 0)
      .Add("aof_rewrites_consecutive_failures", 0)
      .Add("aof_last_write_status", "ok")
      .Add("aof_last_cow_size", 0)
      .Add("module_fork_in_progress", 0)
      .Add("module_fork_last_cow_size", 0)
      .Take();
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
  return InfoLines("Cluster").Add("cluster_enabled", facts.options.cluster_enabled ? 1 : 0).Take();
}

std::string InfoKeyspace(const InfoFacts& facts) {
  InfoLines lines("Keyspace");
  for (size_t index = 0; index < facts.stats.dbs.size(); ++index) {
    const DbStats& db = facts.stats.dbs[index];
    if (db.keys == 0 && db.expires == 0) continue;
    lines.Add(fmt::format("db{}", index),
              fmt::format("keys={},expires={},avg_ttl={}", db.keys, db.expires, db.avg_ttl_ms));
  }
  return lines.Take();
}

}  // namespace norn
