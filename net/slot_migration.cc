// The commands about slot migrations, and what both sides share: the journal, the list of what was.

#include "net/slot_migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/cover.h"
#include "engine/base/key_slot.h"
#include "engine/base/number.h"
#include "engine/commands/table.h"
#include "engine/fiber/spawn.h"
#include "net/resp_parser.h"

namespace norn::net {

using cluster::ClusterCall;
using cluster::MigrationRow;
using cluster::NodeId;
using cluster::SlotSet;

namespace {

constexpr size_t kPieceBytes = 64 * 1024;

}  // namespace

SlotMigrations::SlotMigrations(Node& node, Replication& replication, SlotMigrationHost& host)
    : node_(node),
      replication_(replication),
      host_(host),
      dispatcher_(node.state(0), node.states()),
      turn_(node.env().executor()) {
  node.ListenToJournal(this);
}

SlotMigrations::~SlotMigrations() = default;

bool SlotMigrations::Run(const ClusterCall& call) {
  const std::string_view name = call.words[1];
  if (WordIs(name, "migrateslots")) {
    Migrate(call);
  } else if (WordIs(name, "getslotmigrations")) {
    Show(call);
  } else if (WordIs(name, "cancelslotmigrations")) {
    Cancel(call);
  } else if (WordIs(name, "syncslots")) {
    OnSync(call);
  } else {
    return false;
  }
  return true;
}

// ---- MIGRATESLOTS ----

std::string SlotMigrations::NewName() {
  return cluster::NodeId::Random(node_.env().entropy()).str();
}

// SLOTSRANGE start end [start end ...] NODE id, and again. False: the error is written.
bool SlotMigrations::ParseRequests(const ClusterCall& call, std::vector<MigrationRow>& rows) {
  const auto& words = call.words;
  const auto wrong = [&](std::string_view text) {
    call.reply.Error(fmt::format("ERR {}", text));
    return false;
  };
  SlotSet all;
  size_t at = 2;
  while (at < words.size()) {
    if (!WordIs(words[at++], "slotsrange")) return wrong("syntax error");
    MigrationRow row{.exports = true};
    for (; at + 1 < words.size() && !WordIs(words[at], "node"); at += 2) {
      const std::string range = fmt::format("{}-{}", words[at], words[at + 1]);
      if (!cluster::AddRange(range, row.slots)) return wrong("Invalid or out of range slot");
    }
    if (at + 1 >= words.size() || row.slots.empty()) return wrong("syntax error");
    const std::optional<NodeId> id = NodeId::Parse(words[at + 1]);
    if (!id || member().view().Find(*id) == nullptr) {
      return wrong(fmt::format("Unknown node {}", words[at + 1]));
    }
    if (all.Intersects(row.slots)) return wrong("Slot ranges in migrations overlap");
    all |= row.slots;
    row.target = *id;
    rows.push_back(std::move(row));
    at += 2;
  }
  return true;
}

// Empty: it may begin.
std::string SlotMigrations::WhyNot(const MigrationRow& row) {
  const cluster::Topology& view = member().view();
  if (!view.self().is_primary()) return "Slot migrations can only be used on primary nodes.";
  const cluster::ClusterNode* target = view.Find(row.target);
  if (target == &view.self()) return "Target node can not be this node itself";
  if (!target->is_primary()) return "Target node is not a primary";
  SlotSet strange = row.slots;
  strange -= cluster::ToSet(view.self().slots);
  if (!strange.empty()) return "Slots are not served by this node.";
  if (Busy(row.slots)) return "I am already migrating one of these slots.";
  for (const auto& [slot, to] : member().migrating()) {
    if (row.slots.Contains(slot)) return "One of these slots is open (CLUSTER SETSLOT).";
  }
  return {};
}

bool SlotMigrations::Busy(const SlotSet& slots) const {
  const auto exports = [&](const auto& job) {
    return !job->machine.row().ended() && job->machine.row().slots.Intersects(slots);
  };
  const auto imports = [&](const auto& job) {
    return job->hidden && job->machine.row().slots.Intersects(slots);
  };
  return std::ranges::any_of(exports_, exports) || std::ranges::any_of(imports_, imports);
}

void SlotMigrations::Migrate(const ClusterCall& call) {
  std::vector<MigrationRow> rows;
  if (!ParseRequests(call, rows)) return;
  for (const MigrationRow& row : rows) {
    const std::string why = WhyNot(row);
    if (!why.empty()) return call.reply.Error("ERR " + why);
  }
  for (MigrationRow& row : rows) {
    row.name = NewName();
    row.source = member().view().self().id;
    Begin(cluster::SlotExport(std::move(row)));
  }
  call.reply.Ok();
}

void SlotMigrations::Cancel(const ClusterCall& call) {
  if (!WordIs(call.words[2], "all")) return call.reply.Error("ERR syntax error");
  for (const auto& job : exports_) job->machine.Abort("cancelled by CANCELSLOTMIGRATIONS", true);
  call.reply.Ok();
}

void SlotMigrations::TrimLog() {
  const auto most = static_cast<size_t>(options().cluster_slot_migration_log_max_len);
  size_t ended = 0;
  std::erase_if(exports_,
                [&](const auto& job) { return job->machine.row().ended() && ++ended > most; });
  std::erase_if(imports_, [&](const auto& job) { return !job->hidden && ++ended > most; });
}

// ---- the journal ----

// Whether anybody needs it. Parks while that is changed.
void SlotMigrations::WatchJournal() {
  while (watching_) turn_.Wait(Instant::Never());
  const bool wanted =
      std::ranges::any_of(exports_, [](const auto& job) { return !job->machine.row().ended(); }) ||
      std::ranges::any_of(imports_, [](const auto& job) { return job->machine.active(); });
  if (wanted == journaling_) return;
  watching_ = true;
  journaling_ = wanted;
  node_.SetMigrationJournal(wanted);
  watching_ = false;
  turn_.WakeAll();
}

void SlotMigrations::OnEffects(DbIndex db, std::string_view resp) {
  if (!journaling_) return;
  RespParser parser;
  CommandBatch batch;
  size_t consumed = 0;
  parser.Parse(resp, ParseLimits{}, SIZE_MAX, batch, &consumed);
  size_t at = 0;
  for (const ParsedCommand& command : batch.commands) {
    OnCommand(db, {&batch.words[command.first_word], command.word_count},
              resp.substr(at, command.request_bytes));
    at += command.request_bytes;
  }
}

// A piece is no longer than a message, but for its last command.
void SlotMigrations::Queue(Export& job, DbIndex db, std::string_view command) {
  const bool next = job.pieces.empty() || job.pieces.back().db != db ||
                    job.pieces.back().bytes.size() >= kPieceBytes;
  if (next) job.pieces.push_back({db, {}});
  job.pieces.back().bytes += command;
  job.queued_bytes += command.size();
}

void SlotMigrations::OnCommand(DbIndex db, Words words, std::string_view raw) {
  const CommandSpec* spec = FindCommand(words[0]);
  if (spec == nullptr) return;
  if (spec->name == "flushall" || spec->name == "flushdb" || spec->name == "swapdb") {
    const std::string why = fmt::format("{} was called", spec->name);
    for (const auto& job : exports_) job->machine.Abort(why, false);
    for (const auto& job : imports_) job->machine.Drop(why);
    return;
  }
  const auto keys = FindKeys(*spec, words);
  if (!keys || keys->empty()) return;
  const SlotId slot = KeySlot(words[keys->front().word]);
  for (const auto& job : exports_) {
    if (job->machine.row().ended() || !job->live.Contains(slot)) continue;
    Queue(*job, db, raw);
    if (!job->part || job->part->slot != slot) continue;
    // MOVE names one key, and means it in two databases.
    if (keys->size() == 1 && spec->name != "move") continue;
    for (const auto& key : *keys) job->part->again.emplace(words[key.word]);
  }
}

// An order for this node's replicas: CLUSTER SYNCSLOTS verb [node] range ...
std::vector<std::string_view> SlotMigrations::Order(std::string_view verb, const SlotSet& slots,
                                                    std::string_view node,
                                                    std::vector<std::string>& room) {
  room.clear();
  for (const cluster::SlotRange& range : slots.Ranges()) {
    room.push_back(fmt::format("{}-{}", range.first.value, range.last.value));
  }
  std::vector<std::string_view> words = {"CLUSTER", "SYNCSLOTS", verb, node};
  words.insert(words.end(), room.begin(), room.end());
  return words;
}

void SlotMigrations::Tick() {
  if (ended_) return;
  const bool primary = member().view().self().is_primary();
  const Duration silence =
      Duration::Millis(options().cluster_node_timeout) * 2 + Duration::Seconds(1);
  bool due = false;
  for (const auto& job : imports_) {
    if (!primary) job->machine.Lose();
    if (Now() - job->heard > silence) job->machine.Drop("the source went silent");
    due |= job->hidden && !job->machine.active() && !job->cleaning;
  }
  if (due) SpawnFiber(node_.env().executor(), [this] { CleanUpAll(); });
  if (primary) TakeUpGivenUp();
  if (primary && Now() >= rejoin_from_) RejoinShard();
}

// This node was replaced while it had slots that its successor had not heard of: they came a moment before. Nobody else can
// claim them, so a shard would have two primaries for ever. They follow the others, with their keys, and then this node does.
void SlotMigrations::RejoinShard() {
  const cluster::Topology& view = member().view();
  const cluster::ClusterNode& self = view.self();
  if (!self.owns_slots()) return;
  for (const cluster::ClusterNode* other : view.MembersOf(self.shard)) {
    const bool leads = other != &self && other->is_primary() && other->owns_slots() &&
                       other->history.reign > self.history.reign;
    if (!leads || other->health != cluster::Health::kUp || other->told.norn_level == 0) continue;
    rejoin_from_ = Now() + Duration::Millis(options().cluster_node_timeout) * 2;
    MigrationRow row{.name = NewName(), .exports = true, .slots = cluster::ToSet(self.slots)};
    row.source = self.id;
    row.target = other->id;
    if (!WhyNot(row).empty()) return;
    NORN_COVER("shard_rejoined");
    log().Warning("{} leads this shard and {} slots are left here: they follow the others",
                  other->id.view(), row.slots.count());
    return Begin(cluster::SlotExport(std::move(row)));
  }
}

void SlotMigrations::CleanUpAll() {
  const std::vector<std::shared_ptr<Import>> all(imports_.begin(), imports_.end());
  for (const auto& job : all) CleanUp(*job);
}

// What was given up before this process began, or before this node led its shard.
void SlotMigrations::TakeUpGivenUp() {
  const auto begin = [this](const cluster::NodeId& to, const SlotSet& slots) {
    if (Busy(slots)) return;
    MigrationRow row{.name = NewName(), .exports = true, .slots = slots};
    row.source = member().view().self().id;
    row.target = to;
    row.message = "given up before; asking for the outcome";
    Begin(cluster::SlotExport::OfGivenUp(std::move(row)));
  };
  for (const auto& [to, slots] : member().GivenUp()) {
    if (!one_by_one_) {
      begin(to, slots);
      continue;
    }
    for (const SlotId slot : slots) begin(to, SlotSet::OfRange({slot, slot}));
  }
}

}  // namespace norn::net
