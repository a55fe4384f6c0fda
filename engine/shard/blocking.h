#pragma once
// Commands that wait for a key: BLPOP and its kin.
//
// A command that finds nothing to take stands in the queue of each of its keys (KeyWaits, under the shard's token) while its
// connection's fiber is parked. Whoever makes a key ready serves those who wait for it, before anything else may touch the
// shard: right after his command, or after the whole transaction, under the tokens that he holds. To serve is to run the
// waiting command again, on his executor, with the replies going to the waiter's own buffer; when it asks to wait again it
// stays where it stands.
//
//     client A (executor 0)           shard 1                     client B (executor 1)
//     BLPOP k 0: nothing              [A]
//     parked                                                      LPUSH k x
//                                     [A] <- ready
//                                     BLPOP of A runs here        ... still under the token
//     served  <--------- post ------- []                          :1
//
//   B1  First come, first served: a key's waiters are tried in the order in which they came.
//   B2  Between the change that made a key ready and the first waiter's turn no other command touches the key. A waiter whose
//       keys lie in several shards, not all held, is the exception: it is woken, collects their tokens, and those behind it wait
//       until it had its turn; others may take the element meanwhile, and then it goes on waiting. Valkey: one thread, no
//       exception. (With one thread, or keys of one slot in a cluster, there is none here either.)
//   B3  What serving repeats elsewhere follows what made the key ready, in the journal, and its reply waits for the journal as
//       every reply does.
//   B4  A wait ends once: by a reply, the deadline, CLIENT UNBLOCK, a lost slot, a lost connection or a changed role. The fiber
//       decides it under all tokens of its keys.

#include <list>
#include <span>
#include <string>
#include <vector>

#include "engine/shard/executor_state.h"
#include "engine/shard/runner.h"

namespace norn {

// Runs what waits for keys of `held` (the shards whose tokens are held) that became ready. Never parks.
void ServeWaiters(ExecutorState& state, std::span<const uint32_t> held);

// One waiting command. On its fiber's stack.
class BlockedCommand final : public BlockedCall, private KeyWaiter, private env::Task {
 public:
  // Enters the queues. Requires the tokens of `shards`, all that its keys lie in. `state` is the current executor's.
  BlockedCommand(ExecutorState& state, const CommandRef& command, Session& session, KeyWait wait,
                 std::vector<uint32_t> shards);
  ~BlockedCommand() override;

  // Parks until the wait has ended. Requires no token.
  void Await();

  // ---- how it ended ----
  bool served() const { return served_here_; }
  // Empty unless served.
  std::string_view reply() const { return reply_.view(); }
  End end() const { return end_; }
  // Of End::kError.
  const std::string& error() const { return error_; }

  // ---- at home, while it waits ----
  void Unblock(End end) override;
  // The wait ends if its keys are not served here any more.
  void AskForRedirect();

 private:
  struct Wanted {
    std::string key;
    uint32_t shard = 0;
    KeyWaits::Place place;
    bool woken = false;  // its fiber was told, and had no turn since; under the shard's token
    uint32_t wakes = 0;  // how often it was told; likewise
  };
  friend void ServeWaiters(ExecutorState& state, std::span<const uint32_t> held);
  static BlockedCommand& Of(KeyWaiter& waiter) { return static_cast<BlockedCommand&>(waiter); }
  static void ServedAtHome(env::Task* task);

  // True: served, and in no queue any more. Requires all its tokens to be among `held`.
  bool Serve(ExecutorState& here, std::span<const uint32_t> held);
  // Tells its fiber to try for itself.
  void WakeFor(ExecutorState& here, DbIndex db, const DbKey& key);
  void TryUnderAllTokens();
  void LeaveQueues();
  static void ServeKey(ExecutorState& here, uint32_t shard, const DbKey& key,
                       std::span<const uint32_t> held);

  ExecutorState& state_;  // of the executor where its fiber is
  CommandRef command_;
  std::vector<std::string> reread_;
  std::vector<std::string_view> words_;
  Session& session_;
  const DbIndex db_;
  const std::vector<uint32_t> shards_;
  std::vector<Wanted> wanted_;
  const Instant deadline_;
  const env::FiberId fiber_;
  ByteBuffer reply_;
  bool served_ = false;       // under the tokens
  bool served_here_ = false;  // and the reply has come back
  bool woken_ = false;        // at home
  uint32_t wakes_sent_ = 0;   // once it is in no queue any more
  uint32_t wakes_arrived_ = 0;
  bool ended_ = false;
  End end_ = End::kTimeout;
  std::string error_;
  std::list<BlockedCommand*>::iterator listed_;
};

}  // namespace norn
