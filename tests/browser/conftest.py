"""The site as a reader gets it, empty and rehearsed: built once for all tests, served here, seen in a real browser."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import sync_playwright

from mpscheck.commands import rehearse
from mpscheck.known.entry import Entry
from mpscheck.site.inputs import read_inputs

ROOT = Path(__file__).parents[2]
SITES = {  # as it is published, without a run on a Mac, and with made-up runs: sources, configuration, built site
    "empty": (".", "mkdocs.yml", "site"),
    "rehearsed": (".cache/rehearsal/source", "mkdocs.rehearsal.yml", ".cache/rehearsal/site"),
}
# A test of what both sites share, or of what is said where nothing was measured.
empty_alone = pytest.mark.parametrize("which", ["empty"], indirect=True, scope="session")
rehearsed_alone = pytest.mark.parametrize("which", ["rehearsed"], indirect=True, scope="session")
TEMPLATES = {  # one page of each kind
    "home": "",
    "bugs": "bugs/",
    "bug with a check": "bugs/linear-noncontiguous-weight/",
    "bug from threads": "bugs/no-grad-4d-mask-nan/",
    "family": "bugs/family/attention/",
    "releases": "releases/",
    "release": "releases/2.8.0/",
    "matrix": "matrix/",
    "matrix of a family": "matrix/strides/",
    "validate": "validate/",
    "case": "case/",
    "exposure": "exposure/",
    "detection": "detection/",
    "workarounds": "workarounds/",
    "guide": "guides/triage/",
    "explanation": "explanation/wrong/",
    "results": "results/",
    "changes": "changes/",
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


def build(source: Path, config: str, target: Path) -> None:
    """Build the site strictly, as `make site` does, out of a folder that holds its docs and all that they include."""
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1", "SITE_URL": ""}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", config, "--site-dir", target]
    done = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    script("site_quality/csp").write(target)


@pytest.fixture(scope="session", params=SITES)
def which(request) -> str:
    """Which of the SITES a test looks at: each of them, unless it is marked `empty_alone`."""
    return request.param


@pytest.fixture(scope="session")
def source(clone, which) -> tuple[Path, str]:
    """The folder that a site is built in, and its configuration."""
    return clone / SITES[which][0], SITES[which][1]


@pytest.fixture(scope="session")
def built(clone, shared):
    """Builds one of the SITES, once for all tests; gives its folder."""

    def build_once(which: str) -> Path:
        source, config, target = SITES[which]
        with FileLock(shared / f"{which}.lock"):
            if not (clone / target / "index.html").exists():
                build(clone / source, config, clone / target)
        return clone / target

    return build_once


@pytest.fixture(scope="session")
def site(built, which) -> Path:
    """The built site."""
    return built(which)


@pytest.fixture(scope="session")
def known(clone, which) -> tuple[Entry, ...]:
    """Every bug with what the runs of that site say of it."""
    return (
        rehearse.inputs(clone / ".cache" / "rehearsal" / "results") if which == "rehearsed" else read_inputs()
    ).known


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
