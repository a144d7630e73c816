// SPDX-License-Identifier: Apache-2.0
// A listener like ours with one gate open: what `doctor --prove` must find.
//
// A small TLS server of its own, on OpenSSL itself, so that no switch of the product can weaken the
// product. Speaks just enough HTTP/1.1 and HTTP/2 to refuse what the attacks try, one reason at a
// time; with Weakness::none it refuses all. Listens on loopback, on a port of its own, one
// connection after the other on one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/identity/snapshot.h"

namespace aw::testing {

enum class Weakness : std::uint8_t {
  none,
  plaintext,
  old_tls,
  any_alpn,
  // certificates
  no_certificate,
  any_authority,
  leaf_signs,
  foreign_authority,
  foreign_domain,
  expired,
  not_yet_valid,
  two_uris,
  no_spiffe_id,
  authority_as_leaf,
  // well-made requests that lie
  replayed,
  old_time,
  future_time,
  short_nonce,
  trusts_caller,
  trusts_client_cert,
  // framing
  length_and_chunked,
  chunked_twice,
  two_lengths,
  signed_length,
  folding,
  bare_lf,
  blank_before_colon,
  nul,
  bad_chunk_size,
  no_host,
  two_hosts,
  // sizes and routes
  large_head,
  many_headers,
  large_body,
  any_route,
  any_method,
  trace,
  connect,
  // HTTP/2
  h2_transfer_encoding,
  h2_connection,
  h2_upper_case,
  h2_value_bytes,
  h2_pseudo_order,
  h2_two_paths,
  h2_no_method,
  h2_unknown_pseudo,
  h2_length,
  h2_even_stream,
  h2_data_on_zero,
  h2_bad_block,
  count_
};

class WeakListener {
 public:
  static constexpr std::size_t kMaxHead = 32U << 10;
  static constexpr std::size_t kMaxBody = 256U << 10;
  static constexpr char kEcho[] = "echo";  // an action that tells the headers it got

  // `snapshot`: who it is and whom it trusts.
  WeakListener(std::shared_ptr<const identity::Snapshot> snapshot, Weakness weakness);
  ~WeakListener();
  WeakListener(WeakListener const&) = delete;
  WeakListener& operator=(WeakListener const&) = delete;

  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::testing
