"""Observations arrive whole and as they were written, or are refused with every fault and its line."""

import csv
import gzip
import io
import random

import pytest
from toy_trial import write_case

from redqueen.errors import Faults, Refused
from redqueen.studies.monitor.arriving import ALL, check_entries, from_table, read_entries
from redqueen.studies.monitor.goals import read_goals
from redqueen.studies.monitor.ledger import Entry, Ledger, write_export

GOALS = """
[monitor]
case = "{case}"
policy = "{policy}"
from = {since}

[[indicator]]
name = "exports"
measured = {{ outcome = "exports" }}
unit = "million"

[[indicator]]
name = "growth"
measured = {{ outcome = "exports", since = {before} }}
unit = "%"

[[indicator]]
name = "partner_exports"
region = "{partner}"
measured = {{ outcome = "exports" }}
unit = "million"

[[goal]]
name = "more"
indicator = "exports"
at_least = 5
date = {goal}
"""


def plan_of(folder, **words):
    path = folder / "goals.toml"
    path.write_text(GOALS.format(goal=words["since"] + 1, **words))
    return read_goals(path)


@pytest.fixture
def plan(tmp_path):
    """Give a plan for the toy case: 1990 to 1995, observed from 1992."""
    write_case(tmp_path)
    return plan_of(tmp_path, case="toy.toml", policy="officers", since=1992, before=1990, partner="north")


def written(folder, text, name="new.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def refusal(call) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return str(refused.value)


# A csv file


def test_a_row_says_what_it_must_and_the_rest_is_filled_in(plan, tmp_path):
    path = written(
        tmp_path,
        "indicator,year,value,region,unit,source,note,entered_by\n"
        'exports,1992,12.5,,,,"from the ""yearbook"",\nsecond edition",\n'
        "partner_exports, 1993 ,1e3,north,million,a letter,,bob\n",
    )
    first, second = read_entries(path, plan, entered_by="ann", source="the yearbook")
    assert first == Entry("exports", "south", 1992, 12.5, "million", "the yearbook", "ann", 'from the "yearbook",\nsecond edition')
    assert second == Entry("partner_exports", "north", 1993, 1000.0, "million", "a letter", "bob")
    assert (first.line, second.line) == (2, 4)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_marks_and_ends_of_spreadsheets_make_no_difference(plan, tmp_path, separator, encoding, end):
    rows = [
        ["Indicator", " date", "VALUE", "source", "", ""],
        ["exports", "1992-12-31", "12.5", "Büro, für; Statistik", "", ""],
        [""] * 6,
        ["exports", "1993-01-01", "13", "x", "", ""],
    ]
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=end).writerows(rows)
    found = read_entries(written(tmp_path, end + text.getvalue(), encoding=encoding), plan, entered_by="ann")
    assert [(one.year, one.value, one.source) for one in found] == [(1992, 12.5, "Büro, für; Statistik"), (1993, 13.0, "x")]
    # The blank lines count.
    assert [one.line for one in found] == [3, 5]


def test_every_fault_is_told_with_its_line(plan, tmp_path):
    path = written(
        tmp_path,
        "indicator;year;value;region;unit;note\n"
        "exprots;1992;3;;;\n"
        "exports;1992;3,5;;;\n"
        "exports;1991;3;;;\n"
        "exports;1995;3;;;\n"
        "exports;1993.5;3;;;\n"
        "exports;1992;3;north;;\n"
        "exports;1992;3;;thousand;\n"
        "exports;1994;0;;;\n"
        "growth;1993;-100;;;\n"
        "growth;1994;-99;;;\n"
        "exports;1993;;;;\n"
        "exports;1993;nan;;;\n"
        "exports;1993;3\n"
        ";1993;3;;;\n"
        "growth;;3;;;\n"
        "growth;1994;3;;;\n"
        "growth;31.12.1994;3;;;\n",
    )
    said = refusal(lambda: read_entries(path, plan, entered_by="ann", source="the yearbook")).splitlines()
    expected = [
        (2, "no indicator is called 'exprots' (did you mean 'exports'"),
        (3, "value: '3,5' is no finite number (write it as 1234.5"),
        (4, "1991 is too early: monitoring begins with 1992"),
        (5, "1995 is too late: the last year of the run that can be observed is 1994"),
        (6, "year: '1993.5' is no whole year"),
        (7, "exports is observed in south, not in 'north'"),
        (8, "exports is in 'million', not in 'thousand'"),
        (9, "0 million cannot be"),
        (10, "-100 % cannot be"),
        (12, "value: is missing"),
        (13, "value: is missing"),
        (14, "3 cells, where the header names 6 columns"),
        (15, "indicator: is missing"),
        (16, "year: is missing"),
        (17, "growth of south in 1994 stands twice (first on line 11)"),
        (18, "year: '31.12.1994' is no whole year"),
    ]
    assert said[0].startswith("nothing was recorded: ")
    for line, words in expected:
        assert any(f"new.csv:{line}: " in one and words in one for one in said), (line, words, said)
    lines = [int(one.split("new.csv:")[1].split(":")[0]) for one in said[1:]]
    assert lines == sorted(lines) and set(lines) == {line for line, _ in expected}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n\n", "is empty (begin with the header"),
        ("indicator,year,value\n", "holds no observation"),
        ("indicator,yaer,value\nexports,1992,3\n", "no column is called 'yaer' (did you mean 'year'?)"),
        ("indicator,year,date,value\nexports,1992,1992-01-01,3\n", "one column says when: year, or date"),
        ("year,value,value\n1992,3,3\n", "the column value stands twice"),
        ("year,value\n1992,3\n", "the column indicator is missing"),
        ('indicator,year,value\nexports,1992,"3\n', "cannot be read on"),
        ("indicator,year,value\nexports,1992,3\0\n", "is no text"),
        ("indicator,year,value,note\nexports,1992,3," + "x" * 200_000 + "\n", "cannot be read on: field larger"),
    ],
)
def test_a_file_that_is_no_table_of_observations_is_said(plan, tmp_path, text, said):
    assert said in refusal(lambda: read_entries(written(tmp_path, text), plan, entered_by="ann", source="s"))


def test_what_is_no_text_is_said_with_its_line(plan, tmp_path):
    text = "indicator,year,value,source\nexports,1992,3,x\nexports,1993,3,Büro\n"
    assert "new.csv:3: is not text in UTF-8" in refusal(
        lambda: read_entries(written(tmp_path, text, encoding="latin-1"), plan, entered_by="ann")
    )
    assert "is a folder" in refusal(lambda: read_entries(tmp_path, plan, entered_by="ann"))
    assert "no such file (did you mean 'new.csv'?)" in refusal(lambda: read_entries(tmp_path / "nwe.csv", plan, entered_by="ann"))
    packed = tmp_path / "new.csv.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    assert len(read_entries(packed, plan, entered_by="ann")) == 2


def test_what_all_rows_lack_is_said_once_and_what_some_lack_by_line(plan, tmp_path):
    path = written(tmp_path, "indicator,year,value\nexports,1992,3\nexports,1993,3\n")
    said = refusal(lambda: read_entries(path, plan))
    assert said.count("source: is missing") == said.count("entered_by: is missing") == 1
    path = written(tmp_path, "indicator,year,value,source\nexports,1992,3,x\nexports,1993,3,\n")
    assert "new.csv:3: source: is missing" in refusal(lambda: read_entries(path, plan, entered_by="ann"))


def test_any_finite_figure_is_read_as_python_reads_it_and_nothing_else_is(plan, tmp_path):
    generator = random.Random(5)
    texts = [f"{generator.uniform(0, 10) * 10.0 ** generator.randint(-300, 300):.17g}" for _ in range(300)] + [
        "1.",
        ".5",
        "+3",
        "1E5",
        "007",
    ]
    for text in texts:
        path = written(tmp_path, f"indicator,year,value\nexports,1992,{text}\n")
        assert read_entries(path, plan, entered_by="ann", source="s")[0].value == float(text)
    for text in ("1_000", "١٢", "0x10", "inf", "-Infinity", "1e999", "1 000", "three", "--3", "1,5"):
        path = written(tmp_path, f'indicator,year,value\nexports,1992,"{text}"\n')
        assert "is no finite number" in refusal(lambda path=path: read_entries(path, plan, entered_by="ann", source="s"))


def test_thousands_of_wrong_rows_are_told_in_a_few_lines(plan, tmp_path):
    path = written(tmp_path, "indicator,year,value\n" + "exports,1200,3\n" * 5000)
    said = refusal(lambda: read_entries(path, plan, entered_by="ann", source="s")).splitlines()
    # Each is too early, and all but the first stand twice.
    assert len(said) == 22 and said[-1].strip() == f"and {5000 + 4999 - 20:,} more"


def test_an_export_is_read_back_as_what_was_recorded(plan, tmp_path):
    pytest.importorskip("sqlalchemy", reason="the ledger needs SQLAlchemy (pip install redqueen[monitor])")
    path = written(tmp_path, 'indicator,year,value,note,source\nexports,1992,0.1,"a\nb",s\ngrowth,1993,-3.5,,t\n')
    entries = read_entries(path, plan, entered_by="ann")
    ledger = Ledger.create(tmp_path / "ledger.db")
    ledger.record(entries)
    write_export(ledger.observations(), tmp_path / "export.csv")
    assert read_entries(tmp_path / "export.csv", plan) == entries
    # What stands is told by its line.
    assert "new.csv:2: exports of south in 1992 is there already" in refusal(lambda: ledger.record(entries))


# One by one


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"indicator": "jobs"}, "no indicator is called 'jobs' (there is exports, growth, partner_exports)"),
        ({"year": "1993"}, "no whole year"),
        ({"year": 1993.5}, "no whole year"),
        ({"year": float("nan")}, "no whole year"),
        ({"value": float("inf")}, "inf is no figure"),
        ({"value": -1.0}, "zero and less has none"),
        ({"source": ""}, "source: is missing"),
        ({"region": ""}, "observed in south"),
    ],
)
def test_what_cannot_be_an_observation_of_the_plan_is_said(plan, changes, said):
    faults = Faults()
    values = {
        "indicator": "exports",
        "region": "south",
        "year": 1993,
        "value": 3.0,
        "unit": "million",
        "source": "s",
        "entered_by": "ann",
    }
    check_entries([Entry(**values), Entry(**values | {"year": 1994})], plan, faults)
    assert not faults
    check_entries([Entry(**values | changes), Entry(**values | {"year": 1994})], plan, faults)
    assert len(faults) == 1 and said in str(faults[0])


def test_a_withdrawal_needs_no_figure(plan):
    faults = Faults()
    check_entries([Entry("exports", "south", 1993, None, "million", "s", "ann")], plan, faults)
    assert not faults


# A table of evidence


def test_one_series_is_taken_out_of_a_table(plan, tmp_path):
    rows = "region,activity,year,measure,value\n" + "".join(
        f"{region},{activity},{year},{measure},{value}\n"
        for region, scale in (("south", 1), ("north", 100))
        for activity, share in (("radios", 1), ("ships", 2))
        for measure, more in (("exports", 0), ("jobs", 7))
        for year in range(1988, 1998)
        for value in [scale * share * (year - 1980) + more]
    )
    table = written(tmp_path, rows, "table.csv")
    notes: list[str] = []
    found = from_table(
        table, plan, "exports", measure="exports", activity="radios", scale=0.5, entered_by="ann", notes=notes, note="kept"
    )
    assert [(one.year, one.value, one.region, one.unit) for one in found] == [
        (year, (year - 1980) / 2, "south", "million") for year in (1992, 1993, 1994)
    ]
    assert notes == ["7 of 10 years left out, 7 years from 1988 to 1997: 1992 to 1994 can be observed"]
    assert all(one.source.startswith("table.csv, ") and "times 0.5" in one.note and one.note.endswith("kept") for one in found)
    summed = from_table(table, plan, "partner_exports", measure="jobs", activity=ALL, entered_by="ann", source="mine")
    assert [one.value for one in summed] == [300 * (year - 1980) + 14 for year in (1992, 1993, 1994)]
    assert {(one.region, one.source) for one in summed} == {("north", "mine")} and all(
        "sum over 2 activities" in one.note for one in summed
    )
    # The figures of another region may be asked for by name: the indicator stays where it is.
    assert (
        from_table(table, plan, "exports", region="north", measure="exports", activity="ships", entered_by="ann")[0].value == 2400
    )
    said = refusal(lambda: from_table(table, plan, "exports", entered_by="ann", region="west"))
    assert (
        "no table has the region 'west'" in said
        and "several measures (there is exports, jobs)" in said
        and "ALL sums them; there is radios, ships" in said
    )
    assert "no measure 'exprots' (did you mean 'exports'?)" in refusal(
        lambda: from_table(table, plan, "exports", measure="exprots", activity="radios")
    )


def test_what_cannot_be_taken_is_said(plan, tmp_path):
    table = written(tmp_path, "region,year,value\nsouth,1980,1\nsouth,1981,1\n", "table.csv")
    assert "it has 1980 to 1981 alone, and 1992 to 1994 can be observed" in refusal(
        lambda: from_table(table, plan, "exports", entered_by="ann")
    )
    table = written(tmp_path, "region,year,value\nsouth,1992,0\nsouth,1993,1\n", "table.csv")
    assert "0 million cannot be" in refusal(lambda: from_table(table, plan, "exports", entered_by="ann"))
    assert "has no activities, and so no 'ALL'" in refusal(
        lambda: from_table(table, plan, "exports", activity=ALL, entered_by="ann")
    )
    said = refusal(lambda: from_table(table, plan, "exprots", scale=0.0, entered_by="ann"))
    assert "no indicator is called 'exprots' (did you mean 'exports'" in said and "give a number above zero" in said
    said = refusal(lambda: from_table(table, plan, "growth", scale=float("inf"), entered_by="ann"))
    assert "inf cannot bring figures to a unit" in said


def test_patents_of_taiwan_are_the_publishers(data_directory, tmp_path):
    """The sum over fields is the publisher's own total, up to its rounding of fractions."""
    place = data_directory / "ncses" / "uspto_utility_country_wipo35_year.csv.gz"
    text = GOALS.replace('outcome = "exports" }}\nunit = "million"', 'outcome = "exports" }}\nunit = "patents"')
    path = tmp_path / "goals.toml"
    path.write_text(
        text.format(case="hsinchu", policy="as_it_happened", since=1998, goal=1999, before=1990, partner="silicon_valley")
    )
    plan = read_goals(path)
    found = from_table(place, plan, "exports", activity=ALL, entered_by="ann", progress=False)
    with gzip.open(place, "rt") as file:
        totals = {
            int(row["year"]): float(row["patents"])
            for row in csv.DictReader(file)
            if row["technology"] == "ALL" and row["region"] == "Taiwan"
        }
    assert [one.year for one in found] == [year for year in sorted(totals) if 1998 <= year <= plan.last] and len(found) > 10
    assert all(abs(one.value - totals[one.year]) <= 35 / 2 for one in found)
    assert all("National Science Foundation" in one.source and one.region == "chinese_taipei" for one in found)
    # The whole country is not taken for a region of it.
    said = refusal(lambda: from_table(place, plan, "partner_exports", activity=ALL, entered_by="ann", progress=False))
    assert "no table has the region 'silicon valley'" in said


def test_spending_of_a_province_is_the_publishers(data_directory, tmp_path):
    place = data_directory / "china" / "provinces_science_technology_year.csv.gz"
    write_case(tmp_path)
    case = (tmp_path / "toy.toml").read_text().replace("start = 1990\nend = 1995", "start = 2005\nend = 2018")
    (tmp_path / "toy.toml").write_text(case)
    plan = plan_of(tmp_path, case="toy.toml", policy="officers", since=2010, before=2005, partner="north")
    found = from_table(
        place, plan, "exports", region="Guangdong", measure="R&D spending", scale=1e-2, entered_by="ann", progress=False
    )
    with gzip.open(place, "rt") as file:
        rows = [row for row in csv.DictReader(file) if (row["province_en"], row["indicator"]) == ("Guangdong", "rd_total")]
    assert {one.year: one.value for one in found} == {
        int(row["year"]): float(row["value"]) * 1e-2 for row in rows if int(row["year"]) >= 2010
    }
    assert [one.year for one in found] == list(range(2010, 2018))
    assert "several measures" in refusal(
        lambda: from_table(place, plan, "exports", region="Guangdong", entered_by="ann", progress=False)
    )
