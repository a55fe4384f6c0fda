#include "engine/cluster/nodes_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/number.h"
#include "engine/base/status.h"
#include "engine/base/words.h"
#include "engine/cluster/norn_words.h"
#include "engine/persist/snapshot_file.h"

namespace norn::cluster {
namespace {

constexpr std::string_view kVars = "vars";
constexpr std::string_view kCurrentEpoch = "currentEpoch";
constexpr std::string_view kLastVoteEpoch = "lastVoteEpoch";
constexpr std::string_view kNorn = "norn";

bool IsNornMemory(std::string_view word) { return ParseNornMemory(word).has_value(); }

bool IsMyself(const NodeLine& node) { return (node.flags & node_flag::kMyself) != 0; }

class Parser {
 public:
  explicit Parser(bool is_tls_cluster) : is_tls_cluster_(is_tls_cluster) {}

  absl::Status ReadLine(std::string_view line) {
    ++line_;
    std::vector<std::string> words;
    if (!SplitWords(line, &words)) return Bad("quotes that do not match");
    if (words.empty()) return absl::OkStatus();
    return words[0] == kVars ? ReadVars(words) : ReadNode(words);
  }

  absl::StatusOr<NodesFile> Finish() {
    if (!has_myself_) return absl::InvalidArgumentError("no node is marked \"myself\"");
    if (!has_vars_) return absl::InvalidArgumentError("no line \"vars\"");
    GiveSlotsToOne();
    RaiseCurrentEpoch();
    ShareShards();
    return std::move(file_);
  }

 private:
  absl::Status Bad(std::string_view why) const {
    return absl::InvalidArgumentError(fmt::format("line {}, {}", line_, why));
  }

  absl::Status ReadNode(const std::vector<std::string>& words) {
    NodeLine node;
    const absl::Status parsed = ParseNodeLine(words, is_tls_cluster_, node);
    if (!parsed.ok()) return Bad(MessageOf(parsed));
    if (!seen_.insert(node.id).second) return Bad("a node that was there already");
    if (IsMyself(node) && std::exchange(has_myself_, true)) return Bad("a second \"myself\"");
    file_.nodes.push_back(std::move(node));
    return absl::OkStatus();
  }

  // Pairs of a name and a value, others than ours skipped as Valkey does.
  absl::Status ReadVars(const std::vector<std::string>& words) {
    has_vars_ = true;
    if (words.size() % 2 == 0) return Bad(fmt::format("\"{}\" has no value", words.back()));
    for (size_t i = 1; i < words.size(); i += 2) {
      if (words[i] == kNorn) {
        if (!IsNornMemory(words[i + 1])) return Bad("damaged promises behind \"norn\"");
        file_.norn = words[i + 1];
        continue;
      }
      uint64_t ignored = 0;
      uint64_t& var = words[i] == kCurrentEpoch    ? file_.current_epoch
                      : words[i] == kLastVoteEpoch ? file_.last_vote_epoch
                                                   : ignored;
      const std::optional<uint64_t> value = ParseUint64(words[i + 1]);
      if (!value && &var != &ignored) {
        return Bad(fmt::format("word {} \"{}\": not an epoch", i + 2, words[i + 1]));
      }
      var = value.value_or(0);
    }
    return absl::OkStatus();
  }

  void GiveSlotsToOne() {
    SlotSet given;
    for (NodeLine& node : file_.nodes) {
      node.slots -= given;
      given |= node.slots;
    }
  }

  void RaiseCurrentEpoch() {
    for (const NodeLine& node : file_.nodes) {
      if (!node.replica_of.empty()) continue;
      file_.current_epoch = std::max(file_.current_epoch, node.config_epoch);
    }
  }

  void ShareShards() {
    std::map<NodeId, ClusterShardId> shards;
    for (const NodeLine& node : file_.nodes) {
      if (node.replica_of.empty()) shards[node.id] = node.shard_id;
    }
    for (NodeLine& node : file_.nodes) {
      const auto primary = shards.find(node.replica_of);
      if (primary != shards.end() && !primary->second.empty()) node.shard_id = primary->second;
    }
  }

  const bool is_tls_cluster_;
  NodesFile file_;
  std::set<NodeId> seen_;
  size_t line_ = 0;
  bool has_myself_ = false;
  bool has_vars_ = false;
};

absl::StatusOr<std::string> ReadWhole(env::Disk& disk, const std::string& path) {
  absl::StatusOr<std::unique_ptr<env::File>> file = disk.Open(path, env::OpenMode::kRead);
  if (!file.ok()) return file.status();
  const absl::StatusOr<uint64_t> size = (*file)->Size();
  if (!size.ok()) return size.status();
  std::string text(*size, '\0');
  const absl::StatusOr<size_t> read = (*file)->Read(0, text);
  if (!read.ok()) return read.status();
  text.resize(*read);
  return text;
}

}  // namespace

const NodeLine& NodesFile::Myself() const {
  const auto myself = std::find_if(nodes.begin(), nodes.end(), IsMyself);
  CHECK(myself != nodes.end());  // I1
  return *myself;
}

std::string NodesFileText(const NodesFile& file) {
  CHECK(std::count_if(file.nodes.begin(), file.nodes.end(), IsMyself) == 1);  // I1
  std::string text;
  for (const NodeLine& node : file.nodes) {
    if ((node.flags & node_flag::kHandshake) != 0) continue;
    AppendNodeLine(node, NodeLineForm::kFile, text);
    text.append("\n");
  }
  text.append(fmt::format("{} {} {} {} {}", kVars, kCurrentEpoch, file.current_epoch,
                          kLastVoteEpoch, file.last_vote_epoch));
  if (!file.norn.empty()) text.append(fmt::format(" {} {}", kNorn, file.norn));
  return text.append("\n");
}

absl::StatusOr<NodesFile> ParseNodesFile(std::string_view text, bool is_tls_cluster) {
  Parser parser(is_tls_cluster);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const absl::Status read = parser.ReadLine(text.substr(0, end));
    if (!read.ok()) return read;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parser.Finish();
}

absl::StatusOr<NodesFile> LoadNodesFile(env::Disk& disk, const std::string& path,
                                        bool is_tls_cluster) {
  const absl::StatusOr<std::string> text = ReadWhole(disk, path);
  if (!text.ok()) return text.status();
  if (text->empty()) return absl::NotFoundError(path + ": empty");
  absl::StatusOr<NodesFile> file = ParseNodesFile(*text, is_tls_cluster);
  if (file.ok()) return file;
  return absl::InvalidArgumentError(fmt::format("{}: {}", path, MessageOf(file.status())));
}

absl::Status SaveNodesFile(env::Disk& disk, const NodesFileName& name, const NodesFile& file) {
  absl::StatusOr<std::unique_ptr<persist::SnapshotFile>> saved = persist::SnapshotFile::Create(
      disk, {.path = name.path, .temporary_name = name.temporary_name});
  if (!saved.ok()) return saved.status();
  // Its error is Commit's too, which then removes the temporary file.
  (*saved)->Write(NodesFileText(file)).IgnoreError();
  return (*saved)->Commit();
}

}  // namespace norn::cluster
