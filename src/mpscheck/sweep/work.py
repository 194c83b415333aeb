"""What a worker process of a sweep does: one entry after another. Never raises but for what ends the process."""

from __future__ import annotations

import json
import time
import warnings
from collections import Counter
from pathlib import Path

import torch

from mpscheck.sweep.cases import Bench, Case, Outcome
from mpscheck.sweep.database import all_entries
from mpscheck.sweep.entries import Entry, Sample

KEPT = 40  # findings of an entry that are kept whole; the others are counted


def names() -> list[str]:
    """The names of all entries."""
    return list(all_entries())


def samples_of(entry: Entry, dtype: str, seed: int) -> list[Sample]:
    """The samples of an entry; none where OpInfo itself cannot draw them here."""
    try:
        return entry.samples(dtype, seed)
    except Exception:  # whatever a function of torch's own tests raises
        return []


def try_device(device: str) -> str | None:
    """Why torch cannot compute on a device; None where it can."""
    try:
        torch.ones(1, device=device).add(1).cpu()
    except Exception as error:  # whatever a backend raises
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return None


def sweep(
    name: str, device: str, seed: int, until: float = float("inf"), trace: str = "", skipped: list[dict] = ()
) -> dict:
    """All cases of an entry: how many came out how, and the findings. `until` is of `time.time`.

    `trace` is a file that tells which case is being made, for whoever finds this process dead; `skipped` are not made.
    """
    entry, counts, findings, started = all_entries()[name], Counter(), [], time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for dtype in entry.dtypes:
            for sample in samples_of(entry, dtype, seed):
                if time.time() > until:
                    break
                _sweep_sample(Bench(entry, dtype, sample, device), counts, findings, trace, skipped)
    return {
        "entry": name,
        "seconds": round(time.perf_counter() - started, 3),
        "counts": dict(counts),
        "findings": chosen(findings),
        "wrong": len(findings),
    }


def _sweep_sample(bench: Bench, counts: Counter, findings: list[dict], trace: str, skipped) -> None:
    plain: dict[str, Outcome] = {}  # of the plain case, by form
    for case in bench.cases():
        if trace:
            if case.stored() in skipped:
                continue
            Path(trace).write_text(json.dumps(case.stored()), "utf-8")
        found = bench.run(case)
        if found.verdict == "random":
            counts["random"] += 1
            return
        counts["wrong" if found.wrong else found.verdict] += 1
        if case.plain:
            plain[case.form] = found
        if found.wrong:
            findings.append({"case": case.stored(), "class": class_of(case, found, plain, bench), **said(found)})


def said(found: Outcome) -> dict:
    """An outcome as plain data."""
    return {"verdict": found.verdict, "said": found.said, "ratio": min(found.ratio, 1e300)}


def class_of(case: Case, found: Outcome, plain: dict[str, Outcome], bench: Bench) -> str:
    """What kind of finding it is: `layout` where the plain call is right is the one to look at first."""
    of_form = plain.get(case.form, Outcome("agrees"))
    if not case.plain and not of_form.wrong:
        return "layout"
    if found.verdict == "raises":
        return "raises"
    if case.form in ("out", "inplace", "again", "backward") and not plain.get("call", of_form).wrong:
        return case.form
    return "specials" if bench.sample.values == "specials" else "values"


def chosen(findings: list[dict]) -> list[dict]:
    """At most KEPT, of each class, dtype, form and layout one before a second comes."""
    seen, first, later = set(), [], []
    for one in findings:
        case = one["case"]
        key = (one["class"], case["dtype"], case["form"], case["target"], tuple(case["layouts"]))
        (later if key in seen else first).append(one)
        seen.add(key)
    return [*first, *later][:KEPT]
