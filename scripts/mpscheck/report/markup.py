"""Pieces of Markdown that hold other pieces: tables that scroll by themselves, lists within a cell."""


def table(headings: list[str], rows: list[list[str]], label: str) -> str:
    """A Markdown table in a region that scrolls by itself."""
    lines = [headings, ["---"] * len(headings), *rows]
    return region(label, "\n".join(f"| {' | '.join(line)} |" for line in lines))


def region(label: str, table: str) -> str:
    """A table that scrolls by itself where it is wider than the screen, reachable by keyboard; not searched for words."""
    return f'<div class="scroll" role="region" aria-label="{label}" tabindex="0" data-search-exclude markdown>\n\n{table}\n\n</div>'


def items(entries) -> str:
    """A list that can stand in a cell of a table; empty for no entries."""
    inside = "".join(f"<li>{entry}</li>" for entry in entries)
    return f"<ul>{inside}</ul>" if inside else ""
