#pragma once
// Finds the node that serves a slot and asks it, as cluster clients do: follows MOVED and ASK, waits and asks again where the
// cluster says that it is not ready, learns the map anew when a node is gone. What was sent and not answered is never sent
// again: its outcome is unknown.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "engine/env/env.h"
#include "scenarios/cluster/cluster_history.h"
#include "scenarios/cluster/slot_map.h"
#include "scenarios/cluster/wire.h"
#include "sim/world.h"

namespace norn::scenarios {

struct RouterSettings {
  std::vector<std::string> nodes;         // that it knows from the beginning
  Duration timeout;                       // of one reply
  Duration patience;                      // with refusals, for one request
  Instant give_up_at = Instant::Never();  // of the world: no more waiting for a better time
  // Told of each refusal that is no redirection, also of those that it gets over. Null: nobody wants to know.
  std::function<void(const std::string& error)> refused = nullptr;
};

struct Answer {
  Outcome outcome = Outcome::kUnknown;
  std::vector<net::Reply> replies =
      {};                 // kAcked: one a command, none of them an error that moves or delays
  std::string node = {};  // that was asked last; "": none
  bool of_replica = false;
  int64_t invoke_ns = 0;  // of the last attempt, the only one that may have had an effect
  int64_t complete_ns = kNeverNs;
  std::string refusal = {};  // kRefused: the last error
};

struct RouterCounts {
  uint64_t commands = 0;  // answered
  uint64_t connections = 0;
  uint64_t connections_lost = 0;
  uint64_t redirects = 0;
  uint64_t refusals = 0;
};

class Router {
 public:
  Router(RouterSettings settings, sim::World& world, Prng prng);

  // What an error about the data (a wrong type, a wrong number) is: cause to ask again, or the answer.
  enum class Errors : uint8_t { kRetry, kAnswer };
  // The commands, all of keys of `slot`, on one node; several are a transaction. Parks.
  Answer Ask(env::Env& env, SlotId slot, const std::vector<Words>& commands, bool may_be_replica,
             Errors errors = Errors::kRetry);
  // A command on the very connection on which that node was asked last; kUnknown: it is gone. Parks.
  Answer AskAgain(env::Env& env, const std::string& node, const Words& command, Duration timeout);
  // Fetches the map from some node. Parks.
  void Refresh(env::Env& env);
  void Close() { wires_.clear(); }

  const SlotMap& map() const { return map_; }
  const RouterCounts& counts() const { return counts_; }
  bool waiting() const { return waiting_; }  // for a reply

 private:
  struct Target {
    std::string address;
    bool replica = false;
    bool asking = false;
  };
  enum class Turn : uint8_t { kDone, kAgain, kLater };

  Target Choose(SlotId slot, bool may_be_replica);
  Wire* Reach(env::Env& env, const Target& target);
  Turn AskOnce(env::Env& env, const std::vector<Words>& commands, Target& target, Answer& answer);
  Turn Judge(const std::string& error, Target& target, Answer& answer);
  void Pause(env::Env& env);

  const RouterSettings settings_;
  sim::World& world_;
  Prng prng_;
  SlotMap map_;
  bool stale_ = true;
  std::map<std::string, std::unique_ptr<Wire>> wires_;
  RouterCounts counts_;
  Errors errors_ = Errors::kRetry;
  bool waiting_ = false;
};

// Of MULTI ... EXEC and single commands: the first error; "": none.
std::string ErrorOf(const std::vector<net::Reply>& replies);

}  // namespace norn::scenarios
