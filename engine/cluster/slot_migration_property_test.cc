// The two sides of a slot migration against each other, over a network that loses, repeats and delays, with crashes of either
// side at every step: never do both serve, and what serves has all that was written.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <vector>

#include "engine/cluster/slot_migration.h"

namespace norn::cluster {
namespace {

using Step = SlotExport::Step;
using Answer = SlotExport::Answer;

MigrationRow Row() {
  MigrationRow row{.name = std::string(40, 'a')};
  row.slots.Set(SlotId{7});
  return row;
}

// A source, a target, and what is on their disks.
class World {
 public:
  explicit World(std::vector<uint8_t> fates) : fates_(std::move(fates)) {}

  bool over() const { return at_ >= fates_.size(); }

  void Turn() {
    switch (Draw() % 10) {
      case 0:
        return CrashSource();
      case 1:
        return CrashTarget();
      case 2:
        if (source_) source_->Abort("an operator's word", true);
        return;
      case 3:
        if (target_) target_->Drop("silence");
        return;
      case 4:
        // A TAKE that was long on its way.
        if (late_take_) Take(late_name_, *late_take_);
        return;
      default:
        return Work();
    }
  }
  // Without faults, to the end.
  void Calm() {
    fates_.assign(200, 7);  // everything arrives and is answered
    for (at_ = 0; !over() && !quiet();) Work();
  }

  bool quiet() const { return !source_ || source_->next() == Step::kNone; }
  bool source_serves() const {
    return source_owns_ && !(source_ && source_->row().state == MigrationState::kPaused);
  }
  bool target_serves() const { return target_owns_; }
  uint64_t written() const { return written_; }
  uint64_t target_has() const { return target_has_; }
  bool source_has_keys() const { return source_has_keys_; }

 private:
  uint8_t Draw() { return over() ? 7 : fates_[at_++]; }

  void Work() {
    if (source_serves()) ++written_;  // a client's
    if (!source_) Begin();
    Do(source_->next());
    if (source_serves() || target_serves()) RC_ASSERT(!(source_serves() && target_serves()));
  }

  void Do(Step step) {
    const uint8_t fate = Draw() % 4;
    const bool arrives = fate != 0;
    const bool answered = fate > 1;
    switch (step) {
      case Step::kEstablish:
        if (arrives && !target_owns_) Establish();
        if (answered && target_ && target_->active()) return source_->OnEstablished();
        return source_->Abort("no answer", false);
      case Step::kCopy:
      case Step::kSend: {
        const uint64_t bytes = written_ - sent_;
        const bool runs = arrives && target_ && target_->IsNext(sent_);
        if (runs) target_->OnApplied(bytes), target_has_ += bytes;
        if (!runs || !answered) return source_->Abort("no answer", false);
        sent_ += bytes;
        return source_->OnSent(true, written_ - sent_, 0);
      }
      case Step::kPause:
        return source_->OnPaused();
      case Step::kGrant:
        source_->OnGranted();
        source_owns_ = false;
        given_up_ = true;
        return;
      case Step::kTake: {
        late_take_ = sent_;
        late_name_ = name_;
        const Answer answer = arrives ? Take(name_, sent_) : Answer::kNone;
        return source_->OnAnswer(answered ? answer : Answer::kNone);
      }
      case Step::kAsk: {
        const Answer answer = arrives ? Drop() : Answer::kNone;
        return source_->OnAnswer(answered ? answer : Answer::kNone);
      }
      case Step::kTakeBack:
        source_owns_ = true;
        given_up_ = false;
        return source_->OnTakenBack();
      case Step::kDelete:
        RC_ASSERT(target_owns_);
        source_has_keys_ = false;
        given_up_ = false;
        return source_->OnDeleted();
      case Step::kWithdraw:
        if (arrives) Drop();
        return source_->OnWithdrawn();
      case Step::kNone:
        // The operator tries again, unless the slot is gone.
        if (source_owns_) Begin();
        return;
    }
  }

  void Begin() {
    source_.emplace(SlotExport(Row()));
    sent_ = 0;
    ++name_;
  }
  void Establish() {
    target_.emplace(Row());
    target_has_ = 0;
    target_name_ = name_;
  }

  Answer Take(int name, uint64_t end) {
    if (target_owns_) return Answer::kTaken;
    if (name != target_name_) return Answer::kDropped;
    if (!target_ || !target_->active() || !target_->BeginTaking(end)) return Answer::kDropped;
    target_->OnTaken();
    target_owns_ = true;
    RC_ASSERT(target_has_ == written_);
    return Answer::kTaken;
  }
  Answer Drop() {
    if (target_owns_) return Answer::kTaken;
    if (target_) target_->Drop("asked");
    return Answer::kDropped;
  }

  void CrashSource() {
    source_.reset();
    if (given_up_) source_.emplace(SlotExport::OfGivenUp(Row()));
    sent_ = 0;
  }
  void CrashTarget() { target_.reset(); }

  std::vector<uint8_t> fates_;
  size_t at_ = 0;
  std::optional<SlotExport> source_;
  std::optional<SlotImport> target_;
  int name_ = 0;
  int target_name_ = -1;
  int late_name_ = -1;
  std::optional<uint64_t> late_take_;
  // On disks.
  bool source_owns_ = true;
  bool given_up_ = false;
  bool source_has_keys_ = true;
  bool target_owns_ = false;
  uint64_t written_ = 0;
  uint64_t sent_ = 0;
  uint64_t target_has_ = 0;
};

RC_GTEST_PROP(SlotMigrationProperty, OneServesAndHasEverything, (std::vector<uint8_t> fates)) {
  World world(fates);
  while (!world.over()) world.Turn();
  world.Calm();
  RC_ASSERT(world.source_serves() != world.target_serves());
  if (world.target_serves()) RC_ASSERT(world.target_has() == world.written());
  if (world.source_serves()) RC_ASSERT(world.source_has_keys());
}

}  // namespace
}  // namespace norn::cluster
