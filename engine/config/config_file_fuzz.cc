// Any bytes as a config file that may include itself: an error or a Config, never a crash or a
// hang. What loads must come back from its rewrite, and a rewrite must settle.

#include "engine/base/check.h"
#include "engine/config/file.h"
#include "engine/config/rewrite.h"

#include <cstddef>
#include <cstdint>

namespace norn::config {
namespace {

absl::StatusOr<Config> Parse(const std::string& text, bool include_self) {
  CommandLine command_line;
  command_line.file = "/norn.conf";
  const FileAccess files{
      [&](const std::string& path) -> absl::StatusOr<std::string> {
        if (path == "/norn.conf" || include_self) return text;
        return absl::NotFoundError("No such file or directory");
      },
      [](const std::string& pattern) { return std::vector<std::string>{pattern}; }, "/work"};
  return Load(command_line, "", files);
}

void Check(const std::string& text) {
  const absl::StatusOr<Config> hostile = Parse(text, true);
  CHECK(hostile.ok() || !hostile.status().message().empty());

  const absl::StatusOr<Config> config = Parse(text, false);
  if (!config.ok()) return;
  const std::string once = Rewrite(text, *config);
  CHECK(Rewrite(once, *config) == once);
  const absl::StatusOr<Config> reloaded = Parse(once, false);
  CHECK(reloaded.ok());
  for (const Row& row : OptionTable()) {
    CHECK_MSG(Format(row, reloaded->options) == Format(row, config->options), row.name);
  }
}

}  // namespace
}  // namespace norn::config

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  norn::config::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
