// Any bytes as a log: commands, then an end of one kind; the same however the bytes arrive. What was read and is written back
// is what was there.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/check.h"
#include "engine/persist/command_reader.h"
#include "engine/persist/testing.h"

namespace norn::persist {
namespace {

struct Summary {
  std::string commands;
  CommandReader::Outcome outcome;
  uint64_t begin;
  uint64_t damage_offset;
  bool torn;
  bool operator==(const Summary&) const = default;
};

Summary Read(std::string_view bytes, size_t piece) {
  StringSource source(std::string(bytes), piece);
  CommandReader reader(source, 0, 1 << 16);
  Summary summary{};
  uint64_t last_end = 0;
  while ((summary.outcome = reader.Next()) == CommandReader::Outcome::kCommand) {
    CHECK(!reader.words().empty() && reader.begin() >= last_end);
    last_end = reader.end();
    std::string command = "*" + std::to_string(reader.words().size()) + "\r\n";
    for (const std::string_view word : reader.words()) {
      command += "$" + std::to_string(word.size()) + "\r\n" + std::string(word) + "\r\n";
    }
    CHECK(bytes.substr(reader.begin(), reader.end() - reader.begin()) == command);
    summary.commands += command;
  }
  summary.begin = reader.begin();
  CHECK(summary.begin >= last_end && summary.begin <= bytes.size());
  summary.damage_offset = reader.damage_offset();
  if (summary.outcome == CommandReader::Outcome::kDamage) {
    CHECK(summary.damage_offset < bytes.size());
    summary.torn = reader.LooksTorn();
  }
  return summary;
}

}  // namespace
}  // namespace norn::persist

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = norn::persist::Read(bytes, SIZE_MAX);
  CHECK(whole == norn::persist::Read(bytes, 1));
  return 0;
}
