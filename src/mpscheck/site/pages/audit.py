"""Which share of the known bugs `audit` holds against a program's calls, and what it says of the rest. Pure."""

from collections import Counter

from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import table
from mpscheck.tools.bundle import DRAFTED, HELD, LISTED, LOUD, UNNAMED, reach

COLUMNS = {
    HELD: "condition tried by a check",
    DRAFTED: "condition drafted",
    LISTED: "condition not known",
    LOUD: "gives itself away",
    UNNAMED: "no op is named",
}


def files(inputs: Inputs) -> dict[str, str]:
    """The generated pieces that the page includes."""
    counted: dict[str, Counter] = {}
    for bug in inputs.bugs:
        counted.setdefault(bug.family, Counter())[reach(bug)] += 1
    total = sum(counted.values(), Counter())
    return pieces(audit_share=sentence(total), audit_reach=reached(counted, total))


def sentence(total: Counter) -> str:
    """The share of all known bugs that is held against the calls, and what becomes of the others."""
    matched = total[HELD] + total[DRAFTED]
    return (
        f"Of {total.total()} known bugs it holds **{matched}** against each call ({matched / total.total():.0%}): "
        f"{total[HELD]} whose condition a check has tried, and {total[DRAFTED]} whose condition is drafted from the thread's "
        f"words, which it calls possible at most. Of {total[LISTED]} more nobody knows the condition: it lists them at the end "
        f"where you call the op. Left out are {total[LOUD]} that give themselves away, by an error or a crash, and "
        f"{total[UNNAMED]} whose thread names no op that can be seen: whole models and compiled code."
    )


def reached(counted: dict[str, Counter], total: Counter) -> str:
    """The table: one row a family, each bug in one column."""
    rows = [
        [
            f"[{family}](bugs/family/{family}.md)",
            f"{(found[HELD] + found[DRAFTED]) / found.total():.0%}",
            *_numbers(found),
        ]
        for family, found in sorted(counted.items())
    ]
    rows.append(["**all**", f"{(total[HELD] + total[DRAFTED]) / total.total():.0%}", *_numbers(total)])
    return table(
        ["family", "compared with calls", *COLUMNS.values()], rows, "What audit makes of the known bugs, by family"
    )


def _numbers(found: Counter) -> list[str]:
    return [str(found[column] or "") for column in COLUMNS]
