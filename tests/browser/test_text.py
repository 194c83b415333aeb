"""What stands in the pages as text: no leftover of Markdown, of Python or of a template; every thread a working link."""

import functools
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mpscheck.bugs import catalogue, encounters

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
UNREAD = {"script", "style"}
UNSEEN = "clipboard-copy-txt"  # a notebook's button copies what it holds
READ_ALOUD = ("alt", "aria-label", "title", "content", "data-claim", "data-said", "data-basis", "data-found")

ANYWHERE = {  # in programs that a page shows, too
    "a file not included": r"--8<--",
}
IN_CODE = ANYWHERE | {
    "a link of Markdown": r"\]\(\S",
    "code of Markdown": r"`",
    "an object of Python": r"\b(?:SpecifierSet|Version|PosixPath|OrderedDict|mappingproxy)\(|<[\w.]+ object at |<class '",
}
IN_TEXT = IN_CODE | {
    "bold of Markdown": r"(?<![\w|)\]*])\*\*[^\s*]",  # 2**24 is a power
    "emphasis of Markdown": r"(?<![\w*])\*\w[^*\n]*\w\*(?![\w*])",
    "a heading of Markdown": r"(?m)^\s*#{1,6} \S",
    "a table of Markdown": r"(?m)^\s*\|.*\|\s*$|\|\s*:?-{3,}",
    "attributes of Markdown": r"\{\s*(?:[:.#]\w|data-|download)",
    "an entity": r"&(?:#\d+|#x[0-9a-f]+|[a-z]+);",
    "a list of Python": r"\[['\"]|\[(?:True|False|None), |(?:^|:\s)\[(?:[^\],]*\]|[^\],]*, )|\], \[",
    "a dict of Python": r"\{['\"]|\{\}",
    "a value of Python": r"(?:^|:)\s*(?:None|True|False|nan|-?inf)\s*(?:$|[;,.])|, (?:nan|-?inf)(?:$|[;,])",
    "a template": r"\{\{|\}\}|\{%|%\}",
}


class Text(HTMLParser):
    """The pieces of text of a page, each with the patterns that must not be in it; attributes that are read, too."""

    def __init__(self, html: str):
        super().__init__()
        self.open, self.pieces = [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        seen = tag != "meta" or found.get("name") == "description"
        self.pieces += [(found[name], IN_TEXT) for name in READ_ALOUD if seen and found.get(name)]
        if tag not in VOID:
            self.open.append(UNSEEN if UNSEEN in (found.get("class") or "") else tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() not in (tag, UNSEEN if tag == "div" else tag):
            pass

    def handle_data(self, data):
        around = set(self.open)
        if data.strip() and not around & (UNREAD | {UNSEEN}):
            self.pieces.append((data, ANYWHERE if "pre" in around else IN_CODE if "code" in around else IN_TEXT))


def leftovers(html: str) -> list[str]:
    """What a page shows of the languages that it is made with: `a list of Python: …['nan'…`."""
    found = []
    for text, patterns in Text(html).pieces:
        for name, pattern in patterns.items():
            for match in re.finditer(pattern, text):
                around = text[max(0, match.start() - 20) : match.end() + 40]
                found.append(f"{name}: {' '.join(around.split())}")
    return found


def test_no_page_shows_what_it_is_made_with(site):
    files = [*site.rglob("*.html"), site / "bugs" / "rows.txt"]  # the rows are HTML that the index takes in
    assert len(files) > 500
    found = {str(path.relative_to(site)): leftovers(path.read_text("utf-8")) for path in files}
    assert {name: left for name, left in found.items() if left} == {}


@pytest.mark.parametrize(
    "html",
    [
        "<ul><li>[pytorch/pytorch#1](https://github.com/pytorch/pytorch/issues/1)</li></ul>",
        "<ul><li>**reported**</li></ul>",
        "<p>It is *unknown* there.</p>",
        "<td>`linear`</td>",
        "<div>\n## What to do\n</div>",
        "<div>\n| a | b |\n|---|---|\n</div>",
        "<div>| a | b |</div>",
        '<pre><code>--8&lt;-- "snippets/bugs/x.py:1:2"</code></pre>',
        "<p>{ data-search-exclude }</p>",
        "<p>&amp;#58; twice escaped</p>",
        "<li>cpu: ['nan', 'nan', 'nan'], ['inf', 'nan', 'nan']</li>",
        "<li>mps: [7, 2, 3], [7, 5, 6]</li>",
        "<li>mps: 1; cpu: [0]</li>",
        "<li>cpu: {'rms': 1}</li>",
        "<li>Chip: None. Runner: none</li>",
        "<li>cpu: True; mps: False</li>",
        "<li>mps: nan</li>",
        "<li>mps: 1, -inf, 2</li>",
        "<td>None</td>",
        "<td><code>SpecifierSet('&gt;=2')</code></td>",
        "<p>{{ page.title }}</p>",
        "<p>{% if x %}</p>",
        '<a aria-label="state: None"></a>',
        '<meta name="description" content="the `linear`">',
    ],
)
def test_leftovers_are_found(html):
    assert leftovers(html)


@pytest.mark.parametrize(
    "html",
    [
        "<p>2**24, x[1][None], ceil_mode=True, |z - mu|**2, x[:, [1]], rows [1,0], all False</p>",
        "<p>None of them cures it. False alarms: none.</p>",
        "<pre><code>print(['nan'], None, {'a': 1}, f'{{x}}')  # **all**</code></pre>",
        "<p>Call <code>x.sum(dim=None)</code> with <code>[True, False]</code>.</p>",
        "<script>a = ['x']</script><style>a { color: red }</style>",
        f'<div class="{UNSEEN}">a = ["x"]</div>',
    ],
)
def test_code_and_prose_are_no_leftovers(html):
    assert leftovers(html) == []


class Links(HTMLParser):
    """The addresses that the article of a page links to."""

    def __init__(self, html: str):
        super().__init__()
        self.addresses = set()
        self.feed(html.partition("<article")[2].partition("</article>")[0])

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            self.addresses.add(dict(attributes).get("href"))


@functools.cache
def links(path: Path) -> set[str]:
    return Links(path.read_text("utf-8")).addresses


def address(thread: str) -> str:
    """Where GitHub shows a thread; it sends a pull request on to its own address."""
    if thread.startswith("https://"):
        return thread
    repository, number = re.fullmatch(r"([\w.-]+/[\w.-]+)#(\d+)", thread).groups()
    return f"https://github.com/{repository}/issues/{number}"


def threads(bug) -> set[str]:
    """Every thread that is known of a bug: its own ones, those of its sightings, and those of users who met it."""
    found = {bug.issue, *bug.also, *(entry["thread"] for entry in bug.reported)}
    for report in encounters.with_bug(bug.slug):
        found |= {report.thread, *report.also}
    return found | {bug.fixed_pr} if bug.fixed_pr else found


def test_every_thread_of_a_bug_is_a_link_on_its_page(site):
    broken = {}
    for bug in catalogue.all_bugs():
        missing = {address(thread) for thread in threads(bug)} - links(site / "bugs" / bug.slug / "index.html")
        if missing:
            broken[bug.slug] = sorted(missing)
    assert broken == {}


def test_every_thread_that_the_words_of_a_bug_name_is_a_link(site):
    """`#123` is PyTorch's."""
    broken = []
    for bug in catalogue.rows():
        words = [bug.when, bug.effect_text, bug.caveat, bug.workaround, bug.macos_note, *bug.met_in]
        words += [report.summary for report in encounters.with_bug(bug.slug)]
        for number in re.findall(r"(?<![\w/.-])#(\d+)", " ".join(word for word in words if word)):
            if address(f"pytorch/pytorch#{number}") not in links(site / "bugs" / bug.slug / "index.html"):
                broken.append(f"{bug.slug}: #{number}")
    assert broken == []
