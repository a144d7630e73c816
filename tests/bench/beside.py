# SPDX-License-Identifier: Apache-2.0
"""What `./dev bench serve --more` measures beside nginx's cases: two loops against one, a remote decision point, event streams, growth.

Each pair of agents differs in one thing, and its rounds alternate."""
import contextlib
import json
import statistics
import time

import servers

TASKS = "/a2a/v1/tasks"


class Pair:
    """Two servers that are asked the same, at the same time."""

    def __init__(self, first, second, path=TASKS):
        self.servers, self.path = (first, second), path

    def costs(self, tools, rounds, seconds):
        """CPU microseconds a request, round by round, of both."""
        out = ([], [])
        for index in range(rounds + 1):  # the first is the warm-up
            for which in (0, 1) if index % 2 else (1, 0):
                server = self.servers[which]
                before = servers.cpu_ns(server.pids())
                answered = tools.h2load(f"https://127.0.0.1:{server.port}{self.path}", servers.body("echo"), seconds, "--h1", "-c", "16")
                if index:
                    out[which].append((servers.cpu_ns(server.pids()) - before) / answered / 1e3)
        return out

    def stop(self):
        for server in self.servers:
            server.stop()


def agents(binary, directory, name, first, second, cores):
    """Two of one binary that differ in their settings."""
    def one(which, settings):
        port, file = servers.free_ports(1)[0], f"{name}-{which}"
        servers.configure_agent(directory, name=file, port=port, **settings)
        return servers.agent(binary, directory, core=cores, name=file, port=port)
    return Pair(one("a", first), one("b", second))


def gain_of_two(pair, tools, rounds, seconds):
    with contextlib.ExitStack() as stack:
        stack.callback(pair.stop)
        one, two = pair.costs(tools, rounds, seconds)
    gains = [2 * a / b for a, b in zip(one, two)]
    return statistics.median(one), statistics.median(two), round(statistics.median(gains), 2)


def two_cores(binary, directory, tools, rounds, seconds):
    """The load needs a core too, so a throughput would say nothing: what two loops make of CPU time against what one makes of it.
    And the same of nginx's workers, which have nothing in common: what is missing there is the machine's."""
    cores = f"{servers.SERVER_CORE},{servers.LOAD_CORE}"
    one, two, gain = gain_of_two(agents(binary, directory, "cores", {"workers": 1}, {"workers": 2}, cores), tools, rounds, seconds)
    workers = [servers.nginx(f"workers{count}", directory, servers.free_ports(1)[0], cores, workers=count) for count in (1, 2)]
    theirs = gain_of_two(Pair(*workers, path="/"), tools, rounds, seconds)[2]
    return {"one_loop_us": round(one, 1), "two_loops_us": round(two, 1), "gain": gain, "nginx_gain": theirs, "target": 1.8}


def remote_decisions(binary, directory, tools, rounds, seconds):
    """What asking a decision point costs over deciding here, uncached; and what a cache hit costs over it."""
    point, url = servers.decision_point(directory)
    asked = {"policy_dir": None, "opa_endpoints": [url], "cache_ttl_seconds": 0}
    with contextlib.ExitStack() as stack:
        stack.callback(point.stop)
        pair = agents(binary, directory, "remote", {}, {"authorization": asked}, servers.SERVER_CORE)
        stack.callback(pair.stop)
        here, there = pair.costs(tools, rounds, seconds)
    more = [b - a for a, b in zip(here, there)]
    return {"embedded_us": round(statistics.median(here), 1), "remote_us": round(statistics.median(there), 1),
            "on_top_us": round(statistics.median(more), 1), "target": 30}


def streams(binary, directory, tools, count):
    """Memory of `count` connections that each watch a running task; a task has at most 64 watchers."""
    port = servers.free_ports(1)[0]
    waiting = {"name": "wait", "description": "x", "timeout_seconds": 3600,
               "backend": {"type": "exec", "command": ["/bin/sleep", "3600"]}}
    servers.configure_agent(directory, name="streams", port=port, capabilities=[waiting])

    def start():
        answer = tools.one_answer(port, TASKS, json.dumps({"task_type": "wait", "payload": {}, "async": True}))
        return json.loads(answer[answer.index(b"{"):])["id"]
    with contextlib.ExitStack() as stack:
        agent = servers.agent(binary, directory, name="streams", port=port)
        stack.callback(agent.child.wait)
        stack.callback(agent.child.kill)  # its tasks would be waited for
        paths = [f"/v1/tasks/{start()}:subscribe" for _ in range(-(-count // 64))]
        before = servers.pss_kib([agent.child.pid])
        held = tools.hold_streams(port, paths, count)
        time.sleep(1)
        each = (servers.pss_kib([agent.child.pid]) - before) / count
        held.stdin.close()
        held.wait()
    return {"streams": count, "kib_each": round(each, 1), "target": 40}


def growth(agent, tools, requests):
    """Memory as the requests add up."""
    seen, done = [], 0
    while done < requests:
        done += tools.h2load(f"https://127.0.0.1:{agent.port}{TASKS}", servers.body("echo"), 20, "-c", "4", "-m", "16")
        seen.append({"requests": done, "mib": round(servers.pss_kib(agent.pids()) / 1024, 1)})
    return seen
