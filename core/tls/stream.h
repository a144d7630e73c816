// SPDX-License-Identifier: Apache-2.0
// One connection's bytes: TLS over a connected socket, or plain text where there is no TLS by
// design (metrics, loopback).
//
// Belongs to one loop and one owner. At most one reader and one writer wait at a time (they may be
// different coroutines). Never blocks the loop; has no deadlines of its own: the owner calls
// `cancel()` from a timer, and what waits returns Code::interrupted. Destroy it only when nothing
// waits on it.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/io/task.h"
#include "core/tls/certificate.h"
#include "core/tls/context.h"

namespace aw::tls {

// tcp and unix sockets move into this without a system call.
using Socket = boost::asio::generic::stream_protocol::socket;

// Errors that close the connection are sticky: after a fatal one nothing more is sent, not even
// close_notify.
class Stream {
 public:
  // `socket` is connected (or accepted); it becomes non-blocking. The role is the context's.
  // `server_name`: SNI and, with a web client context, the name the certificate must have.
  static Result<std::unique_ptr<Stream>> open(Socket socket, std::shared_ptr<const Context> context,
                                              std::string const& server_name = {});
  // Without TLS: `handshake` succeeds at once, `secure()` is false, there is no peer chain.
  static std::unique_ptr<Stream> plaintext(Socket socket);
  ~Stream();
  Stream(Stream const&) = delete;
  Stream& operator=(Stream const&) = delete;

  // Code::handshake_failed; Code::no_client_certificate on a server whose client sent none; the
  // error of VerifyPeer itself when that refused the peer.
  io::Task<Result<void>> handshake();

  // Waits for at least one byte. 0 = the peer closed cleanly. Code::io when the connection broke or
  // was cut without close_notify. A TLS 1.3 client whose certificate is refused learns it here:
  // Code::handshake_failed when an alert comes before the first byte.
  io::Task<Result<std::size_t>> read_some(std::span<char> into);

  // The same in two halves, so that no buffer is held while waiting: nullopt = nothing there yet,
  // wait with `readable` and try again.
  Result<std::optional<std::size_t>> try_read(std::span<char> into);
  io::Task<Result<void>> readable();

  // As many of `bytes` as leave without waiting; 0 = none now. Whatever is left must be offered
  // again, first, by `try_write` or `write_all`.
  Result<std::size_t> try_write(std::string_view bytes);

  // All of it, waiting as often as the peer makes it. `bytes` must live until it returns.
  io::Task<Result<void>> write_all(std::string_view bytes);

  // Sends close_notify (TLS) and closes the sending side; does not wait for the peer.
  void shutdown();
  // Everything that waits returns with Code::interrupted; later calls do so at once.
  void cancel();
  // Closes the socket, after `cancel`. Twice is fine.
  void close();

  [[nodiscard]] bool secure() const;
  [[nodiscard]] bool pending() const;      // decrypted or buffered bytes wait inside
  [[nodiscard]] std::string alpn() const;  // "h2", "http/1.1" or empty
  [[nodiscard]] std::vector<Certificate> const& peer_chain() const;  // as sent, leaf first
  // These four are empty without TLS, and before the handshake is over.
  [[nodiscard]] std::string version() const;  // "TLSv1.3"
  [[nodiscard]] std::string cipher() const;   // "TLS_AES_256_GCM_SHA384"
  [[nodiscard]] std::string group() const;    // "X25519"
  // Why this side refused the peer; null unless it did.
  [[nodiscard]] Error const* verify_error() const;
  // For addresses and options; reading from it or writing to it past this object breaks the TLS
  // records.
  [[nodiscard]] Socket& socket();

  struct Impl;
  explicit Stream(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::tls
