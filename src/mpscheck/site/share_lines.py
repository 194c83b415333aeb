"""A picture of shares: how many of those tried were caught, by size or by rate, a line for each group. Pure.

It is included in a page, so its colours follow the page's. Lines differ in dash and mark, never in colour alone.
"""

from mpscheck.detection.shares import Share
from mpscheck.site.escape import text
from mpscheck.site.markup import picture
from mpscheck.site.ratio_lines import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, legend, marks, path

APART = 5  # lines with the same shares stand beside one another
STEPS = (0, 25, 50, 75, 100)


def drawing(name: str, heading: str, places: list[str], lines: dict[str, list[Share]]) -> str:
    """The picture as SVG. `name` is its own on the page; each line has a share for each of the places."""
    parts = [
        f'<text x="{LEFT}" y="12">{text(heading)}</text>',
    ]
    for percent in STEPS:
        y = _y(percent / 100)
        parts += [
            f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end" font-size="11">{percent} %</text>',
            f'<line x1="{LEFT}" y1="{y}" x2="{RIGHT}" y2="{y}" stroke="currentColor" opacity="0.15"/>',
        ]
    for number, place in enumerate(places):
        x = _x(number, len(places))
        parts.append(f'<text x="{x}" y="{BOTTOM + 18}" text-anchor="middle" font-size="11">{text(place)}</text>')
    for number, (label, shares) in enumerate(lines.items()):
        shift = round((number - (len(lines) - 1) / 2) * APART)
        points = [(_x(i, len(places)) + shift, _y(one.part)) for i, one in enumerate(shares)]
        x = LEFT + number * (RIGHT - LEFT) // len(lines)
        parts += [path(points, number), marks(points, number), *legend(label, number, x)]
    return picture(name, summary(heading, places, lines), WIDTH, HEIGHT, 12, parts)


def summary(heading: str, places: list[str], lines: dict[str, list[Share]]) -> str:
    """What the picture shows, for those who do not see it."""
    said = []
    for label, shares in lines.items():
        pairs = ", ".join(f"{place}: {one.part:.0%}" for place, one in zip(places, shares, strict=True))
        said.append(f"{label}: {pairs}")
    return text(f"{heading}. {'; '.join(said)}.", limit=1000)


def _x(place: int, of: int) -> int:
    return round(LEFT + 24 + place * (RIGHT - LEFT - 48) / max(of - 1, 1))


def _y(part: float) -> int:
    return round(BOTTOM - part * (BOTTOM - TOP))
