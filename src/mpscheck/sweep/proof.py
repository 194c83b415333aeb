"""Does the sweep find what a bug's own words make of the emulated device, and does it infer the bug's trigger?

Runs in a worker process, one fault at a time. It sweeps the entries that reach an op of the fault, since no other can
show it; that table, `reach`, is made on the healthy device and knows nothing of the faults.
"""

from __future__ import annotations

import time
import warnings
from contextlib import suppress

from mpscheck.bugs import catalogue, recorder
from mpscheck.bugs.trigger import Call
from mpscheck.emulation import faults
from mpscheck.sweep import diagnosis, work
from mpscheck.sweep.cases import Bench
from mpscheck.sweep.database import all_entries

DEVICE = "emu"
SWEPT = 20.0  # seconds in which a fault has to show
ENOUGH = 60  # findings
# Of the cases with other values, an inferred trigger must tell so many right, or say of so many what the bug's own says
# (a fault that fires may do no harm),
TOLD_RIGHT = 0.98
HIT = 0.9  # and of the wrong ones among them so many


def reach(name: str, seed: int = 0) -> list[str]:
    """The aten ops that the cases of an entry reach, gradients included: a few of each dtype."""
    ops: set[str] = set()

    def seen(call: Call) -> None:
        ops.add(call.op)

    entry = all_entries()[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for dtype in entry.dtypes:
            for sample in work.samples_of(entry, dtype, seed):
                bench = Bench(entry, dtype, sample, DEVICE, lambda: recorder.calls(DEVICE, seen))
                forms = {case.form: case for case in bench.cases()}
                for case in forms.values():
                    with suppress(Exception):  # whatever a device raises
                        bench.run(case)
    return sorted(ops)


def prove(slug: str, names: list[str], seed: int) -> dict:
    """What the sweep says of a device that is sick with one bug: whether it finds it, names it and infers its trigger."""
    bug = catalogue.find(slug)
    row = {"fault": slug, "found": False, "entries": len(names)}
    with faults.only(faults.of_bug(bug)):
        started, found = time.perf_counter(), {}
        for name in names:
            swept = work.sweep(name, DEVICE, seed, time.time() + SWEPT)
            if swept["findings"]:
                row.setdefault("seconds", round(time.perf_counter() - started, 2))
                found[name] = swept["findings"]
            if time.perf_counter() - started > SWEPT or sum(map(len, found.values())) >= ENOUGH:
                break
        if not found:
            return row
        by_op: dict[str, dict[str, list[dict]]] = {}
        for name in sorted(found, key=lambda name: -len(found[name]))[:3]:
            for op, some in diagnosis.ops_of(name, DEVICE, seed, found[name]).items():
                by_op.setdefault(op, {})[name] = some
        ops = {op for trigger in bug.triggers for op in trigger.ops}
        best = max(by_op, key=lambda op: (op not in diagnosis.COMMON, sum(map(len, by_op[op].values()))))
        cases = [one["case"] for some in by_op[best].values() for one in some]
        said = diagnosis.described(best, list(by_op[best]), cases, DEVICE, seed, program=False)
    (right, of), (hit, wrong) = said["fresh"], said["hit"]
    told = of > 0 and wrong > 0 and right >= TOLD_RIGHT * of and hit >= HIT * wrong
    inferred = best in ops and (told or said["alike"].get(slug, 0) >= TOLD_RIGHT)
    named = [*said["known"], *said["near"]]
    return row | {
        "found": True,
        "op": best,
        "right_op": best in ops,
        "inferred": inferred,
        "named": slug in said["known"] or slug in named[:1],
        "when": said["when"],
        **{name: said[name] for name in ("trigger", "fresh", "hit", "alike", "known", "near")},
    }
