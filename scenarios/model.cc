#include "scenarios/model.h"

#include <algorithm>
#include <iterator>

#include "engine/base/check.h"

namespace norn::scenarios {
namespace {

// Keys that the action looks at; a key that it does not look at may expire unseen, later.
std::vector<std::string> KeysOf(const Action& action) {
  if (action.kind == Action::Kind::kReply) return action.operation->keys;
  std::vector<std::string> keys;
  for (const auto& [key, present] : action.presence) keys.push_back(key);
  return keys;
}

// The states that expiry can have made of `state` by the time of the action: every key whose deadline may have passed
// and may not have passed doubles them.
void ExpireVariants(const ModelDb& state, const Action& action, std::vector<ModelDb>* variants) {
  variants->assign(1, state);
  for (const std::string& key : KeysOf(action)) {
    const auto found = state.find(key);
    if (found == state.end() || !found->second.deadline) continue;
    const Deadline deadline = *found->second.deadline;
    const bool may_live = action.window.earliest_ns <= deadline.latest_ns;
    const bool may_be_gone = action.window.latest_ns >= deadline.earliest_ns;
    CHECK(may_live || may_be_gone);
    const size_t count = variants->size();
    for (size_t i = 0; i < count && may_be_gone; ++i) {
      ModelDb gone = (*variants)[i];
      if (gone.erase(key) == 0) continue;  // named twice
      if (may_live) {
        variants->push_back(std::move(gone));
      } else {
        (*variants)[i] = std::move(gone);
      }
    }
  }
}

bool PresenceHolds(const ModelDb& state, const Action& action) {
  for (const auto& [key, present] : action.presence) {
    if ((state.count(key) > 0) != present) return false;
  }
  return true;
}

std::string QueuedReplies(size_t queued) {
  std::string bytes = "+OK\r\n";
  for (size_t i = 0; i < queued; ++i) bytes += "+QUEUED\r\n";
  return bytes;
}

// WATCH answers +OK and changes nothing that the model holds; the GET behind it is an ordinary one.
bool RunWatch(ModelDb& state, const Action& action, const ClockError& clock) {
  const Operation& operation = *action.operation;
  const ModelReply get =
      ApplyCommand(state, operation.commands[1], operation.resp, action.window, clock);
  return !action.known || operation.reply == "+OK\r\n" + get.bytes;
}

bool WatchedValueUnchanged(const ModelDb& state, const Action& action, const ClockError& clock) {
  const Operation& operation = *action.operation;
  ModelDb copy = state;
  const ModelReply get =
      ApplyCommand(copy, {"GET", operation.watched_key}, operation.resp, action.window, clock);
  return get.Matches(operation.watched_reply);
}

bool MayAbort(const ModelDb& before_expiry, const Action& action) {
  const Operation& operation = *action.operation;
  if (operation.watched_key.empty()) return false;
  if (operation.must_abort || !action.abort_needs_cause) return true;
  // It was there when watched and its time has come, or may have: nobody else's write is needed.
  const auto found = before_expiry.find(operation.watched_key);
  if (found != before_expiry.end()) return found->second.deadline.has_value();
  return operation.watched_reply != "$-1\r\n" && operation.watched_reply != "_\r\n";
}

// Appends the states after a transaction: executed, or refused because a watched key was touched.
void RunTransaction(const ModelDb& before_expiry, const ModelDb& state, const Action& action,
                    const ClockError& clock, std::vector<ModelDb>* next) {
  const Operation& operation = *action.operation;
  const size_t queued = operation.commands.size() - 2;  // without MULTI and EXEC
  const std::string prefix = QueuedReplies(queued);
  const std::string refused = prefix + (operation.resp == 3 ? "_\r\n" : "*-1\r\n");
  if (MayAbort(before_expiry, action) && (!action.known || operation.reply == refused)) {
    next->push_back(state);
  }
  if (operation.must_abort) return;
  if (!operation.watched_key.empty() && !WatchedValueUnchanged(state, action, clock)) return;
  ModelDb after = state;
  std::string bytes = prefix + "*" + std::to_string(queued) + "\r\n";
  for (size_t i = 1; i <= queued; ++i) {
    bytes += ApplyCommand(after, operation.commands[i], operation.resp, action.window, clock).bytes;
  }
  if (!action.known || operation.reply == bytes) next->push_back(std::move(after));
}

void RunReply(const ModelDb& before_expiry, ModelDb state, const Action& action,
              const ClockError& clock, std::vector<ModelDb>* next) {
  const Operation& operation = *action.operation;
  if (operation.kind == OperationKind::kTransaction) {
    RunTransaction(before_expiry, state, action, clock, next);
    return;
  }
  if (operation.kind == OperationKind::kWatch) {
    if (RunWatch(state, action, clock)) next->push_back(std::move(state));
    return;
  }
  const ModelReply reply =
      ApplyCommand(state, operation.commands[0], operation.resp, action.window, clock);
  if (!action.known || reply.Matches(operation.reply)) next->push_back(std::move(state));
}

}  // namespace

bool NeverWrites(const Operation& operation) {
  static constexpr std::string_view kReads[] = {"GET", "STRLEN", "GETRANGE", "TYPE",  "EXISTS",
                                                "TTL", "PTTL",   "MGET",     "TOUCH", "WATCH"};
  if (operation.kind == OperationKind::kTransaction) {
    return operation.known() && IsRefused(operation.reply);
  }
  return std::find(std::begin(kReads), std::end(kReads), operation.commands[0][0]) !=
         std::end(kReads);
}

bool IsRefused(std::string_view replies_of_transaction) {
  return replies_of_transaction.ends_with("*-1\r\n") ||
         replies_of_transaction.ends_with("QUEUED\r\n_\r\n");
}

void Outcomes(const ModelDb& state, const Action& action, const ClockError& clock,
              std::vector<ModelDb>* next) {
  next->clear();
  if (action.kind == Action::Kind::kClear) {
    next->emplace_back();
    return;
  }
  std::vector<ModelDb> variants;
  ExpireVariants(state, action, &variants);
  for (ModelDb& variant : variants) {
    if (action.kind == Action::Kind::kReply) {
      RunReply(state, std::move(variant), action, clock, next);
    } else if (PresenceHolds(variant, action)) {
      next->push_back(std::move(variant));
    }
  }
}

}  // namespace norn::scenarios
