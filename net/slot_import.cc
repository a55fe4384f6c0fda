// The target's side of slot migrations, and what replicas of both sides are told.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/number.h"
#include "engine/fiber/spawn.h"
#include "engine/shard/routing.h"
#include "engine/shard/token_set.h"
#include "net/resp_parser.h"
#include "net/slot_migration.h"

namespace norn::net {

using cluster::ClusterCall;
using cluster::ClusterNode;
using cluster::MigrationRow;
using cluster::MigrationState;
using cluster::NodeId;
using cluster::SlotImport;
using cluster::SlotSet;

namespace {

// Between two looks at whether this node may still run them.
constexpr size_t kCommandsAtOnce = 64;
constexpr Duration kTellMax = Duration::Seconds(2);
constexpr Duration kReportAfter = Duration::Seconds(1);
// Between what is known of epochs and what a claim takes (Member::ClaimAbove), and as much again.
constexpr uint64_t kEpochRoom = 64;

// Ranges from word `at` on. nullopt: they are none.
std::optional<SlotSet> SlotsFrom(const ClusterCall& call, size_t at) {
  SlotSet slots;
  for (; at < call.words.size(); ++at) {
    if (!cluster::AddRange(call.words[at], slots)) return std::nullopt;
  }
  return slots.empty() ? std::nullopt : std::optional(slots);
}

}  // namespace

bool SlotMigrations::Leads() {
  return member().view().self().is_primary() && !replication_.following();
}

std::shared_ptr<SlotMigrations::Import> SlotMigrations::FindImport(std::string_view name) {
  for (const auto& job : imports_) {
    if (job->machine.row().name == name) return job;
  }
  return nullptr;
}

SlotSet SlotMigrations::importing() const {
  SlotSet slots;
  for (const auto& job : imports_) {
    if (job->machine.active()) slots |= job->machine.row().slots;
  }
  return slots;
}

// SYNCSLOTS verb ...
void SlotMigrations::OnSync(const ClusterCall& call) {
  const std::string_view verb = call.words[2];
  const size_t count = call.words.size();
  const bool order = WordIs(verb, "grant") || WordIs(verb, "keep") || WordIs(verb, "claim") ||
                     WordIs(verb, "gone");
  if (order && count >= 5 && call.session.from_primary) return OnOrder(call);
  if (!Leads()) return call.reply.Error("ERR this node is no primary");
  if (WordIs(verb, "establish") && count >= 6) return OnEstablish(call);
  if (WordIs(verb, "data") && count == 6) return OnData(call);
  if (WordIs(verb, "ready") && count == 4) return OnReady(call);
  if (WordIs(verb, "take") && count == 6) return OnTake(call);
  if (WordIs(verb, "drop") && count >= 6) return OnDrop(call);
  call.reply.Error("ERR syntax error");
}

// Of this node's primary, about slots that it gives up, keeps after all, or gets.
void SlotMigrations::OnOrder(const ClusterCall& call) {
  const std::optional<SlotSet> slots = SlotsFrom(call, 4);
  const std::optional<NodeId> other = NodeId::Parse(call.words[3]);
  if (!slots || !other) return call.reply.Error("ERR syntax error");
  if (WordIs(call.words[2], "grant")) {
    const ClusterNode* to = member().view().Find(*other);
    // A node that it has never heard of cannot be the owner in its view, but can be asked once it is known.
    if (to == nullptr || !to->is_primary()) return call.reply.Error("ERR unknown target");
    member().GiveUp(*slots, *other, call.now);
  } else if (WordIs(call.words[2], "gone")) {
    member().LetGo(*slots);
  } else {
    member().TakeBack(*slots, 0, call.now);
  }
  call.reply.Ok();
}

// ---- the import ----

// ESTABLISH name source range ...
void SlotMigrations::OnEstablish(const ClusterCall& call) {
  const std::string_view name = call.words[3];
  const std::optional<NodeId> source = NodeId::Parse(call.words[4]);
  const std::optional<SlotSet> slots = SlotsFrom(call, 5);
  if (!NodeId::Parse(name) || !source || !slots) return call.reply.Error("ERR syntax error");
  const cluster::Topology& view = member().view();
  for (const SlotId slot : *slots) {
    const ClusterNode* owner = view.OwnerOf(slot);
    if (owner == nullptr || owner->id != *source) {
      return call.reply.Error(
          fmt::format("ERR slot {} is not the source's, as far as is known here", slot.value));
    }
    if (member().importing().contains(slot) || member().migrating().contains(slot)) {
      return call.reply.Error(fmt::format("ERR slot {} is open (CLUSTER SETSLOT)", slot.value));
    }
  }
  if (Busy(*slots)) return call.reply.Error("ERR one of these slots is being migrated");
  MigrationRow row{.name = std::string(name), .slots = *slots};
  row.source = *source;
  row.target = view.self().id;
  row.created_unix_s = row.updated_unix_s = UnixSeconds();
  imports_.push_front(std::make_shared<Import>(SlotImport(std::move(row))));
  const std::shared_ptr<Import> held = imports_.front();
  Import& job = *held;
  job.heard = Now();
  job.report_at = Now() + kReportAfter;
  job.session.authenticated = true;
  job.session.from_primary = true;
  log().Notice("Slot migration {}: slots {} come from {}", name, cluster::RangesText(*slots),
               source->view());
  WatchJournal();
  HideKeys();
  host_.DropSlots(*slots);  // what an attempt before left
  job.heard = Now();
  call.reply.Ok();
}

// DATA name offset commands
void SlotMigrations::OnData(const ClusterCall& call) {
  const std::shared_ptr<Import> job = FindImport(call.words[3]);
  if (job == nullptr || !job->machine.active()) {
    return call.reply.Error(job == nullptr ? "ERR no such slot migration"
                                           : "ERR " + job->machine.row().message);
  }
  const std::optional<uint64_t> offset = ParseUint64(call.words[4]);
  if (!offset || !job->machine.IsNext(*offset)) {
    return call.reply.Error(fmt::format("ERR expected offset {}", job->machine.applied()));
  }
  job->heard = Now();
  while (running_) turn_.Wait(Instant::Never());
  running_ = true;
  const std::string error = RunCommands(*job, call.words[5]);
  running_ = false;
  turn_.WakeAll();  // others wait there for other things
  if (error.empty() && job->machine.IsNext(*offset)) {
    job->machine.OnApplied(call.words[5].size());
    totals_.received_bytes += call.words[5].size();
    job->heard = Now();
    Report(*job);
    job->machine.row().updated_unix_s = job->machine.row().acked_unix_s = UnixSeconds();
    return call.reply.Integer(static_cast<int64_t>(job->machine.applied()));
  }
  job->machine.Drop(error);
  call.reply.Error("ERR " + job->machine.row().message);
}

// Empty: all ran.
std::string SlotMigrations::RunCommands(Import& job, std::string_view bytes) {
  RespParser parser;
  size_t at = 0;
  job.session.db = DbIndex{0};
  while (at < bytes.size()) {
    CommandBatch batch;
    size_t consumed = 0;
    const auto outcome =
        parser.Parse(bytes.substr(at), ParseLimits{}, kCommandsAtOnce, batch, &consumed);
    at += consumed;
    if (outcome == RespParser::Outcome::kError || consumed == 0) return "malformed commands";
    std::vector<RawCommand> raw;
    for (const ParsedCommand& command : batch.commands) {
      raw.push_back({&batch.words[command.first_word], command.word_count, command.request_bytes});
    }
    if (!Leads()) return "this node is a primary no more";
    if (!job.machine.active()) return job.machine.row().message;
    const uint64_t errors_before = dispatcher_.errors();
    ReplyWriter reply(replies_, Resp::k2);
    dispatcher_.Run(raw, job.session, reply, *this);
    const bool failed = reply.out().view().find("-OOM") != std::string_view::npos;
    replies_.Clear();
    if (failed && dispatcher_.errors() != errors_before) return "out of memory";
  }
  return {};
}

// Those that are on their way here. A replica is not told of migrations, and need not be: what it holds of another shard's slots
// is on its way to its primary, or from there, be it from the stream, a copy or its own disk.
SlotSet SlotMigrations::HiddenSlots() {
  SlotSet hidden;
  for (const auto& job : imports_) {
    if (job->hidden) hidden |= job->machine.row().slots;
  }
  if (!hides_foreign_) return hidden;
  const cluster::Topology& view = member().view();
  const ClusterNode& self = view.self();
  for (uint32_t i = 0; i < kSlotCount; ++i) {
    const SlotId slot{static_cast<uint16_t>(i)};
    const ClusterNode* owner = view.OwnerOf(slot);
    // Old nodes do not tell their shard.
    const bool foreign =
        owner != nullptr && owner->id != self.primary && owner->shard != self.shard;
    const bool open = member().importing().contains(slot) || member().migrating().contains(slot);
    if (foreign && !open) hidden.Set(slot);
  }
  return hidden;
}

// Their keys are not listed, counted, expired or evicted.
void SlotMigrations::HideKeys() {
  TokenSet tokens(node_.env().executor(), node_.state(0).shards);
  tokens.Collect(EveryShard(node_.state(0).shard_count));
  hide_due_ = false;
  const SlotSet hidden = HiddenSlots();
  if (hidden == hidden_) return;
  hidden_ = hidden;
  std::vector<bool> by_slot;
  if (!hidden.empty()) {
    by_slot.resize(kSlotCount);
    for (const SlotId slot : hidden) by_slot[slot.value] = true;
  }
  node_.OnEveryShard([&](uint32_t, Keyspace& keyspace) { keyspace.set_hidden_slots(by_slot); });
}

void SlotMigrations::OnRoutes() {
  // Who was promoted deletes what is another shard's; until then it shows none of it, as before.
  if (!member().view().self().is_primary()) {
    hides_foreign_ = true;
  } else if (!host_.acting()) {
    hides_foreign_ = false;
  }
  if (ended_ || hide_due_ || HiddenSlots() == hidden_) return;
  hide_due_ = true;
  SpawnFiber(node_.env().executor(), [this] {
    if (!ended_) HideKeys();
  });
}

// Of one that failed.
void SlotMigrations::CleanUp(Import& job) {
  if (job.cleaning || !job.hidden || job.machine.active()) return;
  job.cleaning = true;
  CountEnded(job.machine.row());
  log().Notice("Slot migration {}: dropped: {}", job.machine.row().name, job.machine.row().message);
  // Commands that were under way when it failed.
  while (running_) turn_.Wait(Instant::Never());
  if (Leads()) host_.DropSlots(job.machine.row().slots);
  job.hidden = false;
  HideKeys();
  WatchJournal();
}

// ---- the hand-over ----

// READY name: once replicas and disk have what came so far.
void SlotMigrations::OnReady(const ClusterCall& call) {
  const std::shared_ptr<Import> job = FindImport(call.words[3]);
  if (job == nullptr || !job->machine.active())
    return call.reply.Error("ERR no such slot migration");
  const std::string_view ping[] = {"PING"};
  const auto told = replication_.TellReplicas(ping, kTellMax);
  node_.AwaitAnswerable();
  job->heard = Now();
  if (told == Replication::Told::kTooLate) return call.reply.Error("ERR replicas do not answer");
  call.reply.Ok();
}

// TAKE name offset greatest-epoch
void SlotMigrations::OnTake(const ClusterCall& call) {
  const std::shared_ptr<Import> job = FindImport(call.words[3]);
  if (job != nullptr && job->machine.row().state == MigrationState::kSuccess)
    return call.reply.Simple("TAKEN");
  const std::optional<uint64_t> end = ParseUint64(call.words[4]);
  const std::optional<uint64_t> epoch_max = ParseUint64(call.words[5]);
  if (job == nullptr || !end || !epoch_max || *epoch_max < cluster::kTakeEpochRoom)
    return call.reply.Error("DROPPED no such slot migration");
  if (job->machine.row().state == MigrationState::kTaking)
    return call.reply.Error("ERR it is being taken over");
  if (!job->machine.active()) return call.reply.Error("DROPPED " + job->machine.row().message);
  const std::string_view refusal = TakeOver(*job, *end, *epoch_max);
  if (refusal.empty()) return call.reply.Simple("TAKEN");
  call.reply.Error(refusal);
}

// Empty: the slots are this node's, and whoever may lead its shard next knows.
std::string_view SlotMigrations::TakeOver(Import& job, uint64_t end, uint64_t epoch_max) {
  constexpr std::string_view kDropped = "DROPPED the target gave up";
  constexpr std::string_view kUnclear = "ERR this node is no primary";
  const auto drop = [&](std::string why) {
    job.machine.Drop(std::move(why));
    return kDropped;
  };
  if (member().view().GreatestEpoch() + kEpochRoom > epoch_max) return drop("epochs went on");
  // Before anybody is told that the slots are this shard's, its replicas have what came.
  const std::string_view ping[] = {"PING"};
  if (replication_.TellReplicas(ping, kTellMax) == Replication::Told::kTooLate) {
    return drop("replicas do not answer");
  }
  if (!Leads()) return kUnclear;
  if (!job.machine.BeginTaking(end)) return drop("it stands elsewhere in the stream");
  node_.AwaitAnswerable();
  const SlotSet& slots = job.machine.row().slots;
  std::vector<std::string> room;
  replication_.TellReplicas(Order("CLAIM", slots, member().view().self().id.view(), room),
                            kTellMax);
  if (!Leads()) return kUnclear;
  job.hidden = false;
  HideKeys();
  if (!Leads()) return kUnclear;
  job.machine.OnTaken();
  // Above all that the source knew, too: what it said of them before may come later than this claim (G4).
  member().TakeBack(slots, epoch_max - cluster::kTakeEpochRoom, Now());
  host_.CarryOut();
  job.machine.row().updated_unix_s = UnixSeconds();
  CountEnded(job.machine.row());
  log().Notice("Slot migration {}: slots {} are served here now, {} bytes came",
               job.machine.row().name, cluster::RangesText(slots), job.machine.applied());
  WatchJournal();
  TrimLog();
  return {};
}

// DROP name source range ...: what became of it (G3)?
void SlotMigrations::OnDrop(const ClusterCall& call) {
  const std::optional<NodeId> source = NodeId::Parse(call.words[4]);
  const std::optional<SlotSet> slots = SlotsFrom(call, 5);
  if (!source || !slots) return call.reply.Error("ERR syntax error");
  const std::shared_ptr<Import> named = FindImport(call.words[3]);
  const bool taken = named != nullptr && named->machine.row().state == MigrationState::kSuccess;
  if (taken) return call.reply.Simple("TAKEN");
  // Not taken, and not to be: whoever else seems to own the slots does so by an old claim that came late.
  if (named != nullptr && named->machine.row().state == MigrationState::kImporting) {
    named->machine.Drop("the source gave it up");
    CleanUp(*named);
    return call.reply.Simple("DROPPED");
  }
  // A source that was promoted, or came back, does not know the name.
  std::vector<std::shared_ptr<Import>> active;
  for (const auto& job : imports_) {
    if (!job->machine.active() || !job->machine.row().slots.Intersects(*slots)) continue;
    if (job->machine.row().state == MigrationState::kTaking) {
      return call.reply.Error("ERR it is being taken over");
    }
    active.push_back(job);
  }
  const cluster::Topology& view = member().view();
  const ClusterNode* asker = view.Find(*source);
  size_t kept = 0;
  size_t passed_on = 0;
  for (const SlotId slot : *slots) {
    const ClusterNode* owner = view.OwnerOf(slot);
    // Bound to somebody else than who gave it up: this shard took it, and may have passed it on. This node itself took it, though
    // it may be of the same shard (RejoinShard).
    const bool his = owner == nullptr || asker == nullptr ||
                     (owner->shard == asker->shard && owner != &view.self());
    ++(his ? kept : passed_on);
  }
  if (kept == 0) return call.reply.Simple("TAKEN");
  if (passed_on > 0) return call.reply.Error("MIXED some of them were taken");
  for (const auto& job : active) job->machine.Drop("the source gave it up");
  for (const auto& job : active) CleanUp(*job);
  call.reply.Simple("DROPPED");
}

}  // namespace norn::net
