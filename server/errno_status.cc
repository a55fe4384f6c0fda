#include "server/errno_status.h"

#include <cerrno>
#include <system_error>

namespace norn::server {
namespace {

absl::StatusCode CodeOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case EPFNOSUPPORT:
    case EPROTONOSUPPORT:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return absl::StatusCode::kNotFound;
    case EEXIST:
    case ENOTEMPTY:
    case EADDRINUSE:
      return absl::StatusCode::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::StatusCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
      return absl::StatusCode::kResourceExhausted;
    case EIO:
      return absl::StatusCode::kDataLoss;
    case EISDIR:
      return absl::StatusCode::kFailedPrecondition;
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP:
      return absl::StatusCode::kInvalidArgument;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

}  // namespace

std::string ErrnoText(int error) { return std::generic_category().message(error); }

absl::Status ErrnoStatus(int error, std::string_view what) {
  return absl::Status(CodeOf(error), std::string(what) + ": " + ErrnoText(error));
}

}  // namespace norn::server
