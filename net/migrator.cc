#include "net/migrator.h"

#include <fmt/format.h>

#include <array>
#include <initializer_list>

#include "engine/base/byte_buffer.h"
#include "engine/keyspace/effect_log.h"
#include "net/address_text.h"

namespace norn::net {
namespace {

constexpr Duration kKeepIdle = Duration::Seconds(10);
constexpr size_t kReadBytes = 16 * 1024;
constexpr std::string_view kWriteError = "IOERR error or timeout writing to target instance";
constexpr std::string_view kReadError = "IOERR error or timeout reading from target instance";

void Append(ByteBuffer& out, std::initializer_list<std::string_view> words) {
  AppendCommand(&out, std::span<const std::string_view>(words.begin(), words.size()));
}

void AppendRestore(ByteBuffer& out, const MovingKey& key, bool asking, bool replace) {
  const std::string ttl = fmt::format("{}", key.deadline_ms);
  std::array<std::string_view, 5> words = {asking ? "RESTORE-ASKING" : "RESTORE", key.key, ttl,
                                           key.payload, "REPLACE"};
  AppendCommand(&out, std::span<const std::string_view>(words.data(), replace ? 5 : 4));
}

std::string TargetError(const Reply& reply) {
  return fmt::format("ERR Target instance replied with error: {}", reply.text);
}

}  // namespace

MigrationResult Migrator::Migrate(const MigrationRequest& request) {
  MigrationResult result;
  result.arrived.assign(request.keys.size(), false);
  const Target target(request.host, request.port);
  // One at a time to a target: while another command's keys are under way this one goes over a connection of its own.
  Connection own;
  Connection& kept = connections_[target];
  Connection& connection = kept.busy ? own : kept;
  connection.busy = true;
  // A kept connection may have been closed by the other side meanwhile: that is no reason to fail.
  const bool was_kept = connection.stream != nullptr;
  Outcome outcome = Attempt(request, connection, result);
  const bool unheard = connection.ended && !connection.heard;
  const bool retry = was_kept && (outcome == Outcome::kWriteFailed || unheard);
  if (outcome != Outcome::kDone) connection = Connection{.busy = true};
  if (retry) outcome = Attempt(request, connection, result);
  connection.busy = false;
  connection.used_at = env_.clock().Now();
  if (outcome == Outcome::kDone) return result;
  connection = Connection{};
  if (outcome == Outcome::kCannotConnect) {
    result.error = "IOERR error or timeout connecting to the client";
  } else {
    result.error = outcome == Outcome::kWriteFailed ? kWriteError : kReadError;
  }
  return result;
}

bool Migrator::Connect(const MigrationRequest& request, Connection& connection) {
  auto stream = env_.network().Connect(AddressText(request.host, request.port),
                                       env_.clock().Now() + request.timeout);
  if (!stream.ok()) return false;
  connection.stream = *std::move(stream);
  return true;
}

Migrator::Outcome Migrator::Attempt(const MigrationRequest& request, Connection& connection,
                                    MigrationResult& result) {
  if (connection.stream == nullptr && !Connect(request, connection)) return Outcome::kCannotConnect;
  ByteBuffer out;
  const bool selects = connection.db != request.db;
  const bool authenticates = !request.password.empty();
  if (authenticates && request.user.empty()) Append(out, {"AUTH", request.password});
  if (authenticates && !request.user.empty()) Append(out, {"AUTH", request.user, request.password});
  if (selects) Append(out, {"SELECT", fmt::format("{}", request.db)});
  for (const MovingKey& key : request.keys) {
    AppendRestore(out, key, cluster_mode_, request.replace);
  }
  const Instant deadline = env_.clock().Now() + request.timeout;
  connection.heard = false;
  if (!WriteAll(connection, out.view(), deadline)) return Outcome::kWriteFailed;
  std::string refusal;
  for (int i = 0; i < (authenticates ? 1 : 0) + (selects ? 1 : 0); ++i) {
    const std::optional<Reply> reply = ReadReply(connection, deadline);
    if (!reply) return Outcome::kReadFailed;
    if (reply->IsError() && refusal.empty()) refusal = TargetError(*reply);
  }
  connection.db = refusal.empty() ? std::optional(request.db) : std::nullopt;
  for (size_t i = 0; i < request.keys.size(); ++i) {
    const std::optional<Reply> reply = ReadReply(connection, deadline);
    if (!reply) return Outcome::kReadFailed;
    // Behind a refused AUTH or SELECT they may have gone to the wrong place: not arrived.
    result.arrived[i] = !reply->IsError() && refusal.empty();
    if (reply->IsError() && result.error.empty()) result.error = TargetError(*reply);
  }
  if (!refusal.empty()) result.error = refusal;
  return Outcome::kDone;
}

bool Migrator::WriteAll(Connection& connection, std::string_view bytes, Instant deadline) {
  while (!bytes.empty()) {
    const env::IoResult written = connection.stream->Write({bytes.data(), bytes.size()}, deadline);
    if (!written.ok()) return false;
    bytes.remove_prefix(written.bytes);
  }
  return true;
}

std::optional<Reply> Migrator::ReadReply(Connection& connection, Instant deadline) {
  for (;;) {
    const ReplyParser::Result next = connection.parser.Next();
    if (next == ReplyParser::Result::kReply) return ParseReply(connection.parser.bytes());
    if (next == ReplyParser::Result::kMalformed) return std::nullopt;
    char* room = connection.parser.Reserve(kReadBytes);
    const env::IoResult read = connection.stream->Read({room, kReadBytes}, deadline);
    connection.ended = !read.ok() && read.code != env::IoCode::kDeadline;
    if (!read.ok()) return std::nullopt;
    connection.heard = true;
    connection.parser.Commit(read.bytes);
  }
}

void Migrator::Tick() {
  const Instant now = env_.clock().Now();
  std::erase_if(connections_, [now](const auto& entry) {
    return !entry.second.busy && now - entry.second.used_at > kKeepIdle;
  });
}

}  // namespace norn::net
