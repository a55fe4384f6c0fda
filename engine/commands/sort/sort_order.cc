#include "engine/commands/sort/sort_order.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>

namespace norn {
namespace {

int CompareNumbers(const SortItem& a, const SortItem& b) {
  if (a.number != b.number) return a.number < b.number ? -1 : 1;
  return a.element.compare(b.element);
}

int CompareTexts(const SortItem& a, const SortItem& b) {
  if (!a.text || !b.text) return static_cast<int>(a.text.has_value()) - (b.text ? 1 : 0);
  return a.text->compare(*b.text);
}

int Compare(const SortItem& a, const SortItem& b, SortBy by) {
  switch (by) {
    case SortBy::kNumber:
      return CompareNumbers(a, b);
    case SortBy::kElement:
      return a.element.compare(b.element);
    case SortBy::kText:
      break;
  }
  return CompareTexts(a, b);
}

}  // namespace

void SortItems(std::span<SortItem> items, SortBy by, bool descending) {
  std::stable_sort(items.begin(), items.end(), [&](const SortItem& a, const SortItem& b) {
    const int compared = Compare(a, b, by);
    return descending ? compared > 0 : compared < 0;
  });
}

std::optional<double> SortNumber(std::string_view text) {
  const std::string digits(text.substr(0, text.find('\0')));
  char* end = nullptr;
  errno = 0;
  const double number = std::strtod(digits.c_str(), &end);
  if (*end != '\0' || errno == ERANGE || std::isnan(number)) return std::nullopt;
  return number;
}

}  // namespace norn
