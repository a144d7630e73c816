# SPDX-License-Identifier: Apache-2.0
"""differential.py OPA DIFFER [--policies N] [--first N] [--inputs N] [--seed N] [--stop N] [--keep FILE] [--faults]

Makes policies, data and inputs at random (the same for the same seed), asks real OPA (one server, REST) and
this engine, and compares: the same value, or the same class of error. Prints each difference, and ends with 1
when there is one. A triple is a policy, its data and one input; N policies make N x inputs of them. With --faults the policies are small ones that
are likely to be refused, and only whether they are is compared.
"""
import argparse
import http.client
import json
import pathlib
import random
import re
import socket
import subprocess
import sys
import time
from decimal import Decimal

import fault_generator
import rego_generator


class Opa:
    """One server, asked over one connection."""

    def __init__(self, binary):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [binary, "run", "--server", "--addr", f"127.0.0.1:{self.port}", "--log-level", "error",
             "--disable-telemetry"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                self.connection.request("GET", "/health")
                self.connection.getresponse().read()
                return
            except OSError:
                time.sleep(0.1)  # the server has no other way to say that it listens
        raise SystemExit("OPA does not start")

    def call(self, method, path, body, kind="application/json"):
        text = body if isinstance(body, str) else json.dumps(body)
        self.connection.request(method, path, text.encode(), {"Content-Type": kind})
        answer = self.connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content, parse_float=Decimal) if content else {}

    def ask(self, module, data, inputs, strict):
        """What each input gives; one fault for all when the module does not compile."""
        self.call("PUT", "/v1/data/d", data)
        status, said = self.call("PUT", "/v1/policies/p", module, "text/plain")
        if status != 200:
            codes = sorted({e.get("code", "?") for e in said.get("errors", [])})
            return [("fault", codes or [said.get("code", "?")], said)] * len(inputs)
        return [self.evaluate("p", one, strict) for one in inputs]

    def evaluate(self, path, one, strict):
        """A document of the policies that are there."""
        status, said = self.call("POST", f"/v1/data/{path}" + ("?strict-builtin-errors=true" if strict else ""), {"input": one})
        if status == 200:
            return ("value", said["result"], None) if "result" in said else ("undefined", None, None)
        codes = sorted({e.get("code", "?") for e in said.get("errors", [])})
        return ("error", codes or [said.get("code", "?")], said)

    def close(self):
        self.process.terminate()
        self.process.wait()


class Ours:
    def __init__(self, binary):
        self.process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, module, data, inputs, strict, query="data.p"):
        out = []
        for one in inputs:
            question = {"modules": [module], "data": {"d": data}, "input": one, "query": query,
                        "strict_errors": strict}
            self.process.stdin.write((json.dumps(question) + "\n").encode())
            self.process.stdin.flush()
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit("the engine died of:\n" + json.dumps(question))
            said = json.loads(line, parse_float=Decimal)
            if "faults" in said:
                out.append(("fault", sorted({f[0] for f in said["faults"]}), said))
            elif "error" in said:
                out.append(("error", [said["error"]], said))
            else:
                out.append(("value", said["result"], None) if "result" in said else ("undefined", None, None))
        return out

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def same(opa, ours):
    if opa[0] != ours[0]:
        return False
    if opa[0] in ("fault", "error"):  # OPA stops at the first stage that finds one
        return bool(set(opa[1]) & set(ours[1]))
    return opa[1] == ours[1]


def same_rule_by_rule(opa, ours, module, data, one):
    """Under strict errors one rule's hides the others, and which of several is told follows from the order of evaluation.
    So each rule is asked alone: what it gives must be equal, and where both fail, with which code may follow from order."""
    for name in sorted(set(re.findall(r"^(?:default )?(r\d+)", module, re.M))):
        a = opa.evaluate(f"p/{name}", one, True)
        b = ours.ask(module, data, [one], True, f"data.p.{name}")[0]
        if a[0] != b[0] or (a[0] == "value" and a[1] != b[1]):
            return f"  {name}: OPA {str(a)[:300]}\n  {name}: ours {str(b)[:300]}"
    return ""


def differing_rules(opa, ours):
    if opa[0] != "value" or ours[0] != "value":
        return f"  OPA  {opa}\n  ours {ours}"
    lines = []
    for name in sorted(set(opa[1]) | set(ours[1])):
        a, b = opa[1].get(name, "undefined"), ours[1].get(name, "undefined")
        if a != b:
            lines.append(f"  {name}: OPA {json.dumps(a, default=str)[:300]}\n  {name}: ours {json.dumps(b, default=str)[:300]}")
    return "\n".join(lines)


def compare_faults(opa, ours, args):
    """Does each compiler take what the other takes?"""
    different = refused = 0
    for number in range(args.first, args.first + args.policies):
        module = fault_generator.module(random.Random(args.seed * 1_000_003 + number))
        status, said = opa.call("PUT", "/v1/policies/p", module, "text/plain")
        told = ours.ask(module, {}, [None], False)[0]
        refused += status != 200
        if (status != 200) == (told[0] == "fault"):
            continue
        different += 1
        print(f"--- policy {number}\n{module}  OPA  {status} {str(said)[:300]}\n  ours {str(told)[:300]}", flush=True)
        if different >= args.stop:
            break
    print(f"{args.policies} policies, {refused} refused by OPA, {different} differences")
    return 1 if different else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("opa")
    parser.add_argument("differ")
    parser.add_argument("--policies", type=int, default=100)
    parser.add_argument("--first", type=int, default=0, help="the policy to begin with, to take up a run again")
    parser.add_argument("--inputs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stop", type=int, default=20, help="differences after which to give up")
    parser.add_argument("--keep", type=pathlib.Path, help="where to append the triples that differ")
    parser.add_argument("--faults", action="store_true", help="small policies: are they refused?")
    args = parser.parse_args()
    if not pathlib.Path(args.opa).exists():
        print("no OPA here:", args.opa)
        return 77
    opa, ours = Opa(args.opa), Ours(args.differ)
    if args.faults:
        try:
            return compare_faults(opa, ours, args)
        finally:
            opa.close()
            ours.close()
    triples = different = reordered = 0
    kinds = {}
    try:
        for number in range(args.first, args.first + args.policies):
            if number % 500 == 499:
                print(f"at policy {number}: {triples} triples, {different} differences", file=sys.stderr, flush=True)
            rng = random.Random(args.seed * 1_000_003 + number)
            module, data, inputs = rego_generator.triple(rng, args.inputs)
            strict = number % 5 == 0
            theirs = opa.ask(module, data, inputs, strict)
            for one, a, b in zip(inputs, theirs, ours.ask(module, data, inputs, strict)):
                triples += 1
                kinds[a[0]] = kinds.get(a[0], 0) + 1
                told = same_rule_by_rule(opa, ours, module, data, one) if strict and a[0] == b[0] == "error" else None
                reordered += told == "" and not same(a, b)
                if told == "" or (told is None and same(a, b)):
                    continue
                # A server that has seen thousands of policies takes now and then what a fresh one refuses.
                opa.close()
                opa = Opa(args.opa)
                a = opa.ask(module, data, [one], strict)[0]
                told = same_rule_by_rule(opa, ours, module, data, one) if strict and a[0] == b[0] == "error" else None
                if told == "" or (told is None and same(a, b)):
                    continue
                different += 1
                print(f"--- policy {number}, strict {strict}\n{module}\ninput {json.dumps(one)}\ndata.d {json.dumps(data)}")
                print(told or differing_rules(a, b), flush=True)
                if args.keep:
                    with args.keep.open("a") as kept:
                        kept.write(json.dumps({"modules": [module], "data": {"d": data}, "input": one}) + "\n")
                break
            if different >= args.stop:
                break
    finally:
        opa.close()
        ours.close()
    print(f"{triples} triples, {different} differences ({reordered} told another of several errors); OPA answered {kinds}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
