"""Looking at places, streaming with every fault placed, keeping with provenance, and the command that does it."""

import gzip
import hashlib
import json
import random
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kept_tables import kept

from redqueen.errors import Refused
from redqueen.evidence import gathering, streaming
from redqueen.evidence.evidence import KINDS
from redqueen.evidence.facts import sources
from redqueen.evidence.formats import formats, look, read_evidence, read_tables, recognise
from redqueen.evidence.gathering import Coder, Repeats, Sums, table_of
from redqueen.evidence.keeping import find_out, keep
from redqueen.evidence.opening import Opened
from redqueen.evidence.reading import Reading
from redqueen.evidence.streaming import LINE, NUMBER, TEXT, WHOLE, stream_table, stream_text

FILES = Path(__file__).parent / "files"
KINDS_READ = {
    "trade": FILES / "baci", "activities": FILES / "long_table.csv", "organisations": FILES / "organisations.csv",
    "ties": "region,partner,year,measure,value\na,b,2000,calls,3\nb,a,2000,calls,3\n", "regions": "region,year,value\na,2000,3\n",
    "input_output": FILES / "two_regions_2000.csv",
}
LONG_HEADER = "region,activity,year,value\n"


def place_of(kind: str, folder: Path) -> Path:
    """Give a file or folder of the kind, written where it is not among the tests' files."""
    place = KINDS_READ[kind]
    if isinstance(place, str):
        (folder / f"{kind}.csv").write_text(place)
        return folder / f"{kind}.csv"
    return place


# Looking


def test_a_look_gives_the_header_without_its_byte_order_mark(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbfregion , year\r\na,2000\r\n")
    seen = look(tmp_path / "t.csv")
    assert seen.columns == ("region", "year") and seen.first_row == ("a", "2000")


@pytest.mark.parametrize(("delimiter", "header"), [(",", "a,b c"), (";", 'a;"b,c,d"'), ("|", "a|b"), ("\t", "a,b,c\td")])
def test_a_look_finds_what_separates_the_columns(tmp_path, delimiter, header):
    (tmp_path / "t.txt").write_text(header + "\n")
    seen = look(tmp_path / "t.txt")
    assert seen.delimiter == delimiter and len(seen.columns) == 2


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.csv", b"", "the file is empty"),
        ("t.csv", b"\n", ":1: the first line names no columns"),
        ("t.csv.gz", b"region,year\n", "the file ends in .gz and is not compressed so"),
        ("t.csv.gz", gzip.compress(b"", mtime=0), "the file is empty"),
        ("t.csv.gz", gzip.compress(random.Random(5).randbytes(5000), mtime=0)[:-300], "damaged or cut short"),
        ("t.parquet", b"PAR1 and no more", "not a whole Parquet file"),
        ("t.xlsx", b"PK and no more", "not a whole workbook"),
        ("t.zip", b"PK and no more", "not a whole zip archive"),
        ("t.csv", "region,año\n".encode("latin-1"), ":1: the text is not UTF-8"),
        ("t.csv", "region,year\n".encode("utf-16"), "the text is UTF-16"),
        ("t.csv", b"a,b\n1,\x00\n", "the file is no table"),
    ],
)
def test_a_look_refuses_what_is_no_table(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Refused, match=says):
        look(tmp_path / name)


def test_a_look_at_nothing_names_what_is_near(tmp_path):
    (tmp_path / "exports.csv").write_text("a\n")
    with pytest.raises(Refused, match="no such file .*'exports.csv'"):
        look(tmp_path / "export.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(Refused, match="the folder holds no files"):
        look(tmp_path / "empty")


def test_ten_megabytes_of_random_bytes_are_refused_at_once(tmp_path):
    file = tmp_path / "random.csv"
    file.write_bytes(random.Random(6).randbytes(10_000_000))
    started = time.perf_counter()
    with pytest.raises(Refused, match="holds bytes that no text has"):
        read_evidence(file)
    assert time.perf_counter() - started < 2


def test_every_layout_names_a_source_and_a_kind():
    for one in formats().values():
        assert one.source in sources() and one.kind in KINDS, one.name


# Streaming


def streamed(file: Path, kinds: dict[str, str], **options) -> tuple[pd.DataFrame, Reading]:
    """Stream a file and put its blocks together."""
    reading = Reading(file)
    blocks = list(stream_table(file, kinds, reading, heading="test", **options))
    reading.faults.refuse_if_any("test")
    return pd.concat([block.astype({name: object for name, kind in kinds.items() if kind == TEXT}) for block in blocks]), reading


def test_blocks_make_up_the_file_and_count_its_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "_BLOCK", 200)
    lines = [f"r{row % 7}, a{row % 3} ,{row},{row / 8}\n" for row in range(500)]
    file = tmp_path / "t.csv.gz"
    file.write_bytes(gzip.compress(("region,activity,year,value\n" + "".join(lines)).encode()))
    done = []
    reading = Reading(file, advance=done.append)
    blocks = list(stream_table(file, {"region": TEXT, "activity": TEXT, "year": WHOLE, "value": NUMBER}, reading, heading="test"))
    assert len(blocks) > 10
    assert np.concatenate([block.index for block in blocks]).tolist() == list(range(500))
    assert np.concatenate([block["value"] for block in blocks]).tolist() == [row / 8 for row in range(500)]
    assert [label for block in blocks for label in block["activity"]] == [f"a{row % 3}" for row in range(500)]
    # Progress counts packed bytes, and the checksum is that of the file as it lies.
    assert sum(done) == file.stat().st_size
    assert reading.digests[file].sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ('"12,5"', "value: '12,5' is written with a decimal comma"),
        ('"1.234,5"', "value: '1.234,5' is written with a decimal comma"),
        ("12,5", "the row has 3 cells, the header 2"), ("twelve", "value: 'twelve' is not a number"), ("", "value: is missing"),
        ("nan", "value: is missing"), ("-inf", "value: '-inf' is not a finite number"), ('"1\n', "a quotation mark is not closed"),
    ],
)
def test_a_fault_far_down_is_named_by_its_line(tmp_path, monkeypatch, cell, says):
    monkeypatch.setattr(streaming, "_BLOCK", 512)
    lines = [f"r{row},{row}\n" for row in range(1000)]
    lines[776] = f"r776,{cell}\n"
    file = tmp_path / "t.csv"
    file.write_text("region,value\n" + "".join(lines))
    with pytest.raises(Refused) as refusal:
        streamed(file, {"region": TEXT, "value": NUMBER})
    assert f"{file}:778: {says}" in str(refusal.value)


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".csv.zip"])
def test_cells_may_hold_line_breaks_and_lines_are_counted_with_them(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(streaming, "_BLOCK", 256)
    # Every seventh cell stands on three lines, so that row r starts on line r + 2 + 2 * (rows of three lines before it).
    lines = [f'"r{row}\nsays ""so"",\ntwice",{row}\n' if row % 7 == 0 else f"r{row},{row}\n" for row in range(200)]
    rows, _ = streamed(written_as(tmp_path / f"t{ending}", "region,value\n" + "".join(lines)), {"region": TEXT, "value": NUMBER})
    assert rows["value"].tolist() == list(range(200)) and rows["region"][0] == 'r0\nsays "so",\ntwice'
    assert rows.index.tolist() == [row + 2 * ((row + 6) // 7) for row in range(200)]
    lines[150] = "r150,many\n"
    with pytest.raises(Refused, match=rf":{150 + 2 + 2 * (156 // 7)}: value: 'many' is not a number"):
        streamed(written_as(tmp_path / f"t{ending}", "region,value\n" + "".join(lines)), {"region": TEXT, "value": NUMBER})


def written_as(file: Path, text: str) -> Path:
    """Write a text, packed as its file's name ends."""
    if file.suffix == ".zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(file.stem, text)
    else:
        file.write_bytes(gzip.compress(text.encode()) if file.suffix == ".gz" else text.encode())
    return file


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".csv.zip"])
def test_checksum_and_progress_are_those_of_the_file_as_it_lies_in_the_one_pass(tmp_path, ending):
    file = written_as(tmp_path / f"t{ending}", "region,value\n" + "".join(f"r{row},{row}\n" for row in range(5000)))
    reading, done = Reading(file), []
    reading.advance = done.append
    text = stream_text(file, ["worth"], reading, heading="test", delimiter=",")
    with pytest.raises(Refused, match="worth: the column is missing"):
        next(text)
    reading = Reading(file, advance=done.append)
    blocks = list(stream_text(file, ["value"], reading, heading="test", delimiter=","))
    assert [line for block in blocks for line in block[LINE].to_pylist()] == list(range(2, 5002))
    assert reading.digests[file].sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert reading.digests[file].size == sum(done) == file.stat().st_size


def test_an_archive_of_several_files_or_with_a_password_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("a.tsv", "a\n")
        archive.writestr("b.tsv", "a\n")
    with pytest.raises(Refused, match="the archive holds 2 files, not one"):
        next(stream_text(tmp_path / "t.zip", ["a"], Reading(tmp_path), heading="test", delimiter="\t"))
    locked = written_as(tmp_path / "u.csv.zip", "a\n1\n").read_bytes()
    # The first bit of the flags says that a file is encrypted, before the file and in the list at the end.
    at = locked.index(b"PK\x01\x02")
    flagged = bytearray(locked)
    flagged[6] |= 1
    flagged[at + 8] |= 1
    (tmp_path / "u.csv.zip").write_bytes(flagged)
    with pytest.raises(Refused, match="damaged or cut short.*password"):
        next(stream_text(tmp_path / "u.csv.zip", ["a"], Reading(tmp_path), heading="test", delimiter=","))


@pytest.mark.parametrize(
    ("year", "says"),
    [
        ("3000", "'3000' is no year"), ("-3", "'-3' is no year"), ("1e300", r"'1e\+300' is no year"),
        ("1999.5", "is not a whole number")
    ]
)
def test_a_year_that_is_none_is_refused_wherever_it_stands(tmp_path, year, says):
    (tmp_path / "t.csv").write_text(LONG_HEADER + f"a,chips,2000,1\na,chips,{year},1\n")
    with pytest.raises(Refused, match=f"t.csv:3: year: .*{says}"):
        read_evidence(tmp_path / "t.csv")
    with pytest.raises(Refused, match="year: '12' is no year between 1500 and 2200"):
        read_evidence(tmp_path / "t.csv", year=12)


def test_bytes_that_are_no_text_far_down_are_named_by_their_line(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "_BLOCK", 512)
    file = tmp_path / "t.csv"
    # A look takes in the first quarter of a megabyte: the fault lies beyond.
    file.write_bytes(b"region,value\n" + b"abcdefgh,1\n" * 30_000 + b"\xff\xfe,1\n" + b"abc,1\n" * 100)
    with pytest.raises(Refused, match=":30002: the text is not UTF-8"):
        streamed(file, {"region": TEXT, "value": NUMBER})


def test_an_empty_line_is_a_row_without_cells(tmp_path):
    (tmp_path / "t.csv").write_text("region,value\na,1\n\nb,2\n")
    with pytest.raises(Refused, match=":3: region: is missing"):
        streamed(tmp_path / "t.csv", {"region": TEXT, "value": NUMBER})


def test_what_is_wrong_throughout_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "_BLOCK", 512)
    (tmp_path / "t.csv").write_text("region,value\n" + "a,\n" * 20_000)
    with pytest.raises(Refused) as refusal:
        streamed(tmp_path / "t.csv", {"region": TEXT, "value": NUMBER})
    assert len(refusal.value.faults) < 70 and "reading stopped at row" in str(refusal.value)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (pd.DataFrame({"region": ["a", None], "value": [1.0, 2.0]}), ":3: region: is missing"),
        (pd.DataFrame({"region": ["a", "b"], "value": [1.0, np.nan]}), ":3: value: is missing"),
        (pd.DataFrame({"region": ["a", "b"], "value": ["1", "2"]}), "value: the column holds .*string, not numbers"),
        (pd.DataFrame({"region": [0.5, 1.5], "value": [1, 2]}), "region: the column holds double, not text"),
        (pd.DataFrame({"place": ["a"], "value": [1]}), "region: the column is missing"),
    ],
)
def test_a_parquet_file_is_checked_as_a_text_file_is(tmp_path, frame, says):
    frame.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(Refused, match=says):
        streamed(tmp_path / "t.parquet", {"region": TEXT, "value": NUMBER})


def test_a_parquet_file_that_is_damaged_inside_is_refused(tmp_path):
    file = tmp_path / "t.parquet"
    pd.DataFrame({"region": [f"r{row}" for row in range(5000)], "value": np.arange(5000.0)}).to_parquet(file)
    content = bytearray(file.read_bytes())
    content[40:4000] = random.Random(7).randbytes(3960)
    file.write_bytes(content)
    with pytest.raises(Refused, match="not a whole Parquet file"):
        streamed(file, {"region": TEXT, "value": NUMBER})


# Gathering


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"), st.sampled_from("xyz"), st.sampled_from("pq"), st.integers(1990, 1993), st.integers(0, 99)
        ), min_size=1
    ),
    st.integers(1, 5),
)
@settings(max_examples=40, deadline=None)
def test_sums_over_partners_are_those_of_a_plain_grouping(rows, n_pieces):
    frame = pd.DataFrame(rows, columns=["region", "partner", "activity", "year", "value"]).assign(measure="exports")
    frame["value"] = frame["value"].astype(float)
    coder = Coder(["region", "partner", "activity", "measure"])
    sums = Sums(coder, ["region", "partner", "activity", "year", "measure", "value"])
    for piece in np.array_split(np.arange(len(frame)), n_pieces):
        sums.add(coder.code(frame.iloc[piece]))
    key = ["region", "activity", "year", "measure"]
    expected = frame.groupby(key, as_index=False)["value"].sum()
    # Whole numbers add up exactly in any order.
    pd.testing.assert_frame_equal(table_of(sums.take(), coder, key), expected, check_dtype=False)


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "ab"]), st.sampled_from(["", "b", "c"]), st.integers(1990, 1992)), min_size=1),
    st.integers(1, 4)
)
@settings(max_examples=40, deadline=None)
def test_repeats_are_found_wherever_they_stand_and_only_they(rows, held):
    frame = pd.DataFrame(rows, columns=["region", "activity", "year"])
    coder = Coder(["region", "activity"])
    repeats = Repeats(coder, ["region", "activity", "year"])
    with pytest.MonkeyPatch.context() as patch:
        # Few keys are held in memory, so that most go by way of the disk.
        patch.setattr(gathering, "_KEYS_HELD", held)
        for start in range(0, len(frame), 2):
            repeats.add(coder.code(frame.iloc[start : start + 2]))
        found = repeats.found()
    n_repeated = frame[frame.duplicated(keep=False)].drop_duplicates().shape[0]
    assert len(found) == n_repeated
    flagged = np.isin(repeats.hashes(coder.code(frame)), found)
    assert (flagged == frame.duplicated(keep=False).to_numpy()).all()


def test_a_repeat_in_another_piece_is_named_with_both_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "_BLOCK", 128)
    lines = [f"r{row},chips,2000,1\n" for row in range(60)]
    (tmp_path / "t.csv").write_text(LONG_HEADER + "".join(lines) + lines[17])
    with pytest.raises(
        Refused,
        match=r"t.csv:62: region, activity, year, measure: the row r17, chips, 2000, value stands twice \(first on line 19\)"
    ):
        read_evidence(tmp_path / "t.csv")


def test_rows_come_sorted_whatever_the_order_of_the_file(tmp_path):
    lines = [f"{region},{activity},{year},{value}\n" for value, (region, activity, year) in enumerate(
        (region, activity, year) for region in "bca" for activity in "zy" for year in (2001, 2000)
    )]
    (tmp_path / "one.csv").write_text(LONG_HEADER + "".join(lines))
    (tmp_path / "two.csv").write_text(LONG_HEADER + "".join(reversed(lines)))
    one, two = (read_evidence(tmp_path / name).rows for name in ("one.csv", "two.csv"))
    pd.testing.assert_frame_equal(one, two)
    assert one[["region", "activity", "year"]].apply(tuple, axis=1).is_monotonic_increasing


# Keeping


@pytest.mark.parametrize("kind", KINDS_READ)
def test_what_is_kept_is_read_back_the_same(tmp_path, kind):
    place = place_of(kind, tmp_path)
    was, back = read_evidence(place), read_evidence(kept(place, tmp_path / "kept.parquet"))
    assert was.kind == back.kind == kind and was.format == back.format
    pd.testing.assert_frame_equal(was.rows, back.rows)
    assert (was.units or {"flows": was.tables[0].unit}) == dict(back.units) and was.names == back.names and was.files == back.files
    assert (was.missing, was.suppressed) == (back.missing, back.suppressed) and set(was.notes) <= set(back.notes)
    for one, other in zip(was.tables, back.tables, strict=True):
        assert one.regions == other.regions and one.sectors == other.sectors and one.year == other.year
        for name in ("intermediate", "final_demand", "value_added", "output"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("kind", KINDS_READ)
def test_what_is_found_is_found_again_in_what_is_kept(tmp_path, kind):
    place = place_of(kind, tmp_path)
    found = keep(Opened(recognise(place), place), tmp_path / "kept.parquet", "redqueen read")
    again = find_out(Opened(recognise(tmp_path / "kept.parquet"), tmp_path / "kept.parquet"))
    assert vars(found) == vars(again)


def test_a_kept_table_tells_where_it_came_from(tmp_path):
    out = kept(FILES / "baci", tmp_path / "kept.parquet")
    told = json.loads(pyarrow.parquet.read_metadata(out).metadata[b"redqueen"])
    source = sources()["baci"]
    assert (told["publisher"], told["licence"], told["citation"]) == (source.publisher, source.licence, source.citation)
    assert told["units"] == {"exports": "thousand current USD"} and told["command"] == "redqueen read"
    sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (FILES / "baci").iterdir()}
    assert {file["name"]: file["sha256"] for file in told["files"]} == sums


def test_the_same_input_is_kept_as_the_same_bytes(tmp_path):
    one, two = (kept(FILES / "baci", tmp_path / name).read_bytes() for name in ("one.parquet", "two.parquet"))
    assert one == two


def test_a_kept_table_is_plain_parquet_for_other_programs(tmp_path):
    frame = pd.read_parquet(kept(FILES / "baci", tmp_path / "kept.parquet"))
    assert list(frame.columns) == [*KINDS["trade"], "value"] and len(frame) == 7


def test_a_file_that_redqueen_did_not_make_is_left_alone(tmp_path):
    out = tmp_path / "mine.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(out)
    before = out.read_bytes()
    with pytest.raises(Refused, match="redqueen did not make the file that is there"):
        kept(FILES / "baci", out)
    assert out.read_bytes() == before
    ours = kept(FILES / "long_table.csv", tmp_path / "ours.parquet")
    assert kept(FILES / "baci", ours).read_bytes() != before
    assert read_evidence(ours).kind == "trade"


@pytest.mark.parametrize(
    ("name", "says"), [("out.csv", "let the name end in .parquet"), ("nowhere/out.parquet", "nothing may be written here")]
)
def test_a_place_that_cannot_hold_a_table_is_refused(tmp_path, name, says):
    with pytest.raises(Refused, match=says):
        kept(FILES / "baci", tmp_path / name)


def test_a_failure_on_the_way_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "_BLOCK", 256)
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "t.csv"
    # Good blocks are written before the bad one is met.
    file.write_text(LONG_HEADER + "".join(f"r{row},chips,2000,1\n" for row in range(200)) + "r9,chips,2000,1\n")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Refused, match="stands twice"):
        kept(file, tmp_path / "kept.parquet")
    assert sorted(tmp_path.rglob("*")) == before


def test_trade_without_partners_is_the_same_from_the_publisher_and_from_what_was_kept(tmp_path):
    direct = read_evidence(FILES / "baci", without=("partner",))
    later = read_evidence(kept(FILES / "baci", tmp_path / "kept.parquet"), without=("partner",))
    whole = read_evidence(FILES / "baci")
    pd.testing.assert_frame_equal(direct.rows, later.rows)
    assert direct.kind == later.kind == "activities" and "values are summed over partners" in direct.notes
    pd.testing.assert_frame_equal(direct.values("exports", 1995), whole.values("exports", 1995))
    # Ties are no trade: they are not added up.
    ties = place_of("ties", tmp_path)
    assert read_evidence(ties, without=("partner",)).kind == "ties"


def test_a_sum_over_anything_but_partners_is_refused():
    with pytest.raises(Refused, match="summed over partners alone"):
        read_evidence(FILES / "baci", without=("activity",))


def test_the_faults_of_several_tables_come_together(tmp_path):
    (tmp_path / "a.csv").write_text(LONG_HEADER + "a,chips,2000,-1\n")
    (tmp_path / "b.csv").write_text(LONG_HEADER + "a,chips,2000,x\n")
    with pytest.raises(Refused) as refusal:
        read_tables([tmp_path / "a.csv", FILES / "long_table.csv", tmp_path / "b.csv"])
    assert [Path(fault.file).name for fault in refusal.value.faults] == ["a.csv", "b.csv"]
    assert [table.kind for table in read_tables([FILES / "long_table.csv", FILES / "baci"])] == ["activities", "activities"]


def test_a_place_of_which_no_row_is_left_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("country,activity,year,value\nWorld,chips,2000,1\n")
    with pytest.raises(Refused, match="no row is left of the table .*World"):
        read_evidence(tmp_path / "t.csv")
