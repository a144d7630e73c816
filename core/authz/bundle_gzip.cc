// SPDX-License-Identifier: Apache-2.0
#include "core/authz/bundle_gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace aw::authz {
namespace {

constexpr int kGzip = 15 + 16;  // the largest window, and a gzip header round it
constexpr std::size_t kPiece = 64U << 10;

Error bad_stream(std::string const& why) {
  return make_error(Code::policy_unreadable, "policy bundle: " + why,
                    "it must be a .tar.gz, whole");
}

struct Inflater {
  z_stream stream{};
  bool ready = inflateInit2(&stream, kGzip) == Z_OK;
  Inflater() = default;
  ~Inflater() { inflateEnd(&stream); }
  Inflater(Inflater const&) = delete;
  Inflater& operator=(Inflater const&) = delete;
};

struct Deflater {
  z_stream stream{};
  bool ready =
      deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  Deflater() = default;
  ~Deflater() { deflateEnd(&stream); }
  Deflater(Deflater const&) = delete;
  Deflater& operator=(Deflater const&) = delete;
};

// zlib's interface has no const; it does not write to its input.
Bytef* input_of(std::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

}  // namespace

Result<std::string> gunzip(std::string_view bytes, std::size_t most) {
  Inflater inflater;
  if (!inflater.ready) return make_error(Code::internal, "zlib does not start");
  auto& stream = inflater.stream;
  stream.next_in = input_of(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  std::array<char, kPiece> piece{};
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = piece.size();
    int const state = inflate(&stream, Z_NO_FLUSH);
    std::size_t const made = piece.size() - stream.avail_out;
    if (made > most - out.size()) return bad_stream("unpacks to more than is allowed");
    out.append(piece.data(), made);
    if (state == Z_STREAM_END) {
      if (stream.avail_in == 0) return out;
      if (inflateReset(&stream) != Z_OK) return bad_stream("is damaged");
      continue;
    }
    if (state == Z_BUF_ERROR || (state == Z_OK && stream.avail_in == 0 && made == 0)) {
      return bad_stream("breaks off before its end");
    }
    if (state != Z_OK) return bad_stream("is no gzip stream, or damaged");
  }
}

Result<std::string> gzip(std::string_view bytes) {
  Deflater deflater;
  if (!deflater.ready) return make_error(Code::internal, "zlib does not start");
  auto& stream = deflater.stream;
  stream.next_in = input_of(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())) + 64, '\0');
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) {
    return make_error(Code::internal, "zlib does not compress");
  }
  out.resize(stream.total_out);
  return out;
}

}  // namespace aw::authz
