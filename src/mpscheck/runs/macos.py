"""Which macOS is this? `sw_vers` knows; Python may not.

macOS 26 tells a Python that was built against an older SDK that it is macOS 16, and `platform` passes that on
(python/cpython#135675). `sw_vers` is Apple's own; SYSTEM_VERSION_COMPAT=0 asks it for the real version whatever is set.
"""

from __future__ import annotations

import os
import re
import subprocess
from functools import cache


def said(*command: str) -> str | None:
    """What a command of the system prints, with the real version of macOS; None where it cannot be run."""
    environment = {**os.environ, "SYSTEM_VERSION_COMPAT": "0"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True, env=environment)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


@cache
def macos_version() -> str | None:
    """The version of macOS, such as "26.1"; None where there is none or `sw_vers` cannot tell: unknown, never a guess."""
    version = said("sw_vers", "-productVersion") or ""
    return version if re.fullmatch(r"\d+(\.\d+)*", version) else None
