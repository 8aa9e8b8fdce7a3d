"""Test the draws on the patterns of addresses that the model uses: tests of our own, TestU01, dieharder.

`python benchmarks/battery.py` runs the tests of our own (under a minute); `--pattern NAME` picks patterns. They ask of each
stream of 64-bit words: are 16-bit cells equally full (chi-square), are words uniform (Kolmogorov-Smirnov), are neighbours
independent (chi-square of pairs at five distances), is the number of ones binomial, do repeated spacings between birthdays
follow Poisson's law, and does every bit of an address reach every bit of the draw (avalanche).

`--testu01 small|crush|big` adds a battery of TestU01 (Debian: libtestu01-0-dev, non-free; gcc), on both halves of every word
and again with the bits of each half reversed; a pattern takes a minute, hours or a night each way. `--minutes N` ends it
earlier and says how far it came, and `--tests FIRST LAST` goes on from there. `--dieharder` adds Debian's dieharder, about
ten minutes a pattern. `--pattern a_bad_generator` is a control that must fail.

Exit code 1 if a p-value is below 1e-6, or above 1 - 1e-6 in TestU01, whose tests have two sides, or dieharder says FAILED.
"""

import argparse
import contextlib
import itertools
import math
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy
from scipy import stats

from redqueen import draws
from redqueen.decisions import DECISIONS

BLOCK = 1 << 18
SMALLEST_P = 1e-6
# TestU01 calls p-values outside of these suspect; a good generator has two in a thousand of them.
SUSPECT = (0.001, 0.999)
# Number of dieharder's test and size of its tuples; left out are those that it calls suspect or not to be used.
DIEHARDER = [(test, 0) for test in (0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 15, 16, 17, 100, 101, 102, 204, 205, 206, 207, 208, 209)]
DIEHARDER += [(200, n) for n in (1, 2, 4, 8, 12)] + [(201, n) for n in (2, 3, 4, 5)] + [(202, n) for n in (2, 3, 4, 5)]
DIEHARDER += [(203, n) for n in (0, 1, 3, 7, 15, 31)]


def words(keys, identities, indices):
    """Return bits(key, identity, index) for arrays or numbers that broadcast together."""
    arrays = numpy.broadcast_arrays(
        numpy.asarray(keys, numpy.uint64), numpy.asarray(identities, numpy.uint64), numpy.asarray(indices, numpy.int32)
    )
    out = numpy.empty(arrays[0].size, numpy.uint64)
    draws.fill(*(numpy.ascontiguousarray(array).reshape(-1) for array in arrays), out)
    return out


def counts():
    """Yield blocks of the whole numbers from zero."""
    for start in itertools.count(0, BLOCK):
        yield numpy.arange(start, start + BLOCK, dtype=numpy.uint64)


def as_the_model_draws():
    """Quarter by quarter and decision by decision, 1000 firms by lineage, half of them born later, with six stages each."""
    founders = [draws.founder(n % 16, n // 16) for n in range(500)]
    firms = numpy.array(founders + [draws.child(firm, n % 100, 0) for n, firm in enumerate(founders)], numpy.uint64)[:, None]
    numbers = [number for number, *_ in DECISIONS.values()]
    for quarter in itertools.count():
        yield numpy.concatenate([words(draws.key(7, number, quarter), firms, numpy.arange(6)) for number in numbers])


def many_small_identities():
    key = draws.key(7, 100, 40)
    return (words(key, count, 0) for count in counts())


def mirrored_identities():
    """Identities that differ in their highest bits first."""
    key = draws.key(7, 100, 40)
    for count in counts():
        mirrored = numpy.zeros(BLOCK, numpy.uint64)
        for bit in range(40):
            mirrored |= ((count >> numpy.uint64(bit)) & numpy.uint64(1)) << numpy.uint64(63 - bit)
        yield words(key, mirrored, 0)


def one_identity_many_indices():
    """An index has 32 bits: a battery that reads more words than that meets the same ones again."""
    key, firm = draws.key(7, 100, 40), draws.founder(0, 0)
    return (words(key, firm, count) for count in counts())


def identities_and_indices_in_turn():
    key = draws.key(7, 100, 40)
    return (words(key, count >> numpy.uint64(3), count & numpy.uint64(7)) for count in counts())


def one_identity_many_quarters():
    firm = draws.founder(0, 0)
    return (words([draws.key(7, 100, quarter) for quarter in count.tolist()], firm, 0) for count in counts())


def one_identity_neighbouring_seeds():
    firm = draws.founder(0, 0)
    return (words([draws.key(seed, 100, 40) for seed in count.tolist()], firm, 0) for count in counts())


def two_worlds_in_turn():
    """The same firms under two neighbouring seeds, word by word."""
    keys = [draws.key(seed, 100, 40) for seed in (7, 8)]
    return (words(numpy.array(keys, numpy.uint64), count[: BLOCK // 2, None], 0) for count in counts())


def lineages():
    """The identities themselves: founders of a region and their children."""
    for count in counts():
        yield numpy.array([draws.child(draws.founder(n % 16, n // 16), n % 7, 0) for n in count.tolist()], numpy.uint64)


def a_bad_generator():
    """No draws: neighbouring multiples of an odd number, which a battery must find out."""
    return (count * numpy.uint64(0x9E3779B97F4A7C15) for count in counts())


PATTERNS = {function.__name__: function for function in (
    as_the_model_draws, many_small_identities, mirrored_identities, one_identity_many_indices, identities_and_indices_in_turn,
    one_identity_many_quarters, one_identity_neighbouring_seeds, two_worlds_in_turn, lineages,
)}
CONTROLS = {a_bad_generator.__name__: a_bad_generator}


def stream_of(pattern):
    """Return the endless blocks of words of a pattern or control."""
    return (PATTERNS | CONTROLS)[pattern]()


def take(pattern, count):
    """Return the first words of a pattern."""
    blocks, have = [], 0
    for block in stream_of(pattern):
        blocks.append(block)
        have += len(block)
        if have >= count:
            return numpy.concatenate(blocks)[:count]


def own_tests(stream):
    """Yield the name and p-value of each test of a stream of words."""
    for shift in (0, 16, 32, 48):
        cells = ((stream >> numpy.uint64(shift)) & numpy.uint64(0xFFFF)).astype(numpy.int64)
        yield f"16-bit cells at bit {shift}", stats.chisquare(numpy.bincount(cells, minlength=1 << 16)).pvalue
    yield "Kolmogorov-Smirnov", stats.kstest(stream[: 1 << 20].astype(float) / 2.0**64, "uniform").pvalue
    for distance in (1, 2, 6, 8, 1000):
        for shift in (0, 58):
            six = ((stream >> numpy.uint64(shift)) & numpy.uint64(63)).astype(numpy.int64)
            pairs = numpy.bincount(64 * six[:-distance] + six[distance:], minlength=4096)
            yield f"pairs at distance {distance}, bit {shift}", stats.chisquare(pairs).pvalue
    ones = numpy.bincount(numpy.bitwise_count(stream), minlength=65)
    expected = len(stream) * stats.binom.pmf(numpy.arange(65), 64, 0.5)
    common = expected > 20
    observed = numpy.append(ones[common], ones[~common].sum())
    yield "number of ones", stats.chisquare(observed, numpy.append(expected[common], expected[~common].sum())).pvalue
    for shift in (0, 30):
        yield f"birthday spacings, bit {shift}", birthday_spacings((stream >> numpy.uint64(shift)) & numpy.uint64((1 << 34) - 1))


def birthday_spacings(days):
    """Return the p-value of the repeats among spacings of 4096 birthdays in 2**34 days: Poisson with mean one.

    With fewer days the law holds less exactly: at 2**30 days any good generator repeats half a per cent less often.
    """
    years = days[: len(days) // 4096 * 4096].reshape(-1, 4096).astype(numpy.int64)
    spacings = numpy.sort(numpy.diff(numpy.sort(years, axis=1), axis=1), axis=1)
    repeats = int((numpy.diff(spacings, axis=1) == 0).sum())
    mean = 4096**3 / (4 * 2**34) * len(years)
    return 2 * min(stats.poisson.cdf(repeats, mean), stats.poisson.sf(repeats - 1, mean), 0.5)


def avalanche(count=1 << 16):
    """Return the p-value of the largest deviation from one half, over every flipped bit and every answering bit."""
    random = numpy.random.default_rng(5)
    keys, identities = random.integers(0, 2**64, (2, count), numpy.uint64)
    indices = random.integers(0, 2**31, count).astype(numpy.int32)
    before, largest, cells = words(keys, identities, indices), 0.0, 0
    for part, width in (("key", 64), ("identity", 64), ("index", 31)):
        for bit in range(width):
            flip = numpy.uint64(1 << bit)
            after = words(
                keys ^ flip if part == "key" else keys, identities ^ flip if part == "identity" else identities,
                indices ^ numpy.int32(1 << bit) if part == "index" else indices,
            )
            for answer in range(64):
                share = (((before ^ after) >> numpy.uint64(answer)) & numpy.uint64(1)).mean()
                largest, cells = max(largest, abs(share - 0.5) * 2 * math.sqrt(count)), cells + 1
    return 1 - (1 - 2 * stats.norm.sf(largest)) ** cells


def dieharder(pattern):
    """Yield the number, size, p-value and verdict of each of dieharder's tests on an endless stream."""
    for test, size in DIEHARDER:
        command = ["dieharder", "-g", "200", "-d", str(test), "-n", str(size), "-Y", "1"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for line in read_while_feeding(process, stream_of(pattern)).splitlines():
            columns = [column.strip() for column in line.split("|")]
            if columns[-1] in ("PASSED", "WEAK", "FAILED"):
                yield columns[0], columns[1], float(columns[-2]), columns[-1]


def compile_testu01(place):
    """Compile our program against TestU01 and return its path; end with the reason where that cannot be."""
    program, source = Path(place) / "testu01", Path(__file__).with_name("testu01.c")
    errors = "there is no gcc"
    # Debian renames two of the libraries.
    for libraries in (["-ltestu01", "-ltestu01probdist", "-ltestu01mylib", "-lm"], ["-ltestu01", "-lprobdist", "-lmylib", "-lm"]):
        if shutil.which("gcc"):
            made = subprocess.run(["gcc", "-O2", "-o", program, source, *libraries], capture_output=True, text=True)
            if made.returncode == 0:
                return program
            errors = made.stderr
    sys.exit(f"TestU01 cannot be run (Debian: apt-get install gcc libtestu01-0-dev, the latter in non-free):\n{errors}")


def testu01(program, battery, pattern, order, tests, minutes):
    """Return the name and p-value of each statistic of a battery of TestU01, the words that it read, and if it came to its end."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([program, battery, order, *tests], **pipes)
    deadline = time.monotonic() + 60 * minutes
    blocks = itertools.takewhile(lambda block: time.monotonic() < deadline, stream_of(pattern))
    lines = [line.split("\t") for line in read_while_feeding(process, blocks).splitlines()]
    # Exit code 2 says that the words ran out, which they only do when we stop.
    if process.returncode not in (0, 2):
        raise RuntimeError(f"TestU01 ended with {process.returncode} on {pattern}")
    results = [(line[1], float(line[2])) for line in lines if line[0] == "p-value"]
    return results, int(lines[-1][1]) if lines else 0, process.returncode == 0


def read_while_feeding(process, blocks):
    """Feed blocks of words to a process until it ends, and return what it wrote."""
    written = []
    # What it writes is taken away meanwhile, lest it wait for us while we wait for it.
    reader = threading.Thread(target=lambda: written.append(process.stdout.read()))
    reader.start()
    with contextlib.suppress(BrokenPipeError):
        for block in blocks:
            process.stdin.write(block.tobytes())
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    reader.join()
    process.wait()
    return written[0].decode()


def run_own_tests(patterns, count):
    """Print what the tests of our own find, and return the number of failures."""
    failures, values = 0, []
    for pattern in patterns:
        results = list(own_tests(take(pattern, count)))
        values += [p for _, p in results]
        name, smallest = min(results, key=lambda result: result[1])
        failures += sum(p < SMALLEST_P for _, p in results)
        print(f"{pattern}: {len(results)} tests, smallest p {smallest:.2g} ({name})", flush=True)
    p = avalanche()
    failures += p < SMALLEST_P
    print(f"avalanche: p {p:.2g}")
    print(f"all {len(values)} p-values against uniform: p {stats.kstest(values, 'uniform').pvalue:.2g}", flush=True)
    return failures


def run_testu01(patterns, battery, orders, tests, minutes):
    """Print what a battery of TestU01 finds, and return the number of failures."""
    failures, values = 0, []
    with tempfile.TemporaryDirectory() as place:
        program = compile_testu01(place)
        for pattern, order in itertools.product(patterns, orders):
            start = time.perf_counter()
            results, count, ended = testu01(program, battery, pattern, order, tests, minutes)
            suspect = [(name, p) for name, p in results if not SUSPECT[0] < p < SUSPECT[1]]
            failed = sum(min(p, 1 - p) < SMALLEST_P for _, p in results)
            for name, p in suspect:
                print(f"{pattern}: TestU01 {battery}, {order}: {name} p {p:.6g}")
            print(
                f"{pattern}: TestU01 {battery}, {order}: {len(results)} statistics, {len(suspect)} suspect, {failed} failed, "
                f"{count / 1e6:.0f} million words in {time.perf_counter() - start:.0f} s"
                + ("" if ended else f"; stopped after {results[-1][0] if results else 'no test'}"), flush=True,
            )
            failures += failed
            values += [p for _, p in results]
    outside, by_chance = sum(not SUSPECT[0] < p < SUSPECT[1] for p in values), len(values) * (1 - SUSPECT[1] + SUSPECT[0])
    print(f"TestU01 {battery}: {len(values)} p-values, {outside} suspect where chance gives {by_chance:.1f}", flush=True)
    return failures


def run_dieharder(patterns):
    """Print what dieharder finds, and return the number of failures."""
    failures = 0
    if not shutil.which("dieharder"):
        sys.exit("dieharder is not installed (Debian: apt-get install dieharder)")
    for pattern in patterns:
        start, verdicts = time.perf_counter(), []
        for test, size, p, verdict in dieharder(pattern):
            verdicts.append(verdict)
            if verdict != "PASSED":
                print(f"{pattern}: dieharder {test}, {size}: p {p:.3g} {verdict}", flush=True)
        failures += verdicts.count("FAILED")
        tally = ", ".join(f"{verdicts.count(kind)} {kind}" for kind in ("PASSED", "WEAK", "FAILED"))
        print(f"{pattern}: dieharder {tally} in {time.perf_counter() - start:.0f} s", flush=True)
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pattern", action="append", choices=PATTERNS | CONTROLS, help="a pattern of addresses (default: all)")
    parser.add_argument("--words", type=int, default=1 << 22, help="words of each stream for our own tests (0: none)")
    parser.add_argument("--testu01", choices=("small", "crush", "big"), help="run a battery of TestU01 as well")
    orders = ("forward", "reversed")
    parser.add_argument("--order", choices=orders, action="append", help="order of bits for TestU01 (default: both)")
    parser.add_argument("--tests", nargs=2, default=(), metavar=("FIRST", "LAST"), help="only these tests of TestU01, by number")
    parser.add_argument("--minutes", type=float, default=math.inf, help="end each run of TestU01 after so long")
    parser.add_argument("--dieharder", action="store_true", help="run dieharder as well")
    options = parser.parse_args()
    patterns, failures = options.pattern or list(PATTERNS), 0
    if options.words:
        failures += run_own_tests(patterns, options.words)
    if options.testu01:
        failures += run_testu01(patterns, options.testu01, options.order or orders, options.tests, options.minutes)
    if options.dieharder:
        failures += run_dieharder(patterns)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
