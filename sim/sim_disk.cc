#include "sim/sim_disk.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "engine/base/check.h"
#include "engine/base/hash.h"
#include "sim/seed.h"

namespace norn::sim {
namespace {

absl::Status NoSuchFile(std::string_view path) {
  return absl::NotFoundError(std::string(path) + ": No such file or directory");
}

absl::Status IsDirectory(std::string_view path) {
  return absl::FailedPreconditionError(std::string(path) + ": Is a directory");
}

}  // namespace

class SimFile final : public env::File {
 public:
  SimFile(SimDisk& disk, std::string path, std::shared_ptr<DiskFile> file, bool writable)
      : disk_(disk), path_(std::move(path)), file_(std::move(file)), writable_(writable) {}

  absl::StatusOr<size_t> Read(uint64_t offset, std::span<char> buf) override;
  absl::Status Write(uint64_t offset, std::span<const char> data) override;
  absl::Status Sync() override;
  absl::Status Truncate(uint64_t size) override;
  absl::StatusOr<uint64_t> Size() override;

 private:
  absl::Status RequireWritable() const;
  absl::Status Full(uint64_t offset, std::span<const char> data, uint64_t room);

  SimDisk& disk_;
  const std::string path_;
  const std::shared_ptr<DiskFile> file_;
  const bool writable_;
};

absl::Status SimFile::RequireWritable() const {
  if (writable_) return absl::OkStatus();
  return absl::PermissionDeniedError(path_ + ": opened for reading only");
}

absl::StatusOr<size_t> SimFile::Read(uint64_t offset, std::span<char> buf) {
  absl::Status status = disk_.Begin(SimDisk::Op::kRead, path_, buf.size(), offset);
  if (!status.ok()) return status;
  const uint64_t one_in = disk_.short_read_one_in_;
  if (buf.size() > 1 && one_in != 0 && disk_.short_prng_.OneIn(one_in)) {
    buf = buf.first(1 + static_cast<size_t>(disk_.short_prng_.Below(buf.size() - 1)));
    ++disk_.counters_.short_reads;
  }
  return file_->Read(offset, buf);
}

absl::Status SimFile::Write(uint64_t offset, std::span<const char> data) {
  absl::Status status = RequireWritable();
  if (!status.ok()) return status;
  const uint64_t hash = HashBytes(std::string_view(data.data(), data.size()), offset);
  status = disk_.Begin(SimDisk::Op::kWrite, path_, data.size(), hash);
  if (!status.ok()) return status;
  const uint64_t end = offset + data.size();
  if (disk_.capacity_bytes_ != SimDisk::kUnlimited && end > file_->size()) {
    const uint64_t used = disk_.UsedBytes();
    const uint64_t room = disk_.capacity_bytes_ - std::min(used, disk_.capacity_bytes_);
    if (end - file_->size() > room) return Full(offset, data, room);
  }
  file_->Write(offset, data);
  disk_.Done();
  return absl::OkStatus();
}

// As write(2) would: what fits is written.
absl::Status SimFile::Full(uint64_t offset, std::span<const char> data, uint64_t room) {
  ++disk_.counters_.full;
  const uint64_t size_max = file_->size() + room;
  if (size_max > offset) file_->Write(offset, data.first(size_max - offset));
  return absl::ResourceExhaustedError(path_ + ": No space left on device");
}

absl::Status SimFile::Sync() {
  const uint64_t mark = file_->Mark();
  absl::Status status = disk_.Begin(SimDisk::Op::kSync, path_, 0, mark);
  if (!status.ok()) {
    disk_.counters_.sectors_lost += file_->FailSync(disk_.sync_prng_).lost;
    return status;
  }
  if (disk_.lie_on_sync_) {
    ++disk_.counters_.lies;
  } else {
    file_->Sync(mark);
  }
  disk_.Done();
  return absl::OkStatus();
}

absl::Status SimFile::Truncate(uint64_t size) {
  absl::Status status = RequireWritable();
  if (!status.ok()) return status;
  status = disk_.Begin(SimDisk::Op::kTruncate, path_, 0, size);
  if (!status.ok()) return status;
  file_->Truncate(size);
  disk_.Done();
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> SimFile::Size() {
  absl::Status status = disk_.Begin(SimDisk::Op::kSize, path_, 0, 0);
  if (!status.ok()) return status;
  return file_->size();
}

// ---- the disk ----

SimDisk::SimDisk(Trace& trace, NodeIndex node, ExecutorSet& executors, const DiskOptions& options,
                 uint64_t seed)
    : trace_(trace),
      node_(node),
      executors_(executors),
      options_(options),
      latency_prng_(PrngFor(seed, "latency")),
      crash_prng_(PrngFor(seed, "crash")),
      sync_prng_(PrngFor(seed, "sync")),
      short_prng_(PrngFor(seed, "short")),
      rot_prng_(PrngFor(seed, "rot")) {
  live_.dirs.insert("/");
  durable_.dirs.insert("/");
}

absl::StatusOr<std::unique_ptr<env::File>> SimDisk::Open(std::string_view text,
                                                         env::OpenMode mode) {
  absl::Status status = Begin(Op::kOpen, text, static_cast<uint64_t>(mode), HashBytes(text, 0));
  if (!status.ok()) return status;
  const std::string path = Normal(text);
  if (live_.dirs.contains(path)) return IsDirectory(text);
  std::shared_ptr<DiskFile> file = FindFile(path);
  const bool must_exist = mode == env::OpenMode::kRead || mode == env::OpenMode::kReadWrite;
  if (file == nullptr) {
    if (must_exist || !live_.dirs.contains(Parent(path))) return NoSuchFile(text);
    file = NewFile();
    Change(NameChange{NameOp::kLink, path, {}, file});
  } else if (mode == env::OpenMode::kCreateNew) {
    return absl::AlreadyExistsError(std::string(text) + ": File exists");
  } else if (mode == env::OpenMode::kCreateOrTrim && file->size() > 0) {
    file->Truncate(0);
  }
  Done();
  return std::make_unique<SimFile>(*this, std::string(text), std::move(file),
                                   mode != env::OpenMode::kRead);
}

absl::Status SimDisk::Rename(std::string_view from_text, std::string_view to_text) {
  absl::Status status = Begin(Op::kRename, from_text, 0, HashBytes(to_text, 0));
  if (!status.ok()) return status;
  const std::string from = Normal(from_text);
  const std::string to = Normal(to_text);
  for (const auto& [path, text] : {std::pair(from, from_text), std::pair(to, to_text)}) {
    if (live_.dirs.contains(path)) return IsDirectory(text);
  }
  std::shared_ptr<DiskFile> file = FindFile(from);
  if (file == nullptr) return NoSuchFile(from_text);
  if (!live_.dirs.contains(Parent(to))) return NoSuchFile(to_text);
  if (from != to) Change(NameChange{NameOp::kRename, from, to, std::move(file)});
  Done();
  return absl::OkStatus();
}

absl::Status SimDisk::Remove(std::string_view text) {
  absl::Status status = Begin(Op::kRemove, text, 0, HashBytes(text, 0));
  if (!status.ok()) return status;
  const std::string path = Normal(text);
  if (live_.dirs.contains(path)) return IsDirectory(text);
  if (FindFile(path) == nullptr) return NoSuchFile(text);
  Change(NameChange{NameOp::kUnlink, path, {}, nullptr});
  Done();
  return absl::OkStatus();
}

absl::Status SimDisk::MakeDir(std::string_view text) {
  absl::Status status = Begin(Op::kMakeDir, text, 0, HashBytes(text, 0));
  if (!status.ok()) return status;
  const std::string path = Normal(text);
  if (live_.dirs.contains(path)) return absl::OkStatus();
  if (FindFile(path) != nullptr) {
    return absl::AlreadyExistsError(std::string(text) + ": File exists");
  }
  if (!live_.dirs.contains(Parent(path))) return NoSuchFile(text);
  Change(NameChange{NameOp::kMakeDir, path, {}, nullptr});
  Done();
  return absl::OkStatus();
}

absl::Status SimDisk::SyncDir(std::string_view text) {
  absl::Status status = Begin(Op::kSyncDir, text, 0, HashBytes(text, 0));
  if (!status.ok()) return status;
  const std::string dir = Normal(text);
  if (!live_.dirs.contains(dir)) return NoSuchFile(text);
  if (lie_on_sync_) {
    ++counters_.lies;
    return absl::OkStatus();
  }
  std::vector<NameChange> others;
  for (NameChange& change : pending_names_) {
    const bool here =
        Parent(change.path) == dir || (change.op == NameOp::kRename && Parent(change.to) == dir);
    if (here) {
      Apply(change, durable_);
    } else {
      others.push_back(std::move(change));
    }
  }
  pending_names_ = std::move(others);
  Done();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> SimDisk::List(std::string_view text) {
  absl::Status status = Begin(Op::kList, text, 0, HashBytes(text, 0));
  if (!status.ok()) return status;
  const std::string dir = Normal(text);
  if (!live_.dirs.contains(dir)) return NoSuchFile(text);
  std::vector<std::string> names;
  auto add = [&](const std::string& path) {
    if (path != "/" && Parent(path) == dir) names.push_back(path.substr(path.rfind('/') + 1));
  };
  for (const auto& [path, file] : live_.files) add(path);
  for (const std::string& path : live_.dirs) add(path);
  std::sort(names.begin(), names.end());
  return names;
}

// ---- names ----

// Absolute, without "." and "..", no slash at the end. The working directory is the root.
std::string SimDisk::Normal(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  std::string normal;
  for (const std::string_view part : parts) normal.append("/").append(part);
  return normal.empty() ? "/" : normal;
}

std::string SimDisk::Parent(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

void SimDisk::Apply(const NameChange& change, Names& names) {
  switch (change.op) {
    case NameOp::kLink:
      names.files[change.path] = change.file;
      return;
    case NameOp::kUnlink:
      names.files.erase(change.path);
      return;
    case NameOp::kRename:  // D2
      names.files.erase(change.path);
      names.files[change.to] = change.file;
      return;
    case NameOp::kMakeDir:
      names.dirs.insert(change.path);
      return;
  }
}

void SimDisk::Change(NameChange change) {
  Apply(change, live_);
  pending_names_.push_back(std::move(change));
}

std::shared_ptr<DiskFile> SimDisk::FindFile(const std::string& path) const {
  const auto found = live_.files.find(path);
  return found == live_.files.end() ? nullptr : found->second;
}

std::shared_ptr<DiskFile> SimDisk::NewFile() {
  std::erase_if(all_files_, [](const auto& entry) { return entry.second.expired(); });
  auto file = std::make_shared<DiskFile>(next_file_id_++);
  all_files_[file->id()] = file;
  return file;
}

uint64_t SimDisk::UsedBytes() const {
  uint64_t used = 0;
  for (const auto& [id, weak] : all_files_) {
    if (const std::shared_ptr<DiskFile> file = weak.lock()) used += file->size();
  }
  return used;
}

// ---- time and faults ----

absl::Status SimDisk::IoError(Op op, std::string_view path) {
  const bool sync = op == Op::kSync || op == Op::kSyncDir;
  ++counters_.errors;
  if (sync) ++counters_.failed_syncs;
  trace_.Add(TraceKind::kDiskError, node_, static_cast<uint64_t>(op), 0);
  return absl::DataLossError(std::string(path) + ": Input/output error");
}

absl::Status SimDisk::Begin(Op op, std::string_view path, uint64_t bytes, uint64_t hash) {
  const bool sync = op == Op::kSync || op == Op::kSyncDir;
  const Duration latency =
      sync ? options_.sync_latency.Draw(latency_prng_) : options_.latency.Draw(latency_prng_);
  executors_.SleepWorld(latency + extra_latency_);
  if (dying_ || die_after_) Die();
  if (extra_latency_ > Duration{0}) ++counters_.slowed;
  ++counters_.operations;
  trace_.Add(TraceKind::kDiskOp, node_, static_cast<uint16_t>(executors_.Current()),
             static_cast<uint64_t>(op) << 56 | bytes, hash);
  if (counters_.operations == crash_at_) {
    if (crash_side_ == CrashSide::kBefore) Die();
    die_after_ = true;
  }
  if (fail_next_ > 0) {
    --fail_next_;
    return IoError(op, path);
  }
  if (sync && fail_next_syncs_ > 0) {
    --fail_next_syncs_;
    return IoError(op, path);
  }
  return absl::OkStatus();
}

void SimDisk::CrashAtOperation(uint64_t operation, CrashSide side, std::function<void()> reached) {
  crash_at_ = operation;
  crash_side_ = side;
  crash_reached_ = std::move(reached);
}

void SimDisk::Done() {
  if (die_after_) Die();
}

// The calling fiber never runs again: it is unwound by the crash.
void SimDisk::Die() {
  if (!dying_) {
    dying_ = true;
    ++counters_.crash_points;
    if (crash_reached_) std::exchange(crash_reached_, nullptr)();
  }
  for (;;) executors_.Park(Instant::Never());
}

void SimDisk::Crash(UnsyncedFate fate) {
  dying_ = false;
  die_after_ = false;
  if (fate == UnsyncedFate::kAll) return;
  SyncTally bytes;
  for (const auto& [id, weak] : all_files_) {
    const std::shared_ptr<DiskFile> file = weak.lock();
    if (file == nullptr) continue;
    const SyncTally tally = file->Crash(fate, crash_prng_);
    bytes.kept += tally.kept;
    bytes.lost += tally.lost;
    counters_.writes_torn += tally.torn;
    counters_.writes_reordered += tally.reordered;
    counters_.sectors_reordered += tally.sectors_reordered;
  }
  const uint64_t prefix = crash_prng_.Below(pending_names_.size() + 1);
  uint64_t seen = 0;
  for (const NameChange& change : pending_names_) {
    bool kept = false;
    if (fate == UnsyncedFate::kPrefix) kept = seen < prefix;
    if (fate == UnsyncedFate::kRandom) kept = (crash_prng_.Next() & 1) != 0;
    ++seen;
    if (kept) {
      Apply(change, durable_);
    } else {
      ++counters_.names_lost;
    }
  }
  pending_names_.clear();
  // Names in a directory that is lost are lost with it. Sorted, so parents come first.
  std::erase_if(durable_.dirs, [&](const std::string& dir) {
    return dir != "/" && !durable_.dirs.contains(Parent(dir));
  });
  std::erase_if(durable_.files,
                [&](const auto& entry) { return !durable_.dirs.contains(Parent(entry.first)); });
  live_ = durable_;
  counters_.sectors_lost += bytes.lost;
  trace_.Add(TraceKind::kDiskCrash, node_, bytes.kept, bytes.lost);
}

void SimDisk::Wipe() {
  pending_names_.clear();
  live_ = Names{{}, {"/"}};
  durable_ = live_;
  trace_.Add(TraceKind::kDiskCrash, node_, 0, 0);
}

void SimDisk::Swap(SimDisk& other) {
  std::swap(live_, other.live_);
  std::swap(durable_, other.durable_);
  std::swap(pending_names_, other.pending_names_);
  std::swap(all_files_, other.all_files_);
  std::swap(next_file_id_, other.next_file_id_);
  trace_.Add(TraceKind::kDiskCrash, node_, other.node_.value, 0);
}

bool SimDisk::RotRandomBit() { return RotTail(kUnlimited); }

bool SimDisk::RotTail(uint64_t tail_bytes) {
  std::vector<std::shared_ptr<DiskFile>> files;
  for (const auto& [path, file] : live_.files) {
    if (file->size() > 0) files.push_back(file);
  }
  if (files.empty()) return false;
  DiskFile& file = *files[static_cast<size_t>(rot_prng_.Below(files.size()))];
  const uint64_t tail = std::min(tail_bytes, file.size());
  const uint64_t offset = file.size() - tail + rot_prng_.Below(tail);
  ++counters_.bits_flipped;
  file.FlipBit(offset, static_cast<int>(rot_prng_.Below(8)));
  return true;
}

bool SimDisk::FlipBit(std::string_view path, uint64_t offset, int bit) {
  const std::shared_ptr<DiskFile> file = FindFile(Normal(path));
  if (file == nullptr || offset >= file->size()) return false;
  file->FlipBit(offset, bit);
  ++counters_.bits_flipped;
  return true;
}

bool SimDisk::Exists(std::string_view path) const { return FindFile(Normal(path)) != nullptr; }

std::string SimDisk::Contents(std::string_view path) const {
  const std::shared_ptr<DiskFile> file = FindFile(Normal(path));
  if (file == nullptr) return "";
  std::string bytes(file->size(), '\0');
  file->Read(0, std::span<char>(bytes.data(), bytes.size()));
  return bytes;
}

}  // namespace norn::sim
