#include "engine/node/snapshot.h"

#include <algorithm>
#include <deque>

#include "engine/base/check.h"
#include "engine/base/number.h"
#include "engine/fiber/spawn.h"
#include "engine/persist/rdb_stream.h"
#include "engine/shard/routing.h"
#include "engine/shard/token_set.h"
#include "engine/types/value_types.h"

namespace norn {
namespace {

constexpr size_t kHandedBytes = 64 * 1024;
constexpr uint64_t kUnwrittenBytesMax = 1024 * 1024;
constexpr size_t kLinesAtOnce = 8;
constexpr Duration kSlice = Duration::Micros(200);
// While commands fill an executor, a snapshot gets one such part of its time, and in proportion more while they do not. Writes show
// what they are about to change at once and without asking; the walker waits until that is made up for.
constexpr int64_t kPartOfTime = 10;
constexpr Duration kRestTurn = Duration::Millis(2);
constexpr int64_t kIdlePart = 10;  // commands fill less than such a part of the time: it is idle
constexpr Duration kShowTime = Duration::Nanos(150);  // roughly: an entry that a write shows
constexpr Duration kCommandTime =
    Duration::Micros(5);  // roughly, with its part of the system calls

}  // namespace

// One shard's part. Touched under the shard's token, but for what is marked.
struct SnapshotWriter::Part {
  explicit Part(const SnapshotRequest& request) : format(request.format), encoder(request.encode) {}

  void Add(DbIndex db, const Entry& entry) {
    const bool select = !selected || selected_db != db;
    selected = true;
    selected_db = db;
    ++keys;
    ++shown;
    if (format == SnapshotFormat::kCommands) {
      if (select) AppendWords({"SELECT", Int64Text(db.value).view()});
      return AppendAsCommands(entry);
    }
    if (select) encoder.SelectDb(db, buffer);
    encoder.AddEntry(entry, buffer);
  }

  void AppendWords(std::initializer_list<std::string_view> words) {
    AppendCommand(&buffer, std::span<const std::string_view>(words.begin(), words.size()));
  }
  void AppendAsCommands(const Entry& entry) {
    EmitRebuild(entry,
                [this](std::span<const std::string_view> words) { AppendCommand(&buffer, words); });
    if (entry.has_deadline()) {
      AppendWords({"PEXPIREAT", entry.key(), Int64Text(entry.deadline_ms()).view()});
    }
  }

  const SnapshotFormat format;

  persist::RdbEncoder encoder;
  ByteBuffer buffer;
  DbIndex selected_db;
  bool selected = false;
  uint64_t keys = 0;   // since the last handing-over
  uint64_t shown = 0;  // in all

  // ---- the shard's home only ----
  uint64_t unwritten_bytes = 0;
  env::FiberId walker;
  bool stop = false;
  uint64_t commands_seen = 0;
  uint64_t shown_seen = 0;
  Instant looked;  // at those two
  Instant rest_until = Instant::Past();
};

// What all parts and the writer share; lives as long as any of them.
struct SnapshotWriter::Run {
  explicit Run(env::Executor& executor) : arrived(executor) {}

  std::vector<std::unique_ptr<Part>> parts;
  // ---- executor 0 only ----
  struct Handed {
    uint32_t shard;
    ByteBuffer bytes;
    uint64_t keys;
    bool last;
  };
  std::deque<Handed> queue;
  WaitQueue arrived;
  SnapshotProgress progress;
};

SnapshotWriter::SnapshotWriter(ExecutorState* const* states)
    : states_(states), shards_(states[0]->shard_count), turn_(states[0]->env.executor()) {}

SnapshotWriter::~SnapshotWriter() = default;

SnapshotProgress SnapshotWriter::progress() const {
  return run_ == nullptr ? SnapshotProgress() : run_->progress;
}

void SnapshotWriter::AskCancelled() {
  turn_.WakeAll();
  if (run_ != nullptr) run_->arrived.WakeAll();
}

absl::Status SnapshotWriter::Write(const SnapshotRequest& request, persist::ByteSink& sink) {
  const auto cancelled = [&] { return request.cancelled != nullptr && request.cancelled(); };
  while (run_ != nullptr && !cancelled()) turn_.Wait(Instant::Never());
  if (cancelled()) {
    if (run_ == nullptr) turn_.WakeOne();  // whoever woke us meant the next in turn
    return absl::CancelledError("cancelled");
  }
  run_ = std::make_shared<Run>(states_[0]->env.executor());
  run_->progress.running = true;
  absl::Status status = WriteParts(*run_, request, sink);
  run_ = nullptr;
  turn_.WakeOne();
  return status;
}

void SnapshotWriter::BeginParts(const std::shared_ptr<Run>& run, const SnapshotRequest& request,
                                ByteBuffer* head) {
  for (uint32_t i = 0; i < shards_; ++i) {
    run->parts.push_back(std::make_unique<Part>(request));
  }
  TokenSet tokens(states_[0]->env.executor(), states_[0]->shards);
  tokens.Collect(EveryShard(shards_));
  const persist::RdbEncoder& encoder = run->parts[0]->encoder;
  encoder.Header(*head);
  for (const auto& [key, value] : request.at_cut()) encoder.Aux(key, value, *head);
  Describe(*run, head);
  for (uint32_t i = 0; i < shards_; ++i) {
    states_[0]->keyspaces[i]->BeginSnapshot(
        [run, part = run->parts[i].get()](DbIndex db, const Entry& entry) {
          part->Add(db, entry);
        });
  }
}

// How many keys each database has: a hint for whoever reads, and the total for our own progress.
void SnapshotWriter::Describe(Run& run, ByteBuffer* head) {
  const auto databases = states_[0]->keyspaces[0]->database_count();
  for (uint32_t at = 0; at < databases; ++at) {
    uint64_t keys = 0, deadlines = 0;
    for (uint32_t shard = 0; shard < shards_; ++shard) {
      const Db* db = states_[0]->keyspaces[shard]->FindDb(DbIndex{at});
      keys += db == nullptr ? 0 : db->Size();
      deadlines += db == nullptr ? 0 : db->DeadlineCount();
    }
    if (keys == 0) continue;
    run.parts[0]->encoder.SelectDb(DbIndex{at}, *head);
    run.parts[0]->encoder.Sizes(keys, deadlines, *head);
    run.progress.keys_total += keys;
  }
}

// On each executor, a fiber that shows what no command changes.
void SnapshotWriter::BeginWalkers() {
  for (uint32_t i = 0; i < shards_; ++i) {
    ExecutorState* state = states_[i];
    PostCall(state->env.executor(), i, [shared = run_, state] {
      SpawnFiber(state->env.executor(), [shared, state] { Walk(shared, *state); });
    });
  }
}

void SnapshotWriter::StopWalkers() {
  for (uint32_t i = 0; i < shards_; ++i) {
    PostCall(states_[0]->env.executor(), i, [shared = run_, state = states_[i]] {
      Part& part = *shared->parts[state->index];
      part.stop = true;
      if (part.walker.fiber != nullptr) state->env.executor().Wake(part.walker);
    });
  }
}

// The shard may have so many bytes more under way.
void SnapshotWriter::Credit(uint32_t shard, uint64_t bytes) {
  PostCall(states_[0]->env.executor(), shard, [shared = run_, bytes, state = states_[shard]] {
    Part& part = *shared->parts[state->index];
    part.unwritten_bytes -= bytes;
    if (part.walker.fiber != nullptr) state->env.executor().Wake(part.walker);
  });
}

absl::Status SnapshotWriter::WriteParts(Run& run, const SnapshotRequest& request,
                                        persist::ByteSink& sink) {
  const bool rdb = request.format == SnapshotFormat::kRdb;
  persist::RdbStream stream(sink, request.checksum);
  const auto write = [&](std::string_view bytes) {
    run.progress.bytes_written += bytes.size();
    return rdb ? stream.Write(bytes) : sink.Write(bytes);
  };
  ByteBuffer head;
  if (gate_ != nullptr) gate_->Close();
  BeginParts(run_, request, &head);
  if (gate_ != nullptr) gate_->Open();
  BeginWalkers();
  absl::Status status = rdb ? write(head.view()) : absl::OkStatus();
  bool stopped = false;
  for (uint32_t walking = shards_; walking > 0;) {
    if (status.ok() && request.cancelled && request.cancelled())
      status = absl::CancelledError("cancelled");
    if (!status.ok() && !stopped) {
      StopWalkers();
      stopped = true;
    }
    if (run.queue.empty()) {
      run.arrived.Wait(Instant::Never());
      continue;
    }
    const Run::Handed handed = std::move(run.queue.front());
    run.queue.pop_front();
    if (status.ok() && !handed.bytes.empty()) status = write(handed.bytes.view());
    run.progress.keys_done += handed.keys;
    walking -= handed.last ? 1 : 0;
    if (!handed.last) Credit(handed.shard, handed.bytes.size());
  }
  if (status.ok() && rdb) status = stream.Finish();
  return status;
}

// Runs under the token. True: every entry of the shard was shown.
bool SnapshotWriter::WalkSlice(Run&, Part& part, ExecutorState& state) {
  Keyspace& keyspace = state.home().keyspace();
  const Instant until = state.env.clock().Now() + kSlice;
  while (part.buffer.size() < kHandedBytes) {
    if (keyspace.SaveSome(kLinesAtOnce)) return true;
    if (state.env.clock().Now() >= until) return false;
  }
  return false;
}

// Until when a walker leaves the executor to the commands, after a slice of `walked` that showed so many entries.
Instant SnapshotWriter::RestAfter(Part& part, const ExecutorState& state, Duration walked,
                                  uint64_t shown, Instant now) {
  const uint64_t commands = state.stats.commands_processed - part.commands_seen;
  const uint64_t by_writes = part.shown - part.shown_seen - shown;
  const int64_t elapsed_ns = std::max<int64_t>((now - part.looked).ns, 1);
  const int64_t wanted_ns = std::min(static_cast<int64_t>(commands) * kCommandTime.ns, elapsed_ns);
  const Duration work = walked + kShowTime * static_cast<int64_t>(by_writes);
  const int64_t permille = wanted_ns * 1000 / elapsed_ns;
  part.rest_until = std::max(part.rest_until, part.looked) + work * kPartOfTime * permille / 1000;
  part.commands_seen = state.stats.commands_processed;
  part.shown_seen = part.shown;
  part.looked = now;
  return part.rest_until;
}

void SnapshotWriter::Hand(const std::shared_ptr<Run>& run, uint32_t shard, ExecutorState& state,
                          bool last) {
  Part& part = *run->parts[shard];
  Run::Handed handed{shard, std::move(part.buffer), part.keys, last};
  part.buffer = ByteBuffer();
  part.keys = 0;
  part.selected = false;  // a buffer may stand anywhere: each names its database
  part.unwritten_bytes += handed.bytes.size();
  PostCall(state.env.executor(), 0, [run, handed = std::move(handed)]() mutable {
    run->queue.push_back(std::move(handed));
    run->arrived.WakeAll();
  });
}

// Meanwhile what writes show is handed on. Ends early when the commands have gone: nobody is left to rest for.
void SnapshotWriter::Rest(const std::shared_ptr<Run>& run, Part& part, ExecutorState& state,
                          Instant until) {
  env::Executor& executor = state.env.executor();
  Instant turn = state.env.clock().Now();
  uint64_t commands = state.stats.commands_processed;
  for (Instant now = turn; now < until && !part.stop; now = state.env.clock().Now()) {
    if (now - turn >= kRestTurn) {
      const uint64_t came = state.stats.commands_processed - commands;
      if (kCommandTime * static_cast<int64_t>(came) * kIdlePart < now - turn) break;
      turn = now;
      commands = state.stats.commands_processed;
    }
    executor.Park(std::min(until, turn + kRestTurn));
    if (part.buffer.size() < kHandedBytes) continue;
    TokenSet token(executor, state.shards);
    token.Collect({state.index});
    Hand(run, state.index, state, false);
  }
  part.rest_until = std::min(part.rest_until, state.env.clock().Now());
}

void SnapshotWriter::Walk(const std::shared_ptr<Run>& run, ExecutorState& state) {
  Part& part = *run->parts[state.index];
  env::Executor& executor = state.env.executor();
  part.walker = executor.Self();
  part.commands_seen = state.stats.commands_processed;
  part.looked = state.env.clock().Now();
  for (bool done = false; !done;) {
    while (part.unwritten_bytes > kUnwrittenBytesMax && !part.stop) {
      executor.Park(Instant::Never());
    }
    Instant begin;
    uint64_t shown = 0;
    {
      TokenSet token(executor, state.shards);
      token.Collect({state.index});
      begin = state.env.clock().Now();
      shown = part.shown;
      done = part.stop || WalkSlice(*run, part, state);
      shown = part.shown - shown;
      if (done) state.home().keyspace().EndSnapshot();
      if (done || part.buffer.size() >= kHandedBytes) Hand(run, state.index, state, done);
    }
    if (done) break;
    const Instant now = state.env.clock().Now();
    const Instant rest_until = RestAfter(part, state, now - begin, shown, now);
    if (rest_until > now) {
      Rest(run, part, state, rest_until);
    } else {
      executor.Yield();
    }
  }
  part.walker = {};
}

}  // namespace norn
