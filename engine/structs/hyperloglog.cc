#include "engine/structs/hyperloglog.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/base/check.h"

namespace norn::hyperloglog {
namespace {

constexpr int kIndexBits = 14;
constexpr int kHashBits = 64 - kIndexBits;
constexpr uint64_t kHashSeed = 0xadc83b19;
constexpr uint8_t kRegisterMax = 63;

constexpr size_t kFormAt = 4;
constexpr size_t kCountAt = 8;
constexpr char kDense = 0;
constexpr char kSparse = 1;
constexpr uint64_t kOutOfDate = uint64_t{1} << 63;

// Registers by value. Four are filled in turn: many registers in a row have one value, and to raise one number again has to
// wait for the last time.
using Histogram = std::array<uint32_t, kRegisterMax + 1>;
using Histograms = std::array<Histogram, 4>;

Histogram Sum(const Histograms& parts) {
  Histogram sum = {};
  for (size_t value = 0; value < sum.size(); ++value) {
    for (const Histogram& part : parts) sum[value] += part[value];
  }
  return sum;
}

static_assert(std::endian::native == std::endian::little);

// Up to eight bytes, the first the lowest.
uint64_t LoadBytes(const char* at, size_t bytes) {
  uint64_t word = 0;
  std::memcpy(&word, at, bytes);
  return word;
}

// Austin Appleby's MurmurHash2, the 64-bit form for 64-bit machines (public domain).
uint64_t MurmurHash64A(std::string_view bytes, uint64_t seed) {
  constexpr uint64_t kMultiplier = 0xc6a4a7935bd1e995;
  constexpr int kShift = 47;
  uint64_t hash = seed ^ (bytes.size() * kMultiplier);
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    uint64_t word = LoadBytes(bytes.data(), 8) * kMultiplier;
    word ^= word >> kShift;
    hash = (hash ^ (word * kMultiplier)) * kMultiplier;
  }
  if (!bytes.empty()) hash = (hash ^ LoadBytes(bytes.data(), bytes.size())) * kMultiplier;
  hash ^= hash >> kShift;
  hash *= kMultiplier;
  return hash ^ (hash >> kShift);
}

// ---- dense ----

// A register lies in one byte or across two; behind the last byte there is none, and the last register ends in it.
struct DensePlace {
  explicit DensePlace(size_t at) : byte(kHeaderBytes + at * 6 / 8), shift(at * 6 % 8) {}
  size_t byte;
  size_t shift;
};

uint8_t GetDense(const char* bytes, size_t at) {
  const DensePlace place(at);
  const bool across = place.shift > 2;
  const uint32_t low = static_cast<uint8_t>(bytes[place.byte]);
  const uint32_t high = across ? static_cast<uint8_t>(bytes[place.byte + 1]) : 0;
  return static_cast<uint8_t>((low | (high << 8)) >> place.shift) & kRegisterMax;
}

void SetDense(char* bytes, size_t at, uint8_t value) {
  const DensePlace place(at);
  const uint32_t mask = static_cast<uint32_t>(kRegisterMax) << place.shift;
  const uint32_t set = static_cast<uint32_t>(value) << place.shift;
  bytes[place.byte] = static_cast<char>((bytes[place.byte] & ~mask) | set);
  if (place.shift <= 2) return;
  bytes[place.byte + 1] = static_cast<char>((bytes[place.byte + 1] & ~(mask >> 8)) | (set >> 8));
}

// Four registers lie in three bytes. Calls visit(number of the first, the four as bytes of a word, the first the lowest).
template <typename Visit>
void VisitDense(std::string_view bytes, Visit&& visit) {
  const char* from = bytes.data() + kHeaderBytes;
  for (size_t at = 0; at < kRegisters; at += 4, from += 3) {
    // Not by LoadBytes: the compiler would put them together in memory, and wait for that.
    const auto byte = [from](size_t i) { return uint32_t{static_cast<uint8_t>(from[i])} << 8 * i; };
    const uint32_t three = byte(0) | byte(1) | byte(2);
    visit(at, (three & 0x3f) | (three & 0xfc0) << 2 | (three & 0x3f000) << 4 | three >> 18 << 24);
  }
}

uint32_t LoadFour(const uint8_t* registers) {
  uint32_t four;
  std::memcpy(&four, registers, sizeof(four));
  return four;
}

// The greater of each two bytes, none of which has its highest bit.
uint32_t MaxOfBytes(uint32_t a, uint32_t b) {
  constexpr uint32_t kHighest = 0x80808080;
  const uint32_t a_is_greater = (((a | kHighest) - b) & kHighest) >> 7;
  const uint32_t take_a = a_is_greater * 0xff;
  return (a & take_a) | (b & ~take_a);
}

std::string WithHeader(char form, size_t size_bytes) {
  std::string bytes(size_bytes, '\0');
  bytes.replace(0, 4, "HYLL");
  bytes[kFormAt] = form;
  return bytes;
}

// ---- sparse ----

constexpr uint8_t kLongZeros = 0x40;
constexpr uint8_t kValues = 0x80;
constexpr uint8_t kSparseValueMax = 32;
constexpr size_t kShortZerosMax = 64;
constexpr size_t kValuesMax = 4;

struct Run {
  uint8_t value = 0;
  size_t registers = 0;
  size_t bytes = 0;  // 0: no run begins there
};

Run RunAt(std::string_view bytes, size_t at) {
  if (at >= bytes.size()) return {};
  const auto first = static_cast<uint8_t>(bytes[at]);
  if ((first & kValues) != 0) {
    return {static_cast<uint8_t>(((first >> 2) & 31) + 1), size_t{first} % 4 + 1, 1};
  }
  if ((first & kLongZeros) == 0) return {0, size_t{first} + 1, 1};
  if (at + 1 == bytes.size()) return {};
  const size_t more = static_cast<uint8_t>(bytes[at + 1]);
  return {0, ((first & 63u) << 8 | more) + 1, 2};
}

// Calls visit(first register, run) for each run. False: the runs do not cover the registers.
template <typename Visit>
bool VisitRuns(std::string_view bytes, Visit&& visit) {
  size_t first = 0;
  for (size_t at = kHeaderBytes; at < bytes.size();) {
    const Run run = RunAt(bytes, at);
    if (run.bytes == 0 || first + run.registers > kRegisters) return false;
    visit(first, run);
    first += run.registers;
    at += run.bytes;
  }
  return first == kRegisters;
}

void AppendZeros(std::string* runs, size_t registers) {
  if (registers == 0) return;
  const size_t less_one = registers - 1;
  if (registers > kShortZerosMax) {
    *runs += static_cast<char>(kLongZeros | (less_one >> 8));
    *runs += static_cast<char>(less_one & 0xff);
  } else {
    *runs += static_cast<char>(less_one);
  }
}

char ValueRun(uint8_t value, size_t registers) {
  return static_cast<char>(kValues | ((value - 1) << 2) | (registers - 1));
}

void AppendRun(std::string* runs, uint8_t value, size_t registers) {
  if (value == 0) return AppendZeros(runs, registers);
  if (registers > 0) *runs += ValueRun(value, registers);
}

// Joins neighbours of one value, from the run at `at` on. Five runs: more are not touched by one change.
void JoinRuns(std::string* bytes, size_t at) {
  for (int left = 5; left > 0 && at < bytes->size(); --left) {
    const Run run = RunAt(*bytes, at);
    const Run next = RunAt(*bytes, at + run.bytes);
    const bool joined =
        run.value != 0 && next.value == run.value && run.registers + next.registers <= kValuesMax;
    if (joined) {
      (*bytes)[at] = ValueRun(run.value, run.registers + next.registers);
      bytes->erase(at + 1, 1);
    } else {
      at += run.bytes;
    }
  }
}

// Where a register is in the runs. run.bytes 0: nowhere, they are corrupt.
struct RunPlace {
  size_t at = kHeaderBytes;
  size_t before = kHeaderBytes;  // the run before it, or itself
  size_t first = 0;              // its first register
  Run run;
};

RunPlace FindRun(std::string_view bytes, size_t wanted) {
  RunPlace place;
  for (;;) {
    place.run = RunAt(bytes, place.at);
    if (place.run.bytes == 0 || wanted < place.first + place.run.registers) return place;
    place.first += place.run.registers;
    place.before = place.at;
    place.at += place.run.bytes;
  }
}

Raised RaiseAsDense(std::string* bytes, const Mark& mark) {
  if (!MakeDense(bytes)) return Raised::kCorrupt;
  RaiseDense(*bytes, mark);
  return Raised::kChanged;
}

Raised RaiseSparse(std::string* bytes, const Mark& mark, size_t sparse_bytes_max) {
  if (mark.value > kSparseValueMax) return RaiseAsDense(bytes, mark);
  const RunPlace place = FindRun(*bytes, mark.at);
  const Run& run = place.run;
  if (run.bytes == 0 || place.first + run.registers > kRegisters) return Raised::kCorrupt;
  if (run.value >= mark.value) return Raised::kSame;
  std::string runs;
  AppendRun(&runs, run.value, mark.at - place.first);
  AppendRun(&runs, mark.value, 1);
  AppendRun(&runs, run.value, place.first + run.registers - 1 - mark.at);
  const bool grows = runs.size() > run.bytes;
  if (grows && bytes->size() + runs.size() - run.bytes > sparse_bytes_max) {
    return RaiseAsDense(bytes, mark);
  }
  bytes->replace(place.at, run.bytes, runs);
  JoinRuns(bytes, place.before);
  return Raised::kChanged;
}

// ---- the count: Ertl's improved raw estimator ----

double Sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double weight = 1;
  double sum = x;
  for (double before = -1; before != sum;) {
    x *= x;
    before = sum;
    sum += x * weight;
    weight += weight;
  }
  return sum;
}

double Tau(double x) {
  if (x == 0 || x == 1) return 0;
  double weight = 1;
  double sum = 1 - x;
  for (double before = -1; before != sum;) {
    x = std::sqrt(x);
    before = sum;
    weight *= 0.5;
    sum -= (1 - x) * (1 - x) * weight;
  }
  return sum / 3;
}

uint64_t Estimate(const Histogram& histogram) {
  constexpr double kRegisterCount = kRegisters;
  constexpr double kAlpha = 0.721347520444481703680;  // 0.5 / ln 2
  double z = kRegisterCount * Tau((kRegisterCount - histogram[kHashBits + 1]) / kRegisterCount);
  for (size_t value = kHashBits; value >= 1; --value) {
    z += histogram[value];
    z *= 0.5;
  }
  z += kRegisterCount * Sigma(histogram[0] / kRegisterCount);
  return static_cast<uint64_t>(std::llround(kAlpha * kRegisterCount * kRegisterCount / z));
}

}  // namespace

std::string Empty() {
  std::string bytes = WithHeader(kSparse, kHeaderBytes);
  AppendZeros(&bytes, kRegisters);
  return bytes;
}

bool HasHeader(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with("HYLL")) return false;
  if (bytes[kFormAt] == kDense) return bytes.size() == kDenseBytes;
  return bytes[kFormAt] == kSparse;
}

bool IsDense(std::string_view bytes) { return bytes[kFormAt] == kDense; }

Mark MarkOf(std::string_view element) {
  const uint64_t hash = MurmurHash64A(element, kHashSeed);
  const uint64_t run = (hash >> kIndexBits) | (uint64_t{1} << kHashBits);
  return {hash % kRegisters, static_cast<uint8_t>(std::countr_zero(run) + 1)};
}

uint8_t DenseRegister(std::string_view bytes, size_t at) { return GetDense(bytes.data(), at); }

bool RaiseDense(std::span<char> bytes, const Mark& mark) {
  CHECK(bytes.size() == kDenseBytes && mark.at < kRegisters);
  if (GetDense(bytes.data(), mark.at) >= mark.value) return false;
  SetDense(bytes.data(), mark.at, mark.value);
  return true;
}

Raised Raise(std::string* bytes, const Mark& mark, size_t sparse_bytes_max) {
  if (!IsDense(*bytes)) return RaiseSparse(bytes, mark, sparse_bytes_max);
  return RaiseDense(*bytes, mark) ? Raised::kChanged : Raised::kSame;
}

bool MakeDense(std::string* bytes) {
  if (IsDense(*bytes)) return true;
  std::string dense = WithHeader(kDense, kDenseBytes);
  const bool valid = VisitRuns(*bytes, [&](size_t first, const Run& run) {
    for (size_t i = 0; run.value != 0 && i < run.registers; ++i) {
      SetDense(dense.data(), first + i, run.value);
    }
  });
  if (!valid) return false;
  // The zeros too: they may not be, and Valkey keeps what a client put there.
  std::copy_n(bytes->begin() + kFormAt + 1, kHeaderBytes - kFormAt - 1,
              dense.begin() + kFormAt + 1);
  *bytes = std::move(dense);
  return true;
}

std::optional<uint64_t> CachedCount(std::string_view bytes) {
  const uint64_t count = LoadBytes(bytes.data() + kCountAt, 8);
  if ((count & kOutOfDate) != 0) return std::nullopt;
  return count;
}

void SetCachedCount(std::span<char> bytes, uint64_t count) {
  for (size_t i = 0; i < 8; ++i) bytes[kCountAt + i] = static_cast<char>(count >> (8 * i));
}

void DropCachedCount(std::span<char> bytes) {
  bytes[kHeaderBytes - 1] = static_cast<char>(bytes[kHeaderBytes - 1] | 0x80);
}

std::optional<uint64_t> Count(std::string_view bytes) {
  if (IsDense(bytes)) {
    Histograms histograms = {};
    VisitDense(bytes, [&](size_t, uint32_t four) {
      for (size_t i = 0; i < 4; ++i) ++histograms[i][four >> (8 * i) & 0xff];
    });
    return Estimate(Sum(histograms));
  }
  Histogram histogram = {};
  const bool valid = VisitRuns(bytes, [&](size_t, const Run& run) {
    histogram[run.value] += static_cast<uint32_t>(run.registers);
  });
  if (!valid) return std::nullopt;
  return Estimate(histogram);
}

bool MergeInto(Registers* registers, std::string_view bytes) {
  if (IsDense(bytes)) {
    VisitDense(bytes, [&](size_t at, uint32_t four) {
      const uint32_t greater = MaxOfBytes(LoadFour(&(*registers)[at]), four);
      std::memcpy(&(*registers)[at], &greater, sizeof(greater));
    });
    return true;
  }
  return VisitRuns(bytes, [&](size_t first, const Run& run) {
    for (size_t i = 0; run.value != 0 && i < run.registers; ++i) {
      uint8_t& value = (*registers)[first + i];
      value = std::max(value, run.value);
    }
  });
}

uint64_t Count(const Registers& registers) {
  Histograms histograms = {};
  for (size_t at = 0; at < kRegisters; at += 4) {
    for (size_t i = 0; i < 4; ++i) ++histograms[i][registers[at + i]];
  }
  return Estimate(Sum(histograms));
}

void SetRegisters(std::span<char> bytes, const Registers& registers) {
  CHECK(bytes.size() == kDenseBytes);
  char* to = bytes.data() + kHeaderBytes;
  for (size_t at = 0; at < kRegisters; at += 4, to += 3) {
    uint32_t four = 0;
    for (size_t i = 0; i < 4; ++i) four |= static_cast<uint32_t>(registers[at + i]) << (6 * i);
    for (size_t i = 0; i < 3; ++i) to[i] = static_cast<char>(four >> (8 * i));
  }
}

std::optional<std::string> Describe(std::string_view bytes) {
  if (IsDense(bytes)) return std::nullopt;
  std::string text;
  VisitRuns(bytes, [&](size_t, const Run& run) {
    if (!text.empty()) text += ' ';
    if (run.value != 0) {
      text += fmt::format("v:{},{}", run.value, run.registers);
    } else {
      text += fmt::format("{}:{}", run.bytes == 2 ? 'Z' : 'z', run.registers);
    }
  });
  return text;
}

std::string SelfTest(Prng& prng, size_t sparse_bytes_max) {
  constexpr uint64_t kElements = 1'000'000;
  std::string dense = WithHeader(kDense, kDenseBytes);
  for (int round = 0; round < 10; ++round) {
    Registers registers;
    for (size_t i = 0; i < kRegisters; ++i) {
      registers[i] = static_cast<uint8_t>(prng.Below(kRegisterMax + 1));
      SetDense(dense.data(), i, registers[i]);
    }
    for (size_t i = 0; i < kRegisters; ++i) {
      const int value = DenseRegister(dense, i);
      if (value == registers[i]) continue;
      return fmt::format("TESTFAILED Register {} should be {} but is {}", i, registers[i], value);
    }
  }
  dense = WithHeader(kDense, kDenseBytes);
  std::string either = Empty();
  const uint64_t seed = prng.Next();
  uint64_t checkpoint = 1;
  for (uint64_t i = 1; i <= kElements; ++i) {
    const uint64_t element = i ^ seed;
    const Mark mark = MarkOf({reinterpret_cast<const char*>(&element), sizeof(element)});
    RaiseDense(dense, mark);
    Raise(&either, mark, sparse_bytes_max);
    if (i != checkpoint) continue;
    if (i < sparse_bytes_max / 2 && IsDense(either)) return "TESTFAILED sparse encoding not used";
    const uint64_t count = *Count(dense);
    if (Count(either) != count) return "TESTFAILED dense/sparse disagree";
    // Six times the standard error; of so few as ten, one.
    const double error = std::abs(static_cast<double>(count) - static_cast<double>(i));
    const double error_max = i == 10 ? 1 : std::ceil(1.04 / 128 * 6 * static_cast<double>(i));
    if (error > error_max) {
      return fmt::format("TESTFAILED Too big error. card:{} abserr:{}", i, error);
    }
    checkpoint *= 10;
  }
  return {};
}

}  // namespace norn::hyperloglog
