#include "net/link_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "engine/base/number.h"

namespace norn::net {
namespace {

constexpr size_t kReadBytes = 64 * 1024;
constexpr size_t kLineBytesMax = 4096;
constexpr size_t kMarkChars = 40;

}  // namespace

std::optional<std::string> LinkReader::ReadLine() {
  for (;;) {
    const std::string_view view = input_.view();
    const size_t end = view.find('\n');
    if (end != std::string_view::npos) {
      std::string line(view.substr(0, end));
      if (line.ends_with('\r')) line.pop_back();
      input_.Consume(end + 1);
      return line;
    }
    if (view.size() > kLineBytesMax) {
      error_ = "a line without an end";
      return std::nullopt;
    }
    if (!Fill()) return std::nullopt;
  }
}

env::IoCode LinkReader::ReadUntil(Instant deadline) {
  char* to = input_.Reserve(kReadBytes);
  const env::IoResult result = stream_.Read({to, kReadBytes}, deadline);
  if (result.ok()) {
    input_.Commit(result.bytes);
    read_bytes_ += result.bytes;
    last_io_ = clock_.Now();
  } else {
    error_ = result.code == env::IoCode::kDeadline ? "no data nor PING received in time"
             : result.code == env::IoCode::kEof    ? "the primary closed the connection"
                                                   : "the connection was lost";
  }
  return result.code;
}

bool LinkReader::Fill() { return ReadUntil(clock_.Now() + silence_max_) == env::IoCode::kOk; }

bool LinkReader::Poll(Duration turn) {
  const env::IoCode code = ReadUntil(clock_.Now() + turn);
  return code == env::IoCode::kOk || code == env::IoCode::kDeadline;
}

absl::StatusOr<CopySource> CopySource::FromHeader(LinkReader& reader, std::string_view header) {
  constexpr std::string_view kEof = "$EOF:";
  if (header.starts_with(kEof) && header.size() == kEof.size() + kMarkChars) {
    return CopySource(reader, 0, std::string(header.substr(kEof.size())));
  }
  const auto length = header.starts_with('$') ? ParseInt64(header.substr(1)) : std::nullopt;
  if (!length || *length < 0) {
    return absl::InvalidArgumentError(fmt::format("not the header of a copy: '{}'", header));
  }
  CopySource source(reader, *length, "");
  source.ended_ = *length == 0;
  return source;
}

size_t CopySource::Take(std::span<char> buf, size_t available) {
  ByteBuffer& input = reader_->input();
  const size_t bytes = std::min(buf.size(), available);
  std::memcpy(buf.data(), input.data(), bytes);
  input.Consume(bytes);
  read_bytes_ += static_cast<int64_t>(bytes);
  return bytes;
}

absl::StatusOr<size_t> CopySource::Read(std::span<char> buf) {
  if (ended_) return 0;
  if (!mark_.empty()) return ReadToMark(buf);
  if (reader_->input().empty() && !reader_->Fill()) {
    return absl::UnavailableError(reader_->error());
  }
  const auto left = static_cast<size_t>(total_bytes_ - read_bytes_);
  const size_t bytes = Take(buf, std::min(left, reader_->input().size()));
  ended_ = read_bytes_ == total_bytes_;
  return bytes;
}

// The last bytes stay until it is clear that they are not the beginning of the mark.
absl::StatusOr<size_t> CopySource::ReadToMark(std::span<char> buf) {
  for (;;) {
    const std::string_view view = reader_->input().view();
    const size_t at = view.find(mark_);
    if (at == 0) {
      reader_->input().Consume(mark_.size());
      ended_ = true;
      return 0;
    }
    const size_t safe =
        at != std::string_view::npos ? at : view.size() - std::min(view.size(), mark_.size() - 1);
    if (safe > 0) return Take(buf, safe);
    if (!reader_->Fill()) return absl::UnavailableError(reader_->error());
  }
}

}  // namespace norn::net
