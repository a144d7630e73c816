// SPDX-License-Identifier: Apache-2.0
// Bounds of the listeners and of the pooled client. Plain values; the rows of
// core/config/schema_*.cc fill them. Every size and every wait has one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/io/breaker.h"

namespace aw::http {

// server.limits.*
// Beyond a size: 413, 414 or 431, and the connection closes (HTTP/2: after kMostRefusals of them);
// beyond max_connections a new one is closed (503 on a plain listener). Timeouts begin anew with
// each phase: handshake, head, body, idle, write.
struct Limits {
  std::size_t max_head_bytes = 32U << 10;  // request line and headers; h2: the header list
  std::size_t max_headers = 100;
  std::size_t max_target_bytes = 8U << 10;
  std::size_t max_body_bytes = 16U << 20;  // ten megabytes in base64, and room around them
  std::size_t max_connections = 10'000;
  std::uint32_t max_streams_per_connection = 100;
  std::uint32_t max_requests_per_connection = 100'000;
  std::chrono::nanoseconds handshake_timeout = std::chrono::seconds(10);
  std::chrono::nanoseconds head_timeout = std::chrono::seconds(10);
  std::chrono::nanoseconds body_timeout = std::chrono::seconds(30);
  std::chrono::nanoseconds idle_timeout = std::chrono::seconds(60);
  std::chrono::nanoseconds write_timeout = std::chrono::seconds(30);
  // From the whole request to the answer's head; a streamed answer then ends when it ends.
  // server.request_timeout_seconds.
  std::chrono::nanoseconds request_timeout = std::chrono::seconds(60);
};

// transport.connection_pool.*
// Of one loop: each loop keeps its own connections. connect_timeout covers resolve, TCP and TLS.
struct PoolConfig {
  std::size_t max_connections = 100;
  std::size_t max_per_target = 100;
  std::chrono::nanoseconds idle_timeout = std::chrono::seconds(60);
  std::chrono::nanoseconds max_lifetime = std::chrono::seconds(300);
  std::chrono::nanoseconds connect_timeout = std::chrono::seconds(10);
};

// transport.retry.*; only what is safe to repeat is repeated, never a denial or a peer error.
// Who calls an agent applies this (server/outbound); the client itself repeats only what a dead
// kept connection swallowed. Waits are jittered and double from base to max.
struct RetryConfig {
  std::uint32_t max_attempts = 3;  // all tries together
  std::chrono::nanoseconds backoff_base = std::chrono::seconds(1);
  std::chrono::nanoseconds backoff_max = std::chrono::seconds(30);
  std::vector<int> retryable_status_codes = {502, 503, 504};
};

// transport.*
struct ClientConfig {
  PoolConfig pool;
  RetryConfig retry;
  io::BreakerConfig breaker;  // one per target
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);
};

}  // namespace aw::http
