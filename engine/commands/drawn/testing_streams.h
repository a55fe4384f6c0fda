#pragma once
// The model: ids and entries of streams as they are written and replied, and how far a group has read.

#include <fmt/format.h>

#include <algorithm>

#include "engine/commands/drawn/testing_model.h"

namespace norn::reference {

inline EntryId IdOf(const std::string& word, uint64_t missing = 0) {
  const size_t dash = word.find('-');
  const auto first = static_cast<uint64_t>(*ParseInt64(word.substr(0, dash)));
  if (dash == std::string::npos) return {first, missing};
  return {first, static_cast<uint64_t>(*ParseInt64(word.substr(dash + 1)))};
}

inline std::string ShowId(EntryId id) { return Bulk(fmt::format("{}-{}", id.first, id.second)); }

inline std::string ShowEntry(EntryId id, const Words& fields) {
  std::vector<std::string> items;
  for (const std::string& item : fields) items.push_back(Bulk(item));
  return Array({ShowId(id), Array(items)});
}

// The number behind that word; without it `missing`.
inline int64_t NumberBehind(const Words& w, std::string_view word, int64_t missing) {
  const auto at = std::find(w.begin(), w.end(), word);
  return at == w.end() ? missing : *ParseInt64(at[1]);
}

// Entries were erased from between others, there or further on: of what is ahead nobody knows how many there were.
inline bool HasGapFrom(const Stream& stream, EntryId id) {
  if (stream.entries.empty() || stream.max_deleted == EntryId()) return false;
  return stream.entries.begin()->first <= stream.max_deleted && id <= stream.max_deleted;
}

// How many entries were ever added up to that id, erased ones too; nullopt: nobody knows any more.
inline std::optional<int64_t> AddedUpTo(const Stream& stream, EntryId id) {
  if (stream.entries_added == 0) return 0;
  if (id == stream.last) return stream.entries_added;
  if (id > stream.last) return std::nullopt;
  if (stream.entries.empty()) return stream.entries_added;
  const EntryId first = stream.entries.begin()->first;
  if (id > first || stream.max_deleted >= first) return std::nullopt;
  const int64_t gone = stream.entries_added - static_cast<int64_t>(stream.entries.size());
  return id == first ? gone + 1 : gone;
}

// The group is handed the entry.
inline void CountRead(const Stream& stream, Group& group, EntryId id) {
  if (group.entries_read && !HasGapFrom(stream, id)) {
    ++*group.entries_read;
  } else if (stream.entries_added > 0) {
    group.entries_read = AddedUpTo(stream, id);
  }
}

}  // namespace norn::reference
