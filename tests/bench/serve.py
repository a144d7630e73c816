#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`./dev bench serve`: server CPU per request of `agentweave serve`, all gates on, and its ratio to nginx in the same rounds.

  serve.py BINARY [--format json] [--rounds N] [--seconds S] [--only WORD] [--memory-state] [--more] [--growth REQUESTS]"""
import argparse
import json
import os
import pathlib
import platform
import random
import statistics
import subprocess
import tempfile
import time

import beside
import load
import servers


SEND = "/lf.a2a.v1.A2AService/SendMessage"


class Case:
    """One kind of work, done by us and by a peer. `run(server)` does it once and says how many requests were answered."""

    def __init__(self, name, peer, target, runs):
        self.name, self.peer, self.target, self.runs = name, peer, target, runs
        self.costs = {"agentweave": [], "nginx": []}


def cases(tools, ports, seconds):
    def h1(port, path, body):
        return lambda: tools.h2load(f"https://127.0.0.1:{port}{path}", body, seconds, "--h1", "-c", "16")

    def h2(port, path, body):
        return lambda: tools.h2load(f"https://127.0.0.1:{port}{path}", body, seconds, "-c", "4", "-m", "16")

    def fresh(port, path, body):
        return lambda: tools.new_connections(port, path, body, seconds)

    def large(port, path, body):
        return lambda: tools.h2load(f"https://127.0.0.1:{port}{path}", body, seconds, "--h1", "-c", "4")

    def grpc(port, path, body):
        return lambda: tools.h2load(f"https://127.0.0.1:{port}{path}", body, seconds, "-c", "4", "-m", "16", "-H",
                                    "content-type: application/grpc", "-H", "te: trailers", "-H", "a2a-version: 1.0")

    us, peer, tasks = ports["agentweave"], ports["nginx"], "/a2a/v1/tasks"
    echo, forward, unary = servers.body("echo"), servers.body("forward"), servers.grpc_body("echo")
    mebibyte = servers.body("forward", {"text": "z" * ((1 << 20) - 60)})
    return [
        Case("h1 builtin", "static", 1.1, {"agentweave": h1(us, tasks, echo), "nginx": h1(peer, "/", echo)}),
        Case("h1 forwarded", "proxy", 1.0, {"agentweave": h1(us, tasks, forward), "nginx": h1(peer, "/proxy", forward)}),
        Case("h2 builtin", "proxy over h2", 0.5, {"agentweave": h2(us, tasks, echo), "nginx": h2(peer, "/proxy", echo)}),
        Case("h2 forwarded", "proxy over h2", 0.8, {"agentweave": h2(us, tasks, forward), "nginx": h2(peer, "/proxy", forward)}),
        Case("gRPC unary builtin", "proxy over h2", 0.5, {"agentweave": grpc(us, SEND, unary), "nginx": h2(peer, "/proxy", echo)}),
        Case("handshake + request", "static", 0.7, {"agentweave": fresh(us, tasks, echo), "nginx": fresh(peer, "/", echo)}),
        Case("1 MiB forwarded", "proxy", 1.1, {"agentweave": large(us, tasks, mebibyte), "nginx": large(peer, "/proxy", mebibyte)}),
    ]


def measure(case, found, rounds):
    for server in found.values():
        servers.settle(server)
    for index in range(rounds + 1):  # the first is the warm-up
        order = list(found.items())
        random.shuffle(order)
        for name, server in order:
            before = servers.cpu_ns(server.pids())
            answered = case.runs[name]()
            cost = (servers.cpu_ns(server.pids()) - before) / answered / 1e3
            if index:
                case.costs[name].append(cost)


def result(case):
    ours, theirs = case.costs["agentweave"], case.costs["nginx"]
    ratios = [a / b for a, b in zip(ours, theirs)]
    return {"name": case.name, "against": case.peer, "cpu_us": round(statistics.median(ours), 2),
            "nginx_cpu_us": round(statistics.median(theirs), 2), "ratio": round(statistics.median(ratios), 2),
            "ratio_range": [round(min(ratios), 2), round(max(ratios), 2)], "target": case.target, "rounds": len(ratios)}


def latency(tools, ports, seconds, rounds):
    """Medians of rounds in random order: in a single one, what else the machine does is all there is to see."""
    of = {"agentweave": "/a2a/v1/tasks", "nginx": "/proxy"}
    seen = {name: [] for name in of}
    for index in range(rounds + 1):  # the first is the warm-up
        order = list(of)
        random.shuffle(order)
        for name in order:
            times = tools.latencies_us(f"https://127.0.0.1:{ports[name]}{of[name]}", servers.body("forward"), seconds)
            if index:
                seen[name].append((times[len(times) // 2], times[int(len(times) * 0.99)], len(times)))
    out = {}
    for name, each in seen.items():
        p50, p99, counts = zip(*each)
        out[name] = {"p50_us": round(statistics.median(p50)), "p99_us": round(statistics.median(p99)), "n": sum(counts)}
    for place, figure in enumerate(("p50_ratio", "p99_ratio")):
        out["agentweave"][figure] = round(statistics.median(a[place] / b[place] for a, b in zip(seen["agentweave"], seen["nginx"])), 2)
    return out


def memory(tools, found, ports, count):
    out = {}
    for name, path, body in (("agentweave", "/a2a/v1/tasks", servers.body("echo")), ("nginx", "/", servers.body("echo"))):
        pids = found[name].pids()
        idle = servers.pss_kib(pids)
        held = tools.hold(ports[name], path, body, count)
        time.sleep(1)
        out[name] = {"pss_mib": round(idle / 1024, 1), "per_connection_kib": round((servers.pss_kib(pids) - idle) / count, 1)}
        held.stdin.close()
        held.wait()
    return out


def machine():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    openssl = subprocess.run(["openssl", "version"], capture_output=True, text=True).stdout.split(" (")[0].strip()
    peer = subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr.strip().rsplit("/", 1)[-1]
    return {"cpu": cpu, "cores": os.cpu_count(), "kernel": platform.release(), "openssl": openssl, "nginx": peer,
            "load_average": os.getloadavg()[0]}


def print_text(report):
    for r in report["requests"]:
        mark = "reached" if r["ratio"] <= r["target"] else "MISSED"
        print(f"{r['name']:20} {r['cpu_us']:8.1f} us   nginx {r['against']:14} {r['nginx_cpu_us']:8.1f} us   ratio {r['ratio']:5.2f} "
              f"({r['ratio_range'][0]}-{r['ratio_range'][1]})   target {r['target']} {mark}")
    for name, at in report.get("latency_500_rps", {}).items():
        ratios = f"   ratios {at['p50_ratio']} (target 1.1), {at['p99_ratio']} (target 1.0)" if "p50_ratio" in at else ""
        print(f"{name:20} at 500 requests/s: p50 {at['p50_us']} us   p99 {at['p99_us']} us   n {at['n']}{ratios}")
    for name, at in report.get("memory", {}).items():
        print(f"{name:20} resident {at['pss_mib']} MiB   {at['per_connection_kib']} KiB a connection")
    if "two_cores" in report:
        cores, opa, held = report["two_cores"], report["remote_decisions"], report["streams"]
        print(f"{'two loops':20} {cores['two_loops_us']:8.1f} us   one loop {cores['one_loop_us']:8.1f} us   gain {cores['gain']} (target {cores['target']}; nginx {cores['nginx_gain']})")
        print(f"{'remote OPA':20} {opa['remote_us']:8.1f} us   embedded {opa['embedded_us']:8.1f} us   {opa['on_top_us']} us on top (target {opa['target']})")
        print(f"{'event streams':20} {held['streams']} open, {held['kib_each']} KiB each (target {held['target']})")
    for seen in report.get("growth", []):
        print(f"{'growth':20} {seen['requests']:10} requests   {seen['mib']} MiB")
    print(f"{'start to listening':20} {report['start_ms']:.0f} ms")
    print("   ".join(f"{k} {v}" for k, v in report["machine"].items()))


def main():
    parser = argparse.ArgumentParser(prog="./dev bench serve")
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--only", default="", help="the cases whose name has this in it; no memory, no latency")
    parser.add_argument("--memory-state", action="store_true", help="no state directory: tasks in memory alone")
    parser.add_argument("--more", action="store_true", help="also two loops, a remote decision point, 10,000 event streams")
    parser.add_argument("--growth", type=int, default=0, metavar="REQUESTS", help="also the memory while so many requests add up")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="awbench") as name:
        directory = pathlib.Path(name)
        print(json.dumps(run(args, directory)), end="\n") if args.format == "json" else print_text(run(args, directory))


def run(args, directory):
    load.build(directory)
    binary = args.binary.resolve()
    running = [servers.issuer(binary, directory)]
    try:
        running.append(servers.backend(directory))
        servers.configure_agent(directory, not args.memory_state)
        running.append(servers.nginx("nginx", directory, servers.NGINX_PORT))
        running.append(servers.agent(binary, directory))
        found = {"nginx": running[-2], "agentweave": running[-1]}
        tools = load.Load(directory)
        ports = {name: server.port for name, server in found.items()}
        unary = tools.one_answer(ports["agentweave"], SEND, servers.grpc_body("echo"), "application/grpc")
        if b"grpc-status: 0" not in unary:  # h2load would not see it
            raise SystemExit(f"bench: gRPC: {unary}")
        wanted = [case for case in cases(tools, ports, args.seconds) if args.only in case.name]
        report = {"machine": machine(), "start_ms": round(found["agentweave"].started_ms, 1)}
        if not args.only:
            report["memory"] = memory(tools, found, ports, 1000)
        if not args.only:
            report["latency_500_rps"] = latency(tools, ports, 2 * args.seconds, args.rounds)
        for case in wanted:
            measure(case, found, args.rounds)
        report["requests"] = [result(case) for case in wanted]
        servers.settle(found["agentweave"])
        if args.growth:
            report["growth"] = beside.growth(found["agentweave"], tools, args.growth)
        if args.more:
            report["two_cores"] = beside.two_cores(binary, directory, tools, args.rounds, args.seconds)
            report["remote_decisions"] = beside.remote_decisions(binary, directory, tools, args.rounds, args.seconds)
            report["streams"] = beside.streams(binary, directory, tools, 10_000)
        return report
    finally:
        for server in reversed(running):
            server.stop()


if __name__ == "__main__":
    main()
