# SPDX-License-Identifier: Apache-2.0
"""The C++ SDK as its users meet it: the installed package, found by CMake and by pkg-config, five programs built and run."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import house
from house import BINARY, REPOSITORY, Case, free_port, wait_for

BUILD = pathlib.Path(BINARY).resolve().parent
EXAMPLES = REPOSITORY / "examples/sdk"
PROGRAMS = ("01_hello", "02_calling", "03_custom_authorization", "04_svid_updates", "05_testing")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def ran(*command, **kwargs):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=900, **kwargs)
    if done.returncode:
        raise AssertionError(f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


class Sdk(Case):
    @classmethod
    def setUpClass(cls):
        if not (BUILD / "CPackSdkConfig.cmake").exists():
            raise unittest.SkipTest(f"{BUILD} is no build directory (./dev build release sdk)")
        cls.home = pathlib.Path(house.tempfile.mkdtemp(prefix="aw-sdk-"))
        cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
        ran("ninja", "-C", BUILD, "sdk")
        ran("cmake", "--install", BUILD, "--component", "sdk", "--prefix", cls.home / "prefix")
        shutil.copytree(EXAMPLES, cls.home / "examples")  # away from this tree: nothing of it may help

    def by_cmake(self):
        if not (self.home / "build/05_testing").exists():
            ran("cmake", "-G", "Ninja", "-S", self.home / "examples", "-B", self.home / "build", "-DCMAKE_CXX_COMPILER=clang++-19",
                f"-DCMAKE_PREFIX_PATH={self.home / 'prefix'}")
            ran("ninja", "-C", self.home / "build", "-j2")
        return self.home / "build"

    def output_of(self, name):
        done = subprocess.run([self.by_cmake() / name], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr[-3000:])
        return TIME.sub("TIME", done.stdout)

    def test_public_headers(self):
        """only public headers are installed, each compiles alone with both compilers, and none names what is inside"""
        folder = self.home / "prefix/include/agentweave"
        headers = sorted(folder.glob("*.h"))
        self.assertGreater(len(headers), 10)
        for header in headers:
            includes = re.findall(r'#include ["<]([^">]+)', header.read_text())
            self.assertEqual([i for i in includes if "/" in i and not i.startswith("agentweave/")], [], header.name)
        for compiler in ("g++", "clang++-19"):
            if shutil.which(compiler):
                for header in headers:
                    alone = self.dir / f"{header.stem}.cc"
                    alone.write_text(f"#include <agentweave/{header.name}>\n")
                    ran(compiler, "-std=c++23", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", self.home / "prefix/include", alone)

    def test_symbols(self):
        """the library shows its public names and no other: not what it is made of"""
        shown = ran("nm", "-DC", "--defined-only", self.home / "prefix/lib/libagentweave.so")
        names = [line.split(maxsplit=2)[2] for line in shown.splitlines() if " A " not in line]
        strange = [n for n in names if "aw::" not in n]
        self.assertEqual(strange, [])
        for inside in ("google::protobuf", "grpc::", "boost::asio::detail", "aw::runtime::Runtime::"):
            self.assertNotIn(inside, "\n".join(n for n in names if n.startswith(inside)))

    def test_calling(self):
        """02: an agent calls an agent that calls an agent; what policy does not know is denied"""
        first, second = self.output_of("02_calling").splitlines()
        self.assertEqual(json.loads(first), {"price": 42, "for": "spiffe://shop.test/agent/buyer"})
        self.assertEqual(second, "AW3001")

    def test_custom_authorization(self):
        """03: a custom provider allows the clerk and denies the visitor"""
        self.assertEqual(self.output_of("03_custom_authorization"), 'clerk: {"open":true}\nvisitor: AW3001\n')

    def test_svid_updates(self):
        """04: the hook hears of the first SVID and of the rotation"""
        line = "SVID of spiffe://shop.test/agent/watcher until TIME\n"
        self.assertEqual(self.output_of("04_svid_updates"), line * 2 + "1 rotation\n")

    def test_testing(self):
        """05: the unit test of an agent passes, without a network"""
        lines = self.output_of("05_testing").splitlines()
        self.assertTrue(lines and all(line.startswith("ok ") for line in lines), lines)

    def test_pkg_config(self):
        """05 again, by pkg-config and Debian's own compiler"""
        if not shutil.which("g++"):
            raise unittest.SkipTest("no g++")
        env = {**os.environ, "PKG_CONFIG_PATH": str(self.home / "prefix/lib/pkgconfig"),
               "LD_LIBRARY_PATH": str(self.home / "prefix/lib")}
        flags = ran("pkg-config", "--cflags", "--libs", "agentweave", "agentweave-testing", env=env).split()
        program = self.home / "by-pkg-config"
        ran("g++", "-std=c++23", "-Wall", "-Wextra", "-Werror", self.home / "examples/05_testing/main.cc", *flags, "-o", program)
        self.assertNotIn("WRONG", ran(program, env=env))

    def test_hello(self):
        """01: served by a configuration, called by `agentweave call`; a wrong payload names its field; SIGTERM drains"""
        port, api = free_port(), self.dir / "api.sock"
        hello = self.start("hello", [self.by_cmake() / "01_hello", self.home / "examples/01_hello/config.yaml", f"server.port={port}",
                                     f"identity.dev.socket={api}"])
        wait_for("hello", lambda: "spiffe://hello.test/agent/hello on" in hello.out(), 30)

        def call(payload, who="client"):
            return self.run_cli("call", "hello", "greet", payload, "--as", who, "--socket", f"unix://{api}",
                                "--address", f"https://127.0.0.1:{port}", timeout=60)
        good = call('{"name":"Ada"}')
        self.assertEqual(good.returncode, 0, good.stderr)
        self.assertEqual(json.loads(good.stdout), {"message": "Hello!", "to": "spiffe://hello.test/agent/client", "you_sent": {"name": "Ada"}})
        wrong = call('{"name":7}')
        self.assertNotEqual(wrong.returncode, 0)
        self.assertIn("payload.name: Invalid type", wrong.stdout + wrong.stderr)
        stranger = call('{"name":"Ada"}', who="hello")
        self.assertEqual(stranger.returncode, 3, stranger.stderr)
        hello.signal(house.SIGTERM)
        self.assertEqual(hello.child.wait(30), 0, hello.err()[-2000:])

    def test_package(self):
        """agentweave-dev: lintian finds nothing, headers, libraries, CMake and pkg-config files are in their places"""
        house.need_tool("dpkg-shlibdeps", "dpkg-dev")
        lintian = house.need_tool("lintian", "lintian")
        env = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
        ran("cpack", "--config", BUILD / "CPackSdkConfig.cmake", "-B", self.dir / "dist", cwd=BUILD, env=env)
        package = next((self.dir / "dist").glob("agentweave-dev_*.deb"))
        done = subprocess.run([lintian, "--allow-root", "--no-cfg", package], capture_output=True, text=True, timeout=300)
        faults = [line for line in done.stdout.splitlines() if re.match("[EWI]:", line)]
        self.assertEqual((done.returncode, faults), (0, []), done.stderr)
        names = ran("dpkg-deb", "--contents", package)
        for path in ("include/agentweave/secure_agent.h", "lib/libagentweave.so", "lib/libagentweave_testing.so",
                     "lib/cmake/agentweave/agentweaveConfig.cmake", "lib/pkgconfig/agentweave.pc"):
            self.assertIn(f"./usr/{path}", names)
        self.assertNotIn("./usr/bin/", names)

    def test_version(self):
        """find_package refuses a version that this one is not"""
        (self.home / "old").mkdir(exist_ok=True)
        (self.home / "old/CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\nproject(x CXX)\nfind_package(agentweave 9 REQUIRED)\n")
        done = subprocess.run(["cmake", "-S", self.home / "old", "-B", self.home / "old/b", f"-DCMAKE_PREFIX_PATH={self.home / 'prefix'}"],
                              capture_output=True, text=True, timeout=120)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("9", done.stderr)
