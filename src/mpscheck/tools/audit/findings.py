"""Calls from one place that would meet one known bug: as data, and in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mpscheck.tools.audit.places import Place
from mpscheck.tools.known import Known

UNCLEAR_GROUPS = ("affected", "known", "unknown", "not affected")  # the first is the most dangerous
UNCLEAR_SHOWN = 10


@dataclass
class Finding:
    """Calls from one place that would meet one known bug."""

    bug: Known
    doubt: str | None  # why it is only possible; None: these calls have all that the bug needs
    device: str  # where they ran: "cpu" or an accelerator
    op: str
    arguments: str  # of the first call
    user: Place | None = None  # the line of the program
    library: Place | None = None  # the line of a library that calls the op, where that is another one
    modules: dict[str, int] = field(default_factory=dict)  # "Linear (h.0.attn.q)": calls
    count: int = 0

    def data(self, group: str) -> dict:
        """The finding as plain data."""
        lines = {
            name: vars(place) if place else None for name, place in (("user", self.user), ("library", self.library))
        }
        return {
            "slug": self.bug.slug,
            "claim": self.bug.claim,
            "kind": self.bug.kind,
            "group": group,
            "doubt": self.doubt,
            "device": self.device,
            "op": self.op,
            "arguments": self.arguments,
            **lines,
            "modules": self.modules,
            "count": self.count,
            "affected": self.bug.affected,
            "macos": self.bug.macos,
            "workaround": self.bug.workaround,
            "url": self.bug.url,
        }


def group_text(title: str, findings: list[Finding]) -> Iterator[str]:
    """A heading with the number of bugs, then each bug with its findings; nothing if there are none."""
    slugs = list(dict.fromkeys(f.bug.slug for f in findings))
    if findings:
        yield f"\n{title}: {len(slugs)}"
    for slug in slugs:
        same = [f for f in findings if f.bug.slug == slug]
        yield from _bug_text(same[0].bug)
        for finding in same:
            yield from _finding_text(finding)


def _bug_text(bug: Known) -> Iterator[str]:
    yield f"\n* {bug.claim}  [{bug.kind}]"
    yield f"  {bug.url}"
    yield f"  affected: {bug.where}"
    lines = (bug.workaround or "none known").splitlines()
    for number, line in enumerate(lines):
        yield f"  {'            ' if number else 'workaround: '}{line}"


def _finding_text(finding: Finding) -> Iterator[str]:
    times = "once" if finding.count == 1 else f"{finding.count:,} times"
    user = f"{finding.user}: {finding.user.code}" if finding.user else "a thread in which none of your lines runs"
    yield f"  - {user}"
    if finding.library:
        yield f"      calls {finding.op} {times} in {finding.library}: {finding.library.code}"
    else:
        yield f"      calls {finding.op} {times}"
    yield f"      {finding.arguments}" if finding.arguments else f"      every call of {finding.op}"
    if finding.modules:
        names = list(finding.modules)
        more = f" and {len(names) - 4} more" if len(names) > 4 else ""
        yield f"      in {', '.join(names[:4])}{more}"
    if finding.doubt:
        yield f"      {finding.doubt}"


@dataclass(frozen=True)
class Unclear:
    """A known bug of ops that were called, of which nobody knows when it fires."""

    bug: Known
    group: str
    ops: list[str]

    @property
    def rank(self) -> tuple:
        """Sorts by danger: those that are known to be there, then by rank, then the newest; old copies come last."""
        newest = -int(self.bug.seen.replace("-", "")) if self.bug.seen[:1].isdigit() else 0
        return (
            UNCLEAR_GROUPS.index(self.group),
            self.bug.family == "copy",
            self.bug.danger or 99,
            newest,
            self.bug.slug,
        )

    def data(self) -> dict:
        """The entry as plain data."""
        named = {
            name: getattr(self.bug, name) for name in ("slug", "claim", "kind", "affected", "macos", "url", "seen")
        }
        return {**named, "group": self.group, "ops": self.ops}


def unclear_text(found: list[Unclear], versions: str) -> Iterator[str]:
    """The bugs of which no condition is known, the most dangerous first; of many, the rest by name."""
    met = [one for one in found if one.group != "not affected"]
    other = f", and {len(found) - len(met)} of other versions" if met != found else ""
    yield f"\nKNOWN BUGS OF OPS THAT YOU CALL, CONDITION NOT KNOWN, on {versions}: {len(met)}{other}"
    for one in met[:UNCLEAR_SHOWN]:
        yield f"  * {one.bug.claim}  [{one.bug.kind}]"
        yield f"    {', '.join(one.ops)}; {one.bug.where}; last reported {one.bug.seen}; {one.bug.url}"
    if met[UNCLEAR_SHOWN:]:
        yield f"  and {', '.join(one.bug.slug for one in met[UNCLEAR_SHOWN:])}"


def other_paths_text(paths: list[tuple[Place, bool]]) -> Iterator[str]:
    """The lines that ask for mps: one by one in functions that called ops, by file in the others."""
    yield f"\nTAKES ANOTHER PATH ON MPS: unknown, since this run did not take it ({len(paths)})"
    for place, called in paths:
        if called:
            yield f"  {place}: {place.code}"
    rest: dict[str, list[int]] = {}
    for place, called in paths:
        if not called:
            rest.setdefault(place.file, []).append(place.line)
    for file, numbers in rest.items():
        yield f"  {file}: line {', '.join(map(str, numbers))} (in code that called no op in this run)"
