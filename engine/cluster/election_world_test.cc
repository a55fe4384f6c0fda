// The world of election_world_testing.h.

#include "engine/cluster/election_world_testing.h"

#include <algorithm>
#include <utility>

namespace norn::cluster::testing {

// ---- the world ----

int ElectionWorld::NumberOf(const NodeId& id) {
  const std::string text = id.str();
  return std::stoi(text.substr(text.find_first_not_of('a')));
}

ElectionWorld::ElectionWorld(int nodes, int shards, uint64_t seed, Mistake mistake)
    : size_(nodes), shards_(shards), random_(seed), mistake_(mistake) {
  for (int i = 1; i <= nodes; ++i) {
    Member& member = nodes_[i];
    // Within the 5000 ppm that the options declare.
    member.rate = 1 + (random_.Unit() - 0.5) * 0.0098;
    member.offset_ns = random_.Between(0, 1000000000000);
    member.history = {.has_data = true, .reign = 0, .offset = 100};
    for (int j = 1; j <= nodes; ++j) {
      const int shard = (j - 1) % shards + 1;
      ClusterNode node = testing::Member(j, shard, j > shards ? shard : 0, 1);
      if (j <= shards) {
        node.config_epoch = static_cast<uint64_t>(j);
        const int part = 16384 / shards;
        node.slots = {{SlotId{static_cast<uint16_t>((j - 1) * part)},
                       SlotId{static_cast<uint16_t>(j == shards ? 16383 : j * part - 1)}}};
      }
      member.stored.nodes.push_back(node);
    }
    member.stored.current_epoch = static_cast<uint64_t>(shards);
  }
  for (int i = 1; i <= nodes; ++i) Boot(i, ElectionRecord{});
}

Instant ElectionWorld::Local(int node) const {
  const Member& member = nodes_.at(node);
  return Instant{member.offset_ns +
                 static_cast<int64_t>(static_cast<double>(now_.ns) * member.rate)};
}

void ElectionWorld::Boot(int node, const ElectionRecord& record) {
  Member& member = nodes_.at(node);
  member.up = true;
  ++member.life;
  const ClusterNode& self = member.stored.nodes[static_cast<size_t>(node - 1)];
  member.view =
      std::make_unique<Topology>(Node(node), self.shard, TopologyOptions{.node_timeout = kTimeout});
  Topology& view = *member.view;
  view.DescribeSelf({.norn_level = 1}, member.history, false, Local(node));
  view.RestoreEpochs(member.stored.current_epoch, self.config_epoch);
  for (const ClusterNode& other : member.stored.nodes) {
    ClusterNode added = other;
    added.health = Health::kUp;
    if (other.id != self.id) view.Add(added, Local(node));
  }
  if (self.is_primary() && !self.slots.empty()) view.SetOwner(ToSet(self.slots), self.id);
  if (!self.is_primary()) view.FollowPrimary(self.primary);
  member.detector = std::make_unique<FailureDetector>(view);
  for (int other = 1; other <= size_; ++other) {
    if (other != node) member.detector->OnLinkUp(Node(other), Local(node));
  }
  member.election = std::make_unique<Election>(
      view, *member.detector,
      ElectionOptions{.node_timeout = kTimeout, .old_data_patience = kPatience}, record,
      random_.Next(), random_.Fork(), Local(node));
  At(now_ + Duration::Millis(random_.Between(0, 20)), node, [this, node] { StepNode(node); });
}

void ElectionWorld::At(Instant when, int node, std::function<void()> what) {
  events_[{when, next_event_++}] = {node, nodes_.at(node).life, std::move(what)};
}

void ElectionWorld::Run(Duration span) {
  const Instant end = now_ + span;
  while (!events_.empty() && events_.begin()->first.first <= end && !violation_) {
    now_ = events_.begin()->first.first;
    const Event event = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    const Member& member = nodes_.at(event.node);
    // What a dead process was about to do never happens.
    if (!member.up || member.life != event.life) continue;
    event.what();
    CheckWriters();
  }
  now_ = end;
}

void ElectionWorld::Deliver(int from, int to, std::function<void()> what) {
  if (cut_.contains({from, to}) || !nodes_.at(to).up) return;
  if (random_.Below(100) < static_cast<uint64_t>(loss_percent_)) return;
  const int copies = random_.Below(100) < static_cast<uint64_t>(loss_percent_) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    // Mostly quick; sometimes late enough to arrive in another reign.
    const int64_t late = loss_percent_ > 0 && random_.OneIn(20) ? 2500 : 8;
    At(now_ + Duration::Millis(random_.Between(1, late)), to, what);
  }
}

void ElectionWorld::StepNode(int node) {
  Member& member = nodes_.at(node);
  const Instant local = Local(node);
  if (IsWriter(node)) ++member.history.offset;
  const bool hears = member.detector->HearsQuorum(local);
  member.view->DescribeSelf({.norn_level = 1}, member.history, hears, local);
  for (int other = 1; other <= size_; ++other) {
    if (other == node) continue;
    const bool linked = nodes_.at(other).up && !cut_.contains({node, other});
    if (linked) {
      member.detector->OnLinkUp(Node(other), local);
    } else if (!nodes_.at(other).up && !cut_.contains({node, other}) &&
               !cut_.contains({other, node})) {
      member.detector->OnLinkDown(Node(other), local);
      Spread(node, member.detector->OnRefused(Node(other), local));
    }
    Stream(node, other);
  }
  const DetectorActions detected = member.detector->Step(local);
  Spread(node, detected);
  for (int other = 1; other <= size_; ++other) {
    if (other != node && member.detector->PingSentAt(Node(other))) Heartbeat(node, other, false);
  }
  for (const NodeId& id : detected.ping) {
    member.detector->OnPingSent(id, local);
    Heartbeat(node, NumberOf(id), false);
  }
  const SelfFacts facts{.history = member.history, .data_age = {}, .hears_quorum = hears};
  Perform(node, member.election->Step(facts, local));
  At(now_ + kStep, node, [this, node] { StepNode(node); });
}

void ElectionWorld::Heartbeat(int from, int to, bool is_answer) {
  if (mute_winners_ && nodes_.at(from).history.reign > 0) return;
  const Topology& view = *nodes_.at(from).view;
  std::vector<NodeId> failing;
  std::vector<NodeId> up;
  for (const auto& [id, node] : view.nodes()) {
    (node.health == Health::kUp ? up : failing).push_back(id);
  }
  Deliver(from, to, [=, this, claim = view.OwnClaim()] {
    Member& member = nodes_.at(to);
    member.detector->OnData(Node(from), Local(to));
    ApplyEffects(to, member.view->ApplyClaim(claim, Local(to)));
    if (is_answer) Spread(to, member.detector->OnPong(Node(from), Local(to)));
    Spread(to, member.detector->OnReports(Node(from), failing, up, Local(to)));
    if (!is_answer) Heartbeat(to, from, true);
  });
}

void ElectionWorld::ApplyEffects(int node, const TopologyEffects& effects) {
  if (effects.must_sync) Store(node);
  for (const auto& update : effects.updates) {
    PerformOne(node, election_action::TellConfig{update.to, update.about});
  }
}

void ElectionWorld::Spread(int node, const DetectorActions& actions) {
  for (int other = 1; other <= size_; ++other) {
    if (other == node) continue;
    for (const NodeId& failed : actions.declared) {
      Deliver(node, other, [=, this] {
        Spread(other, nodes_.at(other).detector->OnFail(Node(node), failed, Local(other)));
      });
    }
    if (!actions.suspected.empty()) Heartbeat(node, other, false);
  }
}

// A replica reads its primary's stream as long as it follows it.
void ElectionWorld::Stream(int from, int to) {
  if (nodes_.at(to).up && nodes_.at(to).view->self().primary != Node(from)) return;
  if (!nodes_.at(from).view->self().is_primary()) return;
  Deliver(from, to, [=, this, history = nodes_.at(from).history] {
    Member& member = nodes_.at(to);
    if (member.view->self().primary != Node(from)) return;
    // Another reign is another link: what the node had before is thrown away or continued, and then counts as this one.
    if (history.reign != member.history.reign || history.offset > member.history.offset) {
      member.history = history;
    }
  });
}

ElectionWorld::Stored ElectionWorld::Snapshot(int node) const {
  const Member& member = nodes_.at(node);
  Stored stored{.record = member.election->record(),
                .nodes = {},
                .current_epoch = member.view->current_epoch()};
  for (const auto& [id, other] : member.view->nodes()) stored.nodes.push_back(other);
  return stored;
}

void ElectionWorld::Store(int node) {
  const ElectionRecord kept = nodes_.at(node).stored.record;
  nodes_.at(node).stored = Snapshot(node);
  if (mistake_ != Mistake::kVoteNotPersisted) return;
  nodes_.at(node).stored.record.promises = kept.promises;
  nodes_.at(node).stored.record.reigns = kept.reigns;
}

void ElectionWorld::Perform(int node, ElectionActions actions) {
  Duration wait;
  for (ElectionAction& action : actions) {
    if (std::holds_alternative<election_action::Persist>(action)) {
      const auto before = wait;
      wait = wait + Duration::Millis(random_.Between(0, 5));
      At(now_ + std::max(before, wait), node, [this, node] { Store(node); });
      continue;
    }
    if (wait == Duration{}) {
      PerformOne(node, action);
    } else {
      At(now_ + wait, node, [this, node, action] { PerformOne(node, action); });
    }
  }
}

void ElectionWorld::PerformOne(int node, const ElectionAction& action) {
  Member& member = nodes_.at(node);
  if (const auto* send = std::get_if<election_action::Send>(&action)) {
    SendElection(node, NumberOf(send->to), send->message);
  } else if (const auto* promoted = std::get_if<election_action::Promoted>(&action)) {
    const ClusterShardId shard = member.view->self().shard;
    const auto [at, added] = winners_.try_emplace({shard, promoted->epoch}, node);
    if (!added && at->second != node) Fail("two winners of one ballot");
    ++promotions_;
    last_promotion_ = now_;
    CheckPatience(node);
    member.history.reign = promoted->epoch;
    for (int other = 1; other <= size_; ++other) {
      if (other != node) Heartbeat(node, other, false);
    }
  } else if (const auto* tell = std::get_if<election_action::TellOffset>(&action)) {
    for (int other = 1; other <= size_; ++other) {
      const bool meant = tell->to.empty() || tell->to == Node(other);
      if (other != node && meant) Heartbeat(node, other, false);
    }
  } else if (const auto* config = std::get_if<election_action::TellConfig>(&action)) {
    const ClusterNode& about = *member.view->Find(config->about);
    const int to = NumberOf(config->to);
    Deliver(node, to,
            [=, this, id = about.id, epoch = about.config_epoch,
             slots = member.view->SlotsToTell(about)] {
              ApplyEffects(to, nodes_.at(to).view->ApplyUpdate(id, epoch, slots));
            });
  }
}

void ElectionWorld::SendElection(int from, int to, ElectionMessage message) {
  if (const auto* denial = std::get_if<BallotDenial>(&message)) {
    const bool twice =
        mistake_ == Mistake::kVotesTwice && denial->reason == DenialReason::kOldBallot;
    const bool blind =
        mistake_ == Mistake::kIgnoresHistory && denial->reason == DenialReason::kBetterReplica;
    const bool hasty =
        mistake_ == Mistake::kIgnoresReigns && denial->reason == DenialReason::kOldData;
    if (twice || blind || hasty) {
      message = BallotVote{.voter = denial->voter,
                           .candidate = denial->candidate,
                           .shard = denial->shard,
                           .ballot = denial->ballot};
    }
  }
  Deliver(from, to, [=, this] {
    const auto* request = std::get_if<BallotRequest>(&message);
    ElectionActions actions = nodes_.at(to).election->OnMessage(message, Local(to));
    for (const ElectionAction& action : actions) {
      const auto* send = std::get_if<election_action::Send>(&action);
      const bool denied = send != nullptr && std::holds_alternative<BallotDenial>(send->message);
      const bool blind =
          mistake_ == Mistake::kIgnoresHistory && denied &&
          std::get<BallotDenial>(send->message).reason == DenialReason::kBetterReplica;
      const bool voted = send != nullptr && std::holds_alternative<BallotVote>(send->message);
      if (request != nullptr && (voted || blind)) CheckVote(to, *request);
    }
    Perform(to, std::move(actions));
  });
}

// ---- the checks ----

void ElectionWorld::Fail(const std::string& what) {
  if (!violation_) violation_ = what + " at " + std::to_string(now_.ns / 1000000) + " ms";
}

bool ElectionWorld::IsWriter(int node) const {
  const Member& member = nodes_.at(node);
  if (!member.up || !member.view->self().owns_slots()) return false;
  const Instant until = member.election->WritableUntil();
  if (until == Instant::Past()) return false;
  const Duration late = mistake_ == Mistake::kFencesLate ? kTimeout : Duration{};
  return Local(node) < until + late;
}

int ElectionWorld::WriterOf(int shard) const {
  for (const auto& [number, member] : nodes_) {
    if (member.view->self().shard == Shard(shard) && IsWriter(number)) return number;
  }
  return 0;
}

void ElectionWorld::CheckWriters() {
  if (now_ - checked_at_ < Duration::Millis(3)) return;
  checked_at_ = now_;
  std::map<ClusterShardId, int> writers;
  for (const auto& [number, member] : nodes_) {
    if (!IsWriter(number)) continue;
    const ClusterShardId shard = member.view->self().shard;
    if (++writers[shard] > 1) Fail("two writers of one shard");
    uint64_t& reign = reigns_[shard];
    if (member.election->record().reign < reign) Fail("a deposed writer");
    reign = member.election->record().reign;
    wrote_at_[shard] = now_;
  }
}

void ElectionWorld::CheckVote(int voter, const BallotRequest& request) {
  for (const auto& [id, node] : View(voter).nodes()) {
    const bool sibling = node.shard == request.shard && id != request.candidate;
    const bool able = node.health == Health::kUp && node.hears_quorum && !node.is_primary();
    if (sibling && able && node.history > request.history) Fail("a vote for less than the best");
  }
}

void ElectionWorld::CheckPatience(int winner) {
  const Member& member = nodes_.at(winner);
  const ClusterShardId shard = member.view->self().shard;
  if (!wrote_at_.contains(shard) || member.history.reign >= reigns_[shard]) return;
  const ElectionOptions options{.node_timeout = kTimeout, .old_data_patience = kPatience};
  // Voters count from their grants, on clocks that may be fast; leave to write ends a lease later.
  const Duration least = (options.old_data_wait() - options.lease()) / 100 * 99;
  if (now_ - wrote_at_[shard] < least) Fail("older data won too early");
}

// ---- hardship ----

void ElectionWorld::Crash(int node) {
  nodes_.at(node).up = false;
  for (auto& [other, member] : nodes_) {
    if (other != node && member.up) member.election->OnLinkDown(Node(node));
  }
}

void ElectionWorld::Restart(int node) {
  if (!nodes_.at(node).up) Boot(node, ElectionRecord(nodes_.at(node).stored.record));
}

void ElectionWorld::CutOff(int node) {
  for (int other = 1; other <= size_; ++other) {
    if (other == node) continue;
    cut_.insert({node, other});
    cut_.insert({other, node});
  }
}

void ElectionWorld::Reconnect(int node) {
  for (int other = 1; other <= size_; ++other) {
    // Cut from a third one too: nobody reaches it.
    const int third = node % size_ + 1 != other ? node % size_ + 1 : other % size_ + 1;
    if (third != node && cut_.contains({third, other})) continue;
    cut_.erase({node, other});
    cut_.erase({other, node});
  }
}

void ElectionWorld::Heal() {
  cut_.clear();
  loss_percent_ = 0;
  for (int node = 1; node <= size_; ++node) Restart(node);
}

void ElectionWorld::DisturbOnce() {
  const int node = static_cast<int>(random_.Between(1, size_));
  const int other = static_cast<int>(random_.Between(1, size_));
  switch (random_.Below(8)) {
    case 0:
      Crash(node);
      break;
    case 1:
    case 2:
      for (int i = 1; i <= size_; ++i) Restart(i);
      break;
    case 3:
      CutOff(node);
      break;
    case 4:
      if (node != other) Cut(node, other);
      break;
    case 5:
      cut_.clear();
      break;
    case 6:
      loss_percent_ = static_cast<int>(random_.Below(30));
      break;
    default:
      if (const int writer = WriterOf(static_cast<int>(random_.Between(1, shards_)))) {
        random_.OneIn(2) ? CutOff(writer) : Crash(writer);
      }
  }
}

}  // namespace norn::cluster::testing
