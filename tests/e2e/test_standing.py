# SPDX-License-Identifier: Apache-2.0
"""What the tools of others say of the listener: h2spec, sslscan, sslyze, testssl, slowhttptest. Each is a peer that may be missing."""
import asyncio
import json
import re
import subprocess
import threading
import time

import house
from house import need, need_tool, python_with
from target import Target

SECONDS = 12  # that slowhttptest holds on


class Pipe:
    """A plaintext port of this machine whose connections go on to the agent over mutual TLS: for tools without a client certificate."""

    def __init__(self, case, alpn):
        self.port, self.target = house.free_port(), case.port
        self.context = case.client.context((alpn,))
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        thread.start()
        assert ready.wait(10)
        case.addCleanup(thread.join)
        case.addCleanup(self.loop.call_soon_threadsafe, self.loop.stop)

    def _run(self, ready):
        self.loop.set_exception_handler(lambda *_: None)  # cut connections are what this is for
        server = self.loop.run_until_complete(asyncio.start_server(self._carry, "127.0.0.1", self.port, backlog=1024))
        ready.set()
        self.loop.run_forever()
        server.close()

    async def _carry(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target, ssl=self.context, server_hostname="localhost")
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))

    @staticmethod
    async def _pump(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


class Standing(Target):
    def tool(self, *command, seconds=300):
        done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=seconds, cwd=self.dir)
        return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", done.stdout.decode(errors="replace"))

    def test_h2spec(self):
        """h2spec: each of its cases passes"""
        need("h2spec")
        pipe = Pipe(self, "h2")
        said = self.tool(house.PEERS / "h2spec", "-h", "127.0.0.1", "-p", pipe.port, "-P", "/.well-known/agent-card.json", "-o", 10)
        self.assertRegex(said, r"\n145 tests, 145 passed, 0 skipped, 0 failed", said[-3000:])
        self.check_well()

    def test_sslscan(self):
        """sslscan: TLS 1.3 alone, nothing renegotiated or compressed"""
        said = self.tool(need_tool("sslscan", "sslscan"), "--no-colour", f"127.0.0.1:{self.port}")
        self.assertEqual(re.findall(r"^(\S+) +enabled$", said, re.M), ["TLSv1.3"], said)
        self.assertIn("Session renegotiation not supported", said)
        self.assertNotIn("Compression enabled", said)
        self.check_well()

    def test_sslyze(self):
        """sslyze: three suites of TLS 1.3, none of anything older, and no vulnerability it knows"""
        sslyze = python_with("sslyze-peer", "sslyze==6.3.1").parent / "sslyze"
        self.tool(sslyze, "--json_out", self.dir / "sslyze.json", f"127.0.0.1:{self.port}")
        scan = json.loads((self.dir / "sslyze.json").read_text())["server_scan_results"][0]["scan_result"]
        for version in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1", "tls_1_2"):
            self.assertEqual(scan[f"{version}_cipher_suites"]["result"]["accepted_cipher_suites"], [], version)
        self.assertEqual(len(scan["tls_1_3_cipher_suites"]["result"]["accepted_cipher_suites"]), 3)
        for command, fault in (("heartbleed", "is_vulnerable_to_heartbleed"), ("openssl_ccs_injection", "is_vulnerable_to_ccs_injection"),
                               ("tls_compression", "supports_compression"), ("session_renegotiation", "is_vulnerable_to_client_renegotiation_dos")):
            self.assertIs(scan[command]["result"][fault], False, command)
        self.check_well()

    def test_testssl(self):
        """testssl: TLS 1.3 alone, and no vulnerability it knows"""
        tool = need_tool("testssl", "testssl.sh")
        openssl = self.dir / "openssl"  # it knows no client certificate, so its openssl brings one
        openssl.write_text(f'#!/bin/sh\n[ "$1" != s_client ] || {{ shift; set -- s_client -cert {self.client.cert} -key {self.client.key} "$@"; }}\n'
                           'exec /usr/bin/openssl "$@"\n')
        openssl.chmod(0o755)
        self.tool(tool, "--quiet", "--warnings", "batch", "--openssl", openssl, "-p", "-s", "-U", "--jsonfile", self.dir / "testssl.json",
                  f"127.0.0.1:{self.port}", seconds=500)
        found = {row["id"]: row for row in json.loads((self.dir / "testssl.json").read_text())}
        offered = [name for name in ("SSLv2", "SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3") if not found[name]["finding"].startswith("not offered")]
        self.assertEqual(offered, ["TLS1_3"])
        self.assertGreater(len([name for name, row in found.items() if "cve" in row]), 10)  # it did look
        self.assertEqual([row for row in found.values() if row["severity"] in ("LOW", "MEDIUM", "HIGH", "CRITICAL")], [])
        self.check_well()

    def test_slowhttptest(self):
        """slowhttptest: slow heads, slow bodies, slow readers and ranges, 200 connections each, at once: others are served throughout"""
        tool = need_tool("slowhttptest", "slowhttptest")
        pipe = Pipe(self, "http/1.1")
        modes = {"heads": ("-H",), "bodies": ("-B",), "readers": ("-X", "-w", 1, "-y", 1, "-n", 1), "ranges": ("-R",)}
        said = {}

        def attack(mode):
            said[mode] = self.tool(tool, *modes[mode], "-c", 200, "-r", 100, "-l", SECONDS, "-i", 2, "-x", 24, "-t", "POST",
                                   "-u", f"http://127.0.0.1:{pipe.port}/a2a/v1/tasks")

        attacks = [threading.Thread(target=attack, args=(mode,)) for mode in modes]
        for one in attacks:
            one.start()
        slowest = 0.0
        while any(one.is_alive() for one in attacks):
            began = time.monotonic()
            self.assertEqual(self.call()[0], 200)
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.2)
        for mode, text in said.items():
            self.assertIn("Exit status:", text, mode)
        print(f"      slowest answer to others: {slowest * 1000:.0f} ms")
        self.assertLess(slowest, 5)
        self.check_well()
