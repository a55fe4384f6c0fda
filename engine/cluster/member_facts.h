#pragma once
// What a Member is told by those around it (options, links, replication), and what it tells of itself for reports.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "engine/base/time.h"
#include "engine/cluster/election_types.h"
#include "engine/cluster/member_actions.h"
#include "engine/cluster/topology.h"

namespace norn::cluster {

// How one end of a link is seen.
struct LinkFacts {
  std::string peer_ip;
  std::string local_ip;
};

struct MemberOptions {
  TopologyOptions topology;
  ElectionOptions election;
  bool no_failover = false;
  // As servers before 7.0: says nothing that they do not say, and takes what they do not know as they do.
  bool old_bus = false;
  bool allow_replica_migration = true;
  uint32_t migration_barrier = 1;
  // What is announced of this node; ports as others must use them. ip empty: they take the connection's.
  NodeEndpoint announced;
  std::string hostname;
  std::string human_name;
  std::string client_ipv4;
  std::string client_ipv6;
  bool tls = false;
  enum class Endpoint : uint8_t { kIp, kHostname, kUnknown };
  Endpoint preferred_endpoint = Endpoint::kIp;
};

// What replication tells the member about this node, before each event (cheap to make).
struct DataFacts {
  // `has_data`: a replica that has a copy (or resumed) of the primary that it follows, or had when it lost it; a primary.
  bool has_data = false;
  StreamOffset offset = 0;
  Duration data_age = {};     // since the last byte of the primary's link
  bool synced_since = false;  // the link to the present primary has been up since it was followed
};

// A row of CLUSTER LINKS.
struct LinkRow {
  LinkId link;
  bool outgoing = false;
  NodeId node;
  int64_t created_unix_ms = 0;
};

// Counters of CLUSTER INFO, by BusType's name.
struct BusCounters {
  std::map<std::string_view, uint64_t> sent;
  std::map<std::string_view, uint64_t> received;
};

}  // namespace norn::cluster
