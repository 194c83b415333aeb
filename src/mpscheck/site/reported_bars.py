"""The picture of what somebody reported: CPU against MPS as bars, from the figures that were published. Pure.

It is included in a page, so its colours follow the page's; CPU and MPS are told apart by name and pattern. The digits are the
source's own.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from mpscheck.bugs.figures import Figure
from mpscheck.site.escape import text
from mpscheck.site.markup import picture

WIDTH, GROUP, TOP = 360, 58, 6  # user units: whole width, one figure, first one
LEFT, RIGHT = 36, 296  # of the bars: a share of 0 and of 1; the digits stand right of a bar
LOOKS = {"CPU": 'fill="currentColor" fill-opacity="0.35"', "MPS": 'fill="currentColor"'}


@dataclass(frozen=True)
class Share:
    """One figure that is a share: what was measured, and the digits on either device."""

    what: str
    cpu: str
    mps: str


def shares(found: Iterable[Figure], source: str) -> list[Share]:
    """The figures of one source that are probabilities or percentages, in their order."""
    rows = (one for one in found if one.source == source and one.cpu is not None and one.of is None)
    told = ((one.what.rpartition(": ")[2], one) for one in rows)
    return [
        Share(_named(what), one.cpu, one.mps)
        for what, one in told
        if what.startswith("probability of ") or one.cpu.endswith("%")
    ]


def _named(what: str) -> str:
    """`probability of " Mary"` as it is written: `P(" Mary")`."""
    token = what.removeprefix("probability of ")
    return what if token == what else f"P({token})"


def drawing(found: list[Share]) -> str:
    """The picture as SVG; empty for no figure."""
    if not found:
        return ""
    parts: list[str] = []
    for number, one in enumerate(found):
        y = TOP + GROUP * number
        parts.append(f'<text x="0" y="{y + 12}" font-weight="700">{text(one.what)}</text>')
        parts += [
            _bar(name, digits, y + 18 + 17 * place)
            for place, (name, digits) in enumerate((("CPU", one.cpu), ("MPS", one.mps)))
        ]
    return picture("reported-bars", text(summary(found), limit=600), WIDTH, TOP + GROUP * len(found), 13, parts)


def summary(found: list[Share]) -> str:
    """What the picture shows, for those who do not see it."""
    return f"Reported: {'; '.join(f'{one.what}: {one.cpu} on the CPU, {one.mps} on MPS' for one in found)}."


def _bar(name: str, digits: str, y: int) -> str:
    width = max(_share(digits) * (RIGHT - LEFT), 1.0)  # a line where it is nothing
    return (
        f'<text x="0" y="{y + 11}">{name}</text><rect x="{LEFT}" y="{y}" width="{width:.1f}" height="13" {LOOKS[name]}/>'
        f'<text x="{LEFT + width + 6:.1f}" y="{y + 11}">{text(digits)}</text>'
    )


def _share(digits: str) -> float:
    return float(digits.removesuffix("%")) / (100 if digits.endswith("%") else 1)
