"""The figure of the error ratios: every check, healthy and sick, beside the allowed one. Pure.

The same results give the same bytes. It is included in a page, so its colours follow the page's.
"""

import math
from html import escape

from mpscheck.runs import numerics

WIDTH, ROW, TOP, LEFT = 520, 36, 48, 16  # user units: whole width, one check, first row, left end of the axis
DECADES = (-2, 9)  # powers of ten at the ends of the axis
OUTSIDE = WIDTH - 16  # where what has no ratio stands


def place(ratio: float | str) -> float:
    """Where a ratio stands along the axis; what is exact at its left end, what is infinite right of it."""
    value = numerics.as_float(ratio)
    if math.isinf(value):
        return OUTSIDE
    first, last = DECADES
    power = min(max(math.log10(value), first), last) if value > 0 else first
    return round(LEFT + (power - first) / (last - first) * (OUTSIDE - 24 - LEFT), 1)


def drawing(rows: list[dict], allowed: float) -> str:
    """The figure as SVG: a line for each check, a circle for the healthy device and a cross for the sick one."""
    shown = [row for row in rows if row["honest_ratio"] is not None]
    if not shown:
        return "<p>Not made yet.</p>\n"
    bottom = TOP + ROW * len(shown)
    limit = place(allowed)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="ratios-title" viewBox="0 0 {WIDTH} {bottom + 56}" '
        'width="100%" font-family="inherit" font-size="14" fill="currentColor">',
        f'<title id="ratios-title">{escape(summary(shown, allowed))}</title>',
        f'<rect x="{LEFT}" y="{TOP - 22}" width="{limit - LEFT:.1f}" height="{bottom - TOP + 6}" opacity="0.1"/>',
        f'<line x1="{limit}" y1="{TOP - 36}" x2="{limit}" y2="{bottom - 16}" stroke="currentColor" stroke-width="2"/>',
        f'<text x="{limit + 6}" y="{TOP - 28}" font-weight="700">allowed: {allowed:g}</text>',
    ]
    parts += [_row(row, TOP + ROW * number, limit + 6) for number, row in enumerate(shown)]
    parts += _axis(bottom)
    return "\n".join([*parts, "</svg>"]) + "\n"


def summary(rows: list[dict], allowed: float) -> str:
    """What the figure shows, for those who do not see it."""
    healthy = max(numerics.as_float(row["honest_ratio"]) for row in rows)
    sick = [numerics.as_float(row["sick_ratio"]) for row in rows if row["sick"]["compute"] == "wrong"]
    return (
        f"Error ratios of {len(rows)} checks. Healthy devices reach {healthy:.2g} at most, {allowed:g} is allowed, "
        f"sick devices reach {min(sick):.2g} at least."
    )


def _row(row: dict, y: int, name_at: float) -> str:
    middle = y + 4
    parts = [
        f'<text x="{name_at}" y="{y - 5}">{escape(row["snippet"])}</text>',
        f'<line x1="{LEFT}" y1="{middle}" x2="{OUTSIDE}" y2="{middle}" stroke="currentColor" opacity="0.2"/>',
        f'<circle cx="{place(row["honest_ratio"])}" cy="{middle}" r="5"/>',
    ]
    sick = place(row["sick_ratio"]) if row["sick"]["compute"] == "wrong" else OUTSIDE  # NaN is not judged by the ratio
    parts.append(
        f'<path d="M{sick - 5:.1f} {middle - 5}l10 10m0 -10l-10 10" stroke="currentColor" stroke-width="2.5" fill="none"/>'
    )
    return "\n".join(parts)


def _axis(bottom: int) -> list[str]:
    first, last = DECADES
    ticks = [
        f'<text x="{place(10.0**power)}" y="{bottom + 4}" text-anchor="middle">{_power(power)}</text>'
        for power in range(first, last + 1)
    ]
    legend = (
        f'<text x="{LEFT}" y="{bottom + 26}">error ratio; ∞: NaN, or an exact comparison failed</text>\n'
        f'<circle cx="{LEFT + 6}" cy="{bottom + 43}" r="5"/><text x="{LEFT + 18}" y="{bottom + 48}">healthy, other '
        f'arithmetic</text>\n<path d="M{LEFT + 210} {bottom + 38}l10 10m0 -10l-10 10" stroke="currentColor" '
        f'stroke-width="2.5" fill="none"/><text x="{LEFT + 228}" y="{bottom + 48}">sick with the fault of the bug</text>'
    )
    return [*ticks, f'<text x="{OUTSIDE}" y="{bottom + 4}" text-anchor="middle">∞</text>', legend]


def _power(power: int) -> str:
    if power == DECADES[0]:
        return "0"  # what is exact stands here too
    return {-1: "0.1", 0: "1", 1: "10"}.get(power, f'10<tspan dy="-5" font-size="11">{power}</tspan>')
