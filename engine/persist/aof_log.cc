#include "engine/persist/aof_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/plant.h"
#include "engine/fiber/spawn.h"

namespace norn::persist {
namespace {

// With appendfsync everysec at most that much is at risk before replies wait.
constexpr Duration kUnsyncedMax = Duration::Seconds(2);
constexpr Duration kBatchGrain = Duration::Millis(100);

void AppendWord(std::string_view word, std::string* out) {
  fmt::format_to(std::back_inserter(*out), "${}\r\n{}\r\n", word.size(), word);
}

}  // namespace

AofLog::AofLog(env::Env& env, env::Logger& logger, AofNames names, const AofOptions& options,
               AofHooks hooks)
    : env_(env),
      logger_(logger),
      names_(std::move(names)),
      options_(options),
      hooks_(std::move(hooks)),
      writer_work_(env.executor()),
      syncer_work_(env.executor()),
      progress_(env.executor()),
      manifest_free_(env.executor()) {}

AofLog::~AofLog() = default;

std::shared_ptr<AofLog> AofLog::Start(env::Env& env, env::Logger& logger, AofNames names,
                                      const AofOptions& options, AofHooks hooks) {
  std::shared_ptr<AofLog> log(new AofLog(env, logger, std::move(names), options, std::move(hooks)));
  SpawnFiber(env.executor(), [log] { log->RunWriter(); });
  SpawnFiber(env.executor(), [log] { log->RunSyncer(); });
  return log;
}

void AofLog::SetOptions(const AofOptions& options) {
  options_ = options;
  WakeAll();
}

void AofLog::SetDiskBusy(bool busy) {
  disk_busy_ = busy;
  WakeAll();
}

void AofLog::WakeAll() {
  writer_work_.WakeAll();
  syncer_work_.WakeAll();
  progress_.WakeAll();
}

// ---- appending ----

bool AofLog::TakesAppends() const {
  if (dead_ || state_ == State::kOff) return false;
  return state_ == State::kOn || switch_wanted_ || (file_ != nullptr && !close_wanted_);
}

uint64_t AofLog::Append(DbIndex db, std::string_view commands) {
  CHECK(!commands.empty());
  if (!TakesAppends()) return appended();
  if (options_.timestamps) {
    const int64_t now_s = env_.clock().Wall().unix_s();
    if (now_s > last_timestamp_s_) {
      last_timestamp_s_ = now_s;
      buffer_.Append(fmt::format("#TS:{}\r\n", now_s));
    }
  }
  if (selected_db_ != db) {
    std::string select = "*2\r\n$6\r\nSELECT\r\n";
    AppendWord(std::to_string(db.value), &select);
    buffer_.Append(select);
    selected_db_ = db;
  }
  buffer_.Append(commands);
  NoteAppended();
  if (writer_idle_) {
    writer_idle_ = false;
    writer_work_.WakeAll();
  }
  return appended();
}

// ---- waiting ----

// From now on the bytes are at risk; those of about one moment share an entry.
void AofLog::NoteAppended() {
  const Instant now = Now();
  if (!batches_.empty() && now - batches_.back().began < kBatchGrain) {
    batches_.back().end = appended();
  } else {
    batches_.push_back({appended(), now});
  }
}

void AofLog::ForgetBatches(uint64_t position) {
  while (!batches_.empty() && batches_.front().end <= position) batches_.pop_front();
}

// How long ago the oldest byte came that is not safe. Not since its write began: that may have waited for a slow disk too.
Duration AofLog::OldestUnsynced() const {
  return batches_.empty() ? Duration{0} : Now() - batches_.front().began;
}

absl::Status AofLog::Await(uint64_t position, bool safe, Instant deadline) {
  CHECK(position <= appended());
  for (;;) {
    if (dead_) return last_error_;
    if (state_ == State::kOff) return absl::FailedPreconditionError("the append-only log is off");
    if ((safe ? synced() : written()) >= position) return absl::OkStatus();
    if (progress_.Wait(deadline) == env::ParkResult::kDeadline) {
      return absl::DeadlineExceededError("the append-only log is not there yet");
    }
  }
}

absl::Status AofLog::AwaitWritten(uint64_t position, Instant deadline) {
  return Await(position, false, deadline);
}

absl::Status AofLog::AwaitSynced(uint64_t position, Instant deadline) {
  return Await(position, true, deadline);
}

bool AofLog::Answerable(uint64_t position) const {
  if (dead_) return false;
  if (NORN_PLANTED("B41")) return true;
  if (state_ != State::kOn || synced() >= position) return true;
  switch (options_.sync) {
    case config::AppendSync::kAlways:
      return SyncsSuspended() && written() >= position;
    case config::AppendSync::kEverySecond:
      return SyncsSuspended() || OldestUnsynced() < kUnsyncedMax;
    case config::AppendSync::kNo:
      return true;
  }
  return true;
}

Instant AofLog::AnswerableUntil() const {
  if (state_ == State::kOff) return Instant::Never();
  switch (options_.sync) {
    case config::AppendSync::kAlways:
      return Instant::Past();
    case config::AppendSync::kEverySecond:
      return Now() + kUnsyncedMax -
             (state_ == State::kOn && !SyncsSuspended() ? OldestUnsynced() : Duration{0});
    case config::AppendSync::kNo:
      return Instant::Never();
  }
  return Instant::Past();
}

absl::Status AofLog::AwaitAnswerable(uint64_t position) {
  CHECK(position <= appended());
  while (!Answerable(position)) {
    if (dead_) return last_error_;
    progress_.Wait(Instant::Never());
  }
  return absl::OkStatus();
}

absl::Status AofLog::Flush(Instant deadline) {
  if (state_ != State::kOn) return absl::OkStatus();
  const uint64_t position = appended();
  force_sync_to_ = std::max(force_sync_to_, position);
  writer_work_.WakeAll();
  syncer_work_.WakeAll();
  return AwaitSynced(position, deadline);
}

// ---- INFO ----

AofInfo AofLog::Info() const {
  AofInfo info;
  info.aof_enabled = state_ != State::kOff;
  info.aof_rewrite_in_progress = rewriting();
  info.aof_rewrite_scheduled = rewrite_scheduled_;
  info.aof_last_rewrite_time_sec = last_rewrite_s_;
  if (rewriting()) {
    info.aof_current_rewrite_time_sec = static_cast<int64_t>((Now() - rewrite_began_).seconds());
  }
  info.aof_last_bgrewrite_status = last_rewrite_ok_;
  info.aof_rewrites = rewrites_;
  info.aof_rewrites_consecutive_failures = backoff_.failures();
  info.aof_last_write_status = ok();
  info.aof_current_size = settled_bytes_ + (file_ == nullptr ? 0 : FileOffset(written_));
  info.aof_base_size = size_after_rewrite_;
  info.aof_pending_rewrite = rewrite_scheduled_;
  info.aof_buffer_length = appended() - written_;
  info.aof_pending_bio_fsync = sync_running_ ? 1 : 0;
  info.aof_delayed_fsync = delayed_syncs_;
  return info;
}

bool AofLog::RewriteDue() const {
  if (rewriting() || dead_) return false;
  if (rewrite_scheduled_) return true;
  if (!backoff_.Allows(Now())) return false;
  if (state_ == State::kWaitRewrite) return true;
  return state_ == State::kOn &&
         AofGrownEnough(options_.growth, Info().aof_current_size, size_after_rewrite_);
}

}  // namespace norn::persist
