#pragma once
// What a scenario runs against: the engine (norn_server.h), or in tests of this folder a stand-in with planted mistakes.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "engine/cluster/member.h"
#include "engine/env/env.h"

namespace norn::scenarios {

inline constexpr int kServerPort = 6379;

// One life of the node's process. Made and started in the first fiber of an incarnation; destroyed from outside of all
// fibers, after the node is down.
class Server {
 public:
  virtual ~Server() = default;
  // Listens on kServerPort of every address. Parks.
  virtual absl::Status Start() = 0;
  // What this node is in its cluster, to be looked at between steps; null: in none, or Start has not returned.
  virtual const cluster::Member* member() { return nullptr; }
};

// Options as (name, value); their count of executors is the env's.
using ServerOptions = std::vector<std::pair<std::string, std::string>>;
using ServerFactory =
    std::function<std::unique_ptr<Server>(env::Env& env, const ServerOptions& options)>;

}  // namespace norn::scenarios
