#include "server/real_entropy.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "engine/base/check.h"

namespace norn::server {
namespace {

// 256 bytes: what getrandom gives without interruption.
struct Buffer {
  std::array<uint64_t, 32> words;
  size_t left = 0;
};
thread_local Buffer buffer;

}  // namespace

uint64_t RealEntropy::Next() {
  if (buffer.left == 0) {
    ssize_t got;
    do {
      got = getrandom(buffer.words.data(), sizeof(buffer.words), 0);
    } while (got < 0 && errno == EINTR);
    CHECK(got == static_cast<ssize_t>(sizeof(buffer.words)));
    buffer.left = buffer.words.size();
  }
  uint64_t& word = buffer.words[--buffer.left];
  const uint64_t drawn = word;
  word = 0;  // handed out once, and not left lying in memory
  return drawn;
}

}  // namespace norn::server
