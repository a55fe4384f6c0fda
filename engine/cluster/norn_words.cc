#include "engine/cluster/norn_words.h"

#include <fmt/format.h>

#include <iterator>
#include <type_traits>

#include "engine/base/check.h"
#include "engine/base/number.h"
#include "engine/cluster/bus_wire.h"

namespace norn::cluster {
namespace {

// The numbers are the protocol's.
enum class Kind : uint8_t {
  kBallotRequest = 1,
  kBallotVote = 2,
  kBallotDenial = 3,
  kLeaseRequest = 4,
  kLeaseGrant = 5,
  kLightBeat = 6,
  kSuspicions = 7,
  kVerdicts = 8,
};

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void Byte(uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void Number(uint64_t value) { wire::Append(value, out_); }
  template <typename Id>
  void Name(const Id& id) {
    out_.append(id.view());
  }
  void Stamp(const LeaseStamp& stamp) {
    Number(stamp.boot);
    Number(stamp.number);
  }
  void Data(const History& history) {
    Byte(history.has_data ? 1 : 0);
    Number(history.reign);
    Number(static_cast<uint64_t>(history.offset));
  }

 private:
  std::string& out_;
};

// Reads what a Writer wrote; ok() is false once something was missing or not a name.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  uint8_t Byte() {
    if (!Has(1)) return 0;
    const auto value = static_cast<uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    return value;
  }
  uint64_t Number() {
    if (!Has(sizeof(uint64_t))) return 0;
    const auto value = wire::Load<uint64_t>(rest_, 0);
    rest_.remove_prefix(sizeof(uint64_t));
    return value;
  }
  template <typename Id>
  void Name(Id& id) {
    if (!Has(kNodeIdChars)) return;
    const std::optional<Id> parsed = Id::Parse(rest_.substr(0, kNodeIdChars));
    ok_ &= parsed.has_value();
    if (parsed) id = *parsed;
    rest_.remove_prefix(kNodeIdChars);
  }
  LeaseStamp Stamp() {
    LeaseStamp stamp;
    stamp.boot = Number();
    stamp.number = Number();
    return stamp;
  }
  History Data() {
    History history;
    history.has_data = Byte() != 0;
    history.reign = Number();
    history.offset = static_cast<StreamOffset>(Number());
    return history;
  }

 private:
  bool Has(size_t bytes) { return ok_ = ok_ && rest_.size() >= bytes; }

  std::string_view rest_;
  bool ok_ = true;
};

struct MessageWriter {
  Writer out;

  void operator()(const BallotRequest& request) {
    out.Byte(static_cast<uint8_t>(Kind::kBallotRequest));
    out.Name(request.candidate);
    out.Name(request.shard);
    out.Number(request.ballot);
    out.Number(request.config_epoch);
    out.Data(request.history);
    out.Byte(request.manual ? 1 : 0);
    out.Stamp(request.released);
  }
  void operator()(const BallotVote& vote) {
    out.Byte(static_cast<uint8_t>(Kind::kBallotVote));
    out.Name(vote.voter);
    out.Name(vote.candidate);
    out.Name(vote.shard);
    out.Number(vote.ballot);
  }
  void operator()(const BallotDenial& denial) {
    out.Byte(static_cast<uint8_t>(Kind::kBallotDenial));
    out.Name(denial.voter);
    out.Name(denial.candidate);
    out.Name(denial.shard);
    out.Number(denial.ballot);
    out.Byte(static_cast<uint8_t>(denial.reason));
    out.Number(denial.seen);
  }
  void operator()(const LeaseRequest& request) {
    out.Byte(static_cast<uint8_t>(Kind::kLeaseRequest));
    out.Name(request.primary);
    out.Name(request.shard);
    out.Number(request.reign);
    out.Stamp(request.stamp);
  }
  void operator()(const LeaseGrant& grant) {
    out.Byte(static_cast<uint8_t>(Kind::kLeaseGrant));
    out.Name(grant.voter);
    out.Name(grant.shard);
    out.Stamp(grant.stamp);
    out.Byte(grant.granted ? 1 : 0);
    out.Number(grant.seen);
  }
  template <typename Other>
  void operator()(const Other&) {
    CHECK(false);  // a legacy message has a body of its own
  }
};

BallotRequest ReadBallotRequest(Reader& in) {
  BallotRequest request;
  in.Name(request.candidate);
  in.Name(request.shard);
  request.ballot = in.Number();
  request.config_epoch = in.Number();
  request.history = in.Data();
  request.manual = in.Byte() != 0;
  request.released = in.Stamp();
  return request;
}

BallotVote ReadBallotVote(Reader& in) {
  BallotVote vote;
  in.Name(vote.voter);
  in.Name(vote.candidate);
  in.Name(vote.shard);
  vote.ballot = in.Number();
  return vote;
}

BallotDenial ReadBallotDenial(Reader& in) {
  BallotDenial denial;
  in.Name(denial.voter);
  in.Name(denial.candidate);
  in.Name(denial.shard);
  denial.ballot = in.Number();
  // A reason of a later version is one that passes.
  const uint8_t reason = in.Byte();
  denial.reason = reason <= static_cast<uint8_t>(DenialReason::kNoData)
                      ? static_cast<DenialReason>(reason)
                      : DenialReason::kNotReady;
  denial.seen = in.Number();
  return denial;
}

LeaseRequest ReadLeaseRequest(Reader& in) {
  LeaseRequest request;
  in.Name(request.primary);
  in.Name(request.shard);
  request.reign = in.Number();
  request.stamp = in.Stamp();
  return request;
}

LeaseGrant ReadLeaseGrant(Reader& in) {
  LeaseGrant grant;
  in.Name(grant.voter);
  in.Name(grant.shard);
  grant.stamp = in.Stamp();
  grant.granted = in.Byte() != 0;
  grant.seen = in.Number();
  return grant;
}

std::optional<ElectionMessage> ReadMessage(Kind kind, Reader& in) {
  switch (kind) {
    case Kind::kBallotRequest:
      return ReadBallotRequest(in);
    case Kind::kBallotVote:
      return ReadBallotVote(in);
    case Kind::kBallotDenial:
      return ReadBallotDenial(in);
    case Kind::kLeaseRequest:
      return ReadLeaseRequest(in);
    case Kind::kLeaseGrant:
      return ReadLeaseGrant(in);
    case Kind::kLightBeat:
    case Kind::kSuspicions:
    case Kind::kVerdicts:
      break;  // DecodeNornNews
  }
  return std::nullopt;
}

// Most are no longer.
constexpr size_t kElectionBytesUsual = 160;
constexpr size_t kNewsBytesUsual = 48;

constexpr uint8_t kIsPong = 1;
constexpr uint8_t kHearsQuorum = 2;

struct NewsWriter {
  Writer out;

  void operator()(const LightBeat& beat) {
    out.Byte(static_cast<uint8_t>(Kind::kLightBeat));
    out.Byte(static_cast<uint8_t>((beat.is_pong ? kIsPong : 0) |
                                  (beat.hears_quorum ? kHearsQuorum : 0)));
    out.Number(beat.current_epoch);
    out.Data(beat.history);
  }
  void operator()(const Suspicions& suspicions) {
    out.Byte(static_cast<uint8_t>(Kind::kSuspicions));
    Names(suspicions.failing);
    Names(suspicions.up);
  }
  void operator()(const Verdicts& verdicts) {
    out.Byte(static_cast<uint8_t>(Kind::kVerdicts));
    Names(verdicts.failed);
  }
  void Names(const std::vector<NodeId>& ids) {
    out.Number(ids.size());
    for (const NodeId& id : ids) out.Name(id);
  }
};

std::vector<NodeId> ReadNames(Reader& in) {
  std::vector<NodeId> ids;
  for (uint64_t left = in.Number(); left > 0 && in.ok(); --left) in.Name(ids.emplace_back());
  return ids;
}

// "<letter><value>", parts of the memory word.
constexpr char kReignPart = 'r';
constexpr char kDataPart = 'd';
constexpr char kUncopiedPart = 'u';  // alone, or not at all
constexpr char kEpochPart = 'e';
constexpr char kNodePart = 'n';
constexpr char kPromisePart = 'p';  // p<shard>:<ballot>:<candidate>
constexpr char kGrantedPart = 'g';  // g<shard>:<reign>

bool ReadPromise(std::string_view text, ElectionRecord& record) {
  const std::optional<ClusterShardId> shard = ClusterShardId::Parse(text.substr(0, kNodeIdChars));
  if (!shard || text.size() < 2 * kNodeIdChars + 3 || text[kNodeIdChars] != ':') return false;
  const size_t candidate_at = text.size() - kNodeIdChars;
  const std::optional<NodeId> candidate = NodeId::Parse(text.substr(candidate_at));
  const size_t ballot_at = kNodeIdChars + 1;
  const std::optional<uint64_t> ballot =
      ParseUint64(text.substr(ballot_at, candidate_at - 1 - ballot_at));
  if (!candidate || !ballot || text[candidate_at - 1] != ':') return false;
  record.promises[*shard] = {.ballot = *ballot, .candidate = *candidate};
  return true;
}

bool ReadGranted(std::string_view text, ElectionRecord& record) {
  const std::optional<ClusterShardId> shard = ClusterShardId::Parse(text.substr(0, kNodeIdChars));
  if (!shard || text.size() < kNodeIdChars + 2 || text[kNodeIdChars] != ':') return false;
  const std::optional<uint64_t> reign = ParseUint64(text.substr(kNodeIdChars + 1));
  if (reign) record.reigns[*shard] = *reign;
  return reign.has_value();
}

bool ReadPart(std::string_view part, NornMemory& memory) {
  if (part.empty()) return false;
  const std::string_view value = part.substr(1);
  if (part[0] == kPromisePart) return ReadPromise(value, memory.record);
  if (part[0] == kGrantedPart) return ReadGranted(value, memory.record);
  if (part[0] == kNodePart) {
    const std::optional<NodeId> id = NodeId::Parse(value);
    if (id) memory.norn_nodes.insert(*id);
    return id.has_value();
  }
  if (part[0] == kUncopiedPart) return memory.uncopied = true;
  uint64_t* to = nullptr;
  if (part[0] == kReignPart) to = &memory.record.reign;
  if (part[0] == kDataPart) to = &memory.data_reign;
  if (part[0] == kEpochPart) to = &memory.config_epoch;
  if (to == nullptr) return true;  // of a later version
  const std::optional<uint64_t> number = ParseUint64(value);
  *to = number.value_or(0);
  return number.has_value();
}

}  // namespace

std::string EncodeElectionMessage(const ElectionMessage& message) {
  std::string payload;
  payload.reserve(kElectionBytesUsual);
  std::visit(MessageWriter{Writer(payload)}, message);
  return payload;
}

std::optional<ElectionMessage> DecodeElectionMessage(std::string_view payload) {
  Reader in(payload);
  const auto kind = static_cast<Kind>(in.Byte());
  if (!in.ok()) return std::nullopt;
  std::optional<ElectionMessage> message = ReadMessage(kind, in);
  return in.ok() ? message : std::nullopt;
}

std::string EncodeNornNews(const NornNews& news) {
  std::string payload;
  payload.reserve(kNewsBytesUsual);
  std::visit(NewsWriter{Writer(payload)}, news);
  return payload;
}

std::optional<NornNews> DecodeNornNews(std::string_view payload) {
  Reader in(payload);
  std::optional<NornNews> news;
  switch (static_cast<Kind>(in.Byte())) {
    case Kind::kLightBeat: {
      LightBeat beat;
      const uint8_t bits = in.Byte();
      beat.is_pong = (bits & kIsPong) != 0;
      beat.hears_quorum = (bits & kHearsQuorum) != 0;
      beat.current_epoch = in.Number();
      beat.history = in.Data();
      news = beat;
      break;
    }
    case Kind::kSuspicions: {
      Suspicions suspicions;
      suspicions.failing = ReadNames(in);
      suspicions.up = ReadNames(in);
      news = std::move(suspicions);
      break;
    }
    case Kind::kVerdicts:
      news = Verdicts{ReadNames(in)};
      break;
    default:
      break;
  }
  return in.ok() ? news : std::nullopt;
}

std::string EncodeHeartbeatFacts(const HeartbeatFacts& facts) {
  std::string payload;
  Writer out(payload);
  out.Data(facts.history);
  out.Byte(facts.hears_quorum ? 1 : 0);
  out.Stamp(facts.released);
  return payload;
}

std::optional<HeartbeatFacts> DecodeHeartbeatFacts(std::string_view payload) {
  Reader in(payload);
  HeartbeatFacts facts;
  facts.history = in.Data();
  facts.hears_quorum = in.Byte() != 0;
  facts.released = in.Stamp();
  if (!in.ok()) return std::nullopt;
  return facts;
}

std::string NornMemoryText(const NornMemory& memory) {
  std::string text = fmt::format("{}{},{}{},{}{}", kReignPart, memory.record.reign, kDataPart,
                                 memory.data_reign, kEpochPart, memory.config_epoch);
  if (memory.uncopied) fmt::format_to(std::back_inserter(text), ",{}", kUncopiedPart);
  for (const auto& [shard, promise] : memory.record.promises) {
    fmt::format_to(std::back_inserter(text), ",{}{}:{}:{}", kPromisePart, shard.view(),
                   promise.ballot, promise.candidate.view());
  }
  for (const auto& [shard, reign] : memory.record.reigns) {
    fmt::format_to(std::back_inserter(text), ",{}{}:{}", kGrantedPart, shard.view(), reign);
  }
  for (const NodeId& id : memory.norn_nodes) {
    fmt::format_to(std::back_inserter(text), ",{}{}", kNodePart, id.view());
  }
  return text;
}

std::optional<NornMemory> ParseNornMemory(std::string_view word) {
  NornMemory memory;
  while (!word.empty()) {
    const size_t end = std::min(word.find(','), word.size());
    if (!ReadPart(word.substr(0, end), memory)) return std::nullopt;
    word.remove_prefix(std::min(end + 1, word.size()));
  }
  return memory;
}

}  // namespace norn::cluster
