#include "engine/commands/strings/lcs.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>

namespace norn::lcs {
namespace {

// The length by its definition.
uint32_t Slow(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return 0;
  if (a.back() == b.back()) return 1 + Slow(a.substr(0, a.size() - 1), b.substr(0, b.size() - 1));
  return std::max(Slow(a.substr(0, a.size() - 1), b), Slow(a, b.substr(0, b.size() - 1)));
}

bool IsSubsequence(std::string_view part, std::string_view whole) {
  size_t at = 0;
  for (const char c : whole) {
    if (at < part.size() && part[at] == c) ++at;
  }
  return at == part.size();
}

TEST(Lcs, FindsTextAndMatches) {
  const Result result = Find("ohmytext", "mynewtext", false);
  EXPECT_EQ(result.text, "mytext");
  EXPECT_EQ(result.length, 6u);
  ASSERT_EQ(result.matches.size(), 2u);
  EXPECT_EQ(result.matches[0].a.first, 4u);
  EXPECT_EQ(result.matches[0].a.last, 7u);
  EXPECT_EQ(result.matches[0].b.first, 5u);
  EXPECT_EQ(result.matches[0].b.last, 8u);
  EXPECT_EQ(result.matches[1].a.first, 2u);
  EXPECT_EQ(result.matches[1].b.last, 1u);
}

TEST(Lcs, EmptyStrings) {
  EXPECT_EQ(Find("", "abc", false).length, 0u);
  EXPECT_EQ(Find("abc", "", false).text, "");
  EXPECT_TRUE(Find("", "", false).matches.empty());
}

TEST(Lcs, LengthOnlyFindsNoText) {
  const Result result = Find("abc", "abc", true);
  EXPECT_EQ(result.length, 3u);
  EXPECT_EQ(result.text, "");
}

TEST(Lcs, TableBytesSaturate) {
  EXPECT_EQ(TableBytes(0, 0), 4u);
  EXPECT_EQ(TableBytes(9, 9), 400u);
  EXPECT_EQ(TableBytes(UINT32_MAX, UINT32_MAX), UINT64_MAX);
}

RC_GTEST_PROP(LcsProperty, AgreesWithItsDefinition, ()) {
  const auto few =
      rc::gen::resize(8, rc::gen::container<std::string>(rc::gen::element('a', 'b', 'c')));
  const std::string a = *few;
  const std::string b = *few;
  const Result result = Find(a, b, false);
  RC_ASSERT(result.length == Slow(a, b));
  RC_ASSERT(result.text.size() == result.length);
  RC_ASSERT(IsSubsequence(result.text, a));
  RC_ASSERT(IsSubsequence(result.text, b));
  std::string joined;
  for (auto match = result.matches.rbegin(); match != result.matches.rend(); ++match) {
    const std::string piece = a.substr(match->a.first, match->Length());
    RC_ASSERT(piece == b.substr(match->b.first, match->Length()));
    joined += piece;
  }
  RC_ASSERT(joined == result.text);
}

}  // namespace
}  // namespace norn::lcs
