#pragma once
// Listens to the cluster bus for a timeline: requests for votes, votes and denials of both protocols, verdicts of failure and
// the beginnings of failovers by hand, each as an arrow from the node that said it to the one that heard it, or did not.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/cluster/bus_message.h"
#include "scenarios/timeline.h"
#include "sim/world.h"

namespace norn::scenarios {

class BusTap final : public sim::Tap {
 public:
  // How a node is called; "" when nobody knows.
  using NameOf = std::function<std::string(const cluster::NodeId&)>;

  // Hosts up to `lanes` are the lanes. All outlive this.
  BusTap(sim::World& world, Timeline& timeline, size_t lanes, NameOf name_of);

  void Sent(const sim::Connection& connection, sim::End end, std::string_view bytes) override;
  void Arrived(const sim::Connection& connection, sim::End end, size_t bytes) override;

 private:
  struct Said {
    uint64_t end = 0;  // of the message, in the stream
    size_t arrow = SIZE_MAX;
  };
  // One direction of a connection.
  struct Stream {
    std::string unread;  // the beginning of a message
    uint64_t sent = 0;
    uint64_t arrived = 0;
    bool broken = false;  // not the bus's protocol
    std::deque<Said> on_their_way;
  };
  struct Words {
    std::string_view kind;  // "": nothing to show
    std::string text;
  };

  bool IsBus(const sim::Connection& connection) const;
  void Take(Stream& stream, std::string_view message, const sim::Connection& connection,
            sim::End end, uint64_t end_in_stream);
  Words Describe(const cluster::BusMessage& message) const;
  Words DescribeNorn(std::string_view payload) const;

  sim::World& world_;
  Timeline& timeline_;
  const size_t lanes_;
  const NameOf name_of_;
  std::map<std::pair<uint64_t, sim::End>, Stream> streams_;
  cluster::BusMessage scratch_;
};

}  // namespace norn::scenarios
