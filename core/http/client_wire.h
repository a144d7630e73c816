// SPDX-License-Identifier: Apache-2.0
// Inside the client: from an endpoint to a connection that is checked and ready to speak. Not for
// other rooms. Belongs to one loop.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/http/client.h"
#include "core/http/h2_session.h"
#include "core/io/alarm.h"
#include "core/tls/stream.h"

namespace aw::http {

// Calls `expire` at `due`, unless it is destroyed before.
// `expire` runs on the loop, once, and must not destroy the guard's owner.
class Guard {
 public:
  Guard(boost::asio::any_io_executor const& executor, SteadyTime due, std::function<void()> expire);
  Guard(Guard const&) = delete;
  Guard& operator=(Guard const&) = delete;
  [[nodiscard]] bool expired() const { return expired_; }

 private:
  io::Alarm alarm_;
  bool expired_ = false;
};

enum class Speaks : std::uint8_t { http1, http2 };

// A connection, and what the report says about it.
// One owner at a time: a call or the pool. Moves between them, never between loops.
struct Wire {
  std::unique_ptr<tls::Stream> stream;
  Speaks speaks = Speaks::http1;
  SteadyTime born{};
  std::uint64_t generation = 0;
  CallReport facts;              // the connection's part
  std::shared_ptr<void> ticket;  // its place among the pool's connections, given back at its end
};

// Pointers are borrowed until the wire is open.
struct WireNeeds {
  Endpoint endpoint;
  Security const* security = nullptr;
  Protocol protocol = Protocol::negotiated;
  SteadyTime deadline;
  CallReport* report = nullptr;  // what the connection is like, for who asked
};
// Resolve, connect, handshake, check. `pool` resolves names.
// Each address of a name is tried in turn (eight at the most) with its share of the time left.
// Errors: Code::connect, timeout, overloaded, tls_setup, no_svid, protocol (no HTTP/2 where it
// was asked for), what the handshake or the check said.
[[nodiscard]] io::Task<Result<Wire>> open_wire(WireNeeds needs, io::BlockingPool& pool);

// What the peer of a plain or TLS wire said so far that nobody read: nothing, something, its end.
enum class Heard : std::uint8_t { nothing, something, end };
// Does not wait; appends at most 16 KiB.
[[nodiscard]] Result<Heard> hear(tls::Stream& stream, std::string& into);

}  // namespace aw::http
