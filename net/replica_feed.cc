#include "net/replica_feed.h"

#include "engine/base/number.h"
#include "engine/commands/command.h"
#include "engine/fiber/spawn.h"
#include "net/replication.h"
#include "net/zero.h"

namespace norn::net {
namespace {

constexpr size_t kPieceBytes = 64 * 1024;
// Under load the stream goes out this often: a send costs more than what a few commands of the stream cost, and a write that
// comes alone still goes at once.
constexpr Duration kGather = Duration::Micros(200);
constexpr size_t kReadBytes = 1024;
// A replica says little; more than this without a whole command is no replica.
constexpr size_t kInputBytesMax = 64 * 1024;

}  // namespace

ReplicaFeed::Outcome ReplicaFeed::Run(std::string_view unread) {
  env::Executor& executor = state_.env.executor();
  const SyncRequest request = *std::exchange(session_.replica->request, std::nullopt);
  port_ = FeedPort{state_.index, executor.Self(), false, &stream_};
  Admission admission;
  if (request.failover) {
    OnFiberAtZero(executor, [&] { admission.line = replication_.TakeOver(request.id); });
  }
  if (admission.line.empty()) {
    AtZero(executor, [&] {
      admission = replication_.Admit(session_.id, session_.replica->facts, request, &port_);
    });
  }
  if (!admission.admitted) {
    return WriteAll(admission.line) ? Outcome::kAnswered : Outcome::kEnded;
  }
  session_.client_class = ClientClass::kReplica;
  input_.Append(unread);
  reader_runs_ = true;
  SpawnFiber(executor, [this] { ReadUntilEnd(); });
  if (WriteAll(admission.line)) FeedUntilEnd();
  closing_ = true;
  stream_.Close();
  // Through a post even at executor 0: wakes that are under way come before it.
  OnExecutor(executor, 0, [&] { replication_.Leave(session_.id); });
  while (reader_runs_) executor.Park(Instant::Never());
  return Outcome::kEnded;
}

void ReplicaFeed::FeedUntilEnd() {
  env::Executor& executor = state_.env.executor();
  const std::unique_ptr<char[]> piece = std::make_unique_for_overwrite<char[]>(kPieceBytes);
  Instant sent = Instant::Past();
  bool small = false;
  while (!closing_) {
    FeedPull pull;
    const Instant next = sent + kGather;
    while (small && !closing_ && state_.env.clock().Now() < next) executor.Park(next);
    port_.woken = false;
    AtZero(executor, [&] { pull = replication_.Pull(session_.id, {piece.get(), kPieceBytes}); });
    if (pull.gone || closing_) return;
    if (pull.bytes > 0) {
      if (!WriteAll({piece.get(), pull.bytes})) return;
      small = pull.bytes < kPieceBytes;
      sent = state_.env.clock().Now();
      continue;
    }
    while (!port_.woken && !closing_) executor.Park(Instant::Never());
  }
}

void ReplicaFeed::ReadUntilEnd() {
  while (!closing_) {
    char* to = input_.Reserve(kReadBytes);
    const env::IoResult result = stream_.Read({to, kReadBytes}, Instant::Never());
    if (!result.ok()) break;
    input_.Commit(result.bytes);
    session_.net_input_bytes += result.bytes;
    session_.last_interaction = state_.env.clock().Now();
    if (!ReadAcks()) break;
  }
  closing_ = true;
  stream_.Close();
  reader_runs_ = false;
  state_.env.executor().Wake(port_.fiber);
}

bool ReplicaFeed::ReadAcks() {
  const ClientId id = session_.id;
  PostCall(state_.env.executor(), 0,
           [&replication = replication_, id] { replication.OnAlive(id); });
  CommandBatch batch;
  size_t consumed = 0;
  const auto outcome = parser_.Parse(input_.view(), ParseLimits{}, SIZE_MAX, batch, &consumed);
  for (const ParsedCommand& command : batch.commands) OnCommand(batch, command);
  input_.Consume(consumed);
  return outcome != RespParser::Outcome::kError && input_.size() <= kInputBytesMax;
}

void ReplicaFeed::OnCommand(const CommandBatch& batch, const ParsedCommand& command) {
  const std::span<const std::string_view> words(&batch.words[command.first_word],
                                                command.word_count);
  if (words.size() < 3 || !WordIs(words[0], "replconf") || !WordIs(words[1], "ack")) return;
  const std::optional<int64_t> acked = ParseInt64(words[2]);
  if (!acked) return;
  int64_t on_disk = -1;
  if (words.size() > 4 && WordIs(words[3], "fack")) on_disk = ParseInt64(words[4]).value_or(-1);
  const ClientId id = session_.id;
  PostCall(state_.env.executor(), 0, [&replication = replication_, id, acked = *acked, on_disk] {
    replication.OnAck(id, acked, on_disk);
  });
}

bool ReplicaFeed::WriteAll(std::string_view bytes) {
  while (!bytes.empty()) {
    const env::IoResult result = stream_.Write({bytes.data(), bytes.size()}, Instant::Never());
    if (!result.ok()) return false;
    session_.net_output_bytes += result.bytes;
    state_.stats.net_output_bytes += result.bytes;
    bytes.remove_prefix(result.bytes);
  }
  return true;
}

}  // namespace norn::net
