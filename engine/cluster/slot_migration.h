#pragma once
// Slots that move in one piece, with their keys, from a primary to another (CLUSTER MIGRATESLOTS): the two sides of it as state
// machines without I/O. net/slot_migration.h carries them out.
//
// The problem. For a moment two nodes hold the same keys. Neither may serve them beside the other; what either acknowledged must
// be with whoever serves next; and each of them, and the network, may die at every step. A source that resumes because it waited
// long enough, while the target holds a claim that it has not told yet, loses what it then acknowledges (Valkey 9 did).
//
// The design. The source asks, the target answers; every request may be repeated, because it names the migration and says where
// in its stream it stands.
//
//     source                                              target
//     connecting    ESTABLISH name, source, slots  --->   importing: nothing of it is served, listed or evicted
//     snapshotting  DATA name, offset, commands    --->   runs them, answers how far it has come
//     streaming     DATA ...  (the keys have gone, writes follow)
//     paused        clients of these slots wait; the rest is sent, until the target has come as far
//     granted       the source gives the slots up: on its disk, and at its replicas, they are the target's
//                   TAKE name, offset, epoch       --->   taking: on its disk and at its replicas is all that it ran; the replicas
//                                                         know that the slots are their primary's; it claims them (saved, synced)
//     done          deletes the keys               <---   TAKEN
//
//   G1  Before `granted` only the source owns the slots. A failure there is a way back: it resumes, the target drops what it has.
//   G2  From `granted` on the source serves nothing of them until it knows the outcome, however long that takes, over restarts and
//       promotions of a replica: that they are given up is in nodes.conf and in the replicas' views.
//   G3  Only the target's own word, or that of whoever leads its shard, is an outcome. TAKEN: they are his. DROPPED: nobody has
//       claimed them in that view, and nobody will by this migration, whose name is forgotten there.
//   G4  The target claims with an epoch of at most TAKE's, and above all that the source knew (kTakeEpochRoom less): the source's
//       own claims of the slots, which may reach others late, are older ones. A source that takes its slots back takes a greater
//       one: should the target have died with a claim that its shard's new leader never heard of, that claim is the older one.
//   G5  The source deletes its keys after TAKEN, the target has synced and replicated by then.
//   G6  A primary that was replaced, and alone has slots which came a moment before, gives them to the primary with the later reign
//       in its shard by a migration of its own; then it follows that one (net: RejoinShard).
//
// Asking again. Whoever was promoted may have been told of several migrations, and asks for all of their slots at once: an answer is
// one only if it holds for every slot, else each is asked for alone.
//
// What can fail. Both shards lose all nodes that know: the slots are given up and nobody claims them, until an operator assigns
// them (`redis-cli --cluster fix`). The target dies for good and has no replica: the slots wait as long as its own do.
//
// Pure; executor 0.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "engine/base/time.h"
#include "engine/cluster/node_id.h"
#include "engine/cluster/slot_set.h"

namespace norn::cluster {

// TAKE's epoch is that far above the greatest one that the source knows: elections go on meanwhile.
inline constexpr uint64_t kTakeEpochRoom = 1000;

enum class MigrationState : uint8_t {
  kConnecting,
  kSnapshotting,
  kStreaming,
  kPaused,
  kGranted,
  kImporting,
  kTaking,
  kSuccess,
  kFailed,
  kCancelled,
};
std::string_view MigrationStateName(MigrationState state);

// What CLUSTER GETSLOTMIGRATIONS shows of one.
struct MigrationRow {
  std::string name = {};  // 40 hexadecimal digits
  bool exports = false;
  SlotSet slots = {};
  NodeId source = {};
  NodeId target = {};
  int64_t created_unix_s = 0;
  int64_t updated_unix_s = 0;
  int64_t acked_unix_s = 0;
  MigrationState state = MigrationState::kConnecting;
  std::string message = {};
  uint64_t remaining_bytes = 0;

  bool ended() const { return state >= MigrationState::kSuccess; }
};

// "0-5 7-7".
std::string RangesText(const SlotSet& slots);
// Adds one of those. False: it is none, or some of it is there already.
bool AddRange(std::string_view text, SlotSet& slots);

// The source's side.
class SlotExport {
 public:
  // What is to be done next; each is answered by one of the events below.
  enum class Step : uint8_t {
    kEstablish,
    kCopy,   // the slots' keys, and from each slot's copy on what changes it
    kSend,   // what there is of it
    kPause,  // clients wait; what they wrote before is in what is sent when it is done
    kGrant,  // G2
    kTake,
    kAsk,       // who leads the target's shard, for the outcome
    kTakeBack,  // G4
    kDelete,    // G5
    kWithdraw,  // clients go on, the target is told to drop what it has
    kNone,
  };
  // Of TAKE and of a question for the outcome.
  enum class Answer : uint8_t { kTaken, kDropped, kNone };

  explicit SlotExport(MigrationRow row) : row_(std::move(row)) {}
  // The slots were given up in an earlier life of this process, or by the primary that this node was a replica of.
  static SlotExport OfGivenUp(MigrationRow row);

  const MigrationRow& row() const { return row_; }
  MigrationRow& row() { return row_; }
  Step next() const { return next_; }

  void OnEstablished();
  // Nothing of the copy is unsent or unanswered but `remaining` bytes; `ready`: at most so many may be left for the pause.
  void OnSent(bool copied, uint64_t remaining, uint64_t ready_bytes);
  void OnPaused();
  void OnGranted();
  void OnAnswer(Answer answer);
  void OnTakenBack();
  void OnDeleted();
  void OnWithdrawn();
  // The connection or the target is in trouble, an operator or the pause's end says so, the slots are another's. No effect from
  // `granted` on (G2). `cancelled`: an operator.
  void Abort(std::string why, bool cancelled);
  bool granted() const { return row_.state == MigrationState::kGranted; }

 private:
  void Enter(MigrationState state, Step next) {
    row_.state = state;
    next_ = next;
  }

  MigrationRow row_;
  Step next_ = Step::kEstablish;
  MigrationState verdict_ = MigrationState::kFailed;
};

// The target's side.
class SlotImport {
 public:
  explicit SlotImport(MigrationRow row) : row_(std::move(row)) {
    row_.state = MigrationState::kImporting;
  }

  const MigrationRow& row() const { return row_; }
  MigrationRow& row() { return row_; }
  bool active() const { return !row_.ended(); }
  uint64_t applied() const { return applied_; }

  // Whether commands that begin at `offset` of the stream are the next ones; what was run before is answered with applied().
  bool IsNext(uint64_t offset) const {
    return row_.state == MigrationState::kImporting && offset == applied_;
  }
  void OnApplied(uint64_t bytes) { applied_ += bytes; }
  // TAKE. False: it cannot be done, and never will.
  bool BeginTaking(uint64_t end);
  void OnTaken();
  // What it has is of no use any more. No effect once taking.
  void Drop(std::string why);
  // This node leads its shard no more: whoever does decides.
  void Lose();

 private:
  MigrationRow row_;
  uint64_t applied_ = 0;
};

}  // namespace norn::cluster
