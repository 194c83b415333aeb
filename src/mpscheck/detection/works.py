"""What `validate` and `locate` say of a kind of model where nothing is wrong, and with one fault that the model meets.

One run draws weights and inputs anew. A model's row has a cell for each device (healthy; honest, that is healthy with other
arithmetic; sick, with the fault): how many runs there were, and what each tool said in how many of them.

    python -m mpscheck.detection.works DEVICES RUNS SECONDS NAME…    a line of JSON for each model; needs MPSCHECK_EMU

The device is the process's own: MPSCHECK_EMU=honest for `honest`, 1 for `healthy,sick`. A cell stops after so many seconds,
with the runs that it has by then, one at least.
"""

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata

import torch
from torch import nn
from torch.utils import _pytree as pytree

from mpscheck.bugs import catalogue
from mpscheck.detection import DEVICE
from mpscheck.detection.faults import counting, differ, groups
from mpscheck.detection.libraries import LIBRARIES, Library
from mpscheck.detection.located import located
from mpscheck.emulation import faults
from mpscheck.emulation.faults import Fault
from mpscheck.runs import provenance
from mpscheck.tools.copies import everything
from mpscheck.tools.models import explain
from mpscheck.tools.validate import validate
from mpscheck.tools.validate.calls import numbers
from mpscheck.tools.validate.report import unwrapped
from mpscheck.tools.validate.run import copy_to

DEVICES = ("healthy", "honest", "sick")
TOOLS = ("validate", "locate")
VERDICTS = ("agrees", "disagrees", "could not check")
REASONS = 5  # of what was said, the first so many are kept


def drawn(library: Library, seed: int) -> tuple[object, dict]:
    """A model of this kind, on the CPU, and what it is called with."""
    torch.manual_seed(seed)
    model = library.make()
    unwrapped(model).eval()
    return model, library.inputs()


def candidates() -> Iterator[Fault]:
    """Faults to try on a model: those of known bugs, the most dangerous first, then made-up ones."""
    bugs = [bug for bug in catalogue.with_check() if bug.imitable and bug.kind in ("wrong", "nan")]
    yield from map(faults.of_bug, sorted(bugs, key=lambda bug: bug.facts.get("danger", len(bugs))))
    yield from groups()["general"]


def met(library: Library, found: Iterator[Fault]) -> Fault | None:
    """The first of these faults that changes what a forward pass of this kind of model gives."""
    model, inputs = drawn(library, 0)
    with torch.no_grad():
        try:
            there = copy_to(unwrapped(model), DEVICE)
            moved = pytree.tree_map_only(torch.Tensor, lambda tensor: tensor.to(DEVICE), inputs)
            with faults.only():
                right = numbers(there(**moved))
        except Exception:  # no device takes it, which the tools say for themselves
            return None
        for fault in found:
            with faults.only(fault), contextlib.suppress(Exception):  # a wrong index can end the pass: then another one
                if any(map(differ, right, numbers(there(**moved)))):
                    return fault
    return None


def by_validate(model, inputs: dict) -> dict:
    """What `validate` says, and why where it does not agree; which checks it could not do."""
    report = validate(model, inputs, DEVICE)
    return {
        "verdict": report.verdict,
        "reasons": [f"{c.name}: {c.text}" for c in report.checks if c.verdict in VERDICTS[1:]] or said(report),
        "not checked": {c.name: c.text for c in report.checks if c.verdict == "not checked"},
    }


def said(report) -> list[str]:
    return [] if report.verdict == "agrees" else [report.subject]


def by_locate(model, inputs: dict, fault: Fault | None = None) -> dict:
    """What `locate` says, and whether the op that it names is the faulty one."""
    found = located(model, inputs)
    ops = {op for trigger in fault.triggers for op in trigger.ops} if fault else ()
    return {
        "verdict": "disagrees" if found.verdict == "diverges" else found.verdict,
        "reasons": [] if found.verdict == "agrees" else [found.text],
        "named": found.names(ops),
        "refused": found.refused,
    }


def cell(library: Library, runs: int, seconds: float, fault: Fault | None = None) -> dict[str, dict]:
    """What the tools say in so many runs, each on weights and inputs of its own."""
    found: dict[str, list[dict]] = {tool: [] for tool in TOOLS}
    ends = time.monotonic() + seconds
    for seed in range(runs):
        for tool, ask in (("validate", by_validate), ("locate", lambda m, i: by_locate(m, i, fault))):
            found[tool].append(one_run(library, seed, fault, ask))
        if time.monotonic() > ends:
            break
    return {tool: summed(told) for tool, told in found.items()}


def one_run(library: Library, seed: int, fault: Fault | None, ask: Callable) -> dict:
    """What a tool says once, and how many calls were wrong while it ran."""
    told: list[int] = []
    with faults.only(*([counting(fault, lambda: told.append(1))] if fault else [])):
        try:
            answer = ask(*drawn(library, seed))
        except Exception as error:  # what a user would see instead of a verdict
            answer = {"verdict": "could not check", "reasons": [explain(error)]}
    return answer | {"wrong": len(told)}


def summed(told: list[dict]) -> dict:
    """The answers of a tool in several runs, counted."""
    count = {verdict: sum(one["verdict"] == verdict for one in told) for verdict in VERDICTS}
    reasons = [f"run {n}: {reason}" for n, one in enumerate(told) for reason in one["reasons"]]
    unseen = {
        name: why for one in told for part in ("not checked", "refused") for name, why in one.get(part, {}).items()
    }
    return {
        "runs": len(told),
        **count,
        "met": sum(one["wrong"] > 0 for one in told),
        "named": sum(one.get("named", False) for one in told),
        "reasons": reasons[:REASONS],
        "not checked": unseen,
    }


def versions(model) -> dict[str, str]:
    """The versions of the library that a model's class is of, and of those that it stands on."""
    classes = {type(part).__module__.partition(".")[0] for part in [model, *everything(model, nn.Module)]}
    names = metadata.packages_distributions()
    return {
        name: metadata.version(name)
        for top in sorted(classes - {"torch", "mpscheck"})
        for name in names.get(top, ())[:1]
    }


def row(library: Library, devices: list[str], runs: int, seconds: float) -> dict:
    """What this process can say of a kind of model."""
    found: dict = {"name": library.name, "cells": {}}
    for device in devices:
        fault = met(library, candidates()) if device == "sick" else None
        if fault:
            found |= {"fault": fault.slug, "ops": sorted({op for trigger in fault.triggers for op in trigger.ops})}
        if fault or device != "sick":
            found["cells"][device] = cell(library, runs, seconds, fault)
    model, _ = drawn(library, 0)
    parameters = sum(weight.numel() for weight in everything(model, nn.Parameter))
    return found | {"parameters": parameters, "versions": versions(model), "packages": provenance.packages()}


def main(devices: str, runs: str, seconds: str, *names: str) -> None:
    """Write a line for each model; whatever libraries print goes to the standard error."""
    torch.set_num_threads(1)
    answer, known = sys.stdout, {library.name: library for library in LIBRARIES}
    with contextlib.redirect_stdout(sys.stderr):
        for name in names:
            found = row(known[name], devices.split(","), int(runs), float(seconds))
            print(json.dumps(found, allow_nan=False), file=answer, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
