#include "engine/replication/primary.h"

#include <fmt/format.h>

#include <utility>

#include "engine/base/check.h"
#include "engine/base/cover.h"

namespace norn {
namespace {

std::string IdFrom(Prng& prng) {
  const uint64_t a = prng.Next();
  const uint64_t b = prng.Next();
  const uint64_t c = prng.Next();
  return ReplicationIdFrom(a, b, c);
}

std::string SelectCommand(DbIndex db) {
  const std::string number = std::to_string(db.value);
  return fmt::format("*2\r\n$6\r\nSELECT\r\n${}\r\n{}\r\n", number.size(), number);
}

}  // namespace

PrimaryStream::PrimaryStream(size_t backlog_bytes, Prng ids)
    : ids_(ids), backlog_(backlog_bytes), lineage_(IdFrom(ids_)) {}

std::string PrimaryStream::NewId() { return IdFrom(ids_); }

// ---- the stream ----

void PrimaryStream::Append(DbIndex db, std::string_view resp) {
  if (following_) return;
  if (active_ && stream_db_ != db) {
    stream_db_ = db;
    AppendRaw(SelectCommand(db));
  }
  AppendRaw(resp);
}

void PrimaryStream::AppendFromPrimary(std::string_view bytes, DbIndex db) {
  CHECK(following_);
  stream_db_ = db;
  AppendRaw(bytes);
}

void PrimaryStream::AppendGetAck() {
  AppendRaw("*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n");
}

void PrimaryStream::AppendRaw(std::string_view bytes) {
  if (!active_) {
    // P2: only the place moves, for those who ask how much was synced since.
    backlog_.Start(offset() + static_cast<StreamOffset>(bytes.size()));
    return;
  }
  backlog_.Append(bytes);
  if (wake_armed_ && wake_) {
    wake_armed_ = false;
    wake_();
  }
}

// ---- histories ----

void PrimaryStream::Activate() {
  CHECK(!active_);
  lineage_.Renew(NewId());
  backlog_.Start(offset());
  active_ = true;
  stream_db_.reset();
}

void PrimaryStream::Deactivate() {
  CHECK(feeds_.empty());
  lineage_.Renew(NewId());
  backlog_.Start(offset());
  active_ = false;
  stream_db_.reset();
}

void PrimaryStream::RestoreAsPrimary(std::string id, StreamOffset at) {
  CHECK(!active_);
  lineage_.Adopt(std::move(id));
  backlog_.Start(at);
  active_ = true;
  following_ = true;
  Promote();
}

void PrimaryStream::RestoreAsReplica(std::string id, StreamOffset at, DbIndex db) {
  CHECK(!active_);
  lineage_.Adopt(std::move(id));
  backlog_.Start(at);
  active_ = following_ = true;
  stream_db_ = db;
}

void PrimaryStream::Promote() {
  CHECK(following_);
  following_ = false;
  lineage_.Promote(NewId(), offset());
  // Valkey: so too; replicas that resume here may stand in another database than the next effect.
  stream_db_.reset();
}

void PrimaryStream::Demote() {
  if (!active_) Activate();
  following_ = true;
}

void PrimaryStream::AdoptFullCopy(std::string primary_id, StreamOffset at, DbIndex db) {
  CHECK(following_);
  CHECK(feeds_.empty());
  lineage_.Adopt(primary_id.empty() ? NewId() : std::move(primary_id));
  backlog_.Start(at);
  active_ = true;
  stream_db_ = db;
}

bool PrimaryStream::AdoptContinue(std::string_view primary_id) {
  if (primary_id.empty() || primary_id == lineage_.id()) return false;
  lineage_.FollowRename(std::string(primary_id), offset());
  return true;
}

// ---- replicas ----

SyncAnswer PrimaryStream::Answer(const SyncRequest& request, const ReplicaFacts& facts) const {
  if (!request.psync) return {SyncAnswer::Kind::kFull, ""};
  const bool resumable = active_ && lineage_.IsPrefix(request.id, request.at) &&  // I11
                         backlog_.Contains(request.at);
  if (resumable) {
    if (request.id != lineage_.id()) NORN_COVER("resume_other_history");
    return {SyncAnswer::Kind::kContinue, facts.capa_psync2
                                             ? fmt::format("+CONTINUE {}\r\n", lineage_.id())
                                             : std::string("+CONTINUE\r\n")};
  }
  if (active_ && request.id == lineage_.id()) NORN_COVER("resume_too_old");
  if (facts.capa_dual_channel) return {SyncAnswer::Kind::kDualChannel, "+DUALCHANNELSYNC\r\n"};
  return {SyncAnswer::Kind::kFull, ""};
}

std::string PrimaryStream::FullSyncLine() {
  CHECK(active_);
  if (!following_) stream_db_.reset();  // P3
  return fmt::format("+FULLRESYNC {} {}\r\n", lineage_.id(), offset());
}

std::string PrimaryStream::EndOffsetLine(ClientId client) {
  CHECK(active_);
  const uint32_t db = stream_db_ && following_ ? stream_db_->value : 0;
  if (!following_) stream_db_.reset();  // P3
  return fmt::format("$ENDOFF:{} {} {} {}\r\n", offset(), lineage_.id(), db, client.value);
}

void PrimaryStream::StartFeed(ClientId id, StreamOffset at) {
  CHECK(active_);
  const bool added = feeds_.emplace(id.value, backlog_.Hold(at)).second;
  CHECK(added);
}

size_t PrimaryStream::ReadFeed(ClientId id, std::span<char> out) {
  const auto feed = feeds_.find(id.value);
  CHECK(feed != feeds_.end());
  const StreamOffset at = backlog_.PositionOf(feed->second);
  const size_t bytes = backlog_.Read(at, out);
  if (bytes > 0) backlog_.MoveHold(feed->second, at + static_cast<StreamOffset>(bytes));
  return bytes;
}

size_t PrimaryStream::Unread(ClientId id) const {
  const auto feed = feeds_.find(id.value);
  if (feed == feeds_.end()) return 0;
  return static_cast<size_t>(offset() - backlog_.PositionOf(feed->second));
}

void PrimaryStream::HandFeed(ClientId from, ClientId to) {
  const auto feed = feeds_.find(from.value);
  CHECK(feed != feeds_.end());
  const Backlog::HoldId hold = feed->second;
  feeds_.erase(feed);
  const bool added = feeds_.emplace(to.value, hold).second;
  CHECK(added);
}

void PrimaryStream::StopFeed(ClientId id) {
  const auto feed = feeds_.find(id.value);
  if (feed == feeds_.end()) return;
  backlog_.Release(feed->second);
  feeds_.erase(feed);
}

bool PrimaryStream::BacklogExpired(Duration ttl, Instant now) const {
  return active_ && ttl.ns > 0 && replicas_.empty() && feeds_.empty() &&
         now - replicas_.empty_since() > ttl;
}

std::string PrimaryStream::InfoLines() const {
  return fmt::format(
      "master_replid:{}\r\nmaster_replid2:{}\r\nmaster_repl_offset:{}\r\nsecond_repl_offset:{}\r\n"
      "repl_backlog_active:{}\r\nrepl_backlog_size:{}\r\nrepl_backlog_first_byte_offset:{}\r\n"
      "repl_backlog_histlen:{}\r\n",
      lineage_.id(), lineage_.id2(), offset(), lineage_.second_repl_offset(), active_ ? 1 : 0,
      backlog_.limit_bytes(), active_ ? backlog_.begin() + 1 : 0, active_ ? backlog_.size() : 0);
}

}  // namespace norn
