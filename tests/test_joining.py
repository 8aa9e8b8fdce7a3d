"""Files of one table, a year each, are one table; others are left apart."""

import pandas as pd
import pytest

from redqueen.cli import main
from redqueen.errors import Refused
from redqueen.evidence.evidence import Evidence
from redqueen.evidence.joining import join_years


def table(year: int, regions=("A", "B"), activities=("x", "y"), measure="exports") -> Evidence:
    rows = [(region, activity, year, measure, 1.0) for region in regions for activity in activities]
    return Evidence(
        "long_table", "activities", pd.DataFrame(rows, columns=["region", "activity", "year", "measure", "value"]), {measure: "USD"}
    )


def test_files_of_a_year_each_are_joined():
    (joined,) = join_years([table(2001), table(2000), table(2002, activities=("x", "z"))])
    assert joined.years == [2000, 2001, 2002] and joined.activities == ["x", "y", "z"]
    assert len(joined.rows) == 12 and not joined.rows.duplicated(["region", "activity", "year", "measure"]).any()


@pytest.mark.parametrize(
    "other", [table(2001, measure="jobs"), table(2001, regions=("C", "D")), table(2001, activities=("p", "q"))],
    ids=["another measure", "other regions", "another classification"],
)
def test_what_is_another_table_stays_apart(other):
    assert len(join_years([table(2000), other])) == 2


def test_a_year_given_twice_is_refused():
    with pytest.raises(Refused, match="both hold 2000"):
        join_years([table(2000), table(2001), table(2000)])


def test_forecast_refuses_files_of_different_tables(tmp_path, capsys):
    for name, one in {"a.csv": table(2000), "b.csv": table(2001, measure="jobs")}.items():
        one.rows.to_csv(tmp_path / name, index=False)
    assert main(["forecast", str(tmp_path / "a.csv"), str(tmp_path / "b.csv"), "--region", "A"]) == 2
    assert "not the years of one table" in capsys.readouterr().err
