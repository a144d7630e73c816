// SPDX-License-Identifier: Apache-2.0
#include "core/http/h2_state.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/text.h"
#include "core/http/h1_encode.h"

namespace aw::http {

namespace {

constexpr std::int64_t kRefillPerSecond = 2000;
constexpr std::int64_t kIdleFrameCost = 10;  // PING, SETTINGS, PRIORITY, RST_STREAM, empty DATA
constexpr std::int64_t kWindowUpdateCost = 1;
// A header block this many times over the limit is not even decoded to its end.
constexpr std::size_t kHopeless = 8;
constexpr std::size_t kSpareStreams = 4;
// Streams we reset while the peer still sent: what is under way for them is no fault of its.
constexpr std::size_t kMostForgiven = 256;
constexpr std::size_t kSpareBody = 16U << 10;

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

// RFC 9113 §8.2.2: the one framing field that a request may carry; gRPC servers ask for it.
bool asks_for_trailers(Headers::Field const& field) {
  return field.name == "te" && field.value == "trailers";
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
  stream->request.form = TargetForm::absolute;
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
// begun. The library keeps no closed streams for us (memory), and would let both pass.
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
  if (over(head.stream_id)) refuse_misuse();
}

Result<void> H2Session::Impl::take(std::string_view bytes) {
  if (bytes.empty()) return {};
  ssize_t const used = nghttp2_session_mem_recv(session.get(), bytes_of(bytes), bytes.size());
  if (used >= 0) return {};
  return make_error(Code::protocol,
                    std::string("HTTP/2: ") + nghttp2_strerror(static_cast<int>(used)));
}

// The same for DATA, which the library drops on a closed stream before anybody is asked.
void H2Session::Impl::check_data(std::int32_t id) {
  if (role == H2Role::server && id != 0 && id <= newest && over(id)) refuse_misuse();
}

// The peer itself had ended it: what is under way for streams that we reset is no fault.
bool H2Session::Impl::over(std::int32_t id) const {
  return nghttp2_session_get_stream_local_close(session.get(), id) < 0 && id != unbegun &&
         std::ranges::find(forgiven, id) == forgiven.end();
}

void H2Session::Impl::refuse_misuse() {
  if (std::exchange(misused, true)) return;
  nghttp2_session_terminate_session(session.get(), NGHTTP2_STREAM_CLOSED);
}

void H2Session::Impl::push(std::string_view name, std::string_view value) {
  // The library copies both; its structure only lacks a const.
  list.push_back({const_cast<std::uint8_t*>(bytes_of(name)),
                  const_cast<std::uint8_t*>(bytes_of(value)), name.size(), value.size(),
                  NGHTTP2_NV_FLAG_NONE});
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
    if (role == H2Role::server) events.broke_off(&stream, H2Error::enhance_your_calm);
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

void H2Session::Impl::sent(nghttp2_frame const& frame) {
  bool const reset = frame.hd.type == NGHTTP2_RST_STREAM;
  if (!reset && frame.hd.type != NGHTTP2_GOAWAY) return;
  auto const why =
      static_cast<H2Error>(reset ? frame.rst_stream.error_code : frame.goaway.error_code);
  switch (why) {
    case H2Error::protocol_error:
    case H2Error::flow_control_error:
    case H2Error::stream_closed:
    case H2Error::frame_size_error:
    case H2Error::compression_error:
      return events.broke_off(reset ? stream_of(frame.hd.stream_id) : nullptr, why);
    case H2Error::enhance_your_calm:
    case H2Error::internal_error:  // the library's word for streams reset too often
      // A stream's is its owner's.
      if (!reset) events.broke_off(nullptr, H2Error::enhance_your_calm);
      return;
    case H2Error::no_error:
    case H2Error::refused_stream:
    case H2Error::cancel:
      return;
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

}  // namespace aw::http
