#pragma once
// Fibers and posts from callables, for code that is not hot: each allocates once.

#include "engine/env/executor.h"

#include <memory>
#include <utility>

namespace norn {

// Starts a fiber on the current executor that runs `body()`.
template <typename Body>
void SpawnFiber(env::Executor& executor, Body body) {
  auto* copy = new Body(std::move(body));
  executor.Spawn(
      [](void* argument) {
        std::unique_ptr<Body> own(static_cast<Body*>(argument));
        (*own)();
      },
      [](void* argument) { delete static_cast<Body*>(argument); }, copy);
}

// Runs `call()` as a task on executor `to`; it must not park.
template <typename Call>
void PostCall(env::Executor& executor, size_t to, Call call) {
  struct CallTask : env::Task {
    explicit CallTask(Call call) : call(std::move(call)) {}
    Call call;
  };
  auto* task = new CallTask(std::move(call));
  task->run = [](env::Task* self) {
    std::unique_ptr<CallTask> own(static_cast<CallTask*>(self));
    own->call();
  };
  task->drop = [](env::Task* self) { delete static_cast<CallTask*>(self); };
  executor.Post(to, task);
}

}  // namespace norn
