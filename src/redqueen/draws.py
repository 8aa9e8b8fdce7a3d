"""Draw random numbers that are addressed, not queued.

A draw is a pure function of (seed, decision, quarter, identity, index): no draw moves any other, so one more firm, or one
more decision, changes nobody else's luck, and threads need no order. A loop computes its `key` once, from the seed,
the decision (decisions.py) and the quarter; `identity` is a firm's lineage identity or any whole number below 2**64, and
`index` tells apart several draws of one decision. Every bit of key, identity and index reaches every bit of the draw:
three multiplications with shifts between them, and a battery of tests on the patterns the model uses
(benchmarks/battery.py).
"""

import cython

if cython.compiled:
    from cython.cimports.redqueen.elementary import log, sqrt
else:
    from redqueen.elementary import log, sqrt

# Odd 64-bit constants with about half of their bits set; the mask keeps the interpreted form to 64 bits.
MASK = cython.declare(cython.ulonglong, 0xFFFFFFFFFFFFFFFF)
LOWER = cython.declare(cython.ulonglong, 0xFFFFFFFF)
STEP = cython.declare(cython.ulonglong, 0x9E3779B97F4A7C15)
FIRST = cython.declare(cython.ulonglong, 0xD1342543DE82EF95)
SECOND = cython.declare(cython.ulonglong, 0xBF58476D1CE4E5B9)
THIRD = cython.declare(cython.ulonglong, 0x94D049BB133111EB)
SEED_SALT = cython.declare(cython.ulonglong, 0x243F6A8885A308D3)
CHILD_SALT = cython.declare(cython.ulonglong, 0x13198A2E03707344)
FOUNDER_SALT = cython.declare(cython.ulonglong, 0xA4093822299F31D0)
UNIT = cython.declare(cython.double, 2.220446049250313e-16)


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def key(seed: cython.ulonglong, decision: cython.int, quarter: cython.int) -> cython.ulonglong:
    """Return the key of a decision in a quarter under a seed; quarters may be negative (burn-in)."""
    return scramble(scramble(seed, SEED_SALT, 0), decision, quarter)


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def bits(key: cython.ulonglong, identity: cython.ulonglong, index: cython.int) -> cython.ulonglong:
    """Return 64 random bits."""
    return scramble(key, identity, index)


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def uniform(key: cython.ulonglong, identity: cython.ulonglong, index: cython.int) -> cython.double:
    """Return a number strictly between zero and one.

    One of 2**52 equally likely values, (k + 1/2) / 2**52: never zero or one, and u and 1 - u are equally likely.
    """
    return (cython.cast(cython.longlong, scramble(key, identity, index) >> 12) + 0.5) * UNIT


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def below(key: cython.ulonglong, identity: cython.ulonglong, index: cython.int, n: cython.int) -> cython.int:
    """Return a whole number from 0 to n - 1, for n of at least one.

    The top of the 96-bit product of n and 64 random bits: no value's probability is off 1/n by more than 2**-64.
    """
    random: cython.ulonglong = scramble(key, identity, index)
    count: cython.ulonglong = cython.cast(cython.ulonglong, n)
    return cython.cast(cython.int, ((random >> 32) * count + ((random & LOWER) * count >> 32)) >> 32)


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def normal(key: cython.ulonglong, identity: cython.ulonglong, index: cython.int) -> cython.double:
    """Return a standard normal number: the quantile of the uniform draw with the same address.

    Rising in that uniform draw and symmetric; between -8.21 and 8.21.
    """
    return quantile(uniform(key, identity, index))


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def quantile(u: cython.double) -> cython.double:
    """Return the standard normal number below which a share u of all lie, for u strictly between zero and one.

    Relative error: below 3e-15. Rational functions of u (middle) and of the root of -log(u) (tails).
    """
    q: cython.double = u - 0.5
    r: cython.double
    if -0.4 <= q <= 0.4:
        r = 0.16 - q * q
        return q * (3.203878913861499 + r * (85.53346610730371 + r * (821.7077131947642 + r * (
            3448.2175350038838 + r * (6098.778335983293 + r * (3612.8381137454458 + r * 323.1917113984793)))))
        ) / (1.0 + r * (29.129621955456695 + r * (313.37667561771167 + r * (1534.1413375424188 + r * (
            3399.2981872809733 + r * (2927.901205920755 + r * 626.5195877019543))))))
    r = sqrt(-log(u if q < 0.0 else 1.0 - u)) - 1.5
    r = (1.2513729290570328 + r * (4.503115168394628 + r * (6.1428166567326405 + r * (4.235767516322515 + r * (
        1.6002983974721703 + r * (0.32637763311683643 + r * (0.032151129533774275 + r * 0.0011113884841160817))))))
    ) / (1.0 + r * (2.2127410282788786 + r * (1.9555734935766498 + r * (0.8708597549989466 + r * (
        0.2005321173160486 + r * (0.02156487521724225 + r * (0.0007857507290375426 + r * 1.2396189272273116e-09)))))))
    return -r if q < 0.0 else r


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def child(parent: cython.ulonglong, quarter: cython.int, order: cython.int) -> cython.ulonglong:
    """Return the lineage identity of the order-th firm born of a parent in a quarter.

    The parent may be a firm, or any fixed number that stands for a place. The seed plays no part.
    """
    return scramble(scramble(parent, CHILD_SALT, 0), quarter, order)


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def founder(region: cython.ulonglong, n: cython.int) -> cython.ulonglong:
    """Return the lineage identity of the n-th initial firm of a region (any fixed number that stands for it)."""
    return scramble(scramble(region, FOUNDER_SALT, 0), n, 0)


@cython.ccall
def fill(
    keys: cython.ulonglong[::1], identities: cython.ulonglong[::1], indices: cython.int[::1], out: cython.ulonglong[::1]
) -> None:
    """Fill `out` with bits(keys[i], identities[i], indices[i]), for arrays of one length."""
    i: cython.Py_ssize_t
    with cython.nogil:
        for i in range(out.shape[0]):
            out[i] = scramble(keys[i], identities[i], indices[i])


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def scramble(a: cython.ulonglong, b: cython.ulonglong, c: cython.ulonglong) -> cython.ulonglong:
    """Mix three words into one; with any two held, the third maps one to one. Negative words count from 2**64 down."""
    if not cython.compiled:
        a, b, c = int(a) & MASK, int(b) & MASK, int(c) & MASK
    x: cython.ulonglong = a ^ b
    x = ((x ^ (x >> 32)) * FIRST) & MASK
    x = ((x ^ (x >> 29)) + c * STEP) & MASK
    x = ((x ^ (x >> 30)) * SECOND) & MASK
    x = ((x ^ (x >> 27)) * THIRD) & MASK
    return x ^ (x >> 31)
