// SPDX-License-Identifier: Apache-2.0
// Where the library's callbacks meet our session.
#include "core/http/h2_state.h"

namespace aw::http {

namespace {

struct CallbacksDeleter {
  void operator()(nghttp2_session_callbacks* c) const { nghttp2_session_callbacks_del(c); }
};
struct OptionDeleter {
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};

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
    impl.events.begun(*stream);
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

int on_sent(nghttp2_session*, nghttp2_frame const* frame, void* user) {
  self(user).sent(*frame);
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

}  // namespace

ssize_t h2_read_body(nghttp2_session*, std::int32_t id, std::uint8_t* into, std::size_t most,
                     std::uint32_t* flags, nghttp2_data_source*, void* user) {
  return static_cast<H2Session::Impl*>(user)->read_body(id, into, most, *flags);
}

Result<H2Library> make_library(Impl& impl) {
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
  if (impl.role == H2Role::server)
    nghttp2_session_callbacks_set_on_frame_send_callback(made, on_sent);
  nghttp2_option_set_no_auto_window_update(chosen, 1);
  nghttp2_option_set_no_closed_streams(chosen, 1);
  nghttp2_option_set_max_continuations(chosen, 8);
  nghttp2_option_set_stream_reset_rate_limit(chosen, 500, 100);
  nghttp2_session* session = nullptr;
  int const failed = impl.role == H2Role::server
                         ? nghttp2_session_server_new2(&session, made, &impl, chosen)
                         : nghttp2_session_client_new2(&session, made, &impl, chosen);
  if (failed != 0) return make_error(Code::internal, nghttp2_strerror(failed));
  return H2Library(session);
}

}  // namespace aw::http
