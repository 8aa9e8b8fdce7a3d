"""Write a scenario as one HTML file: the app's own page with all that it would have been sent, so that it opens from disk."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import redqueen
from redqueen.errors import Refused
from redqueen.lab.directories import json_text
from redqueen.lab.pool import Request
from redqueen.report.charts import VIEWS, Look, picture
from redqueen.studies.scenario import Scenario

__all__ = ["MARK", "scenario_page"]

#: What the file says of who made it.
MARK = "made by redqueen"
_BUNDLE = Path(__file__).parent.parent / "app" / "static" / "assets"
_ID = "redqueen-report"


def scenario_page(scenario: Scenario, request: Request, case: Mapping[str, Any], *, command: str, made: str) -> str:
    """Gives the page of a scenario whose trial has run: figures, tables, sources, what is not modelled, the command for it.

    `case` is the case as the app shows it, `made` says when.
    """
    look = Look(scenario, request.result(), True, request.firms)
    content = {
        "scenario": scenario.document(), "case": case, "pictures": {view: picture(view, look) for view in VIEWS},
        "command": command, "redqueen": redqueen.__version__, "made": made, "seeds": scenario.seeds,
    }
    title = f"{scenario.mix.name or scenario.found.title}: {scenario.region.replace('_', ' ')}"
    script, style = _part("app.js"), _part("app.css")
    # In a script only what could end it is special; in JSON a letter may be written by its number.
    text = json.dumps(json.loads(json_text(content)), ensure_ascii=False, separators=(",", ":"))
    data = re.sub(r"[<>&\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="generator" content="{MARK}"><title>{html.escape(title)}</title>\n'
        f'<style>{_within(style, "style")}</style></head>\n'
        f'<body><div id="app"></div>\n<script type="application/json" id="{_ID}">{data}</script>\n'
        f'<script type="module">{_within(script, "script")}</script></body></html>\n'
    )


def _part(name: str) -> str:
    try:
        return (_BUNDLE / name).read_text(encoding="utf-8")
    except OSError:
        remedy = "install redqueen anew, or build web/ of a checkout"
        raise Refused.one("the app's page is not in this installation", remedy=remedy) from None


def _within(text: str, element: str) -> str:
    """Keeps a text from ending the element it stands in."""
    return re.sub(rf"</({element})", r"<\\/\1", text, flags=re.IGNORECASE)
