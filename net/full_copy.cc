// FeedDirectory's full copies: when one starts, and how it reaches the replicas that wait for it.

#include <fmt/format.h>

#include <algorithm>
#include <climits>

#include "engine/base/plant.h"
#include "engine/base/status.h"
#include "engine/fiber/spawn.h"
#include "engine/persist/file_sink.h"
#include "engine/persist/file_source.h"
#include "net/feed_directory.h"

namespace norn::net {
namespace {

constexpr int kOwnRdbVersion = 11;
constexpr size_t kFilePieceBytes = 256 * 1024;

}  // namespace

bool FeedDirectory::CopyIsDue(Instant now) const {
  const config::Options& options = node_.state(0).options();
  const Duration delay =
      options.repl_diskless_sync ? Duration::Seconds(options.repl_diskless_sync_delay) : Duration{};
  int64_t waiting = 0;
  bool waited = false;
  for (const auto& [id, entry] : entries_) {
    if (entry.phase != Phase::kWaitCopy || entry.gone) continue;
    ++waiting;
    waited = waited || now - entry.since >= delay || !entry.marked;
  }
  const int64_t enough = options.repl_diskless_sync_max_replicas;
  return waited || (enough > 0 && waiting >= enough);
}

void FeedDirectory::StartCopy() {
  std::vector<ClientId> ids;
  bool on_disk = !state().options().repl_diskless_sync;
  for (const auto& [id, entry] : entries_) {
    if (entry.phase != Phase::kWaitCopy || entry.gone) continue;
    ids.push_back(ClientId{id});
    on_disk = on_disk || !entry.marked;
  }
  copying_ = true;
  SpawnFiber(node_.env().executor(), [this, ids = std::move(ids), on_disk] {
    RunCopy(ids, on_disk);
    copying_ = false;
  });
}

void FeedDirectory::RunCopy(std::vector<ClientId> ids, bool on_disk) {
  if (!stream_.active()) {
    stream_.Activate();
    host_.SetJournaling(true);
    state().log.Notice("Replication backlog created, my new replication IDs are '{}' and '{}'",
                       stream_.lineage().id(), stream_.lineage().id2());
  }
  int rdb_version = kOwnRdbVersion;
  for (const ClientId id : ids) {
    const Replica* replica = stream_.replicas().Find(id);
    if (replica == nullptr) continue;
    rdb_version = std::min(rdb_version, RdbVersionFor(replica->facts.version, kOwnRdbVersion));
  }
  state().log.Notice("Starting a full copy for {} replicas through {}", ids.size(),
                     on_disk ? "a file" : "memory");
  const Instant begun = Now();
  // Where that mistake was made, the older version lacked types that were in use.
  const bool unfit = NORN_PLANTED("B47") && rdb_version < kOwnRdbVersion;
  const absl::Status status = unfit     ? absl::UnimplementedError("a key is of no type of RDB 10")
                              : on_disk ? CopyThroughDisk(ids, rdb_version)
                                        : CopyThroughMemory(ids, rdb_version);
  if (status.ok()) {
    state().log.Notice("Full copy written in {} ms", (Now() - begun).millis());
    return;
  }
  state().log.Warning("Full copy for replicas failed: {}", MessageOf(status));
  for (const ClientId id : ids) {
    const auto found = entries_.find(id.value);
    const bool served = found == entries_.end() || found->second.phase == Phase::kAwaitAck ||
                        found->second.phase == Phase::kStream;
    if (!served) Drop(id, found->second);
  }
}

// Who waited is given its line and its place in the stream; the copy's own bytes follow by Attach.
SnapshotPlace FeedDirectory::Cut(const std::vector<ClientId>& ids) {
  SnapshotPlace place;
  place.id = stream_.lineage().id();
  place.offset = stream_.offset();
  if (stream_.following() && stream_.stream_db()) place.stream_db = stream_.stream_db()->value;
  for (const ClientId id : ids) {
    const auto found = entries_.find(id.value);
    if (found == entries_.end() || found->second.gone) continue;
    Entry& entry = found->second;
    Replica* replica = stream_.replicas().Find(id);
    entry.preamble =
        replica->facts.rdb_channel ? stream_.EndOffsetLine(id) : stream_.FullSyncLine();
    // Who asks with SYNC knows no histories: the copy's length is the first thing that it reads.
    if (!replica->facts.acknowledges) entry.preamble.clear();
    if (!replica->facts.snapshot_only || replica->facts.rdb_channel) {
      stream_.StartFeed(id, place.offset);
    }
  }
  return place;
}

void FeedDirectory::Attach(ClientId id, const std::shared_ptr<SnapshotPayload>& payload,
                           std::string header) {
  const auto found = entries_.find(id.value);
  if (found == entries_.end() || found->second.gone) return;
  Entry& entry = found->second;
  entry.preamble += header;
  entry.payload = payload;
  entry.reader = payload->AddReader();
  entry.phase = Phase::kCopy;
  entry.last_progress = Now();
  stream_.replicas().SetState(id, ReplicaState::kSendSnapshot, Now());
  Wake(entry);
}

absl::Status FeedDirectory::CopyThroughMemory(const std::vector<ClientId>& ids, int rdb_version) {
  const uint64_t a = marks_.Next();
  const uint64_t b = marks_.Next();
  const uint64_t c = marks_.Next();
  const std::string mark = ReplicationIdFrom(a, b, c);
  const auto payload = std::make_shared<SnapshotPayload>(node_.env().executor(), mark);
  payload->SetWake([this, raw = payload.get()] {
    for (auto& [id, entry] : entries_) {
      if (entry.payload.get() == raw) Wake(entry);
    }
  });
  const auto at_cut = [&] {
    const SnapshotPlace place = Cut(ids);
    for (const ClientId id : ids) Attach(id, payload, fmt::format("$EOF:{}\r\n", mark));
    return place;
  };
  const absl::Status status = host_.WriteSnapshot(rdb_version, at_cut, *payload);
  payload->End(status.ok());
  return status;
}

absl::Status FeedDirectory::CopyThroughDisk(const std::vector<ClientId>& ids, int rdb_version) {
  const std::string path = fmt::format("{}/temp-repl-{}.rdb", state().options().dir, ++copies_);
  env::Disk& disk = node_.env().disk();
  auto file = disk.Open(path, env::OpenMode::kCreateOrTrim);
  if (!file.ok()) return file.status();
  persist::FileSink sink(**file);
  absl::Status status = host_.WriteSnapshot(
      rdb_version, [&] { return Cut(ids); }, sink);
  if (status.ok()) status = sink.Flush();
  if (status.ok()) status = SendFile(ids, path);
  disk.Remove(path).IgnoreError();
  return status;
}

absl::Status FeedDirectory::SendFile(const std::vector<ClientId>& ids, const std::string& path) {
  auto file = node_.env().disk().Open(path, env::OpenMode::kRead);
  if (!file.ok()) return file.status();
  const auto size = (*file)->Size();
  if (!size.ok()) return size.status();
  const auto payload = std::make_shared<SnapshotPayload>(node_.env().executor(), "");
  payload->SetWake([this, raw = payload.get()] {
    for (auto& [id, entry] : entries_) {
      if (entry.payload.get() == raw) Wake(entry);
    }
  });
  for (const ClientId id : ids) {
    const auto found = entries_.find(id.value);
    if (found != entries_.end()) found->second.marked = false;
    Attach(id, payload, fmt::format("${}\r\n", *size));
  }
  std::string piece(kFilePieceBytes, '\0');
  absl::Status status;
  for (uint64_t at = 0; at < *size && status.ok();) {
    const auto read = (*file)->Read(at, piece);
    status = read.status();
    if (!status.ok()) break;
    if (*read == 0) status = absl::DataLossError(path + ": shorter than it was");
    at += *read;
    if (*read > 0) status = payload->Write(std::string_view(piece).substr(0, *read));
  }
  payload->End(status.ok());
  return status;
}

}  // namespace norn::net
