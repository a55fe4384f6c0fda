// The source's side of slot migrations: a fiber for each.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/number.h"
#include "engine/base/plant.h"
#include "engine/base/status.h"
#include "engine/fiber/spawn.h"
#include "engine/shard/gather.h"
#include "engine/shard/routing.h"
#include "engine/shard/token_set.h"
#include "net/address_text.h"
#include "net/slot_migration.h"

namespace norn::net {

using cluster::ClusterNode;
using cluster::MigrationRow;
using cluster::MigrationState;
using cluster::NodeId;
using cluster::SlotExport;
using cluster::SlotSet;

namespace {

constexpr size_t kMessageBytes = 64 * 1024;
constexpr size_t kReadBytes = 4 * 1024;
constexpr Duration kAskEvery = Duration::Millis(100);
constexpr Duration kTakeMax = Duration::Seconds(5);
constexpr Duration kAskMax = Duration::Seconds(1);
constexpr Duration kTellMax = Duration::Seconds(2);
constexpr Duration kReportAfter = Duration::Seconds(1);

}  // namespace

void SlotMigrations::Begin(SlotExport machine) {
  machine.row().created_unix_s = machine.row().updated_unix_s = UnixSeconds();
  exports_.push_front(std::make_unique<Export>(std::move(machine), node_.env().executor()));
  Export* const job = exports_.front().get();
  // What was given up before this life began has no copy to be made.
  if (!job->machine.granted()) job->uncopied = job->machine.row().slots;
  job->report_at = Now() + kReportAfter;
  SpawnFiber(node_.env().executor(), [this, job] { RunExport(*job); });
}

void SlotMigrations::RunExport(Export& job) {
  const MigrationRow& row = job.machine.row();
  log().Notice("Slot migration {}: slots {} go to {}", row.name, cluster::RangesText(row.slots),
               row.target.view());
  WatchJournal();
  while (job.machine.next() != SlotExport::Step::kNone && !ended_) {
    Advance(job);
    Report(job);
  }
  if (ended_) return;
  CountEnded(row);
  job.stream = nullptr;
  job.pieces.clear();
  job.queued_bytes = 0;
  log().Notice("Slot migration {}: {}; {} bytes sent{}{}", row.name,
               cluster::MigrationStateName(row.state), job.sent_bytes,
               row.message.empty() ? "" : ": ", row.message);
  WatchJournal();
  TrimLog();
}

void SlotMigrations::Advance(Export& job) {
  using Step = SlotExport::Step;
  const std::string lost = WhyLost(job);
  if (!lost.empty()) job.machine.Abort(lost, false);
  job.machine.row().updated_unix_s = UnixSeconds();
  switch (job.machine.next()) {
    case Step::kEstablish:
      return Establish(job);
    case Step::kCopy:
      return CopySome(job);
    case Step::kSend:
      return SendSome(job);
    case Step::kPause:
      return Pause(job);
    case Step::kGrant:
      return Grant(job);
    case Step::kTake:
      return Take(job);
    case Step::kAsk:
      return Ask(job);
    case Step::kTakeBack:
      return TakeBack(job);
    case Step::kDelete:
      return Delete(job);
    case Step::kWithdraw:
      return Withdraw(job);
    case Step::kNone:
      return;
  }
}

// Before the grant: why it cannot go on.
std::string SlotMigrations::WhyLost(Export& job) {
  if (job.machine.granted()) return {};
  const MigrationRow& row = job.machine.row();
  const cluster::Topology& view = member().view();
  if (!Leads()) return "this node is a primary no more";
  const ClusterNode* target = view.Find(row.target);
  if (target == nullptr || !target->is_primary()) return "the target is a primary no more";
  SlotSet strange = row.slots;
  strange -= cluster::ToSet(view.self().slots);
  if (!strange.empty()) return "slots have another owner now";
  for (const auto& [slot, to] : member().migrating()) {
    if (row.slots.Contains(slot)) return "a slot was opened by CLUSTER SETSLOT";
  }
  if (Now() > job.pause_until) return "the target did not catch up while clients waited";
  return {};
}

// ---- talking ----

bool SlotMigrations::Connect(Export& job, const ClusterNode& node) {
  if (job.stream != nullptr && job.connected_to == node.id) return true;
  job.stream = nullptr;
  job.parser.Reset();
  const bool tls = options().tls_replication;
  const int64_t port = tls ? node.endpoint.tls_port : node.endpoint.port;
  if (node.endpoint.ip.empty()) return false;
  auto stream = node_.env().network().Connect(AddressText(node.endpoint.ip, port), Now() + kAskMax);
  if (!stream.ok()) return false;
  job.stream = *std::move(stream);
  job.connected_to = node.id;
  const std::string& password = options().primaryauth;
  if (password.empty()) return true;
  const std::string& user = options().primaryuser;
  const std::string_view all[] = {"AUTH", user, password};
  const std::string_view old[] = {"AUTH", password};
  const auto reply =
      user.empty() ? Request(job, &node, old, kAskMax) : Request(job, &node, all, kAskMax);
  if (reply && !reply->IsError()) return true;
  // Nothing is said over a connection of nobody.
  job.stream = nullptr;
  job.auth_error = reply ? reply->text : "no answer";
  log().Warning("Slot migration {}: AUTH at {}:{}: {} (primaryuser, primaryauth)",
                job.machine.row().name, node.endpoint.ip, port, job.auth_error);
  return false;
}

// nullopt: nobody knows whether it was heard.
std::optional<Reply> SlotMigrations::Request(Export& job, const ClusterNode* node, Words words,
                                             Duration timeout) {
  if (node == nullptr || !Connect(job, *node)) return std::nullopt;
  ByteBuffer out;
  AppendCommand(&out, words);
  const Instant deadline = Now() + timeout;
  const auto fail = [&] {
    job.stream = nullptr;
    return std::nullopt;
  };
  std::string_view rest = out.view();
  while (!rest.empty()) {
    const env::IoResult written = job.stream->Write({rest.data(), rest.size()}, deadline);
    if (!written.ok()) return fail();
    rest.remove_prefix(written.bytes);
  }
  for (;;) {
    const ReplyParser::Result next = job.parser.Next();
    if (next == ReplyParser::Result::kReply) return ParseReply(job.parser.bytes());
    if (next == ReplyParser::Result::kMalformed) return fail();
    char* room = job.parser.Reserve(kReadBytes);
    const env::IoResult read = job.stream->Read({room, kReadBytes}, deadline);
    if (!read.ok()) return fail();
    job.parser.Commit(read.bytes);
  }
}

void SlotMigrations::Establish(Export& job) {
  const MigrationRow& row = job.machine.row();
  std::vector<std::string> room;
  std::vector<std::string_view> words = Order("ESTABLISH", row.slots, row.name, room);
  words.insert(words.begin() + 4, row.source.view());
  const auto reply = Request(job, member().view().Find(row.target), words, kTakeMax);
  if (!reply && !job.auth_error.empty()) {
    return job.machine.Abort(fmt::format("the target refuses AUTH: {}", job.auth_error), false);
  }
  if (!reply) return job.machine.Abort("the target cannot be reached", false);
  if (reply->IsError()) {
    return job.machine.Abort(fmt::format("the target refuses: {}", reply->text), false);
  }
  job.established = true;
  job.machine.OnEstablished();
}

// ---- the copy and the stream ----

// Whole commands; each message selects its databases itself.
std::string SlotMigrations::ComposeMessage(Export& job) {
  ByteBuffer out;
  std::optional<DbIndex> selected;
  while (!job.pieces.empty() && out.size() < kMessageBytes) {
    const Piece& piece = job.pieces.front();
    if (selected != piece.db) {
      const Int64Text number(piece.db.value);
      const std::string_view select[] = {"SELECT", number.view()};
      AppendCommand(&out, select);
      selected = piece.db;
    }
    out.Append(piece.bytes);
    job.queued_bytes -= piece.bytes.size();
    job.pieces.pop_front();
  }
  return std::string(out.view());
}

// False: it was ended by that.
bool SlotMigrations::SendMessage(Export& job) {
  const std::string message = ComposeMessage(job);
  if (message.empty()) return true;
  const MigrationRow& row = job.machine.row();
  const std::string offset = fmt::format("{}", job.sent_bytes);
  const std::string_view words[] = {"CLUSTER", "SYNCSLOTS", "DATA", row.name, offset, message};
  const auto reply = Request(job, member().view().Find(row.target), words, kTakeMax);
  if (!reply || reply->IsError()) {
    job.machine.Abort(reply ? fmt::format("the target stopped: {}", reply->text)
                            : "the connection to the target broke",
                      false);
    return false;
  }
  job.sent_bytes += message.size();
  totals_.sent_bytes += message.size();
  job.machine.row().acked_unix_s = UnixSeconds();
  return true;
}

void SlotMigrations::SendSome(Export& job) {
  if (!SendMessage(job)) return;
  const int64_t most = options().slot_migration_max_failover_repl_bytes;
  const uint64_t ready =
      most < 0 ? UINT64_MAX : std::max<uint64_t>(static_cast<uint64_t>(most), kMessageBytes);
  job.machine.OnSent(job.uncopied.empty(), job.queued_bytes, ready);
}

// ---- the hand-over ----

void SlotMigrations::HoldAll() {
  SlotSet held;
  for (const auto& job : exports_) {
    if (job->holds) held |= job->machine.row().slots;
  }
  member().Hold(held);
}

void SlotMigrations::Pause(Export& job) {
  // What the target's replicas and disk lag behind is caught up with before anybody waits.
  const MigrationRow& row = job.machine.row();
  const std::string_view words[] = {"CLUSTER", "SYNCSLOTS", "READY", row.name};
  const auto ready = Request(job, member().view().Find(row.target), words, kTakeMax);
  if (!ready || ready->IsError()) {
    return job.machine.Abort("the target's replicas or disk do not keep up", false);
  }
  if (!WhyLost(job).empty()) return;
  job.holds = true;
  job.held_since = Now();
  job.pause_until = Now() + Duration::Millis(options().cluster_manual_failover_timeout);
  HoldAll();
  host_.CarryOut();
  AwaitStragglers();
  job.machine.OnPaused();
}

// Every executor has the routes that were sent to it, and what it let pass before has run and is in the journal.
void SlotMigrations::AwaitStragglers() {
  env::Executor& executor = node_.env().executor();
  OnEveryExecutor(executor, node_.executor_count(), [](uint32_t) {});
  TokenSet tokens(executor, node_.state(0).shards);
  tokens.Collect(EveryShard(node_.state(0).shard_count));
  node_.journal().Settle();
}

// On this disk and at the replicas, side by side; nothing is asked of the target before both are done. A command that came past
// the gates before the pause, and had to wait for its tokens until now, is the last that may still have run: behind the routes
// that say so nothing runs any more, and what did is sent.
void SlotMigrations::Grant(Export& job) {
  const MigrationRow& row = job.machine.row();
  job.pause_until = Instant::Never();
  job.epoch_max = member().view().GreatestEpoch() + cluster::kTakeEpochRoom;
  job.machine.OnGranted();
  member().GiveUp(row.slots, row.target, Now());
  host_.Pump();
  std::vector<std::string> room;
  const auto told =
      replication_.TellReplicas(Order("GRANT", row.slots, row.target.view(), room), kTellMax);
  host_.CarryOut();
  AwaitStragglers();
  bool sent = true;
  while (sent && job.queued_bytes > 0) sent = SendMessage(job);
  // One that could lead this shard next would serve them, or the target lacks something: it will be told that nothing comes of it.
  if (told == Replication::Told::kTooLate || !sent) job.machine.OnAnswer(SlotExport::Answer::kNone);
}

void SlotMigrations::Take(Export& job) {
  const MigrationRow& row = job.machine.row();
  const std::string end = fmt::format("{}", job.sent_bytes);
  const std::string epoch_max = fmt::format("{}", job.epoch_max);
  const std::string_view words[] = {"CLUSTER", "SYNCSLOTS", "TAKE", row.name, end, epoch_max};
  const auto reply = Request(job, member().view().Find(row.target), words, kTakeMax);
  const bool taken = reply && reply->text == "TAKEN";
  const bool dropped =
      (reply && reply->text.starts_with("DROPPED")) || (NORN_PLANTED("B58") && !reply.has_value());
  job.machine.OnAnswer(taken     ? SlotExport::Answer::kTaken
                       : dropped ? SlotExport::Answer::kDropped
                                 : SlotExport::Answer::kNone);
}

// Who would have the slots now, had the target taken them.
const ClusterNode* SlotMigrations::LeaderFor(const NodeId& target) {
  const cluster::Topology& view = member().view();
  const ClusterNode* node = view.Find(target);
  if (node == nullptr) return nullptr;
  if (const ClusterNode* leader = view.PrimaryOfShard(node->shard)) return leader;
  return node->is_primary() ? node : view.Find(node->primary);
}

void SlotMigrations::Ask(Export& job) {
  const MigrationRow& row = job.machine.row();
  // A replica of this shard asks again when it leads it.
  if (!Leads()) {
    job.machine.row().message = "this node leads its shard no more";
    return job.machine.OnTakenBack();
  }
  std::vector<std::string> room;
  std::vector<std::string_view> words = Order("DROP", row.slots, row.name, room);
  words.insert(words.begin() + 4, row.source.view());
  const auto reply = Request(job, LeaderFor(row.target), words, kAskMax);
  if (reply && reply->text == "TAKEN") return job.machine.OnAnswer(SlotExport::Answer::kTaken);
  if (reply && reply->text == "DROPPED") return job.machine.OnAnswer(SlotExport::Answer::kDropped);
  if (reply && reply->text.starts_with("MIXED")) {
    // Several migrations of an earlier life: each slot is asked for by itself.
    one_by_one_ = true;
    job.machine.row().message = "parts of it have gone; asking slot by slot";
    return job.machine.OnTakenBack();
  }
  job.stream = nullptr;
  node_.env().executor().Park(Now() + kAskEvery);
}

void SlotMigrations::TakeBack(Export& job) {
  const MigrationRow& row = job.machine.row();
  if (Leads()) {
    const uint64_t above = member().view().GreatestEpoch() + cluster::kTakeEpochRoom;
    member().TakeBack(row.slots, std::max(job.epoch_max, above), Now());
    std::vector<std::string> room;
    replication_.AppendOrder(Order("KEEP", row.slots, row.source.view(), room));
  }
  job.holds = false;
  HoldAll();
  host_.CarryOut();
  job.machine.OnTakenBack();
}

void SlotMigrations::Delete(Export& job) {
  const MigrationRow& row = job.machine.row();
  if (job.held_since != Instant::Never()) {
    totals_.last_wait_ms = (Now() - job.held_since).millis();
    job.machine.row().message = fmt::format("clients waited {} ms", totals_.last_wait_ms);
  }
  member().LetGo(row.slots);
  job.holds = false;
  HoldAll();
  host_.CarryOut();
  if (Leads()) {
    std::vector<std::string> room;
    replication_.AppendOrder(Order("GONE", row.slots, row.target.view(), room));
    host_.DropSlots(row.slots);
  }
  const ClusterNode* leader = LeaderFor(row.target);
  const bool empty = Leads() && !member().view().self().owns_slots();
  if (empty && leader != nullptr && leader->is_primary() &&
      options().cluster_allow_replica_migration) {
    member().Replicate(leader->id, Now());
    host_.CarryOut();
  }
  job.machine.OnDeleted();
}

void SlotMigrations::Withdraw(Export& job) {
  const MigrationRow& row = job.machine.row();
  job.holds = false;
  HoldAll();
  host_.CarryOut();
  if (job.established) {
    std::vector<std::string> room;
    std::vector<std::string_view> words = Order("DROP", row.slots, row.name, room);
    words.insert(words.begin() + 4, row.source.view());
    Request(job, member().view().Find(row.target), words, kAskMax);
  }
  job.machine.OnWithdrawn();
}

}  // namespace norn::net
