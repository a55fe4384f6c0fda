// The failure detector's steps. Times that are compared are all of this node's monotonic clock.

#include "engine/cluster/failure_detector.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "engine/base/check.h"
#include "engine/base/cover.h"

namespace norn::cluster {

namespace {

constexpr size_t kWordBits = 64;
// Valkey: CLUSTER_FAIL_UNDO_TIME_MULT.
constexpr int64_t kUndoTimeouts = 2;
// Steps come every 100 ms; a gap well above that is a pause of this node.
constexpr Duration kPauseMin = Duration::Millis(400);
// The spread of suspicions of nodes that died together is one interval.
constexpr int64_t kNornPingsPerTimeout = 10;
constexpr Duration kNornPingMin = Duration::Millis(100);
constexpr Duration kNornPingMax = Duration::Seconds(2);

// Both return how many bits more, or less, there are.
uint32_t SetBit(std::vector<uint64_t>& bits, uint32_t at) {
  if (bits.size() <= at / kWordBits) bits.resize(at / kWordBits + 1);
  const uint64_t bit = uint64_t{1} << (at % kWordBits);
  const bool was_set = (bits[at / kWordBits] & bit) != 0;
  bits[at / kWordBits] |= bit;
  return was_set ? 0 : 1;
}

uint32_t ClearBit(std::vector<uint64_t>& bits, uint32_t at) {
  if (bits.size() <= at / kWordBits) return 0;
  const uint64_t bit = uint64_t{1} << (at % kWordBits);
  const bool was_set = (bits[at / kWordBits] & bit) != 0;
  bits[at / kWordBits] &= ~bit;
  return was_set ? 1 : 0;
}

uint32_t CountBits(const std::vector<uint64_t>& bits) {
  uint32_t count = 0;
  for (const uint64_t word : bits) count += static_cast<uint32_t>(std::popcount(word));
  return count;
}

uint64_t WordOf(const std::vector<uint64_t>& bits, size_t at) {
  return at < bits.size() ? bits[at] : 0;
}

}  // namespace

FailureDetector::Facts* FailureDetector::Find(const NodeId& id, Instant now) {
  const ClusterNode* node = view_.Find(id);
  return node == nullptr || node == &view_.self() ? nullptr : &Of(*node, now);
}

FailureDetector::Facts& FailureDetector::Of(const ClusterNode& node, Instant now) {
  if (Facts* known = KnownAt(node.seat)) return *known;
  CHECK(&node != &view_.self());
  if (watched_.size() <= node.seat) watched_.resize(node.seat + 1);
  watched_[node.seat] = std::make_unique<Facts>();
  Facts& facts = *watched_[node.seat];
  facts.node = &node;
  facts.known_since = facts.window_since = now;
  VisitAt(facts, now, now);
  return facts;
}

FailureDetector::Facts* FailureDetector::Known(const NodeId& id) const {
  const ClusterNode* node = view_.Find(id);
  return node == nullptr ? nullptr : KnownAt(node->seat);
}

void FailureDetector::Forget(uint32_t seat) {
  Facts* facts = KnownAt(seat);
  if (facts == nullptr) return;
  SetBitCount(*facts, 0);
  watched_[seat] = nullptr;
}

void FailureDetector::SetBitCount(Facts& facts, uint32_t bits) {
  reported_ += (bits > 0 ? 1 : 0) - (facts.set_bits > 0 ? 1 : 0);
  facts.set_bits = bits;
}

void FailureDetector::FollowMembership(Instant now) {
  if (membership_version_ == view_.membership_version() && timeout_seen_ == timeout()) return;
  membership_version_ = view_.membership_version();
  timeout_seen_ = timeout();
  quorum_until_ = Instant::Past();
  std::vector<bool> taken(watched_.size());
  for (const auto& [id, node] : view_.nodes()) {
    if (node.seat < taken.size()) taken[node.seat] = true;
  }
  for (uint32_t seat = 0; seat < taken.size(); ++seat) {
    if (!taken[seat]) Forget(seat);
  }
  for (const auto& [id, node] : view_.nodes()) {
    if (&node != &view_.self()) VisitAt(Of(node, now), now, now);
  }
}

// ---- own eyes ----

void FailureDetector::OnLinkUp(const NodeId& id, Instant now) {
  Facts* facts = Find(id, now);
  if (facts == nullptr) return;
  facts->link_up = true;
  facts->link_since = now;
  facts->refused_since.reset();  // somebody listens
  facts->gone = false;
  VisitAt(*facts, now, now);
}

void FailureDetector::OnLinkDown(const NodeId& id, Instant now) {
  Facts* facts = Find(id, now);
  if (facts == nullptr) return;
  facts->link_up = false;
  // Nothing can be asked now: as if a ping were under way, or the silence would never count.
  if (!facts->ping_sent) facts->ping_sent = now;
  VisitAt(*facts, now, now);
}

void FailureDetector::OnPingSent(const NodeId& id, Instant now) {
  Facts* facts = Find(id, now);
  if (facts != nullptr && !facts->ping_sent) facts->ping_sent = now;
}

void FailureDetector::OnData(const NodeId& id, Instant now) {
  if (Facts* facts = Find(id, now)) OnData(*facts, now);
}

void FailureDetector::OnData(Facts& facts, Instant now) {
  facts.heard_at = now;
  facts.refused_since.reset();
  facts.gone = false;
}

DetectorActions FailureDetector::OnPong(const NodeId& id, Instant now) {
  Facts* facts = Find(id, now);
  return facts != nullptr ? OnPong(*facts, now) : DetectorActions();
}

DetectorActions FailureDetector::OnPong(Facts& facts, Instant now) {
  DetectorActions actions;
  OnData(facts, now);
  facts.ping_sent.reset();
  facts.pong_at = now;
  VisitAt(facts, PingDueAt(facts), now);
  const ClusterNode& node = *facts.node;
  if (node.health == Health::kSuspected) {
    view_.SetHealth(node.id, Health::kUp, now);
    actions.cleared.push_back(node.id);
  } else if (node.health == Health::kFailed) {
    ClearIfAllowed(node, now, actions);
  }
  return actions;
}

DetectorActions FailureDetector::OnRefused(const NodeId& id, Instant now) {
  DetectorActions actions;
  Facts* facts = Find(id, now);
  if (facts == nullptr || facts->link_up || view_.Find(id)->told.norn_level == 0) return actions;
  if (!facts->heard_at) return actions;  // it may never have been at this address
  if (!facts->refused_since) facts->refused_since = now;
  if (now - *facts->refused_since < kRefusalConfirm) return actions;
  NORN_COVER("detector_refused");
  facts->gone = true;
  Suspect(*view_.Find(id), now, actions);
  return actions;
}

bool FailureDetector::IsGone(const NodeId& id) const {
  const Facts* facts = Known(id);
  return facts != nullptr && facts->gone;
}

bool FailureDetector::Hears(const NodeId& id, Instant now) const {
  const Facts* facts = Known(id);
  return facts != nullptr && Hears(*facts, now);
}

std::optional<Instant> FailureDetector::PingSentAt(const NodeId& id) const {
  const Facts* facts = Known(id);
  return facts == nullptr ? std::nullopt : facts->ping_sent;
}

bool FailureDetector::HearsQuorum(Instant now) {
  FollowMembership(now);
  if (now <= quorum_until_ && quorum_voters_ == view_.voters_version()) return true;
  const size_t quorum = view_.electorate().quorum();
  const size_t own = view_.IsVoter(view_.self()) ? 1 : 0;
  std::vector<Instant> heard;
  for (const std::unique_ptr<Facts>& facts : watched_) {
    if (facts == nullptr) continue;
    // An answer, not just a byte: a node that nobody hears must not hold itself for well connected.
    const bool answers = facts->pong_at && now - *facts->pong_at <= timeout();
    if (answers && view_.IsVoter(*facts->node)) heard.push_back(*facts->pong_at);
  }
  if (heard.size() + own < quorum) return false;
  const size_t others = std::max(quorum - own, size_t{1}) - 1;
  if (others >= heard.size()) return true;  // alone it is a quorum
  const auto nth = heard.begin() + static_cast<int64_t>(others);
  std::nth_element(heard.begin(), nth, heard.end(), std::greater<>());
  quorum_until_ = *nth + timeout();
  quorum_voters_ = view_.voters_version();
  return true;
}

// ---- others' words ----

void FailureDetector::RotateReports(Facts& facts, Instant now) {
  const Duration age = now - facts.window_since;
  if (age <= timeout()) return;
  if (age <= timeout() * 2) {
    facts.reports_before.swap(facts.reports);
    facts.window_since = facts.window_since + timeout();
  } else {
    facts.reports_before.clear();
    facts.window_since = now;
  }
  facts.reports.clear();
  SetBitCount(facts, CountBits(facts.reports_before));
}

// May stop once it is clear that there are less than `wanted` - 1: each of many reports asks, and few have the answer.
uint32_t FailureDetector::CountReports(Facts& facts, Instant now, uint32_t wanted) {
  FollowMembership(now);  // seats of those who were forgotten are empty
  RotateReports(facts, now);
  if (facts.set_bits + 1 < wanted) return 0;
  uint32_t count = 0;
  const size_t words = std::max(facts.reports.size(), facts.reports_before.size());
  for (size_t i = 0; i < words; ++i) {
    uint64_t word = WordOf(facts.reports, i) | WordOf(facts.reports_before, i);
    for (; word != 0; word &= word - 1) {
      const size_t seat = i * kWordBits + static_cast<size_t>(std::countr_zero(word));
      const Facts* reporter = KnownAt(static_cast<uint32_t>(seat));
      if (reporter != nullptr && view_.IsVoter(*reporter->node)) ++count;  // F2
    }
  }
  return count;
}

uint32_t FailureDetector::ReportsAbout(const NodeId& id, Instant now) {
  Facts* facts = Known(id);
  return facts == nullptr ? 0 : CountReports(*facts, now, 0);
}

DetectorActions FailureDetector::OnReports(const NodeId& from, std::span<const NodeId> failing,
                                           std::span<const NodeId> up, Instant now) {
  DetectorActions actions;
  const Facts* reporter = Find(from, now);
  if (reporter == nullptr) return actions;
  const uint32_t seat = reporter->node->seat;
  for (const NodeId& id : up) {
    if (!HasReports()) break;
    Facts* facts = Known(id);
    if (facts == nullptr || facts->set_bits == 0) continue;
    const uint32_t cleared = ClearBit(facts->reports, seat) + ClearBit(facts->reports_before, seat);
    SetBitCount(*facts, facts->set_bits - cleared);
  }
  if (!view_.IsVoter(*reporter->node)) return actions;
  for (const NodeId& id : failing) {
    const ClusterNode* node = view_.Find(id);
    if (node == nullptr || node->health == Health::kFailed) continue;  // nothing left to find out
    if (node == &view_.self()) continue;
    Facts& facts = Of(*node, now);
    RotateReports(facts, now);
    SetBitCount(facts, facts.set_bits + SetBit(facts.reports, seat));
    DeclareIfAgreed(*node, now, actions);
  }
  return actions;
}

DetectorActions FailureDetector::OnFail(const NodeId& from, const NodeId& failed, Instant now) {
  DetectorActions actions;
  const ClusterNode* node = view_.Find(failed);
  if (view_.Find(from) == nullptr || node == nullptr || node == &view_.self()) return actions;
  if (node->health == Health::kFailed) return actions;
  view_.SetHealth(failed, Health::kFailed, now);
  actions.obeyed.push_back(failed);
  return actions;
}

// ---- verdicts ----

void FailureDetector::Suspect(const ClusterNode& node, Instant now, DetectorActions& actions) {
  if (node.health != Health::kUp) return;
  view_.SetHealth(node.id, Health::kSuspected, now);
  actions.suspected.push_back(node.id);
  DeclareIfAgreed(node, now, actions);
}

void FailureDetector::DeclareIfAgreed(const ClusterNode& node, Instant now,
                                      DetectorActions& actions) {
  Facts& facts = Of(node, now);
  if (node.health == Health::kFailed) return;
  if (node.health == Health::kUp) {
    // Norn voters need not wait for the last of their judges to notice, if it heard nothing for a while either.
    const Duration unheard = now - facts.heard_at.value_or(facts.known_since);
    if (!view_.electorate().norn_rules || unheard <= timeout() / 2) return;
  }
  const bool suspects = node.health == Health::kSuspected;
  const uint32_t own = suspects && view_.IsVoter(view_.self()) ? 1 : 0;
  if (own + CountReports(facts, now, view_.electorate().quorum()) < view_.electorate().quorum()) {
    return;  // F1
  }
  if (!suspects) NORN_COVER("detector_half_silence");
  view_.SetHealth(node.id, Health::kFailed, now);
  facts.reports = Bits();
  facts.reports_before = Bits();
  SetBitCount(facts, 0);
  actions.declared.push_back(node.id);
}

bool FailureDetector::CouldBeReplaced(const ClusterNode& node) const {
  for (const ClusterNode* replica : view_.ReplicasOf(node.id)) {
    if (replica->health == Health::kUp && !replica->told.no_failover) return true;
  }
  return false;
}

void FailureDetector::ClearIfAllowed(const ClusterNode& node, Instant now,
                                     DetectorActions& actions) {
  const bool owner = node.is_primary() && node.owns_slots();
  const bool waits = !view_.electorate().norn_rules || CouldBeReplaced(node);
  if (owner && waits && now - node.failed_at <= timeout() * kUndoTimeouts) {
    NORN_COVER("detector_fail_kept");
    return;
  }
  view_.SetHealth(node.id, Health::kUp, now);
  actions.cleared.push_back(node.id);
}

// ---- steps ----

Duration FailureDetector::PingInterval(const ClusterNode& node) const {
  // Valkey: as long as one likes. Here who is asked less often could not be told from the dead.
  if (const Duration set = view_.options().ping_interval; set > Duration{}) {
    return std::min(set, timeout() / 2);
  }
  if (node.told.norn_level == 0 || view_.self().told.norn_level == 0) return timeout() / 2;
  return std::clamp(timeout() / kNornPingsPerTimeout, kNornPingMin, kNornPingMax);
}

bool FailureDetector::IsSilent(const ClusterNode& node, const Facts& facts, Instant now) const {
  if (!facts.ping_sent) return false;
  const Duration asked = now - *facts.ping_sent;
  const Duration unheard = now - facts.heard_at.value_or(facts.known_since);
  if (unheard <= timeout()) return false;
  return asked > (node.told.norn_level > 0 ? timeout() / 2 : timeout());
}

void FailureDetector::ForgivePause(Instant now) {
  const Duration gap = last_step_ ? now - *last_step_ : Duration{};
  last_step_ = now;
  if (gap < std::max(kPauseMin, timeout() / 8)) return;
  NORN_COVER("detector_own_pause");
  for (const auto& [id, node] : view_.nodes()) {
    if (&node == &view_.self()) continue;
    Facts& facts = Of(node, now);
    if (facts.heard_at) facts.heard_at = std::min(now, *facts.heard_at + gap);
    if (facts.ping_sent) facts.ping_sent = std::min(now, *facts.ping_sent + gap);
    facts.known_since = std::min(now, facts.known_since + gap);
    VisitAt(facts, now, now);
  }
}

void FailureDetector::StepNode(const ClusterNode& node, Facts& facts, Instant now,
                               DetectorActions& actions) {
  const Duration half = timeout() / 2;
  if (facts.link_up) {
    const bool asked_long = facts.ping_sent && now - *facts.ping_sent > half;
    const bool unheard = now - facts.heard_at.value_or(facts.known_since) > half;
    // What comes on the node's own link keeps it up, but nothing that is asked on this one is answered: it is dead at one end.
    const bool unanswered = facts.ping_sent && now - *facts.ping_sent > timeout();
    if ((unanswered || (asked_long && unheard)) && now - facts.link_since > timeout()) {
      actions.reconnect.push_back(node.id);
    }
    if (!facts.ping_sent && now > PingDueAt(facts)) actions.ping.push_back(node.id);
  } else if (!facts.ping_sent) {
    facts.ping_sent = now;
  }
  if (node.health == Health::kUp && IsSilent(node, facts, now)) Suspect(node, now, actions);
}

// Of a norn node what is heard counts, but half a timeout without an answer of its own is too long.
Instant FailureDetector::PingDueAt(const Facts& facts) const {
  if (!facts.pong_at) return Instant::Past();
  const Duration interval = PingInterval(*facts.node);
  if (facts.node->told.norn_level == 0 || view_.self().told.norn_level == 0) {
    return *facts.pong_at + interval;
  }
  const Instant heard = std::max(*facts.pong_at, facts.heard_at.value_or(*facts.pong_at));
  return std::min(heard + interval,
                  std::max(*facts.pong_at + timeout() / 2, *facts.pong_at + interval));
}

// No later than StepNode's next deed, were nothing to happen until then.
Instant FailureDetector::NextVisit(const Facts& facts, Instant now) const {
  const Duration half = timeout() / 2;
  const Instant heard = facts.heard_at.value_or(facts.known_since);
  Instant next = now + half;
  if (facts.link_up) {
    const Instant due =
        facts.ping_sent
            ? std::max({*facts.ping_sent + half, heard + half, facts.link_since + timeout()})
            : PingDueAt(facts);
    next = std::min(next, due);
  }
  if (facts.ping_sent && facts.node->health == Health::kUp) {
    const Duration patience = facts.node->told.norn_level > 0 ? half : timeout();
    next = std::min(next, std::max(heard + timeout(), *facts.ping_sent + patience));
  }
  return std::max(next, now) + Duration::Nanos(1);
}

void FailureDetector::VisitAt(Facts& facts, Instant at, Instant now) {
  at = std::clamp(at, now, now + Duration::Nanos((kTicks - 2) << kTickBits));
  if (at >= facts.visit_at) return;
  if (tick_ == INT64_MIN) tick_ = now.ns >> kTickBits;
  at.ns = std::max(at.ns, tick_ << kTickBits);
  facts.visit_at = at;
  wheel_[static_cast<size_t>((at.ns >> kTickBits) % kTicks)].push_back(facts.node->seat);
}

void FailureDetector::VisitAllDue(Instant now, DetectorActions& actions) {
  const int64_t last = now.ns >> kTickBits;
  if (tick_ == INT64_MIN) tick_ = last;
  tick_ = std::max(tick_, last - kTicks + 1);
  while (true) {
    std::vector<uint32_t> due;
    due.swap(wheel_[static_cast<size_t>(tick_ % kTicks)]);
    for (const uint32_t seat : due) {
      Facts* facts = KnownAt(seat);
      if (facts == nullptr || facts->visit_at == Instant::Never()) continue;
      if (facts->visit_at > now) {
        const int64_t tick = facts->visit_at.ns >> kTickBits;
        if (tick == tick_) wheel_[static_cast<size_t>(tick % kTicks)].push_back(seat);
        continue;  // else it has another place by now
      }
      facts->visit_at = Instant::Never();
      StepNode(*facts->node, *facts, now, actions);
      VisitAt(*facts, NextVisit(*facts, now), now);
    }
    if (tick_ >= last) return;
    ++tick_;
  }
}

DetectorActions FailureDetector::Step(Instant now) {
  FollowMembership(now);
  ForgivePause(now);
  DetectorActions actions;
  VisitAllDue(now, actions);
  return actions;
}

}  // namespace norn::cluster
