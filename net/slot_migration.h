#pragma once
// Slot migrations carried out: a fiber for each that leaves, which copies the slots and sends what changes them over a connection
// to the target's client port; and what the target does with it. What is to be done when is engine/cluster/slot_migration.h's.
//
// A slot is copied under its shard's token, as commands that go into the same stream as the writes behind it: from then on the
// journal's effects on this slot follow. So the stream needs no cut across slots, and the target runs it from front to back.
//
// A slot of many keys is copied in portions, for which nobody waits long; effects on it follow from the first portion on. What the
// target makes of an effect on a key that it lacks is overwritten when the key comes. Where a command has several keys (RENAME,
// SUNIONSTORE), the target may lack some, and what it makes of the others would stay: so all of them are sent again at the end,
// under the token and with all that ran before in the stream.
//
//     shard k   slot 7's keys as RESTORE ──┐                       DATA (one at a time, answered)
//     journal   effects on copied slots  ──┴──► pieces, in order ────────────────────────────────► target: 64 commands at once
//
// Executor 0.

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cluster/cluster_commands.h"
#include "engine/cluster/slot_migration.h"
#include "engine/fiber/wait_queue.h"
#include "engine/keyspace/effect_log.h"
#include "engine/node/journal.h"
#include "engine/node/node.h"
#include "engine/shard/dispatcher.h"
#include "net/replication.h"
#include "net/reply_parser.h"

namespace norn::net {

// The node's part in its cluster, as migrations need it.
class SlotMigrationHost {
 public:
  virtual ~SlotMigrationHost() = default;
  virtual cluster::Member& member() = 0;
  // Begins to carry out what the member asks for.
  virtual void Pump() = 0;
  // What the member asks for is under way, what must be durable is, and every executor has been sent the routes. Parks.
  virtual void CarryOut() = 0;
  // Deletes their keys, here and at the replicas. Parks.
  virtual void DropSlots(const cluster::SlotSet& slots) = 0;
  // Something that the member asked for is not done yet.
  virtual bool acting() const = 0;
};

class SlotMigrations : private JournalListener, private ReplySink {
 public:
  SlotMigrations(Node& node, Replication& replication, SlotMigrationHost& host);
  ~SlotMigrations() override;

  // MIGRATESLOTS, GETSLOTMIGRATIONS, CANCELSLOTMIGRATIONS, SYNCSLOTS: exactly one reply. False: another subcommand. Requires: a
  // fiber that holds no token. Parks.
  bool Run(const cluster::ClusterCall& call);
  // Ten times a second: targets whose source went silent, slots that were given up and that nobody asks for. Never parks.
  void Tick();
  // Slots with keys here before they are this node's.
  cluster::SlotSet importing() const;
  // The node's view of who owns what has changed, or what followed from that is done. Never parks.
  void OnRoutes();
  // What that means for the keys that are here: they are shown, or not. Requires: no token is held. Parks.
  void HideKeys();
  // The lines of INFO about migrations. Never parks.
  std::string Info() const;
  // No more steps.
  void Stop() { ended_ = true; }

 private:
  // Whole commands of one database.
  struct Piece {
    DbIndex db;
    std::string bytes;
  };
  struct Part {
    SlotId slot;
    uint32_t db = 0;
    uint64_t cursor = 0;
    std::set<std::string> again = {};  // its keys that are to be sent once more
  };
  struct Export {
    Export(cluster::SlotExport machine, env::Executor& executor)
        : machine(std::move(machine)), answered(executor) {}
    cluster::SlotExport machine;
    cluster::SlotSet uncopied;
    cluster::SlotSet live;     // copied: what changes them is sent
    std::optional<Part> part;  // how far the copy of a slot of many keys has come
    std::deque<Piece> pieces;
    uint64_t queued_bytes = 0;
    uint64_t sent_bytes = 0;  // and run by the target
    uint64_t epoch_max = 0;   // G4
    Instant held_since = Instant::Never();
    Instant pause_until = Instant::Never();
    Instant report_at = Instant::Never();
    bool holds = false;
    bool established = false;
    std::string auth_error = {};
    cluster::NodeId connected_to;
    std::unique_ptr<env::Stream> stream;
    ReplyParser parser;
    WaitQueue answered;
  };
  struct Import {
    explicit Import(cluster::SlotImport machine) : machine(std::move(machine)) {}
    cluster::SlotImport machine;
    Instant heard;
    Instant report_at;
    Session session;
    bool hidden = true;  // its slots are, with the keys that came
    bool cleaning = false;
  };
  // Of this process's life.
  struct Totals {
    uint64_t done = 0;
    uint64_t failed = 0;
    uint64_t cancelled = 0;
    uint64_t sent_bytes = 0;
    uint64_t received_bytes = 0;
    int64_t last_wait_ms = 0;  // of clients, at the source
    std::string last_error = {};
  };
  using Words = std::span<const std::string_view>;

  // ---- slot_migration.cc: commands, and what both sides share ----
  void Migrate(const cluster::ClusterCall& call);
  bool ParseRequests(const cluster::ClusterCall& call, std::vector<cluster::MigrationRow>& rows);
  std::string WhyNot(const cluster::MigrationRow& row);
  void Cancel(const cluster::ClusterCall& call);
  void OnEffects(DbIndex db, std::string_view resp) override;
  // A slot's keys go, not what was said.
  bool repeats_messages() const override { return false; }
  void OnCommand(DbIndex db, Words words, std::string_view raw);
  void Queue(Export& job, DbIndex db, std::string_view command);
  bool Busy(const cluster::SlotSet& slots) const;
  void WatchJournal();
  void TrimLog();
  std::string NewName();
  std::vector<std::string_view> Order(std::string_view verb, const cluster::SlotSet& slots,
                                      std::string_view node, std::vector<std::string>& room);

  // ---- slot_migration_report.cc ----
  void Show(const cluster::ClusterCall& call);
  void CountEnded(const cluster::MigrationRow& row);
  void Report(Export& job);
  void Report(Import& job);

  // ---- slot_export.cc ----
  void Begin(cluster::SlotExport machine);
  void RunExport(Export& job);
  void Advance(Export& job);
  std::string WhyLost(Export& job);
  void Establish(Export& job);
  void CopySome(Export& job);
  void CopyPortion(Export& job);
  void FinishPart(Export& job);
  void CopyUnderToken(Export& job, uint32_t shard,
                      const std::function<cluster::SlotSet(ExecutorState&, EffectLog&)>& copy);
  void Hand(Export& job, const EffectLog& copy);
  void SendSome(Export& job);
  std::string ComposeMessage(Export& job);
  void Pause(Export& job);
  void HoldAll();
  void AwaitStragglers();
  bool SendMessage(Export& job);
  void Grant(Export& job);
  void Take(Export& job);
  void Ask(Export& job);
  void TakeBack(Export& job);
  void Delete(Export& job);
  void Withdraw(Export& job);
  const cluster::ClusterNode* LeaderFor(const cluster::NodeId& target);
  bool Connect(Export& job, const cluster::ClusterNode& node);
  std::optional<Reply> Request(Export& job, const cluster::ClusterNode* node, Words words,
                               Duration timeout);

  // ---- slot_import.cc ----
  void OnSync(const cluster::ClusterCall& call);
  void OnEstablish(const cluster::ClusterCall& call);
  void OnData(const cluster::ClusterCall& call);
  void OnReady(const cluster::ClusterCall& call);
  void OnTake(const cluster::ClusterCall& call);
  void OnDrop(const cluster::ClusterCall& call);
  void OnOrder(const cluster::ClusterCall& call);
  std::string RunCommands(Import& job, std::string_view bytes);
  std::string_view TakeOver(Import& job, uint64_t end, uint64_t epoch_max);
  void CleanUp(Import& job);
  void CleanUpAll();
  void TakeUpGivenUp();
  void RejoinShard();
  cluster::SlotSet HiddenSlots();
  std::shared_ptr<Import> FindImport(std::string_view name);
  bool Leads();

  bool Drain() override {
    replies_.Clear();
    return true;
  }
  cluster::Member& member() { return host_.member(); }
  const config::Options& options() { return node_.state(0).options(); }
  env::Logger& log() { return node_.state(0).log; }
  Instant Now() { return node_.env().clock().Now(); }
  int64_t UnixSeconds() { return node_.env().clock().Wall().unix_ms() / 1000; }

  Node& node_;
  Replication& replication_;
  SlotMigrationHost& host_;
  std::list<std::unique_ptr<Export>> exports_;  // the latest first, like:
  std::list<std::shared_ptr<Import>> imports_;
  bool journaling_ = false;
  bool one_by_one_ = false;  // of what was given up, some was taken and some was not
  bool watching_ = false;    // journaling_ is being changed
  bool ended_ = false;
  Instant rejoin_from_;  // not before
  Totals totals_;
  cluster::SlotSet hidden_;     // as the shards were told
  bool hides_foreign_ = false;  // what a replica must not show
  bool hide_due_ = false;       // a fiber will tell the shards
  // ---- of the target ----
  Dispatcher dispatcher_;
  ByteBuffer replies_;
  bool running_ = false;
  WaitQueue turn_;
};

}  // namespace norn::net
