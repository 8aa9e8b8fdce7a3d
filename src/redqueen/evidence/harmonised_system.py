"""Gives words for products of the Harmonized System, by the chapter they belong to (harmonised_system.toml)."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable
from importlib import resources

__all__ = ["product_code", "product_names"]

_CODE = re.compile(r"\d{2}|\d{4}|\d{6}")
_CUT_CODE = re.compile(r"\d|\d{3}|\d{5}")


def product_code(code: str) -> str:
    """Gives a product's code with the leading zero that a spreadsheet takes off: "101" is "0101"."""
    return f"0{code}" if _CUT_CODE.fullmatch(code) else code


def product_names(codes: Iterable[str]) -> dict[str, str]:
    """Gives words for each code of two, four or six digits whose chapter is known: "Electrical machinery, electronics (8542)".

    Source: chapters of the Harmonized System in short words (wco_hs).
    """
    chapters = _chapters()
    known = [code for code in codes if _CODE.fullmatch(code) and code[:2] in chapters]
    return {code: chapters[code] if len(code) == 2 else f"{chapters[code[:2]]} ({code})" for code in known}


@functools.cache
def _chapters() -> dict[str, str]:
    text = resources.files(__package__).joinpath("harmonised_system.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["chapters"]
