#include "net/connection.h"

#include <algorithm>

#include "engine/base/words.h"
#include "engine/commands/client_filter.h"
#include "engine/shard/subscriptions.h"
#include "engine/shard/transaction.h"

namespace norn::net {
namespace {

constexpr size_t kReadBytes = 16 * 1024;
// A long word is read straight into place in steps of at most this.
constexpr size_t kReadBytesMax = 1024 * 1024;
constexpr size_t kCommandsAtOnce = 1024;
constexpr size_t kUnauthenticatedBytesMax = 1024 * 1024;
constexpr size_t kShownBytes = 64;
// Messages wait for the end of the executor's round, to leave in one write, up to this.
constexpr size_t kPushedBytesMax = 64 * 1024;
// How long a client may take to read the last replies before its connection goes.
constexpr Duration kFarewell = Duration::Seconds(30);

constexpr std::string_view kUnixPrefix = "unix:";

// An address as clients are shown it: a Unix socket is its path and port 0.
std::string ShownAddress(std::string_view address) {
  if (!address.starts_with(kUnixPrefix)) return std::string(address);
  return std::string(address.substr(kUnixPrefix.size())) + ":0";
}

}  // namespace

Connection::Connection(Node& node, Replication& replication, ExecutorState& state,
                       WorkAreaPool& pool, std::unique_ptr<env::Stream> stream, ClientId id)
    : node_(node),
      replication_(replication),
      state_(state),
      pool_(pool),
      stream_(std::move(stream)),
      output_(state.env.executor(), *stream_) {
  session_.id = id;
  session_.executor = state.index;
  session_.peer_address = ShownAddress(stream_->PeerAddress());
  session_.local_address = ShownAddress(stream_->LocalAddress());
  session_.unix_socket = stream_->LocalAddress().starts_with(kUnixPrefix);
  session_.created = session_.last_interaction = state.env.clock().Now();
  session_.authenticated = state.options().requirepass.empty();
  session_.handle = this;
  node_.clients(state.index).Add(*this);
}

Connection::~Connection() {
  node_.pubsub().registry(state_.index).Forget(*this);
  node_.clients(state_.index).Remove(*this);
}

void Connection::Run() {
  while (!closing_ && !session_.close_after_reply) {
    if (!AwaitInput() || !ServeInput()) break;
    if (WantsFeed() && !Feed()) break;
  }
  Finish();
}

bool Connection::AwaitInput() {
  const int64_t timeout_s = state_.options().timeout;
  const Instant deadline = timeout_s == 0 || session_.client_class != ClientClass::kNormal
                               ? Instant::Never()
                               : state_.env.clock().Now() + Duration::Seconds(timeout_s);
  const env::IoResult result = stream_->Read({}, deadline);
  if (result.code == env::IoCode::kDeadline && !closing_) state_.log.Verbose("Closing idle client");
  return result.ok() && !closing_;
}

bool Connection::ServeInput() {
  std::unique_ptr<WorkArea> area = pool_.Take();
  area_ = area.get();
  area->input.Swap(input_);
  bool alive = true;
  for (bool more = true; alive && more && !WantsFeed();) {
    alive = ReadOnce(*area, &more) && Process(*area);
    if (alive && more) state_.env.executor().Yield();
  }
  area_ = nullptr;
  if (!area->input.empty()) input_.Swap(area->input);
  FlushPushes();
  pool_.Give(std::move(area));
  return alive;
}

bool Connection::ReadOnce(WorkArea& area, bool* more) {
  const size_t wanted =
      std::clamp(parser_.BytesWanted(area.input.size()), kReadBytes, kReadBytesMax);
  char* to = area.input.Reserve(wanted);
  const env::IoResult result = stream_->Read({to, wanted}, Instant::Past());
  *more = result.ok() && result.bytes == wanted;
  if (result.code == env::IoCode::kDeadline) return true;
  if (!result.ok()) return false;
  area.input.Commit(result.bytes);
  session_.net_input_bytes += result.bytes;
  state_.stats.net_input_bytes += result.bytes;
  ++state_.stats.reads_processed;
  session_.last_interaction = state_.env.clock().Now();
  return WithinQueryLimit(area);
}

bool Connection::Process(WorkArea& area) {
  for (;;) {
    const ParseLimits limits{.bulk_bytes_max = state_.options().proto_max_bulk_len,
                             .authenticated = session_.authenticated};
    // A client that must still authenticate gets its limits per command: AUTH may lift them for the next one.
    const size_t commands_max = limits.authenticated ? kCommandsAtOnce : 1;
    area.batch.Clear();
    size_t consumed = 0;
    const auto outcome =
        parser_.Parse(area.input.view(), limits, commands_max, area.batch, &consumed);
    if (!area.batch.commands.empty() && !RunBatch(area)) return false;
    area.input.Consume(consumed);
    if (outcome == RespParser::Outcome::kError) FailProtocol(area);
    if (outcome != RespParser::Outcome::kFull || session_.close_after_reply) break;
    if (WantsFeed()) break;
  }
  return Drain() && !closing_;
}

bool Connection::RunBatch(WorkArea& area) {
  area.commands.clear();
  for (const ParsedCommand& parsed : area.batch.commands) {
    area.commands.push_back(
        {&area.batch.words[parsed.first_word], parsed.word_count, parsed.request_bytes});
  }
  ReplyWriter reply(area.replies, session_.resp);
  area.dispatcher.Run(area.commands, session_, reply, *this);
  return !closing_;
}

void Connection::FailProtocol(WorkArea& area) {
  ReplyWriter reply(area.replies, session_.resp);
  Runner(state_).Refuse(nullptr, parser_.error(), reply);
  session_.close_after_reply = true;
  if (!state_.log.Wants(env::LogLevel::kVerbose)) return;
  std::string shown(area.input.view().substr(0, kShownBytes));
  for (char& c : shown) c = c >= ' ' && c <= '~' ? c : '.';
  state_.log.Verbose(
      "Protocol error ({}) from client: {}. Query buffer during protocol error: '{}'",
      parser_.log_reason(), Describe(), shown);
}

bool Connection::WithinQueryLimit(const WorkArea& area) {
  const size_t held = area.input.size() + session_.transaction.queued_bytes;
  const auto limit = static_cast<size_t>(state_.options().client_query_buffer_limit);
  if (held <= limit && (session_.authenticated || held <= kUnauthenticatedBytesMax)) return true;
  ++state_.stats.query_buffer_limit_disconnections;
  state_.log.Warning(
      "Closing client that reached max query buffer length: {} (qbuf initial bytes: {})",
      Describe(), QuoteWord(area.input.view().substr(0, kShownBytes)));
  return false;
}

bool Connection::Drain() {
  if (session_.wrote) {
    session_.wrote = false;
    session_.wrote_before = true;
    if (node_.replies_wait()) node_.AwaitAnswerable();
  }
  TakePushes(area_->replies);
  return SendNow(area_->replies);
}

bool Connection::SendNow(ByteBuffer& bytes) {
  const uint64_t sent_before = output_.sent_bytes();
  const uint64_t writes_before = output_.writes();
  const bool sent = output_.Send(bytes);
  session_.net_output_bytes += output_.sent_bytes() - sent_before;
  state_.stats.net_output_bytes += output_.sent_bytes() - sent_before;
  state_.stats.writes_processed += output_.writes() - writes_before;
  if (!sent) closing_ = true;
  if (output_.pending_bytes() > 0) Tick();
  return !closing_;
}

bool Connection::Push(std::string_view bytes) {
  if (closing_ || session_.close_after_reply) return false;  // nobody will read it
  const bool first = pushes_.empty();
  pushes_.Append(bytes);
  if (pushes_.size() >= kPushedBytesMax) FlushPushes();
  return first;
}

void Connection::FlushPushes() {
  if (closing_ || pushes_.empty()) return;
  if (area_ == nullptr) {
    SendNow(pushes_);
    pushes_.Release(kPushedBytesMax);
  } else {
    Tick();  // its commands may wait for long, and messages come all the same
  }
}

void Connection::TakePushes(ByteBuffer& replies) {
  if (pushes_.empty()) return;
  replies.Append(pushes_.view());
  pushes_.Clear();
}

void Connection::Tick() {
  // A client that went away while its fiber is parked in a command: nobody else looks.
  if (session_.blocked_call != nullptr) {
    const env::IoCode code = stream_->Read({}, Instant::Past()).code;
    if (code == env::IoCode::kEof || code == env::IoCode::kReset) return Kill(false);
  }
  const auto client_class = static_cast<config::ClientClass>(session_.client_class);
  const auto verdict =
      limiter_.Check(UnsentBytes(), state_.options(), client_class, state_.env.clock().Now());
  if (verdict == OutputLimiter::Verdict::kFine || closing_) return;
  ++state_.stats.output_buffer_limit_disconnections;
  state_.log.Warning(
      "Client {} scheduled to be closed ASAP for overcoming of output buffer limits.", Describe());
  Kill(false);
}

void Connection::Kill(bool after_reply) {
  session_.close_after_reply = true;
  if (after_reply) return;
  closing_ = true;
  if (session_.blocked_call != nullptr) session_.blocked_call->Unblock(BlockedCall::End::kClosed);
  stream_->Close();
}

bool Connection::WantsFeed() const {
  return session_.replica != nullptr && session_.replica->request.has_value();
}

bool Connection::Feed() {
  if (output_.pending_bytes() > 0) {
    session_.replica->request.reset();
    ByteBuffer refusal;
    refusal.Append("-ERR SYNC and PSYNC are invalid with pending output\r\n");
    return output_.Send(refusal);
  }
  ReplicaFeed feed(replication_, state_, *stream_, session_);
  return feed.Run(input_.view()) == ReplicaFeed::Outcome::kAnswered;
}

void Connection::Finish() {
  if (!closing_ && session_.close_after_reply) {
    output_.Flush(state_.env.clock().Now() + kFarewell);
    stream_->ShutdownWrite();
  }
  closing_ = true;
  stream_->Close();
  output_.AwaitEnd();
  AbandonTransaction(session_, state_);
  AbandonSubscriptions(session_, state_);
}

void Connection::RefreshSizes() {
  const ByteBuffer& input = area_ != nullptr ? area_->input : input_;
  session_.query_buffer_bytes = input.size();
  session_.query_buffer_free_bytes = input.capacity() - input.size();
  session_.output_pending_bytes = UnsentBytes();
  session_.output_buffer_bytes = output_.capacity_bytes() + pushes_.capacity();
  session_.output_buffer_peak_bytes = output_.peak_bytes();
  session_.memory_bytes = sizeof(Connection) + input.capacity() + session_.output_buffer_bytes +
                          session_.transaction.queued_bytes;
}

std::string Connection::Describe() {
  RefreshSizes();
  return ClientLine(node_.DescribeClient(*this));
}

}  // namespace norn::net
