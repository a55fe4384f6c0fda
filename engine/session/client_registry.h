#pragma once
// The clients connected to one executor, in order of id.

#include <cstdint>
#include <map>
#include <string_view>

#include "engine/base/byte_buffer.h"
#include "engine/session/session.h"

namespace norn {

// What the node may do to a client of its own executor. Implemented by the connection.
class ClientHandle {
 public:
  virtual ~ClientHandle() = default;
  virtual Session& session() = 0;
  // Ends the connection: at once, or when the replies under way are sent.
  virtual void Kill(bool after_reply) = 0;
  // Fills the sizes that only the connection knows (buffers, memory) into its session.
  virtual void RefreshSizes() = 0;
  // Once a second: what must happen to a client that does nothing.
  virtual void Tick() = 0;

  // ---- what the client did not ask for just now: messages of channels ----
  // Keeps `bytes` to be sent behind what it was told so far; true when nothing was waiting so before. Never parks.
  virtual bool Push(std::string_view bytes) = 0;
  // Sends what was pushed, unless commands of the client are under way: then it goes with their replies. Never parks.
  virtual void FlushPushes() = 0;
  // Puts what was pushed to the end of `replies`, so that what follows there comes behind it.
  virtual void TakePushes(ByteBuffer& replies) = 0;
};

class ClientRegistry {
 public:
  void Add(ClientHandle& client) { clients_[client.session().id.value] = &client; }
  void Remove(ClientHandle& client) { clients_.erase(client.session().id.value); }
  size_t size() const { return clients_.size(); }
  auto begin() const { return clients_.begin(); }
  auto end() const { return clients_.end(); }
  ClientHandle* Find(ClientId id) const {
    const auto at = clients_.find(id.value);
    return at == clients_.end() ? nullptr : at->second;
  }

 private:
  std::map<uint64_t, ClientHandle*> clients_;
};

}  // namespace norn
