#include "scenarios/cluster/cluster_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "engine/base/number.h"

namespace norn::scenarios {
namespace {

constexpr size_t kKeysOfGroup = 3;
constexpr uint32_t kWritesOfGeneration = 40;
// Reads look back at what was written a while ago: losses show there too.
constexpr size_t kGenerationsRead = 3;
constexpr int64_t kReadPairPercent = 25;
constexpr Duration kWaitMax = Duration::Millis(200);

// The families that have a meaning for lists.
constexpr std::array<Family, 5> kOwnFamilies = {Family::kRead, Family::kWrite, Family::kCounter,
                                                Family::kTransaction, Family::kTyped};
// So many slots have keys of other types than lists and counters.
constexpr uint32_t kTypedTags = 4;

}  // namespace

KeyNumber ClusterRecord::AddKey(std::string name, bool is_list) {
  const SlotId slot = KeySlot(name);
  history.keys.push_back({std::move(name), slot, is_list});
  return static_cast<KeyNumber>(history.keys.size() - 1);
}

void ClusterRecord::NewKeys(size_t group) {
  Group& at = groups[group];
  const size_t generation = at.keys.size() / kKeysOfGroup;
  for (const char kind : {'a', 'b', 'n'}) {
    at.keys.push_back(AddKey(fmt::format("{{{}.{}}}{}", group, generation, kind), kind != 'n'));
  }
  at.writes = 0;
}

ClusterClient::ClusterClient(const ClusterClientSettings& settings, RouterSettings router,
                             sim::World& world, ClusterRecord& record)
    : settings_(settings),
      world_(world),
      record_(record),
      prng_(world.PrngOf(fmt::format("cluster client {}", settings.index))),
      router_(std::move(router), world,
              world.PrngOf(fmt::format("cluster router {}", settings.index))) {
  for (const Family family : kOwnFamilies) {
    weight_sum_ += settings_.weights[static_cast<size_t>(family)];
  }
  if (settings_.weights[static_cast<size_t>(Family::kTyped)] == 0) return;
  typed_tag_ = fmt::format("{{y{}}}", settings_.index % kTypedTags);
  typed_.emplace(RandomCommandSettings{.prefix = typed_tag_, .only_writes = true},
                 world.PrngOf(fmt::format("typed commands {}", settings_.index)));
}

void ClusterClient::Run(env::Env& env) {
  while (world_.now() < settings_.stop_at) {
    Turn(env);
    ++operations_;
    const Duration think = Duration::Nanos(settings_.think_time_ns.Draw(prng_));
    env.executor().Park(env.clock().Now() + think);
  }
  router_.Close();
  done_ = true;
}

Family ClusterClient::Draw() {
  int64_t at = prng_.Between(0, weight_sum_ - 1);
  for (const Family family : kOwnFamilies) {
    at -= settings_.weights[static_cast<size_t>(family)];
    if (at < 0) return family;
  }
  return Family::kRead;
}

void ClusterClient::Turn(env::Env& env) {
  switch (Draw()) {
    case Family::kWrite:
      return Write(env);
    case Family::kTransaction:
      return WritePair(env);
    case Family::kCounter:
      return Increment(env);
    case Family::kTyped:
      return WriteTyped(env);
    default:
      return prng_.Between(0, 99) < kReadPairPercent ? ReadPair(env) : Read(env);
  }
}

KeyNumber ClusterClient::Recent(const ClusterRecord::Group& group, size_t kind) {
  const size_t generations = group.keys.size() / kKeysOfGroup;
  const size_t back = prng_.Below(std::min(generations, kGenerationsRead));
  return group.keys[(generations - 1 - back) * kKeysOfGroup + kind];
}

size_t ClusterClient::GroupToWrite() {
  const size_t group = prng_.Below(record_.groups.size());
  if (++record_.groups[group].writes > kWritesOfGeneration) record_.NewKeys(group);
  return group;
}

void ClusterClient::Read(env::Env& env) {
  const ClusterRecord::Group& group = record_.groups[prng_.Below(record_.groups.size())];
  const KeyNumber key = Recent(group, prng_.Below(2));
  const Answer answer = Ask(env, record_.history.keys[key].slot,
                            {{"GET", record_.history.keys[key].name}}, settings_.reads_replicas);
  if (answer.outcome == Outcome::kAcked) Note(key, answer, 0);
}

void ClusterClient::ReadPair(env::Env& env) {
  const ClusterRecord::Group& group = record_.groups[prng_.Below(record_.groups.size())];
  const KeyNumber first = Recent(group, 0);
  const KeyNumber second = first + 1;
  const SlotId slot = record_.history.keys[first].slot;
  const std::vector<Words> gets = {{"GET", record_.history.keys[first].name},
                                   {"GET", record_.history.keys[second].name}};
  const Answer answer = Ask(env, slot, gets, settings_.reads_replicas);
  if (answer.outcome != Outcome::kAcked || answer.replies.size() != 2) return;
  if (!Note(first, answer, 0) || !Note(second, answer, 1)) return;
  const size_t reads = record_.history.reads.size();
  record_.history.read_pairs.push_back({reads - 2, reads - 1});
}

void ClusterClient::Write(env::Env& env) {
  const ClusterRecord::Group& group = record_.groups[GroupToWrite()];
  const size_t kind = prng_.Below(2);
  const KeyNumber key = group.keys[group.keys.size() - kKeysOfGroup + kind];
  WriteList(env, key);
}

bool ClusterClient::WriteList(env::Env& env, KeyNumber key) {
  const ListKey list = record_.history.keys[key];
  const WriteId id = Begin(key);
  const Answer answer = Ask(env, list.slot, {{"APPEND", list.name, TokenOf(id)}}, false);
  End(id, answer, 0);
  if (answer.outcome != Outcome::kAcked) return false;
  if (prng_.Between(0, 99) < settings_.wait_percent) WaitForAll(env, id, answer.node);
  return true;
}

void ClusterClient::WaitForAll(env::Env& env, WriteId id, const std::string& node) {
  const Answer answer = router_.AskAgain(
      env, node, {"WAIT", std::to_string(settings_.replicas), std::to_string(kWaitMax.millis())},
      kWaitMax * 5);
  if (answer.outcome != Outcome::kAcked) return;
  const std::optional<int64_t> had = ParseInt64(answer.replies[0].text);
  const uint64_t members =
      record_.members_of(record_.history.keys[record_.history.Write(id).key].slot);
  const int others = __builtin_popcountll(members) - 1;
  if (!had || others < 1 || *had < others) return;
  record_.history.Write(id).holders = members;
  record_.history.Write(id).held_ns = answer.complete_ns;
}

void ClusterClient::WritePair(env::Env& env) {
  const ClusterRecord::Group& group = record_.groups[GroupToWrite()];
  const KeyNumber first = group.keys[group.keys.size() - kKeysOfGroup];
  const KeyNumber second = first + 1;
  const ListKey one = record_.history.keys[first];
  const ListKey two = record_.history.keys[second];
  const WriteId a = Begin(first);
  const WriteId b = Begin(second);
  record_.history.write_pairs.push_back({a, b});
  const Answer answer = Ask(
      env, one.slot, {{"APPEND", one.name, TokenOf(a)}, {"APPEND", two.name, TokenOf(b)}}, false);
  if (answer.outcome == Outcome::kAcked && answer.replies.size() != 2) {
    return Complain("EXEC of two answered another number");
  }
  if (answer.outcome == Outcome::kAcked) ++record_.transactions;
  End(a, answer, 0);
  End(b, answer, 1);
}

void ClusterClient::Increment(env::Env& env) {
  const ClusterRecord::Group& group = record_.groups[GroupToWrite()];
  const KeyNumber key = group.keys.back();
  const ListKey count = record_.history.keys[key];
  const Answer answer = Ask(env, count.slot, {{"INCR", count.name}}, false);
  if (answer.outcome != Outcome::kAcked) return;
  const std::optional<int64_t> value = ParseInt64(answer.replies[0].text);
  if (!value) return Complain("INCR answered " + answer.replies[0].text);
  record_.history.counts.push_back(
      {key, record_.number_of(answer.node), answer.invoke_ns, answer.complete_ns, *value});
}

// Nobody judges its reply; what the nodes hold afterwards is compared.
void ClusterClient::WriteTyped(env::Env& env) {
  Ask(env, KeySlot(typed_tag_), {typed_->Next()}, false, Router::Errors::kAnswer);
}

bool ClusterClient::ReadList(env::Env& env, KeyNumber key) {
  const ListKey list = record_.history.keys[key];
  const Answer answer = Ask(env, list.slot, {{"GET", list.name}}, false);
  return answer.outcome == Outcome::kAcked && Note(key, answer, 0);
}

WriteId ClusterClient::Begin(KeyNumber key) {
  ListWrite write;
  write.key = key;
  write.client = settings_.index;
  write.invoke_ns = world_.now().ns;
  record_.history.writes.push_back(write);
  return static_cast<WriteId>(record_.history.writes.size());
}

void ClusterClient::End(WriteId id, const Answer& answer, size_t reply) {
  ListWrite& write = record_.history.Write(id);
  write.outcome = answer.outcome;
  if (!answer.node.empty()) write.node = record_.number_of(answer.node);
  if (answer.invoke_ns != 0) write.invoke_ns = answer.invoke_ns;
  if (answer.outcome != Outcome::kAcked) return;
  write.complete_ns = answer.complete_ns;
  const std::optional<uint64_t> bytes = ParseUint64(answer.replies[reply].text);
  if (!bytes || *bytes % kTokenBytes != 0) {
    return Complain("APPEND answered " + answer.replies[reply].text);
  }
  write.length = static_cast<uint32_t>(*bytes / kTokenBytes);
}

bool ClusterClient::Note(KeyNumber key, const Answer& answer, size_t reply) {
  const net::Reply& value = answer.replies[reply];
  auto list = ParseList(value.IsNull() ? "" : value.text, record_.history.writes.size());
  if (!list) {
    Complain("GET answered " + value.text);
    return false;
  }
  record_.history.reads.push_back({key, settings_.index, record_.number_of(answer.node),
                                   answer.of_replica, answer.invoke_ns, answer.complete_ns,
                                   *std::move(list)});
  return true;
}

Answer ClusterClient::Ask(env::Env& env, SlotId slot, const std::vector<Words>& commands,
                          bool may_be_replica, Router::Errors errors) {
  const int64_t from_ns = world_.now().ns;
  Answer answer = router_.Ask(env, slot, commands, may_be_replica, errors);
  if (answer.outcome == Outcome::kRefused) record_.on_refusal(answer.refusal);
  ++record_.operations;
  last_refusal_ = answer.refusal;
  if (answer.outcome == Outcome::kUnknown) ++record_.operations_unknown;
  if (answer.outcome == Outcome::kRefused) ++record_.operations_refused;
  if (record_.served) record_.served(slot, from_ns, answer.outcome == Outcome::kAcked);
  return answer;
}

void ClusterClient::Complain(const std::string& what) {
  At(record_.checks, CheckId::kOneOrder)
      .Fail(fmt::format("client {} at {:.6f} s: {}", settings_.index,
                        static_cast<double>(world_.now().ns) / 1e9, what));
}

}  // namespace norn::scenarios
