"""Claims about the readers of statistical offices' tables: what they read, leave out and refuse."""

import gzip
import random
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from redqueen.errors import Refused
from redqueen.evidence.evidence import KINDS
from redqueen.evidence.facts import sources
from redqueen.evidence.formats import formats, read_evidence, recognise
from redqueen.evidence.readers.nace import once_covering
from redqueen.evidence.united_states import industry_titles, is_county, is_metro, state_of, states

FILES = Path(__file__).parent / "files"
# The format of each file; a number in it, as it is written; a region in it; its delimiter.
KNOWN = {
    "patents.csv": ("nsf_patents", "200.0", "Taiwan", ","),
    "nsf_value_added.csv": ("nsf_value_added", "16000.0", "Ireland", ","),
    "nsf_spending.csv": ("nsf_spending", "24.1", "Taiwan", ","),
    "nsf_articles.csv": ("nsf_articles", "1500.0", "Israel", ","),
    "nsf_stay_rates.csv": ("nsf_stay_rates", "47", "Taiwan", ","),
    "player_2006_value_chain.csv": ("nsf_value_chain", "19.5", "Taiwan", ","),
    "china_provinces.csv": ("china", "169700", "Guangdong", ","),
    "income_maddison.csv": ("maddison", "1200", "TWN", ","),
    "income_wide.csv": ("maddison", "1200.0", "USA", ","),
    "complexity.csv": ("complexity", "180", "TWN", ","),
    "gapminder.csv": ("gapminder", "45.1", "IRL", ","),
    "metro_patents.csv": ("metro_patents", "2972", "14460", ","),
    "bds_state.csv": ("bds", "400000", "1978,6", ","),
    "cbp19msa.txt": ("cbp", "40000", "14460", ","),
    "cbp98co.txt": ("cbp", "8000", "25,017", ","),
    "cbp_cbsa_naics4_2019.csv": ("cbp", "9000.0", "14460", ","),
    "2019.annual.singlefile.csv": ("qcew", "38000", '"06085","5","3344"', ","),
    "estat_lfst_r_lfe2en2.tsv": ("eurostat", "20.0 ", "AT11", "\t"),
    "estat_rd_e_gerdreg.tsv": ("eurostat", "2911.5 ", "IE", "\t"),
}
# A region that does not exist, in the form of the file's own.
UNKNOWN = {"metro_patents.csv": "99999", "bds_state.csv": "1978,99", "cbp19msa.txt": "99999", "cbp98co.txt": "99,017",
           "cbp_cbsa_naics4_2019.csv": "99999", "2019.annual.singlefile.csv": '"99085","5","3344"',
           "estat_lfst_r_lfe2en2.tsv": "QQ11",
           "estat_rd_e_gerdreg.tsv": "QQ", "china_provinces.csv": "Canton"}  # fmt: skip


@pytest.fixture
def changed(tmp_path):
    """Writes a copy of a file of tests/files with a text replaced once."""

    def write(name, old="", new=""):
        text = (FILES / name).read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / name
        path.write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
        return path

    return write


def refusal(place, **options):
    with pytest.raises(Refused) as caught:
        read_evidence(place, **options)
    return str(caught.value)


def values(evidence, *key):
    return {tuple(row[name] for name in key): row["value"] for _, row in evidence.rows.iterrows()}


# All of them


@pytest.mark.parametrize("name", KNOWN)
def test_each_layout_is_recognised_and_its_table_is_tidy(name):
    found = read_evidence(FILES / name)
    assert recognise(FILES / name).name == found.format == KNOWN[name][0]
    assert found.rows.columns.tolist() == [*KINDS[found.kind], "value"]
    assert found.rows["year"].dtype == "int64" and found.rows["value"].dtype == "float64" and found.rows["value"].notna().all()
    assert not found.rows.duplicated(list(KINDS[found.kind])).any()
    assert set(found.rows["measure"]) <= set(found.units)
    assert formats()[found.format].source in sources()
    assert [file.size for file in found.files] == [(FILES / name).stat().st_size]


@pytest.mark.parametrize("name", KNOWN)
def test_damage_that_any_file_may_have_is_refused(changed, name):
    layout, number, region, delimiter = KNOWN[name]
    path = changed(name)
    whole = path.read_bytes()
    rows = len(read_evidence(path).rows)
    path.write_bytes(b"\xef\xbb\xbf" + whole)
    assert len(read_evidence(path).rows) == rows
    lines, mark = whole.splitlines(keepends=True), delimiter.encode()
    row = next(line for line in lines if number.encode() in line)
    comma = f'"{number.strip()},5"' if delimiter == "," else f"{number.strip()},5"
    for data, complaint in (
        (b"", "the file is empty"),
        (whole[:-1], "the last line does not end"),
        (whole[: whole.index(b"\n") + 1], "no rows"),
        (whole.replace(number.encode(), comma.encode(), 1), ",5"),
        (whole + row, "twice"),
        (whole.replace(number.encode(), b"many", 1), "many"),
        (whole.replace(row, row[:-1] + mark + b"\n"), "cells"),
        (whole.replace(row, row.rpartition(mark)[0] + b"\n"), "cells"),
    ):
        path.write_bytes(data)
        text = refusal(path, format=layout)
        assert name in text and complaint in text, (data[:200], text)


@pytest.mark.parametrize("name", KNOWN)
def test_a_wrong_delimiter_and_random_bytes_are_refused(changed, name):
    path = changed(name)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(KNOWN[name][3].encode(), b";"))
    assert "separated by" in refusal(path, format=KNOWN[name][0]) or "not named like" in refusal(path, format=KNOWN[name][0])
    path.write_bytes(random.Random(11).randbytes(100_000))
    assert name in refusal(path) and name in refusal(path, format=KNOWN[name][0])


def test_ten_megabytes_of_random_bytes_are_refused_by_every_layout(tmp_path):
    path = tmp_path / "noise.csv"
    path.write_bytes(random.Random(12).randbytes(10_000_000))
    for layout in {layout for layout, *_ in KNOWN.values()}:
        assert "noise.csv" in refusal(path, format=layout)


@pytest.mark.parametrize("name", KNOWN)
def test_an_unknown_region_is_refused_and_named(changed, name):
    region = KNOWN[name][2]
    unknown = UNKNOWN.get(name, "Atlantis")
    words = re.sub(r'"|,"5".*|^1978,', "", unknown).replace("QQ11", "QQ").replace("99,017", "99017")
    assert words in refusal(changed(name, region, unknown))


@pytest.mark.parametrize("name", sorted(set(KNOWN) - {"estat_lfst_r_lfe2en2.tsv", "estat_rd_e_gerdreg.tsv"}))
def test_a_negative_count_is_refused_with_its_line(changed, name):
    number = KNOWN[name][1]
    text = refusal(changed(name, number, f"-{number}"))
    assert re.search(rf"{re.escape(name)}:\d+: .*'-{re.escape(number.strip('.0'))}", text), text


def test_a_packed_table_is_read_and_one_cut_short_is_refused(tmp_path):
    path = tmp_path / "nsf_articles.csv.gz"
    path.write_bytes(gzip.compress((FILES / "nsf_articles.csv").read_bytes()))
    assert values(read_evidence(path), "region", "partner")["ISR", "USA"] == 1500
    path.write_bytes(path.read_bytes()[:-9])
    assert "cut short" in refusal(path)


def test_a_layout_that_is_not_the_files_own_refuses_it():
    for name, (layout, *_) in KNOWN.items():
        for other in {other for other, *_ in KNOWN.values()} - {layout}:
            with pytest.raises(Refused):
                read_evidence(FILES / name, format=other)


def test_a_folder_is_refused_by_layouts_of_one_file():
    for layout in {layout for layout, *_ in KNOWN.values()}:
        with pytest.raises(Refused):
            read_evidence(FILES / "regpat", format=layout)


def test_all_faults_of_a_table_come_at_once(changed):
    path = changed("nsf_value_added.csv", "Ireland", "Atlantis")
    path.write_text(path.read_text().replace("1100.5", "-1100.5"))
    text = refusal(path)
    assert "no country is called 'Atlantis'" in text and "nsf_value_added.csv:4: value_added_musd: '-1100.5' is below 0" in text


# Science and Engineering Indicators


def test_patents_leave_out_the_total_and_keep_what_read_patents_reads():
    found = read_evidence(FILES / "patents.csv")
    assert found.regions == ["TWN", "USA"] and found.activities == ["optics", "semiconductors"]
    assert found.values("patents", 1999).loc["TWN", "semiconductors"] == 200
    assert "left out: the total over technologies (ALL)" in found.notes


def test_patents_are_read_from_parquet_too(tmp_path):
    path = tmp_path / "patents.parquet"
    pd.read_csv(FILES / "patents.csv", keep_default_na=False).to_parquet(path)
    pd.testing.assert_frame_equal(read_evidence(path).rows, read_evidence(FILES / "patents.csv").rows)


def test_what_one_product_earns_stands_by_country_and_stage_without_prices_and_totals():
    found = read_evidence(FILES / "player_2006_value_chain.csv")
    assert found.kind == "activities" and set(found.units) == {"value captured", "direct labour"}
    assert values(found, "region", "activity", "year", "measure") == {
        ("USA", "design/marketing", 2006, "value captured"): 60, ("USA", "components", 2006, "value captured"): 5,
        ("JPN", "components", 2006, "value captured"): 19.5, ("TWN", "components", 2006, "value captured"): 4,
        ("CHN", "final assembly", 2006, "direct labour"): 3,
    }  # fmt: skip
    assert any("Retail price (MSRP)" in note and "Total direct labor" in note for note in found.notes)
    assert "left out: what is in no single country (Unidentified)" in found.notes
    assert "left out: groups of countries (EU)" in found.notes


def test_a_product_without_a_year_in_its_name_asks_for_it(changed):
    path = changed("player_2006_value_chain.csv")
    unnamed = path.rename(path.with_name("player.csv"))
    assert "the year stands nowhere (say it with --year" in refusal(unnamed)
    assert read_evidence(unnamed, year=2007).years == [2007]


def test_what_an_ipad_earned_is_the_national_science_boards_figure(data_directory):
    found = read_evidence(data_directory / "value_capture" / "ipad_2010_value_chain_nsf_sei2012_table6B.csv")
    captured = found.values("value captured", 2010).sum(axis=1)
    assert captured.to_dict() == {"JPN": 7, "KOR": 34, "TWN": 7, "USA": 162}
    assert found.values("direct labour", 2010).loc["CHN", "final assembly"] == 8


def test_value_added_counts_each_industry_and_country_once():
    found = read_evidence(FILES / "nsf_value_added.csv")
    assert values(found, "region", "activity", "year") == {
        ("IRL", "pharmaceuticals", 2010): 16000, ("TWN", "pharmaceuticals", 2010): 1100.5
    }
    assert found.missing == 1 and "left out: groups of countries (World)" in found.notes


def test_spending_on_research_is_of_the_year_that_it_is_of():
    found = read_evidence(FILES / "nsf_spending.csv")
    assert values(found, "region", "year", "measure")["TWN", 2019, "R&D intensity"] == 3.49
    assert found.units["R&D spending"] == "billion current $ (PPP)" and found.missing == 1


def test_co_authored_articles_stand_in_both_directions_once():
    found = read_evidence(FILES / "nsf_articles.csv")
    assert values(found, "region", "partner") == {
        ("TWN", "USA"): 900, ("USA", "TWN"): 900, ("ISR", "USA"): 1500, ("USA", "ISR"): 1500
    }


def test_directions_that_disagree_are_refused(changed):
    text = refusal(changed("nsf_articles.csv", "United States,Taiwan,900.0", "United States,Taiwan,901.0"))
    assert "nsf_articles.csv:4: TWN and USA have 900 articles of 1996, the other way round 901" in text


def test_a_stay_rate_is_of_graduates_of_the_united_states(changed):
    found = read_evidence(FILES / "nsf_stay_rates.csv")
    assert values(found, "region", "partner", "year")["USA", "CHN", 2005] == 95 and found.missing == 1
    assert "2005: is above 100 percent" in refusal(changed("nsf_stay_rates.csv", "95", "105"))


# Other tables by country and province


def test_the_country_stands_beside_its_provinces_under_its_own_code():
    found = read_evidence(FILES / "china_provinces.csv")
    assert found.regions == ["Beijing", "CHN", "Guangdong"]
    assert "region CHN is the whole country: a sum over all regions counts it twice" in found.notes
    assert values(found, "region", "measure")["Guangdong", "hightech profit"] == -3.5


def test_income_comes_with_population_where_the_table_has_it():
    found = read_evidence(FILES / "income_maddison.csv")
    assert values(found, "region", "year", "measure")["TWN", 1960, "population"] == 10.8e6
    assert read_evidence(FILES / "income_wide.csv").measures == ["income per head"]


def test_countries_that_are_no_more_keep_their_codes():
    assert read_evidence(FILES / "complexity.csv").regions == ["SCG", "TWN"]
    found = read_evidence(FILES / "gapminder.csv")
    assert found.regions == ["IRL", "SUN", "XKX"] and found.names["region"]["SUN"] == "Soviet Union" and found.missing == 5


# United States


def test_patents_outside_of_metros_are_left_out_and_metros_are_named():
    found = read_evidence(FILES / "metro_patents.csv")
    assert values(found, "region", "year") == {("14460", 2000): 2972, ("41940", 2000): 5812, ("41940", 2001): 6377}
    assert found.name_of("41940") == "San Jose-Sunnyvale-Santa Clara, CA"


def test_withheld_cells_of_business_dynamics_are_counted():
    found = read_evidence(FILES / "bds_state.csv")
    assert found.regions == ["06"] and found.name_of("06") == "California" and found.suppressed == 2
    assert values(found, "year", "measure")[1978, "net job creation"] == -5000


@pytest.mark.parametrize(
    ("name", "year", "expected"),
    [
        ("cbp19msa.txt", 2019, {("41940", "3344"): 40000, ("14460", "3344"): 9000}),
        ("cbp98co.txt", 1998, {("06085", "3344"): 41000, ("25017", "3344"): 8000}),
        ("cbp_cbsa_naics4_2019.csv", 2019, {("41940", "3344"): 40000, ("14460", "3344"): 9000}),
    ],
)
def test_business_patterns_are_of_industry_groups_and_withheld_jobs_are_counted(name, year, expected):
    found = read_evidence(FILES / name)
    jobs = found.rows[found.rows["measure"] == "jobs"]
    assert dict(zip(zip(jobs["region"], jobs["activity"], strict=True), jobs["value"], strict=True)) == expected
    assert found.years == [year] and found.suppressed == (name != "cbp_cbsa_naics4_2019.csv")
    assert found.name_of("3344", "activity") == "Semiconductors and electronic components"


def test_business_patterns_without_a_year_ask_for_it(tmp_path):
    path = tmp_path / "patterns.csv"
    path.write_text((FILES / "cbp_cbsa_naics4_2019.csv").read_text())
    assert "say it with --year" in refusal(path)
    assert read_evidence(path, year=2017).years == [2017]


@pytest.mark.parametrize(
    ("layout", "region", "jobs"),
    [("qcew", "06085", 38000), ("qcew_metros", "41940", 40000), ("qcew_states", "06", 90000), ("qcew_nation", "USA", 370000)]
)
def test_the_census_of_employment_is_read_at_one_level_of_areas(layout, region, jobs):
    found = read_evidence(FILES / "2019.annual.singlefile.csv", format=layout)
    assert found.regions == [region] and found.values("jobs", 2019).loc[region, "3344"] == jobs
    # Jobs are withheld where establishments are not.
    assert found.suppressed == (layout in ("qcew", "qcew_metros"))
    assert layout != "qcew" or found.values("establishments", 2019).loc["06085", "5112"] == 290


def test_quarters_are_refused(changed):
    assert "fetch the annual averages" in refusal(changed("2019.annual.singlefile.csv", "annual_avg_estabs", "qtrly_estabs"))


def test_industry_groups_and_states_are_complete():
    # NAICS 2017 has 311 industry groups; the Union has 50 states, a district and five territories with statistics.
    assert len(industry_titles()) == 311 and all(re.fullmatch(r"\d{4}", code) for code in industry_titles())
    assert len(states()) == 56 and state_of("6") == state_of("CA") == "06" and state_of("99") is None
    assert is_county("06085") and not is_county("06000") and not is_county("06999") and not is_county("C4194")
    assert is_metro("41940") and not is_metro("06085") and not is_metro("927")


# Eurostat


def test_eurostat_is_read_at_its_most_detailed_level_with_flags_counted():
    found = read_evidence(FILES / "estat_lfst_r_lfe2en2.tsv")
    assert values(found, "region", "activity", "year", "measure") == {
        ("AT11", "A", 2018, "jobs"): 12.3, ("AT11", "B-E", 2018, "jobs"): 20, ("AT11", "B-E", 2019, "jobs"): 21.5,
        ("AT11", "B-E", 2020, "jobs"): 22, ("UKI3", "A", 2018, "jobs, age Y15-24, sex F"): 5,
        ("UKI3", "A", 2019, "jobs, age Y15-24, sex F"): 5.1,
    }  # fmt: skip
    assert (found.missing, found.suppressed, found.units["jobs"]) == (2, 1, "thousands")
    for words in ("EU27_2020", "DEZZ", "(C)", "(TOTAL)", "1 figures are provisional (flag p)"):
        assert any(words in note for note in found.notes)


def test_eurostat_countries_have_iso_codes():
    found = read_evidence(FILES / "estat_lfst_r_lfe2en2.tsv", format="eurostat_countries")
    assert found.regions == ["AUT", "GBR", "GRC"] and found.names["region"]["GRC"] == "Greece"


def test_a_eurostat_table_without_activities_is_of_regions():
    found = read_evidence(FILES / "estat_rd_e_gerdreg.tsv")
    assert found.kind == "regions" and found.suppressed == 1
    assert values(found, "region", "year", "measure") == {
        ("IRL", 2019, "R&D spending"): 2911.5, ("IRL", 2021, "R&D spending"): 3500, ("IRL", 2019, "R&D intensity"): 0.82,
        ("IRL", 2021, "R&D intensity"): 0.8, ("IRL", 2019, "R&D spending, sectperf BES"): 2100,
    }  # fmt: skip


def test_a_level_that_eurostat_lacks_is_refused_with_those_it_has():
    assert "the table has no NUTS 2 regions; it has countries" in refusal(FILES / "estat_rd_e_gerdreg.tsv", format="eurostat_nuts2")


def test_negative_jobs_and_tables_that_are_not_annual_are_refused(changed):
    assert "estat_lfst_r_lfe2en2.tsv:3: 2018: '-20.0' is below 0" in refusal(changed("estat_lfst_r_lfe2en2.tsv", "20.0 ", "-20.0 "))
    assert "no column is a year" in refusal(changed("estat_rd_e_gerdreg.tsv", "2019 \t2021 ", "2019-Q1\t2019-Q2"))


@pytest.mark.parametrize(
    ("codes", "kept"),
    [
        (["A", "B-E", "C", "F"], ["A", "B-E", "F"]),
        (["B-E", "B", "C", "D", "E"], ["B", "C", "D", "E"]),
        (["C", "C10-C12", "C13-C15"], ["C"]),
        (["C", *[f"C{division}" for division in range(10, 34)]], [f"C{division}" for division in range(10, 34)]),
        (["C26", "C261", "C262"], ["C261", "C262"]),
        (["C26", "C261"], ["C26"]),
        (["G-I", "G-J", "J"], ["G-I", "J"]),
        (["M", "M_N", "N"], ["M", "N"]),
        (["H01", "H01L", "G06"], ["G06", "H01L"]),
    ],
)
def test_nested_activities_are_counted_once(codes, kept):
    assert once_covering(reversed(codes)) == kept


@given(
    some.lists(
        some.sampled_from(
            ["A", "B", "B-E", "C", "C10", "C10-C12", "C26", "C261", "C262", "D", "E", "G-I", "G-J", "J", "J58", "J61"]
        )
    )
)
def test_no_two_activities_that_are_kept_overlap(codes):
    kept = once_covering(codes)
    assert set(kept) <= set(codes) and (kept or not codes)
    # Kept together with any other kept code, each is still kept: neither holds the other.
    for one in kept:
        assert all(set(once_covering([one, other])) == {one, other} for other in kept)


# The real tables


@pytest.mark.parametrize(
    ("name", "layout", "n_regions", "n_rows"),
    [
        ("ncses/uspto_utility_country_wipo35_year.csv.gz", "nsf_patents", 36, 36 * 35 * 17),
        ("ncses/kti_value_added_country_industry_year.csv.gz", "nsf_value_added", 35, 35 * 12 * 12),
        ("ncses/gerd_gdp_selected_years_1990_2021.csv", "nsf_spending", 45, None),
        ("ncses/coauthored_articles_pairs.csv.gz", "nsf_articles", 45, 45 * 44),
        ("ncses/raw_1639_stay_rates_5yr_2003_2017.csv", "nsf_stay_rates", 1, 3 * 8),
        ("china/provinces_science_technology_year.csv.gz", "china", 32, 7247 - 59),
        ("indicators/maddison2023_gdppc_2011ppp.csv", "maddison", 9, 9 * 73),
        ("indicators/eci_diversity_country_hs92.csv.gz", "complexity", 241, None),
        ("indicators/gapminder_innovation_country_year.csv", "gapminder", 210, None),
        ("us/bds2018_state.csv.gz", "bds", 51, None),
        ("us/cbp_cbsa_naics4_2019.csv.gz", "cbp", 933, 2 * 118467),
        ("us/uspto_patents_cbsa_year.csv.gz", "metro_patents", 953, None),
    ],
)
def test_the_real_tables_are_read_whole(data_directory, name, layout, n_regions, n_rows):
    found = read_evidence(data_directory / name)
    assert found.format == layout and len(found.regions) == n_regions
    assert n_rows is None or len(found.rows) == n_rows


def test_basic_research_of_beijing_in_2010_is_as_published(data_directory):
    rows = read_evidence(data_directory / "china" / "provinces_science_technology_year.csv.gz").rows
    of_2010 = rows[rows["year"] == 2010].set_index(["region", "measure"])["value"]
    shares = {
        region: 100 * of_2010[region, "basic research"] / of_2010[region, "R&D spending"]
        for region in ("Beijing", "Shanghai", "Guangdong")
    }
    # Published with one digit.
    assert {region: round(share, 1) for region, share in shares.items()} == {"Beijing": 11.6, "Shanghai": 6.4, "Guangdong": 2.1}
