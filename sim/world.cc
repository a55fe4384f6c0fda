#include "sim/world.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "engine/base/check.h"
#include "sim/seed.h"

namespace norn::sim {

World::World(const WorldOptions& options)
    : seed_(options.seed),
      log_sink_(options.log_sink),
      scheduler_(PrngFor(options.seed, "scheduler")),
      trace_(scheduler_),
      fabric_(scheduler_, trace_, options.fabric, SeedFor(options.seed, "fabric")) {
  SetCrashNote(&World::PrintCrashNote, this);
}

World::~World() {
  for (const std::unique_ptr<Node>& node : nodes_) {
    if (node->state() != NodeState::kDown) Stop(node.get());
  }
  nodes_.clear();
  SetCrashNote(nullptr, nullptr);
}

Node* World::AddNode(const NodeOptions& options) {
  const NodeIndex index{static_cast<uint32_t>(nodes_.size())};
  const uint64_t seed = SeedFor(seed_, fmt::format("node {}", index.value));
  nodes_.push_back(
      std::make_unique<Node>(scheduler_, trace_, fabric_, log_sink_, index, options, seed));
  return nodes_.back().get();
}

// ---- a node's life ----

void World::RequireOutside() const {
  for (const std::unique_ptr<Node>& node : nodes_) CHECK(!node->executors_.in_step());
}

void World::Start(Node* node, NodeBody body) {
  RequireOutside();
  node->Start(std::move(body));
}

void World::Stop(Node* node) {
  RequireOutside();
  node->End(Fabric::Down::kExit, UnsyncedFate::kAll);
}

void World::Crash(Node* node, const CrashOptions& options) {
  RequireOutside();
  trace_.Add(TraceKind::kCrash, node->index(), node->incarnation(), options.host_alive ? 1 : 0);
  node->End(options.host_alive ? Fabric::Down::kCrash : Fabric::Down::kHostDead, options.unsynced);
}

void World::Pause(Node* node) {
  RequireOutside();
  node->executors_.Pause();
}

void World::Resume(Node* node) {
  RequireOutside();
  node->executors_.Resume();
}

// ---- time ----

void World::At(Instant at, std::function<void()> call) {
  calls_.emplace(next_call_, std::move(call));
  scheduler_.At(at, this, next_call_++);
}

void World::After(Duration delay, std::function<void()> call) {
  At(now() + delay, std::move(call));
}

void World::Fire(uint64_t call) {
  auto entry = calls_.extract(call);
  CHECK(!entry.empty());
  entry.mapped()();
}

bool World::Step() {
  SetCrashNote(&World::PrintCrashNote, this);
  return scheduler_.RunNext(Instant::Never());
}

void World::RunFor(Duration span) {
  SetCrashNote(&World::PrintCrashNote, this);
  const Instant end = now() + span;
  while (scheduler_.RunNext(end)) {
  }
  scheduler_.SkipTo(end);
}

bool World::RunUntil(const std::function<bool()>& done, Instant deadline) {
  SetCrashNote(&World::PrintCrashNote, this);
  while (!done()) {
    if (scheduler_.RunNext(deadline)) continue;
    if (deadline != Instant::Never()) scheduler_.SkipTo(deadline);
    return done();
  }
  return true;
}

Prng World::PrngOf(std::string_view purpose) const {
  return PrngFor(SeedFor(seed_, "outside"), purpose);
}

void World::PrintCrashNote(void* context) {
  const World& world = *static_cast<const World*>(context);
  std::fprintf(stderr, "seed %llu, virtual time %.9f s, %llu events, hash %016llx\n",
               static_cast<unsigned long long>(world.seed_),
               static_cast<double>(world.now().ns) / 1e9,
               static_cast<unsigned long long>(world.events()),
               static_cast<unsigned long long>(world.trace_.hash()));
  for (const std::unique_ptr<Node>& node : world.nodes_) {
    if (!node->executors_.in_step()) continue;
    std::fprintf(stderr, "in node %s, executor %zu\n", node->name().c_str(),
                 node->executors_.Current());
  }
  std::fprintf(stderr, "last events:\n");
  world.trace_.PrintRecent(stderr);
}

}  // namespace norn::sim
