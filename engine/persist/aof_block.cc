#include "engine/persist/aof_block.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/hash.h"

namespace norn::persist {
namespace {

constexpr size_t kFieldsBytes = 10 + 8 + 8;

// The offset is the seed: bytes of an older file in the same sectors do not match.
uint32_t HashOf(std::string_view payload, uint64_t offset) {
  return static_cast<uint32_t>(HashBytes(payload, offset));
}

uint32_t CheckOf(std::string_view fields, uint64_t offset) {
  return static_cast<uint32_t>(HashBytes(fields, offset) & 0xffff);
}

std::optional<uint64_t> ParseHex(std::string_view digits) {
  uint64_t value = 0;
  for (const char c : digits) {
    const bool letter = c >= 'a' && c <= 'f';
    if (!letter && (c < '0' || c > '9')) return std::nullopt;
    value = value * 16 + static_cast<uint64_t>(letter ? c - 'a' + 10 : c - '0');
  }
  return value;
}

}  // namespace

AofBlockLine AofBlockLine::For(std::string_view payload, uint64_t offset, uint64_t safe_offset) {
  CHECK(safe_offset <= offset && payload.size() < (1ull << 40));
  return {payload.size(), std::min(offset - safe_offset, kNoClaim), HashOf(payload, offset)};
}

std::string AofBlockLine::Format(uint64_t offset) const {
  const std::string fields = fmt::format("{:010x}{:08x}{:08x}", length, back, hash);
  std::string line = fmt::format("{}{}{:04x}\r\n", kPrefix, fields, CheckOf(fields, offset));
  CHECK(line.size() == kBytes);
  return line;
}

std::optional<AofBlockLine> AofBlockLine::Parse(std::string_view line, uint64_t offset) {
  if (line.size() != kBytes - 2 || !line.starts_with(kPrefix)) return std::nullopt;
  line.remove_prefix(kPrefix.size());
  const std::optional<uint64_t> length = ParseHex(line.substr(0, 10));
  const std::optional<uint64_t> back = ParseHex(line.substr(10, 8));
  const std::optional<uint64_t> hash = ParseHex(line.substr(18, 8));
  const std::optional<uint64_t> check = ParseHex(line.substr(26));
  if (!length || !back || !hash || !check) return std::nullopt;
  if (*check != CheckOf(line.substr(0, kFieldsBytes), offset)) return std::nullopt;
  return AofBlockLine{*length, *back, static_cast<uint32_t>(*hash)};
}

bool AofBlockLine::Matches(std::string_view payload, uint64_t offset) const {
  return payload.size() == length && HashOf(payload, offset) == hash;
}

}  // namespace norn::persist
