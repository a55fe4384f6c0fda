#pragma once
// A disk in memory for tests of formats: no fibers, no time, nothing is ever lost. Calls may be told to fail, and what they
// did is listed. What a crash leaves is tested on sim::SimDisk, in scenarios/.

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/env/disk.h"
#include "engine/persist/byte_source.h"

namespace norn::persist {

class MemoryDisk : public env::Disk {
 public:
  // The files by path as given, and what was called since the last look: "rename a b", "sync a", ...
  std::map<std::string, std::shared_ptr<std::string>> files;
  std::set<std::string> dirs = {"."};
  std::vector<std::string> calls;

  // The call that begins so fails, from now on; empty: none does.
  std::string fail_call;
  // After that many calls all fail.
  std::optional<size_t> calls_left;

  void Put(const std::string& path, std::string_view bytes) {
    files[path] = std::make_shared<std::string>(bytes);
  }
  std::string Get(const std::string& path) const {
    const auto found = files.find(path);
    return found == files.end() ? "(none)" : *found->second;
  }

  absl::StatusOr<std::unique_ptr<env::File>> Open(std::string_view path,
                                                  env::OpenMode mode) override {
    const std::string name(path);
    if (mode != env::OpenMode::kRead) {
      const absl::Status status = Begin("open " + name);
      if (!status.ok()) return status;
    }
    const bool must_exist = mode == env::OpenMode::kRead || mode == env::OpenMode::kReadWrite;
    if (!files.contains(name)) {
      if (must_exist || !dirs.contains(Parent(name))) return NotFound(name);
      Put(name, "");
    } else if (mode == env::OpenMode::kCreateNew) {
      return absl::AlreadyExistsError(name + ": File exists");
    }
    if (mode == env::OpenMode::kCreateOrTrim) files[name]->clear();
    return std::make_unique<MemoryFile>(*this, name, files[name]);
  }

  absl::Status Rename(std::string_view from, std::string_view to) override {
    const absl::Status status = Begin("rename " + std::string(from) + " " + std::string(to));
    if (!status.ok()) return status;
    const auto found = files.find(std::string(from));
    if (found == files.end()) return NotFound(std::string(from));
    const std::shared_ptr<std::string> bytes = found->second;
    files.erase(found);
    files[std::string(to)] = bytes;
    return absl::OkStatus();
  }

  absl::Status Remove(std::string_view path) override {
    const absl::Status status = Begin("remove " + std::string(path));
    if (!status.ok()) return status;
    return files.erase(std::string(path)) == 1 ? absl::OkStatus() : NotFound(std::string(path));
  }

  absl::Status MakeDir(std::string_view path) override {
    const absl::Status status = Begin("mkdir " + std::string(path));
    if (status.ok()) dirs.insert(std::string(path));
    return status;
  }

  absl::Status SyncDir(std::string_view path) override {
    return Begin("syncdir " + std::string(path));
  }

  absl::StatusOr<std::vector<std::string>> List(std::string_view path) override {
    if (!dirs.contains(std::string(path))) return NotFound(std::string(path));
    std::vector<std::string> names;
    for (const auto& [name, bytes] : files) {
      if (Parent(name) == path) names.push_back(name.substr(name.rfind('/') + 1));
    }
    return names;
  }

 private:
  class MemoryFile : public env::File {
   public:
    MemoryFile(MemoryDisk& disk, std::string path, std::shared_ptr<std::string> bytes)
        : disk_(disk), path_(std::move(path)), bytes_(std::move(bytes)) {}

    absl::StatusOr<size_t> Read(uint64_t offset, std::span<char> buf) override {
      if (offset >= bytes_->size()) return 0;
      const size_t count = std::min<size_t>(buf.size(), bytes_->size() - offset);
      std::memcpy(buf.data(), bytes_->data() + offset, count);
      return count;
    }
    absl::Status Write(uint64_t offset, std::span<const char> data) override {
      const absl::Status status = disk_.Begin("write " + path_);
      if (!status.ok()) return status;
      if (bytes_->size() < offset + data.size()) bytes_->resize(offset + data.size());
      std::copy(data.begin(), data.end(), bytes_->begin() + static_cast<std::ptrdiff_t>(offset));
      return absl::OkStatus();
    }
    absl::Status Sync() override { return disk_.Begin("sync " + path_); }
    absl::Status Truncate(uint64_t size) override {
      const absl::Status status = disk_.Begin("truncate " + path_);
      if (status.ok()) bytes_->resize(size);
      return status;
    }
    absl::StatusOr<uint64_t> Size() override { return bytes_->size(); }

   private:
    MemoryDisk& disk_;
    const std::string path_;
    const std::shared_ptr<std::string> bytes_;
  };

  absl::Status Begin(const std::string& call) {
    const bool chosen = !fail_call.empty() && call.starts_with(fail_call);
    if (chosen || (calls_left && *calls_left == 0)) {
      return absl::DataLossError(call + ": Input/output error");
    }
    if (calls_left) --*calls_left;
    calls.push_back(call);
    return absl::OkStatus();
  }
  static std::string Parent(const std::string& path) { return path.substr(0, path.rfind('/')); }
  static absl::Status NotFound(const std::string& path) {
    return absl::NotFoundError(path + ": No such file or directory");
  }
};

// A string as a source that gives at most `piece` bytes at a time.
class StringSource : public ByteSource {
 public:
  explicit StringSource(std::string_view bytes, size_t piece = SIZE_MAX)
      : bytes_(bytes), piece_(piece) {}

  absl::StatusOr<size_t> Read(std::span<char> buf) override {
    const size_t count = std::min({buf.size(), bytes_.size(), piece_});
    if (count > 0) std::memcpy(buf.data(), bytes_.data(), count);
    bytes_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view bytes_;
  const size_t piece_;
};

}  // namespace norn::persist
