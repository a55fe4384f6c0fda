#include "engine/base/lzf.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace norn {
namespace {

std::string Decompressed(std::string_view compressed, size_t bytes) {
  std::string out(bytes, '?');
  EXPECT_TRUE(LzfDecompress(compressed, out));
  return out;
}

TEST(Lzf, ARunOfOneByteBecomesACopyOfItself) {
  LzfCompressor compressor;
  const std::string input(1000, 'x');
  const std::string_view small = compressor.Compress(input, input.size() - 4);
  EXPECT_LT(small.size(), 20u);
  EXPECT_EQ(Decompressed(small, input.size()), input);
}

TEST(Lzf, ReadsWhatRedisServerWrote) {
  // The value of 'a' x 64 in a dump of redis-server 7.0.
  EXPECT_EQ(Decompressed(std::string_view("\x01\x61\x61\xe0\x34\x00\x01\x61\x61", 9), 65),
            std::string(65, 'a'));
}

TEST(Lzf, WhatDoesNotShrinkEnoughIsNotCompressed) {
  LzfCompressor compressor;
  EXPECT_TRUE(compressor.Compress("abcdefghijklmnopqrstuvwxyz", 22).empty());
  EXPECT_TRUE(compressor.Compress("", 0).empty());
  EXPECT_TRUE(compressor.Compress("ab", 100).empty());
}

TEST(Lzf, BackReferencesBeforeTheBeginAreRefused) {
  std::string out(8, '?');
  EXPECT_FALSE(LzfDecompress(std::string_view("\x00\x61\xa0\x01", 4), out));
}

TEST(Lzf, TruncatedOrTooLongIsRefused) {
  LzfCompressor compressor;
  const std::string input = "abcabcabcabcabcabcabcabcabc--------------";
  const std::string small(compressor.Compress(input, input.size()));
  std::string out(input.size(), '?');
  for (size_t cut = 0; cut < small.size(); ++cut) {
    EXPECT_FALSE(LzfDecompress(std::string_view(small).substr(0, cut), out)) << cut;
  }
  std::string shorter(input.size() - 1, '?');
  EXPECT_FALSE(LzfDecompress(small, shorter));
  std::string longer(input.size() + 1, '?');
  EXPECT_FALSE(LzfDecompress(small, longer));
}

RC_GTEST_PROP(LzfProperty, RoundTripsAndDoesNotDependOnWhatCameBefore, ()) {
  LzfCompressor used;
  const auto inputs = *rc::gen::container<std::vector<std::string>>(
      rc::gen::map(rc::gen::pair(rc::gen::container<std::string>(rc::gen::inRange('a', 'd')),
                                 rc::gen::inRange(1, 30)),
                   [](const std::pair<std::string, int>& part) {
                     std::string text;
                     for (int i = 0; i < part.second; ++i)
                       text += part.first + static_cast<char>('a' + i % 3);
                     return text;
                   }));
  for (const std::string& input : inputs) {
    LzfCompressor fresh;
    const size_t bytes_max = input.size() + input.size() / 32 + 1;
    const std::string small(used.Compress(input, bytes_max));
    RC_ASSERT(small == fresh.Compress(input, bytes_max));
    if (input.size() < 3) continue;
    std::string out(input.size(), '?');
    RC_ASSERT(LzfDecompress(small, out));
    RC_ASSERT(out == input);
    RC_ASSERT(input.size() <= small.size() * kLzfExpansionMax);
  }
}

}  // namespace
}  // namespace norn
