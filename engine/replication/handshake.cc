#include "engine/replication/handshake.h"

#include <fmt/format.h>

#include "engine/base/number.h"
#include "engine/base/version.h"
#include "engine/replication/lineage.h"

namespace norn {
namespace {

using Verdict = Handshake::Verdict;

Handshake::Action Fail(std::string why) { return {Verdict::kFailed, std::move(why)}; }

// "+FULLRESYNC <id> <offset>"
Handshake::Action ParseFullResync(std::string_view line) {
  line.remove_prefix(std::string_view("+FULLRESYNC").size());
  if (line.starts_with(' ')) line.remove_prefix(1);
  const size_t blank = line.find(' ');
  if (blank != kReplicationIdChars) return Fail("wrong +FULLRESYNC syntax");
  const auto offset = ParseInt64(line.substr(blank + 1));
  if (!offset || *offset < 0) return Fail("wrong +FULLRESYNC offset");
  return {Verdict::kFull, std::string(line.substr(0, blank)), *offset};
}

}  // namespace

std::string RespCommand(const std::vector<std::string>& words) {
  std::string bytes = fmt::format("*{}\r\n", words.size());
  for (const std::string& word : words) bytes += fmt::format("${}\r\n{}\r\n", word.size(), word);
  return bytes;
}

Handshake::Action Handshake::Begin() { return Send(Step::kPing); }

Handshake::Action Handshake::OnLine(std::string_view line) {
  const bool error = line.starts_with('-');
  switch (step_) {
    case Step::kPing:
      return OnPingReply(line);
    case Step::kAuth:
      if (error) return Fail(fmt::format("Unable to AUTH to PRIMARY: {}", line));
      return Proceed(step_);
    case Step::kPort:
    case Step::kAddress:
    case Step::kCapabilities:
    case Step::kVersion:
      // Valkey: so too; a primary that does not know an option can still be copied.
      if (line.empty()) return {Verdict::kWait};
      return Proceed(step_);
    case Step::kPsync:
      break;
  }
  return OnPsyncReply(line);
}

Handshake::Action Handshake::OnPingReply(std::string_view line) {
  // What asks for a password is answered by AUTH; "operation not permitted" is how very old servers say it.
  const bool answered = line.starts_with('+') || line.starts_with("-NOAUTH") ||
                        line.starts_with("-NOPERM") ||
                        line.starts_with("-ERR operation not permitted");
  if (line.empty()) return {Verdict::kWait};
  if (!answered) return Fail(fmt::format("Error reply to PING from primary: '{}'", line));
  return Proceed(Step::kPing);
}

Handshake::Action Handshake::Proceed(Step after) {
  Step next = static_cast<Step>(static_cast<uint8_t>(after) + 1);
  if (next == Step::kAuth && facts_.password.empty()) next = Step::kPort;
  if (next == Step::kAddress && facts_.announce_ip.empty()) next = Step::kCapabilities;
  return Send(next);
}

Handshake::Action Handshake::Send(Step step) {
  step_ = step;
  std::vector<std::string> words;
  switch (step) {
    case Step::kPing:
      words = {"PING"};
      break;
    case Step::kAuth:
      words = {"AUTH", facts_.password};
      if (!facts_.user.empty()) words.insert(words.begin() + 1, facts_.user);
      break;
    case Step::kPort:
      words = {"REPLCONF", "listening-port", std::to_string(facts_.listening_port)};
      break;
    case Step::kAddress:
      words = {"REPLCONF", "ip-address", facts_.announce_ip};
      break;
    case Step::kCapabilities:
      words = {"REPLCONF", "capa", "eof", "capa", "psync2"};
      if (facts_.dual_channel) words.insert(words.end(), {"capa", "dual-channel"});
      break;
    case Step::kVersion:
      words = {"REPLCONF", "version", std::string(kReplicaVersion)};
      break;
    case Step::kPsync:
      words = {"PSYNC", "?", "-1"};
      if (!facts_.resume_id.empty()) {
        words[1] = facts_.resume_id;
        words[2] = std::to_string(facts_.resume_at + 1);
      }
      if (facts_.failover) words.push_back("FAILOVER");
      break;
  }
  return {Verdict::kSend, RespCommand(words)};
}

Handshake::Action Handshake::OnPsyncReply(std::string_view line) {
  if (line.empty()) return {Verdict::kWait};
  if (line.starts_with("+FULLRESYNC")) return ParseFullResync(line);
  if (line.starts_with("+CONTINUE")) {
    line.remove_prefix(std::string_view("+CONTINUE").size());
    if (line.starts_with(' ')) line.remove_prefix(1);
    if (facts_.resume_id.empty()) return Fail("+CONTINUE without anything to continue");
    const bool has_id = line.size() == kReplicationIdChars;
    return {Verdict::kContinue, has_id ? std::string(line) : std::string()};
  }
  if (line.starts_with("+DUALCHANNELSYNC")) return {Verdict::kDualChannel};
  if (line.starts_with("-NOMASTERLINK") || line.starts_with("-LOADING")) {
    return {Verdict::kLater, std::string(line)};
  }
  // A target of FAILOVER that refuses must not be copied from.
  if (facts_.failover) return Fail(std::string(line));
  return {Verdict::kSync, std::string(line)};
}

}  // namespace norn
