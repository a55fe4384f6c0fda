#include "scenarios/history.h"

#include <fmt/format.h>

#include "net/reply_parser.h"

namespace norn::scenarios {
namespace {

std::string DescribeReplies(std::string_view bytes) {
  std::string out;
  net::ReplyParser parser;
  parser.Append(bytes);
  while (parser.Next() == net::ReplyParser::Result::kReply) {
    if (!out.empty()) out += "; ";
    out += net::DescribeReply(parser.bytes());
  }
  return out;
}

}  // namespace

std::string Describe(const Operation& operation) {
  std::string line = fmt::format("client {} connection {} #{} db {} [{:.6f} s, ", operation.client,
                                 operation.connection, operation.sequence, operation.db,
                                 static_cast<double>(operation.invoke_ns) / 1e9);
  line += operation.known()
              ? fmt::format("{:.6f} s]", static_cast<double>(operation.complete_ns) / 1e9)
              : std::string("no reply]");
  const char* separator = " ";
  for (const Words& words : operation.commands) {
    line += separator;
    for (size_t i = 0; i < words.size(); ++i) line += (i > 0 ? " " : "") + words[i];
    separator = "; ";
  }
  if (!operation.watched_key.empty()) {
    line += fmt::format(" (watched {} = {})", operation.watched_key,
                        DescribeReplies(operation.watched_reply));
  }
  return line + " -> " + (operation.known() ? DescribeReplies(operation.reply) : "?");
}

}  // namespace norn::scenarios
