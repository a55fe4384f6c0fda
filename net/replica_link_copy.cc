// ReplicaLink's full copies: over the link itself, or over a connection of their own (Valkey's dual channel sync) while the
// stream already gathers here.

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/cover.h"
#include "engine/base/number.h"
#include "engine/base/plant.h"
#include "engine/base/status.h"
#include "engine/base/version.h"
#include "engine/fiber/spawn.h"
#include "net/replica_link.h"

namespace norn::net {
namespace {

constexpr Duration kProgressEvery = Duration::Seconds(5);
// How long the gathering of the stream may take to notice that the copy is loaded.
constexpr Duration kGatherTurn = Duration::Millis(50);

}  // namespace

// Counts what is read, for INFO and the log.
class ReplicaLink::WatchedSource : public persist::ByteSource {
 public:
  WatchedSource(CopySource source, ReplicaLink& link)
      : source_(std::move(source)), link_(link), begun_(link.Now()), said_(begun_) {
    link_.status_.transfer_total_bytes = source_.total_bytes();
    link_.status_.transfer_read_bytes = 0;
  }

  absl::StatusOr<size_t> Read(std::span<char> buf) override {
    auto read = source_.Read(buf);
    const Instant now = link_.Now();
    link_.status_.transfer_read_bytes = source_.read_bytes();
    link_.status_.last_io = now;
    if (now - said_ >= kProgressEvery) {
      said_ = now;
      link_.log().Notice("PRIMARY <-> REPLICA sync: {}", Progress(now));
    }
    return read;
  }

  std::string Progress(Instant now) const {
    return DescribeTransfer(source_.read_bytes(), source_.total_bytes(), now - begun_);
  }

 private:
  CopySource source_;
  ReplicaLink& link_;
  Instant begun_;
  Instant said_;
};

bool ReplicaLink::LoadCopy(Link& link, std::string primary_id, StreamOffset offset) {
  log().Notice("Full resync from primary: {}:{}", primary_id, offset);
  return LoadFrom(link, primary_id, offset, -1);
}

bool ReplicaLink::LoadFrom(Link& link, const std::string& primary_id, StreamOffset offset,
                           int64_t stream_db) {
  status_.state = LinkState::kTransfer;
  std::optional<std::string> header;
  do {
    header = link.reader.ReadLine();
    status_.last_io = Now();
  } while (header && header->empty());
  if (!header) {
    log().Warning("I/O error reading the copy's header from PRIMARY: {}", link.reader.error());
    return false;
  }
  auto source = CopySource::FromHeader(link.reader, *header);
  if (!source.ok()) {
    log().Warning("Bad protocol from PRIMARY: {}", MessageOf(source.status()));
    return false;
  }
  WatchedSource watched(*std::move(source), *this);
  const auto at_swap = [&](const LoadedSnapshot& loaded) {
    owner_.OnHistoryChanged();
    const int64_t db = stream_db >= 0 ? stream_db : std::max<int64_t>(loaded.stream_db, 0);
    const DbIndex selected{static_cast<uint32_t>(db)};
    if (NORN_PLANTED("B45") && &link == copy_link_) {
      return stream_.AdoptFullCopy(stream_.lineage().id(), stream_.offset(), selected);
    }
    stream_.AdoptFullCopy(primary_id, offset, selected);
  };
  const auto loaded = host_.LoadSnapshot(watched, at_swap);
  if (!loaded.ok()) {
    NORN_COVER("copy_not_loaded");
    log().Warning("Failed trying to load the PRIMARY synchronization DB, the old data stays: {}",
                  MessageOf(loaded.status()));
    return false;
  }
  host_.OnLineageChanged();
  log().Notice("PRIMARY <-> REPLICA sync: finished with success, {} keys, {}", loaded->keys,
               watched.Progress(Now()));
  return true;
}

// ---- dual channel ----

bool ReplicaLink::LoadDualChannel(Link& link) {
  log().Notice("The primary sends the copy over a connection of its own");
  std::unique_ptr<env::Stream> transport = Connect();
  if (transport == nullptr) return false;
  Link copy(node_.env(), std::move(transport), received_bytes_);
  copy.reader.SetSilenceMax(Duration::Seconds(options().repl_timeout));
  copy_link_ = &copy;
  std::string line;
  bool ok = OpenCopyChannel(copy, &line);
  // "$ENDOFF:<offset> <id> <db> <client>"
  std::vector<std::string> words;
  if (ok) {
    words.resize(4);
    size_t at = std::string_view("$ENDOFF:").size();
    for (std::string& word : words) {
      const size_t blank = std::min(line.find(' ', at), line.size());
      word = line.substr(at, blank - at);
      at = std::min(blank + 1, line.size());
    }
  }
  const auto offset = ok ? ParseInt64(words[0]) : std::nullopt;
  const auto db = ok ? ParseInt64(words[2]) : std::nullopt;
  ok = offset && db && words[1].size() == kReplicationIdChars;
  ok = ok && AskForStream(link, words[3], words[1], *offset);
  if (ok) {
    bool gathering = true;
    bool gathered = false;
    SpawnFiber(node_.env().executor(), [this, &link, &gathering, &gathered] {
      GatherStream(link, gathering);
      gathered = true;
      ended_.WakeAll();
    });
    ok = LoadFrom(copy, words[1], *offset, *db);
    gathering = false;
    while (!gathered) ended_.Wait(Instant::Never());
    status_.stream_buffer_bytes = 0;
  }
  CloseLink(copy);
  copy_link_ = nullptr;
  return ok;
}

// The stream that arrives while the copy is loaded is read into the main reader's input. What is beyond the hard limit of a
// replica's output buffer stays at the primary, which has limits of its own (Valkey: the same limit).
void ReplicaLink::GatherStream(Link& link, const bool& gathering) {
  bool full = false;
  while (gathering) {
    const size_t limit = options().client_output_buffer_limit[config::kReplicaClient].hard_bytes;
    const size_t held = link.reader.input().size();
    status_.stream_buffer_bytes = held;
    status_.stream_buffer_peak_bytes = std::max(status_.stream_buffer_peak_bytes, held);
    const bool was_full = std::exchange(full, limit > 0 && held >= limit);
    if (full && !was_full) {
      NORN_COVER("copy_stream_held_back");
      log().Notice("The stream of the primary is held back: {} bytes of it wait for the copy",
                   held);
    }
    if (full) {
      ended_.Wait(Now() + kGatherTurn);
    } else if (!link.reader.Poll(kGatherTurn)) {
      return;
    }
  }
}

bool ReplicaLink::OpenCopyChannel(Link& copy, std::string* end_offset_line) {
  const config::Options& o = options();
  std::vector<std::vector<std::string>> commands;
  if (!o.primaryauth.empty()) {
    commands.push_back({"AUTH", o.primaryauth});
    if (!o.primaryuser.empty()) commands[0].insert(commands[0].begin() + 1, o.primaryuser);
  }
  commands.push_back({"REPLCONF", "capa", "eof", "rdb-only", "1", "rdb-channel", "1",
                      "listening-port", std::to_string(Facts().listening_port)});
  // Told on this connection too: the primary chooses the copy's format by it (B47).
  if (!NORN_PLANTED("B47")) {
    commands.push_back({"REPLCONF", "version", std::string(kReplicaVersion)});
  }
  for (size_t i = 0; i < commands.size(); ++i) {
    if (!Send(copy, RespCommand(commands[i]))) return false;
    const auto reply = copy.reader.ReadLine();
    if (!reply) return false;
    const bool version = commands[i][1] == "version";
    if (reply->starts_with('-') && !version) {
      log().Warning("The primary refused the copy's connection: {}", *reply);
      return false;
    }
  }
  if (!Send(copy, RespCommand({"SYNC"}))) return false;
  status_.state = LinkState::kTransfer;
  for (;;) {
    const auto line = copy.reader.ReadLine();
    if (!line) return false;
    status_.last_io = Now();
    if (line->empty()) continue;
    *end_offset_line = *line;
    return line->starts_with("$ENDOFF:");
  }
}

bool ReplicaLink::AskForStream(Link& link, std::string_view copy_client, const std::string& id,
                               StreamOffset offset) {
  const std::string ask = RespCommand({"REPLCONF", "set-rdb-client-id", std::string(copy_client)});
  if (!Send(link, ask)) return false;
  const auto reply = link.reader.ReadLine();
  if (!reply || reply->starts_with('-')) return false;
  if (!Send(link, RespCommand({"PSYNC", id, std::to_string(offset + 1)}))) return false;
  for (;;) {
    const auto line = link.reader.ReadLine();
    if (!line) return false;
    if (!line->empty()) return line->starts_with("+CONTINUE");
  }
}

}  // namespace norn::net
