#include "engine/keyspace/entry_pool.h"

#include <algorithm>
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

struct EntryPool::Chunk {
  char* slabs;
  uint32_t slab_count;
  uint32_t used;   // slabs that a class has, or the spare
  uint32_t index;  // in chunks_
  bool linked;     // in with_free_
  Slab* free;
  Chunk* next;
  Chunk* previous;
};

struct EntryPool::Slab {
  Slab* next;  // in its class's list of slabs with room, or its chunk's of free ones
  Slab* previous;
  Chunk* chunk;
  FreeCell* free;
  uint32_t bump_bytes;  // offset of the first cell never used; no cell fits behind: none is left
  uint32_t cell_bytes;
  uint32_t live;
  bool linked;

  bool HasRoom() const { return free != nullptr || bump_bytes + cell_bytes <= kSlabBytes; }
};

namespace {
constexpr uint32_t kFirstCellBytes = 64;  // behind the header, a cache line of its own

template <typename Node>
void LinkFirst(Node*& head, Node* node) {
  node->next = head;
  node->previous = nullptr;
  if (head != nullptr) head->previous = node;
  head = node;
  node->linked = true;
}

template <typename Node>
void Unlink(Node*& head, Node* node) {
  (node->previous == nullptr ? head : node->previous->next) = node->next;
  if (node->next != nullptr) node->next->previous = node->previous;
  node->linked = false;
}
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
  std::swap(chunks_, other.chunks_);
  std::swap(with_free_, other.with_free_);
  std::swap(slab_count_, other.slab_count_);
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
  Slab* slab = spare_ != nullptr ? std::exchange(spare_, nullptr) : TakeFreeSlab();
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

EntryPool::Slab* EntryPool::TakeFreeSlab() {
  if (with_free_ == nullptr) AddChunk();
  Chunk* chunk = with_free_;
  Slab* slab = chunk->free;
  chunk->free = slab->next;
  ++chunk->used;
  if (chunk->free == nullptr) Unlink(with_free_, chunk);
  return slab;
}

void EntryPool::ReleaseSlab(Slab* slab) {
  Chunk* chunk = slab->chunk;
  slab->next = chunk->free;
  chunk->free = slab;
  if (!chunk->linked) LinkFirst(with_free_, chunk);
  if (--chunk->used == 0) ReleaseChunk(chunk);
}

void EntryPool::AddChunk() {
  const size_t slabs = std::clamp<size_t>(slab_count_ / 4, 1, kChunkSlabsMax);
  Chunk* chunk = new Chunk();
  chunk->slabs = static_cast<char*>(std::aligned_alloc(kSlabBytes, slabs * kSlabBytes));
  CHECK(chunk->slabs != nullptr);
  chunk->slab_count = static_cast<uint32_t>(slabs);
  chunk->index = static_cast<uint32_t>(chunks_.size());
  for (size_t i = slabs; i-- > 0;) {  // lowest address first in the list
    Slab* slab = reinterpret_cast<Slab*>(chunk->slabs + i * kSlabBytes);
    slab->chunk = chunk;
    slab->next = chunk->free;
    chunk->free = slab;
  }
  chunks_.push_back(chunk);
  slab_count_ += slabs;
  LinkFirst(with_free_, chunk);
}

void EntryPool::ReleaseChunk(Chunk* chunk) {
  if (chunk->linked) Unlink(with_free_, chunk);
  chunks_[chunk->index] = chunks_.back();
  chunks_[chunk->index]->index = chunk->index;
  chunks_.pop_back();
  slab_count_ -= chunk->slab_count;
  ASAN_UNPOISON_MEMORY_REGION(chunk->slabs, chunk->slab_count * kSlabBytes);
  std::free(chunk->slabs);
  delete chunk;
}

void EntryPool::LinkWithRoom(Slab* slab) {
  LinkFirst(classes_[slab->cell_bytes / 8 - 1].with_room, slab);
}

void EntryPool::UnlinkWithRoom(Slab* slab) {
  Unlink(classes_[slab->cell_bytes / 8 - 1].with_room, slab);
}

uint64_t EntryPool::ReservedBytes() const { return slab_count_ * kSlabBytes + large_bytes_; }

bool EntryPool::DropSome(size_t slabs) {
  CHECK(large_ == 0);
  while (!chunks_.empty()) {
    if (slabs == 0) return false;
    slabs -= std::min<size_t>(slabs, chunks_.back()->slab_count);
    ReleaseChunk(chunks_.back());
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
  size_t live = large_, resting = 0, used_slabs = 0;
  for (void* cell : quarantine_) resting += cell != nullptr ? 1 : 0;
  for (const Chunk* chunk : chunks_) {
    CHECK(chunk->used > 0);  // I3
    used_slabs += chunk->used;
    size_t free = 0;
    for (const Slab* slab = chunk->free; slab != nullptr; slab = slab->next) ++free;
    CHECK(free + chunk->used == chunk->slab_count);
    CHECK(chunk->linked == (free > 0));
  }
  size_t met = spare_ == nullptr ? 0 : 1;
  for (const Class& with_one_size : classes_) {
    for (const Slab* slab = with_one_size.with_room; slab != nullptr; slab = slab->next) {
      CHECK(slab->HasRoom());  // I1
      CHECK(slab->live > 0);   // I3
      live += slab->live;
      live_bytes += uint64_t{slab->live} * slab->cell_bytes;
      ++met;
    }
  }
  // Full slabs are in no list; what the lists lack is theirs.
  CHECK(met <= used_slabs);
  CHECK(live <= live_ + resting);
  CHECK(met < used_slabs || live == live_ + resting);
  CHECK(met < used_slabs || resting > 0 || live_bytes == used_bytes_);
}

}  // namespace norn
