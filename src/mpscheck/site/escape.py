"""Making strings safe to stand in a page. A run file may come from a stranger: its strings are data, never markup."""

import html
import json
import re
import unicodedata

LIMIT = 120  # characters of a stranger's string that a page shows
PLAIN = " .,-…"


def text(value: object, limit: int = LIMIT) -> str:
    """A stranger's string for Markdown and for HTML alike: one line, cut at `limit`, punctuation as entities.

    Control characters (line ends, writing direction) become spaces.
    """
    return entities(line(value, limit))


def line(value: object, limit: int = LIMIT) -> str:
    """A string as one line without control characters, cut at `limit`; not yet safe in a page."""
    clean = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in str(value))
    words = " ".join(clean.split())
    return words if len(words) <= limit else words[: limit - 1] + "…"


def entities(words: str) -> str:
    """Every character with a meaning in Markdown, in a table or in HTML as a numeric entity, which all of them pass
    through."""
    return "".join(c if c.isalnum() or c in PLAIN else f"&#{ord(c)};" for c in words)


def json_of(document: object, indent: int | None = 1) -> str:
    """A document of JSON in which nothing reads as a tag, whatever shows it; `<2.9` stays as people read it."""
    separators = None if indent else (",", ":")
    written = json.dumps(document, indent=indent, ensure_ascii=False, separators=separators)
    return re.sub(r"<(?=[A-Za-z/!?])", r"\\u003c", written)


def cell(markdown: str) -> str:
    """Our own Markdown for a cell of a table: one line, `|` escaped."""
    return " ".join(markdown.split()).replace("|", "\\|")


def plain(markdown: str) -> str:
    """Our own Markdown without its backticks and asterisks, for a title or a description."""
    return re.sub(r"[`*]", "", " ".join(markdown.split()))


def claim_html(claim: str) -> str:
    """A claim as HTML: what stands in backticks as code, all else as text."""
    return "".join(
        f"<code>{html.escape(part)}</code>" if code else html.escape(part) for code, part in _parts(claim.rstrip("."))
    )


def claim_markdown(claim: str) -> str:
    """A claim as Markdown in which nothing but its backticks has a meaning."""
    parts = _parts(claim.rstrip("."))
    return "".join(f"<code>{text(part)}</code>" if code else entities(part) for code, part in parts)


def attribute(markdown: str) -> str:
    """Our own Markdown as plain text that can stand in an attribute of HTML."""
    return html.escape(plain(markdown), quote=True)


def _parts(claim: str) -> list[tuple[bool, str]]:
    """(is it code, its text) for each part of a claim."""
    pieces = re.split(r"`([^`]+)`", " ".join(claim.split()))
    return [(bool(n % 2), piece) for n, piece in enumerate(pieces) if piece]
