#include "scenarios/cluster/observer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace norn::scenarios {
namespace {

constexpr int64_t kSuspicionsEveryNs = 1'000'000;
// Within that many node timeouts a voter must have suspected who is declared failed: the window of reports, and what clocks and
// messages add. Words may come late, out of a cut link or the nodes.conf of a node that was down, and count when they come
// (Valkey: likewise): a cut of a story lasts no longer than kLateNs.
constexpr int64_t kSuspicionTimeouts = 3;
constexpr int64_t kLateNs = 10'000'000'000;
// A node tells what it promised when that is on disk, which may take that long.
constexpr int64_t kToldAfterNs = 300'000'000;

// A verdict comes to everybody within this: a message, and a step of a busy node.
constexpr int64_t kTellingNs = 50'000'000;

}  // namespace

Observer::Observer(sim::World& world, std::vector<ServerHost*> hosts, std::vector<SlotId> watched,
                   const ServiceBounds& bounds, CheckTallies& tallies)
    : world_(world),
      hosts_(std::move(hosts)),
      tallies_(tallies),
      seen_(hosts_.size()),
      watched_(std::move(watched)),
      service_(bounds, tallies) {}

void Observer::Fail(CheckId check, NodeNumber node, const std::string& what) {
  Tally(check).Fail(fmt::format("node {} ({}) at {:.6f} s: {}", node,
                                seen_[node].id.str().substr(0, 8),
                                static_cast<double>(world_.now().ns) / 1e9, what));
}

void Observer::Look() {
  bool changed = false;
  for (NodeNumber i = 0; i < hosts_.size(); ++i) {
    const cluster::Member* const member = hosts_[i]->member();
    if (member == nullptr) continue;
    Seen& seen = seen_[i];
    const bool same = seen.member == member && seen.file_version == member->file_version() &&
                      seen.routes_version == member->routes_version();
    if (same) continue;
    if (seen.member != member) seen.was_replica = false;
    seen.member = member;
    seen.file_version = member->file_version();
    seen.routes_version = member->routes_version();
    LookAt(i, *member);
    seen.first_look = false;
    changed = true;
  }
  if (changed) FindRivals();
  if (!rivals_.empty()) CheckRivals();
  if (changed && (!rivals_.empty() || !ties_.empty())) NoteTies();
  if (serves_ && world_.now().ns >= service_.next_ns()) WatchService();
  if (world_.now().ns < suspicions_at_ns_ && verdicts_.empty()) return;
  suspicions_at_ns_ = world_.now().ns + kSuspicionsEveryNs;
  NoteSuspicions();
  for (const auto& [by, of] : std::exchange(verdicts_, {})) CheckVerdict(by, of);
}

void Observer::Died(NodeNumber node) {
  Seen& seen = seen_[node];
  seen.member = nullptr;
  seen.first_look = true;
  seen.died_ns = world_.now().ns;
  reigns_.Ends(node, world_.now().ns);
  forgotten_.Died(node);
  first_verdicts_.erase(seen.id);  // another death, another verdict
  std::erase_if(ties_, [node](const auto& tie) {
    return tie.first.first == node || tie.first.second == node;
  });
  FindRivals();
}

void Observer::LookAt(NodeNumber node, const cluster::Member& member) {
  Seen& seen = seen_[node];
  const cluster::ClusterNode& self = member.view().self();
  seen.id = self.id;
  if (!seen.shard.empty() && seen.shard != self.shard && !self.is_primary()) uncopied_.insert(node);
  seen.shard = self.shard;
  numbers_[self.id] = node;
  CheckEpochs(node, member);
  CheckVotes(node, member);
  CheckMembership(node, member);
  CheckOwners(node, member);
  const bool rules = self.is_primary() && self.owns_slots();
  if (rules) {
    cluster::SlotSet slots;
    for (const cluster::SlotRange& range : self.slots) slots.SetRange(range);
    const bool begins = !seen.primary_with_slots;
    const bool claims_anew =
        begins || seen.config_epoch != self.config_epoch || !(seen.slots == slots);
    seen.slots = slots;
    seen.leaving.ClearAll();
    for (const auto& [slot, to] : member.migrating()) seen.leaving.Set(slot);
    seen.leaving |= member.held();
    seen.config_epoch = self.config_epoch;
    reigns_.Rules(node, self.config_epoch, slots, world_.now().ns);
    if (claims_anew) CheckClaim(node);
    if (begins && seen.was_replica) CheckPromotion(node, member);
  } else {
    reigns_.Ends(node, world_.now().ns);
  }
  seen.primary_with_slots = rules;
  if (!self.is_primary()) seen.was_replica = true;
}

bool Observer::MayForget(NodeNumber node, int64_t since_ns) const {
  const Seen& seen = seen_[node];
  return seen.first_look && seen.died_ns - since_ns < kToldAfterNs;
}

void Observer::CheckEpochs(NodeNumber node, const cluster::Member& member) {
  const cluster::Topology& view = member.view();
  Memory& memory = memory_[view.self().id];
  ++Tally(CheckId::kEpochsNeverFall).examined;
  const auto check = [&](std::string_view name, uint64_t now, uint64_t& before, int64_t& since_ns) {
    if (now < before && !MayForget(node, since_ns)) {
      Fail(CheckId::kEpochsNeverFall, node, fmt::format("{} epoch {} after {}", name, now, before));
    }
    if (now != before) since_ns = world_.now().ns;
    before = now;
  };
  check("current", view.current_epoch(), memory.current_epoch, memory.current_epoch_ns);
  // A replica shows its primary's.
  if (!view.self().is_primary()) return;
  check("config", view.self().config_epoch, memory.config_epoch, memory.config_epoch_ns);
}

void Observer::CheckVotes(NodeNumber node, const cluster::Member& member) {
  const cluster::NodeId voter = member.view().self().id;
  Memory& memory = memory_[voter];
  const auto& promises = member.election().record().promises;
  for (const auto& [shard, before] : memory.promises) {
    const auto now = promises.find(shard);
    const uint64_t ballot = now == promises.end() ? 0 : now->second.ballot;
    if (ballot >= before.ballot) continue;
    if (MayForget(node, memory.promised_ns[shard])) {
      votes_[{shard, before.ballot}][before.candidate].erase(voter);
      continue;
    }
    Fail(CheckId::kVoteOnce, node,
         fmt::format("promised ballot {} of a shard, and now only {}", before.ballot, ballot));
  }
  for (const auto& [shard, promise] : promises) {
    ++Tally(CheckId::kVoteOnce).examined;
    auto& candidates = votes_[{shard, promise.ballot}];
    for (const auto& [candidate, voters] : candidates) {
      if (candidate == promise.candidate || !voters.contains(voter)) continue;
      Fail(CheckId::kVoteOnce, node,
           fmt::format("two candidates have its promise of ballot {}", promise.ballot));
    }
    candidates[promise.candidate].insert(voter);
    const auto before = memory.promises.find(shard);
    if (before != memory.promises.end() && before->second == promise) continue;
    memory.promised_ns[shard] = world_.now().ns;
  }
  memory.promises = promises;
}

void Observer::CheckClaim(NodeNumber node) {
  const Seen& seen = seen_[node];
  CheckTally& tally = Tally(CheckId::kOneClaimant);
  ++tally.examined;
  auto& claimants = claims_[seen.config_epoch];
  for (const auto& [id, slots] : claimants) {
    if (id == seen.id || !slots.Intersects(seen.slots)) continue;
    Fail(CheckId::kOneClaimant, node,
         fmt::format("claims slots with epoch {}, with which {} claimed them", seen.config_epoch,
                     id.str().substr(0, 8)));
  }
  claimants[seen.id] |= seen.slots;
}

// A replica may have slots that it had as a primary, until its successor's claim comes; never more than these (T1 of topology.h).
// Its claim and the word that it follows another may both come in one read, as after a pause: the claim left its epoch.
void Observer::CheckOwners(NodeNumber node, const cluster::Member& member) {
  Seen& seen = seen_[node];
  if (seen.first_look) seen.owned.clear();
  for (const auto& [id, other] : member.view().nodes()) {
    const Seen::Owned now{other.slot_count, other.config_epoch, other.is_primary()};
    const Seen::Owned before = std::exchange(seen.owned[id], now);
    if (now.slots <= before.slots || now.was_primary) continue;
    const bool claimed_since = before.was_primary || now.epoch > before.epoch;
    if (!seen.first_look && claimed_since) continue;
    // At the first look it may be from the file; not if whom it follows is no primary either.
    const cluster::ClusterNode* const followed = member.view().Find(other.primary);
    const bool chained = followed != nullptr && !followed->is_primary() && other.primary != seen.id;
    if (seen.first_look && !chained) continue;
    Fail(CheckId::kOneClaimant, node,
         fmt::format("gives slots to {}, a replica", id.str().substr(0, 8)));
  }
}

void Observer::CheckPromotion(NodeNumber node, const cluster::Member& member) {
  ++promotions_;
  if (unasked_.contains(node)) return;
  ++Tally(CheckId::kCopiedPromotions).examined;
  if (uncopied_.erase(node) > 0) {
    Fail(CheckId::kCopiedPromotions, node, "took over a shard of which it had copied nothing yet");
  }
  const cluster::Electorate& electorate = member.view().electorate();
  if (!electorate.norn_rules) return;
  ++Tally(CheckId::kBackedPromotions).examined;
  const Seen& seen = seen_[node];
  const auto ballot = votes_.find({seen.shard, seen.config_epoch});
  size_t promises = 0;
  if (ballot != votes_.end()) {
    const auto voters = ballot->second.find(seen.id);
    if (voters != ballot->second.end()) promises = voters->second.size();
  }
  if (promises >= electorate.quorum()) return;
  Fail(CheckId::kBackedPromotions, node,
       fmt::format("took its shard over with epoch {} and {} promises; {} voters",
                   seen.config_epoch, promises, electorate.size));
}

// ---- who may take writes ----

void Observer::FindRivals() {
  rivals_.clear();
  for (NodeNumber i = 0; i < seen_.size(); ++i) {
    if (seen_[i].member == nullptr || !seen_[i].primary_with_slots) continue;
    for (NodeNumber j = i + 1; j < seen_.size(); ++j) {
      if (seen_[j].member == nullptr || !seen_[j].primary_with_slots) continue;
      cluster::SlotSet both = seen_[i].slots;
      both &= seen_[j].slots;
      // Who moves a slot away takes no new keys of it, and its keys have gone when another claims it.
      both -= seen_[i].leaving;
      both -= seen_[j].leaving;
      if (!both.empty()) rivals_.emplace_back(i, j);
    }
  }
}

bool Observer::MayWrite(NodeNumber node) const {
  const cluster::Member* const member = hosts_[node]->member();
  if (member == nullptr || !member->view().state().ok) return false;
  return hosts_[node]->node()->sim_clock().Now() < member->Fence().until;
}

void Observer::CheckRivals() {
  for (const auto& [one, two] : rivals_) {
    ++Tally(CheckId::kOneWriter).examined;
    if (!MayWrite(one) || !MayWrite(two)) continue;
    Fail(CheckId::kOneWriter, one,
         fmt::format("may take writes (epoch {}), and so may node {} (epoch {}) for the same slot",
                     seen_[one].config_epoch, two, seen_[two].config_epoch));
  }
}

// ---- ties ----

// Once one of the two yields, it is clear who keeps the slots: not who had less from the beginning to the end. That one of them
// shows a greater epoch tells nothing yet: claims cross, both may move on for what the other had a moment ago, and be equal again.
void Observer::NoteTies() {
  const auto history = [this](NodeNumber node) {
    const cluster::Member* const member = hosts_[node]->member();
    return member == nullptr ? cluster::History() : member->view().self().history;
  };
  for (const auto& [one, two] : rivals_) {
    const bool equals = seen_[one].config_epoch == seen_[two].config_epoch;
    if (!equals || !(seen_[one].shard == seen_[two].shard)) continue;
    ties_.try_emplace({one, two}, Tie{history(one), history(two)});
  }
  for (auto at = ties_.begin(); at != ties_.end();) {
    const auto& [one, two] = at->first;
    if (seen_[one].primary_with_slots && seen_[two].primary_with_slots) {
      ++at;
      continue;
    }
    const bool one_stays = seen_[one].primary_with_slots;
    const Tie& tie = at->second;
    if (one_stays) {
      JudgeTie({one, tie.one}, {two, tie.two});
    } else {
      JudgeTie({two, tie.two}, {one, tie.one});
    }
    at = ties_.erase(at);
  }
}

// Whoever won votes meanwhile, or follows a third, is no part of it any more.
void Observer::JudgeTie(const Equal& winner, const Equal& loser) {
  if (!Runs(winner.node) || !Runs(loser.node)) return;
  const cluster::ClusterNode& stays = hosts_[winner.node]->member()->view().self();
  const cluster::ClusterNode& yields = hosts_[loser.node]->member()->view().self();
  if (!stays.is_primary() || stays.history.reign != winner.had.reign) return;
  if (!yields.is_primary() && yields.primary != stays.id) return;
  ++Tally(CheckId::kTiesGoToData).examined;
  if (stays.history.reign > loser.had.reign || stays.history.offset >= loser.had.offset) return;
  Fail(CheckId::kTiesGoToData, winner.node,
       fmt::format("stays with offset {}; node {} of the same epoch had {}", stays.history.offset,
                   loser.node, loser.had.offset));
}

void Observer::CheckMembership(NodeNumber node, const cluster::Member& member) {
  const cluster::Topology& view = member.view();
  Seen& seen = seen_[node];
  if (!seen.first_look && seen.membership_version == view.membership_version()) return;
  seen.membership_version = view.membership_version();
  ForgottenBook::Ids known;
  for (const auto& [id, other] : view.nodes()) known.insert(id);
  const std::string wrong =
      forgotten_.Note(node, known, view.options().forget_ttl.ns, world_.now().ns);
  Tally(CheckId::kForgottenStays).examined = forgotten_.examined();
  if (!wrong.empty()) Fail(CheckId::kForgottenStays, node, wrong);
}

// ---- who can be written to ----

bool Observer::Runs(NodeNumber node) const {
  return hosts_[node]->member() != nullptr &&
         hosts_[node]->node()->state() == sim::NodeState::kRunning;
}

bool Observer::QuorumRuns(const cluster::Topology& view) const {
  uint32_t voters = 0;
  for (const auto& [id, node] : view.nodes()) {
    const std::optional<NodeNumber> number = NumberOf(id);
    if (number && Runs(*number) && view.IsVoter(node)) ++voters;
  }
  return voters >= view.electorate().quorum();
}

// Some voter that runs has granted a lease to a later reign of its shard.
bool Observer::IsOldData(const cluster::Member& replica) const {
  const cluster::ClusterNode& self = replica.view().self();
  if (!replica.view().electorate().norn_rules) return false;
  for (NodeNumber i = 0; i < seen_.size(); ++i) {
    if (!Runs(i)) continue;
    const auto& reigns = hosts_[i]->member()->election().record().reigns;
    const auto latest = reigns.find(self.shard);
    if (latest != reigns.end() && latest->second > self.history.reign) return true;
  }
  return false;
}

SlotService Observer::ServiceOf(SlotId slot) const {
  SlotService service;
  const std::optional<NodeNumber> owner = OwnerOf(slot);
  for (NodeNumber i = 0; i < seen_.size() && !service.served; ++i) {
    if (!seen_[i].primary_with_slots || !seen_[i].slots.Contains(slot) || !Runs(i)) continue;
    service.by_hand |= hosts_[i]->member()->election().paused();
    service.served = MayWrite(i);
  }
  if (service.served || !owner) return service;
  if (Runs(*owner)) {
    service.wait = SlotService::Wait::kComeback;
    service.able = QuorumRuns(hosts_[*owner]->member()->view());
    service.node = *owner;
    return service;
  }
  for (NodeNumber i = 0; i < seen_.size(); ++i) {
    if (!Runs(i) || seen_[i].primary_with_slots || !(seen_[i].shard == seen_[*owner].shard)) {
      continue;
    }
    const cluster::Topology& view = hosts_[i]->member()->view();
    const cluster::ClusterNode& self = view.self();
    if (!self.history.has_data || !self.hears_quorum || !QuorumRuns(view)) continue;
    const bool old = IsOldData(*hosts_[i]->member());
    if (service.able && old) continue;
    service.able = true;
    service.wait = old ? SlotService::Wait::kLaterData : SlotService::Wait::kNothing;
    service.node = i;
    if (!old) break;
  }
  return service;
}

void Observer::WatchService() {
  std::vector<SlotService> services;
  bool all_able = true;
  bool some_old = false;
  for (const SlotId slot : watched_) {
    const SlotService& service = services.emplace_back(ServiceOf(slot));
    all_able &= service.served || service.able;
    some_old |= service.able && service.wait == SlotService::Wait::kLaterData;
  }
  // Nobody takes writes before all slots are covered: a primary that runs waits for the others' slots.
  for (SlotService& service : services) {
    if (service.served || service.wait != SlotService::Wait::kComeback) continue;
    service.able &= all_able;
    if (some_old) service.wait = SlotService::Wait::kLaterData;
  }
  service_.Look(services, world_.now().ns);
}

// ---- whose word is whose ----

std::optional<NodeNumber> Observer::OwnerOf(SlotId slot) const {
  std::optional<NodeNumber> owner;
  for (NodeNumber i = 0; i < seen_.size(); ++i) {
    if (!Rules(i) || !seen_[i].slots.Contains(slot)) continue;
    if (!owner || seen_[i].config_epoch > seen_[*owner].config_epoch) owner = i;
  }
  return owner;
}

std::optional<NodeNumber> Observer::LeaderOf(NodeNumber node) const {
  std::optional<NodeNumber> leader;
  for (NodeNumber i = 0; i < seen_.size(); ++i) {
    if (!Rules(i) || seen_[i].shard != seen_[node].shard) continue;
    if (!leader || seen_[i].config_epoch > seen_[*leader].config_epoch) leader = i;
  }
  return leader;
}

std::optional<NodeNumber> Observer::NumberOf(const cluster::NodeId& id) const {
  const auto number = numbers_.find(id);
  if (number == numbers_.end() || seen_[number->second].id != id) return std::nullopt;
  return number->second;
}

uint64_t Observer::MembersOf(SlotId slot) const {
  const std::optional<NodeNumber> owner = OwnerOf(slot);
  if (!owner || seen_.size() > 64) return 0;
  uint64_t members = 0;
  for (size_t i = 0; i < seen_.size(); ++i) {
    if (seen_[i].shard == seen_[*owner].shard) members |= uint64_t{1} << i;
  }
  return members;
}

// ---- who is failed ----

// Those who obey another's word say so with other words.
void Observer::Hear(NodeNumber node, std::string_view line) {
  if (line.starts_with("Starting a full copy")) ++full_copies_;
  const bool copied = line.starts_with("PRIMARY <-> REPLICA sync: finished with success");
  // It goes on where it left that shard.
  const bool resumed = line.starts_with("Successful partial resynchronization");
  if (copied || resumed) uncopied_.erase(node);
  constexpr std::string_view kMarks = "Marking node ";
  constexpr std::string_view kClears = "Clear FAIL state for node ";
  const bool clears = line.starts_with(kClears);
  const bool marks = line.starts_with(kMarks) && line.find("quorum reached") != line.npos;
  if (!clears && !marks) return;
  const size_t begin = clears ? kClears.size() : kMarks.size();
  const auto id = cluster::NodeId::Parse(line.substr(begin, cluster::kNodeIdChars));
  if (!id) return;
  if (clears) {
    first_verdicts_.erase(*id);
    return;
  }
  verdicts_.emplace_back(node, *id);
  CheckTold(node, *id);
}

// Among nodes that were there all the time and whose links are whole.
void Observer::CheckTold(NodeNumber by, const cluster::NodeId& of) {
  ++Tally(CheckId::kVerdictsTold).examined;
  const int64_t now_ns = world_.now().ns;
  const auto [at, is_first] = first_verdicts_.try_emplace(of, FirstVerdict{by, now_ns});
  const FirstVerdict& first = at->second;
  if (is_first || now_ns - first.at_ns <= kTellingNs) return;
  const auto died_since = [&](NodeNumber node) {
    return seen_[node].died_ns >= first.at_ns || !Runs(node);
  };
  if (died_since(by) || died_since(first.by)) return;
  Fail(CheckId::kVerdictsTold, by,
       fmt::format("finds {} failed {:.0f} ms after node {} did", of.view().substr(0, 8),
                   static_cast<double>(now_ns - first.at_ns) / 1e6, first.by));
}

void Observer::NoteSuspicions() {
  for (NodeNumber by = 0; by < hosts_.size(); ++by) {
    const cluster::Member* const member = hosts_[by]->member();
    if (member == nullptr) continue;
    for (const auto& [id, node] : member->view().nodes()) {
      if (node.health != cluster::Health::kUp) suspected_ns_[{by, id}] = world_.now().ns;
    }
  }
}

// Of those who count, enough suspected it lately.
void Observer::CheckVerdict(NodeNumber by, const cluster::NodeId& of) {
  const cluster::Member* const member = hosts_[by]->member();
  if (member == nullptr) return;
  const cluster::Topology& view = member->view();
  ++Tally(CheckId::kFailByQuorum).examined;
  const int64_t since_ns =
      world_.now().ns - kLateNs - kSuspicionTimeouts * view.options().node_timeout.ns;
  uint32_t suspicions = 0;
  for (const auto& [id, node] : view.nodes()) {
    const auto number = numbers_.find(id);
    if (number == numbers_.end() || !view.IsVoter(node)) continue;
    const auto when = suspected_ns_.find({number->second, of});
    if (when != suspected_ns_.end() && when->second >= since_ns) ++suspicions;
  }
  if (suspicions >= view.electorate().quorum()) return;
  Fail(CheckId::kFailByQuorum, by,
       fmt::format("declares {} failed; of {} voters {} suspected it", of.str().substr(0, 8),
                   view.electorate().size, suspicions));
}

}  // namespace norn::scenarios
