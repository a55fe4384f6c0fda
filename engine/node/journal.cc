#include "engine/node/journal.h"

#include <utility>

#include "engine/fiber/spawn.h"

namespace norn {

// The effects of one handing-over, under way to executor 0.
struct Journal::Chunk : env::Task {
  Journal* journal;
  EffectLog effects;

  static void Arrive(env::Task* task) {
    const std::unique_ptr<Chunk> chunk(static_cast<Chunk*>(task));
    chunk->journal->Accept(chunk->effects);
  }
  static void Drop(env::Task* task) { delete static_cast<Chunk*>(task); }
};

class Journal::Sink : public EffectSink {
 public:
  Sink(Journal& journal, env::Executor& executor) : journal_(journal), executor_(executor) {}

  void Accept(EffectLog& effects) override {
    if (executor_.Count() == 1) {  // nobody else whose effects could be under way
      journal_.Accept(effects);
      effects.Clear();
      return;
    }
    Chunk* chunk = new Chunk;
    chunk->run = Chunk::Arrive;
    chunk->drop = Chunk::Drop;
    chunk->journal = &journal_;
    chunk->effects.Swap(effects);
    executor_.Post(0, chunk);
  }

 private:
  Journal& journal_;
  env::Executor& executor_;
};

Journal::Journal(env::Executor& executor)
    : executor_(executor), sink_(std::make_unique<Sink>(*this, executor)) {}

Journal::~Journal() = default;

void Journal::Settle() {
  if (executor_.Count() == 1) return;
  bool arrived = false;
  const env::FiberId fiber = executor_.Self();
  PostCall(executor_, 0, [&] {
    arrived = true;
    executor_.Wake(fiber);
  });
  while (!arrived) executor_.Park(Instant::Never());
}

EffectSink* Journal::sink() { return sink_.get(); }

void Journal::Accept(const EffectLog& effects) {
  for (JournalListener* listener : listeners_) Tell(*listener, effects);
}

void Journal::Tell(JournalListener& listener, const EffectLog& effects) {
  const bool messages = listener.repeats_messages();
  // A listener that leaves a group's first or last commands out has its MULTI and EXEC around the others.
  bool in_group = false;
  bool told_multi = false;
  effects.ForEachRun([&](const EffectLog::Run& run) {
    in_group |= run.begins_group;
    if (messages || !run.for_replicas) {
      if (in_group && !std::exchange(told_multi, true)) {
        listener.OnEffects(run.db, "*1\r\n$5\r\nMULTI\r\n");
      }
      listener.OnEffects(run.db, run.bytes);
    }
    if (!run.ends_group) return;
    in_group = false;
    if (std::exchange(told_multi, false)) listener.OnEffects(run.db, "*1\r\n$4\r\nEXEC\r\n");
  });
}

}  // namespace norn
