"""Which bugs the calls of well-known libraries meet: the recorded calls held against every trigger.

One row a bug: for each library the ops of the trigger that it calls, and the uses in which a call has all that the bug
needs. A library that calls the op and does not meet the bug is the negative control of its trigger.

    python -m mpscheck.detection.recordings [SLUG…]    one row a line, as JSON; needs MPSCHECK_EMU=1
"""

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch.utils import _pytree as pytree

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import Bug
from mpscheck.detection.libraries import HERE, USES, Library, uses_of
from mpscheck.tools.audit import Report, audit
from mpscheck.tools.bundle import entries
from mpscheck.tools.known import Known, read_known

DEVICES = ("emu", "cpu")  # the first on which a use runs: on emu it is known which tensors are on the device


@dataclass(frozen=True)
class Recorded:
    """What one use of one library called: the ops, and how many calls meet each bug, for certain or possibly."""

    library: str
    use: str
    called: frozenset[str]
    certain: dict[str, int]
    possible: dict[str, int]


def record(library: Library, use: str, bugs: tuple[Known, ...]) -> Recorded:
    """Run one use once. Raises what it raises where it runs on no device."""
    for device in DEVICES:
        torch.manual_seed(0)
        model = library.make().to(device)
        inputs = pytree.tree_map_only(torch.Tensor, lambda tensor, device=device: tensor.to(device), library.inputs())
        try:
            with audit(bugs=bugs) as report:
                USES[use](model, inputs)
        except RuntimeError:
            if device == DEVICES[-1]:
                raise
        else:
            break
    return Recorded(library.name, use, frozenset(called(report)), counts(report, True), counts(report, False))


def called(report: Report) -> list[str]:
    """The ops that were called; a copy between dtypes or devices is a call of `copy`."""
    return [*report.called, *(["copy"] if "_to_copy" in report.called else [])]


def counts(report: Report, certain: bool) -> dict[str, int]:
    """How many calls meet each bug."""
    found: dict[str, int] = {}
    for finding in report.findings:
        if (finding.doubt is None) == certain:
            found[finding.bug.slug] = found.get(finding.bug.slug, 0) + finding.count
    return found


def row(bug: Bug, recorded: Iterable[Recorded]) -> dict[str, dict]:
    """The row of one bug, by library; one that calls no op of its trigger has no place in it."""
    ops = {op for trigger in bug.triggers for op in trigger.ops}
    found: dict[str, dict] = {}
    for one in recorded:
        meets = {"certain": one.certain, "possible": one.possible}
        if not (ops & one.called or any(bug.slug in counts for counts in meets.values())):
            continue
        cell = found.setdefault(one.library, {"ops": [], "certain": {}, "possible": {}})
        cell["ops"] = sorted({*cell["ops"], *(ops & one.called)})
        for how, counts_ in meets.items():
            if bug.slug in counts_:
                cell[how][one.use] = counts_[bug.slug]
    return found


def rows(bugs: tuple[Bug, ...]) -> Iterator[tuple[str, dict]]:
    """The row of each bug by its slug: every library runs once for all of them."""
    known = read_known(entries(bugs))
    recorded = [record(library, use, known) for library in HERE for use in uses_of(library)]
    for bug in bugs:
        yield bug.slug, row(bug, recorded)


def main(*slugs: str) -> None:
    """Write the rows to the standard output, one a line; whatever libraries print goes to the standard error."""
    torch.set_num_threads(1)
    answer = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        bugs = tuple(catalogue.find(slug) for slug in slugs) or catalogue.with_check()
        for slug, found in rows(tuple(bug for bug in bugs if bug.triggers)):
            line = {"slug": slug, "recorded": [library.name for library in HERE], "libraries": found}
            print(json.dumps(line, allow_nan=False), file=answer, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
