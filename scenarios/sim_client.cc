#include "scenarios/sim_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "scenarios/model.h"

namespace norn::scenarios {
namespace {

constexpr size_t kReadBytes = 16 * 1024;
constexpr Duration kPausedPoll = Duration::Millis(2);
constexpr Duration kReconnectPause = Duration::Millis(20);
// While the server takes no more input the client reads, lest both wait for each other.
constexpr Duration kReadWhileFull = Duration::Millis(1);

}  // namespace

SimClient::SimClient(const SimClientSettings& settings, const WorkloadSettings& workload,
                     sim::World& world, RunRecord& record)
    : settings_(settings),
      server_(settings.server),
      world_(world),
      record_(record),
      prng_(world.PrngOf(fmt::format("client {}", settings.index))),
      workload_(workload, world.PrngOf(fmt::format("workload {}", settings.index))) {}

void SimClient::Run(env::Env& env) {
  while (world_.now() < settings_.stop_at) Turn(env);
  Disconnect();
  done_ = true;
}

// One pipeline, and the connection before it if there is none.
void SimClient::Turn(env::Env& env) {
  if (!record_.primary.empty() && server_ != record_.primary) PointAt(record_.primary);
  if (record_.writes_paused) {
    env.executor().Park(env.clock().Now() + kPausedPoll);
    return;
  }
  if (stream_ == nullptr) {
    const bool resp3 = prng_.Between(0, 99) < settings_.resp3_percent;
    if (!Connect(env, resp3 ? 3 : 2)) {
      env.executor().Park(env.clock().Now() + kReconnectPause);
      return;
    }
  }
  BuildPipeline(settings_.pipeline.Draw(prng_));
  const bool ok = Exchange(env);
  Finish();
  if (ok) Think(env);
}

bool SimClient::Connect(env::Env& env, uint8_t resp) {
  Disconnect();
  if (record_.gate_closed && !settings_.ignores_gate) return false;
  const size_t crashes = record_.history.crashes.size();
  auto stream = env.network().Connect(server_, env.clock().Now() + settings_.timeout);
  // A crash while connecting: nobody can say which life of the node answered.
  if (!stream.ok() || record_.history.crashes.size() != crashes) return false;
  stream_ = *std::move(stream);
  parser_.Reset();
  state_ = ConnectionState{};
  connection_ = record_.next_connection++;
  sequence_ = 0;
  epoch_ = static_cast<uint32_t>(crashes);
  ++record_.connections;
  state_.connection = connection_;
  if (resp != 3) return true;
  std::vector<Operation> hello(1);
  hello[0].kind = OperationKind::kToken;
  hello[0].commands = {{"HELLO", "3"}};
  if (!Execute(env, &hello)) return false;
  state_.resp = 3;
  const bool welcome = hello[0].reply.starts_with('%');
  if (!welcome) Complain(CheckId::kReplyOrder, "HELLO 3 answered " + Describe(hello[0]));
  return welcome;
}

void SimClient::Disconnect() { stream_.reset(); }

void SimClient::PointAt(std::string server) {
  Disconnect();
  server_ = std::move(server);
}

void SimClient::BuildPipeline(int64_t depth) {
  for (int64_t i = 0; i < depth; ++i) {
    Begin(workload_.Next(state_));
    // The reply decides what comes next.
    if (sent_.back().operation.kind == OperationKind::kWatch) break;
  }
}

void SimClient::Begin(Operation operation) {
  operation.client = settings_.index;
  operation.connection = connection_;
  operation.sequence = sequence_++;
  operation.epoch = epoch_;
  operation.invoke_ns = world_.now().ns;
  EncodeOperation(operation, &output_);
  ++record_.operations;
  Sent sent{std::move(operation), 0, 0};
  sent.replies_left = sent.operation.commands.size();
  if (sent.operation.ledger) {
    sent.place = record_.ledger.Begin(*sent.operation.ledger, world_.now().ns);
  } else if (settings_.keep_history) {
    sent.place = record_.history.operations.size();
    record_.history.operations.emplace_back();
  }
  sent_.push_back(std::move(sent));
}

bool SimClient::Execute(env::Env& env, std::vector<Operation>* operations) {
  if (stream_ == nullptr) return false;
  for (Operation& operation : *operations) {
    operation.resp = state_.resp;
    Begin(std::move(operation));
  }
  const bool ok = Exchange(env);
  for (size_t i = 0; i < operations->size(); ++i) (*operations)[i] = sent_[i].operation;
  Finish();
  return ok;
}

bool SimClient::Exchange(env::Env& env) {
  waiting_ = true;
  ++pipelines_;
  ++Tally(CheckId::kConnection).examined;
  const Instant deadline = env.clock().Now() + settings_.timeout;
  size_t written_bytes = 0;
  while (answered_ < sent_.size()) {
    bool lost = false;
    if (written_bytes < output_.size() && WriteSome(&written_bytes, &lost)) continue;
    if (lost) return Lose("reset while sending");
    const bool full = written_bytes < output_.size();
    const Instant until = full ? std::min(deadline, env.clock().Now() + kReadWhileFull) : deadline;
    const env::IoResult read = stream_->Read({parser_.Reserve(kReadBytes), kReadBytes}, until);
    if (read.code == env::IoCode::kEof) return Lose("closed before all replies");
    if (read.code == env::IoCode::kReset) return Lose("reset before all replies");
    if (read.code == env::IoCode::kDeadline) {
      if (env.clock().Now() >= deadline) return Lose("no reply in time");
      continue;
    }
    parser_.Commit(read.bytes);
    if (!TakeReplies()) return Lose("what arrived is no reply");
  }
  waiting_ = false;
  return true;
}

bool SimClient::WriteSome(size_t* written_bytes, bool* lost) {
  const std::span<const char> rest(output_.data() + *written_bytes,
                                   output_.size() - *written_bytes);
  const env::IoResult write = stream_->Write(rest, Instant::Past());
  *lost = write.code == env::IoCode::kReset;
  if (!write.ok()) return false;
  *written_bytes += write.bytes;
  return true;
}

// All whole replies that are there; false when the bytes are none.
bool SimClient::TakeReplies() {
  for (;;) {
    const net::ReplyParser::Result result = parser_.Next();
    if (result == net::ReplyParser::Result::kMore) return true;
    if (result == net::ReplyParser::Result::kMalformed) {
      Complain(CheckId::kNoExtraReply, fmt::format("malformed reply: {}", parser_.error()));
      return false;
    }
    if (answered_ == sent_.size()) {
      Complain(CheckId::kNoExtraReply,
               "a reply that nobody asked for: " + net::DescribeReply(parser_.bytes()));
      continue;
    }
    Sent& sent = sent_[answered_];
    sent.operation.reply += parser_.bytes();
    ++record_.commands;
    if (--sent.replies_left == 0) Complete(sent);
  }
}

void SimClient::Complete(Sent& sent) {
  ++answered_;
  Operation& operation = sent.operation;
  operation.complete_ns = world_.now().ns;
  if (!operation.expected_reply.empty()) {
    ++Tally(CheckId::kReplyOrder).examined;
    if (operation.reply != operation.expected_reply) {
      Complain(CheckId::kReplyOrder, "wrong reply: " + Describe(operation));
    }
  }
  LearnFrom(operation);
  if (!operation.ledger) return;
  const std::string wrong = record_.ledger.Complete(sent.place, operation.reply, world_.now().ns);
  if (!wrong.empty()) Complain(CheckId::kDurablePrefix, wrong);
}

void SimClient::LearnFrom(const Operation& operation) {
  if (operation.kind == OperationKind::kWatch) {
    state_.watching = operation.reply.starts_with("+OK\r\n");
    if (state_.watching) state_.watched_reply = operation.reply.substr(5);
  } else if (operation.kind == OperationKind::kTransaction) {
    ++(IsRefused(operation.reply) ? record_.exec_refused : record_.exec_done);
  } else if (operation.kind == OperationKind::kScan) {
    state_.scan_pending = false;
    const std::optional<net::Reply> reply = net::ParseReply(operation.reply);
    const bool whole = reply && reply->elements.size() == 2;
    state_.scan_cursor = whole ? reply->elements[0].text : "0";
  } else if (operation.kind == OperationKind::kSave) {
    const bool saved = operation.commands[0][0] == "SAVE" && operation.reply == "+OK\r\n";
    if (saved) record_.ledger.Saved(operation.invoke_ns);
  }
}

// The pipeline is over, answered or not: what is known of it goes to the history.
void SimClient::Finish() {
  record_.operations_unknown += sent_.size() - answered_;
  if (settings_.keep_history) {
    for (Sent& sent : sent_) {
      if (sent.operation.ledger) continue;
      if (!sent.operation.known()) sent.operation.reply.clear();
      record_.history.operations[sent.place] = std::move(sent.operation);
    }
  }
  sent_.clear();
  output_.clear();
  answered_ = 0;
}

// Listens while it thinks: nothing may come now.
void SimClient::Think(env::Env& env) {
  const int64_t think_ns = settings_.think_time_ns.Draw(prng_);
  const Instant until =
      think_ns == 0 ? Instant::Past() : env.clock().Now() + Duration::Nanos(think_ns);
  ++Tally(CheckId::kNoExtraReply).examined;
  const env::IoResult read = stream_->Read({parser_.Reserve(kReadBytes), kReadBytes}, until);
  if (read.code == env::IoCode::kDeadline) return;
  if (!read.ok()) {
    Lose("ended while idle");
    return;
  }
  parser_.Commit(read.bytes);
  if (!TakeReplies()) {
    Lose("what arrived is no reply");
  } else if (parser_.unparsed_bytes() > 0) {
    Complain(CheckId::kNoExtraReply, "the beginning of a reply that nobody asked for");
  }
}

bool SimClient::Lose(std::string_view why) {
  waiting_ = false;
  ++record_.connections_lost;
  ++connections_lost_;
  Complain(CheckId::kConnection, std::string(why));
  Disconnect();
  return false;
}

void SimClient::Complain(CheckId check, const std::string& what) {
  Tally(check).Fail(fmt::format("client {} connection {} at {:.6f} s: {}", settings_.index,
                                connection_, static_cast<double>(world_.now().ns) / 1e9, what));
}

}  // namespace norn::scenarios
