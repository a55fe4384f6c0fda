#include "engine/commands/sort/sort_pattern.h"

namespace norn {

std::string SortPattern::KeyFor(std::string_view element) const {
  std::string key(before);
  key += element;
  key += behind;
  return key;
}

SortPattern ReadSortPattern(std::string_view pattern) {
  SortPattern read;
  read.is_element = pattern == "#";
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return read;
  read.has_element = true;
  read.before = pattern.substr(0, star);
  read.behind = pattern.substr(star + 1);
  // An arrow with nothing behind it is part of the key's name.
  const size_t arrow = read.behind.find("->");
  if (arrow != std::string_view::npos && arrow + 2 < read.behind.size()) {
    read.field = read.behind.substr(arrow + 2);
    read.behind = read.behind.substr(0, arrow);
  }
  return read;
}

std::optional<SlotId> SlotOfPattern(std::string_view pattern) {
  const std::string_view constant = pattern.substr(0, pattern.find_first_of("*?[\\"));
  const bool has_tag = HashTagOf(constant).data() != constant.data();
  if (!has_tag && constant.size() < pattern.size()) return std::nullopt;
  return KeySlot(constant);
}

}  // namespace norn
