// SPDX-License-Identifier: Apache-2.0
// Shared by this room's tests: an output that keeps what was said, and a service on loopback that
// answers with given bytes.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <thread>
#include <vector>

#include "core/backend/backend.h"
#include "core/http/client.h"

namespace aw::backend::test {

class Collected final : public Output {
 public:
  std::vector<std::string> statuses;
  std::vector<Chunk> chunks;
  std::vector<std::string> results;
  std::vector<std::string> asked;
  std::vector<std::string> refused;

  void status(std::string_view text) override { statuses.emplace_back(text); }
  void artifact(Chunk chunk) override { chunks.push_back(std::move(chunk)); }
  void result(std::string json) override { results.push_back(std::move(json)); }
  void input_required(std::string_view text) override { asked.emplace_back(text); }
  void rejected(std::string_view text) override { refused.emplace_back(text); }
};

struct Bench {
  io::BlockingPool pool{2, 64};
  SystemClock clock;
  std::unique_ptr<log::Log> log = log::Log::silent();
  http::Client client{{}, pool, clock};
  Collected output;

  [[nodiscard]] Tools tools() { return {client, pool, clock, *log}; }

  [[nodiscard]] Call call(std::string payload,
                          std::chrono::milliseconds timeout = std::chrono::seconds(10)) const {
    return {.capability = "report",
            .payload = std::move(payload),
            .message = {},
            .task_id = "T1",
            .context_id = "C1",
            .caller = "spiffe://corp.test/agent/ada",
            .decision_id = "d-1",
            .xfcc = "By=spiffe://corp.test/agent/us",
            .traceparent = "00-aa-bb-01",
            .deadline = clock.steady() + timeout};
  }

  Result<void> run(Config const& config, Call with) {
    auto backend = make_backend(config, tools());
    if (!backend.ok()) return std::move(backend).error();
    return io::run_blocking((*backend)->run(std::move(with), output));
  }
};

// Accepts one connection, reads one request, writes `answer`, closes.
template <class Protocol>
class OneAnswer {
 public:
  OneAnswer(typename Protocol::endpoint const& where, std::string answer)
      : acceptor_(context_, where),
        thread_([this, answer = std::move(answer)] { serve(answer); }) {}
  ~OneAnswer() { join(); }
  OneAnswer(OneAnswer const&) = delete;
  OneAnswer& operator=(OneAnswer const&) = delete;

  [[nodiscard]] auto local() const { return acceptor_.local_endpoint(); }
  [[nodiscard]] std::string const& request() {
    join();
    return request_;
  }

 private:
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  void serve(std::string const& answer) {
    boost::system::error_code ec;
    typename Protocol::socket socket(context_);
    acceptor_.accept(socket, ec);
    if (ec) return;
    auto const head =
        boost::asio::read_until(socket, boost::asio::dynamic_buffer(request_), "\r\n\r\n", ec);
    auto const at = request_.find("content-length: ");
    std::size_t const length =
        at == std::string::npos ? 0 : std::stoul(request_.substr(at + 16, 12));
    if (request_.size() < head + length) {
      std::string rest(head + length - request_.size(), '\0');
      boost::asio::read(socket, boost::asio::buffer(rest), ec);
      request_ += rest;
    }
    boost::asio::write(socket, boost::asio::buffer(answer), ec);
  }

  boost::asio::io_context context_;
  typename Protocol::acceptor acceptor_;
  std::string request_;
  std::thread thread_;
};

inline std::string answer(std::string_view status, std::string_view type, std::string_view body) {
  return "HTTP/1.1 " + std::string(status) + "\r\ncontent-type: " + std::string(type) +
         "\r\ncontent-length: " + std::to_string(body.size()) + "\r\nconnection: close\r\n\r\n" +
         std::string(body);
}

}  // namespace aw::backend::test
