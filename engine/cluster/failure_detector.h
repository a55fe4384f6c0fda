#pragma once
// Who is up, as far as this node can tell, and when a suspicion becomes a verdict.
//
// The problem. Silence and death look alike. One observer's suspicion may be its own fault (it was paused, its link is cut), so
// a failure is declared only when a quorum of voters suspects the node at the same time; and a healthy node must not be
// suspected because its observer slept.
//
// The design.
//   Silence    A node from which nothing was heard for the node timeout, although it was asked, is suspected (PFAIL). Valkey
//              counts from an unanswered ping. Between norn nodes, which ping each other often (ping_interval), it counts from
//              the last byte heard, as long as a ping waits for an answer since half the timeout: earlier by up to half a
//              timeout. What is heard from a norn node spares it a ping for a while (it asks, so it need not be asked): a pair
//              exchanges one ping an interval, not two.
//   Refusal    A connection that was up, is closed, and whose reconnection is refused and refused again kRefusalConfirm later:
//              the host lives and the process is gone. Norn peers only; the timeout plays no part. What is heard from the node
//              in between takes the evidence back.
//   Pauses     If this node was not stepped for long, that time is nobody else's silence.
//   Verdict    Suspected here and by enough voters within the last two timeouts: FAIL, told to everyone, who obey unchecked.
//              Under norn rules half a timeout of silence here is enough, where the voters suffice without this node's voice.
//              Any node may find that out, replicas too (B12). A new suspicion is told to norn peers at once, others hear it by
//              gossip, where suspicions go first (B21).
//   Undo       A suspect that answers is up. A failed one that answers is up if it does not own slots; an owner after two
//              timeouts (nobody replaced it), or, under norn rules, when no replica is left that could.
//
//   F1  kFailed is set by a quorum of suspicions inside the window, or by a FAIL of a known node (I24).
//   F2  Reports are counted only from nodes that vote when the count is taken; this node's own counts if it votes.
//   F3  A report lives more than one node timeout and at most two.
//
// What can fail: a firewall that answers with resets for a host that lives makes refusals lie; then a live primary is declared
// dead by everybody that it also cannot reach.
//
// Reports are bits, two windows of them a node: 1000 suspects with 1000 reporters are 256 KiB. Nobody is looked at before
// something can be due: a wheel of buckets holds who is to be visited when, so that a step costs what it does. Pure; executor 0.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/time.h"
#include "engine/cluster/node_id.h"
#include "engine/cluster/topology.h"

namespace norn::cluster {

struct DetectorActions {
  std::vector<NodeId> declared;   // FAIL to broadcast
  std::vector<NodeId> obeyed;     // FAIL on another's word
  std::vector<NodeId> suspected;  // newly: tell norn members at once
  std::vector<NodeId> cleared;    // up again
  std::vector<NodeId> reconnect;  // drop the link, it is silent
  std::vector<NodeId> ping;       // send a PING
  bool changed() const {
    return !declared.empty() || !obeyed.empty() || !suspected.empty() || !cleared.empty();
  }
};

class FailureDetector {
  using Bits = std::vector<uint64_t>;

 public:
  // What is known of one node. A pointer to it is good until that node is forgotten; its inside is the detector's.
  struct Facts {
    const ClusterNode* node = nullptr;
    Instant visit_at = Instant::Never();  // its valid place in the wheel
    bool link_up = false;
    Instant link_since;
    std::optional<Instant> ping_sent;  // unanswered
    std::optional<Instant> pong_at;
    std::optional<Instant> heard_at;
    Instant known_since;
    std::optional<Instant> refused_since;  // nothing was heard since
    bool gone = false;
    Instant window_since;
    Bits reports;           // by seat, since window_since
    Bits reports_before;    // in the window before
    uint32_t set_bits = 0;  // of both
  };

  // Evidence needs two refusals at least this far apart.
  static constexpr Duration kRefusalConfirm = Duration::Millis(200);

  // `view` must outlive this. Health in it is changed only here (and by Topology::LoseAddress).
  explicit FailureDetector(Topology& view) : view_(view), wheel_(kTicks) {}
  FailureDetector(const FailureDetector&) = delete;
  FailureDetector& operator=(const FailureDetector&) = delete;

  // Null: not a known node, or this one.
  Facts* Find(const NodeId& id, Instant now);
  // Requires: in the view, and not this node.
  Facts& Of(const ClusterNode& node, Instant now);

  // ---- what this node saw itself; unknown ids are ignored ----
  void OnLinkUp(const NodeId& id, Instant now);
  void OnLinkDown(const NodeId& id, Instant now);
  void OnPingSent(const NodeId& id, Instant now);
  // Any bytes, on any link.
  void OnData(const NodeId& id, Instant now);
  void OnData(Facts& facts, Instant now);
  // An answer on this node's own link.
  DetectorActions OnPong(const NodeId& id, Instant now);
  DetectorActions OnPong(Facts& facts, Instant now);
  // A connection attempt was refused by the host (not: timed out, unreachable).
  DetectorActions OnRefused(const NodeId& id, Instant now);

  // ---- what others say ----
  // The nodes that `from` suspects or holds for failed, and those that it holds for up, of one message.
  DetectorActions OnReports(const NodeId& from, std::span<const NodeId> failing,
                            std::span<const NodeId> up, Instant now);
  // Whether anybody is reported: else nobody need be told who is up.
  bool HasReports() const { return reported_ > 0; }
  DetectorActions OnFail(const NodeId& from, const NodeId& failed, Instant now);

  // Every 100 ms, or when something is due.
  DetectorActions Step(Instant now);

  // How often this node pings that one.
  Duration PingInterval(const ClusterNode& node) const;
  // CLUSTER COUNT-FAILURE-REPORTS.
  uint32_t ReportsAbout(const NodeId& id, Instant now);
  // The process is known to be gone, by this node's own attempts: its promises bind nobody any more.
  bool IsGone(const NodeId& id) const;
  // Whether this node hears a quorum of voters at `now`, itself counted: something within one node timeout. Such a node may stand.
  bool HearsQuorum(Instant now);
  // Something within one node timeout.
  bool Hears(const NodeId& id, Instant now) const;
  bool Hears(const Facts& facts, Instant now) const {
    return facts.heard_at && now - *facts.heard_at <= timeout();
  }
  std::optional<Instant> PingSentAt(const NodeId& id) const;
  // Who was forgotten had this seat.
  void Forget(uint32_t seat);

 private:
  static constexpr int kTickBits = 26;  // of nanoseconds: 67 ms
  static constexpr int64_t kTicks = 256;

  void FollowMembership(Instant now);
  // Null: nothing is known of it.
  Facts* Known(const NodeId& id) const;
  Facts* KnownAt(uint32_t seat) const {
    return seat < watched_.size() ? watched_[seat].get() : nullptr;
  }
  void SetBitCount(Facts& facts, uint32_t bits);
  void VisitAllDue(Instant now, DetectorActions& actions);
  // Not later than at `at`.
  void VisitAt(Facts& facts, Instant at, Instant now);
  Instant PingDueAt(const Facts& facts) const;
  Instant NextVisit(const Facts& facts, Instant now) const;
  void RotateReports(Facts& facts, Instant now);
  uint32_t CountReports(Facts& facts, Instant now, uint32_t wanted);
  void Suspect(const ClusterNode& node, Instant now, DetectorActions& actions);
  void DeclareIfAgreed(const ClusterNode& node, Instant now, DetectorActions& actions);
  void ClearIfAllowed(const ClusterNode& node, Instant now, DetectorActions& actions);
  bool CouldBeReplaced(const ClusterNode& node) const;
  bool IsSilent(const ClusterNode& node, const Facts& facts, Instant now) const;
  void ForgivePause(Instant now);
  void StepNode(const ClusterNode& node, Facts& facts, Instant now, DetectorActions& actions);
  Duration timeout() const { return view_.options().node_timeout; }

  Topology& view_;
  std::vector<std::unique_ptr<Facts>> watched_;  // by seat; null: this node, or nobody any more
  uint32_t reported_ = 0;                        // of whom there are set bits
  std::optional<Instant> last_step_;
  std::vector<std::vector<uint32_t>> wheel_;  // by tick modulo kTicks: seats
  int64_t tick_ = INT64_MIN;                  // nothing is due in ticks before it
  uint64_t membership_version_ = 0;
  Duration timeout_seen_;
  // HearsQuorum holds until then, with these voters.
  Instant quorum_until_ = Instant::Past();
  uint64_t quorum_voters_ = 0;
};

}  // namespace norn::cluster
