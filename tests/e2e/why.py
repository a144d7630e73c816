# SPDX-License-Identifier: Apache-2.0
"""A denied decision asked again for its reason: the trace names a rule and an expression, and the first near miss flips it."""
import json
import re


def steps(path):
    """input.context["a b"].n[0] as a list of keys, without its root."""
    parts = re.findall(r'\.([A-Za-z_]\w*)|\[("(?:[^"\\]|\\.)*"|-?\d+)\]', path)
    return [name or json.loads(bracket) for name, bracket in parts]


def set_at(document, path, change):
    """The document with what the change says; a collection grows or shrinks, a member is set or taken away."""
    if not path:
        if change["adds"]:
            return (document or []) + [change["value"]] if isinstance(document, list) or document is None else [change["value"]]
        if change["removes"]:
            return [x for x in document if x != change["value"]] if isinstance(document, list) else None
        return change["value"]
    if isinstance(document, list):
        out = list(document)
        out[path[0]] = set_at(out[path[0]], path[1:], change)
        return out
    out = dict(document or {})
    made = set_at(out.get(path[0]), path[1:], change)
    out.pop(path[0], None)
    if made is not None:
        out[path[0]] = made
    return out


def check_denied(case, rego, asked, data=None, path="agentweave/authz/allow"):
    """Asks `authz check --trace` why, and `policy eval` about the change it names first. True when that flips the decision."""
    policy = case.dir / "why"
    policy.mkdir(exist_ok=True)
    (policy / "authz.rego").write_text(rego)
    documents = {"input": asked, "data": data or {}}
    files = {}
    for name, content in documents.items():
        files[name] = case.dir / f"why-{name}.json"
        files[name].write_text(json.dumps(content))
    said = case.run_cli("authz", "check", "--policy", policy, "--data", files["data"], "--policy-path", path, "--input", files["input"],
                        "--trace", "-o", "json")
    case.assertEqual(said.returncode, 3, said.stderr)
    trace = json.loads(said.stdout)["data"]["trace"]
    failed = [e for rule in trace["rules_evaluated"] for e in rule["expressions"] if e["state"] == "failed"]
    case.assertTrue(failed, "no expression is named")
    case.assertTrue(all(e["line"] > 0 and e["text"] for e in failed))
    case.assertTrue(trace["closest_rule"], trace)
    case.assertTrue(trace["what_would_flip_it"], "no change is named")
    first = trace["what_would_flip_it"][0]
    for change in [first, *first["also"]]:
        documents[change["in"]] = set_at(documents[change["in"]], steps(change["path"]), change)
    for name, content in documents.items():
        files[name].write_text(json.dumps(content))
    then = case.run_cli("policy", "eval", "-d", policy, "-d", files["data"], "-i", files["input"], "data." + path.replace("/", "."), "--format", "json")
    case.assertEqual(then.returncode, 0, then.stderr)
    value = json.loads(then.stdout).get("result", [{}])[0]["expressions"][0]["value"]
    return value is True or (isinstance(value, dict) and value.get("allow") is True and value.get("deny", False) is False), first["text"]
