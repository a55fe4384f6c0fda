// What a key costs: time of GET and SET hits in batches, resident bytes, the worst single insert.
//
//   db_bench [KEYS[t][s[SLOTS]] ...]   default 1000000. t: with a deadline on each key; s: a table a slot, as in cluster
//                                      mode, with keys of slots below SLOTS only (16384). Each is loaded anew; those of one
//                                      call share the process, so pass one a call to compare resident memory.

#include <algorithm>
#include <chrono>  // clock_gettime too
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "engine/keyspace/keyspace.h"

namespace norn {
namespace {

// CPU time: other work on the machine does not count.
double NowNs() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

uint64_t ResidentBytes() {
  FILE* file = std::fopen("/proc/self/statm", "r");
  unsigned long long total = 0, resident = 0;
  const int fields = file == nullptr ? 0 : std::fscanf(file, "%llu %llu", &total, &resident);
  if (file != nullptr) std::fclose(file);
  return fields == 2 ? resident * 4096 : 0;
}

struct Text16 {
  char bytes[16];
  std::string_view view() const { return {bytes, 16}; }
};

Text16 Format(const char* prefix, uint64_t n) {
  char digits[64];
  std::snprintf(digits, sizeof(digits), "%s%014llu", prefix, static_cast<unsigned long long>(n));
  Text16 text;
  std::memcpy(text.bytes, digits, sizeof(text.bytes));
  return text;
}

constexpr size_t kBatch = 16;
constexpr size_t kQueries = 1'000'000;
constexpr int kRounds = 4;

// Runs `command(key)` over the queries in batches with prefetch, as a connection runs its pipeline.
template <typename Command>
double NsPerCommand(Keyspace& keyspace, Db& db, const std::vector<Text16>& queries,
                    Command&& command) {
  const double start = NowNs();
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i + kBatch <= queries.size(); i += kBatch) {
      Key keys[kBatch];
      for (size_t j = 0; j < kBatch; ++j) {
        keys[j] = keyspace.MakeKey(queries[i + j].view());
        db.PrefetchTable(keys[j]);
      }
      for (const Key& key : keys) db.PrefetchBucket(key);
      for (const Key& key : keys) db.PrefetchEntry(key);
      for (const Key& key : keys) command(key);
    }
  }
  return (NowNs() - start) / (kRounds * static_cast<double>(queries.size()));
}

struct Setting {
  uint64_t count = 1'000'000;
  bool deadlines = false;
  uint32_t slots = 0;  // 0: one table
};

std::vector<Text16> KeysOf(const Setting& setting) {
  std::vector<Text16> keys;
  for (uint64_t i = 0; keys.size() < setting.count; ++i) {
    const Text16 key = Format("k:", i);
    if (setting.slots == 0 || KeySlot(key.view()).value < setting.slots) keys.push_back(key);
  }
  return keys;
}

void Run(const Setting& setting) {
  const uint64_t count = setting.count;
  const bool deadlines = setting.deadlines;
  const std::vector<Text16> keys = KeysOf(setting);
  const uint64_t resident_before = ResidentBytes();
  auto keyspace = std::make_unique<Keyspace>(
      KeyspaceOptions{.hash_seed = 77, .prng_seed = 1, .slots = setting.slots > 0});
  Db& db = keyspace->db({0});
  const Moment now{.now_ms = 1'700'000'000'000};
  const SetStringOptions options{.deadline_ms = deadlines ? now.now_ms + 10'000'000 : kNoDeadline};
  double worst_ns = 0;
  const double load_start = NowNs();
  for (uint64_t i = 0; i < count; ++i) {
    const Text16 key = keys[i], value = Format("v:", i);
    const double start = NowNs();
    db.SetString(keyspace->MakeKey(key.view()), value.view(), options, now);
    worst_ns = std::max(worst_ns, NowNs() - start);
  }
  const double load_ns = (NowNs() - load_start) / static_cast<double>(count);
  const uint64_t resident = ResidentBytes() - resident_before;

  Prng prng(5);
  std::vector<Text16> queries;
  for (size_t i = 0; i < kQueries; ++i) queries.push_back(keys[prng.Below(count)]);
  uint64_t bytes_seen = 0;
  const double hash_ns =
      NsPerCommand(*keyspace, db, queries, [&](const Key& key) { bytes_seen += key.hash & 1; });
  const double get_ns = NsPerCommand(*keyspace, db, queries, [&](const Key& key) {
    const EntryRef found = db.Find(key, now);
    StringScratch scratch;
    bytes_seen += found->String(scratch).size();
  });
  const double set_ns = NsPerCommand(*keyspace, db, queries, [&](const Key& key) {
    db.SetString(key, "another 16 bytes", options, now);
  });
  const double random_ns = [&] {
    const double start = NowNs();
    for (int i = 0; i < 100'000; ++i) bytes_seen += db.Sample(prng, false)->key().size();
    return (NowNs() - start) / 100'000;
  }();
  std::printf(
      "keys=%llu slots=%u deadlines=%d accounted_bytes=%.2f resident_bytes=%.2f load_ns=%.0f "
      "worst_insert_us=%.0f prefetch_ns=%.1f get_ns=%.1f set_ns=%.1f sample_ns=%.0f (%llu)\n",
      static_cast<unsigned long long>(count), setting.slots, deadlines,
      static_cast<double>(keyspace->UsedBytes()) / static_cast<double>(count),
      static_cast<double>(resident) / static_cast<double>(count), load_ns, worst_ns / 1000, hash_ns,
      get_ns, set_ns, random_ns, static_cast<unsigned long long>(bytes_seen & 1));
}

}  // namespace
}  // namespace norn

int main(int argc, char** argv) {
  if (argc < 2) norn::Run({});
  for (int i = 1; i < argc; ++i) {
    char* rest = nullptr;
    norn::Setting setting{.count = std::strtoull(argv[i], &rest, 10)};
    if (*rest == 't') {
      setting.deadlines = true;
      ++rest;
    }
    if (*rest == 's') {
      setting.slots = static_cast<uint32_t>(std::strtoul(rest + 1, nullptr, 10));
      if (setting.slots == 0) setting.slots = norn::kSlotCount;
    }
    norn::Run(setting);
  }
}
