#include "server/real_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "server/errno_status.h"

namespace norn::server {
namespace {

constexpr mode_t kFileMode = 0644;
constexpr mode_t kDirMode = 0755;

// Runs `call()` on the pool and gives its result.
template <typename Call>
auto OnPool(IoPool& pool, Call call) {
  decltype(call()) result;
  pool.Run([&] { result = call(); });
  return result;
}

// The result of a call that gives 0 or -1 and errno.
absl::Status StatusOf(int result, std::string_view path, std::string_view what) {
  if (result == 0) return absl::OkStatus();
  return ErrnoStatus(errno, std::string(path) + ": " + std::string(what));
}

class RealFile : public env::File {
 public:
  RealFile(IoPool& pool, int fd, std::string path) : pool_(pool), fd_(fd), path_(std::move(path)) {}
  RealFile(const RealFile&) = delete;
  RealFile& operator=(const RealFile&) = delete;
  ~RealFile() override { close(fd_); }

  absl::StatusOr<size_t> Read(uint64_t offset, std::span<char> buf) override {
    return OnPool(pool_, [&] { return ReadNow(offset, buf); });
  }
  absl::Status Write(uint64_t offset, std::span<const char> data) override {
    return OnPool(pool_, [&] { return WriteNow(offset, data); });
  }
  absl::Status Sync() override {
    return OnPool(pool_, [&] { return StatusOf(fdatasync(fd_), path_, "fdatasync"); });
  }
  absl::Status Truncate(uint64_t size) override {
    return OnPool(pool_, [&] {
      return StatusOf(ftruncate(fd_, static_cast<off_t>(size)), path_, "ftruncate");
    });
  }
  absl::StatusOr<uint64_t> Size() override {
    return OnPool(pool_, [&]() -> absl::StatusOr<uint64_t> {
      struct stat info;
      if (fstat(fd_, &info) != 0) return ErrnoStatus(errno, path_ + ": fstat");
      return static_cast<uint64_t>(info.st_size);
    });
  }

 private:
  absl::Status Failed(const char* what, uint64_t offset) const {
    return ErrnoStatus(errno, path_ + ": " + what + " at " + std::to_string(offset));
  }

  absl::StatusOr<size_t> ReadNow(uint64_t offset, std::span<char> buf) {
    size_t done = 0;
    while (done < buf.size()) {
      const ssize_t n =
          pread(fd_, buf.data() + done, buf.size() - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Failed("read", offset + done);
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

  absl::Status WriteNow(uint64_t offset, std::span<const char> data) {
    size_t done = 0;
    while (done < data.size()) {
      const ssize_t n =
          pwrite(fd_, data.data() + done, data.size() - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Failed("write", offset + done);
      done += static_cast<size_t>(n);
    }
    return absl::OkStatus();
  }

  IoPool& pool_;
  const int fd_;
  const std::string path_;
};

int FlagsOf(env::OpenMode mode) {
  switch (mode) {
    case env::OpenMode::kRead:
      return O_RDONLY;
    case env::OpenMode::kReadWrite:
      return O_RDWR;
    case env::OpenMode::kCreate:
      return O_RDWR | O_CREAT;
    case env::OpenMode::kCreateNew:
      return O_RDWR | O_CREAT | O_EXCL;
    case env::OpenMode::kCreateOrTrim:
      return O_RDWR | O_CREAT | O_TRUNC;
  }
  return O_RDONLY;
}

absl::Status SyncDirNow(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, path + ": open");
  absl::Status status = StatusOf(fsync(fd), path, "fsync");
  close(fd);
  return status;
}

absl::Status MakeDirNow(const std::string& path) {
  if (mkdir(path.c_str(), kDirMode) == 0) return absl::OkStatus();
  const int error = errno;
  struct stat info;
  const bool is_there = error == EEXIST && stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
  return is_there ? absl::OkStatus() : ErrnoStatus(error, path + ": mkdir");
}

absl::StatusOr<std::vector<std::string>> ListNow(const std::string& path) {
  DIR* dir = opendir(path.c_str());
  if (dir == nullptr) return ErrnoStatus(errno, path + ": opendir");
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  const int error = errno;
  closedir(dir);
  if (error != 0) return ErrnoStatus(error, path + ": readdir");
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

absl::StatusOr<std::unique_ptr<env::File>> RealDisk::Open(std::string_view path,
                                                          env::OpenMode mode) {
  std::string name(path);
  return OnPool(pool_, [&]() -> absl::StatusOr<std::unique_ptr<env::File>> {
    const int fd = open(name.c_str(), FlagsOf(mode) | O_CLOEXEC, kFileMode);
    if (fd < 0) return ErrnoStatus(errno, name + ": open");
    return std::unique_ptr<env::File>(new RealFile(pool_, fd, name));
  });
}

absl::Status RealDisk::Rename(std::string_view from, std::string_view to) {
  const std::string old_name(from);
  const std::string new_name(to);
  return OnPool(pool_, [&] {
    return StatusOf(rename(old_name.c_str(), new_name.c_str()), old_name, "rename to " + new_name);
  });
}

absl::Status RealDisk::Remove(std::string_view path) {
  const std::string name(path);
  return OnPool(pool_, [&] { return StatusOf(std::remove(name.c_str()), name, "remove"); });
}

absl::Status RealDisk::MakeDir(std::string_view path) {
  const std::string name(path);
  return OnPool(pool_, [&] { return MakeDirNow(name); });
}

absl::Status RealDisk::SyncDir(std::string_view path) {
  const std::string name(path);
  return OnPool(pool_, [&] { return SyncDirNow(name); });
}

absl::StatusOr<std::vector<std::string>> RealDisk::List(std::string_view path) {
  const std::string name(path);
  return OnPool(pool_, [&] { return ListNow(name); });
}

absl::Status RealDisk::Lock(std::string_view path) {
  const std::string name(path);
  return OnPool(pool_, [&] { return LockNow(name); });
}

absl::Status RealDisk::LockNow(const std::string& path) {
  const std::lock_guard guard(locks_mutex_);
  if (locks_.contains(path)) return absl::OkStatus();
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode);
  if (fd < 0) return ErrnoStatus(errno, path + ": open");
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
    locks_[path] = fd;
    return absl::OkStatus();
  }
  const int error = errno;
  close(fd);
  if (error != EWOULDBLOCK) return ErrnoStatus(error, path + ": flock");
  return absl::FailedPreconditionError(path + ": another process has the lock");
}

}  // namespace norn::server
