// SPDX-License-Identifier: Apache-2.0
#include "core/tls/machine_trust.h"

#include <openssl/x509.h>

namespace aw::tls {

MachineTrust machine_trust() {
  return {.file = ::X509_get_default_cert_file(),
          .file_variable = ::X509_get_default_cert_file_env(),
          .directory = ::X509_get_default_cert_dir(),
          .directory_variable = ::X509_get_default_cert_dir_env()};
}

}  // namespace aw::tls
