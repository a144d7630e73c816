// SPDX-License-Identifier: Apache-2.0
#include "core/tls/openssl.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <limits>

namespace aw::tls {

std::string take_errors() {
  std::string out;
  while (unsigned long const number = ERR_get_error()) {
    char const* reason = ERR_reason_error_string(number);
    if (out.size() > 300) continue;  // the rest of a long queue says nothing new
    if (!out.empty()) out += "; ";
    out += reason == nullptr ? "error " + std::to_string(number) : reason;
  }
  return out.empty() ? "no reason given" : out;
}

Error library_error(Code code, std::string_view doing, std::string hint) {
  return make_error(code, std::string(doing) + ": " + take_errors(), std::move(hint));
}

BioPtr read_from(std::string_view text) {
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return nullptr;
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

namespace {

int fd_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

bool must_retry(int number) {
  return number == EAGAIN || number == EWOULDBLOCK || number == EINTR || number == ENOTCONN;
}

int socket_write(BIO* bio, char const* data, std::size_t size, std::size_t* written) {
  BIO_clear_retry_flags(bio);
  ssize_t const sent = ::send(fd_of(bio), data, size, MSG_NOSIGNAL);
  *written = sent > 0 ? static_cast<std::size_t>(sent) : 0;
  if (sent >= 0) return 1;
  if (must_retry(errno)) BIO_set_retry_write(bio);
  return 0;
}

int socket_read(BIO* bio, char* into, std::size_t size, std::size_t* got) {
  BIO_clear_retry_flags(bio);
  ssize_t const received = ::recv(fd_of(bio), into, size, 0);
  *got = received > 0 ? static_cast<std::size_t>(received) : 0;
  if (received > 0) return 1;
  if (received == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  if (received < 0 && must_retry(errno)) BIO_set_retry_read(bio);
  return 0;
}

long socket_control(BIO* bio, int command, long /*number*/, void* /*argument*/) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return 0;
}

BIO_METHOD* make_method() {
  BIO_METHOD* method =
      BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "socket");
  if (method == nullptr) return nullptr;
  BIO_meth_set_write_ex(method, socket_write);
  BIO_meth_set_read_ex(method, socket_read);
  BIO_meth_set_ctrl(method, socket_control);
  return method;
}

}  // namespace

// Not the library's own socket BIO: that one uses write(2), which raises SIGPIPE on a connection
// the peer has closed.
BIO* new_socket_bio(int fd) {
  static BIO_METHOD* const method = make_method();
  BIO* bio = method == nullptr ? nullptr : BIO_new(method);
  if (bio == nullptr) return nullptr;
  // The pointer is the descriptor: nothing is ever read through it.
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace aw::tls
