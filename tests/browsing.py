"""A real browser for tests: headless Chromium on the app's page, which notes every request that leaves for elsewhere."""

import os
import shutil

import pytest

FLAGS = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
         "--disable-component-update --disable-sync").split()
#: A small world, few runs: what is tested is the page.
SCENARIO = {
    "case": "sunset-industry", "region": "pearl_river_delta", "base": "none", "reference": "none", "levers": [], "pinned": [],
    "seeds": 2, "window": 20, "outcome": "value_added"
}
#: Milliseconds to wait for something at most.
PATIENCE = 60_000


def chromium():
    """Give the path of a Chromium, or skip the tests that need one."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("there is no chromium here (Debian: apt install chromium); CHROMIUM names one elsewhere")
    pytest.importorskip("playwright.sync_api")
    return found


def watched(context, address):
    """Note what pages of a context ask for elsewhere, and their errors."""
    context.foreign, context.errors = [], []
    context.set_default_timeout(PATIENCE)

    def note(request):
        if not request.url.startswith((address, address.replace("http", "ws", 1), "data:", "blob:", "file:")):
            context.foreign.append(request.url)

    context.on("request", note)
    context.on("weberror", lambda error: context.errors.append(str(error.error)))
    # That something was refused is what some tests are about.
    context.on(
        "console",
        lambda line: context.errors.append(line.text) if line.type == "error" and "status of 422" not in line.text else None
    )
    return context


def link(address, **changed):
    """Give the address of a page in a state."""
    from redqueen.studies.scenario import link_of

    return link_of(SCENARIO | changed, f"{address}/")


def whole(page):
    """Wait until all runs of the page are in."""
    page.wait_for_selector("[data-testid=live-state][data-state=live]")


def tab(page, name):
    """Show a tab."""
    page.get_by_test_id(f"tab-{name}").click()


def bands(page):
    """Give what the large fan draws, once it has come to rest."""
    page.wait_for_timeout(500)
    return page.get_by_test_id("fan").locator("path").evaluate_all("paths => paths.map(path => path.getAttribute('d')).join()")


def axe_faults(page):
    """Give serious faults of accessibility, as axe finds them."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes']][:3]}"
        for one in found if one["impact"] in ("serious", "critical")
    ]
