#include "net/resp_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <cstring>

#include "engine/base/number.h"
#include "engine/base/words.h"

namespace norn::net {
namespace {

constexpr int64_t kWordsUnauthenticatedMax = 10;
constexpr int64_t kBulkBytesUnauthenticatedMax = 16384;

// A length as the protocol writes it. Most have one or two digits.
bool ParseLength(std::string_view digits, int64_t* out) {
  if (digits.size() == 1 && digits[0] >= '0' && digits[0] <= '9') {
    *out = digits[0] - '0';
    return true;
  }
  if (digits.size() == 2 && digits[0] >= '1' && digits[0] <= '9' && digits[1] >= '0' &&
      digits[1] <= '9') {
    *out = (digits[0] - '0') * 10 + (digits[1] - '0');
    return true;
  }
  const auto value = ParseInt64(digits);
  if (!value) return false;
  *out = *value;
  return true;
}

// Position of the carriage return that ends the line at `from`, or npos. Lines of lengths are a few bytes long, so a
// plain loop beats a call for them.
size_t FindReturn(std::string_view input, size_t from) {
  const size_t near = std::min(input.size(), from + 8);
  for (size_t i = from; i < near; ++i) {
    if (input[i] == '\r') return i;
    if (input[i] == '\0') return std::string_view::npos;
  }
  if (near == input.size()) return std::string_view::npos;
  const size_t at = input.find_first_of(std::string_view("\r\0", 2), near);
  return at == std::string_view::npos || input[at] == '\0' ? std::string_view::npos : at;
}

// The common case in one straight loop: a whole command of up to nine words, each of up to 99 bytes. Returns the bytes
// behind it, or null when the careful path must look (then `words` is as before).
const char* ParseShortCommand(const char* at, const char* end, std::vector<std::string_view>& words,
                              uint32_t* count) {
  if (end - at < 4 || at[0] != '*' || at[2] != '\r') return nullptr;
  const unsigned wanted = static_cast<unsigned char>(at[1]) - '0';
  if (wanted - 1 > 8) return nullptr;
  at += 4;
  const size_t before = words.size();
  for (unsigned i = 0; i < wanted; ++i) {
    size_t bytes = 0;
    if (end - at < 5 || at[0] != '$') break;
    const unsigned first = static_cast<unsigned char>(at[1]) - '0';
    const unsigned second = static_cast<unsigned char>(at[2]) - '0';
    if (first <= 9 && at[2] == '\r') {
      bytes = first;
      at += 4;
    } else if (first - 1 <= 8 && second <= 9 && at[3] == '\r') {
      bytes = first * 10 + second;
      at += 5;
    } else {
      break;
    }
    if (static_cast<size_t>(end - at) < bytes + 2) break;
    words.emplace_back(at, bytes);
    at += bytes + 2;
  }
  *count = wanted;
  if (words.size() - before == wanted) return at;
  words.resize(before);
  return nullptr;
}

}  // namespace

RespParser::Outcome RespParser::Parse(std::string_view input, const ParseLimits& limits,
                                      size_t commands_max, CommandBatch& batch, size_t* consumed) {
  *consumed = 0;
  while (*consumed < input.size()) {
    if (batch.commands.size() >= commands_max) return Outcome::kFull;
    const size_t words_before = batch.words.size();
    const char* const begin = input.data() + *consumed;
    uint32_t count = 0;
    const bool fresh = words_left_ == 0 && scanned_ == 0 && limits.authenticated;
    const char* const behind =
        fresh ? ParseShortCommand(begin, input.data() + input.size(), batch.words, &count)
              : nullptr;
    if (behind != nullptr) {
      const auto bytes = static_cast<size_t>(behind - begin);
      batch.commands.push_back({static_cast<uint32_t>(words_before), count, bytes});
      *consumed += bytes;
      continue;
    }
    const Step step = ParseOne(input.substr(*consumed), limits, batch);
    if (step == Step::kNeedMore) return Outcome::kNeedMore;
    if (step == Step::kError) return Outcome::kError;
    const size_t words = batch.words.size() - words_before;
    if (words > 0) {
      batch.commands.push_back(
          {static_cast<uint32_t>(words_before), static_cast<uint32_t>(words), at_});
    }
    *consumed += at_;
    at_ = 0;
  }
  return Outcome::kNeedMore;
}

RespParser::Step RespParser::ParseOne(std::string_view input, const ParseLimits& limits,
                                      CommandBatch& batch) {
  if (words_left_ == 0) {
    if (input[0] != '*') return ParseInline(input, batch);
    const Step header = ParseArrayHeader(input, limits);
    if (header != Step::kDone || words_left_ == 0) return header;
  }
  return ParseWords(input, limits, batch);
}

RespParser::Step RespParser::ParseInline(std::string_view input, CommandBatch& batch) {
  // Valkey: a line that holds a NUL never ends, so that binary garbage is an error and not a command.
  const size_t line_end = input.find_first_of(std::string_view("\n\0", 2), scanned_);
  if (line_end == std::string_view::npos || input[line_end] == '\0') {
    scanned_ = std::min(line_end, input.size());
    if (input.size() > kLineBytesMax)
      return Fail("too big inline request", "too big inline request");
    return Step::kNeedMore;
  }
  scanned_ = 0;
  std::string_view line = input.substr(0, line_end);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  std::vector<std::string> words;
  if (!SplitWords(line, &words)) {
    return Fail("unbalanced quotes in request", "unbalanced quotes in inline request");
  }
  for (std::string& word : words) {
    batch.unquoted.push_back(std::move(word));
    batch.words.push_back(batch.unquoted.back());
  }
  at_ = line_end + 1;
  return Step::kDone;
}

RespParser::Step RespParser::ParseArrayHeader(std::string_view input, const ParseLimits& limits) {
  const size_t line_end = FindReturn(input, 1);
  if (line_end == std::string_view::npos || line_end + 1 >= input.size()) {
    if (input.size() > kLineBytesMax) {
      return Fail("too big mbulk count string", "too big mbulk count string");
    }
    return Step::kNeedMore;
  }
  int64_t count = 0;
  if (!ParseLength(input.substr(1, line_end - 1), &count) || count > INT_MAX) {
    return Fail("invalid multibulk length", "invalid mbulk count");
  }
  if (count > kWordsUnauthenticatedMax && !limits.authenticated) {
    return Fail("unauthenticated multibulk length", "unauth mbulk count");
  }
  at_ = line_end + 2;
  words_left_ = std::max<int64_t>(count, 0);
  bulk_bytes_ = -1;
  return Step::kDone;
}

RespParser::Step RespParser::ParseBulkHeader(std::string_view input, const ParseLimits& limits) {
  const size_t line_end = at_ < input.size() ? FindReturn(input, at_) : std::string_view::npos;
  if (line_end == std::string_view::npos || line_end + 1 >= input.size()) {
    if (input.size() - at_ > kLineBytesMax) {
      return Fail("too big bulk count string", "too big bulk count string");
    }
    return Step::kNeedMore;
  }
  if (input[at_] != '$') {
    return Fail(fmt::format("expected '$', got '{}'", input[at_]),
                "expected $ but got something else");
  }
  int64_t bytes = 0;
  if (!ParseLength(input.substr(at_ + 1, line_end - at_ - 1), &bytes) || bytes < 0 ||
      bytes > limits.bulk_bytes_max) {
    return Fail("invalid bulk length", "invalid bulk length");
  }
  if (bytes > kBulkBytesUnauthenticatedMax && !limits.authenticated) {
    return Fail("unauthenticated bulk length", "unauth bulk length");
  }
  at_ = line_end + 2;
  bulk_bytes_ = bytes;
  return Step::kDone;
}

RespParser::Step RespParser::ParseWords(std::string_view input, const ParseLimits& limits,
                                        CommandBatch& batch) {
  const size_t batch_begin = batch.words.size();
  for (const Word& word : partial_) batch.words.push_back(input.substr(word.at, word.bytes));
  while (words_left_ > 0) {
    Step step = Step::kDone;
    if (bulk_bytes_ < 0) step = ParseBulkHeader(input, limits);
    const size_t bytes = static_cast<size_t>(bulk_bytes_);
    if (step == Step::kDone && input.size() - at_ < bytes + 2) step = Step::kNeedMore;
    if (step != Step::kDone) {
      // Keep what was understood; the views die with the caller's buffer.
      for (size_t i = batch_begin + partial_.size(); i < batch.words.size(); ++i) {
        partial_.push_back(
            {static_cast<size_t>(batch.words[i].data() - input.data()), batch.words[i].size()});
      }
      batch.words.resize(batch_begin);
      return step;
    }
    batch.words.push_back(input.substr(at_, bytes));
    at_ += bytes + 2;
    bulk_bytes_ = -1;
    --words_left_;
  }
  partial_.clear();
  return Step::kDone;
}

RespParser::Step RespParser::Fail(std::string_view reply, std::string_view log_reason) {
  error_ = fmt::format("ERR Protocol error: {}", reply);
  log_reason_ = log_reason;
  return Step::kError;
}

size_t RespParser::BytesWanted(size_t input_bytes) const {
  if (bulk_bytes_ < 0) return 0;
  const size_t needed = at_ + static_cast<size_t>(bulk_bytes_) + 2;
  return needed > input_bytes ? needed - input_bytes : 0;
}

}  // namespace norn::net
