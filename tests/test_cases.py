"""Cases: bundled ones are whole and sourced; faulty ones are refused with every fault and its line."""

import numpy
import pytest
from case_texts import GOOD

from redqueen.cases.case import case, read_case
from redqueen.errors import Refused
from redqueen.model.endowments import ENDOWMENTS
from redqueen.model.instruments import INDEX
from redqueen.policies.policy import NONE, schedule


def write(tmp_path, text, name="toy.toml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(call, *arguments):
    with pytest.raises(Refused) as refused:
        call(*arguments)
    return refused.value.faults


def line_of(text, words):
    assert text.count(words) == 1, (words, text.count(words))
    return text[: text.index(words)].count("\n") + 1


# A case that is right


def test_a_case_becomes_a_world(tmp_path):
    read = read_case(write(tmp_path, GOOD))
    world = read.world
    assert (world.regions, world.stages, world.industries) == (("core", "low"), ("design", "assembly", "brand"), ("industry",))
    assert (world.start, world.quarters, world.burn_in, world.modularity) == (1990.0, 40, 8, (0.25, 0.85, 60.0))
    assert (world.input_stage, world.brand_stage, world.shipping_stage, world.industry_of) == ((-1, 0, -1), (2,), (1,), (0, 0, 0))
    given = world.endowments
    assert given["first_firms"].tolist() == [[4, 4, 4], [0, 9, 0]]
    assert given["first_quality"].tolist() == [[0, 0, 0], [-1, -0.5, 0]]
    assert given["workers"].tolist() == [1000, 2000]
    assert given["distance"].tolist() == [[0, 0.5], [0.5, 0]]
    assert given["first_diaspora"].tolist() == [[0, 0], [20, 0]]
    assert all(array.dtype == numpy.float64 for array in given.values())
    assert read.codes == {"core": "", "low": "LOW"}
    assert (read.reference, read.facts[0].high, read.facts[0].held_out) == ("none", 20.0, True)


def test_what_is_not_written_has_its_declared_default(tmp_path):
    given = read_case(write(tmp_path, GOOD)).world.endowments
    for endowment in ENDOWMENTS:
        if endowment.default is not None and endowment.name not in GOOD:
            assert (given[endowment.name] == endowment.default).all(), endowment.name


def test_every_number_remembers_its_source(tmp_path):
    provenance = read_case(write(tmp_path, GOOD)).provenance
    assert provenance["region.core.workers"] == "paper: table 1"
    assert provenance["region.low.first_quality.assembly"] == "chosen"
    assert provenance["region.low.tariff"] == "default"
    assert provenance["policy.whole.change[1].intensity"] == "paper"
    assert provenance["region.low.workers"] == ""


def test_distance_may_differ_by_direction(tmp_path):
    text = GOOD.replace("first_diaspora = 20", "first_diaspora = 20\ndistance = 2")
    assert read_case(write(tmp_path, text)).world.endowments["distance"].tolist() == [[0, 0.5], [2, 0]]


def test_industries_keep_their_stages_apart(tmp_path):
    other = "".join(
        f'[[stage]]\nname = "{name}"\nindustry = "textiles"\nquality_weight = {weight}\nworkers_per_unit = 1\nskilled_share = 0\n'
        for name, weight in (("weaving", 0.5), ("fashion", 0.5))
    )
    text = GOOD.replace(
        "[[region]]\nname = \"core\"", other + '[[industry]]\nname = "textiles"\ndemand_share = 3\n[[region]]\nname = "core"'
    )
    world = read_case(write(tmp_path, text)).world
    assert (world.industries, world.industry_of) == (("industry", "textiles"), (0, 0, 0, 1, 1))
    assert (world.brand_stage, world.shipping_stage) == ((2, 4), (1, 4))
    assert world.endowments["demand_share"].tolist() == [1, 3]


def test_modularity_and_parameters_are_taken_over(tmp_path):
    text = GOOD + '[modularity]\nstart = 0\nend = 0.5\nmidpoint = 1995\n'
    text += '[parameters]\nscan = 0.3\nbargaining = { value = 0, source = "chosen" }\n'
    world = read_case(write(tmp_path, text)).world
    assert world.modularity == (0.0, 0.5, 20.0)
    assert world.parameters == {"scan": 0.3, "bargaining": 0.0}


def test_a_mark_of_byte_order_and_other_line_ends_do_no_harm(tmp_path):
    path = tmp_path / "toy.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert read_case(path).world.regions == ("core", "low")
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("workers = 2000", "workers = -1").replace("\n", "\r\n").encode())
    assert [fault.line for fault in faults_of(read_case, path)] == [line_of(GOOD, "workers = 2000")]


# Policies of a case


def test_policies_build_on_one_another(tmp_path):
    read = read_case(write(tmp_path, GOOD))
    assert list(read.policies) == ["none", "whole", "part", "low_cost"]
    assert read.policies["none"] == NONE
    assert read.policies["whole"].instruments == ("public_research_organisation", "venture_capital")
    assert read.policies["part"].instruments == ("public_research_organisation", "free_trade")
    assert read.policies["part"].changes[:1] == read.policies["whole"].changes[:1]
    assert read.policies["part"].source == "paper"
    laid_out = schedule(read.policies["whole"], read.world)
    public = laid_out.intensity[INDEX["public_research_organisation"]]
    assert numpy.flatnonzero(public[:, 1]).tolist() == list(range(4, 22)) and not public[:, 0].any()
    assert (laid_out.target[INDEX["public_research_organisation"], 4:22, 1] == 1).all()
    assert (laid_out.intensity[INDEX["venture_capital"]] == [0, 10]).all()


def test_a_policy_based_on_its_own_name_is_that_of_the_catalogue(tmp_path):
    read = read_case(write(tmp_path, GOOD))
    assert read.policies["low_cost"].question == "Does cheaper labour give a lasting advantage?"
    assert (read.schedule("low_cost").intensity[INDEX["wage_subsidy"]] == [0, 0.3]).all()
    assert (read.schedule("low_cost", region="core").intensity[INDEX["wage_subsidy"]] == [0.3, 0]).all()


def test_a_case_knows_its_own_policies_before_those_of_the_catalogue(tmp_path):
    read = read_case(write(tmp_path, GOOD + '[[policy]]\nname = "venture"\nbased_on = "part"\n'))
    assert read.policy("venture").instruments == read.policies["part"].instruments
    assert read.policy("public_research").target == "low"
    assert str(
        faults_of(read.policy, "hole")[0]
    ) == "toy has no policy 'hole', and neither has the catalogue (did you mean 'whole'?)"


def test_policies_may_be_based_on_later_ones_but_not_in_a_circle(tmp_path):
    text = GOOD.replace('source = "paper"\n[[policy.change]]', 'based_on = "part"\n[[policy.change]]', 1)
    faults = faults_of(read_case, write(tmp_path, text))
    assert [fault.message for fault in faults] == ["goes round in a circle: whole > part > whole"]
    text = GOOD + '[[policy]]\nname = "first"\nbased_on = "last"\n[[policy]]\nname = "last"\n'
    text += '[[policy.change]]\ninstrument = "lump_sum"\nintensity = 2\n'
    assert read_case(write(tmp_path, text)).policies["first"].instruments == ("lump_sum",)


# Cases that are wrong

FAULTS = [
    # what is replaced, by what, words of the line that is to be named, words of the fault
    ("start = 1990", "start = 1990.2", "start = 1990.2", "case.start: 1990.2 is not on a quarter of a year"),
    ("start = 1990", "start = true", "start = true", "must be a number (year), not true"),
    ("end = 2000", "end = 1990", "end = 1990", "1990 is not after start, 1990"),
    ("end = 2000", "end = 20100", "end = 20100", "20100 is outside 1 to 3000 (year)"),
    ("end = 2000\n", "", "[case]", "'end' is missing"),
    ("burn_in = 8", "burn_in = 8.5", "burn_in", "8.5 is not a whole number of quarters"),
    ('region = "low"\n\n', 'region = "lo"\n\n', 'region = "lo"', "case.region: unknown region 'lo' (did you mean 'low'"),
    ("burn_in = 8", 'reference = "hole"', "reference", "case.reference: unknown policy 'hole' (did you mean 'whole'"),
    ("burn_in = 8", 'burnin = 8', "burnin", "unknown key 'burnin' (did you mean 'burn_in'"),
    ('name = "toy"', 'name = "../toy"', "../toy", "cannot be a name (letters, digits, - and _ only)"),
    ("name = \"design\"\n", "name = \"design\"\nshape = 2\n", "shape", "stage.design.shape: unknown key 'shape'"),
    ("quality_weight = 0.6", "quality_weight = 0.5", "quality_weight = 0.3", "add up to 0.9, not 1"),
    ("skilled_share = 0.8", 'skilled_share = "0.8"', 'skilled_share = "0.8"', "must be a number (share), not text ('0.8')"),
    (
        "skilled_share = 0.8\n", "skilled_share = 0.8\ninput_units = 0.1\n", "input_units = 0.1",
        "there is no stage to buy inputs from"
    ),
    ("skilled_share = 0.8\n", "skilled_share = 0.8\nships = 1\n", "ships = 1", "must be true or false, not a number"),
    (
        "skilled_share = 0.8\n", "skilled_share = 0.8\nships = true\n", "ships = true\n[[stage]]\nname = \"brand\"",
        "industry already ships from 'design'"
    ),
    ('input = "design"', 'input = "desing"', "desing", "unknown stage 'desing' (did you mean 'design'"),
    (
        'input = "design"', 'input = "assembly"', 'input = "assembly"',
        "'assembly' does not come earlier in the chain (earlier here: design)"
    ),
    ('input = "design"', 'input = "brand"', 'input = "brand"', "does not come earlier in the chain"),
    ("input_units = 0.2\n", "", 'input = "design"', "says no units of 'design'"),
    ("workers = 2000", "workers = nan", "nan", "region.low.workers: must be a finite number (heads)"),
    ("workers = 2000", "workers = inf", "inf", "must be a finite number (heads)"),
    ("workers = 2000", "workers = 0", "workers = 0", "0 is outside 1 to 1e+09 (heads)"),
    ("workers = 2000\n", "", '[[region]]\nname = "low"', "'workers' is missing (add workers: a number (heads))"),
    ("workers = 2000", "workers = [2000]", "[2000]", "must be a number (heads), not a list"),
    ("workers = 2000", "workers = { design = 1 }", "workers = { d", "must be a number (heads), not a table"),
    ("paper: table 1", "papers: table 1", "papers: table 1", "unknown source 'papers' (did you mean 'paper'"),
    ("design = -1,", "desing = -1,", "desing", "region.low.first_quality.desing: unknown stage 'desing' (did you mean 'design'"),
    ("design = -1,", "design = -9,", "-9", "first_quality.design: -9 is outside -5 to 2 (log quality)"),
    ("design = -1,", "design = true,", "true, assembly", "must be a number (log quality), not true"),
    ("assembly = 9", "assembly = 9.5", "9.5", "9.5 is not a whole number of firms"),
    ("first_firms = 4", "first_firms = { design = 1 }", '[[region]]\nname = "core"', "industry has no lead firm anywhere"),
    ('to = "low"', 'to = "lowe"', "lowe", "unknown region 'lowe' (did you mean 'low'"),
    ('to = "low"', 'to = "core"', 'to = "core"\ndistance', "pairs 'core' with itself"),
    (
        'to = "core"', 'to = "core"\n[[pair]]\nfrom = "low"\nto = "core"', '[[pair]]\nfrom = "low"\nto = "core"\nfirst',
        "a second pair leads from 'low' to 'core'"
    ),
    ("distance = 0.5", "distance = 4", "distance = 4", "4 is outside 0 to 3 (1 = another continent)"),
    ("distance = 0.5", "distanse = 0.5", "distanse", "unknown key 'distanse' (did you mean 'distance'"),
    ('name = "part"', 'name = "whole"', 'name = "whole"\nbased', "a second policy is called 'whole'"),
    ('name = "part"', 'name = "none"', 'name = "none"', "'none' is the policy of doing nothing"),
    ('based_on = "whole"', 'based_on = "hole"', '"hole"', "unknown policy 'hole' (did you mean 'whole'"),
    (
        'without = ["venture_capital"]', 'without = ["venture"]', "without",
        "unknown instrument 'venture' (did you mean 'venture_capital'"
    ),
    ('without = ["venture_capital"]', 'without = ["lump_sum"]', "without", "whole does not use lump_sum"),
    (
        'instrument = "free_trade"', 'instrument = "freetrade"', "freetrade",
        "policy.part.change[1].instrument: unknown instrument 'freetrade' (did you mean 'free_trade'"
    ),
    ("intensity = 1\n", "intensity = 2\n", "intensity = 2\n", "free_trade of 2 is outside 0 to 1 (share of tariff removed)"),
    (
        "intensity = 1\n", 'intensity = 1\nstages = ["design"]\n', 'stages = ["design"]\n[[policy]]',
        "free_trade cannot be aimed at stages"
    ),
    ('stages = ["design"]', 'stages = ["design", "desing"]', "desing", "unknown stage 'desing' (did you mean 'design'"),
    ('where = "low"', 'where = ["low", "hi"]', '"hi"', "unknown region 'hi' (known: core, low)"),
    ("from = 1991", "from = 1989", "from = 1989", "1989 is outside the run, 1990 to 2000"),
    ("from = 1991", "from = 1991.1", "from = 1991.1", "1991.1 is not on a quarter of a year"),
    ("until = 1995.5", "until = 2001", "until = 2001", "2001 is outside the run, 1990 to 2000"),
    ("until = 1995.5", "until = 1991", "until = 1991", "1991 is not after from, 1991"),
    ('region = "low"\noutcome', 'region = "los"\noutcome', "los", "fact.income.region: unknown region 'los' (did you mean 'low'"),
    ("low = 10\nhigh = 20\n", "", "[[fact]]", "has no figure"),
    ("high = 20", "high = 5", "high = 5", "5 is below low, 10"),
    ("[[fact]]", "[[facts]]", "[[facts]]", "unknown key 'facts' (did you mean 'fact'"),
]

# Faults that bring others with them.
FAULTS_WITH_OTHERS = [
    ("[source]", "[sources]", "[sources]", "unknown key 'sources' (did you mean 'source'"),
    ('name = "design"\n', "", "[[stage]]\nquality", "stage[1]: 'name' is missing"),
    (
        'name = "brand"', 'name = "assembly"', 'name = "assembly"\nquality_weight = 0.3',
        "a second stage is called 'assembly' (the first is in line 17)"
    ),
    ("quality_weight = 0.6", "quality_weight = 1.6", "quality_weight = 1.6", "1.6 is outside 0 to 1 (share)"),
    (
        "workers = 2000", 'workers = { vale = 1, source = "chosen" }', "vale",
        "unknown key 'vale' beside value and source (did you mean 'value'?)"
    ),
    ('name = "low"\ncode', 'name = "core"\ncode', 'name = "core"\ncode', "a second region is called 'core'"),
    (
        'name = "low"\ncode', 'name = "target"\ncode', 'name = "target"\ncode',
        "'target' is a word of its own and cannot name a region"
    ),
    (
        "[[pair]]\nfrom = \"core\"", "[modularity]\nmidpont = 1990\n[[pair]]\nfrom = \"cor\"", "midpont",
        "modularity.midpont: unknown key 'midpont' (did you mean 'midpoint'"
    ),
]


@pytest.mark.parametrize(("old", "new", "place", "words"), FAULTS + FAULTS_WITH_OTHERS, ids=lambda value: str(value)[:30])
def test_each_fault_has_its_line(tmp_path, old, new, place, words):
    assert GOOD.count(old) == 1
    text = GOOD.replace(old, new)
    path = write(tmp_path, text)
    faults = faults_of(read_case, path)
    found = [fault for fault in faults if words in str(fault)]
    assert [(fault.file, fault.line) for fault in found] == [(str(path), line_of(text, place))], [str(fault) for fault in faults]
    if (old, new, place, words) not in FAULTS_WITH_OTHERS:
        assert faults == found


def test_all_faults_come_at_once(tmp_path):
    text = GOOD
    changed = [
        ("end = 2000", "end = 2000.1"), ("quality_weight = 0.6", "quality_weight = 0.5"), ('input = "design"', 'input = "desing"'),
        ("workers = 2000", "workers = inf"), ("assembly = 9", "assemby = 9"), ('to = "low"', 'to = "lowe"'),
        ('where = "low"', 'where = "hi"'),
        ('instrument = "free_trade"', 'instrument = "freetrade"'), ('region = "low"\noutcome', 'region = "los"\noutcome'),
        ("high = 20", "high = nan"),
    ]
    for old, new in changed:
        text = text.replace(old, new)
    path = write(tmp_path, text)
    with pytest.raises(Refused) as refused:
        read_case(path)
    lines = [fault.line for fault in refused.value.faults]
    assert lines == sorted(lines) and len(lines) == len(changed)
    assert str(refused.value).startswith(f"the case {path} cannot be used: {len(changed)} faults\n")


def test_what_has_no_name_of_its_own_is_read_for_its_other_faults(tmp_path):
    text = GOOD + '[[policy]]\nname = "whole"\n[[policy.change]]\ninstrument = "lump"\nintensity = 1\n'
    text += '[[region]]\nname = "core"\nworkrs = 1\n[[stage]]\nshape = 1\n'
    words = [fault.message for fault in faults_of(read_case, write(tmp_path, text))]
    for expected in (
        "a second policy is called 'whole'", "unknown instrument 'lump'", "a second region is called 'core'",
        "unknown key 'workrs'",
        "'base_wage' is missing", "'name' is missing", "unknown key 'shape'", "'quality_weight' is missing",
    ):
        assert words.count(expected) == 1, (expected, words)


def test_there_must_be_firms_somewhere(tmp_path):
    text = GOOD.replace("first_firms = 4\n", "").replace("first_firms = { assembly = 9 }", "")
    assert [fault.message for fault in faults_of(read_case, write(tmp_path, text))] == ["there are no firms anywhere"]


def test_a_chain_has_53_stages_at_most(tmp_path):
    more = "".join(
        f'[[stage]]\nname = "s{n}"\nindustry = "i{n}"\nquality_weight = 1\nworkers_per_unit = 1\nskilled_share = 0\n'
        for n in range(50)
    )
    read_case(write(tmp_path, GOOD.replace("[[region]]\nname = \"core\"", more + '[[region]]\nname = "core"')))
    more += more[: more.index("[[stage]]", 1)].replace("0", "50")
    text = GOOD.replace("[[region]]\nname = \"core\"", more + '[[region]]\nname = "core"')
    assert "there are 54 stages, more than 53" in str(faults_of(read_case, write(tmp_path, text))[0])


def test_ties_abroad_cannot_be_more_than_all(tmp_path):
    text = GOOD.replace("first_diaspora = 20", "first_tie_share = 1").replace("distance = 0.5", "first_tie_share = 0.5")
    read_case(write(tmp_path, text))
    text += '[[region]]\nname = "third"\nbase_wage = 1\nbase_skilled_wage = 1\nworkers = 1\nfirst_talent = 1\n'
    text += 'graduates = 1\nfrontier_market = 1\nvalue_market = 1\n'
    text += '[[pair]]\nfrom = "low"\nto = "third"\nfirst_tie_share = 0.5\n'
    faults = faults_of(read_case, write(tmp_path, text))
    assert [(fault.line, fault.message) for fault in faults] == [
        (text.count("\n"), "the shares of the ties that leave 'low' add up to 1.5, more than 1")
    ]


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"[case]\nname = toy\n", 2, "not valid TOML: invalid value, at column 8"),
        (b"[case]\nname = 'toy'\nname = 'toy'\n", 3, "not valid TOML"),
        (b"[case\n", 1, "not valid TOML"),
        (b'[case]\nname = "toy\n', 2, "not valid TOML"),
        (b'[case]\nname = """toy\n\n', 4, "not valid TOML"),
        (b"[case]\nname = 'caf\xe9'\n", 2, "byte 0xe9 is not UTF-8 (save it as UTF-8)"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, 1, "nested too deeply"),
        (b"a = " + b"9" * 5000, 1, "not valid TOML"),
    ],
)
def test_what_is_no_toml_is_refused_with_its_line(tmp_path, content, line, words):
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    fault = faults_of(read_case, path)[0]
    assert (fault.file, fault.line) == (str(path), line) and words in str(fault)


@pytest.mark.parametrize(
    "text",
    [
        "", "case = 3", "case = []", "[[case]]", "[stage]", "region = 1", "region = [1]", "policy = [[]]", "source = 'x'",
        "[policy]\nname = 'x'"
    ]
)
def test_no_shape_of_file_breaks_the_reader(tmp_path, text):
    assert all(fault.file for fault in faults_of(read_case, write(tmp_path, text)))


def test_every_value_of_every_other_type_is_refused_and_never_breaks_the_reader(tmp_path):
    lines = GOOD.split("\n")
    for number, line in enumerate(lines):
        key, equals, _ = line.partition(" = ")
        for value in ("-7", "true", '""', "[]", "{}", "1990-01-01", "nan", '["x", 1]') if equals else ():
            text = "\n".join([*lines[:number], f"{key} = {value}", *lines[number + 1 :]])
            try:
                read_case(write(tmp_path, text))
            except Refused as refused:
                assert refused.faults and all(fault.line for fault in refused.faults)
            else:
                # What is still right: an empty list or text where nothing has to be said, and the defaults of a table.
                assert value in ('""', "[]", "{}", "true", "-7"), (line, value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    write(tmp_path, GOOD)
    assert "no such file (did you mean 'toy.toml'?)" in str(faults_of(read_case, tmp_path / "toi.toml")[0])
    assert "a folder, not a file" in str(faults_of(case, tmp_path)[0])
    assert str(faults_of(case, "hsinchuu")[0]) == "no case 'hsinchuu' (did you mean 'hsinchu'?)"
    assert "bundled: " in str(faults_of(case, "zzz")[0])
