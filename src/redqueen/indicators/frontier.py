"""How far behind the leader a region is."""

from __future__ import annotations

import pandas as pd

from redqueen.errors import Refused, nearest

__all__ = ["relative_income"]


def relative_income(income: pd.DataFrame, *, to: str) -> pd.DataFrame:
    """Gives each region's income per head in per cent of one region's in the same year.

    100 y[r, t] / y[to, t]. `income` has rows of region, year, income -> rows of region, year, relative_income (%), for
    the years that region `to` has. Refuses a region `to` that is absent.
    """
    base = income[income["region"] == to].set_index("year")["income"]
    if base.empty:
        raise Refused.one(
            f"there is no income of '{to}' to compare with", field="region", remedy=nearest(to, income["region"].unique())
        )
    kept = income[income["year"].isin(base.index)]
    relative = 100 * kept["income"] / kept["year"].map(base)
    return kept[["region", "year"]].assign(relative_income=relative).reset_index(drop=True)
