#pragma once
// Which node a client must go to: the gate of cluster mode, asked for every command with keys. The rules are Valkey's: all keys
// of a command (of a whole transaction for EXEC) lie in one slot; who owns that slot serves it; the owner's replicas serve reads
// of clients that said READONLY; a slot on its way to another node ("open") is served where its keys are.
//
// Asked twice. Before a command is queued or sent to its shard, so that a client in the wrong place costs no token; and again
// under its tokens, because slots and roles may have changed while it waited, and because only there it may be asked which of
// its keys exist. A write at a primary that lost its quorum is refused there too (cluster::WriteFence).
//
// Not asked: what a primary or a log did (session.from_primary), commands without keys, nodes that are in no cluster.
//
// Runs on any executor with its own copy of the routes; never parks.

#include <optional>
#include <string>
#include <string_view>

#include "engine/cluster/slot_routes.h"
#include "engine/session/session.h"
#include "engine/shard/command_ref.h"
#include "engine/shard/executor_state.h"

namespace norn {

// What there is to know of a command, or of all commands of a transaction, to judge it.
struct SlotQuery {
  SlotId slot;                 // of the first key
  bool several_slots = false;  // another key lies elsewhere
  bool several_keys = false;   // not all keys are the same
  bool several_dbs = false;    // needs keys of another database than the session's
  bool write = false;          // changes keys
  bool channels = false;       // of shard channels, which replicas serve too
  bool keyless =
      false;  // names a slot and no key (shard channels, a cursor): nothing of it moves while the slot is open
  bool migrate = false;  // MIGRATE, which moves keys and so is served at both sides of an open slot
  bool asking = false;   // the client was sent here by -ASK
  bool readonly_client = false;
  // How many of the keys are here; unknown before the tokens are held.
  struct Census {
    size_t missing = 0;
    size_t existing = 0;
  };
  std::optional<Census> census;
};

enum class SlotAnswer : uint8_t {
  kServe,
  kNeedsCensus,  // serve it or not by the keys that are here
  kMoved,
  kAsk,
  kTryAgain,
  kCrossSlot,
  kUnbound,
  kDown,
  kDownForWrites,
};

struct SlotVerdict {
  SlotAnswer answer = SlotAnswer::kServe;
  cluster::RouteIndex to = cluster::kNoRoute;  // of kMoved, kAsk
};

// What is served while the cluster is down, by the options of the same names.
struct WhenDown {
  bool reads = false;
  bool channels = true;
};

// The decision itself.
SlotVerdict JudgeSlot(const cluster::SlotRoutes& routes, const SlotQuery& query,
                      const WhenDown& when_down);
// The error that says so. Requires: an answer that refuses.
std::string VerdictText(const SlotVerdict& verdict, SlotId slot, const cluster::SlotRoutes& routes);

// Before the tokens. Empty: go on; command.slot is then set where RedirectUnderTokens has something to ask. Requires
// state.cluster_mode.
std::string RedirectBeforeTokens(CommandRef& command, const Session& session,
                                 const ExecutorState& state);

// Whether the keys decide, by their presence: a command that is only queued must be asked under its tokens all the same.
bool HasOpenSlot(const CommandRef& command, const ExecutorState& state);

// Under the tokens of all keys. Empty: run it. For EXEC it looks at the queued commands.
std::string RedirectUnderTokensSlow(const CommandRef& command, const Session& session,
                                    ExecutorState& state, Moment moment, Instant now);

// The glance under tokens that nearly every command passes: a stable slot of this primary, which may write.
inline bool ServesAtAGlance(const CommandRef& command, const ExecutorState& state, Instant now) {
  return !command.has_slot() ||
         (state.stable_slots.Contains(SlotId{command.slot}) && now < state.fence.until);
}
inline std::string RedirectUnderTokens(const CommandRef& command, const Session& session,
                                       ExecutorState& state, Moment moment, Instant now) {
  if (ServesAtAGlance(command, state, now)) return {};
  return RedirectUnderTokensSlow(command, session, state, moment, now);
}

// For a client that waits in a blocking call for keys of `slot`, after the routes changed: the error that ends its wait; empty:
// it may go on waiting.
std::string RedirectOfBlocked(SlotId slot, bool write, const Session& session,
                              const ExecutorState& state);

}  // namespace norn
