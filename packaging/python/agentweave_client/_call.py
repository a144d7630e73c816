# SPDX-License-Identifier: Apache-2.0
"""Calls to other agents, through the sidecar's outbound listener."""
from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import urllib.parse
from collections.abc import Iterator
from typing import Any

from ._app import caller


class CallError(Exception):
    """A call that brought no result. `code` is an AWnnnn code where a gate spoke, `decision_id` leads to the record."""

    def __init__(self, message: str, status: int = 0, code: str = "", decision_id: str = "", retryable: bool = False):
        super().__init__(message)
        self.status, self.code, self.decision_id, self.retryable = status, code, decision_id, retryable


class Denied(CallError):
    """Policy said no, ours or theirs. Trying again changes nothing."""


class Unavailable(CallError):
    """Nobody answered, or no decision could be made; later it may work."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _connection(timeout: float) -> http.client.HTTPConnection:
    where = os.environ.get("AGENTWEAVE_OUTBOUND", "http://127.0.0.1:8081")
    if where.startswith("unix://"):
        return _UnixConnection(where.removeprefix("unix://"), timeout)
    parsed = urllib.parse.urlsplit(where if "//" in where else "http://" + where)
    return http.client.HTTPConnection(parsed.hostname or "127.0.0.1", parsed.port or 8081, timeout=timeout)


def _open(target: str, capability: str, payload: Any, accept: str, timeout: float) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    headers = {"Content-Type": "application/json", "Accept": accept}
    if caller().traceparent:
        headers["traceparent"] = caller().traceparent  # one trace over all hops
    body = json.dumps({"task_type": capability, "payload": payload})
    connection = _connection(timeout)
    try:
        connection.request("POST", f"/agents/{urllib.parse.quote(target, safe='')}/a2a/v1/tasks", body, headers)
        return connection, connection.getresponse()
    except OSError as error:
        connection.close()
        raise Unavailable(f"the sidecar's outbound listener: {error}", retryable=True) from None


def _refusal(status: int, body: bytes) -> CallError:
    try:
        error = json.loads(body).get("error", {})
    except (ValueError, AttributeError):
        error = {}
    error = error if isinstance(error, dict) else {}
    words = error.get("reason") or error.get("message") or f"status {status}"
    kind = Denied if status in (401, 403) else Unavailable if status in (429, 502, 503, 504) else CallError
    return kind(str(words), status, str(error.get("code", "")), str(error.get("decision_id", "")), bool(error.get("retryable", False)))


def call(target: str, capability: str, payload: Any = None, timeout: float = 60) -> Any:
    """The result of `capability` at `target`: a SPIFFE ID, or its last part. Raises CallError."""
    connection, answer = _open(target, capability, {} if payload is None else payload, "application/json", timeout)
    try:
        body = answer.read()
    except OSError as error:
        raise Unavailable(str(error), retryable=True) from None
    finally:
        connection.close()
    if answer.status >= 300:
        raise _refusal(answer.status, body)
    task = json.loads(body)
    state = task.get("status", {}).get("state", task.get("state", ""))
    if state in ("failed", "cancelled", "canceled", "rejected"):
        message = task.get("error") or task.get("status", {}).get("message") or state
        raise CallError(message if isinstance(message, str) else json.dumps(message), answer.status)
    return task.get("result")


async def acall(target: str, capability: str, payload: Any = None, timeout: float = 60) -> Any:
    """`call` for async code; the loop goes on meanwhile."""
    return await asyncio.to_thread(call, target, capability, payload, timeout)


def stream(target: str, capability: str, payload: Any = None, timeout: float = 60) -> Iterator[tuple[str, Any]]:
    """(event, data) as they come: status changes, artifacts, the finished task."""
    connection, answer = _open(target, capability, {} if payload is None else payload, "text/event-stream", timeout)
    try:
        if answer.status >= 300:
            raise _refusal(answer.status, answer.read())
        event, data = "message", []
        for raw in answer:
            line = raw.decode().rstrip("\r\n")
            if line.startswith("event:"):
                event = line[6:].strip()
            elif line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
            elif not line and data:
                yield event, json.loads("\n".join(data))
                event, data = "message", []
    finally:
        connection.close()
