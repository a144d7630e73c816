// SPDX-License-Identifier: Apache-2.0
// New connections as load: TLS 1.3 with a client certificate, one request, close; or many that stay
// open. h2load keeps its connections, so it cannot do this.
//
//   connections new PORT SECONDS CERT KEY REQUEST           closed loop on 4 threads
//   connections hold PORT COUNT CERT KEY REQUEST [READ]     opens COUNT, prints `ready`, waits for
//                                                           its stdin to end
//
// REQUEST is a file with the whole request, or with several, a NUL between them, that the
// connections take in turn; the answer is read to the end of its content-length,
// or, with READ = head (streams), to the end of its head. Prints `answered N refused N`.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

struct Connection {
  std::unique_ptr<SSL, FreeSsl> ssl;
  int socket = -1;

  Connection() = default;
  Connection(Connection&& other) noexcept
      : ssl(std::move(other.ssl)), socket(std::exchange(other.socket, -1)) {}
  Connection& operator=(Connection&&) = delete;
  ~Connection() {
    if (ssl) SSL_shutdown(ssl.get());
    ssl.reset();
    if (socket >= 0) ::close(socket);
  }
};

enum class Read { whole, head };

struct Plan {
  SSL_CTX* context = nullptr;
  sockaddr_in server{};
  std::vector<std::string> requests;  // at least one
  Read read = Read::whole;
};

bool open_connection(Plan const& plan, Connection& out) {
  out.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int const one = 1;
  ::setsockopt(out.socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  timeval const patience{.tv_sec = 10, .tv_usec = 0};  // a server that hangs is one that refuses
  ::setsockopt(out.socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(out.socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(out.socket, reinterpret_cast<sockaddr const*>(&plan.server), sizeof plan.server))
    return false;
  out.ssl.reset(SSL_new(plan.context));
  SSL_set_fd(out.ssl.get(), out.socket);
  return SSL_connect(out.ssl.get()) == 1;
}

bool whole(std::string const& answer, Read read) {
  auto const end = answer.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  if (read == Read::head) return true;
  for (auto const* name : {"content-length: ", "Content-Length: "}) {
    auto const at = answer.find(name);
    if (at >= end) continue;
    return answer.size() >= end + 4 + std::strtoul(answer.c_str() + at + 16, nullptr, 10);
  }
  return true;
}

// One request on it; true when it was answered with 2xx.
bool exchange(Plan const& plan, Connection& connection, std::size_t number) {
  auto* const ssl = connection.ssl.get();
  auto const& request = plan.requests[number % plan.requests.size()];
  if (SSL_write(ssl, request.data(), static_cast<int>(request.size())) <= 0) return false;
  std::string answer;
  char buffer[4096];
  while (!whole(answer, plan.read)) {
    int const got = SSL_read(ssl, buffer, sizeof buffer);
    if (got <= 0) return false;
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  return answer.starts_with("HTTP/1.1 2");
}

void blast(Plan const& plan, double seconds) {
  std::atomic<long> answered{0};
  std::atomic<long> refused{0};
  auto const until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (std::chrono::steady_clock::now() < until) {
        Connection connection;
        bool const fine = open_connection(plan, connection) && exchange(plan, connection, 0);
        (fine ? answered : refused).fetch_add(1);
        ERR_clear_error();
      }
    });
  }
  threads.clear();
  std::printf("answered %ld refused %ld\n", answered.load(), refused.load());
}

void hold(Plan const& plan, long count) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  std::vector<Connection> open;
  long refused = 0;
  for (long i = 0; i < count; ++i) {
    Connection connection;
    if (open_connection(plan, connection) &&
        exchange(plan, connection, static_cast<std::size_t>(i))) {
      open.push_back(std::move(connection));
    } else {
      ++refused;
    }
  }
  std::printf("ready answered %zu refused %ld\n", open.size(), refused);
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
}

}  // namespace

int main(int count, char** words) {
  if (count < 7) return 2;
  std::string const mode = words[1];
  Plan plan;
  plan.context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(plan.context, TLS1_3_VERSION);
  if (SSL_CTX_use_certificate_chain_file(plan.context, words[4]) != 1 ||
      SSL_CTX_use_PrivateKey_file(plan.context, words[5], SSL_FILETYPE_PEM) != 1)
    return 2;
  plan.server.sin_family = AF_INET;
  plan.server.sin_port = htons(static_cast<std::uint16_t>(std::atoi(words[2])));
  plan.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::ifstream file(words[6], std::ios::binary);
  for (std::string one; std::getline(file, one, '\0');) plan.requests.push_back(one);
  if (plan.requests.empty()) return 2;
  if (count > 7 && std::string(words[7]) == "head") plan.read = Read::head;
  if (mode == "new") blast(plan, std::atof(words[3]));
  if (mode == "hold") hold(plan, std::atol(words[3]));
  return 0;
}
