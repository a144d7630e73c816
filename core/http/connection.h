// SPDX-License-Identifier: Apache-2.0
// Inside the server: one accepted connection and what speaks on it. Not for other rooms.
//
// Everything here belongs to the connection's loop.
#pragma once

#include <atomic>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/h1_encode.h"
#include "core/http/held_bodies.h"
#include "core/http/server.h"
#include "core/io/deadlines.h"
#include "core/tls/stream.h"

namespace aw::http {

class Connection;

// Buffers a connection has only while it is at work; they go from one to the next.
struct Workspace {
  Request request;
  std::string in;   // received, not yet understood
  std::string out;  // to be sent

  void clear();  // and lets go of what grew large
};

// For the metrics and for the limit on connections; all loops add, any thread reads.
struct Counters {
  std::atomic<std::uint64_t> connections{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> rejected{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> in_flight{0};
  std::atomic<std::uint64_t> ids{0};
};

// What is smaller is not counted among what waits: most requests and answers are.
inline constexpr std::size_t kUncounted = 16U << 10;
inline constexpr std::string_view kTooManyAnswers = "too many answers that are not read";

// What the loops of one server share.
struct Common {
  Common(ServerOptions its_options, Clock const& its_clock)
      : options(std::move(its_options)),
        clock(its_clock),
        bodies(options.limits.max_body_bytes),
        answers(options.limits.max_body_bytes) {}
  ServerOptions const options;
  Clock const& clock;
  Counters counters;
  HeldBodies heads{1U << 20};  // of requests whose bodies are not whole
  HeldBodies bodies;           // of requests, half here
  HeldBodies answers;          // not read
};

// The server's part on one loop.
struct Shard {
  Shard(boost::asio::io_context& its_loop, std::shared_ptr<Common> its_common)
      : loop(its_loop),
        common(std::move(its_common)),
        options(common->options),
        counters(common->counters),
        deadlines(its_loop) {}

  boost::asio::io_context& loop;
  std::shared_ptr<Common> const common;  // a connection may end after its server
  ServerOptions const& options;
  Counters& counters;
  io::Deadlines deadlines;
  DateField date;
  std::list<Connection*> connections;
  std::vector<std::unique_ptr<Workspace>> spare;
  bool leaving = false;  // answers are their connections' last
  bool draining = false;

  [[nodiscard]] std::unique_ptr<Workspace> take_workspace();
  void give_back(std::unique_ptr<Workspace> workspace);
  [[nodiscard]] std::string_view date_now() { return date.at(common->clock.now()); }
  // What `options.refuse` says, with `status`. `added`: by a handler, where there was one.
  [[nodiscard]] Response refusal(Code code, int status, Headers const& added = {}) const;
};

// What speaks one protocol on a connection.
class Engine {
 public:
  virtual ~Engine() = default;
  // Until the connection is over. May throw what a cancelled wait throws.
  virtual io::Task<void> run() = 0;
  // A deadline of set_deadline() has passed: say why, or go on with the next.
  virtual void expired(SteadyTime now) = 0;
  // No new requests; what is under way is finished.
  virtual void drain() = 0;
  // The shard is leaving: what the next answer says by itself need not be said here.
  virtual void farewell() {}
  // The connection is being cut: whatever waits must end.
  virtual void abort() = 0;
};

// How a read that does not wait ended.
enum class Pull : std::uint8_t { bytes, nothing, closed };

// From accept to close. Spawned once (`serve`), shared with that coroutine and with writers that
// may outlive it for a moment; the shard lists it meanwhile, so that drain and farewell reach it.
class Connection final : public std::enable_shared_from_this<Connection>,
                         public io::Deadlines::Entry {
 public:
  Connection(std::shared_ptr<Shard> shard, std::string remote_address);
  ~Connection() override;

  // Handshake, session, requests. Spawned once.
  io::Task<void> serve(std::unique_ptr<tls::Socket> socket);
  void drain();
  void farewell() {
    if (engine_ != nullptr) engine_->farewell();
  }
  // Drained now, cut at `end` at the latest.
  void retire(SteadyTime end);
  // Now, in the middle of whatever it is. Twice is fine.
  void abort();

  // For engines.
  [[nodiscard]] Shard& shard() { return *shard_; }
  [[nodiscard]] tls::Stream& stream() { return *stream_; }
  [[nodiscard]] Session& session() { return *session_; }
  [[nodiscard]] Session* session_if_any() { return session_.get(); }
  [[nodiscard]] Limits const& limits() const { return shard_->options.limits; }
  // What the session says to it, or else the shard. Counted.
  [[nodiscard]] Response refusal(EarlyRefusal const& refused);
  [[nodiscard]] boost::asio::cancellation_signal& signal() { return signal_; }
  [[nodiscard]] bool aborted() const { return aborted_; }
  // One at a time; a later call replaces it. It never lies beyond the end of the identity (retire).
  void set_deadline(SteadyTime now, SteadyTime due);
  // This connection holds so much of bodies that are not whole yet. False: its caller, or all
  // callers together, hold too much for it to hold more.
  [[nodiscard]] bool hold(std::size_t bytes);
  [[nodiscard]] std::size_t held() const { return bodies_.bytes(); }
  // The same of heads whose bodies are not whole yet, where there are many of them.
  [[nodiscard]] bool hold_heads(std::size_t bytes);
  [[nodiscard]] std::size_t held_heads() const { return heads_.bytes(); }
  // The same of answers that wait for the peer to read.
  [[nodiscard]] bool hold_answers(std::size_t bytes);
  void let_answers_go() { answers_.let_go(); }
  // Reads what is there onto the end of `into`.
  Pull pull(std::string& into);

 private:
  void expired(SteadyTime now) override;
  // All before the first request; false when it came to nothing, of which the observer was told.
  io::Task<bool> welcome(tls::Socket socket);
  io::Task<Result<void>> begin(tls::Socket socket);
  // Says goodbye in TLS, then throws away what still arrives, bounded in time and bytes: closing
  // over unread bytes would reset the connection and lose the last answer.
  io::Task<void> part();
  io::Task<Result<void>> choose_engine();
  [[nodiscard]] ConnectionInfo info(tls::Socket& socket);
  // Counts a handshake or session that came to nothing, and tells the observer why.
  void reject(Error const& error);

  std::shared_ptr<Shard> const shard_;  // the server may be gone before its last connection
  std::list<Connection*>::iterator listed_;
  std::string remote_address_;
  Holding heads_;
  Holding bodies_;
  Holding answers_;
  std::unique_ptr<tls::Stream> stream_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Engine> engine_;
  boost::asio::cancellation_signal signal_;
  SteadyTime must_close_ = SteadyTime::max();
  SteadyTime retire_at_ = SteadyTime::max();  // a little before, when the end is known
  bool aborted_ = false;
};

// `received`: bytes that came with the handshake. The connection outlives the engine.
[[nodiscard]] std::unique_ptr<Engine> make_h1_engine(Connection& connection, std::string received);
[[nodiscard]] std::unique_ptr<Engine> make_h2_engine(Connection& connection, std::string received);

[[nodiscard]] inline SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

}  // namespace aw::http
