#include "scenarios/workload.h"

#include <algorithm>
#include <iterator>

#include "engine/base/check.h"
#include "scenarios/ledger.h"

namespace norn::scenarios {

// In the order of Family.
const Workload::Make Workload::kMakers[kFamilies] = {
    &Workload::MakeRead,   &Workload::MakeWrite,    &Workload::MakeCounter,
    &Workload::MakeExpiry, &Workload::MakeMultiKey, &Workload::MakeTransaction,
    &Workload::MakeWatch,  &Workload::MakeScan,     &Workload::MakeFlush,
    &Workload::MakeToken,  &Workload::MakeSelect,   &Workload::MakeLedger,
    &Workload::MakeSave,   &Workload::MakeBgSave,   &Workload::MakeRewrite,
    &Workload::MakeTyped,
};

Workload::Workload(const WorkloadSettings& settings, Prng prng) : settings_(settings), prng_(prng) {
  for (const int64_t weight : settings_.weights) weight_sum_ += weight;
  CHECK(weight_sum_ > 0);
  if (settings_.weights[static_cast<size_t>(Family::kTyped)] > 0) {
    typed_.emplace(RandomCommandSettings{.prefix = "y", .only_writes = true}, Prng(prng_.Next()));
  }
}

Operation Workload::Next(ConnectionState& state) {
  Operation op;
  op.client = settings_.client;
  if (state.watching) {
    MakeWatched(state, op);
  } else {
    (this->*kMakers[DrawFamily()])(state, op);
  }
  op.resp = state.resp;
  op.db = state.db;
  return op;
}

size_t Workload::DrawFamily() {
  int64_t pick = prng_.Between(0, weight_sum_ - 1);
  for (size_t family = 0; family < kFamilies; ++family) {
    if (pick < settings_.weights[family]) return family;
    pick -= settings_.weights[family];
  }
  CheckFailed(__FILE__, __LINE__, "pick < weight_sum_", "");
}

void Workload::One(Operation& op, Words words) { op.commands.push_back(std::move(words)); }

std::string Workload::KeyIn(uint32_t group, bool counter) {
  const uint64_t others = settings_.universe.keys_per_group - 1;
  const bool usual = !prng_.OneIn(10);
  const bool first = others == 0 || usual == counter;
  const uint64_t index = first ? 0 : 1 + prng_.Below(others);
  return KeyUniverse::Name(group, static_cast<uint32_t>(index));
}

std::string Workload::AnyKey(bool counter) {
  const uint32_t group = static_cast<uint32_t>(prng_.Below(settings_.universe.groups));
  return KeyIn(group, counter);
}

std::string Workload::Value() {
  std::string value =
      "c" + std::to_string(settings_.client) + "." + std::to_string(++values_made_) + ".";
  const int64_t bytes = settings_.value_bytes.Draw(prng_);
  if (value.size() < static_cast<size_t>(bytes)) value.resize(static_cast<size_t>(bytes), 'x');
  return value;
}

// Mostly short against the pace of a run, so that keys do expire.
std::string Workload::TtlMs() {
  return std::to_string(prng_.OneIn(4) ? prng_.Between(1000, 100'000) : prng_.Between(1, 300));
}

void Workload::MakeRead(ConnectionState&, Operation& op) {
  static constexpr const char* kNames[] = {"GET", "GET",  "GET",  "STRLEN", "GETRANGE",
                                           "TTL", "PTTL", "TYPE", "EXISTS"};
  const char* const name = kNames[prng_.Below(std::size(kNames))];
  const bool counter = prng_.OneIn(3);
  const std::string key = AnyKey(counter);
  op.keys = {key};
  if (std::string_view(name) != "GETRANGE") return One(op, {name, key});
  const int64_t first = prng_.Between(-8, 8);
  const int64_t last = prng_.Between(-8, 8);
  One(op, {name, key, std::to_string(first), std::to_string(last)});
}

void Workload::MakeWrite(ConnectionState&, Operation& op) {
  const std::string key = AnyKey(false);
  op.keys = {key};
  const std::string value = prng_.OneIn(10) ? std::to_string(prng_.Between(-100, 100)) : Value();
  switch (prng_.Below(13)) {
    case 0:
      return One(op, {"SET", key, value, "NX"});
    case 1:
      return One(op, {"SET", key, value, "XX"});
    case 2:
      return One(op, {"SET", key, value, "GET"});
    case 3:
      return One(op, {"SET", key, value, "KEEPTTL"});
    case 4:
      return One(op, {"SETNX", key, value});
    case 5:
      return One(op, {"GETSET", key, value});
    case 6:
      return One(op, {"GETDEL", key});
    case 7:
      return One(op, {"APPEND", key, value.substr(0, 12)});
    case 8:
      return One(op, {"SETRANGE", key, std::to_string(prng_.Between(0, 20)), value.substr(0, 12)});
    case 9:
      return One(op, {prng_.OneIn(2) ? "DEL" : "UNLINK", key});
    default:
      return One(op, {"SET", key, value});
  }
}

void Workload::MakeCounter(ConnectionState&, Operation& op) {
  const std::string key = AnyKey(true);
  op.keys = {key};
  switch (prng_.Below(5)) {
    case 0:
      return One(op, {"DECR", key});
    case 1:
      return One(op, {"INCRBY", key, std::to_string(prng_.Between(-50, 1000))});
    case 2:
      return One(op, {"DECRBY", key, std::to_string(prng_.Between(1, 50))});
    default:
      return One(op, {"INCR", key});
  }
}

void Workload::MakeExpiry(ConnectionState&, Operation& op) {
  const bool counter = prng_.OneIn(4);
  const std::string key = AnyKey(counter);
  op.keys = {key};
  const std::string ttl = TtlMs();
  switch (prng_.Below(9)) {
    case 0:
    case 1:
      return One(op, {"SET", key, Value(), "PX", ttl});
    case 2:
      return One(op, {"PSETEX", key, ttl, Value()});
    case 3:
      return One(op, {"PEXPIRE", key, ttl});
    case 4:
      return One(op, {"PEXPIRE", key, ttl, prng_.OneIn(2) ? "NX" : "XX"});
    case 5:
      return One(op, {"EXPIRE", key, std::to_string(prng_.Between(-1, 3))});
    case 6:
      return One(op, {"GETEX", key, "PX", ttl});
    case 7:
      return One(op, {"GETEX", key, "PERSIST"});
    default:
      return One(op, {"PERSIST", key});
  }
}

void Workload::MakeMultiKey(ConnectionState&, Operation& op) {
  const uint32_t group = static_cast<uint32_t>(prng_.Below(settings_.universe.groups));
  const std::string a = KeyUniverse::Name(
      group, static_cast<uint32_t>(prng_.Below(settings_.universe.keys_per_group)));
  const std::string b = KeyUniverse::Name(
      group, static_cast<uint32_t>(prng_.Below(settings_.universe.keys_per_group)));
  op.keys = {a, b};
  const std::string value_a = Value();
  const std::string value_b = Value();
  switch (prng_.Below(12)) {
    case 0:
    case 1:
      return One(op, {"MSET", a, value_a, b, value_b});
    case 2:
      return One(op, {"MSETNX", a, value_a, b, value_b});
    case 3:
      return One(op, {"DEL", a, b});
    case 4:
      return One(op, {"EXISTS", a, b});
    case 5:
      return One(op, {"RENAME", a, b});
    case 6:
      return One(op, {"RENAMENX", a, b});
    case 7:
      return One(op, {"COPY", a, b});
    case 8:
      return One(op, {"COPY", a, b, "REPLACE"});
    default: {
      op.keys = settings_.universe.GroupKeys(group);
      Words words = op.keys;
      words.insert(words.begin(), "MGET");
      return One(op, std::move(words));
    }
  }
}

// Commands whose replies do not depend on the clock: in a transaction they are compared byte for byte.
Words Workload::QueuedCommand(uint32_t group) {
  const bool counter = prng_.OneIn(3);
  const std::string key = KeyIn(group, counter);
  if (counter) return {"INCR", key};
  switch (prng_.Below(6)) {
    case 0:
      return {"APPEND", key, "+"};
    case 1:
      return {"DEL", key};
    case 2: {
      const std::string value = Value();
      return {"SET", key, value, "PX", TtlMs()};
    }
    case 3:
      return {"GET", key};
    default:
      return {"SET", key, Value()};
  }
}

void Workload::AddQueued(Operation& op, uint32_t group) {
  One(op, {"MULTI"});
  const int64_t count = prng_.Between(1, 4);
  for (int64_t i = 0; i < count; ++i) {
    Words words = QueuedCommand(group);
    op.keys.push_back(words[1]);
    One(op, std::move(words));
  }
}

void Workload::MakeTransaction(ConnectionState&, Operation& op) {
  const uint32_t group = static_cast<uint32_t>(prng_.Below(settings_.universe.groups));
  AddQueued(op, group);
  const size_t queued = op.commands.size() - 1;
  if (!prng_.OneIn(6)) {
    op.kind = OperationKind::kTransaction;
    return One(op, {"EXEC"});
  }
  op.kind = OperationKind::kDiscarded;
  op.keys.clear();
  op.expected_reply = "+OK\r\n";
  for (size_t i = 0; i < queued; ++i) op.expected_reply += "+QUEUED\r\n";
  if (prng_.OneIn(2)) {
    op.expected_reply += "+OK\r\n";
    return One(op, {"DISCARD"});
  }
  op.expected_reply +=
      "-ERR wrong number of arguments for 'get' command\r\n"
      "-EXECABORT Transaction discarded because of previous errors.\r\n";
  One(op, {"GET"});
  One(op, {"EXEC"});
}

void Workload::MakeWatch(ConnectionState& state, Operation& op) {
  const bool counter = prng_.OneIn(2);
  const std::string key = AnyKey(counter);
  op.kind = OperationKind::kWatch;
  op.keys = {key};
  state.watched_key = key;
  One(op, {"WATCH", key});
  One(op, {"GET", key});
}

void Workload::MakeWatched(ConnectionState& state, Operation& op) {
  if (!state.watch_spoiled && prng_.OneIn(5)) {
    state.watch_spoiled = true;
    op.keys = {state.watched_key};
    return One(op, {"SET", state.watched_key, Value()});
  }
  op.kind = OperationKind::kTransaction;
  op.watched_key = state.watched_key;
  op.watched_reply = state.watched_reply;
  op.must_abort = state.watch_spoiled;
  AddQueued(op, KeyUniverse::GroupOf(state.watched_key));
  op.keys.push_back(state.watched_key);
  One(op, {"EXEC"});
  state.watching = state.watch_spoiled = false;
}

void Workload::MakeScan(ConnectionState& state, Operation& op) {
  const uint64_t pick = prng_.Below(8);
  if (pick == 0) {
    op.kind = OperationKind::kKeys;
    return One(op, {"KEYS", "*"});
  }
  if (pick == 1 || state.scan_pending) {
    op.kind = OperationKind::kRandomKey;
    return One(op, {"RANDOMKEY"});
  }
  if (state.scan_db != state.db) state.scan_cursor = "0";
  state.scan_db = state.db;
  state.scan_pending = true;
  op.kind = OperationKind::kScan;
  One(op, {"SCAN", state.scan_cursor, "COUNT", std::to_string(prng_.Between(1, 4))});
}

void Workload::MakeFlush(ConnectionState&, Operation& op) {
  const bool all = prng_.OneIn(3);
  op.kind = all ? OperationKind::kFlushAll : OperationKind::kFlushDb;
  One(op, {all ? "FLUSHALL" : "FLUSHDB"});
}

void Workload::MakeToken(ConnectionState&, Operation& op) {
  const std::string token =
      "t" + std::to_string(settings_.client) + "." + std::to_string(++values_made_);
  op.kind = OperationKind::kToken;
  op.expected_reply = "$" + std::to_string(token.size()) + "\r\n" + token + "\r\n";
  One(op, {prng_.OneIn(2) ? "PING" : "ECHO", token});
}

void Workload::MakeSelect(ConnectionState& state, Operation& op) {
  op.kind = OperationKind::kToken;
  op.expected_reply = "+OK\r\n";
  state.db = static_cast<uint32_t>(prng_.Below(settings_.universe.databases));
  op.db = state.db;
  One(op, {"SELECT", std::to_string(state.db)});
}

// What ledger.h can judge: one to three of the connection's keys set to one new text, or one key appended to.
void Workload::MakeLedger(ConnectionState& state, Operation& op) {
  op.kind = OperationKind::kLedger;
  LedgerWrite write;
  write.db = state.db;
  const uint64_t keys = settings_.universe.keys_per_group;
  const uint64_t first = prng_.Below(keys);
  const uint64_t count = prng_.OneIn(2) ? 1 : 1 + prng_.Below(std::min<uint64_t>(keys, 3));
  for (uint64_t i = 0; i < count; ++i) {
    write.keys.push_back("d" + std::to_string(state.connection) + "." +
                         std::to_string((first + i) % keys));
  }
  write.ticks = prng_.OneIn(3);
  write.appends = count == 1 && prng_.OneIn(4);
  const std::string number =
      std::to_string(state.connection) + "." + std::to_string(++state.ledger_writes) + ".";
  write.text = number;
  const int64_t bytes = settings_.value_bytes.Draw(prng_);
  if (!write.appends && write.text.size() < static_cast<size_t>(bytes)) {
    write.text.resize(static_cast<size_t>(bytes), 'x');
  }
  LedgerCommands(write, op);
  op.keys = write.keys;
  op.ledger = std::move(write);
}

// The commands that have the effect of the write, in one of many forms.
void Workload::LedgerCommands(const LedgerWrite& write, Operation& op) {
  const std::string& key = write.keys[0];
  const bool transaction = write.ticks || (write.keys.size() > 1 && prng_.OneIn(2));
  if (transaction) One(op, {"MULTI"});
  if (write.ticks) One(op, {"INCR", std::string(kTickKey)});
  if (write.appends) {
    One(op, {"APPEND", key, write.text});
  } else if (write.keys.size() > 1 && !transaction) {
    Words mset = {"MSET"};
    for (const std::string& name : write.keys) mset.insert(mset.end(), {name, write.text});
    One(op, std::move(mset));
  } else {
    for (const std::string& name : write.keys) {
      switch (transaction ? prng_.Below(5) : prng_.Below(4)) {
        case 0:
          One(op, {"SET", name, write.text, "PX", "86400000"});
          break;
        case 1:
          One(op, {"GETSET", name, write.text});
          break;
        case 4:
          One(op, {"DEL", name});
          [[fallthrough]];
        default:
          One(op, {"SET", name, write.text});
      }
    }
  }
  if (transaction) One(op, {"EXEC"});
}

void Workload::MakeSave(ConnectionState&, Operation& op) {
  op.kind = OperationKind::kSave;
  One(op, {"SAVE"});
}

void Workload::MakeBgSave(ConnectionState&, Operation& op) {
  op.kind = OperationKind::kSave;
  if (prng_.OneIn(2)) return One(op, {"BGSAVE"});
  One(op, {"BGSAVE", "SCHEDULE"});
}

void Workload::MakeRewrite(ConnectionState&, Operation& op) {
  op.kind = OperationKind::kSave;
  One(op, {"BGREWRITEAOF"});
}

void Workload::MakeTyped(ConnectionState&, Operation& op) {
  op.kind = OperationKind::kTyped;
  One(op, typed_->Next());
}

void EncodeOperation(const Operation& operation, std::string* out) {
  for (const Words& words : operation.commands) {
    *out += '*';
    *out += std::to_string(words.size());
    *out += "\r\n";
    for (const std::string& word : words) {
      *out += '$';
      *out += std::to_string(word.size());
      *out += "\r\n";
      *out += word;
      *out += "\r\n";
    }
  }
}

}  // namespace norn::scenarios
