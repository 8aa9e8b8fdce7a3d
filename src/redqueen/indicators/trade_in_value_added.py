"""Whose value added crosses borders in exports, and how often it is counted.

Each function takes a `Leontief`, and is its method of the same name. In the formulas V = v / x, B = (I - A)^-1 and
L_s = (I - A_ss)^-1; s is the exporter, r the importer, e_s all of s's exports, E_sr those to r, Y_sr what final users in r
buy of s's products; V_s B_ss is a row over s's sectors. Money is the table's unit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from redqueen.errors import Refused, nearest

if TYPE_CHECKING:
    from redqueen.indicators.leontief import Leontief

__all__ = [
    "METHODS",
    "Decomposition",
    "Participation",
    "VerticalSpecialisation",
    "exports_by_origin",
    "exports_decomposition",
    "participation",
    "value_added_by_market",
    "value_added_exports",
    "value_added_exports_ratio",
    "vertical_specialisation",
]

METHODS = ("borin-mancini-source", "borin-mancini-sink", "koopman-wang-wei")

# The parts that every method tells, and the terms of the finer methods that make them up.
_PARTS = {
    "domestic_value_added": (
        "absorbed_by_importer", "absorbed_further_on", "returned", "final_goods", "inputs_for_importer", "inputs_for_others",
        "returned_in_final_goods", "returned_in_inputs",
    ),
    "foreign_value_added": ("foreign_in_final_goods", "foreign_in_inputs"),
}  # fmt: skip
# Far below the rounding of any published table; as open as trade is, two or three rounds reach it.
_PRECISION = 1e-10


def value_added_by_market(table: Leontief) -> np.ndarray:
    """Gives the value added of each producer by the region whose final users take it in the end, home included.

    v_i / x_i (B F)[i, c]. -> [R*S, R], money. Rows add up to the producer's value added; columns, with other costs, to the
    region's final demand. Source: Johnson and Noguera 2012 (johnson_noguera_2012).
    """
    return (table.value_added * table.per_output)[:, None] * table.output_by_market


def value_added_exports(table: Leontief) -> np.ndarray:
    """Gives the value added of each region that final users elsewhere take in the end, by whatever way (VAX).

    VAX[s, c] = sum over s's producers of `value_added_by_market` for c != s, zero at home. -> [R, R], money.
    Source: Johnson and Noguera 2012 (johnson_noguera_2012).
    """
    exported = table.sum_by_region(value_added_by_market(table))
    np.fill_diagonal(exported, 0.0)
    return exported


def value_added_exports_ratio(table: Leontief, by: str = "region") -> np.ndarray:
    """Gives value-added exports over gross exports (the VAX ratio); NaN where nothing is exported.

    `by` "region": of all exports, at most 1 -> [R]; "partner": to each partner -> [R, R], above 1 where value reaches the
    partner through others; "producer": of value added by the producer that adds it, over what that producer itself
    exports -> [R*S], above 1 for one whose value leaves in others' exports.
    Source: Johnson and Noguera 2012 (johnson_noguera_2012).
    """
    if by == "region":
        return _ratio(value_added_exports(table).sum(axis=1), table.sum_by_region(table.exports).sum(axis=1))
    if by == "partner":
        return _ratio(value_added_exports(table), table.sum_by_region(table.exports))
    if by == "producer":
        abroad = value_added_by_market(table) * (_owner(table)[:, None] != np.arange(table.n_regions))
        return _ratio(abroad.sum(axis=1), table.exports.sum(axis=1))
    raise Refused.one(f"'{by}' is not one of region, partner, producer", field="by")


def exports_by_origin(table: Leontief) -> np.ndarray:
    """Gives the value added of each producer that is in each region's gross exports, counted each time it crosses.

    v_i / x_i sum over r's producers j of B[i, j] e_j. -> [R*S, R], money. Columns, with other costs, add up to exports.
    """
    return (table.value_added * table.per_output)[:, None] * table.output_for_exports


class VerticalSpecialisation(NamedTuple):
    """Holds the older measures of vertical specialisation, each [R], money.

    vs: value added of others in the region's exports; vs1: the region's value added in others' exports; exports: gross.
    """

    vs: np.ndarray
    vs1: np.ndarray
    exports: np.ndarray


def vertical_specialisation(table: Leontief) -> VerticalSpecialisation:
    """Gives foreign value added in a region's exports (VS) and its own in others' exports (VS1), double counting included.

    VS_s = sum over t != s of V_t B_ts e_s; VS1_s = V_s sum over r != s of B_sr e_r. VS over exports is the older backward
    participation, VS1 over exports the older forward one. Sources: Hummels, Ishii and Yi 2001 (hummels_2001), in the form
    for many regions of Koopman, Wang and Wei 2014 (koopman_2014). The first's own formula for one country, imports
    in exports 1'A_m L_s e_s, is the backward participation of `participation` where there are no other costs.
    """
    exports = table.exports.sum(axis=1)
    content = (table.value_content * exports).reshape(table.n_regions, table.n_regions, -1).sum(axis=2)
    own = np.diagonal(content)
    return VerticalSpecialisation(content.sum(axis=0) - own, content.sum(axis=1) - own, table.sum_by_region(exports))


@dataclass(frozen=True, eq=False)
class Participation:
    """Holds how far exports take part in chains that cross more than one border.

    backward, forward, exports: [R*S, R] (exporting producer, importer) or [R], money. `backward_share`, `forward_share`:
    over exports, a share of 1, NaN without exports. `by_region` and `by_producer` add up first.
    """

    backward: np.ndarray
    forward: np.ndarray
    exports: np.ndarray
    n_regions: int

    @property
    def backward_share(self) -> np.ndarray:
        """Gives backward participation over gross exports."""
        return _ratio(self.backward, self.exports)

    @property
    def forward_share(self) -> np.ndarray:
        """Gives forward participation over gross exports."""
        return _ratio(self.forward, self.exports)

    def by_producer(self) -> Participation:
        """Adds importers together: [R*S]."""
        return self._added(lambda values: values.sum(axis=1))

    def by_region(self) -> Participation:
        """Adds importers and the producers of each exporting region together: [R]."""
        return self._added(lambda values: values.reshape(self.n_regions, -1).sum(axis=1))

    def _added(self, add: Callable[[np.ndarray], np.ndarray]) -> Participation:
        return Participation(add(self.backward), add(self.forward), add(self.exports), self.n_regions)


def participation(table: Leontief) -> Participation:
    """Gives the exports that take part in chains across more than one border, by exporting producer and importer.

    Backward: exports that hold what crossed a border before, (sum over t of V_t B_ts - V_s L_s) E_sr. Forward: domestic
    value added that the importer exports again, V_s L_s A_sr L_r e_r. What is left of exports is value that crosses one
    border only, and other costs. -> each [R*S, R], money.
    Source: Borin and Mancini 2019, 2023 (borin_mancini_2019, borin_mancini_2023).
    """
    domestic = _direct_multiplier(table)
    known = table.value_content.sum(axis=0)
    further = table.intermediate_exports - _used_by_importer(table)
    backward, forward = (known - domestic)[:, None] * table.exports, domestic[:, None] * further
    return Participation(backward, forward, table.exports, table.n_regions)


@dataclass(frozen=True, eq=False)
class Decomposition:
    """Holds terms that add up to gross exports: {name: values}, [R*S, R] (exporting producer, importer) or [R], money.

    `of(name)` gives a term, or one of the parts that every method has: domestic_value_added, domestic_double_counted,
    foreign_value_added, foreign_double_counted, other_costs.
    """

    method: str
    terms: dict[str, np.ndarray]
    exports: np.ndarray
    n_regions: int

    def of(self, name: str) -> np.ndarray:
        """Gives a term, or the sum of the terms of a part; refuses a name that the method lacks."""
        if name in self.terms:
            return self.terms[name]
        held = [self.terms[term] for term in _PARTS.get(name, ()) if term in self.terms]
        if not held:
            known = list(dict.fromkeys([*self.terms, *_PARTS]))
            remedy = nearest(name, known) or f"it has {', '.join(known)}"
            raise Refused.one(f"the method {self.method} has no term '{name}'", field="term", remedy=remedy)
        return np.sum(held, axis=0)

    def share(self, name: str) -> np.ndarray:
        """Gives a term or part over gross exports: a share of 1; NaN where nothing is exported."""
        return _ratio(self.of(name), self.exports)

    def by_region(self) -> Decomposition:
        """Adds importers and the producers of each exporting region together: [R]."""
        terms = {name: values.reshape(self.n_regions, -1).sum(axis=1) for name, values in self.terms.items()}
        return Decomposition(self.method, terms, self.exports.reshape(self.n_regions, -1).sum(axis=1), self.n_regions)


def exports_decomposition(table: Leontief, method: str = "borin-mancini-source") -> Decomposition:
    """Splits gross exports into terms that add up to them: value added at home and abroad, and what is counted twice.

    "borin-mancini-source" -> each term [R*S, R] by exporting producer and importer; value added counts the first time it
    leaves its exporter's border:
    - absorbed_by_importer: V_s L_s (Y_sr + A_sr L_r Y_rr), used up where it first arrives, across one border (DAVAX)
    - absorbed_further_on: other domestic value added that ends abroad
    - returned: V_s L_s A_sr (B F)[r, s], domestic value added that ends at home
    - domestic_double_counted: V_s (B_ss - L_s) E_sr, domestic value added that left before
    - foreign_value_added: sum over t != s of V_t B*_ts E_sr, with B* the inverse without s's exports of inputs
    - foreign_double_counted: sum over t != s of V_t (B_ts - B*_ts) E_sr
    - other_costs: what is no region's value added; zero in a table without taxes and outside inputs.

    "borin-mancini-sink" -> the same shape; value counts the last time it leaves: with N_sr = E_sr - A_sr B*_rs e_s, exports
    that do not come back to be exported again, domestic_value_added = V_s B_ss N_sr and foreign_value_added = sum over
    t != s of V_t B_ts N_sr; what is left is double counted. Added up by region both say the same.

    "koopman-wang-wei" -> [R], the nine terms in their order, then other costs: final_goods, inputs_for_importer,
    inputs_for_others (V_s B_ss Y_sr; V_s B_sr Y_rr; V_s B_sr Y_rt: together VAX), returned_in_final_goods,
    returned_in_inputs, domestic_double_counted, foreign_in_final_goods, foreign_in_inputs (V_t B_ts Y_sr;
    V_t B_ts A_sr L_r Y_rr) and foreign_double_counted (V_t B_ts A_sr L_r e_r). The domestic terms are those of the others;
    the split of foreign content is not: its double counting is of the importer's exports, as Borin and Mancini show.

    Terms add up exactly, but for how far the table itself misses its balance (by the first, in absorbed_further_on).
    Refuses an unknown method. Sources: Koopman, Wang and Wei 2014 (koopman_2014); Borin and Mancini 2019, 2023
    (borin_mancini_2019, borin_mancini_2023).
    """
    split = {METHODS[0]: _by_source, METHODS[1]: _by_sink, METHODS[2]: _nine_terms}.get(method)
    if split is None:
        remedy = nearest(method, METHODS) or f"use {', '.join(METHODS)}"
        raise Refused.one(f"there is no method '{method}'", field="method", remedy=remedy)
    terms = split(table)
    exports = table.exports if terms["other_costs"].ndim == 2 else table.sum_by_region(table.exports).sum(axis=1)
    return Decomposition(method, terms, exports, table.n_regions)


def _by_source(table: Leontief) -> dict[str, np.ndarray]:
    first, domestic, foreign, other = _multipliers(table)
    new = _without_returns(foreign.reshape(table.n_regions, -1), lambda rows, active: _returns_of_costs(table, rows, active))[0]
    used, returned = _used_by_importer(table), _used_at_home_in_the_end(table)
    direct = first[:, None] * (table.final_exports + used)
    reflected = first[:, None] * returned
    return {
        "absorbed_by_importer": direct,
        "absorbed_further_on": first[:, None] * table.exports - direct - reflected,
        "returned": reflected,
        "domestic_double_counted": (domestic - first)[:, None] * table.exports,
        "foreign_value_added": new.reshape(-1, 1) * table.exports,
        "foreign_double_counted": (foreign - new.reshape(-1))[:, None] * table.exports,
        "other_costs": other[:, None] * table.exports,
    }


def _by_sink(table: Leontief) -> dict[str, np.ndarray]:
    _, domestic, foreign, other = _multipliers(table)
    exports = table.exports.sum(axis=1).reshape(table.n_regions, -1)
    known = _exports_for(table, table.output_for_exports, np.arange(table.n_regions))
    coming_back = _without_returns(exports, lambda columns, active: _returns_of_exports(table, columns, active), known)[1]
    again = coming_back.reshape(table.exports.shape)
    return {
        "domestic_value_added": domestic[:, None] * (table.exports - again),
        "domestic_double_counted": domestic[:, None] * again,
        "foreign_value_added": foreign[:, None] * (table.exports - again),
        "foreign_double_counted": foreign[:, None] * again,
        "other_costs": other[:, None] * table.exports,
    }


def _nine_terms(table: Leontief) -> dict[str, np.ndarray]:
    regions = np.arange(table.n_regions)
    first, domestic, foreign, other = _multipliers(table)
    content = table.value_content.reshape(table.n_regions, table.n_regions, table.n_sectors)
    demand = table.final_demand.reshape(table.n_regions, table.n_sectors, table.n_regions)
    # taken[r, s, c]: value added of s in what final users of c buy of r's products.
    taken = content.transpose(1, 0, 2) @ demand
    from_abroad = taken * (regions[:, None] != regions)[:, :, None]
    final_goods = taken[regions, regions].sum(axis=1) - taken[regions, regions, regions]
    by_importer = np.einsum("rsr->s", from_abroad)
    returned = np.einsum("rss->s", from_abroad)
    by_others = from_abroad.sum(axis=(0, 2)) - by_importer - returned
    used = _used_by_importer(table)
    finished_at_home = demand[regions, :, regions].reshape(-1)
    exports = table.exports.sum(axis=1)
    terms = {
        "returned_in_inputs": (domestic - first) * finished_at_home,
        "domestic_double_counted": (domestic - first) * exports,
        "foreign_in_final_goods": foreign * table.final_exports.sum(axis=1),
        "foreign_in_inputs": foreign * used.sum(axis=1),
        "foreign_double_counted": foreign * (table.intermediate_exports - used).sum(axis=1),
        "other_costs": other * exports,
    }
    return {
        "final_goods": final_goods,
        "inputs_for_importer": by_importer,
        "inputs_for_others": by_others,
        "returned_in_final_goods": returned,
        **{name: table.sum_by_region(values) for name, values in terms.items()},
    }


def _multipliers(table: Leontief) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Gives what a unit of each export holds, each [R*S]: V_s L_s, V_s B_ss, V_t B_ts over t != s, and other costs."""
    content, owner = table.value_content, _owner(table)
    domestic = content[owner, np.arange(len(owner))]
    known = content.sum(axis=0)
    return _direct_multiplier(table), domestic, known - domestic, 1.0 - known


def _direct_multiplier(table: Leontief) -> np.ndarray:
    """Gives value added at home in a unit of each product, before anything leaves: V_s L_s -> [R*S]."""
    added = (table.value_added * table.per_output).reshape(table.n_regions, 1, -1)
    return (added @ table.domestic_inverses).reshape(-1)


def _used_by_importer(table: Leontief) -> np.ndarray:
    """Gives the inputs sold to each region that it turns into final products for itself: A_sr L_r Y_rr -> [R*S, R]."""
    regions = np.arange(table.n_regions)
    demand = table.final_demand.reshape(table.n_regions, -1, table.n_regions)[regions, :, regions]
    made = (table.domestic_inverses @ demand[:, :, None])[:, :, 0]
    return _inputs_by_buyer(table, np.broadcast_to(made, (table.n_regions, *made.shape)), regions).reshape(table.exports.shape)


def _used_at_home_in_the_end(table: Leontief) -> np.ndarray:
    """Gives the inputs sold to each region that end with the seller's own final users: A_sr (B F)[r, s] -> [R*S, R]."""
    ending = table.output_by_market.T.reshape(table.n_regions, table.n_regions, -1)
    return _inputs_by_buyer(table, ending, np.arange(table.n_regions)).reshape(table.exports.shape)


def _inputs_by_buyer(table: Leontief, output: np.ndarray, sellers: np.ndarray) -> np.ndarray:
    """Gives what each seller's region sells to the producers of each other for some output of theirs.

    `output` [K, R, S]: for each of K sellers' regions, what the producers of each region make -> [K, S, R], zero at home.
    """
    per_output = table.per_output.reshape(table.n_regions, -1)
    sold = np.empty((len(sellers), table.n_sectors, table.n_regions))
    for place, seller in enumerate(sellers):
        blocks = table.intermediate[table.home(seller)].reshape(table.n_sectors, table.n_regions, -1)
        sold[place] = (blocks.transpose(1, 0, 2) @ (output[place] * per_output)[:, :, None])[:, :, 0].T
        sold[place, :, seller] = 0.0
    return sold


def _returns_of_costs(table: Leontief, rows: np.ndarray, active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gives, of rows over each active region's sectors, what comes back in its own inputs: y A_sk B_ks, k != s -> [K, S]."""
    passed = np.empty((len(active), len(table.output)))
    for place, region in enumerate(active):
        passed[place] = rows[place] @ table.intermediate[table.home(region)] * table.per_output
        passed[place, table.home(region)] = 0.0
    back = table.embodied(passed).reshape(len(active), table.n_regions, -1)
    return back[np.arange(len(active)), active], np.zeros((len(active), 0))


def _returns_of_exports(table: Leontief, columns: np.ndarray, active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gives what each active region sells abroad to make `columns` of its own: A_sk B_ks y, k != s -> [K, S], [K, S, R]."""
    wanted = np.zeros((len(active), table.n_regions, table.n_sectors))
    wanted[np.arange(len(active)), active] = columns
    return _exports_for(table, table.requirements(wanted.reshape(len(active), -1).T), active)


def _exports_for(table: Leontief, made: np.ndarray, sellers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gives the inputs that each of K sellers' regions exports for `made` [R*S, K]: all [K, S] and by buyer [K, S, R]."""
    output = np.ascontiguousarray(made.T).reshape(len(sellers), table.n_regions, -1)
    sold = _inputs_by_buyer(table, output, sellers)
    return sold.sum(axis=2), sold


def _without_returns(
    wanted: np.ndarray,
    returns: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
    first: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Solves y + returns(y) = wanted for every region at once, by conjugate residuals: B* is never formed.

    `wanted` [R, S]; `returns(y[active], active)` -> what returns [K, S], and a detail of it [K, ...] that is carried along;
    `first`: returns of `wanted`, where they are known. -> y [R, S] and its detail [R, ...]. A region that has met the
    precision is not asked again; S + 1 rounds do for any table. Source: Eisenstat, Elman and Schultz 1983 (eisenstat_1983).
    """
    solution, left = np.zeros(wanted.shape), wanted.copy()
    goal = _PRECISION * np.linalg.norm(wanted, axis=1)
    earlier: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    everyone = np.arange(len(wanted))
    back, shown = returns(wanted, everyone) if first is None else first
    detail = np.zeros(shown.shape)
    active = everyone
    for _ in range(wanted.shape[1] + 1):
        direction, effect = left[active], left[active] + back
        for old_direction, old_effect, old_shown in earlier:
            overlap = (effect * old_effect[active]).sum(axis=1)
            direction = direction - overlap[:, None] * old_direction[active]
            effect = effect - overlap[:, None] * old_effect[active]
            shown = shown - _along(overlap, shown) * old_shown[active]
        size = np.linalg.norm(effect, axis=1)
        scale = np.divide(1.0, size, out=np.zeros(len(size)), where=size > 0)
        direction, effect, shown = direction * scale[:, None], effect * scale[:, None], shown * _along(scale, shown)
        step = (left[active] * effect).sum(axis=1)
        solution[active] += step[:, None] * direction
        left[active] -= step[:, None] * effect
        detail[active] += _along(step, shown) * shown
        among_all = partial(_among_all, active=active, count=len(wanted))
        earlier.append((among_all(direction), among_all(effect), among_all(shown)))
        active = np.flatnonzero(np.linalg.norm(left, axis=1) > goal)
        if not len(active):
            break
        back, shown = returns(left[active], active)
    return solution, detail


def _along(factors: np.ndarray, values: np.ndarray) -> np.ndarray:
    return factors.reshape(-1, *[1] * (values.ndim - 1))


def _among_all(values: np.ndarray, active: np.ndarray, count: int) -> np.ndarray:
    whole = np.zeros((count, *values.shape[1:]))
    whole[active] = values
    return whole


def _owner(table: Leontief) -> np.ndarray:
    return np.repeat(np.arange(table.n_regions), table.n_sectors)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=np.asarray(whole) != 0)
