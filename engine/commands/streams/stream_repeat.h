#pragma once
// What is repeated elsewhere of commands that hand out entries: who has what from now on, in words that do not depend on the
// time or on what the stream holds, and that older servers know.

#include <string_view>

#include "engine/commands/command.h"
#include "engine/types/stream_value.h"

namespace norn {

// Of one group of one key. Call after the change it tells of.
class StreamRepeat {
 public:
  StreamRepeat(CommandContext& c, std::string_view key, std::string_view group_name,
               const StreamGroup& group)
      : c_(c), key_(key), group_name_(group_name), group_(group) {}

  // Also where the entry of `id` is gone: then it is pending for nobody.
  void Claim(StreamId id, const StreamPending& pending);
  void Position();
  void Consumer(std::string_view name);

 private:
  CommandContext& c_;
  std::string_view key_;
  std::string_view group_name_;
  const StreamGroup& group_;
};

}  // namespace norn
