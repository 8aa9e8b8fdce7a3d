"""Claims about the formulas, on tables solved by hand and by identity."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from redqueen.errors import Refused
from redqueen.evidence.input_output import read_input_output
from redqueen.evidence.patents import read_patents
from redqueen.indicators import frontier, profile, specialisation, value_chain

FILES = Path(__file__).parent / "files"


@pytest.fixture
def two_regions():
    return read_input_output(FILES / "two_regions_2000.csv")


@pytest.fixture
def random_table():
    """A balanced table of 3 regions with 4 sectors; identities hold for any numbers, so one seed serves."""
    generator = np.random.default_rng(20)
    intermediate = generator.uniform(0, 10, (12, 12))
    final_demand = generator.uniform(0, 50, (12, 3))
    output = intermediate.sum(axis=1) + final_demand.sum(axis=1)
    return SimpleNamespace(
        regions=("A", "B", "C"),
        sectors=("1", "2", "3", "4"),
        intermediate=intermediate,
        final_demand=final_demand,
        value_added=output - intermediate.sum(axis=0),
        output=output,
    )


def test_location_quotients_are_those_solved_by_hand():
    # Region 1 has 30 of its 40 in activity 1, all regions 40 of 80: 0.75 / 0.5.
    values = [[30, 10], [10, 30]]
    assert specialisation.location_quotient(values) == pytest.approx(np.array([[1.5, 0.5], [0.5, 1.5]]))


def test_equal_structures_have_no_specialisation():
    assert specialisation.location_quotient([[1, 2, 3], [10, 20, 30]]) == pytest.approx(np.ones((2, 3)))


def test_location_quotients_average_to_one_weighted_by_region(random_table):
    values = random_table.value_added.reshape(3, 4)
    weights = values.sum(axis=1) / values.sum()
    assert weights @ specialisation.location_quotient(values) == pytest.approx(np.ones(4))


def test_nothing_to_compare_is_not_a_number():
    quotients = specialisation.location_quotient([[0, 0], [0, 5]])
    assert np.isnan(quotients[0]).all() and np.isnan(quotients[1, 0]) and quotients[1, 1] == 1
    assert np.isnan(specialisation.regional_share(np.zeros((2, 1)))).all()


def test_input_coefficients_are_those_of_miller_and_blair():
    # Miller and Blair 2009, section 2.3: two sectors with outputs of 1000 and 2000.
    coefficients = value_chain.input_coefficients([[150, 500], [200, 100]], [1000, 2000])
    assert coefficients == pytest.approx(np.array([[0.15, 0.25], [0.20, 0.05]]))


def test_a_sector_without_output_has_no_input_coefficients():
    assert not value_chain.input_coefficients([[0, 0], [0, 1]], [0, 2])[:, 0].any()


def test_input_coefficients_and_value_added_share_out_the_output(random_table):
    bought = value_chain.input_coefficients(random_table.intermediate, random_table.output).sum(axis=0)
    kept = value_chain.value_added_per_output(random_table.value_added, random_table.output)
    assert bought + kept == pytest.approx(np.ones(12))


def test_the_profile_of_an_industry_is_that_solved_by_hand(two_regions):
    table = profile.industry_profile(two_regions, "ELE")
    expected = pd.DataFrame(
        {
            "output": [400, 300],
            "value_added": [200, 130],
            "value_added_per_output": [200 / 400, 130 / 300],
            "share_of_region": [200 / 500, 130 / 270],
            "share_of_world": [200 / 330, 130 / 330],
            "location_quotient": [(200 / 500) / (330 / 770), (130 / 270) / (330 / 770)],
            "exports": [10 + 50 + 50, 20 + 60 + 100],
            "imports": [20 + 60 + 100, 10 + 50 + 50],
            "intermediate_exports": [10 + 50, 20 + 60],
            "imported_inputs": [(10 + 60) / 200, (40 + 50) / 170],
            "domestic_own_purchases": [80 / (80 + 60), 60 / (50 + 60)],
            "final_demand": [150 + 100, 50 + 50],
            "final_sales": [150 + 50, 100 + 50],
        },
        index=pd.Index(["USA", "TWN"], name="region"),
    )
    pd.testing.assert_frame_equal(table, expected, check_dtype=False)


def test_purchases_within_an_industry_are_those_of_the_table(two_regions):
    purchases = profile.industry_purchases(two_regions, "ELE")
    assert purchases.loc["TWN", "USA"] == 60
    assert purchases.to_numpy().tolist() == [[80, 50], [60, 60]]


def test_every_sale_is_at_home_or_an_export(random_table):
    exports = value_chain.gross_exports(random_table.intermediate, random_table.final_demand, 3)
    assert exports.shape == (4, 3, 3)
    assert not exports[:, range(3), range(3)].any()
    flows = random_table.intermediate.reshape(3, 4, 3, 4)
    home = np.array([[flows[r, s, r].sum() + random_table.final_demand[r * 4 + s, r] for r in range(3)] for s in range(4)])
    assert home + exports.sum(axis=2) == pytest.approx(random_table.output.reshape(3, 4).T)


def test_a_world_exports_what_it_imports(random_table):
    table = profile.industry_profile(random_table, "2")
    assert table["exports"].sum() == pytest.approx(table["imports"].sum())


def test_an_open_and_a_closed_region_have_all_and_no_inputs_imported():
    closed = np.kron(np.eye(2), np.ones((2, 2)))
    assert not value_chain.imported_input_share(closed, 2).any()
    assert (value_chain.domestic_own_purchase_share(closed, 2) == 1).all()
    open_everywhere = 1 - closed
    assert (value_chain.imported_input_share(open_everywhere, 2) == 1).all()
    assert not value_chain.domestic_own_purchase_share(open_everywhere, 2).any()


def test_one_region_of_the_whole_world_trades_with_nobody(two_regions):
    table = profile.industry_profile(two_regions.merged(regions=[]), "ELE")
    assert table.index.tolist() == ["ROW"]
    assert table.loc["ROW", ["exports", "imports", "imported_inputs"]].tolist() == [0, 0, 0]
    assert table.loc["ROW", ["share_of_world", "location_quotient", "domestic_own_purchases"]].tolist() == [1, 1, 1]


def test_without_destinations_exports_are_not_known_and_final_sales_are(two_regions):
    known = SimpleNamespace(**{**vars(two_regions), "final_demand": None})
    table = profile.industry_profile(known, "ELE")
    assert table[["exports", "imports", "final_demand"]].isna().all(axis=None)
    assert table["final_sales"].tolist() == [200, 150]
    assert table["intermediate_exports"].tolist() == [60, 80]


def test_an_unknown_sector_is_refused_with_those_there_are(two_regions):
    with pytest.raises(Refused, match=r"no sector 'ELEC'; it has LOW, ELE \(did you mean 'ELE'"):
        profile.industry_profile(two_regions, "ELEC")


def test_the_knowledge_of_a_region_is_that_solved_by_hand():
    patents = read_patents(FILES / "patents.csv")
    table = profile.knowledge_profile(
        patents, ["semiconductors"], before=2000, population=pd.Series({"TWN": 20e6, "USA": 300e6})
    )
    taiwan = table.loc["TWN"]
    assert taiwan["patents"] == 150 and taiwan["all_patents"] == 200
    assert taiwan["share_of_region"] == 0.75
    assert taiwan["share_of_world"] == pytest.approx(150 / 1350)
    assert taiwan["location_quotient"] == pytest.approx(0.75 / (1350 / 8200))
    assert taiwan["per_million"] == 7.5 and table.loc["USA", "per_million"] == 4
    assert (taiwan["first_year"], taiwan["last_year"]) == (1998, 1999)


def test_only_the_last_years_before_the_year_count():
    patents = read_patents(FILES / "patents.csv")
    table = profile.knowledge_profile(patents, ["semiconductors", "optics"], before=2000, years=1)
    assert table.loc["TWN", "patents"] == 250
    assert np.isnan(table.loc["TWN", "per_million"])


def test_without_a_total_all_patents_are_the_sum():
    patents = read_patents(FILES / "patents.csv")
    parts = patents[patents["technology"] != "ALL"]
    table = profile.knowledge_profile(parts, ["semiconductors"], before=2000, years=1)
    assert table.loc["TWN", "all_patents"] == 250


def test_patents_of_no_earlier_year_and_of_unknown_technologies_are_refused_together():
    patents = read_patents(FILES / "patents.csv")
    with pytest.raises(Refused) as caught:
        profile.knowledge_profile(patents, ["semiconductor"], before=1998)
    assert "did you mean 'semiconductors'?" in str(caught.value)
    assert "no patents before 1998: the table holds 1998 to 2000" in str(caught.value)


def test_relative_income_is_in_per_cent_of_the_same_year():
    income = pd.DataFrame(
        {"region": ["TWN", "USA", "TWN", "USA"], "year": [1960, 1960, 1961, 1961], "income": [12.0, 100.0, 30.0, 200.0]}
    )
    relative = frontier.relative_income(income, to="USA")
    assert relative[relative["region"] == "TWN"]["relative_income"].tolist() == [12, 15]
    with pytest.raises(Refused, match="no income of 'USSA'.*did you mean 'USA'"):
        frontier.relative_income(income, to="USSA")
