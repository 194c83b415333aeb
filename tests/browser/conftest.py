"""The site as a reader gets it: built here once for all tests, served on this machine, seen in a real browser."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import sync_playwright

from mpscheck.commands import site as report

ROOT = Path(__file__).parents[2]
TEMPLATES = {  # one page of each kind
    "home": "",
    "bugs": "bugs/",
    "bug with a check": "bugs/linear-noncontiguous-weight/",
    "bug from threads": "bugs/sdpa-causal-leak-half/",
    "family": "bugs/family/attention/",
    "releases": "releases/",
    "release": "releases/2.8.0/",
    "matrix": "matrix/",
    "validate": "validate/",
    "case": "case/",
    "exposure": "exposure/",
    "detection": "detection/",
    "workarounds": "workarounds/",
    "guide": "guides/triage/",
    "explanation": "explanation/wrong/",
    "results": "results/",
    "data": "api/",
    "glossary": "glossary/",
    "not found": "404.html",
}


def script(name: str):
    """A script of the repository as a module, by its path without `.py`."""
    spec = importlib.util.spec_from_file_location(name.replace("/", "_"), ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def build(source: Path, target: Path) -> None:
    """Build the site strictly, as `make site` does, out of a folder that holds its docs and all that they include."""
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1", "SITE_URL": ""}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", target]
    done = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    script("site_quality/csp").write(target)


@pytest.fixture(scope="session")
def source(shared, generated) -> Path:
    """A copy of what the site is built from, pages written anew from the results: the repository's own stay as they are."""
    folder = shared / "source"
    with FileLock(shared / "source.lock"):
        if not folder.exists():
            folder.mkdir()
            for path in ROOT.iterdir():
                if path.name not in ("docs", "site") and not path.name.startswith("."):
                    (folder / path.name).symlink_to(path)
            not_by_hand = shutil.ignore_patterns(*report.FOLDERS)
            shutil.copytree(
                ROOT / "docs",
                folder / "docs",
                ignore=lambda at, names: not_by_hand(at, names) if Path(at) == ROOT / "docs" else [],
            )
            report.write(generated, folder / "docs")
    return folder


@pytest.fixture(scope="session")
def site(source, shared) -> Path:
    """The built site."""
    folder = shared / "site"
    with FileLock(shared / "site.lock"):
        if not (folder / "index.html").exists():
            build(source, folder)
    return folder


@pytest.fixture(scope="session")
def address(site):
    """Where the site is served, compressed as a real host does; ends with a slash."""
    server = script("site_quality/measure").serve(site)
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="session")
def browser():
    path = script("chromium").find()
    if path is None:
        pytest.fail("no Chromium: `make chromium` finds or installs one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


class Visit:
    """A page in a window of its own, and what it did: `outside` (requests that left this machine, all refused), `loaded`
    (address: bytes as sent) and `errors` (messages of the console, exceptions, refusals of the policy)."""

    def __init__(self, browser, address: str, **options):
        self.address = address
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.outside, self.errors, self.loaded = [], [], {}
        self.context.route("**/*", self._route)
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("response", self._response)

    def _route(self, route):
        if route.request.url.startswith(self.address):
            return route.continue_()
        self.outside.append(route.request.url)
        return route.abort()

    def _response(self, response):
        self.loaded[response.url.removeprefix(self.address)] = int(response.headers.get("content-length", 0))

    def go(self, path: str):
        """Open a page of the site, which must be there, and wait until it loads nothing more."""
        answer = self.page.goto(self.address + path)
        assert answer.status == 200, path
        self.page.wait_for_load_state("networkidle")
        return self.page


@pytest.fixture
def visit(browser, address):
    """Opens windows: `visit(width=390, dark=True, java_script_enabled=False)`."""
    opened = []

    def make(width: int = 1280, dark: bool = False, **options) -> Visit:
        options = {"viewport": {"width": width, "height": 800}, "color_scheme": "dark" if dark else "light"} | options
        opened.append(Visit(browser, address, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.context.close()
