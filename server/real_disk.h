#pragma once
// Files of the operating system, through the I/O pool.

#include <map>
#include <mutex>
#include <string>

#include "engine/env/disk.h"
#include "server/io_pool.h"

namespace norn::server {

class RealDisk : public env::Disk {
 public:
  explicit RealDisk(IoPool& pool) : pool_(pool) {}

  absl::StatusOr<std::unique_ptr<env::File>> Open(std::string_view path,
                                                  env::OpenMode mode) override;
  absl::Status Rename(std::string_view from, std::string_view to) override;
  absl::Status Remove(std::string_view path) override;
  absl::Status MakeDir(std::string_view path) override;
  absl::Status SyncDir(std::string_view path) override;
  absl::StatusOr<std::vector<std::string>> List(std::string_view path) override;
  absl::Status Lock(std::string_view path) override;

 private:
  absl::Status LockNow(const std::string& path);

  IoPool& pool_;
  std::mutex locks_mutex_;
  std::map<std::string, int> locks_;  // descriptors, never closed: the kernel does, at the end
};

}  // namespace norn::server
