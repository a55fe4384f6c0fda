#pragma once
// Histories by hand, for the tests of the checks. Times are in milliseconds.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/history.h"

namespace norn::scenarios {

inline Words Split(std::string_view line) {
  Words words;
  while (!line.empty()) {
    const size_t end = line.find(' ');
    words.emplace_back(line.substr(0, end));
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  }
  return words;
}

class HistoryBuilder {
 public:
  // Reads the keys out of the words: everything that looks like g0k1.
  Operation& Add(uint32_t connection, int64_t invoke_ms, int64_t complete_ms,
                 const std::vector<std::string>& lines, std::string reply) {
    Operation operation;
    operation.client = operation.connection = connection;
    operation.sequence = sequence_++;
    operation.epoch = static_cast<uint32_t>(history_.crashes.size());
    operation.invoke_ns = invoke_ms * 1'000'000;
    operation.complete_ns = complete_ms < 0 ? kNeverNs : complete_ms * 1'000'000;
    operation.reply = std::move(reply);
    for (const std::string& line : lines) {
      operation.commands.push_back(Split(line));
      for (const std::string& word : operation.commands.back()) {
        if (word.size() == 4 && word[0] == 'g' && word[2] == 'k') operation.keys.push_back(word);
      }
    }
    if (lines.front() == "MULTI") operation.kind = OperationKind::kTransaction;
    if (lines.front() == "KEYS *") operation.kind = OperationKind::kKeys;
    if (lines.front() == "RANDOMKEY") operation.kind = OperationKind::kRandomKey;
    if (lines.front() == "FLUSHALL") operation.kind = OperationKind::kFlushAll;
    if (operation.commands.front()[0] == "SCAN") operation.kind = OperationKind::kScan;
    if (operation.commands.front()[0] == "WATCH") operation.kind = OperationKind::kWatch;
    history_.operations.push_back(std::move(operation));
    return history_.operations.back();
  }
  Operation& Unknown(uint32_t connection, int64_t invoke_ms, const std::string& line) {
    return Add(connection, invoke_ms, -1, {line}, "");
  }
  void CrashAt(int64_t at_ms) { history_.crashes.push_back({at_ms * 1'000'000}); }

  History& history() { return history_; }

 private:
  History history_;
  uint32_t sequence_ = 0;
};

}  // namespace norn::scenarios
