#include "engine/config/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace norn::config {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::IsEmpty;
using testing::Optional;

TEST(SplitWords, SeparatesAtAnyRunOfBlanks) {
  EXPECT_THAT(SplitWords("  a \t b\r\n c "), Optional(ElementsAre("a", "b", "c")));
  EXPECT_THAT(SplitWords(""), Optional(IsEmpty()));
  EXPECT_THAT(SplitWords(" \t "), Optional(IsEmpty()));
}

TEST(SplitWords, DoubleQuotesKnowEscapes) {
  EXPECT_THAT(SplitWords(R"("a b" "\n\r\t\b\a" "\x41\xfF" "\q\"\\" "")"),
              Optional(ElementsAre("a b", "\n\r\t\b\a", "A\xff", "q\"\\", "")));
  EXPECT_THAT(SplitWords(R"("\xg1\x1")"), Optional(ElementsAre("xg1x1")));
}

TEST(SplitWords, SingleQuotesKnowOnlyTheQuote) {
  EXPECT_THAT(SplitWords(R"('a\n"' 'it\'s' '')"), Optional(ElementsAre("a\\n\"", "it's", "")));
}

TEST(SplitWords, QuoteMayOpenInsideAWord) {
  EXPECT_THAT(SplitWords(R"(pre"a b" x'y z')"), Optional(ElementsAre("prea b", "xy z")));
}

TEST(SplitWords, RefusesWhatIsNotClosedOrNotFollowedByABlank) {
  for (const char* line :
       {"\"abc", "'abc", "\"abc\"d", "'abc'd", "\"abc\\", "\"", "a\"\"b", "\"\\"}) {
    EXPECT_EQ(SplitWords(line), std::nullopt) << line;
  }
}

TEST(QuoteWord, EscapesWhatIsNotPrintable) {
  EXPECT_EQ(QuoteWord("a\"b\\c\n\r\t\a\b\x01\xff"), R"("a\"b\\c\n\r\t\a\b\x01\xff")");
}

TEST(QuoteWord, AnyBytesComeBack) {
  EXPECT_TRUE(rc::check("SplitWords(QuoteWord(x)) == {x}", [](const std::string& text) {
    RC_ASSERT(SplitWords(QuoteWord(text)) == std::vector<std::string>{text});
  }));
}

TEST(SplitAtBlanks, KeepsEmptyPieces) {
  EXPECT_THAT(SplitAtBlanks("a  b "), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(SplitAtBlanks(""), IsEmpty());
}

TEST(ShortBytes, TakesTheLargestUnitThatDivides) {
  EXPECT_EQ(ShortBytes(0), "0");
  EXPECT_EQ(ShortBytes(1023), "1023");
  EXPECT_EQ(ShortBytes(1024), "1kb");
  EXPECT_EQ(ShortBytes(3 << 20), "3mb");
  EXPECT_EQ(ShortBytes(uint64_t{5} << 30), "5gb");
  EXPECT_EQ(ShortBytes(UINT64_MAX), "18446744073709551615");
}

TEST(Trim, DropsBlanksAtBothEnds) {
  EXPECT_EQ(Trim("\t a b\r\n"), "a b");
  EXPECT_EQ(Trim(" \n"), "");
}

}  // namespace
}  // namespace norn::config
