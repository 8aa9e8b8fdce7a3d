"""The command line: parse, call, show.

Exit codes: 0 done, 2 bad input, 130 stopped by the user, 1 anything else, which is a fault of redqueen.
"""

from __future__ import annotations

import argparse
import codecs
import contextlib
import io
import json
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from redqueen.cli import (
    app, cases, claims, declared, diagnose, explain, facts, fit, forecast, gallery, luck, monitor, partners, reading, robust, runs,
    trials, worlds,
)
from redqueen.errors import FAULTS, Refused, nearest
from redqueen.writing import is_of_the_disk, write_whole

DONE, FAULT, BAD_INPUT, STOPPED = 0, 1, 2, 130
_CODES = "redqueen_codes"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit code; as a program, takes the arguments of the process."""
    # Where the screen lacks a letter, its code is printed, as in JSON.
    codecs.register_error(_CODES, lambda error: (json.dumps(error.object[error.start : error.end])[1:-1], error.end))  # type: ignore[attr-defined]
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors=_CODES)
    code = _answer(sys.argv[1:] if arguments is None else list(arguments))
    if arguments is None and code == STOPPED:
        # Members under way cannot be stopped; leaving now is what was asked for.
        sys.stderr.flush()
        os._exit(code)
    return code


def _answer(words: list[str]) -> int:
    try:
        asked = _parser().parse_args(words)
        asked.words = words
        asked.answer(asked)
        sys.stdout.flush()
    except Refused as refusal:
        _keep(refusal)
        return _say(refusal, BAD_INPUT)
    except KeyboardInterrupt as stop:
        return _say(str(stop) or "Stopped; nothing was written.", STOPPED)
    except BrokenPipeError:
        # The reader of a pipe has left: nothing is wrong, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        return _disk(error) if is_of_the_disk(error) else _fault(error, words)
    except MemoryError:
        return _say(
            "There is not enough memory for this: ask for fewer seeds, worlds or variables, or for a smaller table.", BAD_INPUT
        )
    except Exception as error:
        return _fault(error, words)
    return DONE


def _fault(error: Exception, words: list[str]) -> int:
    if "--debug" in words:
        traceback.print_exc()
    notes = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
    _say(f"{type(error).__name__}: {error}{notes}".replace("\n", " "), FAULT)
    return _say("This is a fault of redqueen, not of your input; --debug shows where it happened.", FAULT)


def _disk(error: OSError) -> int:
    """Says that the disk takes no more; where that is the place that answers are sent to, what is left of them is lost."""
    if error.filename is None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _say(Refused.one(f"cannot be read or written: {error.strerror}", file=error.filename), BAD_INPUT)


def _keep(refusal: Refused) -> None:
    """Keeps the faults of a refusal in the file that the environment names, each with its place; nothing where it names none."""
    named = os.environ.get(FAULTS)
    if named:
        content = {"heading": refusal.heading, "faults": [asdict(fault) for fault in refusal.faults]}
        with contextlib.suppress(OSError):
            write_whole(Path(named), json.dumps(content).encode())


def _say(what: object, code: int) -> int:
    print(what, file=sys.stderr)
    return code


class _Parser(argparse.ArgumentParser):
    """Refuses what it cannot parse, with the nearest command, rather than ending the process."""

    def error(self, message: str) -> NoReturn:
        raise Refused.one(message, remedy=f"{self.prog} --help")

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is not None and value not in action.choices:
            known = list(action.choices)
            raise Refused.one(f"redqueen has no command '{value}'", remedy=nearest(value, known) or f"it has {', '.join(known)}")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="redqueen", description="A policy laboratory for regional innovation in global value chains.", allow_abbrev=False
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="say which version this is")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    for module in (
        cases, runs, trials, explain, robust, luck, gallery, worlds, reading, diagnose, forecast, partners, monitor, facts, fit,
        claims,
        declared, app,
    ):
        module.add_commands(commands)
    for command in _all_of(commands):
        command.allow_abbrev = False
        command.add_argument("--debug", action="store_true", help="show where a fault of redqueen happened")
    return parser


def _all_of(commands: argparse._SubParsersAction[Any]) -> Iterator[argparse.ArgumentParser]:
    """Yields the parsers of commands; of one that has verbs, those of its verbs."""
    for command in commands.choices.values():
        verbs = [action for action in command._actions if isinstance(action, argparse._SubParsersAction)]
        if verbs:
            command.allow_abbrev = False
        yield from _all_of(verbs[0]) if verbs else (command,)


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> NoReturn:
        import redqueen

        print(f"redqueen {redqueen.__version__}")
        parser.exit()
