// The model: hashes, and their fields that expire.

#include <gtest/gtest.h>

#include "engine/commands/drawn/testing_model.h"

namespace norn::reference {

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
  commands_["HINCRBYFLOAT"] = [this](const Words& w) -> std::string {
    const Field* field = FindField(Find<Hash>(w[1]), w[2]);
    const auto sum = AddFloat(field == nullptr ? "0" : field->value, w[3]);
    if (!sum) return "-ERR hash value is not a float";
    const auto deadline_ms = field == nullptr ? std::nullopt : field->deadline_ms;
    Make<Hash>(w[1])[w[2]] = {*sum, deadline_ms};
    return Bulk(*sum);
  };
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

}  // namespace norn::reference
