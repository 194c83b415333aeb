"""The picture on a bug's page: error ratio by release of PyTorch, a line for each macOS. Pure; the same runs give the same bytes.

It is included in a page, so its colours follow the page's. Lines differ in dash and mark, never in colour alone.
"""

import math
from collections.abc import Iterable

from packaging.version import Version

from mpscheck.known import setups
from mpscheck.known.measured import Measurement
from mpscheck.runs import numerics, slim
from mpscheck.site import words
from mpscheck.site.escape import text
from mpscheck.site.markup import picture

WIDTH, HEIGHT = 520, 264  # user units
LEFT, RIGHT, TOP, BOTTOM = 44, 508, 48, 204  # of the axes
DECADES = (-2, 9)  # powers of ten at the ends of the axis
BAND = 32  # above it: what has no ratio
APART = 7  # lines of two macOS with the same values stand beside one another
LABELS = 12  # releases with a name at most
DASHES = ("", "7 4", "2 4", "9 3 2 3")


def points(found: Iterable[Measurement]) -> dict[str, dict[str, float]]:
    """The largest error ratio by macOS and release; of random samples and of what gave no numbers there is none."""
    largest: dict[str, dict[str, float]] = {}
    for m in found:
        if m.measured and isinstance(m.record.figures, slim.Output) and m.provenance["macos"]:
            by_torch = largest.setdefault(m.provenance["macos"].split(".")[0], {})
            torch, ratio = setups.release_of(m.provenance["torch"]), numerics.as_float(m.record.figures.ratio)
            ratio = math.inf if m.record.figures.misplaced or math.isnan(ratio) else ratio
            by_torch[torch] = max(ratio, by_torch.get(torch, 0.0))
    return {macos: largest[macos] for macos in sorted(largest, key=int)}


def drawing(found: Iterable[Measurement]) -> str:
    """The picture as SVG; empty where there is nothing to compare: one release, or everywhere the same."""
    lines = points(found)
    releases = sorted({torch for by_torch in lines.values() for torch in by_torch}, key=Version)
    if len(releases) < 2 or len({ratio for by_torch in lines.values() for ratio in by_torch.values()}) < 2:
        return ""
    limit = _y(numerics.ALLOWED_RATIO)
    parts = [
        f'<rect x="{LEFT}" y="{limit}" width="{RIGHT - LEFT}" height="{BOTTOM - limit}" opacity="0.1"/>',
        f'<text x="{LEFT}" y="12">Error, as a multiple of the CPU&#8217;s own (grey: allowed, up to {numerics.ALLOWED_RATIO:g})</text>',
        *_axes(releases),
    ]
    for number, (macos, by_torch) in enumerate(lines.items()):
        shift = round((number - (len(lines) - 1) / 2) * APART)
        places = [
            (_x(releases.index(torch), len(releases)) + shift, _y(by_torch[torch]))
            for torch in releases
            if torch in by_torch
        ]
        parts += [path(places, number), marks(places, number), *legend(f"macOS {macos}", number, LEFT + number * 105)]
    return picture("ratio-lines", summary(lines, releases), WIDTH, HEIGHT, 12, parts)


def summary(lines: dict[str, dict[str, float]], releases: list[str]) -> str:
    """What the picture shows, for those who do not see it."""
    said = []
    for macos, by_torch in lines.items():
        wrong = [torch for torch in releases if by_torch.get(torch, 0.0) > numerics.ALLOWED_RATIO]
        above = f"above what is allowed in {setups.listed(wrong)}" if wrong else "never above what is allowed"
        said.append(f"macOS {macos}: {above}")
    return f"Largest error ratio by release of PyTorch, {words.span(releases[0], releases[-1])}. {text('; '.join(said), limit=600)}."


def _x(place: int, of: int) -> int:
    return round(LEFT + 24 + place * (RIGHT - LEFT - 48) / (of - 1))


def _y(ratio: float) -> int:
    """Where a ratio stands along the axis; what is exact at its foot, what is infinite above its top."""
    if math.isinf(ratio):
        return TOP - BAND // 2
    first, last = DECADES
    power = min(max(math.log10(ratio), first), last) if ratio > 0 else first
    return round(BOTTOM - (power - first) / (last - first) * (BOTTOM - TOP))


def path(places: list[tuple[int, int]], number: int) -> str:
    line = "L".join(f"{x} {y}" for x, y in places)
    dash = DASHES[number % len(DASHES)]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="M{line}" fill="none" stroke="currentColor" stroke-width="1.5"{dashed}/>'


def marks(places: list[tuple[int, int]], number: int) -> str:
    """Circles, squares, triangles or crosses: one of these for each macOS, all of a line as one path."""
    shape, how = (
        ("h0", 'stroke="currentColor" stroke-width="7" stroke-linecap="round"'),
        ("h0", 'stroke="currentColor" stroke-width="6" stroke-linecap="square"'),
        ("m0 -4l4 7h-8z", ""),
        ("m-3 -3l6 6m0 -6l-6 6", 'stroke="currentColor" stroke-width="2"'),
    )[number % 4]
    return f'<path d="{"".join(f"M{x} {y}{shape}" for x, y in places)}" {how}/>'


def legend(label: str, number: int, x: int) -> list[str]:
    """How the line of this number looks, at the foot of the picture from `x` on."""
    y = HEIGHT - 14
    return [
        path([(x, y), (x + 28, y)], number),
        marks([(x + 14, y)], number),
        f'<text x="{x + 34}" y="{y + 4}">{text(label)}</text>',
    ]


def _axes(releases: list[str]) -> list[str]:
    step = -(-len(releases) // LABELS)
    named = [(place, torch) for place, torch in enumerate(releases) if (len(releases) - 1 - place) % step == 0]
    across = [
        f'<text x="{_x(place, len(releases))}" y="{BOTTOM + 18}" text-anchor="middle" font-size="11">{text(torch)}</text>'
        for place, torch in named
    ]
    up = []
    for power, shown in ((-2, "0"), (0, "1"), (3, "1,000"), (6, "10⁶"), (9, "10⁹")):
        y = _y(10.0**power)
        up += [
            f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end" font-size="11">{shown}</text>',
            f'<line x1="{LEFT}" y1="{y}" x2="{RIGHT}" y2="{y}" stroke="currentColor" opacity="0.15"/>',
        ]
    up.append(f'<text x="{LEFT - 6}" y="{_y(math.inf) + 4}" text-anchor="end" font-size="11">∞</text>')
    return [*across, *up]
