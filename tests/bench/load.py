# SPDX-License-Identifier: Apache-2.0
"""The load of `./dev bench serve`: h2load with a client certificate for requests, our own `connections` for handshakes."""
import os
import pathlib
import re
import subprocess

from servers import LOAD_CORE

PATIENCE = 20  # seconds that a tool may take longer than it was told
HERE = pathlib.Path(__file__).resolve().parent


def build(directory):
    compile_ = ["clang++-19", "-std=c++23", "-O2"]
    subprocess.run([*compile_, HERE / "connections.cc", "-o", directory / "connections", "-lssl", "-lcrypto"], check=True)
    subprocess.run([*compile_, "-shared", "-fPIC", HERE / "client_certificate.cc", "-o", directory / "client_certificate.so"],
                   check=True)


def run(command, seconds, **more):
    """What it printed. A tool that should end after `seconds` and does not is killed, and the run with it."""
    try:
        return subprocess.run(["taskset", "-c", LOAD_CORE, *map(str, command)], capture_output=True, text=True, check=True,
                              timeout=seconds + PATIENCE, **more).stdout
    except subprocess.TimeoutExpired as late:
        raise SystemExit(f"bench: {command[0]} did not end {PATIENCE} s after its time:\n{late.stdout}") from None


def certified(directory, certificate, key):
    """The environment in which h2load has a client certificate: it knows none, a library loaded before it brings ours."""
    return {**os.environ, "LD_PRELOAD": str(directory / "client_certificate.so"), "BENCH_CERT": str(certificate), "BENCH_KEY": str(key)}


def answers(said):
    """(2xx, all others) of what h2load printed; (0, 1) when it did not get that far."""
    found = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", said)
    good, *others = map(int, found.groups()) if found else (0, 1)
    return good, sum(others)


class Load:
    """`directory` holds the tools and the client's identity."""

    def __init__(self, directory):
        self.directory = directory
        self.certificate = [directory / "client/svid.pem", directory / "client/svid.key"]
        self.environment = certified(directory, *self.certificate)

    def h2load(self, url, body, seconds, *options):
        """Answered (2xx) requests of one h2load run."""
        file = self.directory / "body.json"
        file.write_bytes(body if isinstance(body, bytes) else body.encode())
        kind = [] if any(str(o).startswith("content-type:") for o in options) else ["-H", "content-type: application/json"]
        said = run(["h2load", "-t", "1", "-d", file, *kind, "-D", seconds, *options, url],
                   seconds, env=self.environment)
        answered, others = answers(said)
        if others or answered == 0:
            raise SystemExit(f"bench: not every answer of {url} was 2xx:\n{said}")
        return answered

    def one_answer(self, port, path, body, content_type="application/json"):
        """What one request is answered, with curl: head, body and trailers. `body` may be bytes."""
        return subprocess.run(["curl", "-sik", "--cert", self.certificate[0], "--key", self.certificate[1], "-H", f"content-type: {content_type}",
                               "-H", "te: trailers", "--data-binary", "@-", f"https://127.0.0.1:{port}{path}"], check=True, capture_output=True,
                              input=body if isinstance(body, bytes) else body.encode()).stdout

    def exactly(self, url, body, count):
        """`count` requests, one after the other on 4 connections; for tools that count instructions."""
        file = self.directory / "body.json"
        file.write_text(body)
        said = run(["h2load", "-t", "1", "--h1", "-c", "4", "-n", str(count), "-d", file, "-H", "content-type: application/json", url],
                   600, env=self.environment)
        if f"status codes: {count} 2xx" not in said:
            raise SystemExit(f"bench: not every answer of {url} was 2xx:\n{said}")

    def latencies_us(self, url, body, seconds):
        """Open loop, 500 requests a second on 10 connections."""
        log = self.directory / "latency.log"
        log.unlink(missing_ok=True)
        self.h2load(url, body, seconds, "--h1", "-c", "10", "--rps", "50", f"--log-file={log}")
        return sorted(int(line.split()[2]) for line in log.read_text().splitlines())

    def request_file(self, path, body):
        file = self.directory / "request"
        file.write_text(f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
                        f"content-length: {len(body)}\r\n\r\n{body}")
        return file

    def new_connections(self, port, path, body, seconds):
        request = self.request_file(path, body)
        said = run([self.directory / "connections", "new", port, seconds, *self.certificate, request], seconds)
        answered, refused = map(int, re.search(r"answered (\d+) refused (\d+)", said).groups())
        if refused or not answered:
            raise SystemExit(f"bench: connections: {said}")
        return answered

    def hold(self, port, path, body, count):
        """Opens connections that stay until the returned process's stdin is closed."""
        return self._held(port, count, self.request_file(path, body))

    def hold_streams(self, port, paths, count):
        """The same, each with an event stream whose head has come; the paths in turn."""
        file = self.directory / "stream-request"
        file.write_text("\0".join(f"POST {path} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\ncontent-length: 0\r\n\r\n"
                                  for path in paths))
        return self._held(port, count, file, "head")

    def _held(self, port, count, request, *read):
        child = subprocess.Popen(["taskset", "-c", LOAD_CORE, self.directory / "connections", "hold", str(port), str(count),
                                  *self.certificate, request, *read], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        said = child.stdout.readline()
        if f"answered {count} " not in said:
            raise SystemExit(f"bench: hold: {said}")
        return child
