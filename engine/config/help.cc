#include "engine/config/help.h"

#include "engine/base/version.h"
#include "engine/config/rewrite.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <string_view>

namespace norn::config {
namespace {

constexpr size_t kDocColumn = 40;
constexpr size_t kCommentWidth = 78;

constexpr std::array<std::string_view, kGroupCount> kGroupNames = {
    "Network",     "TLS",     "Clients",   "Process",         "Log",     "Security",  "Threads",
    "Memory",      "Keys",    "Encodings", "Keyspace events", "Latency", "Snapshots", "Append log",
    "Replication", "Cluster", "Debugging"};

std::string Doc(const Row& row) {
  std::string doc(row.doc);
  if (row.Has(kUnused)) doc += " (accepted for compatibility)";
  return doc;
}

// "# " lines of at most kCommentWidth columns, broken at blanks.
std::string Comment(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    size_t end = text.size();
    if (end > kCommentWidth) {
      end = text.rfind(' ', kCommentWidth);
      if (end == std::string_view::npos) end = text.find(' ');
      if (end == std::string_view::npos) end = text.size();
    }
    lines += fmt::format("# {}\n", text.substr(0, end));
    text.remove_prefix(end == text.size() ? end : end + 1);
  }
  return lines;
}

std::string Entry(const Row& row) {
  std::string entry = "\n" + Comment(Doc(row));
  if (!row.alias.empty()) entry += fmt::format("# Also known as {}.\n", row.alias);
  const std::vector<RewriteLine> lines = RewriteLines(row, Defaults());
  for (const RewriteLine& line : lines) entry += line.text + "\n";
  if (!lines.empty()) return entry;
  const auto* special = std::get_if<SpecialKind>(&row.kind);
  const bool has_default = special != nullptr && !special->initial.empty();
  return entry + fmt::format("# {} {}\n", row.name, has_default ? special->initial : "...");
}

template <typename PrintRow>
std::string ByGroup(std::string_view heading, PrintRow print) {
  std::string text;
  Group group{};
  bool first = true;
  for (const Row& row : OptionTable()) {
    if (row.Has(kHidden)) continue;
    if (first || row.group != group) {
      text += fmt::format(fmt::runtime(heading), kGroupNames[static_cast<size_t>(row.group)]);
    }
    first = false;
    group = row.group;
    text += print(row);
  }
  return text;
}

constexpr std::string_view kUsage =
    R"(Usage: norn-server [/path/to/norn.conf] [--option value ...] [-]
       norn-server -                 read the configuration from standard input
       norn-server --print-config    print a configuration file with every option
       norn-server -v, --version
       norn-server -h, --help

Examples:
       norn-server
       norn-server /etc/norn/6379.conf
       norn-server --port 7777 --maxmemory 1gb
       norn-server /etc/norn.conf --loglevel verbose
       echo 'maxmemory 128mb' | norn-server -

Options, in a file as "name value", on the command line as "--name value". What is given later wins;
the command line comes after the file. CONFIG SET changes most of them at run time.
)";

}  // namespace

std::string HelpText() {
  return std::string(kUsage) + ByGroup("\n{}:\n", [](const Row& row) {
           return fmt::format("  {:<{}} {}\n", row.name, kDocColumn - 3, Doc(row));
         });
}

std::string DefaultFile() {
  const std::string head = fmt::format(
      "# norn {}: every option at its default. Sizes take a unit: 1k is 1000 bytes, 1kb is 1024,\n"
      "# and so with m and g. A line starting with '#' is a comment.\n",
      kVersion);
  return head + ByGroup("\n################ {} ################\n", Entry);
}

}  // namespace norn::config
