// Where the keys of a command line stand, by the rules of the key specifications (COMMAND GETKEYS; the dispatcher for
// commands whose keys are not simple).

#include <algorithm>

#include "engine/base/number.h"
#include "engine/commands/table.h"

namespace norn {
namespace {

struct Range {
  int64_t first;
  int64_t last;
};

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return x == y || ((x ^ y) == 0x20 && (x | 0x20) >= 'a' && (x | 0x20) <= 'z');
  });
}

// The word that the search begins at; 0 when a keyword is not there, which is no error: the keys behind it are optional.
int64_t BeginOf(const KeySpec& spec, std::span<const std::string_view> words) {
  if (spec.begin == KeySpec::Begin::kIndex) return spec.index;
  const int64_t count = static_cast<int64_t>(words.size());
  const bool forward = spec.index > 0;
  const int64_t end = forward ? count : 0;
  for (int64_t i = forward ? spec.index : count + spec.index; forward ? i < end : i > end;
       i += forward ? 1 : -1) {
    if (i >= count || i < 1) break;
    if (EqualIgnoringCase(words[static_cast<size_t>(i)], spec.keyword)) return i + 1;
  }
  return 0;
}

std::optional<Range> RangeOf(const KeySpec& spec, int64_t begin,
                             std::span<const std::string_view> words) {
  const int64_t count = static_cast<int64_t>(words.size());
  Range range{begin, 0};
  if (spec.find == KeySpec::Find::kKeyNum) {
    const int64_t number_at = begin + spec.keynum_index;
    if (number_at >= count) return std::nullopt;
    const std::optional<int64_t> keys = ParseInt64(words[static_cast<size_t>(number_at)]);
    if (!keys || *keys < 0 || *keys > count) return std::nullopt;
    range.first = begin + spec.first_key;
    range.last = range.first + (*keys - 1) * spec.step;
  } else if (spec.last >= 0) {
    range.last = begin + spec.last;
  } else if (spec.limit == 0) {
    range.last = count + spec.last;
  } else {
    range.last = begin + (count - begin) / spec.limit + spec.last;
  }
  if (range.first >= count || range.last >= count || range.last < range.first) return std::nullopt;
  return range;
}

// BITFIELD without SET and INCRBY only reads.
bool OnlyGetsFields(std::span<const std::string_view> words) {
  for (size_t i = 2; i < words.size();) {
    const bool overflow = WordIs(words[i], "overflow");
    if (!overflow && !WordIs(words[i], "get")) return false;
    i += overflow ? 2 : 3;
    if (i > words.size()) return false;
  }
  return true;
}

// What a spec with VARIABLE_FLAGS means for these words. SET reads its key only where GET is asked for.
uint32_t FlagsFor(const CommandSpec& command, const KeySpec& spec,
                  std::span<const std::string_view> words) {
  if ((spec.flags & kKeyVariableFlags) == 0) return spec.flags;
  if (command.name == "bitfield") {
    return OnlyGetsFields(words) ? kKeyRo | kKeyAccess : kKeyRw | kKeyAccess | kKeyUpdate;
  }
  for (size_t i = 3; i < words.size(); ++i) {
    if (WordIs(words[i], "get")) return kKeyRw | kKeyAccess | kKeyUpdate;
  }
  return kKeyOw | kKeyUpdate;
}

// What only SORT has: keys that no specification tells. Of those among its words that is the destination, behind the last STORE
// that is no other option's argument; 0: there is none.
size_t UntoldKey(const KeySpec& spec, std::span<const std::string_view> words) {
  size_t found = 0;
  if ((spec.flags & kKeyOw) == 0) return found;
  for (size_t i = 2; i + 1 < words.size(); ++i) {
    if (WordIs(words[i], "limit")) {
      i += 2;
    } else if (WordIs(words[i], "by") || WordIs(words[i], "get")) {
      ++i;
    } else if (WordIs(words[i], "store")) {
      found = ++i;
    }
  }
  return found;
}

// MIGRATE host port "" 0 100 KEYS a b: the empty word stands where a single key would.
bool IsPlaceholder(const CommandSpec& command, const KeySpec& spec,
                   std::span<const std::string_view> words, size_t at) {
  if (spec.begin != KeySpec::Begin::kIndex || !words[at].empty()) return false;
  const KeySpec& last = command.key_specs[command.key_spec_count - 1];
  return (last.flags & kKeyIncomplete) != 0 && BeginOf(last, words) != 0;
}

}  // namespace

std::optional<std::vector<KeyPosition>> FindKeys(const CommandSpec& command,
                                                 std::span<const std::string_view> words,
                                                 bool channels) {
  std::vector<KeyPosition> keys;
  for (uint8_t i = 0; i < command.key_spec_count; ++i) {
    const KeySpec& spec = command.key_specs[i];
    if ((spec.flags & kKeyNotKey) != 0 && !channels) continue;
    if (spec.begin == KeySpec::Begin::kUnknown) {
      if (const size_t at = UntoldKey(spec, words)) keys.push_back({at, spec.flags});
      continue;
    }
    const int64_t begin = BeginOf(spec, words);
    if (begin == 0) continue;
    const std::optional<Range> range = RangeOf(spec, begin, words);
    if (!range) return std::nullopt;
    const uint32_t flags = FlagsFor(command, spec, words);
    for (int64_t at = range->first; at <= range->last; at += spec.step) {
      if (IsPlaceholder(command, spec, words, static_cast<size_t>(at))) continue;
      keys.push_back({static_cast<size_t>(at), flags});
    }
  }
  return keys;
}

}  // namespace norn
