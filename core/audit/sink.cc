// SPDX-License-Identifier: Apache-2.0
#include "core/audit/sink.h"

namespace aw::audit {

Appended AuditSink::append_all(Batch const& batch) {
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    if (auto stored = append(batch.records[i]); !stored.ok())
      return {.count = i, .error = std::move(stored).error()};
  }
  return {.count = batch.records.size(), .error = {}};
}

}  // namespace aw::audit
