"""Where the keys of a TOML text stand: tomllib gives the values and no lines."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right

__all__ = ["KeyPath", "positions"]

KeyPath = tuple[str | int, ...]

_SKIP = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_BASIC = r'"(?:[^"\\\n]|\\.)*"'
_LITERAL = r"'[^'\n]*'"
_KEY = re.compile(rf"{_BASIC}|{_LITERAL}|[^\s.=\[\]\"'#,{{}}]+")
# A closing delimiter may carry two more quotes, which belong to the text.
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}' + r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}" + f"|{_BASIC}|{_LITERAL}", re.DOTALL
)
_BARE = re.compile(r"[^,\]}#\n]+")


def positions(text: str) -> dict[KeyPath, int]:
    """Finds the line, counted from 1, of every table, key and element of a valid TOML text.

    Paths are tuples of keys and, within arrays, indices: the `base_wage` of the second `[[region]]` is
    `("region", 1, "base_wage")`. A table has the line of its header, or of its first mention without one.
    The text must have been accepted by tomllib: this scanner checks nothing.
    """
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str):
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self.breaks = [match.start() for match in re.finditer("\n", text)]
        self.elements: dict[KeyPath, int] = {}

    def scan(self) -> dict[KeyPath, int]:
        prefix: KeyPath = ()
        while self.skip():
            if self.text[self.at] == "[":
                prefix = self.header()
            else:
                self.pair(prefix)
        return self.lines

    def header(self) -> KeyPath:
        line = self.line()
        repeated = self.text.startswith("[[", self.at)
        self.at += 2 if repeated else 1
        keys = self.keys()
        self.at += 2 if repeated else 1
        path: KeyPath = ()
        for key in keys[:-1]:
            path = self.last_element((*path, key))
            self.lines.setdefault(path, line)
        path = (*path, keys[-1])
        if repeated:
            self.lines.setdefault(path, line)
            self.elements[path] = self.elements.get(path, -1) + 1
        path = self.last_element(path)
        self.lines[path] = line
        return path

    def last_element(self, path: KeyPath) -> KeyPath:
        return (*path, self.elements[path]) if path in self.elements else path

    def pair(self, prefix: KeyPath) -> None:
        line = self.line()
        path = prefix
        for key in self.keys():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self.at += 1  # the equals sign
        self.skip()
        self.value(path)

    def value(self, path: KeyPath) -> None:
        opening = self.text[self.at]
        if opening in "\"'":
            self.at = self.matched(_STRING).end()
        elif opening == "[":
            self.at += 1
            element = 0
            while self.skip() and self.text[self.at] != "]":
                self.lines[(*path, element)] = self.line()
                self.value((*path, element))
                element += 1
                self.comma()
            self.at += 1
        elif opening == "{":
            self.at += 1
            while self.skip() and self.text[self.at] != "}":
                self.pair(path)
                self.comma()
            self.at += 1
        else:
            self.at = self.matched(_BARE).end()

    def keys(self) -> list[str]:
        found = []
        while True:
            self.blank()
            match = self.matched(_KEY)
            self.at = match.end()
            found.append(_plain(match.group()))
            self.blank()
            if self.text[self.at] != ".":
                return found
            self.at += 1

    def comma(self) -> None:
        self.skip()
        if self.text[self.at] == ",":
            self.at += 1

    def matched(self, pattern: re.Pattern[str]) -> re.Match[str]:
        match = pattern.match(self.text, self.at)
        # The text is valid TOML: what the grammar asks for here stands here.
        assert match is not None
        return match

    def blank(self) -> None:
        self.at = self.matched(_BLANK).end()

    def skip(self) -> bool:
        """Passes blanks, line ends and comments; says whether anything is left."""
        self.at = self.matched(_SKIP).end()
        return self.at < len(self.text)

    def line(self) -> int:
        return bisect_right(self.breaks, self.at) + 1


def _plain(key: str) -> str:
    if key[0] == "'":
        return key[1:-1]
    # Escapes are tomllib's business.
    return tomllib.loads(f"key = {key}")["key"] if key[0] == '"' else key
