"""The command that builds a world from evidence."""

from __future__ import annotations

import argparse


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Adds the command of this file."""
