#include "engine/persist/aof_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/cover.h"
#include "engine/base/plant.h"
#include "engine/base/status.h"
#include "engine/persist/aof_block.h"
#include "engine/persist/aof_cut.h"
#include "engine/persist/command_reader.h"
#include "engine/persist/file_source.h"

namespace norn::persist {
namespace {

constexpr uint64_t kProgressStepBytes = 2 * 1024 * 1024;
constexpr std::string_view kRepairAdvice =
    "Make a copy of the directory, then run redis-check-aof --fix (or valkey-check-aof --fix) on "
    "the "
    "manifest.";

bool IsWord(std::string_view word, std::string_view upper) {
  return std::equal(word.begin(), word.end(), upper.begin(), upper.end(),
                    [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 32 : a) == b; });
}

// The commands behind a MULTI, until its EXEC is seen.
class Transaction {
 public:
  bool open() const { return open_; }
  size_t commands() const { return counts_.size(); }
  const AofCut& begin() const { return begin_; }

  void Open(const AofCut& begin) {
    open_ = true;
    begin_ = begin;
  }
  void Add(std::span<const std::string_view> words) {
    counts_.push_back(words.size());
    for (const std::string_view word : words) {
      sizes_.push_back(word.size());
      bytes_.append(word);
    }
  }
  absl::Status Deliver(AofLoadTarget& target) {
    std::vector<std::string_view> words;
    size_t at = 0;
    size_t word = 0;
    absl::Status status;
    for (size_t i = 0; i < counts_.size() && status.ok(); ++i) {
      words.clear();
      for (const size_t end = word + counts_[i]; word < end; ++word) {
        words.push_back(std::string_view(bytes_).substr(at, sizes_[word]));
        at += sizes_[word];
      }
      status = target.Apply(words);
    }
    *this = Transaction();
    return status;
  }

 private:
  bool open_ = false;
  AofCut begin_;
  std::string bytes_;
  std::vector<size_t> sizes_;   // of each word
  std::vector<size_t> counts_;  // of words of each command
};

// Whether a file of the log holds more than the line that a new file begins with.
absl::StatusOr<bool> HoldsCommands(env::Disk& disk, const std::string& path) {
  const absl::StatusOr<std::unique_ptr<env::File>> file = disk.Open(path, env::OpenMode::kRead);
  if (!file.ok()) return file.status();
  const absl::StatusOr<uint64_t> size = (*file)->Size();
  if (!size.ok()) return size.status();
  if (*size != AofBlockLine::kBytes) return *size > 0;
  FileSource source(**file);
  CommandReader reader(source, 0, 0);
  return reader.Next() != CommandReader::Outcome::kEnd;
}

class Loader {
 public:
  Loader(env::Disk& disk, const AofNames& names, const AofLoadOptions& options,
         AofLoadTarget& target)
      : disk_(disk), names_(names), options_(options), target_(target) {}

  absl::StatusOr<AofLoadResult> Run();

 private:
  struct LogFile {
    std::string path;
    uint64_t size = 0;
    bool is_base = false;
    bool may_be_torn = false;  // T1
  };
  // Reports progress of the snapshot as it is read.
  class CountingSource : public ByteSource {
   public:
    CountingSource(Loader& loader, ByteSource& source) : loader_(loader), source_(source) {}
    absl::StatusOr<size_t> Read(std::span<char> buf) override {
      absl::StatusOr<size_t> read = source_.Read(buf);
      if (read.ok()) loader_.ReportProgress(done_bytes_ += *read);
      return read;
    }

   private:
    Loader& loader_;
    ByteSource& source_;
    uint64_t done_bytes_ = 0;
  };

  absl::Status FindFiles();
  absl::Status RefuseOrphans();
  absl::Status LoadFile(const LogFile& log_file);
  absl::StatusOr<uint64_t> LoadSnapshot(env::File& file, const LogFile& log_file);
  absl::Status LoadCommands(env::File& file, const LogFile& log_file, uint64_t offset);
  // Applies the command that `reader` holds.
  absl::Status Take(const CommandReader& reader, const LogFile& log_file, Transaction* transaction);
  absl::Status Torn(const LogFile& log_file, const AofCut& cut);
  absl::Status Damage(const LogFile& log_file, uint64_t offset, std::string_view reason) const;
  void ReportProgress(uint64_t done_in_file);

  env::Disk& disk_;
  const AofNames& names_;
  const AofLoadOptions& options_;
  AofLoadTarget& target_;
  AofLoadResult result_;
  std::vector<LogFile> files_;
  uint64_t done_before_file_ = 0;
  uint64_t reported_ = 0;
};

absl::Status Loader::Damage(const LogFile& log_file, uint64_t offset,
                            std::string_view reason) const {
  return absl::DataLossError(fmt::format("{}: damaged at offset {}: {}. {}", log_file.path, offset,
                                         reason, kRepairAdvice));
}

void Loader::ReportProgress(uint64_t done_in_file) {
  const uint64_t done = done_before_file_ + done_in_file;
  if (done < reported_ + kProgressStepBytes) return;
  reported_ = done;
  target_.Progress(done, result_.total_bytes);
}

// Without a manifest nothing says which files are the log. A server that starts afresh here would write over them.
absl::Status Loader::RefuseOrphans() {
  const absl::StatusOr<bool> has_manifest = FileExists(disk_, names_.ManifestPath());
  if (!has_manifest.ok() || *has_manifest) return has_manifest.status();
  const absl::StatusOr<std::vector<std::string>> found = disk_.List(names_.Dir());
  if (absl::IsNotFound(found.status())) return absl::OkStatus();
  if (!found.ok()) return found.status();
  for (const std::string& name : *found) {
    if (!name.starts_with(names_.prefix + ".") || !name.ends_with(".incr.aof")) continue;
    const absl::StatusOr<bool> holds = HoldsCommands(disk_, names_.Path(name));
    if (!holds.ok()) return holds.status();
    // Valkey: starts empty and writes over them.
    if (*holds) {
      return absl::FailedPreconditionError(
          fmt::format("{}: there is no manifest, but {} holds data. Restore the manifest, or move "
                      "the files away to "
                      "start without them.",
                      names_.ManifestPath(), name));
    }
  }
  return absl::OkStatus();
}

absl::Status Loader::FindFiles() {
  const AofManifest& manifest = result_.manifest;
  if (manifest.base) files_.push_back({names_.Path(manifest.base->name), 0, true});
  for (const AofManifest::FileEntry& file : manifest.incrs) {
    files_.push_back({names_.Path(file.name)});
  }
  for (LogFile& log_file : files_) {
    const absl::StatusOr<uint64_t> size = FileSize(disk_, log_file.path);
    if (absl::IsNotFound(size.status())) {
      return absl::DataLossError(fmt::format(
          "{}: the manifest names this file, but it is missing. Restore it from a copy.",
          log_file.path));
    }
    if (!size.ok()) return size.status();
    log_file.size = *size;
    result_.total_bytes += *size;
    if (log_file.is_base) result_.base_bytes = *size;
  }
  for (auto log_file = files_.rbegin(); log_file != files_.rend(); ++log_file) {
    log_file->may_be_torn = true;
    const absl::StatusOr<bool> holds = HoldsCommands(disk_, log_file->path);
    if (!holds.ok()) return holds.status();
    if (*holds) break;
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> Loader::LoadSnapshot(env::File& file, const LogFile& log_file) {
  char magic[6] = {};
  size_t have = 0;
  while (have < sizeof magic) {
    const absl::StatusOr<size_t> read = file.Read(have, std::span(magic).subspan(have));
    if (!read.ok()) return read.status();
    if (*read == 0) break;
    have += *read;
  }
  const std::string_view head(magic, have);
  if (!head.starts_with("REDIS") && !head.starts_with("VALKEY")) {
    if (!log_file.path.ends_with(".rdb")) return 0;
    return Damage(log_file, 0, "not a snapshot");
  }
  FileSource bytes(file);
  CountingSource source(*this, bytes);
  const absl::StatusOr<uint64_t> length = target_.LoadBase(source);
  if (length.ok()) return length;
  return absl::Status(length.status().code(),
                      fmt::format("{}: {}", log_file.path, MessageOf(length.status())));
}

absl::Status Loader::LoadFile(const LogFile& log_file) {
  absl::StatusOr<std::unique_ptr<env::File>> file = disk_.Open(log_file.path, env::OpenMode::kRead);
  if (!file.ok()) return file.status();
  uint64_t offset = 0;
  if (log_file.is_base && log_file.size > 0) {
    const absl::StatusOr<uint64_t> length = LoadSnapshot(**file, log_file);
    if (!length.ok()) return length.status();
    offset = *length;
  }
  return LoadCommands(**file, log_file, offset);
}

absl::Status Loader::Take(const CommandReader& reader, const LogFile& log_file,
                          Transaction* transaction) {
  const std::span<const std::string_view> words = reader.words();
  const bool alone = words.size() == 1;
  if (alone && IsWord(words[0], "MULTI")) {
    if (transaction->open()) return Damage(log_file, reader.begin(), "MULTI inside of MULTI");
    transaction->Open({reader.begin(), reader.block()});
    return absl::OkStatus();
  }
  absl::Status applied;
  if (alone && IsWord(words[0], "EXEC")) {
    if (!transaction->open()) return Damage(log_file, reader.begin(), "EXEC without MULTI");
    ++result_.transactions;
    result_.commands += transaction->commands();
    applied = transaction->Deliver(target_);
  } else if (transaction->open()) {
    transaction->Add(words);
  } else {
    ++result_.commands;
    applied = target_.Apply(words);
  }
  if (applied.ok()) return applied;
  return absl::Status(applied.code(), fmt::format("{}: offset {}: {}", log_file.path,
                                                  reader.begin(), MessageOf(applied)));
}

// T2
AofCut CutBefore(const Transaction& transaction, const CommandReader& reader) {
  if (transaction.open() && !NORN_PLANTED("B63")) {
    NORN_COVER("aof_cut_transaction");
    return transaction.begin();
  }
  return {reader.begin(), reader.block()};
}

absl::Status Loader::LoadCommands(env::File& file, const LogFile& log_file, uint64_t offset) {
  FileSource source(file, offset);
  CommandReader reader(source, offset, options_.word_bytes_max);
  Transaction transaction;
  for (;;) {
    switch (reader.Next()) {
      case CommandReader::Outcome::kCommand: {
        const absl::Status taken = Take(reader, log_file, &transaction);
        if (!taken.ok()) return taken;
        ReportProgress(reader.end());
        break;
      }
      case CommandReader::Outcome::kEnd:
        if (NORN_PLANTED("B63")) return absl::OkStatus();
        if (!transaction.open()) return absl::OkStatus();
        NORN_COVER("aof_cut_transaction");
        return Torn(log_file, transaction.begin());
      case CommandReader::Outcome::kTorn:
        return Torn(log_file, CutBefore(transaction, reader));
      case CommandReader::Outcome::kDamage:
        if (log_file.may_be_torn && reader.LooksTorn()) {  // T4
          return Torn(log_file, CutBefore(transaction, reader));
        }
        return Damage(log_file, reader.damage_offset(), reader.reason());
      case CommandReader::Outcome::kFailed:
        return reader.status();
    }
  }
}

absl::Status Loader::Torn(const LogFile& log_file, const AofCut& cut) {
  if (!log_file.may_be_torn) {  // T1
    return Damage(log_file, cut.offset,
                  "it ends inside a command or transaction, and is not the last file");
  }
  if (!options_.load_truncated) {
    return absl::FailedPreconditionError(
        fmt::format("{}: the file ends inside a command or transaction that begins at offset {} of "
                    "{} bytes. Set "
                    "aof-load-truncated to yes to cut it there, or do so by hand: {}",
                    log_file.path, cut.offset, log_file.size, kRepairAdvice));
  }
  absl::StatusOr<std::unique_ptr<env::File>> file =
      disk_.Open(log_file.path, env::OpenMode::kReadWrite);
  if (!file.ok()) return file.status();
  const absl::StatusOr<uint64_t> size = CutLogFile(**file, cut);  // T3
  if (!size.ok()) return size.status();
  NORN_COVER("aof_cut_torn");
  result_.cut_path = log_file.path;
  result_.cut_offset = *size;
  result_.cut_bytes = log_file.size - *size;
  result_.total_bytes -= result_.cut_bytes;
  if (log_file.is_base) result_.base_bytes = *size;
  return absl::OkStatus();
}

absl::StatusOr<AofLoadResult> Loader::Run() {
  absl::StatusOr<AofManifest> manifest = LoadManifest(disk_, names_);
  if (!manifest.ok()) return manifest.status();
  const absl::StatusOr<bool> upgraded = UpgradeOldStyleLog(disk_, names_, &*manifest);
  if (!upgraded.ok()) return upgraded.status();
  result_.upgraded = *upgraded;
  result_.manifest = *std::move(manifest);
  if (result_.manifest.empty()) {
    const absl::Status status = RefuseOrphans();
    if (!status.ok()) return status;
  }
  absl::Status status = FindFiles();
  for (size_t i = 0; i < files_.size() && status.ok(); ++i) {
    status = LoadFile(files_[i]);
    done_before_file_ += files_[i].size;
  }
  if (!status.ok()) return status;
  target_.Progress(result_.total_bytes, result_.total_bytes);
  return std::move(result_);
}

}  // namespace

absl::StatusOr<AofLoadResult> LoadAof(env::Disk& disk, const AofNames& names,
                                      const AofLoadOptions& options, AofLoadTarget& target) {
  return Loader(disk, names, options, target).Run();
}

}  // namespace norn::persist
