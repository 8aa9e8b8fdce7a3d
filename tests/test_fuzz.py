"""Whatever is given to redqueen is taken or refused by name: a few inputs of each kind here, many in benchmarks/fuzz.py."""

import functools
import random
import time

import hostile
import inputs
import messages
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redqueen.errors import Refused
from redqueen.evidence.formats import read_evidence
from redqueen.policies.document import Document

#: A table that states no year, which is to be given with it.
WITHOUT_A_YEAR = "long_table_countries.csv"
MANY = 15


@functools.cache
def kind_of(name):
    return inputs.kinds()[name]()


@pytest.mark.parametrize("name", inputs.kinds())
def test_what_is_right_is_taken(tmp_path, name):
    kind = kind_of(name)
    # Of cases the toy alone: the others have tests of their own.
    for right in ["toy.toml"] if name == "case" else kind.right:
        expected = inputs.REFUSED if right == WITHOUT_A_YEAR else inputs.TAKEN
        assert kind.try_one(inputs.emptied(tmp_path / "given"), right, []) == expected, right


@pytest.mark.parametrize("name", inputs.kinds())
@settings(max_examples=MANY, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(drawn=st.data())
def test_a_file_that_nobody_should_send_is_taken_or_refused(tmp_path, name, drawn):
    kind = kind_of(name)
    right = drawn.draw(st.sampled_from(sorted(kind.right)))
    listed = drawn.draw(st.one_of(*map(hostile.edits, kind.families)))
    kind.try_one(inputs.emptied(tmp_path / "given"), right, listed)


@pytest.mark.parametrize("name", ["http", "websocket"])
def test_a_message_that_nobody_should_send_is_answered_or_refused(tmp_path, name):
    # None that runs members: those take their time.
    with getattr(messages, name)(tmp_path) as try_one:
        found = {try_one(random.Random(f"{name} {number}")) for number in range(25)}
    assert found == {inputs.TAKEN, inputs.REFUSED}


@pytest.mark.parametrize("text", ["{key} = 1", "[{key}]\nb = 1", "[[{key}]]", "a = {{ {key} = 1 }}", '{key}."b c" = 1'])
def test_keys_of_thousands_of_parts_are_refused_at_once(tmp_path, text):
    path = tmp_path / "deep.toml"
    for part in ("a", '"a"', "'a'", '""', '"\\""'):
        path.write_text("title = 'x'\n" + text.format(key=".".join([part] * 100_000)))
        began = time.monotonic()
        with pytest.raises(Refused, match=r"deep.toml:2: more than 100 words with points"):
            Document(path, "case")
        assert time.monotonic() - began < 5.0


def test_points_in_texts_are_no_parts_of_keys(tmp_path):
    path = tmp_path / "points.toml"
    story = ". ".join(["word"] * 90) + "..." * 500 + " 1.5" * 500
    path.write_text(f'a.b."c.d" = """{story}"""\n')
    assert Document(path, "case").root.table == {"a": {"b": {"c.d": story}}}


def test_a_device_without_an_end_is_no_document():
    with pytest.raises(Refused, match="larger than 16 MB"):
        Document("/dev/zero", "case")


def test_a_header_of_a_hundred_thousand_columns_is_refused_at_once(tmp_path):
    path = tmp_path / "cbp.csv"
    path.write_text("cbsa_code,naics_code" + "," * 100_000 + "\n1,2\n")
    began = time.monotonic()
    with pytest.raises(Refused, match="the first line names 100,002 columns"):
        read_evidence(path, format="qcew", progress=False)
    # As many as may be: their names are compared at once, not each with all.
    path.write_text("cbsa_code,naics_code" + "," * 49_000 + "\n1,2\n")
    with pytest.raises(Refused, match="stands twice"):
        read_evidence(path, format="qcew", progress=False)
    assert time.monotonic() - began < 10.0


@pytest.mark.parametrize("cell", ["{}x", ".{}e", "1e{}x"], ids=["digits", "decimals", "power"])
def test_a_cell_of_digits_without_end_is_refused_at_once(tmp_path, cell):
    kind = kind_of("observation")
    for name, content in kind.beside.items():
        (tmp_path / name).write_bytes(content)
    path = tmp_path / "observations.csv"
    path.write_text(inputs.OBSERVATIONS.replace("205", cell.format("9" * 130_000)))
    began = time.monotonic()
    with pytest.raises(Refused, match="no finite number"):
        kind.read(path)
    assert time.monotonic() - began < 10.0
