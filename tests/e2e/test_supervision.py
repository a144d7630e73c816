# SPDX-License-Identifier: Apache-2.0
"""What systemd hears of a service (sd_notify(3)): enough for Type=notify and for Type=notify-reload, with a watchdog."""
import re
import signal
import socket
import sys
import time

import house
from house import BINARY, plain, wait_for
from test_run import CHILD
import test_run

WATCHDOG_MICROSECONDS = 300_000


class Supervised(test_run.Running):
    def setUp(self):
        super().setUp()
        self.heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.heard.bind(str(self.dir / "notify"))
        self.heard.settimeout(20)
        self.addCleanup(self.heard.close)
        self.env = {"NOTIFY_SOCKET": str(self.dir / "notify"), "XDG_RUNTIME_DIR": str(self.dir)}

    def next(self):
        """The next message that is no ping, as a dictionary, and how many pings came before it."""
        pings = 0
        while True:
            message = dict(line.split("=", 1) for line in self.heard.recv(4096).decode().splitlines())
            if message != {"WATCHDOG": "1"}:
                return message, pings
            pings += 1

    def serve(self, **env):
        path = self.config(server={"upstream": "http://127.0.0.1:9"})
        process = self.start("serve", [BINARY, "serve", path], env={**self.env, **env})
        message, pings = self.next()
        self.assertEqual((message["READY"], pings), ("1", 0))
        self.assertRegex(message["STATUS"], f"^serving on .*127.0.0.1:{self.port}$")
        self.assertTrue(self.ready())  # not a moment before it is true
        return path, process

    def reload(self, process):
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        process.signal(signal.SIGHUP)
        begun, _ = self.next()
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self.assertEqual(begun["RELOADING"], "1")
        # systemd takes only a reload that began after it asked for one.
        self.assertTrue(before <= int(begun["MONOTONIC_USEC"]) <= after, begun)
        done, _ = self.next()
        self.assertEqual(done["READY"], "1")
        return done["STATUS"]

    def test_reload(self):
        """each SIGHUP is answered by RELOADING=1 with its time and READY=1, also when the new configuration is refused"""
        path, process = self.serve()
        self.assertRegex(self.reload(process), "^serving on ")
        good = path.read_text()
        path.write_text(good + "nonsense")
        self.assertRegex(self.reload(process), "^reload refused, the old configuration stays; serving on ")
        self.assertTrue(self.ready())
        path.write_text(good)
        self.assertRegex(self.reload(process), "^serving on ")
        process.signal(signal.SIGTERM)
        self.assertEqual(self.next()[0], {"STOPPING": "1"})
        self.assertEqual(process.child.wait(15), 0)

    def test_watchdog(self):
        """a watchdog is fed while the agent serves, by its main loop alone: one that is stopped starves it"""
        _, process = self.serve(WATCHDOG_USEC=str(WATCHDOG_MICROSECONDS))
        for _ in range(5):
            self.assertEqual(self.heard.recv(4096), b"WATCHDOG=1")
        process.signal(signal.SIGSTOP)
        wait_for("it stands still", lambda: "T" == re.search(r"\) (\w)", open(f"/proc/{process.child.pid}/stat").read())[1])
        self.heard.setblocking(False)
        with self.assertRaises(BlockingIOError):
            while True:
                self.assertEqual(self.heard.recv(4096), b"WATCHDOG=1")
        self.heard.settimeout(20)
        process.signal(signal.SIGCONT)
        self.assertEqual(self.heard.recv(4096), b"WATCHDOG=1")
        process.signal(signal.SIGTERM)
        self.assertEqual(self.next()[0], {"STOPPING": "1"})
        self.assertEqual(process.child.wait(15), 0)

    def test_somebody_else_s_watchdog(self):
        """a watchdog that is meant for another process is not fed"""
        _, process = self.serve(WATCHDOG_USEC="1000", WATCHDOG_PID="1")
        process.signal(signal.SIGTERM)
        self.assertEqual(self.next(), ({"STOPPING": "1"}, 0))

    def test_a_reload_before_it_is_ready(self):
        """a reload while `run` still waits for its command makes nobody believe that it is ready"""
        held = self.dir / "held"
        (self.dir / "child.py").write_text(CHILD)
        script = f'while [ ! -e {held} ]; do sleep 0.05; done; exec "$0" "$1"'
        process = self.run_it("sh", "-c", script, sys.executable, self.dir / "child.py", env=self.env)
        wait_for("it serves", lambda: plain(self.metrics, "/livez")[0] == 200)
        process.signal(signal.SIGHUP)
        wait_for("a reload", lambda: "reloaded" in process.err())
        self.heard.setblocking(False)
        self.assertRaises(BlockingIOError, self.heard.recv, 4096)
        self.heard.settimeout(20)
        held.touch()
        self.assertEqual(self.next()[0]["READY"], "1")
        self.assertRegex(self.reload(process), "^serving on ")

    def test_nobody_listens(self):
        """a supervisor that is not there, or whose socket is full, keeps nobody from serving"""
        self.heard.close()
        path = self.config(server={"upstream": "http://127.0.0.1:9"})
        process = self.start("serve", [BINARY, "serve", path], env=self.env)
        wait_for("ready", self.ready)
        process.signal(signal.SIGHUP)
        wait_for("a reload", lambda: "reloaded" in process.err())
        self.assertTrue(self.ready())
        self.assertEqual(process.stop(), 0)
