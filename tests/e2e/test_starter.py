# SPDX-License-Identifier: Apache-2.0
"""docker-compose.yaml without an engine: its services, run as processes in the order and by the health checks that it gives them,
with its own commands and variables; only paths, ports and names of hosts become this machine's."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import house
from house import Case, free_port, wait_for

HERE = house.REPOSITORY / "packaging/starter"
PROGRAMS = {"ghcr.io/spiffe/spire-server": "spire-server", "ghcr.io/spiffe/spire-agent": "spire-agent", "openpolicyagent/opa": "opa", "agentweave/agent": "agentweave",
            "debian": None}  # what an image's entry point is; None: the command says it
SERVICE_KEYS = {"image", "build", "command", "user", "environment", "volumes", "depends_on", "healthcheck", "pid", "read_only", "cap_drop", "ports", "restart", "profiles"}


class Composition(Case):
    def setUp(self):
        super().setUp()
        text = (HERE / "docker-compose.yaml").read_text()
        # As Compose does where the variable is not set: this process has none of them.
        text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
        read = self.run_cli("policy", "eval", "yaml.unmarshal(input.text)", "-I", "--format", "raw", input=json.dumps({"text": text}))
        self.assertEqual(read.returncode, 0, read.stderr)
        self.document = json.loads(read.stdout)
        self.services = self.document["services"]

    def program(self, service):
        return PROGRAMS[re.sub(r":[^:/]+$", "", self.services[service]["image"])]

    # --- what can be said without running it ---------------------------------------------------------------------------
    def test_it_is_whole(self):
        """every name it uses is one: keys, services waited for and how, volumes, files, our subcommands, versions"""
        self.assertEqual(set(self.document), {"services", "volumes"})
        for name, service in self.services.items():
            with self.subTest(service=name):
                self.assertEqual(set(service) - SERVICE_KEYS, set())
                for other, how in service.get("depends_on", {}).items():
                    target = self.services[other]
                    self.assertIn(how["condition"], ("service_started", "service_healthy", "service_completed_successfully"))
                    self.assertTrue(how["condition"] != "service_healthy" or "healthcheck" in target, f"{other} has no health check")
                if build := service.get("build"):
                    context = (HERE / build["context"]).resolve()
                    self.assertEqual(context, house.REPOSITORY)
                    self.assertRegex((context / build["dockerfile"]).read_text(), rf"(?m)^FROM .* AS {build['target']}$")
                for volume in service.get("volumes", []):
                    source = volume.split(":")[0]
                    self.assertTrue(source == "./" or source in self.document["volumes"], volume)
                words = " ".join(service.get("command", []) + service.get("healthcheck", {}).get("test", []))
                for path in re.findall(r"/starter/([\w./-]+)", words.replace("/run/starter/", "/RUN/")):
                    self.assertTrue((HERE / path).exists(), path)
                for port in service.get("ports", []):
                    self.assertRegex(port, r"^127\.0\.0\.1:(\d+):\1$")
        used = {volume.split(":")[0] for s in self.services.values() for volume in s.get("volumes", [])} - {"./"}
        self.assertEqual(used, set(self.document["volumes"]))
        version = re.search(r"project\(agentweave VERSION ([\d.]+)", (house.REPOSITORY / "CMakeLists.txt").read_text())[1]
        self.assertEqual(self.services["agent"]["image"], f"agentweave/agent:{version}")

    def test_the_agent_finds_what_its_configuration_names(self):
        """the agent's command is one of ours; production takes its configuration; each path it writes or asks is mounted there"""
        agent = self.services["agent"]
        self.assertEqual(self.run_cli(agent["command"][0], "--help").returncode, 0)
        self.assertEqual(agent["command"][1], "/starter/config.yaml")
        checked = self.run_cli("config", "show", HERE / "config.yaml", "--env", "production", "-o", "json", env=agent["environment"])
        self.assertEqual(checked.returncode, 0, checked.stderr)
        valid = self.run_cli("config", "validate", HERE / "config.yaml", "--env", "production", env=agent["environment"])
        self.assertEqual(valid.returncode, 0, valid.stderr)
        shown = checked.stdout
        writable = [v.split(":")[1] for v in agent["volumes"] if not v.endswith(":ro")]
        for path in (re.search(r'file://(/[^"]+)', shown)[1], re.search(r'"(/var/lib/[^"]+)"', shown)[1]):
            self.assertTrue(any(path.startswith(w + "/") for w in writable), path)
        for port in ("8443", "9090"):
            self.assertIn(f'127.0.0.1:{port}:{port}', agent["ports"])
            self.assertRegex(shown, rf"\b{port}\b")
        socket = agent["environment"]["SPIFFE_ENDPOINT_SOCKET"].removeprefix("unix://")
        spire = self.services["spire-agent"]
        self.assertEqual(socket, spire["environment"]["STARTER_SOCKETS"] + "/agent.sock")
        volume = next(v.split(":")[0] for v in agent["volumes"] if v.split(":")[1] == os.path.dirname(socket))
        self.assertIn(f"{volume}:{os.path.dirname(socket)}", spire["volumes"])
        host, port = re.match(r"http://(.*):(\d+)$", agent["environment"]["STARTER_OPA"]).groups()
        self.assertIn(f"--addr=0.0.0.0:{port}", self.services[host]["command"])
        image = (house.REPOSITORY / "packaging/docker/Dockerfile").read_text()
        user = re.search(r"^USER (\d+)", image, re.M)[1]
        self.assertIn(f"unix:uid:{user}", self.services["register-agent"]["command"])
        for path in writable:
            self.assertIn(f'"{path}"', re.search(r"^VOLUME (.*)$", image, re.M)[1])

    def test_the_peers_know_its_flags(self):
        """SPIRE and OPA of the versions it names have each flag it gives them"""
        house.need("spire-server", "spire-agent", "opa")
        for name, service in self.services.items():
            program = PROGRAMS.get(re.sub(r":[^:/]+$", "", service["image"]))
            if program not in ("spire-server", "spire-agent", "opa"):
                continue
            command = service["command"]
            words = [w for w in command if not w.startswith("-")]
            verb = words[:2] if words[0] == "entry" else words[:1]
            help_ = subprocess.run([house.PEERS / program, *verb, "-h"], capture_output=True, text=True, timeout=20)
            version = subprocess.run([house.PEERS / program, "version" if program == "opa" else "--version"], capture_output=True, text=True, timeout=20)
            self.assertIn(service["image"].rsplit(":", 1)[1], version.stdout + version.stderr, name)
            for flag in (w.split("=")[0].lstrip("-") for w in command if w.startswith("-")):
                self.assertRegex(help_.stdout + help_.stderr, rf"(?m)^\s+(-\w, )?--?{flag}\b", f"{name}: -{flag}")

    # --- and running it ------------------------------------------------------------------------------------------------
    def prepare(self):
        """Where the containers' paths, hosts and ports are on this machine."""
        self.dir.chmod(0o755)
        shutil.copytree(HERE, self.dir / "starter")
        self.bin = self.dir / "bin"
        self.bin.mkdir()
        shutil.copy(house.BINARY, self.bin / "agentweave")
        for name in ("run", "sockets", "state", "log"):
            (self.dir / name).mkdir()
            (self.dir / name).chmod(0o755)
        self.root = os.geteuid() == 0
        self.spire_port, self.opa_port, self.port, self.metrics = (free_port() for _ in range(4))
        self.names = [("/run/spire/sockets", str(self.dir / "sockets")), ("/run/starter", str(self.dir / "run")), ("/starter", str(self.dir / "starter")),
                      ("/opt/spire/bin", str(house.PEERS)), ("http://opa:8181", f"http://127.0.0.1:{self.opa_port}"), ("0.0.0.0:8181", f"127.0.0.1:{self.opa_port}")]
        if not self.root:
            self.names += [("unix:uid:65532", f"unix:uid:{os.geteuid()}")]

    def here(self, text):
        for there, path in self.names:  # as a path of its own, not as the end of another or of a SPIFFE ID
            text = re.sub(r"(?<![\w/])" + re.escape(there) + r"(?![\w.-])" if there == "/starter" else re.escape(there) + r"(?![\w-])", path, text)
        return text

    def environment(self, name):
        own = {"STARTER_SPIRE_PORT": str(self.spire_port), "STARTER_SPIRE_BIND": "127.0.0.1", "STARTER_SPIRE_SERVER": "127.0.0.1"}
        given = self.services[name].get("environment", {})
        env = {k: own.get(k, self.here(v)) for k, v in given.items()}
        if name == "agent":  # what its image has at fixed places
            env |= {"STARTER_HOST": "127.0.0.1", "STARTER_PORT": str(self.port), "STARTER_METRICS_PORT": str(self.metrics),
                    "STARTER_STATE": str(self.dir / "state/data"), "STARTER_LOG": str(self.dir / "log")}
        return env

    def command(self, name):
        program = self.program(name)
        words = [self.here(w) for w in self.services[name]["command"]]
        if program:
            words.insert(0, str(self.bin / program if program == "agentweave" else house.PEERS / program))
        if name == "agent" and self.root:
            return ["setpriv", "--reuid=65532", "--regid=65532", "--clear-groups", *words]
        return words

    def healthy(self, name):
        test = [self.here(w) for w in self.services[name]["healthcheck"]["test"]]
        self.assertEqual(test[0], "CMD")
        return subprocess.run(test[1:], capture_output=True, timeout=20).returncode == 0

    def up(self, name):
        """Starts it after what it waits for, once."""
        if name in self.running:
            return self.running[name]
        for other, how in self.services[name].get("depends_on", {}).items():
            child = self.up(other)
            if how["condition"] == "service_healthy":
                wait_for(f"{other} is healthy", lambda: self.healthy(other), 60)
            if how["condition"] == "service_completed_successfully":
                self.assertEqual(child.child.wait(60), 0, child.err() + child.out())
        self.running[name] = self.start(name, self.command(name), env=self.environment(name), cwd=self.dir)
        return self.running[name]

    def ready(self):
        """Is the agent ready? One that ended because it is not registered yet is started again, if the file says so."""
        agent = self.running["agent"]
        if not agent.alive():
            self.assertEqual(self.services["agent"]["restart"], "on-failure")
            self.assertNotEqual(agent.child.returncode, 0)
            del self.running["agent"]
            self.up("agent")
        return house.plain(self.metrics, "/readyz")[0] == 200

    def test_it_comes_up(self):
        """up: SPIRE is healthy, registers agent and client, OPA answers, the agent is ready; its client is let in, others are not"""
        house.need("spire-server", "spire-agent", "opa")
        self.prepare()
        if self.root:
            for name in ("state", "log"):
                os.chown(self.dir / name, 65532, 65532)
        self.running = {}
        for name, service in self.services.items():
            if "profiles" not in service:
                self.up(name)
        for name in ("register-agent", "register-client"):
            self.assertEqual(self.running[name].child.wait(30), 0, self.running[name].err())
        try:
            wait_for("the agent is ready", self.ready, 90, 0.2)
        except AssertionError:
            raise AssertionError(self.running["agent"].err()[-3000:])
        if not self.root:
            return  # the client is another user
        (self.dir / "client").mkdir()
        os.chown(self.dir / "client", 65533, 65533)
        ran = subprocess.run([self.bin / "agentweave", "svid", "fetch", "--out", self.dir / "client"], user=65533, group=65533, extra_groups=[],
                             env={"SPIFFE_ENDPOINT_SOCKET": f"unix://{self.dir}/sockets/agent.sock"}, capture_output=True, text=True, timeout=30)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        client = house.Identity(*(self.dir / "client" / f for f in ("svid.pem", "svid.key", "bundle.pem")))
        status, _, body = house.request(self.port, client, "POST", "/a2a/v1/tasks", {"task_type": "greet", "payload": {"name": "Ada"}},
                                        expect="spiffe://starter.test/agent/hello")
        self.assertEqual((status, json.loads(body)["result"]), (200, {"message": "Hello, Ada!"}))
        self.assertEqual(house.request(self.port, client, "POST", "/a2a/v1/tasks", {"task_type": "delete_all", "payload": {}})[0], 403)
