// Every reply to lines drawn at random is what the model in obvious code says, time and fields that expire included.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/commands/drawn/random_commands.h"
#include "engine/commands/drawn/testing_model.h"
#include "engine/commands/testing.h"
#include "engine/types/field_expiry.h"

namespace norn {
namespace reference {

Model::Model() {
  AddKeys();
  AddStrings();
  AddStringEdits();
  AddLists();
  AddSets();
  AddHashes();
  AddWholeHashes();
  AddFieldLives();
  AddZsets();
  AddRanges();
  AddAlgebra();
}

// ---- keys ----

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
    constexpr const char* kNames[] = {"+list", "+set", "+hash", "+zset", "+string"};
    return at == keys_.end() ? "+none" : kNames[at->second.data.index()];
  };
  commands_["PERSIST"] = [this](const Words& w) {
    const auto at = keys_.find(w[1]);
    const bool had = at != keys_.end() && at->second.deadline_ms.has_value();
    if (had) at->second.deadline_ms.reset();
    return Int(had);
  };
  commands_["PEXPIREAT"] = [this](const Words& w) {
    const auto at = keys_.find(w[1]);
    if (at == keys_.end()) return Int(0);
    at->second.deadline_ms = Number(w[2]);
    if (Number(w[2]) <= now_ms_) keys_.erase(at);
    return Int(1);
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
  commands_["COPY"] = [this](const Words& w) -> std::string {
    if (w[1] == w[2]) return "-ERR source and destination objects are the same";
    const auto from = keys_.find(w[1]);
    if (from == keys_.end() || (w.size() == 3 && keys_.contains(w[2]))) return Int(0);
    const Value copy = from->second;
    keys_[w[2]] = copy;
    return Int(1);
  };
}

// ---- strings ----

// SET and MSETEX of one key, from the key on; "": a condition does not hold.
std::string Model::SetWithOptions(const Words& w, size_t key_at) {
  const std::string& key = w[key_at];
  std::optional<int64_t> deadline_ms;
  bool holds = true;
  const bool there = keys_.contains(key);
  for (size_t i = key_at + 2; i < w.size(); ++i) {
    if (w[i] == "NX") holds = !there;
    if (w[i] == "XX") holds = there;
    if (w[i] == "PX") deadline_ms = now_ms_ + Number(w[i + 1]);
    if (w[i] == "EX") deadline_ms = now_ms_ + Number(w[i + 1]) * 1000;
    if (w[i] == "PXAT") deadline_ms = Number(w[i + 1]);
    if (w[i] == "KEEPTTL" && there) deadline_ms = keys_.at(key).deadline_ms;
  }
  if (!holds) return "";
  SetString(key, w[key_at + 1], deadline_ms);
  return "+OK";
}

void Model::AddStrings() {
  commands_["GET"] = [this](const Words& w) { return GetString(w[1]); };
  commands_["SET"] = [this](const Words& w) {
    const bool gets = std::find(w.begin() + 3, w.end(), "GET") != w.end();
    const std::string old = gets ? GetString(w[1]) : "nil";
    const std::string done = SetWithOptions(w, 1);
    return gets || done.empty() ? old : done;
  };
  commands_["MSETEX"] = [this](const Words& w) { return Int(!SetWithOptions(w, 2).empty()); };
  commands_["SETEX"] = [this](const Words& w) -> std::string {
    return SetString(w[1], w[3], now_ms_ + Number(w[2]) * 1000), "+OK";
  };
  commands_["PSETEX"] = [this](const Words& w) -> std::string {
    return SetString(w[1], w[3], now_ms_ + Number(w[2])), "+OK";
  };
  commands_["SETNX"] = [this](const Words& w) {
    if (keys_.contains(w[1])) return Int(0);
    return SetString(w[1], w[2]), Int(1);
  };
  commands_["GETSET"] = [this](const Words& w) {
    const std::string old = GetString(w[1]);
    return SetString(w[1], w[2]), old;
  };
  commands_["GETDEL"] = [this](const Words& w) {
    const std::string old = GetString(w[1]);
    return keys_.erase(w[1]), old;
  };
  commands_["GETEX"] = [this](const Words& w) {
    const std::string old = GetString(w[1]);
    if (old == "nil" || w.size() == 2) return old;
    keys_.at(w[1]).deadline_ms.reset();
    if (w[2] == "PX") keys_.at(w[1]).deadline_ms = now_ms_ + Number(w[3]);
    return old;
  };
  commands_["MGET"] = [this](const Words& w) {
    std::vector<std::string> items;
    for (size_t i = 1; i < w.size(); ++i) {
      const auto at = keys_.find(w[i]);
      const bool is_string =
          at != keys_.end() && std::holds_alternative<std::string>(at->second.data);
      items.push_back(is_string ? Bulk(std::get<std::string>(at->second.data)) : "nil");
    }
    return Array(items);
  };
  const auto set_all = [this](const Words& w) {
    for (size_t i = 1; i < w.size(); i += 2) SetString(w[i], w[i + 1]);
  };
  commands_["MSET"] = [=](const Words& w) -> std::string { return set_all(w), "+OK"; };
  commands_["MSETNX"] = [=, this](const Words& w) {
    for (size_t i = 1; i < w.size(); i += 2) {
      if (keys_.contains(w[i])) return Int(0);
    }
    return set_all(w), Int(1);
  };
}

std::string Model::AddNumber(const std::string& key, int64_t number) {
  const std::string* value = Find<std::string>(key);
  const std::optional<int64_t> old = value == nullptr ? 0 : ParseInt64(*value);
  if (!old) return "-ERR value is not an integer or out of range";
  Make<std::string>(key) = std::to_string(*old + number);
  return Int(*old + number);
}

void Model::AddStringEdits() {
  commands_["INCR"] = [this](const Words& w) { return AddNumber(w[1], 1); };
  commands_["DECR"] = [this](const Words& w) { return AddNumber(w[1], -1); };
  commands_["INCRBY"] = [this](const Words& w) { return AddNumber(w[1], Number(w[2])); };
  commands_["DECRBY"] = [this](const Words& w) { return AddNumber(w[1], -Number(w[2])); };
  commands_["APPEND"] = [this](const Words& w) {
    std::string& value = Make<std::string>(w[1]);
    value += w[2];
    return Int(static_cast<int64_t>(value.size()));
  };
  commands_["SETRANGE"] = [this](const Words& w) {
    std::string& value = Make<std::string>(w[1]);
    const auto offset = static_cast<size_t>(Number(w[2]));
    value.resize(std::max(value.size(), offset + w[3].size()), '\0');
    value.replace(offset, w[3].size(), w[3]);
    return Int(static_cast<int64_t>(value.size()));
  };
  commands_["STRLEN"] = [this](const Words& w) {
    const std::string* value = Find<std::string>(w[1]);
    return Int(value == nullptr ? 0 : static_cast<int64_t>(value->size()));
  };
  commands_["GETRANGE"] = [this](const Words& w) -> std::string {
    const std::string* value = Find<std::string>(w[1]);
    if (value == nullptr) return "$";
    // Unlike elsewhere an end before the beginning is the first byte, unless both count from the end in the wrong order.
    const auto size = static_cast<int64_t>(value->size());
    int64_t first = Number(w[2]), last = Number(w[3]);
    if (first < 0 && last < 0 && first > last) return "$";
    first = std::max<int64_t>(first < 0 ? first + size : first, 0);
    last = std::clamp<int64_t>(last < 0 ? last + size : last, 0, size - 1);
    if (first > last) return "$";
    return Bulk(value->substr(static_cast<size_t>(first), static_cast<size_t>(last - first + 1)));
  };
  commands_["DELIFEQ"] = [this](const Words& w) {
    const std::string* value = Find<std::string>(w[1]);
    if (value == nullptr || *value != w[2]) return Int(0);
    return keys_.erase(w[1]), Int(1);
  };
}

// ---- lists ----

std::string Model::Positions(const Words& w) {
  int64_t rank = 1;
  std::optional<int64_t> count;
  for (size_t i = 3; i < w.size(); i += 2) {
    if (w[i] == "RANK") rank = Number(w[i + 1]);
    if (w[i] == "COUNT") count = Number(w[i + 1]);
  }
  std::vector<int64_t> found;
  const List* list = Find<List>(w[1]);
  for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
    if ((*list)[i] == w[2]) found.push_back(static_cast<int64_t>(i));
  }
  if (rank < 0) std::reverse(found.begin(), found.end());
  const auto skipped = std::min<size_t>(found.size(), static_cast<size_t>(std::abs(rank) - 1));
  found.erase(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(skipped));
  if (!count) return found.empty() ? "nil" : Int(found[0]);
  if (*count > 0 && static_cast<size_t>(*count) < found.size()) {
    found.resize(static_cast<size_t>(*count));
  }
  std::vector<std::string> items;
  for (const int64_t index : found) items.push_back(Int(index));
  return Array(items);
}

void Model::AddLists() {
  commands_["LPUSH"] = [this](const Words& w) { return Push(w, true, false); };
  commands_["RPUSH"] = [this](const Words& w) { return Push(w, false, false); };
  commands_["LPUSHX"] = [this](const Words& w) { return Push(w, true, true); };
  commands_["RPUSHX"] = [this](const Words& w) { return Push(w, false, true); };
  commands_["LPOP"] = [this](const Words& w) { return Pop(w, true); };
  commands_["RPOP"] = [this](const Words& w) { return Pop(w, false); };
  commands_["LPOS"] = [this](const Words& w) { return Positions(w); };
  commands_["LMOVE"] = [this](const Words& w) {
    return Move(w[1], w[2], w[3] == "LEFT", w[4] == "LEFT");
  };
  commands_["RPOPLPUSH"] = [this](const Words& w) { return Move(w[1], w[2], false, true); };
  commands_["LLEN"] = [this](const Words& w) {
    const List* list = Find<List>(w[1]);
    return Int(list == nullptr ? 0 : static_cast<int64_t>(list->size()));
  };
  commands_["LRANGE"] = [this](const Words& w) {
    std::vector<std::string> items;
    const List* list = Find<List>(w[1]);
    if (list == nullptr) return Array(items);
    const auto size = static_cast<int64_t>(list->size());
    const auto [first, last] = Clamp(Number(w[2]), Number(w[3]), size);
    for (int64_t i = first; i <= last; ++i) items.push_back(Bulk((*list)[static_cast<size_t>(i)]));
    return Array(items);
  };
  commands_["LTRIM"] = [this](const Words& w) -> std::string {
    List* list = Find<List>(w[1]);
    if (list == nullptr) return "+OK";
    const auto size = static_cast<int64_t>(list->size());
    const auto [first, last] = Clamp(Number(w[2]), Number(w[3]), size);
    List kept;
    for (int64_t i = first; i <= last; ++i) kept.push_back((*list)[static_cast<size_t>(i)]);
    *list = kept;
    return "+OK";
  };
  commands_["LREM"] = [this](const Words& w) {
    List* list = Find<List>(w[1]);
    if (list == nullptr) return Int(0);
    int64_t left = Number(w[2]) == 0 ? INT64_MAX : std::abs(Number(w[2]));
    int64_t removed = 0;
    const bool backwards = Number(w[2]) < 0;
    if (backwards) std::reverse(list->begin(), list->end());
    for (auto at = list->begin(); at != list->end() && left > 0;) {
      if (*at != w[3]) {
        ++at;
        continue;
      }
      at = list->erase(at);
      ++removed;
      --left;
    }
    if (backwards) std::reverse(list->begin(), list->end());
    return Int(removed);
  };
  commands_["LINSERT"] = [this](const Words& w) {
    List* list = Find<List>(w[1]);
    if (list == nullptr) return Int(0);
    const auto pivot = std::find(list->begin(), list->end(), w[3]);
    if (pivot == list->end()) return Int(-1);
    list->insert(w[2] == "AFTER" ? pivot + 1 : pivot, w[4]);
    return Int(static_cast<int64_t>(list->size()));
  };
}

// ---- sets ----

Set Model::Combine(const std::string& how, const Words& w, size_t first, size_t end) {
  std::vector<Set> sets;
  for (size_t i = first; i < end; ++i) sets.push_back(SetOf(w[i]));
  Set result = sets[0];
  for (size_t i = 1; i < sets.size(); ++i) {
    if (how == "UNION") result.insert(sets[i].begin(), sets[i].end());
    if (how == "INTER") std::erase_if(result, [&](const auto& m) { return !sets[i].contains(m); });
    if (how == "DIFF") std::erase_if(result, [&](const auto& m) { return sets[i].contains(m); });
  }
  return result;
}

void Model::AddSets() {
  commands_["SADD"] = [this](const Words& w) {
    Set& set = Make<Set>(w[1]);
    int64_t added = 0;
    for (size_t i = 2; i < w.size(); ++i) added += set.insert(w[i]).second ? 1 : 0;
    return Int(added);
  };
  commands_["SREM"] = [this](const Words& w) {
    Set* set = Find<Set>(w[1]);
    int64_t removed = 0;
    for (size_t i = 2; set != nullptr && i < w.size(); ++i) {
      removed += static_cast<int64_t>(set->erase(w[i]));
    }
    return Int(removed);
  };
  commands_["SCARD"] = [this](const Words& w) {
    return Int(static_cast<int64_t>(SetOf(w[1]).size()));
  };
  commands_["SISMEMBER"] = [this](const Words& w) { return Int(SetOf(w[1]).contains(w[2])); };
  commands_["SMISMEMBER"] = [this](const Words& w) {
    const Set set = SetOf(w[1]);
    std::vector<std::string> items;
    for (size_t i = 2; i < w.size(); ++i) items.push_back(Int(set.contains(w[i])));
    return Array(items);
  };
  commands_["SMEMBERS"] = [this](const Words& w) { return Members(SetOf(w[1])); };
  commands_["SMOVE"] = [this](const Words& w) {
    Set* from = Find<Set>(w[1]);
    if (from == nullptr) return Int(0);
    Find<Set>(w[2]);
    if (!from->contains(w[3])) return Int(0);
    from->erase(w[3]);
    Make<Set>(w[2]).insert(w[3]);
    return Int(1);
  };
  for (const std::string how : {"UNION", "INTER", "DIFF"}) {
    commands_["S" + how] = [this, how](const Words& w) {
      return Members(Combine(how, w, 1, w.size()));
    };
    commands_["S" + how + "STORE"] = [this, how](const Words& w) {
      return Store(w[1], Combine(how, w, 2, w.size()));
    };
  }
  commands_["SINTERCARD"] = [this](const Words& w) {
    const size_t end = 2 + static_cast<size_t>(Number(w[1]));
    const auto size = static_cast<int64_t>(Combine("INTER", w, 2, end).size());
    const int64_t limit = end < w.size() ? Number(w[end + 1]) : 0;
    return Int(limit == 0 ? size : std::min(size, limit));
  };
}

// ---- hashes ----

void Model::AddHashes() {
  const auto set = [this](const Words& w) {
    Hash& hash = Make<Hash>(w[1]);
    int64_t added = 0;
    for (size_t i = 2; i < w.size(); i += 2) {
      added += FindField(&hash, w[i]) == nullptr ? 1 : 0;
      hash[w[i]] = {w[i + 1], {}};
    }
    return Int(added);
  };
  commands_["HSET"] = set;
  commands_["HMSET"] = [=](const Words& w) -> std::string { return set(w), "+OK"; };
  commands_["HSETNX"] = [this](const Words& w) {
    Hash& hash = Make<Hash>(w[1]);
    if (FindField(&hash, w[2]) != nullptr) return Int(0);
    hash[w[2]] = {w[3], {}};
    return Int(1);
  };
  const auto get = [this](const Words& w, size_t first) {
    Hash* hash = Find<Hash>(w[1]);
    std::vector<std::string> items;
    for (size_t i = first; i < w.size(); ++i) {
      const Field* field = FindField(hash, w[i]);
      items.push_back(field == nullptr ? "nil" : Bulk(field->value));
    }
    return items;
  };
  commands_["HGET"] = [=](const Words& w) { return get(w, 2)[0]; };
  commands_["HMGET"] = [=](const Words& w) { return Array(get(w, 2)); };
  commands_["HEXISTS"] = [=](const Words& w) { return Int(get(w, 2)[0] != "nil"); };
  commands_["HSTRLEN"] = [=](const Words& w) {
    const std::string value = get(w, 2)[0];
    return Int(value == "nil" ? 0 : static_cast<int64_t>(value.size()) - 1);
  };
  const auto erase = [this](const Words& w, size_t first) {
    Hash* hash = Find<Hash>(w[1]);
    std::vector<std::string> items;
    for (size_t i = first; i < w.size(); ++i) {
      const Field* field = FindField(hash, w[i]);
      items.push_back(field == nullptr ? "nil" : Bulk(field->value));
      if (field != nullptr) hash->erase(w[i]);
    }
    return items;
  };
  commands_["HDEL"] = [=](const Words& w) {
    const auto items = erase(w, 2);
    return Int(static_cast<int64_t>(items.size()) - std::count(items.begin(), items.end(), "nil"));
  };
  commands_["HGETDEL"] = [=](const Words& w) { return Array(erase(w, 4)); };
}

void Model::AddWholeHashes() {
  // Those that have expired count until they are erased.
  commands_["HLEN"] = [this](const Words& w) {
    const Hash* hash = Find<Hash>(w[1]);
    return Int(hash == nullptr ? 0 : static_cast<int64_t>(hash->size()));
  };
  const auto all = [this](const Words& w, bool names, bool values) {
    std::vector<std::string> items;
    Hash* hash = Find<Hash>(w[1]);
    for (const auto& [name, field] : hash == nullptr ? Hash() : *hash) {
      if (!IsVisible(field)) continue;
      if (names) items.push_back(Bulk(name));
      if (values) items.push_back(Bulk(field.value));
    }
    return Array(items);
  };
  commands_["HGETALL"] = [=](const Words& w) { return all(w, true, true); };
  commands_["HKEYS"] = [=](const Words& w) { return all(w, true, false); };
  commands_["HVALS"] = [=](const Words& w) { return all(w, false, true); };
  commands_["HINCRBY"] = [this](const Words& w) -> std::string {
    Hash* hash = Find<Hash>(w[1]);
    const Field* field = FindField(hash, w[2]);
    const std::optional<int64_t> old = field == nullptr ? 0 : ParseInt64(field->value);
    if (!old) return "-ERR hash value is not an integer";
    const auto deadline_ms = field == nullptr ? std::nullopt : field->deadline_ms;
    Make<Hash>(w[1])[w[2]] = {std::to_string(*old + Number(w[3])), deadline_ms};
    return Int(*old + Number(w[3]));
  };
}

// ---- fields that expire ----

std::string Model::Expire(const Words& w, int64_t unit_ms, bool relative) {
  const int64_t deadline_ms = Number(w[2]) * unit_ms + (relative ? now_ms_ : 0);
  Hash* hash = Find<Hash>(w[1]);
  std::vector<std::string> items;
  for (size_t i = FieldsAt(w) + 2; i < w.size(); ++i) {
    Field* field = FindField(hash, w[i]);
    if (field == nullptr) {
      items.push_back(Int(-2));
    } else if (!Allows(w, field->deadline_ms, deadline_ms)) {
      items.push_back(Int(0));
    } else if (deadline_ms <= now_ms_) {
      hash->erase(w[i]);
      items.push_back(Int(2));
    } else {
      field->deadline_ms = deadline_ms;
      items.push_back(Int(1));
    }
  }
  return Array(items);
}

std::string Model::SetEx(const Words& w) {
  Hash* hash = Find<Hash>(w[1]);
  if (Has(w, "NX") && hash != nullptr) return Int(0);
  if (Has(w, "XX") && hash == nullptr) return Int(0);
  const std::optional<int64_t> deadline_ms = DeadlineIn(w);
  const size_t first = FieldsAt(w) + 2;
  for (size_t i = first; i < w.size(); i += 2) {
    const bool there = FindField(hash, w[i]) != nullptr;
    if ((Has(w, "FNX") && there) || (Has(w, "FXX") && !there)) return Int(0);
  }
  for (size_t i = first; i < w.size(); i += 2) {
    Hash& to = Make<Hash>(w[1]);
    const Field* field = FindField(&to, w[i]);
    const bool keeps = Has(w, "KEEPTTL") && field != nullptr;
    const auto new_deadline_ms = keeps ? field->deadline_ms : deadline_ms;
    if (deadline_ms && *deadline_ms <= now_ms_) {
      to.erase(w[i]);
    } else {
      to[w[i]] = {w[i + 1], new_deadline_ms};
    }
  }
  return Int(1);
}

std::string Model::GetEx(const Words& w) {
  Hash* hash = Find<Hash>(w[1]);
  const std::optional<int64_t> deadline_ms = DeadlineIn(w);
  std::vector<std::string> items;
  for (size_t i = FieldsAt(w) + 2; i < w.size(); ++i) {
    Field* field = FindField(hash, w[i]);
    items.push_back(field == nullptr ? "nil" : Bulk(field->value));
    if (field == nullptr) continue;
    if (Has(w, "PERSIST")) field->deadline_ms.reset();
    if (deadline_ms) field->deadline_ms = deadline_ms;
    if (deadline_ms && *deadline_ms <= now_ms_) hash->erase(w[i]);
  }
  return Array(items);
}

void Model::AddFieldLives() {
  commands_["HEXPIRE"] = [this](const Words& w) { return Expire(w, 1000, true); };
  commands_["HPEXPIRE"] = [this](const Words& w) { return Expire(w, 1, true); };
  commands_["HEXPIREAT"] = [this](const Words& w) { return Expire(w, 1000, false); };
  commands_["HPEXPIREAT"] = [this](const Words& w) { return Expire(w, 1, false); };
  commands_["HSETEX"] = [this](const Words& w) { return SetEx(w); };
  commands_["HGETEX"] = [this](const Words& w) { return GetEx(w); };
  commands_["HPTTL"] = [this](const Words& w) {
    Hash* hash = Find<Hash>(w[1]);
    std::vector<std::string> items;
    for (size_t i = 4; i < w.size(); ++i) {
      const Field* field = FindField(hash, w[i]);
      if (field == nullptr) {
        items.push_back(Int(-2));
      } else {
        items.push_back(Int(field->deadline_ms ? *field->deadline_ms - now_ms_ : -1));
      }
    }
    return Array(items);
  };
  commands_["HPERSIST"] = [this](const Words& w) {
    Hash* hash = Find<Hash>(w[1]);
    std::vector<std::string> items;
    for (size_t i = 4; i < w.size(); ++i) {
      Field* field = FindField(hash, w[i]);
      items.push_back(Int(field == nullptr ? -2 : field->deadline_ms ? 1 : -1));
      if (field != nullptr) field->deadline_ms.reset();
    }
    return Array(items);
  };
}

// ---- sorted sets ----

std::string Model::Add(const Words& w) {
  size_t first = 2;
  std::set<std::string> options;
  for (; first < w.size() && !ParseDouble(w[first]); ++first) options.insert(w[first]);
  Zset& zset = Make<Zset>(w[1]);
  int64_t added = 0, changed = 0;
  for (size_t i = first; i < w.size(); i += 2) {
    const auto at = zset.find(w[i + 1]);
    const bool there = at != zset.end();
    double score = *ParseDouble(w[i]);
    if (options.contains("INCR")) {
      if (!there && options.contains("XX")) return "nil";
      score += there ? at->second : 0;
      zset[w[i + 1]] = score;
      return Bulk(Text(score));
    }
    if (there ? options.contains("NX") : options.contains("XX")) continue;
    if (there && options.contains("GT") && score <= at->second) continue;
    if (there && options.contains("LT") && score >= at->second) continue;
    added += there ? 0 : 1;
    changed += there && at->second != score ? 1 : 0;
    zset[w[i + 1]] = score;
  }
  return Int(options.contains("CH") ? added + changed : added);
}

void Model::AddZsets() {
  commands_["ZADD"] = [this](const Words& w) { return Add(w); };
  commands_["ZINCRBY"] = [this](const Words& w) {
    double& score = Make<Zset>(w[1])[w[3]];
    score += *ParseDouble(w[2]);
    return Bulk(Text(score));
  };
  commands_["ZREM"] = [this](const Words& w) {
    Zset* zset = Find<Zset>(w[1]);
    int64_t removed = 0;
    for (size_t i = 2; zset != nullptr && i < w.size(); ++i) {
      removed += static_cast<int64_t>(zset->erase(w[i]));
    }
    return Int(removed);
  };
  commands_["ZCARD"] = [this](const Words& w) {
    return Int(static_cast<int64_t>(OrderOf(w[1]).size()));
  };
  const auto score_of = [this](const Words& w, size_t at) -> std::string {
    const Zset* zset = Find<Zset>(w[1]);
    const bool there = zset != nullptr && zset->contains(w[at]);
    return there ? Bulk(Text(zset->at(w[at]))) : "nil";
  };
  commands_["ZSCORE"] = [=](const Words& w) { return score_of(w, 2); };
  commands_["ZMSCORE"] = [=](const Words& w) {
    std::vector<std::string> items;
    for (size_t i = 2; i < w.size(); ++i) items.push_back(score_of(w, i));
    return Array(items);
  };
  const auto rank = [this](const Words& w, bool reverse) -> std::string {
    const Scored members = OrderOf(w[1]);
    for (size_t i = 0; i < members.size(); ++i) {
      const size_t at = reverse ? members.size() - 1 - i : i;
      if (members[i].second == w[2]) return Int(static_cast<int64_t>(at));
    }
    return "nil";
  };
  commands_["ZRANK"] = [=](const Words& w) { return rank(w, false); };
  commands_["ZREVRANK"] = [=](const Words& w) { return rank(w, true); };
  const auto pop = [this](const Words& w, bool max) {
    Scored members = OrderOf(w[1]);
    if (max) std::reverse(members.begin(), members.end());
    const auto count = static_cast<size_t>(w.size() == 2 ? 1 : Number(w[2]));
    members.resize(std::min(members.size(), count));
    for (const auto& [score, name] : members) Find<Zset>(w[1])->erase(name);
    return Show(members, true);
  };
  commands_["ZPOPMIN"] = [=](const Words& w) { return pop(w, false); };
  commands_["ZPOPMAX"] = [=](const Words& w) { return pop(w, true); };
}

// By rank, the bounds being words from `first_at` on.
Model::Scored Model::Slice(const Scored& members, const Words& w, size_t first_at) {
  const auto [first, last] =
      Clamp(Number(w[first_at]), Number(w[first_at + 1]), static_cast<int64_t>(members.size()));
  Scored slice;
  for (int64_t i = first; i <= last; ++i) slice.push_back(members[static_cast<size_t>(i)]);
  return slice;
}

Model::Scored Model::Limit(Scored members, const Words& w) {
  const auto limit = std::find(w.begin(), w.end(), "LIMIT");
  if (limit == w.end()) return members;
  const auto offset = std::min(members.size(), static_cast<size_t>(Number(limit[1])));
  members.erase(members.begin(), members.begin() + static_cast<std::ptrdiff_t>(offset));
  const int64_t count = Number(limit[2]);
  if (count >= 0) members.resize(std::min(members.size(), static_cast<size_t>(count)));
  return members;
}

void Model::AddRanges() {
  const auto by_rank = [this](const Words& w, bool reverse) {
    Scored members = OrderOf(w[1]);
    if (reverse) std::reverse(members.begin(), members.end());
    return Show(Slice(members, w, 2), HasWord(w, "WITHSCORES"));
  };
  commands_["ZRANGE"] = [=](const Words& w) { return by_rank(w, HasWord(w, "REV")); };
  commands_["ZREVRANGE"] = [=](const Words& w) { return by_rank(w, true); };
  const auto in_scores = [this](const Words& w, size_t min_at, size_t max_at) {
    Scored members = OrderOf(w[1]);
    std::erase_if(members, [&](const auto& m) { return !Within(m.first, w[min_at], w[max_at]); });
    return members;
  };
  commands_["ZCOUNT"] = [=](const Words& w) {
    return Int(static_cast<int64_t>(in_scores(w, 2, 3).size()));
  };
  commands_["ZRANGEBYSCORE"] = [=](const Words& w) {
    return Show(Limit(in_scores(w, 2, 3), w), HasWord(w, "WITHSCORES"));
  };
  commands_["ZREVRANGEBYSCORE"] = [=](const Words& w) {
    Scored members = in_scores(w, 3, 2);
    std::reverse(members.begin(), members.end());
    return Show(Limit(members, w), HasWord(w, "WITHSCORES"));
  };
  const auto remove = [this](const Words& w, const Scored& members) {
    for (const auto& [score, name] : members) Find<Zset>(w[1])->erase(name);
    return Int(static_cast<int64_t>(members.size()));
  };
  commands_["ZREMRANGEBYSCORE"] = [=](const Words& w) { return remove(w, in_scores(w, 2, 3)); };
  commands_["ZREMRANGEBYRANK"] = [=, this](const Words& w) {
    return remove(w, Slice(OrderOf(w[1]), w, 2));
  };
}

// A set is a sorted set whose scores are 1.
Zset Model::Algebra(const std::string& how, const Words& w, size_t count_at) {
  const auto count = static_cast<size_t>(Number(w[count_at]));
  const auto weights = std::find(w.begin(), w.end(), "WEIGHTS");
  std::vector<Zset> operands;
  for (size_t i = 0; i < count; ++i) {
    const std::string& key = w[count_at + 1 + i];
    const auto at = keys_.find(key);
    Zset operand;
    if (at != keys_.end() && std::holds_alternative<Set>(at->second.data)) {
      for (const std::string& member : std::get<Set>(at->second.data)) operand[member] = 1;
    } else if (const Zset* found = Find<Zset>(key)) {
      operand = *found;
    }
    for (auto& [name, score] : operand) {
      if (weights != w.end())
        score *= *ParseDouble(*(weights + 1 + static_cast<std::ptrdiff_t>(i)));
    }
    operands.push_back(operand);
  }
  const auto merge = [&](double a, double b) {
    return HasWord(w, "MIN") ? std::min(a, b) : HasWord(w, "MAX") ? std::max(a, b) : a + b;
  };
  Zset result = operands[0];
  for (size_t i = 1; i < operands.size(); ++i) {
    const Zset& other = operands[i];
    if (how != "UNION") {
      std::erase_if(result, [&](const auto& member) {
        return other.contains(member.first) == (how == "DIFF");
      });
    }
    if (how == "DIFF") continue;
    for (const auto& [name, score] : other) {
      const auto at = result.find(name);
      if (at != result.end()) at->second = merge(at->second, score);
      if (at == result.end() && how == "UNION") result[name] = score;
    }
  }
  return result;
}

void Model::AddAlgebra() {
  for (const std::string how : {"UNION", "INTER", "DIFF"}) {
    commands_["Z" + how] = [this, how](const Words& w) {
      return Show(InOrder(Algebra(how, w, 1)), HasWord(w, "WITHSCORES"));
    };
    commands_["Z" + how + "STORE"] = [this, how](const Words& w) {
      Zset result = Algebra(how, w, 2);
      const auto size = static_cast<int64_t>(result.size());
      keys_.erase(w[1]);
      if (size > 0) keys_.emplace(w[1], Value{std::move(result), {}});
      return Int(size);
    };
  }
  commands_["ZINTERCARD"] = [this](const Words& w) {
    const auto size = static_cast<int64_t>(Algebra("INTER", w, 1).size());
    const auto limit = std::find(w.begin(), w.end(), "LIMIT");
    const int64_t most = limit == w.end() ? 0 : Number(limit[1]);
    return Int(most == 0 ? size : std::min(size, most));
  };
}

}  // namespace reference

namespace {

class ModelledServer : public CommandTest {
 public:
  void TestBody() override {}

  // Plays lines that the model knows.
  void Play(uint64_t seed, int lines) {
    Prng prng(seed);
    RandomCommands commands({}, Prng(seed + 1));
    reference::Model model;
    for (int i = 0; i < lines; ++i) {
      std::vector<std::string> words = commands.Next();
      while (!model.Knows(words)) words = commands.Next();
      if (const std::string huge = model.KeyWithHugeScores(); !huge.empty()) words = {"DEL", huge};
      if (prng.OneIn(3)) Advance(Duration::Millis(static_cast<int64_t>(prng.Below(20))));
      if (prng.OneIn(20)) {
        ExpireFieldsSome(keyspace(), keyspace().db(DbIndex{0}), options(), now_ms(), 1'000'000);
        model.EraseDueFields(now_ms());
      }
      ReplyValue reply = RunWords({words.begin(), words.end()});
      const std::string expected = Sorted(commands.form(), model.Run(words, now_ms()));
      RC_ASSERT(Sorted(commands.form(), Show(reply)) == expected);
    }
  }

 private:
  // Where the order is free: the items, as text, in one order.
  static std::string Sorted(const CommandForm& form, const std::string& shown) {
    if ((form.flags & kUnordered) == 0 || shown.front() != '[') return shown;
    std::multiset<std::string> items;
    std::string_view rest = std::string_view(shown).substr(1, shown.size() - 2);
    while (!rest.empty()) {
      const size_t comma = std::min(rest.find(", "), rest.size());
      items.emplace(rest.substr(0, comma));
      rest.remove_prefix(std::min(rest.size(), comma + 2));
    }
    return fmt::format("{}", fmt::join(items, ", "));
  }
};

RC_GTEST_PROP(ReferenceModel, SaysEveryReply, (uint64_t seed)) {
  ModelledServer server;
  server.Play(seed, 1000);
}

}  // namespace
}  // namespace norn
