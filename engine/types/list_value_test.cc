#include "engine/types/list_value.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>
#include <string>

#include "engine/base/prng.h"
#include "engine/types/testing.h"

namespace norn {
namespace {

class ListValueTest : public testing::Test {
 protected:
  void Push(ListEnd end, std::string_view element) {
    KeyPlace place = room_.Place();
    ListWriter(place, room_.rules()).Push(end, element);
  }
  std::string Pop(ListEnd end) {
    KeyPlace place = room_.Place();
    return ListWriter(place, room_.rules()).Pop(end);
  }
  ListReader Reader() { return ListReader(*room_.found()); }

  TypeRoom room_{ValueType::kList};
};

TEST_F(ListValueTest, EndsArePushedAndPopped) {
  Push(ListEnd::kBack, "b");
  Push(ListEnd::kFront, "a");
  Push(ListEnd::kBack, "3");
  EXPECT_EQ(Reader().size(), 3u);
  EXPECT_EQ(Reader().At(2), "3");
  EXPECT_EQ(Pop(ListEnd::kFront), "a");
  EXPECT_EQ(Pop(ListEnd::kBack), "3");
  EXPECT_EQ(Pop(ListEnd::kBack), "b");
  EXPECT_FALSE(room_.found());
}

TEST_F(ListValueTest, GrowsIntoAQuicklistAndBack) {
  room_.options().list_max_listpack_size = 4;
  for (int i = 0; i < 4; ++i) Push(ListEnd::kBack, "x");
  EXPECT_EQ(Reader().EncodingName(), "listpack");
  Push(ListEnd::kBack, "x");
  EXPECT_EQ(Reader().EncodingName(), "quicklist");
  Pop(ListEnd::kFront);
  Pop(ListEnd::kFront);
  EXPECT_EQ(Reader().EncodingName(), "quicklist");
  Pop(ListEnd::kFront);
  EXPECT_EQ(Reader().EncodingName(), "quicklist");  // two nodes of one element
  Pop(ListEnd::kFront);
  EXPECT_EQ(Reader().EncodingName(), "listpack");
  EXPECT_EQ(Reader().size(), 1u);
}

TEST_F(ListValueTest, ALargeElementMakesAQuicklist) {
  Push(ListEnd::kBack, "a");
  Push(ListEnd::kBack, std::string(10000, 'x'));
  EXPECT_EQ(Reader().EncodingName(), "quicklist");
  EXPECT_EQ(Reader().At(1), std::string(10000, 'x'));
}

RC_GTEST_PROP(ListValueProperty, DoesWhatADequeDoes, (uint64_t seed)) {
  Prng prng(seed);
  TypeRoom room(ValueType::kList);
  room.options().list_max_listpack_size =
      prng.OneIn(4) ? -1 : static_cast<int64_t>(1 + prng.Below(8));
  room.options().list_compress_depth = static_cast<int64_t>(prng.Below(3));
  std::deque<std::string> plain;
  for (int change = 0; change < 200; ++change) {
    const std::string element =
        prng.OneIn(20) ? std::string(prng.Below(6000), 'l') : std::to_string(prng.Below(6));
    const ListEnd end = prng.OneIn(2) ? ListEnd::kFront : ListEnd::kBack;
    const size_t index = prng.Below(plain.size() + 1);
    const auto at = plain.begin() + static_cast<ptrdiff_t>(index);
    KeyPlace place = room.Place();
    ListWriter writer(place, room.rules());
    switch (prng.Below(7)) {
      case 0:
        if (plain.empty()) break;
        RC_ASSERT(writer.Pop(end) == (end == ListEnd::kFront ? plain.front() : plain.back()));
        end == ListEnd::kFront ? plain.pop_front() : plain.pop_back();
        break;
      case 1:
        writer.Insert(index, element);
        plain.insert(at, element);
        break;
      case 2:
        if (index == plain.size()) break;
        writer.Replace(index, element);
        *at = element;
        break;
      case 3: {
        const size_t count = std::min<size_t>(prng.Below(6), plain.size() - index);
        writer.Erase(index, count);
        plain.erase(at, at + static_cast<ptrdiff_t>(count));
        break;
      }
      case 4: {
        const auto erased = std::count(plain.begin(), plain.end(), element);
        RC_ASSERT(writer.EraseEqual(element, SIZE_MAX, end) == static_cast<size_t>(erased));
        plain.erase(std::remove(plain.begin(), plain.end(), element), plain.end());
        break;
      }
      default:
        writer.Push(end, element);
        end == ListEnd::kFront ? plain.push_front(element) : plain.push_back(element);
    }
    RC_ASSERT(static_cast<bool>(room.found()) == !plain.empty());
    if (plain.empty()) continue;
    const ListReader reader(*room.found());
    RC_ASSERT(reader.size() == plain.size());
    size_t i = 0;
    reader.Visit(0, ListEnd::kFront, [&](const PackedValue& one) {
      RC_ASSERT(one.ToString() == plain[i++]);
      return true;
    });
    RC_ASSERT(i == plain.size());
    reader.Visit(plain.size() - 1, ListEnd::kBack, [&](const PackedValue& one) {
      RC_ASSERT(one.ToString() == plain[--i]);
      return i > plain.size() / 2;
    });
  }
  room.db().CheckInvariants();
}

}  // namespace
}  // namespace norn
