#pragma once
// One machine with a server on it: starts it, lets it die, and remembers what its disk did to it, because that decides
// what may be asked of the next life.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "scenarios/server.h"
#include "sim/world.h"

namespace norn::scenarios {

class ServerHost {
 public:
  ServerHost(sim::World& world, sim::Node* node, const ServerFactory& factory,
             ServerOptions options)
      : world_(world), node_(node), factory_(factory), options_(std::move(options)) {}

  sim::Node* node() const { return node_; }
  sim::SimDisk& disk() const { return node_->sim_disk(); }

  // An option of the next life; it replaces an earlier one of that name. Value "": no such option.
  void SetOption(const std::string& name, const std::string& value);

  // Done once, by the next life before anything else.
  void PrepareWith(std::function<void(env::Env&)> prepare) { prepare_ = std::move(prepare); }

  // A new life on what the disk kept. Requires: the node is down.
  void Start();
  void Crash(const sim::CrashOptions& options);
  // The process ended by itself or could not start: what is left of it goes.
  void Bury();

  // Start of this life returned Ok, and it has not ended.
  bool serving() const;
  // Of a node that serves, in a cluster; else null.
  const cluster::Member* member() const { return serving() ? server_->member() : nullptr; }
  // This life ended by itself, or its Start failed; Bury it.
  bool failed() const;
  Instant now() const { return world_.now(); }  // the world's
  uint32_t deaths() const { return deaths_; }
  Instant died_at() const { return died_at_; }

  // Why it did not start or ended: the status of Start and the last lines of its log.
  std::string LastWords() const;
  // A line of its log.
  void Hear(env::LogLevel level, std::string_view line);

  // Something a disk may do only if it is broken has reached what this life reads: it may refuse to start.
  bool MayRefuse() const { return holes_ || Unreliable(); }
  // Likewise, and in ways that no reader can notice: nothing can be asked of its data any more.
  bool Unreliable() const;

 private:
  void NoteDeath(sim::UnsyncedFate fate, const sim::DiskCounters& before);

  sim::World& world_;
  sim::Node* const node_;
  const ServerFactory& factory_;
  ServerOptions options_;
  std::function<void(env::Env&)> prepare_;
  std::unique_ptr<Server> server_;
  bool started_ = false;
  std::string start_error_;
  std::deque<std::string> log_;  // of this life, the last lines
  uint32_t deaths_ = 0;
  Instant died_at_{0};
  uint64_t failed_syncs_of_earlier_lives_ = 0;
  bool lied_to_ = false;     // a machine died after a sync that did nothing
  bool lost_syncs_ = false;  // a machine died after a life that did not survive its failed sync
  bool holes_ = false;       // a machine's death left a later write and not an earlier one
};

}  // namespace norn::scenarios
