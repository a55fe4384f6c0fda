#include "scenarios/director.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/fiber/spawn.h"
#include "net/reply_parser.h"

namespace norn::scenarios {
namespace {

constexpr Duration kTurn = Duration::Millis(5);
constexpr Duration kCallMax = Duration::Millis(500);
// What was sent before a quiet moment has taken effect by then.
constexpr Duration kSettle = Duration::Millis(30);
// Between the two readings that must agree: no piece of a stream takes that long to apply.
constexpr Duration kSteady = Duration::Millis(20);
// A half-open link is noticed after repl-timeout, a replica that failed often waits up to 30 s, and replicas of replicas
// begin when those are done.
constexpr Duration kMeetMax = Duration::Seconds(120);
constexpr Duration kMeetTurn = Duration::Millis(200);
// Copies of a replica after all was healed: one under way may fail, one is needed, and the same once more below a replica
// that took one.
constexpr uint64_t kHealedCopiesMax = 4;
// As many resumptions that lead nowhere are a replica whose place in the history is wrong.
constexpr uint64_t kVainResumptions = 3;

constexpr CheckId kOwnChecks[] = {
    CheckId::kExpiredNeverSeen,     CheckId::kWaitNeverOverReports, CheckId::kSameHistorySameData,
    CheckId::kContinueAlongHistory, CheckId::kBoundedFullSyncs,     CheckId::kReplicasConverge};

}  // namespace

bool Director::IsWanted(const Scenario& scenario) {
  return std::any_of(std::begin(kOwnChecks), std::end(kOwnChecks), [&](CheckId id) {
    return scenario.Checks(std::string(kChecks[static_cast<size_t>(id)].name));
  });
}

Director::Director(const Scenario& scenario, sim::World& world, std::vector<ServerHost*> servers,
                   RunRecord& record)
    : scenario_(scenario), world_(world), record_(record), prng_(world.PrngOf("director")) {
  for (ServerHost* server : servers) {
    members_.emplace_back().host = server;
    members_.back().client = NewClient();
  }
  for (size_t i = 1; i < members_.size(); ++i) {
    const bool chained = i > 1 && prng_.Between(0, 99) < scenario_.replication.chained_percent;
    const size_t above = chained ? 1 + prng_.Below(i - 1) : 0;
    Wish(i, static_cast<int64_t>(above));
    members_[i].unheard = false;
    if (above > 0) drawn_ += fmt::format(" replica{}-of-replica{}", i, above);
  }
  const int64_t witnesses = scenario_.replication.witnesses.Draw(prng_);
  for (int64_t i = 0; i < witnesses; ++i) {
    Witness& witness = witnesses_.emplace_back();
    witness.writer = NewClient();
    for (size_t j = 0; j < members_.size(); ++j) witness.readers.push_back(NewClient());
    witness.prng = world_.PrngOf(fmt::format("witness {}", i));
  }
  record_.primary = AddressOf(0);
}

std::string Director::AddressOf(size_t member) const {
  return fmt::format("{}:{}", members_[member].host->node()->ip(), kServerPort);
}

std::unique_ptr<SimClient> Director::NewClient() {
  SimClientSettings settings;
  settings.index = next_client_++;
  settings.timeout = kCallMax;
  settings.keep_history = false;
  settings.ignores_gate = true;
  WorkloadSettings workload;
  workload.weights[0] = 1;  // asks nothing of its own
  return std::make_unique<SimClient>(settings, workload, world_, record_);
}

void Director::Pause(Duration span) { env_->executor().Park(env_->clock().Now() + span); }

std::string Director::Call(SimClient& client, const std::string& address, Words words) {
  if (client.server() != address) client.PointAt(address);
  if (!client.connected() && !client.Connect(*env_, 2)) return "";
  std::vector<Operation> ask(1);
  ask[0].kind = OperationKind::kToken;
  ask[0].commands.push_back(std::move(words));
  return client.Execute(*env_, &ask) ? ask[0].reply : "";
}

void Director::Run(env::Env& env) {
  env_ = &env;
  for (Witness& witness : witnesses_) {
    SpawnFiber(env.executor(), [this, &witness] {
      while (phase_ == Phase::kBusy) Watch(witness);
    });
  }
  const auto draw = [&] {
    return world_.now() + Duration::Nanos(scenario_.replication.quiet_every_ns.Draw(prng_));
  };
  Instant next_quiet = draw();
  for (;;) {
    GrantWishes();
    KillLinks();
    if (phase_ == Phase::kBusy && world_.now() >= next_quiet) {
      CompareAll();
      next_quiet = draw();
    }
    if (phase_ == Phase::kCount) CountAndPromote();
    if (phase_ == Phase::kMeet) JudgeMeeting();
    Pause(kTurn);
  }
}

void Director::EndBusyTime() {
  phase_ = Phase::kEnding;
  if (!scenario_.replication.primary_dies) return;
  members_[primary_].gone = true;
}

void Director::Meet() {
  for (Member& member : members_) member.unheard = true;
  full_before_ = full_syncs_;
  partial_before_ = partial_syncs_;
  phase_ = Phase::kMeet;
}

void Director::Hear(std::string_view line) {
  const auto says = [line](std::string_view words) {
    return line.find(words) != std::string_view::npos;
  };
  if (says("Full resync from primary: ") || says("using SYNC") ||
      says("The primary sends the copy over a connection of its own")) {
    ++full_syncs_;
  }
  if (says("Successful partial resynchronization")) ++partial_syncs_;
}

// ---- roles and links ----

void Director::Wish(size_t member, int64_t following) {
  Member& m = members_[member];
  m.following = following;
  m.unheard = true;
  const std::string above =
      following < 0 ? ""
                    : fmt::format("{} {}", members_[static_cast<size_t>(following)].host->node()->ip(),
                                  kServerPort);
  m.host->SetOption("replicaof", above);
}

void Director::GrantWishes() {
  for (size_t i = 0; i < members_.size(); ++i) {
    Member& m = members_[i];
    if (!m.unheard || !Answers(m)) continue;
    const int64_t following = m.following;
    Words words = {"REPLICAOF", "NO", "ONE"};
    if (following >= 0) {
      words = {"REPLICAOF", members_[static_cast<size_t>(following)].host->node()->ip(),
               std::to_string(kServerPort)};
    }
    const std::string reply = Call(*m.client, AddressOf(i), words);
    if (!reply.starts_with("+OK") || m.following != following) continue;
    m.unheard = false;
    if (m.effect) std::exchange(m.effect, nullptr)();
  }
}

bool Director::IsBelow(size_t member, size_t ancestor) const {
  int64_t at = static_cast<int64_t>(member);
  while (at >= 0 && at != static_cast<int64_t>(ancestor)) {
    at = members_[static_cast<size_t>(at)].following;
  }
  return at >= 0;
}

bool Director::Ask(FaultKind kind, Prng& prng, std::function<void()> effect) {
  if (phase_ != Phase::kBusy || members_.size() < 2) return false;
  if (kind == FaultKind::kPromote) return Promote(prng, std::move(effect));
  if (kind == FaultKind::kRefollow) return Refollow(prng, std::move(effect));
  const size_t member = prng.Below(members_.size());
  kills_.push_back({member, prng.OneIn(2) ? "replica" : "primary", std::move(effect)});
  return true;
}

bool Director::Promote(Prng& prng, std::function<void()> effect) {
  const size_t next = prng.Below(members_.size());
  const bool chains_too = prng.OneIn(4);
  if (next == primary_ || !Answers(members_[next])) return false;
  for (size_t i = 0; i < members_.size(); ++i) {
    // Whoever follows the new primary already may stay; some others too, which makes chains.
    const bool stays = chains_too && i != primary_ && IsBelow(i, next);
    if (i != next && !stays) Wish(i, static_cast<int64_t>(next));
  }
  Wish(next, -1);
  members_[next].effect = std::move(effect);
  primary_ = next;
  record_.primary = AddressOf(next);
  return true;
}

bool Director::Refollow(Prng& prng, std::function<void()> effect) {
  const size_t member = prng.Below(members_.size());
  const size_t above = prng.Below(members_.size());
  if (member == primary_ || IsBelow(above, member)) return false;
  if (members_[member].following == static_cast<int64_t>(above)) return false;
  Wish(member, static_cast<int64_t>(above));
  members_[member].effect = std::move(effect);
  return true;
}

void Director::KillLinks() {
  for (LinkKill& kill : std::exchange(kills_, {})) {
    Member& m = members_[kill.member];
    if (!Answers(m)) continue;
    const std::string reply =
        Call(*m.client, AddressOf(kill.member), {"CLIENT", "KILL", "TYPE", kill.type});
    if (reply.starts_with(':') && !reply.starts_with(":0")) kill.effect();
  }
}

// ---- comparing ----

bool Director::Answers(const Member& member) const {
  return !member.gone && member.host->serving() &&
         member.host->node()->state() == sim::NodeState::kRunning;
}

std::optional<NodeReading> Director::ReadOnce(size_t member) {
  SimClient& client = *members_[member].client;
  const auto info = net::ParseReply(Call(client, AddressOf(member), {"INFO", "replication"}));
  if (!info) return std::nullopt;
  std::optional<NodeReading> reading = NodeReading::OfInfo(info->text);
  if (!reading) return std::nullopt;
  const auto digest = net::ParseReply(Call(client, AddressOf(member), {"DEBUG", "DIGEST"}));
  if (!digest || digest->IsError()) return std::nullopt;
  reading->node = member;
  reading->at_ns = world_.now().ns;
  reading->digest = digest->text;
  return reading;
}

// Nullopt: the node does not answer, or moves.
std::optional<NodeReading> Director::Read(size_t member) {
  if (!Answers(members_[member])) return std::nullopt;
  const std::optional<NodeReading> first = ReadOnce(member);
  if (!first) return std::nullopt;
  Pause(kSteady);
  if (!Answers(members_[member])) return std::nullopt;
  std::optional<NodeReading> second = ReadOnce(member);
  if (!second || !second->SamePlace(*first) || second->digest != first->digest) return std::nullopt;
  const std::string wrong = histories_.Note(*second);
  if (!wrong.empty()) Tally(CheckId::kSameHistorySameData).Fail(wrong);
  Tally(CheckId::kSameHistorySameData).examined = histories_.compared();
  return second;
}

void Director::CompareAll() {
  record_.writes_paused = true;
  Pause(kSettle);
  for (size_t i = 0; i < members_.size() && phase_ == Phase::kBusy; ++i) Read(i);
  record_.writes_paused = false;
}

// Whether every node is where the primary is; else who is not.
bool Director::Together(std::string* why, Distance::Kind* kind) {
  *kind = Distance::Kind::kLink;
  const std::optional<NodeReading> primary = Read(primary_);
  *why = fmt::format("node {} does not answer, or moves", primary_);
  if (!primary) return false;
  for (size_t i = 0; i < members_.size(); ++i) {
    if (i == primary_ || members_[i].gone) continue;
    const std::optional<NodeReading> replica = Read(i);
    *why = fmt::format("node {} does not answer, or moves", i);
    if (!replica) return false;
    const Distance distance = Distance::Between(*primary, *replica);
    *why = distance.text;
    *kind = distance.kind;
    if (distance.kind != Distance::Kind::kNone) return false;
  }
  return primary->primary;
}

void Director::JudgeMeeting() {
  const Instant deadline = world_.now() + kMeetMax;
  std::string why;
  Distance::Kind kind = Distance::Kind::kNone;
  for (;;) {
    GrantWishes();
    if (Together(&why, &kind)) break;
    if (world_.now() > deadline) {
      MeetingFailed(why, kind);
      phase_ = Phase::kDone;
      return;
    }
    Pause(kMeetTurn);
  }
  ++Tally(CheckId::kReplicasConverge).examined;
  Tally(CheckId::kContinueAlongHistory).examined += partial_syncs_;
  const uint64_t replicas = members_.size() - 1;
  const uint64_t healed = full_syncs_ - full_before_;
  CheckTally& copies = Tally(CheckId::kBoundedFullSyncs);
  copies.examined += full_syncs_;
  if (healed > kHealedCopiesMax * replicas) {
    copies.Fail(fmt::format("{} full copies of {} replicas after all was healed", healed, replicas));
  }
  const uint64_t most = static_cast<uint64_t>(scenario_.replication.full_syncs_max) * replicas;
  if (most > 0 && full_syncs_ > most) {
    copies.Fail(fmt::format("{} full copies of {} replicas in all", full_syncs_, replicas));
  }
  std::vector<AckBook::Holdings> all;
  if (scenario_.replication.primary_dies && ReadHoldings(&all)) {
    AckBook everywhere;  // what every replica had acknowledged is in every history that may follow
    for (const AckBook::Write& write : acks_.writes()) {
      if (write.replicas >= static_cast<int64_t>(replicas)) everywhere.Note(write);
    }
    const std::string wrong = everywhere.Judge(all);
    if (!wrong.empty()) Tally(CheckId::kWaitNeverOverReports).Fail("in the end " + wrong);
  }
  phase_ = Phase::kDone;
}

void Director::MeetingFailed(const std::string& why, Distance::Kind kind) {
  const uint64_t full = full_syncs_ - full_before_;
  const uint64_t partial = partial_syncs_ - partial_before_;
  const std::string text = fmt::format("{} s after the last fault, {} full and {} partial syncs:\n  {}",
                                       kMeetMax.seconds(), full, partial, why);
  const bool lost_its_place =
      kind == Distance::Kind::kHistory || partial > full + kVainResumptions * members_.size();
  if (lost_its_place) Tally(CheckId::kContinueAlongHistory).Fail(text);
  if (full > kHealedCopiesMax * members_.size()) Tally(CheckId::kBoundedFullSyncs).Fail(text);
  Tally(CheckId::kReplicasConverge).Fail(text);
}

// ---- the death of the primary ----

bool Director::ReadHoldings(std::vector<AckBook::Holdings>* all) {
  constexpr size_t kAtOnce = 200;
  const std::vector<AckBook::Write>& writes = acks_.writes();
  all->clear();
  for (size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].gone) continue;
    if (!Answers(members_[i])) return false;
    AckBook::Holdings& held = all->emplace_back();
    for (size_t from = 0; from < writes.size(); from += kAtOnce) {
      Words mget = {"MGET"};
      const size_t to = std::min(from + kAtOnce, writes.size());
      for (size_t k = from; k < to; ++k) mget.push_back(writes[k].key);
      const auto reply = net::ParseReply(Call(*members_[i].client, AddressOf(i), std::move(mget)));
      if (!reply || reply->elements.size() != to - from) return false;
      for (size_t k = from; k < to; ++k) {
        const net::Reply& value = reply->elements[k - from];
        if (!value.IsNull()) held[writes[k].key] = value.text;
      }
    }
  }
  return true;
}

void Director::CountAndPromote() {
  std::vector<AckBook::Holdings> all;
  if (!ReadHoldings(&all)) return;  // again
  size_t best = members_.size();
  int64_t best_offset = -1;
  for (size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].gone) continue;
    const std::optional<NodeReading> reading = ReadOnce(i);
    if (!reading) return;
    if (reading->offset <= best_offset) continue;
    best = i;
    best_offset = reading->offset;
  }
  Tally(CheckId::kWaitNeverOverReports).examined += acks_.writes().size();
  const std::string wrong = acks_.Judge(all);
  if (!wrong.empty()) Tally(CheckId::kWaitNeverOverReports).Fail(wrong);
  primary_ = best;
  record_.primary = AddressOf(best);
  for (size_t i = 0; i < members_.size(); ++i) {
    if (i != best && !members_[i].gone) Wish(i, static_cast<int64_t>(best));
  }
  Wish(best, -1);
  phase_ = Phase::kCounted;
}

// ---- witnesses ----

void Director::Watch(Witness& witness) {
  Pause(Duration::Millis(witness.prng.Between(0, 20)));
  if (record_.writes_paused || record_.gate_closed || phase_ != Phase::kBusy) return;
  switch (witness.prng.Below(4)) {
    case 0:
      return WriteMortal(witness);
    case 1:
      return WriteAndWait(witness);
    default:
      return ReadMortal(witness);
  }
}

void Director::WriteAndWait(Witness& witness) {
  const size_t number = static_cast<size_t>(&witness - witnesses_.data());
  const std::string text = fmt::format("w{}.{}", number, ++witness.writes);
  const std::string primary = record_.primary;
  const std::string set = Call(*witness.writer, primary, {"SET", "wait:" + text, text});
  if (set != "+OK\r\n") return;
  // WAIT speaks of this connection's writes.
  if (!witness.writer->connected() || witness.writer->server() != primary) return;
  const int64_t wanted = witness.prng.Between(1, static_cast<int64_t>(members_.size()));
  const auto reply = net::ParseReply(
      Call(*witness.writer, primary,
           {"WAIT", std::to_string(wanted), std::to_string(witness.prng.Between(1, 300))}));
  if (!reply || reply->type != net::ReplyType::kInteger || reply->text == "0") return;
  acks_.Note({"wait:" + text, text, std::stoll(reply->text)});
}

void Director::WriteMortal(Witness& witness) {
  const size_t number = static_cast<size_t>(&witness - witnesses_.data());
  const std::string key = fmt::format("mortal:{}.{}", number, ++witness.writes);
  const int64_t ttl_ms = witness.prng.Between(1, 400);
  const std::string set = Call(*witness.writer, record_.primary,
                               {"SET", key, "v", "PX", std::to_string(ttl_ms)});
  if (set != "+OK\r\n") return;
  deadlines_.Wrote(key, ttl_ms * 1'000'000, world_.now().ns);
  witness.mortal_keys.push_back(key);
  if (witness.mortal_keys.size() > 8) witness.mortal_keys.erase(witness.mortal_keys.begin());
}

void Director::ReadMortal(Witness& witness) {
  if (witness.mortal_keys.empty()) return;
  const std::string key = witness.mortal_keys[witness.prng.Below(witness.mortal_keys.size())];
  const size_t member = witness.prng.Below(members_.size());
  if (!Answers(members_[member])) return;
  const int64_t asked_ns = world_.now().ns;
  const auto reply =
      net::ParseReply(Call(*witness.readers[member], AddressOf(member), {"GET", key}));
  if (!reply || reply->IsError() || !deadlines_.Gone(key, asked_ns)) return;
  ++Tally(CheckId::kExpiredNeverSeen).examined;
  if (reply->IsNull()) return;
  Tally(CheckId::kExpiredNeverSeen).Fail(deadlines_.Seen(key, member, asked_ns));
}

}  // namespace norn::scenarios
