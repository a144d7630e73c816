# SPDX-License-Identifier: Apache-2.0
"""Each example's README, followed line by line, ends as it says."""
import json
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys
import unittest

import house
import readme
from house import Case

EXAMPLES = house.REPOSITORY / "examples"


def ports(count=12, above=60):
    """A range whose ports, and those `above` them for metrics, are free, below those that the kernel hands out by itself."""
    for base in random.sample(range(10000, 32000, 100), 100):
        if all(_free(base + n) for n in [*range(count), *range(50, above)]):
            return base
    raise AssertionError("no free range of ports")


def _free(port):
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


class Examples(Case):
    def follow(self, name, env=None, venv=None):
        """The example in a copy, with free ports in place of those that the README shows."""
        tree = self.dir / "t"
        for part in ("examples", "packaging/python", "packaging/starter"):
            shutil.copytree(house.REPOSITORY / part, tree / part, ignore=shutil.ignore_patterns(".run", ".venv", "node_modules", "__pycache__", "build", "*.egg-info"))
        base = ports()
        directory = tree / (name if name.startswith("packaging/") else f"examples/{name}")
        page = directory / "README.md"
        page.write_text(re.sub(r"\b184([4-9]\d)\b", lambda m: str(base + int(m.group(1)) - 40), page.read_text()))
        full = {k: v for k, v in os.environ.items() if not k.startswith(("AGENTWEAVE_", "SPIFFE_"))}
        (self.dir / "bin").mkdir()
        (self.dir / "bin/agentweave").symlink_to(pathlib.Path(house.BINARY).resolve())
        full.update({"PATH": f"{self.dir}/bin:{house.PEERS}:{full['PATH']}", "EXAMPLE_PORT": str(base), "HOME": full.get("HOME", "/root"), **(env or {})})
        if venv:
            full["EXAMPLE_VENV"] = str(venv)
        self.addCleanup(subprocess.run, [tree / "examples/support/down.sh"], cwd=directory, env=full, capture_output=True, timeout=60)
        ran = readme.follow(page, directory, full, timeout=600)
        print(f"      {name}: {ran} commands")

    def environment(self):
        """A virtual environment that is kept in the peers' cache: a package registry is asked once."""
        venv = house.PEERS.parent / "venv-agents"
        if not (venv / "bin/python").exists():
            if not os.environ.get("AGENTWEAVE_REQUIRE_PEERS"):
                raise unittest.SkipTest(f"{venv} is not there (./dev e2e --require-peers makes it)")
            subprocess.run([sys.executable, "-m", "venv", venv], check=True, timeout=120)
        return venv

    def test_langchain(self):
        """langchain: a LangChain agent's tools call another agent under policy; a denied call is denied; one trace"""
        self.follow("langchain", venv=self.environment())

    def test_autogen(self):
        """autogen: an AutoGen team asks the LangChain agent through two sidecars, streamed; a denied call is denied; one trace"""
        self.follow("autogen", venv=self.environment())

    def test_legacy_service(self):
        """legacy-service: a service that knows nothing is reached by name and action only, and spoofed headers do not reach it"""
        self.follow("legacy-service")

    def test_multi_agent(self):
        """multi-agent: an orchestrator fans out to workers that nobody else may ask"""
        self.follow("multi-agent")

    def test_federation(self):
        """federation: two trust domains; a bundle alone admits nobody, nor does a name alone"""
        house.need("spire-server", "spire-agent")
        self.follow("federation")

    def tool(self, *names):
        missing = [name for name in names if not shutil.which(name)]
        if missing and os.environ.get("AGENTWEAVE_REQUIRE_PEERS"):
            raise AssertionError(f"not installed: {', '.join(missing)}")
        if missing:
            raise unittest.SkipTest(f"not installed: {', '.join(missing)}")

    def test_typescript(self):
        """a2a-typescript: the official SDK, compiled, reads the card, sends, streams; a denied call is denied"""
        self.tool("node", "npm")
        self.follow("a2a-typescript", env={"EXAMPLE_MODULES": str(house.PEERS.parent / "modules-a2a-typescript")})

    def test_go(self):
        """go: the official SDK reads the card and sends; a denied call is denied"""
        self.tool("go")
        self.follow("go")

    def test_starter(self):
        """the starter, as processes: real SPIRE, real OPA, production settings, plain curl"""
        house.need("spire-server", "spire-agent", "opa")
        self.follow("packaging/starter")

    def test_the_starter_s_composition_is_what_the_script_starts(self):
        """docker-compose.yaml: the FAQ's services, the same files as up.sh, nothing beyond this machine"""
        here = house.REPOSITORY / "packaging/starter"
        text, script = (here / "docker-compose.yaml").read_text(), (here / "up.sh").read_text()
        for service in ("spire-server", "spire-agent", "opa", "agent", "jaeger"):
            self.assertRegex(text, rf"(?m)^  {service}:$")
        for used in ("spire/server.conf", "spire/agent.conf", "config.yaml", "keys.sh", "-expandEnv", "/spire/agent/x509pop/cn/starter"):
            self.assertIn(used, text)
            self.assertIn(used, script)
        for published in re.findall(r"ports: \[(.*?)\]", text):
            self.assertTrue(all(port.strip().startswith('"127.0.0.1:') for port in published.split(",")), published)
        variables = set(re.findall(r"\$(STARTER_\w+)", (here / "spire/server.conf").read_text() + (here / "spire/agent.conf").read_text()))
        for name in variables:
            self.assertIn(name, text)
            self.assertIn(name, script)

    def test_the_starter_s_composition_is_one(self):
        """docker-compose.yaml: Compose's own schema accepts it, and every file, image target and profile that it and the README name is there"""
        try:
            import jsonschema
            import yaml
        except ImportError as error:
            raise unittest.SkipTest(f"{error}: python3-yaml, python3-jsonschema")
        here = house.REPOSITORY / "packaging/starter"
        composition = yaml.safe_load((here / "docker-compose.yaml").read_text())
        house.need("compose-spec.json")
        jsonschema.Draft7Validator(json.loads((house.PEERS / "compose-spec.json").read_text())).validate(composition)
        services = composition["services"]
        for name, service in services.items():
            for other in service.get("depends_on", {}):
                self.assertIn(other, services, name)
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                self.assertTrue((here / source).exists() if source.startswith(".") else source in composition["volumes"], f"{name}: {volume}")
            for word in re.findall(r"(?<!/run)/starter/([\w./-]+)", " ".join(service.get("command", []))):
                self.assertTrue((here / word).exists(), f"{name}: {word}")
        build = services["agent"]["build"]
        dockerfile = (here / build["context"] / build["dockerfile"]).read_text()
        self.assertIn(f" AS {build['target']}\n", dockerfile)
        readme = (here / "README.md").read_text()
        for profile in re.findall(r"--profile\s+(\w+)", readme):
            self.assertTrue(any(profile in s.get("profiles", []) for s in services.values()), profile)
        # What the README sets on the command line reaches the agent, whose configuration reads it.
        for name in re.findall(r"(STARTER_\w+)=", readme):
            self.assertIn(name, services["agent"]["environment"])
            self.assertIn("${" + name, (here / "config.yaml").read_text())

    def test_hello(self):
        """hello: one allowed call, one denied"""
        ran = subprocess.run(["sh", EXAMPLES / "hello/run.sh", house.BINARY, "--once"], capture_output=True, text=True, timeout=60)
        self.assertEqual(ran.returncode, 0, ran.stderr)

    def test_each_example_is_followed(self):
        """no example without a test that follows it"""
        here = pathlib.Path(__file__).read_text()
        for example in EXAMPLES.iterdir():
            if example.name not in ("support", "sdk"):  # the SDK's are built and run by test_sdk.py
                self.assertIn(f'"{example.name}' if example.name != "hello" else '"hello/', here)
                self.assertTrue((example / "README.md").exists(), example.name)


class PythonClient(Case):
    def test_its_own_tests(self):
        """the thin client: its own tests, on this Python"""
        ran = subprocess.run([sys.executable, house.REPOSITORY / "packaging/python/tests/test_client.py"], capture_output=True, text=True, timeout=120)
        self.assertEqual(ran.returncode, 0, ran.stderr)

    def test_no_dependency_and_no_cryptography(self):
        """it imports the standard library only, and nothing of ssl"""
        for source in (house.REPOSITORY / "packaging/python/agentweave_client").glob("*.py"):
            modules = set(re.findall(r"^(?:from|import) (\w+)", source.read_text(), re.M))
            self.assertEqual(modules - set(sys.stdlib_module_names), set(), source.name)
            self.assertFalse(modules & {"ssl", "hashlib", "hmac", "secrets"}, source.name)
