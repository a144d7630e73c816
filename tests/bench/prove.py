#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`./dev bench prove`: what proving costs a request. The same agent several times, each with one thing more, one core each turn.

  prove.py BINARY [--format json] [--rounds N] [--seconds S] [--instructions] [--only signed,all]

Rounds of the variants alternate in random order; a figure is the CPU time (user and system, all threads) for each answered
request, a ratio the median of the rounds' ratios to the variant it is compared with. --instructions counts by callgrind
instead (minutes): the machine's other work does not show in it. SHA-256 is left out there, which valgrind runs without the
processor's own instructions."""
import argparse
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import tempfile

import load
import servers

RARELY = {"checkpoint": {"max_records": 30000, "max_age": 86400}}  # as rarely as can be set
# What each has beyond an agent that keeps an audit log and tasks, and the limit the issue sets.
VARIANTS = {
    "off": {"authorization": {"decisions": {"enabled": False}, "audit": RARELY}},
    "signed": {"authorization": {"decisions": {"enabled": False}}},
    "shadow": {"authorization": {"decisions": {"enabled": False}, "audit": RARELY, "shadow": {"policy_dir": "policy"}}},
    "kept": {"authorization": {"audit": RARELY}},
    "traced": {"authorization": {"decisions": {"enabled": False}, "audit": RARELY}, "observability": {"tracing": True}},
    "all": {"authorization": {"shadow": {"policy_dir": "policy"}, "audit": RARELY}, "observability": {"tracing": True}},
    "all, pushed": {"authorization": {"shadow": {"policy_dir": "policy"}, "audit": RARELY, "decision_logs": True}, "observability": {"tracing": True}},
}
LIMITS = {"signed": 1.02, "all": 1.15}


def start(binary, directory, names, wrap=()):
    found = {}
    for name, port in zip(names, servers.free_ports(len(names))):
        more = json.loads(json.dumps(VARIANTS[name]))
        sink = f"http://127.0.0.1:{servers.BACKEND_PORT}"
        if more.get("observability", {}).get("tracing"):
            more["observability"]["tracing"] = {"endpoint": sink, "sample_rate": 1.0}
        if more["authorization"].get("decision_logs"):
            more["authorization"]["decision_logs"] = {"url": sink}
        file = re.sub(r"\W+", "-", name)
        servers.configure_agent(directory, True, file, port, **more)
        found[name] = servers.agent(binary, directory, wrap=wrap(file) if wrap else (), name=file, port=port)
    return found


def cpu(tools, found, rounds, seconds):
    """Microseconds a request, by variant and round."""
    costs = {name: [] for name in found}
    for index in range(rounds + 1):  # the first is the warm-up
        order = list(found.items())
        random.shuffle(order)
        for name, server in order:
            before = servers.cpu_ns(server.pids())
            answered = tools.h2load(f"https://127.0.0.1:{server.port}/a2a/v1/tasks", servers.body("echo"), seconds, "--h1", "-c", "16")
            if index:
                costs[name].append((servers.cpu_ns(server.pids()) - before) / answered / 1e3)
    return costs


def counted(file):
    """Instructions in a callgrind file, without those of SHA-256's inner loop."""
    said = subprocess.run(["callgrind_annotate", "--threshold=100", file], capture_output=True, text=True, check=True).stdout
    total = int(re.search(r"^\s*([\d,]+) \(100\.0%\)\s+PROGRAM TOTALS", said, re.M).group(1).replace(",", ""))
    hashed = sum(int(m.replace(",", "")) for m in re.findall(r"^\s*([\d,]+) [^\n]*sha256_block", said, re.M))
    return total - hashed


def instructions(binary, directory, tools, names, few=200, many=1200):
    """A request's, by variant: two runs that differ by (many - few) requests."""
    out = {}
    for name in names:
        seen = []
        for count in (few, many):
            file = directory / f"callgrind-{len(out)}-{count}"
            found = start(binary, directory, [name], wrap=lambda _: ("valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={file}"))
            tools.exactly(f"https://127.0.0.1:{found[name].port}/a2a/v1/tasks", servers.body("echo"), count)
            found[name].stop()
            seen.append(counted(file))
        out[name] = [(seen[1] - seen[0]) / (many - few)]
    return out


def report_of(costs, unit):
    rows = []
    for name, values in costs.items():
        ratios = [a / b for a, b in zip(values, costs["off"])]
        rows.append({"name": name, unit: round(statistics.median(values), 2), "ratio": round(statistics.median(ratios), 3),
                     "ratio_range": [round(min(ratios), 3), round(max(ratios), 3)], "limit": LIMITS.get(name), "rounds": len(values)})
    return {"unit": unit, "load_average": os.getloadavg()[0], "variants": rows}


def print_text(report):
    for row in report["variants"]:
        limit = row["limit"]
        mark = "" if limit is None else f"   limit {limit} {'reached' if row['ratio'] <= limit else 'MISSED'}"
        low, high = row["ratio_range"]
        print(f"{row['name']:12} {row[report['unit']]:12.2f} {report['unit']}   {row['ratio']:.3f} x off ({low}-{high}){mark}")
    print(f"load average {report['load_average']}")


def main():
    parser = argparse.ArgumentParser(prog="./dev bench prove")
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--only", default="", help="these variants, beside off; comma separated")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="awbench") as name:
        report = run(args, pathlib.Path(name))
    print(json.dumps(report)) if args.format == "json" else print_text(report)


def run(args, directory):
    load.build(directory)
    binary = args.binary.resolve()
    running = [servers.issuer(binary, directory)]
    try:
        running.append(servers.backend(directory))
        tools = load.Load(directory)
        names = [name for name in VARIANTS if not args.only or name == "off" or name in args.only.split(",")]
        if args.instructions:
            return report_of(instructions(binary, directory, tools, names), "instructions")
        found = start(binary, directory, names)
        running += found.values()
        return report_of(cpu(tools, found, args.rounds, args.seconds), "cpu_us")
    finally:
        for server in reversed(running):
            if server.child.poll() is None:
                server.stop()


if __name__ == "__main__":
    main()
