#include "engine/node/node_replication.h"

#include <fmt/format.h>

#include "engine/base/words.h"
#include "engine/shard/gather.h"
#include "engine/shard/routing.h"
#include "engine/shard/token_set.h"

namespace norn {
namespace {

// Where WAITAOF may find the log synced: no more often than this, in bytes of the log.
constexpr uint64_t kMarkBytes = 256;
constexpr size_t kMarksMax = 100000;
constexpr size_t kToldBytes = 256;

// The source has an end of its own (a length, a mark), which must be reached: the stream begins behind it.
absl::Status ReadToEnd(persist::ByteSource& source, std::string_view unread) {
  char byte;
  const auto more = source.Read({&byte, 1});
  if (!more.ok()) return more.status();
  if (*more == 0 && unread.empty()) return absl::OkStatus();
  return absl::DataLossError("the copy goes on behind the end of its snapshot");
}

}  // namespace

NodeReplication::NodeReplication(ExecutorState* const* states, SnapshotWriter& snapshots,
                                 Journal& journal, Persistence& persistence, Hooks hooks)
    : states_(states),
      snapshots_(snapshots),
      journal_(journal),
      persistence_(persistence),
      hooks_(std::move(hooks)),
      dispatcher_(*states[0], states),
      apply_turn_(states[0]->env.executor()) {
  journal.Listen(this);
  snapshots.SetGate(this);
}

NodeReplication::~NodeReplication() = default;

void NodeReplication::Attach(PrimaryStream& stream, std::function<void()> on_log_synced) {
  stream_ = &stream;
  on_log_synced_ = std::move(on_log_synced);
}

// ---- the stream ----

// The log listens first, so a mark says: what the log has up to here is what the stream has up to there.
void NodeReplication::OnEffects(DbIndex db, std::string_view resp) {
  if (stream_ == nullptr) return;
  stream_->Append(db, resp);
  const uint64_t log = persistence_.log().appended();
  const bool due = marks_.empty() || log - marks_.back().log >= kMarkBytes;
  if (due && marks_.size() < kMarksMax) marks_.push_back({log, stream_->offset()});
}

StreamOffset NodeReplication::LogSyncedOffset() {
  persist::AofLog& log = persistence_.log();
  if (stream_ == nullptr || log.state() != persist::AofLog::State::kOn) return -1;
  while (!marks_.empty() && marks_.front().log <= log.synced()) {
    synced_stream_ = std::max(synced_stream_, marks_.front().stream);
    marks_.pop_front();
  }
  // Nothing is on its way to the disk: so is nothing of the stream.
  if (log.synced() == log.appended()) synced_stream_ = stream_->offset();
  return synced_stream_;
}

void NodeReplication::OnLogSynced() {
  if (on_log_synced_) on_log_synced_();
}

StreamOffset NodeReplication::WriteOffsetOf(Session& session) {
  if (session.wrote || session.wrote_before) {
    StreamOffset now = 0;
    OnExecutor(states_[0]->env.executor(), 0, [&] { now = stream_->offset(); });
    session.write_offset = now;
    session.wrote_before = false;
  }
  return session.write_offset;
}

SnapshotFields NodeReplication::HistoryFields() const {
  if (stream_ == nullptr || !stream_->active()) return {};
  const int64_t db = stream_->stream_db() ? static_cast<int64_t>(stream_->stream_db()->value) : -1;
  SnapshotFields fields = {{"repl-stream-db", std::to_string(db)},
                           {"repl-id", std::string(stream_->lineage().id())},
                           {"repl-offset", std::to_string(stream_->offset())}};
  if (data_shard_) fields.emplace_back("norn-shard", data_shard_());
  return fields;
}

void NodeReplication::OnLoaded(const persist::RdbInfo& info) {
  loaded_shard_ = info.cluster_shard;
  if (stream_ == nullptr || info.replication_id.empty() || !info.replication_offset) return;
  if (states_[0]->options().replicaof.host.empty() && !starts_as_replica_) {
    stream_->RestoreAsPrimary(info.replication_id, *info.replication_offset);
  } else {
    const auto db = static_cast<uint32_t>(std::max<int64_t>(info.replication_db.value_or(0), 0));
    stream_->RestoreAsReplica(info.replication_id, *info.replication_offset, DbIndex{db});
  }
}

// ---- what clients may do ----

void NodeReplication::SetGates(const ReplicationGates& gates) {
  const bool settle = gates.following && !gates_.following;
  gates_ = gates;
  hooks_.publish_condition(settle);
}

// A command that came past the gates before the pause holds its tokens, or asks for them before us.
void NodeReplication::HoldWrites(bool on) {
  env::Executor& executor = states_[0]->env.executor();
  const Pause pause{on ? PauseMode::kWrite : PauseMode::kNone, Instant::Never()};
  states_[0]->node.SetPause(pause);
  if (!on) return;
  TokenSet tokens(executor, states_[0]->shards);
  tokens.Collect(EveryShard(states_[0]->shard_count));
  journal_.Settle();
}

// ---- copies ----

absl::Status NodeReplication::WriteSnapshot(int rdb_version,
                                            const std::function<SnapshotPlace()>& at_cut,
                                            persist::ByteSink& sink) {
  persist::RdbEncodeOptions encode = persistence_.EncodeOptions();
  encode.version = rdb_version;
  const SnapshotRequest request{
      .encode = encode,
      .checksum = states_[0]->options().rdbchecksum,
      .format = SnapshotFormat::kRdb,
      .at_cut =
          [&] {
            journal_.Settle();
            const SnapshotPlace place = at_cut();
            SnapshotFields fields = SnapshotAux(states_[0]->env, false);
            fields.emplace_back("repl-stream-db", std::to_string(place.stream_db));
            fields.emplace_back("repl-id", place.id);
            fields.emplace_back("repl-offset", std::to_string(place.offset));
            return fields;
          },
  };
  return snapshots_.Write(request, sink);
}

// Valkey: with repl-diskless-load disabled the old data goes before the new is there. Here it is always kept until the new is
// verified, so a copy that breaks off costs nothing but time.
absl::StatusOr<LoadedSnapshot> NodeReplication::LoadSnapshot(
    persist::ByteSource& source, const std::function<void(const LoadedSnapshot&)>& at_swap) {
  StagedDataset dataset(states_);
  auto read = dataset.ReadSnapshot(
      source, ReadOptionsOf(states_[0]->options(), "copy from the primary"),
      {.now_ms = states_[0]->env.clock().Wall().unix_ms(),
       .drop_expired = false,
       .warn = [this](std::string_view text) { states_[0]->log.Warning("{}", text); }});
  if (!read.ok()) return read.status();
  if (absl::Status end = ReadToEnd(source, read->unread); !end.ok()) return end;
  const LoadedSnapshot loaded{.stream_db = read->info.replication_db.value_or(-1),
                              .keys = read->keys};
  persistence_.BeforeSwap();
  dataset.Adopt([&] {
    at_swap(loaded);
    marks_.clear();
    persistence_.AtSwap();
  });
  persistence_.AfterSwap();
  return loaded;
}

// ---- the primary's commands ----

void NodeReplication::ResetPrimarySession(DbIndex db) {
  session_ = Session();
  session_.authenticated = true;
  session_.from_primary = true;
  session_.db = db;
}

bool NodeReplication::Drain() {
  replies_.Clear();
  return true;
}

// A snapshot tells at which offset of the stream it stands. What Apply runs counts there only when Apply returned, so a cut in
// between would hold more than it says, and whoever resumes from it would do some of it twice.
void NodeReplication::Close() {
  while (cutting_) apply_turn_.Wait(Instant::Never());
  cutting_ = true;
  while (applying_) apply_turn_.Wait(Instant::Never());
}

void NodeReplication::Open() {
  cutting_ = false;
  apply_turn_.WakeAll();
}

void NodeReplication::Apply(std::span<const StreamCommand> commands) {
  while (cutting_) apply_turn_.Wait(Instant::Never());
  applying_ = true;
  RunPrimaryCommands(commands);
  // The caller moves the offset before it parks.
  applying_ = false;
  apply_turn_.WakeAll();
}

void NodeReplication::RunPrimaryCommands(std::span<const StreamCommand> commands) {
  std::vector<RawCommand> raw;
  raw.reserve(commands.size());
  for (const StreamCommand& command : commands) {
    raw.push_back(
        {command.words.data(), static_cast<uint32_t>(command.words.size()), command.bytes});
  }
  // What others are refused meanwhile, at this executor too, is no matter.
  const uint64_t errors_before = dispatcher_.errors();
  ReplyWriter reply(replies_, Resp::k2);
  dispatcher_.Run(raw, session_, reply, *this);
  const std::string told(replies_.view().substr(0, kToldBytes));
  replies_.Clear();
  if (dispatcher_.errors() == errors_before || errors_told_ > 0) return;
  errors_told_ = 1;
  states_[0]->log.Warning(
      "== CRITICAL == A command of the primary failed here: the data may differ from the "
      "primary's. "
      "See INFO errorstats. Among the replies to {} commands from {} on: {}",
      commands.size(), QuoteWord(commands[0].words[0]), QuoteWord(told));
}

}  // namespace norn
