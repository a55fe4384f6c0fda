#include "engine/shard/redirect.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/key_slot.h"
#include "engine/base/number.h"
#include "engine/commands/table.h"

namespace norn {
namespace {

using cluster::kNoRoute;
using cluster::RouteIndex;
using cluster::SlotRoutes;

bool IsExec(const CommandSpec& spec) {
  return spec.placement == Placement::kDispatcher && spec.name == "exec";
}

struct PlacedKey {
  std::string_view key;
  DbIndex db;
};

// What is learnt of keys that come one after the other.
class KeySurvey {
 public:
  void Add(std::string_view key, DbIndex db) {
    const SlotId slot = KeySlot(key);
    if (!query_) {
      first_ = key;
      query_.emplace().slot = slot;
    }
    query_->several_slots |= slot != query_->slot;
    query_->several_keys |= key != first_;
    keys_.push_back({key, db});
  }
  // nullopt: there was no key.
  std::optional<SlotQuery> Take() { return query_; }
  void MarkSeveralDbs() {
    if (query_) query_->several_dbs = true;
  }
  const std::vector<PlacedKey>& keys() const { return keys_; }

 private:
  std::string_view first_;
  std::optional<SlotQuery> query_;
  std::vector<PlacedKey> keys_;
};

// MOVE and COPY ... DB take a key to another database.
bool LeavesItsDb(const CommandSpec& spec, std::span<const std::string_view> words) {
  if (spec.name == "move") return true;
  if (spec.name != "copy") return false;
  return std::any_of(words.begin(), words.end(),
                     [](std::string_view word) { return WordIs(word, "db"); });
}

// Where the commands behind a queued SELECT will run.
DbIndex DbAfter(const CommandSpec& spec, std::span<const std::string_view> words, DbIndex db) {
  if (spec.name != "select" || words.size() != 2) return db;
  const std::optional<int64_t> index = ParseInt64(words[1]);
  const bool good = index && *index >= 0 && *index <= INT32_MAX;
  return good ? DbIndex{static_cast<uint32_t>(*index)} : db;
}

void AddKeys(const CommandSpec& spec, std::span<const std::string_view> words, DbIndex db,
             KeySurvey& survey) {
  if (spec.key_spec_count == 0) return;
  if (spec.name == "clusterscan" && words[1] == "0") return;  // begins anywhere
  const auto keys = FindKeys(spec, words, /*channels=*/true);
  if (!keys) return;  // Valkey: the handler says what is wrong with the words
  for (const KeyPosition& key : *keys) survey.Add(words[key.word], db);
  if (LeavesItsDb(spec, words)) survey.MarkSeveralDbs();
}

struct Surveyed {
  SlotQuery query;
  std::vector<PlacedKey> keys;
};

// Of a command, or of what waits for this EXEC; nullopt: no keys.
std::optional<Surveyed> Survey(const CommandRef& command, const Session& session) {
  KeySurvey survey;
  const bool exec = IsExec(*command.spec);
  bool write = command.spec->Has(kWrite);
  bool channels = command.spec->Has(kPubSub);
  DbIndex db = session.db;
  for (const QueuedCommand& queued : session.transaction.queue) {
    const std::vector<std::string_view> words(queued.words.begin(), queued.words.end());
    db = DbAfter(*queued.spec, words, db);
    if (!exec) continue;
    AddKeys(*queued.spec, words, db, survey);
    write |= queued.spec->Has(kWrite);
    channels |= queued.spec->Has(kPubSub);
  }
  if (!exec) AddKeys(*command.spec, command.Words(), db, survey);
  std::optional<SlotQuery> query = survey.Take();
  if (!query) return std::nullopt;
  query->write = write;
  query->channels = channels;
  query->keyless = channels || command.spec->name == "clusterscan";
  query->migrate = command.spec->name == "migrate";
  query->asking = session.asking || command.spec->Has(kAsking);
  query->readonly_client = session.readonly;
  return Surveyed{*query, survey.keys()};
}

// One key at a fixed place, as most commands have: no list is made.
bool HasOneKeyOnly(const CommandRef& command) {
  const CommandSpec& spec = *command.spec;
  return spec.simple_keys && spec.first_key > 0 && spec.first_key == spec.last_key &&
         static_cast<uint32_t>(spec.first_key) < command.word_count;
}

// Who takes this shard's writes, as the routes have it.
RouteIndex MyPrimary(const SlotRoutes& routes) {
  return routes.is_primary ? routes.self : routes.primary;
}

enum class Opening : uint8_t { kClosed, kMigrating, kImporting };

Opening OpeningOf(SlotId slot, const SlotRoutes& routes, bool readonly_client) {
  if (!routes.is_primary && !readonly_client) return Opening::kClosed;
  const RouteIndex owner = routes.OwnerOf(slot);
  if (owner == MyPrimary(routes) && routes.migrating.contains(slot)) return Opening::kMigrating;
  return routes.importing.contains(slot) ? Opening::kImporting : Opening::kClosed;
}

// nullopt: its being open makes no difference.
std::optional<SlotVerdict> JudgeOpenSlot(const SlotRoutes& routes, const SlotQuery& query,
                                         Opening opening) {
  if (opening == Opening::kClosed) return std::nullopt;
  if (query.migrate && routes.is_primary) return SlotVerdict{SlotAnswer::kServe};
  const bool invited = opening == Opening::kImporting && query.asking;
  // Valkey: of 9.0, as are several databases in a cluster.
  if (query.several_dbs && (opening == Opening::kMigrating || invited)) {
    return SlotVerdict{SlotAnswer::kTryAgain};
  }
  if (!query.keyless && (opening == Opening::kMigrating || (invited && query.several_keys))) {
    if (!query.census) return SlotVerdict{SlotAnswer::kNeedsCensus};
    if (query.census->missing > 0) {
      const bool elsewhere = opening == Opening::kMigrating && query.census->existing == 0;
      if (elsewhere) return SlotVerdict{SlotAnswer::kAsk, routes.migrating.at(query.slot)};
      return SlotVerdict{SlotAnswer::kTryAgain};
    }
  }
  if (invited) return SlotVerdict{SlotAnswer::kServe};
  return std::nullopt;
}

SlotQuery::Census Count(const std::vector<PlacedKey>& keys, ExecutorState& state, Moment moment) {
  moment.touch = false;
  moment.count = false;
  moment.deletes_expired = false;
  SlotQuery::Census census;
  for (const PlacedKey& placed : keys) {
    const Key key = state.view().MakeKey(placed.key);
    const bool in_range = placed.db.value < state.view().ShardFor(key).database_count();
    const bool here = in_range && state.view().DbFor(key, placed.db).Find(key, moment);
    ++(here ? census.existing : census.missing);
  }
  return census;
}

bool Refuses(const SlotVerdict& verdict) {
  return verdict.answer != SlotAnswer::kServe && verdict.answer != SlotAnswer::kNeedsCensus;
}

SlotVerdict Judge(const SlotQuery& query, const ExecutorState& state) {
  return JudgeSlot(state.routes, query,
                   {.reads = state.options().cluster_allow_reads_when_down,
                    .channels = state.options().cluster_allow_pubsubshard_when_down});
}

}  // namespace

SlotVerdict JudgeSlot(const SlotRoutes& routes, const SlotQuery& query, const WhenDown& when_down) {
  const RouteIndex owner = routes.OwnerOf(query.slot);
  if (owner == kNoRoute) return {SlotAnswer::kUnbound};
  if (query.several_slots) return {SlotAnswer::kCrossSlot};
  if (!routes.state.ok) {
    if (!(query.channels ? when_down.channels : when_down.reads)) return {SlotAnswer::kDown};
    // Valkey: lets EXEC pass here, whose commands were asked when they were queued.
    if (query.write) return {SlotAnswer::kDownForWrites};
  }
  const Opening opening = OpeningOf(query.slot, routes, query.readonly_client);
  if (const auto open = JudgeOpenSlot(routes, query, opening)) return *open;
  if (routes.is_primary && owner == routes.self) return {SlotAnswer::kServe};
  const bool may_read_here =
      !routes.is_primary && (query.readonly_client || query.channels) && !query.write;
  if (may_read_here && owner == routes.primary) return {SlotAnswer::kServe};
  return {SlotAnswer::kMoved, owner};
}

std::string VerdictText(const SlotVerdict& verdict, SlotId slot, const SlotRoutes& routes) {
  switch (verdict.answer) {
    case SlotAnswer::kMoved:
      return fmt::format("MOVED {} {}", slot.value, routes.nodes.at(verdict.to).endpoint);
    case SlotAnswer::kAsk:
      return fmt::format("ASK {} {}", slot.value, routes.nodes.at(verdict.to).endpoint);
    case SlotAnswer::kTryAgain:
      return "TRYAGAIN Multiple keys request during rehashing of slot";
    case SlotAnswer::kCrossSlot:
      return "CROSSSLOT Keys in request don't hash to the same slot";
    case SlotAnswer::kUnbound:
      return "CLUSTERDOWN Hash slot not served";
    case SlotAnswer::kDown:
      return "CLUSTERDOWN The cluster is down";
    case SlotAnswer::kDownForWrites:
      return "CLUSTERDOWN The cluster is down and only accepts read commands";
    case SlotAnswer::kServe:
    case SlotAnswer::kNeedsCensus:
      break;
  }
  CHECK_MSG(false, "a verdict that refuses nothing has no text");
  return {};
}

std::string RedirectBeforeTokens(CommandRef& command, const Session& session,
                                 const ExecutorState& state) {
  command.slot = CommandRef::kNoSlot;
  if (session.from_primary) return {};
  if (HasOneKeyOnly(command)) {
    const SlotId slot = KeySlot(command.words[command.spec->first_key]);
    command.slot = slot.value;
    if (state.stable_slots.Contains(slot) || state.routes.held.Contains(slot)) return {};
  }
  if (command.spec->key_spec_count == 0 && !IsExec(*command.spec)) return {};
  const std::optional<Surveyed> surveyed = Survey(command, session);
  if (!surveyed) return {};
  if (state.routes.held.Contains(surveyed->query.slot)) {
    command.slot = surveyed->query.slot.value;
    return {};
  }
  const SlotVerdict verdict = Judge(surveyed->query, state);
  if (Refuses(verdict)) return VerdictText(verdict, surveyed->query.slot, state.routes);
  command.slot = surveyed->query.slot.value;
  return {};
}

bool HasOpenSlot(const CommandRef& command, const ExecutorState& state) {
  if (!command.has_slot()) return false;
  const SlotId slot{command.slot};
  if (state.routes.held.Contains(slot)) return false;  // EXEC will wait
  return state.routes.migrating.contains(slot) || state.routes.importing.contains(slot);
}

std::string RedirectUnderTokensSlow(const CommandRef& command, const Session& session,
                                    ExecutorState& state, Moment moment, Instant now) {
  const std::optional<Surveyed> surveyed = Survey(command, session);
  if (!surveyed) return {};
  SlotQuery query = surveyed->query;
  SlotVerdict verdict = Judge(query, state);
  if (verdict.answer == SlotAnswer::kNeedsCensus) {
    query.census = Count(surveyed->keys, state, moment);
    verdict = Judge(query, state);
  }
  if (!Refuses(verdict) && query.write && state.routes.is_primary && now >= state.fence.until) {
    verdict.answer = SlotAnswer::kDown;
  }
  return Refuses(verdict) ? VerdictText(verdict, query.slot, state.routes) : std::string();
}

std::string RedirectOfBlocked(SlotId slot, bool write, const Session& session,
                              const ExecutorState& state) {
  const SlotRoutes& routes = state.routes;
  // Valkey: also where reads are allowed, because only a write could end the wait.
  if (!routes.state.ok) return VerdictText({SlotAnswer::kDown}, slot, routes);
  const RouteIndex owner = routes.OwnerOf(slot);
  const bool reads_here =
      session.readonly && !write && !routes.is_primary && owner == routes.primary;
  const bool mine = routes.is_primary && owner == routes.self;
  if (owner == kNoRoute) {
    if (routes.importing.contains(slot)) return {};
    return VerdictText({SlotAnswer::kUnbound}, slot, routes);
  }
  if (mine || reads_here || routes.importing.contains(slot)) return {};
  return VerdictText({SlotAnswer::kMoved, owner}, slot, routes);
}

}  // namespace norn
