// INFO.

#include "engine/commands/handlers.h"
#include "engine/commands/info.h"
#include "engine/commands/node_control.h"
#include "engine/commands/replication_control.h"

namespace norn::handlers {

void Info(CommandContext& c) {
  const NodeStats stats = c.node.GatherStats();
  const ReplicationView replication = c.node.replication().View();
  ClusterControl* const cluster = c.node.cluster();
  const InfoFacts facts{.options = c.options,
                        .stats = stats,
                        .host = c.node.host(),
                        .now = c.now,
                        .instant = c.instant,
                        .start_instant = c.node.start_instant(),
                        .start_wall = c.node.start_wall(),
                        .run_id = c.node.run_id(),
                        .port = c.node.ListeningPortText(),
                        .config_file = c.node.config().file,
                        .replication = replication.info,
                        .cluster = cluster != nullptr ? cluster->Info() : std::string(),
                        .pause = c.node.GetPause(),
                        .threads = c.node.env().executor().Count()};
  c.reply.Verbatim("txt", InfoText(facts, SectionsByName(c.words.subspan(1))));
}

}  // namespace norn::handlers
