#pragma once
// A disk for tests of formats: files in memory, each with what a crash would keep of it. Every call that changes something is
// a boundary: the disk can be told to die before the n-th one, after which all calls fail, and can then be looked at in each
// of the states that a crash may leave.

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/env/disk.h"

namespace norn::persist {

class FakeDisk : public env::Disk {
  struct Inode {
    std::string now;     // as the running system sees it
    std::string synced;  // as Sync left it
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  class OpenFile : public env::File {
   public:
    OpenFile(FakeDisk& disk, std::shared_ptr<Inode> inode)
        : disk_(disk), inode_(std::move(inode)) {}

    absl::StatusOr<size_t> Read(uint64_t offset, std::span<char> buf) override {
      if (offset >= inode_->now.size()) return 0;
      return inode_->now.copy(buf.data(), buf.size(), offset);
    }
    absl::Status Write(uint64_t offset, std::span<const char> data) override {
      if (absl::Status step = disk_.Step("write"); !step.ok()) return step;
      inode_->now.resize(std::max<size_t>(inode_->now.size(), offset + data.size()));
      std::copy(data.begin(), data.end(), inode_->now.begin() + static_cast<int64_t>(offset));
      return absl::OkStatus();
    }
    absl::Status Sync() override {
      if (absl::Status step = disk_.Step("sync"); !step.ok()) return step;
      inode_->synced = inode_->now;
      return absl::OkStatus();
    }
    absl::Status Truncate(uint64_t size) override {
      if (absl::Status step = disk_.Step("truncate"); !step.ok()) return step;
      inode_->now.resize(size);
      return absl::OkStatus();
    }
    absl::StatusOr<uint64_t> Size() override { return inode_->now.size(); }

   private:
    FakeDisk& disk_;
    std::shared_ptr<Inode> inode_;
  };

 public:
  // The n-th change from now (1: the next) and all after it fail.
  void DieAt(size_t change) { die_at_ = changes_ + change; }
  // The next change of that name fails, that one only: open write sync truncate rename remove syncdir.
  void FailNext(std::string_view name) { fail_next_ = name; }
  size_t changes() const { return changes_; }

  // A file after a crash at this moment, had the folder's changes been kept or not, and those of files; nullptr: not there.
  enum class Kept : bool { kSynced, kAll };
  const std::string* AfterCrash(const std::string& path, Kept names, Kept data) const {
    const Names& kept = names == Kept::kAll ? names_ : synced_names_;
    const auto found = kept.find(path);
    if (found == kept.end()) return nullptr;
    return data == Kept::kAll ? &found->second->now : &found->second->synced;
  }
  const std::string* Contents(const std::string& path) const {
    return AfterCrash(path, Kept::kAll, Kept::kAll);
  }
  void Put(const std::string& path, std::string contents) {
    names_[path] = std::make_shared<Inode>(contents, contents);
    synced_names_[path] = names_[path];
  }

  absl::StatusOr<std::unique_ptr<env::File>> Open(std::string_view path,
                                                  env::OpenMode mode) override {
    const std::string name(path);
    const bool exists = names_.contains(name);
    const bool creates = mode >= env::OpenMode::kCreate;
    if (!exists && !creates) return absl::NotFoundError(name);
    if (exists && mode == env::OpenMode::kCreateNew) return absl::AlreadyExistsError(name);
    if (creates) {
      if (absl::Status step = Step("open"); !step.ok()) return step;
      if (!exists) names_[name] = std::make_shared<Inode>();
      if (mode == env::OpenMode::kCreateOrTrim) names_[name]->now.clear();
    }
    return std::make_unique<OpenFile>(*this, names_[name]);
  }
  absl::Status Rename(std::string_view from, std::string_view to) override {
    if (absl::Status step = Step("rename"); !step.ok()) return step;
    const auto found = names_.find(std::string(from));
    if (found == names_.end()) return absl::NotFoundError(std::string(from));
    names_[std::string(to)] = found->second;
    names_.erase(found);
    return absl::OkStatus();
  }
  absl::Status Remove(std::string_view path) override {
    if (absl::Status step = Step("remove"); !step.ok()) return step;
    return names_.erase(std::string(path)) == 1 ? absl::OkStatus()
                                                : absl::NotFoundError(std::string(path));
  }
  absl::Status MakeDir(std::string_view) override { return absl::OkStatus(); }
  // One folder for all.
  absl::Status SyncDir(std::string_view path) override {
    if (absl::Status step = Step("syncdir"); !step.ok()) return step;
    synced_folders.emplace_back(path);
    synced_names_ = names_;
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<std::string>> List(std::string_view) override {
    std::vector<std::string> all;
    for (const auto& [name, inode] : names_) all.push_back(name);
    return all;
  }

  std::vector<std::string> synced_folders;

 private:
  absl::Status Step(std::string_view name) {
    ++changes_;
    if (die_at_ != 0 && changes_ >= die_at_) return absl::DataLossError("the disk is gone");
    if (!fail_next_.empty() && fail_next_ == name) {
      fail_next_.clear();
      return absl::DataLossError("Input/output error");
    }
    return absl::OkStatus();
  }

  Names names_;
  Names synced_names_;
  size_t changes_ = 0;
  size_t die_at_ = 0;
  std::string fail_next_;
};

}  // namespace norn::persist
