// SPDX-License-Identifier: Apache-2.0
#include "core/decisions/batches.h"

#include <zlib.h>

#include <algorithm>
#include <new>
#include <utility>

namespace aw::decisions {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib.h: 16 more = a gzip header
constexpr int kFast = 3;              // events of one agent are alike: more effort finds little
constexpr double kFirstGuess = 4;     // bytes that one compressed byte holds

std::string array_of(std::span<const std::string> events) {
  std::string out = "[";
  for (auto const& event : events) {
    if (out.size() > 1) out += ',';
    out += event;
  }
  return out + ']';
}

// How many events from the front have about so many bytes; at least one.
std::size_t first_with(std::span<const std::string> events, double bytes) {
  double sum = 0;
  std::size_t count = 0;
  for (auto const& event : events) {
    sum += static_cast<double>(event.size() + 1);
    if (count > 0 && sum > bytes) break;
    ++count;
  }
  return count;
}

}  // namespace

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, kFast, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  // zlib reads what it is given and writes nothing there, whatever its types say.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);  // one call: the bound is room enough
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Batches batches_of(std::span<const std::string> events, std::size_t limit) {
  Batches out;
  double guess = kFirstGuess;
  while (!events.empty()) {
    auto count = first_with(events, static_cast<double>(limit) * guess);
    auto text = array_of(events.first(count));
    auto body = gzip(text);
    while (body.size() > limit && count > 1) {
      count /= 2;
      text = array_of(events.first(count));
      body = gzip(text);
    }
    guess = std::max(1.0, static_cast<double>(text.size()) / static_cast<double>(body.size()));
    events = events.subspan(count);
    if (body.size() > limit) {
      ++out.too_large;
      continue;
    }
    out.batches.push_back({.body = std::move(body), .events = count});
  }
  return out;
}

}  // namespace aw::decisions
