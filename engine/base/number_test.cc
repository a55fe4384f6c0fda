// Numbers as text: canonical integers, and floats that come back as they were written.

#include "engine/base/number.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <cstdint>
#include <limits>
#include <string>

namespace norn {
namespace {

TEST(Number, IntegersAreCanonicalOrNone) {
  EXPECT_EQ(ParseInt64("0"), 0);
  EXPECT_EQ(ParseInt64("-1"), -1);
  EXPECT_EQ(ParseInt64("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(ParseInt64("-9223372036854775808"), INT64_MIN);
  for (const char* text : {"", "-", "+1", "01", "-0", " 1", "1 ", "1.0", "9223372036854775808",
                           "-9223372036854775809", "0x1"}) {
    EXPECT_EQ(ParseInt64(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseUint64("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(ParseUint64("18446744073709551616"), std::nullopt);
  EXPECT_EQ(ParseUint64("-1"), std::nullopt);
}

RC_GTEST_PROP(Number, WhatIsWrittenIsReadBack, (int64_t value)) {
  char text[kInt64CharsMax];
  const size_t size = FormatInt64(value, text);
  RC_ASSERT(ParseInt64({text, size}) == value);
}

TEST(Number, FloatsTakeNoBlanksAndNoNan) {
  EXPECT_EQ(ParseLongDouble("1.5"), 1.5L);
  EXPECT_EQ(ParseLongDouble("-3e3"), -3000.0L);
  EXPECT_EQ(ParseDouble("0x10"), 16.0);
  for (const char* text : {"", " 1", "1 ", "nan", "abc", "1.5x", "1e99999", "1e-99999"}) {
    EXPECT_EQ(ParseLongDouble(text), std::nullopt) << text;
  }
}

TEST(Number, FloatsInTheFormOfIncrByFloat) {
  EXPECT_EQ(FormatLongDoubleHuman(3.0L), "3");
  EXPECT_EQ(FormatLongDoubleHuman(10.6L), "10.6");
  EXPECT_EQ(FormatLongDoubleHuman(-0.0L), "0");
  EXPECT_EQ(FormatLongDoubleHuman(5000.0L), "5000");
}

TEST(Number, TheLargestFloatsThatAreWrittenAreReadBack) {
  for (const long double value : {std::numeric_limits<long double>::max(), 1e4932L, 1.5e308L}) {
    const std::string text = FormatLongDoubleHuman(value);
    EXPECT_GT(text.size(), 300u);
    EXPECT_EQ(ParseLongDouble(text), value);
  }
}

}  // namespace
}  // namespace norn
