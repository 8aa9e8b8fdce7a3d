"""Measure how fast, and in how much memory, a folder as large as BACI is read.

`python benchmarks/baci.py` writes a made-up folder of BACI's layout (3 GB unless --size says otherwise) where temporary files
go, reads it in four ways, each in a process of its own, and takes it away: checked through (`redqueen read FOLDER`), kept as
Parquet (`redqueen read FOLDER -o`), summed over partners into memory (what `redqueen diagnose` works on), and the kept file
summed the same way. It prints seconds, megabytes of input a second and the peak of memory of each process. `--parsers` compares
Arrow with DuckDB on one of the files.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
import pyarrow
import pyarrow.csv
import pycountry

FIRST_YEAR = 1995
N_PRODUCTS = 5000
ROWS_A_YEAR = 10_000_000
# Peak resident memory of a process that reads, as the project promises.
PROMISED = 2 * 1024**3

WAYS = {
    "checked through": "from redqueen.evidence.keeping import find_out; print(find_out(Opened(recognise(place), place)).rows)",
    "kept as Parquet": "from redqueen.evidence.keeping import keep; print(keep(Opened(recognise(place), place), kept, 'x').rows)",
    "summed over partners": "print(len(read_evidence(place, without=('partner',)).rows))",
    "kept file, summed": "print(len(read_evidence(kept, without=('partner',)).rows))",
}
PARSERS = {
    "Arrow": "from pyarrow import csv\n"
    "options = csv.ConvertOptions(include_columns=list('tijkv'))\n"
    "print(sum(len(block) for block in csv.open_csv(file, read_options=csv.ReadOptions(block_size=1 << 22), "
    "convert_options=options)))",
    "DuckDB": "import duckdb; print(duckdb.sql(f\"select i, k, sum(v) from read_csv('{file}') group by i, "
    "k\").fetchnumpy()['i'].size)",
}


def write_folder(folder, size, seed=7):
    """Write yearly files until they hold `size` bytes, and the lists of countries and products."""
    generator = numpy.random.default_rng(seed)
    countries = sorted(pycountry.countries, key=lambda country: int(country.numeric))
    numbers = numpy.array([int(country.numeric) for country in countries])
    products = numpy.unique(numpy.linspace(10_111, 970_600, N_PRODUCTS).astype(numpy.int64))
    lines = [f'{int(country.numeric)},"{country.name}",{country.alpha_2},{country.alpha_3}' for country in countries]
    heading = "country_code,country_name,country_iso2,country_iso3"
    (folder / "country_codes_V202601.csv").write_text("\n".join([heading, *lines, ""]), encoding="utf-8")
    lines = [f'{code:06d},"Product {code}"' for code in products]
    (folder / "product_codes_HS92_V202601.csv").write_text("\n".join(["code,description", *lines, ""]), encoding="utf-8")
    year, written = FIRST_YEAR, 0
    while written < size:
        # About 30 bytes a row: the last file is cut so that the folder is as large as asked.
        n_rows = int(min(ROWS_A_YEAR, (size - written) // 30 + 1))
        n_cells = len(numbers) * len(numbers) * len(products)
        cells = numpy.unique(generator.integers(0, n_cells, n_rows))
        exporter, rest = numpy.divmod(cells, len(numbers) * len(products))
        importer, product = numpy.divmod(rest, len(products))
        table = pyarrow.table({
            "t": numpy.full(len(cells), year), "i": numbers[exporter], "j": numbers[importer], "k": products[product],
            "v": numpy.round(generator.lognormal(3, 2, len(cells)), 3), "q": numpy.round(generator.lognormal(3, 2, len(cells)), 3),
        })
        path = folder / f"BACI_HS92_Y{year}_V202601.csv"
        with path.open("wb") as file:
            file.write(b"t,i,j,k,v,q\n")
            pyarrow.csv.write_csv(table, file, pyarrow.csv.WriteOptions(include_header=False))
        written += path.stat().st_size
        year += 1
    return written


def measure(script):
    """Run a script in a process of its own; give what it printed, its seconds, its processor seconds and its peak memory."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # getrusage would count what this process held when it started the other.
    ends = "\nprint(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", script + ends], capture_output=True, text=True)
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(done.stderr)
    *printed, peak = done.stdout.split()
    return printed[-1], seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1024 * int(peak)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=float, default=3.0, help="gigabytes (default: %(default)s)")
    parser.add_argument("--place", help="where the folder is made for a while (default: the folder of temporary files)")
    parser.add_argument("--parsers", action="store_true", help="compare Arrow with DuckDB on one file")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="BACI_", dir=asked.place))
    kept = folder.with_suffix(".parquet")
    try:
        size = write_folder(folder, asked.size * 1e9)
        files = sorted(folder.glob("BACI_*"))
        print(f"{len(files)} files, {size / 1e9:.2f} GB")
        print(f"{'':22}{'rows':>14}{'seconds':>10}{'cpu':>8}{'MB/s':>8}{'peak MB':>10}")
        imports = (
            "from redqueen.evidence.formats import read_evidence, recognise\nfrom redqueen.evidence.opening import Opened\n"
            f"place, kept = {str(folder)!r}, {str(kept)!r}\n"
        )
        failed = False
        for way, script in WAYS.items():
            rows, seconds, cpu, peak = measure(imports + script)
            print(f"{way:22}{int(rows):>14,}{seconds:>10.1f}{cpu:>8.1f}{size / 1e6 / seconds:>8.0f}{peak / 1e6:>10.0f}", flush=True)
            failed |= peak > PROMISED
        print(f"kept file: {kept.stat().st_size / 1e9:.2f} GB")
        if asked.parsers:
            for name, script in PARSERS.items():
                rows, seconds, cpu, peak = measure(f"file = {str(files[0])!r}\n{script}")
                mine = files[0].stat().st_size
                print(
                    f"{name:22}{int(rows):>14,}{seconds:>10.1f}{cpu:>8.1f}{mine / 1e6 / seconds:>8.0f}{peak / 1e6:>10.0f}",
                    flush=True
                )
    finally:
        shutil.rmtree(folder)
        kept.unlink(missing_ok=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
