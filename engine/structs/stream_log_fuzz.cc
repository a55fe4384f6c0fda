// Bytes from outside: what StreamNodeIsValid accepts can be read both ways, appended to, erased from and trimmed.

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/check.h"
#include "engine/structs/stream_log.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace norn;
  if (size < 2) return 0;
  const StreamId id{data[0], data[1]};
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  if (!StreamNodeIsValid(id, bytes)) return 0;
  StreamLog log;
  CHECK(log.AppendNode(id, bytes));
  log.CheckInvariants();
  std::vector<StreamId> ids;
  log.Visit(kStreamIdMin, kStreamIdMax, StreamDirection::kUp, [&](const StreamEntry& entry) {
    entry.ForEachField([](const PackedValue& field, const PackedValue& value) {
      CHECK(field.Length() + value.Length() < SIZE_MAX);
    });
    ids.push_back(entry.id());
    return true;
  });
  CHECK(ids.size() == log.size());
  size_t left = ids.size();
  log.Visit(kStreamIdMin, kStreamIdMax, StreamDirection::kDown, [&](const StreamEntry& entry) {
    CHECK(entry.id() == ids[--left]);
    return true;
  });
  if (ids.empty()) return 0;
  CHECK(log.Erase(ids[ids.size() / 2]));
  CHECK(!log.Contains(ids[ids.size() / 2]));
  log.CheckInvariants();
  log.Trim({.length_max = 3});
  log.CheckInvariants();
  // Behind all that was ever here, erased entries too, if there is room.
  const std::string_view words[] = {"field", "1"};
  const StreamId last{UINT64_MAX, UINT64_MAX};
  if (ids.back() != last && log.size() > 0) {
    StreamLog copy(log);
    copy.Append(last, words, {.entries_max = 1});
    copy.CheckInvariants();
  }
  return 0;
}
