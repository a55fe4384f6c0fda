#include "scenarios/campaign/campaign_state.h"

#include <fmt/format.h>

#include <optional>

#include "engine/base/number.h"

namespace norn::scenarios {
namespace {

constexpr std::string_view kMagic = "norn-sim campaign 1";

// Cuts the text at the first `separator`, and that off; all of it if there is none.
std::string_view Take(std::string_view* text, char separator) {
  const size_t end = std::min(text->find(separator), text->size());
  const std::string_view word = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return word;
}

}  // namespace

std::string EscapeLine(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (c == '\n') {
      line += "\\n";
    } else if (c == '\t') {
      line += "\\t";
    } else if (c == '\\') {
      line += "\\\\";
    } else {
      line += c;
    }
  }
  return line;
}

std::string UnescapeLine(std::string_view line) {
  std::string text;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\' || i + 1 == line.size()) {
      text += line[i];
      continue;
    }
    const char c = line[++i];
    text += c == 'n' ? '\n' : c == 't' ? '\t' : c;
  }
  return text;
}

std::string CampaignState::Header() const {
  std::string text = fmt::format("{}\nprogram\t{:016x}\nplant\t{}\n", kMagic, identity_.program,
                                 EscapeLine(identity_.plant));
  for (size_t i = 0; i < identity_.files.size(); ++i) {
    text += fmt::format("file\t{:016x}\t{}\n", identity_.hashes[i], EscapeLine(identity_.files[i]));
  }
  return text + "runs\n";
}

std::string CampaignState::Line(const FinishedRun& run) {
  return fmt::format("run\t{}\t{}\t{}\t{}\t{}\n", run.story, run.seed, run.totals.Encode(),
                     EscapeLine(run.check), EscapeLine(run.message));
}

std::string CampaignState::PageLine(size_t story, uint64_t seed, std::string_view page) {
  return fmt::format("page\t{}\t{}\t{}\n", story, seed, EscapeLine(page));
}

absl::Status CampaignState::Load(std::string_view text, size_t* whole_bytes) {
  const std::string header = Header();
  if (!text.starts_with(header)) {
    if (!text.starts_with(kMagic)) return absl::DataLossError("this is no state of a campaign");
    return absl::FailedPreconditionError(
        "it holds results of another build of norn-sim, or of other scenario files; begin anew "
        "with --fresh, or use another folder");
  }
  size_t at = header.size();
  for (;;) {
    const size_t end = text.find('\n', at);
    if (end == std::string_view::npos) break;
    if (!TakeLine(text.substr(at, end - at))) {
      return absl::DataLossError(fmt::format("damaged at offset {}", at));
    }
    at = end + 1;
  }
  *whole_bytes = at;
  return absl::OkStatus();
}

bool CampaignState::TakeLine(std::string_view line) {
  const std::string_view kind = Take(&line, '\t');
  const std::optional<uint64_t> story = ParseUint64(Take(&line, '\t'));
  const std::optional<uint64_t> seed = ParseUint64(Take(&line, '\t'));
  if (!story || *story >= identity_.files.size() || !seed) return false;
  if (kind == "page") {
    AddPage(*story, *seed, UnescapeLine(line));
    return true;
  }
  FinishedRun run;
  run.story = *story;
  run.seed = *seed;
  if (kind != "run" || !run.totals.Decode(Take(&line, '\t'))) return false;
  run.check = UnescapeLine(Take(&line, '\t'));
  run.message = UnescapeLine(line);
  Add(std::move(run));
  return true;
}

void CampaignState::Add(FinishedRun run) {
  const bool added = index_.try_emplace({run.story, run.seed}, runs_.size()).second;
  if (added) runs_.push_back(std::move(run));
}

void CampaignState::AddPage(size_t story, uint64_t seed, std::string page) {
  pages_[{story, seed}] = std::move(page);
}

std::string CampaignState::PageOf(size_t story, uint64_t seed) const {
  const auto page = pages_.find({story, seed});
  return page == pages_.end() ? "" : page->second;
}

}  // namespace norn::scenarios
