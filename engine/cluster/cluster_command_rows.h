#pragma once
// The subcommands of CLUSTER, by the file that has them; cluster_commands.cc has the table that names them.

#include <optional>
#include <string>

#include "engine/cluster/cluster_commands.h"

namespace norn::cluster::cluster_command {

// Common ground: both write the error and return nothing where there is none.
const ClusterNode* NodeAt(const ClusterCall& call, size_t at);
std::optional<SlotId> SlotAt(const ClusterCall& call, size_t at);
// "unknown subcommand or wrong number of arguments".
void ReplySyntax(const ClusterCall& call);

// cluster_commands.cc
void BumpEpoch(const ClusterCall& call);
void CountFailureReports(const ClusterCall& call);
void Failover(const ClusterCall& call);
void Forget(const ClusterCall& call);
void Meet(const ClusterCall& call);
void Replicate(const ClusterCall& call);
void Reset(const ClusterCall& call);
void SaveConfig(const ClusterCall& call);
void SetConfigEpoch(const ClusterCall& call);

// cluster_slot_commands.cc
void AddSlots(const ClusterCall& call);
void AddSlotsRange(const ClusterCall& call);
void CountKeysInSlot(const ClusterCall& call);
void DelSlots(const ClusterCall& call);
void DelSlotsRange(const ClusterCall& call);
void FlushSlots(const ClusterCall& call);
void GetKeysInSlot(const ClusterCall& call);
void KeySlot(const ClusterCall& call);
void SetSlot(const ClusterCall& call);
void SlotStats(const ClusterCall& call);

// cluster_scan.cc
void ClusterScan(const ClusterCall& call);  // CLUSTERSCAN, behind the words "CLUSTER clusterscan"

// cluster_reports.cc
void Info(const ClusterCall& call);
void Links(const ClusterCall& call);
void MyId(const ClusterCall& call);
void MyShardId(const ClusterCall& call);
void Nodes(const ClusterCall& call);
void Replicas(const ClusterCall& call);
void Shards(const ClusterCall& call);
void Slots(const ClusterCall& call);

}  // namespace norn::cluster::cluster_command
