"""Every layout is read as a hostile stranger would write it: damaged in every way, it is refused by name or read rightly."""

import gzip
import random
import shutil
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from world_tables import r_columns, wiod_rows, world, write_xlsb, write_xlsx

from redqueen.cli import main
from redqueen.errors import Refused
from redqueen.evidence.formats import formats, read_evidence
from redqueen.evidence.keeping import keep
from redqueen.evidence.opening import Opened

FILES = Path(__file__).parent / "files"
#: The layout of each place among the tests' files, or of one made below.
PLACES = {
    "baci": "baci", "atlas/country_hsproduct4digit_year.csv": "atlas", "oec/year_origin_hs92_4.tsv": "oec",
    "comtrade/trade.csv": "comtrade", "organisations.csv": "organisations", "2016_SML.csv": "oecd_icio",
    "two_regions_2000.csv": "square_table", "patents.csv": "nsf_patents", "nsf_value_added.csv": "nsf_value_added",
    "nsf_spending.csv": "nsf_spending", "nsf_articles.csv": "nsf_articles", "nsf_stay_rates.csv": "nsf_stay_rates",
    "player_2006_value_chain.csv": "nsf_value_chain", "china_provinces.csv": "china", "income_maddison.csv": "maddison",
    "income_wide.csv": "maddison", "complexity.csv": "complexity", "gapminder.csv": "gapminder",
    "metro_patents.csv": "metro_patents",
    "bds_state.csv": "bds", "cbp19msa.txt": "cbp", "cbp98co.txt": "cbp", "2019.annual.singlefile.csv": "qcew",
    "estat_lfst_r_lfe2en2.tsv": "eurostat", "regpat": "regpat", "patentsview": "patentsview", "long_table.csv": "long_table",
    "input_output_2001.csv": "simulated",
}  # fmt: skip
MADE = {
    "kept.parquet": "kept", "flows.parquet": "kept", "long.parquet": "long_table",
    "patents.csv.gz": "nsf_patents", "zipped": "patentsview", "WIOT2014_Nov16_ROW.xlsb": "wiod_2016",
    "WIOT2014_Nov16_ROW.xlsx": "wiod_2016",
    "WIOT2014_October16_ROW.RData": "wiod_2016", "wiot95_row_apr12.xlsx": "wiod_2013",
    "Socio_Economic_Accounts.xlsx": "wiod_accounts",
}  # fmt: skip
# Read by pymrio, whose words are its own, or otherwise than by looks: their damage is that of the layout beside them.
ELSEWHERE = {
    "exiobase_3", "eora26", "qcew_metros", "qcew_states", "qcew_nation", "eurostat_countries", "eurostat_nuts1", "eurostat_nuts2",
    "regpat_ties", "patentsview_states", "patentsview_counties", "patentsview_ties",
}  # fmt: skip
# Odd cells and columns that each place is read with.
N_ODD = 10
NOISE = random.Random(3).randbytes(1_000_000)
# What may stand in a cell by accident or ill will.
CELLS = (b"", b"   ", b"Q9Q", b"-3", b"12,5", b'"12,5"', b"9" * 400, b"1e999", b"nan", b"-inf", b"0x1F", b"1_000",
         "\u0663".encode(), b"x" * 200_000, b'"a\nb"', b'"a ""b"""', b"NA", b"=1+1", b"#REF!", b"2" * 12)  # fmt: skip


def named(places: dict[str, str]) -> list:
    """Give each place and its layout as a case of a test."""
    return [pytest.param(name, layout, id=name) for name, layout in places.items()]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Give a folder of files in layouts that are not text, whole."""
    place = tmp_path_factory.mktemp("made")
    for source, name in (("baci", "kept.parquet"), ("two_regions_2000.csv", "flows.parquet")):
        keep(Opened(formats()[PLACES[source]], FILES / source), place / name, "redqueen read")
    pd.read_csv(FILES / "long_table.csv").to_parquet(place / "long.parquet")
    (place / "patents.csv.gz").write_bytes(gzip.compress((FILES / "patents.csv").read_bytes()))
    (place / "zipped").mkdir()
    for table in sorted((FILES / "patentsview").iterdir()):
        with zipfile.ZipFile(place / "zipped" / f"{table.name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(table, table.name)
    small = world(("AUS", "ROW"), ("A01", "C26"), 5)
    write_xlsb(place / "WIOT2014_Nov16_ROW.xlsb", wiod_rows(small, 2016, 2014), "2014")
    write_xlsx(place / "WIOT2014_Nov16_ROW.xlsx", wiod_rows(small, 2016, 2014), "2014")
    write_xlsx(place / "wiot95_row_apr12.xlsx", wiod_rows(world(("AUS", "RoW"), ("c1", "c2"), 5), 2013, 1995), "WIOT_1995")
    accounts = [["country", "variable", "description", "code", 2000], ["AUS", "EMP", "Crops", "A01", 12.5]]
    write_xlsx(place / "Socio_Economic_Accounts.xlsx", accounts, "DATA")
    try:
        import rdata
    except ImportError:
        return place
    rdata.write_rda(place / "WIOT2014_October16_ROW.RData", {"wiot": r_columns(small, 2014)})
    return place


def copied(source: Path, folder: Path) -> Path:
    """Copy a file or folder to a folder of its own."""
    place = folder / "given" / source.name
    place.parent.mkdir()
    (shutil.copytree if source.is_dir() else shutil.copy)(source, place)
    return place


def files_of(place: Path) -> list[Path]:
    """List the files of a place."""
    return sorted(place.iterdir()) if place.is_dir() else [place]


def one_by_one(place: Path, damages: Callable[[bytes], Iterable[tuple[str, bytes]]]) -> Iterator[tuple[Path, str, bytes]]:
    """Yield each kind of damage, done to one file of the place, and the next kind to the next file."""
    files = files_of(place)
    for number, each in enumerate(zip(*(damages(file.read_bytes()) for file in files), strict=False)):
        yield files[number % len(files)], *each[number % len(files)]


@contextmanager
def written(file: Path, data: bytes):
    """Let a file hold other bytes for a while."""
    before = file.read_bytes()
    file.write_bytes(data)
    yield
    file.write_bytes(before)


def outcome(place: Path, layout: str, out: Path) -> str | None:
    """Read a place as `redqueen read -o` does: give the refusal, or None where a table was written. Anything else is a bug."""
    before = sorted(place.parent.parent.rglob("*"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            keep(Opened(formats()[layout], place, progress=False), out, "redqueen read")
    except Refused as refusal:
        assert sorted(place.parent.parent.rglob("*")) == before, "something was written"
        named = [str(fault.file) for fault in refusal.faults if fault.file is not None]
        assert named and all(name.startswith(str(place.parent)) for name in named), str(refusal)
        return str(refusal)
    values = pd.read_parquet(out, columns=["size" if layout == "organisations" else "value"]).iloc[:, 0].dropna()
    assert np.isfinite(values).all()
    out.unlink()
    return None


def delimiter_of(data: bytes) -> bytes:
    header = data.partition(b"\n")[0]
    return b"\t" if b"\t" in header else max((b",", b"|"), key=header.count)


def refused_always(data: bytes):
    """Yield damage that no text table survives."""
    mark = delimiter_of(data)
    header, *rows = data.split(b"\n")[:-1]
    # A row that stands on one line: cells of some tables hold line breaks.
    middle = max(at for at in range(len(rows) // 2 + 1) if not (b"\n".join(rows[:at]).count(b'"') % 2 or rows[at].count(b'"') % 2))
    for share in (30, 60, 95):
        cut = data[: len(data) * share // 100].rstrip(b"\n")
        yield f"cut at {share} %", cut
    yield "last line break lost", data[:-1]
    yield "another delimiter", data.replace(mark, b";")
    yield "empty", b""
    yield "a line break", b"\n"
    yield "header alone", header + b"\n"
    yield "random bytes", NOISE
    yield "random bytes at the end", data + NOISE[:3000] + b"\n"
    yield "NUL within", data.replace(b"\n", b"\0\n", 2)
    yield "NUL at the end", data + b"\0" * 64
    yield "Latin-1", data.replace(rows[middle], rows[middle] + b"\xe9", 1)
    yield "UTF-16", data.decode().encode("utf-16")
    yield "a letter", b"Dear Sir,\nplease find enclosed the table.\n"
    yield "a web page", b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n"
    yield "first line empty", b"\n" + data
    yield "a line empty", b"\n".join([header, *rows[:middle], b"", *rows[middle:], b""])
    yield "last line empty", data + b"\n"
    yield "a short row", b"\n".join([header, *rows[:middle], rows[middle].rpartition(mark)[0], *rows[middle + 1 :], b""])
    yield "a long row", b"\n".join([header, *rows[:middle], rows[middle] + mark + b"7", *rows[middle + 1 :], b""])
    yield "delimiters at the ends of rows", b"\n".join([header, *(row + mark for row in rows), b""])


def cut_short(data: bytes):
    """Yield damage that no packed file survives."""
    for share in (5, 30, 60, 95):
        yield f"cut at {share} %", data[: len(data) * share // 100]
    yield "last byte lost", data[:-1]
    yield "empty", b""
    yield "random bytes", NOISE
    yield "random bytes after the first four", data[:4] + NOISE[:999]
    yield "a letter", b"Dear Sir,\n"


def read_the_same(data: bytes):
    """Yield changes that tell nothing else."""
    yield "byte order mark", b"\xef\xbb\xbf" + data
    yield "carriage returns", data.replace(b"\n", b"\r\n")
    yield "packed", gzip.compress(data)


def read_or_refused(data: bytes):
    """Yield damage that a table may survive, where it befalls what is not read or what may be missing."""
    mark = delimiter_of(data)
    lines = data.split(b"\n")[:-1]
    width, row = len(lines[0].split(mark)), min(2, len(lines) - 1)
    for column in range(width):
        cut = [line.split(mark) for line in lines]
        yield f"column {column} lost", b"\n".join([*(mark.join(cells[:column] + cells[column + 1 :]) for cells in cut), b""])
        yield f"column {column} twice", b"\n".join([*(mark.join(cells + cells[column : column + 1]) for cells in cut), b""])
        yield f"column {column} without a name", b"\n".join(
            [mark.join(cut[0][:column] + [b""] + cut[0][column + 1 :]), *lines[1:], b""]
        )
        for cell in CELLS if column < 12 or column > width - 3 else ():
            cells = list(cut[row])
            cells[column : column + 1] = [cell]
            yield f"{cell[:12]!r} in column {column}", b"\n".join([*lines[:row], mark.join(cells), *lines[row + 1 :], b""])
    for at in {1, len(lines) // 2, len(lines) - 1}:
        yield f"line {at + 1} twice", b"\n".join([*lines[: at + 1], *lines[at:], b""])
    yield "header twice", b"\n".join([lines[0], *lines, b""])
    yield "quotation mark before a line", b"\n".join([*lines[:row], b'"' + lines[row], *lines[row + 1 :], b""])
    yield "quotation mark before the header", b'"' + data
    yield "a comment above", b"# made by me\n" + data
    yield "header in capitals", b"\n".join([lines[0].upper(), *lines[1:], b""])


def test_every_layout_is_damaged_here_or_beside_one_that_is():
    assert set(PLACES.values()) | set(MADE.values()) | ELSEWHERE == set(formats())


@pytest.mark.parametrize(("name", "layout"), named(PLACES))
def test_a_damaged_text_is_refused_by_name_or_read_rightly(tmp_path, name, layout):
    place, out = copied(FILES / name, tmp_path), tmp_path / "kept.parquet"
    whole = read_evidence(place, format=layout, progress=False)
    for file, damage, damaged in one_by_one(place, refused_always):
        with written(file, damaged):
            assert file.name in (outcome(place, layout, out) or ""), (file.name, damage)
    for file, change, changed in one_by_one(place, read_the_same):
        with written(file, changed):
            again = read_evidence(place, format=layout, progress=False)
            pd.testing.assert_frame_equal(again.rows, whole.rows)
            assert again.notes == whole.notes, (file.name, change)


@pytest.mark.parametrize(("name", "layout"), named(PLACES))
def test_an_odd_cell_or_column_makes_a_refusal_or_a_table_and_nothing_else(tmp_path, name, layout):
    place, out = copied(FILES / name, tmp_path), tmp_path / "kept.parquet"
    # A sample of the ways in which files may be odd, the same at every run.
    odd = list(one_by_one(place, read_or_refused))
    for file, damage, damaged in random.Random(name).sample(odd, min(len(odd), N_ODD)):
        with written(file, damaged):
            try:
                outcome(place, layout, out)
            except Exception as error:
                raise AssertionError((file.name, damage)) from error


@pytest.mark.parametrize(("name", "layout"), named(MADE))
def test_a_damaged_binary_file_is_refused(tmp_path, made, name, layout):
    if not (made / name).exists():
        pytest.skip("R data files are read and written through rdata")
    place, out = copied(made / name, tmp_path), tmp_path / "kept.parquet"
    assert outcome(place, layout, out) is None
    draw = random.Random(name)
    for file, damage, damaged in one_by_one(place, cut_short):
        with written(file, damaged):
            assert file.name in (outcome(place, layout, out) or ""), (file.name, damage)
    file = files_of(place)[0]
    for _ in range(4):
        flipped = bytearray(file.read_bytes())
        for at in draw.sample(range(len(flipped)), 8):
            flipped[at] ^= draw.randrange(1, 256)
        with written(file, flipped):
            # What is flipped may be of no use to anyone, such as a time stamp.
            outcome(place, layout, out)


@pytest.mark.parametrize(("name", "layout"), named({**PLACES, **MADE}))
def test_what_is_not_there_a_folder_and_a_circle_of_links_are_refused(tmp_path, made, name, layout, capsys):
    source = FILES / name if name in PLACES else made / name
    if not source.exists():
        pytest.skip("R data files are read and written through rdata")
    place, out = copied(source, tmp_path), tmp_path / "kept.parquet"
    file = files_of(place)[-1]
    for change in (Path.unlink, Path.mkdir, Path.rmdir, lambda path: path.symlink_to(path)):
        change(file)
        if place.is_dir() and layout == "baci" and not file.is_symlink():
            # BACI's list of products may be absent.
            continue
        assert main(["read", str(place), "--format", layout, "-o", str(out)]) == 2
        said = capsys.readouterr().err
        assert place.name in said and "Traceback" not in said and not out.exists()


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    place = copied(FILES / "long_table.csv", tmp_path)
    plain = Path.open

    def refuse(self, *arguments, **options):
        if self == place:
            raise PermissionError(13, "Permission denied", str(self))
        return plain(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    assert f"{place}: cannot be read: Permission denied" in outcome(place, "long_table", tmp_path / "kept.parquet")
