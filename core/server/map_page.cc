// SPDX-License-Identifier: Apache-2.0
#include "core/server/map_page.h"

namespace aw::server {

std::string_view content_type_of(std::string_view file_name) {
  if (file_name.ends_with(".html")) return "text/html; charset=utf-8";
  if (file_name.ends_with(".css")) return "text/css; charset=utf-8";
  if (file_name.ends_with(".svg")) return "image/svg+xml";
  if (file_name.ends_with(".js")) return "text/javascript; charset=utf-8";
  return "application/octet-stream";
}

}  // namespace aw::server
