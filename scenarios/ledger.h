#pragma once
// The check `durable_prefix` (I17, G16): what a node reads back after a restart is the state after some prefix of what
// was executed, and holds every write that its options promised to keep.
//
// Judging that for arbitrary commands is a search. Here the workload makes it a few passes: every key is written by one
// connection only, in the order in which it was sent, with a text of its own each time. So the text found in a key says
// exactly which of its writes survived. Then
//
//   L1  a key holds nothing, or the text of one of its writes that was not refused and not lost before
//   L2  a write of several keys survived in all of them or in none
//   L3  if a write survived, so did every write that was answered before it was sent      (a prefix in real time)
//   L4  the tick counter, which some writes increment in the same transaction, is the number of those that survived,
//       and the survivors are those that were told a tick up to it                        (a prefix in the total order)
//   L5  every write that was promised survived
//
// A write whose outcome no client knows may have survived or not; it counts as the keys tell.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/history.h"

namespace norn::scenarios {

// The counter of a database that ticking writes increment.
inline constexpr std::string_view kTickKey = "tick";

using LedgerKey = std::pair<uint32_t, std::string>;  // database and name

// What a restarted node holds.
struct LedgerReading {
  std::map<LedgerKey, std::string> values;  // keys that are missing are absent
  std::map<uint32_t, int64_t> ticks;        // likewise
};

struct LedgerRestart {
  int64_t read_ns = 0;
  // Writes answered before this must be there (L5); kNeverNs: all that were answered, 0: none.
  int64_t promised_before_ns = 0;
};

class Ledger {
 public:
  // A write was sent; its number for Complete.
  size_t Begin(const LedgerWrite& write, int64_t now_ns);
  // All its replies have arrived; "", or what is wrong with that.
  std::string Complete(size_t number, std::string_view replies, int64_t now_ns);
  // SAVE answered OK: what was answered before it was sent is in the snapshot.
  void Saved(int64_t invoke_ns) { saved_before_ns_ = std::max(saved_before_ns_, invoke_ns); }
  int64_t saved_before_ns() const { return saved_before_ns_; }
  // When a write was last answered, and not with an error.
  int64_t last_answer_ns() const { return last_answer_ns_; }

  // Every key that was ever written, by database.
  std::map<uint32_t, std::vector<std::string>> Keys() const;

  // "", or the first thing that is wrong. What is not there counts as lost from then on.
  std::string Judge(const LedgerReading& reading, const LedgerRestart& restart);

  uint64_t examined() const { return examined_; }
  uint64_t survived() const { return survived_; }
  uint64_t lost() const { return lost_; }

 private:
  struct Entry {
    LedgerWrite write;
    int64_t invoke_ns = 0;
    int64_t complete_ns = kNeverNs;  // or when a reading first found it
    bool answered = false;           // complete_ns is a client's
    bool refused = false;
    bool lost = false;
    bool was_promised_all = false;  // when it was lost: all that was answered was promised
    int64_t tick = 0;               // what the client was told; 0: nothing
    size_t survives_in = 0;         // keys, while a reading is judged
  };

  bool Counts(const Entry& entry) const { return !entry.refused && !entry.lost; }
  std::string FindTexts(const LedgerReading& reading);
  std::string FindText(const LedgerKey& key, const std::string& text);
  std::string CheckWhole() const;
  std::string CheckOrder() const;
  std::string CheckTicks(const LedgerReading& reading) const;
  std::string CheckPromise(int64_t promised_before_ns) const;
  void Settle(const LedgerRestart& restart);
  static bool Survived(const Entry& entry) { return entry.survives_in > 0; }
  static std::string Describe(const Entry& entry);

  std::vector<Entry> entries_;                       // in order of invocation
  std::map<LedgerKey, std::vector<size_t>> by_key_;  // entries
  int64_t saved_before_ns_ = 0;
  int64_t last_answer_ns_ = 0;
  uint64_t examined_ = 0;
  uint64_t survived_ = 0;
  uint64_t lost_ = 0;
};

}  // namespace norn::scenarios
