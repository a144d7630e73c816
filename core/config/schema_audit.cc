// SPDX-License-Identifier: Apache-2.0
// Rows of `authorization.audit`.
#include "core/config/schema_row.h"

namespace aw::config {

void add_audit(std::vector<Field>& rows) {
  using C = Config;
  using A = audit::Config;
  using R = audit::RotationConfig;
  const auto at = &C::audit;
  rows.push_back(field("authorization.audit.enabled",
                       "record every decision; off is for development only", at, &A::enabled));
  rows.push_back(
      special("authorization.audit.destination", "the one place records go; destinations wins",
              Type::text,
              [](Config& config, std::size_t /*index*/) -> Slot {
                return FirstSlot{&config.audit.destinations};
              })
          .checked(checks::audit_destination, "stdout, stderr, file://, syslog://, http(s)://"));
  rows.push_back(
      field("authorization.audit.destinations",
            "each gets every record; the first must have it before the answer", at,
            &A::destinations)
          .checked(checks::audit_destination, "stdout, stderr, file://, syslog://, http(s)://")
          .example("[\"file:///var/log/agentweave/audit.log\", \"syslog://\"]"));
  rows.push_back(field("authorization.audit.rotation.max_bytes",
                       "file size that starts a new one; 0 = never", at, &A::rotation,
                       &R::max_bytes)
                     .in(0, 1e15));
  rows.push_back(field("authorization.audit.rotation.max_files", "older files kept; 0 = all", at,
                       &A::rotation, &R::max_files)
                     .in(0, 100'000));
  rows.push_back(field("authorization.audit.rotation.max_age",
                       "age at which a file goes; 0 = never", at, &A::rotation, &R::max_age));
  rows.push_back(field("authorization.audit.rotation.daily", "also when the UTC day changes", at,
                       &A::rotation, &R::daily));
  using K = audit::CheckpointConfig;
  rows.push_back(field("authorization.audit.checkpoint.max_records",
                       "records after which the log is signed", at, &A::checkpoint, &K::max_records)
                     .in(1, 30'000));
  rows.push_back(field("authorization.audit.checkpoint.max_age",
                       "time after which the log is signed, also when nothing happened", at,
                       &A::checkpoint, &K::max_age)
                     .in(1, 86'400));
  rows.push_back(choice("authorization.audit.sync",
                        "when a record counts as written: kernel survives kill -9, always survives "
                        "a power cut",
                        {name("kernel", audit::Sync::kernel), name("always", audit::Sync::always)},
                        at, &A::sync));
  rows.push_back(field("authorization.audit.spool_max_bytes",
                       "kept for each network destination that does not answer; full = deny", at,
                       &A::spool_max_bytes)
                     .in(1, 1e15));
}

}  // namespace aw::config
