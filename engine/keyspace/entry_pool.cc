#include "engine/keyspace/entry_pool.h"

#include <cstdlib>
#include <utility>

#include "engine/base/check.h"

#if defined(__SANITIZE_ADDRESS__)
#define NORN_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NORN_ASAN 1
#endif
#endif

#ifdef NORN_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) (static_cast<void>(address))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) (static_cast<void>(address))
#endif

namespace norn {
namespace {

#ifdef NORN_ASAN
constexpr bool kAsan = true;
#else
constexpr bool kAsan = false;
#endif

// What stands in a free cell.
struct FreeCell {
  FreeCell* next;
};

}  // namespace

struct EntryPool::Slab {
  Slab* next;  // in its class's list of slabs with room
  Slab* previous;
  FreeCell* free;
  uint32_t bump_bytes;  // offset of the first cell never used; no cell fits behind: none is left
  uint32_t cell_bytes;
  uint32_t live;
  uint32_t index;  // in slabs_
  bool linked;

  bool HasRoom() const { return free != nullptr || bump_bytes + cell_bytes <= kSlabBytes; }
};

namespace {
constexpr uint32_t kFirstCellBytes = 64;  // behind the header, a cache line of its own
}  // namespace

EntryPool::EntryPool() {
  static_assert(sizeof(Slab) <= kFirstCellBytes);
  if (kAsan) quarantine_.resize(kQuarantine);
}

EntryPool::~EntryPool() {
  CHECK(large_ == 0);
  DropSome(SIZE_MAX);
}

EntryPool::EntryPool(EntryPool&& other) noexcept : EntryPool() {
  std::swap(classes_, other.classes_);
  std::swap(slabs_, other.slabs_);
  std::swap(spare_, other.spare_);
  std::swap(used_bytes_, other.used_bytes_);
  std::swap(large_bytes_, other.large_bytes_);
  std::swap(live_, other.live_);
  std::swap(large_, other.large_);
  std::swap(quarantine_, other.quarantine_);
  std::swap(quarantine_next_, other.quarantine_next_);
}

EntryPool::Slab* EntryPool::SlabOf(void* cell) {
  return reinterpret_cast<Slab*>(reinterpret_cast<uintptr_t>(cell) & ~(kSlabBytes - 1));
}

void* EntryPool::Allocate(size_t bytes) {
  CHECK(bytes > 0);
  bytes = RoundUp(bytes);
  used_bytes_ += bytes;
  ++live_;
  if (bytes > kCellBytesMax) {
    void* memory = std::malloc(bytes);
    CHECK(memory != nullptr);
    large_bytes_ += bytes;
    ++large_;
    return memory;
  }
  Slab* slab = classes_[bytes / 8 - 1].with_room;
  if (slab == nullptr) slab = AddSlab(bytes);
  void* cell;
  if (slab->free != nullptr) {
    cell = slab->free;
    ASAN_UNPOISON_MEMORY_REGION(cell, bytes);
    slab->free = slab->free->next;
  } else {
    cell = reinterpret_cast<char*>(slab) + slab->bump_bytes;
    slab->bump_bytes += static_cast<uint32_t>(bytes);
    ASAN_UNPOISON_MEMORY_REGION(cell, bytes);
  }
  ++slab->live;
  if (!slab->HasRoom()) UnlinkWithRoom(slab);
  return cell;
}

void EntryPool::Free(void* cell, size_t bytes) {
  bytes = RoundUp(bytes);
  used_bytes_ -= bytes;
  --live_;
  if (bytes > kCellBytesMax) {
    large_bytes_ -= bytes;
    --large_;
    std::free(cell);
    return;
  }
  CHECK(SlabOf(cell)->cell_bytes == bytes);
  if (kAsan) {
    ASAN_POISON_MEMORY_REGION(cell, bytes);
    std::swap(cell, quarantine_[quarantine_next_]);
    quarantine_next_ = (quarantine_next_ + 1) % kQuarantine;
    if (cell == nullptr) return;
  }
  ReturnCell(cell);
}

void EntryPool::ReturnCell(void* cell) {
  Slab* slab = SlabOf(cell);
  ASAN_UNPOISON_MEMORY_REGION(cell, sizeof(FreeCell));
  FreeCell* free = static_cast<FreeCell*>(cell);
  free->next = slab->free;
  slab->free = free;
  if (!slab->linked) LinkWithRoom(slab);
  if (--slab->live > 0) return;
  UnlinkWithRoom(slab);
  if (spare_ == nullptr) {
    spare_ = slab;
  } else {
    ReleaseSlab(slab);
  }
}

EntryPool::Slab* EntryPool::AddSlab(size_t cell_bytes) {
  Slab* slab = std::exchange(spare_, nullptr);
  if (slab == nullptr) {
    slab = static_cast<Slab*>(std::aligned_alloc(kSlabBytes, kSlabBytes));
    CHECK(slab != nullptr);
    slab->index = static_cast<uint32_t>(slabs_.size());
    slabs_.push_back(slab);
  }
  slab->free = nullptr;
  slab->bump_bytes = kFirstCellBytes;
  slab->cell_bytes = static_cast<uint32_t>(cell_bytes);
  slab->live = 0;
  slab->linked = false;
  ASAN_POISON_MEMORY_REGION(reinterpret_cast<char*>(slab) + kFirstCellBytes,
                            kSlabBytes - kFirstCellBytes);
  LinkWithRoom(slab);
  return slab;
}

void EntryPool::ReleaseSlab(Slab* slab) {
  slabs_[slab->index] = slabs_.back();
  slabs_[slab->index]->index = slab->index;
  slabs_.pop_back();
  ASAN_UNPOISON_MEMORY_REGION(slab, kSlabBytes);
  std::free(slab);
}

void EntryPool::LinkWithRoom(Slab* slab) {
  Slab*& head = classes_[slab->cell_bytes / 8 - 1].with_room;
  slab->next = head;
  slab->previous = nullptr;
  if (head != nullptr) head->previous = slab;
  head = slab;
  slab->linked = true;
}

void EntryPool::UnlinkWithRoom(Slab* slab) {
  Slab*& head = classes_[slab->cell_bytes / 8 - 1].with_room;
  (slab->previous == nullptr ? head : slab->previous->next) = slab->next;
  if (slab->next != nullptr) slab->next->previous = slab->previous;
  slab->linked = false;
}

uint64_t EntryPool::ReservedBytes() const { return slabs_.size() * kSlabBytes + large_bytes_; }

bool EntryPool::DropSome(size_t slabs) {
  CHECK(large_ == 0);
  while (!slabs_.empty()) {
    if (slabs-- == 0) return false;
    ReleaseSlab(slabs_.back());
  }
  classes_ = {};
  spare_ = nullptr;
  used_bytes_ = 0;
  live_ = 0;
  quarantine_.assign(quarantine_.size(), nullptr);
  return true;
}

void EntryPool::CheckInvariants() const {
  uint64_t live_bytes = large_bytes_;
  size_t live = large_;
  size_t resting = 0;
  for (void* cell : quarantine_) resting += cell != nullptr ? 1 : 0;
  size_t empty_slabs = 0;
  for (const Slab* slab : slabs_) {
    live_bytes += uint64_t{slab->live} * slab->cell_bytes;
    live += slab->live;
    empty_slabs += slab->live == 0 ? 1 : 0;
    CHECK(slab == spare_ || slab->linked == slab->HasRoom());  // I1
    CHECK(slab->live > 0 || slab == spare_);                   // I3
  }
  CHECK(empty_slabs <= 1);  // I3
  CHECK(live == live_ + resting);
  CHECK(resting > 0 || live_bytes == used_bytes_);
}

}  // namespace norn
