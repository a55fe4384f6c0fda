// What is saved is what is loaded (I17), for any file that keeps nodes_file.h's invariants.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/cluster/nodes_file.h"

namespace norn::cluster {
namespace {

template <typename Id>
Id SomeId() {
  return *Id::Parse(*rc::gen::container<std::string>(
      kNodeIdChars, rc::gen::elementOf(std::string("0123456789abcdef"))));
}

std::string Plain() {
  const auto size = *rc::gen::inRange<size_t>(0, 30);
  return *rc::gen::container<std::string>(size, rc::gen::elementOf(std::string("abcz019.-_:/%")));
}

NodeLine SomeNode(bool is_myself, SlotSet& free) {
  NodeLine node;
  node.id = SomeId<NodeId>();
  node.ip = *IpText::Parse(Plain());
  node.tcp_port = *rc::gen::arbitrary<uint16_t>();
  node.tls_port = *rc::gen::arbitrary<uint16_t>();
  node.bus_port = *rc::gen::arbitrary<uint16_t>();
  node.hostname = Plain();
  node.human_nodename = Plain();
  node.client_ipv4 = Plain();
  node.client_ipv6 = Plain();
  if (*rc::gen::arbitrary<bool>()) node.shard_id = SomeId<ClusterShardId>();
  if (*rc::gen::arbitrary<bool>()) node.other_facts = {"zone=" + Plain()};
  for (const NodeFlags flag : {node_flag::kPrimary, node_flag::kReplica, node_flag::kFailed,
                               node_flag::kPossiblyFailed, node_flag::kNoFailover}) {
    if (*rc::gen::arbitrary<bool>()) node.flags |= flag;
  }
  if (is_myself) node.flags |= node_flag::kMyself;
  node.ping_sent_ms = *rc::gen::arbitrary<int64_t>();
  node.pong_received_ms = *rc::gen::arbitrary<int64_t>();
  node.config_epoch = *rc::gen::inRange<uint64_t>(0, 1000);
  node.connected = *rc::gen::arbitrary<bool>();
  for (const auto slot :
       *rc::gen::container<std::vector<uint16_t>>(rc::gen::inRange<uint16_t>(0, 300))) {
    if (free.Clear(SlotId{slot})) node.slots.Set(SlotId{slot});
  }
  return node;
}

NodesFile SomeFile() {
  NodesFile file;
  SlotSet free = SlotSet::All();
  std::set<NodeId> names;
  const auto count = *rc::gen::inRange<size_t>(1, 6);
  const auto myself = *rc::gen::inRange<size_t>(0, count);
  for (size_t i = 0; i < count; ++i) {
    file.nodes.push_back(SomeNode(i == myself, free));
    names.insert(file.nodes.back().id);
    // Replicas are the first one's, and know their shard.
    if (i > 0 && *rc::gen::arbitrary<bool>()) {
      const NodeLine& primary = file.nodes[0];
      file.nodes[i].replica_of = primary.id;
      if (!primary.shard_id.empty()) file.nodes[i].shard_id = primary.shard_id;
    }
  }
  RC_PRE(names.size() == count);
  for (const auto slot :
       *rc::gen::container<std::set<uint16_t>>(rc::gen::inRange<uint16_t>(0, kSlotCount))) {
    const bool out = *rc::gen::arbitrary<bool>();
    file.nodes[myself].open_slots.push_back(
        {.slot = SlotId{slot},
         .way = out ? OpenSlot::Way::kMigratingTo : OpenSlot::Way::kImportingFrom,
         .other = SomeId<NodeId>()});
  }
  file.current_epoch = *rc::gen::inRange<uint64_t>(1000, UINT64_MAX);
  file.last_vote_epoch = *rc::gen::arbitrary<uint64_t>();
  return file;
}

RC_GTEST_PROP(NodesFileProperty, WhatIsWrittenIsReadBack, ()) {
  const NodesFile file = SomeFile();
  const std::string text = NodesFileText(file);
  const absl::StatusOr<NodesFile> back = ParseNodesFile(text, *rc::gen::arbitrary<bool>());
  RC_ASSERT(std::string(MessageOf(back.status())) == "");
  RC_ASSERT(*back == file);
  RC_ASSERT(NodesFileText(*back) == text);
}

}  // namespace
}  // namespace norn::cluster
