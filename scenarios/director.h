#pragma once
// Directs a group of nodes that replicate each other: who follows whom, moments without writes in which all are compared,
// witnesses that WAIT and set deadlines, and the end, when the group must come together (I8, I10, I11, I12, I21, G17).
//
// It does what an operator with a good memory does: a wish about who follows whom is written into the node's options for
// its next life, and repeated until the node has answered. Its own links are never ill, so that it sees nodes that cannot
// see each other.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "engine/env/env.h"
#include "scenarios/replication_books.h"
#include "scenarios/scenario.h"
#include "scenarios/server_host.h"
#include "scenarios/sim_client.h"
#include "sim/world.h"

namespace norn::scenarios {

class Director {
 public:
  // Whether the scenario has a check that needs one.
  static bool IsWanted(const Scenario& scenario);

  // `servers`: the first is the primary. Sets their option replicaof; before they start.
  Director(const Scenario& scenario, sim::World& world, std::vector<ServerHost*> servers,
           RunRecord& record);

  // The body of its fiber: from then on until the world ends.
  void Run(env::Env& env);

  // A change by command, soon. False: it makes no sense now.
  bool Ask(FaultKind kind, Prng& prng, std::function<void()> effect);
  // Clients stop: no more comparisons, no more witnesses. The primary is about to be killed if `primary_dies`.
  void EndBusyTime();
  size_t primary() const { return primary_; }
  // The primary is gone for good: what its WAITs answered is counted on the replicas, which nobody heals before.
  void CountHolders() { phase_ = Phase::kCount; }
  bool counted() const { return phase_ == Phase::kCounted; }
  // All is healed and nobody writes: the nodes must come together.
  void Meet();
  bool done() const { return phase_ == Phase::kDone; }

  void Hear(std::string_view log_line);

  // What it draws from the seed.
  const std::string& drawn() const { return drawn_; }

 private:
  enum class Phase : uint8_t { kBusy, kEnding, kCount, kCounted, kMeet, kDone };
  struct Member {
    ServerHost* host = nullptr;
    std::unique_ptr<SimClient> client;
    int64_t following = -1;  // the wish: another member; -1: primary
    bool unheard = false;    // the wish has not been answered
    bool gone = false;       // for good
    std::function<void()> effect;
  };
  struct Witness {
    std::unique_ptr<SimClient> writer;
    std::vector<std::unique_ptr<SimClient>> readers;  // by member
    Prng prng{0};
    uint64_t writes = 0;
    std::vector<std::string> mortal_keys;  // the last few
  };

  std::string AddressOf(size_t member) const;
  std::unique_ptr<SimClient> NewClient();
  // The raw reply; "": none.
  std::string Call(SimClient& client, const std::string& address, Words words);
  void Pause(Duration span);

  void Wish(size_t member, int64_t following);
  void GrantWishes();
  bool Promote(Prng& prng, std::function<void()> effect);
  bool Refollow(Prng& prng, std::function<void()> effect);
  void KillLinks();
  bool IsBelow(size_t member, size_t ancestor) const;

  bool Answers(const Member& member) const;
  std::optional<NodeReading> ReadOnce(size_t member);
  std::optional<NodeReading> Read(size_t member);
  void CompareAll();
  bool Together(std::string* why, Distance::Kind* kind);
  void JudgeMeeting();
  void MeetingFailed(const std::string& why, Distance::Kind kind);
  bool ReadHoldings(std::vector<AckBook::Holdings>* all);
  void CountAndPromote();

  void Watch(Witness& witness);
  void WriteAndWait(Witness& witness);
  void WriteMortal(Witness& witness);
  void ReadMortal(Witness& witness);
  CheckTally& Tally(CheckId check) { return At(record_.checks, check); }

  const Scenario& scenario_;
  sim::World& world_;
  RunRecord& record_;
  Prng prng_;
  std::vector<Member> members_;
  std::vector<Witness> witnesses_;
  size_t primary_ = 0;
  Phase phase_ = Phase::kBusy;
  std::string drawn_;
  env::Env* env_ = nullptr;
  struct LinkKill {
    size_t member = 0;
    std::string type;
    std::function<void()> effect;
  };
  std::vector<LinkKill> kills_;
  uint32_t next_client_ = 1'000'000;
  HistoryBook histories_;
  AckBook acks_;
  DeadlineBook deadlines_;
  uint64_t full_syncs_ = 0;  // begun, by replicas
  uint64_t partial_syncs_ = 0;
  uint64_t full_before_ = 0;  // the meeting
  uint64_t partial_before_ = 0;
};

}  // namespace norn::scenarios
