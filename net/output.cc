#include "net/output.h"

#include <algorithm>

#include "engine/fiber/spawn.h"

namespace norn::net {

bool Output::Send(ByteBuffer& replies) {
  if (broken_) {
    replies.Clear();
    return false;
  }
  while (!sender_runs_ && !replies.empty()) {
    ++writes_;
    const env::IoResult result = stream_.Write({replies.data(), replies.size()}, Instant::Past());
    if (result.code == env::IoCode::kDeadline) break;
    if (!result.ok()) {
      broken_ = true;
      replies.Clear();
      return false;
    }
    sent_bytes_ += result.bytes;
    replies.Consume(result.bytes);
  }
  if (replies.empty()) return true;
  if (queued_.empty()) {
    queued_.Swap(replies);
  } else {
    queued_.Append(replies.view());
  }
  replies.Clear();
  peak_bytes_ = std::max(peak_bytes_, pending_bytes());
  if (!sender_runs_) StartSender();
  return true;
}

bool Output::Flush(Instant deadline) {
  while (sender_runs_ && !broken_) {
    if (idle_.Wait(deadline) == env::ParkResult::kDeadline) return false;
  }
  return !broken_;
}

void Output::AwaitEnd() {
  while (sender_runs_) idle_.Wait(Instant::Never());
}

void Output::StartSender() {
  sender_runs_ = true;
  SpawnFiber(executor_, [this] { SendAll(); });
}

void Output::SendAll() {
  while (!broken_ && !queued_.empty()) {
    sending_.Swap(queued_);
    while (!broken_ && !sending_.empty()) {
      ++writes_;
      const env::IoResult result =
          stream_.Write({sending_.data(), sending_.size()}, Instant::Never());
      broken_ = !result.ok();
      if (broken_) break;
      sent_bytes_ += result.bytes;
      sending_.Consume(result.bytes);
    }
  }
  queued_.Release();
  sending_.Release();
  sender_runs_ = false;
  idle_.WakeAll();
}

OutputLimiter::Verdict OutputLimiter::Check(size_t pending_bytes, const config::Options& options,
                                            config::ClientClass client_class, Instant now) {
  const config::OutputLimit& limit = options.client_output_buffer_limit[client_class];
  const auto ceiling = static_cast<size_t>(options.client_output_buffer_ceiling);
  const bool hard = limit.hard_bytes > 0 && pending_bytes >= limit.hard_bytes;
  if (hard || pending_bytes > ceiling) return Verdict::kOverLimit;
  const bool soft = limit.soft_bytes > 0 && pending_bytes >= limit.soft_bytes;
  if (!soft) {
    soft_since_ = Instant::Never();
    return Verdict::kFine;
  }
  if (soft_since_ == Instant::Never()) soft_since_ = now;
  const bool too_long = now - soft_since_ > Duration::Seconds(limit.soft_seconds);
  return too_long ? Verdict::kOverLimit : Verdict::kFine;
}

}  // namespace norn::net
