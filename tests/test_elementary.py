"""The elementary functions keep their stated error bounds and the same bits interpreted; the oracle is mpmath."""

import math
import random

import mpmath
import pytest

from redqueen import elementary

POINTS = 3000
INFINITY, NAN = math.inf, math.nan


def largest_error(function, truth, arguments):
    """Return the largest error over argument tuples, in ulp of the true value."""
    with mpmath.workprec(200):
        errors = []
        for argument in arguments:
            true = truth(*(mpmath.mpf(value) for value in argument))
            errors.append(abs(mpmath.mpf(function(*argument)) - true) / math.ulp(float(true)))
        return float(max(errors))


def spread(low, high, seed=1, count=POINTS):
    draw = random.Random(seed)
    return [(draw.uniform(low, high),) for _ in range(count)]


def powers_of_ten(low, high, seed=1, count=POINTS):
    return [(10.0**exponent,) for (exponent,) in spread(low, high, seed, count)]


@pytest.mark.parametrize("low, high, bound", [(-0.4, 0.4, 0.75), (-30.0, 30.0, 0.75), (-708.0, 709.7, 0.75), (-745.0, -708.0, 1.0)])
def test_exp_is_within_its_bound(low, high, bound):
    assert largest_error(elementary.exp, mpmath.exp, spread(low, high)) < bound


def test_log_is_within_one_ulp():
    near_one = [(1.0 + sign * distance,) for (distance,) in powers_of_ten(-15.9, -1) for sign in (-1, 1)]
    for arguments in (spread(0.5, 2.0), near_one, powers_of_ten(-307, 308), powers_of_ten(-323, -308, count=300)):
        assert largest_error(elementary.log, mpmath.log, arguments) < 1.0


@pytest.mark.parametrize("size", [1.0, 10.0, 100.0, 700.0])
def test_power_is_within_its_bound(size):
    draw = random.Random(2)
    bases = [base for (base,) in spread(0.5, 2.0, 3, POINTS // 2) + powers_of_ten(-6, 6, 4, POINTS // 2)]
    arguments = [(base, draw.uniform(-size, size) / math.log(base)) for base in bases]
    assert largest_error(elementary.power, mpmath.power, arguments) < 1.0 + size / 2.0


def test_cos_is_within_one_ulp_away_from_its_zeros():
    arguments = [(x,) for (x,) in spread(-7.0, 7.0) + spread(-1e6, 1e6) if abs(math.cos(x)) > 1e-6]
    assert largest_error(elementary.cos, mpmath.cos, arguments) < 1.0


def test_cos_is_nearly_exact_at_its_zeros():
    with mpmath.workprec(200):
        zeros = [float((k + mpmath.mpf(0.5)) * mpmath.pi) for k in range(0, 318309, 101)]
        assert max(abs(mpmath.mpf(elementary.cos(x)) - mpmath.cos(mpmath.mpf(x))) for x in zeros) < 1e-22


def test_sqrt_is_correctly_rounded():
    assert largest_error(elementary.sqrt, mpmath.sqrt, powers_of_ten(-300, 300)) <= 0.5


@pytest.mark.parametrize("function, argument, value", [
    (elementary.exp, 0.0, 1.0), (elementary.exp, -0.0, 1.0), (elementary.exp, INFINITY, INFINITY), (elementary.exp, -INFINITY, 0.0),
    (elementary.exp, 709.79, INFINITY), (elementary.exp, -745.14, 0.0), (elementary.exp, NAN, NAN),
    (elementary.log, 1.0, 0.0), (elementary.log, 0.0, -INFINITY), (elementary.log, -0.0, -INFINITY), (elementary.log, -1.0, NAN),
    (elementary.log, INFINITY, INFINITY), (elementary.log, -INFINITY, NAN), (elementary.log, NAN, NAN),
    (elementary.cos, 0.0, 1.0), (elementary.cos, 1.1e6, NAN), (elementary.cos, INFINITY, NAN), (elementary.cos, NAN, NAN),
    (elementary.sqrt, 0.0, 0.0), (elementary.sqrt, -1.0, NAN), (elementary.sqrt, INFINITY, INFINITY), (elementary.sqrt, NAN, NAN),
])
def test_special_values(function, argument, value):
    assert function(argument) == value or (math.isnan(value) and math.isnan(function(argument)))


@pytest.mark.parametrize("base, exponent, value", [
    (2.0, 10.0, 1024.0), (0.0, 0.0, 1.0), (NAN, 0.0, 1.0), (1.0, NAN, 1.0), (0.0, 2.0, 0.0), (0.0, -2.0, INFINITY),
    (-1.0, 2.0, NAN), (2.0, NAN, NAN), (NAN, 2.0, NAN), (INFINITY, 2.0, INFINITY), (INFINITY, -2.0, 0.0), (2.0, INFINITY, INFINITY),
    (0.5, INFINITY, 0.0), (2.0, -INFINITY, 0.0), (0.5, -INFINITY, INFINITY), (10.0, 400.0, INFINITY), (10.0, -400.0, 0.0),
    (2.0, 1e300, INFINITY), (2.0, -1e300, 0.0),
])
def test_special_powers(base, exponent, value):
    result = elementary.power(base, exponent)
    assert result == value or (math.isnan(value) and math.isnan(result))


EVERY_FUNCTION = """
import hashlib, random, struct
from redqueen import elementary
draw, seen = random.Random(6), hashlib.sha256()
def see(*values):
    seen.update(struct.pack(f"<{len(values)}d", *values))
for _ in range(3000):
    x = 10.0 ** draw.uniform(-320, 308)
    see(elementary.exp(draw.uniform(-760, 720)), elementary.log(x), elementary.sqrt(x), elementary.cos(draw.uniform(-1e6, 1e6)))
    see(elementary.power(x, draw.uniform(-2, 2)), elementary.power(draw.uniform(0, 4), draw.uniform(-50, 50)))
infinity = float("inf")
for x in (0.0, infinity, 1.0, 5e-324, 1e308, 709.782712893384, 709.7827128933841, -745.1332191019412):
    see(elementary.exp(x), elementary.log(abs(x)), elementary.power(abs(x), 0.5), elementary.power(2.718281828459045, x))
print(elementary.__file__.endswith(".py"), seen.hexdigest())
"""


def test_compiled_equals_interpreted_bit_for_bit(interpreted, compiled):
    interpreted_says, same = interpreted(EVERY_FUNCTION).split()
    compiled_says, bits = compiled(EVERY_FUNCTION).split()
    assert (interpreted_says, compiled_says) == ("True", "False")
    assert bits == same
