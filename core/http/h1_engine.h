// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 on an accepted connection: one request after the other, one write an answer. Inside the
// server only; belongs to the connection's loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/connection.h"
#include "core/http/h1_body.h"
#include "core/http/h1_encode.h"
#include "core/http/h1_head.h"
#include "core/http/peer_watch.h"

namespace aw::http {

class H1Engine;

// The answer to one request at a time; its engine uses it again for the next.
class H1Writer final : public ResponseWriter {
 public:
  explicit H1Writer(H1Engine& engine) : engine_(engine) {}

  void add_header(std::string_view name, std::string_view value) override;
  io::Task<void> respond(Response response) override;
  io::Task<Result<void>> start(int status, Headers headers) override;
  io::Task<Result<void>> write(std::string_view bytes) override;
  io::Task<Result<void>> finish(Headers trailers) override;
  [[nodiscard]] bool started() const override { return state_ != State::fresh; }
  [[nodiscard]] bool peer_gone() const override;
  void on_peer_gone(std::function<void()> notify) override;

  void reset();
  // After an exception: a whole answer that has not left yet is none. What was added to it stays.
  void forget();
  // Serializes a whole answer.
  void put(Response const& response, After after);
  [[nodiscard]] bool complete() const { return state_ == State::complete; }
  [[nodiscard]] After after() const { return after_; }
  [[nodiscard]] Headers const& added() const { return extra_; }

 private:
  enum class State : std::uint8_t { fresh, streaming, complete };

  H1Engine& engine_;
  Headers extra_;
  State state_ = State::fresh;
  bool streamed_ = false;
  BodyKind body_ = BodyKind::length;
  After after_ = After::keep_alive;
};

// Owned by its connection. Reads a request, has it handled, sends the answer in one write.
class H1Engine final : public Engine {
 public:
  // `received`: bytes of the first request that are here already.
  H1Engine(Connection& connection, std::string received);

  io::Task<void> run() override;
  void expired(SteadyTime now) override;
  void drain() override;
  void abort() override;

  // For the writer.
  io::Task<Result<void>> flush();
  void watch();
  [[nodiscard]] After after_this() const;
  // So much of an answer waits for the peer. False: its caller leaves too much unread.
  [[nodiscard]] bool hold(std::size_t bytes);

 private:
  friend class H1Writer;
  enum class Phase : std::uint8_t { idle, head, body, handling, writing, lingering };
  enum class Next : std::uint8_t { more, request, over };

  enum class Flushed : std::uint8_t { all, some, failed };

  PeerWatch& watch_of();
  // What the peer sent while its answer is made; nothing when that is enough.
  std::optional<Pull> take_ahead();
  io::Task<bool> receive();
  Flushed flush_now();
  io::Task<Result<void>> flush_rest();
  Next advance();
  Next advance_body();
  io::Task<bool> answer();
  [[nodiscard]] EarlyRefusal early(Fault const& fault) const;
  io::Task<void> refuse(Fault fault);
  io::Task<void> linger();
  io::Task<void> proceed();
  void enter(Phase phase, std::chrono::nanoseconds time);
  void become_idle();
  void lose_peer();
  void restart();

  [[nodiscard]] Limits const& limits() const { return connection_.limits(); }
  [[nodiscard]] std::string_view unread() const { return std::string_view(work_->in).substr(at_); }

  Connection& connection_;
  RequestHead head_;
  BodyDecoder body_;
  H1Writer writer_;
  std::unique_ptr<Workspace> work_;  // null while idle
  std::size_t at_ = 0;               // what of work_->in is used up
  Phase phase_ = Phase::idle;
  Fault fault_;
  bool head_done_ = false;
  bool said_continue_ = false;
  bool draining_ = false;
  Asked asked_ = Asked::anything_else;  // kept here: the handler may take the request
  Version version_ = Version::http1_1;
  std::uint32_t requests_ = 0;

  bool gone_ = false;
  std::unique_ptr<PeerWatch> watch_;  // made when first needed
};

}  // namespace aw::http
