#pragma once
// For tests: a few Members in a room without latency. What one says the others hear at once, as bytes that went through the codec;
// the clock moves in steps of 100 ms. A sync can be held back, a node can be stopped, started again from what it saved, moved to
// another address, or cut off.

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/cluster/bus_codec.h"
#include "engine/cluster/member.h"
#include "engine/cluster/norn_words.h"
#include "engine/cluster/topology_testing.h"

namespace norn::cluster::testing {

class MemberRoom {
 public:
  static constexpr Duration kTimeout = Duration::Seconds(1);

  struct Place {
    std::unique_ptr<cluster::Member> member;
    std::string ip;
    MemberOptions options;
    DataFacts data{.has_data = true};
    bool up = true;
    bool cut = false;        // hears and says nothing, links stay
    bool sync_held = false;  // durable saves do not end
    std::deque<MemberAction> todo;
    std::string file;
    std::vector<MemberAction> done;  // all but messages and lines of the log
    std::vector<BusMessage> sent;
  };

  // Nodes 1 to `count`, strangers to each other.
  explicit MemberRoom(int count) {
    for (int i = 1; i <= count; ++i) {
      Place& place = places_[i];
      place.ip = "10.0.0." + std::to_string(i);
      place.options.topology.node_timeout = kTimeout;
      place.options.election.node_timeout = kTimeout;
      place.options.announced = {.ip = {}, .port = 6379, .bus_port = 16379};
      Start(i, std::nullopt);
    }
  }

  cluster::Member& Of(int node) { return *places_.at(node).member; }
  Place& PlaceOf(int node) { return places_.at(node); }
  Instant now() const { return now_; }
  WallTime wall() const { return {1'700'000'000'000'000 + now_.ns / 1000}; }
  NodeEndpoint EndpointOf(int node) {
    return {.ip = places_.at(node).ip, .port = 6379, .bus_port = 16379};
  }

  void Start(int node, std::optional<NodesFile> file) {
    Place& place = places_.at(node);
    place.up = true;
    place.todo.clear();
    ++lives_;
    place.member =
        std::make_unique<cluster::Member>(place.options, std::move(file), Node(node), Shard(node),
                                          lives_, Prng(lives_), now_, wall());
    Settle();
  }
  // Killed: its links are reset.
  void Stop(int node) {
    places_.at(node).up = false;
    // Each break takes two ends away.
    std::vector<LinkId> broken;
    for (const auto& [link, end] : ends_) {
      if (end.owner == node) broken.push_back(link);
    }
    for (const LinkId link : broken) {
      if (ends_.contains(link)) Break(link);
    }
    Settle();
  }
  void StartAgain(int node) {
    const absl::StatusOr<NodesFile> file = ParseNodesFile(places_.at(node).file, false);
    ASSERT_TRUE(file.ok()) << file.status();
    Start(node, *file);
  }
  // Comes back elsewhere.
  void Move(int node, const std::string& ip) {
    Stop(node);
    places_.at(node).ip = ip;
    StartAgain(node);
  }

  void Run(int64_t ms) {
    for (int64_t done = 0; done < ms; done += 100) {
      now_ = now_ + Duration::Millis(100);
      for (auto& [node, place] : places_) {
        if (!place.up || place.cut) continue;
        place.member->Step(place.data, now_, wall());
        Settle();
      }
    }
  }
  // False: not within `ms`.
  bool RunUntil(int64_t ms, const std::function<bool()>& done) {
    for (int64_t at = 0; at < ms && !done(); at += 100) Run(100);
    return done();
  }

  void Meet(int from, int to) {
    ASSERT_TRUE(Of(from).Meet(EndpointOf(to), now_, wall()));
    Settle();
  }
  bool Knows(int node, int other) { return Of(node).view().Find(Node(other)) != nullptr; }
  // All know all, and nobody shakes hands any more.
  bool AreOne() {
    for (auto& [node, place] : places_) {
      if (place.member->Lines().size() != places_.size()) return false;
      for (auto& [other, ignored] : places_) {
        if (!Knows(node, other)) return false;
      }
    }
    return true;
  }
  // The first `primaries` own slots in turn, the others follow them in turn. All can write at the end.
  void Form(int primaries) {
    for (size_t i = 2; i <= places_.size(); ++i) Meet(1, static_cast<int>(i));
    ASSERT_TRUE(RunUntil(5000, [this] { return AreOne(); }));
    for (auto& [node, place] : places_) {
      if (node > primaries) continue;
      place.member->SetConfigEpoch(static_cast<uint64_t>(node));
      const int share = kSlotCount / primaries;
      const int last = node == primaries ? kSlotCount - 1 : node * share - 1;
      place.member->SetOwner(Slots((node - 1) * share, last), Node(node), now_);
    }
    Settle();
    Run(2000);
    for (auto& [node, place] : places_) {
      if (node > primaries) place.member->Replicate(Node((node - 1) % primaries + 1), now_);
      place.data.synced_since = node > primaries;
    }
    Settle();
    ASSERT_TRUE(RunUntil(8000, [this, primaries] {
      for (int i = 1; i <= primaries; ++i) {
        if (!CanWrite(i)) return false;
      }
      return true;
    }));
  }
  bool CanWrite(int node) {
    return places_.at(node).up && Of(node).view().self().is_primary() &&
           Of(node).view().state().ok && Of(node).Fence().until > now_;
  }

  // Carries out everything that can be.
  void Settle() {
    if (std::exchange(settling_, true)) return;
    for (bool busy = true; busy;) {
      busy = false;
      for (auto& [node, place] : places_) {
        if (!place.up || !place.member) continue;
        for (MemberAction& action : place.member->TakeActions()) {
          place.todo.push_back(std::move(action));
        }
        while (place.up && !place.todo.empty() && !IsHeld(place)) {
          MemberAction next = std::move(place.todo.front());
          place.todo.pop_front();
          Perform(node, next);
          busy = true;
        }
      }
    }
    settling_ = false;
  }

  // A connection of a stranger that is no Member, to say anything on.
  LinkId Visit(int node, const std::string& ip) {
    const LinkId link{next_link_++};
    ends_[link] = {.owner = node, .other = {}, .peer = 0};
    Of(node).OnAccepted(link, {.peer_ip = ip, .local_ip = places_.at(node).ip}, now_);
    return link;
  }
  // A message on a link, as if its other end had sent it.
  void Say(LinkId link, const BusMessage& message) {
    Deliver(link, EncodeBusMessage(message));
    Settle();
  }
  const std::vector<BusMessage>& HeardOn(LinkId link) { return heard_[link]; }

 private:
  struct End {
    int owner = 0;
    LinkId other;
    int peer = 0;  // 0: a visitor
  };

  static bool IsHeld(const Place& place) {
    const auto* save = std::get_if<member_action::Save>(&place.todo.front());
    return place.sync_held && save != nullptr && save->durable;
  }

  void Perform(int node, const MemberAction& action) {
    Place& place = places_.at(node);
    if (const auto* send = std::get_if<member_action::Send>(&action)) {
      BusMessage message;
      const absl::StatusOr<size_t> bytes = NextBusMessageBytes(send->bytes, send->bytes.size());
      ASSERT_TRUE(bytes.ok() && *bytes == send->bytes.size());
      ASSERT_TRUE(DecodeBusMessage(send->bytes, message).ok());
      place.sent.push_back(message);
      const auto end = ends_.find(send->link);
      if (end == ends_.end()) return;
      if (end->second.peer == 0) {
        heard_[send->link].push_back(message);
      } else if (!place.cut) {
        Deliver(end->second.other, send->bytes);
      }
      return;
    }
    if (const auto* connect = std::get_if<member_action::Connect>(&action)) {
      return Connect(node, *connect);
    }
    if (const auto* close = std::get_if<member_action::Close>(&action)) return Break(close->link);
    if (std::holds_alternative<member_action::Log>(action)) return;
    if (std::holds_alternative<member_action::Save>(action)) {
      place.file = NodesFileText(place.member->File());
    }
    place.done.push_back(action);
  }
  void Connect(int node, const member_action::Connect& connect) {
    ASSERT_EQ(connect.bus_port, 16379);
    for (auto& [other, place] : places_) {
      if (place.ip != connect.ip || !place.up || place.cut || places_.at(node).cut) continue;
      const LinkId mine{next_link_++};
      const LinkId theirs{next_link_++};
      ends_[mine] = {node, theirs, other};
      ends_[theirs] = {other, mine, node};
      place.member->OnAccepted(theirs, {.peer_ip = places_.at(node).ip, .local_ip = place.ip},
                               now_);
      Of(node).OnLinkUp(connect.node, mine, {.peer_ip = place.ip, .local_ip = places_.at(node).ip},
                        now_);
      return;
    }
    Of(node).OnConnectFailed(connect.node, true, now_);
  }
  void Deliver(LinkId link, const std::string& bytes) {
    const auto end = ends_.find(link);
    if (end == ends_.end()) return;
    Place& place = places_.at(end->second.owner);
    if (!place.up || place.cut) return;
    BusMessage message;
    ASSERT_TRUE(DecodeBusMessage(bytes, message).ok());
    place.member->OnMessage(link, message, now_, wall());
  }
  void Break(LinkId link) {
    const auto end = ends_.find(link);
    if (end == ends_.end()) return;
    const End broken = end->second;
    ends_.erase(end);
    if (broken.peer == 0 || ends_.erase(broken.other) == 0) return;
    Place& place = places_.at(broken.peer);
    if (place.up) place.member->OnLinkDown(broken.other, now_);
  }

  std::map<int, Place> places_;
  std::map<LinkId, End> ends_;
  std::map<LinkId, std::vector<BusMessage>> heard_;
  Instant now_{};
  uint64_t next_link_ = 1;
  uint64_t lives_ = 0;
  bool settling_ = false;
};

// How many actions of this kind were carried out.
template <typename Action>
size_t CountDone(const MemberRoom::Place& place) {
  return static_cast<size_t>(std::ranges::count_if(place.done, [](const MemberAction& action) {
    return std::holds_alternative<Action>(action);
  }));
}

}  // namespace norn::cluster::testing
