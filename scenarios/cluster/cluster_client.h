#pragma once
// One client of a cluster: a host of its own that writes to lists, reads them, counts, and writes down what it did and saw.
//
// All clients of a run share the lists: groups of two lists and a counter with one hash tag. After some writes a group moves
// on to new keys, so that over time keys lie in many slots.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/commands/drawn/random_commands.h"
#include "scenarios/checks.h"
#include "scenarios/cluster/cluster_history.h"
#include "scenarios/cluster/router.h"
#include "scenarios/scenario.h"

namespace norn::scenarios {

// What all clients of a run share.
struct ClusterRecord {
  struct Group {
    std::vector<KeyNumber> keys;  // of all generations, three each: list, list, count
    uint32_t writes = 0;          // to the present ones
  };

  ClusterHistory history;
  CheckTallies checks;
  std::vector<Group> groups;
  uint64_t operations = 0;
  uint64_t operations_unknown = 0;
  uint64_t operations_refused = 0;
  uint64_t transactions = 0;
  // The nodes of the shard that has the slot, dead or alive, as bits; 0: not clear.
  std::function<uint64_t(SlotId)> members_of;
  std::function<NodeNumber(std::string_view address)> number_of;
  // Hears of each operation: its slot, since when it was tried, and whether it was answered well. Null: nobody wants to know.
  std::function<void(SlotId slot, int64_t from_ns, bool answered)> served = nullptr;
  // Told of each request that was refused for good, with its last error.
  std::function<void(std::string_view error)> on_refusal = [](std::string_view) {};

  // Makes the group's next keys.
  void NewKeys(size_t group);
  KeyNumber AddKey(std::string name, bool is_list = true);
};

struct ClusterClientSettings {
  uint32_t index = 0;
  Range think_time_ns;
  Instant stop_at;  // of the world
  bool reads_replicas = false;
  int64_t wait_percent = 0;
  int64_t replicas = 1;  // of a shard: how many WAIT waits for
  int64_t weights[kFamilies] = {};
};

class ClusterClient {
 public:
  ClusterClient(const ClusterClientSettings& settings, RouterSettings router, sim::World& world,
                ClusterRecord& record);

  // The body of the client's first fiber: works until settings.stop_at.
  void Run(env::Env& env);
  bool done() const { return done_; }

  // Reads a list from its owner, whoever that is. Parks.
  bool ReadList(env::Env& env, KeyNumber key);
  // Writes to it; until then the request may have been tried often. Parks.
  bool WriteList(env::Env& env, KeyNumber key);

  Router& router() { return router_; }
  const std::string& last_refusal() const { return last_refusal_; }
  uint64_t operations() const { return operations_; }

 private:
  void Turn(env::Env& env);
  Family Draw();
  // One of the group's last few keys of a kind (0, 1: lists, 2: count).
  KeyNumber Recent(const ClusterRecord::Group& group, size_t kind);
  size_t GroupToWrite();
  void Read(env::Env& env);
  void ReadPair(env::Env& env);
  void Write(env::Env& env);
  void WritePair(env::Env& env);
  void Increment(env::Env& env);
  void WriteTyped(env::Env& env);
  void WaitForAll(env::Env& env, WriteId id, const std::string& node);

  WriteId Begin(KeyNumber key);
  void End(WriteId id, const Answer& answer, size_t reply);
  bool Note(KeyNumber key, const Answer& answer, size_t reply);
  // Router::Ask, and all the books of it.
  Answer Ask(env::Env& env, SlotId slot, const std::vector<Words>& commands, bool may_be_replica,
             Router::Errors errors = Router::Errors::kRetry);
  void Complain(const std::string& what);

  const ClusterClientSettings settings_;
  sim::World& world_;
  ClusterRecord& record_;
  Prng prng_;
  Router router_;
  int64_t weight_sum_ = 0;
  std::string typed_tag_;
  std::optional<RandomCommands> typed_;
  uint64_t operations_ = 0;
  std::string last_refusal_;
  bool done_ = false;
};

}  // namespace norn::scenarios
