#!/usr/bin/env python3
"""trace.py FIRST.log SECOND.log ACTION: the records of the trace in which SECOND saw ACTION, of both audit logs, in their order."""
import json
import sys

first, second = ([json.loads(line) for line in open(path)] for path in sys.argv[1:3])
trace = next(r["trace_id"] for r in reversed(second) if r.get("action") == sys.argv[3])
records = [r for r in first + second if r.get("trace_id") == trace and r.get("event_type") == "AUTH_CHECK"]
name = lambda spiffe_id: spiffe_id.rsplit("/", 1)[-1]
print(", ".join(f"{name(r['caller_spiffe_id'])} -> {name(r['callee_spiffe_id'])} {r['action']} {r['decision']}" for r in records) + ": one trace")
