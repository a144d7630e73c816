// SPDX-License-Identifier: Apache-2.0
// The audit log on a stream that somebody else keeps: stdout or stderr. Each start begins a new
// chain.
#pragma once

#include <string>

#include "core/audit/sink.h"

namespace aw::audit {

// What a pipe took is gone for us: never the record that a request waits for, where another
// destination keeps records.
class StreamSink final : public AuditSink {
 public:
  // Does not own the descriptor.
  StreamSink(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

  [[nodiscard]] Result<Resumed> resume() override { return Resumed{}; }
  // Waits at most a second for a reader that does not keep up.
  [[nodiscard]] Result<void> append(Record const& record) override;
  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] Keeps keeps() const override { return Keeps::nothing; }

 private:
  int const fd_;
  std::string const name_;
  bool torn_ = false;  // half a line is out: it is ended before the next one
};

}  // namespace aw::audit
