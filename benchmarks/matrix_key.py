"""How long the matrix takes to react to a key, in Chromium with the processor slowed down four times.

Needs the rehearsed site (`make rehearsal`) and Chromium. Asks the page of the largest family, and the same page with a
hundred bugs on it, the measured ones first. Prints the median and the worst of several runs, in milliseconds from the event
until the changed page is laid out, and how that compares with the 100 ms that a key press may take:
`python benchmarks/matrix_key.py [CHROMIUM]`.
"""

import functools
import re
import statistics
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import sync_playwright

from mpscheck.commands import rehearse
from mpscheck.known.entry import every_release
from mpscheck.site import cells
from mpscheck.site.pages import matrix
from mpscheck.site.pages.family import by_family

RUNS, SLOWER, ALLOWED = 5, 4, 100
KEYS = [
    ("op", "l"),
    ("op", "linear"),
    ("op", ""),
    ("macos", "26"),
    ("gpu", "real"),
    ("gpu", ""),
    ("macos", ""),
    ("show", "m"),
    ("show", ""),
]
REACT = """([name, value]) => {
  const field = document.querySelector(`[data-matrix] [name=${name}]`), start = performance.now()
  field.value = value
  field.dispatchEvent(new InputEvent("input", { bubbles: true }))
  return Promise.resolve().then(() => new Promise((done) => setTimeout(() => {
    document.body.offsetHeight
    done(performance.now() - start)
  })))
}"""
ARROW = """(key) => {
  const cell = document.querySelector("[data-matrix] td[tabindex]"), start = performance.now()
  cell.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }))
  document.body.offsetHeight
  return performance.now() - start
}"""
TABLE = re.compile(r"<div data-matrix.*</dialog>\n</div>", re.DOTALL)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def main() -> None:
    """Print one line a page, field and value."""
    known = rehearse.inputs(rehearse.FOLDER / "results").known
    family = max(by_family(known).items(), key=lambda pair: len(pair[1]))[0]
    members = sorted(known, key=lambda entry: not entry.measured_on)[:100]
    systems = cells.macos(members)
    grid = cells.grid(members, every_release(members), systems)
    html = (rehearse.FOLDER / "site" / "matrix" / family / "index.html").read_text(encoding="utf-8")
    table = TABLE.search(matrix.page(family, members, grid, systems))[0]
    grown = TABLE.sub(lambda _: table, html)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=rehearse.FOLDER / "site"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/matrix/{family}/"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=sys.argv[1] if len(sys.argv) > 1 else "/usr/bin/chromium")
        for name in ("as built", "100 bugs"):
            page = browser.new_page(viewport={"width": 1280, "height": 844})
            if name != "as built":
                page.route(address, lambda route: route.fulfill(body=grown, content_type="text/html"))
                page.route("**/api/matrix/*", lambda route: route.fulfill(body=matrix.data(grid)))
            page.goto(address, wait_until="networkidle")
            rows = page.locator("tbody tr").count()
            page.locator("tbody td").first.click()  # fetches the data
            page.keyboard.press("Escape")
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            taken: dict[str, list[float]] = {}
            for _ in range(RUNS):
                for field, value in KEYS:
                    taken.setdefault(f"{field}={value or 'any'}", []).append(page.evaluate(REACT, [field, value]))
                    page.locator("table[aria-busy=false]").wait_for()
                    page.wait_for_timeout(300)  # the rows further down come a little later
                for key in ("ArrowDown", "ArrowRight"):
                    taken.setdefault(key, []).append(page.evaluate(ARROW, key))
            for key, times in taken.items():
                median, worst = statistics.median(times), max(times)
                print(
                    f"{name}, {rows} rows: {key:12} median {median:4.0f} ms, worst {worst:4.0f} ms: {median / ALLOWED:.2f} of what is allowed"
                )
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
