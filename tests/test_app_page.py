"""The page in a real browser: levers, tabs, states, keyboard, accessibility, widths; nothing is asked of anybody else."""

import csv
import io
import json
import signal
import xml.etree.ElementTree as tree
from pathlib import Path

import pytest
from browsing import FLAGS, axe_faults, bands, chromium, link, tab, watched, whole
from serving import Server

from redqueen import cli
from redqueen.studies.scenario import link_of, read_link

#: What is pressed or written into and lower than 24 px.
SMALL = """() => [...document.querySelectorAll('button, select, input:not([type=range]):not([hidden])')]
    .filter(one => one.offsetParent && one.type !== 'checkbox' && one.type !== 'radio' && one.getBoundingClientRect().height < 23.5)
    .map(one => one.outerHTML.slice(0, 80))"""
TABS = ("strengths", "partners", "outlook", "compare", "structure", "red_queen", "why", "progress")


@pytest.fixture(scope="module")
def browser():
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def server(browser, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("folder")) as started:
        yield started


@pytest.fixture
def context(browser, server):
    made = watched(browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True), server.address)
    yield made
    assert made.foreign == [], "something was asked of another address"
    assert made.errors == []
    made.close()


@pytest.fixture
def page(context, server):
    """Give the page of a small case, its first picture whole."""
    made = context.new_page()
    made.goto(link(server.address))
    whole(made)
    return made


def slider(page, name="capacity_building"):
    """Give the slider of a lever, looked for as a user would."""
    page.get_by_test_id("find-lever").fill(name.replace("_", " "))
    return page.get_by_test_id(f"slider-{name}")


def downloaded(page, click):
    with page.expect_download() as waiting:
        click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_text(encoding="utf-8")


def test_a_lever_that_is_moved_draws_other_futures(page):
    before = bands(page)
    slider(page).focus()
    page.keyboard.press("End")
    page.wait_for_function(
        "before => [...document.querySelectorAll('[data-testid=fan] path')].map(path => path.getAttribute('d')).join() !== before",
        arg=before
    )
    whole(page)
    assert bands(page) != before
    page.wait_for_url(lambda url: read_link(url)["levers"])
    levers = read_link(page.url)["levers"]
    assert [one["instrument"] for one in levers] == ["capacity_building"] and levers[0]["intensity"] > 0
    assert "capacity building" in page.get_by_test_id("changed").inner_text().lower()


def test_undo_and_redo_go_back_and_forth(page):
    first = bands(page)
    slider(page).press("End")
    page.wait_for_url(lambda url: read_link(url)["levers"] != [])
    whole(page)
    moved = page.url
    page.get_by_test_id("undo").click()
    whole(page)
    page.wait_for_function(
        "first => [...document.querySelectorAll('[data-testid=fan] path')].map(path => path.getAttribute('d')).join() === first",
        arg=first
    )
    page.wait_for_url(lambda url: read_link(url)["levers"] == [])
    page.get_by_test_id("redo").click()
    whole(page)
    page.wait_for_url(moved)


def test_the_link_of_a_page_opens_the_same_page_and_runs_in_a_terminal(page, context, capsys):
    slider(page).press("End")
    whole(page)
    page.wait_for_url(lambda url: read_link(url)["levers"])
    shown = bands(page)
    other = context.new_page()
    other.goto(page.url)
    whole(other)
    assert bands(other) == shown
    words = page.get_by_test_id("command").inner_text().strip().split(" ", 2)
    assert words[:2] == ["redqueen", "compare"]
    assert cli.main(["compare", words[2].strip("'"), "--json", "--outcome", "value_added"]) == 0
    printed = {row["region"]: row["effect"] for row in json.loads(capsys.readouterr().out)["effects"]}
    name, text = downloaded(
        page, lambda: page.locator("[data-testid^=chart-]", has_text="by region").get_by_role("button", name="CSV").click()
    )
    assert name.endswith(".csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) >= 3
    numbers = {value for row in rows for value in row.values()}
    assert {
        repr(effect) for region, effect in printed.items() if region != "world"
    } <= {repr(float(value)) for value in numbers if _is_number(value)}


def test_saved_files_pass_the_check_of_the_command_line(page, tmp_path):
    slider(page).press("End")
    whole(page)
    found = []
    page.on("download", lambda one: found.append(one))
    page.get_by_test_id("save").click()
    page.get_by_test_id("heard").get_by_text("Saved my_policy.toml", exact=False).wait_for(state="attached")
    page.wait_for_timeout(300)
    assert len(found) == 2
    for one in found:
        place = tmp_path / one.suggested_filename
        one.save_as(place)
        assert cli.main(["check", str(place)]) == 0


def test_a_report_opens_from_disk_without_any_request(page, context, tmp_path):
    slider(page).press("End")
    whole(page)
    name, text = downloaded(page, lambda: page.get_by_test_id("report").click())
    place = tmp_path / name
    place.write_text(text, encoding="utf-8")
    other = context.new_page()
    asked = []
    other.on("request", lambda request: asked.append(request.url))
    other.goto(place.as_uri())
    other.get_by_test_id("report-page").wait_for()
    words = other.locator("body").inner_text()
    assert "redqueen compare" in words and "capacity building" in words.lower() and "not modelled" in words.lower()
    assert other.locator("svg[role=img]").count() >= 6
    assert asked == [place.as_uri()]
    assert axe_faults(other) == []


def test_every_tab_shows_itself_without_a_serious_fault_of_accessibility_at_any_width(page):
    faults, small = {}, {}
    for name in TABS:
        page.set_viewport_size({"width": 1440, "height": 900})
        tab(page, name)
        page.wait_for_selector(f"[data-testid=tab-{name}][aria-selected=true]")
        whole(page)
        page.wait_for_timeout(300)
        assert page.get_by_role("tabpanel").inner_text().strip()
        asks = {
            "outlook": {"outcome", "region", "reference", "window", "seeds"},
            "compare": {"outcome", "region", "reference", "window", "seeds"},
            "structure": {"region", "reference", "window", "seeds"}, "red_queen": {"region", "reference", "seeds"},
        }.get(name, set())
        assert {one for one in ("outcome", "region", "reference", "window", "seeds") if page.get_by_test_id(one).count()} == asks
        faults[name] = axe_faults(page)
        for width in (1440, 1000, 390):
            page.set_viewport_size({"width": width, "height": 800})
            page.wait_for_timeout(150)
            over = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
            small[name, width] = over if over > 1 else page.evaluate(SMALL)
    assert faults == {tab: [] for tab in TABS}
    assert {place: found for place, found in small.items() if found} == {}


def test_the_keyboard_alone_reaches_levers_tabs_and_charts(page):
    page.evaluate("document.activeElement.blur()")
    seen = []
    for _ in range(160):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "() => document.activeElement.dataset.testid || document.activeElement.textContent.trim().slice(0, 20) || "
                "document.activeElement.tagName"
            )
        )
        if "CSV" in seen:
            break
    for wanted in ("case", "share", "save", "report", "tab-outlook", "outcome", "CSV"):
        assert wanted in seen, (wanted, seen)
    assert any(one.startswith("slider-") for one in seen)
    page.get_by_test_id("tab-outlook").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("[data-testid=tab-compare][aria-selected=true]")
    ring = page.evaluate(
        "() => { const style = getComputedStyle(document.activeElement); return style.outlineStyle !== 'none' || style.boxShadow "
        "!== 'none' }"
    )
    assert ring, "what has the focus does not show it"


def test_every_chart_has_a_table_a_drawing_and_figures(page):
    slider(page).press("End")
    whole(page)
    charts = page.locator("figure[data-testid^=chart-]")
    assert charts.count() >= 4
    for place in range(charts.count()):
        chart = charts.nth(place)
        if not chart.get_by_role("button", name="Table").count():
            continue
        name, text = downloaded(page, lambda chart=chart: chart.get_by_role("button", name="CSV").click())
        rows = list(csv.reader(io.StringIO(text)))
        assert name.endswith(".csv") and len(rows) > 1 and len({len(row) for row in rows}) == 1
        if chart.get_by_role("button", name="SVG").is_enabled():
            name, text = downloaded(page, lambda chart=chart: chart.get_by_role("button", name="SVG").click())
            drawing = tree.fromstring(text)
            assert name.endswith(".svg") and drawing.tag.endswith("svg") and "var(" not in text
        chart.get_by_role("button", name="Table").click()
        assert chart.locator("table tr").count() > 1


def test_two_pinned_policies_are_compared(page):
    tab(page, "compare")
    page.get_by_test_id("start-from").select_option("networks")
    whole(page)
    page.get_by_test_id("pin").click()
    page.get_by_test_id("start-from").select_option("champion_instead")
    whole(page)
    page.get_by_test_id("pin").click()
    slider(page, "venture_capital").press("End")
    whole(page)
    assert page.get_by_test_id("pinned-1").count() == 1 and page.get_by_test_id("pinned-2").count() == 1
    page.wait_for_url(lambda url: read_link(url)["levers"])
    asked = read_link(page.url)
    assert [one["base"] for one in asked["pinned"]] == ["networks", "champion_instead"]
    page.get_by_role("tabpanel").get_by_text("difference", exact=False).first.wait_for()


def test_a_region_selected_in_one_place_is_selected_everywhere(page):
    page.get_by_test_id("region-shanghai").click()
    page.wait_for_function(
        "() => document.querySelector('[data-testid=chart-fan], "
        "[data-testid=fan]').closest('figure').innerText.includes('Shanghai')"
    )
    assert page.get_by_test_id("region").input_value() == "shanghai"
    tab(page, "red_queen")
    whole(page)
    assert "Shanghai" in page.get_by_test_id("red-queen-sentence").inner_text()


def test_a_bad_file_is_refused_at_its_line_and_the_picture_stays(page, tmp_path):
    before = bands(page)
    bad = tmp_path / "bad.toml"
    bad.write_text(
        '[policy]\nname = "bad"\ntitle = "Bad"\nsource = "chosen: x"\n\n[[change]]\ninstrument = "ventur_capital"\nwhere = '
        '"target"\nintensity = 3\n'
    )
    page.get_by_test_id("file-field").set_input_files(str(bad))
    fault = page.get_by_test_id("faults").first
    fault.wait_for()
    words = fault.inner_text()
    assert "bad.toml" in words and "7" in words and "venture_capital" in words and str(tmp_path) not in words
    assert bands(page) == before


def test_a_policy_file_puts_its_levers_on_the_page(page, tmp_path):
    good = tmp_path / "good.toml"
    good.write_text(
        '[policy]\nname = "good"\ntitle = "Good"\nsource = "chosen: x"\n\n[[change]]\ninstrument = "venture_capital"\nwhere = '
        '"target"\nintensity = 3\nper = "worker"\n'
    )
    page.get_by_test_id("file-field").set_input_files(str(good))
    page.get_by_test_id("changed").get_by_text("venture capital", exact=False).first.wait_for()
    whole(page)
    page.wait_for_url(lambda url: read_link(url)["levers"])
    (lever,) = read_link(page.url)["levers"]
    assert (lever["instrument"], lever["intensity"], lever["per"]) == ("venture_capital", 3, "worker")


def test_strengths_and_partners_of_the_simulated_world_until_a_table_is_opened(page, tmp_path):
    tab(page, "strengths")
    page.get_by_test_id("look-simulated").click()
    page.get_by_text("Simulated.", exact=False).first.wait_for()
    page.locator("[data-testid^=chart-]").first.wait_for()
    tab(page, "partners")
    page.get_by_test_id("partners").wait_for()
    table = tmp_path / "exports.csv"
    table.write_text("region,activity,year,value,measure,unit\nTWN,chips,2001,9,exports,USD\nKOR,boards,2001,8,exports,USD\n")
    page.get_by_test_id("file-field").set_input_files(str(table))
    simulated = page.get_by_role("checkbox", name="the simulated world")
    page.wait_for_function(
        "() => [...document.querySelectorAll('fieldset label')].some(one => one.innerText.includes('exports.csv'))"
    )
    assert not simulated.is_checked() and page.get_by_role("checkbox", name="exports.csv").is_checked()


def test_another_case_can_be_taken_back_with_the_levers_of_the_one_before(page):
    slider(page).press("End")
    page.wait_for_url(lambda url: read_link(url)["levers"] != [])
    before = page.url
    page.get_by_test_id("case").select_option("recipes")
    page.get_by_test_id("take-back").click()
    page.wait_for_url(before)
    assert page.get_by_test_id("take-back").count() == 0


def test_a_server_that_is_lost_is_said_and_found_again(browser, tmp_path):
    with Server(tmp_path / "folder") as first:
        context = watched(browser.new_context(), first.address)
        page = context.new_page()
        page.goto(link(first.address))
        whole(page)
        shown = bands(page)
        first.end(signal.SIGKILL)
        page.get_by_test_id("lost").wait_for()
        assert bands(page) == shown, "the last picture is kept"
        with Server(tmp_path / "folder", "--port", str(first.port)):
            page.wait_for_selector("[data-testid=live-state][data-state=live]")
            page.get_by_test_id("lost").wait_for(state="detached")
            slider(page).press("End")
            whole(page)
            assert bands(page) != shown
        context.close()


def test_a_link_that_was_cut_short_says_so(context, server):
    page = context.new_page()
    page.goto(link(server.address)[:-9])
    page.get_by_test_id("faults").first.wait_for()
    assert "link" in page.get_by_test_id("faults").first.inner_text().lower()


def test_words_on_how_to_read_come_first_and_can_be_closed(context, server):
    page = context.new_page()
    page.goto(f"{server.address}/")
    page.get_by_test_id("about-panel").wait_for()
    page.get_by_test_id("about-close").click()
    page.reload()
    page.get_by_test_id("live-state").wait_for()
    assert page.get_by_test_id("about-panel").count() == 0


def test_back_goes_to_the_tab_before_and_leaves_the_levers(context, server):
    """Opened from a link that names a case alone: what it leaves out gets its usual value."""
    page = context.new_page()
    page.goto(link_of({"case": "sunset-industry", "base": "networks"}, f"{server.address}/"))
    whole(page)
    assert page.get_by_test_id("faults").count() == 0
    page.get_by_test_id("tab-compare").click()
    slider(page).press("End")
    page.go_back()
    page.locator("[data-testid=tab-outlook][aria-selected=true]").wait_for()
    page.wait_for_url(lambda url: [one["instrument"] for one in read_link(url)["levers"]] == ["capacity_building"])
    page.go_forward()
    page.locator("[data-testid=tab-compare][aria-selected=true]").wait_for()
    page.wait_for_url(lambda url: [one["instrument"] for one in read_link(url)["levers"]] == ["capacity_building"])


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True
