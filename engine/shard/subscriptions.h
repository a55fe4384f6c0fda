#pragma once
// Ends of subscriptions that no command of the client asked for: it goes, it says RESET, a slot goes to another shard. The
// client hears nothing more at once; the directories, which need tokens, follow.

#include "engine/session/session.h"
#include "engine/shard/executor_state.h"

namespace norn {

// The client listens to nothing any more. On its executor. Parks when it listened.
void AbandonSubscriptions(Session& session, ExecutorState& state);

// After the routes changed: clients of this executor lose the shard channels of slots that this shard does not serve, and are
// told. Never parks.
void EndLostShardChannels(ExecutorState& state);

}  // namespace norn
