"""The picture of all releases of PyTorch: of how many bugs what is known in each. Pure; the same data give the same bytes.

It is included in a page, so its colours follow the page's. What a part of a bar says is told by its pattern, never by colour.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mpscheck.site.escape import text
from mpscheck.site.markup import picture

WIDTH, ROW, TOP = 360, 14, 66  # user units: whole width, one release, first bar
LEFT, RIGHT = 46, 326  # of the bars; the year stands right of them
GAP = 1  # between two parts
PARTS = {  # in the order of a bar: what it says, and how it is drawn
    "affected": 'fill="currentColor"',
    "likely affected": 'fill="url(#timeline-likely)" stroke="currentColor" stroke-width="0.6"',
    "unknown": 'fill="currentColor" fill-opacity="0.2"',
    "measured right on a Mac": 'fill="url(#timeline-right)" stroke="currentColor" stroke-width="0.6"',
    "not affected, say sources": 'fill="none" stroke="currentColor" stroke-width="0.6"',
}
PATTERNS = (
    '<pattern id="timeline-likely" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path d="M0 0v4" stroke="currentColor" stroke-width="3"/></pattern>'
    '<pattern id="timeline-right" width="4" height="4" patternUnits="userSpaceOnUse">'
    '<circle cx="2" cy="2" r="1" fill="currentColor"/></pattern>'
)
PLACES = ((0, 0), (88, 0), (206, 0), (0, 1), (172, 1))  # of the legend: x, line


@dataclass(frozen=True)
class Bar:
    """One release: how many bugs, by the words of PARTS in their order."""

    release: str
    year: str  # empty where the day of the release is not known
    numbers: tuple[int, ...]


def drawing(bars: Sequence[Bar]) -> str:
    """The picture as SVG, a bar a release, in the order given."""
    bottom = TOP + ROW * len(bars)
    parts = [
        f"<defs>{PATTERNS}</defs>",
        f'<text x="0" y="12">Of {sum(bars[0].numbers)} known bugs, in each release of PyTorch:</text>',
        *(_legend(word, place) for word, place in zip(PARTS, PLACES, strict=True)),
    ]
    years: set[str] = set()
    for number, bar in enumerate(bars):
        parts += _bar(bar, TOP + ROW * number, bar.year not in years)
        years.add(bar.year)
    return picture("timeline", text(summary(bars), limit=900), WIDTH, bottom, 11, parts)


def summary(bars: Sequence[Bar]) -> str:
    """What the picture shows, for those who do not see it: the newest release and the oldest in numbers."""
    ends = dict.fromkeys((bars[0], bars[-1]))
    told = ". ".join(
        f"{bar.release}: {', '.join(f'{number} {word}' for word, number in zip(PARTS, bar.numbers, strict=True))}"
        for bar in ends
    )
    return f"Known bugs by release of PyTorch, newest first. {told}. The table on this page has the numbers of each release."


def _bar(bar: Bar, y: int, first_of_year: bool) -> list[str]:
    scale, x, drawn = (RIGHT - LEFT) / max(sum(bar.numbers), 1), float(LEFT), []
    for (word, look), number in zip(PARTS.items(), bar.numbers, strict=True):
        if number:
            width = max(number * scale - GAP, 0.8)
            drawn.append(
                f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{ROW - 4}" {look}><title>{text(bar.release)}: {number} {word}</title></rect>'
            )
        x += number * scale
    year = (
        f'<text x="{RIGHT + 6}" y="{y + 9}" font-size="10">{text(bar.year)}</text>'
        if first_of_year and bar.year
        else ""
    )
    return [
        f'<text x="{LEFT - 5}" y="{y + 9}" text-anchor="end" font-size="10">{text(bar.release)}</text>',
        *drawn,
        year,
    ]


def _legend(word: str, place: tuple[int, int]) -> str:
    x, y = place[0], 24 + 18 * place[1]
    return (
        f'<rect x="{x + 1}" y="{y}" width="16" height="10" {PARTS[word]}/><text x="{x + 22}" y="{y + 9}">{word}</text>'
    )
