"""docs/model.md says what the code says: every number and module is there, and every name is declared."""

import re
from pathlib import Path

import pytest

from redqueen.model.endowments import ENDOWMENTS
from redqueen.model.fields import FIELDS
from redqueen.model.instruments import NAMES
from redqueen.model.parameters import DEFAULTS

ROOT = Path(__file__).parents[1]
MODEL = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
WORDS = set(re.findall(r"[a-z][a-z_]*", MODEL))
#: Names of the document's own: stand-ins in its equations, and a key of case files.
OWN = {"i_in", "i_pool", "p_in", "mode_staff", "mode_quarters", "burn_in", "case_files"}


@pytest.mark.parametrize(
    "declared", [DEFAULTS, NAMES, [row.name for row in ENDOWMENTS]], ids=["parameters", "instruments", "endowments"]
)
def test_everything_that_is_declared_is_in_the_description(declared):
    assert [name for name in declared if name not in WORDS] == []


def test_every_name_in_the_description_is_declared():
    known = {*DEFAULTS, *NAMES, *(row.name for row in ENDOWMENTS), *(row.name for row in FIELDS), *OWN}
    assert sorted(word for word in WORDS if "_" in word and word not in known) == []


def test_every_module_of_the_rules_is_in_the_description():
    modules = {path.name for path in (ROOT / "src" / "redqueen" / "model" / "rules").glob("[!_]*.py")}
    assert modules <= set(re.findall(r"`([a-z]+\.py)`", MODEL))
