# SPDX-License-Identifier: Apache-2.0
"""Peers that hold what they get: many at once, none of them reading, ending or hurrying. Memory stays bounded (each test prints
the peak), others are served meanwhile, and what was held is given back."""
import contextlib
import json
import pathlib
import socket
import ssl
import struct
import threading

import house
import target
from house import connect, metric, request, wait_for
from target import PREFACE, Target, frame

MOST_GROWTH = 96 * 1024  # KiB that any of these may cost; far below what they ask for
LOST = (OSError, ssl.SSLError)
# HPACK: :method POST, :scheme https, :path /a2a/v1/tasks, :authority x, content-type application/json
HEAD = (bytes([0x83, 0x87]) + b"\x04" + bytes([13]) + b"/a2a/v1/tasks" + b"\x01\x01x" +
        b"\x0f\x10" + bytes([16]) + b"application/json")


def memory_of(agent, what):
    for line in pathlib.Path(f"/proc/{agent.child.pid}/status").read_text().splitlines():
        if line.startswith(what + ":"):
            return int(line.split()[1])
    raise AssertionError(what)


def forget_peak(agent):
    """The kernel's own high-water mark, from here on."""
    pathlib.Path(f"/proc/{agent.child.pid}/clear_refs").write_text("5")


class Hostile(Target):
    server_settings = {"request_timeout_seconds": 15}

    def setUp(self):
        super().setUp()
        self.held = []
        self.addCleanup(self.let_go)
        self.assertEqual(self.call()[0], 200)
        forget_peak(self.agent_)
        self.before = self.memory("VmHWM")

    def memory(self, what):
        return memory_of(self.agent_, what)

    def let_go(self):
        for one in self.held:
            with contextlib.suppress(*LOST):
                one.close()
        self.held = []

    def hold(self, count, data, **kwargs):
        for _ in range(count):
            tls = connect(self.port, self.client, **kwargs)
            self.held.append(tls)
            with contextlib.suppress(*LOST):
                tls.sendall(data)

    def check(self, what):
        """While they are held: others are served. Afterwards: nothing stays."""
        self.assertEqual(self.call()[0], 200)
        self.assertEqual(house.plain(self.agent_.metrics_port, "/livez")[0], 200)
        peak = self.memory("VmHWM")
        print(f"      {what}: peak {peak / 1024:.1f} MiB, {(peak - self.before) / 1024:.1f} MiB more than before")
        self.assertLess(peak - self.before, MOST_GROWTH)
        self.let_go()
        wait_for("nobody is left", lambda: metric(self.agent_.metrics_port, "agentweave_active_connections") == 0, 30)
        self.check_well()

    def test_silent_handshakes(self):
        """400 connections that never shake hands"""
        self.held = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(400)]
        self.check("400 silent connections")

    def test_endless_heads(self):
        """60 heads that grow until they are refused"""
        self.hold(60, b"POST /a2a/v1/tasks HTTP/1.1\r\nHost: x\r\n" + b"".join(b"x-%d: %s\r\n" % (i, b"y" * 4000) for i in range(60)))
        self.check("60 endless heads")

    def test_bodies_that_never_end(self):
        """40 bodies of a megabyte that stop before their end"""
        self.hold(40, b"POST /a2a/v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n" + b'"' + b"a" * 900000)
        self.check("40 bodies without an end")

    def test_windows_of_zero(self):
        """20 HTTP/2 connections with 50 calls each whose answers nobody lets out"""
        closed = struct.pack(">HI", 4, 0)  # SETTINGS_INITIAL_WINDOW_SIZE = 0
        body = b'{"task_type":"secret","payload":{}}'
        asked = metric(self.agent_.metrics_port, "agentweave_requests_total")
        calls = b"".join(frame(1, 0x4, 1 + 2 * i, HEAD) + frame(0, 1, 1 + 2 * i, body) for i in range(50))
        self.hold(20, PREFACE + frame(4, 0, 0, closed) + calls, alpn=("h2",))
        wait_for("all are answered", lambda: metric(self.agent_.metrics_port, "agentweave_requests_total") >= asked + 1000, 30)
        self.check("1000 answers behind windows of zero")

    def test_readers_that_leave(self):
        """a stream whose reader leaves counts as interrupted: nobody was denied, and nothing failed"""
        ended = {status: metric(self.agent_.metrics_port, "agentweave_requests_total", status=status) for status in ("denied", "error")}
        target.Backend.gate = threading.Event()
        self.addCleanup(target.Backend.gate.set)
        begun = request(self.port, self.client, "POST", "/a2a/v1/tasks", {"task_type": "work", "payload": {}, "async": True})
        task = json.loads(begun[2])["id"]
        path = f"/a2a/v1/tasks/{task}/stream"
        h1 = connect(self.port, self.client)
        h1.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.assertIn(b" 200 ", h1.recv(4096))
        h1.close()
        interrupted = {"name": "agentweave_requests_total", "status": "interrupted"}
        wait_for("the first is counted", lambda: metric(self.agent_.metrics_port, **interrupted) == 1, 20)
        h2 = connect(self.port, self.client, alpn=("h2",))
        head = bytes([0x82, 0x87]) + b"\x04" + bytes([len(path)]) + path.encode() + b"\x01\x01x"
        h2.sendall(PREFACE + frame(4, 0, 0) + frame(1, 0x5, 1, head))
        seen = b""
        while b"event" not in seen and b"data:" not in seen:
            seen += h2.recv(4096)
        h2.sendall(frame(3, 0, 1, struct.pack(">I", 8)))  # RST_STREAM CANCEL
        wait_for("so is the second", lambda: metric(self.agent_.metrics_port, **interrupted) == 2, 20)
        h2.close()
        for status, count in ended.items():
            self.assertEqual(metric(self.agent_.metrics_port, "agentweave_requests_total", status=status), count)

    def test_unread_answers(self):
        """40 connections that send request after request and read no answer"""
        one = b"GET /.well-known/agent-card.json HTTP/1.1\r\nHost: x\r\n\r\n"
        for _ in range(40):
            tls = connect(self.port, self.client)
            self.held.append(tls)
            tls.settimeout(0.2)
            with contextlib.suppress(*LOST):
                for _ in range(200):
                    tls.sendall(one * 50)
        self.check("40 readers that do not read")


class Neighbours(Target):
    """Two callers: what one of them holds is not taken from the other."""
    SIZE = 100_000
    server_settings = {"limits": {"max_body_bytes": SIZE, "body_timeout": 60, "head_timeout": 60, "handshake_timeout": 60}}

    def setUp(self):
        super().setUp()
        made = self.run_cli("svid", "fetch", "--socket", f"unix://{self.socket_path}", "--as", "target", "--out", self.dir / "other")
        self.assertEqual(made.returncode, 0, made.stderr)
        self.other = house.Identity(self.dir / "other/svid.pem", self.dir / "other/svid.key", self.dir / "other/bundle.pem")
        self.held = []
        self.addCleanup(lambda: [one.close() for one in self.held])

    def body(self):
        text = b'{"task_type":"work","payload":{"text":"' + b"a" * (self.SIZE - 1000) + b'"}}'
        return (b"POST /a2a/v1/tasks HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % len(text), text)

    def status(self, tls):
        return int(tls.recv(12).split(b" ")[1])

    def refusals(self):
        return metric(self.agent_.metrics_port, "agentweave_gate_refusals_total", reason="overloaded")

    def test_half_bodies_of_one_caller(self):
        """a caller with a hundred bodies that are half here is refused more; another's large body is taken"""
        head, text = self.body()
        for _ in range(100):
            tls = connect(self.port, self.client, timeout=60)
            self.held.append(tls)
            with contextlib.suppress(*LOST):
                tls.sendall(head + text[:-500])
        wait_for("the caller has its fill", lambda: self.refusals() >= 36, 60)
        tls = connect(self.port, self.other, timeout=60)
        self.held.append(tls)
        tls.sendall(head + text[:-500])
        tls.sendall(text[-500:])
        self.assertEqual(self.status(tls), 403)  # read whole: policy was asked, and knows it not
        wait_for("a quarter is its fill", lambda: self.refusals() == 84, 60)
        # What was held is finished as well.
        self.held[0].sendall(text[-500:])
        self.assertEqual(self.status(self.held[0]), 200)

    def test_half_grpc_messages_of_one_caller(self):
        """a caller with a hundred gRPC messages that are half here is refused more; another's is taken"""
        head = (bytes([0x83, 0x87]) + b"\x04" + bytes([33]) + b"/lf.a2a.v1.A2AService/SendMessage" +
                b"\x01\x01x" + b"\x0f\x10" + bytes([16]) + b"application/grpc")
        half = b"\0" + struct.pack(">I", 60_000) + b"a" * 50_000
        pieces = b"".join(frame(0, 0, 1, half[i:i + 16_000]) for i in range(0, len(half), 16_000))
        opening = PREFACE + frame(4, 0, 0) + frame(1, 0x4, 1, head) + pieces
        for _ in range(200):
            tls = connect(self.port, self.client, alpn=("h2",), timeout=60)
            self.held.append(tls)
            with contextlib.suppress(*LOST):
                tls.sendall(opening)
        wait_for("the caller has its fill", lambda: self.refusals() >= 73, 60)
        tls = connect(self.port, self.other, alpn=("h2",), timeout=60)
        self.held.append(tls)
        tls.sendall(opening)
        rest = b"a" * 10_000
        tls.sendall(frame(0, 0x1, 1, rest))
        wait_for("it is read", lambda: metric(self.agent_.metrics_port, "agentweave_gate_refusals_total", reason="unmapped_route") +
                 metric(self.agent_.metrics_port, "agentweave_gate_refusals_total", reason="request_malformed") == 1, 30)
        wait_for("a quarter is its fill", lambda: self.refusals() == 169, 60)

    def test_large_answers_of_one_caller(self):
        """two thousand large answers that one caller lets wait: it is refused more, memory stays, and who reads is answered"""
        ask = {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"data": {"x": "a" * (self.SIZE - 2000)}}], "metadata": {"skill": "work"}}}
        version = {"A2A-Version": "1.0"}
        made = request(self.port, self.client, "POST", "/message:send", ask, version, timeout=60)
        self.assertEqual(made[0], 200, made)
        path = f"/tasks/{json.loads(made[2])['task']['id']}?historyLength=10"
        whole = request(self.port, self.client, "GET", path, None, version, timeout=60)
        self.assertGreater(len(whole[2]), self.SIZE - 2000)
        forget_peak(self.agent_)
        before = memory_of(self.agent_, "VmHWM")
        head = (bytes([0x82, 0x87]) + b"\x04" + bytes([len(path)]) + path.encode() + b"\x01\x01x" +
                b"\x00" + bytes([11]) + b"a2a-version" + b"\x031.0")
        asked = b"".join(frame(1, 0x5, 1 + 2 * i, head) for i in range(50))
        for _ in range(40):
            tls = connect(self.port, self.client, alpn=("h2",), timeout=60)
            self.held.append(tls)
            with contextlib.suppress(*LOST):
                tls.sendall(PREFACE + frame(4, 0, 0, struct.pack(">HI", 4, 0)) + asked)
        wait_for("the caller has its fill", lambda: self.refusals() > 200, 60)
        self.assertEqual(request(self.port, self.client, "GET", path, None, version, timeout=60)[0], 503)
        more = memory_of(self.agent_, "VmHWM") - before
        print(f"      2000 answers of {len(whole[2]) // 1000} kB: {more / 1024:.1f} MiB more than before")
        self.assertLess(more, MOST_GROWTH)
        for tls in self.held:
            tls.close()
        wait_for("it reads again", lambda: request(self.port, self.client, "GET", path, None, version, timeout=60)[0] == 200, 30)

    def test_heads_of_one_caller(self):
        """six thousand large heads whose bodies never come: the caller is refused more, and memory stays"""
        head = HEAD + b"".join(b"\x00" + bytes([3]) + b"x-%d" % i + bytes([127, 4000 - 127 & 127 | 128, 4000 - 127 >> 7]) + b"a" * 4000 for i in range(7))
        asked = b"".join(frame(1, 0, 1 + 2 * i, head[:16000]) + frame(9, 4, 1 + 2 * i, head[16000:]) for i in range(100))
        forget_peak(self.agent_)
        before = memory_of(self.agent_, "VmHWM")
        for _ in range(60):
            tls = connect(self.port, self.client, alpn=("h2",), timeout=60)
            self.held.append(tls)
            with contextlib.suppress(*LOST):
                tls.sendall(PREFACE + frame(4, 0, 0) + asked)
        wait_for("the caller has its fill", lambda: self.refusals() > 200, 60)
        more = memory_of(self.agent_, "VmHWM") - before
        print(f"      6000 heads of 28 kB: {more / 1024:.1f} MiB more than before")
        self.assertLess(more, MOST_GROWTH)
        self.assertEqual(request(self.port, self.client, "GET", "/.well-known/agent-card.json", None, {}, timeout=60)[0], 200)
