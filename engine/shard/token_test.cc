#include "engine/shard/token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace norn {
namespace {

using ::testing::ElementsAre;

struct Claimant : TokenClaim {
  Claimant(int number, Token& token, std::vector<int>& order, bool releases_at_once)
      : number(number), token(token), order(order), releases_at_once(releases_at_once) {
    granted = [](TokenClaim* claim) {
      auto* self = static_cast<Claimant*>(claim);
      self->order.push_back(self->number);
      if (self->releases_at_once) self->token.Release();
    };
  }
  int number;
  Token& token;
  std::vector<int>& order;
  bool releases_at_once;
};

struct TokenTest : ::testing::Test {
  Token token;
  std::vector<int> order;
};

TEST_F(TokenTest, AFreeTokenIsGrantedAtOnce) {
  Claimant first(1, token, order, false);
  token.Claim(&first);
  EXPECT_THAT(order, ElementsAre(1));
  EXPECT_FALSE(token.free());
}

TEST_F(TokenTest, ClaimsAreServedInTheirOrder) {
  Claimant a(1, token, order, false), b(2, token, order, true), c(3, token, order, false);
  token.Take();
  token.Claim(&a);
  token.Claim(&b);
  token.Claim(&c);
  EXPECT_THAT(order, ElementsAre());
  token.Release();
  EXPECT_THAT(order, ElementsAre(1));
  token.Release();
  EXPECT_THAT(order, ElementsAre(1, 2, 3)) << "b gave it back while it was being granted";
  token.Release();
  EXPECT_TRUE(token.free());
}

TEST_F(TokenTest, ManyShortClaimsDoNotNest) {
  std::vector<Claimant> many;
  many.reserve(100000);
  token.Take();
  for (int i = 0; i < 100000; ++i) {
    many.emplace_back(i, token, order, true);
    token.Claim(&many.back());
  }
  token.Release();
  EXPECT_EQ(order.size(), many.size());
  EXPECT_TRUE(token.free());
}

}  // namespace
}  // namespace norn
