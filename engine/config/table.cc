#include "engine/config/table.h"

#include "engine/config/special.h"
#include "engine/config/validate.h"

#include <algorithm>
#include <climits>

namespace norn::config {
namespace {

constexpr int64_t kIntMax = INT32_MAX;
constexpr int64_t kIntMin = INT32_MIN;
constexpr int64_t kUintMax = UINT32_MAX;
constexpr int64_t kLongMax = INT64_MAX;
constexpr int64_t kPort = 65535;
constexpr int64_t kKb = 1024;
constexpr int64_t kMb = 1024 * kKb;
constexpr int64_t kGb = 1024 * kMb;

constexpr Kind Bool(bool Options::*field, bool initial) { return BoolKind{field, initial}; }

constexpr Kind Int(int64_t Options::*field, int64_t initial, int64_t min, int64_t max,
                   Unit unit = Unit::kNone) {
  return IntKind{field, initial, min, max, unit};
}

constexpr Kind Bytes(int64_t Options::*field, int64_t initial, int64_t min, int64_t max) {
  return IntKind{field, initial, min, max, Unit::kBytes};
}

constexpr Kind Uint(uint64_t Options::*field, uint64_t initial, Unit unit) {
  return UintKind{field, initial, 0, UINT64_MAX, unit};
}

using TextCheck = Reason (*)(const Options&, std::string_view);

constexpr Kind Text(std::string Options::*field, std::string_view initial,
                    TextCheck check = nullptr) {
  return TextKind{field, initial, false, check};
}

// A text that is absent by default: "" means unset.
constexpr Kind Unset(std::string Options::*field, TextCheck check = nullptr) {
  return TextKind{field, "", true, check};
}

template <auto kField>
int LoadEnum(const Options& options) {
  return static_cast<int>(options.*kField);
}

template <auto kField>
void StoreEnum(Options& options, int value) {
  using Value = std::remove_reference_t<decltype(options.*kField)>;
  options.*kField = static_cast<Value>(value);
}

template <auto kField, typename Value>
constexpr Kind Enum(std::span<const EnumName> names, Value initial) {
  return EnumKind{LoadEnum<kField>, StoreEnum<kField>, static_cast<int>(initial), names, false,
                  nullptr};
}

template <auto kField>
constexpr Kind Flags(std::span<const EnumName> names, Reason (*check)(int)) {
  return EnumKind{LoadEnum<kField>, StoreEnum<kField>, 0, names, true, check};
}

constexpr Kind Special(SpecialKind form, std::string_view initial) {
  form.initial = initial;
  return form;
}

template <typename Value>
constexpr EnumName Name(std::string_view name, Value value) {
  return {name, static_cast<int>(value)};
}

constexpr EnumName kPolicies[] = {Name("volatile-lru", MaxmemoryPolicy::kVolatileLru),
                                  Name("volatile-lfu", MaxmemoryPolicy::kVolatileLfu),
                                  Name("volatile-random", MaxmemoryPolicy::kVolatileRandom),
                                  Name("volatile-ttl", MaxmemoryPolicy::kVolatileTtl),
                                  Name("allkeys-lru", MaxmemoryPolicy::kAllKeysLru),
                                  Name("allkeys-lfu", MaxmemoryPolicy::kAllKeysLfu),
                                  Name("allkeys-random", MaxmemoryPolicy::kAllKeysRandom),
                                  Name("noeviction", MaxmemoryPolicy::kNoEviction)};

constexpr EnumName kFacilities[] = {
    Name("user", SyslogFacility::kUser),     Name("local0", SyslogFacility::kLocal0),
    Name("local1", SyslogFacility::kLocal1), Name("local2", SyslogFacility::kLocal2),
    Name("local3", SyslogFacility::kLocal3), Name("local4", SyslogFacility::kLocal4),
    Name("local5", SyslogFacility::kLocal5), Name("local6", SyslogFacility::kLocal6),
    Name("local7", SyslogFacility::kLocal7)};

constexpr EnumName kVerbosities[] = {
    Name("debug", Verbosity::kDebug), Name("verbose", Verbosity::kVerbose),
    Name("notice", Verbosity::kNotice), Name("warning", Verbosity::kWarning),
    Name("nothing", Verbosity::kNothing)};

constexpr EnumName kSupervisors[] = {Name("upstart", Supervised::kUpstart),
                                     Name("systemd", Supervised::kSystemd),
                                     Name("auto", Supervised::kAuto), Name("no", Supervised::kNo)};

constexpr EnumName kAppendSyncs[] = {Name("everysec", AppendSync::kEverySecond),
                                     Name("always", AppendSync::kAlways),
                                     Name("no", AppendSync::kNo)};

constexpr EnumName kShutdowns[] = {Name("default", 0), Name("save", kShutdownSave),
                                   Name("nosave", kShutdownNoSave), Name("now", kShutdownNow),
                                   Name("force", kShutdownForce)};

constexpr EnumName kDisklessLoads[] = {Name("disabled", DisklessLoad::kDisabled),
                                       Name("on-empty-db", DisklessLoad::kOnEmptyDb),
                                       Name("swapdb", DisklessLoad::kSwapDb),
                                       Name("flush-before-load", DisklessLoad::kFlushBeforeLoad)};

constexpr EnumName kTlsAuths[] = {Name("no", TlsAuthClients::kNo),
                                  Name("yes", TlsAuthClients::kYes),
                                  Name("optional", TlsAuthClients::kOptional)};

// "relative" is an older word for "yes"; the first name of a value is the one printed.
constexpr EnumName kOomScores[] = {
    Name("no", OomScoreAdj::kNo), Name("yes", OomScoreAdj::kRelative),
    Name("relative", OomScoreAdj::kRelative), Name("absolute", OomScoreAdj::kAbsolute)};

constexpr EnumName kPubsubDefaults[] = {Name("allchannels", AclPubsubDefault::kAllChannels),
                                        Name("resetchannels", AclPubsubDefault::kResetChannels)};

constexpr EnumName kVersionChecks[] = {Name("strict", RdbVersionCheck::kStrict),
                                       Name("relaxed", RdbVersionCheck::kRelaxed)};

constexpr EnumName kSanitizes[] = {Name("no", SanitizePayload::kNo),
                                   Name("yes", SanitizePayload::kYes),
                                   Name("clients", SanitizePayload::kClients)};

constexpr EnumName kProtections[] = {Name("no", ProtectedAction::kNo),
                                     Name("yes", ProtectedAction::kYes),
                                     Name("local", ProtectedAction::kLocal)};

constexpr EnumName kEndpoints[] = {Name("ip", EndpointType::kIp),
                                   Name("hostname", EndpointType::kHostname),
                                   Name("unknown-endpoint", EndpointType::kUnknown)};

constexpr EnumName kPropagationErrors[] = {
    Name("ignore", PropagationError::kIgnore), Name("panic", PropagationError::kPanic),
    Name("panic-on-replicas", PropagationError::kPanicOnReplicas)};

constexpr EnumName kLogFormats[] = {Name("legacy", LogFormat::kLegacy),
                                    Name("logfmt", LogFormat::kLogfmt)};

constexpr EnumName kLogTimestamps[] = {Name("legacy", LogTimestamp::kLegacy),
                                       Name("iso8601", LogTimestamp::kIso8601),
                                       Name("milliseconds", LogTimestamp::kMilliseconds)};

using O = Options;
using E = Effect;
using G = Group;

// name, alias, flags, kind (field, default, bounds), effect, group, doc.
// clang-format off
constexpr Row kTable[] = {
    {"bind", "", kMulti, Special(kBindForm, "* -::*"), E::kListeners, G::kNetwork, "Addresses to listen on. A leading '-' means that an address may be missing on this machine."},
    {"port", "", kMutable, Int(&O::port, 6379, 0, kPort), E::kListeners, G::kNetwork, "TCP port for clients; 0 listens on no TCP port."},
    {"protected-mode", "", kMutable, Bool(&O::protected_mode, true), E::kNone, G::kNetwork, "Refuse clients from other machines as long as the default user has no password."},
    {"tcp-backlog", "", kFixed, Int(&O::tcp_backlog, 511, 0, kIntMax), E::kNone, G::kNetwork, "Connections that the kernel may queue before they are accepted; the kernel's somaxconn limits it."},
    {"unixsocket", "", kFixed, Unset(&O::unixsocket), E::kNone, G::kNetwork, "Path of a Unix socket to listen on."},
    {"unixsocketgroup", "", kFixed, Unset(&O::unixsocketgroup), E::kNone, G::kNetwork, "Group that owns the Unix socket."},
    {"unixsocketperm", "", kFixed, Int(&O::unixsocketperm, 0, 0, 0777, Unit::kOctal), E::kNone, G::kNetwork, "Permissions of the Unix socket in octal; 0 leaves them to the umask."},
    {"timeout", "", kMutable, Int(&O::timeout, 0, 0, kIntMax), E::kNone, G::kNetwork, "Seconds after which an idle client is closed; 0: never."},
    {"tcp-keepalive", "", kMutable, Int(&O::tcp_keepalive, 300, 0, kIntMax), E::kNone, G::kNetwork, "Seconds between TCP keepalive probes to silent clients; 0: none."},
    {"bind-source-addr", "", kUnused, Unset(&O::bind_source_addr), E::kNone, G::kNetwork, "Local address of outgoing connections (replication, cluster bus)."},
    {"socket-mark-id", "", kFixed | kUnused, Int(&O::socket_mark_id, 0, 0, kUintMax), E::kNone, G::kNetwork, "Mark set on listening sockets for the kernel's packet filters; 0: none."},
    {"max-new-connections-per-cycle", "", kUnused, Int(&O::max_new_connections_per_cycle, 10, 1, 1000), E::kNone, G::kNetwork, "TCP connections accepted at once before other work gets its turn."},
    {"max-new-tls-connections-per-cycle", "", kUnused, Int(&O::max_new_tls_connections_per_cycle, 1, 1, 1000), E::kNone, G::kNetwork, "TLS connections accepted at once before other work gets its turn."},
    {"rdma-bind", "", kMulti | kUnused, Special(kRdmaBindForm, ""), E::kNone, G::kNetwork, "Addresses to listen on over RDMA."},
    {"rdma-port", "", kUnused, Int(&O::rdma_port, 0, 0, kPort), E::kNone, G::kNetwork, "RDMA port; 0: none."},
    {"rdma-rx-size", "", kFixed | kUnused, Int(&O::rdma_rx_size, kMb, 64 * kKb, 16 * kMb), E::kNone, G::kNetwork, "Bytes of an RDMA connection's receive buffer."},
    {"rdma-completion-vector", "", kFixed | kUnused, Int(&O::rdma_completion_vector, -1, -1, 1024), E::kNone, G::kNetwork, "Completion vector of RDMA connections; -1 picks one at random."},

    {"tls-port", "", kUnused, Int(&O::tls_port, 0, 0, kPort), E::kListeners, G::kTls, "TLS port for clients; 0: none."},
    {"tls-cert-file", "", kVolatile | kUnused, Unset(&O::tls_cert_file), E::kTls, G::kTls, "Certificate (PEM) of this server."},
    {"tls-key-file", "", kVolatile | kUnused, Unset(&O::tls_key_file), E::kTls, G::kTls, "Private key (PEM) of this server."},
    {"tls-key-file-pass", "", kSensitive | kUnused, Unset(&O::tls_key_file_pass), E::kTls, G::kTls, "Passphrase of tls-key-file."},
    {"tls-client-cert-file", "", kVolatile | kUnused, Unset(&O::tls_client_cert_file), E::kTls, G::kTls, "Certificate for outgoing connections, where it differs from tls-cert-file."},
    {"tls-client-key-file", "", kVolatile | kUnused, Unset(&O::tls_client_key_file), E::kTls, G::kTls, "Private key for outgoing connections, where it differs from tls-key-file."},
    {"tls-client-key-file-pass", "", kSensitive | kUnused, Unset(&O::tls_client_key_file_pass), E::kTls, G::kTls, "Passphrase of tls-client-key-file."},
    {"tls-dh-params-file", "", kVolatile | kUnused, Unset(&O::tls_dh_params_file), E::kTls, G::kTls, "Diffie-Hellman parameters, for old clients."},
    {"tls-ca-cert-file", "", kVolatile | kUnused, Unset(&O::tls_ca_cert_file), E::kTls, G::kTls, "CA certificates that peers are checked against."},
    {"tls-ca-cert-dir", "", kVolatile | kUnused, Unset(&O::tls_ca_cert_dir), E::kTls, G::kTls, "Folder of CA certificates that peers are checked against."},
    {"tls-auth-clients", "", kUnused, Enum<&O::tls_auth_clients>(kTlsAuths, TlsAuthClients::kYes), E::kNone, G::kTls, "Whether clients must show a certificate: yes, no, or optional (checked if shown)."},
    {"tls-replication", "", kUnused, Bool(&O::tls_replication, false), E::kTls, G::kTls, "Replicate over TLS."},
    {"tls-cluster", "", kUnused, Bool(&O::tls_cluster, false), E::kTls, G::kTls, "Run the cluster bus over TLS."},
    {"tls-protocols", "", kUnused, Unset(&O::tls_protocols), E::kTls, G::kTls, "TLS versions to allow, such as \"TLSv1.2 TLSv1.3\"; empty: those two."},
    {"tls-ciphers", "", kUnused, Unset(&O::tls_ciphers), E::kTls, G::kTls, "Ciphers up to TLS 1.2, as OpenSSL names them."},
    {"tls-ciphersuites", "", kUnused, Unset(&O::tls_ciphersuites), E::kTls, G::kTls, "Cipher suites of TLS 1.3, as OpenSSL names them."},
    {"tls-prefer-server-ciphers", "", kUnused, Bool(&O::tls_prefer_server_ciphers, false), E::kTls, G::kTls, "The server's order of ciphers beats the client's."},
    {"tls-session-caching", "", kUnused, Bool(&O::tls_session_caching, true), E::kTls, G::kTls, "Let clients resume TLS sessions."},
    {"tls-session-cache-size", "", kUnused, Int(&O::tls_session_cache_size, 20 * 1024, 0, kIntMax), E::kTls, G::kTls, "TLS sessions kept for resumption; 0: no limit."},
    {"tls-session-cache-timeout", "", kUnused, Int(&O::tls_session_cache_timeout, 300, 0, kIntMax), E::kTls, G::kTls, "Seconds that a TLS session can be resumed."},

    {"maxclients", "", kMutable, Int(&O::maxclients, 10000, 1, kUintMax), E::kMaxClients, G::kClients, "Clients connected at once; one more gets an error and is closed."},
    {"client-query-buffer-limit", "", kMutable, Bytes(&O::client_query_buffer_limit, kGb, kMb, kLongMax), E::kNone, G::kClients, "Bytes of an unfinished request that one client may send before it is closed."},
    {"proto-max-bulk-len", "", kMutable, Bytes(&O::proto_max_bulk_len, 512 * kMb, kMb, kLongMax), E::kNone, G::kClients, "Largest single argument of a request, and so the largest string."},
    {"client-output-buffer-limit", "", kMulti, Special(kOutputLimitForm, "normal 0 0 0 replica 256mb 64mb 60 pubsub 32mb 8mb 60"), E::kNone, G::kClients, "Unsent replies at which a client is closed, by class (normal, replica, pubsub): hard bytes, soft bytes, seconds above soft; 0: no limit."},
    {"client-output-buffer-ceiling", "", kMutable, Bytes(&O::client_output_buffer_ceiling, kGb, kMb, kLongMax), E::kNone, G::kClients, "Unsent replies at which any client is closed, even where its class has no limit (norn's own)."},
    {"maxmemory-clients", "", kUnused, Int(&O::maxmemory_clients, 0, -100, kLongMax, Unit::kBytesOrPercent), E::kClientMemory, G::kClients, "Memory of all client buffers together, as bytes or as a percentage of maxmemory, above which the largest clients are closed; 0: no limit."},
    {"tracking-table-max-keys", "", kUnused, Int(&O::tracking_table_max_keys, 1000000, 0, kLongMax), E::kNone, G::kClients, "Keys remembered for client-side caching before old ones are invalidated; 0: no limit."},

    {"daemonize", "", kFixed, Bool(&O::daemonize, false), E::kNone, G::kProcess, "Run in the background."},
    {"pidfile", "", kFixed, Unset(&O::pidfile), E::kNone, G::kProcess, "File that holds the process id while the server runs."},
    {"dir", "", kProtected | kDenyLoading, Special(kDirForm, ""), E::kDir, G::kProcess, "Working directory: data files are written here."},
    {"databases", "", kFixed, Int(&O::databases, 16, 1, kIntMax), E::kNone, G::kProcess, "Number of databases for SELECT; in cluster mode cluster-databases says it."},
    {"hz", "", kMutable, Int(&O::hz, 10, 0, kIntMax), E::kHz, G::kProcess, "Runs of the background tasks a second; brought into 1..500."},
    {"dynamic-hz", "", kUnused, Bool(&O::dynamic_hz, true), E::kNone, G::kProcess, "Raise hz while many clients are connected."},
    {"shutdown-timeout", "", kUnused, Int(&O::shutdown_timeout, 10, 0, kIntMax), E::kNone, G::kProcess, "Seconds that a shutdown waits for replicas to catch up."},
    {"shutdown-on-sigint", "", kMulti, Flags<&O::shutdown_on_sigint>(kShutdowns, CheckShutdown), E::kNone, G::kProcess, "How SIGINT shuts down: default, or any of save, nosave, now, force."},
    {"shutdown-on-sigterm", "", kMulti, Flags<&O::shutdown_on_sigterm>(kShutdowns, CheckShutdown), E::kNone, G::kProcess, "How SIGTERM shuts down: default, or any of save, nosave, now, force."},
    {"extended-redis-compatibility", "", kMutable, Bool(&O::extended_redis_compatibility, false), E::kCompatibility, G::kProcess, "Name itself redis to clients that insist on it."},
    {"supervised", "", kFixed | kUnused, Enum<&O::supervised>(kSupervisors, Supervised::kNo), E::kNone, G::kProcess, "Tell a supervisor when ready: upstart, systemd, auto or no."},
    {"set-proc-title", "", kFixed | kUnused, Bool(&O::set_proc_title, true), E::kNone, G::kProcess, "Show the server's role in the process list."},
    {"proc-title-template", "", kUnused, Text(&O::proc_title_template, "{title} {listen-addr} {server-mode}", CheckProcTitle), E::kProcess, G::kProcess, "Title in the process list; knows {title} {listen-addr} {server-mode} {port} {tls-port} {unixsocket} {config-file}."},
    {"crash-log-enabled", "", kMutable, Bool(&O::crash_log_enabled, true), E::kProcess, G::kProcess, "Print a stack and the last events on a crash."},
    {"crash-memcheck-enabled", "", kUnused, Bool(&O::crash_memcheck_enabled, true), E::kNone, G::kProcess, "Test the memory on a crash."},
    {"always-show-logo", "", kFixed | kUnused, Bool(&O::always_show_logo, false), E::kNone, G::kProcess, "Print the logo even where the log is no terminal."},
    {"disable-thp", "", kFixed | kUnused, Bool(&O::disable_thp, true), E::kNone, G::kProcess, "Switch transparent huge pages off for this process."},
    {"oom-score-adj", "", kUnused, Enum<&O::oom_score_adj>(kOomScores, OomScoreAdj::kNo), E::kProcess, G::kProcess, "Set the kernel's out-of-memory score: no, yes (relative) or absolute."},
    {"oom-score-adj-values", "", kMulti | kUnused, Special(kOomValuesForm, "0 200 800"), E::kProcess, G::kProcess, "Out-of-memory scores of a primary, a replica and a background process."},
    {"server-cpulist", "server_cpulist", kFixed | kUnused, Unset(&O::server_cpulist), E::kNone, G::kProcess, "Cores for the server's threads, such as 0-3,6."},
    {"bio-cpulist", "bio_cpulist", kFixed | kUnused, Unset(&O::bio_cpulist), E::kNone, G::kProcess, "Cores for background I/O."},
    {"aof-rewrite-cpulist", "aof_rewrite_cpulist", kFixed | kUnused, Unset(&O::aof_rewrite_cpulist), E::kNone, G::kProcess, "Cores for rewriting the append log."},
    {"bgsave-cpulist", "bgsave_cpulist", kFixed | kUnused, Unset(&O::bgsave_cpulist), E::kNone, G::kProcess, "Cores for snapshots."},
    {"ignore-warnings", "", kUnused, Text(&O::ignore_warnings, ""), E::kNone, G::kProcess, "Names of start-up warnings to leave out."},
    {"locale-collate", "", kUnused, Text(&O::locale_collate, ""), E::kNone, G::kProcess, "Locale that SORT ... ALPHA compares by."},
    {"availability-zone", "", kMutable, Text(&O::availability_zone, ""), E::kNone, G::kProcess, "Where this server runs, as INFO and HELLO report it."},

    {"loglevel", "", kMutable, Enum<&O::loglevel>(kVerbosities, Verbosity::kNotice), E::kLog, G::kLog, "What is logged: debug, verbose, notice, warning or nothing."},
    {"logfile", "", kFixed, Text(&O::logfile, ""), E::kNone, G::kLog, "File to log to; empty: standard output."},
    {"log-format", "", kUnused, Enum<&O::log_format>(kLogFormats, LogFormat::kLegacy), E::kLog, G::kLog, "Form of log lines: legacy or logfmt."},
    {"log-timestamp-format", "", kUnused, Enum<&O::log_timestamp_format>(kLogTimestamps, LogTimestamp::kLegacy), E::kLog, G::kLog, "Time in log lines: legacy, iso8601 or milliseconds."},
    {"hide-user-data-from-log", "", kMutable, Bool(&O::hide_user_data_from_log, true), E::kNone, G::kLog, "Leave keys and values out of the log."},
    {"syslog-enabled", "", kFixed | kUnused, Bool(&O::syslog_enabled, false), E::kNone, G::kLog, "Log to syslog too."},
    {"syslog-ident", "", kFixed | kUnused, Text(&O::syslog_ident, "norn"), E::kNone, G::kLog, "Name of this server in syslog."},
    {"syslog-facility", "", kFixed | kUnused, Enum<&O::syslog_facility>(kFacilities, SyslogFacility::kLocal0), E::kNone, G::kLog, "Syslog facility: user, or local0 to local7."},

    {"requirepass", "", kSensitive, Unset(&O::requirepass), E::kRequirePass, G::kSecurity, "Password of the default user."},
    {"aclfile", "", kFixed | kUnused, Text(&O::aclfile, ""), E::kNone, G::kSecurity, "File of user definitions; excludes user lines in this file."},
    {"acl-pubsub-default", "", kUnused, Enum<&O::acl_pubsub_default>(kPubsubDefaults, AclPubsubDefault::kResetChannels), E::kNone, G::kSecurity, "Channels of a new user: allchannels or resetchannels."},
    {"acllog-max-len", "", kUnused, Int(&O::acllog_max_len, 128, 0, kLongMax), E::kNone, G::kSecurity, "Entries of ACL LOG."},
    {"enable-protected-configs", "", kFixed, Enum<&O::enable_protected_configs>(kProtections, ProtectedAction::kNo), E::kNone, G::kSecurity, "Who may CONFIG SET dir and dbfilename: no, yes, or local (clients of this machine)."},
    {"enable-debug-command", "", kFixed, Enum<&O::enable_debug_command>(kProtections, ProtectedAction::kNo), E::kNone, G::kSecurity, "Who may use DEBUG: no, yes, or local (clients of this machine)."},
    {"enable-module-command", "", kFixed | kUnused, Enum<&O::enable_module_command>(kProtections, ProtectedAction::kNo), E::kNone, G::kSecurity, "Who may use MODULE: no, yes, or local (clients of this machine)."},

    {"threads", "io-threads", kFixed, Int(&O::threads, 0, 0, 256), E::kNone, G::kThreads, "Threads that serve clients, each with its share of the keys; 0: one for each core (norn's own; io-threads is the same)."},
    {"fiber-stack-size", "", kFixed, Bytes(&O::fiber_stack_size, 64 * kKb, 32 * kKb, kGb), E::kNone, G::kThreads, "Stack of one connection's fiber (norn's own)."},
    {"prefetch-batch-max-size", "", kUnused, Int(&O::prefetch_batch_max_size, 16, 0, 128), E::kNone, G::kThreads, "Commands whose keys are prefetched together."},
    {"events-per-io-thread", "", kHidden | kUnused, Int(&O::events_per_io_thread, 2, 0, kIntMax), E::kNone, G::kThreads, "Ready clients per I/O thread before another thread is used."},

    {"maxmemory", "", kMutable, Uint(&O::maxmemory, 0, Unit::kBytes), E::kMemory, G::kMemory, "Memory above which keys are evicted, or writes refused, as maxmemory-policy says; 0: no limit."},
    {"maxmemory-policy", "", kMutable, Enum<&O::maxmemory_policy>(kPolicies, MaxmemoryPolicy::kNoEviction), E::kNone, G::kMemory, "Which keys are evicted: volatile-lru, volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, or noeviction."},
    {"maxmemory-samples", "", kMutable, Int(&O::maxmemory_samples, 5, 1, 64), E::kNone, G::kMemory, "Keys looked at to find one to evict; more is closer to true LRU or LFU, and slower."},
    {"maxmemory-eviction-tenacity", "", kMutable, Int(&O::maxmemory_eviction_tenacity, 10, 0, 100), E::kNone, G::kMemory, "How long eviction may hold up commands: 0 hardly, 100 until it is done."},
    {"lfu-log-factor", "", kMutable, Int(&O::lfu_log_factor, 10, 0, kIntMax), E::kNone, G::kMemory, "Higher: more hits are needed to saturate a key's LFU counter."},
    {"lfu-decay-time", "", kMutable, Int(&O::lfu_decay_time, 1, 0, kIntMax), E::kNone, G::kMemory, "Minutes after which a key's LFU counter is lowered by one; 0: never."},
    {"activedefrag", "", kUnused, Bool(&O::activedefrag, false), E::kNone, G::kMemory, "Move live memory together in the background."},
    {"active-defrag-ignore-bytes", "", kUnused, Bytes(&O::active_defrag_ignore_bytes, 100 * kMb, 1, kLongMax), E::kNone, G::kMemory, "Fragmentation below which defragmentation does not start."},
    {"active-defrag-threshold-lower", "", kUnused, Int(&O::active_defrag_threshold_lower, 10, 0, 1000), E::kNone, G::kMemory, "Percentage of fragmentation at which defragmentation starts."},
    {"active-defrag-threshold-upper", "", kUnused, Int(&O::active_defrag_threshold_upper, 100, 0, 1000), E::kNone, G::kMemory, "Percentage of fragmentation at which defragmentation works hardest."},
    {"active-defrag-cycle-min", "", kUnused, Int(&O::active_defrag_cycle_min, 1, 1, 99), E::kNone, G::kMemory, "Least percentage of CPU for defragmentation."},
    {"active-defrag-cycle-max", "", kUnused, Int(&O::active_defrag_cycle_max, 25, 1, 99), E::kNone, G::kMemory, "Most percentage of CPU for defragmentation."},
    {"active-defrag-cycle-us", "", kUnused, Int(&O::active_defrag_cycle_us, 500, 0, 100000), E::kNone, G::kMemory, "Microseconds of one stretch of defragmentation."},
    {"active-defrag-max-scan-fields", "", kUnused, Int(&O::active_defrag_max_scan_fields, 1000, 1, kLongMax), E::kNone, G::kMemory, "Collections larger than this are defragmented in steps."},
    {"jemalloc-bg-thread", "", kUnused, Bool(&O::jemalloc_bg_thread, true), E::kProcess, G::kMemory, "Let the allocator return memory in a background thread."},

    {"active-expire-effort", "", kMutable, Int(&O::active_expire_effort, 1, 1, 10), E::kNone, G::kKeys, "Work spent on finding expired keys before they are asked for, 1 to 10."},
    {"activerehashing", "", kUnused, Bool(&O::activerehashing, true), E::kNone, G::kKeys, "Use idle time to finish growing tables."},
    {"lazyfree-lazy-eviction", "", kMutable, Bool(&O::lazyfree_lazy_eviction, true), E::kNone, G::kKeys, "Replicas and the log are told of evicted keys as UNLINK, not as DEL. Large values are always freed in the background."},
    {"lazyfree-lazy-expire", "", kMutable, Bool(&O::lazyfree_lazy_expire, true), E::kNone, G::kKeys, "Replicas and the log are told of expired keys as UNLINK, not as DEL. Large values are always freed in the background."},
    {"lazyfree-lazy-server-del", "", kMutable, Bool(&O::lazyfree_lazy_server_del, true), E::kNone, G::kKeys, "Replicas and the log are told of keys that a command emptied as UNLINK, not as DEL. Large values are always freed in the background."},
    {"lazyfree-lazy-user-del", "", kUnused, Bool(&O::lazyfree_lazy_user_del, true), E::kNone, G::kKeys, "DEL frees in the background, like UNLINK."},
    {"lazyfree-lazy-user-flush", "", kMutable, Bool(&O::lazyfree_lazy_user_flush, true), E::kNone, G::kKeys, "FLUSHDB and FLUSHALL without a mode work in the background."},
    {"import-mode", "", 0, Bool(&O::import_mode, false), E::kNone, G::kKeys, "Expire nothing while an import fills this server."},

    {"hash-max-listpack-entries", "hash-max-ziplist-entries", kMutable, Int(&O::hash_max_listpack_entries, 512, 0, kLongMax), E::kNone, G::kEncodings, "Fields up to which a hash stays compact."},
    {"hash-max-listpack-value", "hash-max-ziplist-value", kMutable, Bytes(&O::hash_max_listpack_value, 64, 0, kLongMax), E::kNone, G::kEncodings, "Longest field or value of a compact hash."},
    {"list-max-listpack-size", "list-max-ziplist-size", kMutable, Int(&O::list_max_listpack_size, -2, kIntMin, kIntMax), E::kNone, G::kEncodings, "Size of one node of a list: entries, or -1 to -5 for 4, 8, 16, 32, 64 kb."},
    {"list-compress-depth", "", kMutable, Int(&O::list_compress_depth, 0, 0, kIntMax), E::kNone, G::kEncodings, "Nodes at each end of a list that stay uncompressed; 0: compress none."},
    {"set-max-intset-entries", "", kMutable, Int(&O::set_max_intset_entries, 512, 0, kLongMax), E::kNone, G::kEncodings, "Members up to which a set of integers stays an intset."},
    {"set-max-listpack-entries", "", kMutable, Int(&O::set_max_listpack_entries, 128, 0, kLongMax), E::kNone, G::kEncodings, "Members up to which a set stays compact."},
    {"set-max-listpack-value", "", kMutable, Int(&O::set_max_listpack_value, 64, 0, kLongMax), E::kNone, G::kEncodings, "Longest member of a compact set."},
    {"zset-max-listpack-entries", "zset-max-ziplist-entries", kMutable, Int(&O::zset_max_listpack_entries, 128, 0, kLongMax), E::kNone, G::kEncodings, "Members up to which a sorted set stays compact."},
    {"zset-max-listpack-value", "zset-max-ziplist-value", kMutable, Bytes(&O::zset_max_listpack_value, 64, 0, kLongMax), E::kNone, G::kEncodings, "Longest member of a compact sorted set."},
    {"hll-sparse-max-bytes", "", kMutable, Bytes(&O::hll_sparse_max_bytes, 3000, 0, kLongMax), E::kNone, G::kEncodings, "Size up to which a HyperLogLog stays sparse."},
    {"stream-node-max-bytes", "", kMutable, Bytes(&O::stream_node_max_bytes, 4096, 0, kLongMax), E::kNone, G::kEncodings, "Bytes of one node of a stream; 0: no limit."},
    {"stream-node-max-entries", "", kMutable, Int(&O::stream_node_max_entries, 100, 0, kLongMax), E::kNone, G::kEncodings, "Entries of one node of a stream; 0: no limit."},

    {"notify-keyspace-events", "", kMutable, Special(kEventsForm, ""), E::kNone, G::kEvents, "Events published to clients: K keyspace, E keyevent, and g $ l s h z x e t d n m by kind, A for all but m and n; empty: none."},

    {"commandlog-execution-slower-than", "slowlog-log-slower-than", kMutable, Int(&O::commandlog_execution_slower_than, 10000, -1, kLongMax), E::kNone, G::kLatency, "Microseconds from which a command is logged as slow; 0: all, -1: none."},
    {"commandlog-slow-execution-max-len", "slowlog-max-len", kMutable, Int(&O::commandlog_slow_execution_max_len, 128, 0, kLongMax), E::kNone, G::kLatency, "Slow commands kept."},
    {"commandlog-request-larger-than", "", kMutable, Int(&O::commandlog_request_larger_than, kMb, -1, kLongMax), E::kNone, G::kLatency, "Bytes from which a request is logged as large; 0: all, -1: none."},
    {"commandlog-large-request-max-len", "", kMutable, Int(&O::commandlog_large_request_max_len, 128, 0, kLongMax), E::kNone, G::kLatency, "Large requests kept."},
    {"commandlog-reply-larger-than", "", kMutable, Int(&O::commandlog_reply_larger_than, kMb, -1, kLongMax), E::kNone, G::kLatency, "Bytes from which a reply is logged as large; 0: all, -1: none."},
    {"commandlog-large-reply-max-len", "", kMutable, Int(&O::commandlog_large_reply_max_len, 128, 0, kLongMax), E::kNone, G::kLatency, "Large replies kept."},
    {"latency-tracking", "", kMutable, Bool(&O::latency_tracking, true), E::kNone, G::kLatency, "Keep a latency histogram of every command."},
    {"latency-tracking-info-percentiles", "", kMulti, Special(kPercentilesForm, "50 99 99.9"), E::kNone, G::kLatency, "Percentiles that INFO latencystats shows."},
    {"latency-monitor-threshold", "", kMutable, Int(&O::latency_monitor_threshold, 0, 0, kLongMax), E::kNone, G::kLatency, "Milliseconds from which LATENCY records an event; 0: none."},
    {"busy-reply-threshold", "lua-time-limit", kUnused, Int(&O::busy_reply_threshold, 5000, 0, kLongMax), E::kNone, G::kLatency, "Milliseconds a script may run before other clients are told BUSY; 0: for ever."},

    {"save", "", kMulti, Special(kSaveForm, "3600 1 300 100 60 10000"), E::kNone, G::kSnapshots, "When to take a snapshot: pairs of seconds and changes; empty: never."},
    {"dbfilename", "", kProtected, Text(&O::dbfilename, "dump.rdb", CheckDbFilename), E::kNone, G::kSnapshots, "Name of the snapshot, in dir."},
    {"stop-writes-on-bgsave-error", "", kMutable, Bool(&O::stop_writes_on_bgsave_error, true), E::kNone, G::kSnapshots, "Refuse writes after a failed snapshot, until one succeeds."},
    {"rdbcompression", "", kMutable, Bool(&O::rdbcompression, true), E::kNone, G::kSnapshots, "Compress strings in snapshots and DUMP payloads."},
    {"rdbchecksum", "", kFixed, Bool(&O::rdbchecksum, true), E::kNone, G::kSnapshots, "Put a checksum at the end of snapshots, and check it."},
    {"rdb-write-version", "", kMutable, Int(&O::rdb_write_version, 11, 9, 11), E::kNone, G::kSnapshots, "Version of the snapshots and DUMP payloads that are written: 11 (Redis 7.2, Valkey 7.2 and later), 10 (Redis 7.0) or 9 (Redis 5 and 6)."},
    {"rdb-version-check", "", kMutable, Enum<&O::rdb_version_check>(kVersionChecks, RdbVersionCheck::kStrict), E::kNone, G::kSnapshots, "Refuse snapshots and DUMP payloads of versions that norn does not know (strict), or try to read them (relaxed)."},
    {"rdb-del-sync-files", "", kUnused, Bool(&O::rdb_del_sync_files, false), E::kNone, G::kSnapshots, "Delete snapshots that only served replication, where nothing else persists."},
    {"rdb-save-incremental-fsync", "", kMutable, Bool(&O::rdb_save_incremental_fsync, true), E::kNone, G::kSnapshots, "Sync a snapshot in pieces while it is written."},
    {"sanitize-dump-payload", "", kUnused, Enum<&O::sanitize_dump_payload>(kSanitizes, SanitizePayload::kNo), E::kNone, G::kSnapshots, "Check payloads deeply on RESTORE and on loading: no, yes or clients."},

    {"appendonly", "", kDenyLoading, Bool(&O::appendonly, false), E::kAppendOnly, G::kAppendLog, "Log every write to disk."},
    {"appendfilename", "", kFixed, Text(&O::appendfilename, "appendonly.aof", CheckAppendFilename), E::kNone, G::kAppendLog, "First part of the append log's file names."},
    {"appenddirname", "", kFixed, Text(&O::appenddirname, "appendonlydir", CheckAppendDirname), E::kNone, G::kAppendLog, "Folder of the append log, in dir."},
    {"appendfsync", "", kMutable, Enum<&O::appendfsync>(kAppendSyncs, AppendSync::kEverySecond), E::kAppendSync, G::kAppendLog, "When the append log is synced: everysec, always (before the reply) or no (the kernel decides)."},
    {"no-appendfsync-on-rewrite", "", kMutable, Bool(&O::no_appendfsync_on_rewrite, false), E::kNone, G::kAppendLog, "Do not sync the append log while a snapshot or a rewrite runs."},
    {"auto-aof-rewrite-percentage", "", kMutable, Int(&O::auto_aof_rewrite_percentage, 100, 0, kIntMax), E::kNone, G::kAppendLog, "Growth since the last rewrite at which the log is rewritten; 0: never."},
    {"auto-aof-rewrite-min-size", "", kMutable, Bytes(&O::auto_aof_rewrite_min_size, 64 * kMb, 0, kLongMax), E::kNone, G::kAppendLog, "Size below which the log is not rewritten by itself."},
    {"aof-load-truncated", "", kMutable, Bool(&O::aof_load_truncated, true), E::kNone, G::kAppendLog, "Load a log whose end is missing, up to the last whole command."},
    {"aof-use-rdb-preamble", "", kMutable, Bool(&O::aof_use_rdb_preamble, true), E::kNone, G::kAppendLog, "Rewrite the log's base as a snapshot."},
    {"aof-timestamp-enabled", "", kMutable, Bool(&O::aof_timestamp_enabled, false), E::kNone, G::kAppendLog, "Write times into the log, for point-in-time recovery."},
    {"aof-rewrite-incremental-fsync", "", kMutable, Bool(&O::aof_rewrite_incremental_fsync, true), E::kNone, G::kAppendLog, "Sync a rewritten log in pieces while it is written."},

    {"replicaof", "slaveof", kFixed | kMulti, Special(kReplicaOfForm, "no one"), E::kNone, G::kReplication, "Host and port of the primary to copy, or no one."},
    {"primaryauth", "masterauth", kSensitive, Unset(&O::primaryauth), E::kNone, G::kReplication, "Password for the primary."},
    {"primaryuser", "masteruser", kSensitive, Unset(&O::primaryuser), E::kNone, G::kReplication, "User for the primary."},
    {"replica-serve-stale-data", "slave-serve-stale-data", kMutable, Bool(&O::replica_serve_stale_data, true), E::kNone, G::kReplication, "Serve old data while the primary is away."},
    {"replica-read-only", "slave-read-only", kMutable, Bool(&O::replica_read_only, true), E::kNone, G::kReplication, "Refuse writes by clients of a replica."},
    {"replica-ignore-maxmemory", "slave-ignore-maxmemory", kMutable, Bool(&O::replica_ignore_maxmemory, true), E::kNone, G::kReplication, "A replica evicts nothing by itself."},
    {"replica-lazy-flush", "slave-lazy-flush", kUnused, Bool(&O::replica_lazy_flush, true), E::kNone, G::kReplication, "Drop the old data in the background before a full copy."},
    {"replica-priority", "slave-priority", kMutable, Int(&O::replica_priority, 100, 0, kIntMax), E::kNone, G::kReplication, "Lower is promoted first; 0: never."},
    {"replica-announced", "", kMutable, Bool(&O::replica_announced, true), E::kNone, G::kReplication, "Let monitors see this replica."},
    {"replica-announce-ip", "slave-announce-ip", kMutable, Unset(&O::replica_announce_ip), E::kNone, G::kReplication, "Address to report to the primary, where it cannot see the real one."},
    {"replica-announce-port", "slave-announce-port", kMutable, Int(&O::replica_announce_port, 0, 0, kPort), E::kNone, G::kReplication, "Port to report to the primary; 0: the real one."},
    {"replica-ignore-disk-write-errors", "", kUnused, Bool(&O::replica_ignore_disk_write_errors, false), E::kNone, G::kReplication, "Keep applying the primary's writes when they cannot be persisted."},
    {"repl-backlog-size", "", kMutable, Bytes(&O::repl_backlog_size, 10 * kMb, 1, kLongMax), E::kReplBacklog, G::kReplication, "Bytes of recent writes kept so that a replica can resume."},
    {"repl-backlog-ttl", "", kMutable, Int(&O::repl_backlog_ttl, 3600, 0, kLongMax), E::kNone, G::kReplication, "Seconds without replicas after which the backlog is freed; 0: never."},
    {"repl-timeout", "", kMutable, Int(&O::repl_timeout, 60, 1, kIntMax), E::kNone, G::kReplication, "Seconds of silence after which a replication link is broken off."},
    {"repl-ping-replica-period", "repl-ping-slave-period", kMutable, Int(&O::repl_ping_replica_period, 10, 1, kIntMax), E::kNone, G::kReplication, "Seconds between a primary's pings to its replicas."},
    {"repl-disable-tcp-nodelay", "", kUnused, Bool(&O::repl_disable_tcp_nodelay, false), E::kNone, G::kReplication, "Save bandwidth at the cost of delay."},
    {"repl-diskless-sync", "", kMutable, Bool(&O::repl_diskless_sync, true), E::kNone, G::kReplication, "Send full copies without a file in between."},
    {"repl-diskless-sync-delay", "", kMutable, Int(&O::repl_diskless_sync_delay, 5, 0, kIntMax), E::kNone, G::kReplication, "Seconds to wait for more replicas before a full copy starts."},
    {"repl-diskless-sync-max-replicas", "", kMutable, Int(&O::repl_diskless_sync_max_replicas, 0, 0, kIntMax), E::kNone, G::kReplication, "Start at once when this many replicas wait; 0: wait for the delay."},
    {"repl-diskless-load", "", kDenyLoading | kUnused, Enum<&O::repl_diskless_load>(kDisklessLoads, DisklessLoad::kDisabled), E::kNone, G::kReplication, "How a replica loads without a file: disabled, on-empty-db, swapdb or flush-before-load."},
    {"dual-channel-replication-enabled", "", kMutable, Bool(&O::dual_channel_replication_enabled, false), E::kNone, G::kReplication, "Send a full copy and the writes meanwhile over two connections."},
    {"min-replicas-to-write", "min-slaves-to-write", kMutable, Int(&O::min_replicas_to_write, 0, 0, kIntMax), E::kReplicas, G::kReplication, "Refuse writes with fewer good replicas than this; 0: never."},
    {"min-replicas-max-lag", "min-slaves-max-lag", kMutable, Int(&O::min_replicas_max_lag, 10, 0, kIntMax), E::kReplicas, G::kReplication, "Seconds since its last acknowledgement up to which a replica is good."},
    {"propagation-error-behavior", "", kUnused, Enum<&O::propagation_error_behavior>(kPropagationErrors, PropagationError::kIgnore), E::kNone, G::kReplication, "When a replicated command fails: ignore, panic or panic-on-replicas."},

    {"cluster-enabled", "", kFixed, Bool(&O::cluster_enabled, false), E::kNone, G::kCluster, "Be a node of a cluster."},
    {"cluster-databases", "", kFixed, Int(&O::cluster_databases, 1, 1, kIntMax), E::kNone, G::kCluster, "Number of databases for SELECT in a cluster, in place of `databases`."},
    {"cluster-config-file", "", kFixed, Text(&O::cluster_config_file, "nodes.conf", CheckClusterFile), E::kNone, G::kCluster, "File in which the node keeps its view of the cluster; not to be edited."},
    {"cluster-node-timeout", "", kMutable, Int(&O::cluster_node_timeout, 15000, 0, kLongMax), E::kCluster, G::kCluster, "Milliseconds after which a silent node is held to be failing."},
    {"cluster-manual-failover-timeout", "", kMutable, Int(&O::cluster_manual_failover_timeout, 5000, 1, kIntMax), E::kNone, G::kCluster, "Milliseconds for which the clients of migrating slots may wait for the last of their data to arrive."},
    {"cluster-slot-migration-log-max-len", "", kMutable, Int(&O::cluster_slot_migration_log_max_len, 1000, 0, kIntMax), E::kNone, G::kCluster, "Finished slot migrations that CLUSTER GETSLOTMIGRATIONS shows."},
    {"slot-migration-max-failover-repl-bytes", "", kMutable, Int(&O::slot_migration_max_failover_repl_bytes, 0, -1, kLongMax), E::kNone, G::kCluster, "A slot migration is handed over once at most this much is unsent; 0: one message; -1: whatever is."},
    {"cluster-port", "", kFixed, Int(&O::cluster_port, 0, 0, kPort), E::kNone, G::kCluster, "Port of the cluster bus; 0: port + 10000."},
    {"cluster-replica-validity-factor", "cluster-slave-validity-factor", kMutable, Int(&O::cluster_replica_validity_factor, 10, 0, kIntMax), E::kCluster, G::kCluster, "How many node timeouts old a replica's data may be for it to stand for election; 0: any age."},
    {"cluster-migration-barrier", "", kMutable, Int(&O::cluster_migration_barrier, 1, 0, kIntMax), E::kCluster, G::kCluster, "Replicas that a primary keeps before one may move to a primary without any."},
    {"cluster-allow-replica-migration", "", kMutable, Bool(&O::cluster_allow_replica_migration, true), E::kCluster, G::kCluster, "Let replicas move to primaries without any."},
    {"cluster-require-full-coverage", "", kMutable, Bool(&O::cluster_require_full_coverage, true), E::kCluster, G::kCluster, "Serve nothing while a slot has no owner."},
    {"cluster-allow-reads-when-down", "", kMutable, Bool(&O::cluster_allow_reads_when_down, false), E::kNone, G::kCluster, "Serve reads while the cluster is down."},
    {"cluster-allow-pubsubshard-when-down", "", kMutable, Bool(&O::cluster_allow_pubsubshard_when_down, true), E::kNone, G::kCluster, "Serve shard channels while the cluster is down."},
    {"cluster-replica-no-failover", "cluster-slave-no-failover", kMutable, Bool(&O::cluster_replica_no_failover, false), E::kCluster, G::kCluster, "This replica never stands for election by itself."},
    {"cluster-link-sendbuf-limit", "", kMutable, Uint(&O::cluster_link_sendbuf_limit, 0, Unit::kBytes), E::kNone, G::kCluster, "Unsent bytes at which a bus link is dropped; 0: no limit."},
    {"cluster-blacklist-ttl", "", kMutable, Uint(&O::cluster_blacklist_ttl, 60, Unit::kNone), E::kCluster, G::kCluster, "Seconds for which a forgotten node is not met again."},
    {"cluster-slot-stats-enabled", "", kMutable, Bool(&O::cluster_slot_stats_enabled, false), E::kNone, G::kCluster, "Count CPU and network use by slot."},
    {"cluster-preferred-endpoint-type", "", kMutable, Enum<&O::cluster_preferred_endpoint_type>(kEndpoints, EndpointType::kIp), E::kCluster, G::kCluster, "What clients are sent to: ip, hostname or unknown-endpoint."},
    {"cluster-announce-ip", "", kMutable, Unset(&O::cluster_announce_ip), E::kCluster, G::kCluster, "Address to announce, where others cannot see the real one."},
    {"cluster-announce-client-ipv4", "", kMutable, Unset(&O::cluster_announce_client_ipv4, CheckIpv4), E::kCluster, G::kCluster, "IPv4 address to announce to clients."},
    {"cluster-announce-client-ipv6", "", kMutable, Unset(&O::cluster_announce_client_ipv6, CheckIpv6), E::kCluster, G::kCluster, "IPv6 address to announce to clients."},
    {"cluster-announce-hostname", "", kMutable, Unset(&O::cluster_announce_hostname, CheckHostname), E::kCluster, G::kCluster, "Host name to announce."},
    {"cluster-announce-human-nodename", "", kMutable, Unset(&O::cluster_announce_human_nodename, CheckNodename), E::kCluster, G::kCluster, "Name of this node in logs."},
    {"cluster-announce-port", "", kMutable, Int(&O::cluster_announce_port, 0, 0, kPort), E::kCluster, G::kCluster, "Client port to announce; 0: the real one."},
    {"cluster-announce-tls-port", "", kMutable, Int(&O::cluster_announce_tls_port, 0, 0, kPort), E::kCluster, G::kCluster, "Client TLS port to announce; 0: the real one."},
    {"cluster-announce-bus-port", "", kMutable, Int(&O::cluster_announce_bus_port, 0, 0, kPort), E::kCluster, G::kCluster, "Bus port to announce; 0: the real one."},
    {"cluster-ping-interval", "", kHidden, Int(&O::cluster_ping_interval, 0, 0, kLongMax), E::kCluster, G::kCluster, "Milliseconds between pings to one node; 0: half the node timeout, among norn nodes a tenth."},
    {"cluster-old-bus", "", kFixed | kHidden, Bool(&O::cluster_old_bus, false), E::kNone, G::kCluster, "Speak and understand the cluster bus as servers before 7.0 do, to try what a cluster with such nodes does."},

    {"use-exit-on-panic", "", kHidden | kUnused, Bool(&O::use_exit_on_panic, false), E::kNone, G::kDebug, "Exit instead of abort on a panic."},
    {"enable-debug-assert", "", kFixed | kHidden | kUnused, Bool(&O::enable_debug_assert, false), E::kNone, G::kDebug, "Run costly assertions."},
    {"debug-context", "", kHidden | kUnused, Text(&O::debug_context, ""), E::kNone, G::kDebug, "Free text for crash reports."},
    {"watchdog-period", "", kHidden | kUnused, Int(&O::watchdog_period, 0, 0, kIntMax), E::kProcess, G::kDebug, "Milliseconds of a stuck loop after which its stack is logged; 0: off."},
    {"aof-disable-auto-gc", "", kHidden, Bool(&O::aof_disable_auto_gc, false), E::kNone, G::kDebug, "Keep old files of the append log."},
    {"rdb-key-save-delay", "", kHidden | kUnused, Int(&O::rdb_key_save_delay, 0, kIntMin, kIntMax), E::kNone, G::kDebug, "Microseconds to wait after each saved key."},
    {"key-load-delay", "", kHidden | kUnused, Int(&O::key_load_delay, 0, kIntMin, kIntMax), E::kNone, G::kDebug, "Microseconds to wait after each loaded key."},
    {"loading-process-events-interval-bytes", "", kHidden | kUnused, Int(&O::loading_process_events_interval_bytes, 2 * kMb, kKb, kIntMax), E::kNone, G::kDebug, "Bytes loaded between looks at the clients."},
};
// clang-format on

bool SameName(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::span<const Row> OptionTable() { return kTable; }

// A linear search: names are looked up at start and by CONFIG, never by a command's own work.
const Row* FindOption(std::string_view name) {
  if (name.empty()) return nullptr;
  for (const Row& row : kTable) {
    if (SameName(row.name, name) || SameName(row.alias, name)) return &row;
  }
  return nullptr;
}

}  // namespace norn::config
