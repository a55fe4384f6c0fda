#pragma once
// Elements with what they are ordered by. Ties are broken so that the order never depends on how a value is stored where that
// can be helped: by the elements' bytes among equal numbers; among equal texts they stay as they came.

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace norn {

struct SortItem {
  std::string element;
  double number = 0;  // without ALPHA
  std::optional<std::string>
      text;  // with ALPHA and BY: what the pattern found, if anything; that comes first
};

enum class SortBy { kNumber, kElement, kText };

// Valkey: compares bytes, whatever the locale.
void SortItems(std::span<SortItem> items, SortBy by, bool descending);

// The number that an element or a weight is, as strtod reads it: blanks before it, hexadecimal and infinities included, nothing
// at all is 0. nullopt: it is none, or out of range.
std::optional<double> SortNumber(std::string_view text);

}  // namespace norn
