#include "engine/replication/replica.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/number.h"
#include "engine/base/plant.h"
#include "engine/commands/command.h"
#include "engine/replication/handshake.h"

namespace norn {
namespace {

constexpr Duration kRetryPause = Duration::Seconds(1);
constexpr Duration kRetryPauseMax = Duration::Seconds(30);
// A copy was worth its price when the stream behind it lasted this long.
constexpr Duration kProvenStream = Duration::Seconds(30);
constexpr double kMegabyte = 1024.0 * 1024.0;

int64_t WholeSeconds(Duration d) { return d.ns / Duration::Seconds(1).ns; }

}  // namespace

bool StreamProgress::OnCommand(std::span<const std::string_view> words, size_t bytes) {
  const bool no_data = !words.empty() && (WordIs(words[0], "ping") || WordIs(words[0], "replconf"));
  if (NORN_PLANTED("B42") && no_data) return !in_transaction_;
  open_bytes_ += bytes;
  if (!words.empty()) {
    if (WordIs(words[0], "multi")) in_transaction_ = true;
    if (WordIs(words[0], "exec") || WordIs(words[0], "discard")) in_transaction_ = false;
    if (WordIs(words[0], "select") && words.size() == 2) {
      const auto index = ParseInt64(words[1]);
      if (index && *index >= 0) db_ = DbIndex{static_cast<uint32_t>(*index)};
    }
  }
  if (in_transaction_) return false;
  applied_bytes_ += open_bytes_;
  open_bytes_ = 0;
  applied_db_ = db_;
  return true;
}

bool IsGetAck(std::span<const std::string_view> words) {
  return words.size() == 3 && WordIs(words[0], "replconf") && WordIs(words[1], "getack");
}

std::string AckCommand(StreamOffset applied, StreamOffset on_disk) {
  std::vector<std::string> words = {"REPLCONF", "ACK", std::to_string(applied)};
  if (on_disk >= 0) words.insert(words.end(), {"FACK", std::to_string(on_disk)});
  return RespCommand(words);
}

std::string LinkStatus::InfoLines(StreamOffset offset, Instant now) const {
  const bool up = state == LinkState::kConnected;
  std::string lines = fmt::format(
      "master_host:{}\r\nmaster_port:{}\r\nmaster_link_status:{}\r\n"
      "master_last_io_seconds_ago:{}\r\nmaster_sync_in_progress:{}\r\nslave_read_repl_offset:{}\r\n"
      "slave_repl_offset:{}\r\nreplicas_repl_buffer_size:{}\r\nreplicas_repl_buffer_peak:{}\r\n",
      host, port, up ? "up" : "down", up ? WholeSeconds(now - last_io) : -1,
      state == LinkState::kTransfer ? 1 : 0, std::max(read_offset, offset), offset,
      stream_buffer_bytes, stream_buffer_peak_bytes);
  if (state == LinkState::kTransfer) {
    const double percent = transfer_total_bytes > 0
                               ? 100.0 * static_cast<double>(transfer_read_bytes) /
                                     static_cast<double>(transfer_total_bytes)
                               : 0.0;
    // Valkey: so too, a total of 0 and what is left below it when the primary does not tell the length.
    lines += fmt::format(
        "master_sync_total_bytes:{}\r\nmaster_sync_read_bytes:{}\r\nmaster_sync_left_bytes:{}\r\n"
        "master_sync_perc:{:.2f}\r\nmaster_sync_last_io_seconds_ago:{}\r\n",
        transfer_total_bytes, transfer_read_bytes, transfer_total_bytes - transfer_read_bytes,
        percent, WholeSeconds(now - last_io));
  }
  if (!up) {
    lines += fmt::format("master_link_down_since_seconds:{}\r\n",
                         was_up ? WholeSeconds(now - down_since) : -1);
  }
  return lines;
}

std::string_view LinkStatus::RoleName() const {
  switch (state) {
    case LinkState::kNone:
      return "none";
    case LinkState::kConnect:
      return "connect";
    case LinkState::kConnecting:
      return "connecting";
    case LinkState::kHandshake:
      return "handshake";
    case LinkState::kTransfer:
      return "sync";
    case LinkState::kConnected:
      break;
  }
  return "connected";
}

void ReconnectPolicy::OnEnd(bool connected, bool copied, Duration streamed) {
  if (streamed >= kProvenStream) failed_copies_ = 0;
  const bool wasted_copy = copied && streamed < kProvenStream;
  if (wasted_copy) {
    ++failed_copies_;
    delay_ = kRetryPause * (int64_t{1} << std::min(failed_copies_ - 1, 5));
    delay_ = std::min(delay_, kRetryPauseMax);
    return;
  }
  // A stream that broke is resumed at once, before the primary's backlog moves on.
  delay_ = connected && streamed > Duration{} ? Duration{} : kRetryPause;
}

std::string DescribeTransfer(int64_t read_bytes, int64_t total_bytes, Duration elapsed) {
  const double read_mb = static_cast<double>(read_bytes) / kMegabyte;
  const double rate = elapsed.ns > 0 ? read_mb / elapsed.seconds() : 0;
  if (total_bytes <= 0) return fmt::format("{:.1f} MB, {:.1f} MB/s", read_mb, rate);
  const double total_mb = static_cast<double>(total_bytes) / kMegabyte;
  std::string text =
      fmt::format("{:.2f}% ({:.1f} MB of {:.1f} MB), {:.1f} MB/s",
                  100 * static_cast<double>(read_bytes) / static_cast<double>(total_bytes), read_mb,
                  total_mb, rate);
  if (rate > 0) text += fmt::format(", {:.0f} s left", (total_mb - read_mb) / rate);
  return text;
}

}  // namespace norn
