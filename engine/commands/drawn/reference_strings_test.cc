// The model: strings.

#include <gtest/gtest.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>

#include "engine/commands/drawn/testing_model.h"

namespace norn::reference {

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

std::optional<std::string> Model::AddFloat(const std::string& old, const std::string& number) {
  const auto parse = [](const std::string& text) -> std::optional<long double> {
    char* end = nullptr;
    const long double value = std::strtold(text.c_str(), &end);
    const bool blank = text.empty() || std::isspace(static_cast<unsigned char>(text[0])) != 0;
    const bool whole = !blank && end == text.c_str() + text.size();
    return whole ? std::optional(value) : std::nullopt;
  };
  if (!parse(old)) return std::nullopt;
  char text[200];
  std::snprintf(text, sizeof text, "%.17Lf", *parse(old) + *parse(number));
  std::string sum = text;
  while (sum.back() == '0') sum.pop_back();
  if (sum.back() == '.') sum.pop_back();
  return sum == "-0" ? "0" : sum;
}

void Model::AddStringEdits() {
  commands_["INCRBYFLOAT"] = [this](const Words& w) -> std::string {
    const std::string* old = Find<std::string>(w[1]);
    const auto sum = AddFloat(old == nullptr ? "0" : *old, w[2]);
    if (!sum) return "-ERR value is not a valid float";
    Make<std::string>(w[1]) = *sum;
    return Bulk(*sum);
  };
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
    const auto at = keys_.find(w[1]);
    if (at != keys_.end() && std::holds_alternative<HyperLogLog>(at->second.data)) {
      return FollowBytes(std::get<HyperLogLog>(at->second.data));
    }
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

}  // namespace norn::reference
