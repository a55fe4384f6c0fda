// Against a vector of strings.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "engine/structs/listpack.h"

namespace norn {
namespace {

std::string DrawText(Prng& prng) {
  switch (prng.Below(5)) {
    case 0:
      return std::to_string(static_cast<int64_t>(prng.Next() >> prng.Below(64)));
    case 1:
      return "-" + std::to_string(prng.Below(10000));
    case 2:
      return std::string(prng.Below(300), 'x');
    case 3:
      return std::string(prng.OneIn(20) ? 5000 : 1, static_cast<char>(prng.Below(256)));
    default:
      return std::string(1, static_cast<char>('a' + prng.Below(5)));
  }
}

size_t FindPlain(const std::vector<std::string>& plain, const std::string& text, size_t from,
                 size_t step) {
  for (size_t i = from; i < plain.size(); i += step) {
    if (plain[i] == text) return i;
  }
  return plain.size();
}

RC_GTEST_PROP(ListpackProperty, DoesWhatAVectorDoes, (uint64_t seed)) {
  Prng prng(seed);
  std::vector<std::string> plain;
  PackedBlock block(Listpack::Empty());
  Listpack list(block);
  for (int change = 0; change < 150; ++change) {
    const size_t index = prng.Below(plain.size() + 1);
    const ListpackView::Position at = list.view().Seek(static_cast<int64_t>(index));
    const std::string text = DrawText(prng);
    const uint64_t kind = prng.Below(4);
    if (kind == 0 && index < plain.size()) {
      list.Replace(at, text);
      plain[index] = text;
    } else if (kind == 1) {
      const size_t erased = std::min<size_t>(prng.Below(3), plain.size() - index);
      list.Erase(at, erased);
      plain.erase(plain.begin() + index, plain.begin() + index + erased);
    } else {
      const std::string other = DrawText(prng);
      list.Insert(at, {text, other});
      plain.insert(plain.begin() + index, {text, other});
    }
    RC_ASSERT(ListpackIsValid(block.bytes()));
    RC_ASSERT(list.view().Count() == plain.size());
    const std::string wanted = DrawText(prng);
    const size_t skipped = prng.Below(2);
    const ListpackView view = list.view();
    const size_t found = FindPlain(plain, wanted, 0, skipped + 1);
    RC_ASSERT(view.Find(wanted, view.first(), skipped) == view.Seek(static_cast<int64_t>(found)));
  }
  const ListpackView view = list.view();
  ListpackView::Position at = view.first();
  for (size_t i = 0; i < plain.size(); ++i, at = view.Next(at)) {
    RC_ASSERT(view.At(at).ToString() == plain[i]);
    RC_ASSERT(view.Seek(static_cast<int64_t>(i)) == at);
    RC_ASSERT(view.Seek(static_cast<int64_t>(i) - static_cast<int64_t>(plain.size())) == at);
  }
  RC_ASSERT(at == view.end());
}

}  // namespace
}  // namespace norn
