"""Search mixes of instruments under a budget: several objectives, paired with doing nothing, the best tried again on fresh luck."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy

from redqueen.errors import Refused, require
from redqueen.lab.compare import paired
from redqueen.lab.dataset import Recorder, dataset
from redqueen.lab.fingerprints import MODEL_CODE, code_digest, parameter_hash, world_hash
from redqueen.lab.intervals import LEVEL, student_quantile
from redqueen.lab.journal import Journal
from redqueen.lab.mixes import Levers
from redqueen.lab.outcomes import BY_NAME, DOWN, measured, variables_of
from redqueen.lab.sampling import Samples
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import burn_in, simulate
from redqueen.model.world import World
from redqueen.policies.policy import schedule

__all__ = ["DECILE", "DRAW", "MOST_ON_FRONT", "Ground", "Mix", "Scores", "crowded_out", "explore", "front", "retry", "scores_of"]

#: Draw of the search; the part of the points that robustness is about; mixes of the front that are tried again and kept.
DRAW, DECILE, MOST_ON_FRONT = 2024, 0.1, 12
#: Mixes tried before the search learns from what it has seen: the starts, and drawn ones where they are fewer.
_FIRST = 10
_SHARE = "public_cost_share"
#: What decides the figures of a mix beside what it states.
_CODE = (*MODEL_CODE, "lab/search.py", "lab/compare.py", "lab/outcomes.py", "lab/dataset.py", "model/outcomes.py")
_JOURNAL = "evaluations.jsonl"

#: Gives the effects and the shares of cost of a mix in every member, [sample][seed]; None in place of a member that failed.
Evaluate = Callable[[Mapping[str, float]], dict[str, Any]]


@dataclass(frozen=True)
class Scores:
    """Holds what a mix does against nothing, on the scale compared and turned so that more is better.

    `effect` is the mean over members, `low` and `high` its interval over the luck, `worst` the decile of its means by point (None
    with one point), `cost` the public cost as a share of the region's value added over the whole history, the mean over members.
    """

    effect: float
    low: float
    high: float
    worst: float | None
    cost: float

    @property
    def objectives(self) -> tuple[float, ...]:
        """Gives what is made as large as can be: effect, worst decile where known, minus the cost."""
        return (self.effect, *(() if self.worst is None else (self.worst,)), -self.cost)


@dataclass(frozen=True)
class Mix:
    """Holds one mix that was tried: intensities by instrument, what it did, why it failed, and what it did on fresh luck.

    `known_as` names policies that are this mix.
    """

    intensities: Mapping[str, float]
    scores: Scores | None
    failure: str = ""
    known_as: tuple[str, ...] = ()
    fresh: Scores | None = None


def explore(
    levers: Levers,
    evaluate: Evaluate,
    *,
    budget: float,
    evaluations: int,
    starts: Mapping[str, Mapping[str, float]] | None = None,
    draw: int = DRAW,
) -> list[Mix]:
    """Tries doing nothing and `evaluations` mixes, the first being those of `starts`; gives each once, in the order tried.

    After the starts, and some drawn at random where those are few, a tree of Parzen estimators proposes each from all before it,
    with the budget as a constraint: one at a time, so that threads, which run the members of a mix, change nothing. Source: Ozaki
    et al. 2022, Journal of Artificial Intelligence Research 73; Akiba et al. 2019 (Optuna).
    """
    optuna = require("optuna", "search")
    starts = starts or {}
    nothing = _mix({}, evaluate({}), tuple(name for name, mix in starts.items() if not mix))
    if nothing.scores is None:
        raise Refused.one(f"there is nothing to compare mixes to: {nothing.failure}", field="search")
    tried: dict[tuple[tuple[str, float], ...], Mix] = {(): nothing}
    with _quiet(optuna):
        sampler = optuna.samplers.TPESampler(seed=draw, n_startup_trials=max(_FIRST, len(starts)), constraints_func=_excess)
        study = optuna.create_study(directions=["maximize"] * len(nothing.scores.objectives), sampler=sampler)
        for intensities in starts.values():
            study.enqueue_trial(dict(zip(levers.names, levers.point(intensities) or (), strict=True)))
        for _ in range(evaluations):
            proposed = study.ask()
            intensities = levers.intensities([proposed.suggest_float(name, 0.0, 1.0) for name in levers.names])
            key = tuple(intensities.items())
            if key not in tried:
                names = tuple(name for name, mix in starts.items() if mix == intensities)
                tried[key] = _mix(intensities, evaluate(intensities), names)
            scores = tried[key].scores
            if scores is None:
                study.tell(proposed, state=optuna.trial.TrialState.FAIL)
                continue
            proposed.set_user_attr("excess", scores.cost - budget)
            study.tell(proposed, scores.objectives)
    return list(tried.values())


def front(mixes: Sequence[Mix], budget: float) -> list[Mix]:
    """Gives the mixes within the budget that no other within it equals in all objectives and beats in one, by rising cost.

    Doing nothing is always within it, and is left out; of mixes that do exactly the same, the first stays.
    """
    within = [mix for mix in mixes if mix.scores is not None and mix.scores.cost <= budget]
    scores = numpy.array([mix.scores.objectives for mix in within if mix.scores is not None])
    kept = []
    for position, mix in enumerate(within):
        no_worse = (scores >= scores[position]).all(axis=1)
        better = no_worse & (scores > scores[position]).any(axis=1)
        same = no_worse & ~better
        if mix.intensities and not better.any() and not same[:position].any():
            kept.append(mix)
    return sorted(kept, key=_by_cost)


def crowded_out(mixes: Sequence[Mix], most: int = MOST_ON_FRONT) -> list[Mix]:
    """Thins a front to `most` mixes that lie apart: the one in the densest place goes first, ends stay.

    Source: crowding distance of Deb et al. 2002, IEEE Transactions on Evolutionary Computation 6.
    """
    kept = list(mixes)
    while len(kept) > most:
        scores = numpy.array([mix.scores.objectives for mix in kept if mix.scores is not None])
        distance = numpy.zeros(len(kept))
        for column in scores.T:
            order = column.argsort(kind="stable")
            width = max(column[order[-1]] - column[order[0]], numpy.finfo(float).tiny)
            distance[order[[0, -1]]] = numpy.inf
            distance[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / width
        kept.pop(int(distance.argmin()))
    return kept


def retry(mixes: Sequence[Mix], evaluate: Evaluate) -> list[Mix]:
    """Tries mixes again, on other luck and at other points: what was chosen for its figures owes some of them to chance."""
    return [replace(mix, fresh=scores_of(evaluate(mix.intensities))) for mix in mixes]


def scores_of(found: Mapping[str, Any]) -> Scores | None:
    """Gives the scores of a mix from its members; None where one of them failed or has no value.

    The interval is Student's over seeds, each the mean of its points, which all share it.
    """
    effects, costs = (numpy.array(found[name], dtype=float) for name in ("effects", "costs"))
    if not numpy.isfinite(effects).all() or not numpy.isfinite(costs).all():
        return None
    by_seed, by_point = effects.mean(axis=0), effects.mean(axis=1)
    count = by_seed.size
    half = math.nan if count < 2 else student_quantile((1 + LEVEL) / 2, count - 1) * float(by_seed.std(ddof=1)) / math.sqrt(count)
    mean = float(by_seed.mean())
    worst = float(numpy.quantile(by_point, DECILE)) if by_point.size > 1 else None
    return Scores(mean, mean - half, mean + half, worst, float(costs.mean()))


class Ground:
    """Tries mixes in one region of a world, in some seeds and at some points of the uncertain parameters, against doing nothing.

    Burnt-in worlds and the histories of doing nothing are made once and kept in memory; what a mix did is kept in `place` where
    one is given, under a key of all that decides it, so that a stopped search goes on with the same bits.
    """

    def __init__(
        self,
        world: World,
        levers: Levers,
        outcome: str,
        *,
        seeds: Sequence[int],
        samples: Samples | None = None,
        window: int | None = None,
        threads: int = 1,
        place: str | Path | None = None,
        advance: Callable[[float], None] = lambda quarters: None,
    ):
        self.world, self.levers, self.outcome, self.window = world, levers, BY_NAME[outcome], window
        self.seeds, self.samples, self.threads, self.advance = list(seeds), samples, threads, advance
        self._parameters = [{}] if samples is None else [samples.parameters(point) for point in range(len(samples))]
        self._members = [(point, seed) for point in range(len(self._parameters)) for seed in range(len(self.seeds))]
        self._states: dict[tuple[int, int], Any] = {}
        self._nothing: dict[tuple[int, int], Any] = {}
        self._journal = None if place is None else Journal(Path(place) / _JOURNAL)
        self._known: dict[str, dict[str, Any]] = {}

    def quarters(self, mixes: int) -> int:
        """Gives the quarters that so many mixes compute, burn-ins and doing nothing included."""
        return len(self._members) * (self.world.burn_in + (mixes + 1) * self.world.quarters)

    def __call__(self, intensities: Mapping[str, float]) -> dict[str, Any]:
        """Tries a mix, or recalls what it did: effects and shares of cost [sample][seed], None where a member failed, and why."""
        key = self.key(intensities)
        for record in self._journal.news() if self._journal else ():
            self._known[record["key"]] = record
        if key not in self._known:
            self._begin()
            plan = schedule(self.levers.policy(intensities, "mix"), self.world, self.levers.region)
            record = {"key": key, "mix": dict(intensities), **self._measured(plan)}
            self._keep(record)
            self._known[key] = record
        else:
            self.advance(len(self._members) * self.world.quarters)
        return self._known[key]

    def key(self, intensities: Mapping[str, float]) -> str:
        """Gives the SHA-256 of all that decides what a mix does here."""
        levers = self.levers
        content = [
            code_digest(_CODE),
            world_hash(self.world),
            [parameter_hash(self.world, one) for one in self._parameters],
            self.seeds,
            self.outcome.name,
            self.window,
            levers.region,
            levers.start,
            levers.until,
            [
                [lever.instrument, lever.per, intensities[lever.instrument]]
                for lever in levers.levers
                if lever.instrument in intensities
            ],
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def _keep(self, record: dict[str, Any]) -> None:
        if self._journal is None:
            return
        try:
            self._journal.add(record)
        except OSError as error:
            raise Refused.one(f"cannot be written: {error.strerror}", file=self._journal.path, field="-o") from error

    def _begin(self) -> None:
        """Burns every member in and runs it without any instrument, once."""
        if self._nothing:
            return

        def begin(member: tuple[int, int]) -> tuple[Any, Any]:
            point, seed = member
            state = burn_in(self.world, seed=self.seeds[seed], parameters=self._parameters[point])
            self._states[member] = state
            return self._run(Schedule.empty(self.world.quarters, len(self.world.regions)), member)

        self._nothing = dict(zip(self._members, self._in_threads(begin), strict=True))
        self.advance(len(self._members) * self.world.burn_in)

    def _run(self, plan: Schedule, member: tuple[int, int]) -> Any:
        point, seed = member
        found = simulate(self.world, plan, seed=self.seeds[seed], parameters=self._parameters[point], state=self._states[member])
        self.advance(self.world.quarters)
        return found

    def _in_threads(self, work: Callable[[tuple[int, int]], Any]) -> list[Any]:
        """Does the work of every member, in threads, in order; an error is given in place of what it spoiled."""

        def caught(member: tuple[int, int]) -> Any:
            try:
                return work(member)
            except Exception as error:
                return " ".join(f"{type(error).__name__}: {error}".split())

        with ThreadPoolExecutor(self.threads, thread_name_prefix="member") as executor:
            try:
                return list(executor.map(caught, self._members))
            except BaseException:
                executor.shutdown(wait=False, cancel_futures=True)
                raise

    def _measured(self, plan: Schedule) -> dict[str, Any]:
        share = BY_NAME[_SHARE]
        recorder = Recorder(2, len(self._parameters), len(self.seeds), variables_of((self.outcome, share)))
        histories = self._in_threads(lambda member: self._run(plan, member))
        failure = ""
        for member, history in zip(self._members, histories, strict=True):
            for position, one in enumerate((self._nothing[member], history)):
                if isinstance(one, str):
                    failure = failure or f"seed {self.seeds[member[1]]}, point {member[0]}: {one}"
                else:
                    recorder.keep((position, *member), one)
        if failure:
            return {"effects": [[None]], "costs": [[None]], "failure": failure}
        result = dataset(recorder, self.world, ["none", "mix"], self.seeds, {"reference": "none"}, self._laid_out())
        region = self.levers.region
        effects = paired(result, "mix", outcome=self.outcome.name, region=region, window=self.window).values
        costs = measured(result[[*share.variables]].sel(policy="mix"), share, (0, self.world.quarters)).sel(region=region)
        spent = costs.transpose("sample", "seed").values
        if not numpy.isfinite(effects).all():
            return {"effects": [[None]], "costs": [[None]], "failure": f"{self.outcome.name} has no value in some member"}
        return {"effects": (-effects if self.outcome.better == DOWN else effects).tolist(), "costs": spent.tolist(), "failure": ""}

    def _laid_out(self) -> Samples:
        return self.samples or Samples({}, numpy.zeros((1, 0)), "points")


def _mix(intensities: Mapping[str, float], found: Mapping[str, Any], names: tuple[str, ...]) -> Mix:
    scores = scores_of(found)
    failure = "" if scores is not None else found.get("failure") or "a member has no value"
    return Mix(dict(intensities), scores, failure, names)


def _excess(trial: Any) -> tuple[float]:
    return (trial.user_attrs["excess"],)


def _by_cost(mix: Mix) -> float:
    assert mix.scores is not None
    return mix.scores.cost


@contextlib.contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    """Has Optuna say nothing, and leaves its voice as it was."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(before)
