"""Makes inputs that nobody should send out of inputs that are right: by edits of a document, of its text, and of its bytes.

An input is a list of edits, each a name and a number; the same list makes the same input.
"""

import copy
import datetime
import gzip
import io
import json
import random
import re
import zipfile
from collections.abc import Callable, Iterator

from hypothesis import strategies as st

Edit = tuple[str, int]
Tree = dict | list
LONG = 100_000
TEXTS = (
    "", " ", "none", "target", "default", "chosen", "value", "source", "page", "DECLARED", "\0", "a\nb", "\r", "\t",
    "\u202e\u0627\u0644", "\u212b\u030a", "\ufeff",
    "\U0001f469\u200d\U0001f52c", "\u00fc" * 300, "x" * LONG, "../../../../etc/passwd", "/etc/passwd", "/dev/zero", "/dev/stdin",
    "C:\\nul", "toy.toml",
    "input.toml", ".", "..", "~", "%s%n", "{0}", "{value}", "[/red]", "[bold]", "[red on blue]", "<script>alert(1)</script>",
    "'; drop table x; --", "=1+1", "-h", "--debug",
    "1e5", "nan", "NaN", "0x10", "1_0", "\u0663", "sqlite://", "postgresql://x", "http://127.0.0.1:9/", "\u0130\u0131",
    "__class__", "\x7f", "\x85", "\u2028",
)  # fmt: skip
NUMBERS = (
    0, -1, 1, 2, 3, -0.0, 0.5, 1e-320, 5e-324, 1e300, 1.7976931348623157e308, float("inf"), float("-inf"), float("nan"), 2**31,
    2**63, -(2**63), 2**64, 10**30,
    10**400, 1e9, 1e6, 1990, 1990.25, 1990.1, 2999.75, 3000, 1.0, -1e-9, 0.1 + 0.2,
)  # fmt: skip
OTHERS = (
    True, False, [], {}, [[]], [{}], {"value": 1}, {"source": "chosen"}, {"value": {}, "source": 3}, {"value": float("nan"),
    "source": "chosen: x"}, [1, "a", None],
    datetime.date(1990, 1, 1), datetime.datetime(1990, 1, 1, tzinfo=datetime.UTC), datetime.time(1, 2), ["a"] * 1000, {"": ""},
    {"a": {"a": {"a": 1}}}, {"\0": 1}, {"x" * 5000: 1},
)  # fmt: skip


def edits(known: dict[str, Callable], most: int = 4) -> st.SearchStrategy[list[Edit]]:
    """Give lists of edits for Hypothesis, the shortest first."""
    return st.lists(st.tuples(st.sampled_from(sorted(known)), st.integers(0, 2**32 - 1)), min_size=1, max_size=most)


def drawn(known: dict[str, Callable], draw: random.Random, most: int = 4) -> list[Edit]:
    """Draw a list of edits: for long runs, which need no shortest example."""
    return [(draw.choice(sorted(known)), draw.getrandbits(32)) for _ in range(draw.choice((1, 1, 1, 2, 3, most)))]


# Trees: what TOML and JSON hold


def places(tree: Tree, path: tuple = ()) -> Iterator[tuple]:
    """Yield the path of everything in a tree, but for the tree itself."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*path, key))


def at(tree: Tree, path: tuple):
    for key in path:
        tree = tree[key]
    return tree


def _place(tree: Tree, draw: random.Random) -> tuple[Tree, object] | None:
    """Choose a place: a table or list, and the key of something in it. Tables of few keys are as likely as those of many."""
    found = list(places(tree))
    if not found:
        return None
    wanted = draw.choice([path[:-1] for path in found]) if draw.random() < 0.5 else draw.choice(found)[:-1]
    holder = at(tree, wanted)
    return holder, draw.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))


def _anything(draw: random.Random):
    return copy.deepcopy(draw.choice(draw.choice((TEXTS, NUMBERS, OTHERS))))


def _remove(holder, key, tree, draw):
    del holder[key]


def _retype(holder, key, tree, draw):
    holder[key] = _anything(draw)


def _renumber(holder, key, tree, draw):
    holder[key] = draw.choice(NUMBERS)


def _reword(holder, key, tree, draw):
    holder[key] = draw.choice(TEXTS)


def _scale(holder, key, tree, draw):
    value = holder[key]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        holder[key] = draw.choice((-value, value * 1000, value / 1000, value + 1, value - 1, float(value), -1e6 * value))


def _twice(holder, key, tree, draw):
    if isinstance(holder, list):
        holder.insert(draw.randrange(len(holder) + 1), copy.deepcopy(holder[key]))
    else:
        holder[f"{key}_"] = copy.deepcopy(holder[key])


def _elsewhere(holder, key, tree, draw):
    """Put here what stands elsewhere: names that are known but mean something else, and tables within tables."""
    holder[key] = copy.deepcopy(at(tree, draw.choice(list(places(tree)))))


def _alike(holder, key, tree, draw):
    """Put here what another table says under the same key: two of one name, circles."""
    others = [path for path in places(tree) if path[-1] == key]
    holder[key] = copy.deepcopy(at(tree, draw.choice(others)))


def _rename(holder, key, tree, draw):
    if isinstance(holder, dict):
        name = draw.choice((key[:-1] or "x", key.upper(), draw.choice(TEXTS), str(draw.choice(list(places(tree)))[-1])))
        holder[name] = holder.pop(key)


def _wrap(holder, key, tree, draw):
    holder[key] = draw.choice(([holder[key]], {"value": holder[key]}, {"value": holder[key], "source": "chosen: why not"},
        [holder[key]] * 3))


def _many(holder, key, tree, draw):
    value = holder[key]
    holder[key] = value * 200 if isinstance(value, list) and len(value) < 50 else [value] * 200 if not isinstance(value, (dict,
        list)) else value


def _shuffle(holder, key, tree, draw):
    if isinstance(holder[key], list):
        draw.shuffle(holder[key])


def _add(holder, key, tree, draw):
    if isinstance(holder, dict):
        holder[draw.choice(TEXTS)] = _anything(draw)
    else:
        holder.append(_anything(draw))


TREE: dict[str, Callable] = {
    edit.__name__[1:]: edit
    for edit in (_remove, _retype, _renumber, _reword, _scale, _twice, _elsewhere, _alike, _rename, _wrap, _many, _shuffle, _add)
}


def changed_tree(tree: Tree, listed: list[Edit]) -> Tree:
    """Give a copy of a tree with the edits of a list done to it, one after the other."""
    tree = copy.deepcopy(tree)
    for name, number in listed:
        draw = random.Random(f"{name} {number}")
        found = _place(tree, draw)
        if found:
            TREE[name](*found, tree, draw)
    return tree


def toml_text(tree: dict) -> str:
    """Write a tree as TOML, tables with headers."""
    return "\n".join(_lines(tree, ())) + "\n"


def _lines(table: dict, path: tuple) -> Iterator[str]:
    def is_tables(value):
        return isinstance(value, list) and value and all(isinstance(one, dict) for one in value)

    for key, value in table.items():
        if not isinstance(value, dict) and not is_tables(value):
            yield f"{_quoted(key)} = {_inline(value)}"
    for key, value in table.items():
        header = ".".join(map(_quoted, (*path, key)))
        if isinstance(value, dict):
            yield f"[{header}]"
            yield from _lines(value, (*path, key))
        elif is_tables(value):
            for one in value:
                yield f"[[{header}]]"
                yield from _lines(one, (*path, key))


def _inline(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        # Python itself writes no whole number of more than some thousand digits.
        return str(value) if abs(value) < 10**4000 else "9" * 4400
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, (datetime.date, datetime.datetime, datetime.time)):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_quoted(key)} = {_inline(one)}' for key, one in value.items())}}}"
    return _quoted("" if value is None else str(value))


def _quoted(key: object) -> str:
    return json.dumps(str(key), ensure_ascii=False).replace("\x7f", "\\u007f")


def json_text(tree: object) -> bytes:
    """Write a tree as JSON; numbers that JSON does not have as Python writes them, which is not JSON."""
    return json.dumps(tree, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass")


# Texts


def _lines_of(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True) or [b""]


def _line_lost(data, draw):
    lines = _lines_of(data)
    del lines[draw.randrange(len(lines))]
    return b"".join(lines)


def _line_twice(data, draw):
    lines = _lines_of(data)
    lines.insert(draw.randrange(len(lines) + 1), draw.choice(lines))
    return b"".join(lines)


def _lines_swapped(data, draw):
    lines = _lines_of(data)
    one, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def _within(data, draw, what: bytes):
    here = draw.randrange(len(data) + 1)
    return data[:here] + what + data[here:]


def _word_in(data, draw):
    return _within(data, draw, draw.choice((*TEXTS, *map(str, NUMBERS[:-4]))).encode()[:2000])


def _number_replaced(data, draw):
    found = list(re.finditer(rb"\d+(?:\.\d+)?", data))
    if not found:
        return data
    one = draw.choice(found)
    new = draw.choice((b"nan", b"-inf", b"inf", b"9" * 5000, b"1e999", b"-1", b"1e-400", b"0", b"0x1F", b"1__0", b"1979-05-27",
        b"[1]", b'""', b"1,5", b"\xd9\xa3"))
    return data[: one.start()] + new + data[one.end() :]


def _mark(data, draw):
    return _within(data, draw, draw.choice((b'"', b"'", b'"""', b"'''", b"[", b"]", b"{", b"}", b"=", b",", b"#", b"\\", b".",
        b"[[", b";", b"\t", b"|")))


def _nested(data, draw):
    depth = draw.choice((100, 1000, 20_000))
    return data + b"\n" + draw.choice((
        b"deep = " + b"[" * depth + b"]" * depth, b"deep = " + b"{a=" * depth + b"1" + b"}" * depth,
        b".".join([b"a"] * depth) + b" = 1",
        b"[" + b".".join([b"a"] * depth) + b"]\nb = 1", b"deep = " + b"[" * depth, b"[[x]]\n" * depth,
    )) + b"\n"  # fmt: skip


def _encoded(data, draw):
    text = data.decode("utf-8", "replace")
    return text.encode(draw.choice(("utf-16", "utf-16-be", "utf-32", "utf-7", "cp1252", "cp037")), "replace")


def _broken_letter(data, draw):
    return _within(data, draw, draw.choice((b"\xe9", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\x80", b"\xf8\x88\x80\x80\x80",
        b"\xf4\x90\x80\x80")))


TEXT: dict[str, Callable] = {
    "line_lost": _line_lost, "line_twice": _line_twice, "lines_swapped": _lines_swapped, "word_in": _word_in,
    "number_replaced": _number_replaced,
    "mark": _mark, "nested": _nested, "encoded": _encoded, "broken_letter": _broken_letter,
    "byte_order_mark": lambda data, draw: b"\xef\xbb\xbf" * draw.randint(1, 2) + data,
    "carriage_returns": lambda data, draw: data.replace(b"\n", draw.choice((b"\r\n", b"\r", b"\n\r", b"\x0b", b"\xe2\x80\xa8"))),
    "null_bytes": lambda data, draw: _within(data, draw, b"\0" * draw.randint(1, 64)),
    "long_line": lambda data, draw: _within(data, draw, draw.choice((b"x", b" ", b"9", b",", b'"')) * LONG),
}  # fmt: skip


# Bytes


def _cut(data, draw):
    return data[: draw.randrange(len(data) + 1)]


def _flipped(data, draw):
    changed = bytearray(data)
    for _ in range(draw.choice((1, 1, 3, 30))):
        if changed:
            changed[draw.randrange(len(changed))] ^= draw.randrange(1, 256)
    return bytes(changed)


def _piece_lost(data, draw):
    first, last = sorted((draw.randrange(len(data) + 1), draw.randrange(len(data) + 1)))
    return data[:first] + data[last:]


def _piece_twice(data, draw):
    first, last = sorted((draw.randrange(len(data) + 1), draw.randrange(len(data) + 1)))
    return data[:last] + data[first : min(last, first + 1_000_000)] + data[last:]


def _sealed_again(data, draw):
    """Flip what is packed, and pack it again with checksums that are right: what a reader of the inside alone can find."""
    if data[:2] == b"\x1f\x8b":
        try:
            return gzip.compress(_flipped(gzip.decompress(data), draw), 1, mtime=0)
        except (OSError, EOFError, ValueError, zipfile.zlib.error):
            return data
    if data[:2] != b"PK":
        return data
    new = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as written:
            names = old.namelist()
            hit = draw.choice(names) if names else None
            for name in names:
                content = old.read(name)
                written.writestr(name, draw.choice((_flipped, _cut, _number_replaced))(content, draw) if name == hit else content)
    except Exception:
        return data
    return new.getvalue()


BYTES: dict[str, Callable] = {
    "cut": _cut, "flipped": _flipped, "piece_lost": _piece_lost, "piece_twice": _piece_twice, "sealed_again": _sealed_again,
    "random_end": lambda data, draw: data + draw.randbytes(draw.randint(1, 3000)),
    "random_start": lambda data, draw: draw.randbytes(draw.randint(1, 64)) + data,
    "random_all": lambda data, draw: draw.randbytes(draw.randint(0, 5000)),
    "random_tail": lambda data, draw: data[: draw.randint(0, 16)] + draw.randbytes(draw.randint(0, 5000)),
    "other_magic": lambda data, draw: draw.choice((b"PK\x03\x04", b"\x1f\x8b", b"PAR1", b"\x89HDF\r\n", b"%PDF", b"BZh9",
    b"SQLite format 3\0", b"RDX3\n")) + data[4:],
    "packed": lambda data, draw: gzip.compress(data, 1, mtime=0),
    "packed_twice": lambda data, draw: gzip.compress(gzip.compress(data, 1, mtime=0), 1, mtime=0),
}  # fmt: skip


def changed_bytes(data: bytes, listed: list[Edit]) -> bytes:
    """Give bytes with the edits of a list done to them, one after the other."""
    for name, number in listed:
        data = {**TEXT, **BYTES}[name](data, random.Random(f"{name} {number}"))[:4_000_000]
    return data
