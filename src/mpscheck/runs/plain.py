"""Values that can hold no path: all others are not shown."""

from __future__ import annotations

import re

PLAIN = re.compile(r"[\w.,:+ -]{1,200}", re.ASCII)
NOT_SHOWN = "(not shown)"


def plain(value: str) -> str:
    """The value, if it is a number or a few words; else that it is not shown."""
    return value if PLAIN.fullmatch(value) else NOT_SHOWN
