"""What was asked on the command line, checked so that all faults are reported together."""

from __future__ import annotations

import argparse
import os
import shlex

from redqueen.errors import Faults

#: Names the folder of trials where --store does not.
VARIABLE = "REDQUEEN_STORE"
#: Where members are run unless asked otherwise, and what else there is.
THREADS = "threads"
WHERE = "threads, dask (a cluster of this machine), or tcp://HOST:PORT of a Dask scheduler (default: %(default)s)"


def whole_number(text: str | None, option: str, faults: Faults, *, least: int = 1) -> int | None:
    """Reads a whole number, or notes that it is none or too small; None where nothing was given or it is wrong."""
    if text is None:
        return None
    try:
        value = int(text)
    except ValueError:
        faults.add(f"'{text}' is not a whole number", field=option, remedy=f"give {least} or more")
        return None
    if value < least:
        faults.add(f"{value} is too few" if least else f"{value} is below zero", field=option, remedy=f"give {least} or more")
        return None
    return value


def number(text: str | None, option: str, faults: Faults) -> float | None:
    """Reads a number, or notes that it is none; None where nothing was given or it is wrong."""
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        faults.add(f"'{text}' is not a number", field=option)
        return None


def numbers_by_name(texts: list[str], option: str, form: str, example: str, faults: Faults) -> dict[str, float]:
    """Reads NAME=NUMBER as often as it was given, noting what is not of that `form`."""
    found = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            faults.add(f"'{text}' is not {form}", field=option, remedy=f"for example {option} {example}")
    return found


def names(text: str | None) -> list[str] | None:
    """Reads names separated by commas; None where nothing was given."""
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def command(asked: argparse.Namespace) -> str:
    """Gives the command line that was asked for, as it can be typed again."""
    # Names of files may be no text, and what is written is.
    words = [os.fsencode(word).decode("utf-8", "backslashreplace") for word in asked.words if word not in ("--json", "--debug")]
    return shlex.join(["redqueen", *words])


def where_to_run(asked: argparse.Namespace, faults: Faults) -> int | None:
    """Checks --threads and --on, and gives how many members are run at once; None where that was not said."""
    threads = whole_number(asked.threads, "--threads", faults)
    if asked.on != THREADS:
        from redqueen.lab.cluster import check_place_to_run

        check_place_to_run(asked.on, faults)
    return threads
