#pragma once
// Every handler, by family; table.cc names them, <family>_commands.cc defines them.

#include "engine/commands/command.h"

namespace norn::handlers {

// string_commands.cc
void Append(CommandContext& c);
void Decr(CommandContext& c);
void DecrBy(CommandContext& c);
void DelIfEq(CommandContext& c);
void Get(CommandContext& c);
void GetDel(CommandContext& c);
void GetEx(CommandContext& c);
void GetRange(CommandContext& c);
void GetSet(CommandContext& c);
void Incr(CommandContext& c);
void IncrBy(CommandContext& c);
void IncrByFloat(CommandContext& c);
void Lcs(CommandContext& c);
void MGet(CommandContext& c);
void MSet(CommandContext& c);
void MSetEx(CommandContext& c);
void MSetNx(CommandContext& c);
void PSetEx(CommandContext& c);
void Set(CommandContext& c);
void SetEx(CommandContext& c);
void SetNx(CommandContext& c);
void SetRange(CommandContext& c);
void StrLen(CommandContext& c);
void SubStr(CommandContext& c);

// key_commands.cc, expire_commands.cc, scan_commands.cc
void Copy(CommandContext& c);
void Del(CommandContext& c);
void Dump(CommandContext& c);
void Exists(CommandContext& c);
void Expire(CommandContext& c);
void ExpireAt(CommandContext& c);
void ExpireTime(CommandContext& c);
void Keys(CommandContext& c);
void Move(CommandContext& c);
void Persist(CommandContext& c);
void PExpire(CommandContext& c);
void PExpireAt(CommandContext& c);
void PExpireTime(CommandContext& c);
void PTtl(CommandContext& c);
void RandomKey(CommandContext& c);
void Rename(CommandContext& c);
void RenameNx(CommandContext& c);
void Migrate(CommandContext& c);
void Restore(CommandContext& c);
void Scan(CommandContext& c);
void Touch(CommandContext& c);
void Ttl(CommandContext& c);
void Type(CommandContext& c);
void Unlink(CommandContext& c);

// pubsub/pubsub_commands.cc
void PSubscribe(CommandContext& c);
void PUnsubscribe(CommandContext& c);
void Publish(CommandContext& c);
void PubSubChannels(CommandContext& c);
void PubSubHelp(CommandContext& c);
void PubSubNumPat(CommandContext& c);
void PubSubNumSub(CommandContext& c);
void PubSubShardChannels(CommandContext& c);
void PubSubShardNumSub(CommandContext& c);
void SPublish(CommandContext& c);
void SSubscribe(CommandContext& c);
void SUnsubscribe(CommandContext& c);
void Subscribe(CommandContext& c);
void Unsubscribe(CommandContext& c);

// connection_commands.cc
void Auth(CommandContext& c);
void Echo(CommandContext& c);
void Hello(CommandContext& c);
void Ping(CommandContext& c);
void Quit(CommandContext& c);
void Reset(CommandContext& c);
void Select(CommandContext& c);

// cluster_commands.cc
void Asking(CommandContext& c);
void Cluster(CommandContext& c);
void ClusterHelp(CommandContext& c);
void ClusterScan(CommandContext& c);
void ReadOnly(CommandContext& c);
void ReadWrite(CommandContext& c);

// server_commands.cc, db_commands.cc, info_commands.cc, command_commands.cc, debug_commands.cc
void BgRewriteAof(CommandContext& c);
void BgSave(CommandContext& c);
void Command(CommandContext& c);
void DbSize(CommandContext& c);
void Debug(CommandContext& c);
Placement DebugPlacement(std::span<const std::string_view> words);
void FlushAll(CommandContext& c);
void FlushDb(CommandContext& c);
void Info(CommandContext& c);
void LastSave(CommandContext& c);
void Lolwut(CommandContext& c);

void Save(CommandContext& c);
void Shutdown(CommandContext& c);
void SwapDb(CommandContext& c);
void Time(CommandContext& c);

// object_commands.cc
void ObjectEncoding(CommandContext& c);
void ObjectFreq(CommandContext& c);
void ObjectHelp(CommandContext& c);
void ObjectIdleTime(CommandContext& c);
void ObjectRefCount(CommandContext& c);

// client_commands.cc
void ClientCaching(CommandContext& c);
void ClientCapa(CommandContext& c);
void ClientGetName(CommandContext& c);
void ClientGetRedir(CommandContext& c);
void ClientHelp(CommandContext& c);
void ClientId(CommandContext& c);
void ClientInfo(CommandContext& c);
void ClientKill(CommandContext& c);
void ClientList(CommandContext& c);
void ClientNoEvict(CommandContext& c);
void ClientNoTouch(CommandContext& c);
void ClientImportSource(CommandContext& c);
void ClientPause(CommandContext& c);
void ClientReply(CommandContext& c);
void ClientSetInfo(CommandContext& c);
void ClientSetName(CommandContext& c);
void ClientTrackingInfo(CommandContext& c);
void ClientUnblock(CommandContext& c);
void ClientUnpause(CommandContext& c);

// log_commands.cc
void CommandLogGet(CommandContext& c);
void CommandLogHelp(CommandContext& c);
void CommandLogLen(CommandContext& c);
void CommandLogReset(CommandContext& c);

// command_commands.cc
void CommandCount(CommandContext& c);
void CommandDocs(CommandContext& c);
void CommandGetKeys(CommandContext& c);
void CommandGetKeysAndFlags(CommandContext& c);
void CommandHelp(CommandContext& c);
void CommandInfo(CommandContext& c);
void CommandList(CommandContext& c);

// config_commands.cc
void ConfigGet(CommandContext& c);
void ConfigHelp(CommandContext& c);
void ConfigResetStat(CommandContext& c);
void ConfigRewrite(CommandContext& c);
void ConfigSet(CommandContext& c);

// latency_commands.cc
void LatencyDoctor(CommandContext& c);
void LatencyGraph(CommandContext& c);
void LatencyHelp(CommandContext& c);
void LatencyHistogram(CommandContext& c);
void LatencyHistory(CommandContext& c);
void LatencyLatest(CommandContext& c);
void LatencyReset(CommandContext& c);

// memory_commands.cc; MemoryUsage: db_commands.cc
void MemoryDoctor(CommandContext& c);
void MemoryHelp(CommandContext& c);
void MemoryMallocStats(CommandContext& c);
void MemoryPurge(CommandContext& c);
void MemoryStats(CommandContext& c);
void MemoryUsage(CommandContext& c);

// replication_commands.cc
void Failover(CommandContext& c);
void PSync(CommandContext& c);
void ReplConf(CommandContext& c);
void ReplicaOf(CommandContext& c);
void Role(CommandContext& c);
void Sync(CommandContext& c);
void Wait(CommandContext& c);
void WaitAof(CommandContext& c);

// log_commands.cc
void SlowLogGet(CommandContext& c);
void SlowLogHelp(CommandContext& c);
void SlowLogLen(CommandContext& c);
void SlowLogReset(CommandContext& c);

// Parts of DEBUG that look into the keyspace, called by Debug: debug_keys.cc
void DebugDigest(CommandContext& c);
void DebugDigestValue(CommandContext& c);
void DebugListpack(CommandContext& c);
void DebugObject(CommandContext& c);
void DebugQuicklist(CommandContext& c);
void DebugHtStats(CommandContext& c);
void DebugHtStatsKey(CommandContext& c);
void DebugPopulate(CommandContext& c);

}  // namespace norn::handlers
