# SPDX-License-Identifier: Apache-2.0
"""Webhooks that mean harm: names that lead elsewhere, servers that never answer or never end, name servers that keep silent. What must not be
dialled is not, and the webhooks of others are served meanwhile."""
import http.server
import json
import shutil
import socket
import subprocess
import threading
import time

import house
import target
from house import metric, request, wait_for
from target import Target


class Hook(http.server.BaseHTTPRequestHandler):
    seen = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Hook.seen.append((self.path, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


class Webhooks(Target):
    """A task's webhooks, and names as false_names.c gives them."""
    private = True

    def bring_up(self, config):
        compiler = shutil.which("clang-19") or shutil.which("cc")
        if compiler is None:
            self.skipTest("no C compiler")
        names = self.dir / "false_names.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-w", house.REPOSITORY / "tests/e2e/false_names.c", "-o", names, "-ldl"], check=True)
        config["a2a"] = {"push": {"allow_private": self.private}}
        (self.dir / "policy/authz.rego").write_text(
            'package agentweave.authz\nimport rego.v1\ndefault allow := false\nallow if endswith(input.caller_spiffe_id, "/client")\n')
        plain_agent = self.agent
        self.agent = lambda *args, **kwargs: plain_agent(*args, env={"LD_PRELOAD": str(names)}, **kwargs)
        super().bring_up(config)
        Hook.seen = []
        self.hook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
        threading.Thread(target=self.hook.serve_forever, daemon=True).start()
        self.addCleanup(self.hook.shutdown)
        self.good = f"http://127.0.0.1:{self.hook.server_port}"

    def task_with(self, *urls):
        """A task that ends once these webhooks are set; what each of them was answered."""
        target.Backend.gate = threading.Event()
        begun = request(self.port, self.client, "POST", "/a2a/v1/tasks", {"task_type": "work", "payload": {}, "async": True})
        task = json.loads(begun[2])["id"]
        answers = [request(self.port, self.client, "POST", f"/tasks/{task}/pushNotificationConfigs", {"url": url}, {"A2A-Version": "1.0"}) for url in urls]
        target.Backend.gate.set()
        return [answer[0] for answer in answers]

    def heard(self, path):
        return [body for where, body in Hook.seen if where == path]

    def deliveries(self, result):
        return metric(self.agent_.metrics_port, "agentweave_push_notifications_total", result=result)

    def serve_raw(self, talk):
        """A TCP server whose every connection is `talk`ed to."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def accept():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=self.quietly, args=(talk, connection), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1]

    @staticmethod
    def quietly(talk, connection):
        with connection:
            try:
                talk(connection)
            except OSError:
                pass


class Private(Webhooks):
    """Where webhooks may go inside: what their servers do is all there is to fear."""

    def test_names_without_an_answer(self):
        """name servers that keep silent hold up nobody else's webhooks, nor the agent's end"""
        for i in range(4):
            self.task_with(f"http://a{i}.hangs.test/")
        time.sleep(9)  # past the time that a connection may take
        began = time.monotonic()
        self.task_with(self.good + "/other")
        wait_for("the other is told", lambda: self.heard("/other"), 60)
        self.assertLess(time.monotonic() - began, 30)  # a name server may take a minute
        began = time.monotonic()
        self.agent_.stop(60)
        self.assertLess(time.monotonic() - began, 30)

    def test_answers_without_an_end(self):
        """a webhook that answers without an end, with 100 Continue for ever or not at all costs neither memory nor the others"""
        def body(connection):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                connection.sendall(b"x" * 65536)

        def fields(connection):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                connection.sendall(b"x-more: " + b"x" * 50_000 + b"\r\n")

        def continues(connection):
            connection.recv(65536)
            while True:
                connection.sendall(b"HTTP/1.1 100 Continue\r\nx-more: 1\r\n\r\n" * 100)

        def silent(connection):
            while connection.recv(65536):
                pass

        pid = self.agent_.child.pid

        def memory():
            with open(f"/proc/{pid}/status") as f:
                return int(next(line for line in f if line.startswith("VmHWM:")).split()[1])
        self.task_with(self.good + "/before")
        wait_for("one is told", lambda: self.heard("/before"), 20)
        before = memory()
        for talk in (body, fields, continues, silent):
            self.task_with(*[f"http://127.0.0.1:{self.serve_raw(talk)}/" for _ in range(2)])
        time.sleep(3)
        self.task_with(self.good + "/after")
        wait_for("the other is told", lambda: self.heard("/after"), 30)
        wait_for("their attempts end", lambda: self.deliveries("retried") + self.deliveries("dropped") >= 8, 60)
        print(f"      grew by {(memory() - before) / 1024:.1f} MiB; delivered {self.deliveries('delivered')}, retried {self.deliveries('retried')}")
        self.assertLess(memory() - before, 64 * 1024)


class Public(Webhooks):
    """As an agent is that nobody has told otherwise: only public addresses."""
    private = False

    def test_ways_inside(self):
        """no spelling, name or redirect leads to an address that is not public"""
        taken = []

        def talk(connection):
            taken.append(connection.getpeername())
            connection.recv(65536)
        port = self.serve_raw(talk)
        refused = [f"https://127.0.0.1:{port}/", f"https://[::1]:{port}/", f"https://[::ffff:127.0.0.1]:{port}/", f"http://a.is.test:{port}/",
                   f"https://localhost:{port}/", f"https://u@127.0.0.1:{port}/", f"https://u:p@1-1-1-1.is.test@127.0.0.1:{port}/",
                   "https:///x", f"https://[::ffff:7f00:1]:{port}/", f"ftp://127.0.0.1:{port}/", f"https://169.254.169.254/"]
        for url in refused:
            self.assertEqual(self.task_with(url), [400], url)
        dialled = [f"https://a.turns.test:{port}/", f"https://127-0-0-1.is.test:{port}/", f"https://10-0-0-1.is.test:{port}/",
                   f"https://2130706433:{port}/", f"https://0177.0.0.1:{port}/", f"https://0x7f000001:{port}/", f"https://127.1:{port}/",
                   f"https://localhost.:{port}/", f"https://127.0.0.1.:{port}/", f"https://0:{port}/", f"https://[::1%25lo]:{port}/",
                   f"https://[::%31]:{port}/", f"https://%31%32%37.0.0.1:{port}/", f"https://127.0.0.1%2f:{port}/", f"https://127。0。0。1:{port}/",
                   f"https://a.is.test\\@127.0.0.1:{port}/", f"https://a.is.test#@127.0.0.1:{port}/", f"https://169-254-169-254.is.test:{port}/",
                   f"https://1-1-1-1.is.test:80@127.0.0.1:{port}/"]
        statuses = {url: self.task_with(url)[0] for url in dialled}
        sent = [url for url, status in statuses.items() if status == 200]
        print("      refused on sight:", [url for url in dialled if url not in sent])
        wait_for("all are dropped", lambda: self.deliveries("dropped") + self.deliveries("retried") >= len(sent), 60)
        time.sleep(3)  # some are tried again
        self.assertEqual(taken, [])
