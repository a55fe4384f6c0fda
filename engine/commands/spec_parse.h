#pragma once
// Reads the text columns of the command table at compile time: key specifications and ACL categories. What it cannot read
// throws, which in a constant expression is an error of the compiler that points at the row.
//
//   specs  = spec *( " ; " spec )
//   spec   = begin ">" find "(" FLAG *( "," FLAG ) ")"
//   begin  = "idx:" position | "kw:" WORD ":" start | "unknown"
//   find   = "range:" last ":" step ":" limit | "keynum:" index ":" first ":" step | "unknown"

#include <array>
#include <string_view>
#include <utility>

#include "engine/commands/acl_category.h"
#include "engine/commands/command.h"

namespace norn::spec_parse {

inline constexpr std::array<std::pair<std::string_view, uint32_t>, 11> kKeyFlagNames = {{
    {"RO", kKeyRo},
    {"RW", kKeyRw},
    {"OW", kKeyOw},
    {"RM", kKeyRm},
    {"ACCESS", kKeyAccess},
    {"UPDATE", kKeyUpdate},
    {"INSERT", kKeyInsert},
    {"DELETE", kKeyDelete},
    {"NOT_KEY", kKeyNotKey},
    {"INCOMPLETE", kKeyIncomplete},
    {"VARIABLE_FLAGS", kKeyVariableFlags},
}};

// Cuts the text up to `end` (or all) off the front of `rest`, together with `end`.
constexpr std::string_view Cut(std::string_view& rest, std::string_view end) {
  const size_t at = rest.find(end);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + end.size());
  return part;
}

constexpr int Int(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty()) throw "a number is missing";
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') throw "not a number";
    value = value * 10 + (c - '0');
  }
  return negative ? -value : value;
}

constexpr uint32_t KeyFlags(std::string_view text) {
  uint32_t flags = 0;
  while (!text.empty()) {
    const std::string_view name = Cut(text, ",");
    uint32_t flag = 0;
    for (const auto& [known, bit] : kKeyFlagNames) {
      if (known == name) flag = bit;
    }
    if (flag == 0) throw "unknown key flag";
    flags |= flag;
  }
  return flags;
}

constexpr void ReadBegin(std::string_view text, KeySpec& spec) {
  const std::string_view kind = Cut(text, ":");
  if (kind == "unknown") {
    spec.begin = KeySpec::Begin::kUnknown;
    return;
  }
  if (kind == "idx") {
    spec.begin = KeySpec::Begin::kIndex;
  } else if (kind == "kw") {
    spec.begin = KeySpec::Begin::kKeyword;
    spec.keyword = Cut(text, ":");
  } else {
    throw "unknown begin of a key specification";
  }
  spec.index = Int(text);
}

constexpr void ReadFind(std::string_view text, KeySpec& spec) {
  const std::string_view kind = Cut(text, ":");
  if (kind == "range") {
    spec.find = KeySpec::Find::kRange;
    spec.last = Int(Cut(text, ":"));
    spec.step = Int(Cut(text, ":"));
    spec.limit = Int(text);
  } else if (kind == "keynum") {
    spec.find = KeySpec::Find::kKeyNum;
    spec.keynum_index = Int(Cut(text, ":"));
    spec.first_key = Int(Cut(text, ":"));
    spec.step = Int(text);
  } else if (kind == "unknown") {
    spec.find = KeySpec::Find::kUnknown;
  } else {
    throw "unknown find of a key specification";
  }
}

constexpr KeySpec OneKeySpec(std::string_view text) {
  KeySpec spec;
  ReadBegin(Cut(text, ">"), spec);
  ReadFind(Cut(text, "("), spec);
  if (text.empty() || text.back() != ')') throw "key flags must end in )";
  spec.flags = KeyFlags(text.substr(0, text.size() - 1));
  return spec;
}

constexpr void ReadKeySpecs(std::string_view text, CommandSpec& command) {
  while (!text.empty()) {
    if (command.key_spec_count == std::size(command.key_specs)) throw "too many key specifications";
    command.key_specs[command.key_spec_count++] = OneKeySpec(Cut(text, " ; "));
  }
}

// The triple (first, last, step) that clients from before key specifications read: the specs that are plain ranges one
// behind the other, as one. What does not fit in makes the keys movable.
constexpr void SetLegacyRange(CommandSpec& command) {
  for (uint8_t i = 0; i < command.key_spec_count; ++i) {
    const KeySpec& spec = command.key_specs[i];
    const bool range = spec.begin == KeySpec::Begin::kIndex && spec.find == KeySpec::Find::kRange;
    const bool only = command.key_spec_count == 1;
    const bool follows = command.first_key == 0 || command.last_key == spec.index - 1;
    if (!range || (!only && (spec.step != 1 || !follows))) {
      command.movable_keys = true;
      continue;
    }
    if ((spec.flags & kKeyIncomplete) != 0) command.movable_keys = true;
    if (command.first_key == 0) command.first_key = spec.index;
    command.last_key = spec.last >= 0 ? spec.index + spec.last : spec.last;
    command.key_step = spec.step;
  }
  const bool limited = command.key_spec_count > 0 && command.key_specs[0].limit != 0;
  command.simple_keys = command.first_key != 0 && !command.movable_keys && !limited;
}

// The categories written in the row and those that the flags imply.
constexpr uint32_t AclBits(std::string_view text, uint32_t flags) {
  uint32_t bits = 0;
  while (!text.empty()) {
    const uint32_t bit = AclCategoryBit(Cut(text, ","));
    if (bit == 0) throw "unknown ACL category";
    bits |= bit;
  }
  if (flags & kWrite) bits |= AclCategoryBit("write");
  if ((flags & kReadonly) && !(bits & AclCategoryBit("scripting"))) bits |= AclCategoryBit("read");
  if (flags & kAdmin) bits |= AclCategoryBit("admin") | AclCategoryBit("dangerous");
  if (flags & kPubSub) bits |= AclCategoryBit("pubsub");
  if (flags & kBlocking) bits |= AclCategoryBit("blocking");
  if (flags & kFast) bits |= AclCategoryBit("fast");
  if (!(bits & AclCategoryBit("fast"))) bits |= AclCategoryBit("slow");
  return bits;
}

}  // namespace norn::spec_parse
