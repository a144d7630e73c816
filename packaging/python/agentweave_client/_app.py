# SPDX-License-Identifier: Apache-2.0
"""Capabilities behind the sidecar: HTTP on a unix socket or loopback, one thread a call."""
from __future__ import annotations

import asyncio
import contextvars
import http.server
import inspect
import json
import logging
import os
import pathlib
import socket
import socketserver
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

log = logging.getLogger("agentweave")
MAX_BODY = 8 << 20


@dataclass(frozen=True)
class Caller:
    """Who calls, as the sidecar verified it. Nothing here comes from the caller's own headers."""

    spiffe_id: str = ""
    decision_id: str = ""
    chain: str = ""  # x-forwarded-client-cert, as Envoy writes it
    traceparent: str = ""
    task_id: str = ""
    context_id: str = ""

    @property
    def trust_domain(self) -> str:
        return self.spiffe_id.removeprefix("spiffe://").split("/", 1)[0]


_caller: contextvars.ContextVar[Caller] = contextvars.ContextVar("caller", default=Caller())
_capabilities: dict[str, Callable[..., Any]] = {}


def caller() -> Caller:
    """The caller of the capability that runs now; empty outside of one."""
    return _caller.get()


def capability(name: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a function (plain, async, or a generator: then its pieces are streamed) under a capability's name.

    The payload's members are its arguments; a payload that is no object is its only one. ValueError is the caller's
    fault and shown to them; of any other exception they learn nothing.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        key = name or function.__name__
        if key in _capabilities:
            raise ValueError(f"capability {key!r} is there twice")
        _capabilities[key] = function
        return function

    return register


def _invoke(function: Callable[..., Any], payload: Any) -> Any:
    arguments = payload if isinstance(payload, dict) else None
    try:
        bound = inspect.signature(function).bind(**arguments) if arguments is not None else inspect.signature(function).bind(payload)
    except TypeError as error:
        raise ValueError(f"payload: {error}") from None
    result = function(*bound.args, **bound.kwargs)
    return asyncio.run(_settled(result)) if isinstance(result, Awaitable) else result


async def _settled(result: Awaitable[Any]) -> Any:
    return await result


def _pieces(result: Iterator[Any] | AsyncIterator[Any]) -> Iterator[Any]:
    if not isinstance(result, AsyncIterator):
        yield from result
        return
    loop = asyncio.new_event_loop()
    try:
        while True:
            try:
                yield loop.run_until_complete(anext(result))
            except StopAsyncIteration:
                return
    finally:
        loop.close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self.close_connection = True
            return self._answer(413, {"error": "payload too large"})
        body = self.rfile.read(length)
        function = _capabilities.get(self.path.strip("/").split("/")[-1])
        if function is None:
            return self._answer(404, {"error": "no such capability"})
        try:
            envelope = json.loads(body or b"{}")
        except ValueError:
            return self._answer(400, {"error": "the payload is no JSON"})
        token = _caller.set(self._caller_of(envelope))
        try:
            self._run(function, envelope.get("payload", {}) if isinstance(envelope, dict) else {})
        finally:
            _caller.reset(token)

    def _caller_of(self, envelope: Any) -> Caller:
        known = envelope if isinstance(envelope, dict) else {}
        get = self.headers.get
        return Caller(get("x-agentweave-caller", ""), get("x-agentweave-decision-id", ""), get("x-forwarded-client-cert", ""),
                      get("traceparent", ""), str(known.get("task_id", "")), str(known.get("context_id", "")))

    def _run(self, function: Callable[..., Any], payload: Any) -> None:
        try:
            result = _invoke(function, payload)
            if isinstance(result, (Iterator, AsyncIterator)):
                return self._stream(result)
            self._answer(200, result)
        except ValueError as error:
            self._answer(400, {"error": str(error)})
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the task was cancelled
        except Exception:
            log.exception("capability %s failed, decision %s", self.path, caller().decision_id)
            self._answer(500, {"error": "failed"})

    def _stream(self, result: Iterator[Any] | AsyncIterator[Any]) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            for piece in _pieces(result):
                if isinstance(piece, str):
                    text = "".join(f"data: {line}\n" for line in piece.split("\n"))
                else:
                    text = f"event: result\ndata: {json.dumps(piece)}\n"
                self.wfile.write(text.encode() + b"\n")
                self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            pass
        except Exception as error:
            log.exception("stream of %s failed", self.path)
            words = str(error) if isinstance(error, ValueError) else "failed"
            self.wfile.write(f"event: error\ndata: {json.dumps({'message': words})}\n\n".encode())

    def _answer(self, status: int, result: Any) -> None:
        body = json.dumps(result).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "sidecar"

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)


class _TcpServer(http.server.ThreadingHTTPServer):
    daemon_threads = True


class _UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


def server(address: str | None = None) -> socketserver.BaseServer:
    """A listening server: unix:///path or 127.0.0.1:port; without one, AGENTWEAVE_APP, or 127.0.0.1:9000."""
    where = address or os.environ.get("AGENTWEAVE_APP", "127.0.0.1:9000")
    if where.startswith("unix://"):
        path = pathlib.Path(where.removeprefix("unix://"))
        if path.is_socket():
            path.unlink()
        old = os.umask(0o077)  # the sidecar runs as the same user; nobody else may come this way
        try:
            return _UnixServer(str(path), _Handler)
        finally:
            os.umask(old)
    host, _, port = where.removeprefix("http://").rpartition(":")
    if not (host.startswith("127.") or host in ("localhost", "[::1]")):
        raise ValueError(f"{where}: only this machine's sidecar may come, not the network")
    return _TcpServer((socket.gethostbyname(host.strip("[]")) if host != "[::1]" else "::1", int(port)), _Handler)


def serve(address: str | None = None) -> None:
    """Answers the sidecar until SIGTERM or SIGINT, then finishes what runs."""
    import signal

    listening = server(address)

    def stop(*_: Any) -> None:
        threading.Thread(target=listening.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with listening:
        listening.serve_forever(poll_interval=0.1)
