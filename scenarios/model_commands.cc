// One function a command: change the map, return the reply. Everything about time is in model.cc.

#include <algorithm>
#include <limits>

#include "engine/base/check.h"
#include "engine/base/number.h"
#include "scenarios/model.h"

namespace norn::scenarios {
namespace {

struct Call {
  ModelDb& db;
  const Words& words;
  int resp;
  Window now;
  ClockError clock;

  const std::string& word(size_t at) const { return words[at]; }
  size_t count() const { return words.size(); }
  ModelValue* Find(const std::string& key) const {
    const auto found = db.find(key);
    return found == db.end() ? nullptr : &found->second;
  }
};

std::string Bulk(std::string_view bytes) {
  return "$" + std::to_string(bytes.size()) + "\r\n" + std::string(bytes) + "\r\n";
}
std::string Null(const Call& c) { return c.resp == 3 ? "_\r\n" : "$-1\r\n"; }
std::string Number(int64_t value) { return ":" + std::to_string(value) + "\r\n"; }
std::string BulkOrNull(const Call& c, const ModelValue* value) {
  return value == nullptr ? Null(c) : Bulk(value->bytes);
}

constexpr const char* kOk = "+OK\r\n";
constexpr const char* kNotInteger = "-ERR value is not an integer or out of range\r\n";
constexpr const char* kOverflow = "-ERR increment or decrement would overflow\r\n";
constexpr const char* kNoSuchKey = "-ERR no such key\r\n";
constexpr const char* kSameObject = "-ERR source and destination objects are the same\r\n";

int64_t Integer(const std::string& word) {
  const std::optional<int64_t> value = ParseInt64(word);
  CHECK_MSG(value.has_value(), "the workload wrote a number that is none: " + word);
  return *value;
}

Deadline DeadlineIn(const Call& c, int64_t ttl_ms) {
  const int64_t ttl_ns = ttl_ms * 1'000'000;
  const int64_t error_ns = c.clock.rounding_ns + ttl_ms * c.clock.drift_ppm;
  const int64_t latest =
      c.now.latest_ns == kNeverNs ? kNeverNs : c.now.latest_ns + ttl_ns + error_ns;
  return {c.now.earliest_ns + ttl_ns - error_ns, latest};
}

// Sets or changes the deadline; one that is not in the future removes the key at once.
void ExpireIn(const Call& c, const std::string& key, int64_t ttl_ms) {
  if (ttl_ms <= 0) {
    c.db.erase(key);
  } else {
    c.db[key].deadline = DeadlineIn(c, ttl_ms);
  }
}

std::string Get(const Call& c) { return BulkOrNull(c, c.Find(c.word(1))); }

std::string Set(const Call& c) {
  bool nx = false, xx = false, get = false, keep = false;
  std::optional<int64_t> ttl_ms;
  for (size_t i = 3; i < c.count(); ++i) {
    if (c.word(i) == "NX") nx = true;
    if (c.word(i) == "XX") xx = true;
    if (c.word(i) == "GET") get = true;
    if (c.word(i) == "KEEPTTL") keep = true;
    if (c.word(i) == "PX") ttl_ms = Integer(c.word(++i));
    if (c.word(i) == "EX") ttl_ms = Integer(c.word(++i)) * 1000;
  }
  ModelValue* old = c.Find(c.word(1));
  const std::string old_reply = BulkOrNull(c, old);
  if ((nx && old != nullptr) || (xx && old == nullptr)) return get ? old_reply : Null(c);
  ModelValue& value = c.db[c.word(1)];
  value.bytes = c.word(2);
  if (!keep) value.deadline.reset();
  if (ttl_ms) value.deadline = DeadlineIn(c, *ttl_ms);
  return get ? old_reply : kOk;
}

std::string SetNx(const Call& c) {
  if (c.Find(c.word(1)) != nullptr) return Number(0);
  c.db[c.word(1)] = {c.word(2), std::nullopt};
  return Number(1);
}

std::string PSetEx(const Call& c) {
  c.db[c.word(1)] = {c.word(3), DeadlineIn(c, Integer(c.word(2)))};
  return kOk;
}

std::string GetSet(const Call& c) {
  const std::string reply = Get(c);
  c.db[c.word(1)] = {c.word(2), std::nullopt};
  return reply;
}

std::string GetDel(const Call& c) {
  const std::string reply = Get(c);
  c.db.erase(c.word(1));
  return reply;
}

std::string GetEx(const Call& c) {
  const std::string reply = Get(c);
  ModelValue* value = c.Find(c.word(1));
  if (value == nullptr || c.count() == 2) return reply;
  if (c.word(2) == "PERSIST") {
    value->deadline.reset();
  } else {
    ExpireIn(c, c.word(1), Integer(c.word(3)));
  }
  return reply;
}

std::string Append(const Call& c) {
  std::string& bytes = c.db[c.word(1)].bytes;
  bytes += c.word(2);
  return Number(static_cast<int64_t>(bytes.size()));
}

std::string StrLen(const Call& c) {
  const ModelValue* value = c.Find(c.word(1));
  return Number(value == nullptr ? 0 : static_cast<int64_t>(value->bytes.size()));
}

std::string GetRange(const Call& c) {
  const ModelValue* value = c.Find(c.word(1));
  if (value == nullptr) return Bulk("");
  const int64_t size = static_cast<int64_t>(value->bytes.size());
  int64_t first = Integer(c.word(2)), last = Integer(c.word(3));
  if (first < 0 && last < 0 && first > last) return Bulk("");
  if (first < 0) first = std::max<int64_t>(0, first + size);
  if (last < 0) last = std::max<int64_t>(0, last + size);
  last = std::min(last, size - 1);
  if (first > last || size == 0) return Bulk("");
  return Bulk(std::string_view(value->bytes)
                  .substr(static_cast<size_t>(first), static_cast<size_t>(last - first + 1)));
}

std::string SetRange(const Call& c) {
  if (c.word(3).empty()) return StrLen(c);
  const size_t offset = static_cast<size_t>(Integer(c.word(2)));
  std::string& bytes = c.db[c.word(1)].bytes;
  if (bytes.size() < offset + c.word(3).size()) bytes.resize(offset + c.word(3).size(), '\0');
  bytes.replace(offset, c.word(3).size(), c.word(3));
  return Number(static_cast<int64_t>(bytes.size()));
}

std::string Add(const Call& c, int64_t delta) {
  const ModelValue* value = c.Find(c.word(1));
  const std::optional<int64_t> old = value == nullptr ? 0 : ParseInt64(value->bytes);
  if (!old) return kNotInteger;
  int64_t sum = 0;
  if (__builtin_add_overflow(*old, delta, &sum)) return kOverflow;
  c.db[c.word(1)].bytes = std::to_string(sum);
  return Number(sum);
}
std::string Incr(const Call& c) { return Add(c, 1); }
std::string Decr(const Call& c) { return Add(c, -1); }
std::string IncrBy(const Call& c) { return Add(c, Integer(c.word(2))); }
std::string DecrBy(const Call& c) { return Add(c, -Integer(c.word(2))); }

std::string MGet(const Call& c) {
  std::string reply = "*" + std::to_string(c.count() - 1) + "\r\n";
  for (size_t i = 1; i < c.count(); ++i) reply += BulkOrNull(c, c.Find(c.word(i)));
  return reply;
}

std::string MSet(const Call& c) {
  for (size_t i = 1; i < c.count(); i += 2) c.db[c.word(i)] = {c.word(i + 1), std::nullopt};
  return kOk;
}

std::string MSetNx(const Call& c) {
  for (size_t i = 1; i < c.count(); i += 2) {
    if (c.Find(c.word(i)) != nullptr) return Number(0);
  }
  MSet(c);
  return Number(1);
}

std::string Del(const Call& c) {
  int64_t removed = 0;
  for (size_t i = 1; i < c.count(); ++i) removed += static_cast<int64_t>(c.db.erase(c.word(i)));
  return Number(removed);
}

std::string Exists(const Call& c) {
  int64_t found = 0;
  for (size_t i = 1; i < c.count(); ++i) found += c.Find(c.word(i)) != nullptr ? 1 : 0;
  return Number(found);
}

std::string Type(const Call& c) {
  return c.Find(c.word(1)) == nullptr ? "+none\r\n" : "+string\r\n";
}

std::string Rename(const Call& c) {
  const ModelValue* value = c.Find(c.word(1));
  if (value == nullptr) return kNoSuchKey;
  const ModelValue moved = *value;
  c.db.erase(c.word(1));
  c.db[c.word(2)] = moved;
  return kOk;
}

std::string RenameNx(const Call& c) {
  if (c.Find(c.word(1)) == nullptr) return kNoSuchKey;
  if (c.Find(c.word(2)) != nullptr) return Number(0);
  Rename(c);
  return Number(1);
}

std::string Copy(const Call& c) {
  if (c.word(1) == c.word(2)) return kSameObject;
  const ModelValue* value = c.Find(c.word(1));
  const bool replace = c.count() > 3;
  if (value == nullptr || (!replace && c.Find(c.word(2)) != nullptr)) return Number(0);
  const ModelValue copied = *value;
  c.db[c.word(2)] = copied;
  return Number(1);
}

std::string Expire(const Call& c, int64_t unit_ms) {
  const ModelValue* value = c.Find(c.word(1));
  if (value == nullptr) return Number(0);
  const bool volatile_key = value->deadline.has_value();
  if (c.count() > 3 && c.word(3) == "NX" && volatile_key) return Number(0);
  if (c.count() > 3 && c.word(3) == "XX" && !volatile_key) return Number(0);
  ExpireIn(c, c.word(1), Integer(c.word(2)) * unit_ms);
  return Number(1);
}
std::string ExpireSeconds(const Call& c) { return Expire(c, 1000); }
std::string ExpireMillis(const Call& c) { return Expire(c, 1); }

std::string Persist(const Call& c) {
  ModelValue* value = c.Find(c.word(1));
  if (value == nullptr || !value->deadline) return Number(0);
  value->deadline.reset();
  return Number(1);
}

struct Row {
  std::string_view name;
  std::string (*apply)(const Call&);
};

constexpr Row kRows[] = {
    {"GET", Get},
    {"SET", Set},
    {"SETNX", SetNx},
    {"PSETEX", PSetEx},
    {"GETSET", GetSet},
    {"GETDEL", GetDel},
    {"GETEX", GetEx},
    {"APPEND", Append},
    {"STRLEN", StrLen},
    {"GETRANGE", GetRange},
    {"SETRANGE", SetRange},
    {"INCR", Incr},
    {"DECR", Decr},
    {"INCRBY", IncrBy},
    {"DECRBY", DecrBy},
    {"MGET", MGet},
    {"MSET", MSet},
    {"MSETNX", MSetNx},
    {"DEL", Del},
    {"UNLINK", Del},
    {"EXISTS", Exists},
    {"TOUCH", Exists},
    {"TYPE", Type},
    {"RENAME", Rename},
    {"RENAMENX", RenameNx},
    {"COPY", Copy},
    {"EXPIRE", ExpireSeconds},
    {"PEXPIRE", ExpireMillis},
    {"PERSIST", Persist},
};

const Row* FindRow(std::string_view name) {
  const Row* row = std::find_if(std::begin(kRows), std::end(kRows),
                                [&](const Row& r) { return r.name == name; });
  return row == std::end(kRows) ? nullptr : row;
}

// What is left, in `unit_ns`, rounded as the server rounds (TTL to the nearest second).
ModelReply TimeToLive(const Call& c, int64_t unit_ns) {
  const ModelValue* value = c.Find(c.word(1));
  if (value == nullptr) return {Number(-2)};
  if (!value->deadline) return {Number(-1)};
  const int64_t slack = c.clock.rounding_ns + unit_ns;
  const Deadline deadline = *value->deadline;
  ModelReply reply;
  reply.low =
      c.now.latest_ns == kNeverNs
          ? 0
          : std::max<int64_t>(0, (deadline.earliest_ns - c.now.latest_ns - slack) / unit_ns);
  reply.high = deadline.latest_ns == kNeverNs
                   ? std::numeric_limits<int64_t>::max()
                   : (deadline.latest_ns - c.now.earliest_ns + slack) / unit_ns;
  return reply;
}

}  // namespace

bool ModelKnows(std::string_view command) {
  return command == "TTL" || command == "PTTL" || FindRow(command) != nullptr;
}

ModelReply ApplyCommand(ModelDb& db, const Words& words, int resp, const Window& now,
                        const ClockError& clock) {
  const Call call{db, words, resp, now, clock};
  if (words[0] == "PTTL") return TimeToLive(call, 1'000'000);
  if (words[0] == "TTL") return TimeToLive(call, 1'000'000'000);
  const Row* row = FindRow(words[0]);
  CHECK_MSG(row != nullptr, "the model does not know " + words[0]);
  return {row->apply(call)};
}

bool ModelReply::Matches(std::string_view reply) const {
  if (!bytes.empty()) return reply == bytes;
  if (reply.size() < 4 || reply[0] != ':') return false;
  const std::optional<int64_t> value = ParseInt64(reply.substr(1, reply.size() - 3));
  return value && *value >= low && *value <= high;
}

}  // namespace norn::scenarios
