#pragma once
// Writes replies in RESP2 or RESP3 (the Redis serialization protocol; RESP3 specification of Sanfilippo, 2018) to a byte
// buffer. A handler says what it means (a map, a double, nothing); the client's protocol decides the bytes.
//
// Never parks, never fails; runs wherever its buffer may be touched.

#include <cstdint>
#include <string_view>

#include "engine/base/byte_buffer.h"
#include "engine/base/number.h"

namespace norn {

enum class Resp : uint8_t { k2 = 2, k3 = 3 };

class ReplyWriter {
 public:
  ReplyWriter(ByteBuffer& out, Resp resp) : out_(&out), resp_(resp) {}

  Resp resp() const { return resp_; }
  void set_resp(Resp resp) { resp_ = resp; }
  ByteBuffer& out() { return *out_; }
  void set_out(ByteBuffer& out) { out_ = &out; }

  void Ok() { out_->Append("+OK\r\n"); }
  void Simple(std::string_view text);  // without CR or LF
  // `text` begins with its code ("ERR ...", "WRONGTYPE ..."), without the dash. CR and LF inside become blanks.
  void Error(std::string_view text);
  void Integer(int64_t value) { Header(':', value); }
  void Bulk(std::string_view bytes) {
    char* to = out_->Reserve(bytes.size() + kInt64CharsMax + 5);
    char* at = to;
    *at++ = '$';
    at += FormatSize(bytes.size(), at);
    *at++ = '\r';
    *at++ = '\n';
    std::memcpy(at, bytes.data(), bytes.size());
    at += bytes.size();
    *at++ = '\r';
    *at++ = '\n';
    out_->Commit(static_cast<size_t>(at - to));
  }
  void BulkInteger(int64_t value);  // the digits as a bulk string
  void Null() { out_->Append(resp_ == Resp::k3 ? "_\r\n" : "$-1\r\n"); }
  void NullArray() { out_->Append(resp_ == Resp::k3 ? "_\r\n" : "*-1\r\n"); }
  void Bool(bool value);      // RESP2: integer 1 or 0
  void Double(double value);  // RESP2: bulk; shortest form that reads back (%.17g as Valkey prints)
  void LongDouble(long double value);  // human form; RESP2: bulk, RESP3: double
  void Verbatim(std::string_view format3, std::string_view text);  // "txt" or "mkd"; RESP2: bulk
  void BigNumber(std::string_view digits);                         // RESP2: bulk

  // The elements follow: n of them; for a map 2n, key and value in turn (RESP2: an array of 2n).
  void Array(size_t n) { Header('*', static_cast<int64_t>(n)); }
  void Map(size_t n) { resp_ == Resp::k3 ? Header('%', static_cast<int64_t>(n)) : Array(2 * n); }
  void Set(size_t n) { Header(resp_ == Resp::k3 ? '~' : '*', static_cast<int64_t>(n)); }
  void Push(size_t n) { Header(resp_ == Resp::k3 ? '>' : '*', static_cast<int64_t>(n)); }
  void Attribute(size_t n) { Header('|', static_cast<int64_t>(n)); }  // RESP3 only

  // An array whose length is known only at its end (KEYS, SCAN): Begin leaves a gap, End fills it and closes up.
  struct Deferred {
    size_t at;
  };
  Deferred BeginDeferred();
  void EndArray(Deferred begun, size_t n);
  void EndMap(Deferred begun, size_t n);
  void EndSet(Deferred begun, size_t n);

  // Bytes that are already a reply.
  void Raw(std::string_view bytes) { out_->Append(bytes); }

  // The errors written since the last ResetErrors; the dispatcher's statistics read them. last_error() is the code ("ERR").
  uint32_t errors() const { return errors_; }
  std::string_view last_error() const { return {last_error_, last_error_bytes_}; }
  void ResetErrors() { errors_ = 0; }

 private:
  static size_t FormatSize(size_t value, char* at) {
    if (value < 10) {
      *at = static_cast<char>('0' + value);
      return 1;
    }
    if (value < 100) {
      at[0] = static_cast<char>('0' + value / 10);
      at[1] = static_cast<char>('0' + value % 10);
      return 2;
    }
    return FormatInt64(static_cast<int64_t>(value), at);
  }
  void Header(char kind, int64_t value) {
    char* to = out_->Reserve(kInt64CharsMax + 3);
    char* at = to;
    *at++ = kind;
    at += value >= 0 ? FormatSize(static_cast<size_t>(value), at) : FormatInt64(value, at);
    *at++ = '\r';
    *at++ = '\n';
    out_->Commit(static_cast<size_t>(at - to));
  }
  void EndDeferred(Deferred begun, char kind, size_t n);

  ByteBuffer* out_;
  Resp resp_;
  uint32_t errors_ = 0;
  uint8_t last_error_bytes_ = 0;
  char last_error_[32] = {};
};

}  // namespace norn
