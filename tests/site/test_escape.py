import markdown
import pytest

from mpscheck.site import escape

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</td></tr></table><script>alert(1)</script>",
    "a | b | c",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "`code` **bold** _em_ ~~s~~",
    '--8<-- "pyproject.toml"',
    "line\n\n# heading\n<b>x</b>",
    "&lt;script&gt; &#60;b&#62;",
    "{ onclick=alert(1) }",
    "https://evil.example",
    "\u202egnp.exe",
    "$(rm -rf) \\| \\`",
]


def render(text: str) -> str:
    return markdown.markdown(text, extensions=["tables", "attr_list", "md_in_html", "pymdownx.superfences"])


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_string_is_shown_as_it_is_in_a_table(value):
    html = render(f"| a | b |\n|---|---|\n| {escape.text(value)} | safe |")
    shown = html.partition("<tbody>")[2]
    assert shown.count("<td>") == 2
    inside = shown.partition("<td>")[2].partition("</td>")[0]
    assert "<" not in inside.replace("&lt;", "")


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_string_stays_one_line_of_words_and_entities(value):
    escaped = escape.text(value)
    assert "\n" not in escaped and "\u202e" not in escaped
    assert not set("<>|[]()`*_{}!$\\\"'~:/") & set(escaped.replace("&#", ""))


def test_a_long_string_is_cut():
    assert len(escape.text("x" * 1000)) == escape.LIMIT


def test_ordinary_names_are_left_alone():
    assert escape.text("Apple M1 Pro") == "Apple M1 Pro"


def test_plain_removes_the_markup():
    assert escape.plain("`F.linear` reads *weight*") == "F.linear reads weight"


def test_cell_keeps_one_row():
    assert escape.cell("a\n| b") == "a \\| b"
