#pragma once
// Whom each node forgot, and until when: a node that is back in a view before that, without an order to meet it, was brought
// back by hearsay (forgotten_stays, I12). A node's own memory of it ends with its process, and so does its page here.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/cluster/node_id.h"
#include "scenarios/cluster/cluster_history.h"

namespace norn::scenarios {

class ForgottenBook {
 public:
  using Ids = std::set<cluster::NodeId>;

  // What `node` knows now, itself included; forgetting lasts `ttl_ns`. Returns who is back too early: a text, or "".
  std::string Note(NodeNumber node, const Ids& known, int64_t ttl_ns, int64_t now_ns);
  // An order to meet `id` was given to `node`.
  void MayMeet(NodeNumber node, const cluster::NodeId& id) { pages_[node].forgotten_ns.erase(id); }
  void Died(NodeNumber node) { pages_.erase(node); }
  // Comings that were looked at while somebody was forgotten.
  uint64_t examined() const { return examined_; }

 private:
  struct Page {
    Ids known;
    std::map<cluster::NodeId, int64_t> forgotten_ns;  // until when
  };
  std::map<NodeNumber, Page> pages_;
  uint64_t examined_ = 0;
};

}  // namespace norn::scenarios
