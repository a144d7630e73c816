# SPDX-License-Identifier: Apache-2.0
"""`agentweave run`: a service behind the sidecar as its child (stories S6, S7)."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading

import house
from house import BINARY, Case, plain, request, wait_for
from test_stories import pattern

EXAMPLES = house.REPOSITORY / "examples"

# A service with a mind of its own: what it does is told by MODE and by the payload. It writes its environment and its pid.
CHILD = r'''
import http.server, json, os, signal, socketserver, sys, threading, time
note = os.environ["NOTE"]
with open(note, "a") as f: f.write(json.dumps({"pid": os.getpid(), "env": dict(os.environ), "args": sys.argv}) + "\n")
mode = os.environ.get("MODE", "")
release = threading.Event()
class App(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        do = body["payload"].get("do")
        if do == "crash": os._exit(9)
        if do == "leave": threading.Timer(0.2, lambda: os._exit(body["payload"]["status"])).start()
        if do == "hold":
            with open(note + ".held", "a") as f: f.write("held\n")
            while not os.path.exists(note + ".release"): time.sleep(0.01)
        answer = json.dumps({"pid": os.getpid(), "headers": {k.lower(): v for k, v in self.headers.items()}}).encode()
        self.send_response(200); self.send_header("Content-Type", "application/json"); self.send_header("Content-Length", str(len(answer))); self.end_headers()
        self.wfile.write(answer)
    def address_string(self): return "x"
    def log_message(self, *a): pass
class OnSocket(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
if mode == "stubborn": signal.signal(signal.SIGTERM, signal.SIG_IGN)
else: signal.signal(signal.SIGTERM, lambda *a: (open(note + ".term", "w").write("told"), os._exit(0)))
signal.signal(signal.SIGUSR1, lambda *a: open(note + ".usr1", "w").write("heard"))
if mode == "deaf":
    while True: time.sleep(1)
path = os.environ["AGENTWEAVE_APP"].removeprefix("unix://")
if os.path.exists(path): os.unlink(path)
OnSocket(path, App).serve_forever()
'''

POLICY = """package agentweave.authz
import rego.v1
default allow := false
allow if {
  input.caller_spiffe_id == "spiffe://corp.example/agent/client"
  input.action in {"process", "ping"}
}
allow if input.direction == "outbound"
"""


class Running(Case):
    """`run` on the embedded development identity."""

    def config(self, **more):
        (self.dir / "policy").mkdir(exist_ok=True)
        (self.dir / "policy/authz.rego").write_text(POLICY)
        self.port, self.metrics = house.free_port(), house.free_port()
        self.outbound = house.free_port()
        config = {
            "agent": {"name": "legacy", "trust_domain": "corp.example", "environment": "development",
                      "capabilities": [{"name": "process", "description": "counts"}]},
            "identity": {"provider": "dev", "dev": {"socket": str(self.dir / "agent.sock")}},
            "authorization": {"provider": "opa", "policy_dir": str(self.dir / "policy"), "policy_path": "agentweave/authz/allow",
                              "audit": {"destination": f"file://{self.dir}/audit.log"}},
            "server": {"host": "127.0.0.1", "port": self.port, "admin": {"port": house.free_port()}},
            "outbound": {"listen": f"127.0.0.1:{self.outbound}"},
            "observability": {"metrics": {"host": "127.0.0.1", "port": self.metrics}, "logging": {"level": "WARNING"}},
        }
        for section, values in more.items():
            config.setdefault(section, {}).update(values)
        path = self.dir / "sidecar.yaml"
        path.write_text(json.dumps(config))
        return path

    def run_it(self, *command, args=(), env=None, cwd=None, **config):
        path = self.config(**config)
        self.note = self.dir / "note"
        base = {"XDG_RUNTIME_DIR": str(self.dir), "NOTE": str(self.note)}
        return self.start("run", [BINARY, "run", "--config", path, *args, "--", *command], env={**base, **(env or {})}, cwd=cwd)

    def child(self, *args, **kwargs):
        script = self.dir / "child.py"
        script.write_text(CHILD)
        return self.run_it(sys.executable, script, *args, **kwargs)

    def ready(self):
        return plain(self.metrics, "/readyz")[0] == 200

    def wait_ready(self, process):
        def check():
            if not process.alive():
                raise RuntimeError(f"ended:\n{process.err()[-3000:]}")
            return self.ready()
        wait_for("ready", check)

    def client(self):
        made = self.run_cli("svid", "fetch", "--socket", f"unix://{self.dir}/agent.sock", "--as", "client", "--out", self.dir / "id")
        self.assertEqual(made.returncode, 0, made.stderr)
        return house.Identity(self.dir / "id/svid.pem", self.dir / "id/svid.key", self.dir / "id/bundle.pem")

    def call(self, client, headers=None, **payload):
        status, _, body = request(self.port, client, "POST", "/a2a/v1/tasks", {"task_type": "process", "payload": payload}, headers)
        return status, json.loads(body)

    def lives(self):
        return [json.loads(line) for line in self.note.read_text().splitlines()]

    def gone(self, pid):
        try:
            state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        return state == "Z"


class S6(Running):
    def test_s6(self):
        """S6: a legacy service from the examples behind `run`, as written: its lines, a ping, SIGTERM, exit 0"""
        process = self.run_it("python3", "legacy.py", cwd=EXAMPLES / "legacy-service", server={"shutdown_delay_seconds": 1})
        self.wait_ready(process)
        wait_for("the lines", lambda: "routes" in process.err(), 5)
        self.assertRegex(process.err(), pattern(
            f"child <pid>, listening on unix:{self.dir}/agentweave-run-<x>/app.sock; started only after the SVID arrived (<time>)\n".replace("<pid>,", "<pid> runs,") +
            f"in   https :{self.port} mTLS → unix app.sock     adds x-agentweave-caller, x-forwarded-client-cert (inbound copies removed: 0 stripped so far)\n"
            f"out  http 127.0.0.1:{self.outbound} → mTLS to spiffe://corp.example/agent/*   (HTTP_PROXY set for the child)\n"
            'routes  POST /process → action "process";  everything else → denied (AW3004 unmapped_route)'))
        client = self.client()
        status, task = self.call(client, {"x-agentweave-caller": "spiffe://corp.example/agent/root"}, data="abc")
        self.assertEqual((status, task["result"]), (200, {"rows": 3, "asked_by": "spiffe://corp.example/agent/client"}))
        self.assertEqual(house.metric(self.metrics, "agentweave_identity_claims_dropped_total"), 1)
        self.assertEqual(request(self.port, client, "POST", "/shutdown", {})[0], 403)
        env = {"SPIFFE_ENDPOINT_SOCKET": f"unix://{self.dir}/agent.sock"}
        pinged = self.run_cli("ping", "spiffe://corp.example/agent/legacy", "--address", f"127.0.0.1:{self.port}", "--as", "client", "-c", "5", env=env)
        self.assertEqual(pinged.returncode, 0, pinged.stderr)
        self.assertRegex(pinged.stdout, r"spiffe://corp\.example/agent/legacy .*TLSv1\.3 .*card ok \(signed, bound to peer\)")
        self.assertIn("5/5 ok", pinged.stdout)
        process.signal(signal.SIGTERM)
        wait_for("not ready", lambda: not self.ready(), 5)
        self.assertEqual(process.child.wait(15), 0, process.err())
        self.assertRegex(process.err(), r"stopped: not ready → waited 1s → drained \d+ in-flight \(\S+\) → child ended by signal 15")
        self.assertEqual(list(self.dir.glob("agentweave-run-*")), [])


class Life(Running):
    def test_what_the_child_gets(self):
        """the child starts after the SVID, in a private directory, with our words and without our secrets"""
        process = self.child("--flag", env={"AGENTWEAVE_AUTHORIZATION_OPA_TOKEN": "s3cret", "KEPT": "yes"}, run={"environment": ["LEVEL=info"]})
        self.wait_ready(process)
        life = self.lives()[0]
        env = life["env"]
        self.assertEqual(life["args"][1:], ["--flag"])
        self.assertEqual((env["KEPT"], env["LEVEL"]), ("yes", "info"))
        self.assertNotIn("AGENTWEAVE_AUTHORIZATION_OPA_TOKEN", env)
        self.assertEqual(env["AGENTWEAVE_SPIFFE_ID"], "spiffe://corp.example/agent/legacy")
        self.assertEqual(env["HTTP_PROXY"], f"http://127.0.0.1:{self.outbound}")
        self.assertNotIn("?t=", env["AGENTWEAVE_ADMIN"])
        directory = pathlib.Path(env["AGENTWEAVE_APP"].removeprefix("unix://")).parent
        self.assertEqual(directory.stat().st_mode & 0o777, 0o700)
        client = self.client()
        status, task = self.call(client)
        self.assertEqual((status, task["result"]["pid"]), (200, life["pid"]))
        self.assertEqual(task["result"]["headers"]["x-agentweave-caller"], "spiffe://corp.example/agent/client")
        process.signal(signal.SIGUSR1)
        wait_for("USR1 at the child", lambda: (self.dir / "note.usr1").exists(), 5)
        self.assertTrue(process.alive())

    def test_drain(self):
        """SIGTERM with a call in flight: the child finishes it before it is told, then it is told"""
        process = self.child()
        self.wait_ready(process)
        client, answers = self.client(), []
        asking = threading.Thread(target=lambda: answers.append(self.call(client, do="hold")))
        asking.start()
        wait_for("it is held", lambda: (self.dir / "note.held").exists(), 10)
        process.signal(signal.SIGTERM)
        wait_for("not ready", lambda: not self.ready(), 5)
        self.assertFalse((self.dir / "note.term").exists())
        self.assertTrue(process.alive())
        (self.dir / "note.release").touch()
        asking.join(20)
        self.assertEqual(answers[0][0], 200)
        self.assertEqual(process.child.wait(15), 0, process.err())
        self.assertTrue((self.dir / "note.term").exists())
        self.assertRegex(process.err(), r"drained 1 in-flight \(\S+\) → child exit 0")

    def test_the_child_s_exit_code_is_ours(self):
        """a child that ends by itself ends us with its exit code, drained"""
        process = self.child()
        self.wait_ready(process)
        self.assertEqual(self.call(self.client(), do="leave", status=42)[0], 200)
        self.assertEqual(process.child.wait(15), 42, process.err())
        self.assertIn("ended with status 42", process.err())

    def test_crash_and_restart(self):
        """--restart on-failure: a crash fails its call, takes us out of rotation, and a new child serves the next"""
        process = self.child(args=["--restart", "on-failure"])
        self.wait_ready(process)
        client = self.client()
        first = self.lives()[0]["pid"]
        status, task = self.call(client, do="crash")
        self.assertNotEqual((status, task.get("status", {}).get("state")), (200, "completed"))
        wait_for("a second life", lambda: len(self.lives()) == 2, 10)
        self.wait_ready(process)
        status, task = self.call(client)
        self.assertEqual(status, 200)
        self.assertNotEqual(task["result"]["pid"], first)
        self.assertIn("ended with status 9", process.err())
        self.assertIn("listens again", process.err())
        self.assertEqual(self.call(client, do="leave", status=0)[0], 200)  # no failure: no restart
        self.assertEqual(process.child.wait(15), 0, process.err())

    def test_never_listens(self):
        """a child that never listens: never ready, said with the address, ended, exit 124"""
        process = self.child(env={"MODE": "deaf"}, run={"start_timeout": 5})
        wait_for("it runs", lambda: self.note.exists(), 20)
        self.assertEqual(plain(self.metrics, "/readyz")[0], 503)
        self.assertIn("child", plain(self.metrics, "/readyz?verbose")[1])
        self.assertEqual(process.child.wait(20), 124, process.err())
        self.assertRegex(process.err(), r"does not listen on unix:\S+/app\.sock after 5s")
        self.assertTrue(self.gone(self.lives()[0]["pid"]))

    def test_ignores_sigterm(self):
        """a child that ignores SIGTERM is killed after run.stop_timeout, said, and the exit code tells"""
        process = self.child(env={"MODE": "stubborn"}, run={"stop_timeout": 1})
        self.wait_ready(process)
        process.signal(signal.SIGTERM)
        self.assertEqual(process.child.wait(20), 1, process.err())
        self.assertIn("child killed: it did not end in run.stop_timeout", process.err())
        self.assertTrue(self.gone(self.lives()[0]["pid"]))

    def test_kill_9(self):
        """kill -9 of the sidecar takes the child along: nobody is left to be reached without gates"""
        process = self.child()
        self.wait_ready(process)
        process.signal(signal.SIGKILL)
        process.child.wait()
        wait_for("the child is gone", lambda: self.gone(self.lives()[0]["pid"]), 10)

    def test_a_supervisor_hears_of_the_child(self):
        """systemd is told READY=1 when the child listens, not before, and STOPPING=1 at the end"""
        heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(heard.close)
        heard.bind(str(self.dir / "notify"))
        heard.settimeout(20)
        held = self.dir / "held"
        script = f'while [ ! -e {held} ]; do sleep 0.05; done; exec "$0" "$1"'
        (self.dir / "child.py").write_text(CHILD)
        process = self.run_it("sh", "-c", script, sys.executable, self.dir / "child.py", env={"NOTIFY_SOCKET": str(self.dir / "notify")})
        wait_for("it serves", lambda: plain(self.metrics, "/livez")[0] == 200)
        self.assertEqual(plain(self.metrics, "/readyz")[0], 503)
        heard.setblocking(False)
        self.assertRaises(BlockingIOError, heard.recv, 4096)
        heard.setblocking(True)
        heard.settimeout(20)
        held.touch()
        self.assertTrue(heard.recv(4096).startswith(b"READY=1"))
        self.assertEqual(plain(self.metrics, "/readyz")[0], 200)
        self.assertNotIn("NOTIFY_SOCKET", self.lives()[0]["env"])
        process.signal(signal.SIGTERM)
        self.assertEqual(heard.recv(4096), b"STOPPING=1")
        self.assertEqual(process.child.wait(15), 0)

    def test_no_identity_no_child(self):
        """without an SVID the child is never started"""
        path = self.config(identity={"provider": "spiffe", "spiffe_endpoint": f"unix://{self.dir}/nobody.sock", "first_fetch_timeout": 1})
        config = json.loads(path.read_text())
        del config["identity"]["dev"]
        path.write_text(json.dumps(config))
        ran = self.run_cli("run", "--config", path, "--", "touch", self.dir / "started", timeout=30)
        self.assertEqual(ran.returncode, 5, ran.stderr)
        self.assertFalse((self.dir / "started").exists())

    def test_a_program_that_is_not_there(self):
        """a command that does not exist is an error, said with its name"""
        ran = self.run_cli("run", "--config", self.config(), "--", "/no/such/program", timeout=30)
        self.assertEqual(ran.returncode, 5, ran.stderr)
        self.assertIn("/no/such/program", ran.stderr)


class S7(Running):
    def environment(self):
        """LangChain and the thin client, in the environment that the examples' tests keep."""
        venv = house.PEERS.parent / "venv-agents"
        if not (venv / "bin/python").exists():
            if not os.environ.get("AGENTWEAVE_REQUIRE_PEERS"):
                self.skipTest(f"{venv} is not there (./dev e2e --require-peers makes it)")
            subprocess.run([sys.executable, "-m", "venv", venv], check=True, timeout=120)
        probe = "import langchain.agents, agentweave_client"
        if subprocess.run([venv / "bin/python", "-c", probe], capture_output=True).returncode:
            packages = ["-r", EXAMPLES / "langchain/requirements.txt", house.REPOSITORY / "packaging/python"]
            subprocess.run([venv / "bin/pip", "install", "-q", *packages], check=True, timeout=600)
        return venv / "bin/python"

    def test_s7(self):
        """S7: a LangChain agent behind the sidecar as its child: streamed, its card says what policy lets you do, it knows the caller"""
        python = self.environment()
        process = self.run_it(python, "chat_agent.py", cwd=EXAMPLES / "langchain", agent={
            "name": "chat", "capabilities": [{"name": "chat", "description": "a conversation", "input_modes": ["text/plain"], "output_modes": ["text/plain"]}]})
        (self.dir / "policy/authz.rego").write_text(POLICY.replace('"process", "ping"', '"chat", "ping"'))
        self.wait_ready(process)
        env = {"SPIFFE_ENDPOINT_SOCKET": f"unix://{self.dir}/agent.sock"}
        where = ["--address", f"127.0.0.1:{self.port}", "--as", "client"]
        called = self.run_cli("call", "spiffe://corp.example/agent/chat", "chat", '{"message":"hi"}', "--stream", *where, env=env)
        self.assertEqual(called.returncode, 0, called.stdout + called.stderr)
        events = called.stdout
        self.assertRegex(events, r'(?m)^\{"state":"working"\}$')
        self.assertRegex(events, r'"response": ?"Hello! How can I help\?"')
        self.assertIn("spiffe://corp.example/agent/client", events)
        card = self.run_cli("card", "show", "spiffe://corp.example/agent/chat", "-o", "table", *where, env=env)
        self.assertEqual(card.returncode, 0, card.stderr)
        self.assertRegex(card.stdout, r"(?m)^SKILL +IN +OUT +POLICY \(for you\)")
        self.assertRegex(card.stdout, r"(?m)^chat +text/plain +text/plain +allowed")
        process.signal(signal.SIGTERM)
        self.assertEqual(process.child.wait(20), 0, process.err())
        self.assertIn("child exit 0", process.err())
