"""What is no ground for a world is refused, and files of others are kept."""

from pathlib import Path

from table_worlds import INCOME, PATENTS, TABLE, changed, made, refusal  # noqa: F401

FILES = Path(__file__).parent / "files"
JOBS, PEOPLE = FILES / "world_jobs.csv", FILES / "world_people_abroad.csv"
POPULATION, ARTICLES = FILES / "world_population.csv", FILES / "world_articles.csv"


def test_all_faults_are_told_together_and_nothing_is_written(tmp_path):
    out = tmp_path / "world.toml"
    text = refusal(TABLE, PATENTS, INCOME, ["USA", "Atlantis", "usa", "ROW", "BRA"], 1999, out, industry="electronic")
    for fault in (
        "no country is called 'Atlantis'", "'usa' is named twice", "'ROW' is added by itself", "no industry is called 'electronic'",
        "four_regions_2000.csv: year: the table is of 2000, not of 1999",
        "four_regions_2000.csv: regions: the table does not show BRA",
        "patents_electrical.csv: regions: there is no row of BRA", "income_four.csv: regions: there is no income of BRA",
        "income_four.csv: year: there is no income of USA in 1999",
    ):
        assert fault in text
    assert list(tmp_path.iterdir()) == []


def test_faults_of_all_three_files_are_told_together(tmp_path):
    text = refusal("absent.csv", tmp_path, INCOME, ["USA"], 2000, tmp_path / "nowhere" / "world.txt")
    for fault in (
        "absent.csv: no such file", "the folder holds no files", "1 region was named", "its folder does not exist", "ends in .toml"
    ):
        assert fault in text


def test_patents_of_the_start_and_after_are_not_yet_known(tmp_path):
    table = tmp_path / "of_1998.csv"
    table.write_bytes(TABLE.read_bytes())
    text = refusal(table, PATENTS, INCOME, ["USA", "TWN"], 1998, tmp_path / "world.toml")
    assert "there are no patents of 1993 to 1997" in text
    assert "the table holds 1998 to 2000" in text


def test_a_table_without_a_year_in_its_name_is_of_the_year_asked_for(made, tmp_path):
    table = tmp_path / "table.csv"
    table.write_bytes(TABLE.read_bytes())
    assert made(table=table).world.start == 2000


def test_a_region_without_the_industry_is_refused(tmp_path):
    rows = [line.split(",") for line in TABLE.read_text().splitlines()]
    at = rows[0].index("TWN_ELE")
    for row in rows[1:]:
        # Nobody buys or makes TWN_ELE, and outputs stay the sums of their rows.
        row[-1] = str(int(row[-1]) - int(row[at])) if row[0] != "TWN_ELE" else "0"
        row[at] = "0"
        if row[0] == "TWN_ELE":
            row[1:-1] = ["0"] * (len(row) - 2)
    table = tmp_path / "none_2000.csv"
    table.write_text("\n".join(map(",".join, rows)) + "\n")
    text = refusal(table, PATENTS, INCOME, ["USA", "TWN"], 2000, tmp_path / "world.toml")
    assert "TWN makes no ELE" in text


def test_a_file_of_another_hand_is_kept(tmp_path):
    out = tmp_path / "mine.toml"
    out.write_text("mine")
    assert "was not made from evidence" in refusal(TABLE, PATENTS, INCOME, ["USA", "TWN"], 2000, out)
    assert out.read_text() == "mine"


def test_an_edited_world_is_kept_and_an_unedited_one_is_made_again(made):
    path = Path(made().file)
    made()
    path.write_text(path.read_text().replace("mobility = { value = 0.04", "mobility = { value = 0.08"))
    assert "was edited since it was made" in refusal(TABLE, PATENTS, INCOME, ["USA", "TWN"], 2000, path)


def test_faults_of_the_tables_of_people_are_told_with_the_others(tmp_path):
    bad = changed(tmp_path / "jobs.csv", JOBS, ("300\n", "-300\n"))
    text = refusal(
        TABLE, PATENTS, INCOME, ["USA", "Atlantis"], 1999, tmp_path / "world.toml", jobs=bad, ties=PEOPLE, diaspora=ARTICLES,
        population=JOBS
    )
    for fault in (
        "no country is called 'Atlantis'", "four_regions_2000.csv: year: the table is of 2000, not of 1999", "jobs.csv:3: value: ",
        "world_people_abroad.csv: --ties: the table has no measure 'co-inventions' nor 'co-authored articles'; it has people "
        "abroad",
        "world_articles.csv: --diaspora: the table has no measure 'people abroad'; it has co-authored articles",
        "world_jobs.csv: --population: is a table of activities, not of regions",
    ):
        assert fault in text
    assert [path.name for path in tmp_path.iterdir()] == ["jobs.csv"]


def test_tables_of_people_that_tell_of_no_region_or_of_another_time_are_refused(tmp_path):
    elsewhere = changed(tmp_path / "elsewhere.csv", JOBS, ("United States", "Peru"), ("Taiwan", "Chile"))
    old = changed(tmp_path / "old.csv", ARTICLES, ("1996,", "1966,"))
    text = refusal(TABLE, PATENTS, INCOME, ["USA", "TWN"], 2000, tmp_path / "world.toml", jobs=elsewhere, ties=old)
    assert "the table has no jobs of USA, TWN; it has CHL, PER" in text
    assert "the table has no co-authored articles near 2000: it has 1966" in text


def test_a_diaspora_needs_people_at_home_and_no_fewer_than_live_abroad(tmp_path):
    out = tmp_path / "world.toml"
    assert "needs the population of the origins" in refusal(TABLE, PATENTS, INCOME, ["USA", "TWN"], 2000, out, diaspora=PEOPLE)
    assert "is used with people abroad alone" in refusal(TABLE, PATENTS, INCOME, ["USA", "TWN"], 2000, out, population=POPULATION)
    few = changed(tmp_path / "few.csv", POPULATION, ("thousand persons", "persons"))
    text = refusal(TABLE, PATENTS, INCOME, ["USA", "TWN"], 2000, out, diaspora=PEOPLE, population=few)
    assert "200,000 people of TWN live abroad, more than the 20,000 in few.csv" in text


def test_patents_by_classes_that_hold_other_things_are_refused(tmp_path):
    path = tmp_path / "classes.csv"
    path.write_text("country,activity,year,patents\nUSA,H01,1999,5\nTWN,H01,1999,5\n")
    text = refusal(TABLE, path, INCOME, ["USA", "TWN"], 2000, tmp_path / "world.toml")
    assert "classes.csv: technology: the table's technologies are not those known: it has H01" in text
    path.write_text("country,activity,year,patents\nUSA,A61K,1999,5\nTWN,A61K,1999,5\n")
    assert "the table has no patents of electronics" in refusal(TABLE, path, INCOME, ["USA", "TWN"], 2000, tmp_path / "world.toml")
    path.write_text("country,activity,year,jobs\nUSA,H01L,1999,5\nTWN,H01L,1999,5\n")
    assert "--patents: the table has no measure 'patents'; it has jobs" in refusal(
        TABLE, path, INCOME, ["USA", "TWN"], 2000, tmp_path / "world.toml"
    )
