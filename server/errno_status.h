#pragma once
// The kernel's error numbers as text and as status.

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace norn::server {

// What strerror says, from any thread.
std::string ErrnoText(int error);

// "<what>: <strerror>" with the codes that engine/env/disk.h and network.h promise:
//   NotFound ENOENT ENOTDIR EADDRNOTAVAIL EAFNOSUPPORT   AlreadyExists EEXIST ENOTEMPTY EADDRINUSE
//   PermissionDenied EACCES EPERM EROFS                  DataLoss EIO
//   ResourceExhausted ENOSPC EDQUOT EFBIG EMFILE ENFILE ENOMEM ENOBUFS
//   FailedPrecondition EISDIR                            InvalidArgument EINVAL ENAMETOOLONG ELOOP
//   Unavailable everything else (connection refused)
absl::Status ErrnoStatus(int error, std::string_view what);

}  // namespace norn::server
