#include "engine/shard/token_set.h"

#include "engine/base/check.h"
#include "engine/fiber/spawn.h"

namespace norn {

// One token asked for. Travels: post to the home, claim there, post back, wake. Lives on the asking fiber's stack, which
// is parked for as long.
struct TokenSet::Request : env::Task, TokenClaim {
  env::Executor* executor;
  Shard* shard;
  size_t asker;
  env::FiberId fiber;
  bool granted_to_us = false;

  static Request* Of(env::Task* task) { return static_cast<Request*>(task); }
  static Request* Of(TokenClaim* claim) { return static_cast<Request*>(claim); }

  static void AtHome(env::Task* task) { Of(task)->shard->token().Claim(Of(task)); }
  static void Granted(TokenClaim* claim) {
    Request* request = Of(claim);
    if (request->executor->Current() == request->asker) return WakeAsker(request);
    request->env::Task::run = WakeAsker;
    request->executor->Post(request->asker, request);
  }
  static void WakeAsker(env::Task* task) {
    Request* request = Of(task);
    request->granted_to_us = true;
    request->executor->Wake(request->fiber);
  }
};

void TokenSet::Collect(const std::vector<uint32_t>& wanted) {
  CHECK(held_.empty());
  const size_t here = executor_.Current();
  for (const uint32_t at : wanted) {
    CHECK(held_.empty() || held_.back() < at);
    Shard* shard = shards_[at];
    if (at == here && shard->token().free()) {
      shard->token().Take();
      held_.push_back(at);
      continue;
    }
    Request request;
    request.executor = &executor_;
    request.shard = shard;
    request.asker = here;
    request.fiber = executor_.Self();
    request.env::Task::run = Request::AtHome;
    request.TokenClaim::granted = Request::Granted;
    if (at == here) {
      shard->token().Claim(&request);
    } else {
      executor_.Post(at, &request);
    }
    while (!request.granted_to_us) executor_.Park(Instant::Never());
    held_.push_back(at);
  }
}

void TokenSet::Release() {
  const size_t here = executor_.Current();
  for (const uint32_t at : held_) {
    Shard* shard = shards_[at];
    if (at == here) {
      shard->token().Release();
    } else {
      PostCall(executor_, at, [shard] { shard->token().Release(); });
    }
  }
  held_.clear();
}

}  // namespace norn
