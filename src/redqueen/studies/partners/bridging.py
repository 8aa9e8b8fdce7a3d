"""Finds through whom a partner is reached: the shortest path over ties of all kinds between regions and organisations."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from redqueen.evidence.evidence import DIASPORA, STAY_RATE
from redqueen.studies.partners.organisations import LOCATED, STATED_TIE, Organisation
from redqueen.studies.partners.ties import Ties

__all__ = ["PASSED_ON", "Edge", "Network", "Node", "Step", "organisation_edges", "organisation_reach"]

#: What a path leads over: ("region" or "organisation", code or name).
Node = tuple[str, str]

#: What is left of an introduction that somebody passes on. Chosen: below 1, or long ways round beat a weaker tie of one's own.
PASSED_ON = 0.5


@dataclass(frozen=True)
class Edge:
    """Holds one tie: what it is, as the table states it (`value` in `unit`), and its strength between 0 and 1."""

    measure: str
    strength: float
    value: float | None = None
    unit: str = ""
    year: int | None = None
    #: For people abroad and stay rates: whose people they are, and where.
    people_of: str = ""
    live_in: str = ""


@dataclass(frozen=True)
class Step:
    """Holds one step of a path: from one node to the next over their strongest tie; `also` are their others, strongest first."""

    start: Node
    end: Node
    edge: Edge
    also: tuple[Edge, ...] = ()


class Network:
    """Holds the ties of each kind between any two of regions and organisations, the strongest first."""

    def __init__(self, networks: Sequence[Ties], organisations: Sequence[Organisation]):
        self.edges: dict[Node, dict[Node, list[Edge]]] = {}
        # From each start that was asked for, the node before every other on its strongest path.
        self._before: dict[Node, dict[Node, Node]] = {}
        usual = _usual(networks)
        for ties in networks:
            for one, other in np.argwhere(np.triu(ties.weights > 0, 1)):
                edge = _edge(ties, int(one), int(other), usual)
                self._add(("region", ties.regions[one]), ("region", ties.regions[other]), edge)
        for start, end, edge in organisation_edges(organisations):
            self._add(start, end, edge)

    def path(self, start: Node, end: Node) -> tuple[Step, ...]:
        """Gives the path of greatest strength; empty where there is none, or it is home.

        strength = product of its ties' strengths x PASSED_ON for each go-between; the length that is least is minus its
        logarithm.
        """
        if start not in self._before:
            self._before[start] = {}
            _spread(start, self._reach, self._before[start])
        before, steps = self._before[start], []
        while end in before:
            strongest, *others = self.edges[before[end]][end]
            steps.append(Step(before[end], end, strongest, tuple(others)))
            end = before[end]
        return tuple(reversed(steps))

    def _reach(self, node: Node) -> Mapping[Node, float]:
        return {other: edges[0].strength for other, edges in self.edges.get(node, {}).items()}

    def _add(self, start: Node, end: Node, edge: Edge) -> None:
        for one, other in ((start, end), (end, start)):
            edges = self.edges.setdefault(one, {}).setdefault(other, [])
            edges.append(edge)
            # Kinds of ties come in order of preference: of equal ones the first stays first.
            edges.sort(key=lambda edge: -edge.strength)


def organisation_reach(region: str, chances: Mapping[str, float], organisations: Sequence[Organisation]) -> dict[str, float]:
    """Gives the chance of reaching organisations from a region, by name: the strength of the strongest way.

    A way leads first to another region, with the chance that the two tie up, or to an organisation at home; then over places
    and stated ties of organisations, each with its strength, and PASSED_ON for each go-between.
    """
    home = ("region", region)
    edges: dict[Node, dict[Node, float]] = {home: {("region", one): chance for one, chance in chances.items() if one != region}}
    for start, end, edge in organisation_edges(organisations):
        edges.setdefault(start, {})[end] = edge.strength
        edges.setdefault(end, {})[start] = edge.strength
    # Only the first step may lead from region to region.
    strengths = _spread(home, lambda node: edges.get(node, {}), {})
    return {name: strengths[kind, name] for kind, name in strengths if kind == "organisation"}


def organisation_edges(organisations: Sequence[Organisation]) -> list[tuple[Node, Node, Edge]]:
    """Lists the ties of organisations: to their region, and to those they name.

    Strengths are Salton's cosine of the same kind as regions': an organisation shares with its region its own size, so that
    sqrt(size / size of all organisations listed there); a tie without a number counts 1, so that 1 / sqrt(ties of one x of
    the other).
    """
    listed = {one.name: one for one in organisations}
    totals: dict[str, float] = {}
    pairs: dict[tuple[Node, Node], None] = {}
    number: dict[Node, int] = {}
    for one in organisations:
        totals[one.region] = totals.get(one.region, 0.0) + one.size
        for other in one.ties:
            # A tie may name an organisation of the register, a region, or somebody not listed, who bridges all the same.
            end: Node = (
                ("region", one.tied_regions[other])
                if other not in listed and other in one.tied_regions
                else ("organisation", other)
            )
            here: Node = ("organisation", one.name)
            pair = (here, end) if here <= end else (end, here)
            if pair not in pairs and pair[0] != pair[1]:
                pairs[pair] = None
                for node in pair:
                    number[node] = number.get(node, 0) + 1
    found = []
    for one in organisations:
        part = one.size / totals[one.region] if totals[one.region] > 0 else 0.0
        if part > 0:
            found.append((("organisation", one.name), ("region", one.region), Edge(LOCATED, math.sqrt(part))))
    found += [(start, end, Edge(STATED_TIE, 1.0 / math.sqrt(number[start] * number[end]))) for start, end in pairs]
    return found


def _spread(start: Node, reach: Callable[[Node], Mapping[Node, float]], before: dict[Node, Node]) -> dict[Node, float]:
    """Gives the strength of the strongest path to every node, and in `before` the node that comes before it (Dijkstra)."""
    strengths: dict[Node, float] = {}
    # Lengths are minus logarithms of strengths; equal ones go to the path of fewer steps, then to the first name.
    waiting: list[tuple[float, int, Node, Node | None]] = [(0.0, 0, start, None)]
    while waiting:
        length, steps, node, last = heapq.heappop(waiting)
        if node in strengths:
            continue
        strengths[node] = math.exp(-length)
        passed_on = 0.0 if node == start else -math.log(PASSED_ON)
        if last is not None:
            before[node] = last
        for other, strength in reach(node).items():
            if other not in strengths and strength > 0:
                heapq.heappush(waiting, (length - math.log(strength) + passed_on, steps + 1, other, node))
    return strengths


def _edge(ties: Ties, one: int, other: int, usual: Mapping[str, float]) -> Edge:
    strength = float(ties.strength[one, other])
    if ties.measure not in DIASPORA:
        return Edge(ties.measure, strength, float(ties.weights[one, other]), ties.unit, ties.year)
    # The table says where people live (row) and where they are from (column): the larger of both is the tie's story.
    if ties.stated[one, other] < ties.stated[other, one]:
        one, other = other, one
    live_in, people_of = ties.regions[one], ties.regions[other]
    if ties.measure == STAY_RATE:
        strength *= usual.get(live_in, 1.0)
    return Edge(ties.measure, strength, float(ties.stated[one, other]), ties.unit, ties.year, people_of, live_in)


def _usual(networks: Sequence[Ties]) -> dict[str, float]:
    """Gives the mean strength of each region's ties other than stay rates: a rate says how many stay of those who came, not how
    many came, so that it counts as that part of a usual tie of the place where they stay."""
    strengths: dict[str, list[float]] = {}
    for ties in networks:
        if ties.measure == STAY_RATE:
            continue
        for region, row, weights in zip(ties.regions, ties.strength, ties.weights, strict=True):
            strengths.setdefault(region, []).extend(row[weights > 0])
    return {region: float(np.mean(found)) for region, found in strengths.items() if found}
