"""Every key of a TOML file has its line."""

import json
import string
import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from redqueen.policies.positions import positions

# Lines


EXAMPLE = '''# a comment
title = "one"

[case]
"quoted key" = 1
'literal # key' = { value = [1, 2], source = "x # not a comment" }
dotted.inner."deep.est" = 3
text = """
[not.a.header]
key = "no key" """
after = true
list = [
  # comment, with ] and }
  "a",
  { name = "b", size = 2 },
  [3,
   4],
]

[[region]]
name = "core"
[region.first_firms]
design = 1
[[region]]
name = "low"
base_wage = .1e0
[[region.sub]]
x = 1
[[region.sub]]
x = 2
[implied.parent.table]
'''.replace(".1e0", "0.1")


def test_every_key_has_its_line():
    lines = positions(EXAMPLE)
    written = EXAMPLE.splitlines()
    expected = {
        ("title",): 2, ("case",): 4, ("case", "quoted key"): 5, ("case", "literal # key"): 6,
        ("case", "literal # key", "value", 1): 6,
        ("case", "dotted", "inner", "deep.est"): 7, ("case", "text"): 8, ("case", "after"): 11, ("case", "list"): 12,
        ("case", "list", 0): 14, ("case", "list", 1, "size"): 15, ("case", "list", 2, 0): 16, ("case", "list", 2, 1): 17,
        ("region", 0): 20, ("region", 0, "first_firms"): 22, ("region", 0, "first_firms", "design"): 23, ("region", 1): 24,
        ("region", 1, "base_wage"): 26, ("region", 1, "sub", 0): 27, ("region", 1, "sub", 1, "x"): 30, ("implied",): 31,
        ("implied", "parent", "table"): 31,
    }
    for path, line in expected.items():
        assert lines[path] == line, (path, written[line - 1])
    assert set(lines) == paths_of(tomllib.loads(EXAMPLE))


def test_text_may_end_in_quotes_of_its_own():
    text = 'a = """x""""\nb = \'\'\'\ny\'\'\'\'\'\nc = "\\\\"\nd = "\\""\ne = 1'
    assert positions(text) == {("a",): 1, ("b",): 2, ("c",): 4, ("d",): 5, ("e",): 6}
    assert set(positions(text)) == paths_of(tomllib.loads(text))


def test_line_ends_of_other_systems_count_once():
    assert positions("a = 1\r\n\r\n[b]\r\nc = '''\r\n\r\n'''\r\nd = 2\r\n") == {("a",): 1, ("b",): 3, ("b", "c"): 4, ("b", "d"): 7}


def paths_of(value, path=()):
    found = set() if path == () else {path}
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        found |= paths_of(inner, (*path, key))
    return found


keys = st.one_of(
    st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=6), st.text(max_size=6).filter(str.isprintable)
)
scalars = st.one_of(
    st.integers(-(2**40), 2**40), st.booleans(), st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.sampled_from(["[a]", 'b = "c"', "# no", "'''", '"""x', "{", "},]\\"]),
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8)
documents = st.dictionaries(keys, values, max_size=5)


class Writer:
    """Writes a tree as TOML in styles that `choose` picks, and keeps the line of every path."""

    def __init__(self, choose):
        self.choose = choose
        self.text = ""
        self.lines = {}

    def put(self, text):
        self.text += text

    def mark(self, path):
        self.lines.setdefault(path, self.text.count("\n") + 1)

    def gap(self):
        self.put(self.choose(["", " ", "\n", "\n# ] } = [x]\n", "\t"]))

    def table(self, table, path, headings):
        # Plain values first: what follows a header belongs to it.
        later = {}
        for key, value in table.items():
            as_tables = isinstance(value, list) and value and all(isinstance(element, dict) for element in value)
            if headings and (isinstance(value, dict) or as_tables) and self.choose([True, False]):
                later[key] = value
                continue
            self.mark((*path, key))
            self.put(f"{self.key(key)} = ")
            self.value(value, (*path, key))
            self.put(self.choose(["\n", "  # a note\n", "\n\n"]))
        for key, value in later.items():
            if isinstance(value, dict):
                self.header((*path, key), "[", "]")
                self.table(value, (*path, key), True)
            else:
                self.mark((*path, key))
                for position, element in enumerate(value):
                    self.header((*path, key, position), "[[", "]]")
                    self.table(element, (*path, key, position), True)

    def header(self, path, opening, closing):
        self.mark(path)
        self.put(opening + " . ".join(self.key(key) for key in path if isinstance(key, str)) + closing + "\n")

    def value(self, value, path):
        if isinstance(value, dict):
            self.put("{")
            for position, (key, inner) in enumerate(value.items()):
                self.put(", " if position else " ")
                self.mark((*path, key))
                self.put(f"{self.key(key)} = ")
                self.value(inner, (*path, key))
            self.put("}")
        elif isinstance(value, list):
            self.put("[")
            for position, inner in enumerate(value):
                self.gap()
                self.mark((*path, position))
                self.value(inner, (*path, position))
                self.gap()
                self.put(",")
            self.gap()
            self.put("]")
        elif isinstance(value, str):
            self.put(self.string(value))
        elif isinstance(value, bool):
            self.put(str(value).lower())
        else:
            self.put(repr(value))

    def string(self, value):
        styles = [escaped(value), '"""\n' + escaped(value)[1:-1].replace("\\n", "\n") + '"""']
        if value.isprintable() and "'" not in value:
            styles += [f"'{value}'", f"'''\n{value}'''"]
        return self.choose(styles)

    def key(self, key):
        bare = key and all(letter in string.ascii_letters + string.digits + "-_" for letter in key)
        return self.choose([key, escaped(key)]) if bare else escaped(key)


def escaped(value):
    return json.dumps(value).replace("\x7f", "\\u007f") if value.isascii() else '"' + "".join(
        f"\\U{ord(letter):08x}" for letter in value
    ) + '"'


@settings(max_examples=150, deadline=None)
@given(documents, st.data())
def test_lines_survive_a_round_trip_through_text(tree, data):
    writer = Writer(lambda styles: data.draw(st.sampled_from(styles)))
    writer.table(tree, (), True)
    # Oracles that know nothing of the scanner: tomllib for the content, the writer for the lines.
    assert tomllib.loads(writer.text) == tree
    assert positions(writer.text) == writer.lines
