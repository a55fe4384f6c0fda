// Any bytes, cut anywhere: the parser must neither crash nor read outside, must give the same commands as in one piece,
// and must never keep a view across calls.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/base/byte_buffer.h"
#include "net/resp_parser.h"

namespace {

using norn::ByteBuffer;
using norn::net::CommandBatch;
using norn::net::ParsedCommand;
using norn::net::ParseLimits;
using norn::net::RespParser;

struct Result {
  std::vector<std::vector<std::string>> commands;
  std::string error;
  bool operator==(const Result&) const = default;
};

Result Parse(std::string_view bytes, size_t piece) {
  Result result;
  RespParser parser;
  ByteBuffer buffer;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    buffer.Append(bytes.substr(at, piece));
    for (;;) {
      CommandBatch batch;
      size_t consumed = 0;
      const auto outcome =
          parser.Parse(buffer.view(), ParseLimits{.bulk_bytes_max = 4096}, 7, batch, &consumed);
      for (const ParsedCommand& command : batch.commands) {
        result.commands.emplace_back(batch.words.begin() + command.first_word,
                                     batch.words.begin() + command.first_word + command.word_count);
      }
      buffer.Consume(consumed);
      if (outcome == RespParser::Outcome::kError) {
        result.error = parser.error();
        return result;
      }
      if (outcome == RespParser::Outcome::kNeedMore) break;
    }
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Result whole = Parse(bytes, bytes.size() + 1);
  if (Parse(bytes, 1 + data[0] % 16) != whole) std::abort();
  return 0;
}
