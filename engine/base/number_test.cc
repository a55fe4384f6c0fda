// Numbers as text: canonical integers, and floats that come back as they were written.

#include "engine/base/number.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

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

TEST(Number, DoublesTakeTheFewestDigits) {
  const std::pair<double, std::string_view> kForms[] = {
      {0, "0"},
      {-0.0, "-0"},
      {3, "3"},
      {-17, "-17"},
      {4503599627370495, "4503599627370495"},
      {3.14, "3.14"},
      {0.1, "0.1"},
      {-1.5, "-1.5"},
      {1e15, "1000000000000000"},
      {1e21, "1e+21"},
      {1.5e20, "1.5e+20"},
      {1e-4, "0.0001"},
      {1e-7, "1e-7"},
      {1.234e-8, "1.234e-8"},
      {0.000123, "0.000123"},
      {123456.789, "123456.789"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {5e-324, "5e-324"},
      {HUGE_VAL, "inf"},
      {-HUGE_VAL, "-inf"},
  };
  for (const auto& [value, text] : kForms) EXPECT_EQ(DoubleText(value).view(), text);
}

RC_GTEST_PROP(NumberProperty, DoublesReadBack, (double value)) {
  if (std::isnan(value)) return;
  RC_ASSERT(ParseDouble(DoubleText(value).view()) == value);
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
