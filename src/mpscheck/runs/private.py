"""What a run must not tell of who made it: folders, the names of user and machine, addresses of mail. The one place."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import socket
import sys
import tempfile
import unicodedata
from urllib.parse import quote

from mpscheck.runs.plain import NOT_SHOWN, plain

GONE = "…"
# A user or a machine of such a name is not told by it, since it stands in everybody's messages.
ORDINARY = frozenset(
    "abs add admin all an and any apple as at be bfloat16 by cat computer copy cpu device do does dot error exp "
    "float float16 float32 for gpu has home host if in inf int is it kernel linear local localhost log mac "
    "macbook macos mail main max me mean memory metal min mini mm module mps mul my nan nn no none norm not null "
    "numpy of off on op or pad pc pow py python pytorch root run runner runtimeerror shape sin size so sort std "
    "sum system tensor test the to torch true type up us user users value var view warning was we with".split()
)
_END = f"\n'\"<>|:/\\\\{GONE}"  # ends a folder's name
_QUOTED = [re.compile(rf"(?<={q})(?:[A-Za-z]:|~|{GONE}|file://)?[/\\][^{q}\n]*(?=[/\\][^{q}\n]*{q})") for q in "'\"`"]
_OF_PEOPLE = re.compile(rf"(?:{GONE}|[/\\](?:Users|home|Volumes))(?:[/\\][^{_END}]*[^\s{_END}])+(?=[/\\][^\s{_END}])")
_OF_A_PERSON = re.compile(r"[/\\](?:Users|home|Volumes)[/\\]|[/\\]var[/\\]folders[/\\]")
_HOME = re.compile(rf"[/\\](?:Users|home)[/\\][^\s{_END}]+")
_FOLDERS = re.compile(
    r"(?<![\w.])(?<!:/)(?:[A-Za-z]:|~[\w.-]*)?(?:[/\\][^\s/\\:'\"<>|]+)+(?=[/\\][^\s/\\:'\"<>|])|~[\w.-]+(?=[/\\])"
)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[A-Za-z]{2,63}")


def redacted(text: str) -> str:
    """Text without folders (`…/kernel.py`), the names of user and machine, addresses of mail, and control characters."""
    for folder in _own_folders():
        text = re.sub(rf"{re.escape(folder)}(?![\w.-])", GONE, text)
    for pattern in (*_QUOTED, _OF_PEOPLE, _HOME, _FOLDERS, _MAIL):
        text = pattern.sub(GONE, text)
    for name in _own_names():
        text = re.sub(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", GONE, text, flags=re.IGNORECASE)
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text).strip()


def names_a_person(text: str) -> bool:
    """Whether a text from another machine, which `redacted` has not seen, names somebody's folder or address."""
    return any(pattern.search(text) for pattern in (_OF_A_PERSON, _MAIL))


def shown(value: str) -> str:
    """The value, if it is a number or a few words without the name of user or machine; else that it is not shown."""
    return plain(value) if redacted(value) == value else NOT_SHOWN


def of_entry(entry: dict) -> dict:
    """A record or a canary without what is private in its free text: `reason` and `stderr` of each attempt."""

    def cleaned(attempt: dict) -> dict:
        return attempt | {name: redacted(attempt[name]) for name in ("reason", "stderr") if name in attempt}

    if "attempt" in entry:
        return entry | {"attempt": cleaned(entry["attempt"])}
    return entry | {"attempts": [cleaned(attempt) for attempt in entry["attempts"]]}


def of_provenance(where: dict) -> dict:
    """Where a run took place without what is private in the values that its environment and its packages give."""
    told = {table: {name: shown(value) for name, value in where[table].items()} for table in ("variables", "packages")}
    told |= {name: where[name] and shown(where[name]) for name in ("runner", "image")}
    torch = where["torch"] if shown(where["torch"]) == where["torch"] else where["torch"].partition("+")[0]
    return where | told | {"torch": torch}


def _own_folders() -> list[str]:
    """Those of this machine that a message may name, in each way in which one is written, the longest first."""
    home = [os.path.expanduser("~"), os.environ.get("HOME", "")]
    places = [*home, sys.prefix, sys.base_prefix, tempfile.gettempdir(), os.environ.get("TMPDIR", "")]
    with contextlib.suppress(OSError):  # it is gone
        places.append(os.getcwd())
    found = {way.rstrip("/\\") for place in places for way in (place, os.path.realpath(place)) if os.path.isabs(place)}
    return sorted({form for place in found if len(place) > 1 for form in _forms(place)}, key=len, reverse=True)


def _own_names() -> list[str]:
    """The names of user and machine, the longest first; without those that are ordinary words or one letter."""
    names = [socket.gethostname(), socket.gethostname().partition(".")[0], os.path.basename(os.path.expanduser("~"))]
    names += [os.environ.get(name, "") for name in ("USER", "LOGNAME", "SUDO_USER")]
    with contextlib.suppress(KeyError, OSError):  # a container's user may have no name
        names.append(getpass.getuser())
    told = {name for name in names if len(name) > 1 and name.lower() not in ORDINARY and not name.isdigit()}
    return sorted({form for name in told for form in _forms(name)}, key=len, reverse=True)


def _forms(text: str) -> set[str]:
    """As it is, with accents as one letter or two, as Python escapes it, as a shell and as an address do."""
    composed = {text, *(unicodedata.normalize(form, text) for form in ("NFC", "NFD"))}
    # half a surrogate pair stands for a byte that is no text: it has no address
    return composed | {
        form
        for one in composed
        for form in (
            ascii(one)[1:-1],
            repr(one)[1:-1],
            one.replace(" ", "\\ "),
            quote(one.encode("utf-8", "surrogateescape")),
        )
    }
