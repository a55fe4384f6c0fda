// REPLICAOF, ROLE, FAILOVER, WAIT and WAITAOF; and what replicas say: REPLCONF, PSYNC, SYNC. The latter only note what was
// said: the connection turns into a feed when its commands have run.

#include <optional>
#include <string>
#include <vector>

#include "engine/base/number.h"
#include "engine/base/words.h"
#include "engine/commands/arguments.h"
#include "engine/commands/handlers.h"
#include "engine/commands/node_control.h"
#include "engine/commands/replication_control.h"

#include <fmt/format.h>

namespace norn::handlers {
namespace {

constexpr size_t kHostBytesMax = 255;
constexpr int64_t kPortMax = 65535;

void ReplyLine(CommandContext& c, std::string_view line) {
  if (line.starts_with('-')) return c.reply.Error(line.substr(1));
  c.reply.Simple(line.substr(1));
}

ReplicaSide& SideOf(Session& session) {
  if (session.replica == nullptr) session.replica = std::make_shared<ReplicaSide>();
  return *session.replica;
}

// The address without its port: "10.0.0.1:5", "[::1]:5".
std::string HostOf(std::string_view address) {
  address = address.substr(0, address.rfind(':'));
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  return std::string(address);
}

// "8.1.0" as a number; nothing for any other form.
std::optional<int32_t> ParseVersion(std::string_view text) {
  int32_t version = 0;
  for (int part = 0; part < 3; ++part) {
    const size_t dot = part < 2 ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return std::nullopt;
    const std::optional<uint64_t> number = ParseUint64(text.substr(0, dot));
    if (!number || *number > 255) return std::nullopt;
    version = version << 8 | static_cast<int32_t>(*number);
    text.remove_prefix(part < 2 ? dot + 1 : dot);
  }
  return version;
}

std::optional<int64_t> IntegerWithin(CommandContext& c, size_t at, int64_t low, int64_t high) {
  const std::optional<int64_t> value = IntegerAt(c, at);
  if (!value || (*value >= low && *value <= high)) return value;
  c.reply.Error(fmt::format("ERR value is out of range, value must between {} and {}", low, high));
  return std::nullopt;
}

std::optional<int64_t> TimeoutAt(CommandContext& c, size_t at) {
  const auto timeout = IntegerAt(c, at, "ERR timeout is not an integer or out of range");
  if (!timeout) return std::nullopt;
  if (*timeout >= 0) return timeout;
  c.reply.Error("ERR timeout is negative");
  return std::nullopt;
}

// ---- REPLCONF ----

void SetCapability(CommandContext& c, std::string_view name, ReplicaFacts& facts) {
  if (WordIs(name, "eof")) facts.capa_eof = true;
  if (WordIs(name, "psync2")) facts.capa_psync2 = true;
  const bool dual = c.options.dual_channel_replication_enabled && c.options.repl_diskless_sync;
  if (WordIs(name, "dual-channel") && dual) facts.capa_dual_channel = true;
}

bool SetAddress(CommandContext& c, std::string_view address, ReplicaFacts& facts) {
  if (address.size() < kHostBytesMax) {
    facts.announced_ip = std::string(address);
    return true;
  }
  c.reply.Error(
      fmt::format("ERR REPLCONF ip-address provided by replica instance is too long: {} bytes",
                  address.size()));
  return false;
}

bool SetVersion(CommandContext& c, std::string_view text, ReplicaFacts& facts) {
  const std::optional<int32_t> version = ParseVersion(text);
  if (version) {
    facts.version = *version;
    return true;
  }
  c.reply.Error(fmt::format("ERR Unrecognized version format: {}", UpToNul(text)));
  return false;
}

bool SetSwitch(CommandContext& c, size_t at, bool& value) {
  const std::optional<int64_t> number = IntegerWithin(c, at, 0, 1);
  if (number) value = *number == 1;
  return number.has_value();
}

bool SetCopyClient(CommandContext& c, size_t at, ReplicaFacts& facts) {
  const std::optional<int64_t> number = IntegerAt(c, at);
  if (!number) return false;
  const norn::ClientId id{static_cast<uint64_t>(*number)};
  if (c.node.replication().KnowsCopyClient(id)) {
    facts.copy_client = id;
    return true;
  }
  c.reply.Error(fmt::format("ERR Unrecognized RDB client id {}", *number));
  return false;
}

// One option and its value at `at`. False: an error was replied, or nothing may be.
bool SetReplicaOption(CommandContext& c, size_t at, ReplicaFacts& facts) {
  const std::string_view name = c.word(at);
  const std::string_view value = c.word(at + 1);
  if (WordIs(name, "listening-port")) {
    const std::optional<int64_t> port = IntegerAt(c, at + 1);
    if (port) facts.listening_port = *port;
    return port.has_value();
  }
  if (WordIs(name, "ip-address")) return SetAddress(c, value, facts);
  if (WordIs(name, "capa")) {
    SetCapability(c, value, facts);
    return true;
  }
  if (WordIs(name, "version")) return SetVersion(c, value, facts);
  if (WordIs(name, "rdb-only")) return SetSwitch(c, at + 1, facts.snapshot_only);
  if (WordIs(name, "rdb-channel")) return SetSwitch(c, at + 1, facts.rdb_channel);
  if (WordIs(name, "set-rdb-client-id")) return SetCopyClient(c, at + 1, facts);
  // Of a connection that is no replica these mean nothing, and are never answered.
  if (WordIs(name, "ack") || WordIs(name, "getack")) return false;
  c.reply.Error(fmt::format("ERR Unrecognized REPLCONF option: {}", UpToNul(name)));
  return false;
}

// ---- FAILOVER ----

// Replies a syntax error itself.
std::optional<FailoverRequest> ParseFailover(CommandContext& c) {
  FailoverRequest request;
  for (size_t i = 1; i < c.count(); ++i) {
    const std::string_view word = c.word(i);
    if (WordIs(word, "timeout") && i + 1 < c.count() && request.timeout_ms == 0) {
      const std::optional<int64_t> timeout = IntegerAt(c, ++i);
      if (!timeout) return std::nullopt;
      if (*timeout <= 0) {
        c.reply.Error("ERR FAILOVER timeout must be greater than 0");
        return std::nullopt;
      }
      request.timeout_ms = *timeout;
    } else if (WordIs(word, "to") && i + 2 < c.count() && request.host.empty()) {
      const std::optional<int64_t> port = IntegerAt(c, i + 2);
      if (!port) return std::nullopt;
      request.host = std::string(c.word(i + 1));
      request.port = *port;
      i += 2;
    } else if (WordIs(word, "force") && !request.force) {
      request.force = true;
    } else {
      c.reply.Error(kSyntaxError);
      return std::nullopt;
    }
  }
  return request;
}

}  // namespace

void ReplicaOf(CommandContext& c) {
  if (c.options.cluster_enabled) {
    return c.reply.Error("ERR REPLICAOF not allowed in cluster mode.");
  }
  const bool nobody = WordIs(c.word(1), "no") && WordIs(c.word(2), "one");
  std::string host;
  int64_t port = 0;
  if (!nobody) {
    const std::optional<int64_t> number = IntegerAt(c, 2, "ERR Invalid master port");
    if (!number) return;
    if (*number < 0 || *number > kPortMax) return c.reply.Error("ERR Invalid master port");
    host = std::string(c.word(1));
    port = *number;
  }
  const std::string who = fmt::format("id={} addr={} name={}", c.session.id.value,
                                      c.session.peer_address, c.session.name);
  ReplyLine(c, c.node.replication().ReplicaOf(host, port, who));
}

void Role(CommandContext& c) {
  const ReplicationView view = c.node.replication().View();
  if (view.following) {
    c.reply.Array(5);
    c.reply.Bulk("slave");
    c.reply.Bulk(view.primary_host);
    c.reply.Integer(view.primary_port);
    c.reply.Bulk(view.link_state);
    return c.reply.Integer(view.offset);
  }
  c.reply.Array(3);
  c.reply.Bulk("master");
  c.reply.Integer(view.offset);
  c.reply.Array(view.replicas.size());
  for (const ReplicaAddress& replica : view.replicas) {
    c.reply.Array(3);
    c.reply.Bulk(replica.ip);
    c.reply.BulkInteger(replica.port);
    c.reply.BulkInteger(replica.acked);
  }
}

void Failover(CommandContext& c) {
  if (c.options.cluster_enabled) {
    return c.reply.Error("ERR FAILOVER not allowed in cluster mode.");
  }
  FailoverRequest request;
  if (c.count() == 2 && WordIs(c.word(1), "abort")) {
    request.abort = true;
  } else {
    std::optional<FailoverRequest> parsed = ParseFailover(c);
    if (!parsed) return;
    request = *std::move(parsed);
  }
  ReplyLine(c, c.node.replication().Failover(request));
}

void Wait(CommandContext& c) {
  ReplicationControl& replication = c.node.replication();
  if (replication.following()) {
    return c.reply.Error(
        "ERR WAIT cannot be used with replica instances. Please also note that if a replica is "
        "configured to be writable (which is not the default) writes to replicas are just local "
        "and are not propagated.");
  }
  const std::optional<int64_t> replicas = IntegerAt(c, 1);
  if (!replicas) return;
  const std::optional<int64_t> timeout = TimeoutAt(c, 2);
  if (!timeout) return;
  const AckCounts counts = replication.AwaitAcks(
      c.session, {.replicas = *replicas, .timeout_ms = *timeout, .may_wait = !c.session.executing});
  if (!counts.error.empty()) return c.reply.Error(counts.error);
  c.reply.Integer(counts.replicas);
}

void WaitAof(CommandContext& c) {
  ReplicationControl& replication = c.node.replication();
  const std::optional<int64_t> local = IntegerWithin(c, 1, 0, 1);
  if (!local) return;
  const std::optional<int64_t> replicas = IntegerAt(c, 2, kMustBePositive);
  if (!replicas) return;
  if (*replicas < 0) return c.reply.Error(kMustBePositive);
  const std::optional<int64_t> timeout = TimeoutAt(c, 3);
  if (!timeout) return;
  if (replication.following()) {
    return c.reply.Error(
        "ERR WAITAOF cannot be used with replica instances. Please also note that writes to "
        "replicas are just local and are not propagated.");
  }
  if (*local > 0 && !c.options.appendonly) {
    return c.reply.Error(
        "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
  }
  const AckCounts counts = replication.AwaitAcks(c.session, {.replicas = *replicas,
                                                             .local = *local,
                                                             .on_disk = true,
                                                             .timeout_ms = *timeout,
                                                             .may_wait = !c.session.executing});
  if (!counts.error.empty()) return c.reply.Error(counts.error);
  c.reply.Array(2);
  c.reply.Integer(counts.local);
  c.reply.Integer(counts.replicas);
}

void ReplConf(CommandContext& c) {
  if (c.count() % 2 == 0) return c.reply.Error(kSyntaxError);
  ReplicaFacts& facts = SideOf(c.session).facts;
  for (size_t at = 1; at < c.count(); at += 2) {
    if (!SetReplicaOption(c, at, facts)) return;
  }
  c.reply.Ok();
}

void PSync(CommandContext& c) {
  SyncRequest request;
  const std::optional<int64_t> offset = IntegerAt(c, 2);
  if (!offset) return;
  request.id = std::string(c.word(1));
  request.at = *offset < 1 ? -1 : *offset - 1;
  request.failover = c.count() > 3 && WordIs(c.word(3), "failover");
  ReplicaSide& side = SideOf(c.session);
  side.facts.peer_ip = HostOf(c.session.peer_address);
  side.request = std::move(request);
}

void Sync(CommandContext& c) {
  ReplicaSide& side = SideOf(c.session);
  side.facts.peer_ip = HostOf(c.session.peer_address);
  side.facts.acknowledges = side.facts.rdb_channel;
  side.request = SyncRequest{.psync = false, .id = "?", .at = -1, .failover = false};
}

}  // namespace norn::handlers
