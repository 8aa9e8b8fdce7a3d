"""Works on columns of labels: codes put through a function, and the words for codes that stand beside them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from redqueen.evidence.reading import Reading

__all__ = ["Names", "relabelled"]


def relabelled(cells: pd.Series, label: Callable[[str], str]) -> pd.Series:
    """Gives a categorical column with each label put through a function, which may make several one."""
    positions, labels = pd.factorize(np.array([label(old) for old in cells.cat.categories], dtype=object))
    codes = positions[cells.cat.codes.to_numpy()] if len(positions) else cells.cat.codes.to_numpy()
    return pd.Series(pd.Categorical.from_codes(codes, pd.Index(labels)), index=cells.index, name=cells.name)


class Names:
    """Gathers the codes of a column, and their words where another column holds them."""

    def __init__(self, reading: Reading):
        self.reading = reading
        self.codes: set[str] = set()

    def take(self, column: str, block: pd.DataFrame, codes: str, words: str | None) -> None:
        """Takes in a block: `words` names the column of words, if there is one; the first that a code has are kept."""
        new = [code for code in block[codes].cat.categories if code not in self.codes]
        self.codes.update(new)
        if words is None or not new:
            return
        known = self.reading.names.setdefault(column, {})
        pairs = block.loc[block[codes].isin(new), [codes, words]].drop_duplicates(codes)
        for code, name in zip(pairs[codes], pairs[words], strict=True):
            if name:
                known.setdefault(str(code), str(name))
