#include "scenarios/cluster/wire.h"

#include <span>
#include <string_view>
#include <utility>

#include "engine/replication/handshake.h"

namespace norn::scenarios {
namespace {

constexpr size_t kReadBytes = 16 * 1024;

}  // namespace

bool Wire::Connect(env::Env& env, Duration timeout) {
  if (connected()) return true;
  auto stream = env.network().Connect(address_, env.clock().Now() + timeout);
  if (!stream.ok()) return false;
  stream_ = *std::move(stream);
  parser_.Reset();
  readonly = false;
  return true;
}

std::optional<std::vector<net::Reply>> Wire::Call(env::Env& env, const std::vector<Words>& commands,
                                                  Duration timeout) {
  std::string output;
  for (const Words& words : commands) output += RespCommand(words);
  const Instant deadline = env.clock().Now() + timeout;
  std::string_view rest = output;
  while (!rest.empty()) {
    const env::IoResult write = stream_->Write({rest.data(), rest.size()}, deadline);
    if (!write.ok()) {
      Close();
      return std::nullopt;
    }
    rest.remove_prefix(write.bytes);
  }
  std::vector<net::Reply> replies;
  while (replies.size() < commands.size()) {
    const net::ReplyParser::Result found = parser_.Next();
    if (found == net::ReplyParser::Result::kReply) {
      replies.push_back(net::ParseReply(parser_.bytes()).value_or(net::Reply{}));
      continue;
    }
    const env::IoResult read =
        found == net::ReplyParser::Result::kMalformed
            ? env::IoResult{env::IoCode::kReset, 0}
            : stream_->Read({parser_.Reserve(kReadBytes), kReadBytes}, deadline);
    if (!read.ok()) {
      Close();
      return std::nullopt;
    }
    parser_.Commit(read.bytes);
  }
  return replies;
}

}  // namespace norn::scenarios
