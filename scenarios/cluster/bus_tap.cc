#include "scenarios/cluster/bus_tap.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <variant>

#include "engine/cluster/bus_codec.h"
#include "engine/cluster/norn_words.h"
#include "scenarios/cluster/layout.h"

namespace norn::scenarios {
namespace {

constexpr size_t kMessageBytesMax = 64 << 20;
constexpr size_t kTypeAt = 12;
constexpr uint16_t kLightBit = 0x8000;

constexpr std::array<std::string_view, 8> kDenialWords = {
    "not ready to judge",
    "not a member of that shard",
    "an old ballot",
    "the shard has a later primary",
    "the primary is up",
    "the primary's lease is not over",
    "another replica has more data",
    "no data",
};
// By VoteDenial::Reason.
constexpr std::array<std::string_view, 8> kLegacyDenialWords = {
    "no reason given",          "not safe",   "an old epoch",      "voted already",
    "the requester is primary", "no primary", "the primary is up", "a stale configuration",
};

template <typename... Cases>
struct Match : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Match(Cases...) -> Match<Cases...>;

// Those that may be worth an arrow.
bool IsTelling(uint16_t type) {
  using enum cluster::BusType;
  switch (static_cast<cluster::BusType>(type & ~kLightBit)) {
    case kFail:
    case kVoteRequest:
    case kVote:
    case kVoteDenial:
    case kManualFailoverStart:
    case kNorn:
      return true;
    default:
      return false;
  }
}

}  // namespace

BusTap::BusTap(sim::World& world, Timeline& timeline, size_t lanes, NameOf name_of)
    : world_(world), timeline_(timeline), lanes_(lanes), name_of_(std::move(name_of)) {}

bool BusTap::IsBus(const sim::Connection& connection) const {
  return connection.party(sim::End::kServer).address.port == kBusPort &&
         connection.party(sim::End::kClient).host.value < lanes_ &&
         connection.party(sim::End::kServer).host.value < lanes_;
}

void BusTap::Sent(const sim::Connection& connection, sim::End end, std::string_view bytes) {
  if (!IsBus(connection)) return;
  Stream& stream = streams_[{connection.id(), end}];
  stream.sent += bytes.size();
  if (stream.broken) return;
  stream.unread += bytes;
  size_t at = 0;
  for (;;) {
    const std::string_view rest = std::string_view(stream.unread).substr(at);
    if (rest.size() < cluster::kBusPrefixBytes) break;
    const auto needed = cluster::NextBusMessageBytes(rest, kMessageBytesMax);
    if (!needed.ok()) {
      stream.broken = true;
      stream.unread.clear();
      return;
    }
    if (rest.size() < *needed) break;
    at += *needed;
    Take(stream, rest.substr(0, *needed), connection, end,
         stream.sent - (stream.unread.size() - at));
  }
  stream.unread.erase(0, at);
}

void BusTap::Take(Stream& stream, std::string_view message, const sim::Connection& connection,
                  sim::End end, uint64_t end_in_stream) {
  const auto type = static_cast<uint16_t>(static_cast<uint8_t>(message[kTypeAt]) << 8 |
                                          static_cast<uint8_t>(message[kTypeAt + 1]));
  if (!IsTelling(type) || !cluster::DecodeBusMessage(message, scratch_).ok()) return;
  Words words = Describe(scratch_);
  if (words.kind.empty()) return;
  Timeline::Arrow arrow;
  arrow.kind = words.kind;
  arrow.from = connection.party(end).host.value;
  arrow.to = connection.party(sim::Other(end)).host.value;
  arrow.sent_ns = world_.now().ns;
  arrow.words = std::move(words.text);
  stream.on_their_way.push_back({end_in_stream, timeline_.Add(std::move(arrow))});
}

void BusTap::Arrived(const sim::Connection& connection, sim::End end, size_t bytes) {
  if (!IsBus(connection)) return;
  const auto found = streams_.find({connection.id(), end});
  if (found == streams_.end()) return;  // begun before anybody listened
  Stream& stream = found->second;
  stream.arrived += bytes;
  while (!stream.on_their_way.empty() && stream.on_their_way.front().end <= stream.arrived) {
    timeline_.Arrived(stream.on_their_way.front().arrow, world_.now().ns);
    stream.on_their_way.pop_front();
  }
}

BusTap::Words BusTap::Describe(const cluster::BusMessage& message) const {
  const uint64_t epoch = message.header ? message.header->current_epoch : 0;
  return std::visit(
      Match{[&](const cluster::VoteRequest&) -> Words {
              return {"request", fmt::format("asks for a vote, epoch {}", epoch)};
            },
            [&](const cluster::Vote&) -> Words {
              return {"grant", fmt::format("votes for it, epoch {}", epoch)};
            },
            [&](const cluster::VoteDenial& denial) -> Words {
              const size_t reason = denial.reason < kLegacyDenialWords.size() ? denial.reason : 0;
              return {"denial", fmt::format("denies its vote in epoch {}: {}", denial.epoch,
                                            kLegacyDenialWords[reason])};
            },
            [&](const cluster::Fail& fail) -> Words {
              return {"fail", "says that " + name_of_(fail.failed) + " has failed"};
            },
            [&](const cluster::ManualFailoverStart&) -> Words {
              return {"manual", "asks its primary to hand over"};
            },
            [&](const cluster::NornBody& body) { return DescribeNorn(body.payload); },
            [](const auto&) { return Words{}; }},
      message.body);
}

BusTap::Words BusTap::DescribeNorn(std::string_view payload) const {
  if (const auto news = cluster::DecodeNornNews(payload)) {
    const auto* const verdicts = std::get_if<cluster::Verdicts>(&*news);
    if (verdicts == nullptr || verdicts->failed.empty()) return {};
    std::string names;
    for (const cluster::NodeId& id : verdicts->failed) {
      names += (names.empty() ? "" : ", ") + name_of_(id);
    }
    return {"fail", "says that these have failed: " + names};
  }
  const std::optional<cluster::ElectionMessage> message = cluster::DecodeElectionMessage(payload);
  if (!message) return {};
  return std::visit(
      Match{[&](const cluster::BallotRequest& request) -> Words {
              return {"request", fmt::format("asks for ballot {}{}; its data: reign {}, offset {}",
                                             request.ballot, request.manual ? " (by hand)" : "",
                                             request.history.reign, request.history.offset)};
            },
            [&](const cluster::BallotVote& vote) -> Words {
              return {"grant", fmt::format("promises ballot {} to {}", vote.ballot,
                                           name_of_(vote.candidate))};
            },
            [&](const cluster::BallotDenial& denial) -> Words {
              const auto reason = static_cast<size_t>(denial.reason);
              return {"denial",
                      fmt::format("denies ballot {} to {}: {}", denial.ballot,
                                  name_of_(denial.candidate),
                                  reason < kDenialWords.size() ? kDenialWords[reason] : "?")};
            },
            [](const cluster::ManualStart&) -> Words {
              return {"manual", "asks its primary to hand over"};
            },
            [](const auto&) { return Words{}; }},
      *message);
}

}  // namespace norn::scenarios
