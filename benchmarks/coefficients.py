"""Derive the coefficients that stand in elementary.py and draws.py, print them, and say which do not stand there.

Each approximation interpolates its function in 60-digit arithmetic; the points of interpolation move until the
weighted error is level between them, which makes it (nearly) the best of its degree. Run:
`python benchmarks/coefficients.py`
"""

import sys
from pathlib import Path

import mpmath

mpmath.mp.dps = 60


def rational(function, low, high, above, below, weight):
    """Return coefficients, constant first, of P and Q (Q's constant is one), and log2 of the largest weighted error of P/Q."""
    count = above + below + 1
    cuts = [(1 - mpmath.cos(mpmath.pi * (2 * i + 1) / (2 * count))) / 2 for i in range(count)]
    gaps = [end - start for start, end in zip([mpmath.mpf(0)] + cuts, cuts + [mpmath.mpf(1)])]
    best = None
    for _ in range(40):
        points = [low + (high - low) * mpmath.fsum(gaps[: i + 1]) for i in range(count)]
        top, bottom = interpolate(function, points, above, below)
        errors = []
        for start, end in zip([low] + points, points + [high]):
            inside = [start + (end - start) * step / 8 for step in range(9)]
            errors.append(max(abs((ratio(top, bottom, x) - function(x)) * weight(x)) for x in inside))
        if best is None or max(errors) < best[0]:
            best = (max(errors), top, bottom)
        gaps = [gap * (error / max(errors) + mpmath.mpf("1e-9")) ** mpmath.mpf("-0.15") for gap, error in zip(gaps, errors)]
        gaps = [gap / mpmath.fsum(gaps) for gap in gaps]
    return best[1], best[2], mpmath.log(best[0], 2)


def interpolate(function, points, above, below):
    """Return the P and Q with P/Q = `function` at the points."""
    rows, values = mpmath.matrix(len(points)), mpmath.matrix(len(points), 1)
    for row, point in enumerate(points):
        value = function(point)
        for power in range(above + 1):
            rows[row, power] = point**power
        for power in range(1, below + 1):
            rows[row, above + power] = -value * point**power
        values[row] = value
    solution = list(mpmath.lu_solve(rows, values))
    return solution[: above + 1], [mpmath.mpf(1)] + solution[above + 1 :]


def ratio(top, bottom, point):
    return mpmath.polyval(top[::-1], point) / mpmath.polyval(bottom[::-1], point)


def exponential_tail(r):
    """(exp(r) - 1 - r - r**2 / 2) / r**3"""
    return sum(r**n / mpmath.factorial(n + 3) for n in range(40))


def logarithm_tail(z):
    """(2 atanh(s) - 2 s) / s**3 with z = s**2"""
    return 2 * sum(z**n / (2 * n + 3) for n in range(60))


def cosine_tail(z):
    """(cos(x) - 1 + x**2 / 2) / x**4 with z = x**2"""
    return sum((-1) ** n * z**n / mpmath.factorial(2 * n + 4) for n in range(30))


def sine_tail(z):
    """(sin(x) - x) / x**3 with z = x**2"""
    return sum((-1) ** (n + 1) * z**n / mpmath.factorial(2 * n + 3) for n in range(30))


def normal_quantile(p):
    """The standard normal quantile of p below one half, by Newton steps on log p."""
    if p == mpmath.mpf(1) / 2:
        return mpmath.mpf(0)
    x = -mpmath.sqrt(2) * mpmath.erfinv(1 - 2 * p) if p > mpmath.mpf(10) ** -4 else -mpmath.sqrt(-2 * mpmath.log(p))
    for _ in range(60):
        cumulative = mpmath.erfc(-x / mpmath.sqrt(2)) / 2
        step = mpmath.log(cumulative / p) * cumulative / mpmath.npdf(x)
        x -= step
        if abs(step) < abs(x) * mpmath.mpf(10) ** -45:
            break
    return x


def normal_middle(r):
    """quantile(1/2 + q) / q with r = 0.4**2 - q**2"""
    q = mpmath.sqrt(abs(MIDDLE - r))
    return mpmath.sqrt(2 * mpmath.pi) if q < mpmath.mpf(10) ** -25 else -normal_quantile(mpmath.mpf(1) / 2 - q) / q


def normal_tail(w):
    """The normal deviate exceeded with probability exp(-(w + 1.5)**2)"""
    return -normal_quantile(mpmath.exp(-((w + FAR) ** 2)))


MIDDLE, FAR = mpmath.mpf("0.16"), mpmath.mpf("1.5")
LN2, PI = mpmath.log(2), mpmath.pi
TABLE = [
    # name, function, low, high, degree above, degree below, weight of the error
    ("EXP", exponential_tail, -LN2 / 2, LN2 / 2, 8, 0, lambda r: r**3),
    ("LOG", logarithm_tail, mpmath.mpf(0), (3 - 2 * mpmath.sqrt(2)) ** 2, 6, 0, lambda z: z),
    ("COS", cosine_tail, mpmath.mpf(0), (PI / 4) ** 2, 5, 0, lambda z: z**2),
    ("SIN", sine_tail, mpmath.mpf(0), (PI / 4) ** 2, 5, 0, lambda z: z),
    ("MIDDLE", normal_middle, mpmath.mpf(0), MIDDLE, 6, 6, lambda z: 1 / normal_middle(z)),
    ("TAIL", normal_tail, mpmath.mpf(0), mpmath.mpf("4.6"), 7, 7, lambda w: 1 / normal_tail(w)),
]


# name, value, number of parts; all parts but the last have 32 or 30 bits, so that their small multiples are exact
CONSTANTS = [("LOG_TWO", LN2, 2, 32), ("TURN", PI / 2, 3, 30)]
SOURCES = [Path(__file__).parents[1] / "src" / "redqueen" / name for name in ("elementary.py", "draws.py")]


def parts_of(value, count, bits):
    """Return a value as doubles of decreasing size that add up to it."""
    parts = []
    for _ in range(count - 1):
        scale = mpmath.mpf(2) ** (bits - 1 - mpmath.floor(mpmath.log(value, 2)))
        parts.append(mpmath.floor(value * scale) / scale)
        value -= parts[-1]
    return [*parts, value]


def main():
    written = "".join(source.read_text(encoding="utf-8") for source in SOURCES)
    missing = 0
    for name, function, low, high, above, below, weight in TABLE:
        top, bottom, error = rational(function, low, high, above, below, weight)
        print(f"# {name}: error 2**{mpmath.nstr(error, 4)}")
        named = [(f"{name}_{power}", value) for power, value in enumerate(top)]
        named += [(f"{name}_UNDER_{power}", value) for power, value in enumerate(bottom[1:], 1)]
        missing += show(named, written)
    for name, value, count, bits in CONSTANTS:
        missing += show([(f"{name}_{part}", piece) for part, piece in enumerate(parts_of(value, count, bits))], written)
    print(f"{missing} of them do not stand in the sources")
    return 1 if missing else 0


def show(named, written):
    """Print named values and return how many of them are not written in a text."""
    missing = 0
    for name, value in named:
        stands = repr(float(value)) in written
        missing += not stands
        print(f"{name} = {float(value)!r}" + ("" if stands else "  # not in the sources"))
    return missing


if __name__ == "__main__":
    sys.exit(main())
