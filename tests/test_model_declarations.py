"""What the model declares is whole, and what it declares it uses."""

import re
from pathlib import Path

import pytest

from redqueen import decisions
from redqueen.model import fields, founding, generate, kinds, parameters
from redqueen.model.endowments import ENDOWMENTS
from redqueen.model.fields import FIELDS, SIZES
from redqueen.model.instruments import INDEX, INSTRUMENTS
from redqueen.model.parameters import PARAMETERS
from redqueen.policies import deciding

MODEL = Path(parameters.__file__).parent
RULES = "\n".join(path.read_text() for path in sorted((MODEL / "rules").glob("*.py")))
SIMULATE = (MODEL / "simulate.py").read_text()
FOUNDING = Path(founding.__file__).read_text()
DECIDING = Path(deciding.__file__).read_text()
DECLARED = [*PARAMETERS, *FIELDS, *ENDOWMENTS, *INSTRUMENTS]


#: Fields that no rule reads, kept for those who look at a state: refused entrants, the family tree, profit and product cost.
FOR_READERS = {"entries_refused", "parent", "profit", "product_cost"}


def is_read(name: str) -> bool:
    """Say whether a rule does something with a field other than set it, or founding starts from it."""
    return bool(re.search(rf"state\.{name}\b(?!(\[[^=\n]*\])? [-+*/]?= )", RULES)) or f'"{name}"' in FOUNDING + SIMULATE


def test_every_parameter_is_used():
    assert [row.name for row in PARAMETERS if not re.search(rf"parameters\.{row.name}\b", RULES + FOUNDING)] == []


def test_every_parameter_lies_in_a_range_that_can_be_swept():
    outside = [
        f"{row.name} = {row.value}, not from {row.low} to {row.high}" for row in PARAMETERS if not row.low <= row.value <= row.high
    ]
    assert outside == []
    assert [row.name for row in PARAMETERS if row.low >= row.high or not row.source] == []


def test_every_field_is_used():
    assert [row.name for row in FIELDS if row.role == "outcome" and not re.search(rf"state\.{row.name}\b", RULES)] == []
    assert [row.name for row in FIELDS if row.role != "outcome" and row.name not in FOR_READERS and not is_read(row.name)] == []


@pytest.mark.parametrize("rows", [ENDOWMENTS, INSTRUMENTS], ids=["endowments", "instruments"])
def test_ranges_have_room_and_hold_the_default(rows):
    for row in rows:
        assert row.low < row.high, row.name
        default = getattr(row, "default", 0.0)
        assert default is None or row.low <= default <= row.high, row.name


def test_an_unused_instrument_is_in_range_and_says_whom_it_touches_and_what_it_costs():
    for instrument in INSTRUMENTS:
        assert instrument.touches and instrument.cost and instrument.source, instrument.name


def test_everything_has_a_unit_and_a_meaning():
    assert [row.name for row in DECLARED if not row.unit.strip() or not row.meaning.strip()] == []


def test_no_name_is_declared_twice():
    names = [field.name for field in FIELDS] + [parameter.name for parameter in PARAMETERS]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []
    assert len(INDEX) == len(INSTRUMENTS)


def test_roles_types_and_dimensions_are_known():
    for field in FIELDS:
        assert field.role in ("stock", "work", "outcome", "endowment", "instrument"), field.name
        assert field.type in generate.C_TYPES, field.name
        assert set(field.shape) <= set(SIZES), field.name
        # History holds outcomes as numbers of the same shape in every quarter.
        assert field.role != "outcome" or (field.type == "f8" and not {"firm", "product"} & set(field.shape)), field.name


def test_decisions_have_numbers_of_their_own_and_rules_that_draw_them():
    numbers = [row[0] for row in decisions.DECISIONS.values()]
    assert len(set(numbers)) == len(numbers)
    for name, (_, drawn, keyed_by) in decisions.DECISIONS.items():
        assert re.search(rf"decisions\.{name}\b", RULES + FOUNDING + DECIDING + SIMULATE), f"nothing draws {name}"
        assert drawn and keyed_by, name


def test_kinds_fit_their_bytes_and_follow_the_lists():
    assert all(0 <= number < 256 for number, _ in kinds.KINDS.values())
    assert [kinds.KINDS[mode.upper()][0] for mode in kinds.MODES] == [1, 2, 3, 4]
    assert [kinds.KINDS[f"{kind.upper()}_TIE"][0] for kind in kinds.TIE_KINDS] == [0, 1, 2, 3, 4]
    assert [kinds.KINDS[segment.upper()][0] for segment in kinds.SEGMENTS] == [0, 1]


def test_the_compiled_structs_follow_the_tables():
    package = MODEL.parent
    for path, source, text in (
        (package / "decisions.pxd", "decisions.py", generate.enumeration(decisions.DECISIONS)),
        (MODEL / "kinds.pxd", "kinds.py", generate.enumeration(kinds.KINDS)),
        (MODEL / "state.pxd", "parameters.py and fields.py", generate.struct(parameters, fields)),
    ):
        if not path.exists():
            pytest.skip("not built in place: there is no compiled struct to compare")
        assert path.read_text() == generate.HEADING.format(
            source=source
        ) + text, f"{path.name} is older than its table: build again"


def test_mansfields_ratios_stand_between_the_second_generation_and_the_first():
    """Mansfield et al. 1981: an imitation takes 0.70 of the time and 0.65 of the cost."""
    value = parameters.DEFAULTS
    assert value["second_quarters"] / value["novel_quarters"] == pytest.approx(0.70, abs=0.005)
    cost = value["second_quarters"] * value["second_staff"] / (value["novel_quarters"] * value["novel_staff"])
    assert cost == pytest.approx(0.65, abs=0.005)
