"""Policies: lines of TOML, the reading of policy files, and the schedules that they come to."""

import dataclasses
import math

import numpy
import pytest

from redqueen.cases.case import case
from redqueen.errors import Refused
from redqueen.model.instruments import INDEX, INSTRUMENTS
from redqueen.model.schedule import ALL_STAGES
from redqueen.policies.policy import NONE, TARGET, Change, Policy, catalogue, policy, quarter_of, read_policy, schedule


@pytest.fixture(scope="module")
def world():
    """A world that starts in 1965, with 3,000, 2,200 and 4,500 workers in its regions."""
    return case("hsinchu").world


def faults_of(call, *arguments, **options):
    with pytest.raises(Refused) as refused:
        call(*arguments, **options)
    return [str(fault) for fault in refused.value.faults]


def use(*changes, **options):
    return Policy("tried", changes=changes, **options)


# Schedules


def test_a_null_policy_gives_an_all_zero_schedule(world):
    for nothing in (NONE, Policy("empty"), use(Change("lump_sum", 0.0), target="chinese_taipei")):
        laid_out = schedule(nothing, world)
        assert laid_out.intensity.shape == laid_out.target.shape == (len(INSTRUMENTS), world.quarters, 3)
        assert not laid_out.intensity.any()
        assert (laid_out.target == ALL_STAGES).all()


def test_dates_become_quarters(world):
    assert [quarter_of(year, world) for year in (1965, 1965.25, 1980.75, 2010)] == [0, 1, 63, 180]
    laid_out = schedule(use(Change("lump_sum", 7.0, ("chinese_taipei",), 1980.75, 1983)), world)
    used = laid_out.intensity[INDEX["lump_sum"], :, 1]
    assert numpy.flatnonzero(used).tolist() == list(range(63, 72))
    assert set(used[63:72]) == {7.0}
    assert laid_out.intensity.sum() == 9 * 7.0


def test_without_dates_a_change_fills_the_run(world):
    laid_out = schedule(use(Change("technology_park", 0.5, ("chinese_taipei", "coastal_china"))), world)
    assert (laid_out.intensity[INDEX["technology_park"], :, 1:] == 0.5).all()
    assert laid_out.intensity.sum() == 2 * world.quarters * 0.5


def test_overlapping_changes_add_up(world):
    region = ("chinese_taipei",)
    laid_out = schedule(
        use(Change("overseas_advisers", 0.3, region, 1974), Change("overseas_advisers", 0.4, region, 1979, 1990)), world
    )
    used = laid_out.intensity[INDEX["overseas_advisers"], :, 1]
    assert used[35] == 0.0 and used[36] == 0.3 and used[55] == 0.3 and used[56] == pytest.approx(
        0.7, abs=1e-15
    ) and used[100] == 0.3


def test_shares_that_add_up_to_one_fit_in_spite_of_rounding(world):
    # 0.1 + 0.7 + 0.2 is just below one and 0.7 + 0.2 + 0.1 just above, or the other way round.
    for shares in ((0.1, 0.7, 0.2), (0.7, 0.2, 0.1), (0.6, 0.3, 0.1), (0.1,) * 10):
        laid_out = schedule(use(*(Change("free_trade", share, ("chinese_taipei",)) for share in shares)), world)
        assert laid_out.intensity.max() <= 1.0
        assert laid_out.intensity[INDEX["free_trade"], :, 1] == pytest.approx(1.0, abs=1e-12)


def test_overlapping_changes_must_stay_in_range_together(world):
    region = ("chinese_taipei",)
    faults = faults_of(schedule, use(Change("free_trade", 0.7, region, 1970, 1980), Change("free_trade", 0.6, region, 1979)), world)
    assert faults == [
        "free_trade.intensity: free_trade in chinese_taipei adds up to 1.3 in 1979, outside 0 to 1 (share of tariff removed)"
        " (changes that overlap add up: end one of them with until)"
    ]
    schedule(use(Change("free_trade", 0.7, region, 1970, 1979), Change("free_trade", 0.6, region, 1979)), world)


def test_stages_become_bits(world):
    laid_out = schedule(use(Change("capacity_building", 5.0, ("coastal_china",), 1970, 1971, ("components", "brand"))), world)
    assert laid_out.target[INDEX["capacity_building"], 20:24, 2].tolist() == [0b100010] * 4
    assert (numpy.delete(laid_out.target[INDEX["capacity_building"]], range(20, 24), axis=0) == ALL_STAGES).all()


def test_an_instrument_has_one_aim_at_a_time(world):
    first = Change("capacity_building", 5.0, ("coastal_china",), 1970, 1980, ("components",))
    assert len(faults_of(schedule, use(first, dataclasses.replace(first, stages=("brand",), start=1979, until=1985)), world)) == 1
    assert len(faults_of(schedule, use(first, dataclasses.replace(first, stages=None, start=1979, until=1985)), world)) == 1
    schedule(use(first, dataclasses.replace(first, stages=("brand",), start=1980, until=1985)), world)
    schedule(use(first, dataclasses.replace(first, stages=("brand",), where=("chinese_taipei",))), world)


def test_intensity_per_worker_scales_with_the_region(world):
    change = Change("public_research_organisation", 50.0, per="worker")
    for region, expected in (("silicon_valley", 150.0), ("chinese_taipei", 110.0), ("coastal_china", 225.0)):
        laid_out = schedule(use(change), world, region)
        position = world.regions.index(region)
        assert (laid_out.intensity[INDEX[change.instrument], :, position] == expected).all()
        assert laid_out.intensity.sum() == pytest.approx(expected * world.quarters, rel=1e-12)
    # The range is that of what it comes to, not of what is written.
    assert "lump_sum of 2.2e+06 in chinese_taipei is outside" in faults_of(
        schedule, use(Change("lump_sum", 1e6, per="worker")), world, "chinese_taipei"
    )[0]


def test_exactly_the_instruments_in_heads_and_money_scale_with_workers():
    def scales(instrument):
        change = Change(instrument.name, instrument.high / 1e6, ("chinese_taipei",), per="worker")
        try:
            schedule(use(change), case("hsinchu").world)
        except Refused:
            return False
        return True

    assert {instrument.name for instrument in INSTRUMENTS if scales(instrument)} == {
        "university_expansion", "capacity_building", "public_research_organisation", "venture_capital", "national_champion",
        "smart_specialisation", "lump_sum",
    }


def test_the_target_is_whoever_is_asked_for(world):
    change = use(Change("lump_sum", 5.0, (TARGET,)), target="chinese_taipei")
    assert numpy.flatnonzero(schedule(change, world).intensity.any(axis=(0, 1))).tolist() == [1]
    assert numpy.flatnonzero(schedule(change, world, "coastal_china").intensity.any(axis=(0, 1))).tolist() == [2]
    assert "none was named" in faults_of(schedule, use(Change("lump_sum", 5.0)), world)[0]
    assert "did you mean 'coastal_china'?" in faults_of(schedule, change, world, "coastal_chin")[0]
    twice = use(Change("lump_sum", 5.0, (TARGET, "chinese_taipei")))
    assert "twice" in faults_of(schedule, twice, world, "chinese_taipei")[0]


def test_a_shorter_run_cuts_a_policy_written_for_a_longer_one(world):
    short = dataclasses.replace(world, quarters=60)
    change = Change("lump_sum", 5.0, ("chinese_taipei",), 1979, 1990)
    written = use(change, Change("technology_park", 0.5, ("chinese_taipei",), 1985), years=(1965.0, 2010.0))
    whole, cut = schedule(written, world), schedule(written, short)
    assert numpy.array_equal(whole.intensity[:, :60], cut.intensity)
    assert len(faults_of(schedule, use(change), short)) == 1


def test_every_fault_of_a_policy_is_reported_at_once(world):
    faults = faults_of(schedule, use(
        Change("venture_capitl", 3.0, ("chinese_taipei",)),
        Change("overseas_advisers", 3.0, ("chinese_taipei",)),
        Change("overseas_advisers", math.nan, ("chinese_taipei",)),
        Change("technology_park", 0.5, ("chinese_taipe", "coastal_china")),
        Change("technology_park", 0.5, ("coastal_china", "coastal_china")),
        Change("technology_park", 0.5, ("coastal_china",), stages=("design",)),
        Change("capacity_building", 5.0, ("coastal_china",), stages=("desing",)),
        Change("capacity_building", 5.0, ("coastal_china",), stages=()),
        Change("lump_sum", 5.0, ("coastal_china",), 1964),
        Change("lump_sum", 5.0, ("coastal_china",), 1970.3),
        Change("lump_sum", 5.0, ("coastal_china",), 1980, 1970),
        Change("lump_sum", 5.0, ("coastal_china",), until=2010.25),
        Change("lump_sum", 5.0, ("coastal_china",), 2010),
        Change("free_trade", 0.5, ("coastal_china",), per="worker"),
        Change("lump_sum", 0.5, ("coastal_china",), per="head"),
        Change("lump_sum", 0.5, ()),
    ), world)
    for words in (
        "unknown instrument 'venture_capitl' (did you mean 'venture_capital'?)",
        "overseas_advisers of 3 is outside 0 to 1 (share of full access)",
        "must be a finite number (share of full access)", "unknown region 'chinese_taipe' (did you mean 'chinese_taipei'?)",
        "names 'coastal_china' twice", "technology_park cannot be aimed at stages",
        "unknown stage 'desing' (did you mean 'design'?)",
        "names no stage", "1964 is outside the run, 1965 to 2010", "1970.3 is not on a quarter", "1970 is not after from, 1980",
        "2010.25 is outside the run, 1965 to 2010", "2010 is outside the run, 1965 to 2010", "does not depend on a region's size",
        "unknown scale 'head'", "names no region",
    ):
        assert sum(words in fault for fault in faults) == 1, (words, faults)
    assert len(faults) == 16, faults


def test_leaving_instruments_out_keeps_the_rest():
    whole = case("hsinchu").policies["as_it_happened"]
    left = whole.without("technology_park", "venture_capital", name="less")
    assert left.name == "less"
    assert set(whole.instruments) - set(left.instruments) == {"technology_park", "venture_capital"}
    assert [change for change in whole.changes if change.instrument in left.instruments] == list(left.changes)


# Policy files


POLICY = """
[policy]
name = "mine"
source = "paper: page 3"

[source]
paper = "A paper"

[[change]]
instrument = "technology_park"
intensity = { value = 0.5, source = "chosen: half" }
note = "half of all overheads"
[[change]]
instrument = "capacity_building"
where = ["target", "low"]
intensity = 12
from = 1990
until = 1995.5
per = "worker"
stages = "design"
source = "chosen"
"""

def write(tmp_path, text, name="policy.toml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_policy_file_is_read_as_written(tmp_path):
    read = read_policy(write(tmp_path, POLICY))
    assert (read.name, read.source, read.sources) == ("mine", "paper: page 3", {"paper": "A paper"})
    assert read.changes == (
        Change("technology_park", 0.5, (TARGET,), note="half of all overheads", source="paper: page 3"),
        Change("capacity_building", 12.0, (TARGET, "low"), 1990.0, 1995.5, ("design",), "worker", source="chosen"),
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('name = "mine"', 'name = "my policy"', 3, "policy.name: 'my policy' cannot be a name"),
        ('name = "mine"', "", 2, "'name' is missing"),
        ('name = "mine"', "name = 3", 3, "must be text in quotes, not a number"),
        ('name = "mine"', 'name = "mine"\ntitel = "x"', 4, "unknown key 'titel' (did you mean 'title'?)"),
        ("paper: page 3", "papr: page 3", 4, "unknown source 'papr' (did you mean 'paper'?)"),
        ('paper = "A paper"', 'paper = "A paper"\nchosen = "x"', 8, "'chosen' is a word of its own"),
        (
            "technology_park", "technologypark", 10,
            "change[1].instrument: unknown instrument 'technologypark' (did you mean 'technology_park'"
        ),
        ("value = 0.5", "value = 1.5", 11, "technology_park of 1.5 is outside 0 to 1 (share of overhead)"),
        ("value = 0.5", "value = true", 11, "must be a number (in the unit of the instrument), not true"),
        ("value = 0.5", "value = nan", 11, "must be a finite number"),
        ("value = 0.5", "value = -inf", 11, "must be a finite number"),
        ("value = 0.5", f"value = {10**400}", 11, "must be a finite number"),
        ("value = 0.5", 'value = "0.5"', 11, "must be a number (in the unit of the instrument), not text ('0.5')"),
        ("value = 0.5, ", "", 11, "has a source but no value"),
        ("value = 0.5", "value = 0.5, sorce = 1", 11, "unknown key 'sorce' beside value and source (did you mean 'source'?)"),
        ("chosen: half", "papper", 11, "unknown source 'papper' (did you mean 'paper'?)"),
        ('where = ["target", "low"]', "where = [1]", 15, "element 1 must be text, not a number"),
        ("from = 1990", "from = 1990.1", 17, "change[2].from: 1990.1 is not on a quarter of a year"),
        ("from = 1990", "from = 1990-01-01", 17, "must be a number (year), not a date or time"),
        ("until = 1995.5", "until = 1990", 18, "1990 is not after from, 1990"),
        ('per = "worker"', 'per = "firm"', 19, "unknown scale 'firm'"),
        ('stages = "design"', "stages = []", 20, "names no stage"),
        ("intensity = 12\n", "", 13, "'intensity' is missing"),
        ("[[change]]", "[change]", 9, ""),
    ],
)
def test_each_fault_of_a_policy_file_has_its_line(tmp_path, old, new, line, words):
    assert old in POLICY
    text = POLICY.replace(old, new) if old != "[[change]]" else POLICY.split("[[change]]")[0] + "[change]\ninstrument = 1\n"
    path = write(tmp_path, text)
    faults = faults_of(read_policy, path)
    assert len(faults) == 1, faults
    assert faults[0].startswith(f"{path}:{line}: ") and words in faults[0]


def test_the_faults_of_a_file_come_together_in_order_of_lines(tmp_path):
    text = POLICY.replace("mine", "my policy").replace("technology_park", "technology").replace("1995.5", "1980")
    lines = [int(fault.split(":")[1]) for fault in faults_of(read_policy, write(tmp_path, text))]
    assert lines == [3, 10, 18]


def test_the_catalogue_is_whole_and_every_policy_works_in_every_bundled_world():
    assert set(catalogue()) == {
        "public_research", "capacity_and_links", "national_champion", "free_markets", "growing_silicon_valley", "low_cost",
        "foreign_investment", "foreign_investment_alone", "return_programme", "diaspora", "venture", "venture_without_exit",
        "differentiate_and_link", "smart_specialisation", "extension", "export_promotion", "novelty_mandate", "novelty_subsidy",
        "capricious",
    }
    for name in catalogue():
        read = policy(name)
        assert read.name == name and read.title and read.question.endswith("?") and read.source and read.not_modelled
        assert all(change.where == (TARGET,) and change.source and change.note for change in read.changes)
        for world in (case("hsinchu").world, case("recipes").world):
            for position, region in enumerate(world.regions):
                used = schedule(read, world, region).intensity.any(axis=1)
                assert sorted(numpy.flatnonzero(used[:, position])) == sorted(INDEX[name] for name in read.instruments)
                assert used.sum() == len(read.instruments)


@pytest.mark.parametrize(
    ("part", "whole", "left_out"),
    [
        ("venture_without_exit", "venture", ("exit_for_ventures",)),
        ("foreign_investment_alone", "foreign_investment", ("local_links",)),
        ("extension", "capacity_and_links", ("diaspora_network", "associations_support", "local_links")),
        ("return_programme", "diaspora", ("diaspora_network",)),
        ("smart_specialisation", "differentiate_and_link", ("capacity_building", "diaspora_network")),
    ],
)
def test_a_policy_that_is_part_of_another_is_so_to_the_letter(part, whole, left_out, world):
    """What a programme does alone is told from what its company does only where both have the same size."""
    rest = policy(whole).without(*left_out)
    assert rest.changes and set(policy(whole).instruments) == {*rest.instruments, *left_out}
    assert numpy.array_equal(
        schedule(rest, world, "coastal_china").intensity, schedule(policy(part), world, "coastal_china").intensity
    )


def test_a_policy_that_does_not_exist_is_refused_with_the_nearest(tmp_path):
    assert faults_of(policy, "nationalchampion") == ["no policy 'nationalchampion' (did you mean 'national_champion'?)"]
    assert "no such file (did you mean 'policy.toml'?)" in faults_of(
        policy, str(write(tmp_path, POLICY)).replace("policy.toml", "polic.toml")
    )[0]
    assert policy("none") is NONE


def test_faults_of_a_file_and_those_in_the_world_come_together(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text(
        '[policy]\nname = "none"\n[[change]]\ninstrument = "capacity_bilding"\nintensity = 5\n[[change]]\ninstrument = '
        '"wage_subsidy"\n'
        'where = "catchup"\nfrom = 2050\nintensity = 5\nstages = ["desing"]\n[[government]]\nstyle = "adjust"\nwhere = '
        '["catchup"]\n'
        'menu = ["extension", "diasporaa"]\nevery = 5\nnoise = -1\n'
    )
    with pytest.raises(Refused) as refused:
        read_policy(path, case("recipes").world, "catch_up")
    found = [(fault.line, fault.message) for fault in refused.value.faults]
    expected = {
        2: "'none'", 4: "capacity_bilding", 8: "'catchup'", 9: "2050", 10: "wage_subsidy of 5", 11: "'desing'", 14: "'catchup'",
        15: "'diasporaa'", 17: "-1",
    }
    assert [line for line, _ in found] == list(expected)
    assert all(words in message for (_, message), words in zip(found, expected.values(), strict=True))


def test_a_switch_is_off_or_on(world):
    for dose, wrong in ((0.0, False), (1.0, False), (0.5, True)):
        change = Change("embargo", dose, ("coastal_china",))
        if wrong:
            assert "embargo is a switch: 0.5 is neither off nor on" in faults_of(schedule, use(change), world)[0]
        else:
            schedule(use(change), world)
