"""What the real tables of the foundation hold."""

import pandas as pd
import pytest

from redqueen.errors import Faults
from redqueen.evidence import places
from redqueen.evidence.classifications import industry, sector_groups
from redqueen.evidence.facts import facts
from redqueen.evidence.income import read_income
from redqueen.evidence.input_output import read_input_output
from redqueen.evidence.patents import ALL_TECHNOLOGIES, read_patents
from redqueen.indicators.frontier import relative_income
from redqueen.indicators.profile import industry_profile, knowledge_profile

# Real tables


@pytest.mark.parametrize("year", range(1995, 2008))
def test_the_aggregated_tables_balance_to_the_unit(data_directory, year):
    table = read_input_output(data_directory / "wiod" / f"small_10x10_{year}.csv.gz")
    assert (len(table.regions), len(table.sectors), table.year) == (10, 10, year)
    assert table.final_demand.sum() + table.intermediate.sum() == table.output.sum()
    assert all("stocks drawn down" in note for note in table.notes)


@pytest.mark.parametrize("year", [1995, 2000, 2005])
def test_the_whole_table_merges_into_the_aggregated_one(data_directory, year):
    small = read_input_output(data_directory / "wiod" / f"small_10x10_{year}.csv.gz")
    whole = read_input_output(data_directory / "wiod" / f"full_{year}.parquet")
    assert (len(whole.regions), len(whole.sectors)) == (41, 35)
    merged = whole.merged(regions=small.regions, sectors=sector_groups())
    assert (merged.regions, merged.sectors) == (small.regions, small.sectors)
    for array in ("intermediate", "final_demand", "value_added", "output"):
        assert (getattr(merged, array) == getattr(small, array)).all(), array


@pytest.mark.parametrize("year", [1995, 2000, 2005])
def test_exports_are_those_published_and_outputs_miss_by_less_than_a_unit_a_cell(data_directory, year):
    table = read_input_output(data_directory / "wiod" / f"full_{year}.parquet")
    published = pd.read_csv(data_directory / "wiod" / "country_industry_year.csv.gz")
    published = published[published["year"] == year].set_index(["industry", "country"])
    for sector in ("c1", "c14", "c30"):
        measured = industry_profile(table, sector)
        expected = published.loc[sector].rename({"ROM": "ROU", "RoW": "ROW"}).reindex(measured.index)
        assert (measured["exports"] == expected["gross_exports"]).all()
        # The cells were cut to whole numbers, the published totals were not: each cell loses less than one.
        n_cells = table.intermediate.shape[1] + 5 * len(table.regions)
        for ours, theirs in (("output", "gross_output"), ("value_added", "value_added")):
            assert ((measured[ours] - expected[theirs]).abs() < n_cells).all(), ours


def test_real_patents_are_whole_and_known(data_directory):
    table = read_patents(data_directory / "ncses" / "uspto_utility_country_wipo35_year.csv.gz")
    electronics = industry("electronics").technologies
    assert set(electronics) < set(table["technology"])
    assert table["technology"].nunique() == 36 and ALL_TECHNOLOGIES in set(table["technology"])
    profile = knowledge_profile(table, electronics, before=2000)
    assert profile["share_of_world"].sum() == pytest.approx(1)
    # Both stood out in electronics by then, the United States did not.
    assert profile.loc["KOR", "location_quotient"] > profile.loc["TWN", "location_quotient"] > 1
    assert profile.loc["USA", "location_quotient"] < 1


def test_spellings_of_every_table_of_the_foundation_are_known(data_directory):
    names = set()
    for file, columns in {
        "uspto_utility_country_wipo35_year.csv.gz": ["region"],
        "kti_value_added_country_industry_year.csv.gz": ["region"],
        "coauthored_articles_pairs.csv.gz": ["economy_a", "economy_b"],
        "gerd_gdp_selected_years_1990_2021.csv": ["economy"],
        "raw_1639_stay_rates_5yr_2003_2017.csv": ["region_country_or_economy_of_citizenship"],
    }.items():
        table = pd.read_csv(data_directory / "ncses" / file, usecols=columns)
        names |= {name for column in columns for name in table[column]}
    faults = Faults()
    places.places(sorted(name for name in names if not places.is_group(name)), faults)
    assert faults == []


def test_cited_incomes_are_those_of_the_table_rounded(data_directory):
    income = read_income(data_directory / "indicators" / "maddison2023_gdppc_2011ppp.csv")
    relative = relative_income(income, to="USA").set_index(["region", "year"])["relative_income"]
    cited = [entry for entry in facts() if entry.name.startswith("relative_income")]
    assert len(cited) == 12
    for entry in cited:
        assert round(relative[entry.region, entry.year]) == entry.value, entry.name
