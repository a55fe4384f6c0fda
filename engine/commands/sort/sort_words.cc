#include "engine/commands/sort/sort_words.h"

#include <algorithm>

#include "engine/commands/arguments.h"
#include "engine/commands/sort/sort_handlers.h"

namespace norn {
namespace {

// In cluster mode what a pattern names must be where the sorted key is. False: the error is replied.
bool StaysInSlot(CommandContext& c, std::string_view pattern, ErrorText refusal) {
  if (!c.keys.map().slots || SlotOfPattern(pattern) == KeySlot(c.word(1))) return true;
  c.reply.Error(refusal);
  return false;
}

bool ReadBy(CommandContext& c, std::string_view pattern, SortWords* sort) {
  sort->by = ReadSortPattern(pattern);
  if (!sort->by->ReachesKeys()) {
    sort->unsorted = true;
    return true;
  }
  return StaysInSlot(c, pattern,
                     "ERR BY option of SORT denied in Cluster mode when keys formed by the pattern "
                     "may be in different slots.");
}

bool ReadGet(CommandContext& c, std::string_view pattern, SortWords* sort) {
  sort->gets.push_back(ReadSortPattern(pattern));
  if (sort->gets.back().is_element) return true;
  return StaysInSlot(
      c, pattern,
      "ERR GET option of SORT denied in Cluster mode when keys formed by the pattern "
      "may be in different slots.");
}

bool ReadLimit(CommandContext& c, size_t at, SortWords* sort) {
  const std::optional<int64_t> offset = IntegerAt(c, at + 1);
  if (!offset) return false;
  const std::optional<int64_t> count = IntegerAt(c, at + 2);
  if (!count) return false;
  sort->offset = *offset;
  sort->count = *count;
  return true;
}

// The words of the option at `at`; 0: the error is replied.
size_t ReadOption(CommandContext& c, size_t at, bool may_store, SortWords* sort) {
  const std::string_view option = c.word(at);
  const size_t left = c.count() - at - 1;
  if (WordIs(option, "asc") || WordIs(option, "desc")) {
    sort->descending = WordIs(option, "desc");
    return 1;
  }
  if (WordIs(option, "alpha")) {
    sort->alpha = true;
    return 1;
  }
  if (WordIs(option, "limit") && left >= 2) return ReadLimit(c, at, sort) ? 3 : 0;
  if (WordIs(option, "by") && left >= 1) return ReadBy(c, c.word(at + 1), sort) ? 2 : 0;
  if (WordIs(option, "get") && left >= 1) return ReadGet(c, c.word(at + 1), sort) ? 2 : 0;
  if (may_store && WordIs(option, "store") && left >= 1) {
    sort->destination_at = at + 1;
    return 2;
  }
  c.reply.Error(kSyntaxError);
  return 0;
}

}  // namespace

bool SortWords::ReadsFields() const {
  return (by && !by->field.empty()) ||
         std::any_of(gets.begin(), gets.end(), [](const auto& get) { return !get.field.empty(); });
}

std::optional<SortWords> ReadSortWords(CommandContext& c, bool may_store) {
  SortWords sort;
  for (size_t at = 2; at < c.count();) {
    const size_t words = ReadOption(c, at, may_store, &sort);
    if (words == 0) return std::nullopt;
    at += words;
  }
  return sort;
}

// Every word is looked at as if it could be a pattern's option: too many shards do no harm.
Placement handlers::SortPlacement(std::span<const std::string_view> words) {
  for (size_t i = 2; i + 1 < words.size(); ++i) {
    const bool has_pattern = WordIs(words[i], "by") || WordIs(words[i], "get");
    if (has_pattern && ReadSortPattern(words[i + 1]).ReachesKeys()) return Placement::kAllShards;
  }
  return Placement::kKeys;
}

}  // namespace norn
