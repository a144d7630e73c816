# SPDX-License-Identifier: Apache-2.0
"""Random policies, data and inputs: mostly well typed, so that they run, and now and then not.

Everything comes from the random.Random given, so a seed names a triple.
"""
import json

STRINGS = ["", "a", "b", "abc", "a.b.c", "a/b", "A", "é", "héllo", "10", "1.5", "-3", "0x1f", "true", "null", " x ",
           "a,b,,c", "aXbXc", "aaa", "%d", "%s-%v", "YWJj", "YWJj=", "616263", "a%20b", "x=1&y=2", "{\"a\": [1, 2]}",
           "[1,", "a: 1", "2021-03-04T05:06:07Z", "2021-03-04", "1h30m", "-5ms", "10MB", "1.5Gi", "3k", "1.2.3",
           "2.0.0-rc.1", "v1.2", "10.0.0.1", "10.0.0.0/30", "10.0.0.0/24", "2001:db8::/64", "spiffe://td/a/b",
           "https://u@h:80/p?q=1#f", "^a+$", "a*", "[a-z]+", "(a)(b)?", "a?c", "{a,b}*", "[", "*.c", "**", "\t", "a\nb",
           "00000000-0000-4000-8000-000000000000", "{{.a}}", "UTC", "Europe/Berlin"]
NUMBERS = ["0", "1", "-1", "2", "3", "7", "10", "100", "1.5", "0.1", "-0.5", "2.0", "1e3", "1e-7", "12345678901234567890",
           "1614834367000000000", "0.30000000000000004", "1e21"]
SMALL = ["0", "1", "2", "3", "5", "-1", "-2", "10"]
KEYS = ["a", "b", "c", "k", "n"]

# name: (argument kinds, result). n number, i small number, s string, b boolean, * anything, A array, N array of
# numbers, T array of strings, S set, O object, M set of sets, P paths
BUILTINS = {
    "abs": ("n", "n"), "ceil": ("n", "n"), "floor": ("n", "n"), "round": ("n", "n"), "count": ("*", "n"),
    "sum": ("N", "n"), "product": ("N", "n"), "max": ("A", "*"), "min": ("A", "*"), "sort": ("A", "A"),
    "array.concat": ("AA", "A"), "array.reverse": ("A", "A"), "array.slice": ("Aii", "A"), "array.flatten": ("A", "A"),
    "base64.decode": ("s", "s"), "base64.encode": ("s", "s"), "base64.is_valid": ("s", "b"),
    "base64url.decode": ("s", "s"), "base64url.encode": ("s", "s"), "base64url.encode_no_pad": ("s", "s"),
    "bits.and": ("ii", "n"), "bits.or": ("ii", "n"), "bits.xor": ("ii", "n"), "bits.negate": ("i", "n"),
    "bits.lsh": ("ii", "n"), "bits.rsh": ("ii", "n"),
    "concat": ("sT", "s"), "contains": ("ss", "b"), "crypto.md5": ("s", "s"), "crypto.sha256": ("s", "s"),
    "crypto.hmac.sha1": ("ss", "s"), "endswith": ("ss", "b"), "format_int": ("ni", "s"), "glob.match": ("sTs", "b"),
    "glob.quote_meta": ("s", "s"), "hex.decode": ("s", "s"), "hex.encode": ("s", "s"), "indexof": ("ss", "n"),
    "indexof_n": ("ss", "A"), "intersection": ("M", "S"), "union": ("M", "S"), "is_array": ("*", "b"),
    "is_boolean": ("*", "b"), "is_null": ("*", "b"), "is_number": ("*", "b"), "is_object": ("*", "b"),
    "is_set": ("*", "b"), "is_string": ("*", "b"), "json.filter": ("OP", "O"), "json.remove": ("OP", "O"),
    "json.is_valid": ("s", "b"), "json.marshal": ("*", "s"), "json.unmarshal": ("s", "*"), "lower": ("s", "s"),
    "upper": ("s", "s"), "net.cidr_contains": ("ss", "b"), "net.cidr_intersects": ("ss", "b"),
    "net.cidr_is_valid": ("s", "b"), "net.cidr_merge": ("T", "S"), "numbers.range": ("ii", "N"),
    "numbers.range_step": ("iii", "N"), "object.get": ("O**", "*"), "object.keys": ("O", "S"),
    "object.remove": ("OA", "O"), "object.filter": ("OA", "O"), "object.union": ("OO", "O"),
    "object.subset": ("OO", "b"), "regex.match": ("ss", "b"), "regex.is_valid": ("s", "b"),
    "regex.find_n": ("ssi", "A"), "regex.split": ("ss", "A"), "regex.replace": ("sss", "s"),
    "regex.find_all_string_submatch_n": ("ssi", "A"), "replace": ("sss", "s"), "semver.compare": ("ss", "n"),
    "semver.is_valid": ("*", "b"), "split": ("ss", "T"), "sprintf": ("sA", "s"), "startswith": ("ss", "b"),
    "strings.any_prefix_match": ("ss", "b"), "strings.any_suffix_match": ("sT", "b"), "strings.count": ("ss", "n"),
    "strings.replace_n": ("Rs", "s"), "strings.reverse": ("s", "s"), "substring": ("sii", "s"),
    "time.add_date": ("niii", "n"), "time.clock": ("n", "A"), "time.date": ("n", "A"), "time.weekday": ("n", "s"),
    "time.diff": ("nn", "A"), "time.format": ("n", "s"), "time.parse_duration_ns": ("s", "n"),
    "time.parse_rfc3339_ns": ("s", "n"), "to_number": ("s", "n"), "trim": ("ss", "s"), "trim_left": ("ss", "s"),
    "trim_prefix": ("ss", "s"), "trim_right": ("ss", "s"), "trim_space": ("s", "s"), "trim_suffix": ("ss", "s"),
    "type_name": ("*", "s"), "units.parse": ("s", "n"), "units.parse_bytes": ("s", "n"), "uri.is_valid": ("s", "b"),
    "uri.parse": ("s", "O"), "urlquery.decode": ("s", "s"), "urlquery.encode": ("s", "s"),
    "urlquery.decode_object": ("s", "O"), "uuid.parse": ("s", "O"), "yaml.is_valid": ("s", "b"),
    "graph.reachable": ("GT", "S"), "graph.reachable_paths": ("GT", "S"), "strings.split_n": ("ssi", "T"),
}
BY_RESULT = {}
for _name, (_args, _result) in BUILTINS.items():
    BY_RESULT.setdefault(_result, []).append(_name)


class Generator:
    def __init__(self, rng):
        self.rng = rng
        self.names = 0
        self.rules = []  # (name, kind of its value)
        self.functions = []  # (name, arity)

    def pick(self, items):
        return items[self.rng.randrange(len(items))]

    def chance(self, share):
        return self.rng.random() < share

    def name(self):
        self.names += 1
        return f"v{self.names}"

    # Values.

    def text(self):
        return json.dumps(self.pick(STRINGS))

    def leaf(self, kind):
        if kind == "n":
            return self.pick(NUMBERS)
        if kind == "i":
            return self.pick(SMALL)
        if kind == "s":
            return self.text()
        if kind == "b":
            return self.pick(["true", "false"])
        if kind == "*":
            return self.leaf(self.pick("nsbASO0"))
        if kind == "0":
            return "null"
        if kind == "N":
            return "[" + ", ".join(self.leaf("n") for _ in range(self.rng.randrange(4))) + "]"
        if kind == "T":
            return "[" + ", ".join(self.text() for _ in range(self.rng.randrange(4))) + "]"
        if kind == "A":
            return "[" + ", ".join(self.leaf(self.pick("nsb")) for _ in range(self.rng.randrange(4))) + "]"
        if kind == "S":
            items = [self.leaf(self.pick("nsb")) for _ in range(self.rng.randrange(4))]
            return "{" + ", ".join(items) + "}" if items else "set()"
        if kind == "M":
            return "{" + ", ".join(self.leaf("S") for _ in range(1 + self.rng.randrange(2))) + "}"
        if kind == "P":
            return self.pick(['["a"]', '["a/b", "k"]', '[["a", "b"]]', '{"a", "n/c"}', '["a/0"]', "[]"])
        if kind == "R":
            return self.pick(['{"a": "b"}', '{"a": "x", "b": "y"}', '{"": "z"}'])
        if kind == "G":
            return '{"a": ["b", "c"], "b": ["a"], "c": []}'
        keys = self.rng.sample(KEYS, self.rng.randrange(4))
        return "{" + ", ".join(f'"{k}": {self.leaf(self.pick("nsbNS"))}' for k in keys) + "}"

    def document(self, kind):
        """A path below input or data.d that mostly has that kind."""
        root = self.pick(["input", "data.d"])
        member = {"n": "n", "i": "i", "s": "s", "b": "t", "N": "nums", "T": "texts", "A": "list", "O": "obj"}.get(kind)
        if member is None:
            member = self.pick(["n", "s", "t", "nums", "list", "obj", "deep.a.b", "missing", "deep"])
        return f"{root}.{member}"

    def value(self, kind, depth, scope):
        known = [name for name, of in scope if of == kind or (kind == "*" and of in "nsbAO")]
        roll = self.rng.random()
        if known and roll < 0.3:
            return self.pick(known)
        if depth <= 0 or roll < 0.45:
            return self.leaf(kind) if self.chance(0.6) else self.document(kind) if kind not in "SMPRGi" else self.leaf(kind)
        if roll < 0.55:
            rules = [name for name, of in self.rules if of == kind]
            if rules:
                return self.pick(rules)
        if kind == "n" and roll < 0.7:
            op = self.pick(["+", "-", "*", "/", "%"])
            right = self.leaf("i") if op in "/%" else self.value("n", depth - 1, scope)
            return f"({self.value('n', depth - 1, scope)} {op} {right})"
        if kind == "S" and roll < 0.75:
            return f"({self.value('S', depth - 1, scope)} {self.pick(['|', '&', '-'])} {self.value('S', depth - 1, scope)})"
        if kind in "ASO" and roll < 0.8:
            return self.comprehension(kind, depth, scope)
        if kind == "s" and roll < 0.6:
            return '$"<{' + self.value(self.pick("nsb"), 0, scope) + '}>"'
        if kind == "*" and roll < 0.7 and self.functions:
            name, arity = self.pick(self.functions)
            return f"{name}({', '.join(self.value('*', depth - 1, scope) for _ in range(arity))})"
        names = BY_RESULT.get(kind)
        if not names:
            return self.leaf(kind)
        return self.call(self.pick(names), depth, scope)

    def call(self, name, depth, scope):
        kinds = BUILTINS[name][0]
        if self.chance(0.015):
            kinds = "".join(self.pick("nsbASO") for _ in kinds)  # a wrong type
        return f"{name}({', '.join(self.value(k, depth - 1, scope) for k in kinds)})"

    def comprehension(self, kind, depth, scope):
        variable = self.name()
        inner = scope + [(variable, "*")]
        body = [f"some {variable} in {self.value(self.pick('ASO'), depth - 1, scope)}"]
        if self.chance(0.5):
            body.append(self.condition(depth - 1, inner))
        item = self.value(self.pick("*n"), depth - 1, inner) if self.chance(0.5) else variable
        body_text = "; ".join(body)
        if kind == "O":
            return "{" + f"{variable}: {item} | {body_text}" + "}"
        return ("[" if kind == "A" else "{") + f"{item} | {body_text}" + ("]" if kind == "A" else "}")

    # Conditions.

    def condition(self, depth, scope):
        roll = self.rng.random()
        if roll < 0.28:
            kind = self.pick("nnsbA*")
            op = self.pick(["==", "!=", "<", "<=", ">", ">="])
            return f"{self.value(kind, depth, scope)} {op} {self.value(kind, depth, scope)}"
        if roll < 0.38:
            return f"{self.value('*', depth, scope)} in {self.value(self.pick('ASO'), depth, scope)}"
        if roll < 0.5:
            return f"not {self.simple(depth, scope)}"
        if roll < 0.6:
            return self.every(depth, scope)
        if roll < 0.68:
            return f"{self.simple(depth, scope)} with input{self.pick(['', '.n', '.obj.a', '.s'])} as {self.leaf('*')}"
        if roll < 0.73:
            return f"{self.simple(depth, scope)} with data.d.{self.pick(['n', 'obj', 's'])} as {self.leaf('*')}"
        return self.simple(depth, scope)

    def simple(self, depth, scope):
        roll = self.rng.random()
        if roll < 0.4:
            kind = self.pick("ns")
            return f"{self.value(kind, depth - 1, scope)} {self.pick(['==', '!=', '<', '>='])} {self.value(kind, depth - 1, scope)}"
        if roll < 0.6:
            return self.document("*")
        if roll < 0.8:
            return self.call(self.pick(BY_RESULT["b"]), depth, scope)
        if self.rules:
            return self.pick(self.rules)[0]
        return "input.t"  # not "true": of `not true` beside a call in the head, OPA 1.22 makes success

    def every(self, depth, scope):
        key, item = self.name(), self.name()
        pair = self.chance(0.3)
        inner = scope + [(item, "*")]
        body = f"{item} {self.pick(['!=', '==', '<'])} {self.value('*', depth - 1, scope)}"
        if pair:
            body += f"; {key} {self.pick(['!=', '=='])} {self.leaf('*')}"
        del inner
        return f"every {key + ', ' if pair else ''}{item} in {self.value(self.pick('ASO'), depth - 1, scope)} {{ {body} }}"

    def body(self, scope, depth=2):
        lines = []
        for _ in range(1 + self.rng.randrange(3)):
            roll = self.rng.random()
            variable = self.name()
            if roll < 0.25:
                kind = self.pick("nsASO*")
                lines.append(f"{variable} := {self.value(kind, depth, scope)}")
                scope.append((variable, kind))
            elif roll < 0.42:
                lines.append(f"some {variable} in {self.value(self.pick('ASO'), depth, scope)}")
                scope.append((variable, "*"))
            elif roll < 0.5:
                key = self.name()
                lines.append(f"some {key}, {variable} in {self.value(self.pick('AO'), depth, scope)}")
                scope += [(variable, "*"), (key, "*")]
            elif roll < 0.56:
                key = self.name()
                lines.append(f"{variable} = {self.pick(['input', 'data.d'])}.{self.pick(['list', 'obj', 'nums', 'deep'])}[{key}]")
                scope += [(variable, "*"), (key, "*")]
            elif roll < 0.6:
                other = self.name()
                lines.append(f"[{variable}, {other}] = [{self.value('n', 1, scope)}, {self.value('s', 1, scope)}]")
                scope += [(variable, "n"), (other, "s")]
            elif roll < 0.63:
                lines.append(f"walk({self.document('O')}, [{self.name()}, {variable}])")
                scope.append((variable, "*"))
            else:
                condition = self.condition(depth, scope)
                # A line that begins with a sign goes on with the one before.
                lines.append(f"({condition})" if condition.startswith("-") and " in " not in condition else condition)
        return [f"true == true; {line}" if line.startswith("-") else line for line in lines]

    # Rules.

    def block(self, lines):
        return " if {\n" + "".join(f"\t{line}\n" for line in lines) + "}"

    def rule(self, number):
        name = f"r{number}"
        roll = self.rng.random()
        if roll < 0.45:
            kind = self.pick("nsbASO*")
            text = f"default {name} := {self.leaf(kind)}\n" if self.chance(0.4) else ""
            for _ in range(self.pick([1, 1, 1, 2, 5])):
                scope = []
                lines = self.body(scope)
                value = self.value(kind, 1, scope)
                text += f"{name} := {value}{self.block(lines)}"
                if self.chance(0.25):
                    scope = []
                    lines = self.body(scope)
                    text += f" else := {self.value(kind, 1, scope)}{self.block(lines)}"
                text += "\n"
            self.rules.append((name, kind))
            return text
        if roll < 0.6:
            scope = []
            lines = self.body(scope)
            text = f"{name} contains {self.value('*', 1, scope)}{self.block(lines)}\n"
            if self.chance(0.4):
                scope = []
                lines = self.body(scope)
                text += f"{name} contains {self.value('*', 1, scope)}{self.block(lines)}\n"
            self.rules.append((name, "S"))
            return text
        if roll < 0.75:
            scope = []
            lines = self.body(scope)
            key = self.name()
            lines.insert(0, f"some {key} in {self.value('T', 1, [])}")
            scope.append((key, "s"))
            text = f"{name}[{key}] := {self.value('*', 1, scope)}{self.block(lines)}\n"
            self.rules.append((name, "O"))
            return text
        if roll < 0.87:
            arity = 1 + self.rng.randrange(2)
            text = ""
            for _ in range(self.pick([1, 1, 2])):
                arguments = [self.name() for _ in range(arity)]
                scope = [(a, "*") for a in arguments]
                if self.chance(0.3):
                    arguments[0] = self.leaf(self.pick("ns"))
                    scope = scope[1:]
                lines = self.body(scope)
                text += f"f{number}({', '.join(arguments)}) := {self.value('*', 1, scope)}{self.block(lines)}\n"
            self.functions.append((f"f{number}", arity))
            return text
        kind = self.pick("nsASO*")
        self.rules.append((name, kind))
        held = self.rules
        self.rules = [r for r in held if r[0] != name]
        text = f"{name} := {self.value(kind, 3, [])}\n"
        self.rules = held
        return text


def any_value(rng, depth=2):
    roll = rng.random()
    if depth == 0 or roll < 0.6:
        return rng.choice([0, 1, -1, 2.5, 10, "a", "b", "abc", "", True, False, None])
    if roll < 0.8:
        return [any_value(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {rng.choice(KEYS): any_value(rng, depth - 1) for _ in range(rng.randrange(4))}


def document(rng):
    made = {"n": rng.choice([0, 1, 2, 3.5, 10, -4]), "i": rng.choice([0, 1, 2]), "s": rng.choice(STRINGS), "t": rng.random() < 0.6,
            "nums": [rng.choice([0, 1, 2, 3, 1.5]) for _ in range(rng.randrange(5))],
            "texts": [rng.choice(STRINGS) for _ in range(rng.randrange(4))],
            "list": [any_value(rng, 1) for _ in range(rng.randrange(4))],
            "obj": {k: any_value(rng, 1) for k in rng.sample(KEYS, rng.randrange(4))},
            "deep": {"a": {"b": any_value(rng)}, "c": any_value(rng)}}
    for name in list(made):
        if rng.random() < 0.08:
            del made[name]
        elif rng.random() < 0.05:
            made[name] = any_value(rng)
    return made


def triple(rng, inputs):
    generator = Generator(rng)
    rules = [generator.rule(number) for number in range(1 + rng.randrange(6))]
    module = "package p\n\n" + "\n".join(rules)
    return module, document(rng), [document(rng) if rng.random() < 0.95 else any_value(rng) for _ in range(inputs)]
