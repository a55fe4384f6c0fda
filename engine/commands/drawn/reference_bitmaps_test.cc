// The model: strings of bits, and numbers of any width in them. A bit is looked at by itself.

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/commands/drawn/testing_model.h"

namespace norn::reference {
namespace {

using Wide = __int128;

bool BitAt(const std::string& bytes, uint64_t at) {
  return at / 8 < bytes.size() && (static_cast<uint8_t>(bytes[at / 8]) >> (7 - at % 8) & 1) != 0;
}

void SetBitAt(std::string& bytes, uint64_t at, bool on) {
  if (at / 8 >= bytes.size()) bytes.resize(at / 8 + 1, '\0');
  const auto mask = static_cast<char>(1 << (7 - at % 8));
  bytes[at / 8] = static_cast<char>(on ? bytes[at / 8] | mask : bytes[at / 8] & ~mask);
}

// "u8" or "i5".
struct FieldKind {
  explicit FieldKind(const std::string& word)
      : is_signed(word[0] == 'i'), bits(*ParseInt64(word.substr(1))) {}
  Wide min() const { return is_signed ? -(Wide(1) << (bits - 1)) : 0; }
  Wide max() const { return (Wide(1) << (is_signed ? bits - 1 : bits)) - 1; }
  uint64_t Offset(const std::string& word) const {
    const bool counts = word[0] == '#';
    return static_cast<uint64_t>(*ParseInt64(word.substr(counts ? 1 : 0)) * (counts ? bits : 1));
  }
  bool is_signed;
  int64_t bits;
};

Wide FieldAt(const std::string& bytes, const FieldKind& kind, uint64_t at) {
  Wide value = 0;
  for (int64_t i = 0; i < kind.bits; ++i) {
    value = 2 * value + BitAt(bytes, at + static_cast<uint64_t>(i));
  }
  return value > kind.max() ? value - (Wide(1) << kind.bits) : value;
}

void SetFieldAt(std::string& bytes, const FieldKind& kind, uint64_t at, Wide value) {
  for (int64_t i = 0; i < kind.bits; ++i) {
    const bool on = (value >> (kind.bits - 1 - i) & 1) != 0;
    SetBitAt(bytes, at + static_cast<uint64_t>(i), on);
  }
}

// nullopt: it does not fit and must not be made to.
std::optional<Wide> Fit(Wide value, const FieldKind& kind, const std::string& overflow) {
  if (value >= kind.min() && value <= kind.max()) return value;
  if (overflow == "FAIL") return std::nullopt;
  if (overflow == "SAT") return value < 0 ? kind.min() : kind.max();
  while (value > kind.max()) value -= Wide(1) << kind.bits;
  while (value < kind.min()) value += Wide(1) << kind.bits;
  return value;
}

// The bits that [start [end [BYTE|BIT]]] from word `at` on mean.
std::vector<uint64_t> BitsIn(const std::string& bytes, const Words& w, size_t at) {
  const int64_t unit = w.size() > at + 2 && w[at + 2] == "BIT" ? 1 : 8;
  const int64_t size = static_cast<int64_t>(bytes.size()) * 8 / unit;
  int64_t first = w.size() > at ? *ParseInt64(w[at]) : 0;
  int64_t last = w.size() > at + 1 ? *ParseInt64(w[at + 1]) : -1;
  if (first < 0) first = std::max<int64_t>(0, first + size);
  if (last < 0) last = std::max<int64_t>(0, last + size);
  last = std::min(last, size - 1);
  std::vector<uint64_t> bits;
  for (int64_t i = first * unit; i < (last + 1) * unit; ++i) {
    bits.push_back(static_cast<uint64_t>(i));
  }
  return bits;
}

std::string CombineBits(const std::string& how, const std::vector<std::string>& sources) {
  size_t size = 0;
  for (const std::string& source : sources) size = std::max(size, source.size());
  std::string result(size, '\0');
  for (uint64_t at = 0; at < 8 * size; ++at) {
    size_t ones = 0;
    for (const std::string& source : sources) ones += BitAt(source, at);
    const bool on = how == "AND"   ? ones == sources.size()
                    : how == "OR"  ? ones > 0
                    : how == "XOR" ? ones % 2 == 1
                                   : ones == 0;
    SetBitAt(result, at, on);
  }
  return result;
}

}  // namespace

void Model::AddBits() {
  commands_["GETBIT"] = [this](const Words& w) {
    return Int(BitAt(BytesOf(w[1]), static_cast<uint64_t>(Number(w[2]))));
  };
  commands_["SETBIT"] = [this](const Words& w) {
    const auto at = static_cast<uint64_t>(Number(w[2]));
    const bool old = BitAt(BytesOf(w[1]), at);
    SetBitAt(Make<std::string>(w[1]), at, w[3] == "1");
    return Int(old);
  };
  commands_["BITCOUNT"] = [this](const Words& w) {
    const std::string bytes = BytesOf(w[1]);
    // Both from the end and the wrong way round is nothing, even where both lie before the begin.
    if (w.size() > 3 && Number(w[2]) < 0 && Number(w[3]) < 0 && Number(w[2]) > Number(w[3])) {
      return Int(0);
    }
    const auto bits = BitsIn(bytes, w, 2);
    return Int(std::count_if(bits.begin(), bits.end(), [&](auto at) { return BitAt(bytes, at); }));
  };
  commands_["BITPOS"] = [this](const Words& w) {
    const bool wanted = w[2] == "1";
    const std::string* found = Find<std::string>(w[1]);
    if (found == nullptr) return Int(wanted ? -1 : 0);
    const auto bits = BitsIn(*found, w, 3);
    for (const uint64_t at : bits) {
      if (BitAt(*found, at) == wanted) return Int(static_cast<int64_t>(at));
    }
    // Behind a string zeros go on, unless the client said where to end.
    const bool goes_on = !wanted && !bits.empty() && w.size() < 5;
    return Int(goes_on ? static_cast<int64_t>(8 * found->size()) : -1);
  };
  commands_["BITOP"] = [this](const Words& w) {
    std::vector<std::string> sources;
    for (size_t i = 3; i < w.size(); ++i) sources.push_back(BytesOf(w[i]));
    const std::string result = CombineBits(w[1], sources);
    SetString(w[2], result);
    return Int(static_cast<int64_t>(result.size()));
  };
}

void Model::AddBitFields() {
  commands_["BITFIELD"] = commands_["BITFIELD_RO"] = [this](const Words& w) {
    std::string bytes = BytesOf(w[1]);
    std::string overflow = "WRAP";
    std::vector<std::string> items;
    bool writes = false;
    uint64_t end = 0;  // of all that is written, though it may not fit
    for (size_t i = 2; i < w.size();) {
      if (w[i] == "OVERFLOW") {
        overflow = w[i + 1];
        i += 2;
        continue;
      }
      const FieldKind kind(w[i + 1]);
      const uint64_t at = kind.Offset(w[i + 2]);
      const Wide old = FieldAt(bytes, kind, at);
      if (w[i] == "GET") {
        items.push_back(Int(static_cast<int64_t>(old)));
        i += 3;
        continue;
      }
      const Wide operand = Number(w[i + 3]);
      const auto value = Fit(w[i] == "SET" ? operand : old + operand, kind, overflow);
      const auto said = static_cast<int64_t>(w[i] == "SET" || !value ? old : *value);
      items.push_back(value ? Int(said) : "nil");
      if (value) SetFieldAt(bytes, kind, at, *value);
      writes = true;
      end = std::max(end, at + static_cast<uint64_t>(kind.bits));
      i += 4;
    }
    if (writes) {
      bytes.resize(std::max<size_t>(bytes.size(), (end + 7) / 8), '\0');
      Make<std::string>(w[1]) = bytes;
    }
    return Array(items);
  };
}

}  // namespace norn::reference
