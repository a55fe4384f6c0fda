#include "engine/cluster/bus_message.h"

namespace norn::cluster {
namespace {

struct TypeOfBody {
  BusType operator()(const Heartbeat& heartbeat) const {
    switch (heartbeat.kind) {
      case Heartbeat::Kind::kPing:
        return BusType::kPing;
      case Heartbeat::Kind::kPong:
        return BusType::kPong;
      case Heartbeat::Kind::kMeet:
        break;
    }
    return BusType::kMeet;
  }
  BusType operator()(const Fail&) const { return BusType::kFail; }
  BusType operator()(const Publish& publish) const {
    return publish.sharded ? BusType::kPublishShard : BusType::kPublish;
  }
  BusType operator()(const VoteRequest&) const { return BusType::kVoteRequest; }
  BusType operator()(const Vote&) const { return BusType::kVote; }
  BusType operator()(const VoteDenial&) const { return BusType::kVoteDenial; }
  BusType operator()(const Update&) const { return BusType::kUpdate; }
  BusType operator()(const ManualFailoverStart&) const { return BusType::kManualFailoverStart; }
  BusType operator()(const Module&) const { return BusType::kModule; }
  BusType operator()(const NornBody&) const { return BusType::kNorn; }
};

}  // namespace

BusType TypeOf(const BusBody& body) { return std::visit(TypeOfBody(), body); }

std::string_view NameOf(BusType type) {
  switch (type) {
    case BusType::kPing:
      return "ping";
    case BusType::kPong:
      return "pong";
    case BusType::kMeet:
      return "meet";
    case BusType::kFail:
      return "fail";
    case BusType::kPublish:
      return "publish";
    case BusType::kVoteRequest:
      return "auth-req";
    case BusType::kVote:
      return "auth-ack";
    case BusType::kUpdate:
      return "update";
    case BusType::kManualFailoverStart:
      return "mfstart";
    case BusType::kModule:
      return "module";
    case BusType::kPublishShard:
      return "publishshard";
    case BusType::kVoteDenial:
      return "auth-nack";
    case BusType::kNorn:
      return "norn";
  }
  return "unknown";
}

}  // namespace norn::cluster
