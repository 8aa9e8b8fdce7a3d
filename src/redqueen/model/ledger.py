"""What must add up: units, money, jobs, talent, firms, public cost and references, every quarter."""

import math

import numpy

from redqueen.model import kinds
from redqueen.model.state import State

TOLERANCE = 1e-9
#: Below this size an account is empty: a thousandth of a head, a unit, or a wage.
LEAST_SCALE = 1e-3


class LedgerError(Exception):
    """An account that does not close: quarter, identity, both sides and the residual."""


class Ledger:
    """Closes the accounts of a state: call ``open`` before a quarter and ``close`` after it.

    Every identity holds to a relative 1e-9 of the larger side.
    """

    def __init__(self, state: State):
        self.state = state
        self.before: dict[str, float] = {}

    def open(self) -> None:
        """Remember the stocks at the start of a quarter."""
        self.before = self.stocks()

    def close(self) -> None:
        """Check every identity of the quarter just run; raise ``LedgerError`` for the first that fails."""
        for check in (
            self.units, self.sales, self.value_added, self.wages, self.cash, self.jobs, self.talent, self.firms, self.public_cost,
            self.public_finance, self.references, self.bounds
        ):
            check()

    def stocks(self) -> dict[str, float]:
        arrays, alive = self.state.arrays, self.state.arrays["alive"] == 1
        return {
            "cash": float((arrays["cash"] + arrays["escrow"])[alive].sum()),
            "firms": float(alive.sum()),
            "talent": float(arrays["talent"].sum()),
            "talent_by_origin": arrays["talent"].sum(axis=1),
        }

    def total(self, name: str) -> float:
        return float(self.state.arrays[name].sum())

    def units(self) -> None:
        """Units made and bought outside = units ordered by lead firms and by suppliers, stage by stage."""
        arrays = self.state.arrays
        for stage in range(self.state.n_stages):
            made = arrays["stage_units"][:, stage].sum() + arrays["outside_units"][stage]
            ordered = arrays["product_orders"][stage] + arrays["input_orders"][stage]
            self.equal(f"units of stage {stage}", made, ordered)

    def sales(self) -> None:
        """What buyers spend = sales of lead firms + shipping + tariffs."""
        self.equal(
            "outlay", self.total("outlay"), self.total("final_sales") + self.total("shipping_paid") + self.total("tariff_paid")
        )

    def value_added(self) -> None:
        """Value added = final sales - payments outside - materials = wages + profits + interest - subsidies to firms; by region =
        sales - purchases.
        """
        made = self.total("final_sales") - self.total("outside_paid") - self.total("materials_paid")
        # What remains of sales and wages can be no more exact than they are.
        gross = self.total("final_sales") + self.total("wages_paid")
        self.equal("value added, by sales", self.total("value_added"), made, scale=gross)
        support = self.total("wage_subsidies") + self.total("overhead_subsidies") + self.total("project_subsidies")
        earned = self.total("wages_paid") + self.total("operating_profit") + self.total("interest_paid") - support
        self.equal("value added, by incomes", self.total("value_added"), earned, scale=gross)
        arrays = self.state.arrays
        sold = arrays["flows"].sum(axis=(1, 2, 3)) + arrays["final_sales"].sum(axis=(1, 2))
        bought = arrays["flows"].sum(axis=(0, 1, 3)) + arrays["stage_outside"].sum(axis=1)
        for region, value_added in enumerate(arrays["value_added"]):
            self.equal(f"value added of region {region}, by stage", value_added, sold[region] - bought[region], scale=sold[region])

    def wages(self) -> None:
        """Wages and profits by stage add up to those of all firms, research by mode to that of all projects."""
        self.equal("wages by stage", self.total("stage_wages"), self.total("wages_paid"))
        self.equal("research by mode", self.total("research_by_mode"), self.total("research_spending"))
        self.equal("profit by stage", self.total("stage_profit"), self.total("operating_profit"), scale=self.total("final_sales"))

    def cash(self) -> None:
        """Cash and escrow change by profits, grants and new capital less dividends, capacity, and what ended firms held."""
        flows = self.total("operating_profit") - self.total("dividends") - self.total("capacity_paid")
        flows += self.total("grants") + self.total("capital_raised") - self.total("capital_moved") - self.total("capital_lost")
        after = self.stocks()["cash"]
        self.equal("cash", after, self.before["cash"] + flows, scale=self.total("final_sales") + abs(after))

    def jobs(self) -> None:
        """Jobs by stage add up to the jobs of all firms."""
        self.equal("jobs by stage", self.total("stage_jobs"), self.total("jobs"))

    def talent(self) -> None:
        """Talent by origin changes by graduates less retirement; moves cancel out."""
        state = self.state
        joined = state.arrays["graduates"] + state.arrays["university_expansion"]
        expected = self.before["talent_by_origin"] * (1.0 - state.parameters.talent_retirement) + joined
        for region in range(state.n_regions):
            self.equal(f"talent of region {region}", state.arrays["talent"][region].sum(), expected[region])

    def firms(self) -> None:
        """Firms = firms before + entries - exits."""
        self.equal("firms", self.stocks()["firms"], self.before["firms"] + self.total("entries") - self.total("exits"))
        self.equal("firms by region", self.total("firms"), self.stocks()["firms"])
        self.require("no entrant was refused for want of a slot", self.state.entries_refused == 0)
        self.equal("firm slots", self.state.n_free + self.stocks()["firms"], self.state.n_firms)

    def public_cost(self) -> None:
        """Public cost = what was paid to firms, households, staff and people abroad, plus tariffs forgone."""
        parts = (
            "public_wages", "paid_abroad", "programme_costs", "wage_subsidies", "overhead_subsidies", "project_subsidies", "grants",
            "transfers", "venture_public", "tariff_forgone"
        )
        self.equal("public cost", self.total("public_cost"), sum(self.total(part) for part in parts))

    def public_finance(self) -> None:
        """The levy and the tariffs raised pay what was spent."""
        self.equal(
            "public finance", self.total("levy") + self.total("tariff_paid"),
            self.total("public_cost") - self.total("tariff_forgone"), scale=self.total("public_cost") + self.total("tariff_paid")
        )

    def references(self) -> None:
        """Ties, suppliers and owners are living firms that do what they are asked for."""
        arrays = self.state.arrays
        alive = arrays["alive"] == 1
        leads = arrays["product_firm"] >= 0
        for name, rows in (
            ("contact", alive), ("input_supplier", alive), ("owner_firm", alive), ("supplier", leads), ("champion", slice(None))
        ):
            pointed = arrays[name][rows]
            pointed = pointed[pointed >= 0]
            self.require(f"{name} points at living firms", bool(alive[pointed].all()))
        self.require("products belong to living firms", bool(alive[arrays["product_firm"][leads]].all()))
        products = numpy.flatnonzero(leads)
        self.require("firms know their products", bool((arrays["product_of"][arrays["product_firm"][products]] == products).all()))

    def bounds(self) -> None:
        """Numbers are finite and shares are shares."""
        state = self.state
        alive = state.arrays["alive"] == 1
        for name in (
            "quality", "cost_progress", "experience", "flexibility", "capacity", "units", "unit_cost", "cash", "escrow", "revenue",
            "profit"
        ):
            self.require(f"{name} is finite", bool(numpy.isfinite(state.arrays[name][alive]).all()))
        for name in (
            "wage", "skilled_wage", "talent", "venture_pool", "frontier", "value_added", "price_index", "reference", "brand"
        ):
            self.require(f"{name} is finite", bool(numpy.isfinite(state.arrays[name]).all()))
        for name in ("flexibility", "financed"):
            values = state.arrays[name][alive]
            self.require(f"{name} is a share", bool(((values >= 0.0) & (values <= 1.0)).all()))
        known = state.arrays["contact"][alive] >= 0
        strength = state.arrays["strength"][alive][known]
        self.require("strength is a share", bool(((strength >= 0.0) & (strength <= 1.0)).all()))
        self.require(
            "cost progress stays above its limit",
            bool((state.arrays["cost_progress"][alive] >= -1.5 * state.parameters.process_limit).all())
        )
        self.require(
            "escrow covers projects",
            bool(numpy.allclose(state.arrays["escrow"][alive], self.reserved()[alive], rtol=1e-9, atol=1e-9))
        )

    def reserved(self) -> numpy.ndarray:
        """Give what each firm must have set aside: a project's last quarter ends it before anyone is paid again."""
        arrays = self.state.arrays
        running = arrays["project"] != kinds.IDLE
        return (running * (arrays["project_left"] - 1) * arrays["project_budget"]).sum(axis=1)

    def equal(self, identity: str, left: float, right: float, scale: float = 0.0) -> None:
        scale = max(abs(left), abs(right), abs(scale), LEAST_SCALE)
        if not (math.isfinite(left) and math.isfinite(right) and abs(left - right) <= TOLERANCE * scale):
            raise LedgerError(
                f"quarter {self.state.quarter - 1}: {identity}: {left!r} against {right!r}, residual {left - right:.3g}"
            )

    def require(self, statement: str, holds: bool) -> None:
        if not holds:
            raise LedgerError(f"quarter {self.state.quarter - 1}: {statement}: it does not hold")
