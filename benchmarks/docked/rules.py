"""The docked model's quarter as redqueen writes its rules: one source, compiled by Cython or interpreted.

README.md states the law. Draws are addressed by (decision, quarter, lineage, index); arrays belong to NumPy, one for each
attribute of a firm; `run_quarter` releases Python's lock. The firms of a region stand side by side without gaps: where one
ends, the last of its region takes its slot. So a region is worked through while it is in the processor's cache, and
drawing a firm of it is drawing a number.
"""

import cython
import numpy

if cython.compiled:
    from cython.cimports.redqueen import draws, elementary
else:
    from redqueen import draws, elementary
    from redqueen.model.state import PlainView

# Decisions, as numbered for the draws.
PROJECT = cython.declare(cython.int, 0)
PARENT = cython.declare(cython.int, 1)
INHERITANCE = cython.declare(cython.int, 2)
# Weights are exp(taste x (quality - base)); the base moves before they could leave the range of doubles.
FURTHEST = cython.declare(cython.double, 100.0)
#: What is kept of a firm, with its type.
ATTRIBUTES = {"quality": "f8", "weight": "f8", "cash": "f8", "revenue": "f8", "lineage": "u8", "due": "i4"}
WORK_SPACE = {"listed": "i4", "fresh": "f8", "ended": "i4", "ended_lineage": "u8"}


@cython.cclass
class Firms:
    """The state of a run: `arrays` holds the NumPy arrays by name, attributes of the same names are the rules' views of them."""

    arrays = cython.declare(dict, visibility="public")
    seed = cython.declare(cython.ulonglong, visibility="public")
    quarter = cython.declare(cython.int, visibility="public")
    exits = cython.declare(cython.longlong, visibility="public")
    n_firms = cython.declare(cython.int, visibility="public")
    n_regions = cython.declare(cython.int, visibility="public")
    n_ended = cython.declare(cython.int, visibility="public")
    # By firm, at region x slots + place in the region. A project is due in the quarter in which it ends.
    slots = cython.declare(cython.int, visibility="public")
    quality = cython.declare(cython.double[::1], visibility="public")
    weight = cython.declare(cython.double[::1], visibility="public")
    cash = cython.declare(cython.double[::1], visibility="public")
    revenue = cython.declare(cython.double[::1], visibility="public")
    lineage = cython.declare(cython.ulonglong[::1], visibility="public")
    due = cython.declare(cython.int[::1], visibility="public")
    # By region: members, survivors in the regions before it, and the quality that weights are measured against.
    n_members = cython.declare(cython.int[::1], visibility="public")
    before = cython.declare(cython.int[::1], visibility="public")
    base = cython.declare(cython.double[::1], visibility="public")
    # Work space: firms that are worked on, with draws and then qualities; firms that ended.
    listed = cython.declare(cython.int[::1], visibility="public")
    fresh = cython.declare(cython.double[::1], visibility="public")
    ended = cython.declare(cython.int[::1], visibility="public")
    ended_lineage = cython.declare(cython.ulonglong[::1], visibility="public")
    # The numbers of the law, explained in law.py.
    project_quarters = cython.declare(cython.int, visibility="public")
    novelty = cython.declare(cython.double, visibility="public")
    jump = cython.declare(cython.double, visibility="public")
    tail = cython.declare(cython.double, visibility="public")
    jump_most = cython.declare(cython.double, visibility="public")
    absorbed = cython.declare(cython.double, visibility="public")
    taste = cython.declare(cython.double, visibility="public")
    materials = cython.declare(cython.double, visibility="public")
    overhead = cython.declare(cython.double, visibility="public")
    lending = cython.declare(cython.double, visibility="public")
    tax = cython.declare(cython.double, visibility="public")
    payout = cython.declare(cython.double, visibility="public")
    reserve = cython.declare(cython.double, visibility="public")
    credit = cython.declare(cython.double, visibility="public")
    first_cash = cython.declare(cython.double, visibility="public")
    loss = cython.declare(cython.double, visibility="public")

    def __init__(self, start, parameters, regions, seed):
        self.n_firms, self.n_regions, self.seed = len(start["region"]), regions, seed
        self.quarter = self.exits = self.n_ended = self.slots = 0
        for name, value in parameters.items():
            setattr(self, name, value)
        members = numpy.bincount(start["region"], minlength=regions).astype(numpy.int32)
        self.arrays = {"n_members": members, "before": numpy.zeros(regions, numpy.int32), "base": numpy.zeros(regions)}
        self.arrays |= {name: numpy.zeros(0, kind) for name, kind in ATTRIBUTES.items()}
        self.arrays |= {name: numpy.zeros(self.n_firms, kind) for name, kind in WORK_SPACE.items()}
        self.lengthen(int(members.max()))
        lineage = numpy.array([draws.founder(0, firm) for firm in range(self.n_firms)], numpy.uint64)
        given = {"lineage": lineage, "quality": start["quality"], "cash": start["cash"], "due": start["quarters_left"] - 1}
        for region in range(regions):
            first = region * self.slots
            for name, array in given.items():
                self.arrays[name][first : first + members[region]] = array[start["region"] == region]
            weigh_again(self, region, 0.0)

    def lengthen(self, needed):
        """Give every region a quarter more slots than are needed, and point the rules' views at the longer arrays."""
        slots = needed + needed // 4
        for name, kind in ATTRIBUTES.items():
            longer = numpy.zeros((self.n_regions, slots), kind)
            longer[:, : self.slots] = self.arrays[name].reshape(self.n_regions, self.slots)
            self.arrays[name] = longer.reshape(-1)
        self.slots = slots
        for name, array in self.arrays.items():
            setattr(self, name, array if cython.compiled else PlainView(array))

    def make_room(self):
        """Lengthen the regions if one of them could not take all spin-offs of the quarter."""
        if self.n_ended == self.n_firms:
            raise RuntimeError("no firm is left that could have a spin-off")
        needed = int(self.arrays["n_members"].max()) + self.n_ended
        if needed > self.slots:
            self.lengthen(needed)


@cython.ccall
def run_quarter(firms: Firms):
    """Move the firms by one quarter."""
    region: cython.int
    with cython.nogil:
        firms.n_ended = 0
        for region in range(firms.n_regions):
            learn(firms, region)
            remove(firms, region, close_books(firms, region))
    firms.make_room()
    with cython.nogil:
        found_spinoffs(firms)
    firms.exits += firms.n_ended
    firms.quarter += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def learn(firms: Firms, region: cython.int) -> cython.void:
    """Give projects that are due their result, by the qualities of the start of the quarter, and start new ones."""
    key: cython.ulonglong = draws.key(firms.seed, PROJECT, firms.quarter)
    first: cython.int = region * firms.slots
    members: cython.int = firms.n_members[region]
    ended: cython.int = list_due(firms, first, members)
    changed: cython.int = 0
    stretch: cython.double = members / (1.0 - firms.novelty)
    half_absorbed: cython.double = 0.5 * firms.absorbed
    position: cython.int
    # All draws first: the processor works on many at once, and has none to wait for when results branch.
    for position in range(ended):
        firms.fresh[position] = draws.uniform(key, firms.lineage[firms.listed[position]], 0)
    for position in range(ended):
        firm: cython.int = firms.listed[position]
        quality: cython.double = firms.quality[firm]
        gain: cython.double
        # What decides between the two is even again within each: one draw does for both.
        luck: cython.double = firms.fresh[position]
        if luck < firms.novelty:
            tail: cython.double = elementary.power(luck / firms.novelty, -1.0 / firms.tail)
            gain = min(firms.jump * (tail - 1.0), firms.jump_most)
        else:
            place: cython.int = cython.cast(cython.int, (luck - firms.novelty) * stretch)
            gap: cython.double = firms.quality[first + min(place, members - 1)] - quality
            gain = half_absorbed * (gap + abs(gap))
        firms.due[firm] = firms.quarter + firms.project_quarters
        firms.listed[changed] = firm
        firms.fresh[changed] = quality + gain
        changed += gain > 0.0
    for position in range(changed):
        set_quality(firms, region, firms.listed[position], firms.fresh[position])


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def list_due(firms: Firms, first: cython.int, members: cython.int) -> cython.int:
    """List the firms of a region whose project ends now, and give their number; without a branch, as none could be foreseen."""
    count: cython.int = 0
    quarter: cython.int = firms.quarter
    firm: cython.int
    for firm in range(first, first + members):
        firms.listed[count] = firm
        count += firms.due[firm] == quarter
    return count


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def set_quality(firms: Firms, region: cython.int, firm: cython.int, quality: cython.double) -> cython.void:
    firms.quality[firm] = quality
    exponent: cython.double = firms.taste * (quality - firms.base[region])
    firms.weight[firm] = elementary.exp(exponent)
    if exponent > FURTHEST:
        weigh_again(firms, region, quality)


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def weigh_again(firms: Firms, region: cython.int, base: cython.double) -> cython.void:
    """Weigh a region's firms against another quality; shares stay as they are."""
    first: cython.int = region * firms.slots
    firm: cython.int
    firms.base[region] = base
    for firm in range(first, first + firms.n_members[region]):
        firms.weight[firm] = elementary.exp(firms.taste * (firms.quality[firm] - base))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def close_books(firms: Firms, region: cython.int) -> cython.int:
    """Share the region's budget by weight; pay costs, interest, tax and owners; list the firms that end, and give their number."""
    listed_before: cython.int = firms.n_ended
    first: cython.int = region * firms.slots
    members: cython.int = firms.n_members[region]
    if members == 0:
        return 0
    rate: cython.double = firms.n_firms / cython.cast(cython.double, firms.n_regions) / total_weight(firms, first, members)
    materials: cython.double = firms.materials
    overhead: cython.double = firms.overhead
    reserve: cython.double = firms.reserve
    credit: cython.double = firms.credit
    # The larger of zero and x is (x + |x|) / 2: written so, as a branch could not be foreseen.
    half_lending: cython.double = 0.5 * firms.lending
    half_tax: cython.double = 0.5 * firms.tax
    half_payout: cython.double = 0.5 * firms.payout
    firm: cython.int
    for firm in range(first, first + members):
        revenue: cython.double = rate * firms.weight[firm]
        cost: cython.double = materials * revenue + overhead
        cash: cython.double = firms.cash[firm]
        profit: cython.double = revenue - cost + half_lending * (cash - abs(cash))
        cash += profit - half_tax * (profit + abs(profit))
        surplus: cython.double = cash - reserve * cost
        cash -= half_payout * (surplus + abs(surplus))
        firms.revenue[firm] = revenue
        firms.cash[firm] = cash
        if cash + credit * revenue < 0.0:
            firms.ended[firms.n_ended] = firm
            firms.ended_lineage[firms.n_ended] = firms.lineage[firm]
            firms.n_ended += 1
    return firms.n_ended - listed_before


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def total_weight(firms: Firms, first: cython.int, members: cython.int) -> cython.double:
    """Give the sum of a region's weights: four sums side by side, as one alone would wait for itself."""
    end: cython.int = first + members
    one: cython.double = 0.0
    two: cython.double = 0.0
    three: cython.double = 0.0
    four: cython.double = 0.0
    firm: cython.int
    for firm in range(first, end - 3, 4):
        one += firms.weight[firm]
        two += firms.weight[firm + 1]
        three += firms.weight[firm + 2]
        four += firms.weight[firm + 3]
    for firm in range(end - members % 4, end):
        one += firms.weight[firm]
    return (one + two) + (three + four)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def remove(firms: Firms, region: cython.int, count: cython.int) -> cython.void:
    """Take a region's firms that end from their slots, the last first, so that only survivors are moved into gaps."""
    members: cython.int = firms.n_members[region]
    position: cython.int
    for position in range(firms.n_ended - 1, firms.n_ended - 1 - count, -1):
        firm: cython.int = firms.ended[position]
        members -= 1
        last: cython.int = region * firms.slots + members
        firms.quality[firm] = firms.quality[last]
        firms.weight[firm] = firms.weight[last]
        firms.cash[firm] = firms.cash[last]
        firms.revenue[firm] = firms.revenue[last]
        firms.lineage[firm] = firms.lineage[last]
        firms.due[firm] = firms.due[last]
    firms.n_members[region] = members


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def found_spinoffs(firms: Firms) -> cython.void:
    """Found a spin-off for each firm that ended: of a survivor drawn from the world, in its region."""
    parent_key: cython.ulonglong = draws.key(firms.seed, PARENT, firms.quarter)
    inheritance_key: cython.ulonglong = draws.key(firms.seed, INHERITANCE, firms.quarter)
    survivors: cython.int = firms.n_firms - firms.n_ended
    position: cython.int
    region: cython.int
    other: cython.int
    firms.before[0] = 0
    for region in range(1, firms.n_regions):
        firms.before[region] = firms.before[region - 1] + firms.n_members[region - 1]
    for position in range(firms.n_ended):
        firms.listed[position] = draws.below(parent_key, firms.ended_lineage[position], 0, survivors)
        firms.fresh[position] = firms.loss * elementary.log(draws.uniform(inheritance_key, firms.ended_lineage[position], 0))
    # Parents before any spin-off is founded: none may be a parent in its first quarter.
    for position in range(firms.n_ended):
        region = 0
        for other in range(1, firms.n_regions):
            region += firms.listed[position] >= firms.before[other]
        parent: cython.int = region * firms.slots + firms.listed[position] - firms.before[region]
        firms.ended[position] = region
        firms.fresh[position] += firms.quality[parent]
        firms.ended_lineage[position] = draws.child(firms.lineage[parent], firms.quarter, position)
    for position in range(firms.n_ended):
        region = firms.ended[position]
        firm: cython.int = region * firms.slots + firms.n_members[region]
        firms.n_members[region] += 1
        set_quality(firms, region, firm, firms.fresh[position])
        firms.lineage[firm] = firms.ended_lineage[position]
        firms.cash[firm] = firms.first_cash
        firms.revenue[firm] = 0.0
        firms.due[firm] = firms.quarter + firms.project_quarters
