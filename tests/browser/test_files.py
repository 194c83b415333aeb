"""The built files: weight, links, feed, same bytes from the same sources."""

import functools
import gzip
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from .conftest import TEMPLATES, build, empty_alone, script

FIRST_VIEW = 90_000  # bytes as sent, without the index of the search
SEARCH_INDEX = 104_000  # each check has its names and threads as tags
HEAVY = ("notebooks/", "guides/other-libraries/")  # hold JupyterLab's style sheets; a table of all guards
LONG = (
    "validate/",
    "method-at-work/",
    "explanation/wrong/",
    "exposure-details/",
    "guides/nan-images/",
    "worklist/",
    "verification/",
    "ioi-operations/",
    "releases/",
    "detection/",
    "exposure/",
    "bugs/",
)  # lists of bugs


@functools.cache  # most pages load the same files
def packed(path: Path) -> int:
    """The size of a file as a host sends it."""
    return len(gzip.compress(path.read_bytes(), compresslevel=6, mtime=0))


class Page(HTMLParser):
    """What a page names: `links` (a), `loads` (scripts, style sheets, pictures), `feeds`, and its `anchors`."""

    def __init__(self, text: str):
        super().__init__()
        self.links, self.loads, self.feeds, self.anchors = [], [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.anchors |= {found[name] for name in ("id", "name") if found.get(name)}
        address = found.get("href") or found.get("src")
        if not address:
            return
        if tag == "a":
            self.links.append(address)
        elif found.get("type") == "application/atom+xml":
            self.feeds.append(address)
        elif tag in ("script", "img") or found.get("rel") in ("stylesheet", "icon"):
            self.loads.append(address)


@functools.cache
def read(path: Path) -> Page:
    """What a page names; several tests ask."""
    return Page(path.read_text("utf-8"))


def leads_to(site: Path, page: Path, address: str) -> tuple[Path, str] | None:
    """The file and the anchor that an address on a page means; None if it leaves the site."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return None
    path = unquote(parts.path)
    target = site / path.lstrip("/") if path.startswith("/") else page.parent / path if path else page
    return (target / "index.html" if target.is_dir() else target).resolve(), unquote(parts.fragment)


def broken(site: Path) -> list[str]:
    """Every link, script, style sheet, picture or anchor of the site that leads nowhere."""
    site = site.resolve()
    pages = {path: read(path) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        for address in [*page.links, *page.loads, *page.feeds]:
            target = leads_to(site, path, address)
            if target is None:
                continue
            file, anchor = target
            known = pages.get(file)
            if not file.is_file() or (anchor and known and anchor not in known.anchors):
                found.append(f"{path.relative_to(site)}: {address}")
    return found


def test_no_link_leads_nowhere(site):
    assert broken(site) == []


def test_links_that_lead_nowhere_are_found(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "index.html").write_text('<a href="../#there">x</a><a href="../#gone">x</a><a href="b/">x</a>')
    (tmp_path / "index.html").write_text('<p id="there"><a href="a/">x</a><script src="gone.js"></script>')
    assert broken(tmp_path) == ["a/index.html: ../#gone", "a/index.html: b/", "index.html: gone.js"]


def first_view(site: Path, path: Path) -> dict[str, int]:
    """What a visit to a page loads, in bytes as sent, without the index of the search."""
    page = read(path)
    worker = re.search(r'"search": "([^"]+)"', path.read_text("utf-8"))  # the theme starts it on every page
    names = [address for address in [*page.loads, *([worker[1]] if worker else [])] if not address.startswith("data:")]
    files = {leads_to(site, path, name)[0] for name in names if leads_to(site, path, name)}
    return {str(file.relative_to(site.resolve())): packed(file) for file in {path.resolve(), *files}}


def test_no_page_is_heavy(site, which):
    sizes = {str(path.relative_to(site)): sum(first_view(site, path).values()) for path in site.rglob("*.html")}
    allowed = {
        name: FIRST_VIEW * (1.12 if name.startswith(LONG) else 1) for name in sizes if not name.startswith(HEAVY)
    }
    assert {name: sizes[name] for name, most in allowed.items() if sizes[name] > most} == {}
    more = 1.05 if which == "rehearsed" else 1  # pages of bugs say more where there are runs
    assert packed(site / "search" / "search_index.json") <= SEARCH_INDEX * more


@pytest.mark.parametrize("path", ["", "bugs/", "matrix/", "matrix/strides/"])
def test_a_visit_loads_what_was_weighed(visit, site, path):
    seen = visit()
    seen.go(path)
    loaded = {(name + "index.html" if name.endswith("/") or not name else name) for name in seen.loaded}
    loaded -= {"search/search_index.json", "sitemap.xml"}
    weighed = set(first_view(site, site / path / "index.html"))
    assert loaded == weighed


def test_every_page_names_the_feed(site):
    for path in site.rglob("*.html"):
        page = read(path)
        if 'http-equiv="refresh"' in path.read_text("utf-8"):
            continue  # the old name of a bug
        assert len(page.feeds) == 1, path
        file, _ = leads_to(site, path, page.feeds[0])
        assert ElementTree.parse(file).getroot().tag == "{http://www.w3.org/2005/Atom}feed"


def test_every_page_has_its_policy(site):
    csp = script("site_quality/csp")
    for path in site.rglob("*.html"):
        text = path.read_text("utf-8")
        assert text == csp.with_policy(text), path


def test_every_page_has_one_title_and_a_description(site):
    for name in TEMPLATES.values():
        if name == "404.html":
            continue
        text = (site / name / "index.html").read_text("utf-8")
        assert text.count("<h1") == 1 and text.partition("</head>")[0].count("<title>") == 1
        assert 50 <= len(re.search(r'<meta name="description" content="([^"]*)"', text)[1]) <= 200


@empty_alone
def test_the_same_sources_give_the_same_bytes(source, site, tmp_path):
    build(*source, tmp_path / "again")
    first = {str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    second = {
        str(p.relative_to(tmp_path / "again")): p.read_bytes() for p in (tmp_path / "again").rglob("*") if p.is_file()
    }
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
