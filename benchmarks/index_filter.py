"""How long the index of bugs takes to react to a key, in Chromium with the processor slowed down four times.

Needs a built site (`make site`) and Chromium; prints the median and the worst of several runs for each key press, in
milliseconds from the event until the changed page is laid out: `python benchmarks/index_filter.py [CHROMIUM]`.
"""

import functools
import statistics
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

SITE = Path(__file__).parents[1] / "site"
TYPED = ("l", "li", "linear", "", "sdpa", "")
RUNS = 5
SLOWER = 4
REACT = """text => {
  const box = document.querySelector("[data-bugs] [name=op]"), start = performance.now()
  box.value = text
  box.dispatchEvent(new InputEvent("input", { bubbles: true }))
  document.body.offsetHeight
  return performance.now() - start
}"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def main() -> None:
    """Print one line a width of the window and text."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=sys.argv[1] if len(sys.argv) > 1 else "/usr/bin/chromium")
        for width in (1280, 390):
            page = browser.new_page(viewport={"width": width, "height": 844})
            page.goto(f"http://127.0.0.1:{server.server_port}/bugs/", wait_until="networkidle")
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            taken = {place: [] for place in range(len(TYPED))}
            for _ in range(RUNS):
                for place, text in enumerate(TYPED):
                    taken[place].append(page.evaluate(REACT, text))
                    page.wait_for_timeout(1500)  # the rows further down come a little later
            for place, times in taken.items():
                print(
                    f"{width} px {TYPED[place]!r:9} median {statistics.median(times):4.0f} ms, worst {max(times):4.0f} ms"
                )
        browser.close()


if __name__ == "__main__":
    main()
