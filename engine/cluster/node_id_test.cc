#include "engine/cluster/node_id.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "engine/base/prng.h"

namespace norn::cluster {
namespace {

struct SeededEntropy : env::Entropy {
  explicit SeededEntropy(uint64_t seed) : prng(seed) {}
  uint64_t Next() override {
    ++draws;
    return prng.Next();
  }
  Prng prng;
  int draws = 0;
};

TEST(NodeId, IsReadFromItsTextAndShownAsIt) {
  const std::string text = "07c37dfeb235213a872192d90877d0cd55635b91";
  const std::optional<NodeId> id = NodeId::Parse(text);
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->str(), text);
  EXPECT_EQ(id->view(), text);
  EXPECT_FALSE(id->empty());
}

TEST(NodeId, IsFortyDigitsOrSmallLettersAndNothingElse) {
  EXPECT_TRUE(NodeId::Parse(std::string(40, 'z')));
  EXPECT_FALSE(NodeId::Parse(""));
  EXPECT_FALSE(NodeId::Parse(std::string(39, 'a')));
  EXPECT_FALSE(NodeId::Parse(std::string(41, 'a')));
  EXPECT_FALSE(NodeId::Parse(std::string(40, 'A')));
  EXPECT_FALSE(NodeId::Parse(std::string(40, '\0')));
  EXPECT_FALSE(NodeId::Parse(std::string(39, 'a') + " "));
}

TEST(NodeId, EveryByteIsJudgedInEveryPlace) {
  for (size_t at = 0; at < kNodeIdChars; ++at) {
    for (int c = 0; c < 256; ++c) {
      std::string text(kNodeIdChars, 'm');
      text[at] = static_cast<char>(c);
      const bool valid = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
      EXPECT_EQ(NodeId::Parse(text).has_value(), valid) << at << " " << c;
    }
  }
}

TEST(NodeId, RandomOnesAreHexadecimalAndDiffer) {
  SeededEntropy entropy(7);
  std::map<NodeId, int> seen;
  for (int i = 0; i < 100; ++i) {
    const NodeId id = NodeId::Random(entropy);
    EXPECT_EQ(id.str().find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_EQ(NodeId::Parse(id.view()), id);
    ++seen[id];
  }
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(entropy.draws, 300);
}

TEST(NodeId, TheSameEntropyGivesTheSameId) {
  SeededEntropy one(3), other(3);
  EXPECT_EQ(NodeId::Random(one), NodeId::Random(other));
}

TEST(NodeId, AreOrderedAsTheirTextAndTheEmptyOneComesFirst) {
  const NodeId none;
  const NodeId digit = *NodeId::Parse(std::string(39, 'a') + "9");
  const NodeId letter = *NodeId::Parse(std::string(39, 'a') + "a");
  EXPECT_LT(none, digit);
  EXPECT_LT(digit, letter);
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.str(), "");
  EXPECT_EQ(none.view(), std::string(40, '\0'));
}

}  // namespace
}  // namespace norn::cluster
