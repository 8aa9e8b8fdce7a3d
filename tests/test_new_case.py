"""A new case begins with a file that runs and explains itself from the declarations.

A bundled one can be copied; a gallery shows them.
"""

import re
from dataclasses import replace

import numpy
import pytest
from toy_trial import CASE

from redqueen.cases.arms import read_policies
from redqueen.cases.case import bundled, bundled_file, case, read_case
from redqueen.cases.keys import KEYS, TABLES
from redqueen.cases.new_case import annotated_case, new_case
from redqueen.cli import main
from redqueen.errors import Refused
from redqueen.model.endowments import ENDOWMENTS
from redqueen.model.instruments import INSTRUMENTS
from redqueen.model.simulate import simulate
from redqueen.policies.document import Document
from redqueen.report.gallery import LARGEST

ENDOWMENT = {endowment.name: endowment for endowment in ENDOWMENTS}
# A key that the file does without: one sign, and the key right behind it.
UNUSED = re.compile(r"#(\w+) = (.*)")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def text():
    return annotated_case("mine")


def lines_below(text, header):
    """Give the lines of the first table of a header."""
    lines = text.splitlines()
    first = next(place for place, line in enumerate(lines) if line.lstrip("#") == header)
    below = next((place for place in range(first + 1, len(lines)) if not lines[place]), len(lines))
    return lines[first + 1 : below]


# A new case


def test_a_new_case_passes_check_and_runs_at_once(here, capsys):
    assert main(["new-case", "mine"]) == 0
    assert main(["check", "mine.toml"]) == 0
    assert "case mine, 2 regions, 2 policies" in capsys.readouterr().out
    assert main(["run", "mine.toml", "--quarters", "8", "--check"]) == 0
    assert "every one closed" in capsys.readouterr().out
    assert main(["compare", "mine.toml", "--seeds", "2", "--quarters", "24", "--window", "4"]) == 0
    assert main(["show", "mine.toml"]) == 0


def test_nobody_dies_in_a_new_case(here):
    world = read_case(new_case("mine")).world
    firms = simulate(replace(world, quarters=40), seed=1).arrays["firms"]
    assert (firms > 0).all() and firms[0].sum() < 200


@pytest.mark.parametrize("table", sorted(set(KEYS) - {"measured"}))
def test_every_key_is_explained_where_it_stands(text, table):
    header = {"case": "[case]", "modularity": "[modularity]"}.get(table, f"[[{table}]]")
    below = lines_below(text, header)
    for key, meaning in KEYS[table].items():
        if (table, key) in {("policy", "change"), ("policy", "government")}:
            continue
        place = next(number for number, line in enumerate(below) if re.match(rf"#?{key} = ", line))
        # The comment may be folded: its words stand before the key.
        words = " ".join(line.lstrip("# ") for line in below[:place])
        assert f"{key}: {' '.join(meaning.split())}" in words, key


def test_every_table_endowment_and_instrument_is_explained(text):
    words = " ".join(line.lstrip("# ") for line in text.splitlines())
    assert [name for name, meaning in TABLES.items() if meaning not in words and name not in ("policy",)] == []
    assert [one.name for one in ENDOWMENTS if f"{one.name}: {one.meaning} ({one.unit}" not in words] == []
    assert [one.name for one in INSTRUMENTS if f"{one.name} ({one.unit}" not in words or one.meaning not in words] == []
    assert [key for key, meaning in KEYS["measured"].items() if f"{key}: {meaning}" not in words] == []


def test_what_is_left_out_stands_at_the_default_that_is_shown(here, text):
    shown = {name: value for name, value in UNUSED.findall(text) if name in ENDOWMENT}
    assert shown and all(float(value) == ENDOWMENT[name].default for name, value in shown.items())
    # A table of its own without a header is none: those of industries stay out.
    used = re.sub(r"(?m)^#(?!demand_share)(\w+) = ", lambda match: f"{match[1]} = " if match[1] in shown else match[0], text)
    (here / "all.toml").write_text(used)
    (here / "few.toml").write_text(text)
    every, few = (read_case(here / name).world.endowments for name in ("all.toml", "few.toml"))
    assert all(numpy.array_equal(every[name], few[name]) for name in every)


def test_the_optional_blocks_can_be_taken_over(here, text):
    """A fact, taken from behind its signs, is read once its source is named and the alternatives are left out."""
    kept = text.replace('# my_source = "', 'my_source = "').replace("#[[fact]]", "[[fact]]")
    for key in ("name", "region", "outcome", "year", "value", "unit", "held_out", "source", "measured"):
        start = kept.index("[[fact]]")
        kept = kept[:start] + kept[start:].replace(f"#{key} = ", f"{key} = ", 1)
    (here / "mine.toml").write_text(kept)
    assert read_case(here / "mine.toml").facts[0].measured.over == "abroad"


def test_keys_are_declared_once(tmp_path):
    """A key that is not declared is refused, in each table of a case that lists its keys there."""
    for header, table in (
        ("[case]", "case"), ("[[policy]]", "policy"), ("[[stage]]", "stage"), ("[[region]]", "region"), ("[[pair]]", "pair")
    ):
        path = tmp_path / f"{table}.toml"
        path.write_text(annotated_case("mine").replace(f"\n{header}\n", f"\n{header}\nunheard_of = 1\n", 1))
        with pytest.raises(Refused) as refused:
            read_case(path)
        assert [fault.message for fault in refused.value.faults] == ["unknown key 'unheard_of'"]
    document = Document(bundled_file("recipes"), "case")
    assert set(read_policies(document, None, None)) == {"none", *(policy["name"] for policy in document.root.table["policy"])}


def test_a_file_that_is_there_is_not_replaced(here, capsys):
    (here / "mine.toml").write_text("mine")
    assert main(["new-case", "mine"]) == 2
    assert "mine.toml: -o: exists, and is not replaced" in capsys.readouterr().err
    assert (here / "mine.toml").read_text() == "mine"
    assert main(["copy", "recipes", "-o", "mine.toml"]) == 2
    assert (here / "mine.toml").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("new-case", "my case"), "'my case' cannot be a name"), (("new-case", "recipes"), "a bundled case is called 'recipes'"),
        (("new-case", "mine", "-o", "mine.txt"), "ends in .toml"),
        (("new-case", "mine", "-o", "no/mine.toml"), "its folder does not exist"),
        (("copy", "recipe"), "no bundled case 'recipe' (did you mean 'recipes'"), (("new-case", "a b", "-o", "c.txt"), "2 faults"),
    ],
)
def test_what_cannot_be_written_is_refused(here, capsys, words, said):
    assert main(list(words)) == 2
    assert said in capsys.readouterr().err
    assert list(here.iterdir()) == []


def test_a_copy_is_the_file_itself_and_can_be_edited(here, capsys):
    for name in bundled():
        assert main(["copy", name]) == 0
        assert (here / f"{name}.toml").read_bytes() == bundled_file(name).read_bytes()
    assert main(["copy", "recipes", "-o", "other.toml"]) == 0
    edited = here / "other.toml"
    edited.write_text(edited.read_text().replace("workers = 2000", "workers = 2100", 1))
    assert case(str(edited)).world.endowments["workers"].tolist() != case("recipes").world.endowments["workers"].tolist()
    capsys.readouterr()


# The gallery


@pytest.fixture
def toys(here):
    for name in ("toy", "other"):
        (here / f"{name}.toml").write_text(CASE.replace('name = "toy"', f'name = "{name}"'))
    return here


def test_a_gallery_has_a_page_and_a_picture_of_each_case(toys, capsys):
    assert main(["gallery", "toy.toml", "other.toml", "--seeds", "5", "-o", "pages"]) == 0
    assert "4 files in pages" in capsys.readouterr().out
    assert sorted(path.name for path in (toys / "pages").iterdir()) == ["other.md", "other.png", "toy.md", "toy.png"]
    page = (toys / "pages" / "toy.md").read_text()
    assert page.startswith("# A toy\n<!-- Generated by `redqueen gallery`; do not edit. -->\n")
    for words in (
        "**Do officers help?** 1990 to 1995, in south", "| `none` (compared to) |", "## The answer", "| `officers` |", "(toy.png)",
        "## Sources\n\n- book2001: A book of 2001", "Made by `redqueen gallery toy.toml --seeds 5`",
        "Nothing: no figure of a real place",
    ):
        assert words in page, words
    picture = (toys / "pages" / "toy.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) <= LARGEST


def test_the_same_gallery_has_the_same_bytes_and_is_made_again(toys):
    contents = []
    for _ in range(2):
        assert main(["gallery", "toy.toml", "--seeds", "5", "-o", "pages"]) == 0
        contents.append([path.read_bytes() for path in sorted((toys / "pages").iterdir())])
    assert contents[0] == contents[1]


def test_a_page_that_somebody_wrote_is_not_replaced_and_nothing_is_run(toys, capsys, monkeypatch):
    monkeypatch.setattr("redqueen.lab.trial.Trial.run", lambda *_, **__: pytest.fail("was run"))
    (toys / "pages").mkdir()
    (toys / "pages" / "toy.md").write_text("# My notes\n")
    assert main(["gallery", "toy.toml", "-o", "pages"]) == 2
    assert "redqueen did not generate this page" in capsys.readouterr().err
    assert (toys / "pages" / "toy.md").read_text() == "# My notes\n"


def test_cases_that_cannot_be_shown_are_refused_together(toys, capsys):
    assert main(["gallery", "toy.toml", "hsinchuu", "tou.toml", "--seeds", "0", "-o", "pages"]) == 2
    said = capsys.readouterr().err
    assert "no case 'hsinchuu' (did you mean 'hsinchu'" in said and "tou.toml: no such file" in said
    assert "--seeds: 0 is too few" in said
    assert not (toys / "pages").exists()


def test_the_gallery_of_all_cases_has_an_index(toys, capsys, monkeypatch):
    monkeypatch.setattr("redqueen.cases.case.bundled", lambda: ["sunset-industry"])
    assert main(["gallery", "--seeds", "2", "-o", "pages"]) == 0
    index = (toys / "pages" / "README.md").read_text()
    row = "| [sunset-industry](sunset-industry.md) | A sunset industry: uninterruptible power supplies | What does barring"
    assert row in index
    assert "redqueen gallery --seeds 2 -o pages" in index
    # One case made again leaves the index as it is.
    assert main(["gallery", "sunset-industry", "--seeds", "1", "-o", "pages"]) == 0
    assert (toys / "pages" / "README.md").read_text() == index
    assert "Fewer than 5 seeds say little." in (toys / "pages" / "sunset-industry.md").read_text()
    capsys.readouterr()
