// What norn nodes say and remember reads back as it was.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "engine/cluster/norn_words.h"

namespace norn::cluster {
namespace {

template <typename Number>
Number Any() {
  return *rc::gen::arbitrary<Number>();
}

template <typename Id>
Id SomeId() {
  return *Id::Parse(*rc::gen::container<std::string>(
      kNodeIdChars, rc::gen::elementOf(std::string("0123456789abcdefz"))));
}

History SomeHistory() {
  return {.has_data = Any<bool>(), .reign = Any<uint64_t>(), .offset = Any<int64_t>()};
}

LeaseStamp SomeStamp() { return {.boot = Any<uint64_t>(), .number = Any<uint64_t>()}; }

ElectionMessage SomeMessage() {
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      return BallotRequest{.candidate = SomeId<NodeId>(),
                           .shard = SomeId<ClusterShardId>(),
                           .ballot = Any<uint64_t>(),
                           .config_epoch = Any<uint64_t>(),
                           .history = SomeHistory(),
                           .manual = Any<bool>(),
                           .released = SomeStamp()};
    case 1:
      return BallotVote{.voter = SomeId<NodeId>(),
                        .candidate = SomeId<NodeId>(),
                        .shard = SomeId<ClusterShardId>(),
                        .ballot = Any<uint64_t>()};
    case 2:
      return BallotDenial{.voter = SomeId<NodeId>(),
                          .candidate = SomeId<NodeId>(),
                          .shard = SomeId<ClusterShardId>(),
                          .ballot = Any<uint64_t>(),
                          .reason = static_cast<DenialReason>(*rc::gen::inRange(0, 8)),
                          .seen = Any<uint64_t>()};
    case 3:
      return LeaseRequest{.primary = SomeId<NodeId>(),
                          .shard = SomeId<ClusterShardId>(),
                          .reign = Any<uint64_t>(),
                          .stamp = SomeStamp()};
    default:
      return LeaseGrant{.voter = SomeId<NodeId>(),
                        .shard = SomeId<ClusterShardId>(),
                        .stamp = SomeStamp(),
                        .granted = Any<bool>(),
                        .seen = Any<uint64_t>()};
  }
}

RC_GTEST_PROP(NornWordsProperty, AMessageReadsBack, ()) {
  const std::string said = EncodeElectionMessage(SomeMessage());
  const std::optional<ElectionMessage> heard = DecodeElectionMessage(said);
  RC_ASSERT(heard.has_value());
  RC_ASSERT(EncodeElectionMessage(*heard) == said);
}

std::vector<NodeId> SomeIds() {
  std::vector<NodeId> ids;
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) ids.push_back(SomeId<NodeId>());
  return ids;
}

NornNews SomeNews() {
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      return LightBeat{.is_pong = Any<bool>(),
                       .hears_quorum = Any<bool>(),
                       .current_epoch = Any<uint64_t>(),
                       .history = SomeHistory()};
    case 1:
      return Suspicions{.failing = SomeIds(), .up = SomeIds()};
    default:
      return Verdicts{.failed = SomeIds()};
  }
}

RC_GTEST_PROP(NornWordsProperty, NewsReadsBack, ()) {
  const NornNews news = SomeNews();
  const std::string said = EncodeNornNews(news);
  RC_ASSERT(DecodeNornNews(said) == news);
  RC_ASSERT(!DecodeElectionMessage(said).has_value());
  const auto cut = *rc::gen::inRange<size_t>(0, said.size());
  RC_ASSERT(!DecodeNornNews(said.substr(0, cut)).has_value());
}

RC_GTEST_PROP(NornWordsProperty, FactsReadBack, ()) {
  const HeartbeatFacts facts{
      .history = SomeHistory(), .hears_quorum = Any<bool>(), .released = SomeStamp()};
  RC_ASSERT(DecodeHeartbeatFacts(EncodeHeartbeatFacts(facts)) == facts);
}

RC_GTEST_PROP(NornWordsProperty, MemoryReadsBack, ()) {
  NornMemory memory;
  memory.data_reign = Any<uint64_t>();
  memory.uncopied = Any<bool>();
  memory.config_epoch = Any<uint64_t>();
  memory.record.reign = Any<uint64_t>();
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    memory.record.promises[SomeId<ClusterShardId>()] = {.ballot = Any<uint64_t>(),
                                                        .candidate = SomeId<NodeId>()};
    memory.record.reigns[SomeId<ClusterShardId>()] = Any<uint64_t>();
    memory.norn_nodes.insert(SomeId<NodeId>());
  }
  const std::string word = NornMemoryText(memory);
  RC_ASSERT(word.find(' ') == std::string::npos);
  RC_ASSERT(ParseNornMemory(word) == memory);
}

}  // namespace
}  // namespace norn::cluster
