#include "engine/session/reply.h"

#include <algorithm>
#include <string>

namespace norn {

void ReplyWriter::Simple(std::string_view text) {
  out_->Append('+');
  out_->Append(text);
  out_->Append("\r\n");
}

void ReplyWriter::Error(std::string_view text) {
  ++errors_;
  const size_t code = std::min({text.find(' '), text.size(), sizeof(last_error_)});
  std::memcpy(last_error_, text.data(), code);
  last_error_bytes_ = static_cast<uint8_t>(code);
  out_->Append('-');
  const size_t from = out_->size();
  out_->Append(text);
  for (char* c = out_->data() + from; c != out_->data() + out_->size(); ++c) {
    if (*c == '\r' || *c == '\n') *c = ' ';
  }
  out_->Append("\r\n");
}

void ReplyWriter::BulkInteger(int64_t value) {
  char digits[kInt64CharsMax];
  Bulk({digits, FormatInt64(value, digits)});
}

void ReplyWriter::Bool(bool value) {
  if (resp_ == Resp::k3) {
    out_->Append(value ? "#t\r\n" : "#f\r\n");
  } else {
    Integer(value ? 1 : 0);
  }
}

void ReplyWriter::Double(double value) {
  const DoubleText text(value);
  const std::string_view digits = text.view();
  if (resp_ == Resp::k2) return Bulk(digits);
  out_->Append(',');
  out_->Append(digits);
  out_->Append("\r\n");
}

void ReplyWriter::LongDouble(long double value) {
  const std::string digits = FormatLongDoubleHuman(value);
  if (resp_ == Resp::k2) return Bulk(digits);
  out_->Append(',');
  out_->Append(digits);
  out_->Append("\r\n");
}

void ReplyWriter::Verbatim(std::string_view format3, std::string_view text) {
  if (resp_ == Resp::k2) return Bulk(text);
  Header('=', static_cast<int64_t>(text.size() + 4));
  out_->Append(format3);
  out_->Append(':');
  out_->Append(text);
  out_->Append("\r\n");
}

void ReplyWriter::BigNumber(std::string_view digits) {
  if (resp_ == Resp::k2) return Bulk(digits);
  out_->Append('(');
  out_->Append(digits);
  out_->Append("\r\n");
}

ReplyWriter::Deferred ReplyWriter::BeginDeferred() { return {out_->size()}; }

void ReplyWriter::EndArray(Deferred begun, size_t n) { EndDeferred(begun, '*', n); }

void ReplyWriter::EndMap(Deferred begun, size_t n) {
  EndDeferred(begun, resp_ == Resp::k3 ? '%' : '*', resp_ == Resp::k3 ? n : 2 * n);
}

void ReplyWriter::EndSet(Deferred begun, size_t n) {
  EndDeferred(begun, resp_ == Resp::k3 ? '~' : '*', n);
}

void ReplyWriter::EndDeferred(Deferred begun, char kind, size_t n) {
  const size_t body = out_->size() - begun.at;
  Header(kind, static_cast<int64_t>(n));
  char* first = out_->data() + begun.at;
  std::rotate(first, first + body, out_->data() + out_->size());
}

}  // namespace norn
