"""The command that forecasts what a region gains and loses, and says how good such forecasts are."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from redqueen.cli.asked import command, whole_number
from redqueen.errors import Faults, Refused

if TYPE_CHECKING:
    from redqueen.evidence.evidence import Evidence


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command of this file."""
    forecast = commands.add_parser("forecast", help="give the chances that a region gains and loses specialisations")
    forecast.add_argument(
        "tables", metavar="TABLE", nargs="+", help="files of any known layout with activities by region over years"
    )
    forecast.add_argument("--region", metavar="R", help="code or name of a region: list what it may gain and lose")
    forecast.add_argument("--evaluate", action="store_true", help="compare models on past windows that they had not seen")
    forecast.add_argument("--measure", metavar="NAME", help="measure of a table that holds several, such as exports or jobs")
    forecast.add_argument("--year", metavar="YEAR", help="forecast from this year, with what was known then (default: the last)")
    forecast.add_argument("--horizon", metavar="YEARS", default="5", help="years ahead (default: %(default)s)")
    forecast.add_argument("--years", metavar="N", default="1", help="years whose mean RCA is of (default: %(default)s)")
    forecast.add_argument(
        "--least", metavar="N", default="100", help="leave out regions of N units a year or less (default: %(default)s)"
    )
    forecast.add_argument("--figure", metavar="FILE", help="with --evaluate: write the figure of calibration (.png or .svg)")
    forecast.add_argument("--markdown", action="store_true", help="with --evaluate: print tables for a page")
    forecast.add_argument("--json", action="store_true", help="print one JSON document")
    forecast.set_defaults(answer=_forecast)


def _forecast(asked: argparse.Namespace) -> None:
    from redqueen.report.figures import check_figure

    faults = Faults()
    options = {
        "horizon": whole_number(asked.horizon, "--horizon", faults) or 1,
        "averaged": whole_number(asked.years, "--years", faults) or 1,
        "least": float(whole_number(asked.least, "--least", faults, least=0) or 0),
    }
    year = whole_number(asked.year, "--year", faults)
    if asked.evaluate == (asked.region is not None):
        faults.add(
            "either a region is forecast or the models are compared", field="--region", remedy="give --region R or --evaluate"
        )
    check_figure(asked.figure, faults)
    if not asked.evaluate and (asked.figure is not None or asked.markdown):
        field = "--figure" if asked.figure is not None else "--markdown"
        faults.add("only a comparison has this", field=field, remedy="give --evaluate")
    faults.refuse_if_any("redqueen forecast")
    from redqueen.evidence.formats import read_tables
    from redqueen.evidence.joining import join_years

    found = join_years(read_tables(asked.tables))
    if len(found) > 1:
        words = "; ".join(", ".join(file.name for file in one.files) for one in found)
        raise Refused.one(
            f"the files are not the years of one table: {words}", field="TABLE", remedy="give one table, or one file a year"
        )
    table = found[0]
    if asked.evaluate:
        _evaluate(asked, table, options)
    else:
        _region(asked, table, year, options)


def _region(asked: argparse.Namespace, table: Evidence, year: int | None, options: dict[str, Any]) -> None:
    from redqueen.report.forecast import forecast_document, show_forecast
    from redqueen.studies.choosing import choose_region, words_of
    from redqueen.studies.forecast import Forecast

    region = choose_region(asked.region, [table])
    forecast = Forecast.train(table, asked.measure, before=year, progress=True, **options)
    rows = forecast.entry(region)
    if asked.json:
        from redqueen.lab.directories import json_text

        print(json_text({**forecast_document(forecast, region, rows), "command": command(asked)}))
        return
    from redqueen.report.terminal import screen

    name = words_of([table], "region").get(region, region)
    show_forecast(screen(), forecast, name, rows, words_of([table], "activity"))


def _evaluate(asked: argparse.Namespace, table: Evidence, options: dict[str, Any]) -> None:
    from redqueen.report.figures import save_as
    from redqueen.report.forecast import calibration_figure, evaluation_document, evaluation_page, show_evaluation
    from redqueen.studies.forecast import evaluate

    evaluation = evaluate(table, asked.measure, **options)
    if asked.figure is not None:
        save_as(calibration_figure(evaluation), asked.figure, dots=110)
    if asked.json:
        from redqueen.lab.directories import json_text

        print(json_text({**evaluation_document(evaluation), "command": command(asked)}))
    elif asked.markdown:
        print(evaluation_page(evaluation))
    else:
        from redqueen.report.terminal import screen

        show_evaluation(screen(), evaluation)
