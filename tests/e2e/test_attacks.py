# SPDX-License-Identifier: Apache-2.0
"""Attacks on the listener. Nothing may reach the backend without an audited allow, and the agent must stay well."""
import http.client
import json
import socket
import ssl
import struct
import threading
import time

import house
from house import audit_records, connect, plain, request, wait_for
from target import PREFACE, Backend, Target, frame


class Attacks(Target):
    def test_denied_never_reaches_the_backend(self):
        """a denied action, an unknown capability and unknown routes are refused, audited, and the backend hears nothing"""
        self.assertEqual(self.call("secret")[0], 403)
        self.assertIn(self.call("nothing_like_it")[0], (403, 404, 400))
        for method, path in (("GET", "/"), ("GET", "/admin"), ("POST", "/work"), ("POST", "/secret"), ("PUT", "/a2a/v1/tasks"),
                             ("GET", "/metrics"), ("OPTIONS", "/a2a/v1/tasks"), ("POST", "/a2a/v1/tasks/../../secret"),
                             ("GET", "/a2a/v1/tasks/d-none"), ("TRACE", "/")):
            with self.subTest(f"{method} {path}"):
                status, _, _ = request(self.port, self.client, method, path, b"{}" if method in ("POST", "PUT") else None)
                self.assertGreaterEqual(status, 400)
        self.assertEqual(Backend.seen, [])
        self.check_well()

    def test_smuggling(self):
        """CL and TE, two lengths, obs-fold, bare LF and other tricks: refused, closed, and nothing behind them is served"""
        inner = b"POST /a2a/v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 33\r\n\r\n" \
                b'{"task_type":"work","payload":{}}'
        start = b"POST /a2a/v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        tricks = {
            "CL and TE": start + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
            "two equal CL": start + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
            "two CL": start + b"Content-Length: 2\r\nContent-Length: 60\r\n\r\n{}" + inner,
            "CL list": start + b"Content-Length: 2, 2\r\n\r\n{}" + inner,
            "CL sign": start + b"Content-Length: +2\r\n\r\n{}" + inner,
            "TE list": start + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + inner,
            "TE twice": start + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + inner,
            "TE tab": start + b"Transfer-Encoding:\tchunked, \r\n\r\n0\r\n\r\n" + inner,
            "obs-fold": start + b"X-A: 1\r\n Content-Length: 2\r\n\r\n{}" + inner,
            "bare LF": b"POST /a2a/v1/tasks HTTP/1.1\nHost: x\nContent-Length: 2\n\n{}" + inner,
            "bare LF in a header": start + b"X-A: 1\nContent-Length: 2\r\n\r\n{}" + inner,
            "bare CR": start + b"X-A: 1\rContent-Length: 2\r\n\r\n" + inner,
            "space before colon": start + b"Content-Length : 2\r\n\r\n{}" + inner,
            "NUL": start + b"X-A: a\x00b\r\nContent-Length: 2\r\n\r\n{}" + inner,
            "chunk size": start + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + inner,
            "chunk overflow": start + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n\r\n" + inner,
            "chunk without CRLF": start + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}XX0\r\n\r\n" + inner,
            "no host": b"POST /a2a/v1/tasks HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}" + inner,
            "two hosts": b"GET /a2a/v1/tasks HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + inner,
            "HTTP/0.9": b"GET /\r\n\r\n" + inner,
            "a lower-case method with a space": b"POST  /a2a/v1/tasks HTTP/1.1\r\nHost: x\r\n\r\n" + inner,
        }
        for name, data in tricks.items():
            with self.subTest(name):
                answer = self.raw(data)
                self.assertNotIn(b"HTTP/1.1 2", answer)
                self.assertLessEqual(answer.count(b"HTTP/1.1"), 1)
        self.assertEqual(Backend.seen, [])
        self.check_well()

    def test_spoofed_headers(self):
        """caller headers of the request never reach the backend; the verified ones do"""
        status, headers, _ = self.call(headers={"X-Agentweave-Caller": "spiffe://attack.test/root", "x-forwarded-client-cert": "By=evil",
                                                "x-agentweave-decision-id": "d-evil", "X-Agentweave-Caller ".strip(): "twice"})
        self.assertEqual(status, 200)
        got = {k.lower(): v for k, v in Backend.seen[0][0].items()}
        self.assertEqual(got["x-agentweave-caller"], "spiffe://attack.test/agent/client")
        self.assertNotIn("evil", got["x-forwarded-client-cert"])
        self.assertIn("URI=spiffe://attack.test/agent/client", got["x-forwarded-client-cert"])
        self.assertEqual(got["x-agentweave-decision-id"], headers["x-agentweave-decision-id"])
        self.check_well()

    def test_oversized(self):
        """heads and bodies beyond their limit are refused before they are kept"""
        self.assertIn(b" 431 ", self.raw(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"a" * 1000) for i in range(200)) + b"\r\n"))
        self.assertIn(b" 41", self.raw(b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"))
        answer = self.raw(b"POST /a2a/v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n")
        self.assertIn(b" 413 ", answer)
        head, body = answer.split(b"\r\n\r\n", 1)
        error = json.loads(body)["error"]  # with an id that finds the line in the log
        self.assertEqual(error["code"], "AW4007")
        self.assertIn(f"x-agentweave-decision-id: {error['decision_id']}", head.decode())
        self.assertIn(error["decision_id"], self.agent_.err())
        records = {r.get("decision_id"): r for r in audit_records(self.agent_.audit_path)}
        self.assertEqual({key: records[error["decision_id"]].get(key) for key in ("caller_id", "decision", "code", "resource")},
                         {"caller_id": "spiffe://attack.test/agent/client", "decision": "deny", "code": "AW4007", "resource": "POST /a2a/v1/tasks"})
        status, _, _ = request(self.port, self.client, "POST", "/a2a/v1/tasks", b'{"task_type":"work","payload":' + b"[" * 5000 + b"]" * 5000 + b"}")
        self.assertEqual(status, 400)
        self.assertEqual(Backend.seen, [])
        self.check_well()

    def test_slow_clients(self):
        """clients that stop in the handshake, the head or the body are let go at the deadline, and others are served meanwhile"""
        slow = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(20)]
        heads = [connect(self.port, self.client) for _ in range(10)]
        for tls in heads[:5]:
            tls.sendall(b"POST /a2a/v1/tasks HT")
        for tls in heads[5:]:
            tls.sendall(b"POST /a2a/v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        self.assertEqual(self.call()[0], 200)
        for raw in slow + heads:
            raw.settimeout(8)
            try:
                while raw.recv(4096):
                    pass
            except (ssl.SSLError, ConnectionError):
                pass
            except TimeoutError:
                self.fail("a slow client was kept beyond its deadline")
            raw.close()
        self.check_well()

    def test_h2_floods(self):
        """rapid reset, CONTINUATION, SETTINGS and PING floods end the connection; the agent serves on"""
        # HPACK: :method POST, :scheme https, :path /a2a/v1/tasks, :authority x (literals without indexing)
        head = bytes([0x83, 0x87]) + b"\x04" + bytes([13]) + b"/a2a/v1/tasks" + b"\x01\x01x"
        rapid = b"".join(frame(1, 0x4, 1 + 2 * i, head) + frame(3, 0, 1 + 2 * i, struct.pack(">I", 8)) for i in range(20000))
        floods = {
            "rapid reset": rapid,
            "CONTINUATION": frame(1, 0, 1, head) + b"".join(frame(9, 0, 1, b"\x00\x01a\x01b" * 100) for _ in range(5000)),
            "SETTINGS": b"".join(frame(4, 0, 0, b"") for _ in range(20000)),
            "PING": b"".join(frame(6, 0, 0, b"12345678") for _ in range(20000)),
            "zero window": b"".join(frame(8, 0, 0, struct.pack(">I", 0)) for _ in range(10)),
            "a frame too large": frame(0, 0, 1, b"") + struct.pack(">I", 0xFFFFFF)[1:] + bytes([0, 0]) + struct.pack(">I", 1),
            "garbage": b"\xff" * 4096,
        }
        for name, data in floods.items():
            with self.subTest(name):
                before = time.monotonic()
                self.h2(PREFACE + frame(4, 0, 0) + data)
                self.assertLess(time.monotonic() - before, 8)
                self.assertEqual(self.call()[0], 200)
        self.assertTrue(self.agent_.alive())
        with open(f"/proc/{self.agent_.child.pid}/status") as f:
            resident = next(int(l.split()[1]) for l in f if l.startswith("VmRSS"))
        print(f"      resident after the floods: {resident / 1024:.1f} MiB")
        self.assertLess(resident, 256 * 1024)
        self.check_well()

    def test_replay(self):
        """the same nonce again gets 409; an old timestamp as well"""
        nonce = {"x-agentweave-nonce": "A" * 22, "x-agentweave-timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())}
        self.assertEqual(self.call(headers=nonce)[0], 200)
        status, _, body = self.call(headers=nonce)
        self.assertEqual(status, 409)
        error = json.loads(body)["error"]
        self.assertEqual((error["code"], error["reason"], error["retryable"]), ("AW4002", "replayed", False))
        self.assertTrue(error["decision_id"].startswith("d-"))
        old = {"x-agentweave-nonce": "B" * 22, "x-agentweave-timestamp": "2020-01-01T00:00:00.000Z"}
        self.assertEqual(self.call(headers=old)[0], 409)
        self.check_well()

    def test_kill_loses_no_answered_record(self):
        """kill -9 under load: every call that was answered is in the audit log, and the chain verifies"""
        answered, stop = [], threading.Event()

        def load():
            while not stop.is_set():
                try:
                    status, headers, _ = self.call()
                    answered.append(headers["x-agentweave-decision-id"])
                except (OSError, ssl.SSLError, AssertionError, http.client.HTTPException):
                    return

        workers = [threading.Thread(target=load) for _ in range(4)]
        for worker in workers:
            worker.start()
        wait_for("some traffic", lambda: len(answered) > 100, 30)
        self.agent_.signal(house.SIGKILL)
        stop.set()
        for worker in workers:
            worker.join()
        recorded = {r.get("decision_id") for r in audit_records(self.agent_.audit_path)}
        self.assertEqual([d for d in answered if d not in recorded], [])
        verified = self.run_cli("audit", "verify", self.agent_.audit_path)
        self.assertEqual(verified.returncode, 0, verified.stderr)

    def test_drain(self):
        """SIGTERM while idle: the shutdown is on the record, exit 0"""
        self.agent_.signal(house.SIGTERM)
        self.assertEqual(self.agent_.child.wait(20), 0)
        events = [r["event_type"] for r in audit_records(self.agent_.audit_path)]
        self.assertIn("SHUTDOWN", events)

    def test_full_disk_denies(self):
        """an audit log that cannot be written denies, says why, and recovers"""
        # A limit on the size of files this process may write is a full disk to it.
        import resource
        size = self.agent_.audit_path.stat().st_size
        resource.prlimit(self.agent_.child.pid, resource.RLIMIT_FSIZE, (size + 10, resource.RLIM_INFINITY))
        status, _, body = self.call()
        self.assertEqual(status, 503, body)
        self.assertEqual(json.loads(body)["error"]["code"], "AW6001")
        self.assertEqual(Backend.seen, [])
        self.assertEqual(plain(self.agent_.metrics_port, "/readyz")[0], 503)
        resource.prlimit(self.agent_.child.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        wait_for("allowed again", lambda: self.call()[0] == 200, 10)
        verified = self.run_cli("audit", "verify", self.agent_.audit_path)
        self.assertEqual(verified.returncode, 0, verified.stderr)
