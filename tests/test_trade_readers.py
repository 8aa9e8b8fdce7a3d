"""Trade-like layouts: each tiny file is read as its publisher means it; each damaged one is refused with its place."""

import gzip
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from redqueen.cli import main
from redqueen.errors import Refused
from redqueen.evidence.evidence import Evidence
from redqueen.evidence.formats import read_evidence, recognise

FILES = Path(__file__).parent / "files"
BACI = FILES / "baci" / "BACI_HS92_Y1995_V202601.csv"
ATLAS = FILES / "atlas" / "country_hsproduct4digit_year.csv"
OEC = FILES / "oec" / "year_origin_hs92_4.tsv"
COMTRADE = FILES / "comtrade" / "trade.csv"
LONG = FILES / "long_table.csv"
COUNTRIES = FILES / "long_table_countries.csv"
ORGANISATIONS = FILES / "organisations.csv"
EACH = {"baci": BACI, "atlas": ATLAS, "oec": OEC, "comtrade": COMTRADE, "long_table": LONG, "organisations": ORGANISATIONS}


def cells(evidence: Evidence, *columns: str) -> dict:
    """Give values by the other columns that are named."""
    return dict(zip(evidence.rows[list(columns)].itertuples(index=False, name=None), evidence.rows["value"], strict=True))


@pytest.mark.parametrize(("name", "path"), EACH.items())
def test_each_layout_is_recognised_by_its_looks(name, path):
    assert recognise(path).name == name


def test_a_baci_folder_is_read_with_its_countries_and_products():
    found = read_evidence(FILES / "baci")
    assert cells(found, "region", "partner", "activity", "year") == {
        ("AFG", "USA", "010600", 1995): 10.186, ("AFG", "USA", "854211", 1995): 2.5, ("TWN", "USA", "854211", 1995): 1200.25,
        ("TWN", "AFG", "854211", 1995): 0.75, ("USA", "TWN", "854211", 1995): 310.0, ("TWN", "USA", "854211", 1996): 1500.0,
        ("USA", "TWN", "010600", 1996): 7.125,
    }
    assert found.kind == "trade" and found.units == {"exports": "thousand current USD"}
    assert found.name_of("854211", "activity") == "Electronic integrated circuits: digital"
    assert any("taken for Taiwan" in note for note in found.notes)
    assert any("Europe EFTA" in note for note in found.notes)
    assert {file.name for file in found.files} == {path.name for path in (FILES / "baci").iterdir()}


def test_one_baci_file_alone_takes_the_numbers_of_the_united_nations(tmp_path):
    shutil.copy(BACI, tmp_path)
    alone = read_evidence(tmp_path / BACI.name)
    together = read_evidence(FILES / "baci")
    pd.testing.assert_frame_equal(alone.rows, together.rows[together.rows["year"] == 1995].reset_index(drop=True))


@pytest.mark.parametrize(
    ("add", "says"),
    [
        ("BACI_HS96_Y1997_V202601.csv", "mixes revisions of the Harmonized System: HS92, HS96"),
        ("BACI_HS92_Y1997_V202501.csv", "mixes versions of BACI: 202501, 202601"),
        ("BACI_HS92_Y1995_V202601.csv.gz", "two files hold 1995"),
    ],
)
def test_a_baci_folder_that_mixes_editions_is_refused(tmp_path, add, says):
    shutil.copytree(FILES / "baci", tmp_path / "baci")
    (tmp_path / "baci" / add).write_bytes(BACI.read_bytes())
    with pytest.raises(Refused, match=says):
        read_evidence(tmp_path / "baci")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("1995,4,842,854211,2.5,NA", "1996,4,842,854211,2.5,NA", r"csv:3: t: '1996(\.0)?' is not the year of the file, 1995"),
        ("1995,4,842,854211,2.5,NA", "1995,5,842,854211,2.5,NA", r"csv:3: i: '5' is no country of BACI"),
        ("1995,490,4,854211", "1995,490,1004,854211", r"csv:5: j: '1004' is no country of BACI"),
        ("1995,4,842,854211,2.5,NA", "1995,4,842,854212,2.5,NA", r"csv:3: k: '854212' is not in the file product_codes"),
        ("1995,4,842,854211,2.5,NA", "1995,4,842,854211,NA,NA", r"csv:3: v: is missing"),
    ],
)
def test_a_wrong_cell_of_baci_is_named_by_file_line_and_column(tmp_path, old, new, says):
    shutil.copytree(FILES / "baci", tmp_path / "baci")
    file = tmp_path / "baci" / BACI.name
    file.write_text(BACI.read_text().replace(old, new))
    with pytest.raises(Refused, match=says):
        read_evidence(tmp_path / "baci")


def test_the_atlas_is_read_without_undeclared_countries_and_empty_cells():
    found = read_evidence(ATLAS)
    assert cells(found, "region", "activity", "year", "measure") == {
        ("ABW", "0101", 1995, "exports"): 0.0, ("ABW", "0101", 1995, "imports"): 6005.0, ("ABW", "8542", 1995, "exports"): 1250.5,
        ("TWN", "8542", 1996, "exports"): 88000.0, ("TWN", "8542", 1996, "imports"): 91.5,
    }
    assert found.kind == "activities" and found.missing == 1 and found.name_of("0101", "activity") == "Horses"
    assert "left out: groups and unspecified areas (ANS)" in found.notes


def test_the_newer_columns_of_the_atlas_and_its_partners_are_read(tmp_path):
    file = tmp_path / "hs92_country_country_product_year_4.csv"
    file.write_text(
        "country_id,country_iso3_code,partner_country_id,partner_iso3_code,product_id,product_hs92_code,year,export_value,import_value\n"
        "158,TWN,840,USA,650,101,2000,5,7.5\n158,TWN,840,USA,651,8542,2000,100,\n"
    )
    found = read_evidence(file)
    assert found.kind == "trade" and found.missing == 1
    assert cells(found, "region", "partner", "activity", "measure") == {
        ("TWN", "USA", "0101", "exports"): 5.0, ("TWN", "USA", "0101", "imports"): 7.5, ("TWN", "USA", "8542", "exports"): 100.0,
    }
    # The file has no words for products: those of their chapters stand in.
    assert found.name_of("0101", "activity") == "Live animals (0101)"


def test_the_observatory_is_read_without_undeclared_areas_and_nulls():
    found = read_evidence(OEC)
    assert cells(found, "region", "activity", "year", "measure") == {
        ("AGO", "0101", 1995, "imports"): 23000.0, ("AGO", "2709", 1995, "exports"): 3425000000.0,
        ("AGO", "2709", 1995, "imports"): 1200.5, ("TWN", "8542", 1996, "exports"): 8800000.25,
        ("TWN", "8542", 1996, "imports"): 91.0,
    }
    assert found.missing == 1 and "left out: groups and unspecified areas (xxb)" in found.notes


def test_comtrade_is_read_at_one_level_without_totals_and_parts_of_totals():
    found = read_evidence(COMTRADE)
    assert cells(found, "region", "partner", "activity", "year", "measure") == {
        ("USA", "IRL", "8542", 2010, "exports"): 1000.5, ("USA", "TWN", "8542", 2010, "exports"): 300.0,
        ("USA", "IRL", "8542", 2010, "imports"): 40.25, ("IRL", "USA", "8542", 2010, "exports"): 38.5,
    }
    assert len(found.notes) == 7


def test_comtrade_totals_over_partners_stand_where_no_partner_is_listed(tmp_path):
    lines = COMTRADE.read_text().splitlines(keepends=True)
    file = tmp_path / "world.csv"
    file.write_text(lines[0] + lines[1] + lines[2])
    found = read_evidence(file)
    assert found.kind == "activities" and cells(found, "region", "activity", "measure") == {("USA", "8542", "exports"): 1300.5}


def test_a_long_table_keeps_regions_of_its_own_and_a_unit_for_each_measure():
    found = read_evidence(LONG)
    assert found.units == {"value added": "million USD", "jobs": "persons"} and found.missing == 1
    assert cells(found, "region", "activity", "year", "measure")["silicon_valley", "packaging", 2000, "value added"] == -1.5
    assert found.regions == ["hsinchu", "silicon_valley"] and found.years == [2000, 2001]


def test_incomes_and_value_added_of_regions_may_be_below_zero_and_counts_may_not(tmp_path):
    (tmp_path / "t.csv").write_text(
        "region,year,measure,value\nHill,2000,income per head,-4.5\nHill,2000,value added,-9\nDale,2000,population,3\n"
    )
    assert cells(read_evidence(tmp_path / "t.csv"), "region", "measure")["Hill", "income per head"] == -4.5
    (tmp_path / "t.csv").write_text("region,year,measure,value\nHill,2000,income per head,4.5\nDale,2000,population,-3\n")
    with pytest.raises(Refused, match="t.csv:3: value: '-3.0' is below zero"):
        read_evidence(tmp_path / "t.csv")


def test_a_long_table_of_countries_takes_the_year_that_the_user_gives():
    found = read_evidence(COUNTRIES, year=1999)
    assert found.kind == "trade" and found.units == {"exports": "current USD"}
    assert cells(found, "region", "partner", "activity", "year") == {
        ("TWN", "USA", "8542", 1999): 1500.5, ("USA", "TWN", "0101", 1999): 3.0
    }
    assert "left out: groups of countries (World)" in found.notes and "columns not read: note" in found.notes
    with pytest.raises(Refused, match="year: no column holds the year"):
        read_evidence(COUNTRIES)


def test_a_table_without_a_year_takes_the_one_in_its_name(tmp_path):
    shutil.copy(COUNTRIES, tmp_path / "exports_1998.csv")
    assert read_evidence(tmp_path / "exports_1998.csv").years == [1998]


@pytest.mark.parametrize("kind", ["tsv", "csv.gz", "parquet"])
def test_a_long_table_is_the_same_however_it_is_packed(tmp_path, kind):
    file = tmp_path / f"table.{kind}"
    if kind == "tsv":
        file.write_text(LONG.read_text().replace(",", "\t"))
    elif kind == "csv.gz":
        file.write_bytes(gzip.compress(LONG.read_bytes()))
    else:
        pd.read_csv(LONG).to_parquet(file)
    pd.testing.assert_frame_equal(read_evidence(file).rows, read_evidence(LONG).rows)


def test_state_codes_are_not_taken_for_countries(tmp_path):
    # Most two-letter codes of US states are codes of countries too: CA, DE, IL, MA.
    file = tmp_path / "states.csv"
    file.write_text("region,activity,year,value\n" + "".join(f"{code},chips,2000,1\n" for code in ("CA", "DE", "IL", "MA", "TX")))
    assert read_evidence(file).regions == ["CA", "DE", "IL", "MA", "TX"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "region,activity,year,value\nTWN,chips,2000,1\nIRL,chips,2000,1\nATL,chips,2000,1\n",
            r":4: region: no country is called 'ATL'"
        ),
        ("country,activity,year,value\nhsinchu,chips,2000,1\n", r":2: country: no country is called 'hsinchu'"),
        ("region,activity,year,value\na,chips,20000,1\n", r":2: year: '20000' is no year between 1500 and 2200"),
        ("region,activity,year,value\na,chips,2000.5,1\n", r":2: year: '2000.5' is not a whole number"),
        ("region,activity,year,value\na,,2000,1\n", r":2: activity: is missing"),
        ("region,activity,year,value\na,chips,2000,x\n", r":2: value: 'x' is not a number"),
        ("region,activity,year,value\na,chips,2000,inf\n", r":2: value: 'inf' is not a finite number"),
        ("region,activity,year,value,unit\na,chips,2000,1,USD\na,chips,2001,1,EUR\n", r"unit: value stands in USD and in EUR"),
        ("region,activity,year,value,value\na,chips,2000,1,1\n", r":1: value: the column stands twice"),
        ("region,activity,year,value\n", r"a header and no rows"),
        ("activity,year,value\nchips,2000,1\n", r"no known layout looks like this: its columns are activity, year, value"),
    ],
)
def test_a_wrong_long_table_is_refused_with_the_place(tmp_path, text, says):
    file = tmp_path / "table.csv"
    file.write_text(text)
    with pytest.raises(Refused, match=says):
        read_evidence(file)


def test_a_growth_rate_of_a_region_may_be_below_zero_and_its_population_may_not(tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("region,year,measure,value\na,2000,growth,-1.5\n")
    assert read_evidence(file).rows["value"].tolist() == [-1.5]
    file.write_text("region,year,measure,value\na,2000,population,-1.5\n")
    with pytest.raises(Refused, match=":2: value: '-1.5' is below zero"):
        read_evidence(file)


def test_all_faults_of_a_long_table_come_together(tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("region,activity,year,value\na,chips,2000,-1\nb,chips,9999,1\n,chips,2000,1\n")
    with pytest.raises(Refused) as refusal:
        read_evidence(file)
    assert [(fault.line, fault.field) for fault in refusal.value.faults] == [(4, "region"), (3, "year"), (2, "value")]


def test_the_register_is_read_with_ties_to_organisations_and_to_regions():
    found = read_evidence(ORGANISATIONS)
    rows = found.rows.set_index("organisation")
    assert found.kind == "organisations" and found.regions == ["TWN", "USA"] and found.missing == 1
    assert rows.loc["Acer Lab", "capabilities"] == "chip design;boards" and rows.loc["Acer Lab", "ties"] == "Foundry One;USA"
    assert rows.loc["Foundry One", "size"] == 900.0 and rows.loc["Foundry One", "ties"] == ""
    assert pd.isna(rows.loc["Valley Ventures", "size"])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "Foundry One;United States", "Foundry Two",
            r":2: ties: 'Foundry Two' is neither an organisation nor a region .*'Foundry One'"
        ),
        (",Acer Lab\n", ",Valley Ventures\n", r":4: ties: 'Valley Ventures' is tied to itself"),
        ("foundry,900,", "foundry,-900,", r":3: size: '-900.0' is below zero"),
        ("Valley Ventures,United", "Foundry One,United", r":4: organisation: the row Foundry One stands twice \(first on line 3\)"),
        ("Foundry One,TWN", "Foundry One,Atlantis", r":3: region: no country is called 'Atlantis'"),
        ("Foundry One,TWN", "Foundry One,", r":3: region: is missing"),
    ],
)
def test_a_wrong_register_is_refused_with_the_place(tmp_path, old, new, says):
    file = tmp_path / "register.csv"
    file.write_text(ORGANISATIONS.read_text().replace(old, new))
    with pytest.raises(Refused, match=says):
        read_evidence(file)


# A cell of each file, and what stands in its place when it is damaged.
NUMBER = {"baci": "1200.25", "atlas": "1250.5", "oec": "1200.5", "comtrade": "40.25", "long_table": "99.25", "organisations": "900"}
REGION = {
    "baci": ("1995,490,842", "1995,999,842"), "atlas": (",TWN,", ",QQQ,"), "oec": ("\ttwn\t", "\tqqq\t"),
    "comtrade": (",IRL,Ireland,X", ",QQQ,Ireland,X"), "organisations": ("Foundry One,TWN", "Foundry One,QQQ"),
}


def damage(name: str, how: str, text: str) -> str:
    lines = text.splitlines(keepends=True)
    delimiter = "\t" if name == "oec" else ","
    match how:
        case "cut":
            return text[:-4]
        case "semicolons":
            return text.replace(delimiter, ";")
        case "comma":
            return text.replace(NUMBER[name], '"' + (NUMBER[name].replace(".", ",") if "." in NUMBER[name] else "9,5") + '"', 1)
        case "twice":
            return text + lines[3 if name == "comtrade" else 1]
        case "negative":
            return text.replace(delimiter + NUMBER[name], delimiter + "-" + NUMBER[name]).replace("added", "added*")
        case "region":
            return text.replace(*REGION[name])
        case "short":
            return "".join(lines[:2]) + lines[2].rpartition(delimiter)[0] + "\n" + "".join(lines[3:])
    raise AssertionError(how)


SAYS = {
    "cut": "the last line does not end: the file may be cut off", "semicolons": "the columns are separated by ';', not by ",
    "comma": "is written with a decimal comma", "twice": "stands twice", "negative": "is below zero", "region": "QQQ|qqq|999",
    "short": "cells, the header",
}


@pytest.mark.parametrize("name", EACH)
@pytest.mark.parametrize("how", SAYS)
def test_a_damaged_file_is_refused_and_nothing_is_written(tmp_path, capsys, name, how):
    if how == "region" and name not in REGION:
        pytest.skip("a long table may have any regions")
    folder = tmp_path / "in"
    shutil.copytree(
        EACH[name].parent, folder, ignore=lambda place, names: [one for one in names if name != "baci" and one != EACH[name].name]
    )
    file = folder / EACH[name].name
    text = damage(name, how, file.read_text())
    assert text != file.read_text()
    file.write_text(text)
    (tmp_path / "out").mkdir()
    code = main(["read", str(file), "--format", name, "-o", str(tmp_path / "out" / "kept.parquet")])
    said = capsys.readouterr().err
    assert code == 2
    assert str(file) in said and any(part in said for part in SAYS[how].split("|")), said
    if how in ("comma", "twice", "negative", "short"):
        assert f"{file}:" in said, said
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("name", EACH)
def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path, name):
    folder = tmp_path / "in"
    folder.mkdir()
    for file in EACH[name].parent.glob("*codes*") if name == "baci" else []:
        shutil.copy(file, folder)
    file = folder / EACH[name].name
    file.write_bytes(b"\xef\xbb\xbf" + EACH[name].read_bytes().replace(b"\n", b"\r\n"))
    assert recognise(file).name == name
    pd.testing.assert_frame_equal(read_evidence(file).rows, read_evidence(EACH[name]).rows)


@pytest.mark.parametrize("name", EACH)
def test_a_packed_file_that_is_cut_is_refused(tmp_path, name):
    file = tmp_path / f"{EACH[name].name}.gz"
    file.write_bytes(gzip.compress(EACH[name].read_bytes())[:-9])
    with pytest.raises(Refused, match="the compressed file is damaged or cut short"):
        read_evidence(file, format=name)


@pytest.mark.parametrize("name", EACH)
@pytest.mark.parametrize("content", [b"", os.urandom(1 << 16)], ids=["empty", "random"])
def test_an_empty_or_random_file_is_refused(tmp_path, name, content):
    file = tmp_path / EACH[name].name
    file.write_bytes(content)
    with pytest.raises(Refused, match="is empty|is no table|not UTF-8"):
        read_evidence(file, format=name)


@pytest.mark.parametrize("year", [1962, 1980])
def test_real_exports_are_read_with_former_countries_and_words_for_products(data_directory, year):
    found = read_evidence(data_directory / "trade" / f"hs4_exports_{year}.csv.gz")
    assert found.years == [year] and found.units == {"exports": "current USD"} and found.kind == "activities"
    assert {"SUN", "DDR", "CSK", "USA"} <= set(found.regions)
    assert set(found.activities) <= set(found.names["activity"])


def test_real_industries_are_read_with_three_measures_and_their_words(data_directory):
    found = read_evidence(data_directory / "wiod" / "country_industry_year.csv.gz")
    assert found.measures == ["output", "value added", "exports"] and found.years == list(range(1995, 2008))
    assert len(found.regions) == 41 and len(found.activities) == 35
    assert found.name_of("c1", "activity") == "Agriculture, hunting, forestry and fishing"
    # 41 x 35 x 13 rows of three measures, without the exports that are below zero.
    assert len(found.rows) == 41 * 35 * 13 * 3 - found.missing and found.missing == 83
