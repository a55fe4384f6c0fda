#pragma once
// The one total order of a node's writes. Each executor hands over the effects of what it ran before a token goes or a reply
// leaves; posts arrive in the order of cause and effect (executor.h O1); so the order of arrival at executor 0 agrees with
// every shard and with every client, and nothing needs a counter that all share.
//
//   J1  If the effects of A reached anyone (a token, a reply) before B ran, A comes before B.
//   J2  A transaction comes whole, between MULTI and EXEC.
//   J3  Whoever holds every token and runs on executor 0 sees a journal that holds all that ran before, and nothing else: that
//       is where a snapshot's cut lies, after Settle.

#include <memory>
#include <string_view>
#include <vector>

#include "engine/env/executor.h"
#include "engine/keyspace/effect_log.h"
#include "engine/shard/executor_state.h"

namespace norn {

// Executor 0. Never parks.
class JournalListener {
 public:
  virtual ~JournalListener() = default;
  // Whole commands of one database, none of them SELECT.
  virtual void OnEffects(DbIndex db, std::string_view resp) = 0;
  // Whether it repeats also what only replicas need (PUBLISH).
  virtual bool repeats_messages() const = 0;
};

class Journal {
 public:
  explicit Journal(env::Executor& executor);
  ~Journal();

  // What executors hand their effects to. Anywhere.
  EffectSink* sink();

  // The rest: executor 0.
  // Parks until everything that was handed over before has been accepted. Without it, what executor 0 itself handed over may
  // still be under way: a post never runs inside of itself (O3).
  void Settle();
  void Listen(JournalListener* listener) { listeners_.push_back(listener); }

 private:
  class Sink;
  struct Chunk;

  void Accept(const EffectLog& effects);
  static void Tell(JournalListener& listener, const EffectLog& effects);

  env::Executor& executor_;
  std::unique_ptr<Sink> sink_;
  std::vector<JournalListener*> listeners_;
};

}  // namespace norn
