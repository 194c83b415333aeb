"""CPU against MPS as runs measured it: folded lines, what gave no verdict, and all measurements on request."""

import math

from mpscheck.known import folded, setups
from mpscheck.known.entry import Entry
from mpscheck.known.folded import Line, Silent
from mpscheck.known.measured import DISAGREE, ONCE, RIGHT, Measurement
from mpscheck.runs import numerics, slim
from mpscheck.site import ratio_lines, words
from mpscheck.site.escape import text
from mpscheck.site.markup import details, table

LABEL = "Measured by runs of this check"
NONE = "–"
COLUMNS = ["Found", "On", "CPU", "MPS", "How wrong", "Control, workaround", "Last run"]
EVERY = ["Found", "On", "CPU", "MPS", "How wrong", "Control, workaround", "Run"]


def section(entry: Entry, links: dict[str, str]) -> str:
    """The table of one bug with its picture; empty where it has not run. `links` are the pages of runs, by run."""
    found = entry.index.of(entry.slug)
    if not found:
        return ""
    lines, silent = folded.lines(entry.slug, entry.index), folded.silent(entry.slug, entry.index)
    about = (
        f"**{LABEL}.** {words.last_measured([m.provenance for m in found])} CPU and MPS are the first wrong value, as the "
        "newest run of each line has it. [How we decide *wrong*](../explanation/wrong.md)."
    )
    shown = (
        [table(COLUMNS, [_row(line, links) for line in lines], f"CPU against MPS. {LABEL}", "lines")] if lines else []
    )
    picture = ratio_lines.drawing(found)
    return "\n\n".join(
        [
            about,
            *shown,
            *([_silent(silent, links)] if silent else []),
            *([f'<div class="figure" markdown="0">\n{picture}</div>'] if picture else []),
            details(
                f"All {len(found)} measurements" if len(found) > 1 else "The measurement in full",
                table(EVERY, [_whole(m, links) for m in found], "All measurements", "lines"),
            ),
        ]
    )


def _row(line: Line, links: dict[str, str]) -> list[str]:
    m = line.telling
    dtypes = sorted({kind.dtype for kind in line.kinds})
    of = f" in {setups.listed(dtypes)}" if dtypes != ["float32"] else ""
    machines = setups.machines((kind.machine for kind in line.kinds), brief=True)
    return [
        f"{_found(line)}{of} in {line.times} of {line.of}",
        f"PyTorch {words.span(line.first, line.last)}<br><small>{text(machines, limit=300)}</small>",
        _cpu(m),
        _mps(m),
        _how_wrong([one for one in line.measurements if one.outcome == m.outcome]),
        _others(line.measurements),
        _run(line.measurements[0], links) + _unverified(line.measurements),
    ]


def _found(line: Line) -> str:
    if line.found == DISAGREE:
        return f"{words.marked('≠', 'runs disagree')}, wrong"
    if line.found == ONCE:
        return f"{words.verdict(line.telling.verdict())} once, right when tried again,"
    return words.verdict("right" if line.found == RIGHT else line.telling.verdict())


def _first(m: Measurement) -> slim.First | None:
    figures = m.record.figures
    return figures.first_wrong if isinstance(figures, slim.Output) and not m.hindered else None


def _cpu(m: Measurement) -> str:
    first = _first(m)
    if first is None:
        return NONE
    return f"{_value(first.cpu)}<br><small>in float64 {text(words.value(first.exact))}</small>"


def _mps(m: Measurement) -> str:
    first = _first(m)
    if first is None:
        return NONE
    place = f"<br><small>at {text(first.index)}</small>" if m.record.figures.elements > 1 else ""
    return f"{_value(first.device)}{place}"


def _value(found) -> str:
    return f"<code>{text(words.value(found))}</code>"


def _how_wrong(found: list[Measurement]) -> str:
    """The share of wrong values of the newest, and the errors of all of them."""
    figures = [m.record.figures for m in found if m.record.figures is not None and not m.hindered]
    if not figures:
        return text(found[0].reason, limit=160) or NONE
    if isinstance(figures[0], slim.Sample):
        return words.figures(figures[0])
    newest = figures[0]
    parts = [f"output {newest.place} of {newest.of}"] if newest.of > 1 else []
    if newest.wrong:
        parts.append(f"{newest.wrong:,} of {newest.elements:,} values ({_share(newest)})")
    if newest.wrong_runs is not None:
        parts.append(f"{newest.wrong_runs} of {newest.repeats} repeats")
    if newest.other_shape:
        parts.append("another shape or dtype")
    elif newest.misplaced:
        parts.append("NaN or infinity out of place")
    else:
        parts.append(_error([one.ratio for one in figures if isinstance(one, slim.Output)]))
    return "<br>".join(parts)


def _share(output: slim.Output) -> str:
    share = 100 * output.wrong / max(output.elements, 1)
    return f"{share:.0f}&nbsp;%" if share >= 1 else "below 1&nbsp;%"


def _error(ratios: list[float]) -> str:
    """The error as a multiple of the CPU's own, over several measurements."""
    low, high = min(map(numerics.as_float, ratios)), max(map(numerics.as_float, ratios))
    if high == 0:
        return "exact"
    if math.isinf(high):
        return "not exactly the CPU's" if math.isinf(low) else f"from {words.figure(low)} × the CPU's error to infinite"
    low, high = words.figure(low), words.figure(high)
    return f"{low if low == high else f'{low} to {high}'} × the CPU's error"


def _others(found: tuple[Measurement, ...] | list[Measurement]) -> str:
    """The worst verdict on the control, and on the workaround."""
    said = []
    for name in ("control", "workaround"):
        verdicts = [m.verdict(name) for m in found if name in m.record.functions and m.current and not m.hindered]
        worst = numerics.worst(verdicts) if verdicts else NONE
        said.append("right" if worst == "agrees" else NONE if worst == NONE else words.verdict(worst))
    return ", ".join(said)


def _run(m: Measurement, links: dict[str, str]) -> str:
    return f"[{m.day}]({links[m.run]})" if m.run in links else m.day


def _unverified(found: tuple[Measurement, ...]) -> str:
    """How many of the runs no job of ours made."""
    number = sum(not m.verified for m in found)
    if not number:
        return ""
    return f"<br><small>{'unverified' if number == len(found) else f'{number} of {len(found)} unverified'}</small>"


def _silent(found: list[Silent], links: dict[str, str]) -> str:
    """One line for each reason, closed: what gave no verdict says nothing of the bug."""
    number = sum(len(one.measurements) for one in found)
    said = setups.listed([f"{len(one.measurements)} {words.SPOKEN.get(one.word, one.word)}" for one in _by_word(found)])
    lines = []
    for one in found:
        why = text(one.reason, limit=300) if one.reason else "the check has changed since"
        where = "; ".join(f"{_torch(m)}, {_machine(m)}, {_run(m, links)}" for m in one.measurements[:SHOWN])
        more = f"; and {len(one.measurements) - SHOWN} more" if len(one.measurements) > SHOWN else ""
        lines.append(f"- {words.verdict(one.word)}: {why} <small>({where}{more})</small>")
    return details(f"{number} without a verdict: {said.replace('-', ' ')}", "\n".join(lines))


SHOWN = 4  # set-ups beside one reason: all of them stand in the whole table


def _by_word(found: list[Silent]) -> list[Silent]:
    by_word: dict[str, tuple] = {}
    for one in found:
        by_word[one.word] = (*by_word.get(one.word, ()), *one.measurements)
    return [Silent(word, "", members) for word, members in by_word.items()]


def _torch(m: Measurement) -> str:
    return f"PyTorch {text(setups.release_of(m.provenance['torch']))}"


def _machine(m: Measurement) -> str:
    return text(setups.of_run(m.provenance).machine, limit=200)


def _whole(m: Measurement, links: dict[str, str]) -> list[str]:
    """One measurement in full."""
    told = "right" if m.current and m.outcome == RIGHT else m.verdict()
    figures = (_cpu(m), _mps(m), _how_wrong([m])) if m.current else (NONE, NONE, "the check has changed since")
    return [
        words.verdict(told) + words.in_dtype(m.record) + (" once" if m.outcome == ONCE and m.current else ""),
        f"PyTorch {text(m.provenance['torch'])}<br><small>{words.device(m.provenance)}</small>",
        *figures,
        _others([m]),
        _run(m, links) + _unverified((m,)),
    ]
