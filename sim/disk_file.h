#pragma once
// The bytes of one file, as the running process sees them and as a crash would leave them.

#include "engine/base/prng.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace norn::sim {

// What a crash does with writes that no sync covered, at the grain of sectors.
enum class UnsyncedFate : uint8_t {
  kRandom,  // any subset survives
  kPrefix,  // those before some moment survive
  kNone,    // all are lost
  kAll,     // nothing changes: the process died, the machine did not
};

struct SyncTally {
  uint64_t kept = 0;  // sectors
  uint64_t lost = 0;
  uint64_t torn = 0;               // writes of which a part survived
  uint64_t reordered = 0;          // writes that survived whole after one that was lost whole
  uint64_t sectors_reordered = 0;  // that survived after one that was lost
};

class DiskFile {
 public:
  static constexpr uint64_t kSectorBytes = 512;

  explicit DiskFile(uint64_t id) : id_(id) {}

  uint64_t id() const { return id_; }
  uint64_t size() const { return live_.size(); }

  size_t Read(uint64_t offset, std::span<char> out) const;
  void Write(uint64_t offset, std::span<const char> data);
  void Truncate(uint64_t size);

  // A mark for Sync: everything changed before it.
  uint64_t Mark() const { return changes_; }
  // What was changed before the mark is durable.
  void Sync(uint64_t mark);
  // A sync that failed: some of it is durable, and the rest is forgotten, so that no later sync
  // will write it, while reads still see it.
  SyncTally FailSync(Prng& prng);
  // The file is what is durable and what fate keeps of the rest.
  SyncTally Crash(UnsyncedFate fate, Prng& prng);
  // The medium decays. Requires: offset < size().
  void FlipBit(uint64_t offset, int bit);

 private:
  struct Change {
    bool truncate = false;
    uint64_t offset = 0;  // or the new size
    std::string data;
  };
  static void Apply(const Change& change, std::string& to);
  static void Put(std::string& to, uint64_t offset, std::string_view data);
  // What fate decides while it goes through the pending changes.
  class Verdicts;
  void SettleWrite(const Change& change, Verdicts& verdicts);
  static uint64_t SectorEnd(const Change& change, uint64_t at);
  uint64_t PendingSectors() const;
  SyncTally Settle(UnsyncedFate fate, Prng& prng);

  const uint64_t id_;
  std::string live_;
  std::string durable_;
  std::vector<Change> pending_;  // what leads from durable_ to live_, oldest first
  uint64_t changes_ = 0;         // made in all; pending_ holds the last of them
};

}  // namespace norn::sim
