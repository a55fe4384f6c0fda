// Commands whose family is still being written: each answers that it is missing. A family's file takes its lines away, and
// the last one this file.

#include "engine/commands/handlers.h"

namespace norn::handlers {
namespace {

void Missing(CommandContext& c) { c.reply.Error("ERR this command is not part of norn yet"); }

}  // namespace

void Append(CommandContext& c) { Missing(c); }
void Decr(CommandContext& c) { Missing(c); }
void DecrBy(CommandContext& c) { Missing(c); }
void DelIfEq(CommandContext& c) { Missing(c); }
void Get(CommandContext& c) { Missing(c); }
void GetDel(CommandContext& c) { Missing(c); }
void GetEx(CommandContext& c) { Missing(c); }
void GetRange(CommandContext& c) { Missing(c); }
void GetSet(CommandContext& c) { Missing(c); }
void Incr(CommandContext& c) { Missing(c); }
void IncrBy(CommandContext& c) { Missing(c); }
void IncrByFloat(CommandContext& c) { Missing(c); }
void Lcs(CommandContext& c) { Missing(c); }
void MGet(CommandContext& c) { Missing(c); }
void MSet(CommandContext& c) { Missing(c); }
void MSetEx(CommandContext& c) { Missing(c); }
void MSetNx(CommandContext& c) { Missing(c); }
void PSetEx(CommandContext& c) { Missing(c); }
void Set(CommandContext& c) { Missing(c); }
void SetEx(CommandContext& c) { Missing(c); }
void SetNx(CommandContext& c) { Missing(c); }
void SetRange(CommandContext& c) { Missing(c); }
void StrLen(CommandContext& c) { Missing(c); }
void SubStr(CommandContext& c) { Missing(c); }
void Copy(CommandContext& c) { Missing(c); }
void Del(CommandContext& c) { Missing(c); }
void Exists(CommandContext& c) { Missing(c); }
void Expire(CommandContext& c) { Missing(c); }
void ExpireAt(CommandContext& c) { Missing(c); }
void ExpireTime(CommandContext& c) { Missing(c); }
void Keys(CommandContext& c) { Missing(c); }
void Move(CommandContext& c) { Missing(c); }
void Persist(CommandContext& c) { Missing(c); }
void PExpire(CommandContext& c) { Missing(c); }
void PExpireAt(CommandContext& c) { Missing(c); }
void PExpireTime(CommandContext& c) { Missing(c); }
void PTtl(CommandContext& c) { Missing(c); }
void RandomKey(CommandContext& c) { Missing(c); }
void Rename(CommandContext& c) { Missing(c); }
void RenameNx(CommandContext& c) { Missing(c); }
void Scan(CommandContext& c) { Missing(c); }
void Touch(CommandContext& c) { Missing(c); }
void Ttl(CommandContext& c) { Missing(c); }
void Type(CommandContext& c) { Missing(c); }
void Unlink(CommandContext& c) { Missing(c); }
void DbSize(CommandContext& c) { Missing(c); }
void FlushAll(CommandContext& c) { Missing(c); }
void FlushDb(CommandContext& c) { Missing(c); }
void SwapDb(CommandContext& c) { Missing(c); }
void ObjectEncoding(CommandContext& c) { Missing(c); }
void ObjectFreq(CommandContext& c) { Missing(c); }
void ObjectHelp(CommandContext& c) { Missing(c); }
void ObjectIdleTime(CommandContext& c) { Missing(c); }
void ObjectRefCount(CommandContext& c) { Missing(c); }
void MemoryUsage(CommandContext& c) { Missing(c); }
void DebugObject(CommandContext& c) { Missing(c); }
void DebugHtStats(CommandContext& c) { Missing(c); }
void DebugHtStatsKey(CommandContext& c) { Missing(c); }
void DebugPopulate(CommandContext& c) { Missing(c); }

}  // namespace norn::handlers
