"""Measure how soon the app answers a lever: headless Chromium, the app on the same machine, from key press to pictures.

    python benchmarks/app.py                    # one page, five cases; then ten pages of a small one at once
    python benchmarks/app.py hsinchu --presses 30

first: from the key press that moves a slider to the first change of the large fan's drawn band, in the page (performance.now);
whole: to the picture of all runs. Each press moves to a place where the lever has not been, so that nothing is read from what is
kept. Needs playwright and a chromium: CHROMIUM names it, /usr/bin/chromium otherwise.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

from playwright.sync_api import Page, sync_playwright

CASES = ("sunset-industry", "indigenous-standard", "recipes", "hsinchu", "red-queen")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
# In the page: notes when a key goes down, when the band is next drawn otherwise, and when all runs are in.
WATCH = """
slider => {
  window.noted = [];
  const fan = document.querySelector('[data-testid=fan]');
  const live = document.querySelector('[data-testid=live-state]');
  let open = null;
  const band = () => [...fan.querySelectorAll('path')].map(path => path.getAttribute('d')).join();
  let drawn = band();
  slider.addEventListener('input', () => {
    drawn = band();
    open = {at: performance.now(), asked: false, first: null, whole: null};
    window.noted.push(open);
  }, true);
  // The state says "refining" from the question until all runs are in: a band that is drawn then is of an answer.
  const look = () => {
    if (!open) return;
    if (live.dataset.state === 'refining') open.asked = true;
    if (open.asked && open.first === null && band() !== drawn) open.first = performance.now() - open.at;
    if (open.asked && open.first !== null && live.dataset.state === 'live') open.whole ??= performance.now() - open.at;
  };
  const changes = {subtree: true, childList: true, characterData: true, attributes: true};
  for (const place of [fan, live]) new MutationObserver(look).observe(place, changes);
}
"""


def opened(browser, address: str, case: str) -> Page:
    """Give a page of a case whose first picture is whole, with a slider watched."""
    from redqueen.cases.case import case as read_case
    from redqueen.studies.scenario import link_of

    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(
        link_of(
            {
                "case": case, "region": read_case(case).region, "base": "none", "levers": [], "reference": "none", "seeds": 24,
                "tab": "outlook"
            }, address
        )
    )
    page.wait_for_selector("[data-testid=live-state][data-state=live]", timeout=180_000)
    slider = page.locator("input[type=range]").first
    slider.evaluate(WATCH)
    slider.focus()
    return page


def press(pages: list[Page], presses: int) -> list[dict]:
    """Press a key in all pages at once, and again when all are answered whole."""
    for _ in range(presses):
        # What is drawn last comes to rest within 150 ms.
        time.sleep(0.6)
        for page in pages:
            page.keyboard.press("ArrowRight")
        for page in pages:
            wait_whole(page)
    return [noted for page in pages for noted in page.evaluate("window.noted")]


def wait_whole(page: Page) -> None:
    """Wait until the last press is answered whole; the page's policy of security lets nobody wait inside it."""
    until = time.monotonic() + 120
    while not page.evaluate("() => window.noted.length > 0 && window.noted.at(-1).whole !== null"):
        if time.monotonic() > until:
            raise TimeoutError("a press was not answered within two minutes")
        time.sleep(0.02)


def words(noted: list[dict]) -> str:
    """Write medians and 95th percentiles, in milliseconds."""
    parts = []
    for name in ("first", "whole"):
        values = sorted(one[name] for one in noted if one[name] is not None)
        if len(values) > 1:
            last = statistics.quantiles(values, n=20, method="inclusive")[-1]
            parts.append(f"{statistics.median(values):7.0f} {last:7.0f} {len(values):4d}")
    return " | ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=CASES)
    parser.add_argument("--presses", type=int, default=15)
    parser.add_argument("--pages", type=int, default=10, help="pages at once, of the first case; 0 for none")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = subprocess.Popen(
            [sys.executable, "-m", "redqueen", "app", "--no-browser", "--folder", folder], stdout=subprocess.PIPE, text=True
        )
        address = next(word for word in server.stdout.readline().split() if word.startswith("http"))
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=FLAGS.split())
        try:
            print(f"{'case':28}first: median, 95 %, n | whole: median, 95 %, n   (milliseconds)")
            for case in asked.cases:
                page = opened(browser, address, case)
                print(f"{case:28}{words(press([page], asked.presses))}", flush=True)
                page.context.close()
            if asked.pages:
                pages = [opened(browser, address, asked.cases[0]) for _ in range(asked.pages)]
                noted = press(pages, max(3, asked.presses // 3))
                print(f"{f'{asked.cases[0]}, {asked.pages} pages':28}{words(noted)}")
        finally:
            browser.close()
            server.terminate()
            server.wait(timeout=20)


if __name__ == "__main__":
    main()
