#include "sim/connection.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/hash.h"
#include "sim/fabric.h"

namespace norn::sim {
namespace {

// Event::arg: what 4 | segment 4 | end 1 | value 32.
constexpr int kWhatShift = 40;
constexpr int kSegmentShift = 36;
constexpr int kEndShift = 32;

// Unanswered keep-alive probes until the connection is given up.
constexpr uint8_t kKeepAliveFailuresMax = 2;

}  // namespace

// A fiber parked in one of the two slots of an end. Holds a reference, so that it may unwind after
// its stream is gone.
class Connection::Waiting {
 public:
  Waiting(Connection& connection, env::FiberId& slot, env::FiberId fiber)
      : connection_(connection), slot_(slot) {
    CHECK(slot_ == env::FiberId{});  // one reader and one writer a stream
    slot_ = fiber;
    connection_.Ref();
  }
  ~Waiting() {
    slot_ = env::FiberId{};
    connection_.Unref();
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  Connection& connection_;
  env::FiberId& slot_;
};

Connection::Connection(Fabric& fabric, uint64_t id, size_t window_bytes, const Party& client,
                       const Party& server)
    : fabric_(fabric), id_(id), window_bytes_(window_bytes) {
  at(End::kClient).party = client;
  at(End::kClient).present = true;
  at(End::kServer).party = server;
}

void Connection::Unref() {
  CHECK(refs_ > 0);
  if (--refs_ > 0) return;
  fabric_.Forget(*this);
  delete this;
}

bool Connection::Alive() const {
  for (const EndState& end : ends_) {
    if (!end.present || end.closed || end.reset || end.vanished) return false;
  }
  return true;
}

void Connection::Note(TraceKind kind, End end, uint64_t a, uint64_t b) {
  fabric_.trace().Add(kind, at(end).party.host, static_cast<uint16_t>(at(end).party.executor), a,
                      b);
}

// ---- calls of the ends ----

bool Connection::AwaitConnect(Instant deadline) {
  ExecutorSet& executors = fabric_.executors(at(End::kClient).party.host);
  EndState& self = at(End::kClient);
  while (connect_state_ == ConnectState::kConnecting && !self.closed && !self.reset &&
         !self.vanished) {
    Waiting waiting(*this, self.reader, executors.Self());
    if (executors.Park(deadline) == env::ParkResult::kDeadline) {
      return connect_state_ != ConnectState::kConnecting;
    }
  }
  return true;
}

env::IoResult Connection::Read(End end, std::span<char> buf, Instant deadline) {
  EndState& self = at(end);
  for (;;) {
    if (self.closed || self.vanished) return {env::IoCode::kReset, 0};
    if (self.visible_bytes > 0) break;
    if (self.reset) return {env::IoCode::kReset, 0};
    if (self.fin_arrived) return {env::IoCode::kEof, 0};
    if (deadline == Instant::Past()) return {env::IoCode::kDeadline, 0};
    ExecutorSet& executors = fabric_.executors(self.party.host);
    Waiting waiting(*this, self.reader, executors.Self());
    if (executors.Park(deadline) == env::ParkResult::kDeadline) deadline = Instant::Past();
  }
  if (buf.empty()) return {env::IoCode::kOk, 0};
  size_t count = std::min(self.visible_bytes, buf.size());
  Prng& prng = fabric_.dice(self.party.host).partial;
  const uint64_t one_in = fabric_.options().partial_read_one_in;
  if (count > 1 && one_in != 0 && prng.OneIn(one_in)) {
    count = 1 + static_cast<size_t>(prng.Below(count));
    ++fabric_.counters().partial_reads;
  }
  at(Other(end)).bytes.Pop(buf.first(count));
  self.visible_bytes -= count;
  self.uncredited_bytes += count;
  Note(TraceKind::kRead, end, TraceId(end), count);
  GiveCredit(end);
  return {env::IoCode::kOk, count};
}

// Room is given back when the writer is past half of its window, in pieces that are worth a
// segment; a writer that is stopped has used all of its window, so it always gets them.
void Connection::GiveCredit(End reader) {
  EndState& self = at(reader);
  const EndState& writer = at(Other(reader));
  if (writer.window_used <= window_bytes_ / 2) return;
  if (self.uncredited_bytes < window_bytes_ / 4 && !writer.bytes.empty()) return;
  const size_t credit = self.uncredited_bytes;
  self.uncredited_bytes = 0;
  Send(reader, Segment::kCredit, static_cast<uint32_t>(credit));
}

env::IoResult Connection::Write(End end, std::span<const char> buf, Instant deadline) {
  CHECK(!buf.empty());
  EndState& self = at(end);
  for (;;) {
    if (self.closed || self.vanished || self.reset || self.fin_sent) {
      return {env::IoCode::kReset, 0};
    }
    if (self.window_used < window_bytes_) break;
    if (deadline == Instant::Past()) return {env::IoCode::kDeadline, 0};
    ExecutorSet& executors = fabric_.executors(self.party.host);
    Waiting waiting(*this, self.writer, executors.Self());
    if (executors.Park(deadline) == env::ParkResult::kDeadline) deadline = Instant::Past();
  }
  size_t count = std::min(window_bytes_ - self.window_used, buf.size());
  Prng& prng = fabric_.dice(self.party.host).partial;
  const uint64_t one_in = fabric_.options().partial_write_one_in;
  if (count > 1 && one_in != 0 && prng.OneIn(one_in)) {
    count = 1 + static_cast<size_t>(prng.Below(count));
    ++fabric_.counters().partial_writes;
  }
  self.bytes.Push(buf.first(count));
  self.window_used += count;
  CHECK(self.window_used <= window_bytes_);  // N3
  Note(TraceKind::kWrite, end, TraceId(end) << 32 | count,
       HashBytes(std::string_view(buf.data(), count), 0));
  if (fabric_.tap() != nullptr) fabric_.tap()->Sent(*this, end, {buf.data(), count});
  MayCorrupt(end, count);
  Send(end, Segment::kData, static_cast<uint32_t>(count));
  return {env::IoCode::kOk, count};
}

void Connection::MayCorrupt(End from, size_t written) {
  Link& link = fabric_.LinkFrom(at(from).party.host, at(Other(from)).party.host);
  Corruption& corruption = link.corruption;
  if (corruption.left == 0 || at(End::kServer).party.address.port != corruption.port) return;
  --corruption.left;
  ++link.counters.corrupted;
  const uint64_t bit = corruption.prng.Below(written * 8);
  at(from).bytes.FromBack(static_cast<size_t>(bit / 8)) ^= static_cast<char>(1 << (bit % 8));
  Note(TraceKind::kCorrupt, from, TraceId(from), bit);
}

void Connection::ShutdownWrite(End end) {
  EndState& self = at(end);
  if (self.closed || self.reset || self.vanished || self.fin_sent) return;
  self.fin_sent = true;
  Note(TraceKind::kShutdown, end, TraceId(end), 0);
  Send(end, Segment::kFin, 0);
}

void Connection::Close(End end) {
  EndState& self = at(end);
  if (self.closed) return;
  // As kernels do: unread bytes make it a reset, or the peer would believe that they arrived.
  if (self.visible_bytes > 0) return Abort(end);
  self.closed = true;
  Note(TraceKind::kClose, end, TraceId(end), 0);
  if (connect_state_ == ConnectState::kOpen && !self.reset && !self.vanished && !self.fin_sent) {
    self.fin_sent = true;
    Send(end, Segment::kFin, 0);
  }
  WakeReader(end);
  WakeWriter(end);
}

void Connection::Abort(End end) {
  EndState& self = at(end);
  if (self.closed) return;
  self.closed = true;
  Note(TraceKind::kClose, end, TraceId(end), 1);
  DropVisible(end);
  if (connect_state_ == ConnectState::kOpen && !self.reset && !self.vanished) {
    Send(end, Segment::kReset, 0);
  }
  WakeReader(end);
  WakeWriter(end);
}

void Connection::DropVisible(End end) {
  at(Other(end)).bytes.Drop(at(end).visible_bytes);
  at(end).visible_bytes = 0;
}

void Connection::WakeReader(End end) {
  const EndState& self = at(end);
  if (self.reader == env::FiberId{}) return;
  fabric_.executors(self.party.host).WakeOn(self.party.executor, self.reader);
}

void Connection::WakeWriter(End end) {
  const EndState& self = at(end);
  if (self.writer == env::FiberId{}) return;
  fabric_.executors(self.party.host).WakeOn(self.party.executor, self.writer);
}

// ---- segments ----

void Connection::Schedule(Instant when, What what, End end, Segment segment, uint32_t value) {
  Ref();
  fabric_.scheduler().At(when, this,
                         static_cast<uint64_t>(what) << kWhatShift |
                             static_cast<uint64_t>(segment) << kSegmentShift |
                             static_cast<uint64_t>(end) << kEndShift | value);
}

void Connection::Fire(uint64_t arg) {
  const End end = static_cast<End>(arg >> kEndShift & 1);
  switch (static_cast<What>(arg >> kWhatShift)) {
    case What::kSegment:
      Arrive(end, static_cast<Segment>(arg >> kSegmentShift & 0xf), static_cast<uint32_t>(arg));
      break;
    case What::kRelease:
      Release(end);
      break;
    case What::kKeepAlive:
      KeepAliveProbe(end);
      break;
    case What::kStall:
      StallCheck(end);
      break;
  }
  Unref();
}

bool Connection::Blocked(End from) const {
  const Link& link = fabric_.LinkFrom(at(from).party.host, at(Other(from)).party.host);
  return link.Blocked(fabric_.scheduler().now());
}

void Connection::Send(End from, Segment segment, uint32_t value) {
  EndState& self = at(from);
  Link& link = fabric_.LinkFrom(self.party.host, at(Other(from)).party.host);
  const Duration latency = link.DrawLatency(fabric_.dice(self.party.host).latency);
  Instant arrival = std::max(fabric_.scheduler().now() + latency, self.last_arrival);  // N1
  if (segment == Segment::kData) arrival = arrival + link.TransmitTime(value);
  self.last_arrival = arrival;
  ++link.counters.sent;
  Schedule(arrival, What::kSegment, from, segment, value);
}

void Connection::Arrive(End from, Segment segment, uint32_t value) {
  EndState& self = at(from);
  if (self.held.empty() && !Blocked(from)) return Apply(from, segment, value);
  self.held.push_back(Held{segment, value});  // N1
  ++fabric_.counters().segments_held;
  ++fabric_.LinkFrom(self.party.host, at(Other(from)).party.host).counters.held;
  Note(TraceKind::kHold, from, TraceId(from), static_cast<uint64_t>(segment));
  if (segment != Segment::kCredit) Stalled(from);
  LinkChanged(from);
}

void Connection::LinkChanged(End from) {
  EndState& self = at(from);
  if (self.held.empty() || self.release_pending) return;
  Link& link = fabric_.LinkFrom(self.party.host, at(Other(from)).party.host);
  if (link.options.blocked) return;
  self.release_pending = true;
  const Instant open_at = std::max(fabric_.scheduler().now(), link.clogged_until);
  const Duration latency = link.DrawLatency(fabric_.dice(self.party.host).latency);
  Schedule(open_at + latency, What::kRelease, from, Segment::kData, 0);
}

void Connection::Release(End from) {
  EndState& self = at(from);
  self.release_pending = false;
  if (Blocked(from)) return LinkChanged(from);
  self.stalled_since = Instant::Never();
  std::vector<Held> held;
  held.swap(self.held);
  fabric_.counters().segments_released += held.size();
  Note(TraceKind::kRelease, from, TraceId(from), held.size());
  for (const Held& one : held) Apply(from, one.segment, one.value);
}

void Connection::Apply(End from, Segment segment, uint32_t value) {
  const End to = Other(from);
  EndState& self = at(to);
  if (segment == Segment::kData) return ApplyData(to, value);
  if (segment == Segment::kSyn) return fabric_.SynArrived(*this);
  if (self.vanished) return Stalled(from);
  switch (segment) {
    case Segment::kSynAck:
      return ApplySynAck(to);
    case Segment::kRefused:
      if (connect_state_ == ConnectState::kConnecting) connect_state_ = ConnectState::kRefused;
      return WakeReader(to);
    case Segment::kFin:
      self.fin_arrived = true;
      return WakeReader(to);
    case Segment::kReset:
      return ResetEnd(to);
    case Segment::kCredit:
      CHECK(value <= self.window_used);
      self.window_used -= value;
      return WakeWriter(to);
    case Segment::kSyn:
    case Segment::kData:
      return;
  }
}

void Connection::ApplyData(End to, uint32_t bytes) {
  EndState& self = at(to);
  EndState& peer = at(Other(to));
  if (self.vanished) {
    peer.bytes.Drop(bytes);
    fabric_.counters().bytes_swallowed += bytes;
    Note(TraceKind::kSwallow, to, TraceId(to), bytes);
    return Stalled(Other(to));
  }
  if (self.closed || self.reset) {
    peer.bytes.Drop(bytes);
    if (self.closed) Send(to, Segment::kReset, 0);
    return;
  }
  if (fabric_.tap() != nullptr) fabric_.tap()->Arrived(*this, Other(to), bytes);
  self.visible_bytes += bytes;
  Note(TraceKind::kDeliver, to, TraceId(to), bytes);
  WakeReader(to);
}

void Connection::ApplySynAck(End to) {
  EndState& self = at(to);
  connect_state_ = ConnectState::kOpen;
  if (self.closed) {  // gave up waiting
    Send(to, Segment::kReset, 0);
  } else {
    WakeReader(to);
  }
}

void Connection::ResetEnd(End end) {
  EndState& self = at(end);
  if (self.closed || self.reset || self.vanished) return;
  self.reset = true;
  ++fabric_.counters().resets_seen;
  // Whether the bytes before a reset can still be read is the kernel's mood.
  const bool discard = (fabric_.dice(self.party.host).reset.Next() & 1) != 0;
  if (discard) DropVisible(end);
  Note(TraceKind::kReset, end, TraceId(end), discard ? 1 : 0);
  WakeReader(end);
  WakeWriter(end);
}

// ---- connecting ----

void Connection::Accepted(size_t executor) {
  EndState& server = at(End::kServer);
  server.present = true;
  server.party.executor = executor;
  Send(End::kServer, Segment::kSynAck, 0);
}

void Connection::RetrySyn() {
  const EndState& client = at(End::kClient);
  if (client.closed || client.vanished || client.reset) return;
  Schedule(fabric_.scheduler().now() + fabric_.options().syn_retry, What::kSegment, End::kClient,
           Segment::kSyn, 0);
}

// ---- ends that go without a word, and how the other end finds out ----

void Connection::Vanish(End end) {
  EndState& self = at(end);
  if (!self.present || self.vanished) return;
  self.vanished = true;
  DropVisible(end);
  Note(TraceKind::kVanish, end, TraceId(end), 0);
  WakeReader(end);
  WakeWriter(end);
}

void Connection::HostIsBack(End end) {
  EndState& self = at(end);
  if (!self.vanished) return;
  self.vanished = false;
  self.closed = true;
}

void Connection::Stalled(End from) {
  EndState& self = at(from);
  const Instant now = fabric_.scheduler().now();
  if (self.stalled_since == Instant::Never()) self.stalled_since = now;
  if (self.stall_pending || self.closed) return;
  self.stall_pending = true;
  Schedule(now + fabric_.options().retransmit_timeout, What::kStall, from, Segment::kData, 0);
}

void Connection::StallCheck(End from) {
  EndState& self = at(from);
  self.stall_pending = false;
  if (self.stalled_since == Instant::Never()) return;
  const Instant give_up = self.stalled_since + fabric_.options().retransmit_timeout;
  if (fabric_.scheduler().now() < give_up) {
    self.stall_pending = true;
    return Schedule(give_up, What::kStall, from, Segment::kData, 0);
  }
  if (!self.closed && !self.reset && !self.vanished) ++fabric_.counters().timeouts;
  ResetEnd(from);
}

void Connection::SetKeepAlive(End end, int idle_s) {
  EndState& self = at(end);
  self.keep_alive_idle_s = idle_s;
  if (idle_s == 0 || self.keep_alive_pending || self.closed) return;
  self.keep_alive_pending = true;
  Schedule(fabric_.scheduler().now() + Duration::Seconds(idle_s), What::kKeepAlive, end,
           Segment::kData, 0);
}

void Connection::KeepAliveProbe(End end) {
  EndState& self = at(end);
  const EndState& peer = at(Other(end));
  self.keep_alive_pending = false;
  if (self.closed || self.reset || self.vanished || self.keep_alive_idle_s == 0) return;
  const bool answered = !peer.vanished && !Blocked(end) && !Blocked(Other(end));
  // A host that knows nothing of the connection answers with a reset.
  if (answered && peer.closed && !peer.fin_sent) return ResetEnd(end);
  self.keep_alive_failures = answered ? 0 : static_cast<uint8_t>(self.keep_alive_failures + 1);
  if (self.keep_alive_failures >= kKeepAliveFailuresMax) {
    ++fabric_.counters().timeouts;
    return ResetEnd(end);
  }
  SetKeepAlive(end, self.keep_alive_idle_s);
}

}  // namespace norn::sim
