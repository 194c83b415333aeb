"""Making strings safe to stand in a page. A run file may come from a stranger: its strings are data, never markup."""

import re
import unicodedata

LIMIT = 120  # characters of a stranger's string that a page shows
PLAIN = " .,-…"


def text(value: object, limit: int = LIMIT) -> str:
    """A stranger's string for Markdown and for HTML alike: one line, cut at `limit`, punctuation as entities.

    Every character with a meaning in Markdown, in a table or in HTML becomes a numeric entity, which all of them pass
    through; control characters (line ends, writing direction) become spaces.
    """
    clean = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in str(value))
    words = " ".join(clean.split())
    if len(words) > limit:
        words = words[: limit - 1] + "…"
    return "".join(c if c.isalnum() or c in PLAIN else f"&#{ord(c)};" for c in words)


def cell(markdown: str) -> str:
    """Our own Markdown for a cell of a table: one line, `|` escaped."""
    return " ".join(markdown.split()).replace("|", "\\|")


def plain(markdown: str) -> str:
    """Our own Markdown without its backticks and asterisks, for a title or a description."""
    return re.sub(r"[`*]", "", " ".join(markdown.split()))
