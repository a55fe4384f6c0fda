// Against a deque of strings, over all shapes of limits.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>
#include <string>

#include "engine/base/prng.h"
#include "engine/structs/quicklist.h"

namespace norn {
namespace {

QuicklistLimits DrawLimits(Prng& prng) {
  QuicklistLimits limits;
  limits.fill = prng.OneIn(2) ? static_cast<int32_t>(1 + prng.Below(6)) : -1;
  limits.compress_depth = static_cast<uint32_t>(prng.Below(4));
  limits.large_bytes_min = prng.OneIn(2) ? 200 : 0;
  return limits;
}

std::string DrawText(Prng& prng) {
  switch (prng.Below(4)) {
    case 0:
      return std::to_string(prng.Below(20));
    case 1:
      return std::string(prng.Below(500), 'r');
    case 2:
      return prng.OneIn(10) ? std::string(5000 + prng.Below(5000), 'z') : "x";
    default:
      return std::string(1, static_cast<char>('a' + prng.Below(3)));
  }
}

size_t EraseEqualPlain(std::deque<std::string>& plain, const std::string& text, size_t count_max,
                       ListEnd from) {
  size_t erased = 0;
  if (from == ListEnd::kBack) std::reverse(plain.begin(), plain.end());
  for (size_t i = 0; i < plain.size() && erased < count_max;) {
    if (plain[i] == text) {
      plain.erase(plain.begin() + static_cast<ptrdiff_t>(i));
      ++erased;
    } else {
      ++i;
    }
  }
  if (from == ListEnd::kBack) std::reverse(plain.begin(), plain.end());
  return erased;
}

void Change(Prng& prng, Quicklist& list, std::deque<std::string>& plain) {
  const std::string text = DrawText(prng);
  const size_t index = prng.Below(plain.size() + 1);
  const auto at = plain.begin() + static_cast<ptrdiff_t>(index);
  const ListEnd end = prng.OneIn(2) ? ListEnd::kFront : ListEnd::kBack;
  switch (prng.Below(8)) {
    case 0:
      if (plain.empty()) return;
      RC_ASSERT(list.Pop(end) == (end == ListEnd::kFront ? plain.front() : plain.back()));
      end == ListEnd::kFront ? plain.pop_front() : plain.pop_back();
      return;
    case 1:
      if (index == plain.size()) return;
      list.Replace(index, text);
      *at = text;
      return;
    case 2: {
      const size_t count =
          std::min<size_t>(prng.Below(prng.OneIn(5) ? 40 : 4), plain.size() - index);
      list.Erase(index, count);
      plain.erase(at, at + static_cast<ptrdiff_t>(count));
      return;
    }
    case 3: {
      const size_t count_max = prng.OneIn(2) ? 1 + prng.Below(3) : SIZE_MAX;
      RC_ASSERT(list.EraseEqual(text, count_max, end) ==
                EraseEqualPlain(plain, text, count_max, end));
      return;
    }
    case 4:
      list.Insert(index, text);
      plain.insert(at, text);
      return;
    default:
      list.Push(end, text);
      end == ListEnd::kFront ? plain.push_front(text) : plain.push_back(text);
  }
}

RC_GTEST_PROP(QuicklistProperty, DoesWhatADequeDoes, (uint64_t seed)) {
  Prng prng(seed);
  std::deque<std::string> plain;
  Quicklist list(DrawLimits(prng));
  // Long enough to be folded, at times.
  for (size_t left = prng.OneIn(4) ? prng.Below(200) : 0; left > 0; --left) {
    plain.push_back(std::string(400, 'p') + std::to_string(left));
    list.Push(ListEnd::kBack, plain.back());
  }
  for (int change = 0; change < 250; ++change) {
    Change(prng, list, plain);
    RC_ASSERT(list.size() == plain.size());
    list.CheckInvariants();
  }
  const Quicklist copy(list);
  copy.CheckInvariants();
  size_t index = 0;
  for (QuicklistReader at(copy, 0, ListEnd::kFront); !at.done(); at.Next()) {
    RC_ASSERT(at.value().ToString() == plain[index]);
    RC_ASSERT(QuicklistReader(list, index, ListEnd::kFront).value().ToString() == plain[index]);
    ++index;
  }
  RC_ASSERT(index == plain.size());
  if (plain.empty()) return;
  for (QuicklistReader at(list, index - 1, ListEnd::kBack); !at.done(); at.Next()) {
    RC_ASSERT(at.value().ToString() == plain[--index]);
  }
  RC_ASSERT(index == 0u);
}

}  // namespace
}  // namespace norn
