#include "engine/persist/aof_manifest.h"

#include <absl/status/status.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/number.h"
#include "engine/base/status.h"
#include "engine/base/words.h"

namespace norn::persist {
namespace {

// What servers that read the file into a buffer of this size refuse.
constexpr size_t kLineBytesMax = 1024;

bool SameWord(std::string_view word, std::string_view lower) {
  return std::equal(word.begin(), word.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

bool NeedsQuotes(std::string_view name) {
  return std::any_of(name.begin(), name.end(), [](char c) {
    return c <= ' ' || c > '~' || c == '"' || c == '\'' || c == '\\';
  });
}

struct Line {
  AofManifest::FileEntry file;
  char type = 0;
};

absl::StatusOr<Line> ParseLine(std::string_view text) {
  std::vector<std::string> words;
  if (!SplitWords(text, &words)) return absl::InvalidArgumentError("unbalanced quotes");
  if (words.size() < 6 || words.size() % 2 != 0) {
    return absl::InvalidArgumentError("expected: file NAME seq NUMBER type b|h|i");
  }
  Line line;
  for (size_t i = 0; i < words.size(); i += 2) {
    const std::string& value = words[i + 1];
    if (SameWord(words[i], "file")) {
      if (value.empty() || value == "." || value == ".." ||
          value.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos) {
        return absl::InvalidArgumentError("the file must be a plain name, not a path");
      }
      line.file.name = value;
    } else if (SameWord(words[i], "seq")) {
      const std::optional<int64_t> seq = ParseInt64(value);
      // The highest number is refused so that one above it can always be formed.
      if (!seq || *seq < 1 || *seq == INT64_MAX) {
        return absl::InvalidArgumentError("the sequence number is not a positive integer");
      }
      line.file.seq = *seq;
    } else if (SameWord(words[i], "type")) {
      line.type = value.size() == 1 ? value[0] : '?';
    }
  }
  if (line.file.name.empty() || line.file.seq == 0 || line.type == 0) {
    return absl::InvalidArgumentError("expected: file NAME seq NUMBER type b|h|i");
  }
  return line;
}

absl::Status Add(Line line, AofManifest* manifest) {
  switch (line.type) {
    case 'b':
      if (manifest->base) return absl::InvalidArgumentError("a second base file");
      manifest->last_base_seq = std::max(manifest->last_base_seq, line.file.seq);
      manifest->base = std::move(line.file);
      return absl::OkStatus();
    case 'i':
      if (!manifest->incrs.empty() && line.file.seq <= manifest->incrs.back().seq) {
        return absl::InvalidArgumentError("sequence numbers of incremental files must grow");
      }
      manifest->last_incr_seq = std::max(manifest->last_incr_seq, line.file.seq);
      manifest->incrs.push_back(std::move(line.file));
      return absl::OkStatus();
    case 'h': {
      // A name is not given again while its old bearer may still be waiting to be removed.
      const bool was_base = line.file.name.find(".base.") != std::string::npos;
      int64_t& last = was_base ? manifest->last_base_seq : manifest->last_incr_seq;
      last = std::max(last, line.file.seq);
      manifest->history.push_back(std::move(line.file));
      return absl::OkStatus();
    }
    default:
      return absl::InvalidArgumentError("unknown file type (known: b, h, i)");
  }
}

void AppendLine(const AofManifest::FileEntry& file, char type, std::string* out) {
  fmt::format_to(std::back_inserter(*out), "file {} seq {} type {}\n",
                 NeedsQuotes(file.name) ? QuoteWord(file.name) : file.name, file.seq, type);
}

}  // namespace

absl::StatusOr<AofManifest> AofManifest::Parse(std::string_view text, std::string_view path) {
  int line_number = 0;
  auto error = [&](std::string_view reason) {
    return absl::InvalidArgumentError(fmt::format("{}: line {}: {}", path, line_number, reason));
  };
  if (text.empty()) return absl::InvalidArgumentError(fmt::format("{}: the file is empty", path));
  AofManifest manifest;
  while (!text.empty()) {
    ++line_number;
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return error("the line does not end");
    if (end >= kLineBytesMax) return error("the line is too long");
    const std::string_view line_text = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line_text.starts_with('#')) continue;
    absl::StatusOr<Line> line = ParseLine(line_text);
    if (!line.ok()) return error(MessageOf(line.status()));
    const absl::Status added = Add(*std::move(line), &manifest);
    if (!added.ok()) return error(MessageOf(added));
  }
  return manifest;
}

std::string AofManifest::Format() const {
  std::string text;
  // An empty file would be taken for a damaged one.
  if (!base && history.empty() && incrs.empty()) text = "# no files yet\n";
  if (base) AppendLine(*base, 'b', &text);
  for (const FileEntry& file : history) AppendLine(file, 'h', &text);
  for (const FileEntry& file : incrs) AppendLine(file, 'i', &text);
  return text;
}

bool AofManifest::InUse(std::string_view name) const {
  if (base && base->name == name) return true;
  return std::any_of(incrs.begin(), incrs.end(),
                     [&](const FileEntry& file) { return file.name == name; });
}

std::string AofManifest::AddIncr(std::string_view prefix) {
  ++last_incr_seq;
  incrs.push_back({fmt::format("{}.{}.incr.aof", prefix, last_incr_seq), last_incr_seq});
  return incrs.back().name;
}

std::string AofManifest::NextBaseName(std::string_view prefix, AofBaseKind kind) const {
  return fmt::format("{}.{}.base.{}", prefix, last_base_seq + 1,
                     kind == AofBaseKind::kSnapshot ? "rdb" : "aof");
}

std::string AofManifest::ReplaceBase(std::string_view prefix, AofBaseKind kind, int64_t from_seq) {
  if (base) history.push_back(*std::move(base));
  base = FileEntry{NextBaseName(prefix, kind), last_base_seq + 1};
  ++last_base_seq;
  const auto kept = std::find_if(incrs.begin(), incrs.end(),
                                 [&](const FileEntry& file) { return file.seq >= from_seq; });
  history.insert(history.end(), incrs.begin(), kept);
  incrs.erase(incrs.begin(), kept);
  return base->name;
}

}  // namespace norn::persist
