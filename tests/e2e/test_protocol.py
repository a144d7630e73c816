# SPDX-License-Identifier: Apache-2.0
"""Requests that bend HTTP/1.1 and HTTP/2. Whatever is answered, no backend runs without an audited allow."""
import http.client
import socket
import ssl
import struct
import time

from house import connect, exchange, request
from target import PREFACE, Backend, Target, frame

BODY = b'{"task_type":"work","payload":{}}'
SECRET = b'{"task_type":"secret","payload":{}}'
START = b"POST /a2a/v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def post(body=BODY, target=b"/a2a/v1/tasks", headers=b"", method=b"POST"):
    return (method + b" " + target + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
            + headers + b"\r\n" + body)


def statuses(answer):
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]


class Http1(Target):
    def refused(self, data, name):
        """Not one success, and nothing behind the mistake is served."""
        with self.subTest(name):
            got = statuses(self.raw(data))
            self.assertFalse([s for s in got if s < 400], got)
            self.assertLessEqual(len(got), 1)

    def test_transfer_encodings(self):
        """every spelling of Transfer-Encoding but `chunked` alone is refused, and what follows it is not served"""
        chunked = b"\r\n\r\n21\r\n" + BODY + b"\r\n0\r\n\r\n"
        for value in (b"xchunked", b"chunkedx", b"chunked;q=1", b"identity", b"gzip", b"chunked, chunked", b"chunked,identity", b",chunked",
                      b"chunked,", b"\"chunked\"", b"chun\x0bked", b"\x0bchunked", b"chunked\x00", b"cow", b"", b"chunked\xa0"):
            self.refused(START + b"Transfer-Encoding: " + value + chunked + post(SECRET), value)
        for line in (b"Transfer-Encoding : chunked", b"Transfer-Encoding\t: chunked", b" Transfer-Encoding: chunked", b"Transfer-Encoding\x00: chunked",
                     b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", b"X: y\rTransfer-Encoding: chunked",
                     b"Content-Length: 3\r\nTransfer-Encoding: chunked", b"transfer-encoding: chunked\r\nContent-Length: 33"):
            self.refused(START + line + chunked + post(SECRET), line)
        self.refused(START.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked" + chunked + post(SECRET), "in HTTP/1.0")
        # A name with an underscore is another name: without a length the request has no body.
        got = statuses(self.raw(START + b"Transfer_Encoding: chunked" + chunked))
        self.assertFalse([s for s in got if s < 400], got)
        self.assertEqual(Backend.seen, [])
        self.check_well()

    def test_chunks(self):
        """chunk sizes, extensions and trailers: what is legal is read, what is not ends the connection"""
        def chunked(text, headers=b""):
            return START + headers + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + text
        for name, text in {"an extension": b"21;a=b\r\n" + BODY + b"\r\n0\r\n\r\n", "upper case": b"0021\r\n" + BODY + b"\r\n0\r\n\r\n",
                           "a trailer": b"21\r\n" + BODY + b"\r\n0\r\nX-Agentweave-Caller: spiffe://attack.test/root\r\nTransfer-Encoding: chunked\r\n\r\n"}.items():
            with self.subTest(name):
                got = statuses(self.raw(chunked(text)))
                self.assertEqual(len(got), 1)
                self.assertIn(got[0], (200, 400))
        for name, text in {"a bare LF": b"21\n" + BODY + b"\r\n0\r\n\r\n", "a plus": b"+21\r\n" + BODY + b"\r\n0\r\n\r\n",
                           "0x": b"0x21\r\n" + BODY + b"\r\n0\r\n\r\n", "a blank": b"2 1\r\n" + BODY + b"\r\n0\r\n\r\n", "nothing": b"\r\n" + BODY + b"\r\n0\r\n\r\n",
                           "minus": b"-1\r\n" + BODY + b"\r\n0\r\n\r\n", "too short": b"20\r\n" + BODY + b"\r\n0\r\n\r\n", "too long": b"22\r\n" + BODY + b"\r\n0\r\n\r\n",
                           "a 100 kB extension": b"21;" + b"a" * 100_000 + b"\r\n" + BODY + b"\r\n0\r\n\r\n",
                           "a CR in an extension": b"21;a\rb\r\n" + BODY + b"\r\n0\r\n\r\n", "2^64": b"10000000000000021\r\n" + BODY + b"\r\n0\r\n\r\n",
                           "trailers without end": b"21\r\n" + BODY + b"\r\n0\r\n" + b"X: y\r\n" * 20_000}.items():
            before = len(Backend.seen)
            self.refused(chunked(text) + post(SECRET), name)
            self.assertEqual(len(Backend.seen), before)
        for headers, _ in Backend.seen:
            self.assertNotIn("root", str(headers))
        self.check_well()

    def test_targets(self):
        """absolute, authority and encoded targets reach no action but the one their plain form names"""
        for target in (b"/a2a/v1/%74asks", b"//a2a/v1/tasks", b"/a2a//v1/tasks", b"/./a2a/v1/tasks", b"/a2a/v1/../v1/tasks", b"/a2a/v1/%2e%2e/v1/tasks",
                       b"/a2a/v1/tasks%00", b"/a2a/v1/tasks%2f", b"/a2a/v1/tasks%20", b"/a2a/v1/tasks;x=y", b"/A2A/V1/TASKS", b"\\a2a\\v1\\tasks", b"/a2a/v1\\tasks",
                       b"/a2a/v1/tasks#x", b"a2a/v1/tasks", b"*", b"x:443", b"/%", b"/%zz", b"/a2a/v1/tasks\xff", b"/a2a/v1/tasks\x7f", b"ftp://x/a2a/v1/tasks",
                       b"http://x@y/a2a/v1/tasks", b"http://", b"https:///a2a/v1/tasks", b"/work", b"/secret", b"/backend/work"):
            self.refused(post(target=target, headers=b"Connection: close\r\n"), target)
        self.assertEqual(Backend.seen, [])
        for target in (b"/a2a/v1/tasks/", b"/a2a/v1/tasks?x=/secret", b"https://x/a2a/v1/tasks", b"http://elsewhere.example/a2a/v1/tasks"):
            with self.subTest(target):
                self.assertIn(statuses(self.raw(post(target=target, headers=b"Connection: close\r\n")))[0], (200, 400, 404, 421))
        self.check_well()

    def test_methods(self):
        """no header overrides the method, and odd methods are refused"""
        for method in (b"GET", b"HEAD", b"PUT", b"DELETE", b"PATCH", b"TRACE", b"OPTIONS", b"post", b"POSTX", b"P OST", b"(POST)", b"CONNECT"):
            for override in (b"", b"X-HTTP-Method-Override: POST\r\nX-HTTP-Method: POST\r\nX-Method-Override: POST\r\n_method: POST\r\n"):
                with self.subTest((method, override[:20])):
                    got = statuses(self.raw(post(method=method, headers=override + b"Connection: close\r\n")))
                    self.assertFalse([s for s in got if s < 400], got)
        got = statuses(self.raw(post(SECRET, headers=b"X-HTTP-Method-Override: GET\r\nX-Original-URL: /livez\r\nX-Rewrite-URL: /livez\r\nConnection: close\r\n")))
        self.assertEqual(got, [403])
        self.assertEqual(Backend.seen, [])
        self.check_well()

    def test_headers(self):
        """NUL, empty names, names that are no tokens, many and huge headers: refused before anything runs"""
        for line in (b"X-A: a\x00b", b"X\x00A: b", b": b", b"X A: b", b"X-A", b"X-\xc3\xa4: b", b"X(A): b", b"X-A: \x01", b"X-A: a\x7fb", b"Host: y", b"\x00", b"X-A: b\r\n\tc"):
            self.refused(START + line + b"\r\nContent-Length: 33\r\n\r\n" + BODY + post(SECRET), line)
        self.refused(post(headers=b"".join(b"X-%d: y\r\n" % i for i in range(5000))), "5000 headers")
        self.refused(post(headers=b"X: " + b"y" * 200_000 + b"\r\n"), "one of 200 kB")
        self.refused(post(headers=b"X" * 200_000 + b": y\r\n"), "a name of 200 kB")
        for name, host in {"none": b"", "empty": b"Host:\r\n", "with a path": b"Host: x/y\r\n", "with a space": b"Host: x y\r\n", "a comma": b"Host: x, y\r\n", "credentials": b"Host: a@b\r\n"}.items():
            with self.subTest(f"host {name}"):
                got = statuses(self.raw(b"GET /a2a/v1/tasks/none HTTP/1.1\r\n" + host + b"Connection: close\r\n\r\n"))
                self.assertFalse([s for s in got if s < 400], got)
        self.assertEqual(Backend.seen, [])
        self.check_well()

    def test_spoofed_caller_in_every_spelling(self):
        """no spelling of the caller's headers reaches the backend: case, underscores, doubles, Connection tricks"""
        evil = "spiffe://attack.test/root"
        names = ["x-agentweave-caller", "X-AGENTWEAVE-CALLER", "x_agentweave_caller", "X_Agentweave_Caller", "x-agentweave_caller", "x-agentweave-decision-id",
                 "x_agentweave_decision_id", "x-forwarded-client-cert", "X_Forwarded_Client_Cert", "x-forwarded_client_cert", "x-agentweave-anything",
                 "x-forwarded-for", "forwarded", "x-real-ip", "x-spiffe-id", "x-original-forwarded-client-cert"]
        lines = "".join(f"{name}: By={evil};URI={evil}\r\n" for name in names).encode()
        tricks = (b"", b"Connection: close, x-agentweave-caller, x-forwarded-client-cert\r\n", b"Connection: close\r\nX-Agentweave-Caller: a\r\nX-Agentweave-Caller: b\r\n")
        for trick in tricks:
            with self.subTest(trick):
                got = statuses(self.raw(post(headers=lines + (trick or b"Connection: close\r\n"))))
                self.assertIn(got, ([200], [400]))
        self.assertTrue(Backend.seen)
        for headers, _ in Backend.seen:
            self.assertNotIn("root", str(headers))
            callers = [v for k, v in headers.items() if k.lower().replace("_", "-") == "x-agentweave-caller"]
            self.assertEqual(callers, ["spiffe://attack.test/agent/client"])
        self.check_well()

    def test_nonces(self):
        """two nonces, two timestamps, or a nonce that is none: refused, whatever the rest says"""
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        cases = {
            "two nonces": f"x-agentweave-nonce: {'A' * 22}\r\nX-Agentweave-Nonce: {'B' * 22}\r\nx-agentweave-timestamp: {now}\r\n",
            "the same twice": f"x-agentweave-nonce: {'A' * 22}\r\nx-agentweave-nonce: {'A' * 22}\r\nx-agentweave-timestamp: {now}\r\n",
            "two timestamps": f"x-agentweave-nonce: {'C' * 22}\r\nx-agentweave-timestamp: {now}\r\nx-agentweave-timestamp: {now}\r\n",
            "no timestamp": f"x-agentweave-nonce: {'D' * 22}\r\n",
            "no nonce": f"x-agentweave-timestamp: {now}\r\n",
            "a short nonce": f"x-agentweave-nonce: AAAA\r\nx-agentweave-timestamp: {now}\r\n",
            "a huge nonce": f"x-agentweave-nonce: {'A' * 5000}\r\nx-agentweave-timestamp: {now}\r\n",
            "no base64url": f"x-agentweave-nonce: {'!' * 22}\r\nx-agentweave-timestamp: {now}\r\n",
            "an empty nonce": f"x-agentweave-nonce:\r\nx-agentweave-timestamp: {now}\r\n",
            "no time": f"x-agentweave-nonce: {'E' * 22}\r\nx-agentweave-timestamp: yesterday\r\n",
            "the future": f"x-agentweave-nonce: {'F' * 22}\r\nx-agentweave-timestamp: 2999-01-01T00:00:00.000Z\r\n",
        }
        for name, headers in cases.items():
            with self.subTest(name):
                got = statuses(self.raw(post(headers=headers.encode() + b"Connection: close\r\n")))
                self.assertEqual(len(got), 1)
                self.assertIn(got[0], (400, 409))
        self.assertEqual(Backend.seen, [])
        self.check_well()

    def test_upgrades(self):
        """websocket, h2c and CONNECT switch nothing"""
        for name, headers in {"websocket": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                              "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
                              "tls": b"Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n"}.items():
            with self.subTest(name):
                answer = self.raw(post(SECRET, headers=headers))
                self.assertNotIn(b" 101 ", answer)
                self.assertNotIn(b"HTTP/1.1 2", answer)
        self.refused(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: x\r\n\r\n" % self.agent_.metrics_port + post(SECRET), "CONNECT")
        self.refused(PREFACE + frame(4, 0, 0), "an h2 preface on an h1 connection")
        self.assertEqual(Backend.seen, [])
        self.check_well()

    def test_expect(self):
        """100-continue is only said to a body that will be read; other expectations are refused"""
        answer = self.raw(START + b"Expect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n")
        self.assertEqual(statuses(answer), [413])
        for value in (b"200-ok", b"100-continue, x", b"x", b""):
            with self.subTest(value):
                got = statuses(self.raw(START + b"Expect: " + value + b"\r\nContent-Length: 33\r\nConnection: close\r\n\r\n" + SECRET[:33]))
                self.assertFalse([s for s in got if 200 <= s < 400], got)
        tls = connect(self.port, self.client)
        tls.sendall(START + b"Expect: 100-continue\r\nContent-Length: 33\r\nConnection: close\r\n\r\n")
        first = tls.recv(4096)
        if first.startswith(b"HTTP/1.1 100"):
            tls.sendall(BODY)
            while b"HTTP/1.1 200" not in first:
                part = tls.recv(4096)
                if not part:
                    break
                first += part
            self.assertIn(b"HTTP/1.1 200", first)
        tls.close()
        self.check_well()

    def test_pipelining(self):
        """pipelined requests are answered in order, and none after a mistake"""
        self.assertEqual(statuses(self.raw(post() + post(SECRET) + post(headers=b"Connection: close\r\n"))), [200, 403, 200])
        self.assertEqual(statuses(self.raw(post() + b"GARBAGE\r\n\r\n" + post(SECRET))), [200, 400])
        self.assertEqual(statuses(self.raw(post(headers=b"Connection: close\r\n") + post(SECRET))), [200])
        many = b"".join(post(SECRET) for _ in range(200)) + post(SECRET, headers=b"Connection: close\r\n")
        self.assertEqual(set(statuses(self.raw(many, timeout=20))), {403})
        self.check_well()

    def test_half_close(self):
        """a caller that closes its sending half gets its answer or nothing; half a request is never run"""
        for data in (post(), START + b"Content-Length: 33\r\n\r\n" + BODY[:20], START[:40]):
            tls = connect(self.port, self.client)
            tls.sendall(data)
            try:
                tls.unwrap()  # close_notify
            except (OSError, ssl.SSLError):
                pass
            tls.close()
        raw = connect(self.port, self.client)
        raw.sendall(post())
        raw.detach()  # the descriptor leaks away without a word
        for _ in range(20):
            tls = connect(self.port, self.client)
            tls.sendall(START + b"Content-Length: 33\r\n\r\n" + BODY[:10])
            tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            tls.close()  # a reset in the middle of the body
        self.check_well()

    def check_well(self):
        """As in Target; a dispatch may still be under way when its caller has gone."""
        for _ in range(50):
            try:
                return super().check_well()
            except AssertionError:
                time.sleep(0.1)
        super().check_well()


def literal(name, value):
    """A header as HPACK literal without indexing; names and values below 127 bytes."""
    name, value = name.encode(), value if isinstance(value, bytes) else value.encode()
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


def head(*pairs):
    return b"".join(literal(n, v) for n, v in pairs)


METHOD, SCHEME, PATH, AUTHORITY = (":method", "POST"), (":scheme", "https"), (":path", "/a2a/v1/tasks"), (":authority", "x")
JSON = ("content-type", "application/json")


class Http2(Target):
    def call_h2(self, block, body=BODY, trailers=None):
        """One request on its own connection; the status of its answer, or None when there was none."""
        last = trailers is None
        data = frame(1, 0x4, 1, block) + frame(0, 1 if last else 0, 1, body)
        if not last:
            data += frame(1, 0x5, 1, trailers)
        tls = connect(self.port, self.client, alpn=("h2",), timeout=5)
        got = b""
        try:
            tls.sendall(PREFACE + frame(4, 0, 0) + data)
            while True:
                while len(got) >= 9 and len(got) >= 9 + int.from_bytes(got[:3], "big"):
                    size = int.from_bytes(got[:3], "big")
                    kind, stream, payload = got[3], int.from_bytes(got[5:9], "big"), got[9:9 + size]
                    got = got[9 + size:]
                    if kind == 1 and stream == 1:
                        return "2xx" if payload[:1] in (b"\x88", b"\x89", b"\x8a") else "refused"
                    if kind == 7 or (kind == 3 and stream == 1):
                        return None
                part = tls.recv(65536)
                if not part:
                    return None
                got += part
        except (OSError, ssl.SSLError):
            return None
        finally:
            tls.close()

    def test_well_formed(self):
        """a plain h2 request is served, so that the refusals below mean something"""
        self.assertEqual(self.call_h2(head(METHOD, SCHEME, PATH, AUTHORITY, JSON)), "2xx")
        self.assertEqual(self.call_h2(head(METHOD, SCHEME, PATH, AUTHORITY, JSON), SECRET), "refused")
        self.assertEqual(self.call_h2(head(METHOD, SCHEME, PATH, AUTHORITY, JSON, ("te", "trailers"))), "2xx")
        self.check_well()

    def test_pseudo_headers(self):
        """missing, double, unknown, late and malformed pseudo-headers, and everything of HTTP/1.1 that h2 forbids, is refused"""
        good = [METHOD, SCHEME, PATH, AUTHORITY, JSON]
        cases = {
            "no method": good[1:], "no scheme": [METHOD, PATH, AUTHORITY, JSON], "no path": [METHOD, SCHEME, AUTHORITY, JSON],
            "two methods": [METHOD, *good], "two paths": [METHOD, SCHEME, PATH, (":path", "/x"), AUTHORITY, JSON],
            "two authorities": [*good[:4], (":authority", "y"), JSON], "an unknown one": [*good[:4], (":caller", "x"), JSON],
            "a status": [*good[:4], (":status", "200"), JSON], "one after a field": [METHOD, SCHEME, PATH, JSON, AUTHORITY],
            "an empty path": [METHOD, SCHEME, (":path", ""), AUTHORITY, JSON], "a path without slash": [METHOD, SCHEME, (":path", "a2a/v1/tasks"), AUTHORITY, JSON],
            "a path with a blank": [METHOD, SCHEME, (":path", "/a2a/v1/tasks HTTP/1.1"), AUTHORITY, JSON],
            "a path with CRLF": [METHOD, SCHEME, (":path", "/a2a/v1/tasks\r\nx: y"), AUTHORITY, JSON],
            "a path with NUL": [METHOD, SCHEME, (":path", "/a2a/v1/tasks\0"), AUTHORITY, JSON],
            "an encoded path": [METHOD, SCHEME, (":path", "/a2a/v1/%74asks"), AUTHORITY, JSON],
            "dots": [METHOD, SCHEME, (":path", "/a2a/v1/../v1/tasks"), AUTHORITY, JSON],
            "a method with a blank": [(":method", "POST /x"), *good[1:]], "a lower-case method": [(":method", "post"), *good[1:]],
            "upper case": [*good, ("X-Upper", "y")], "upper-case content-type": [*good[:4], ("Content-Type", "application/json")],
            "connection": [*good, ("connection", "close")], "keep-alive": [*good, ("keep-alive", "1")], "proxy-connection": [*good, ("proxy-connection", "close")],
            "transfer-encoding": [*good, ("transfer-encoding", "chunked")], "upgrade": [*good, ("upgrade", "h2c")], "te: gzip": [*good, ("te", "gzip")],
            "a host that differs": [*good, ("host", "y")], "two hosts": [*good, ("host", "x"), ("host", "y")],
            "a value with CRLF": [*good, ("x-a", "b\r\nx-agentweave-caller: evil")], "a value with NUL": [*good, ("x-a", "b\0c")],
            "a value with LF": [*good, ("x-a", "b\nc")], "a name with a colon": [*good, ("x:a", "b")], "a name with a blank": [*good, ("x a", "b")],
            "an empty name": [*good, ("", "b")], "a length too small": [*good, ("content-length", "3")], "a length too large": [*good, ("content-length", "300")],
            "two lengths": [*good, ("content-length", "33"), ("content-length", "34")], "a length that is none": [*good, ("content-length", "+33")],
            "CONNECT": [(":method", "CONNECT"), (":authority", "127.0.0.1:1")], "extended CONNECT": [(":method", "CONNECT"), (":protocol", "websocket"), SCHEME, PATH, AUTHORITY],
            "two nonces": [*good, ("x-agentweave-nonce", "A" * 22), ("x-agentweave-nonce", "B" * 22), ("x-agentweave-timestamp", "2026-01-01T00:00:00.000Z")],
        }
        for name, pairs in cases.items():
            with self.subTest(name):
                self.assertNotEqual(self.call_h2(head(*pairs)), "2xx")
        self.assertEqual(Backend.seen, [])
        self.check_well()

    def test_spoofing(self):
        """caller headers, also in trailers and with an override of the method, change nothing about who calls"""
        evil = "spiffe://attack.test/root"
        good = [METHOD, SCHEME, PATH, AUTHORITY, JSON]
        self.call_h2(head(*good, ("x-agentweave-caller", evil), ("x_agentweave_caller", evil), ("x-forwarded-client-cert", f"URI={evil}")))
        self.call_h2(head(*good), trailers=head(("x-agentweave-caller", evil)))
        self.call_h2(head(*good), trailers=head((":path", "/secret")))
        self.call_h2(head((":method", "GET"), *good[1:], ("x-http-method-override", "POST")))
        for headers, _ in Backend.seen:
            self.assertNotIn("root", str(headers))
        self.check_well()

    def test_many_headers(self):
        """heads beyond their limit, also in compressed form, cost a bounded amount and are refused"""
        good = head(METHOD, SCHEME, PATH, AUTHORITY, JSON)
        many = good + b"".join(literal(f"x-{i}", "y" * 100) for i in range(120))
        self.assertNotEqual(self.call_h2(many[:16384]), "2xx")
        # One entry of the dynamic table, said five thousand times.
        bomb = good + b"\x40\x01a" + bytes([126]) + b"b" * 126 + b"\xbe" * 5000
        self.assertNotEqual(self.call_h2(bomb), "2xx")
        self.assertNotEqual(self.call_h2(good + b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), "2xx")  # an index beyond any table
        self.assertEqual(Backend.seen, [])
        self.check_well()
