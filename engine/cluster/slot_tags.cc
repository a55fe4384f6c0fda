#include "engine/cluster/slot_tags.h"

#include <string>
#include <vector>

#include "engine/base/check.h"

namespace norn::cluster {
namespace {

constexpr std::string_view kLetters = "0123456789abcdefghijklmnopqrstuvwxyz";
constexpr size_t kTagBytesMax = 4;

// The words in order of length and alphabet; the first one of each slot is its tag.
std::vector<std::string> MakeTags() {
  std::vector<std::string> tags(kSlotCount);
  size_t missing = kSlotCount;
  for (size_t length = 1; length <= kTagBytesMax && missing > 0; ++length) {
    std::vector<size_t> digits(length);
    for (bool more = true; more && missing > 0;) {
      std::string word;
      for (const size_t digit : digits) word += kLetters[digit];
      std::string& tag = tags[KeySlot(word).value];
      if (tag.empty()) {
        tag = word;
        --missing;
      }
      size_t at = length;
      while (at > 0 && ++digits[at - 1] == kLetters.size()) digits[--at] = 0;
      more = at > 0;
    }
  }
  CHECK(missing == 0);
  return tags;
}

}  // namespace

std::string_view TagOfSlot(SlotId slot) {
  static const std::vector<std::string> tags = MakeTags();
  return tags[slot.value];
}

}  // namespace norn::cluster
