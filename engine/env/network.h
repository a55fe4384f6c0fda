#pragma once
// Reliable, ordered byte streams between parties (TCP and Unix sockets in the real world).
//
// Addresses are text: "127.0.0.1:6379", "[::1]:6379", "unix:/path". Connect also takes a host
// name ("db.example:6379") where the world has names.

#include "engine/base/time.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace norn::env {

enum class IoCode : uint8_t {
  kOk,        // `bytes` were moved
  kEof,       // read: the peer shut its write side and everything before it was read
  kDeadline,  // nothing was moved before the deadline
  kReset,     // the connection is gone (reset by the peer, local Close, timeout of the transport)
};

struct IoResult {
  IoCode code = IoCode::kOk;
  size_t bytes = 0;
  bool ok() const { return code == IoCode::kOk; }
};

struct KeepAlive {
  int idle_s = 0;  // 0: off
};

// One end of a connection. Belongs to the executor on which Accept or Connect returned it; all
// calls come from there. One fiber may be in Read while another is in Write. Destroying it closes
// it; no fiber may be inside then.
class Stream {
 public:
  virtual ~Stream() = default;

  // Moves between 1 and buf.size() bytes, as many as are there; parks while there are none.
  // deadline Instant::Past(): does not park, kDeadline when there are none. An empty buf waits
  // until a Read would not park, and moves nothing (kOk, bytes 0): an idle connection needs no
  // buffer. kEof and kReset are reported by it as well.
  virtual IoResult Read(std::span<char> buf, Instant deadline) = 0;

  // Moves between 1 and buf.size() bytes to the transport; parks while it takes none. deadline
  // Instant::Past(): does not park. Requires !buf.empty(). kOk does not mean that the peer has or
  // will have them.
  virtual IoResult Write(std::span<const char> buf, Instant deadline) = 0;

  // The peer will read kEof after what was written before. Reading goes on.
  virtual void ShutdownWrite() = 0;

  // Ends both directions at once; parked fibers of this stream return kReset. Unsent bytes may be
  // lost. Idempotent.
  virtual void Close() = 0;

  virtual std::string PeerAddress() const = 0;
  virtual std::string LocalAddress() const = 0;
  virtual void SetKeepAlive(KeepAlive keep_alive) = 0;
};

// A listening address. The executors of a node that listen on the same address share it:
// connections are dealt to them in turn.
class Listener {
 public:
  virtual ~Listener() = default;

  // Parks until a connection for this executor arrives. Unavailable: Close was called.
  // ResourceExhausted: out of file descriptors; a later call may succeed.
  virtual absl::StatusOr<std::unique_ptr<Stream>> Accept() = 0;

  // Ends a parked Accept. Idempotent.
  virtual void Close() = 0;

  // With the port that was chosen when 0 was asked for.
  virtual std::string LocalAddress() const = 0;
};

struct ListenOptions {
  int backlog = 511;
  int unix_mode = 0;  // permission bits for "unix:" addresses; 0 leaves the umask's
};

class Network {
 public:
  virtual ~Network() = default;

  // AlreadyExists: the address is taken by another process or node. InvalidArgument: not an
  // address. PermissionDenied. NotFound: no such local address. Never parks.
  virtual absl::StatusOr<std::unique_ptr<Listener>> Listen(std::string_view address,
                                                           const ListenOptions& options) = 0;

  // Parks. Unavailable: refused, by a host that lives. NotFound: no way there. DeadlineExceeded.
  virtual absl::StatusOr<std::unique_ptr<Stream>> Connect(std::string_view address,
                                                          Instant deadline) = 0;
};

}  // namespace norn::env
