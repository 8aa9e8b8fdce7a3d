"""The pages say what is there: links lead to files and headings, and the commands that are shown parse."""

import re
import shlex
from pathlib import Path

import pytest

from redqueen import cli
from redqueen.errors import Refused

ROOT = Path(__file__).parents[1]
WRITTEN = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES = WRITTEN + sorted(page for page in (ROOT / "docs").rglob("*.md") if "questions" not in page.parts)
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
#: What a page writes for something of the reader's own, or for several words.
_STANDS_FOR = ("...", "COMMAND")


def headings(page):
    """Gives the anchors of a page's headings, as GitHub and MyST name them."""
    lines = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_to_a_file_and_a_heading(page):
    lost = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        place, _, anchor = link.partition("#")
        target = page if not place else page.parent / place
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in headings(target)):
            lost.append(link)
    assert lost == []


def shown_commands(page):
    """Yields the redqueen commands of a page's blocks of code, continued lines joined and remarks left out."""
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"^ *```[a-z]*\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL):
        for line in re.sub(r" *\\\n *", " ", block).splitlines():
            words = line.strip().removeprefix("$ ")
            stands_for = any(word in words for word in _STANDS_FOR) or re.search(r"\[--|\bTRIAL OUTCOME\b", words)
            if re.match(r"redqueen [a-z]", words) and not stands_for:
                yield words


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_that_are_shown_parse(page):
    parser, refused = cli._parser(), []
    for command in shown_commands(page):
        try:
            parser.parse_args(shlex.split(command, comments=True)[1:])
        except Refused as refusal:
            refused.append(f"{command}: {refusal}")
    assert refused == []


def test_commands_are_found_where_they_are_shown():
    assert len(list(shown_commands(ROOT / "docs" / "command_line.md"))) > 30
    assert len(list(shown_commands(ROOT / "README.md"))) > 3
    assert len(list(shown_commands(ROOT / "docs" / "tutorial.md"))) > 5
