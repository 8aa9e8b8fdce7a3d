"""Small worlds whose accounts close, written in the layouts in which OECD and WIOD publish theirs."""

import struct
import zipfile
from dataclasses import dataclass

import numpy as np

ISIC_3 = (
    "AtB C 15t16 17t18 19 20 21t22 23 24 25 26 27t28 29 30t33 34t35 36t37 E F 50 51 52 H 60 61 62 63 64 J 70 71t74 L M N O P"
).split()
WIOD_2016_FINAL = ("CONS_h", "CONS_np", "CONS_g", "GFCF", "INVEN")
WIOD_2013_FINAL = ("c37", "c38", "c39", "c41", "c42")
OECD_FINAL = ("HFCE", "NPISH", "GGFC", "GFCF", "INVNT", "DPABR")


@dataclass
class World:
    """Holds Z [N, N], F by category [N, R, C], taxes, value added and output [N] of R regions x S sectors."""

    regions: tuple
    sectors: tuple
    intermediate: np.ndarray
    final: np.ndarray
    taxes: np.ndarray
    value_added: np.ndarray
    output: np.ndarray

    @property
    def producers(self):
        return [(region, sector) for region in self.regions for sector in self.sectors]


def world(regions, sectors, n_final, seed=1, margins=0):
    """Draw a world of whole numbers that closes: final demand at home makes up for what value added would lack."""
    generator = np.random.default_rng(seed)
    n = len(regions) * len(sectors)
    intermediate = generator.integers(0, 90, (n, n)).astype(float)
    final = generator.integers(0, 60, (n, len(regions), n_final)).astype(float)
    taxes = generator.integers(-3, 9, n).astype(float)
    spent = intermediate.sum(axis=0) + taxes
    home = np.arange(n) // len(sectors)
    final[np.arange(n), home, 0] += np.maximum(0, spent - intermediate.sum(axis=1) - final.sum(axis=(1, 2))) + 100
    output = intermediate.sum(axis=1) + final.sum(axis=(1, 2))
    return World(tuple(regions), tuple(sectors), intermediate, final, taxes, output - spent, output)


def write_icio(path, of, edition=2023):
    """Write a world as an ICIO csv: labels AUS_A01, final demand by country, then taxes, value added and output."""
    labels = [f"{region}_{sector}" for region, sector in of.producers]
    demand = [f"{region}_{name}" for region in of.regions for name in OECD_FINAL]
    flat = of.final.reshape(len(labels), -1)
    rows = [["V1" if edition == 2023 else "", *labels, *demand, "OUT" if edition == 2023 else "TOTAL"]]
    for at, label in enumerate(labels):
        rows.append([label, *of.intermediate[at], *flat[at], of.output[at]])
    nothing = [0.0] * (len(demand) + 1)
    if edition == 2023:
        rows.append(["TLS", *of.taxes, *nothing])
    else:
        # Half of the taxes are of the first country's products, the rest of the second's.
        for region, share in zip(of.regions, (0.5, 0.5, 0.0, 0.0, 0.0, 0.0), strict=False):
            rows.append([f"{region}_TAXSUB", *(share * of.taxes), *nothing])
    rows.append(["VA" if edition == 2023 else "VALU", *of.value_added, *nothing])
    rows.append(["OUT" if edition == 2023 else "OUTPUT", *of.output, *nothing])
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    return path


def wiod_rows(of, edition, year):
    """Give a world as the rows of a WIOD workbook: four lines and four columns of labels, then the closing rows."""
    codes = list(of.sectors) if edition == 2016 else ISIC_3[: len(of.sectors)]
    numbers = [f"c{at}" for at in range(1, len(of.sectors) + 1)]
    final = WIOD_2016_FINAL if edition == 2016 else WIOD_2013_FINAL
    final_numbers = [f"c{57 + at}" for at in range(5)] if edition == 2016 else final
    n_regions = len(of.regions)
    named = [f"industry {code}" for code in codes]
    head = [
        [f"World Input-Output Table, {year}", "", "", ""],
        ["41 countries, in current prices", "", "", ""],
        ["(industry-by-industry)", "", "", "", *codes * n_regions, *final * n_regions, "GO"],
        ["(millions of US$)", "", "", "", *named * n_regions, *["final use"] * 5 * n_regions, "Total output"],
        ["", "", "", "", *np.repeat(of.regions, len(codes)).tolist(), *np.repeat(of.regions, 5).tolist(), "TOT"],
        ["", "", "", "", *numbers * n_regions, *list(final_numbers) * n_regions, "c62" if edition == 2016 else "c43"],
    ]
    row_numbers = numbers if edition == 2013 else [f"r{at}" for at in range(1, len(of.sectors) + 1)]
    flat = of.final.reshape(len(of.output), -1)
    rows = [*head]
    for at, (region, _) in enumerate(of.producers):
        which = at % len(codes)
        cells = [*of.intermediate[at], *flat[at], of.output[at]]
        rows.append([codes[which], named[which], region, row_numbers[which], *map(float, cells)])
    nothing = [0.0] * (flat.shape[1] + 1)
    # Of the taxes and margins one dollar each is a transport margin.
    closing = [
        ("II_fob", "Total intermediate consumption", "r60", of.intermediate.sum(axis=0)),
        ("TXSP", "taxes less subsidies on products", "r99", of.taxes - 1),
        ("EXP_adj", "Cif/ fob adjustments on exports", "r61", 0 * of.taxes),
        ("PURR", "Direct purchases abroad by residents", "r62", 0 * of.taxes),
        ("PURNR", "Purchases on the domestic territory by non-residents ", "r63", 0 * of.taxes),
        ("VA", "Value added at basic prices", "r64", of.value_added),
        ("IntTTM", "International Transport Margins", "r65", 0 * of.taxes + 1),
        ("GO", "Output at basic prices", "r69", of.output),
    ]
    for code, words, number, cells in closing:
        rows.append([code if edition == 2016 else "TOT", words, "TOT", number, *map(float, cells), *nothing])
    return rows


def r_columns(of, year):
    """Give a world as the columns of WIOD 2016's R data frame."""
    rows = wiod_rows(of, 2016, year)[6:]
    n_sectors, n_regions = len(of.sectors), len(of.regions)
    names = [f"{region}{at}" for region in of.regions for at in range(1, n_sectors + 1)]
    names += [f"{region}{at}" for region in of.regions for at in range(n_sectors + 1, n_sectors + 6)]
    numbers = [*range(1, n_sectors + 1)] * n_regions + [65, 66, 67, 68, 69, 70, 71, 73]
    columns = {
        "IndustryCode": np.array([row[0] for row in rows]),
        "IndustryDescription": np.array([row[1] for row in rows]),
        "Country": np.array([row[2] for row in rows]),
        "RNr": np.array(numbers, dtype=np.int32),
        "Year": np.full(len(rows), year, dtype=np.int32),
    }
    cells = np.array([row[4:] for row in rows], dtype=float)
    return columns | {name: cells[:, at].copy() for at, name in enumerate([*names, "TOT"])}


def write_xlsx(path, rows, sheet):
    """Write rows as a workbook of one sheet."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet(sheet)
    for row in rows:
        page.append([None if cell == "" else cell for cell in row])
    book.save(path)
    return path


def write_xlsb(path, rows, sheet):
    """Write rows as a binary workbook (MS-XLSB): the records of one sheet, texts in their cells."""
    records = [_record(0x81), _record(0x94, struct.pack("<4I", 0, len(rows) - 1, 0, max(map(len, rows)) - 1)), _record(0x91)]
    for at, row in enumerate(rows):
        records.append(_record(0x00, struct.pack("<II", at, 0) + bytes(9)))
        for column, cell in enumerate(row):
            head = struct.pack("<II", column, 0)
            if isinstance(cell, float):
                records.append(_record(0x05, head + struct.pack("<d", cell)))
            elif cell != "":
                records.append(_record(0x06, head + _wide(cell)))
    records += [_record(0x92), _record(0x82)]
    listed = _record(0x9C, struct.pack("<II", 0, 1) + _wide("rId1") + _wide(sheet))
    book = b"".join([_record(0x83), _record(0x8F), listed, _record(0x90), _record(0x84)])
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    relation = '<Relationships xmlns="{}/relationships"><Relationship Id="rId1" Type="{}/{}" Target="{}"/></Relationships>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        default = '<Default Extension="bin" ContentType="application/octet-stream"/>'
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{package}/content-types">{default}</Types>')
        archive.writestr("_rels/.rels", relation.format(package, office, "officeDocument", "xl/workbook.bin"))
        archive.writestr("xl/_rels/workbook.bin.rels", relation.format(package, office, "worksheet", "worksheets/sheet1.bin"))
        archive.writestr("xl/workbook.bin", book)
        archive.writestr("xl/worksheets/sheet1.bin", b"".join(records))
    return path


def _record(kind, data=b""):
    return _varying(kind) + _varying(len(data)) + data


def _varying(number):
    parts = []
    while True:
        number, low = number >> 7, number & 0x7F
        parts.append(low | (0x80 if number else 0))
        if not number:
            return bytes(parts)


def _wide(text):
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")
