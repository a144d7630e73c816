// SPDX-License-Identifier: Apache-2.0
// A streamed answer's events, as a backend's words. Pure but for the Output it speaks to.
#pragma once

#include <string>

#include "core/backend/backend.h"
#include "core/http/sse.h"

namespace aw::backend {

// Events by name: status {"message"}, artifact {"id","name","text"|"data"|"raw"|"url",…}, result
// (any JSON), input_required {"message"}, rejected {"message"}, error {"message"}. An event
// without a name is a piece of
// text of the artifact "output", or an object with one of those names as its member.
// One stream's; used on the run's loop. Names it does not know are left out, and so is everything
// behind input_required or rejected, and a lone "[DONE]".
class EventReader {
 public:
  explicit EventReader(Output& output) : output_(output) {}
  // backend_failed for an `error` event; backend_answer_malformed for what cannot be read.
  Result<void> take(http::SseEvent const& event);
  // The stream ended: closes what is open, and makes a text-only stream's text its result.
  // Once, after the last event; not after an error.
  void finish();

 private:
  Result<void> take_named(std::string_view name, std::string_view data);
  Result<void> take_artifact(std::string_view data);
  void take_text(std::string text);

  Output& output_;
  std::string text_;      // of the artifact "output" so far
  bool result_ = false;   // one was given
  bool stopped_ = false;  // input_required or rejected
};

}  // namespace aw::backend
