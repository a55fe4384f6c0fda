#pragma once
// The receiving end of the link to a primary: lines of the handshake, then a copy whose end is told by a length or a mark, then
// the stream. Bytes that were read too far stay for who comes next.
//
// One fiber. Every read has the silence that is allowed as its deadline.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/byte_buffer.h"
#include "engine/env/env.h"
#include "engine/persist/byte_source.h"

namespace norn::net {

class LinkReader {
 public:
  // Adds what it reads to `read_bytes`.
  LinkReader(env::Clock& clock, env::Stream& stream, uint64_t& read_bytes)
      : clock_(clock), stream_(stream), read_bytes_(read_bytes) {}

  void SetSilenceMax(Duration silence) { silence_max_ = silence; }

  // The next line without its line end; nullopt: the link is gone, or was silent too long. Parks.
  std::optional<std::string> ReadLine();
  // Adds at least a byte to input(); false as above. Parks.
  bool Fill();
  // Adds what arrives within `turn`, which may be nothing. False: the link is gone. Parks.
  bool Poll(Duration turn);

  // Bytes that were read and not used.
  ByteBuffer& input() { return input_; }
  Instant last_io() const { return last_io_; }
  const std::string& error() const { return error_; }

 private:
  env::IoCode ReadUntil(Instant deadline);

  env::Clock& clock_;
  env::Stream& stream_;
  uint64_t& read_bytes_;
  ByteBuffer input_;
  Duration silence_max_ = Duration::Seconds(60);
  Instant last_io_;
  std::string error_;
};

// A copy, from behind its header line on.
class CopySource : public persist::ByteSource {
 public:
  // By the header: "$<length>" or "$EOF:<40 characters>". InvalidArgument: neither.
  static absl::StatusOr<CopySource> FromHeader(LinkReader& reader, std::string_view header);

  absl::StatusOr<size_t> Read(std::span<char> buf) override;

  // 0 where a mark ends it.
  int64_t total_bytes() const { return total_bytes_; }
  int64_t read_bytes() const { return read_bytes_; }

 private:
  CopySource(LinkReader& reader, int64_t total_bytes, std::string mark)
      : reader_(&reader), total_bytes_(total_bytes), mark_(std::move(mark)) {}
  size_t Take(std::span<char> buf, size_t available);
  absl::StatusOr<size_t> ReadToMark(std::span<char> buf);

  LinkReader* reader_;
  int64_t total_bytes_;
  int64_t read_bytes_ = 0;
  std::string mark_;
  bool ended_ = false;
};

}  // namespace norn::net
