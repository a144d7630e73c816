// needs: aw_http
// SPDX-License-Identifier: Apache-2.0
// What a client sends to an HTTP/2 session that answers everything.
#include "core/http/h2_session.h"

#include <cstdint>
#include <cstdlib>

namespace {

class Answering final : public aw::http::H2Events {
 public:
  aw::http::H2Session* session = nullptr;
  void head(aw::http::H2Stream& stream) override {
    if (stream.ended) return;
    if (stream.fault) answer(stream, stream.fault->status);
  }
  void data(aw::http::H2Stream& stream, std::size_t size) override {
    session->consumed(stream, size);
    stream.in.clear();
  }
  void ended(aw::http::H2Stream& stream) override { answer(stream, 200); }
  void sent(aw::http::H2Stream&) override {}
  void closed(aw::http::H2Stream&, aw::http::H2Error) override {}
  void pong() override {}
  void going_away() override {}

 private:
  void answer(aw::http::H2Stream& stream, int status) {
    if (stream.answered) return;
    stream.out = "{}";
    stream.out_finished = true;
    session->respond(stream, status, {}, {{"content-type", "application/json"}}, "", 2);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  Answering events;
  auto session = aw::http::H2Session::open(aw::http::H2Role::server, {}, events);
  if (!session.ok()) std::abort();
  events.session = session->get();
  std::string out;
  std::string_view const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  if (!(*session)->feed(preface, {}).ok()) std::abort();
  static_cast<void>((*session)->feed({reinterpret_cast<char const*>(data), size}, {}).ok());
  while ((*session)->produce(out, std::size_t{1} << 16)) {
    if (out.size() > (std::size_t{64} << 20)) std::abort();
  }
  if ((*session)->streams() > 100) std::abort();
  return 0;
}
