#pragma once
// One connection: two ends, and in each direction a queue of bytes and a train of segments.
//
//        end 0 (client)                                        end 1 (server)
//     Write -> window --- segments, each with an arrival --- visible bytes -> Read
//           <- credit ------- (the other direction) ------- room made by reads
//
// A segment is a few words (what, how many bytes); the bytes themselves lie in the sender's queue
// from the write until the read, so they are copied once in and once out.
//
//   N1  Segments of one direction arrive in the order sent: arrival times never decrease, and what
//       arrives behind a held segment is held too.
//   N2  A sender's queue holds the bytes that are visible to the peer, then those on their way.
//   N3  window_used counts what was written and not credited back; at most window_bytes.
//
// Lives until its last reference is gone: stream handles, a place in an accept queue, parked
// fibers, pending events.

#include "engine/env/executor.h"
#include "engine/env/network.h"
#include "sim/address.h"
#include "sim/byte_queue.h"
#include "sim/link.h"
#include "sim/scheduler.h"
#include "sim/trace.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace norn::sim {

class Fabric;

enum class End : uint8_t { kClient = 0, kServer = 1 };
constexpr End Other(End end) { return end == End::kClient ? End::kServer : End::kClient; }

class Connection final : private EventTarget {
 public:
  struct Party {
    NodeIndex host;
    size_t executor = 0;
    Address address;
  };
  enum class ConnectState : uint8_t { kConnecting, kOpen, kRefused };

  // Begins with one reference, the caller's.
  Connection(Fabric& fabric, uint64_t id, size_t window_bytes, const Party& client,
             const Party& server);

  uint64_t id() const { return id_; }
  const Party& party(End end) const { return at(end).party; }
  ConnectState connect_state() const { return connect_state_; }
  // Both ends can still move bytes, as far as they know.
  bool Alive() const;

  void Ref() { ++refs_; }
  void Unref();

  // ---- what the ends call (env::Stream's contract); Read, Write and AwaitConnect park ----
  void StartConnect() { Send(End::kClient, Segment::kSyn, 0); }
  // Until connected or failed (connect_state() says which); false at the deadline.
  bool AwaitConnect(Instant deadline);
  env::IoResult Read(End end, std::span<char> buf, Instant deadline);
  env::IoResult Write(End end, std::span<const char> buf, Instant deadline);
  void ShutdownWrite(End end);
  void Close(End end);
  void SetKeepAlive(End end, int idle_s);

  // ---- what the network does ----
  // The listener took the SYN for that executor.
  void Accepted(size_t executor);
  void Refuse() { Send(End::kServer, Segment::kRefused, 0); }
  void RetrySyn();
  // The end learns at once that the connection is gone; the other one does not.
  void ResetEnd(End end);
  // As Close, but the peer sees a reset.
  void Abort(End end);
  // The end is gone without a word, and so is all that is sent to it.
  void Vanish(End end);
  // The host of a vanished end is there again and knows nothing of the connection: what arrives is
  // answered with a reset.
  void HostIsBack(End end);
  // The link from `end` to its peer may be open again, or will be at a known time.
  void LinkChanged(End end);

 private:
  friend class Fabric;

  enum class Segment : uint8_t { kSyn, kSynAck, kRefused, kData, kFin, kReset, kCredit };
  enum class What : uint8_t { kSegment, kRelease, kKeepAlive, kStall };
  struct Held {
    Segment segment;
    uint32_t value;
  };
  struct EndState {
    Party party;
    env::FiberId reader;
    env::FiberId writer;
    // Towards this end.
    size_t visible_bytes = 0;
    size_t uncredited_bytes = 0;  // read, room not given back yet
    bool fin_arrived = false;
    // From this end.
    ByteQueue bytes;
    size_t window_used = 0;
    Instant last_arrival{0};
    std::vector<Held> held;
    Instant stalled_since = Instant::Never();
    bool fin_sent = false;
    bool release_pending = false;
    bool stall_pending = false;
    // The end itself.
    bool present = false;  // the host knows the connection
    bool closed = false;
    bool reset = false;
    bool vanished = false;
    bool keep_alive_pending = false;
    uint8_t keep_alive_failures = 0;
    int32_t keep_alive_idle_s = 0;
  };
  class Waiting;

  EndState& at(End end) { return ends_[static_cast<size_t>(end)]; }
  const EndState& at(End end) const { return ends_[static_cast<size_t>(end)]; }
  uint64_t TraceId(End end) const { return id_ * 2 + static_cast<uint64_t>(end); }
  void Note(TraceKind kind, End end, uint64_t a, uint64_t b);

  void Fire(uint64_t arg) override;
  void Schedule(Instant when, What what, End end, Segment segment, uint32_t value);
  void Send(End from, Segment segment, uint32_t value);
  void Arrive(End from, Segment segment, uint32_t value);
  void Apply(End from, Segment segment, uint32_t value);
  void ApplyData(End to, uint32_t bytes);
  void ApplySynAck(End to);
  void Release(End from);
  void Stalled(End from);
  void StallCheck(End from);
  void KeepAliveProbe(End end);
  void GiveCredit(End reader);
  void DropVisible(End end);
  bool Blocked(End from) const;
  void MayCorrupt(End from, size_t written);
  void WakeReader(End end);
  void WakeWriter(End end);

  Fabric& fabric_;
  const uint64_t id_;
  const size_t window_bytes_;
  uint32_t refs_ = 1;
  ConnectState connect_state_ = ConnectState::kConnecting;
  EndState ends_[2];
};

}  // namespace norn::sim
