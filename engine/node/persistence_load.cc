// The start: the data comes from the append-only log if there is one and it is on, else from the snapshot file.

#include <fmt/format.h>

#include "engine/base/plant.h"
#include "engine/base/status.h"
#include "engine/node/persistence.h"
#include "engine/persist/aof_loader.h"
#include "engine/persist/file_source.h"

namespace norn {
namespace {

constexpr Duration kProgressPeriod = Duration::Seconds(1);

double Megabytes(uint64_t bytes) { return static_cast<double>(bytes) / (1024.0 * 1024.0); }

// Tells how far a file was read.
class CountingSource : public persist::ByteSource {
 public:
  CountingSource(persist::ByteSource& source, std::function<void(uint64_t)> read)
      : source_(source), read_(std::move(read)) {}
  absl::StatusOr<size_t> Read(std::span<char> buf) override {
    auto count = source_.Read(buf);
    if (count.ok()) read_(total_ += *count);
    return count;
  }

 private:
  persist::ByteSource& source_;
  std::function<void(uint64_t)> read_;
  uint64_t total_ = 0;
};

}  // namespace

class Persistence::LogTarget : public persist::AofLoadTarget {
 public:
  LogTarget(Persistence& persistence, StagedDataset& dataset)
      : persistence_(persistence), dataset_(dataset) {}

  absl::StatusOr<uint64_t> LoadBase(persist::ByteSource& source) override {
    auto loaded = dataset_.ReadSnapshot(
        source, ReadOptionsOf(persistence_.options(), "base of the append-only log"),
        {.now_ms = persistence_.env().clock().Wall().unix_ms(), .drop_expired = false});
    if (!loaded.ok()) return loaded.status();
    persistence_.NoteLoaded(*loaded);
    return loaded->bytes;
  }
  absl::Status Apply(std::span<const std::string_view> words) override {
    return dataset_.Apply(words);
  }
  void Progress(uint64_t done_bytes, uint64_t total_bytes) override {
    persistence_.Progress(done_bytes, total_bytes);
  }

 private:
  Persistence& persistence_;
  StagedDataset& dataset_;
};

void Persistence::Progress(uint64_t done_bytes, uint64_t total_bytes) {
  loaded_bytes_ = done_bytes;
  loading_total_bytes_ = total_bytes;
  const Instant now = env().clock().Now();
  if (now < next_progress_line_) return;
  next_progress_line_ = now + kProgressPeriod;
  const double seconds = std::max(static_cast<double>((now - loading_began_).ns) / 1e9, 1e-3);
  const double rate = static_cast<double>(done_bytes) / seconds;
  const double left = static_cast<double>(total_bytes - std::min(done_bytes, total_bytes)) / rate;
  log_lines().Notice(
      "Loading: {:.0f}% ({:.1f} of {:.1f} MB), {:.1f} MB/s, {:.0f} s left",
      total_bytes == 0 ? 0.0
                       : 100.0 * static_cast<double>(done_bytes) / static_cast<double>(total_bytes),
      Megabytes(done_bytes), Megabytes(total_bytes), rate / (1024 * 1024), left);
}

void Persistence::NoteLoaded(const StagedDataset::Loaded& loaded) {
  last_load_keys_ = loaded.keys;
  last_load_expired_ = loaded.expired;
}

absl::Status Persistence::LoadSnapshotFile(StagedDataset& dataset, bool* found) {
  const std::string path = options().dbfilename;
  auto file = env().disk().Open(path, env::OpenMode::kRead);
  *found = file.ok();
  if (absl::IsNotFound(file.status())) return absl::OkStatus();
  if (!file.ok()) return file.status();
  auto size = (*file)->Size();
  if (!size.ok()) return size.status();
  persist::FileSource source(**file);
  CountingSource counting(source, [&](uint64_t done) { Progress(done, *size); });
  auto loaded = dataset.ReadSnapshot(
      counting, ReadOptionsOf(options(), path),
      {.now_ms = env().clock().Wall().unix_ms(),
       .warn = [this](std::string_view text) { log_lines().Warning("{}", text); }});
  if (!loaded.ok()) return loaded.status();
  NoteLoaded(*loaded);
  // Data that is loaded again belongs to the history that this node is in already: its replicas stay.
  if (loading_) hooks_.on_loaded(loaded->info);
  return absl::OkStatus();
}

absl::Status Persistence::LoadLog(StagedDataset& dataset, persist::AofLoadResult* result) {
  LogTarget target(*this, dataset);
  auto loaded =
      persist::LoadAof(env().disk(), LogNames(),
                       {.load_truncated = options().aof_load_truncated,
                        .word_bytes_max = static_cast<uint64_t>(options().proto_max_bulk_len)},
                       target);
  if (!loaded.ok()) return loaded.status();
  *result = *std::move(loaded);
  if (result->cut_bytes > 0) {
    log_lines().Warning(
        "The append-only log ended inside a command or transaction: {} bytes were cut off {} at "
        "offset {}",
        result->cut_bytes, result->cut_path, result->cut_offset);
  }
  return absl::OkStatus();
}

absl::Status Persistence::Load() {
  StartLog();
  loading_ = true;
  loading_began_ = next_progress_line_ = env().clock().Now();
  next_progress_line_ = loading_began_ + kProgressPeriod;
  loading_began_unix_s_ = UnixSeconds();
  hooks_.on_condition();
  StagedDataset dataset(states_);
  persist::AofLoadResult log;
  bool from_snapshot = false;
  absl::Status status;
  if (options().appendonly) status = LoadLog(dataset, &log);
  const bool no_log = log.manifest.empty();
  // Valkey: with appendonly on and no log it starts empty, even beside a snapshot. Here the snapshot becomes the log's base.
  if (status.ok() && (!options().appendonly || no_log)) {
    status = LoadSnapshotFile(dataset, &from_snapshot);
  }
  if (!status.ok()) return status;
  found_data_ = from_snapshot || !no_log;
  const uint64_t keys = dataset.KeyCount();
  const bool forgets = NORN_PLANTED("B50") && options().replicaof.host.empty();
  if (!forgets) dataset.Adopt([] {});
  const double seconds = static_cast<double>((env().clock().Now() - loading_began_).ns) / 1e9;
  if (from_snapshot || !no_log) {
    log_lines().Notice("DB loaded from {}: {:.3f} seconds, {} keys",
                       from_snapshot ? "disk" : "append only file", seconds, keys);
  }
  if (options().appendonly) {
    if (no_log && keys > 0) {
      log_->TurnOn();
    } else if (status = log_->Open(log); !status.ok()) {
      return status;
    }
    hooks_.set_journaling(true);
  }
  loading_ = false;
  hooks_.on_condition();
  if (options().appendonly && no_log && keys > 0) BeginBackgroundRewrite();
  return absl::OkStatus();
}

absl::Status Persistence::Reload(bool save) {
  if (save) {
    if (absl::Status saved = Save(); !saved.ok()) return saved;
  }
  StagedDataset dataset(states_);
  bool found = false;
  loading_began_ = env().clock().Now();
  next_progress_line_ = loading_began_ + kProgressPeriod;
  if (absl::Status status = LoadSnapshotFile(dataset, &found); !status.ok()) return status;
  if (!found) return absl::NotFoundError("there is no snapshot to load");
  dataset.Adopt([] {});
  // What was loaded need not be what the log says.
  if (!save && log_->state() != persist::AofLog::State::kOff && !rewriting_)
    BeginBackgroundRewrite();
  return absl::OkStatus();
}

absl::Status Persistence::ReloadLog() {
  if (log_->state() == persist::AofLog::State::kWaitRewrite) {
    return absl::FailedPreconditionError("the append-only log waits for its first rewrite");
  }
  // With the log off, what BGREWRITEAOF has left there is read.
  if (absl::Status flushed = log_->Flush(Instant::Never()); !flushed.ok()) return flushed;
  StagedDataset dataset(states_);
  persist::AofLoadResult loaded;
  loading_began_ = env().clock().Now();
  next_progress_line_ = loading_began_ + kProgressPeriod;
  if (absl::Status status = LoadLog(dataset, &loaded); !status.ok()) return status;
  if (loaded.manifest.empty()) return absl::NotFoundError("there is no append-only log to load");
  dataset.Adopt([] {});
  return absl::OkStatus();
}

}  // namespace norn
