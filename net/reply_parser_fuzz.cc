// Any bytes, in any portions, give the same replies as at once, and a whole reply always has a tree.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/check.h"
#include "net/reply_parser.h"

namespace {

using norn::net::ReplyParser;

std::vector<std::string> Replies(std::string_view bytes, size_t portion) {
  ReplyParser parser;
  std::vector<std::string> replies;
  for (size_t at = 0; at < bytes.size(); at += portion) {
    parser.Append(bytes.substr(at, portion));
    while (parser.Next() == ReplyParser::Result::kReply) replies.emplace_back(parser.bytes());
  }
  return replies;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t portion = 1 + data[0] % 16;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::vector<std::string> whole = Replies(bytes, bytes.size());
  CHECK(Replies(bytes, portion) == whole);
  for (const std::string& reply : whole) CHECK(norn::net::ParseReply(reply).has_value());
  return 0;
}
