// SPDX-License-Identifier: Apache-2.0
// The operations on a task's webhooks. Each was authorized as the task's capability is.
#include "core/a2a/answer.h"
#include "core/a2a/exchange.h"
#include "core/a2a/push.h"

namespace aw::a2a {

namespace {

// 0.3 lets a caller ask for "the" webhook; its tools say "default" for it.
std::string_view wanted_id(Operation const& operation) {
  bool const v03 = operation.shape.dialect == Dialect::v0_3;
  return v03 && operation.push.id == "default" ? std::string_view() : operation.push.id;
}

}  // namespace

io::Task<Outcome> Service::push(Exchange& exchange) {
  auto const& operation = exchange.operation;
  if (options_.push == nullptr)
    co_return co_await exchange.fail(ProtocolError::push_not_supported,
                                     "push notifications are not supported");
  auto task = owned(exchange);
  if (!task.ok()) co_return co_await exchange.fail(std::move(task).error());
  Outcome const outcome{.status = 200, .code = {}, .task_id = (*task)->id, .state = {}};
  if (operation.kind == Kind::push_list)
    co_return co_await exchange.answer(
        push_list_response(operation.shape, options_.push->list(operation.task_id)), outcome);
  if (operation.kind == Kind::push_delete) {
    options_.push->erase(operation.task_id, operation.push.id);
    co_return co_await exchange.answer(empty_response(operation.shape), outcome);
  }
  auto asked = operation.push;
  asked.owner = caller_in(exchange.scope);
  auto config = operation.kind == Kind::push_create
                    ? options_.push->put(std::move(asked))
                    : options_.push->find(operation.task_id, wanted_id(operation));
  if (!config.ok()) co_return co_await exchange.fail(std::move(config).error());
  if (auto kept = co_await engine_.store().durable(); !kept.ok())
    co_return co_await exchange.fail(std::move(kept).error());
  co_return co_await exchange.answer(push_response(operation.shape, *config), outcome);
}

// The webhook that a message brought, before the work begins: no event is missed.
Result<void> Service::attach_push(Exchange const& exchange, Task const& task) {
  if (!exchange.operation.send.push) return {};
  auto config = *exchange.operation.send.push;
  config.task_id = task.id;
  config.owner = caller_in(exchange.scope);
  auto kept = options_.push->put(std::move(config));
  return kept.ok() ? Result<void>() : Result<void>(std::move(kept).error());
}

}  // namespace aw::a2a
