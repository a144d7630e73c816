// SPDX-License-Identifier: Apache-2.0
// Where OpenSSL finds the certificate authorities of this machine, which Debian's ca-certificates
// fills: for whoever wants to say that there are none. Pure; any thread.
#pragma once

#include <string>

namespace aw::tls {

// A set variable of that name says another place instead.
struct MachineTrust {
  std::string file;
  std::string file_variable;
  std::string directory;  // of files named by a hash of the subject, "4a6481c9.0"
  std::string directory_variable;
};

[[nodiscard]] MachineTrust machine_trust();

}  // namespace aw::tls
