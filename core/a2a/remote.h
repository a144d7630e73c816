// SPDX-License-Identifier: Apache-2.0
// An A2A server somewhere else, ours or not: fetches its card, asks it, follows its streams.
//
// Sits on http::Client and lives by its rules: any loop, each call with a deadline. Who is at the
// other end is the Line's business: a verified SPIFFE ID, a host name of the public web, or a
// server on this machine in the clear. Values are copied into the calls; what a Line refers to
// outlives them. Errors: those of http::Client and of client_codec.h.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/a2a/client.h"
#include "core/a2a/client_codec.h"
#include "core/a2a/grpc_frame.h"
#include "core/a2a/remote_card.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/http/client.h"
#include "core/http/sse.h"
#include "core/io/task.h"

namespace aw::a2a {

// Agents of ours refuse a request they have seen; nobody else reads the two headers.
enum class Replay : std::uint8_t { marked, unmarked };
// Where an interface of the card is called: at the address the card came from (its path is taken,
// its host never), or where the card says, which must then be as well secured.
enum class Follow : std::uint8_t { pinned, card };

// Whom to speak to. Copied into each call.
struct Line {
  http::Client& transport;
  Clock const& clock;
  http::Endpoint endpoint;                 // where the card is
  std::string base;                        // path before /.well-known; empty for most
  std::optional<http::Security> security;  // none: plain, on this machine only
  Replay replay = Replay::unmarked;
  Follow follow = Follow::pinned;
  http::Headers headers = {};  // on every request besides
};

// TLS as ourselves, to a peer that proves exactly `id`. The credentials live on in it.
[[nodiscard]] http::Security spiffe_security(
    std::shared_ptr<const identity::Credentials> const& credentials, identity::SpiffeId const& id);
// Of a Line without any: may this endpoint be spoken to in the clear?
[[nodiscard]] bool is_this_machine(http::Endpoint const& endpoint);

// Nothing in it is verified: card_signature.h does that.
struct FetchedCard {
  std::string json;  // as it came
  RemoteCard card;
  std::vector<tls::Certificate> peer_chain;  // who presented it; empty without TLS
  std::string etag;
};
// /.well-known/agent-card.json, else its old name.
[[nodiscard]] io::Task<Result<FetchedCard>> fetch_card(Line line, SteadyTime deadline);

// What one answer, or one event of a stream, may hold.
inline constexpr std::size_t kMostRemoteAnswer = std::size_t{64} << 20;
[[nodiscard]] Error with_notes(Error error, DecisionNotes const& decision);

// A whole answer that was no error.
struct RemoteAnswer {
  std::shared_ptr<const std::string> body;  // what `value` points into; shared, so that both move
  JsonView value;
  DecisionNotes decision;
};

// A stream's events in their order. Belongs to the loop it was opened on.
class RemoteStream {
 public:
  RemoteStream(Interface one, Kind kind, std::unique_ptr<http::ResponseStream> answer);
  // First: a refusal instead of a stream is this error.
  [[nodiscard]] io::Task<Result<void>> begun(SteadyTime deadline);
  // The next event, waiting until `until`; nullopt = the end.
  [[nodiscard]] io::Task<Result<std::optional<RemoteEvent>>> next(SteadyTime until);
  [[nodiscard]] DecisionNotes const& decision() const { return decision_; }

 private:
  [[nodiscard]] io::Task<Result<std::optional<RemoteEvent>>> whole(SteadyTime until);
  [[nodiscard]] Result<std::optional<RemoteEvent>> held();
  [[nodiscard]] Result<void> feed(std::string_view piece);
  [[nodiscard]] Result<void> closed();

  Interface one_;
  Kind kind_;
  std::unique_ptr<http::ResponseStream> answer_;
  DecisionNotes decision_;
  http::SseParser events_{kMostRemoteAnswer};
  GrpcFrames frames_{kMostRemoteAnswer};
  enum class Form : std::uint8_t { events, grpc, document } form_ = Form::document;
  bool ended_ = false;
};

// How long a stream is waited for.
struct StreamDeadline {
  SteadyTime first;                    // its first byte
  SteadyTime end = SteadyTime::max();  // its last one; max: it may go on as long as it likes
};

// One agent in one binding; cheap to copy, calls may run side by side.
class Remote {
 public:
  Remote(Line line, Interface one) : line_(std::move(line)), one_(std::move(one)) {}

  [[nodiscard]] Interface const& interface() const { return one_; }

  // Any Ask but stream and subscribe; over gRPC the server learns the deadline. Refusals and
  // protocol errors come back as errors, with the decision's id and hint in their context.
  [[nodiscard]] io::Task<Result<RemoteAnswer>> ask(Ask ask, std::string traceparent,
                                                   SteadyTime deadline);
  // stream and subscribe: returns when the first byte of the answer is here; over gRPC the server
  // learns when the whole of it has to be over.
  [[nodiscard]] io::Task<Result<std::unique_ptr<RemoteStream>>> open(Ask ask,
                                                                     std::string traceparent,
                                                                     StreamDeadline deadline);

 private:
  struct Prepared;
  [[nodiscard]] Result<Prepared> prepare(Ask const& ask, std::string const& traceparent) const;

  Line line_;
  Interface one_;
};

}  // namespace aw::a2a
