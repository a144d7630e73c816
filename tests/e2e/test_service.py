# SPDX-License-Identifier: Apache-2.0
"""The packaged service under systemd as process 1: a bare Debian 12, booted in a container of systemd's own, with real SPIRE."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import unittest

import house
import test_package
from house import need_tool, wait_for

SPIRE_SERVER = """server { bind_address = "127.0.0.1" bind_port = "%d" socket_path = "/run/spire-server.sock" trust_domain = "example.org" data_dir = "/opt" log_level = "WARN" }
plugins { DataStore "sql" { plugin_data { database_type = "sqlite3" connection_string = "/opt/datastore.sqlite3" } } NodeAttestor "join_token" { plugin_data {} } KeyManager "memory" { plugin_data {} } }
"""
SPIRE_AGENT = """agent { server_address = "127.0.0.1" server_port = "%d" socket_path = "/run/spire/sockets/agent.sock" trust_domain = "example.org" insecure_bootstrap = true data_dir = "/opt/agent" log_level = "WARN" }
plugins { NodeAttestor "join_token" { plugin_data {} } KeyManager "memory" { plugin_data {} } WorkloadAttestor "systemd" { plugin_data {} } }
"""
# The user of a dynamic unit has no number that could be registered: SPIRE knows it by the unit's name.
SPIRE_UP = """set -e
mkdir -p /run/spire/sockets /opt/agent
systemd-run -q --unit=spire-server /usr/local/bin/spire-server run -config /etc/spire/server.conf
until spire-server healthcheck -socketPath /run/spire-server.sock >/dev/null 2>&1; do sleep 0.1; done
token=$(spire-server token generate -socketPath /run/spire-server.sock -spiffeID spiffe://example.org/node | sed -n 's/^Token: //p')
spire-server entry create -socketPath /run/spire-server.sock -parentID spiffe://example.org/node -spiffeID spiffe://example.org/agent/agent -selector systemd:id:agentweave@config.service
systemd-run -q --unit=spire-agent /usr/local/bin/spire-agent run -config /etc/spire/agent.conf -joinToken $token
until spire-agent healthcheck -socketPath /run/spire/sockets/agent.sock >/dev/null 2>&1; do sleep 0.1; done
"""


class Machine:
    """A booted root. Ends with the test."""

    def __init__(self, case, root):
        need_tool("systemd-nspawn", "systemd-container")
        for place in ("systemd", "unified"):  # without a systemd outside there is no scope to be in
            if not pathlib.Path("/run/systemd/system").exists() and pathlib.Path(f"/sys/fs/cgroup/{place}/cgroup.procs").exists():
                pathlib.Path(f"/sys/fs/cgroup/{place}/agentweave-test").mkdir(exist_ok=True)
        script = "for p in systemd unified; do f=/sys/fs/cgroup/$p/agentweave-test/cgroup.procs; [ ! -e $f ] || echo $$ >$f; done; exec systemd-nspawn \"$@\""
        self.nspawn = case.start("nspawn", ["sh", "-c", script, "nspawn", "-q", "-D", root.path, "--boot", "--register=no", "--keep-unit", "--link-journal=no",
                                            "--console=pipe", f"--machine=aw{os.getpid()}"])
        case.addCleanup(self.halt)
        self.leader = None
        try:
            wait_for("systemd as process 1", self.is_up, 60)
        except AssertionError as error:
            raise unittest.SkipTest(f"no container of systemd's can be booted here: {error} {self.nspawn.err()[-500:]}")

    def is_up(self):
        children = subprocess.run(["pgrep", "-P", str(self.nspawn.child.pid)], capture_output=True, text=True).stdout.split()
        self.leader = children[0] if children else None
        return self.leader and self.run("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded")

    def run(self, *command, check=True, timeout=120):
        env = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
        ran = subprocess.run(["nsenter", "-t", self.leader, "-a", *command], capture_output=True, text=True, timeout=timeout, env=env)
        if check and ran.returncode:
            raise AssertionError(f"{command}: {ran.returncode}\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
        return ran

    def show(self, name):
        return self.run("systemctl", "show", "--value", "-p", name, "agentweave@config").stdout.strip()

    def halt(self):
        if self.leader and self.nspawn.alive():
            os.kill(int(self.leader), signal.SIGRTMIN + 4)
            self.nspawn.child.wait(30)
        for place in ("systemd", "unified"):
            with contextlib.suppress(OSError):
                pathlib.Path(f"/sys/fs/cgroup/{place}/agentweave-test").rmdir()


class Service(test_package.BareRoot):
    def boot(self):
        house.need("spire-server", "spire-agent")
        root = self.overlay()
        deb = next(path.name for path in (root.path / "root").glob("*.deb"))
        root.run("apt-get", "update", "-q", timeout=300)
        root.run("apt-get", "install", "-y", "-q", "--no-install-recommends", "systemd-sysv", "dbus", f"/root/{deb}", timeout=600)
        for name in ("spire-server", "spire-agent"):
            shutil.copy(house.PEERS / name, root.path / "usr/local/bin")
        (root.path / "etc/spire").mkdir()
        port, ours = house.free_port(), [house.free_port() for _ in range(3)]
        (root.path / "etc/spire/server.conf").write_text(SPIRE_SERVER % port)
        (root.path / "etc/spire/agent.conf").write_text(SPIRE_AGENT % port)
        config = root.path / "etc/agentweave/config.yaml"
        config.write_text(config.read_text().replace("8443", str(ours[0])).replace("9090", str(ours[1])))
        (root.path / "etc/systemd/system/agentweave@config.service.d").mkdir()
        (root.path / "etc/systemd/system/agentweave@config.service.d/port.conf").write_text(f"[Service]\nEnvironment=AGENTWEAVE_SERVER_ADMIN_PORT={ours[2]}\n")
        (root.path / "etc/agentweave/credentials/opa").write_text("token\n")
        for mounted in reversed(root.mounted[1:]):  # the container brings its own
            subprocess.run(["umount", "-l", mounted], check=True, timeout=20)
        root.mounted = root.mounted[:1]
        return root, Machine(self, root)

    def test_service(self):
        """under systemd: SPIRE knows the unit by its name, the service is ready and supervised, reloads, keeps its state, comes back after kill -9; purge leaves nothing"""
        root, machine = self.boot()
        machine.run("sh", "-c", SPIRE_UP)
        machine.run("systemctl", "enable", "--now", "agentweave@config")
        self.assertEqual((machine.show("ActiveState"), machine.show("DynamicUser")), ("active", "yes"))
        self.assertTrue(machine.show("StatusText").startswith("serving on https://"))
        score = machine.run("systemd-analyze", "security", "agentweave@config.service").stdout
        self.assertLessEqual(float(score.rsplit("agentweave@config.service: ", 1)[1].split()[0]), 1.5)
        first = machine.show("MainPID")
        self.assertIn("agentweave_opa", machine.run("ls", "/run/credentials/agentweave@config.service").stdout)
        # The state directory is a link under DynamicUser; what is in it is a private directory of the unit's own.
        self.assertTrue((root.path / "var/lib/agentweave/config").is_symlink())
        kept = machine.run("ls", "/var/lib/private/agentweave/config").stdout
        self.assertIn("decisions", kept)

        policy = root.path / "etc/agentweave/policy/authz.rego"
        good = policy.read_text()
        policy.write_text(good + "nonsense\n")
        machine.run("systemctl", "reload", "agentweave@config")
        wait_for("the refused reload", lambda: "reload failed, the old state stays" in machine.show("StatusText"))
        policy.write_text(good)
        machine.run("systemctl", "reload", "agentweave@config")
        wait_for("the reload", lambda: machine.show("StatusText").startswith("serving on"))
        self.assertEqual(machine.show("MainPID"), first)

        machine.run("systemctl", "kill", "--kill-who=main", "--signal=KILL", "agentweave@config")
        wait_for("another life", lambda: machine.show("ActiveState") == "active" and machine.show("MainPID") not in ("0", first))
        machine.run("systemctl", "stop", "agentweave@config")
        self.assertEqual((machine.show("Result"), machine.show("ExecMainStatus")), ("success", "0"))
        machine.run("systemctl", "start", "agentweave@config")

        (root.path / "etc/systemd/system/agentweave@config.service.d/port.conf").unlink()
        (root.path / "etc/systemd/system/agentweave@config.service.d").rmdir()
        machine.run("apt-get", "purge", "-y", "-q", "agentweave", timeout=300)
        left = machine.run("find", "/etc", "/usr", "/var/lib", "/var/log", "/opt", "(", "-path", "/var/lib/apt", "-o", "-path", "/var/lib/dpkg", "-o", "-path", "/var/log/journal", "-o", "-path", "/var/log/apt",
                           ")", "-prune", "-o", "-name", "*agentweave*", "-print").stdout
        self.assertEqual(left, "")
        self.assertEqual(machine.run("systemctl", "list-units", "--all", "--no-legend", "agentweave@*").stdout, "")
        self.assertNotEqual(machine.run("getent", "passwd", "agentweave", check=False).returncode, 0)
