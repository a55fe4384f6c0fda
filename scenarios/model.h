#pragma once
// The reference keyspace, in obvious code: what a correct server may answer.
//
// Deadlines are not exact. A server reads its own clock somewhere between a command's invocation and its reply, so the
// model keeps, for each deadline, the earliest and the latest instant that it can mean; within that window both "still
// there" and "gone" are possible, and Outcomes returns every state that explains the recorded reply. A reply outside the
// window is a violation.
//
// Strings only, as far as the product goes; the bytes of every reply are the server's, for RESP2 and RESP3.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/history.h"

namespace norn::scenarios {

struct Deadline {
  int64_t earliest_ns = 0;
  int64_t latest_ns = 0;
  bool operator==(const Deadline&) const = default;
};

struct ModelValue {
  std::string bytes;
  std::optional<Deadline> deadline;
  bool operator==(const ModelValue&) const = default;
};

// The keys of one database, or of one group of it.
using ModelDb = std::map<std::string, ModelValue>;

// When something happened: at one instant in [earliest_ns, latest_ns].
struct Window {
  int64_t earliest_ns = 0;
  int64_t latest_ns = kNeverNs;
};

// How far a node's clock may be from the world's: rounding to its unit, and rate.
struct ClockError {
  int64_t rounding_ns = 2'000'000;
  int64_t drift_ppm = 200;
};

// What is to be explained, on one ModelDb.
struct Action {
  enum class Kind : uint8_t {
    kReply,  // `operation` runs and answers what it recorded (anything, if its outcome is unknown)
    kPresence,  // the keys named were present or absent, at one instant
    kClear,     // every key goes
  };
  Kind kind = Kind::kReply;
  const Operation* operation = nullptr;
  std::vector<std::pair<std::string, bool>> presence;
  Window window;
  bool known = true;
  bool reads_only = false;         // cannot change a key in any state (but see one expire)
  bool abort_needs_cause = false;  // a watched EXEC may refuse only if the key had a deadline
};

// Every state that `action` can lead to from `state`; none: it cannot happen there. Clears *next first.
void Outcomes(const ModelDb& state, const Action& action, const ClockError& clock,
              std::vector<ModelDb>* next);

// True when the replies of MULTI ... EXEC say that a watched key was touched.
bool IsRefused(std::string_view replies_of_transaction);

// True for what changes no key in whatever state it runs: reads, and transactions that were refused.
bool NeverWrites(const Operation& operation);

// True when the model knows the command.
bool ModelKnows(std::string_view command);

// One command on an exact state: the bytes that a server answers. `now` is where deadlines are set from.
struct ModelReply {
  std::string bytes;
  // TTL and PTTL of a key with a deadline: any integer in [low, high] will do, and `bytes` is empty.
  int64_t low = 0;
  int64_t high = -1;
  bool Matches(std::string_view reply) const;
};
ModelReply ApplyCommand(ModelDb& db, const Words& words, int resp, const Window& now,
                        const ClockError& clock);

}  // namespace norn::scenarios
