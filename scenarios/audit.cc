#include "scenarios/audit.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/number.h"
#include "net/reply_parser.h"

namespace norn::scenarios {
namespace {

constexpr Duration kPoll = Duration::Millis(5);
constexpr size_t kKeysAtOnce = 100;
// What everysec may lose: a second, and a second more while a sync is stuck; then a turn of the loop and the sync.
constexpr Duration kEverySecond = Duration::Millis(1000);
constexpr Duration kStuckSync = Duration::Millis(1000);
constexpr Duration kTurn = Duration::Millis(200);

Operation Ask(uint32_t db, Words words) {
  Operation operation;
  operation.kind = OperationKind::kToken;
  operation.db = db;
  operation.commands.push_back(std::move(words));
  return operation;
}

}  // namespace

DurabilityPromise DurabilityPromise::Of(const ServerOptions& options, bool slow_disk) {
  DurabilityPromise promise;
  bool on = false;
  bool no_sync = false;  // while the log is rewritten, which may be at any time
  Log log = Log::kEverySecond;
  for (const auto& [name, value] : options) {
    if (name == "appendonly") on = value == "yes";
    if (name == "appendfsync" && value == "always") log = Log::kAlways;
    if (name == "appendfsync" && value == "everysec") log = Log::kEverySecond;
    if (name == "appendfsync" && value == "no") log = Log::kNoSync;
    if (name == "no-appendfsync-on-rewrite") no_sync = value == "yes";
  }
  if (no_sync) log = Log::kNoSync;
  promise.log = on ? log : Log::kOff;
  promise.stuck = slow_disk;
  promise.window = kEverySecond + kTurn + (slow_disk ? kStuckSync : Duration{0});
  return promise;
}

int64_t DurabilityPromise::PromisedBefore(Instant died_at, const Ledger& ledger) const {
  switch (log) {
    case Log::kOff:
      return ledger.saved_before_ns();
    case Log::kNoSync:
      return 0;
    case Log::kEverySecond:
      return std::max<int64_t>(
          (stuck ? std::min(died_at.ns, ledger.last_answer_ns()) : died_at.ns) - window.ns, 0);
    case Log::kAlways:
      return kNeverNs;
  }
  return 0;
}

void Audit::NoteDeath() {
  record_.gate_closed = true;
  // Of deaths in a row the first counts: nobody has written since.
  if (due_) return;
  due_ = true;
  promised_before_ns_ = promise_.PromisedBefore(server_.died_at(), record_.ledger);
}

void Audit::Run(env::Env& env) {
  for (;;) {
    const uint32_t deaths = server_.deaths();
    LedgerReading reading;
    if (due_ && server_.serving() && Read(env, &reading) && server_.deaths() == deaths) {
      Judge(reading, server_.now());
      due_ = false;
      record_.gate_closed = false;
    }
    env.executor().Park(env.clock().Now() + kPoll);
  }
}

bool Audit::Read(env::Env& env, LedgerReading* reading) {
  bool whole = reader_.Connect(env, 2);
  const std::map<uint32_t, std::vector<std::string>> keys = record_.ledger.Keys();
  for (uint32_t db = 0; whole && db < databases_; ++db) {
    const auto of_db = keys.find(db);
    whole = ReadDatabase(env, db, of_db == keys.end() ? std::vector<std::string>() : of_db->second,
                         reading);
  }
  reader_.Disconnect();
  return whole;
}

bool Audit::ReadDatabase(env::Env& env, uint32_t db, const std::vector<std::string>& keys,
                         LedgerReading* reading) {
  std::vector<std::string> names = {std::string(kTickKey)};
  names.insert(names.end(), keys.begin(), keys.end());
  std::vector<Operation> select = {Ask(db, {"SELECT", std::to_string(db)})};
  if (!reader_.Execute(env, &select) || select[0].reply != "+OK\r\n") return false;
  for (size_t from = 0; from < names.size(); from += kKeysAtOnce) {
    const size_t to = std::min(from + kKeysAtOnce, names.size());
    Words mget = {"MGET"};
    mget.insert(mget.end(), names.begin() + static_cast<ptrdiff_t>(from),
                names.begin() + static_cast<ptrdiff_t>(to));
    std::vector<Operation> ask = {Ask(db, std::move(mget))};
    if (!reader_.Execute(env, &ask)) return false;
    const std::optional<net::Reply> reply = net::ParseReply(ask[0].reply);
    if (!reply || reply->elements.size() != to - from) return false;  // -LOADING, for one
    for (size_t i = from; i < to; ++i) {
      const net::Reply& value = reply->elements[i - from];
      if (value.IsNull()) continue;
      if (i > 0) {
        reading->values[{db, names[i]}] = value.text;
      } else {
        reading->ticks[db] = ParseInt64(value.text).value_or(-1);
      }
    }
  }
  return true;
}

void Audit::Judge(const LedgerReading& reading, Instant now) {
  blind_ = blind_ || server_.Unreliable();
  if (blind_) return;
  const uint64_t before = record_.ledger.examined();
  CheckTally& tally = At(record_.checks, CheckId::kDurablePrefix);
  const std::string wrong =
      record_.ledger.Judge(reading, {.read_ns = now.ns, .promised_before_ns = promised_before_ns_});
  tally.examined += record_.ledger.examined() - before;
  if (wrong.empty()) return;
  tally.Fail("read back at " + std::to_string(static_cast<double>(now.ns) / 1e9) +
             " s after a death at " +
             std::to_string(static_cast<double>(server_.died_at().ns) / 1e9) + " s: " + wrong);
}

}  // namespace norn::scenarios
