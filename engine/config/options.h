#pragma once
// The options of one server as plain fields: what hot code reads. Names, bounds, defaults and
// meaning stand in table.cc, one row each; a field has the name of its row, with underscores.
//
// A value: every executor owns a copy, nobody shares one, so there is no lock. Numbers are 64 bits
// wide whatever their range; bytes unless a comment gives another unit.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace norn::config {

enum class MaxmemoryPolicy : uint8_t {
  kVolatileLru,
  kVolatileLfu,
  kVolatileRandom,
  kVolatileTtl,
  kAllKeysLru,
  kAllKeysLfu,
  kAllKeysRandom,
  kNoEviction,
};
enum class SyslogFacility : uint8_t {
  kUser,
  kLocal0,
  kLocal1,
  kLocal2,
  kLocal3,
  kLocal4,
  kLocal5,
  kLocal6,
  kLocal7,
};
enum class Verbosity : uint8_t { kDebug, kVerbose, kNotice, kWarning, kNothing };
enum class Supervised : uint8_t { kNo, kAuto, kSystemd, kUpstart };
enum class AppendSync : uint8_t { kNo, kAlways, kEverySecond };
enum class DisklessLoad : uint8_t { kDisabled, kOnEmptyDb, kSwapDb, kFlushBeforeLoad };
enum class TlsAuthClients : uint8_t { kNo, kYes, kOptional };
enum class OomScoreAdj : uint8_t { kNo, kRelative, kAbsolute };
enum class AclPubsubDefault : uint8_t { kResetChannels, kAllChannels };
enum class RdbVersionCheck : uint8_t { kStrict, kRelaxed };
enum class SanitizePayload : uint8_t { kNo, kYes, kClients };
enum class ProtectedAction : uint8_t { kNo, kYes, kLocal };
enum class EndpointType : uint8_t { kIp, kHostname, kUnknown };
enum class PropagationError : uint8_t { kIgnore, kPanic, kPanicOnReplicas };
enum class LogFormat : uint8_t { kLegacy, kLogfmt };
enum class LogTimestamp : uint8_t { kLegacy, kIso8601, kMilliseconds };

// Bits of shutdown-on-sigint and shutdown-on-sigterm; 0: as the save points say.
inline constexpr uint32_t kShutdownSave = 1;
inline constexpr uint32_t kShutdownNoSave = 2;
inline constexpr uint32_t kShutdownNow = 4;
inline constexpr uint32_t kShutdownForce = 8;

// Bits of notify-keyspace-events, each with its letter.
inline constexpr uint32_t kNotifyKeyspace = 1 << 0;  // K
inline constexpr uint32_t kNotifyKeyevent = 1 << 1;  // E
inline constexpr uint32_t kNotifyGeneric = 1 << 2;   // g
inline constexpr uint32_t kNotifyString = 1 << 3;    // $
inline constexpr uint32_t kNotifyList = 1 << 4;      // l
inline constexpr uint32_t kNotifySet = 1 << 5;       // s
inline constexpr uint32_t kNotifyHash = 1 << 6;      // h
inline constexpr uint32_t kNotifyZset = 1 << 7;      // z
inline constexpr uint32_t kNotifyExpired = 1 << 8;   // x
inline constexpr uint32_t kNotifyEvicted = 1 << 9;   // e
inline constexpr uint32_t kNotifyStream = 1 << 10;   // t
inline constexpr uint32_t kNotifyKeyMiss = 1 << 11;  // m
inline constexpr uint32_t kNotifyModule = 1 << 12;   // d
inline constexpr uint32_t kNotifyNew = 1 << 13;      // n
// A: all kinds but m and n.
inline constexpr uint32_t kNotifyAll = kNotifyGeneric | kNotifyString | kNotifyList | kNotifySet |
                                       kNotifyHash | kNotifyZset | kNotifyExpired | kNotifyEvicted |
                                       kNotifyStream | kNotifyModule;

struct SavePoint {
  int64_t seconds = 0;
  int64_t changes = 0;
  bool operator==(const SavePoint&) const = default;
};

// Classes of client-output-buffer-limit.
enum ClientClass : size_t { kNormalClient, kReplicaClient, kPubsubClient };
inline constexpr size_t kClientClassCount = 3;

// 0: no limit.
struct OutputLimit {
  uint64_t hard_bytes = 0;
  uint64_t soft_bytes = 0;
  int64_t soft_seconds = 0;
  bool operator==(const OutputLimit&) const = default;
};

// No host: this server is a primary.
struct ReplicaOf {
  std::string host;
  int64_t port = 0;
  bool operator==(const ReplicaOf&) const = default;
};

struct Options {
  // All at the defaults of table.cc.
  Options();
  bool operator==(const Options&) const = default;

  // Network
  std::vector<std::string> bind;
  int64_t port = 0;
  bool protected_mode = false;
  int64_t tcp_backlog = 0;
  std::string unixsocket;
  std::string unixsocketgroup;
  int64_t unixsocketperm = 0;  // printed in octal
  int64_t timeout = 0;         // seconds
  int64_t tcp_keepalive = 0;   // seconds
  std::string bind_source_addr;
  int64_t socket_mark_id = 0;
  int64_t max_new_connections_per_cycle = 0;
  int64_t max_new_tls_connections_per_cycle = 0;
  std::vector<std::string> rdma_bind;
  int64_t rdma_port = 0;
  int64_t rdma_rx_size = 0;
  int64_t rdma_completion_vector = 0;

  // Tls
  int64_t tls_port = 0;
  std::string tls_cert_file;
  std::string tls_key_file;
  std::string tls_key_file_pass;
  std::string tls_client_cert_file;
  std::string tls_client_key_file;
  std::string tls_client_key_file_pass;
  std::string tls_dh_params_file;
  std::string tls_ca_cert_file;
  std::string tls_ca_cert_dir;
  TlsAuthClients tls_auth_clients{};
  bool tls_replication = false;
  bool tls_cluster = false;
  std::string tls_protocols;
  std::string tls_ciphers;
  std::string tls_ciphersuites;
  bool tls_prefer_server_ciphers = false;
  bool tls_session_caching = false;
  int64_t tls_session_cache_size = 0;
  int64_t tls_session_cache_timeout = 0;

  // Clients
  int64_t maxclients = 0;
  int64_t client_query_buffer_limit = 0;
  int64_t proto_max_bulk_len = 0;
  std::array<OutputLimit, kClientClassCount>
      client_output_buffer_limit{};  // indexed by ClientClass
  int64_t client_output_buffer_ceiling = 0;
  int64_t maxmemory_clients = 0;  // negative: a percentage of maxmemory
  int64_t tracking_table_max_keys = 0;

  // Process
  bool daemonize = false;
  std::string pidfile;
  std::string dir;  // absolute once the caller gave a working directory
  int64_t databases = 0;
  int64_t hz = 0;
  bool dynamic_hz = false;
  int64_t shutdown_timeout = 0;      // seconds
  uint32_t shutdown_on_sigint = 0;   // kShutdown bits
  uint32_t shutdown_on_sigterm = 0;  // kShutdown bits
  bool extended_redis_compatibility = false;
  Supervised supervised{};
  bool set_proc_title = false;
  std::string proc_title_template;
  bool crash_log_enabled = false;
  bool crash_memcheck_enabled = false;
  bool always_show_logo = false;
  bool disable_thp = false;
  OomScoreAdj oom_score_adj{};
  std::array<int64_t, 3> oom_score_adj_values{};  // primary, replica, background process
  std::string server_cpulist;
  std::string bio_cpulist;
  std::string aof_rewrite_cpulist;
  std::string bgsave_cpulist;
  std::string ignore_warnings;
  std::string locale_collate;
  std::string availability_zone;

  // Log
  Verbosity loglevel{};
  std::string logfile;
  LogFormat log_format{};
  LogTimestamp log_timestamp_format{};
  bool hide_user_data_from_log = false;
  bool syslog_enabled = false;
  std::string syslog_ident;
  SyslogFacility syslog_facility{};

  // Security
  std::string requirepass;
  std::string aclfile;
  AclPubsubDefault acl_pubsub_default{};
  int64_t acllog_max_len = 0;
  ProtectedAction enable_protected_configs{};
  ProtectedAction enable_debug_command{};
  ProtectedAction enable_module_command{};

  // Threads
  int64_t threads = 0;  // 0: one a core
  int64_t fiber_stack_size = 0;
  int64_t prefetch_batch_max_size = 0;
  int64_t events_per_io_thread = 0;

  // Memory
  uint64_t maxmemory = 0;  // bytes; 0: no limit
  MaxmemoryPolicy maxmemory_policy{};
  int64_t maxmemory_samples = 0;
  int64_t maxmemory_eviction_tenacity = 0;
  int64_t lfu_log_factor = 0;
  int64_t lfu_decay_time = 0;  // minutes
  bool activedefrag = false;
  int64_t active_defrag_ignore_bytes = 0;
  int64_t active_defrag_threshold_lower = 0;
  int64_t active_defrag_threshold_upper = 0;
  int64_t active_defrag_cycle_min = 0;
  int64_t active_defrag_cycle_max = 0;
  int64_t active_defrag_cycle_us = 0;
  int64_t active_defrag_max_scan_fields = 0;
  bool jemalloc_bg_thread = false;

  // Keys
  int64_t active_expire_effort = 0;
  bool activerehashing = false;
  bool lazyfree_lazy_eviction = false;
  bool lazyfree_lazy_expire = false;
  bool lazyfree_lazy_server_del = false;
  bool lazyfree_lazy_user_del = false;
  bool lazyfree_lazy_user_flush = false;
  bool import_mode = false;

  // Encodings
  int64_t hash_max_listpack_entries = 0;
  int64_t hash_max_listpack_value = 0;
  int64_t list_max_listpack_size = 0;
  int64_t list_compress_depth = 0;
  int64_t set_max_intset_entries = 0;
  int64_t set_max_listpack_entries = 0;
  int64_t set_max_listpack_value = 0;
  int64_t zset_max_listpack_entries = 0;
  int64_t zset_max_listpack_value = 0;
  int64_t hll_sparse_max_bytes = 0;
  int64_t stream_node_max_bytes = 0;
  int64_t stream_node_max_entries = 0;

  // Events
  uint32_t notify_keyspace_events = 0;  // kNotify bits

  // Latency
  int64_t commandlog_execution_slower_than = 0;  // microseconds; -1: none
  int64_t commandlog_slow_execution_max_len = 0;
  int64_t commandlog_request_larger_than = 0;  // bytes; -1: none
  int64_t commandlog_large_request_max_len = 0;
  int64_t commandlog_reply_larger_than = 0;  // bytes; -1: none
  int64_t commandlog_large_reply_max_len = 0;
  bool latency_tracking = false;
  std::vector<double> latency_tracking_info_percentiles;
  int64_t latency_monitor_threshold = 0;  // ms
  int64_t busy_reply_threshold = 0;       // ms

  // Snapshots
  std::vector<SavePoint> save;
  std::string dbfilename;
  bool stop_writes_on_bgsave_error = false;
  bool rdbcompression = false;
  bool rdbchecksum = false;
  int64_t rdb_write_version = 0;
  RdbVersionCheck rdb_version_check{};
  bool rdb_del_sync_files = false;
  bool rdb_save_incremental_fsync = false;
  SanitizePayload sanitize_dump_payload{};

  // AppendLog
  bool appendonly = false;
  std::string appendfilename;
  std::string appenddirname;
  AppendSync appendfsync{};
  bool no_appendfsync_on_rewrite = false;
  int64_t auto_aof_rewrite_percentage = 0;
  int64_t auto_aof_rewrite_min_size = 0;
  bool aof_load_truncated = false;
  bool aof_use_rdb_preamble = false;
  bool aof_timestamp_enabled = false;
  bool aof_rewrite_incremental_fsync = false;

  // Replication
  ReplicaOf replicaof;
  std::string primaryauth;
  std::string primaryuser;
  bool replica_serve_stale_data = false;
  bool replica_read_only = false;
  bool replica_ignore_maxmemory = false;
  bool replica_lazy_flush = false;
  int64_t replica_priority = 0;
  bool replica_announced = false;
  std::string replica_announce_ip;
  int64_t replica_announce_port = 0;
  bool replica_ignore_disk_write_errors = false;
  int64_t repl_backlog_size = 0;
  int64_t repl_backlog_ttl = 0;          // seconds
  int64_t repl_timeout = 0;              // seconds
  int64_t repl_ping_replica_period = 0;  // seconds
  bool repl_disable_tcp_nodelay = false;
  bool repl_diskless_sync = false;
  int64_t repl_diskless_sync_delay = 0;
  int64_t repl_diskless_sync_max_replicas = 0;
  DisklessLoad repl_diskless_load{};
  bool dual_channel_replication_enabled = false;
  int64_t min_replicas_to_write = 0;
  int64_t min_replicas_max_lag = 0;  // seconds
  PropagationError propagation_error_behavior{};

  // Cluster
  bool cluster_enabled = false;
  int64_t cluster_databases = 0;
  std::string cluster_config_file;
  int64_t cluster_node_timeout = 0;             // ms
  int64_t cluster_manual_failover_timeout = 0;  // ms
  int64_t cluster_slot_migration_log_max_len = 0;
  int64_t slot_migration_max_failover_repl_bytes = 0;
  int64_t cluster_port = 0;
  int64_t cluster_replica_validity_factor = 0;
  int64_t cluster_migration_barrier = 0;
  bool cluster_allow_replica_migration = false;
  bool cluster_require_full_coverage = false;
  bool cluster_allow_reads_when_down = false;
  bool cluster_allow_pubsubshard_when_down = false;
  bool cluster_replica_no_failover = false;
  uint64_t cluster_link_sendbuf_limit = 0;
  uint64_t cluster_blacklist_ttl = 0;
  bool cluster_slot_stats_enabled = false;
  EndpointType cluster_preferred_endpoint_type{};
  std::string cluster_announce_ip;
  std::string cluster_announce_client_ipv4;
  std::string cluster_announce_client_ipv6;
  std::string cluster_announce_hostname;
  std::string cluster_announce_human_nodename;
  int64_t cluster_announce_port = 0;
  int64_t cluster_announce_tls_port = 0;
  int64_t cluster_announce_bus_port = 0;
  int64_t cluster_ping_interval = 0;  // ms
  bool cluster_old_bus = false;

  // Debug
  bool use_exit_on_panic = false;
  bool enable_debug_assert = false;
  std::string debug_context;
  int64_t watchdog_period = 0;
  bool aof_disable_auto_gc = false;
  int64_t rdb_key_save_delay = 0;  // microseconds
  int64_t key_load_delay = 0;      // microseconds
  int64_t loading_process_events_interval_bytes = 0;
};

}  // namespace norn::config
