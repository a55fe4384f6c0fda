#include "scenarios/ledger.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "engine/base/number.h"
#include "net/reply_parser.h"

namespace norn::scenarios {
namespace {

constexpr size_t kTextShownMax = 40;

std::string Shown(std::string_view text) {
  if (text.size() <= kTextShownMax) return std::string(text);
  return fmt::format("{}... ({} bytes)", text.substr(0, kTextShownMax), text.size());
}

double Seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

struct Outcome {
  bool refused = false;
  int64_t tick = 0;
};

// An error anywhere is a refusal; the tick is the first integer that EXEC returned.
Outcome ReadOutcome(std::string_view replies) {
  Outcome outcome;
  net::ReplyParser parser;
  parser.Append(replies);
  while (parser.Next() == net::ReplyParser::Result::kReply) {
    const std::optional<net::Reply> reply = net::ParseReply(parser.bytes());
    if (!reply || reply->IsError() || reply->type == net::ReplyType::kNullArray) {
      outcome.refused = true;
      continue;
    }
    for (const net::Reply& element : reply->elements) {
      if (element.IsError()) outcome.refused = true;
      if (element.type != net::ReplyType::kInteger || outcome.tick != 0) continue;
      outcome.tick = ParseInt64(element.text).value_or(0);
    }
  }
  return outcome;
}

}  // namespace

size_t Ledger::Begin(const LedgerWrite& write, int64_t now_ns) {
  Entry entry;
  entry.write = write;
  entry.invoke_ns = now_ns;
  entries_.push_back(std::move(entry));
  for (const std::string& key : write.keys) {
    by_key_[{write.db, key}].push_back(entries_.size() - 1);
  }
  return entries_.size() - 1;
}

std::string Ledger::Complete(size_t number, std::string_view replies, int64_t now_ns) {
  Entry& entry = entries_[number];
  const Outcome outcome = ReadOutcome(replies);
  entry.complete_ns = now_ns;
  entry.answered = true;
  entry.refused = outcome.refused;
  if (!entry.refused) last_answer_ns_ = now_ns;
  if (entry.write.ticks) entry.tick = outcome.tick;
  // The answer was on its way when the node crashed, and arrived after it was read back.
  if (entry.lost && !entry.refused && entry.was_promised_all) {
    return "L5: answered, and yet lost by the restart before: " + Describe(entry);
  }
  return "";
}

std::map<uint32_t, std::vector<std::string>> Ledger::Keys() const {
  std::map<uint32_t, std::vector<std::string>> keys;
  for (const auto& [key, entries] : by_key_) keys[key.first].push_back(key.second);
  return keys;
}

std::string Ledger::Judge(const LedgerReading& reading, const LedgerRestart& restart) {
  examined_ += by_key_.size();
  for (Entry& entry : entries_) entry.survives_in = 0;
  std::string wrong = FindTexts(reading);
  if (wrong.empty()) wrong = CheckWhole();
  if (wrong.empty()) wrong = CheckOrder();
  if (wrong.empty()) wrong = CheckTicks(reading);
  if (wrong.empty()) wrong = CheckPromise(restart.promised_before_ns);
  Settle(restart);
  return wrong;
}

std::string Ledger::FindTexts(const LedgerReading& reading) {
  for (const auto& [key, text] : reading.values) {
    if (std::string wrong = FindText(key, text); !wrong.empty()) return wrong;
  }
  return "";
}

// L1, for one key: which of its writes left this text. Those before it survived too.
std::string Ledger::FindText(const LedgerKey& key, const std::string& text) {
  const auto name = [&] { return fmt::format("key {} of database {}", key.second, key.first); };
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return fmt::format("L1: nobody wrote {}", name());
  std::string value;
  for (size_t i = 0; i < found->second.size(); ++i) {
    const Entry& entry = entries_[found->second[i]];
    const bool counts = Counts(entry);
    const std::string after = (entry.write.appends ? value : "") + entry.write.text;
    if (after == text && !counts) {
      return fmt::format("L1: {} holds what was {}: {}", name(),
                         entry.lost ? "lost before" : "refused", Describe(entry));
    }
    if (!counts) continue;
    value = after;
    if (value != text) continue;
    for (size_t j = 0; j <= i; ++j) {
      Entry& survivor = entries_[found->second[j]];
      if (Counts(survivor)) ++survivor.survives_in;
    }
    return "";
  }
  return fmt::format("L1: {} holds what nobody wrote: {}", name(), Shown(text));
}

// L2
std::string Ledger::CheckWhole() const {
  for (const Entry& entry : entries_) {
    if (!Survived(entry) || entry.survives_in == entry.write.keys.size()) continue;
    return fmt::format("L2: survived in {} of its {} keys: {}", entry.survives_in,
                       entry.write.keys.size(), Describe(entry));
  }
  return "";
}

// L3
std::string Ledger::CheckOrder() const {
  const Entry* last = nullptr;
  for (const Entry& entry : entries_) {
    if (Survived(entry) && (last == nullptr || entry.invoke_ns > last->invoke_ns)) last = &entry;
  }
  if (last == nullptr) return "";
  for (const Entry& entry : entries_) {
    if (!Counts(entry) || Survived(entry) || entry.complete_ns >= last->invoke_ns) continue;
    return fmt::format("L3: lost: {}; survived, though sent after that was answered: {}",
                       Describe(entry), Describe(*last));
  }
  return "";
}

// L4
std::string Ledger::CheckTicks(const LedgerReading& reading) const {
  std::map<uint32_t, int64_t> survivors;
  for (const Entry& entry : entries_) {
    if (entry.write.ticks && Survived(entry)) ++survivors[entry.write.db];
  }
  const auto of = [](const std::map<uint32_t, int64_t>& ticks, uint32_t db) {
    const auto found = ticks.find(db);
    return found == ticks.end() ? int64_t{0} : found->second;
  };
  for (const Entry& entry : entries_) {
    if (!entry.write.ticks || !Counts(entry) || entry.tick == 0) continue;
    const int64_t tick = of(reading.ticks, entry.write.db);
    if (Survived(entry) == (entry.tick <= tick)) continue;
    return fmt::format("L4: the counter of database {} stands at {}, and this {}: {}",
                       entry.write.db, tick, Survived(entry) ? "survived" : "was lost",
                       Describe(entry));
  }
  for (const auto& [db, tick] : reading.ticks) {
    if (tick != of(survivors, db)) {
      return fmt::format(
          "L4: the counter of database {} stands at {}, but {} ticking writes survived", db, tick,
          of(survivors, db));
    }
  }
  for (const auto& [db, count] : survivors) {
    if (reading.ticks.contains(db)) continue;
    return fmt::format("L4: database {} has no counter, but {} ticking writes survived", db, count);
  }
  return "";
}

// L5
std::string Ledger::CheckPromise(int64_t promised_before_ns) const {
  for (const Entry& entry : entries_) {
    const bool promised = entry.answered && Counts(entry) && entry.complete_ns < promised_before_ns;
    if (!promised || Survived(entry)) continue;
    const std::string which =
        promised_before_ns == kNeverNs
            ? "everything answered"
            : fmt::format("what was answered before {:.6f} s", Seconds(promised_before_ns));
    return fmt::format("L5: lost, though {} is promised: {}", which, Describe(entry));
  }
  return "";
}

void Ledger::Settle(const LedgerRestart& restart) {
  for (Entry& entry : entries_) {
    if (!Counts(entry)) continue;
    if (Survived(entry)) {
      ++survived_;
      if (entry.complete_ns == kNeverNs) entry.complete_ns = restart.read_ns;
      continue;
    }
    ++lost_;
    entry.lost = true;
    entry.was_promised_all = restart.promised_before_ns == kNeverNs;
  }
}

std::string Ledger::Describe(const Entry& entry) {
  std::string text = fmt::format("[{:.6f} s, ", Seconds(entry.invoke_ns));
  text +=
      entry.complete_ns == kNeverNs ? "?]" : fmt::format("{:.6f} s]", Seconds(entry.complete_ns));
  text += fmt::format(" {} = {}{} in database {}", fmt::join(entry.write.keys, " "),
                      entry.write.appends ? "...+" : "", Shown(entry.write.text), entry.write.db);
  if (entry.tick != 0) text += fmt::format(", tick {}", entry.tick);
  return text;
}

}  // namespace norn::scenarios
