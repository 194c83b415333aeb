"""Measure the built site with Lighthouse and vnu: `make site-quality`, or `measure.py site [--runs 5]`.

Needs Node, Java and Chromium, and what `npm ci` puts beside this file; nothing of `make test` does. Lighthouse visits the
pages as a phone does, from a server on this machine that compresses as a real host. Exit code 1: below the marks.

Times are those of this machine: the load is printed beside them, and under load they say little.
"""

import argparse
import functools
import gzip
import json
import os
import runpy
import shutil
import statistics
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
PAGES = {  # path: the performance that it must reach
    "": 0.95,
    "bugs/": 0.95,
    "bugs/linear-noncontiguous-weight/": 0.95,
    "matrix/": 0.85,
    "guides/triage/": 0.95,
}
KEY_PRESS = 100  # ms from a key press in the index to its picture, on a processor four times slower
PERFECT = ("accessibility", "best-practices", "seo")
TEXT = (".html", ".css", ".js", ".json", ".svg", ".xml", ".txt")


class Compressing(SimpleHTTPRequestHandler):
    """A file server that sends text compressed and lets everything be kept for ten minutes."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            return self.send_error(404)
        body, packed = path.read_bytes(), path.suffix in TEXT
        if packed:
            body = gzip.compress(body, compresslevel=6, mtime=0)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)) + ("; charset=utf-8" if packed else ""))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def serve(folder: Path) -> ThreadingHTTPServer:
    """Serve a folder on a free port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Compressing, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def lighthouse(url: str, chromium: str) -> dict[str, float | list[str]]:
    """The four scores of one visit, the bytes that it loaded, and the audits that were not passed."""
    command = [
        "node", MODULES / "lighthouse" / "cli" / "index.js", url, "--quiet", "--output=json",
        "--chrome-flags=--headless=new --no-sandbox",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"CHROME_PATH": chromium})
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    report = json.loads(done.stdout)
    scores = {name: category["score"] for name, category in report["categories"].items()}
    perfect = {ref["id"] for name in PERFECT for ref in report["categories"][name]["auditRefs"]}
    failed = [name for name in sorted(perfect) if (report["audits"][name]["score"] or 1) < 1 or _zero(report, name)]
    return {**scores, "bytes": report["audits"]["total-byte-weight"]["numericValue"], "failed": failed}


def _zero(report: dict, name: str) -> bool:
    return report["audits"][name]["score"] == 0


def visits(folder: Path, runs: int, chromium: str) -> bool:
    """Print a line for each page; True if all reach their marks."""
    server = serve(folder)
    reached = True
    for path, mark in PAGES.items():
        found = [lighthouse(f"http://127.0.0.1:{server.server_port}/{path}", chromium) for _ in range(runs)]
        median = {name: statistics.median(run[name] for run in found) for name in (*PERFECT, "performance", "bytes")}
        good = median["performance"] >= mark and all(median[name] == 1 for name in PERFECT)
        reached &= good
        figures = sorted(round(run["performance"] * 100) for run in found)
        said = ", ".join(f"{name} {median[name] * 100:.0f}" for name in (*PERFECT, "performance")) + f" of {figures}"
        failed = f"; not passed: {', '.join(found[0]['failed'])}" if found[0]["failed"] else ""
        print(
            f"{'ok' if good else '!!'} /{path}: {said}; {median['bytes'] / 1000:.0f} kB; {load()}{failed}", flush=True
        )
    server.shutdown()
    return reached


def find_chromium() -> str:
    """The path of the browser that the tests take too. Ends the program with a sentence where there is none."""
    path = runpy.run_path(str(HERE.parent / "chromium.py"))["find"]()
    if path is None:
        sys.exit("There is no Chromium: `make chromium` finds or installs one")
    return path


def load() -> str:
    """How busy this machine is, in words."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


def reacts(folder: Path, runs: int, chromium: str) -> bool:
    """Print how long the slowest key press in the index of bugs takes, the median of the visits; True if short."""
    server = serve(folder)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        slowest = sorted(slowest_key(browser, f"http://127.0.0.1:{server.server_port}/bugs/") for _ in range(runs))
        browser.close()
    server.shutdown()
    median = statistics.median(slowest)
    print(
        f"{'ok' if median <= KEY_PRESS else '!!'} /bugs/: the slowest key press of a visit takes {median:.0f} ms of "
        f"{[round(one) for one in slowest]}, processor slowed 4 times; {load()}"
    )
    return median <= KEY_PRESS


def slowest_key(browser, url: str) -> float:
    """Milliseconds of the slowest key press while two words are typed, from Chromium's own event timing."""
    page = browser.new_page()
    page.goto(url)
    page.locator("[name=op]").click()
    page.wait_for_timeout(2000)  # for the other rows
    page.evaluate(
        "window.times = []; new PerformanceObserver((list) => list.getEntries().forEach((one) => "
        "one.name.startsWith('key') && times.push(one.duration))).observe({ type: 'event', durationThreshold: 16 })"
    )
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
    for word in ("linear", "attention"):
        page.keyboard.type(word, delay=200)
        page.locator("[name=op]").fill("")
    page.wait_for_timeout(1000)
    found = max(page.evaluate("times"), default=0)
    page.close()
    return found


def valid(folder: Path) -> bool:
    """Print what vnu finds in the HTML; True for nothing."""
    jar = MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar"
    rules = [line for line in (HERE / "vnu-filter.txt").read_text("utf-8").splitlines() if line and line[0] != "#"]
    if shutil.which("java") is None:
        print("!! HTML: not checked, there is no Java here")
        return False
    command = ["java", "-jar", jar, "--errors-only", "--skip-non-html", "--filterpattern", "|".join(rules), folder]
    done = subprocess.run(command, capture_output=True, text=True)
    print(done.stderr.strip()[-4000:] or "HTML: no errors")
    return done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site", type=Path, nargs="?", default=Path("site"))
    parser.add_argument("--runs", type=int, default=5, help="visits a page; the median counts")
    options = parser.parse_args()
    if not MODULES.is_dir():
        print(f"First: npm ci --ignore-scripts --prefix {HERE}", file=sys.stderr)
        return 2
    chromium = find_chromium()
    found = [
        valid(options.site),
        reacts(options.site, options.runs, chromium),
        visits(options.site, options.runs, chromium),
    ]
    return 0 if all(found) else 1


if __name__ == "__main__":
    sys.exit(main())
