// SPDX-License-Identifier: Apache-2.0
// Inside the client: one request and its answer, on a wire of either protocol. Not for other rooms.
// Belongs to one loop.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/http/client_wire.h"
#include "core/http/h1_body.h"
#include "core/http/h1_head.h"

namespace aw::http {

// How far a request came: what decides whether it may be sent again.
// nothing: no byte left; server: it may have acted; answer: it has begun to speak.
enum class Reached : std::uint8_t { nothing, server, answer };

// One answer being received.
// One use: begin once, then `more` until it is empty. Destroying it gives the request up.
class Call {
 public:
  virtual ~Call() = default;
  // Sends the request and waits for the answer's head. Both must live until it returns.
  virtual io::Task<Result<void>> begin(Request const& request, std::string const& authority,
                                       SteadyTime deadline) = 0;
  // More of the body; empty = the end.
  virtual io::Task<Result<std::string>> more(SteadyTime deadline) = 0;

  Response response;  // head, and trailers after the end; body stays empty
  Reached reached = Reached::nothing;
  SteadyTime first_byte{};
};

// HTTP/1.1: owns its wire; `free` gets it back, fit for the next request, when it is.
[[nodiscard]] std::unique_ptr<Call> make_h1_call(Wire wire, std::function<void(Wire)> free);

// HTTP/2: many calls on one wire.
// Shared by the pool and its calls; ends when it fails or the last of them goes.
class H2Wire {
 public:
  virtual ~H2Wire() = default;
  // Null when it takes no more (now, or ever: `usable`).
  virtual std::unique_ptr<Call> call() = 0;
  // Looks at what came while nobody called; false = of no use for new calls.
  virtual bool usable() = 0;
  [[nodiscard]] virtual bool idle() const = 0;
  [[nodiscard]] virtual Wire const& wire() const = 0;
  // Its calls end with Code::interrupted.
  virtual void close() = 0;
  // Why it is of no use.
  [[nodiscard]] virtual Error failure() const = 0;
};
// `changed` when a call ended or the wire did.
[[nodiscard]] Result<std::shared_ptr<H2Wire>> make_h2_wire(
    boost::asio::any_io_executor const& executor, Wire wire, std::function<void()> changed);

}  // namespace aw::http
