// The model: what every key has, whatever its type.

#include <gtest/gtest.h>

#include "engine/commands/drawn/testing_model.h"

namespace norn::reference {

void Model::AddKeys() {
  const auto remove = [this](const Words& w) {
    int64_t removed = 0;
    for (size_t i = 1; i < w.size(); ++i) removed += static_cast<int64_t>(keys_.erase(w[i]));
    return Int(removed);
  };
  commands_["DEL"] = commands_["UNLINK"] = remove;
  commands_["EXISTS"] = commands_["TOUCH"] = [this](const Words& w) {
    return Int(std::count_if(w.begin() + 1, w.end(),
                             [&](const std::string& key) { return keys_.contains(key); }));
  };
  commands_["TYPE"] = [this](const Words& w) -> std::string {
    const auto at = keys_.find(w[1]);
    constexpr const char* kNames[] = {"+list",   "+set",    "+hash",  "+zset",
                                      "+string", "+stream", "+string"};
    return at == keys_.end() ? "+none" : kNames[at->second.data.index()];
  };
  commands_["PERSIST"] = [this](const Words& w) {
    const auto at = keys_.find(w[1]);
    const bool had = at != keys_.end() && at->second.deadline_ms.has_value();
    if (had) at->second.deadline_ms.reset();
    return Int(had);
  };
  const auto rename = [this](const Words& w, bool only_new) -> std::string {
    const auto from = keys_.find(w[1]);
    if (from == keys_.end()) return "-ERR no such key";
    if (only_new && keys_.contains(w[2])) return Int(0);
    Value value = std::move(from->second);
    keys_.erase(from);
    keys_[w[2]] = std::move(value);
    return only_new ? Int(1) : "+OK";
  };
  commands_["RENAME"] = [=](const Words& w) { return rename(w, false); };
  commands_["RENAMENX"] = [=](const Words& w) { return rename(w, true); };
}

std::string Model::ExpireKey(const Words& w, int64_t unit_ms, bool relative) {
  const auto at = keys_.find(w[1]);
  const int64_t deadline_ms = Number(w[2]) * unit_ms + (relative ? now_ms_ : 0);
  if (at == keys_.end() || !Allows(w, at->second.deadline_ms, deadline_ms)) return Int(0);
  at->second.deadline_ms = deadline_ms;
  if (deadline_ms <= now_ms_) keys_.erase(at);
  return Int(1);
}

void Model::AddLives() {
  commands_["EXPIRE"] = [this](const Words& w) { return ExpireKey(w, 1000, true); };
  commands_["PEXPIRE"] = [this](const Words& w) { return ExpireKey(w, 1, true); };
  commands_["EXPIREAT"] = [this](const Words& w) { return ExpireKey(w, 1000, false); };
  commands_["PEXPIREAT"] = [this](const Words& w) { return ExpireKey(w, 1, false); };
  commands_["PTTL"] = [this](const Words& w) {
    const auto at = keys_.find(w[1]);
    if (at == keys_.end()) return Int(-2);
    return Int(at->second.deadline_ms ? *at->second.deadline_ms - now_ms_ : -1);
  };
}

std::string Model::CopyTo(std::map<std::string, Value>& keys, const Words& w, bool replaces) {
  const auto from = keys_.find(w[1]);
  if (from == keys_.end() || (keys.contains(w[2]) && !replaces)) return Int(0);
  const Value value = from->second;
  keys[w[2]] = value;
  return Int(1);
}

void Model::AddMoves() {
  constexpr const char* kSame = "-ERR source and destination objects are the same";
  commands_["MOVE"] = [=, this](const Words& w) {
    if (w[2] == "0") return std::string(kSame);
    const std::string done = CopyTo(keys_of_db_1_, {w[0], w[1], w[1]}, false);
    if (done == Int(1)) keys_.erase(w[1]);
    return done;
  };
  commands_["COPY"] = [=, this](const Words& w) -> std::string {
    const bool replaces = w.back() == "REPLACE";
    if (w.size() > 3 && w[3] == "DB") return CopyTo(keys_of_db_1_, w, replaces);
    return w[1] == w[2] ? kSame : CopyTo(keys_, w, replaces);
  };
}

// By their bytes; of lists, sets and sorted sets.
std::string Model::Sort(const Words& w) {
  Words elements;
  const auto at = keys_.find(w[1]);
  if (at != keys_.end() && std::holds_alternative<List>(at->second.data)) {
    const List& list = std::get<List>(at->second.data);
    elements.assign(list.begin(), list.end());
  } else if (at != keys_.end() && std::holds_alternative<Zset>(at->second.data)) {
    for (const auto& [name, score] : std::get<Zset>(at->second.data)) elements.push_back(name);
  } else {
    const Set set = SetOf(w[1]);
    elements.assign(set.begin(), set.end());
  }
  std::sort(elements.begin(), elements.end());
  if (HasWord(w, "DESC")) std::reverse(elements.begin(), elements.end());
  if (const auto limit = std::find(w.begin(), w.end(), "LIMIT"); limit != w.end()) {
    const auto offset = std::min(elements.size(), static_cast<size_t>(Number(limit[1])));
    elements.erase(elements.begin(), elements.begin() + static_cast<std::ptrdiff_t>(offset));
    const int64_t count = Number(limit[2]);
    if (count >= 0) elements.resize(std::min(elements.size(), static_cast<size_t>(count)));
  }
  const auto store = std::find(w.begin(), w.end(), "STORE");
  if (store != w.end()) {
    keys_[store[1]] = {List(elements.begin(), elements.end()), {}};
    return Int(static_cast<int64_t>(elements.size()));
  }
  for (std::string& element : elements) element = Bulk(element);
  return Array(elements);
}

void Model::AddSorting() {
  commands_["SORT"] = commands_["SORT_RO"] = [this](const Words& w) { return Sort(w); };
}

}  // namespace norn::reference
