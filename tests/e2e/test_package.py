# SPDX-License-Identifier: Apache-2.0
"""The package as its users meet it: linted, the same bytes twice, installed on a bare Debian 12, run there, purged; and the
container's file system, run by chroot."""
import contextlib
import functools
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import unittest

import house
from house import Case, need_tool, plain

BUILD = pathlib.Path(house.BINARY).resolve().parent
PACKAGING = house.REPOSITORY / "packaging"
BARE = house.PEERS.parent / "debian-12"  # tests/e2e/get-tools.sh makes it


def need_build():
    if not (BUILD / "CPackConfig.cmake").exists():
        raise unittest.SkipTest(f"{BUILD} is no build directory (./dev build release)")
    need_tool("dpkg-shlibdeps", "dpkg-dev")


@functools.cache
def package():
    return make_package()


def make_package():
    subprocess.run(["sh", PACKAGING / "package.sh", BUILD], check=True, capture_output=True, timeout=300)
    return next((BUILD / "dist").glob("agentweave_*.deb"))


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Package(Case):
    def test_lintian_and_contents(self):
        """lintian finds nothing; everything is in its place, configuration is the administrator's"""
        need_build()
        lintian = need_tool("lintian", "lintian")
        deb = package()
        ran = subprocess.run([lintian, "--allow-root", "--no-cfg", deb], capture_output=True, text=True, timeout=300)
        faults = [line for line in ran.stdout.splitlines() if re.match("[EWI]:", line)]
        self.assertEqual((ran.returncode, faults), (0, []), ran.stderr)
        names = subprocess.run(["dpkg-deb", "--contents", deb], capture_output=True, text=True, check=True, timeout=60).stdout
        for path in ("./usr/bin/agentweave", "./usr/share/man/man1/agentweave-serve.1.gz", "./lib/systemd/system/agentweave@.service",
                     "./usr/share/bash-completion/completions/agentweave.bash", "./usr/share/zsh/vendor-completions/_agentweave",
                     "./usr/share/fish/vendor_completions.d/agentweave.fish", "./usr/share/agentweave/policies/default.rego",
                     "./usr/share/agentweave/observability/grafana-dashboard.json", "./usr/share/doc/agentweave/sbom.spdx.json"):
            self.assertIn(path + "\n", names)
        conffiles = subprocess.run(["dpkg-deb", "--info", deb, "conffiles"], capture_output=True, text=True, check=True, timeout=60).stdout.split()
        packed = re.findall(r" \.(/etc/\S+[^/\s])\n", names)
        self.assertEqual(sorted(conffiles), sorted(packed))
        pages = {p.name + ".gz" for p in (PACKAGING / "man").glob("*.1")}
        self.assertEqual(pages, set(re.findall(r"/man1/(\S+)\n", names)))

    def test_the_same_bytes_twice(self):
        """packed twice, the package, its SBOM and its checksums are the same bytes, and the checksums hold"""
        need_build()
        first = digest(make_package()), digest(BUILD / "dist/sbom.spdx.json"), digest(BUILD / "dist/SHA256SUMS")
        os.utime(BUILD / "agentweave")
        second = digest(make_package()), digest(BUILD / "dist/sbom.spdx.json"), digest(BUILD / "dist/SHA256SUMS")
        self.assertEqual(first, second)
        subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=BUILD / "dist", check=True, timeout=60)

    def test_sbom(self):
        """the SBOM names what the build linked, compiled in and opens later, each with its package URL, in both formats alike"""
        need_build()
        package()
        spdx = json.loads((BUILD / "dist/sbom.spdx.json").read_text())
        cyclone = json.loads((BUILD / "dist/sbom.cyclonedx.json").read_text())
        how = {r["relatedSpdxElement"][8:]: r["relationshipType"] for r in spdx["relationships"]}
        for name, kind in (("libgrpc-dev", "STATIC_LINK"), ("libprotobuf-dev", "STATIC_LINK"), ("libre2-dev", "STATIC_LINK"), ("libssl3", "DYNAMIC_LINK"),
                           ("libcurl4", "DYNAMIC_LINK"), ("nlohmann-json3-dev", "CONTAINS"), ("libboost1.81-dev", "CONTAINS")):
            self.assertEqual(how.get(name), kind, name)
        ids = {p["SPDXID"] for p in spdx["packages"]}
        self.assertEqual(len(ids), len(spdx["packages"]))
        self.assertTrue({r["relatedSpdxElement"] for r in spdx["relationships"]} <= ids)
        self.assertEqual({p["name"] for p in spdx["packages"][1:]}, {c["name"] for c in cyclone["components"]})
        self.assertEqual((spdx["spdxVersion"], cyclone["specVersion"]), ("SPDX-2.3", "1.5"))
        self.assertEqual(spdx["packages"][0]["checksums"][0]["checksumValue"], digest(BUILD / "agentweave"))


class Unit(Case):
    def test_hardening(self):
        """systemd-analyze security: at most 1.5"""
        analyze = need_tool("systemd-analyze", "systemd")
        ran = subprocess.run([analyze, "security", "--offline=true", "--threshold=15", PACKAGING / "systemd/agentweave@.service"],
                             capture_output=True, text=True, timeout=60)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        score = float(re.search(r"Overall exposure level for .*?: ([0-9.]+)", ran.stdout).group(1))
        self.assertLessEqual(score, 1.5)

    def test_times_fit_the_drain(self):
        """systemd waits longer than the agent may take to start and to drain, and checks the configuration first"""
        unit = (PACKAGING / "systemd/agentweave@.service").read_text()
        defaults = self.run_cli("config", "schema").stdout
        drain = json.loads(defaults)["properties"]["server"]["properties"]["graceful_shutdown_seconds"].get("default", 30)
        stop = int(re.search(r"^TimeoutStopSec=(\d+)", unit, re.M).group(1))
        self.assertGreater(stop, int(str(drain).rstrip("s")) + 5)
        self.assertIn("ExecStartPre=/usr/bin/agentweave config validate /etc/agentweave/%i.yaml", unit)
        self.assertNotIn("Type=notify-reload", [line for line in unit.splitlines() if not line.startswith("#")])  # systemd 252 knows it not


class Root:
    """A directory to chroot into; what was mounted is unmounted."""

    def __init__(self, case, path):
        self.path = path
        case.addCleanup(self.unmount)
        self.mounted = []

    def mount(self, *arguments, at):
        target = self.path / at.lstrip("/") if at else self.path
        target.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", *arguments, target], check=True, capture_output=True, timeout=20)
        self.mounted.append(target)

    def unmount(self):
        for target in reversed(self.mounted):
            subprocess.run(["umount", "-l", target], capture_output=True, timeout=20)

    def run(self, *command, timeout=120, env=None, check=True, **more):
        full = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive", **(env or {})}
        ran = subprocess.run(["/usr/sbin/chroot", self.path, *command], capture_output=True, text=True, timeout=timeout, env=full, **more)
        if check and ran.returncode != 0:
            raise AssertionError(f"{command}: {ran.returncode}\n{ran.stdout[-2000:]}\n{ran.stderr[-2000:]}")
        return ran


def need_root():
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root (chroot, mount)")


def files_below(root):
    """Everything a package could leave, without the package manager's own books."""
    skip = ("var/lib/dpkg", "var/lib/apt", "var/cache", "var/log/apt", "var/log/dpkg.log", "var/log/alternatives.log", "etc/ld.so.cache", "proc", "sys", "dev", "tmp", "run", "root")
    out = set()
    for directory, folders, files in os.walk(root):
        relative = os.path.relpath(directory, root)
        folders[:] = [f for f in folders if os.path.normpath(os.path.join(relative, f)) not in skip]
        out |= {os.path.normpath(os.path.join(relative, name)) for name in files + folders
                if os.path.normpath(os.path.join(relative, name)) not in skip}
    return out


class BareRoot(Case):
    """One root, made by debootstrap, under an overlay that is thrown away."""

    def overlay(self):
        need_root()
        need_build()
        if not (BARE / "usr/bin/dpkg").exists():
            if os.environ.get("AGENTWEAVE_REQUIRE_PEERS"):
                raise AssertionError(f"no bare Debian at {BARE}")
            raise unittest.SkipTest(f"no bare Debian at {BARE} (./dev e2e --require-peers makes it)")
        root = Root(self, self.dir / "root")
        for name in ("upper", "work"):
            (self.dir / name).mkdir()
        # The temporary directory may itself be an overlay, in which none can live: a tmpfs carries the changes then.
        try:
            root.mount("-t", "overlay", "overlay", "-o", f"lowerdir={BARE},upperdir={self.dir}/upper,workdir={self.dir}/work", at="")
        except subprocess.CalledProcessError as error:
            raise unittest.SkipTest(f"no overlay here: {error.stderr.decode().strip()}")
        root.mount("-t", "proc", "proc", at="/proc")
        root.mount("--bind", "/dev", at="/dev")
        shutil.copy("/etc/resolv.conf", root.path / "etc/resolv.conf")
        shutil.copy("/etc/hosts", root.path / "etc/hosts")
        (root.path / "etc/apt/apt.conf.d/80-patient").write_text('Acquire::Retries "5";\n')  # a mirror that hiccups is no fault of ours
        shutil.copy(package(), root.path / "root")
        return root


class BareDebian(BareRoot):
    def test_install_try_purge(self):
        """apt install on a bare Debian 12, `init` and `dev` work there, the service is off, purge leaves nothing behind"""
        root = self.overlay()
        deb = next(path.name for path in (root.path / "root").glob("*.deb"))
        root.run("apt-get", "update", "-q", timeout=300)
        # What the package needs first: those stay when it goes, as apt has it.
        depends = root.run("dpkg-deb", "--field", f"/root/{deb}", "Depends").stdout
        names = [re.split(r"[ (]", part.strip())[0] for part in depends.split(",")]
        root.run("apt-get", "install", "-y", "-q", "--no-install-recommends", *names, timeout=600)
        before = files_below(root.path)
        root.run("apt-get", "install", "-y", "-q", "--no-install-recommends", f"/root/{deb}", timeout=300)
        self.assertRegex(root.run("agentweave", "--version").stdout, r"^agentweave \d")
        self.assertFalse(list((root.path / "etc/systemd/system").glob("*.wants/agentweave*")), "the service is on")
        root.run("agentweave", "config", "validate", "/etc/agentweave/config.yaml")
        root.run("agentweave", "policy", "test", "/etc/agentweave/policy")

        root.run("agentweave", "init", "/root/hello")
        ports = [house.free_port() for _ in range(3)]
        env = {"PATH": "/usr/bin:/bin", "HOME": "/root", "XDG_RUNTIME_DIR": "/root"}
        script = (f"cd /root/hello && exec agentweave dev --set server.port={ports[0]} --set server.admin.port={ports[1]} "
                  f"--set observability.metrics.port={ports[2]}")
        with open(self.dir / "dev.log", "wb") as log:
            child = subprocess.Popen(["/usr/sbin/chroot", root.path, "sh", "-c", script], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)
        try:
            house.wait_for("dev ready", lambda: plain(ports[2], "/readyz")[0] == 200)
            allowed = root.run("agentweave", "call", "hello", "greet", '{"name":"Ada"}', "--as", "client", env=env)
            self.assertIn("Hello, Ada!", allowed.stdout)
            denied = root.run("agentweave", "call", "hello", "delete_all", "{}", "--as", "client", env=env, check=False)
            self.assertEqual(denied.returncode, 3, denied.stderr)
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(20)

        # An agent that ran as a service leaves its state where systemd keeps it; an administrator changed a file.
        for left in ("var/lib/private/agentweave/config/tasks.db", "var/log/private/agentweave/config/audit.log"):
            (root.path / left).parent.mkdir(parents=True)
            (root.path / left).write_text("x")
        (root.path / "etc/agentweave/other.yaml").write_text("agent: {name: other}\n")
        root.run("apt-get", "remove", "-y", "-q", "agentweave", timeout=300)
        self.assertTrue((root.path / "etc/agentweave/config.yaml").exists(), "remove keeps the configuration")
        root.run("apt-get", "purge", "-y", "-q", "agentweave", timeout=300)
        left = {path for path in files_below(root.path) - before if path not in ("var/lib/private", "var/log/private")}
        self.assertEqual(left, set())

    def test_units_verify(self):
        """systemd-analyze verify finds nothing in the installed units"""
        analyze = need_tool("systemd-analyze", "systemd")
        root = self.overlay()
        subprocess.run(["dpkg-deb", "-x", next((root.path / "root").glob("*.deb")), root.path], check=True, timeout=60)
        for name in ("config.service", "config.socket"):
            unit = f"agentweave@{name}"
            ran = subprocess.run([analyze, "verify", "--root", root.path, "--man=no", "--recursive-errors=no", root.path / f"lib/systemd/system/agentweave@{name.removeprefix('config')}"],
                                 capture_output=True, text=True, timeout=60)
            ours = [line for line in (ran.stdout + ran.stderr).splitlines() if "agentweave" in line]
            self.assertEqual(ours, [], unit)


class Container(Case):
    def test_the_image_runs(self):
        """the image's file system: no shell, a read-only root, user 65532, ready by its own health check, drains on SIGTERM"""
        need_root()
        rootfs = self.dir / "rootfs"
        subprocess.run(["sh", PACKAGING / "docker/rootfs.sh", house.BINARY, rootfs], check=True, capture_output=True, timeout=60)
        self.assertFalse([p for p in rootfs.rglob("*") if p.name in ("sh", "bash", "dash", "busybox", "apt", "dpkg", "perl", "python3")])
        self.assertEqual([p.name for p in (rootfs / "usr/bin").iterdir()], ["agentweave"])
        self.assertTrue((rootfs / "usr/share/zoneinfo/Europe/Berlin").is_file(), "policies may ask for the time at a place")
        project = rootfs / "etc/agentweave/hello"
        subprocess.run([house.BINARY, "init", project], check=True, capture_output=True, timeout=20)
        root = Root(self, rootfs)
        root.mount("--bind", rootfs, at="")
        subprocess.run(["mount", "-o", "remount,ro,bind", rootfs], check=True, capture_output=True, timeout=20)
        root.mount("-t", "tmpfs", "-o", "uid=65532,mode=700", "tmpfs", at="/var/lib/agentweave")
        ports = [house.free_port() for _ in range(3)]
        command = ["/usr/sbin/chroot", "--userspec=65532:65532", rootfs, "/usr/bin/agentweave", "serve", "/etc/agentweave/hello/config.dev.yaml", "--env", "development",
                   "--set", f"server.port={ports[0]}", "--set", f"server.admin.port={ports[1]}", "--set", f"observability.metrics.port={ports[2]}",
                   "--set", "identity.dev.socket=/var/lib/agentweave/agent.sock"]
        with open(self.dir / "agent.log", "wb") as log:
            child = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={})
        try:
            with contextlib.suppress(AssertionError):
                house.wait_for("ready", lambda: plain(ports[2], "/readyz")[0] == 200)
            health = subprocess.run(["/usr/sbin/chroot", "--userspec=65532:65532", rootfs, "/usr/bin/agentweave", "health", "--ready", f"http://127.0.0.1:{ports[2]}"],
                                    capture_output=True, text=True, timeout=20, env={})
            self.assertEqual(health.returncode, 0, health.stderr + (self.dir / "agent.log").read_text())
            self.assertIn(f"{65532}", pathlib.Path(f"/proc/{child.pid}/status").read_text().split("Uid:")[1].splitlines()[0])
        finally:
            child.send_signal(signal.SIGTERM)
            status = child.wait(20)
        self.assertEqual(status, 0)

    def test_the_dockerfile_is_the_tested_file_system(self):
        """the Dockerfile's last stages start from nothing, copy what rootfs.sh made, and run as 65532 with a health check"""
        text = (PACKAGING / "docker/Dockerfile").read_text()
        for line in ("FROM scratch AS agent", "COPY --from=build /rootfs /", "USER 65532:65532", "FROM agent AS sidecar",
                     'CMD ["/usr/bin/agentweave", "health", "--ready"]', 'ENTRYPOINT ["/usr/bin/agentweave"]'):
            self.assertIn(line, text)
        self.assertIn("rootfs.sh build/release/agentweave /rootfs", text)
