// The model: HyperLogLogs, as registers that are not 0. How they are packed is looked at where a client reads the string.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/commands/drawn/testing_model.h"

namespace norn::reference {
namespace {

constexpr uint64_t kRegisters = 16384;
constexpr size_t kHeaderBytes = 16;

// A. Appleby's MurmurHash2 for 64 bits.
uint64_t HashOf(const std::string& text) {
  constexpr uint64_t kFactor = 0xc6a4a7935bd1e995;
  uint64_t hash = 0xadc83b19 ^ text.size() * kFactor;
  for (size_t at = 0; at < text.size(); at += 8) {
    const size_t bytes = std::min<size_t>(8, text.size() - at);
    uint64_t word = 0;
    for (size_t i = 0; i < bytes; ++i) {
      word += static_cast<uint64_t>(static_cast<uint8_t>(text[at + i])) << (8 * i);
    }
    if (bytes == 8) {
      word *= kFactor;
      word ^= word >> 47;
      word *= kFactor;
    }
    hash = (hash ^ word) * kFactor;
  }
  hash ^= hash >> 47;
  hash *= kFactor;
  return hash ^ hash >> 47;
}

// False: the register was as high already.
bool Raise(HyperLogLog& hll, const std::string& element) {
  const uint64_t hash = HashOf(element);
  const uint64_t rest = hash / kRegisters;
  int rank = 1;
  while (rank < 51 && (rest >> (rank - 1) & 1) == 0) ++rank;
  int& value = hll.registers[hash % kRegisters];
  if (value >= rank) return false;
  value = rank;
  return true;
}

// O. Ertl, arXiv:1702.01284, algorithm 6 with its sigma and tau.
double Sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double sum = x, before = -1;
  for (double power = 1; sum != before; power *= 2) {
    x *= x;
    before = sum;
    sum += x * power;
  }
  return sum;
}

double Tau(double x) {
  if (x == 0 || x == 1) return 0;
  double sum = 1 - x, before = -1;
  for (double power = 0.5; sum != before; power /= 2) {
    x = std::sqrt(x);
    before = sum;
    sum -= (1 - x) * (1 - x) * power;
  }
  return sum / 3;
}

int64_t CountOf(const HyperLogLog& hll) {
  double of_value[52] = {};  // how many registers have it
  for (const auto& [at, value] : hll.registers) ++of_value[value];
  const double m = kRegisters;
  of_value[0] = m - static_cast<double>(hll.registers.size());
  double z = m * Tau((m - of_value[51]) / m);
  for (int value = 50; value >= 1; --value) z = (z + of_value[value]) / 2;
  z += m * Sigma(of_value[0] / m);
  return std::llround(m * m / (2 * std::log(2.0)) / z);
}

uint64_t ByteAt(const std::string& bytes, size_t at) { return static_cast<uint8_t>(bytes.at(at)); }

// The registers as 6 bits each, from the lowest bit of the first byte on.
std::map<uint64_t, int> Dense(const std::string& bytes) {
  std::map<uint64_t, int> registers;
  for (uint64_t at = 0; at < kRegisters; ++at) {
    int value = 0;
    for (uint64_t i = 0; i < 6; ++i) {
      const uint64_t bit = 6 * at + i;
      value += static_cast<int>(ByteAt(bytes, kHeaderBytes + bit / 8) >> (bit % 8) & 1) << i;
    }
    if (value > 0) registers[at] = value;
  }
  return registers;
}

// The registers as runs: 00nnnnnn zeros, 01nnnnnn nnnnnnnn more zeros, 1vvvvvnn of one value, all less one.
std::map<uint64_t, int> Sparse(const std::string& bytes, uint64_t* covered) {
  std::map<uint64_t, int> registers;
  uint64_t at = 0;
  for (size_t i = kHeaderBytes; i < bytes.size(); ++i) {
    const uint64_t byte = ByteAt(bytes, i);
    if (byte >= 128) {
      for (const uint64_t end = at + byte % 4 + 1; at < end; ++at) {
        registers[at] = static_cast<int>(byte / 4 % 32) + 1;
      }
    } else if (byte >= 64) {
      at += byte % 64 * 256 + ByteAt(bytes, ++i) + 1;
    } else {
      at += byte + 1;
    }
  }
  *covered = at;
  return registers;
}

}  // namespace

HyperLogLog* Model::FindHyperLogLog(const std::string& key) {
  const auto at = keys_.find(key);
  if (at != keys_.end() && std::holds_alternative<std::string>(at->second.data)) {
    throw WrongType{"-WRONGTYPE Key is not a valid HyperLogLog string value."};
  }
  return Find<HyperLogLog>(key);
}

// All keys behind the command; the first may be where to store, which is merged too.
HyperLogLog Model::MergeOf(const Words& w) {
  HyperLogLog merged;
  for (size_t i = 1; i < w.size(); ++i) {
    const HyperLogLog* hll = FindHyperLogLog(w[i]);
    if (hll == nullptr) continue;
    merged.dense |= hll->dense;
    for (const auto& [at, value] : hll->registers) {
      merged.registers[at] = std::max(merged.registers[at], value);
    }
  }
  return merged;
}

// The bytes that the server said: the same registers, in a form that they may have.
std::string Model::FollowBytes(HyperLogLog& of) const {
  const std::string& bytes = said_->text;
  if (bytes.size() < kHeaderBytes || bytes.substr(0, 4) != "HYLL") return "a header";
  const bool stale = ByteAt(bytes, 15) >= 128;
  if (stale == of.counted) return "a count where it was counted";
  uint64_t count = 0;
  for (size_t i = 0; i < 8; ++i) count += ByteAt(bytes, 8 + i) << (8 * i);
  if (of.counted && count != static_cast<uint64_t>(CountOf(of))) return "the count";

  if (ByteAt(bytes, 4) == 1) {
    uint64_t covered = 0;
    if (of.dense) return "still dense";
    if (Sparse(bytes, &covered) != of.registers || covered != kRegisters) return "the registers";
    const auto bytes_max = static_cast<size_t>(server_.sparse_bytes_max);
    return bytes.size() > bytes_max ? "dense by now" : norn::Show(*said_);
  }
  if (bytes.size() != kHeaderBytes + kRegisters * 6 / 8) return "so many bytes";
  if (Dense(bytes) != of.registers) return "the registers";
  // Each register takes a byte and at most two for the zeros behind it.
  bool too_high = false;
  for (const auto& [at, value] : of.registers) too_high |= value > 32;
  const size_t sparse_bytes = kHeaderBytes + 3 * of.registers.size() + 2;
  const bool too_many = static_cast<int64_t>(sparse_bytes) > server_.sparse_bytes_max;
  if (!of.dense && !too_high && !too_many) return "sparse yet";
  of.dense = true;
  return norn::Show(*said_);
}

void Model::AddHyperLogLogs() {
  commands_["PFADD"] = [this](const Words& w) {
    bool changed = FindHyperLogLog(w[1]) == nullptr;
    HyperLogLog& hll = Make<HyperLogLog>(w[1]);
    for (size_t i = 2; i < w.size(); ++i) changed |= Raise(hll, w[i]);
    if (changed) hll.counted = false;
    return Int(changed);
  };
  commands_["PFCOUNT"] = [this](const Words& w) {
    HyperLogLog* only = FindHyperLogLog(w[1]);
    if (w.size() == 2 && only != nullptr) only->counted = true;
    return Int(CountOf(MergeOf(w)));
  };
  commands_["PFMERGE"] = [this](const Words& w) -> std::string {
    const HyperLogLog merged = MergeOf(w);
    Make<HyperLogLog>(w[1]) = merged;
    return "+OK";
  };
}

}  // namespace norn::reference
