#pragma once
// The patterns of SORT's BY and GET: the first '*' stands for an element, and what follows a "->" behind it is the name of a
// field. "weight_*" are strings, "user:*->age" fields of hashes, "#" is the element itself.

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/key_slot.h"

namespace norn {

struct SortPattern {
  std::string_view before;   // of the key, up to the element
  std::string_view behind;   // of the key, from the element on
  std::string_view field;    // empty: the key is a string
  bool is_element = false;   // "#"
  bool has_element = false;  // without one it names no key: what it looks up is not there

  bool ReachesKeys() const { return has_element; }
  std::string KeyFor(std::string_view element) const;
};

// The parts lie in `pattern`.
SortPattern ReadSortPattern(std::string_view pattern);

// The slot of every key that matches the glob `pattern`, if one can tell: it has a hash tag in front of all that is variable, or
// nothing variable.
std::optional<SlotId> SlotOfPattern(std::string_view pattern);

}  // namespace norn
