#include "engine/shard/blocking.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/cover.h"
#include "engine/commands/errors.h"
#include "engine/fiber/spawn.h"
#include "engine/shard/redirect.h"
#include "engine/shard/token_set.h"

namespace norn {
namespace {

bool AllAmong(std::span<const uint32_t> wanted, std::span<const uint32_t> held) {
  return std::ranges::includes(held, wanted);
}

Instant DeadlineOf(const KeyWait& wait, Instant now) {
  if (wait.timeout_ms == 0) return Instant::Never();
  const int64_t room_ms = (Instant::Never() - now).millis();
  return wait.timeout_ms >= room_ms ? Instant::Never() : now + Duration::Millis(wait.timeout_ms);
}

}  // namespace

// ---- serving ----

void ServeWaiters(ExecutorState& state, std::span<const uint32_t> held) {
  if (state.serving_waiters)
    return;  // what a served command made ready is found by the loop that served it
  state.serving_waiters = true;
  for (bool any = true; any;) {
    any = false;
    for (const uint32_t shard : held) {
      while (const std::optional<DbKey> key = state.keyspaces[shard]->waits().TakeReady()) {
        any = true;
        BlockedCommand::ServeKey(state, shard, *key, held);
      }
    }
  }
  state.serving_waiters = false;
}

void BlockedCommand::ServeKey(ExecutorState& here, uint32_t shard, const DbKey& key,
                              std::span<const uint32_t> held) {
  Keyspace& keyspace = *here.keyspaces[shard];
  KeyWaits::Queue* queue = keyspace.waits().Find(key.db, key.key);
  if (queue == nullptr) return;
  const Key name = keyspace.MakeKey(key.key);
  for (auto at = queue->begin(); at != queue->end();) {
    BlockedCommand& waiter = Of(**at++);
    const EntryRef found = keyspace.db(key.db).FindAny(name);
    // An expired key is as good as none, and goes when somebody else meets it.
    const bool filled = found && found->type() == waiter.type &&
                        !found->ExpiredAt(here.env.clock().Wall().unix_ms());
    if (!filled && !waiter.on_any_change) continue;
    if (!AllAmong(waiter.shards_, held)) {
      waiter.WakeFor(here, key.db, key);
      return;  // B1
    }
    if (!waiter.Serve(here, held)) continue;
    if (keyspace.waits().Find(key.db, key.key) == nullptr) return;  // it was the last
  }
}

bool BlockedCommand::Serve(ExecutorState& here, std::span<const uint32_t> held) {
  Runner runner(here);
  runner.RestartClock();
  if (held.size() > 1) runner.HoldShards(held);
  ReplyWriter reply(reply_, session_.resp);
  KeyWait again;
  runner.Run(command_, session_, reply, &again);
  if (again.asked) return false;
  runner.Settle();  // B3
  LeaveQueues();
  served_ = true;
  env::Task::run = ServedAtHome;
  here.env.executor().Post(state_.index, this);
  return true;
}

void BlockedCommand::ServedAtHome(env::Task* task) {
  BlockedCommand& served = *static_cast<BlockedCommand*>(task);
  served.served_here_ = true;
  served.state_.env.executor().Wake(served.fiber_);
}

void BlockedCommand::WakeFor(ExecutorState& here, DbIndex db, const DbKey& key) {
  CHECK(db == db_);
  for (Wanted& wanted : wanted_) {
    if (wanted.key != key.key || wanted.woken) continue;
    NORN_COVER("waiter_across_shards");
    wanted.woken = true;
    ++wanted.wakes;
    PostCall(here.env.executor(), state_.index, [this] {
      ++wakes_arrived_;
      woken_ = true;
      state_.env.executor().Wake(fiber_);
    });
  }
}

// ---- waiting ----

BlockedCommand::BlockedCommand(ExecutorState& state, const CommandRef& command, Session& session,
                               KeyWait wait, std::vector<uint32_t> shards)
    : state_(state),
      command_(command),
      words_(command.Words().begin(), command.Words().end()),
      session_(session),
      db_(session.db),
      shards_(std::move(shards)),
      deadline_(DeadlineOf(wait, state.env.clock().Now())),
      fiber_(state.env.executor().Self()) {
  KeyWaiter::type = wait.type;
  KeyWaiter::on_any_change = wait.on_any_change;
  reread_.reserve(wait.reread.size());
  for (auto& [at, text] : wait.reread) words_[at] = reread_.emplace_back(std::move(text));
  command_.words = words_.data();
  if (shards_.size() == 1) command_.shard = shards_[0];
  for (const std::string_view key : wait.keys) {
    const bool twice = std::ranges::any_of(wanted_, [&](const Wanted& w) { return w.key == key; });
    if (twice) continue;
    const uint32_t shard = state.key_map.ShardOf(state.key_map.MakeKey(key));
    Wanted wanted{.key = std::string(key), .shard = shard, .place = {}};
    wanted.place = state.keyspaces[shard]->waits().Add(db_, key, *this);
    wanted_.push_back(std::move(wanted));
  }
  listed_ = state.blocked_commands.insert(state.blocked_commands.end(), this);
  session_.blocked = true;
  session_.blocked_call = this;
}

BlockedCommand::~BlockedCommand() {
  // Nothing is under way to this object any more, unless the node ends.
  CHECK(wakes_arrived_ == wakes_sent_ || std::uncaught_exceptions() > 0);
  state_.blocked_commands.erase(listed_);
  session_.blocked = false;
  session_.blocked_call = nullptr;
}

void BlockedCommand::Await() {
  env::Executor& executor = state_.env.executor();
  while (!served_here_ && !ended_) {
    if (std::exchange(woken_, false)) {
      TryUnderAllTokens();
    } else if (executor.Park(deadline_) == env::ParkResult::kDeadline) {
      ended_ = true;
    }
  }
  if (!served_here_) {
    TokenSet tokens(executor, state_.shards);
    tokens.Collect(shards_);
    if (!served_) {
      LeaveQueues();
      ServeWaiters(state_, shards_);
    }
  }
  // What is under way to this object comes before it goes. Where a token is free it is had at once, sooner than what its last
  // holder on this executor posted comes.
  while ((served_ && !served_here_) || wakes_arrived_ < wakes_sent_) {
    executor.Park(Instant::Never());
  }
}

void BlockedCommand::TryUnderAllTokens() {
  TokenSet tokens(state_.env.executor(), state_.shards);
  tokens.Collect(shards_);
  if (served_) return;
  for (Wanted& wanted : wanted_) {
    if (!std::exchange(wanted.woken, false)) continue;
    state_.keyspaces[wanted.shard]->waits().Touch(db_, wanted.key);
  }
  ServeWaiters(state_, shards_);
}

void BlockedCommand::LeaveQueues() {
  for (const Wanted& wanted : wanted_) {
    KeyWaits& waits = state_.keyspaces[wanted.shard]->waits();
    waits.Remove(wanted.place);
    wakes_sent_ += wanted.wakes;
    if (wanted.woken) waits.Touch(db_, wanted.key);  // those who waited behind it for its turn
  }
}

void BlockedCommand::Unblock(End end) {
  if (ended_ || served_here_) return;
  ended_ = true;
  end_ = end;
  if (end == End::kError) error_ = kUnblockedByClient;
  state_.env.executor().Wake(fiber_);
}

void BlockedCommand::AskForRedirect() {
  if (ended_ || served_here_) return;
  const SlotId slot = KeySlot(wanted_.front().key);
  std::string text = RedirectOfBlocked(slot, command_.spec->Has(kWrite), session_, state_);
  if (text.empty()) return;
  Unblock(End::kError);
  error_ = std::move(text);
}

}  // namespace norn
