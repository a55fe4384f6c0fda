#include "engine/commands/streams/stream_repeat.h"

#include "engine/base/number.h"

namespace norn {

void StreamRepeat::Claim(StreamId id, const StreamPending& pending) {
  if (!c_.effect.wanted()) return;
  c_.effect.Instead({"XCLAIM", key_, group_name_, pending.consumer->name(), "0",
                     StreamIdText(id).view(), "TIME", Int64Text(pending.delivered_ms).view(),
                     "RETRYCOUNT", Int64Text(static_cast<int64_t>(pending.deliveries)).view(),
                     "FORCE", "JUSTID", "LASTID", StreamIdText(group_.last_id).view()});
}

void StreamRepeat::Position() {
  if (!c_.effect.wanted()) return;
  c_.effect.Instead({"XGROUP", "SETID", key_, group_name_, StreamIdText(group_.last_id).view(),
                     "ENTRIESREAD", Int64Text(group_.entries_read).view()});
}

void StreamRepeat::Consumer(std::string_view name) {
  if (!c_.effect.wanted()) return;
  c_.effect.Instead({"XGROUP", "CREATECONSUMER", key_, group_name_, name});
}

}  // namespace norn
