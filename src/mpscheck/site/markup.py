"""Pieces of Markdown that hold other pieces: tables that scroll by themselves, lists within a cell; links out of the site."""

from collections.abc import Sequence
from html import escape


def table(headings: Sequence[str], rows: list[list[str]], label: str, kind: str = "") -> str:
    """A Markdown table in a region that scrolls by itself; `kind` is a class of the style sheet."""
    lines = [headings, ["---"] * len(headings), *rows]
    return region(label, "\n".join(f"| {' | '.join(line)} |" for line in lines), kind)


def region(label: str, table: str, kind: str = "") -> str:
    """A table that scrolls by itself where it is wider than the screen, reachable by keyboard; not searched for words."""
    name = f"scroll {kind}".strip()
    return f'<div class="{name}" role="region" aria-label="{label}" tabindex="0" data-search-exclude markdown>\n\n{table}\n\n</div>'


def details(summary: str, inside: str) -> str:
    """A part that a reader opens, without a script; not searched for words."""
    return f"<details data-search-exclude markdown>\n<summary>{summary}</summary>\n\n{inside}\n\n</details>"


def day(date: str, link: str = "") -> str:
    """A day that stays on one line in a table, as a link where there is one."""
    return f"[<time>{date}</time>]({link})" if link else f"<time>{date}</time>"


def anchor(address: str, shown: str) -> str:
    """A link out of the site, as HTML: `[shown](address)` would stay as it is within other HTML. `shown` is HTML."""
    return f'<a href="{escape(address, quote=True)}">{shown}</a>'


def items(entries) -> str:
    """A list that can stand in a cell of a table; empty for no entries."""
    inside = "".join(f"<li>{entry}</li>" for entry in entries)
    return f"<ul>{inside}</ul>" if inside else ""


def picture(name: str, title: str, width: int, height: int, font: int, parts: Sequence[str]) -> str:
    """A picture as SVG that takes the colours of the page that includes it. `title`, as text of HTML, is its alternative."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{name}" viewBox="0 0 {width} {height}" '
            f'width="100%" font-family="inherit" font-size="{font}" fill="currentColor">',
            f'<title id="{name}">{title}</title>',
            *parts,
            "</svg>\n",
        ]
    )


def definitions(entries: dict[str, str]) -> str:
    """A list of names with what is said of each; that begins with a capital letter, unless it may be code."""
    return "\n\n".join(f"{name}\n:   {_capital(value)}" for name, value in entries.items())


def _capital(value: str) -> str:
    return value[:1].upper() + value[1:] if value.split(" ")[0].isalpha() else value
