"""An entry of the catalogue that tries to be markup is text on every page."""

import dataclasses
import json
import re
import xml.etree.ElementTree as ElementTree

import markdown
import pytest
from packaging.specifiers import SpecifierSet

from mpscheck.known import entry, evidence, releases
from mpscheck.site import api
from mpscheck.site.pages import family as family_page
from mpscheck.site.pages import home as home_page
from mpscheck.site.pages import index as index_page
from mpscheck.site.pages import releases as releases_page
from mpscheck.site.pages import reported as reported_page

EXTENSIONS = ["attr_list", "def_list", "md_in_html", "tables", "toc", "pymdownx.superfences", "pymdownx.inlinehilite"]


HOSTILE = '</script><img src=x onerror=alert(1)>|`x`"\' [a](javascript:alert(1))\n\n--8<-- "pyproject.toml"\n\u202e'


@pytest.fixture
def hostile(known):
    """An index-only bug all of whose free texts are hostile, as is the report about it."""
    bug = next(one.bug for one in known if not one.has_check and one.encounters)
    report = next(one.encounters[0] for one in known if one.encounters)
    bug = dataclasses.replace(
        bug, claim=f"`{HOSTILE}` {HOSTILE}.", when=HOSTILE, effect_text=HOSTILE, macos_note=HOSTILE, chips=(HOSTILE,),
        workaround=HOSTILE, caveat=HOSTILE, met_in=(HOSTILE,), affected=SpecifierSet(">=2.0"),
        reported=({"thread": bug.issue, "chip": HOSTILE, "figures": {HOSTILE: HOSTILE}},),
    )  # fmt: skip
    report = dataclasses.replace(
        report, who=HOSTILE, summary=HOSTILE, torch=HOSTILE, macos=HOSTILE, chip=HOSTILE, bugs=(bug.slug,)
    )
    return entry.Entry(dataclasses.replace(bug, danger=1), ("reported",), (report,))


def test_a_hostile_entry_is_text_on_every_page(hostile):
    place = len(releases.load()) - 1
    for text in (
        reported_page.page(hostile),
        releases_page.page(releases.load()[place], place, [hostile], ""),
        index_page.bug_index([hostile], evidence.read_controls()),
        index_page.all_rows([hostile], evidence.read_controls()),
        family_page.page(hostile.bug.family, [hostile]),
    ):
        body = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
        assert "\n--8<--" not in body
        shown = markdown.markdown(body, extensions=EXTENSIONS)
        assert "<img" not in shown and "<script" not in shown and 'href="javascript' not in shown


def test_a_hostile_entry_leaves_the_data_whole(hostile):
    for text in (api.bugs_json([hostile], "", {}), home_page.affected([hostile], 27)):
        json.loads(text)
    assert ElementTree.fromstring(api.feed([hostile], "")).tag.endswith("feed")


def test_the_front_matter_is_one_line_and_quoted(hostile):
    head = reported_page.head(hostile.bug)
    description = next(line for line in head.splitlines() if line.startswith("description: "))
    assert "<" not in description and '"' not in json.loads(description.partition(": ")[2])
