"""A simulated run gives the tables that publishers give: they close with its ledger, and are read back as they were."""

import csv
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from toy_trial import write_case
from worlds import toy

from redqueen.cli import main
from redqueen.errors import Refused
from redqueen.evidence.evidence import KINDS, MEASURES
from redqueen.evidence.formats import read_evidence, recognise
from redqueen.indicators.frontier import red_queen
from redqueen.indicators.innovation import product_process_mix
from redqueen.indicators.networks import home_and_abroad
from redqueen.indicators.specialisation import location_quotient
from redqueen.lab.tables import MODE_MEASURES, chain_accounts, simulated_tables
from redqueen.lab.tidy import input_output_rows
from redqueen.lab.trial import Trial
from redqueen.report.files import write_run
from redqueen.studies.accounts import material_costs

# Sums of the same numbers in another order differ by no more.
CLOSE = {"rel": 1e-9, "abs": 1e-9}


def run(world, **options):
    """Give the dataset of one run, with every account checked in every quarter."""
    return Trial(world, seeds=[2], policies=["none"], **options).run(threads=1, check=True, progress=False).isel(policy=0, seed=0)


@pytest.fixture(scope="module")
def world():
    return toy(industries=2, quarters=24, state_share=0.2)


@pytest.fixture(scope="module")
def member(world):
    return run(world)


@pytest.fixture(scope="module")
def tables(member):
    return {table.kind: table for table in simulated_tables(member)}


def year_ends(member, name):
    """Give a quarterly variable in the last quarter of each year."""
    return member[name].values[member["last_quarter"].values]


def panel(table, measure):
    """Give a measure by year and region, summed over activities."""
    rows = table.rows[table.rows["measure"] == measure]
    return rows.groupby(["year", "region"])["value"].sum().unstack("region").to_numpy()


# What the tables are


def test_a_run_gives_tables_of_every_kind_in_the_shape_of_evidence(tables, member):
    assert list(tables) == ["activities", "input_output", "ties", "regions"]
    for kind, table in tables.items():
        assert table.format == "simulated" and table.years == member["year"].values.tolist()
        assert "case toy, policy none, seed 2" in table.notes[0]
        if kind != "input_output":
            key = list(KINDS[kind])
            assert table.rows.columns.tolist() == [*key, "value"]
            assert table.rows["year"].dtype == np.int64 and table.rows["value"].dtype == np.float64
            assert not table.rows.duplicated(key).any() and np.isfinite(table.rows["value"]).all()
            assert table.rows[key].equals(table.rows[key].sort_values(key))
            assert set(table.rows["measure"]) == set(table.units)
    assert {"value added", "output", "exports", "jobs", "establishments"} == set(tables["activities"].units) <= set(MEASURES)
    assert tables["activities"].regions == member["region"].values.tolist()


def test_studies_need_not_know_that_a_table_is_simulated(tables, member):
    """Indicators run on it as they do on evidence."""
    table = tables["activities"]
    values = table.values("exports", table.years[-1])
    assert values.shape == (3, 12) and np.isfinite(location_quotient(values.to_numpy())).any()
    ties = tables["ties"].rows.query("measure == 'ties' and year == @table.years[-1]")
    wide = ties.pivot(index="region", columns="partner", values="value")
    openness = home_and_abroad(wide.fillna(0).to_numpy())
    assert ((openness.home_share > 0) & (openness.home_share <= 1)).all()
    regions = tables["regions"].rows.pivot(index=["region", "year"], columns="measure", values="value").reset_index()
    levels = regions[["region", "year"]].assign(level=regions["quality"], frontier=regions["frontier quality"])
    income = regions[["region", "year"]].assign(income=regions["income per head"])
    queen = red_queen(levels, income, span=5)
    distance = queen.pivot(index="year", columns="region", values="distance").to_numpy()
    assert distance == pytest.approx(year_ends(member, "distance_to_frontier"), abs=1e-12)
    assert len(queen) == len(regions) and queen["spent_on_staying"].notna().any()
    mix = product_process_mix(*(regions[measure] for measure in MODE_MEASURES.values()))
    assert (mix.product + mix.process)[np.isfinite(mix.product)] == pytest.approx(1, rel=1e-12)


# They close


def test_activities_add_up_to_the_value_added_exports_and_jobs_of_each_region(tables, member):
    for measure, name in (("value added", "value_added"), ("exports", "exports"), ("jobs", "jobs")):
        assert panel(tables["activities"], measure) == pytest.approx(year_ends(member, name), **CLOSE), measure
        assert panel(tables["regions"], measure).tolist() == year_ends(member, name).tolist()
    assert panel(tables["activities"], "establishments") == pytest.approx(year_ends(member, "stage_firms").sum(axis=2))


def test_input_output_tables_close_and_their_value_added_is_that_of_activities(tables, member):
    n_stages, activities = member.sizes["stage"], tables["activities"]
    for year, table in zip(activities.years, tables["input_output"].tables, strict=True):
        assert table.year == year and table.unit == "money/quarter" and table.regions[-1] == "ROW"
        assert table.intermediate.sum(axis=1) + table.final_demand.sum(axis=1) == pytest.approx(table.output, **CLOSE)
        assert table.intermediate.sum(axis=0) + table.value_added == pytest.approx(table.output, **CLOSE)
        assert (table.intermediate >= 0).all() and (table.final_demand >= 0).all()
        by_stage = activities.values("value added", year)
        inside = table.value_added.reshape(-1, n_stages)[:-1]
        assert inside == pytest.approx(by_stage.loc[list(table.regions[:-1]), list(table.sectors)].to_numpy(), **CLOSE)


def test_what_lies_outside_sells_materials_and_buys_nothing(tables, member):
    n_stages = member.sizes["stage"]
    paid = year_ends(member, "materials_paid") + year_ends(member, "outside_paid")
    for place, table in enumerate(tables["input_output"].tables):
        outside = table.intermediate.reshape(4, n_stages, 4, n_stages)[-1]
        assert outside.sum(axis=(0, 2))[:-1] == pytest.approx(paid[place], **CLOSE)
        # Each stage buys its materials in its own row.
        assert not (outside[:, :-1] * ~np.eye(n_stages, dtype=bool)[:, None]).any()
        assert not table.intermediate[:, -n_stages:].any() and not table.final_demand[-n_stages:].any()
        # Final buyers pay for the whole world's value added and for what comes from outside.
        assert table.value_added.sum() == pytest.approx(table.final_demand.sum(), **CLOSE)


def test_output_of_a_stage_is_what_its_firms_were_paid_in_house_supplies_at_cost_included():
    """Firm by firm, in the last quarter: another way to the same rows, for all but brands, who also sell marketing."""
    from redqueen.model.simulate import simulate

    world = toy(quarters=4)
    history = simulate(world, seed=3)
    state, arrays = history.state, history.state.arrays
    at_work = arrays["living"][: state.n_alive]
    paid, materials = np.zeros((2, 3, 6))
    np.add.at(paid, arrays["region_of"][at_work], arrays["stage_revenue"][at_work])
    np.add.at(materials, arrays["region_of"][at_work], material_costs(state)[at_work])
    year = {name: array[-1] for name, array in history.yearly.items()}
    table = chain_accounts(year, regions=world.regions, stages=world.stages, brand_stages=world.brand_stage, year=1990)
    assert table.output.reshape(4, 6)[:3, :5] == pytest.approx(paid[:, :5], **CLOSE)
    assert year["in_house"].sum() > 0 and not year["in_house"][:, 5].any()
    outside = table.intermediate[-6:, :18].sum(axis=0).reshape(3, 6)
    assert (outside >= materials - 1e-9).all()
    assert (outside - materials).sum() == pytest.approx(arrays["outside_paid"].sum(), **CLOSE)


def test_where_no_firm_does_a_stage_its_buyers_pay_outside():
    empty = toy(quarters=4, integrated_share=0.0)
    empty.endowments["first_firms"][:, 1] = 0.0
    empty.endowments["founding"][...] = 0.0
    member = run(empty, parameters={"take_back": 0.0})
    table = next(table for table in simulated_tables(member) if table.kind == "input_output").tables[0]
    assert year_ends(member, "outside_paid").sum() > 0
    paid = year_ends(member, "materials_paid") + year_ends(member, "outside_paid")
    assert table.intermediate[-6:].sum() == pytest.approx(paid.sum(), **CLOSE)


def test_ties_and_people_abroad_add_up_to_what_was_counted(tables, member):
    rows = tables["ties"].rows
    last = rows[rows["year"] == member["year"].values[-1]]
    ties = last[last["measure"] == "ties"]
    held = ties.groupby("region")["value"].sum()
    abroad = ties[ties["region"] != ties["partner"]].groupby("region")["value"].sum()
    assert held.tolist() == year_ends(member, "ties").sum(axis=2)[-1].tolist()
    assert abroad.reindex(held.index, fill_value=0.0).tolist() == year_ends(member, "ties_abroad")[-1].tolist()
    people = last[last["measure"] == "people abroad"]
    assert (people["region"] != people["partner"]).all()
    by_origin = people.groupby("partner")["value"].sum().reindex(held.index, fill_value=0.0)
    assert by_origin.to_numpy() == pytest.approx(year_ends(member, "talent_abroad")[-1], **CLOSE)


def test_research_by_mode_adds_up_to_research(tables):
    regions = tables["regions"].rows.pivot(index=["region", "year"], columns="measure", values="value")
    modes = regions[list(MODE_MEASURES.values())]
    assert modes.sum(axis=1).to_numpy() == pytest.approx(regions["R&D spending"].to_numpy(), **CLOSE)
    shares = regions["R&D spending"] / regions["value added"]
    assert regions["R&D intensity"].to_numpy() == pytest.approx(shares.to_numpy(), rel=1e-12)
    assert (modes > 0).any().all(), "each mode is at work somewhere"


# What a run lacks


def test_a_run_gives_the_tables_that_what_it_recorded_allows():
    part = run(toy(quarters=4), variables=["ties_between", "talent"])
    assert [table.kind for table in simulated_tables(part)] == ["ties"]
    assert simulated_tables(run(toy(quarters=3))) == []


def test_tables_are_those_of_one_run(world):
    result = Trial(world, seeds=2, policies=["none"], quarters=4).run(threads=1, progress=False)
    with pytest.raises(ValueError, match="select a policy and a seed"):
        simulated_tables(result)


def test_names_that_would_be_misread_are_changed():
    base = toy(quarters=4)
    stages = ("design_work", *base.stages[1:])
    named = {table.kind: table for table in simulated_tables(run(replace(base, regions=("ROW", "b_c", "d"), stages=stages)))}
    assert named["input_output"].tables[0].regions == ("ROW", "b_c", "d", "outside")
    assert "design-work" in named["activities"].activities and "design-work" == named["input_output"].tables[0].sectors[0]


# Files


@pytest.fixture(scope="module")
def folder(world, tmp_path_factory):
    place = tmp_path_factory.mktemp("run")
    named = replace(world, regions=("silicon_valley", "pearl, river", "TWN"))
    with pytest.MonkeyPatch.context() as patch:
        # Figures take longer than all else here.
        patch.setattr("redqueen.report.files.can_draw", lambda: False)
        write_run(place, Trial(named, seeds=[2], policies=["none"]).run(threads=1, progress=False))
    return place


def test_long_tables_are_written_whole_and_with_units(folder, tables):
    names = {"region 0": "silicon_valley", "region 1": "pearl, river", "region 2": "TWN"}
    for kind, file in (("activities", "activities.csv"), ("ties", "ties.csv"), ("regions", "region_measures.csv")):
        written = pd.read_csv(folder / file, keep_default_na=False)
        assert written.columns.tolist() == [*KINDS[kind], "value", "unit"]
        wanted = tables[kind].rows.replace({"region": names, "partner": names})
        key = list(KINDS[kind])
        together = wanted.merge(written, on=key, suffixes=("", "_written"), validate="one_to_one")
        assert len(together) == len(written) == len(wanted)
        assert together["value"].tolist() == together["value_written"].tolist()
        assert (together["unit"] == together["measure"].map(dict(tables[kind].units))).all()


def test_input_output_tables_are_read_back_as_they_were(folder, tables):
    for table in tables["input_output"].tables:
        place = folder / f"input_output_{table.year}.csv"
        assert recognise(place).name == "simulated"
        evidence = read_evidence(place)
        assert evidence.format == "simulated" and evidence.kind == "input_output"
        (found,) = evidence.tables
        assert found.regions == ("silicon_valley", "pearl, river", "TWN", "ROW")
        assert (found.sectors, found.year, found.unit) == (table.sectors, table.year, table.unit)
        for name in ("intermediate", "final_demand", "value_added", "output"):
            assert getattr(found, name).tolist() == getattr(table, name).tolist(), name


@pytest.mark.parametrize("file", ["activities.csv", "ties.csv", "region_measures.csv"])
def test_long_tables_are_read_back_as_they_were(file, folder, tables):
    """Regions keep the names of the run, though one of them has a country's code and one a comma."""
    found = read_evidence(folder / file)
    wanted = tables[found.kind]
    names = {"region 0": "silicon_valley", "region 1": "pearl, river", "region 2": "TWN"}
    key = list(KINDS[found.kind])
    rows = wanted.rows.replace({"region": names, "partner": names}).sort_values(key, ignore_index=True)
    assert dict(found.units) == dict(wanted.units)
    pd.testing.assert_frame_equal(found.rows[[*key, "value"]].sort_values(key, ignore_index=True), rows, check_dtype=False, rtol=0)


def test_the_readme_says_what_each_file_is(folder):
    text = (folder / "README.txt").read_text()
    for file in ("activities.csv", "input_output_YYYY.csv", "ties.csv", "region_measures.csv", "ROW sells materials"):
        assert file in text


def test_a_run_too_short_for_a_year_writes_no_such_table(tmp_path, monkeypatch):
    monkeypatch.setattr("redqueen.report.files.can_draw", lambda: False)
    write_run(tmp_path, Trial(toy(quarters=3), seeds=[2], policies=["none"]).run(threads=1, progress=False))
    assert (tmp_path / "regions.csv").exists() and not (tmp_path / "activities.csv").exists()
    assert not list(tmp_path.glob("input_output_*")) and "activities.csv" not in (tmp_path / "README.txt").read_text()


#: What is done to the rows of a table, by what is said of it.
DAMAGE = {
    "the column is missing": lambda rows: [row.pop(3) for row in rows],
    "the column is not known": lambda rows: rows[0].__setitem__(2, "elsewhere"),
    "the row is missing": lambda rows: rows.pop(4),
    "a row stands twice": lambda rows: rows.insert(3, rows[3]),
    "'x' is not a number": lambda rows: rows[5].__setitem__(6, "x"),
    "does not balance: sales": lambda rows: rows[1].__setitem__(-1, rows[1][-1] + 1),
    "does not balance: purchases": lambda rows: rows[-2].__setitem__(1, rows[-2][1] + 1),
    "does not balance: the OUTPUT row": lambda rows: rows[-1].__setitem__(1, rows[-1][1] + 1),
    "is missing": lambda rows: rows[-2].__setitem__(1, ""),
}


@pytest.mark.parametrize("complaint", DAMAGE)
def test_a_damaged_input_output_table_is_refused(complaint, tables, tmp_path):
    place = tmp_path / "input_output_1991.csv"
    with place.open("w", newline="") as file:
        rows = [list(row) for row in input_output_rows(tables["input_output"].tables[0])]
        DAMAGE[complaint](rows)
        csv.writer(file, lineterminator="\n").writerows(rows)
    with pytest.raises(Refused, match=complaint) as refused:
        read_evidence(place)
    assert str(place) in str(refused.value)


def test_a_table_that_was_cut_off_is_refused(folder, tmp_path):
    text = (folder / "input_output_1991.csv").read_text()
    for part in (text[:-1], text[: len(text) // 2], text.splitlines()[0]):
        cut = tmp_path / "input_output_1991.csv"
        cut.write_text(part)
        with pytest.raises(Refused):
            read_evidence(cut)


def test_the_command_line_writes_them(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("redqueen.report.files.can_draw", lambda: False)
    case = write_case(tmp_path)
    assert main(["run", str(case), "-o", str(tmp_path / "out"), "--quarters", "8"]) == 0
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"activities.csv", "ties.csv", "region_measures.csv", "regions.csv", "flows.csv"} <= files
    assert len([name for name in files if name.startswith("input_output_")]) == 2
