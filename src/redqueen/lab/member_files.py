"""A finished member as one file, until the block that it belongs to is whole."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy

from redqueen.lab.jobs import Member
from redqueen.model.schedule import Decision

__all__ = ["packed", "unpacked"]


def packed(member: Member) -> bytes:
    """Gives the bytes of a file that holds a member."""
    content = io.BytesIO()
    kept: dict[str, Any] = {
        "decisions": numpy.frombuffer(json.dumps([list(one) for one in member.decisions]).encode(), dtype=numpy.uint8),
        **{f"arrays/{name}": array for name, array in member.arrays.items()},
        **{f"yearly/{name}": array for name, array in member.yearly.items()},
    }
    numpy.savez(content, **kept)
    return content.getvalue()


def unpacked(path: Path) -> Member | None:
    """Reads a member that was kept; None where there is none, or it was cut off."""
    try:
        with numpy.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as content:
            arrays, yearly = (
                {name.partition("/")[2]: content[name] for name in content.files if name.startswith(f"{part}/")}
                for part in ("arrays", "yearly")
            )
            decisions = json.loads(content["decisions"].tobytes())
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return Member(arrays, yearly, tuple(Decision(*one) for one in decisions))
