"""The figure of the error ratios: all checks, healthy and sick, beside the allowed one, a line for each family. Pure.

The same results give the same bytes. It is included in a page, so its colours follow the page's.
"""

import math
from html import escape

from mpscheck.runs import numerics
from mpscheck.site.markup import picture

WIDTH, ROW, TOP, LEFT = 520, 40, 48, 16  # user units: whole width, one family, first row, left end of the axis
DECADES = (-2, 9)  # powers of ten at the ends of the axis
OUTSIDE = WIDTH - 16  # where what has no ratio stands
NAMED = 3  # checks that a mark names; the table has them all
STEP = 12  # marks nearer than this would cover each other: they are one, with their number


def place(ratio: float | str) -> float:
    """Where a ratio stands along the axis; what is exact at its left end, what is infinite right of it."""
    value = numerics.as_float(ratio)
    if math.isinf(value):
        return OUTSIDE
    first, last = DECADES
    power = min(max(math.log10(value), first), last) if value > 0 else first
    return round(LEFT + (power - first) / (last - first) * (OUTSIDE - 24 - LEFT), 1)


def drawing(rows: list[dict], families: dict[str, str], allowed: float) -> str:
    """The figure as SVG: a line for each family, circles for the healthy device and crosses for the sick one.

    `families` are those of the bugs that are shown, by slug.
    """
    shown = [row for row in rows if row["honest_ratio"] is not None and row["sick"] and row["snippet"] in families]
    if not shown:
        return "<p>Not made yet.</p>\n"
    lines: dict[str, list[dict]] = {family: [] for family in sorted({families[row["snippet"]] for row in shown})}
    for row in shown:
        lines[families[row["snippet"]]].append(row)
    bottom = TOP + ROW * len(lines)
    limit = place(allowed)
    parts = [
        f'<rect x="{LEFT}" y="{TOP - 22}" width="{limit - LEFT:.1f}" height="{bottom - TOP + 6}" opacity="0.1"/>',
        f'<line x1="{limit}" y1="{TOP - 36}" x2="{limit}" y2="{bottom - 16}" stroke="currentColor" stroke-width="2"/>',
        f'<text x="{limit + 6}" y="{TOP - 28}" font-weight="700">allowed: {allowed:g}</text>',
    ]
    for number, (family, members) in enumerate(lines.items()):
        parts += _line(family, members, TOP + ROW * number, limit + 6)
    parts += _axis(bottom)
    return picture("ratios-title", escape(summary(shown, allowed)), WIDTH, bottom + 76, 14, parts)


def summary(rows: list[dict], allowed: float) -> str:
    """What the figure shows, for those who do not see it."""
    healthy = max(numerics.as_float(row["honest_ratio"]) for row in rows)
    sick = [numerics.as_float(row["sick_ratio"]) for row in rows if row["sick"]["compute"] == "wrong"]
    return (
        f"Error ratios of {len(rows)} checks. Healthy devices reach {healthy:.2g} at most, {allowed:g} is allowed, "
        f"sick devices reach {min(sick):.2g} at least."
    )


def _line(family: str, rows: list[dict], y: int, name_at: float) -> list[str]:
    middle = y + 4
    healthy = [(place(row["honest_ratio"]), row["snippet"]) for row in rows]
    sick = [(_sick_place(row), row["snippet"]) for row in rows]
    return [
        f'<text x="{name_at}" y="{y - 5}">{escape(family)}</text>',
        f'<line x1="{LEFT}" y1="{middle}" x2="{OUTSIDE}" y2="{middle}" stroke="currentColor" opacity="0.2"/>',
        *(_mark(_circle, "healthy", x, middle, slugs) for x, slugs in together(healthy, rightmost=True)),
        *(_mark(_cross, "sick", x, middle, slugs) for x, slugs in together(sick, rightmost=False)),
    ]


def _sick_place(row: dict) -> float:
    """Where the sick device's ratio stands; NaN is not judged by the ratio."""
    return place(row["sick_ratio"]) if row["sick"]["compute"] == "wrong" else OUTSIDE


def together(marks: list[tuple[float, str]], rightmost: bool) -> list[tuple[float, list[str]]]:
    """Marks (place, slugs) of which no two cover each other: near ones stand where the rightmost (or leftmost) is.

    So the figure never shows a device further from the limit than it is.
    """
    groups: list[tuple[float, list[str]]] = []
    for x, slug in sorted(marks, reverse=rightmost):
        if groups and abs(groups[-1][0] - x) < STEP:
            groups[-1][1].append(slug)
        else:
            groups.append((x, [slug]))
    return groups


def _mark(shape, device: str, x: float, y: int, slugs: list[str]) -> str:
    """One mark; a pointer that rests on it is told which checks it stands for, the first `NAMED` of many."""
    number = f'<text x="{x}" y="{y + 18}" font-size="11" text-anchor="middle">{len(slugs)}</text>' if slugs[1:] else ""
    more = f" and {len(slugs) - NAMED} more" if len(slugs) > NAMED else ""
    names = escape(f"{device}: {', '.join(slugs[:NAMED])}{more}")
    return f"<g><title>{names}</title>{shape(x, y)}{number}</g>"


def _circle(x: float, y: int) -> str:
    return f'<circle cx="{x}" cy="{y}" r="5"/>'


def _cross(x: float, y: int) -> str:
    return f'<path d="M{x - 5:.1f} {y - 5}l10 10m0 -10l-10 10" stroke="currentColor" stroke-width="2.5" fill="none"/>'


def _axis(bottom: int) -> list[str]:
    first, last = DECADES
    ticks = [
        f'<text x="{place(10.0**power)}" y="{bottom + 4}" text-anchor="middle">{_power(power)}</text>'
        for power in range(first, last + 1)
    ]
    legend = (
        f'<text x="{LEFT}" y="{bottom + 26}">error ratio; ∞: NaN, or an exact comparison failed</text>\n'
        f'{_circle(LEFT + 6, bottom + 43)}<text x="{LEFT + 18}" y="{bottom + 48}">healthy, other arithmetic</text>\n'
        f'{_cross(LEFT + 215, bottom + 43)}<text x="{LEFT + 228}" y="{bottom + 48}">sick with the fault of the bug</text>\n'
        f'<text x="{LEFT}" y="{bottom + 70}">a number below a mark: so many checks stand there</text>'
    )
    return [*ticks, f'<text x="{OUTSIDE}" y="{bottom + 4}" text-anchor="middle">∞</text>', legend]


def _power(power: int) -> str:
    if power == DECADES[0]:
        return "0"  # what is exact stands here too
    return {-1: "0.1", 0: "1", 1: "10"}.get(power, f'10<tspan dy="-5" font-size="11">{power}</tspan>')
