"""Ctrl-C and SIGTERM, heeded where nothing can be torn: while a worker is waited for, and between two records."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_asked = False


@contextmanager
def at_safe_points() -> Iterator[None]:
    """Within, both signals are kept until the next `check`."""
    global _asked
    _asked = False
    before = {number: signal.signal(number, _ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def check() -> None:
    """Raise KeyboardInterrupt if a signal has come."""
    if _asked:
        raise KeyboardInterrupt


def _ask(*_) -> None:
    global _asked
    _asked = True
