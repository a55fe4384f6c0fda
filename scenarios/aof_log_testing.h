#pragma once
// A machine with an append-only log on it, and the obvious model of what the log is to hold: numbered writes, some in
// transactions. The data is the list of all numbers so far; a base holds them all again.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/number.h"
#include "engine/base/status.h"
#include "engine/env/logger.h"
#include "engine/fiber/spawn.h"
#include "engine/persist/aof_loader.h"
#include "engine/persist/aof_log.h"
#include "sim/world.h"

namespace norn {

using persist::AofLog;

inline std::string AofCommand(const std::vector<std::string>& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return bytes;
}

// What a write of that number looks like. Some span sectors; the value tells when a piece of it is missing.
inline std::string NumberedValue(uint64_t number) {
  return std::string(number % 7 == 6 ? 1700 : number % 60, static_cast<char>('a' + number % 26));
}
inline std::string NumberedWrite(uint64_t number) {
  return AofCommand({"SET", std::to_string(number), NumberedValue(number)});
}

// Collects the numbers that a log gives back; anything that is not the next number is noted.
class NumberTarget : public persist::AofLoadTarget {
 public:
  absl::StatusOr<uint64_t> LoadBase(persist::ByteSource&) override {
    return absl::UnimplementedError("bases are commands here");
  }
  absl::Status Apply(std::span<const std::string_view> words) override {
    if (words[0] == "SELECT") {
      db = words[1];
      return absl::OkStatus();
    }
    if (db != "3") ++strange;
    const std::optional<uint64_t> number = ParseUint64(words.size() == 3 ? words[1] : "");
    if (!number || *number != numbers || words[2] != NumberedValue(*number)) ++strange;
    ++numbers;
    return absl::OkStatus();
  }
  void Progress(uint64_t, uint64_t) override {}

  uint64_t numbers = 0;  // 0 .. numbers - 1 were found in this order, if nothing was strange
  uint64_t strange = 0;
  std::string db = "0";
};

// One life of the process after the other on one disk.
class AofMachine {
 public:
  explicit AofMachine(uint64_t seed, const persist::AofOptions& options = {})
      : world_({.seed = seed}), options_(options) {
    node_ = world_.AddNode({.name = "a"});
    // Disks differ in which of two calls that run side by side ends first.
    if (seed % 2 == 0) {
      node_->sim_disk().SetOptions(
          {.latency = {Duration::Micros(1), Duration::Micros(10), 1},
           .sync_latency = {Duration::Micros(1), Duration::Millis(500), 3}});
    }
  }

  // What a life is made of: set before a story's first step, valid to the end of the life.
  struct Life {
    env::Env& env;
    env::Logger logger;
    std::shared_ptr<AofLog> log;

    explicit Life(env::Env& env) : env(env), logger(env, env::LogLevel::kNotice) {}
  };

  using Story = std::function<void(AofMachine&, Life&)>;

  // Starts a process that loads, opens (if `on`) and plays the story; then idles.
  void Boot(Story story, bool on = true) {
    finished_ = false;
    load_status_ = absl::UnknownError("still loading");
    world_.Start(node_, [this, story = std::move(story), on](env::Env& env) {
      auto life = std::make_unique<Life>(env);
      life->log = AofLog::Start(env, life->logger, {}, options_,
                                {[this](const absl::Status&) { fatal_ = true; }, {}});
      NumberTarget target;
      const auto loaded = persist::LoadAof(env.disk(), {}, {}, target);
      load_status_ = loaded.status();
      if (loaded.ok() && on) {
        recovered_ = target.numbers;
        strange_ = target.strange;
        next_ = target.numbers;
        if (on) load_status_ = life->log->Open(*loaded);
      }
      if (load_status_.ok()) story(*this, *life);
      finished_ = true;
      env.executor().Park(Instant::Never());
    });
  }
  bool Run(Duration most = Duration::Seconds(60)) {
    return world_.RunUntil([this] { return finished_ || fatal_; }, world_.now() + most);
  }
  // Runs until that many disk calls were made in all; false when the story ended before.
  bool RunToCall(uint64_t calls) {
    return world_.RunUntil([&] { return Calls() >= calls || finished_ || fatal_; },
                           world_.now() + Duration::Seconds(60)) &&
           Calls() >= calls;
  }
  void Crash(sim::UnsyncedFate fate) {
    world_.Crash(node_, {.host_alive = false, .unsynced = fate});
    fatal_ = false;
  }
  // The process dies, its machine does not.
  void Kill() {
    world_.Crash(node_, {.host_alive = true});
    fatal_ = false;
  }
  uint64_t Calls() const { return node_->sim_disk().counters().operations; }

  // ---- steps of stories ----

  // Appends `count` writes, one by one or as a transaction.
  uint64_t Append(Life& life, uint64_t count = 1) {
    std::string bytes;
    if (count > 1) bytes += AofCommand({"MULTI"});
    for (uint64_t i = 0; i < count; ++i) {
      if (count > 1) inside_.push_back(next_ + i);
      bytes += NumberedWrite(next_ + i);
    }
    if (count > 1) inside_.pop_back();  // behind the last the transaction is whole
    if (count > 1) bytes += AofCommand({"EXEC"});
    next_ += count;
    return life.log->Append(DbIndex{3}, bytes);
  }
  // A transaction of three writes, whose end comes in a round of its own. Nobody else appends meanwhile.
  void AppendInTwoRounds(Life& life) {
    inside_.push_back(next_);
    inside_.push_back(next_ + 1);
    std::string bytes = AofCommand({"MULTI"}) + NumberedWrite(next_) + NumberedWrite(next_ + 1);
    life.log->Append(DbIndex{3}, bytes);
    life.log->AwaitWritten(life.log->appended(), Instant::Never()).IgnoreError();
    life.log->Append(DbIndex{3}, NumberedWrite(next_ + 2) + AofCommand({"EXEC"}));
    next_ += 3;
  }
  // Waits until what was appended is safe, and holds the log to it.
  void Await(Life& life) {
    const uint64_t promised = next_;
    if (life.log->AwaitSynced(life.log->appended(), Instant::Never()).ok()) {
      acked_ = std::max(acked_, promised);
    }
  }
  // A client of its own: that many writes with pauses, each fourth waits until it is safe.
  void SpawnClient(Life& life, int writes) {
    SpawnFiber(life.env.executor(), [this, &life, log = life.log, writes] {
      env::Env& env = life.env;
      for (int i = 0; i < writes; ++i) {
        Append(life, i % 3 == 0 ? 2 : 1);
        if (i % 4 == 0) Await(life);
        const int64_t pause_us = static_cast<int64_t>(env.entropy().Next() % 400);
        env.executor().Park(env.clock().Now() + Duration::Micros(pause_us));
      }
    });
  }
  // A whole rewrite; `during` is done between the cut and the end.
  absl::Status Rewrite(Life& life, const std::function<void()>& during) {
    const uint64_t count = next_;  // the cut is at the call
    absl::Status status = life.log->BeginRewrite();
    if (!status.ok()) return status;
    during();
    const std::string path = life.log->names().Path("temp-rewriteaof.aof");
    status = WriteBase(life.env.disk(), path, count);
    if (!status.ok()) {
      life.log->AbortRewrite(true);
      return status;
    }
    return life.log->FinishRewrite(path, persist::AofBaseKind::kCommands);
  }

  static absl::Status WriteBase(env::Disk& disk, const std::string& path, uint64_t count) {
    std::string bytes = AofCommand({"SELECT", "3"});
    for (uint64_t i = 0; i < count; ++i) bytes += NumberedWrite(i);
    bytes += AofCommand({"SELECT", "0"});  // a new file selects for itself
    auto file = disk.Open(path, env::OpenMode::kCreateOrTrim);
    if (!file.ok()) return file.status();
    return (*file)->Write(0, std::span<const char>(bytes.data(), bytes.size()));
  }

  // ---- what came of it ----
  const absl::Status& load_status() const { return load_status_; }
  uint64_t recovered() const { return recovered_; }
  uint64_t strange() const { return strange_; }
  uint64_t acked() const { return acked_; }
  uint64_t appended() const { return next_; }
  bool fatal() const { return fatal_; }
  // Whether a log of that many writes ends inside a transaction.
  bool SplitsTransaction(uint64_t count) const {
    return count > 0 && std::find(inside_.begin(), inside_.end(), count - 1) != inside_.end();
  }
  void Expect(uint64_t count) {
    next_ = count;
    acked_ = count;
  }

  sim::World& world() { return world_; }
  sim::SimDisk& disk() { return node_->sim_disk(); }
  sim::Node* node() { return node_; }

 private:
  sim::World world_;
  sim::Node* node_;
  const persist::AofOptions options_;
  absl::Status load_status_;
  bool finished_ = false;
  bool fatal_ = false;
  uint64_t recovered_ = 0;
  uint64_t strange_ = 0;
  uint64_t next_ = 0;
  uint64_t acked_ = 0;
  std::vector<uint64_t> inside_;  // writes behind which a transaction is open
};

}  // namespace norn
