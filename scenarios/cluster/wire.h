#pragma once
// A client's connection to one node of a cluster: commands go out as one pipeline, their replies come back, or the connection is
// lost and nobody knows which of them took effect.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/env/env.h"
#include "net/reply_parser.h"
#include "scenarios/history.h"

namespace norn::scenarios {

class Wire {
 public:
  explicit Wire(std::string address) : address_(std::move(address)) {}

  const std::string& address() const { return address_; }
  bool connected() const { return stream_ != nullptr; }
  // A connection, if there is none. Parks.
  bool Connect(env::Env& env, Duration timeout);
  // One reply for each command; nullopt: the connection is lost. Requires: connected(). Parks.
  std::optional<std::vector<net::Reply>> Call(env::Env& env, const std::vector<Words>& commands,
                                              Duration timeout);
  void Close() { stream_.reset(); }

  // READONLY was said on this connection; the owner's business.
  bool readonly = false;

 private:
  const std::string address_;
  std::unique_ptr<env::Stream> stream_;
  net::ReplyParser parser_;
};

}  // namespace norn::scenarios
