#pragma once
// The door of the stand-in servers of tests: accepts, and serves each connection on a fiber of its own.

#include <memory>
#include <utility>

#include "engine/env/env.h"
#include "engine/fiber/spawn.h"

namespace norn::scenarios {

class TestingListener {
 public:
  explicit TestingListener(env::Env& env) : env_(env) {}

  // serve(stream) is called for each connection; what it refers to must live as long as the node runs.
  template <typename Serve>
  absl::Status Start(Serve serve) {
    auto listener = env_.network().Listen("0.0.0.0:6379", {});
    if (!listener.ok()) return listener.status();
    listener_ = *std::move(listener);
    SpawnFiber(env_.executor(), [this, serve] {
      for (;;) {
        auto stream = listener_->Accept();
        if (!stream.ok()) return;
        SpawnFiber(env_.executor(),
                   [serve, stream = *std::move(stream)]() mutable { serve(*stream); });
      }
    });
    return absl::OkStatus();
  }

 private:
  env::Env& env_;
  std::unique_ptr<env::Listener> listener_;
};

}  // namespace norn::scenarios
