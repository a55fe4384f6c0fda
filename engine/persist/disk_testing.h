#pragma once
// A disk in memory for tests of formats: no fibers, no time. Calls that change something are listed and may be told to fail;
// names and bytes are kept as they are now and as the last syncs left them, to be looked at as after a crash. Finer crashes,
// sector by sector, are tested on sim::SimDisk, in scenarios/.

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <algorithm>
#include <cstdint>
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

namespace norn::persist {

class MemoryDisk : public env::Disk {
  struct Inode {
    std::string now;     // as the running system sees it
    std::string synced;  // as Sync left it
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

 public:
  std::set<std::string> dirs = {"."};
  absl::Status Lock(std::string_view) override { return absl::OkStatus(); }

  // What was called since the last look: "rename a b", "sync a", ...
  std::vector<std::string> calls;

  // The call that begins so fails, from now on; empty: none does.
  std::string fail_call;
  // That one only: fail_call is emptied by it.
  bool fail_once = false;
  // After that many calls all fail.
  std::optional<size_t> calls_left;

  void FailNext(std::string_view call) {
    fail_call = call;
    fail_once = true;
  }

  // Safe at once, its name too.
  void Put(const std::string& path, std::string_view bytes) {
    names_[path] = std::make_shared<Inode>(std::string(bytes), std::string(bytes));
    synced_names_[path] = names_[path];
  }
  void Append(const std::string& path, std::string_view bytes) {
    Put(path, Get(path).append(bytes));
  }
  std::string Get(const std::string& path) const {
    const auto found = names_.find(path);
    return found == names_.end() ? "(none)" : found->second->now;
  }
  void RemoveAll() {
    names_.clear();
    synced_names_.clear();
  }

  // A file after a crash at this moment, had the folders' changes been kept or not, and those of files; "(none)": not there.
  enum class Kept : bool { kSynced, kAll };
  std::string AfterCrash(const std::string& path, Kept names, Kept data) const {
    const Names& kept = names == Kept::kAll ? names_ : synced_names_;
    const auto found = kept.find(path);
    if (found == kept.end()) return "(none)";
    return data == Kept::kAll ? found->second->now : found->second->synced;
  }

  absl::StatusOr<std::unique_ptr<env::File>> Open(std::string_view path,
                                                  env::OpenMode mode) override {
    const std::string name(path);
    if (mode != env::OpenMode::kRead) {
      const absl::Status status = Begin("open " + name);
      if (!status.ok()) return status;
    }
    const bool must_exist = mode == env::OpenMode::kRead || mode == env::OpenMode::kReadWrite;
    if (!names_.contains(name)) {
      if (must_exist || !dirs.contains(Parent(name))) return NotFound(name);
      names_[name] = std::make_shared<Inode>();
    } else if (mode == env::OpenMode::kCreateNew) {
      return absl::AlreadyExistsError(name + ": File exists");
    }
    if (mode == env::OpenMode::kCreateOrTrim) names_[name]->now.clear();
    return std::make_unique<MemoryFile>(*this, name, names_[name]);
  }

  absl::Status Rename(std::string_view from, std::string_view to) override {
    const absl::Status status = Begin("rename " + std::string(from) + " " + std::string(to));
    if (!status.ok()) return status;
    const auto found = names_.find(std::string(from));
    if (found == names_.end()) return NotFound(std::string(from));
    const std::shared_ptr<Inode> inode = found->second;
    names_.erase(found);
    names_[std::string(to)] = inode;
    return absl::OkStatus();
  }

  absl::Status Remove(std::string_view path) override {
    const absl::Status status = Begin("remove " + std::string(path));
    if (!status.ok()) return status;
    return names_.erase(std::string(path)) == 1 ? absl::OkStatus() : NotFound(std::string(path));
  }

  absl::Status MakeDir(std::string_view path) override {
    const absl::Status status = Begin("mkdir " + std::string(path));
    if (status.ok()) dirs.insert(std::string(path));
    return status;
  }

  absl::Status SyncDir(std::string_view path) override {
    const absl::Status status = Begin("syncdir " + std::string(path));
    if (!status.ok()) return status;
    std::erase_if(synced_names_, [&](const auto& file) { return Parent(file.first) == path; });
    for (const auto& [name, inode] : names_) {
      if (Parent(name) == path) synced_names_[name] = inode;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> List(std::string_view path) override {
    if (!dirs.contains(std::string(path))) return NotFound(std::string(path));
    std::vector<std::string> found;
    for (const auto& [name, inode] : names_) {
      if (Parent(name) == path) found.push_back(name.substr(name.rfind('/') + 1));
    }
    return found;
  }

 private:
  class MemoryFile : public env::File {
   public:
    MemoryFile(MemoryDisk& disk, std::string path, std::shared_ptr<Inode> inode)
        : disk_(disk), path_(std::move(path)), inode_(std::move(inode)) {}

    absl::StatusOr<size_t> Read(uint64_t offset, std::span<char> buf) override {
      if (offset >= inode_->now.size()) return 0;
      return inode_->now.copy(buf.data(), buf.size(), offset);
    }
    absl::Status Write(uint64_t offset, std::span<const char> data) override {
      const absl::Status status = disk_.Begin("write " + path_);
      if (!status.ok()) return status;
      inode_->now.resize(std::max<size_t>(inode_->now.size(), offset + data.size()));
      std::copy(data.begin(), data.end(), inode_->now.begin() + static_cast<ptrdiff_t>(offset));
      return absl::OkStatus();
    }
    absl::Status Sync() override {
      const absl::Status status = disk_.Begin("sync " + path_);
      if (status.ok()) inode_->synced = inode_->now;
      return status;
    }
    absl::Status Truncate(uint64_t size) override {
      const absl::Status status = disk_.Begin("truncate " + path_);
      if (status.ok()) inode_->now.resize(size);
      return status;
    }
    absl::StatusOr<uint64_t> Size() override { return inode_->now.size(); }

   private:
    MemoryDisk& disk_;
    const std::string path_;
    const std::shared_ptr<Inode> inode_;
  };

  absl::Status Begin(const std::string& call) {
    const bool chosen = !fail_call.empty() && call.starts_with(fail_call);
    if (chosen && fail_once) fail_call.clear();
    if (chosen || (calls_left && *calls_left == 0)) {
      return absl::DataLossError(call + ": Input/output error");
    }
    if (calls_left) --*calls_left;
    calls.push_back(call);
    return absl::OkStatus();
  }
  static std::string Parent(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash);
  }
  static absl::Status NotFound(const std::string& path) {
    return absl::NotFoundError(path + ": No such file or directory");
  }

  Names names_;
  Names synced_names_;
};

}  // namespace norn::persist
