#include "net/reply_parser.h"

#include <algorithm>

#include "engine/base/number.h"

namespace norn::net {
namespace {

bool IsAggregate(char kind) {
  return kind == '*' || kind == '%' || kind == '~' || kind == '>' || kind == '|';
}
bool IsBulk(char kind) { return kind == '$' || kind == '=' || kind == '!'; }
bool IsLine(char kind) {
  return kind == '+' || kind == '-' || kind == ':' || kind == '_' || kind == '#' || kind == ',' ||
         kind == '(';
}
bool CountsPairs(char kind) { return kind == '%' || kind == '|'; }

bool IsValidLine(char kind, std::string_view text) {
  switch (kind) {
    case ':':
      return ParseInt64(text).has_value();
    case '_':
      return text.empty();
    case '#':
      return text == "t" || text == "f";
    case ',':
    case '(':
      return !text.empty();
    default:
      return true;
  }
}

ReplyType TypeOf(char kind) {
  switch (kind) {
    case '+':
      return ReplyType::kSimple;
    case '-':
    case '!':
      return ReplyType::kError;
    case ':':
      return ReplyType::kInteger;
    case '$':
      return ReplyType::kBulk;
    case '*':
      return ReplyType::kArray;
    case '%':
      return ReplyType::kMap;
    case '~':
      return ReplyType::kSet;
    case '>':
      return ReplyType::kPush;
    case '#':
      return ReplyType::kBool;
    case ',':
      return ReplyType::kDouble;
    case '(':
      return ReplyType::kBigNumber;
    case '=':
      return ReplyType::kVerbatim;
    default:
      return ReplyType::kNull;
  }
}

}  // namespace

ReplyParser::Result ReplyParser::Next() {
  if (!error_.empty()) return Result::kMalformed;
  if (reply_bytes_ > 0) {
    input_.Consume(reply_bytes_);
    at_ -= reply_bytes_;
    line_at_ -= reply_bytes_;
    reply_bytes_ = 0;
  }
  complete_ = false;
  while (!complete_) {
    const Scan scan = ScanElement();
    if (scan == Scan::kMore) return Result::kMore;
    if (scan == Scan::kMalformed) return Result::kMalformed;
  }
  reply_bytes_ = at_;
  return Result::kReply;
}

// One header line with its payload, if that is all there: a scalar, or the opening of an aggregate.
ReplyParser::Scan ReplyParser::ScanElement() {
  const std::string_view input = input_.view();
  if (at_ == input.size()) return Scan::kMore;
  const char kind = input[at_];
  if (!IsAggregate(kind) && !IsBulk(kind) && !IsLine(kind)) return Malformed("unknown type byte");
  const size_t end = input.find("\r\n", std::max(line_at_, at_ + 1));
  if (end == std::string_view::npos) {
    if (input.size() - at_ > kReplyLineBytesMax) return Malformed("line too long");
    line_at_ = std::max(at_, input.size() - 1);  // a CR may be the last byte so far
    return Scan::kMore;
  }
  const std::string_view text = input.substr(at_ + 1, end - at_ - 1);
  if (IsBulk(kind)) {
    line_at_ = end;
    return ScanBulk(end + 2, text);
  }
  if (IsLine(kind)) {
    if (!IsValidLine(kind, text)) return Malformed("bad scalar");
    at_ = line_at_ = end + 2;
    EndElement();
    return Scan::kElement;
  }
  const std::optional<int64_t> count = ParseInt64(text);
  const bool null_array = kind == '*' && count == -1;
  if (!count || *count > kReplyElementsMax || (*count < 0 && !null_array)) {
    return Malformed("bad element count");
  }
  at_ = line_at_ = end + 2;
  if (null_array) {
    EndElement();
    return Scan::kElement;
  }
  return ScanAggregate(CountsPairs(kind) ? *count * 2 : *count, kind == '|');
}

ReplyParser::Scan ReplyParser::ScanAggregate(int64_t elements, bool attribute) {
  if (elements == 0) {
    if (!attribute) EndElement();
    return Scan::kElement;
  }
  if (frames_.size() >= kReplyDepthMax) return Malformed("nested too deep");
  frames_.push_back({elements, attribute});
  return Scan::kElement;
}

ReplyParser::Scan ReplyParser::ScanBulk(size_t payload_at, std::string_view header) {
  const std::string_view input = input_.view();
  const std::optional<int64_t> length = ParseInt64(header);
  const bool null_bulk = input[at_] == '$' && length == -1;
  if (!length || *length > kReplyBulkBytesMax || (*length < 0 && !null_bulk)) {
    return Malformed("bad bulk length");
  }
  if (null_bulk) {
    at_ = line_at_ = payload_at;
    EndElement();
    return Scan::kElement;
  }
  const size_t payload_bytes = static_cast<size_t>(*length);
  if (input.size() - payload_at < payload_bytes + 2) return Scan::kMore;
  if (input.substr(payload_at + payload_bytes, 2) != "\r\n") return Malformed("bulk without end");
  if (input[at_] == '=' && (payload_bytes < 4 || input[payload_at + 3] != ':')) {
    return Malformed("verbatim without format");
  }
  at_ = line_at_ = payload_at + payload_bytes + 2;
  EndElement();
  return Scan::kElement;
}

void ReplyParser::EndElement() {
  while (!frames_.empty()) {
    Frame& frame = frames_.back();
    if (--frame.remaining > 0) return;
    const bool attribute = frame.attribute;
    frames_.pop_back();
    if (attribute) return;  // the described value is still owed
  }
  complete_ = true;
}

ReplyParser::Scan ReplyParser::Malformed(std::string_view why) {
  error_ = why;
  return Scan::kMalformed;
}

void ReplyParser::Reset() {
  input_.Release();
  reply_bytes_ = at_ = line_at_ = 0;
  frames_.clear();
  complete_ = false;
  error_ = {};
}

namespace {

// Builds the tree of bytes that ReplyParser has found to be one whole reply, so it checks nothing again.
class TreeBuilder {
 public:
  explicit TreeBuilder(std::string_view bytes) : rest_(bytes) {}

  Reply Build() {
    SkipAttributes();
    const char kind = rest_[0];
    const std::string_view line = TakeLine();
    Reply reply;
    reply.type = TypeOf(kind);
    if (IsAggregate(kind)) {
      FillAggregate(reply, kind, *ParseInt64(line));
    } else if (IsBulk(kind)) {
      FillBulk(reply, kind, *ParseInt64(line));
    } else {
      reply.text = line;
    }
    return reply;
  }

 private:
  void FillAggregate(Reply& reply, char kind, int64_t count) {
    if (count < 0) {
      reply.type = ReplyType::kNullArray;
      return;
    }
    const int64_t elements = CountsPairs(kind) ? count * 2 : count;
    for (int64_t i = 0; i < elements; ++i) reply.elements.push_back(Build());
  }

  void FillBulk(Reply& reply, char kind, int64_t length) {
    if (length < 0) {
      reply.type = ReplyType::kNull;
      return;
    }
    reply.text = rest_.substr(0, static_cast<size_t>(length));
    rest_.remove_prefix(static_cast<size_t>(length) + 2);
    if (kind == '=') reply.text.erase(0, 4);
  }

  void SkipAttributes() {
    while (rest_[0] == '|') {
      const int64_t pairs = *ParseInt64(TakeLine());
      for (int64_t i = 0; i < pairs * 2; ++i) Build();
    }
  }

  std::string_view TakeLine() {
    const size_t end = rest_.find("\r\n");
    const std::string_view line = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 2);
    return line;
  }

  std::string_view rest_;
};

void Describe(const Reply& reply, std::string& out) {
  constexpr size_t kTextMax = 80;
  constexpr size_t kElementsMax = 16;
  const std::string text =
      reply.text.size() <= kTextMax ? reply.text : reply.text.substr(0, kTextMax) + "...";
  if (reply.IsNull()) {
    out += "(nil)";
  } else if (reply.IsError()) {
    out += "(error) " + text;
  } else if (reply.type == ReplyType::kInteger) {
    out += "(integer) " + text;
  } else if (reply.type == ReplyType::kSimple) {
    out += text;
  } else if (reply.elements.empty() && !reply.text.empty()) {
    out += '"' + text + '"';
  } else if (reply.type == ReplyType::kBulk) {
    out += "\"\"";
  } else {
    out += '[';
    for (size_t i = 0; i < reply.elements.size() && i < kElementsMax; ++i) {
      if (i > 0) out += ", ";
      Describe(reply.elements[i], out);
    }
    out += reply.elements.size() > kElementsMax ? ", ...]" : "]";
  }
}

}  // namespace

std::optional<Reply> ParseReply(std::string_view bytes) {
  ReplyParser parser;
  parser.Append(bytes);
  if (parser.Next() != ReplyParser::Result::kReply) return std::nullopt;
  if (parser.bytes().size() != bytes.size()) return std::nullopt;
  return TreeBuilder(bytes).Build();
}

std::string DescribeReply(std::string_view bytes) {
  const std::optional<Reply> reply = ParseReply(bytes);
  if (!reply) return "(not a reply)";
  std::string out;
  Describe(*reply, out);
  return out;
}

}  // namespace norn::net
