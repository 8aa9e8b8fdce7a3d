"""Exponential, logarithm, power, cosine and square root with the same bits on every processor.

The C library's versions differ between processors. These use only + - * /, comparisons and exact scalings by powers
of two, in one written order, and are compiled without fused multiply-add; so compiled and interpreted agree too.
The polynomials come from benchmarks/coefficients.py. One ulp is the spacing of doubles at the true value; the bounds
stated are checked against mpmath in tests/test_elementary.py.
"""

import cython

if cython.compiled:
    from cython.cimports.libc.math import sqrt as square_root
else:
    from math import frexp, ldexp
    from math import sqrt as square_root

INFINITY = cython.declare(cython.double, float("inf"))
NOT_A_NUMBER = cython.declare(cython.double, float("nan"))
# Adding and taking away 1.5 * 2**52 rounds to the nearest whole number.
ROUNDER = cython.declare(cython.double, 6755399441055744.0)
# Logarithm of two and half of pi in parts: all but the last are short, so that their small multiples are exact.
LOG_TWO_HIGH = cython.declare(cython.double, 0.6931471803691238)
LOG_TWO_LOW = cython.declare(cython.double, 1.9082149292705877e-10)
TURN_HIGH = cython.declare(cython.double, 1.570796325802803)
TURN_MIDDLE = cython.declare(cython.double, 9.920935791635221e-10)
TURN_LOW = cython.declare(cython.double, 5.170182981794105e-19)
# A double seen as its bits: sign, 11 bits of exponent, 52 of fraction. Interpreted code asks frexp and ldexp instead.
Number = cython.union(value=cython.double, word=cython.ulonglong)
ROOT_OF_HALF = cython.declare(cython.double, 0.7071067811865476)
BITS_OF_ROOT_OF_HALF = cython.declare(cython.longlong, 0x3FE6A09E667F3BCD)
LARGEST_EXPONENT = cython.declare(cython.double, 709.782712893384)
SMALLEST_EXPONENT = cython.declare(cython.double, -745.1332191019412)
LARGEST_ANGLE = cython.declare(cython.double, 1e6)


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def exp(x: cython.double) -> cython.double:
    """Return e to the power x.

    Error: below 0.75 ulp (below 1 for results under 2.3e-308). Infinity above 709.79, zero below -745.13, NaN for NaN.
    """
    return exponential(x, 0.0)


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def log(x: cython.double) -> cython.double:
    """Return the natural logarithm of x.

    Error: below 1 ulp. Minus infinity at zero, NaN below zero and for NaN.
    """
    if not 0.0 < x < INFINITY:
        if x == 0.0:
            return -INFINITY
        return x if x > 0.0 else NOT_A_NUMBER
    parts: tuple[cython.double, cython.double] = logarithm(x)
    return parts[0] + parts[1]


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def power(x: cython.double, y: cython.double) -> cython.double:
    """Return x to the power y for x at or above zero.

    Error: below 1 + |y log(x)| / 2 ulp. power(x, 0) and power(1, y) are one; NaN for x below zero and for NaN.
    """
    if y == 0.0 or x == 1.0:
        return 1.0
    if not 0.0 < x < INFINITY or not -INFINITY < y < INFINITY:
        return power_at_the_edge(x, y)
    parts: tuple[cython.double, cython.double] = logarithm(x)
    high: cython.double = parts[0] + parts[1]
    low: cython.double = parts[1] - (high - parts[0])
    product: cython.double = y * high
    if not -1000.0 < product < 1000.0:
        return INFINITY if product > 0.0 else 0.0
    # The product's rounding error, from halves of 26 bits whose products are exact.
    y_high: cython.double = upper_half(y)
    y_low: cython.double = y - y_high
    log_high: cython.double = upper_half(high)
    log_low: cython.double = high - log_high
    error: cython.double = ((y_high * log_high - product) + (y_high * log_low + y_low * log_high)) + y_low * log_low
    return exponential(product, error + y * low)


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def cos(x: cython.double) -> cython.double:
    """Return the cosine of x radians, for x between -1e6 and 1e6; NaN outside.

    Error: below 1 ulp where the cosine exceeds 1e-6 in size, below 1e-22 in size nearer to its zeros.
    """
    if not -LARGEST_ANGLE <= x <= LARGEST_ANGLE:
        return NOT_A_NUMBER
    turns: cython.double = (x * 0.6366197723675814 + ROUNDER) - ROUNDER
    quadrant: cython.int = cython.cast(cython.int, turns) & 3
    first: cython.double = x - turns * TURN_HIGH
    second: cython.double = first - turns * TURN_MIDDLE
    r: cython.double = second - turns * TURN_LOW
    rest: cython.double = ((second - r) - turns * TURN_LOW) + ((first - second) - turns * TURN_MIDDLE)
    z: cython.double = r * r
    value: cython.double
    whole: cython.double
    if quadrant & 1 == 0:
        value = 0.0416666666666666 + z * (-0.0013888888888874136 + z * (2.480158728949081e-05 + z * (
            -2.7557314355140626e-07 + z * (2.0875723684611315e-09 + z * -1.1359670173450727e-11))))
        whole = 1.0 - 0.5 * z
        value = whole + (((1.0 - whole) - 0.5 * z) + (z * z * value - r * rest))
    else:
        value = -0.16666666666666632 + z * (0.008333333333322429 + z * (-0.00019841269829817598 + z * (
            2.7557313695144335e-06 + z * (-2.505075861367511e-08 + z * 1.5896824488447167e-10))))
        value = r + (r * z * value + rest * (1.0 - 0.5 * z))
    return -value if quadrant == 1 or quadrant == 2 else value


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def sqrt(x: cython.double) -> cython.double:
    """Return the square root of x, correctly rounded; NaN below zero and for NaN."""
    return square_root(x) if x >= 0.0 else NOT_A_NUMBER


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def exponential(x: cython.double, small: cython.double) -> cython.double:
    """Return exp(x + small), where small is at most a few ulp of x."""
    if not SMALLEST_EXPONENT <= x <= LARGEST_EXPONENT:
        if x > 0.0:
            return INFINITY
        return 0.0 if x < 0.0 else x
    if x == LARGEST_EXPONENT and small > 0.0:
        return INFINITY
    doublings: cython.double = (x * 1.4426950408889634 + ROUNDER) - ROUNDER
    high: cython.double = x - doublings * LOG_TWO_HIGH
    low: cython.double = doublings * LOG_TWO_LOW - small
    r: cython.double = high - low
    rest: cython.double = (high - r) - low
    z: cython.double = r * r
    tail: cython.double = (0.16666666666666685 + r * 0.04166666666660298) + z * (
        (0.008333333333314314 + r * 0.0013888888927201274) + z * (
            (0.00019841269904211485 + r * 2.4801508169242426e-05) + z * (
                (2.7557226617362144e-06 + r * 2.7625390899103246e-07) + z * 2.5114945254573733e-08)))
    one_and_r: cython.double = 1.0 + r
    rest = rest + (r - (one_and_r - 1.0))
    fraction: cython.double = one_and_r + (rest + (0.5 * z + z * r * tail))
    exponent: cython.int = cython.cast(cython.int, doublings)
    if exponent > 1023:
        return fraction * power_of_two(1023) * 2.0
    if exponent < -1021:
        return fraction * power_of_two(exponent + 100) * power_of_two(-100)
    return fraction * power_of_two(exponent)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def logarithm(x: cython.double) -> tuple[cython.double, cython.double]:
    """Return log(x) as a large part and a remainder, for x positive and finite."""
    exponent: cython.int = 0
    if x < 2.2250738585072014e-308:
        x = x * 18014398509481984.0
        exponent = -54
    # Take out a power of two that leaves x between the root of a half and the root of two.
    doublings: cython.int
    if cython.compiled:
        number: Number
        number.value = x
        doublings = cython.cast(cython.int, (cython.cast(cython.longlong, number.word) - BITS_OF_ROOT_OF_HALF) >> 52)
        number.word = number.word - (cython.cast(cython.ulonglong, doublings) << 52)
        x = number.value
    else:
        x, doublings = frexp(x)
        if x < ROOT_OF_HALF:
            x, doublings = 2.0 * x, doublings - 1
    exponent = exponent + doublings
    f: cython.double = x - 1.0
    s: cython.double = f / (2.0 + f)
    z: cython.double = s * s
    w: cython.double = z * z
    tail: cython.double = z * (
        ((0.6666666666666734 + z * 0.3999999999941486) + w * (0.28571428742386223 + z * 0.22222198572045362))
        + w * w * ((0.18183564406777739 + z * 0.153140482436513) + w * 0.1479597507804653))
    # log(1 + f) = f - s * (f - tail); the large part is summed with f without error.
    scaled: cython.double = exponent * LOG_TWO_HIGH
    large: cython.double = scaled + f
    return large, (f - (large - scaled)) + (exponent * LOG_TWO_LOW - s * (f - tail))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def power_of_two(exponent: cython.int) -> cython.double:
    """Return 2**exponent, for exponents from -1022 to 1023."""
    if cython.compiled:
        number: Number
        number.word = cython.cast(cython.ulonglong, exponent + 1023) << 52
        return number.value
    else:
        return ldexp(1.0, exponent)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def upper_half(x: cython.double) -> cython.double:
    """Return x rounded to 26 bits (for x below 1e300)."""
    scaled: cython.double = 134217729.0 * x
    return scaled - (scaled - x)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def power_at_the_edge(x: cython.double, y: cython.double) -> cython.double:
    """Return power(x, y) where x is zero, negative, infinite or NaN, or y is infinite or NaN."""
    if x != x or y != y or x < 0.0:
        return NOT_A_NUMBER
    return INFINITY if (x > 1.0) == (y > 0.0) else 0.0
