# SPDX-License-Identifier: Apache-2.0
"""Small modules at random that a compiler may well refuse: rules that need each other in order, operands of every shape (empty sets,
arrays and objects above all), each expression that types are learnt from. `module(rng)` gives the text of one."""

LEAVES = ["1", '"a"', "true", "null", "set()", "[]", "{}", "input.a", "data.z", "{1}", '["a"]', '{"a": 1}', "{set()}", "[set()]",
          '{"a": set()}', "[[]]"]
DEEPEST = 2


class Maker:
    def __init__(self, rng):
        self.rng = rng
        self.names = []  # rules and functions that stand above, and may be used
        self.made = 0

    def fresh(self):
        self.made += 1
        return f"v{self.made}"

    def one_of(self, *rows):
        """Of rows (weight, function) one is called."""
        return self.rng.choices([made for _, made in rows], [weight for weight, _ in rows])[0]()

    def leaf(self, known, depth):
        rules = [name for name in self.names if name[0] == "r"]
        functions = [name for name in self.names if name[0] == "f"]
        rows = [(34, lambda: self.rng.choice(LEAVES))]
        if known:
            rows.append((40, lambda: self.rng.choice(known)))
        if rules:
            rows.append((10, lambda: self.rng.choice(rules)))
        if functions:
            rows.append((16, lambda: f"{self.rng.choice(functions)}({self.term(known, depth + 1)})"))
        return self.one_of(*rows)

    def some_terms(self, known, depth):
        return ", ".join(self.term(known, depth) for _ in range(self.rng.randint(1, 2)))

    def comprehension(self, known, depth):
        name = self.fresh()
        body = f"some {name} in {self.term(known, depth)}"
        head = self.term([*known, name], depth)
        form = self.rng.choice(["[{} | {}]", "{{{} | {}}}", None])
        return form.format(head, body) if form else f"{{{head}: {self.term([*known, name], depth)} | {body}}}"

    def term(self, known, depth=0):
        if depth > DEEPEST:
            return self.leaf(known, depth)
        below = depth + 1
        return self.one_of(
            (62, lambda: self.leaf(known, depth)),
            (8, lambda: f"[{self.some_terms(known, below)}]"),
            (5, lambda: f"{{{self.some_terms(known, below)}}}"),
            (6, lambda: "{" + self.rng.choice(['"a"', '"b"', self.term(known, below)]) + f": {self.term(known, below)}}}"),
            (6, lambda: self.reference(known, depth)),
            (4, lambda: f"{self.rng.choice(['count', 'upper', 'sum', 'to_number'])}({self.term(known, below)})"),
            (3, lambda: f"object.get({self.term(known, below)}, {self.term(known, below)}, {self.term(known, below)})"),
            (6, lambda: self.comprehension(known, below)))

    def reference(self, known, depth):
        heads = [*known, *(name for name in self.names if name[0] == "r"), "input", "data.z", "[set(), 1]"]
        return self.rng.choice(heads) + self.rng.choice(["[0]", '["a"]', ".a", "[_]", ".b", f"[{self.term(known, depth + 2)}]", "[1]"])

    def binding(self, known):
        first, second = self.fresh(), self.fresh()
        text = self.one_of(
            (30, lambda: f"{first} := {self.term(known)}"), (8, lambda: f"some {first} in {self.term(known)}"),
            (5, lambda: f"[{first}, {second}] {self.rng.choice([':=', '='])} {self.term(known)}"),
            (4, lambda: f"{first} = {self.term(known)}"), (3, lambda: f'{{"a": {first}}} = {self.term(known)}'))
        known.append(first)
        if second in text:
            known.append(second)
        return text

    def test(self, known):
        left, right = self.term(known), self.term(known)
        return self.one_of(
            (12, lambda: f"{left} == {right}"), (8, lambda: f"{left} = {right}"), (12, lambda: f"{left} in {right}"),
            (4, lambda: f"{left}, {self.term(known)} in {right}"), (4, lambda: f"not {left} == {right}"),
            (3, lambda: f"not {self.rng.choice(['count', 'upper'])}({left})"), (3, lambda: f"{left} < {right}"), (3, lambda: left),
            (4, lambda: f"every w in {left} {{ w == {right} }}"))

    def body(self, known):
        parts = [self.binding(known) if self.rng.random() < 0.5 else self.test(known) for _ in range(self.rng.choice([1, 1, 2, 2, 3]))]
        return "; ".join(parts)

    def rule(self, head, argument=()):
        known = list(argument)
        if self.rng.random() < 0.5:
            return f"{head} := {self.term(known)}"
        body = self.body(known)
        return f"{head} := {self.term(known)} if {{ {body} }}"


def module(rng):
    make = Maker(rng)
    lines = ["package p", f"r0 := {rng.choice(LEAVES)}"]
    for name, line in (("r0", ""), ("f0", lambda: make.rule("f0(x)", ["x"])),
                       ("r1", lambda: f"r1 contains {rng.choice(LEAVES)}" if rng.random() < 0.5 else make.rule("r1")),
                       ("f1", lambda: make.rule("f1(x)", ["x"])),
                       ("r2", lambda: make.rule(f"r2[{make.term([])}]" if rng.random() < 0.5 else "r2"))):
        if line:
            lines.append(line())
        make.names.append(name)
    return "\n".join([*lines, f"t if {{ {make.body([])} }}", ""])
