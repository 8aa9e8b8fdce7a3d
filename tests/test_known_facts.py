"""What is known beside what is simulated: how a fact is measured, what is a hit, and who keeps what along a chain."""

import csv
import json
from dataclasses import replace

import numpy
import pytest
import xarray
from test_cases import GOOD, faults_of, line_of, write
from toy_trial import CASE

from redqueen.cases.case import case, read_case
from redqueen.cases.facts import Fact, Measure, last_quarters, recorded_years
from redqueen.cli import main
from redqueen.indicators.chain_value import final_demand_for, jobs_supported, value_captured
from redqueen.indicators.leontief import Leontief
from redqueen.lab.kept import LEDGER_COLUMNS, OUTSIDE, kept, ledger_rows
from redqueen.lab.tables import simulated_tables
from redqueen.lab.trial import Trial
from redqueen.studies.keeping import ALL_STAGES, ledger
from redqueen.studies.known import compare_with_band, happened, known_facts, variables_of_facts

MEASURED = 'measured = { outcome = "income_per_head", over = "core" }'
SEEDS = 6


def measured_as(text):
    return GOOD.replace(MEASURED, text)


@pytest.fixture(scope="module")
def two_years():
    """Give hsinchu and two years of it, under what happened and under nothing."""
    read = case("hsinchu")
    return read, Trial(read, ["as_it_happened", "none"], SEEDS, quarters=8).run(progress=False)


def fact(measure, region="chinese_taipei", year=1966.0, value=50.0, unit="%"):
    return Fact("known", region, "something known", unit, year, value, source="park", measured=measure)


def simulated(two_years, **options):
    read, result = two_years
    measure = Measure(**{name: value for name, value in options.items() if name in Measure.__dataclass_fields__ and name != "year"})
    others = {name: options[name] for name in ("region", "year", "unit") if name in options}
    return known_facts(result, replace(read, facts=(fact(measure, **others),)))[0]


def mean_of_year(two_years, name, region, quarters=slice(4, 8)):
    array = two_years[1][name].sel(policy="as_it_happened", region=region)
    return array.values[:, quarters].mean(axis=1)


# What a file may say


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            'measured = { outcome = "income_per_had", over = "core" }',
            "unknown outcome 'income_per_had' (did you mean 'income_per_head'"
        ),
        ('measured = { outcome = "jobs", over = "cor" }', "unknown region 'cor' (did you mean 'core'"),
        ('measured = { outcome = "jobs", among = ["core", "lo", "low"] }', "unknown region 'lo' (did you mean 'low'"),
        ('measured = { outcome = "jobs", among = ["core"] }', "'low' is not among them"),
        ('measured = { outcome = "jobs", over = "core", among = ["core", "low"] }', "over one region and among several"),
        ('measured = { outcome = "jobs", ovr = "core" }', "unknown key 'ovr' (did you mean 'over'"),
        (
            'measured = { outcome = "stage_jobs", over = "core" }',
            "stage_jobs is known by stage (add stage: design, assembly, brand)"
        ),
        (
            'measured = { outcome = "stage_jobs", stage = "assmbly", over = "core" }',
            "unknown stage 'assmbly' (did you mean 'assembly'"
        ),
        ('measured = { outcome = "jobs", stage = "assembly", over = "core" }', "jobs is not known by stage"),
        ('measured = { outcome = "quality_sold", over = "core" }', "quality_sold is a logarithm, which has no ratio"),
        ('measured = { outcome = "frontier", over = "core" }', "known for the world alone"),
        ('measured = { outcome = "jobs", since = 1980 }', "1980 is outside the run, 1990 to 2000"),
        ('measured = { outcome = "jobs", since = 1999 }', "1999 is not before 1999"),
        ('measured = { outcome = "jobs", over = "core", year = 2001 }', "2001 is outside the run, 1990 to 2000"),
        ('measured = { kept = "valu", of = "core" }', "unknown thing to keep 'valu' (did you mean 'value'"),
        ('measured = { kept = "value" }', "'of' is missing"),
        ('measured = { kept = "value", of = "cor" }', "unknown region 'cor'"),
        ('measured = { kept = "value", of = "core", over = "core" }', "unknown key 'over'"),
        ('measured = { kept = "value", of = "core", year = 1980 }', "1980 is outside the run"),
        ("measured = {}", "'outcome' is missing"),
        ('measured = "jobs"', "must be a table: [fact.income.measured]"),
    ],
)
def test_a_wrong_measure_has_its_line(tmp_path, text, words):
    content = measured_as(text)
    path = write(tmp_path, content)
    faults = faults_of(read_case, path)
    found = [one for one in faults if words in str(one)]
    assert [(one.file, one.line) for one in found] == [(str(path), line_of(content, text))], [str(one) for one in faults]


def test_all_that_is_wrong_with_a_measure_comes_at_once(tmp_path):
    wrong = 'measured = { outcome = "incme", over = "cor", since = 2001, stag = "x" }'
    assert len(faults_of(read_case, write(tmp_path, measured_as(wrong)))) == 4


def test_a_fact_is_measured_or_says_why_not(tmp_path):
    nothing = faults_of(read_case, write(tmp_path, measured_as("")))
    assert [one.message for one in nothing] == ["does not say how it is measured in the simulation"]
    both = faults_of(read_case, write(tmp_path, measured_as(f'{MEASURED}\nnot_measured = "why"')))
    assert [one.field for one in both] == ["fact.income.not_measured"]
    read = read_case(write(tmp_path, measured_as('not_measured = "nobody counts it"'))).facts[0]
    assert (read.measured, read.not_measured) == (None, "nobody counts it")


def test_a_year_outside_the_run_is_a_fault_of_measured_facts_only(tmp_path):
    late = GOOD.replace("year = 1999", "year = 2015")
    assert [one.message for one in faults_of(read_case, write(tmp_path, late))] == ["2015 is outside the run, 1990 to 2000"]
    assert read_case(write(tmp_path, late.replace(MEASURED, 'not_measured = "too late"'))).facts[0].year == 2015
    stands_in = late.replace(MEASURED, 'measured = { outcome = "jobs", over = "core", year = 1999 }')
    assert read_case(write(tmp_path, stands_in)).facts[0].measured_in == 1999


def test_what_is_relative_is_in_percent(tmp_path):
    wrong = GOOD.replace('unit = "%"\nsource = "paper"\nmeasured', 'unit = "firms"\nsource = "paper"\nmeasured')
    assert "in %, not in firms" in str(faults_of(read_case, write(tmp_path, wrong))[0])


def test_a_ledger_is_of_a_region_of_the_case(tmp_path):
    text = GOOD.replace('region = "low"\n\n[source]', 'region = "low"\nledger = "loww"\n\n[source]')
    assert "unknown region 'loww' (did you mean 'low'" in str(faults_of(read_case, write(tmp_path, text))[0])
    assert read_case(write(tmp_path, text.replace("loww", "core"))).ledger == "core"


@pytest.mark.parametrize(
    ("year", "found"),
    [
        (1965, (0, 4)), (1966, (4, 8)), (1966.75, (4, 8)), (2009, (176, 180)), (2010, (176, 180)), (1964, (0, 0)), (2011, (0, 0)),
    ],
)
def test_a_year_is_its_four_quarters_and_the_end_is_the_last_year(year, found):
    assert last_quarters(year, 1965.0, 180) == found


def test_a_run_that_starts_within_a_year_has_part_of_it():
    assert last_quarters(1990, 1990.5, 8) == (0, 2) and last_quarters(1991, 1990.5, 8) == (2, 6)
    assert recorded_years(1990.5, 8) == [1991, 1992] and recorded_years(1990.0, 8) == [1990, 1991]


# How a fact is measured


def test_a_level_is_the_mean_of_its_year(two_years):
    found = simulated(two_years, outcome="firms", unit="firms")
    assert found.simulated == pytest.approx(numpy.median(mean_of_year(two_years, "firms", "chinese_taipei")), rel=1e-12)
    assert found.low < found.simulated < found.high and found.seeds == SEEDS


def test_over_another_region_is_in_percent_of_its_level(two_years):
    here, there = (mean_of_year(two_years, "income_per_head", name) for name in ("chinese_taipei", "silicon_valley"))
    found = simulated(two_years, outcome="income_per_head", over="silicon_valley")
    assert (found.simulated, found.low, found.high) == pytest.approx(tuple(numpy.quantile(100 * here / there, (0.5, 0.05, 0.95))))


def test_shares_among_regions_add_up_to_a_hundred(two_years):
    regions = two_years[0].world.regions
    one_seed = (replace(two_years[0]), two_years[1].isel(seed=[2]))
    shares = [simulated(one_seed, outcome="exports", among=regions, region=region).simulated for region in regions]
    assert sum(shares) == pytest.approx(100) and min(shares) > 0


def test_growth_is_since_a_year_and_may_be_relative(two_years):
    before, after = (mean_of_year(two_years, "value_added", "chinese_taipei", slice(*part)) for part in ((0, 4), (4, 8)))
    assert simulated(
        two_years, outcome="value_added", since=1965
    ).simulated == pytest.approx(numpy.median(100 * (after / before - 1)))
    there = [mean_of_year(two_years, "value_added", "silicon_valley", slice(*part)) for part in ((0, 4), (4, 8))]
    relative = simulated(two_years, outcome="value_added", since=1965, over="silicon_valley")
    assert relative.simulated == pytest.approx(numpy.median(100 * ((after / before) / (there[1] / there[0]) - 1)))


def test_a_share_is_in_percent_where_the_fact_is(two_years):
    in_percent, plain = (simulated(two_years, outcome="research_share", unit=unit).simulated for unit in ("%", "share"))
    assert in_percent == pytest.approx(100 * plain) and 0 < plain < 1


def test_an_outcome_by_stage_is_that_of_the_stage(two_years):
    jobs = two_years[1]["stage_jobs"].sel(
        policy="as_it_happened", region="chinese_taipei", stage="assembly"
    ).values[:, 4:8].mean(axis=1)
    assert simulated(two_years, outcome="stage_jobs", stage="assembly", unit="heads").simulated == pytest.approx(numpy.median(jobs))


def test_facts_are_measured_under_what_happened(two_years):
    read, result = two_years
    assert happened(read) == "as_it_happened"
    as_it_is = simulated((read, result.sel(policy=["none"])), outcome="firms", unit="firms")
    assert (as_it_is.simulated, as_it_is.hit, as_it_is.reason) == (None, None, "as_it_happened was not run")
    no_history = replace(read, policies={name: policy for name, policy in read.policies.items() if name != "as_it_happened"})
    assert happened(no_history) == read.reference


def test_a_run_that_ends_before_a_fact_says_so(two_years):
    assert simulated(two_years, outcome="firms", unit="firms", year=1990.0).reason == "the run ends before the end of 1990"
    assert simulated(two_years, kept="value", of="silicon_valley", year=1990.0).reason == "the run ends before the end of 1990"


def test_one_seed_has_a_value_and_no_band(two_years):
    found = simulated((two_years[0], two_years[1].isel(seed=[0])), outcome="firms", unit="firms")
    assert found.simulated > 0 and (found.low, found.high, found.hit) == (None, None, None)


def test_only_what_facts_need_is_recorded():
    read = case("hsinchu")
    assert variables_of_facts(read) == ("income_per_head",)
    assert {"flows", "stage_jobs"} <= set(variables_of_facts(replace(read, ledger="silicon_valley")))


@pytest.mark.parametrize(
    ("known", "hit", "distance"),
    [
        ((15.0, 15.0), True, 0.0), ((10.0, 10.0), True, 0.0), ((5.0, 12.0), True, 0.0), ((0.0, 100.0), True, 0.0),
        ((25.0, 25.0), False, -0.5), ((5.0, 5.0), False, 0.5), ((0.0, 8.0), False, 0.2), ((30.0, numpy.inf), False, -1.0),
        ((-numpy.inf, 10.0), True, 0.0),
    ],
)
def test_a_hit_lies_in_the_band_and_a_miss_is_so_many_bands_away(known, hit, distance):
    assert compare_with_band(known, 10.0, 20.0) == (hit, pytest.approx(distance))


def test_a_band_without_width_has_no_distance():
    assert compare_with_band((5.0, 5.0), 0.0, 0.0) == (False, None) and compare_with_band((0.0, 0.0), 0.0, 0.0) == (True, 0.0)


# Who keeps what


def by_hand(bought, sold, materials, jobs):
    """Lay out one quarter of two stages: a lead firm in each of two regions buys parts from the third, which buys materials."""
    regions, stages = ["here", "there", "maker"], ["parts", "brand"]
    flows = numpy.zeros((1, 1, 1, 3, 2, 3, 2))
    final = numpy.zeros((1, 1, 1, 3, 1, 3))
    for lead, (amount, sales) in enumerate(zip(bought, sold, strict=True)):
        flows[0, 0, 0, 2, 0, lead, 1] = amount
        final[0, 0, 0, lead, 0, 0] = sales
    outside = numpy.zeros((1, 1, 1, 3, 2))
    outside[0, 0, 0, 2, 0] = materials
    at_work = numpy.array(jobs, dtype=float).reshape(1, 1, 1, 3, 2)
    two = ("policy", "seed")
    return xarray.Dataset(
        {
            "flows": ((*two, "year", "region", "stage", "to_region", "to_stage"), flows),
            "in_house": ((*two, "year", "region", "stage", "to_stage"), numpy.zeros((1, 1, 1, 3, 2, 2))),
            "final_sales": ((*two, "year", "region", "industry", "to_region"), final),
            "stage_outside": ((*two, "year", "region", "stage"), outside),
            "stage_jobs": ((*two, "quarter", "region", "stage"), at_work),
            "stage_wages": ((*two, "quarter", "region", "stage"), 2 * at_work),
        },
        {
            "policy": ["none"], "seed": [1], "region": regions, "stage": stages, "year": [2000], "last_quarter": ("year", [0]),
            "industry": ["radios"], "brand_stage": ("industry", ["brand"]),
        },
        {"reference": "none"},
    )


def test_who_keeps_what_of_a_chain_that_can_be_reckoned_by_hand():
    """Here buys parts for 40 and sells for 100, there for 20 and 50; the maker pays 15 of its 60 for materials."""
    result = by_hand((40, 20), (100, 50), 15, [[0, 10], [0, 6], [30, 0]])
    found = kept(result, "here", 2000).isel(policy=0, seed=0)
    assert float(found["paid"]) == 100
    assert found["value"].sel(place="here").values.tolist() == pytest.approx([0, 60])
    assert found["value"].sel(place="maker").values.tolist() == pytest.approx([30, 0])
    assert float(found["value"].sel(place=OUTSIDE).sum()) == pytest.approx(10)
    assert found["jobs"].sel(place=["here", "there", "maker"]).values.tolist() == [
        pytest.approx([0, 10]), [0, 0], pytest.approx([20, 0])
    ]
    assert float(found["wages"].sel(place="maker").sum()) == pytest.approx(40)


def test_lead_firms_that_sell_nothing_leave_nothing_to_keep():
    found = kept(by_hand((40, 0), (100, 0), 10, [[0, 10], [0, 0], [30, 0]]), "there", 2000)
    assert float(found["paid"].squeeze()) == 0 and numpy.isnan(found["value"].values).all()


@pytest.mark.parametrize("lead", ["silicon_valley", "chinese_taipei"])
def test_what_is_kept_adds_up_to_what_is_paid_and_agrees_with_the_indicators(two_years, lead):
    result = two_years[1]
    found = kept(result, lead, 1966).isel(policy=0, seed=0)
    assert float(found["value"].sum()) == pytest.approx(float(found["paid"]), rel=1e-10)
    member = result.isel(policy=0, seed=0)
    table = next(one for one in simulated_tables(member) if one.kind == "input_output").tables[-1]
    whole = Leontief.of(table)
    final = final_demand_for(whole, finished_in=[table.regions.index(lead)])
    assert found["value"].values == pytest.approx(value_captured(whole, final), rel=1e-9, abs=1e-9)
    jobs = numpy.concatenate([member["stage_jobs"].values[7].reshape(-1), numpy.zeros(len(table.sectors))])
    assert found["jobs"].values[:-1] == pytest.approx(jobs_supported(whole, jobs, final)[:-1], rel=1e-9, abs=1e-9)


def test_the_chains_of_all_lead_firms_hold_all_jobs_of_whoever_sells(two_years):
    result = two_years[1]
    member = result.isel(policy=0, seed=0)
    held = sum(kept(result, lead, 1966)["jobs"].isel(policy=0, seed=0).values[:-1] for lead in two_years[0].world.regions)
    table = next(one for one in simulated_tables(member) if one.kind == "input_output").tables[-1]
    sells = table.output.reshape(len(table.regions), -1)[:-1] > 0
    assert held == pytest.approx(numpy.where(sells, member["stage_jobs"].values[7], 0.0), rel=1e-9, abs=1e-9)


def test_shares_kept_are_facts_like_others(two_years):
    regions = two_years[0].world.regions
    one_seed = (two_years[0], two_years[1].isel(seed=[0]))
    for what in ("jobs", "wages"):
        shares = [simulated(one_seed, kept=what, of="silicon_valley", region=region).simulated for region in regions]
        assert sum(shares) == pytest.approx(100)
    found = kept(one_seed[1].sel(policy=["as_it_happened"]), "silicon_valley", 1966).isel(policy=0, seed=0)
    at_design = simulated(one_seed, kept="value", of="silicon_valley", region="silicon_valley", stage="design").simulated
    assert at_design == pytest.approx(100 * float(found["value"].sel(place="silicon_valley", stage="design") / found["paid"]))


def test_a_ledger_holds_means_by_place_and_changes_against_the_reference(two_years):
    found = ledger(two_years[1], "silicon_valley")
    assert (found.year, found.reference, found.places[-1]) == (1966, "none", OUTSIDE)
    for policy in found.policies:
        assert sum(found.find(policy, place).value_share for place in found.places) == pytest.approx(100)
        assert sum(found.find(policy, place).jobs_share for place in found.places[:-1]) == pytest.approx(100)
        for place in found.places:
            by_stage = sum(found.find(policy, place, stage).value_share for stage in found.stages)
            assert found.find(policy, place).value_share == pytest.approx(by_stage)
    other, base = (found.find(policy, "chinese_taipei", ALL_STAGES) for policy in ("as_it_happened", "none"))
    assert other.value_change == pytest.approx(
        other.value_share - base.value_share
    ) and other.value_low < other.value_change < other.value_high
    assert base.value_change is None and found.find("none", OUTSIDE).jobs is None


def test_rows_of_a_ledger_add_up_for_every_region_of_lead_firms(two_years):
    rows = [dict(zip(LEDGER_COLUMNS, row, strict=True)) for row in ledger_rows(two_years[1].isel(policy=0, seed=0))]
    for lead in two_years[0].world.regions:
        assert sum(row["value_share"] for row in rows if row["lead_firms_of"] == lead) == pytest.approx(1)


# What commands show


@pytest.fixture
def toy(tmp_path, monkeypatch):
    facts = """
[[fact]]
name = "income_1994"
region = "south"
outcome = "income of the south"
year = 1994
value = 60
unit = "%"
source = "book2001"
measured = { outcome = "income_per_head", over = "north" }

[[fact]]
name = "firms_1991"
region = "south"
outcome = "firms of the south"
year = 1991
low = 5
high = 500
unit = "firms"
source = "book2001"
held_out = false
measured = { outcome = "firms" }

[[fact]]
name = "fame"
region = "south"
outcome = "fame"
value = 1
unit = "stars"
source = "book2001"
not_measured = "fame is not simulated"
"""
    (tmp_path / "toy.toml").write_text(CASE.replace('reference = "none"', 'reference = "none"\nledger = "north"') + facts)
    monkeypatch.chdir(tmp_path)
    return "toy.toml"


def test_compare_prints_what_is_known_below_the_effects(toy, capsys):
    assert main(["compare", toy, "--seeds", "6", "--window", "4"]) == 0
    said = capsys.readouterr().out
    assert said.index("officers against none") < said.index("What is known, and was not used: under none")
    assert "income 1994" in said and "of 1 hit: in the band of nine tenths of 6 seeds" in said
    assert "Used to build the case: firms_1991" in said and "1 more cannot be measured in the simulation" in said
    assert "Who keeps what final users pay, in %, by stage and place, under none" in said


def rows_of(path):
    """Give the rows of a csv file."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_compare_gives_facts_and_ledger_as_json_and_as_files(toy, no_figures, capsys, tmp_path):
    assert main(["compare", toy, "--seeds", "6", "--window", "4", "-o", "out", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    first, used, without = document["facts"]
    assert first["held_out"] and not used["held_out"] and (first["policy"], first["target"]) == ("none", 60)
    assert first["hit"] == (first["low"] <= 60 <= first["high"]) and (first["distance"] == 0) == first["hit"]
    assert (without["simulated"], without["reason"]) == (None, "fame is not simulated")
    assert {row["policy"] for row in document["ledger"]["holdings"]} == {"none", "officers", "gifts"}
    rows = rows_of(tmp_path / "out" / "facts.csv")
    assert [row["name"] for row in rows] == ["income_1994", "firms_1991", "fame"]
    assert float(rows[0]["simulated"]) == first["simulated"]
    assert len(rows_of(tmp_path / "out" / "ledger.csv")) == len(document["ledger"]["holdings"])
    readme = (tmp_path / "out" / "README.txt").read_text()
    assert "facts.csv" in readme and "ledger.csv" in readme


def test_run_shows_one_value_for_each_fact_and_writes_the_ledger(toy, no_figures, capsys, tmp_path):
    assert main(["run", toy, "--policy", "officers", "-o", "out"]) == 0
    said = capsys.readouterr().out
    assert "What is known, and was not used: under officers" in said and "90 % band" not in said
    assert "What was done there is another policy: none." in said
    rows = rows_of(tmp_path / "out" / "ledger.csv")
    assert {
        row["lead_firms_of"] for row in rows
    } == {"north", "south"} and {row["region"] for row in rows} == {"north", "south", OUTSIDE}
    shares = [float(row["value_share"]) for row in rows if row["lead_firms_of"] == "north"]
    assert sum(shares) == pytest.approx(1)
    assert rows_of(tmp_path / "out" / "facts.csv")[0]["policy"] == "officers"


def test_show_says_which_facts_were_held_out_and_how_all_are_measured(toy, capsys):
    assert main(["show", toy]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "income_1994: income per head at constant quality over that of north" in said
    assert "fame: not measured: fame is not simulated" in said and "held out: not used to build the case" in said


def test_a_case_without_facts_says_nothing_of_them(capsys):
    assert main(["compare", "recipes", "--policies", "low_cost", "--seeds", "2", "--quarters", "4", "--window", "4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["facts"] == []
    assert main(["run", "recipes", "--quarters", "4"]) == 0
    assert "What is known" not in capsys.readouterr().out
