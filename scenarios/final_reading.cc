#include "scenarios/final_reading.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "net/reply_parser.h"

namespace norn::scenarios {
namespace {

constexpr int kScanCallsMax = 100'000;

std::vector<std::string> Texts(const net::Reply& reply) {
  std::vector<std::string> texts;
  for (const net::Reply& element : reply.elements) texts.push_back(element.text);
  return texts;
}

}  // namespace

void FinalReading::Run(env::Env& env) {
  if (!client_.Connect(env, 2)) {
    Fail("cannot connect in peace");
  } else {
    for (uint32_t db = 0; db < universe_.databases; ++db) {
      if (!ReadDatabase(env, db)) break;
    }
  }
  client_.Disconnect();
  done_ = true;
}

bool FinalReading::ReadDatabase(env::Env& env, uint32_t db) {
  std::vector<Operation> select = {Make(OperationKind::kToken, db, {"SELECT", std::to_string(db)})};
  select[0].expected_reply = "+OK\r\n";
  std::vector<Operation> persist = ForEachKey("PERSIST", db);
  std::vector<Operation> get = ForEachKey("GET", db);
  std::vector<Operation> all = {Make(OperationKind::kKeys, db, {"KEYS", "*"}),
                                Make(OperationKind::kDbSize, db, {"DBSIZE"})};
  std::vector<std::string> scanned;
  if (!client_.Execute(env, &select) || !client_.Execute(env, &persist) ||
      !client_.Execute(env, &get) || !client_.Execute(env, &all) || !Scan(env, db, &scanned)) {
    return Fail("lost the connection in peace");
  }
  std::vector<std::string> present;
  for (const Operation& operation : get) {
    ++At(checks_, CheckId::kModelEquality).examined;
    if (operation.reply != "$-1\r\n") present.push_back(operation.keys[0]);
  }
  const std::optional<net::Reply> keys_reply = net::ParseReply(all[0].reply);
  std::vector<std::string> keys = keys_reply ? Texts(*keys_reply) : std::vector<std::string>();
  std::sort(present.begin(), present.end());
  std::sort(keys.begin(), keys.end());
  std::sort(scanned.begin(), scanned.end());
  scanned.erase(std::unique(scanned.begin(), scanned.end()), scanned.end());
  const std::string size = fmt::format(":{}\r\n", present.size());
  if (keys == present && scanned == present && all[1].reply == size) return true;
  return Fail(fmt::format("database {}: GET finds [{}], KEYS [{}], SCAN [{}], DBSIZE answers {}",
                          db, fmt::join(present, " "), fmt::join(keys, " "),
                          fmt::join(scanned, " "), net::DescribeReply(all[1].reply)));
}

bool FinalReading::Scan(env::Env& env, uint32_t db, std::vector<std::string>* names) {
  std::string cursor = "0";
  for (int calls = 0; calls < kScanCallsMax; ++calls) {
    std::vector<Operation> scan = {Make(OperationKind::kScan, db, {"SCAN", cursor, "COUNT", "3"})};
    if (!client_.Execute(env, &scan)) return false;
    const std::optional<net::Reply> reply = net::ParseReply(scan[0].reply);
    if (!reply || reply->elements.size() != 2) return false;
    for (std::string& name : Texts(reply->elements[1])) names->push_back(std::move(name));
    cursor = reply->elements[0].text;
    if (cursor == "0") return true;
  }
  return Fail("SCAN does not come to an end");
}

std::vector<Operation> FinalReading::ForEachKey(const std::string& command, uint32_t db) const {
  std::vector<Operation> operations;
  for (uint32_t group = 0; group < universe_.groups; ++group) {
    for (const std::string& key : universe_.GroupKeys(group)) {
      operations.push_back(Make(OperationKind::kCommand, db, {command, key}));
      operations.back().keys = {key};
    }
  }
  return operations;
}

Operation FinalReading::Make(OperationKind kind, uint32_t db, Words words) const {
  Operation operation;
  operation.kind = kind;
  operation.db = db;
  operation.commands.push_back(std::move(words));
  return operation;
}

bool FinalReading::Fail(const std::string& why) {
  At(checks_, CheckId::kModelEquality).Fail(why);
  return false;
}

}  // namespace norn::scenarios
