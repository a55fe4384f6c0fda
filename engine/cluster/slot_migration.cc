#include "engine/cluster/slot_migration.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/number.h"

namespace norn::cluster {

std::string_view MigrationStateName(MigrationState state) {
  switch (state) {
    case MigrationState::kConnecting:
      return "connecting";
    case MigrationState::kSnapshotting:
      return "snapshotting";
    case MigrationState::kStreaming:
      return "streaming";
    case MigrationState::kPaused:
      return "failover-paused";
    case MigrationState::kGranted:
      return "failover-granted";
    case MigrationState::kImporting:
      return "importing";
    case MigrationState::kTaking:
      return "taking-over";
    case MigrationState::kSuccess:
      return "success";
    case MigrationState::kFailed:
      return "failed";
    case MigrationState::kCancelled:
      return "cancelled";
  }
  return "";
}

std::string RangesText(const SlotSet& slots) {
  std::string text;
  for (const SlotRange& range : slots.Ranges()) {
    text += fmt::format("{}{}-{}", text.empty() ? "" : " ", range.first.value, range.last.value);
  }
  return text;
}

bool AddRange(std::string_view text, SlotSet& slots) {
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos) return false;
  const std::optional<int64_t> first = ParseInt64(text.substr(0, dash));
  const std::optional<int64_t> last = ParseInt64(text.substr(dash + 1));
  if (!first || !last || *first < 0 || *first > *last || *last >= kSlotCount) return false;
  for (int64_t slot = *first; slot <= *last; ++slot) {
    if (!slots.Set(SlotId{static_cast<uint16_t>(slot)})) return false;
  }
  return true;
}

// ---- the source ----

SlotExport SlotExport::OfGivenUp(MigrationRow row) {
  SlotExport given(std::move(row));
  given.Enter(MigrationState::kGranted, Step::kAsk);
  return given;
}

void SlotExport::OnEstablished() {
  if (next_ == Step::kEstablish) Enter(MigrationState::kSnapshotting, Step::kCopy);
}

void SlotExport::OnSent(bool copied, uint64_t remaining, uint64_t ready_bytes) {
  row_.remaining_bytes = remaining;
  if (next_ == Step::kWithdraw) return;
  switch (row_.state) {
    case MigrationState::kSnapshotting:
      if (copied) Enter(MigrationState::kStreaming, Step::kSend);
      [[fallthrough]];
    case MigrationState::kStreaming:
      if (copied && remaining <= ready_bytes) next_ = Step::kPause;
      return;
    case MigrationState::kPaused:
      if (remaining == 0) next_ = Step::kGrant;
      return;
    default:
      return;
  }
}

void SlotExport::OnPaused() {
  if (next_ == Step::kPause) Enter(MigrationState::kPaused, Step::kSend);
}

void SlotExport::OnGranted() {
  CHECK(next_ == Step::kGrant);  // G1
  Enter(MigrationState::kGranted, Step::kTake);
}

void SlotExport::OnAnswer(Answer answer) {
  if (!granted()) return;
  switch (answer) {
    case Answer::kTaken:
      next_ = Step::kDelete;
      return;
    case Answer::kDropped:
      next_ = Step::kTakeBack;
      return;
    case Answer::kNone:
      next_ = Step::kAsk;  // G3
      return;
  }
}

void SlotExport::OnTakenBack() {
  if (row_.message.empty()) row_.message = "the target did not take the slots over";
  Enter(MigrationState::kFailed, Step::kNone);
}

void SlotExport::OnDeleted() { Enter(MigrationState::kSuccess, Step::kNone); }

void SlotExport::OnWithdrawn() { Enter(verdict_, Step::kNone); }

void SlotExport::Abort(std::string why, bool cancelled) {
  if (granted() || row_.ended() || next_ == Step::kWithdraw) return;
  row_.message = std::move(why);
  verdict_ = cancelled ? MigrationState::kCancelled : MigrationState::kFailed;
  next_ = Step::kWithdraw;
}

// ---- the target ----

bool SlotImport::BeginTaking(uint64_t end) {
  if (row_.state != MigrationState::kImporting || end != applied_) return false;
  row_.state = MigrationState::kTaking;
  return true;
}

void SlotImport::OnTaken() {
  CHECK(row_.state == MigrationState::kTaking);
  row_.state = MigrationState::kSuccess;
}

void SlotImport::Drop(std::string why) {
  if (row_.state != MigrationState::kImporting) return;
  row_.state = MigrationState::kFailed;
  row_.message = std::move(why);
}

void SlotImport::Lose() {
  if (row_.ended()) return;
  row_.state = MigrationState::kFailed;
  row_.message = "this node is a primary no more";
}

}  // namespace norn::cluster
