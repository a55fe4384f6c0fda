#include "sim/disk_file.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "engine/base/check.h"

namespace norn::sim {

size_t DiskFile::Read(uint64_t offset, std::span<char> out) const {
  if (offset >= live_.size()) return 0;
  const size_t count = std::min<size_t>(out.size(), live_.size() - offset);
  if (count > 0) std::memcpy(out.data(), live_.data() + offset, count);
  return count;
}

void DiskFile::Write(uint64_t offset, std::span<const char> data) {
  if (data.empty()) return;
  pending_.push_back(Change{false, offset, std::string(data.begin(), data.end())});
  ++changes_;
  Apply(pending_.back(), live_);
}

void DiskFile::Truncate(uint64_t size) {
  pending_.push_back(Change{true, size, {}});
  ++changes_;
  Apply(pending_.back(), live_);
}

void DiskFile::Put(std::string& to, uint64_t offset, std::string_view data) {
  if (to.size() < offset + data.size()) to.resize(offset + data.size());
  std::memcpy(to.data() + offset, data.data(), data.size());
}

void DiskFile::Apply(const Change& change, std::string& to) {
  if (change.truncate) {
    to.resize(change.offset);
  } else {
    Put(to, change.offset, change.data);
  }
}

void DiskFile::Sync(uint64_t mark) {
  const uint64_t settled = changes_ - pending_.size();
  if (mark <= settled) return;
  const auto end = pending_.begin() + static_cast<std::ptrdiff_t>(mark - settled);
  for (auto change = pending_.begin(); change != end; ++change) Apply(*change, durable_);
  pending_.erase(pending_.begin(), end);
}

// Fate's answers, one a sector (a truncation counts as one), and what they come to for whole writes.
class DiskFile::Verdicts {
 public:
  Verdicts(UnsyncedFate fate, uint64_t sectors, Prng& prng)
      : fate_(fate), prefix_(prng.Below(sectors + 1)), odds_(prng.Below(257)), prng_(prng) {}

  bool Survives() {
    bool kept = false;
    if (fate_ == UnsyncedFate::kPrefix) kept = tally_.kept + tally_.lost < prefix_;
    if (fate_ == UnsyncedFate::kRandom) kept = prng_.Below(256) < odds_;
    if (kept && tally_.lost > 0) ++tally_.sectors_reordered;
    ++(kept ? tally_.kept : tally_.lost);
    return kept;
  }

  // A write is over, that many of its sectors survived.
  void WriteEnds(uint64_t kept, uint64_t lost) {
    if (kept > 0 && lost > 0) ++tally_.torn;
    if (lost == 0 && lost_one_) ++tally_.reordered;
    lost_one_ = lost_one_ || kept == 0;
  }

  const SyncTally& tally() const { return tally_; }

 private:
  const UnsyncedFate fate_;
  const uint64_t prefix_;
  const uint64_t odds_;
  Prng& prng_;
  SyncTally tally_;
  bool lost_one_ = false;
};

uint64_t DiskFile::SectorEnd(const Change& change, uint64_t at) {
  const uint64_t end = change.offset + change.data.size();
  return std::min(end, (at / kSectorBytes + 1) * kSectorBytes);
}

uint64_t DiskFile::PendingSectors() const {
  uint64_t sectors = 0;
  for (const Change& change : pending_) {
    if (change.truncate) ++sectors;
    const uint64_t end = change.offset + change.data.size();
    for (uint64_t at = change.offset; !change.truncate && at < end; at = SectorEnd(change, at)) {
      ++sectors;
    }
  }
  return sectors;
}

void DiskFile::SettleWrite(const Change& change, Verdicts& verdicts) {
  const SyncTally before = verdicts.tally();
  const uint64_t end = change.offset + change.data.size();
  for (uint64_t at = change.offset; at < end;) {
    const uint64_t next = SectorEnd(change, at);
    const std::string_view sector(change.data.data() + (at - change.offset), next - at);
    if (verdicts.Survives()) Put(durable_, at, sector);
    at = next;
  }
  verdicts.WriteEnds(verdicts.tally().kept - before.kept, verdicts.tally().lost - before.lost);
}

// Goes through the pending changes sector by sector.
SyncTally DiskFile::Settle(UnsyncedFate fate, Prng& prng) {
  Verdicts verdicts(fate, PendingSectors(), prng);
  for (const Change& change : pending_) {
    if (!change.truncate) {
      SettleWrite(change, verdicts);
    } else if (verdicts.Survives()) {
      Apply(change, durable_);
    }
  }
  pending_.clear();
  return verdicts.tally();
}

SyncTally DiskFile::FailSync(Prng& prng) { return Settle(UnsyncedFate::kRandom, prng); }

SyncTally DiskFile::Crash(UnsyncedFate fate, Prng& prng) {
  if (fate == UnsyncedFate::kAll) return {};
  const SyncTally tally = Settle(fate, prng);
  live_ = durable_;
  return tally;
}

void DiskFile::FlipBit(uint64_t offset, int bit) {
  CHECK(offset < live_.size());
  const char mask = static_cast<char>(1 << bit);
  live_[offset] = static_cast<char>(live_[offset] ^ mask);
  if (offset < durable_.size()) durable_[offset] = static_cast<char>(durable_[offset] ^ mask);
}

}  // namespace norn::sim
