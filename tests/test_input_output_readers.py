"""Claims about the readers of input-output tables and of the accounts beside them: official layouts, and damaged ones."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from square_tables import assert_closes, refusal, table_of
from world_tables import WIOD_2016_FINAL, r_columns, wiod_rows, world, write_icio, write_xlsb, write_xlsx

from redqueen.errors import Refused
from redqueen.evidence.flows import as_rows, by_producer, from_rows
from redqueen.evidence.formats import formats, read_evidence, recognise
from redqueen.evidence.input_output import InputOutput, read_input_output
from redqueen.evidence.readers.accounts import VARIABLES
from redqueen.evidence.readers.icio import read_icio

FILES = Path(__file__).parent / "files"
ICIO = FILES / "2016_SML.csv"
SQUARE = FILES / "two_regions_2000.csv"
COUNTRIES = ("AUS", "USA", "ROW")
ARRAYS = ("intermediate", "final_demand", "taxes", "value_added", "output")


@pytest.fixture
def small():
    """Give a world of three regions with three sectors, one of them with an underscore in its code."""
    return world(COUNTRIES, ("A01", "C10-C12", "C31_C32"), len(WIOD_2016_FINAL))


def assert_is(table, of):
    """Check that a table holds a world cell by cell."""
    assert table.regions == tuple(region.upper() for region in of.regions)
    expected = (of.intermediate, of.final.sum(axis=2), of.taxes, of.value_added, of.output)
    for name, array in zip(ARRAYS, expected, strict=True):
        assert (getattr(table, name) == array).all(), name


# OECD ICIO


def test_the_icio_file_written_by_hand_is_read_as_it_stands():
    evidence = read_evidence(ICIO, progress=False)
    (table,) = evidence.tables
    assert (evidence.format, evidence.kind, evidence.years) == ("oecd_icio", "input_output", [2016])
    assert (table.regions, table.sectors) == (("TWN", "USA", "ROW"), ("A01_02", "C26"))
    assert table.intermediate[table.position("TWN", "C26"), table.position("USA", "C26")] == 60.25
    # Taiwan's farms sell at home 20 + 1 + 3 + 2 - 4 + 1 of final demand, one category a time.
    assert table.final_demand[0].tolist() == [23, -5, 6]
    assert table.taxes.tolist() == [3, -2, 5, 8, 1, 4]
    assert_closes(table)
    assert any("final demand is negative in 1 cell," in note for note in table.notes)
    assert any("basic prices; taxes less subsidies" in note for note in evidence.notes)
    assert [file.name for file in evidence.files] == ["2016_SML.csv"]


@pytest.mark.parametrize(
    ("edition", "name"), [(2023, "2014_SML.csv"), (2018, "ICIO2018_2014.CSV"), (2018, "ICIO2021_2014.csv.gz")]
)
def test_editions_of_icio_give_the_same_table(edition, name, tmp_path):
    of = world(("AUS", "CHN", "ROW"), ("A01_02", "C26", "T"), 6)
    path = write_icio(tmp_path / name.removesuffix(".gz"), of, edition)
    if name.endswith(".gz"):
        path = tmp_path / name
        path.write_bytes(gzip.compress((tmp_path / name.removesuffix(".gz")).read_bytes()))
    table = table_of(path)
    assert_is(table, of)
    assert_closes(table)
    assert (table.sectors, table.year) == (("A01_02", "C26", "T"), 2014)


def test_parts_of_china_and_mexico_are_added_to_the_whole(tmp_path):
    parts = ("AUS", "CHN", "CN1", "CN2", "MEX", "MX1", "ROW")
    of = world(parts, ("A01_02", "C26"), 6, seed=3)
    # As in the extended edition: the whole's own industries are empty, and only the whole has final users.
    at = {name: slice(2 * place, 2 * place + 2) for place, name in enumerate(parts)}
    for whole in ("CHN", "MEX"):
        of.intermediate[at[whole]] = of.intermediate[:, at[whole]] = of.final[at[whole]] = of.taxes[at[whole]] = 0
    for part in ("CN1", "CN2", "MX1"):
        of.final[:, parts.index(part)] = 0
        of.final[at[part], parts.index("AUS"), 0] += 900
    of.output = of.intermediate.sum(axis=1) + of.final.sum(axis=(1, 2))
    of.value_added = of.output - of.intermediate.sum(axis=0) - of.taxes
    path = write_icio(tmp_path / "ICIO2021_2010.csv", of, 2018)
    frame = pd.read_csv(path, index_col=0)
    frame.drop(columns=[name for name in frame if name.startswith(("CN1_", "CN2_", "MX1_")) and name[4:].isalpha()]).to_csv(path)
    table = table_of(path)
    assert table.regions == ("AUS", "CHN", "MEX", "ROW")
    merged = of.intermediate.reshape(7, 2, 7, 2)
    china = merged[1:4].sum(axis=0)
    assert (table.intermediate.reshape(4, 2, 4, 2)[1, :, 1] == china[:, 1:4].sum(axis=1)).all()
    assert (table.intermediate.reshape(4, 2, 4, 2)[1, :, 0] == china[:, 0]).all()
    assert (table.final_demand[2:4, 1] == of.final[2:8, 1].sum(axis=1).reshape(3, 2).sum(axis=0)).all()
    assert_closes(table)
    assert table.output.sum() == of.output.sum() and table.taxes.sum() == of.taxes.sum()
    assert any("CN1, CN2, MX1 are parts of a country" in note for note in table.notes)


def test_the_edition_of_2016_has_its_discrepancy_at_home_and_its_taxes_in_value_added(tmp_path):
    path = tmp_path / "ICIO2016_2003.csv"
    path.write_text(
        '"","AUS_C24CHM","USA_C24CHM","HFCE_AUS","HFCE_USA","NPS_AUS","NPS_USA","DISC"\n'
        '"AUS_C24CHM",10,20,40,5,1,2,2\n"USA_C24CHM",10,30,15,60,0,5,0\n"VA+TAXSUB",60,70,,,,,\n"OUT",80,120,,,,,\n'
    )
    table = table_of(path)
    assert table.final_demand.tolist() == [[43, 7], [15, 65]]
    assert table.value_added.tolist() == [60, 70] and table.taxes.tolist() == [0, 0]
    assert_closes(table)
    assert any("discrepancies of 2 in all" in note for note in table.notes)
    assert any("this edition does not part them" in note for note in table.notes)


def test_a_folder_of_years_is_read_year_by_year(tmp_path):
    of = world(COUNTRIES, ("A01_02", "C26"), 6)
    for year in (1995, 1996):
        write_icio(tmp_path / f"{year}_SML.csv", of)
    evidence = read_evidence(tmp_path, progress=False)
    assert evidence.years == [1995, 1996] and len(evidence.files) == 2


@pytest.mark.parametrize(
    ("replacement", "complaint"),
    [
        (("VA,18,", "VA,22,"), "TWN_A01_02 does not balance: purchases, taxes and value added add up to 61.0, output is 57.0"),
        (("TLS,3,", "TLS,30,"), "purchases, taxes and value added add up to 84.0"),
        (("OUT,57,", "OUT,76,"), "the OUTPUT row says 76.0, output is 57.0"),
        (("20,1,3,2,-4,1", "20,1,3,2,4,1"), "2016_SML.csv:2: TWN_A01_02 does not balance: sales add up to 65.0, output is 57.0"),
        (("TWN_C26,8,120.5", "TWN_C26,-8,120.5"), "2016_SML.csv:3: TWN_A01_02: '-8.0' is below 0"),
        (("TWN_C26,8,120.5", "TWN_C26,8;5,120.5"), "2016_SML.csv:3: TWN_A01_02: '8;5' is not a number"),
        (("TWN_C26,8,120.5", 'TWN_C26,8,"120,5"'), "2016_SML.csv:3: TWN_C26: '120,5' is not a number"),
        (("TWN_C26,8,120.5", "TWN_C26,,120.5"), "2016_SML.csv:3: TWN_A01_02: the cell is empty"),
        (("TWN_C26,8,", "TWN_C27,8,"), "TWN_C26: the row is missing"),
        (("TWN_C26,8,", "TWN_C27,8,"), "TWN_C27: no column bears the name of this row"),
        (("USA_A01_02,6,", "TWN_C26,6,"), "2016_SML.csv:4: the row 'TWN_C26' stands twice"),
        (("TWN_", "TWM_"), "no country is called 'TWM' (did you mean"),
        (("V1,TWN_A01_02,TWN_C26,", "V1,TWN_A01_02,TWN_A01_02,"), "TWN_A01_02: the column stands twice in the header"),
        (("ROW_HFCE", "ROW_GFC"), "ROW_GFC: the row is missing"),
        (("\nVA,", "\nROW_X,"), "VA: the row is missing"),
        (("USA_A01_02,6,", "USA_A01_02,6,7,"), "2016_SML.csv:4: the row has 27 cells, the header 26"),
    ],
)
def test_a_faulty_icio_file_is_refused_and_the_fault_named(changed, replacement, complaint):
    assert complaint in refusal(changed(ICIO, replacement))


def test_all_faults_of_an_icio_file_are_said_at_once(changed):
    text = refusal(changed(ICIO, ("TWN_C26,8,120.5", "TWN_C26,x,-120.5"), ("VA,18,", "VA,,")))
    assert text.startswith("input-output table: 3 faults")


def test_a_tiny_negative_sale_is_kept_and_said(changed):
    # Less than a ten-thousandth of the largest purchase of USA_C26, 90, and than a thousand dollars.
    path = changed(
        ICIO, ("1,30.25,5,9.75,25", "1,30.25,5,-0.0005,25"), (",629.5\n", ",619.7495\n"),
        ("286.5,346,257,", "296.2505,346,247.2495,"), ("555,629.5,", "555,619.7495,"),
    )
    table = table_of(path)
    assert table.intermediate.min() == -0.0005
    assert any("1 sales between producers are below zero, by 0.0005 at most" in note for note in table.notes)


def test_a_cut_icio_file_is_refused(tmp_path):
    text = ICIO.read_text()
    path = tmp_path / ICIO.name
    for length in range(0, len(text), 11):
        path.write_text(text[:length])
        assert str(path) in refusal(path, format="oecd_icio"), length
    path.write_text(text[:-1])
    assert "if it is whole, add a line break at its end" in refusal(path)


def test_a_byte_order_mark_is_no_fault_and_another_delimiter_is(tmp_path):
    marked = tmp_path / "2016_SML.csv"
    marked.write_bytes(b"\xef\xbb\xbf" + ICIO.read_bytes())
    assert table_of(marked).year == 2016
    marked.write_text(ICIO.read_text().replace(",", ";"))
    assert "separated by ';', not by ','" in refusal(marked, format="oecd_icio")


def test_without_a_year_in_its_name_the_year_is_asked_for(changed):
    unnamed = changed(ICIO, name="SML.csv")
    assert "the year is not clear: the file's name holds none (give the year)" in refusal(unnamed)
    assert table_of(unnamed, year=2015).year == 2015


# WIOD


def test_the_workbook_and_the_r_file_of_wiod_2016_hold_the_same_world(small, tmp_path):
    rdata = pytest.importorskip("rdata", reason="R data files are read and written through rdata")
    rows = wiod_rows(small, 2016, 2014)
    places = [
        write_xlsb(tmp_path / "WIOT2014_Nov16_ROW.xlsb", rows, "2014"),
        write_xlsx(tmp_path / "WIOT2014_Nov16_ROW.xlsx", rows, "2014"),
        tmp_path / "WIOT2014_October16_ROW.RData",
    ]
    rdata.write_rda(places[2], {"wiot": r_columns(small, 2014)})
    for place in places:
        evidence = read_evidence(place, progress=False)
        (table,) = evidence.tables
        assert evidence.format == "wiod_2016" and table.year == 2014
        assert table.sectors == ("A01", "C10-C12", "C31_C32")
        assert_is(table, small)
        assert_closes(table)
        assert evidence.names["activity"] == {code: f"industry {code}" for code in table.sectors}
        assert any("international transport margins" in note for note in table.notes)


@pytest.mark.parametrize(
    ("name", "year"), [("wiot95_row_apr12.xlsx", 1995), ("WIOT08_ROW_Sep12.xlsx", 2008), ("wiot2008_row_apr12.xlsx", 2008)]
)
def test_a_workbook_of_wiod_2013_is_read_with_its_own_codes(name, year, tmp_path):
    of = world(("AUS", "ROU", "RoW"), [f"c{at}" for at in range(1, 4)], 5)
    place = write_xlsx(tmp_path / name, wiod_rows(of, 2013, year), f"WIOT_{year}")
    evidence = read_evidence(place, progress=False)
    (table,) = evidence.tables
    assert (evidence.format, table.year, table.sectors) == ("wiod_2013", year, ("c1", "c2", "c3"))
    assert_is(table, of)
    assert_closes(table)


def test_a_workbook_with_a_fault_is_refused_with_line_and_column(small, tmp_path):
    def refused(change):
        rows = wiod_rows(small, 2016, 2014)
        change(rows)
        return refusal(write_xlsx(tmp_path / "WIOT2014_Nov16_ROW.xlsx", rows, "2014"))

    def put(row, column, cell):
        return lambda rows: rows[row].__setitem__(column, cell)

    def rename(rows):
        for at in range(len(small.sectors)):
            rows[6 + at][2] = rows[4][4 + at] = "XYX"

    assert "ROW.xlsx:8: AUS_C10-C12: '12,5' is not a number" in refused(put(7, 5, "12,5"))
    assert "ROW.xlsx:8: AUS_C10-C12: '-700.0' is below 0" in refused(put(7, 5, -700.0))
    assert "ROW.xlsx:7: AUS_A01: the cell is empty" in refused(put(6, 4, ""))
    assert "does not balance: purchases, taxes and value added" in refused(put(-3, 4, 1e6))
    assert "no country is called 'XYX'" in refused(rename)
    assert "the row of purchases says" in refused(put(-8, 4, 1e6))
    assert "USA_A01: the row is missing" in refused(lambda rows: rows.pop(9))
    assert "VA: the row is missing" in refused(lambda rows: rows.pop(-3))
    assert "the row has no labels" in refused(lambda rows: rows.insert(9, [""] * len(rows[6])))
    assert "lines 3 to 6 do not hold the codes" in refused(lambda rows: rows.pop(0))
    assert "lines 3 to 6 do not hold the codes" in refused(lambda rows: rows.__delitem__(slice(3, None)))


@pytest.mark.parametrize("name", ["WIOT2014_Nov16_ROW.xlsb", "WIOT2014_October16_ROW.RData", "Socio_Economic_Accounts.xlsx"])
def test_a_cut_or_random_binary_file_is_refused(name, small, tmp_path):
    rdata = pytest.importorskip("rdata", reason="R data files are read and written through rdata")
    path = tmp_path / name
    if name.endswith("RData"):
        rdata.write_rda(path, {"wiot": r_columns(small, 2014)})
    else:
        (write_xlsb if name.endswith("xlsb") else write_xlsx)(path, wiod_rows(small, 2016, 2014), "2014")
    whole = path.read_bytes()
    for length in [1, 2, 10, len(whole) // 2, len(whole) - 20]:
        path.write_bytes(whole[:length])
        assert "not a whole" in refusal(path), length
    # Any bytes will do: a valid table among them is beyond chance.
    path.write_bytes(np.random.default_rng(1).bytes(100_000))
    assert "not a whole" in refusal(path)
    path.write_bytes(b"")
    assert "the file is empty" in refusal(path)


def test_an_r_file_without_the_table_is_refused(small, tmp_path):
    rdata = pytest.importorskip("rdata", reason="R data files are read and written through rdata")
    path = tmp_path / "WIOT2014_October16_ROW.RData"
    rdata.write_rda(path, {"other": np.arange(3)})
    assert "the file holds 0 tables with a column IndustryCode" in refusal(path)
    columns = r_columns(small, 2014)
    del columns["RNr"]
    rdata.write_rda(path, {"wiot": columns})
    assert "RNr: the column is missing" in refusal(path)
    columns = r_columns(small, 2014)
    rdata.write_rda(path, {"wiot": columns | {"RNr": columns["Country"], "AUS2": columns["AUS2"][1:]}})
    text = refusal(path)
    assert "RNr: the column holds what is no number" in text and "the columns differ in length" in text
    columns["AUS99"] = columns["AUS2"]
    rdata.write_rda(path, {"wiot": columns})
    assert "AUS99: the column's number is neither an industry's nor final demand's" in refusal(path)


# Socio-economic accounts


def accounts(*rows, years=(2000, 2001), header=("country", "variable", "description", "code")):
    return [[*header, *years], *(list(row) for row in rows)]


GOOD = (
    ("AUS", "EMP", "Crops", "A01", 12.5, 13.0),
    ("AUS", "EMP", "Electronics", "C26", 40.0, ""),
    ("AUS", "GO", "Crops", "A01", 900.0, 950.0),
    ("AUS", "VA", "Crops", "A01", -1.0, 300.0),
)


def test_accounts_give_jobs_output_and_value_added_with_their_units(tmp_path):
    evidence = read_evidence(write_xlsx(tmp_path / "Socio_Economic_Accounts.xlsx", accounts(*GOOD), "DATA"), progress=False)
    assert (evidence.format, evidence.kind, evidence.years) == ("wiod_accounts", "activities", [2000, 2001])
    assert evidence.units == {
        "jobs": "thousand persons", "output": "million of national currency", "value added": "million of national currency",
    }
    assert evidence.missing == 1 and len(evidence.rows) == 7
    assert evidence.values("jobs", 2000).loc["AUS"].tolist() == [12.5, 40]
    assert evidence.values("value added", 2000).loc["AUS", "A01"] == -1
    assert evidence.name_of("C26", "activity") == "Electronics"
    assert any("currency of each country" in note for note in evidence.notes)


def test_accounts_of_2013_name_industries_as_their_tables_do(tmp_path):
    rows = accounts(
        ("TWN", "EMP", "TOTAL", "TOT", 100.0), ("TWN", "EMP", "Electrical", "30t33", 60.0), ("TWN", "EMP", "Sale", 50.0, 40.0),
        years=("_1995",), header=("Country", "Variable", "Description", "Code"),
    )
    evidence = read_evidence(write_xlsx(tmp_path / "WIOD_SEA_July14.xlsx", rows, "DATA"), progress=False)
    assert evidence.values("jobs", 1995).loc["TWN"].to_dict() == {"c14": 60, "c19": 40}
    assert any("totals over industries (TOT) are left out" in note for note in evidence.notes)
    table = InputOutput(("TWN", "ROW"), ("c14", "c19"), 1995, np.zeros((4, 4)), None, np.zeros(4), np.zeros(4))
    jobs = by_producer(evidence.values("jobs", 1995), table)
    assert jobs[:2].tolist() == [60, 40] and np.isnan(jobs[2:]).all()


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (accounts(*GOOD, GOOD[0]), "accounts.xlsx:6: country, variable and code stand twice: AUS, EMP, A01"),
        (accounts(("AUT1", *GOOD[0][1:])), "no country is called 'AUT1'"),
        (accounts((*GOOD[0][:4], -2.0, 1.0)), "accounts.xlsx:2: 2000: '-2.0' is below 0"),
        (accounts((*GOOD[0][:4], "12,5", 1.0)), "accounts.xlsx:2: 2000: '12,5' is not a number"),
        (accounts(("", *GOOD[0][1:])), "country, variable or code is missing"),
        (accounts(*GOOD, header=("land", "variable", "description", "code")), "accounts.xlsx:1: country: the column is missing"),
        (accounts(*GOOD, years=("a", "b")), "no column is named by a year"),
        (accounts(), "a header and no rows"),
    ],
)
def test_faulty_accounts_are_refused_and_the_fault_named(rows, complaint, tmp_path):
    assert complaint in refusal(write_xlsx(tmp_path / "accounts.xlsx", rows, "DATA"))


def test_an_unknown_variable_is_kept_and_said(tmp_path):
    rows = accounts(("AUS", "ZZZ", "Crops", "A01", 1.0, 2.0))
    evidence = read_evidence(write_xlsx(tmp_path / "accounts.xlsx", rows, "DATA"), progress=False)
    assert evidence.units == {"ZZZ": "not stated"} and any("ZZZ is not known" in note for note in evidence.notes)
    assert len({measure for measure, _, _ in VARIABLES.values()}) >= 20


# Long rows


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), n_regions=st.integers(1, 4), n_sectors=st.integers(1, 4), known=st.booleans())
def test_a_table_survives_its_long_form_in_any_order(seed, n_regions, n_sectors, known):
    of = world(("AUS", "TWN", "USA", "ROW")[:n_regions], [f"c{at}" for at in range(n_sectors)], 2, seed=seed)
    table = InputOutput(
        of.regions, of.sectors, 2005, of.intermediate, of.final.sum(axis=2) if known else None, of.value_added, of.output,
        taxes=of.taxes,
    )
    rows = as_rows(table)
    assert list(rows.columns) == ["region", "activity", "to_region", "to_activity", "year", "value"]
    assert not rows.duplicated(["region", "activity", "to_region", "to_activity"]).any()
    back = from_rows(rows)
    assert (back.regions, back.sectors, back.year) == (table.regions, table.sectors, 2005)
    shuffled = from_rows(rows.sample(frac=1, random_state=seed))
    names = [(region, sector) for region in table.regions for sector in table.sectors]
    moved = [shuffled.position(*name) for name in names]
    for name in ARRAYS:
        if getattr(table, name) is None:
            assert getattr(back, name) is None
            continue
        assert (getattr(back, name) == getattr(table, name)).all(), name
    assert (shuffled.intermediate[np.ix_(moved, moved)] == table.intermediate).all()
    assert (shuffled.taxes[moved] == table.taxes).all() and (shuffled.output[moved] == table.output).all()


def test_long_rows_that_make_no_table_are_refused():
    rows = as_rows(read_input_output(SQUARE))
    for change, complaint in (
        (lambda r: r.drop(columns="value"), "value: the column is missing"),
        (lambda r: pd.concat([r, r.tail(1)]), "1 flows stand twice, such as"),
        (lambda r: r.assign(year=[2001, *r["year"][1:]]), "the rows are of 2 years"),
        (lambda r: r.iloc[:0], "the rows are of 0 years"),
        (lambda r: r.assign(value=[np.nan, *r["value"][1:]]), "1 flows are no finite numbers"),
        (lambda r: r.iloc[1:], "1 producers have no row of output"),
        (lambda r: r[r["to_activity"] != "output"], "the producers are not known"),
        (lambda r: r.assign(to_region=["JPN", *r["to_region"][1:]]), "1 flows name no producer that has a row of output"),
        (lambda r: r.assign(activity=[*r["activity"][:-1], "output"]), "1 flows name no producer that has a row of output"),
    ):
        with pytest.raises(Refused) as caught:
            from_rows(change(rows))
        assert complaint in str(caught.value)


def test_taxes_are_merged_with_what_they_are_paid_on():
    table = read_icio(ICIO)
    merged = table.merged(regions=["TWN"], sectors={"ALL": ["A01_02", "C26"]})
    assert merged.taxes.tolist() == [1, 18]
    assert_closes(merged)


# Recognition


def test_every_layout_of_input_output_tables_has_a_source_and_words():
    from redqueen.evidence.facts import sources

    for name in ("oecd_icio", "wiod_2013", "wiod_2016", "square_table", "wiod_accounts", "exiobase_3", "eora26"):
        assert formats()[name].source in sources() and formats()[name].layout


@pytest.mark.parametrize("name", ["full_2000.parquet", "small_10x10_2000.csv.gz", "small_10x10_2007.csv.gz"])
def test_the_tables_at_hand_are_recognised_and_survive_their_long_form(data_directory, name):
    place = data_directory / "wiod" / name
    assert recognise(place).name == "square_table"
    (table,) = read_evidence(place, progress=False).tables
    assert not table.taxes.any()
    back = from_rows(as_rows(table))
    assert back.regions == table.regions
    for array in ARRAYS:
        assert (getattr(back, array) == getattr(table, array)).all(), array
