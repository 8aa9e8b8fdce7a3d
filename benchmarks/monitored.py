"""Try the monitor on what happened: Taiwan's patents and research from 1999 to 2014, China's three regions from 2011 to 2017, year
by year without looking ahead.

python benchmarks/monitored.py taiwan DIR # goals, observations, what would have been said every year (Markdown), and a figure, in
DIR python benchmarks/monitored.py china DIR

Needs the tables of docs/reference/evidence.md at REDQUEEN_DATA. Goals are the forecast's own medians, rounded: nobody chose them
knowing the outcome.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy
import pandas

from redqueen.cases.case import bundled_file
from redqueen.report.figures import save_as
from redqueen.report.monitor import chance_words
from redqueen.report.monitor_figures import status_figure
from redqueen.report.words import markdown_table, number
from redqueen.studies.monitor.arriving import read_entries
from redqueen.studies.monitor.forecast import forecast, runs_of
from redqueen.studies.monitor.goals import read_goals
from redqueen.studies.monitor.ledger import Ledger
from redqueen.studies.monitor.starting import uncertain_unless_named
from redqueen.studies.monitor.status import status_of

DATA = Path(os.environ.get("REDQUEEN_DATA", "../shared/data"))
#: Standard deviations, all chosen: counts of patents and surveys of research are exact to some per cent; what the model is granted
#: to miss is as wide as its
#: misses of held-out facts elsewhere (docs/cases).
ERROR, DISCREPANCY = 0.05, 0.15
POINTS = 100


def taiwan() -> tuple[str, dict[str, str], list[dict[str, object]]]:
    """Gives the end of the case, the indicators, and the figures: over the American ones, so that what all patents and money have
    in common falls out.
    """
    patents = pandas.read_csv(DATA / "ncses/uspto_utility_country_wipo35_year.csv.gz")
    patents = patents[(patents["technology"] == "ALL") & patents["region"].isin(["Taiwan", "United States"])]
    wide = patents.pivot_table(index="year", columns="region", values="patents")
    share = 100 * wide["Taiwan"] / wide["United States"]
    spent = pandas.read_csv(DATA / "ncses/gerd_gdp_selected_years_1990_2021.csv")
    spent = spent[(spent["measure"] == "gerd") & (spent["price_basis"] == "Current PPP dollars")].pivot_table(
        index="actual_year", columns="economy", values="value"
    )
    research = (100 * spent["Taiwan"] / spent["United States"]).dropna()
    rows = [{"indicator": "patents", "year": int(year), "value": round(value, 3)} for year, value in share.items() if year > 1998]
    rows += [
        {"indicator": "research", "year": int(year), "value": round(value, 3)}
        for year, value in research.items()
        if 2000 < year < 2015
    ]
    indicators = {
        name: f'measured = {{ outcome = "{outcome}", over = "silicon_valley", since = {since} }}\nunit = "% of American"\n'
        f"base = {base:.3f}\nlag = {lag}"
        for name, outcome, since, base, lag in (
            ("patents", "successes", 1998, share[1998], 1),
            ("research", "research_spending", 2000, research[2000], 2),
        )
    }
    return "2015", indicators, rows


def china() -> tuple[str, dict[str, str], list[dict[str, object]]]:
    """Gives the same of China's three regions: each one's share in the research and in the high-technology revenue of the three."""
    table = pandas.read_csv(DATA / "china/provinces_science_technology_year.csv.gz")
    regions = {"Beijing": "beijing", "Shanghai": "shanghai", "Guangdong": "pearl_river_delta"}
    among = f"among = {json.dumps(list(regions.values()))}"
    rows, indicators = [], {}
    for word, indicator, outcome in (
        ("research", "rd_total", "research_spending"),
        ("revenue", "hightech_revenue_100m", "exports"),
    ):
        wide = (
            table[table["indicator"] == indicator]
            .pivot_table(index="year", columns="province_en", values="value")[list(regions)]
            .dropna()
        )
        shares = 100 * wide.div(wide.sum(axis=1), axis=0)
        for province, region in regions.items():
            name = f"{word}_{region}"
            rows += [
                {"indicator": name, "year": int(year), "value": round(value, 2)}
                for year, value in shares[province].items()
                if year >= 2011
            ]
            indicators[name] = (
                f'region = "{region}"\nmeasured = {{ outcome = "{outcome}", {among}, since = 2010 }}\nunit = "% of the three"\n'
                f"base = {shares.loc[2010, province]:.2f}\nlag = 1"
            )
    return "2018", indicators, rows


TRIES = {
    "taiwan": (taiwan, "hsinchu", "chinese_taipei", 1999, 2014, ("patents",)),
    "china": (
        china,
        "three-regions",
        "beijing",
        2011,
        2017,
        ("research_beijing", "research_shanghai", "research_pearl_river_delta"),
    ),
}


def goals_of(name: str, folder: Path) -> Path:
    """Writes case, observations and goals; the goals are the medians of the forecast."""
    prepare, case, region, since, until, judged = TRIES[name]
    end, indicators, rows = prepare()
    lines = bundled_file(case).read_text(encoding="utf-8").splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("end = "))
    lines[first] = f"end = {end}"
    (folder / f"{name}_case.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    source = (
        "NSF Science and Engineering Indicators" if name == "taiwan" else "China Statistical Yearbook on Science and Technology"
    )
    pandas.DataFrame(rows).assign(source=source).to_csv(folder / f"{name}_observations.csv", index=False)
    head = f'[monitor]\nname = "{name}"\ncase = "{name}_case.toml"\npolicy = "as_it_happened"\nregion = "{region}"\n'
    head += f"from = {since}\n\n[uncertain]\n"
    head += (
        "\n".join(f"{key} = [{low}, {high}]" for key, (low, high) in uncertain_unless_named().items())
        + f"\n\n[samples]\ncount = {POINTS}\n"
    )
    for key, text in indicators.items():
        head += f'\n[[indicator]]\nname = "{key}"\n{text}\nerror = {ERROR}\ndiscrepancy = {DISCREPANCY}\n'
        head += f'memory = 10\nsource = "chosen: {source}"\n'
    place = folder / f"{name}.toml"

    def write(targets: dict[str, float]) -> None:
        goals = "".join(
            f'\n[[goal]]\nname = "{key}"\nindicator = "{key}"\nat_least = {value:g}\ndate = {until}\nsource = "chosen: the '
            'median of the forecast"\n'
            for key, value in targets.items()
        )
        place.write_text(head + goals, encoding="utf-8")

    write(dict.fromkeys(judged, 1.0))
    plan = read_goals(place)
    ensemble = forecast(plan, store=runs_of(plan))
    medians = {}
    for key in judged:
        values = ensemble.values[:, plan.names.index(key), -1]
        medians[key] = float(f"{float(plan.indicators[key].figures(numpy.nanmedian(values))):.3g}")
    write(medians)
    return place


def main(name: str, folder: Path) -> None:
    """Says what the monitor would have said every year."""
    folder.mkdir(parents=True, exist_ok=True)
    plan = read_goals(goals_of(name, folder))
    entries = read_entries(folder / f"{name}_observations.csv", plan, entered_by="benchmark")
    Path(plan.ledger).unlink(missing_ok=True)
    ledger = Ledger.create(plan.ledger)
    ledger.record(entries)
    observations = ledger.observations()
    rows = []
    for year in range(plan.since, min(plan.horizon + 1, plan.latest) + 1):
        found = status_of(plan, observations, as_of=year, store=runs_of(plan))
        outlook = found.outlook
        for one in found.goals:
            last = max(
                (then for then, figure in zip(one.series.years, one.series.observed, strict=True) if figure is not None),
                default=None,
            )
            figure = "-" if last is None else f"{number(one.series.observed[one.series.years.index(last)])} ({last})"
            low, high = one.series.now[-1, 0], one.series.now[-1, -1]
            strange = "-" if outlook.surprise is None else chance_words(outlook.surprise)
            rows.append(
                (
                    str(year),
                    one.goal.name,
                    number(one.goal.target),
                    figure,
                    f"{number(low)} to {number(high)}",
                    chance_words(one.probability),
                    one.state,
                    f"{outlook.effective:.0f} of {len(outlook.ensemble)}",
                    strange,
                )
            )
        print(*rows[-1], sep=" | ", flush=True)
        if year == plan.since + (plan.horizon - plan.since) // 2:
            save_as(status_figure(found, f"python benchmarks/monitored.py {name} {folder}"), folder / f"{name}.png")
    heads = (
        "end of",
        "goal",
        "at least",
        "last figure",
        f"foreseen for {plan.horizon}",
        "chance",
        "state",
        "members",
        "as strange",
    )
    (folder / f"{name}.md").write_text(markdown_table(heads, rows), encoding="utf-8")
    print((folder / f"{name}.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in TRIES:
        sys.exit(__doc__)
    main(sys.argv[1], Path(sys.argv[2]))
