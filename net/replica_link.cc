#include "net/replica_link.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/status.h"
#include "engine/fiber/spawn.h"
#include "net/address_text.h"

namespace norn::net {
ReplicaLink::ReplicaLink(Node& node, ReplicationHost& host, PrimaryStream& stream, LinkOwner& owner)
    : node_(node),
      host_(host),
      stream_(stream),
      owner_(owner),
      pause_(node.env().executor()),
      ended_(node.env().executor()) {}

// ---- beginning and end ----

void ReplicaLink::Follow(std::string host, int64_t port, bool failover) {
  ++generation_;
  status_ = LinkStatus{.state = LinkState::kConnect, .host = std::move(host), .port = port};
  policy_ = ReconnectPolicy();
  failover_ = failover;
  SpawnFiber(node_.env().executor(), [this, generation = generation_] { Run(generation); });
}

void ReplicaLink::Stop() {
  ++generation_;
  pause_.WakeAll();
  if (copy_link_ != nullptr) copy_link_->stream->Close();
  if (link_ != nullptr) link_->stream->Close();
  while (link_ != nullptr) ended_.Wait(Instant::Never());
  status_ = LinkStatus();
}

void ReplicaLink::Run(uint64_t generation) {
  while (!Stopped(generation)) {
    Course course;
    RunOnce(generation, &course);
    if (Stopped(generation)) return;
    const Instant now = Now();
    const bool streamed = course.stream_since != Instant::Never();
    policy_.OnEnd(streamed, course.copied, streamed ? now - course.stream_since : Duration{});
    if (streamed) {
      status_.was_up = true;
      status_.down_since = now;
    }
    status_.state = LinkState::kConnect;
    const Instant again = now + policy_.delay();
    while (!Stopped(generation) && Now() < again) pause_.Wait(again);
  }
}

void ReplicaLink::RunOnce(uint64_t generation, Course* course) {
  status_.state = LinkState::kConnecting;
  status_.last_io = Now();
  log().Notice("Connecting to PRIMARY {}:{}", status_.host, status_.port);
  std::unique_ptr<env::Stream> stream = Connect();
  if (stream == nullptr || Stopped(generation)) return;
  // Registered until it is closed and silent: Stop waits for that.
  Link link(node_.env(), std::move(stream), received_bytes_);
  link_ = &link;
  Serve(link, course);
  CloseLink(link);
  if (course->stream_since != Instant::Never()) owner_.OnLinkUp(false);
  link_ = nullptr;
  ended_.WakeAll();
}

std::unique_ptr<env::Stream> ReplicaLink::Connect() {
  const Instant deadline = Now() + Duration::Seconds(options().repl_timeout);
  auto stream = node_.env().network().Connect(AddressText(status_.host, status_.port), deadline);
  if (stream.ok()) return *std::move(stream);
  log().Warning("Error condition on connection to PRIMARY {}:{}: {}", status_.host, status_.port,
                MessageOf(stream.status()));
  return nullptr;
}

void ReplicaLink::CloseLink(Link& link) {
  link.stream->Close();
  link.output.AwaitEnd();
}

bool ReplicaLink::Drop() {
  if (link_ == nullptr) return false;
  link_->stream->Close();
  return true;
}

// ---- handshake ----

void ReplicaLink::Serve(Link& link, Course* course) {
  link.reader.SetSilenceMax(Duration::Seconds(options().repl_timeout));
  status_.state = LinkState::kHandshake;
  using Verdict = Handshake::Verdict;
  const Handshake::Action action = Talk(link, Handshake(Facts()));
  if (failover_ && !JudgeFailover(action)) return;
  switch (action.verdict) {
    case Verdict::kContinue:
      log().Notice("Successful partial resynchronization with primary.");
      if (stream_.AdoptContinue(action.text)) {
        log().Notice("Primary replication ID changed to {}", action.text);
        owner_.OnHistoryChanged();
      }
      break;
    case Verdict::kFull:
      course->copied = true;
      if (!LoadCopy(link, action.text, action.offset)) return;
      break;
    case Verdict::kDualChannel:
      course->copied = true;
      if (!LoadDualChannel(link)) return;
      break;
    case Verdict::kSync:
      log().Notice("Primary does not support PSYNC or is in error state (reply: {}); using SYNC",
                   action.text);
      course->copied = true;
      if (!Send(link, "SYNC\r\n") || !LoadCopy(link, "", 0)) return;
      break;
    case Verdict::kLater:
      log().Notice("Primary is currently unable to PSYNC but should be in the future: {}",
                   action.text);
      return;
    default:
      log().Warning("Handshake with the primary failed: {}", action.text);
      return;
  }
  course->stream_since = Now();
  ApplyStream(link, course);
}

bool ReplicaLink::JudgeFailover(const Handshake::Action& action) {
  using Verdict = Handshake::Verdict;
  const bool took_over = action.verdict == Verdict::kContinue || action.verdict == Verdict::kFull ||
                         action.verdict == Verdict::kDualChannel;
  // The link may break behind the request and before its answer: then the target is a primary by now, and this node must not
  // become one again beside it.
  const bool had_taken_over = action.text.find("can't be sent to a master") != std::string::npos;
  const bool answered = took_over || action.text.starts_with('-');
  if (!answered) {
    log().Notice("No answer to the failover request yet: {}", action.text);
    return false;
  }
  failover_ = false;
  owner_.OnFailoverAnswer(took_over || had_taken_over ? "" : action.text);
  return took_over;
}

HandshakeFacts ReplicaLink::Facts() {
  const config::Options& o = options();
  HandshakeFacts facts;
  facts.user = o.primaryuser;
  facts.password = o.primaryauth;
  facts.listening_port = o.replica_announce_port != 0 ? o.replica_announce_port : o.port;
  facts.announce_ip = o.replica_announce_ip;
  facts.dual_channel = o.dual_channel_replication_enabled;
  facts.resume_id = stream_.lineage().id();
  facts.resume_at = stream_.offset();
  facts.failover = failover_;
  return facts;
}

Handshake::Action ReplicaLink::Talk(Link& link, Handshake handshake) {
  Handshake::Action action = handshake.Begin();
  for (;;) {
    if (action.verdict == Handshake::Verdict::kSend && !Send(link, action.text)) {
      return {Handshake::Verdict::kFailed, "the connection was lost", -1};
    }
    const std::optional<std::string> line = link.reader.ReadLine();
    if (!line) return {Handshake::Verdict::kFailed, link.reader.error(), -1};
    status_.last_io = Now();
    action = handshake.OnLine(*line);
    const bool goes_on =
        action.verdict == Handshake::Verdict::kSend || action.verdict == Handshake::Verdict::kWait;
    if (!goes_on) return action;
  }
}

// ---- the stream ----

void ReplicaLink::ApplyStream(Link& link, Course* course) {
  const DbIndex db = stream_.stream_db().value_or(DbIndex{0});
  host_.ResetPrimarySession(db);
  progress_ = StreamProgress(db);
  uncounted_.Release();
  status_.state = LinkState::kConnected;
  status_.read_offset = stream_.offset();
  status_.last_io = Now();
  course->stream_since = Now();
  owner_.OnLinkUp(true);
  SendAck(link);
  RespParser parser;
  CommandBatch batch;
  ByteBuffer& input = link.reader.input();
  constexpr size_t kCommandsAtOnce = 512;
  const ParseLimits limits{.bulk_bytes_max = int64_t{1} << 40, .authenticated = true};
  for (;;) {
    batch.Clear();
    size_t consumed = 0;
    const auto outcome = parser.Parse(input.view(), limits, kCommandsAtOnce, batch, &consumed);
    if (!batch.commands.empty() && !ApplyBatch(link, batch, input.view().substr(0, consumed))) {
      return;
    }
    input.Consume(consumed);
    if (outcome == RespParser::Outcome::kError) {
      log().Warning("The primary's stream is damaged at offset {}: {}", stream_.offset(),
                    parser.error());
      return;
    }
    if (outcome == RespParser::Outcome::kFull) continue;
    link.reader.SetSilenceMax(Duration::Seconds(options().repl_timeout));
    const size_t before = input.size();
    if (!link.reader.Fill()) break;
    status_.last_io = link.reader.last_io();
    status_.read_offset += static_cast<StreamOffset>(input.size() - before);
  }
  log().Warning("Connection with primary lost: {}", link.reader.error());
}

bool ReplicaLink::ApplyBatch(Link& link, const CommandBatch& batch, std::string_view raw) {
  std::vector<StreamCommand> commands;
  commands.reserve(batch.commands.size());
  size_t counted = 0;
  bool wants_ack = false;
  for (const ParsedCommand& parsed : batch.commands) {
    const std::span<const std::string_view> words(&batch.words[parsed.first_word],
                                                  parsed.word_count);
    counted += parsed.request_bytes;
    progress_.OnCommand(words, parsed.request_bytes);
    if (IsGetAck(words)) {
      wants_ack = true;
    } else {
      commands.push_back({words, parsed.request_bytes});
    }
  }
  if (counted != raw.size()) {
    log().Warning("The primary's stream has bytes outside of commands at offset {}",
                  stream_.offset());
    return false;
  }
  if (!commands.empty()) host_.Apply(commands);
  uncounted_.Append(raw);
  const size_t applied = progress_.applied_bytes();
  if (applied > 0) {
    stream_.AppendFromPrimary(uncounted_.view().substr(0, applied), progress_.applied_db());
    uncounted_.Consume(applied);
    progress_.TakeApplied();
  }
  if (wants_ack) SendAck(link);
  return true;
}

void ReplicaLink::Tick() {
  if (link_ == nullptr) return;
  if (status_.state == LinkState::kConnected) SendAck(*link_);
  // So that a primary does not take a replica that loads for a dead one.
  if (status_.state == LinkState::kTransfer && copy_link_ == nullptr) Send(*link_, "\n");
}

void ReplicaLink::SendAck(Link& link) {
  Send(link, AckCommand(stream_.offset(), host_.LogSyncedOffset()));
}

bool ReplicaLink::Send(Link& link, std::string_view bytes) {
  ByteBuffer buffer;
  buffer.Append(bytes);
  return link.output.Send(buffer);
}

}  // namespace norn::net
