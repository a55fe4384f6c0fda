#pragma once
// A shard's token: the right to touch its keyspace. It lives at the shard's home executor, and only code there asks for
// it; others ask by post (token_set.h). Claims are served in the order in which they came, whatever they are: a batch of
// commands from another executor, a connection of this one, a command that collects several tokens.
//
//   I1  At most one holder at any time.
//   I2  A claim is granted exactly once, after all earlier claims released.
//   I3  Code that runs at home without parking may use a free token without taking it: nothing can interleave.

#include "engine/base/check.h"

namespace norn {

// A place in the queue for a token. Intrusive: the claimant owns it and keeps it alive until granted.
struct TokenClaim {
  // Called at home when the token is the claimant's; it must lead to exactly one Release. Must not park.
  void (*granted)(TokenClaim* claim) = nullptr;
  TokenClaim* next = nullptr;
};

// Runs on the home executor only. Never parks.
class Token {
 public:
  bool free() const { return !held_; }

  // Takes a free token.
  void Take() {
    CHECK(!held_);  // I1
    held_ = true;
  }

  // Grants now when free, else after those before it.
  void Claim(TokenClaim* claim) {
    claim->next = nullptr;
    if (!held_) {
      held_ = true;
      claim->granted(claim);
      return;
    }
    (last_ == nullptr ? first_ : last_->next) = claim;
    last_ = claim;
  }

  // The holder is done: the next claim is granted. A grant that releases at once (a batch) does not nest.
  void Release() {
    CHECK(held_);
    held_ = false;
    if (granting_) return;
    granting_ = true;
    while (!held_ && first_ != nullptr) {
      TokenClaim* claim = first_;
      first_ = claim->next;
      if (first_ == nullptr) last_ = nullptr;
      held_ = true;
      claim->granted(claim);
    }
    granting_ = false;
  }

 private:
  bool held_ = false;
  bool granting_ = false;
  TokenClaim* first_ = nullptr;
  TokenClaim* last_ = nullptr;
};

}  // namespace norn
