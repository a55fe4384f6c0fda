#include "net/feed_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "engine/base/status.h"
#include "engine/fiber/spawn.h"
#include "net/zero.h"

namespace norn::net {
namespace {}  // namespace

FeedDirectory::FeedDirectory(Node& node, ReplicationHost& host, PrimaryStream& stream)
    : node_(node), host_(host), stream_(stream), marks_(node.env().entropy().Next()) {}

Instant FeedDirectory::Now() { return node_.env().clock().Now(); }

std::string FeedDirectory::Describe(ClientId id) const {
  const auto& all = stream_.replicas().all();
  const auto found = all.find(id.value);
  if (found == all.end()) return fmt::format("client id #{}", id.value);
  return fmt::format("{}:{}", found->second.facts.ip(), found->second.facts.listening_port);
}

// ---- coming and going ----

Admission FeedDirectory::Admit(ClientId id, const ReplicaFacts& facts, const SyncRequest& request,
                               FeedPort* port) {
  const SyncAnswer answer = stream_.Answer(request, facts);
  Count(request, answer.kind);
  env::Logger& log = state().log;
  if (answer.kind == SyncAnswer::Kind::kDualChannel) return {false, answer.line};
  const Instant now = Now();
  Entry& entry = entries_[id.value];
  entry.port = port;
  entry.since = entry.last_progress = now;
  const bool resumes = answer.kind == SyncAnswer::Kind::kContinue;
  stream_.replicas().Add(id, facts, ReplicaState::kWaitSnapshot, now);
  if (!resumes) {
    entry.marked = facts.capa_eof;
    log.Notice("Replica {} asks for synchronization and needs a full copy", Describe(id));
    return {true, ""};
  }
  const bool main_channel = facts.copy_client.value != 0;
  stream_.StartFeed(id, request.at);
  if (main_channel) stream_.StopFeed(facts.copy_client);
  entry.phase = Phase::kStream;
  stream_.replicas().SetState(
      id, main_channel ? ReplicaState::kLoadsInParallel : ReplicaState::kOnline, now);
  log.Notice("Partial resynchronization of replica {} accepted, {} bytes of backlog from offset {}",
             Describe(id), stream_.Unread(id), request.at);
  return {true, answer.line};
}

void FeedDirectory::Count(const SyncRequest& request, SyncAnswer::Kind answer) {
  if (answer == SyncAnswer::Kind::kContinue) {
    ++counters_.partial_syncs;
    return;
  }
  if (request.psync && request.id != "?") ++counters_.refused_partial_syncs;
  if (answer == SyncAnswer::Kind::kFull) ++counters_.full_syncs;
}

void FeedDirectory::Leave(ClientId id) {
  const auto found = entries_.find(id.value);
  if (found == entries_.end()) return;
  state().log.Notice("Connection with replica {} lost.", Describe(id));
  ReleaseCopy(found->second);
  entries_.erase(found);
  stream_.StopFeed(id);
  stream_.replicas().Remove(id, Now());
}

void FeedDirectory::ReleaseCopy(Entry& entry) {
  if (entry.payload == nullptr) return;
  entry.payload->RemoveReader(entry.reader);
  entry.payload.reset();
}

void FeedDirectory::Drop(ClientId id, Entry& entry) {
  if (entry.gone) return;
  entry.gone = true;
  ReleaseCopy(entry);
  stream_.StopFeed(id);
  stream_.replicas().Remove(id, Now());
  // The port lives until Leave, which comes behind this.
  PostCall(node_.env().executor(), entry.port->executor,
           [&executor = node_.env().executor(), port = entry.port] {
             port->stream->Close();
             port->woken = true;
             executor.Wake(port->fiber);
           });
}

void FeedDirectory::DropAll() {
  for (auto& [id, entry] : entries_) Drop(ClientId{id}, entry);
}

void FeedDirectory::Wake(Entry& entry) {
  if (!entry.idle) return;
  entry.idle = false;
  PostCall(node_.env().executor(), entry.port->executor,
           [&executor = node_.env().executor(), port = entry.port] {
             port->woken = true;
             executor.Wake(port->fiber);
           });
}

void FeedDirectory::WakeStreams() {
  for (auto& [id, entry] : entries_) {
    if (entry.phase == Phase::kStream) Wake(entry);
  }
}

// ---- what a feed gets ----

FeedPull FeedDirectory::Pull(ClientId id, std::span<char> out) {
  const auto found = entries_.find(id.value);
  if (found == entries_.end() || found->second.gone) return {0, true};
  Entry& entry = found->second;
  size_t bytes = 0;
  if (entry.phase == Phase::kCopy) bytes = PullCopy(id, entry, out);
  if (entry.phase == Phase::kStream && bytes == 0) {
    bytes = stream_.ReadFeed(id, out);
    if (bytes == 0) stream_.ArmWake();
  }
  if (bytes == 0 && entry.phase == Phase::kWaitCopy && entry.keep_alive_due) {
    out[bytes++] = '\n';
    entry.keep_alive_due = false;
  }
  entry.idle = bytes == 0;
  if (bytes > 0) entry.last_progress = Now();
  counters_.sent_bytes += bytes;
  return {bytes, entry.gone};
}

size_t FeedDirectory::PullCopy(ClientId id, Entry& entry, std::span<char> out) {
  if (!entry.preamble.empty()) {
    const size_t bytes = std::min(entry.preamble.size(), out.size());
    std::memcpy(out.data(), entry.preamble.data(), bytes);
    entry.preamble.erase(0, bytes);
    return bytes;
  }
  const size_t bytes = entry.payload->Read(entry.reader, out);
  if (bytes == 0 && entry.payload->Finished(entry.reader)) EndCopy(id, entry);
  return bytes;
}

void FeedDirectory::EndCopy(ClientId id, Entry& entry) {
  ReleaseCopy(entry);
  Replica* replica = stream_.replicas().Find(id);
  if (replica == nullptr) return;
  const bool copy_only = replica->facts.snapshot_only || replica->facts.rdb_channel;
  stream_.replicas().SetState(
      id, copy_only ? ReplicaState::kSnapshotDone : ReplicaState::kSendSnapshot, Now());
  // Nothing more comes, and the replica closes; or it finds the mark at the end of what it reads, and nothing may stand behind
  // that.
  entry.phase = Phase::kAwaitAck;
  if (copy_only || (entry.marked && !entry.acknowledged)) return;
  BeginStream(id, entry);
}

void FeedDirectory::BeginStream(ClientId id, Entry& entry) {
  entry.phase = Phase::kStream;
  stream_.replicas().SetState(id, ReplicaState::kOnline, Now());
  state().log.Notice("Synchronization with replica {} succeeded", Describe(id));
}

void FeedDirectory::OnAlive(ClientId id) {
  Replica* replica = stream_.replicas().Find(id);
  if (replica != nullptr) replica->last_ack = Now();
}

void FeedDirectory::OnAck(ClientId id, StreamOffset acked, StreamOffset on_disk) {
  const auto found = entries_.find(id.value);
  Replica* replica = stream_.replicas().Find(id);
  if (found == entries_.end() || replica == nullptr) return;
  Entry& entry = found->second;
  if (replica->state == ReplicaState::kSnapshotDone) return;
  const bool copied = entry.phase == Phase::kAwaitAck;
  entry.acknowledged |= entry.phase == Phase::kCopy;
  if (copied || replica->state == ReplicaState::kLoadsInParallel) {
    BeginStream(id, entry);
    Wake(entry);
  }
  stream_.replicas().RecordAck(id, acked, on_disk, stream_.offset(), Now());
}

// ---- time ----

void FeedDirectory::Tick(Instant now) {
  const config::Options& options = state().options();
  const Duration timeout = Duration::Seconds(options.repl_timeout);
  for (const ClientId id : stream_.replicas().TimedOut(timeout, now)) {
    state().log.Warning("Disconnecting timedout replica (streaming sync): {}", Describe(id));
    Drop(id, entries_.at(id.value));
  }
  for (auto& [number, entry] : entries_) {
    const ClientId id{number};
    if (entry.gone) continue;
    const bool stuck =
        entry.phase == Phase::kCopy && !entry.idle && now - entry.last_progress > timeout;
    if (stuck) {
      state().log.Warning("Disconnecting timedout replica (full sync): {}", Describe(id));
      Drop(id, entry);
    } else if (entry.payload != nullptr && entry.payload->failed()) {
      Drop(id, entry);
    } else {
      CheckLimits(id, entry, now);
    }
  }
  if (!copying_ && CopyIsDue(now)) StartCopy();
}

void FeedDirectory::CheckLimits(ClientId id, Entry& entry, Instant now) {
  const config::Options& options = state().options();
  size_t unread = stream_.Unread(id);
  // Valkey: so too, a limit below the backlog's size would end replicas for bytes that are kept anyway.
  if (unread <= static_cast<size_t>(options.repl_backlog_size)) unread = 0;
  const auto verdict = entry.limiter.Check(unread, options, config::kReplicaClient, now);
  if (verdict == OutputLimiter::Verdict::kFine) return;
  ++state().stats.output_buffer_limit_disconnections;
  state().log.Warning(
      "Replica {} scheduled to be closed ASAP for overcoming of output buffer limits.",
      Describe(id));
  Drop(id, entry);
}

void FeedDirectory::SendKeepAlives() {
  for (auto& [id, entry] : entries_) {
    if (entry.phase != Phase::kWaitCopy || entry.gone) continue;
    entry.keep_alive_due = true;
    Wake(entry);
  }
}

bool FeedDirectory::KnowsCopyClient(ClientId id) const {
  const auto& all = stream_.replicas().all();
  const auto found = all.find(id.value);
  return found != all.end() && found->second.facts.rdb_channel && stream_.HasFeed(id);
}

size_t FeedDirectory::waiting_for_main_channel() const {
  size_t count = 0;
  for (const auto& [id, entry] : entries_) count += KnowsCopyClient(ClientId{id}) ? 1 : 0;
  return count;
}

}  // namespace norn::net
