// SPDX-License-Identifier: Apache-2.0
#include "core/http/h2_session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/http/h1_encode.h"

namespace aw::http {

namespace {

// What frames that ask for nothing cost, against a bucket that refills: a peer at work never
// notices, a flood is over within a second.
constexpr std::int64_t kBucket = 5000;
constexpr std::int64_t kRefillPerSecond = 2000;
constexpr std::int64_t kIdleFrameCost = 10;  // PING, SETTINGS, PRIORITY, RST_STREAM, empty DATA
constexpr std::int64_t kWindowUpdateCost = 1;
// Frames waiting to be sent to a peer that does not read.
constexpr std::size_t kMaxQueuedFrames = 2000;
// A header block this many times over the limit is not even decoded to its end.
constexpr std::size_t kHopeless = 8;
constexpr std::size_t kSpareStreams = 4;
// Streams we reset while the peer still sent: what is under way for them is no fault of its.
constexpr std::size_t kMostForgiven = 256;
constexpr std::size_t kSpareBody = 16U << 10;

std::uint8_t const* bytes_of(std::string_view text) {
  return reinterpret_cast<std::uint8_t const*>(text.data());  // the library's idea of text
}

std::string_view text_of(std::uint8_t const* bytes, std::size_t size) {
  return {reinterpret_cast<char const*>(bytes), size};
}

struct SessionDeleter {
  void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
};
struct CallbacksDeleter {
  void operator()(nghttp2_session_callbacks* c) const { nghttp2_session_callbacks_del(c); }
};
struct OptionDeleter {
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};

// Our bounds where the head of a request is one; nghttp2 has seen to the rest of RFC 9113 §8.
std::optional<Fault> check_request(Request& request) {
  Fault const malformed{.code = Code::request_malformed, .status = 400, .what = "malformed head"};
  if (request.method == "CONNECT" || request.method.size() > 32) return malformed;
  bool const asterisk = request.target == "*" && request.method == "OPTIONS";
  if (!asterisk && !is_origin_target(request.target)) return malformed;
  if (request.headers.count("host") > 1) return malformed;
  if (auto const host = request.headers.get("host")) {
    if (request.authority.empty()) {
      request.authority.assign(*host);
    } else if (!text::equal_ignoring_case(request.authority, *host)) {
      return malformed;
    }
    request.headers.erase("host");
  }
  if (!is_authority(request.authority)) return malformed;
  return std::nullopt;
}

}  // namespace

struct H2Session::Impl {
  Impl(H2Role its_role, H2Limits its_limits, H2Events& its_events)
      : role(its_role), limits(its_limits), events(its_events) {}

  H2Role const role;
  H2Limits const limits;
  H2Events& events;
  std::unordered_map<std::int32_t, std::unique_ptr<H2Stream>> streams;
  std::vector<std::unique_ptr<H2Stream>> spare;  // their memory serves again
  std::unique_ptr<nghttp2_session, SessionDeleter> session;
  std::vector<nghttp2_nv> list;  // of the head being submitted
  std::int64_t tokens = kBucket;
  SteadyTime refilled{};
  bool calm_lost = false;
  bool misused = false;                // a frame came for a stream that the peer itself had ended
  std::int32_t newest = 0;             // of the peer's streams
  std::int32_t unbegun = 0;            // its head came, and the library may refuse it
  std::vector<std::int32_t> forgiven;  // the latest of those we reset; a ring
  std::size_t forgiven_at = 0;
  bool peer_leaving = false;

  H2Stream* stream_of(std::int32_t id) {
    return static_cast<H2Stream*>(nghttp2_session_get_stream_user_data(session.get(), id));
  }
  H2Stream& add(std::int32_t id);
  void remove(std::int32_t id);
  void refill(SteadyTime now);
  void charge(std::int64_t cost);
  void push(std::string_view name, std::string_view value);
  void push_fields(Headers const& extra, Headers const& fields);
  void account(nghttp2_frame const& frame);
  void forgive(std::int32_t id);
  void check_stream(nghttp2_frame_hd const& head);
  int header(H2Stream& stream, std::string_view name, std::string_view value) const;
  void head_complete(H2Stream& stream);
  void frame(nghttp2_frame const& frame);
  ssize_t read_body(std::int32_t id, std::uint8_t* into, std::size_t most, std::uint32_t& flags);
};

namespace {

using Impl = H2Session::Impl;

Impl& self(void* user) { return *static_cast<Impl*>(user); }

int on_begin_frame(nghttp2_session*, nghttp2_frame_hd const* head, void* user) {
  self(user).check_stream(*head);
  return 0;
}

int on_begin_headers(nghttp2_session*, nghttp2_frame const* frame, void* user) {
  Impl& impl = self(user);
  H2Stream* stream = impl.stream_of(frame->hd.stream_id);
  if (stream == nullptr && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
    impl.unbegun = 0;
    stream = &impl.add(frame->hd.stream_id);
    nghttp2_session_set_stream_user_data(impl.session.get(), frame->hd.stream_id, stream);
  }
  if (stream != nullptr) stream->list_bytes = 0;
  return 0;
}

int on_header(nghttp2_session*, nghttp2_frame const* frame, std::uint8_t const* name,
              std::size_t name_size, std::uint8_t const* value, std::size_t value_size,
              std::uint8_t, void* user) {
  Impl& impl = self(user);
  H2Stream* stream = impl.stream_of(frame->hd.stream_id);
  if (stream == nullptr) return 0;
  return impl.header(*stream, text_of(name, name_size), text_of(value, value_size));
}

int on_data_chunk(nghttp2_session*, std::uint8_t, std::int32_t id, std::uint8_t const* data,
                  std::size_t size, void* user) {
  Impl& impl = self(user);
  H2Stream* stream = impl.stream_of(id);
  bool const unwanted =
      stream != nullptr && impl.role == H2Role::server && stream->answered && stream->out_finished;
  if (stream == nullptr || unwanted) {
    // Nobody will take it; the connection's window must not shrink for that.
    nghttp2_session_consume(impl.session.get(), id, size);
    return 0;
  }
  stream->in.append(text_of(data, size));
  stream->unconsumed += size;
  impl.events.data(*stream, size);
  return 0;
}

int on_frame(nghttp2_session*, nghttp2_frame const* frame, void* user) {
  self(user).frame(*frame);
  return 0;
}

int on_close(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
  Impl& impl = self(user);
  if (H2Stream* stream = impl.stream_of(id); stream != nullptr) {
    // What nobody took is gone with the stream; the connection's window is not.
    nghttp2_session_consume_connection(impl.session.get(), stream->unconsumed);
    if (!stream->ended && !stream->reset_by_peer) impl.forgive(id);
    impl.events.closed(*stream, static_cast<H2Error>(code));
    nghttp2_session_set_stream_user_data(impl.session.get(), id, nullptr);
    impl.remove(id);
  }
  return 0;
}

ssize_t on_read_body(nghttp2_session*, std::int32_t id, std::uint8_t* into, std::size_t most,
                     std::uint32_t* flags, nghttp2_data_source*, void* user) {
  return self(user).read_body(id, into, most, *flags);
}

Result<std::unique_ptr<nghttp2_session, SessionDeleter>> make_session(Impl& impl) {
  nghttp2_session_callbacks* made = nullptr;
  nghttp2_option* chosen = nullptr;
  nghttp2_session_callbacks_new(&made);
  std::unique_ptr<nghttp2_session_callbacks, CallbacksDeleter> const callbacks(made);
  nghttp2_option_new(&chosen);
  std::unique_ptr<nghttp2_option, OptionDeleter> const option(chosen);
  if (made == nullptr || chosen == nullptr) return make_error(Code::internal, "out of memory");
  nghttp2_session_callbacks_set_on_begin_frame_callback(made, on_begin_frame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(made, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(made, on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data_chunk);
  nghttp2_session_callbacks_set_on_frame_recv_callback(made, on_frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, on_close);
  nghttp2_option_set_no_auto_window_update(chosen, 1);
  nghttp2_option_set_no_closed_streams(chosen, 1);
  nghttp2_option_set_max_continuations(chosen, 8);
  nghttp2_option_set_stream_reset_rate_limit(chosen, 500, 100);
  nghttp2_session* session = nullptr;
  int const failed = impl.role == H2Role::server
                         ? nghttp2_session_server_new2(&session, made, &impl, chosen)
                         : nghttp2_session_client_new2(&session, made, &impl, chosen);
  if (failed != 0) return make_error(Code::internal, nghttp2_strerror(failed));
  return std::unique_ptr<nghttp2_session, SessionDeleter>(session);
}

}  // namespace

H2Stream& H2Session::Impl::add(std::int32_t id) {
  std::unique_ptr<H2Stream> stream;
  if (spare.empty()) {
    stream = std::make_unique<H2Stream>();
  } else {
    stream = std::move(spare.back());
    spare.pop_back();
  }
  stream->request.clear();
  stream->request.version = Version::http2;
  stream->id = id;
  return *streams.emplace(id, std::move(stream)).first->second;
}

void H2Session::Impl::remove(std::int32_t id) {
  auto const at = streams.find(id);
  if (at == streams.end()) return;
  auto stream = std::move(at->second);
  streams.erase(at);
  if (spare.size() >= kSpareStreams || streams.empty()) {
    if (streams.empty()) spare.clear();  // an idle connection holds nothing
    return;
  }
  if (stream->request.body.capacity() > kSpareBody) stream->request.body = {};
  Request request = std::move(stream->request);
  *stream = H2Stream{};
  stream->request = std::move(request);
  spare.push_back(std::move(stream));
}

void H2Session::Impl::refill(SteadyTime now) {
  if (tokens >= kBucket) {
    refilled = now;
    return;
  }
  auto const passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - refilled).count();
  if (passed <= 0) return;
  tokens =
      std::min(kBucket, tokens + std::min<std::int64_t>(passed, 10'000) * kRefillPerSecond / 1000);
  refilled = now;
}

void H2Session::Impl::charge(std::int64_t cost) {
  tokens -= cost;
  if (tokens >= 0 || calm_lost) return;
  calm_lost = true;
  nghttp2_session_terminate_session(session.get(), NGHTTP2_ENHANCE_YOUR_CALM);
}

void H2Session::Impl::forgive(std::int32_t id) {
  if (forgiven.size() < kMostForgiven) {
    forgiven.push_back(id);
  } else {
    forgiven[forgiven_at] = id;
    forgiven_at = (forgiven_at + 1) % kMostForgiven;
  }
}

// RFC 9113 §5.1, §5.1.1: no head follows a stream's end, and no stream begins below one that has
// begun. The library keeps no closed streams for us (memory), and would let both pass; DATA for a
// closed stream it drops before anybody is asked.
void H2Session::Impl::check_stream(nghttp2_frame_hd const& head) {
  if (role != H2Role::server || head.stream_id == 0) return;
  if (auto const refused = std::exchange(unbegun, 0); refused != 0) forgive(refused);
  if (head.type == NGHTTP2_RST_STREAM) {
    if (H2Stream* stream = stream_of(head.stream_id); stream != nullptr)
      stream->reset_by_peer = true;
    return;
  }
  if (head.type != NGHTTP2_HEADERS) return;
  if (head.stream_id > newest) {
    newest = unbegun = head.stream_id;
    return;
  }
  if (nghttp2_session_get_stream_local_close(session.get(), head.stream_id) >= 0) return;
  if (std::ranges::find(forgiven, head.stream_id) != forgiven.end() || misused) return;
  misused = true;
  nghttp2_session_terminate_session(session.get(), NGHTTP2_STREAM_CLOSED);
}

void H2Session::Impl::push(std::string_view name, std::string_view value) {
  // The library copies both; its structure only lacks a const.
  list.push_back({const_cast<std::uint8_t*>(bytes_of(name)),
                  const_cast<std::uint8_t*>(bytes_of(value)), name.size(), value.size(),
                  NGHTTP2_NV_FLAG_NONE});
}

// RFC 9113 §8.2.2: the one framing field that a request may carry; gRPC servers ask for it.
bool asks_for_trailers(Headers::Field const& field) {
  return field.name == "te" && field.value == "trailers";
}

void H2Session::Impl::push_fields(Headers const& extra, Headers const& fields) {
  auto const sound = [](Headers::Field const& field) {
    return (!is_framing_field(field.name) || asks_for_trailers(field)) && field.name != "host" &&
           is_token(field.name) && is_field_value(field.value);
  };
  for (auto const field : extra) {
    if (sound(field)) push(field.name, field.value);
  }
  for (auto const field : fields) {
    if ((extra.empty() || !extra.has(field.name)) && sound(field)) push(field.name, field.value);
  }
}

int H2Session::Impl::header(H2Stream& stream, std::string_view name, std::string_view value) const {
  stream.list_bytes += name.size() + value.size() + 32;
  if (stream.list_bytes > limits.head.bytes * kHopeless) {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  bool const trailer = stream.head_done;
  if (role == H2Role::server && trailer) return 0;  // nothing of a request's trailers is used
  auto& headers = role == H2Role::server ? stream.request.headers
                  : trailer              ? stream.response.trailers
                                         : stream.response.headers;
  if (stream.list_bytes > limits.head.bytes || headers.size() >= limits.head.fields) {
    stream.fault = Fault{.code = Code::too_large, .status = 431, .what = "head too large"};
    return 0;
  }
  if (!name.starts_with(':')) {
    headers.add(name, value);
  } else if (name == ":method") {
    stream.request.method.assign(value);
  } else if (name == ":path") {
    if (value.size() > limits.head.target) {
      stream.fault = Fault{.code = Code::too_large, .status = 414, .what = "target too long"};
    } else {
      stream.request.set_target(value);
    }
  } else if (name == ":authority") {
    stream.request.authority.assign(value);
  } else if (name == ":status" && value.size() == 3) {
    stream.response.status = (value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0');
  }
  return 0;
}

void H2Session::Impl::head_complete(H2Stream& stream) {
  if (stream.head_done) return;  // trailers
  if (role == H2Role::client && stream.response.status < 200) {
    stream.response.headers.clear();  // an interim answer: the final one follows
    return;
  }
  stream.head_done = true;
  if (role == H2Role::server && !stream.fault) stream.fault = check_request(stream.request);
  events.head(stream);
}

void H2Session::Impl::account(nghttp2_frame const& frame) {
  switch (frame.hd.type) {
    case NGHTTP2_PING:
    case NGHTTP2_SETTINGS:
    case NGHTTP2_PRIORITY:
    case NGHTTP2_RST_STREAM:
      charge(kIdleFrameCost);
      break;
    case NGHTTP2_DATA:
      if (frame.hd.length == 0 && (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) {
        charge(kIdleFrameCost);
      }
      break;
    case NGHTTP2_WINDOW_UPDATE:
      charge(kWindowUpdateCost);
      break;
    default:
      break;
  }
}

void H2Session::Impl::frame(nghttp2_frame const& frame) {
  account(frame);
  if (frame.hd.type == NGHTTP2_PING && (frame.hd.flags & NGHTTP2_FLAG_ACK) != 0) events.pong();
  if (frame.hd.type == NGHTTP2_GOAWAY) {
    peer_leaving = true;
    events.going_away();
  }
  if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) return;
  // Looked up each time: an event may have ended the stream.
  if (H2Stream* stream = stream_of(frame.hd.stream_id);
      stream != nullptr && frame.hd.type == NGHTTP2_HEADERS) {
    if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) stream->ended = true;
    head_complete(*stream);
  }
  if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return;
  if (H2Stream* stream = stream_of(frame.hd.stream_id); stream != nullptr) {
    stream->ended = true;
    events.ended(*stream);
  }
}

ssize_t H2Session::Impl::read_body(std::int32_t id, std::uint8_t* into, std::size_t most,
                                   std::uint32_t& flags) {
  H2Stream* stream = stream_of(id);
  if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  auto const size = std::min(most, stream->unsent());
  if (size == 0 && !stream->out_finished) return NGHTTP2_ERR_DEFERRED;
  if (size > 0) std::memcpy(into, stream->out.data() + stream->out_at, size);
  stream->out_at += size;
  if (stream->unsent() == 0) {
    stream->out.clear();
    stream->out_at = 0;
    if (stream->out_finished) {
      flags |= NGHTTP2_DATA_FLAG_EOF;
      if (!stream->out_trailers.empty()) {
        list.clear();
        push_fields({}, stream->out_trailers);
        flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        nghttp2_submit_trailer(session.get(), id, list.data(), list.size());
      }
      // RFC 9113 §8.1: answered before the request was complete; the rest need not be sent.
      if (role == H2Role::server && !stream->ended) {
        nghttp2_submit_rst_stream(session.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
      }
    }
  }
  if (size > 0) events.sent(*stream);
  return static_cast<ssize_t>(size);
}

Result<std::unique_ptr<H2Session>> H2Session::open(H2Role role, H2Limits limits, H2Events& events) {
  auto impl = std::make_unique<Impl>(role, limits, events);
  AW_TRY(impl->session, make_session(*impl));
  std::array<nghttp2_settings_entry, 4> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.max_streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.head.bytes)},
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
  }};
  std::size_t const count = role == H2Role::client ? 4 : 3;  // a server has nothing to say on push
  nghttp2_session* session = impl->session.get();
  if (int const failed = nghttp2_submit_settings(session, 0, settings.data(), count); failed != 0) {
    return make_error(Code::internal, nghttp2_strerror(failed));
  }
  nghttp2_session_set_local_window_size(session, 0, 0,
                                        static_cast<std::int32_t>(limits.connection_window));
  return std::make_unique<H2Session>(std::move(impl));
}

H2Session::H2Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
H2Session::~H2Session() = default;

Result<void> H2Session::feed(std::string_view bytes, SteadyTime now) {
  impl_->refill(now);
  ssize_t const used =
      nghttp2_session_mem_recv(impl_->session.get(), bytes_of(bytes), bytes.size());
  if (used < 0) {
    return make_error(Code::protocol,
                      std::string("HTTP/2: ") + nghttp2_strerror(static_cast<int>(used)));
  }
  if (impl_->misused) return make_error(Code::protocol, "HTTP/2: a frame for a closed stream");
  if (impl_->calm_lost) return make_error(Code::protocol, "HTTP/2: flood of idle frames");
  if (nghttp2_session_get_outbound_queue_size(impl_->session.get()) > kMaxQueuedFrames) {
    return make_error(Code::protocol, "HTTP/2: the peer does not read");
  }
  return {};
}

bool H2Session::produce(std::string& out, std::size_t most) {
  auto const begin = out.size();
  while (out.size() - begin < most) {
    std::uint8_t const* data = nullptr;
    ssize_t const size = nghttp2_session_mem_send(impl_->session.get(), &data);
    if (size <= 0) return out.size() > begin;  // an error shows as finished() or at the next feed
    out.append(text_of(data, static_cast<std::size_t>(size)));
  }
  return true;
}

void H2Session::respond(H2Stream& stream, int status, Headers const& extra, Headers const& fields,
                        std::string_view date, std::optional<std::uint64_t> length) {
  auto& list = impl_->list;
  list.clear();
  std::array<char, 3> digits = {static_cast<char>('0' + status / 100 % 10),
                                static_cast<char>('0' + status / 10 % 10),
                                static_cast<char>('0' + status % 10)};
  impl_->push(":status", {digits.data(), digits.size()});
  impl_->push_fields(extra, fields);
  if (!date.empty() && !fields.has("date")) impl_->push("date", date);
  std::string const size = length ? std::to_string(*length) : std::string();
  if (length) impl_->push("content-length", size);
  stream.answered = true;
  nghttp2_data_provider provider{};
  provider.read_callback = on_read_body;
  bool const empty =
      stream.ended && stream.out_finished && stream.unsent() == 0 && stream.out_trailers.empty();
  // Failure means the stream is gone; `closed` has said so or will.
  static_cast<void>(nghttp2_submit_response(impl_->session.get(), stream.id, list.data(),
                                            list.size(), empty ? nullptr : &provider));
}

H2Stream* H2Session::request(Request const& request, std::string_view scheme,
                             std::string_view authority, void* owner) {
  if (!accepts_requests()) return nullptr;
  auto& list = impl_->list;
  list.clear();
  impl_->push(":method", request.method);
  impl_->push(":scheme", scheme);
  impl_->push(":authority", authority);
  impl_->push(":path", request.target);
  impl_->push_fields({}, request.headers);
  auto stream = std::make_unique<H2Stream>();
  stream->owner = owner;
  stream->out = request.body;
  stream->out_finished = true;
  nghttp2_data_provider provider{};
  provider.read_callback = on_read_body;
  std::int32_t const id =
      nghttp2_submit_request(impl_->session.get(), nullptr, list.data(), list.size(),
                             request.body.empty() ? nullptr : &provider, stream.get());
  if (id < 0) return nullptr;
  stream->id = id;
  return impl_->streams.emplace(id, std::move(stream)).first->second.get();
}

void H2Session::resume(H2Stream& stream) {
  static_cast<void>(nghttp2_session_resume_data(impl_->session.get(), stream.id));  // not deferred
}

void H2Session::reset(H2Stream& stream, H2Error why) {
  static_cast<void>(nghttp2_submit_rst_stream(impl_->session.get(), NGHTTP2_FLAG_NONE, stream.id,
                                              static_cast<std::uint32_t>(why)));
}

void H2Session::consumed(H2Stream& stream, std::size_t bytes) {
  stream.unconsumed -= std::min(stream.unconsumed, bytes);
  static_cast<void>(nghttp2_session_consume(impl_->session.get(), stream.id, bytes));
}

void H2Session::shutdown_notice() {
  static_cast<void>(nghttp2_submit_shutdown_notice(impl_->session.get()));
}

void H2Session::goaway() {
  nghttp2_session* session = impl_->session.get();
  static_cast<void>(nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE,
                                          nghttp2_session_get_last_proc_stream_id(session),
                                          NGHTTP2_NO_ERROR, nullptr, 0));
}

void H2Session::ping() {
  static_cast<void>(nghttp2_submit_ping(impl_->session.get(), NGHTTP2_FLAG_NONE, nullptr));
}

std::size_t H2Session::streams() const { return impl_->streams.size(); }

bool H2Session::finished() const {
  nghttp2_session* session = impl_->session.get();
  return nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0;
}

bool H2Session::accepts_requests() const {
  nghttp2_session* session = impl_->session.get();
  auto const most =
      nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  return !impl_->peer_leaving && nghttp2_session_check_request_allowed(session) != 0 &&
         impl_->streams.size() < std::min<std::size_t>(most, impl_->limits.max_streams);
}

}  // namespace aw::http
