"""Readers of input-output tables agree with pymrio."""

import warnings

import numpy as np
import pytest
from square_tables import assert_closes, refusal, table_of
from world_tables import wiod_rows, world, write_icio, write_xlsx

from redqueen.evidence.formats import read_evidence
from redqueen.evidence.readers.accounts import INDUSTRIES_2013
from redqueen.evidence.readers.exiobase import EXIOBASE_REST

# Agreement with pymrio


def test_icio_agrees_with_pymrio(tmp_path):
    pymrio = pytest.importorskip("pymrio", reason="an independent parser of the same layouts")
    of = world(("AUS", "USA", "ROW"), ("A01_02", "C26"), 6)
    for edition, name in ((2023, "2016_SML.csv"), (2018, "ICIO2018_2016.csv")):
        path = write_icio(tmp_path / name, of, edition)
        agree(table_of(path), quietly(lambda path=path: pymrio.parse_oecd(path)))


def test_wiod_2013_agrees_with_pymrio(tmp_path):
    pymrio = pytest.importorskip("pymrio", reason="an independent parser of the same layouts")
    of = world(("AUS", "USA", "RoW"), list(INDUSTRIES_2013), 5)
    path = write_xlsx(tmp_path / "wiot95_row_apr12.xlsx", wiod_rows(of, 2013, 1995), "WIOT_1995")
    theirs = quietly(lambda: pymrio.parse_wiod(path, names=("c_codes", "c_codes")))
    table = table_of(path)
    agree(table, theirs)
    inputs = theirs.factor_inputs.F
    assert (inputs.loc["Value added at basic prices"].to_numpy() == table.value_added).all()
    assert (inputs.drop(index="Value added at basic prices").sum().to_numpy() == table.taxes).all()


def quietly(parse):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return parse()


def agree(table, theirs):
    """Check Z, final demand by destination and output against a pymrio system, whatever the order of its producers."""
    theirs.calc_all()
    names = {region: "ROW" if region.upper() == "ROW" else region for region in theirs.get_regions()}
    order = [(names[region], sector) for region, sector in theirs.Z.index]
    ours = [table.position(region, sector) for region, sector in order]
    assert (theirs.Z.to_numpy() == table.intermediate[np.ix_(ours, ours)]).all()
    final = theirs.Y.T.groupby(level="region", sort=False).sum().T.rename(columns=names)[list(table.regions)]
    assert (final.to_numpy() == table.final_demand[ours]).all()
    assert theirs.x.to_numpy().ravel() == pytest.approx(table.output[ours], rel=1e-12)


def test_exiobase_is_taken_over_with_its_rests_of_the_world_added(tmp_path):
    pymrio = pytest.importorskip("pymrio", reason="EXIOBASE is read through it")
    theirs = pymrio.load_test()
    regions = dict(zip(theirs.get_regions(), ("AU", "BR", "WA", "WL", "IE", "TW"), strict=True))
    theirs.rename_regions(regions)
    theirs.factor_inputs.F = theirs.factor_inputs.F.astype(float)
    theirs.factor_inputs.F.loc["Taxes less subsidies on products purchased: Total"] = 0.01 * theirs.Z.sum(axis=0)
    place = tmp_path / "IOT_2011_ixi"
    theirs.calc_all().save_all(place)
    evidence = read_evidence(place, progress=False)
    (table,) = evidence.tables
    assert (evidence.format, table.year, table.unit) == ("exiobase_3", 2011, "million current EUR")
    assert table.regions == ("AUS", "BRA", "ROW", "IRL", "TWN")
    assert set(EXIOBASE_REST) > {"WA", "WL"}
    rest = [at for at, (region, _) in enumerate(theirs.Z.index) if region in EXIOBASE_REST]
    n_sectors = len(table.sectors)
    block = theirs.Z.to_numpy()[np.ix_(rest, rest)].reshape(2, n_sectors, 2, n_sectors).sum(axis=(0, 2))
    at_rest = slice(2 * n_sectors, 3 * n_sectors)
    assert table.intermediate[at_rest, at_rest] == pytest.approx(block, rel=1e-12)
    assert table.taxes.sum() == pytest.approx(0.01 * theirs.Z.to_numpy().sum(), rel=1e-12)
    assert_closes(table)
    flows = place / "Z.txt"
    lines = [line.split("\t") for line in flows.read_text().splitlines()]
    # A column that stands twice makes rows and columns differ.
    flows.write_text("".join("\t".join([*cells, cells[-1]]) + "\n" for cells in lines))
    assert "the rows and columns of the flows (Z)" in refusal(place)
    assert "cannot read it" in refusal_of_damage(flows, place)


def refusal_of_damage(file, place):
    file.write_bytes(np.random.default_rng(1).bytes(3000))
    return refusal(place)


def test_eora_comes_in_million_dollars(tmp_path):
    pytest.importorskip("pymrio", reason="Eora is read through it")
    of = world(("AUS", "SUD"), ("Agriculture", "Mining"), 2, seed=4)
    labels = "".join(f"name\t{region}\tIndustries\t{sector}\n" for region, sector in of.producers)
    final = "".join(f"name\t{region}\tFinal demand\tuse {at}\n" for region in of.regions for at in range(2))
    texts = {
        "Eora26_2010_bp_T.txt": of.intermediate, "Eora26_2010_bp_FD.txt": of.final.reshape(4, 4),
        "Eora26_2010_bp_VA.txt": of.value_added[None], "Eora26_2010_bp_Q.txt": np.ones((1, 4)),
        "Eora26_2010_bp_QY.txt": np.ones((1, 4)),
    }
    for name, cells in texts.items():
        np.savetxt(tmp_path / name, cells, delimiter="\t")
    named = {"T": labels, "FD": final, "VA": "Primary inputs\tvalue added\n", "Q": "air\tCO2 (Gg)\n"}
    for name, text in named.items():
        (tmp_path / f"labels_{name}.txt").write_text(text)
    evidence = read_evidence(tmp_path, progress=False)
    (table,) = evidence.tables
    assert (evidence.format, table.year, table.regions) == ("eora26", 2010, ("AUS", "SDN"))
    assert table.intermediate == pytest.approx(of.intermediate / 1000, rel=1e-12)
    assert_closes(table)
