// SPDX-License-Identifier: Apache-2.0
// A keeper of secrets on loopback for this room's tests: one thread, one request a connection, the
// answer is a function of the request.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/text.h"

namespace aw::secrets::test {

struct Asked {
  std::string line;  // "POST /v1/auth/jwt/login"
  std::string head;  // lower case
  std::string body;

  [[nodiscard]] std::string header(std::string const& name) const {
    auto const at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    auto const from = at + name.size() + 4;
    return head.substr(from, head.find("\r\n", from) - from);
  }
};
struct Answer {
  int status = 200;
  std::string body;
};

class HttpKeeper {
 public:
  using Behave = std::function<Answer(Asked const& asked)>;
  explicit HttpKeeper(Behave behave)
      : behave_(std::move(behave)),
        acceptor_(loop_, {boost::asio::ip::address_v4::loopback(), 0}),
        thread_([this] { serve(); }) {}
  ~HttpKeeper() {
    over_ = true;
    boost::system::error_code ec;
    boost::asio::ip::tcp::socket last(loop_);
    last.connect(acceptor_.local_endpoint(), ec);  // wakes `accept`
    thread_.join();
  }
  HttpKeeper(HttpKeeper const&) = delete;
  HttpKeeper& operator=(HttpKeeper const&) = delete;

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  // The request lines so far.
  [[nodiscard]] std::vector<std::string> lines() const {
    std::lock_guard const lock(mutex_);
    return lines_;
  }

 private:
  void serve() {
    while (!over_) {
      boost::asio::ip::tcp::socket socket(loop_);
      boost::system::error_code ec;
      acceptor_.accept(socket, ec);
      if (ec || over_) return;
      answer_one(socket);
    }
  }
  void answer_one(boost::asio::ip::tcp::socket& socket) {
    boost::system::error_code ec;
    std::string text;
    auto const head =
        boost::asio::read_until(socket, boost::asio::dynamic_buffer(text), "\r\n\r\n", ec);
    if (ec) return;
    Asked asked;
    asked.line = text.substr(0, text.find(" HTTP/"));
    asked.head = text::lower(text.substr(0, head));
    auto const length = asked.header("content-length");
    std::size_t const wanted = head + (length.empty() ? 0 : std::stoul(length));
    if (text.size() < wanted) {
      std::string rest(wanted - text.size(), '\0');
      boost::asio::read(socket, boost::asio::buffer(rest), ec);
      text += rest;
    }
    asked.body = text.substr(head);
    {
      std::lock_guard const lock(mutex_);
      lines_.push_back(asked.line);
    }
    auto const answer = behave_(asked);
    auto const out =
        "HTTP/1.1 " + std::to_string(answer.status) +
        " x\r\nconnection: close\r\ncontent-length: " + std::to_string(answer.body.size()) +
        "\r\n\r\n" + answer.body;
    boost::asio::write(socket, boost::asio::buffer(out), ec);
  }

  Behave behave_;
  boost::asio::io_context loop_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::atomic<bool> over_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace aw::secrets::test
