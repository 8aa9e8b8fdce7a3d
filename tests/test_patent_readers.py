"""Claims about the readers of patent databases: REGPAT and PatentsView, whole and damaged."""

import gzip
import random
import shutil
import zipfile
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from redqueen.errors import Refused
from redqueen.evidence.formats import read_evidence, recognise

FILES = Path(__file__).parent / "files"
INVENTORS = "202208_EPO_Inv_reg.txt"
CLASSES = "202208_EPO_IPC.txt"


@pytest.fixture
def folder(tmp_path):
    """Copies a publisher's folder of tests/files, with some texts of one of its files replaced."""

    def copy(name, file=None, *replacements):
        place = tmp_path / name
        shutil.copytree(FILES / name, place)
        if file is not None:
            data = (place / file).read_bytes()
            for old, new in replacements:
                assert old in data
                data = data.replace(old, new, 1)
            (place / file).write_bytes(data)
        return place

    return copy


def refusal(place, **options):
    with pytest.raises(Refused) as caught:
        read_evidence(place, **options)
    return str(caught.value)


def values(evidence, *key):
    return {tuple(row[name] for name in key): row["value"] for _, row in evidence.rows.iterrows()}


# What is read


def test_an_application_is_shared_by_inventors_and_by_subclasses():
    found = read_evidence(FILES / "regpat")
    assert (found.format, found.kind, found.years) == ("regpat", "activities", [1999, 2000])
    assert values(found, "region", "activity", "year") == {
        ("DE212", "G06F", 1999): 0.25, ("DE212", "H01L", 1999): 0.25, ("FR101", "G06F", 1999): 0.25, ("FR101", "H01L", 1999): 0.25,
        ("DE212", "A61K", 2000): 0.5, ("DE21H", "A61K", 2000): 0.5,
        # The inventor without a region leaves the whole application to the other two.
        ("UKI31", "H01L", 1999): 1.0,
    }  # fmt: skip
    assert found.missing == 1
    assert "1 inventors have no region: the others of the application share it" in found.notes
    assert [file.name for file in found.files] == [INVENTORS, CLASSES]


def test_co_inventions_take_two_inventors_and_stand_in_both_directions():
    found = read_evidence(FILES / "regpat", format="regpat_ties")
    assert found.kind == "ties"
    assert values(found, "region", "partner", "year", "measure") == {
        ("DE212", "FR101", 1999, "co-inventions"): 1.0,
        ("FR101", "DE212", 1999, "co-inventions"): 1.0,
        # Inventor 10 lives in two regions in application 2, which is no tie.
        ("UKI31", "UKI31", 1999, "local co-inventions"): 1.0,
    }


def test_fractional_counts_add_up_to_the_applications_and_match_exact_fractions(tmp_path):
    draw = random.Random(20240501)
    inventors, classes, expected = [
        "appln_id|person_id|reg_code|ctry_code|reg_share|inv_share"
    ], ["appln_id|prio_year|app_year|IPC"], {}
    regions, subclasses = ("DE212", "FR101", "US06085", "JPA1"), ("H01L", "G06F", "A61K")
    for application in range(200):
        held, n, year = draw.sample(subclasses, draw.randint(1, 3)), draw.randint(1, 4), draw.randint(1990, 1993)
        for person in range(n):
            region = draw.choice(regions)
            inventors.append(f"{application}|{person}|{region}|{region[:2]}|1|{1 / n:.10f}")
            for subclass in held:
                key = (region, subclass, year)
                expected[key] = expected.get(key, 0) + Fraction(1, n * len(held))
        for subclass in held:
            classes += [f"{application}|{year}|{year}|{subclass} 1/{line:02}" for line in range(draw.randint(1, 3))]
    (tmp_path / "202301_EPO_Inv_reg.txt").write_text("\n".join(inventors) + "\n")
    (tmp_path / "202301_EPO_IPC.txt").write_text("\n".join(classes) + "\n")
    found = values(read_evidence(tmp_path), "region", "activity", "year")
    assert found.keys() == expected.keys()
    # Shares are written to ten digits; each contribution is rounded to 2^-40 of a patent.
    assert all(abs(found[key] - float(expected[key])) < 1e-8 for key in expected)
    assert abs(sum(found.values()) - 200) < 1e-8


def test_the_order_of_rows_changes_no_bit(folder):
    place = folder("regpat")
    before = read_evidence(place).rows
    for name in (INVENTORS, CLASSES):
        header, *rows = (place / name).read_text().splitlines()
        (place / name).write_text("\n".join([header, *reversed(rows)]) + "\n")
    pd.testing.assert_frame_equal(read_evidence(place).rows, before)


def test_older_editions_spell_columns_in_capitals_and_names_with_quotation_marks(folder):
    place = folder(
        "regpat", INVENTORS, (b"appln_id|app_nbr|person_id|reg_code", b"Appln_id|App_nbr|Person_id|Reg_code"), (b"|EP1|", b'|"EP1|')
    )
    pd.testing.assert_frame_equal(read_evidence(place).rows, read_evidence(FILES / "regpat").rows)


def test_a_patent_is_shared_by_inventors_of_known_countries_and_inventional_subclasses():
    found = read_evidence(FILES / "patentsview")
    assert values(found, "region", "activity", "year") == {
        ("TWN", "H01L", 2018): 0.25, ("TWN", "G06F", 2018): 0.25, ("USA", "H01L", 2018): 0.25, ("USA", "G06F", 2018): 0.25,
        # No subclass of the second patent is inventional, so that the additional one counts; the third is of a country no more.
        ("USA", "Y10S", 2018): 1.0, ("SUN", "A61K", 1976): 1.0,
    }  # fmt: skip
    assert found.missing == 1 and found.names["region"]["SUN"] == "Soviet Union"


@pytest.mark.parametrize(("level", "region"), [("states", "06"), ("counties", "06085")])
def test_us_patents_by_state_and_county_leave_out_the_share_of_others(level, region):
    found = read_evidence(FILES / "patentsview", format=f"patentsview_{level}")
    assert values(found, "region", "activity", "year") == {
        (region, "H01L", 2018): 0.25, (region, "G06F", 2018): 0.25, (region, "Y10S", 2018): 1.0
    }  # fmt: skip


def test_co_inventions_between_countries_need_no_classes(folder):
    place = folder("patentsview")
    (place / "g_cpc_current.tsv").unlink()
    found = read_evidence(place, format="patentsview_ties")
    assert values(found, "region", "partner", "measure") == {
        ("TWN", "USA", "co-inventions"): 1.0, ("USA", "TWN", "co-inventions"): 1.0, ("USA", "USA", "local co-inventions"): 1.0
    }  # fmt: skip


def test_tables_are_read_as_they_are_fetched_in_zip_or_gz(folder):
    place = folder("patentsview")
    for number, table in enumerate(sorted(place.iterdir())):
        if number % 2:
            with zipfile.ZipFile(f"{table}.zip", "w") as archive:
                archive.write(table, table.name)
        else:
            Path(f"{table}.gz").write_bytes(gzip.compress(table.read_bytes()))
        table.unlink()
    pd.testing.assert_frame_equal(read_evidence(place).rows, read_evidence(FILES / "patentsview").rows)


def test_folders_are_recognised_by_the_names_of_their_files():
    assert recognise(FILES / "regpat").name == "regpat"
    assert recognise(FILES / "patentsview").name == "patentsview"


# What is refused


@pytest.mark.parametrize(
    ("file", "replacement", "complaint"),
    [
        (INVENTORS, (b"|0.5\n2|", b"|0,5\n2|"), f"{INVENTORS}:3: inv_share: '0,5' is no share from 0 to 1"),
        (INVENTORS, (b"|0.5\n2|", b"|-0.5\n2|"), f"{INVENTORS}:3: inv_share: '-0.5' is no share from 0 to 1"),
        (INVENTORS, (b"|0.5\n2|", b"|1.5\n2|"), "'1.5' is no share from 0 to 1"),
        (
            INVENTORS, (b"2|EP2|10|DE21H", b"2|EP2|10|DE212"),
            f"{INVENTORS}:5: appln_id person_id reg_code: '2, 10, DE212' stands twice"
        ),
        (INVENTORS, (b"FR101", b"QQ101"), f"{INVENTORS}:3: reg_code: no region has the code 'QQ101'"),
        (INVENTORS, (b"4|EP4|15|EL303|GR|1|1\n", b"4|EP4|15|EL3"), "the last line does not end: the file may be cut off"),
        (INVENTORS, (b"4|EP4|15|EL303|GR|1|1\n", b"4|EP4|15|EL303\n"), f"{INVENTORS}:9: the row has 4 cells, the header 7"),
        (INVENTORS, (b"reg_code", b"region"), "reg_code: the column is missing"),
        (INVENTORS, (b"1|EP1|10", b"x|EP1|10"), f"{INVENTORS}:2: appln_id: 'x' is not a whole number"),
        (INVENTORS, (b"EP1", b"EP\xff"), f"{INVENTORS}:2: the text is not UTF-8"),
        (CLASSES, (b"|1999|", b"|199|"), f"{CLASSES}:2: prio_year: '199' is no year"),
        (CLASSES, (b"G06F 19/00", b"computers"), f"{CLASSES}:4: ipc: 'computers' is no IPC symbol"),
    ],
)
def test_a_damaged_regpat_is_refused_and_the_fault_named(folder, file, replacement, complaint):
    assert complaint in refusal(folder("regpat", file, replacement))


@pytest.mark.parametrize(
    ("file", "replacement", "complaint"),
    [
        ("g_patent", (b'"2018-06-19"', b'"19/06/2018"'), "g_patent.tsv:2: patent_date: '19/06/2018' is no date"),
        ("g_patent", (b'"10000002"', b'"10000001"'), "g_patent.tsv:3: patent_id: '10000001' stands twice"),
        (
            "g_location_disambiguated", (b'"TW"', b'"QQ"'),
            "g_location_disambiguated.tsv:2: disambig_country: no country is called 'QQ'"
        ),
        ("g_inventor_disambiguated", (b'"l-tw"', b'"l-xx"'), "1 inventors are at locations that g_location_disambiguated lacks"),
        ("g_inventor_disambiguated", (b'"10000001"\t1', b'"10000001"\t0'), "'10000001, 0' stands twice"),
        (
            "g_cpc_current", (b'"H01L"', b'"semiconductors"'),
            "g_cpc_current.tsv:2: cpc_subclass: 'semiconductors' is no CPC subclass"
        ),
    ],
)
def test_damaged_patentsview_is_refused_and_the_fault_named(folder, file, replacement, complaint):
    assert complaint in refusal(folder("patentsview", f"{file}.tsv", replacement))


@pytest.mark.parametrize(("name", "file", "delimiter"), [("regpat", INVENTORS, b"|"), ("patentsview", "g_patent.tsv", b"\t")])
def test_damage_that_any_file_may_have_is_refused(folder, name, file, delimiter):
    place = folder(name)
    path = place / file
    whole = path.read_bytes()
    path.write_bytes(b"\xef\xbb\xbf" + whole)
    read_evidence(place)
    noise = random.Random(7).randbytes(10_000_000)
    for data, complaint in (
        (b"", "the file is empty"),
        (whole.replace(delimiter, b";"), "the columns are separated by ';'"),
        (whole[: len(whole) // 2], "cut off"),
        (noise, "it holds bytes that no text has"),
    ):
        path.write_bytes(data)
        assert f"{file}" in (text := refusal(place)) and complaint in text
    path.unlink()
    assert "is missing" in refusal(place)


def test_one_file_alone_is_refused_with_the_folder_that_is_wanted():
    assert "give the folder" in refusal(FILES / "regpat" / INVENTORS)
    assert "give the folder" in refusal(FILES / "patentsview" / "g_patent.tsv")


def test_two_editions_in_one_folder_are_refused(folder):
    place = folder("regpat")
    shutil.copy(place / INVENTORS, place / "202301_EPO_Inv_reg.txt")
    assert "several editions" in refusal(place)


def test_a_packed_file_cut_short_is_refused(folder):
    place = folder("regpat")
    packed = gzip.compress((place / CLASSES).read_bytes())
    (place / CLASSES).unlink()
    (place / f"{CLASSES}.gz").write_bytes(packed[:-6])
    assert f"{CLASSES}.gz: the compressed file is damaged or cut short" in refusal(place)


def test_many_faults_of_one_kind_are_counted(folder):
    place = folder("regpat")
    path = place / INVENTORS
    path.write_bytes(path.read_bytes().replace(b"|1\n", b"|one\n").replace(b"0.3333\n", b"x\n"))
    text = refusal(place)
    assert text.count("is no share from 0 to 1") == 6 and "1 more rows where the value is no share from 0 to 1" in text
