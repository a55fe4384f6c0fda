// Several detectors that ping each other while nodes die, pause and are cut off from each other. Safety: a node declares a
// failure only when a quorum suspected it within two timeouts (I24), whatever the network does. Liveness: who is dead is
// failed everywhere soon after the rest can talk, and who is alive is up.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "engine/cluster/failure_detector.h"
#include "engine/cluster/topology_testing.h"

namespace norn::cluster {
namespace {

using namespace testing;

constexpr int64_t kTimeoutMs = 1000;
constexpr int64_t kStepMs = 100;

struct Observer {
  Observer(int self, int size, uint16_t level)
      : view(Node(self), Shard(self),
             TopologyOptions{.node_timeout = Duration::Millis(kTimeoutMs)}) {
    view.DescribeSelf({.norn_level = level}, {}, true, At(0));
    for (int i = 1; i <= size; ++i) view.Add(Member(i, i, 0, level), At(0));
    for (int i = 1; i <= size; ++i) view.SetOwner(Slots(i * 100, i * 100 + 9), Node(i));
    for (int i = 1; i <= size; ++i) {
      detector.OnLinkUp(Node(i), At(0));
      detector.OnPong(Node(i), At(0));
    }
  }
  Topology view;
  FailureDetector detector{view};
};

struct Room {
  int size;
  std::vector<std::unique_ptr<Observer>> observers;
  std::set<int> dead;
  std::set<int> paused;
  std::set<std::pair<int, int>> cut;  // from, to
  // suspected_at[a][b]: when a last suspected b.
  std::vector<std::vector<std::optional<int64_t>>> suspected_at;
  int64_t now = 0;

  Room(int nodes, uint16_t level) : size(nodes) {
    for (int i = 1; i <= nodes; ++i) {
      observers.push_back(std::make_unique<Observer>(i, nodes, level));
    }
    const auto n = static_cast<size_t>(nodes) + 1;
    suspected_at.assign(n, std::vector<std::optional<int64_t>>(n));
  }
  Observer& Of(int node) { return *observers[static_cast<size_t>(node - 1)]; }
  bool Runs(int node) const { return !dead.contains(node) && !paused.contains(node); }
  bool Reaches(int from, int to) const {
    return Runs(from) && Runs(to) && !cut.contains({from, to});
  }
  bool Suspects(int a, int b) { return Of(a).view.Find(Node(b))->health != Health::kUp; }

  void NoteSuspicions() {
    for (int a = 1; a <= size; ++a) {
      for (int b = 1; b <= size; ++b) {
        if (a != b && Suspects(a, b)) suspected_at[Index(a)][Index(b)] = now;
      }
    }
  }
  static size_t Index(int node) { return static_cast<size_t>(node); }

  void Spread(int from, const DetectorActions& actions) {
    NoteSuspicions();
    for (const NodeId& failed : actions.declared) {
      int agreeing = 0;
      for (int a = 1; a <= size; ++a) {
        for (int b = 1; b <= size; ++b) {
          if (Node(b) != failed) continue;
          const auto at = suspected_at[Index(a)][Index(b)];
          agreeing += at && now - *at <= 2 * kTimeoutMs + kStepMs ? 1 : 0;
        }
      }
      RC_ASSERT(agreeing >= size / 2 + 1);
      for (int to = 1; to <= size; ++to) {
        if (Reaches(from, to)) Of(to).detector.OnFail(Node(from), failed, At(now));
      }
    }
  }
  void Gossip(int from, int to) {
    std::vector<NodeId> failing;
    std::vector<NodeId> up;
    for (const auto& [id, node] : Of(from).view.nodes()) {
      (node.health == Health::kUp ? up : failing).push_back(id);
    }
    Of(to).detector.OnData(Node(from), At(now));
    Spread(to, Of(to).detector.OnReports(Node(from), failing, up, At(now)));
  }
  void StepNode(int node) {
    const DetectorActions actions = Of(node).detector.Step(At(now));
    Spread(node, actions);
    std::vector<NodeId> pinged = actions.ping;
    for (int to = 1; to <= size; ++to) {
      const bool asked = Of(node).detector.PingSentAt(Node(to)).has_value();
      const bool due = std::ranges::find(pinged, Node(to)) != pinged.end();
      if (to == node || !(asked || due) || !Runs(node)) continue;
      Of(node).detector.OnPingSent(Node(to), At(now));
      if (!Reaches(node, to)) continue;
      Gossip(node, to);
      if (!Reaches(to, node)) continue;
      Gossip(to, node);
      Spread(node, Of(node).detector.OnPong(Node(to), At(now)));
    }
  }
  void Run(int64_t ms) {
    for (const int64_t end = now + ms; now < end; now += kStepMs) {
      for (int node = 1; node <= size; ++node) {
        if (Runs(node)) StepNode(node);
      }
    }
  }
};

RC_GTEST_PROP(FailureDetectorProperty, DeclaresByQuorumAndSettles, ()) {
  const int size = *rc::gen::inRange(3, 8);
  Room room(size, static_cast<uint16_t>(*rc::gen::inRange(0, 2)));
  for (int step = 0; step < 15; ++step) {
    const int a = *rc::gen::inRange(1, size + 1);
    const int b = *rc::gen::inRange(1, size + 1);
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        if (room.paused.erase(a) == 0) room.paused.insert(a);
        break;
      case 1:
        if (room.dead.size() + 1 <= static_cast<size_t>(size - 1) / 2) room.dead.insert(a);
        break;
      default:
        if (a != b) room.cut.insert({a, b});
    }
    if (*rc::gen::inRange(0, 5) == 0) room.cut.clear();
    room.Run(*rc::gen::inRange(1, 20) * kStepMs);
  }
  room.cut.clear();
  room.paused.clear();
  room.Run(6 * kTimeoutMs);
  for (int a = 1; a <= size; ++a) {
    for (int b = 1; b <= size; ++b) {
      if (a == b || room.dead.contains(a)) continue;
      const Health health = room.Of(a).view.Find(Node(b))->health;
      RC_ASSERT(health == (room.dead.contains(b) ? Health::kFailed : Health::kUp));
    }
  }
}

}  // namespace
}  // namespace norn::cluster
