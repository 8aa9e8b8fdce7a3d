"""Write a case file to begin with: a small world that runs, with every table and every key explained from the declarations."""

from __future__ import annotations

import textwrap
from pathlib import Path

from redqueen.cases.case import bundled, bundled_file
from redqueen.cases.keys import KEYS, TABLES
from redqueen.errors import Faults, Refused
from redqueen.model.endowments import ENDOWMENTS, Endowment
from redqueen.model.instruments import INSTRUMENTS
from redqueen.policies.document import is_word

__all__ = ["annotated_case", "copy_case", "new_case"]

_WIDTH = 118

# The example: a chain of three stages in two regions, some ninety firms. What is written here stands in the file; every
# other key is explained there, and stands at its default.
_CASE = {
    "title": '"A new case: say what it is in a few words"', "question": '"What would extension officers do here?"', "start": "1990",
    "end": "2010", "burn_in": "40", "region": '"here"', "reference": '"none"', "story": '"What the system was, in a few lines."',
    "happened": '"What the record says happened."', "not_modelled": '["what this case leaves out: be honest"]',
    "source": '"chosen: an example; say why"',
}
_MODULARITY = {"start": "0.2", "end": "0.8", "midpoint": "2000", "source": '"chosen: an example"'}
_STAGES = (
    {"name": '"design"', "quality_weight": "0.4", "workers_per_unit": "0.2", "materials_per_unit": "0.05", "skilled_share": "0.7"},
    {
        "name": '"assembly"', "input": '"design"', "ships": "true", "quality_weight": "0.2", "workers_per_unit": "0.8",
        "materials_per_unit": "0.2", "skilled_share": "0.05", "input_units": "0.3",
    },
    {"name": '"brand"', "quality_weight": "0.4", "workers_per_unit": "0.3", "materials_per_unit": "0.1", "skilled_share": "0.35"},
)
_REGIONS = (
    {
        "name": '"abroad"', "base_wage": "1.0", "base_skilled_wage": "2.0", "workers": "1600", "first_talent": "900",
        "graduates": "10", "venture_exit": "1.0", "frontier_market": "1500", "value_market": "500",
        "first_firms": "{ design = 18, assembly = 14, brand = 16 }",
    },
    {
        "name": '"here"', "base_wage": "0.4", "base_skilled_wage": "1.0", "workers": "2400", "first_talent": "500",
        "graduates": "6",
        "frontier_market": "150", "value_market": "400", "first_quality": "{ design = -0.9, assembly = -0.4, brand = -0.8 }",
        "first_firms": "{ design = 8, assembly = 22, brand = 10 }",
    },
)
_PAIRS = (
    {"from": '"abroad"', "to": '"here"', "distance": "1.0"},
    {"from": '"here"', "to": '"abroad"', "first_diaspora": "60"},
)
_POLICY = {
    "name": '"officers"', "title": '"Extension officers"', "question": '"What do extension officers do?"',
    "source": '"chosen: an example"', "not_modelled": '["how officers are found"]',
}
_CHANGE = {
    "instrument": '"capacity_building"', "where": '"here"', "from": "1995", "intensity": "10", "per": '"worker"',
    "note": '"ten officers for each 1,000 workers"', "source": '"chosen: an example; say why this size"',
}
# Examples of what the small world has no use for, to be taken over by removing the signs in front.
_WITHOUT_USE = {
    "policy": {"based_on": '"officers"', "without": '["capacity_building"]'},
    "policy.change": {"until": "2005", "stages": '["assembly"]'},
    "policy.government": {
        "name": '"planners"', "style": '"adjust"', "where": '["here"]', "menu": '["some_policy", "none"]', "from": "1992",
        "every": "4",
        "window": "4", "lag": "1", "noise": "0.01", "goal": '"value_added"', "start": '"draw"', "target_growth": "0.02",
        "emulate": "0.25", "source": '"chosen: an example"',
    },
    "case": {"ledger": '"abroad"'},
    "industry": {"name": '"industry"', "source": '"chosen: an example"'},
    "stage": {"industry": '"industry"', "input": '"an_earlier_stage"', "ships": "true"},
    "region": {"code": '""', "latitude": "25.0", "longitude": "121.5"},
    "fact": {
        "name": '"income_2009"', "region": '"here"', "outcome": '"GDP per head against that of the region abroad"', "year": "2009",
        "value": "45", "low": "40", "high": "50", "unit": '"%"', "held_out": "true", "source": '"my_source: table 1"',
        "measured": '{ outcome = "income_per_head", over = "abroad" }', "not_measured": '"why the simulation cannot measure it"',
    },
}


def new_case(name: str, out: str | Path | None = None) -> Path:
    """Writes an annotated case file that runs; to `NAME.toml` here unless told otherwise. Refuses to replace a file."""
    faults = Faults()
    if not is_word(name):
        faults.add(f"'{name}' cannot be a name", field="NAME", remedy="letters, digits, - and _ only")
    elif name in bundled():
        faults.add(f"a bundled case is called '{name}'", field="NAME", remedy=f"give another name, or redqueen copy {name}")
    place = Path(f"{name}.toml" if out is None else out)
    _check_place(place, faults)
    faults.refuse_if_any("redqueen new-case")
    return _write(place, annotated_case(name).encode())


def copy_case(name: str, out: str | Path | None = None) -> Path:
    """Writes the file of a bundled case to be edited; to `NAME.toml` here unless told otherwise. Refuses to replace a file."""
    source = bundled_file(name)
    place = Path(f"{name}.toml" if out is None else out)
    faults = Faults()
    _check_place(place, faults)
    faults.refuse_if_any("redqueen copy")
    return _write(place, source.read_bytes())


def annotated_case(name: str) -> str:
    """Gives the text of a case file in which every table, key, endowment and instrument is explained."""
    parts = [
        _comment(
            f"{name}: a case of redqueen to begin with. It runs as it is; change the numbers and the words. `redqueen check` says "
            "all that is wrong at once, by line; `redqueen show` tells the case, `redqueen run` and `redqueen compare` try it. "
            "Lines with one # right before a key are keys that this example does without, at their default where they have one."
        ),
        _comment('A number is written plainly, or with its source: workers = { value = 1200, source = "my_source: table 1" }.'),
        _table("case", "[case]", {"name": f'"{name}"', **_CASE}),
        f'{_comment(TABLES["source"])}\n[source]\n# my_source = "Author, A. (2001), Title, Publisher"\n',
        _table("modularity", "[modularity]", _MODULARITY),
        _comment(TABLES["parameters"]) + "\n",
        _absent("industry", "[[industry]]", ("industry",)),
        *(_table("stage", "[[stage]]", stage, ("stage",), first=place == 0) for place, stage in enumerate(_sourced(_STAGES))),
        *(
            _table("region", "[[region]]", region, ("region",), ("region", "stage"), first=place == 0)
            for place, region in enumerate(_sourced(_REGIONS))
        ),
        *(_table("pair", "[[pair]]", pair, ("region", "region"), first=place == 0) for place, pair in enumerate(_sourced(_PAIRS))),
        _table("policy", "[[policy]]", _POLICY),
        _table("policy.change", "[[policy.change]]", _CHANGE, why="what the policy above does: one block for each thing done"),
        _absent("policy.government", "[[policy.government]]", why="a government that decides during the run, in place of changes"),
        _absent("fact", "[[fact]]"),
        _measured(),
        _instruments(),
    ]
    return "\n".join(parts)


def _sourced(rows: tuple[dict[str, str], ...]) -> list[dict[str, str]]:
    return [{**row, "source": '"chosen: an example"'} for row in rows]


def _table(table: str, header: str, written: dict[str, str], *shapes: tuple[str, ...], first: bool = True, why: str = "") -> str:
    """Writes a table with what is written in it; the first of its kind explains every key, those without use among them."""
    if not first:
        return "\n".join([header, *(f"{key} = {value}" for key, value in _in_order(table, written, shapes))]) + "\n"
    lines = [_comment(why or TABLES[table]), header]
    for key, meaning in KEYS[table].items():
        if key in ("change", "government"):
            continue
        if key in written:
            lines += [_comment(f"{key}: {meaning}"), f"{key} = {written[key]}"]
        else:
            lines += [_comment(f"{key}: {meaning}"), f"#{key} = {_WITHOUT_USE[table][key]}"]
    for endowment in _endowments(shapes):
        if endowment.name in written:
            lines += [_comment(_explained(endowment)), f"{endowment.name} = {written[endowment.name]}"]
        else:
            lines += [_comment(_explained(endowment)), f"#{endowment.name} = {endowment.default:g}"]
    return "\n".join(lines) + "\n"


def _absent(table: str, header: str, *shapes: tuple[str, ...], why: str = "") -> str:
    """Explains a table that the example does without."""
    lines = [_comment(why or TABLES[table]), f"#{header}"]
    for key, meaning in KEYS[table].items():
        lines += [_comment(f"{key}: {meaning}"), f"#{key} = {_WITHOUT_USE[table][key]}"]
    for endowment in _endowments(shapes):
        lines += [_comment(_explained(endowment)), f"#{endowment.name} = {endowment.default:g}"]
    return "\n".join(lines) + "\n"


def _measured() -> str:
    lines = [_comment("keys of measured, in a fact:")]
    return "\n".join(lines + [_comment(f"  {key}: {meaning}") for key, meaning in KEYS["measured"].items()]) + "\n"


def _instruments() -> str:
    lines = [_comment("Instruments: what a change may do. At 0, or without a change, an instrument is not used.")]
    for one in INSTRUMENTS:
        aimed = "; can be aimed at stages" if one.targeted else ""
        lines.append(
            _comment(f"{one.name} ({one.unit}, {one.low:g} to {one.high:g}{aimed}): {one.meaning}; public cost: {one.cost}")
        )
    return "\n".join(lines) + "\n"


def _in_order(table: str, written: dict[str, str], shapes: tuple[tuple[str, ...], ...]) -> list[tuple[str, str]]:
    order = [*KEYS[table], *(endowment.name for endowment in _endowments(shapes))]
    return [(key, written[key]) for key in order if key in written]


def _endowments(shapes: tuple[tuple[str, ...], ...]) -> list[Endowment]:
    return [endowment for endowment in ENDOWMENTS if endowment.shape in shapes]


def _explained(endowment: Endowment) -> str:
    by_stage = "; a number for all stages, or { stage = number }" if endowment.shape == ("region", "stage") else ""
    needed = "needed" if endowment.default is None else f"{endowment.default:g} if left out"
    return f"{endowment.name}: {endowment.meaning} ({endowment.unit}, {endowment.low:g} to {endowment.high:g}, {needed}{by_stage})"


def _comment(text: str) -> str:
    return textwrap.fill(
        text, _WIDTH, initial_indent="# ", subsequent_indent="#   ", break_long_words=False, break_on_hyphens=False
    )


def _check_place(place: Path, faults: Faults) -> None:
    if place.suffix != ".toml":
        faults.add("the name of a case file ends in .toml", file=place, field="-o")
    if place.is_dir():
        faults.add("is a folder", file=place, field="-o", remedy="name a file")
    elif place.exists():
        faults.add("exists, and is not replaced", file=place, field="-o", remedy="give another name, or remove it")
    elif not place.parent.is_dir():
        faults.add("its folder does not exist", file=place, field="-o", remedy=f"make {place.parent} first")


def _write(place: Path, content: bytes) -> Path:
    made = False
    try:
        # Made here or not at all: nobody's file is replaced, not even one of this moment.
        with place.open("xb") as file:
            made = True
            file.write(content)
    except OSError as error:
        if made:
            place.unlink(missing_ok=True)
        raise Refused.one(f"nothing may be written here: {error.strerror}", file=place, field="-o") from None
    return place
