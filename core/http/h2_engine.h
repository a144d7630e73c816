// SPDX-License-Identifier: Apache-2.0
// HTTP/2 on an accepted connection: many requests at once. Inside the server only; belongs to the
// connection's loop.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/http/connection.h"
#include "core/http/h2_session.h"

namespace aw::http {

class H2Engine;

// A place where one coroutine waits for something on its own loop.
class Bell {
 public:
  // At most one waits at a time; a ring while nobody waits is not kept.
  explicit Bell(boost::asio::io_context& loop) : timer_(loop, SteadyTime::max()) {}
  io::Task<void> wait();
  void ring() { timer_.cancel(); }

 private:
  boost::asio::steady_timer timer_;
};

// One request being handled. Outlives its stream when the client resets that.
class H2Exchange final : public ResponseWriter, public BodyReader {
 public:
  H2Exchange(H2Engine& engine, H2Stream& stream);

  void add_header(std::string_view name, std::string_view value) override;
  io::Task<void> respond(Response response) override;
  io::Task<Result<void>> start(int status, Headers headers) override;
  io::Task<Result<void>> write(std::string_view bytes) override;
  io::Task<Result<void>> finish(Headers trailers) override;
  [[nodiscard]] bool started() const override { return started_; }
  [[nodiscard]] bool peer_gone() const override { return stream_ == nullptr; }
  void on_peer_gone(std::function<void()> notify) override;
  io::Task<Result<std::string>> read() override;

 private:
  friend class H2Engine;
  // head: not handled yet; body: collected first; handling: the handler runs; streaming: it answers
  // in pieces.
  enum class Phase : std::uint8_t { head, body, handling, streaming };

  void put(Response response);  // a whole answer, to the session
  void lose();                  // the stream is gone
  void stall();                 // its time is up: whatever its handler waits for ends, and fails

  H2Engine& engine_;
  H2Stream* stream_;
  Request request_;
  Headers extra_;
  Phase phase_ = Phase::head;
  bool started_ = false;
  bool finished_ = false;
  bool running_ = false;   // the handler
  bool incoming_ = false;  // the body is read in pieces
  bool stalled_ = false;
  bool reading_ = false;        // the handler waits for a piece of the body
  bool head_only_ = false;      // HEAD
  std::size_t head_bytes_ = 0;  // counted in the engine's heads_
  SteadyTime due_ = SteadyTime::max();
  std::function<void()> on_gone_;
  boost::asio::cancellation_signal signal_;
  Bell writable_;
  Bell readable_;
};

// Owned by its connection; owns the session and, with their handlers, the exchanges. Frames in
// become events (H2Events), which only take note; handlers start when the bytes at hand are all
// understood.
class H2Engine final : public Engine, public H2Events {
 public:
  H2Engine(Connection& connection, std::string received);

  io::Task<void> run() override;
  void expired(SteadyTime now) override;
  void drain() override;
  void farewell() override { drain(); }  // refuses nothing that is under way
  void abort() override;

  // H2Events: called from inside feed(), never from a handler.
  void begun(H2Stream& stream) override;
  void head(H2Stream& stream) override;
  void data(H2Stream& stream, std::size_t size) override;
  void ended(H2Stream& stream) override;
  void sent(H2Stream& stream) override;
  void closed(H2Stream& stream, H2Error why) override;
  void pong() override;
  void going_away() override {}
  void broke_off(H2Stream* stream, H2Error why) override;

 private:
  friend class H2Exchange;
  // noticed: GOAWAY with the highest id went out, and a ping behind it; going: the final one.
  // RFC 9113 §6.8.
  enum class Drain : std::uint8_t { no, noticed, going };

  void feed(std::string_view bytes);
  // Answers a request that reached no handler. After kMostRefusals the connection is wound up, and
  // what else it brings of that kind is reset without a word.
  void refuse(H2Stream& stream, Fault const& fault);
  void answer(H2Stream& stream, Response response);
  // On record as a refusal is, where nothing can be answered.
  void tell(Fault const& fault, Request const* head);
  // So much more of an answer waits for the peer, until the stream has sent all it has, or ends.
  // False: its caller leaves too much unread, which is on record.
  [[nodiscard]] bool hold(H2Stream& stream, std::size_t bytes, Request const& head);
  void let_go(H2Stream& stream);
  // The exchange waits for no body any more.
  void uncount_head(H2Exchange& exchange) { heads_ -= std::exchange(exchange.head_bytes_, 0); }
  void begin_ready();
  io::Task<void> serve(std::shared_ptr<H2Exchange> exchange);
  void end(H2Exchange& exchange);
  void forget(H2Exchange& exchange);
  // What there is to send, as far as it goes without waiting; a writer waits for the rest.
  void flush();
  void flush_soon();
  void spawn_writer();
  io::Task<void> write_rest(std::shared_ptr<Connection> keep);
  // The nearest of all deadlines becomes the connection's.
  void rearm(SteadyTime now);
  void shut();
  [[nodiscard]] bool full() const;  // no further request is taken
  // Answers that are whole, and not let out yet.
  [[nodiscard]] bool answers_wait() const;
  [[nodiscard]] Limits const& limits() const { return connection_.limits(); }

  Connection& connection_;
  std::unique_ptr<H2Session> session_;
  std::string received_;
  std::map<H2Exchange*, std::shared_ptr<H2Exchange>> exchanges_;  // shared with their handlers
  std::vector<std::shared_ptr<H2Exchange>> ready_;
  std::string unsent_;  // taken from the session, refused by the socket
  SteadyTime turn_{};   // when the bytes at hand were read
  SteadyTime progress_;
  SteadyTime write_due_ = SteadyTime::max();
  SteadyTime going_due_ = SteadyTime::max();
  SteadyTime head_due_ = SteadyTime::max();  // of the one head that may be half here
  std::size_t heads_ = 0;                    // of requests whose bodies are being collected
  std::size_t buffered_ = 0;                 // bodies being collected
  std::size_t unread_ = 0;                   // answers, counted
  std::uint32_t requests_ = 0;
  std::uint32_t refused_ = 0;
  Drain drain_ = Drain::no;
  bool in_turn_ = false;
  bool flush_posted_ = false;
  bool writing_ = false;
  bool over_ = false;
  bool told_ = false;  // why the connection ends
};

}  // namespace aw::http
