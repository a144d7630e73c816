// SPDX-License-Identifier: Apache-2.0
#include "core/http/h2_session.h"

#include <array>
#include <utility>

#include "core/http/h2_state.h"

namespace aw::http {

namespace {

// Frames waiting to be sent to a peer that does not read.
constexpr std::size_t kMaxQueuedFrames = 2000;

}  // namespace

Result<std::unique_ptr<H2Session>> H2Session::open(H2Role role, H2Limits limits, H2Events& events) {
  auto impl = std::make_unique<Impl>(role, limits, events);
  AW_TRY(impl->session, make_library(*impl));
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
  std::size_t fed = 0;
  std::size_t seen = 0;
  // Whether a stream is closed shows only when all that came before the frame was read.
  while (auto const data = impl_->next_data(bytes, seen)) {
    AW_TRY(impl_->take(bytes.substr(fed, data->begins - fed)));
    fed = data->begins;
    impl_->check_data(data->stream);
    if (impl_->misused) break;
  }
  if (!impl_->misused) AW_TRY(impl_->take(bytes.substr(fed)));
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
  provider.read_callback = h2_read_body;
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
  provider.read_callback = h2_read_body;
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
