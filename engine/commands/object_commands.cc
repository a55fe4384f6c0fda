// OBJECT: how a value is stored and how it has been used. Looking is no use.

#include "engine/commands/arguments.h"
#include "engine/commands/handlers.h"
#include "engine/keyspace/access.h"
#include "engine/types/value_types.h"

namespace norn::handlers {
namespace {

// Replies null when there is no such key.
EntryRef FindOrReplyNull(CommandContext& c) {
  const Key key = c.KeyAt(2);
  const EntryRef found = c.DbFor(key).Find(key, WithoutTouch(c));
  if (!found) c.reply.Null();
  return found;
}

}  // namespace

void ObjectEncoding(CommandContext& c) {
  if (const EntryRef found = FindOrReplyNull(c)) c.reply.Bulk(EncodingNameOf(*found));
}

void ObjectRefCount(CommandContext& c) {
  if (FindOrReplyNull(c)) c.reply.Integer(1);
}

void ObjectIdleTime(CommandContext& c) {
  const EntryRef found = FindOrReplyNull(c);
  if (!found) return;
  if (AccessPolicyOf(c.options).lfu) {
    return c.reply.Error(
        "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when "
        "switching between policies at runtime LRU and LFU data will take some time to adjust.");
  }
  c.reply.Integer(static_cast<int64_t>(LruIdleMs(found->access(), c.moment.now_ms) / 1000));
}

void ObjectFreq(CommandContext& c) {
  const EntryRef found = FindOrReplyNull(c);
  if (!found) return;
  const AccessPolicy policy = AccessPolicyOf(c.options);
  if (!policy.lfu) {
    return c.reply.Error(
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note "
        "that "
        "when switching between policies at runtime LRU and LFU data will take some time to "
        "adjust.");
  }
  c.reply.Integer(LfuCount(found->access(), c.moment.now_ms, policy));
}

void ObjectHelp(CommandContext& c) {
  ReplyHelp(c, {
                   "ENCODING <key>",
                   "    How the value of a key is stored.",
                   "FREQ <key>",
                   "    How often a key was used lately, on a logarithmic scale.",
                   "IDLETIME <key>",
                   "    The seconds since a key was used.",
                   "REFCOUNT <key>",
                   "    How many references to the value of a key there are.",
               });
}

}  // namespace norn::handlers
