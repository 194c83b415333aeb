"""One row of the detection table: one model, one fault, and what each check says of it on the emulated device.

One run on the healthy device says which faults would fire at all: only those are tried, the others have its cells. A row
says how many calls there were of the fault's ops, on how many of them it would fire, and if on none, what they lack.

A cell is a dict: `verdict` (caught, passed, not met or could not check), `wrong` (how many calls gave a wrong result
while the check ran), `margin` (the error over the allowed one, where there is one) and `text`.

    python -m mpscheck.detection.rows MODEL ENTRY [FAULT…]    one row a line, as JSON; needs MPSCHECK_EMU=1
"""

import contextlib
import importlib.util
import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType

import torch

from mpscheck.bugs import catalogue
from mpscheck.detection import DEVICE
from mpscheck.detection.facts import SIGN
from mpscheck.detection.faults import counting, groups
from mpscheck.detection.hits import watching
from mpscheck.detection.located import located
from mpscheck.detection.remembering import Remembering
from mpscheck.emulation import faults
from mpscheck.emulation.faults import Fault
from mpscheck.places import ROOT
from mpscheck.tools.audit import audit
from mpscheck.tools.bundle import entries
from mpscheck.tools.known import read_known


@dataclass(frozen=True)
class Subject:
    """A model on the CPU with its inputs, as the command line of `validate_mps.py` makes them."""

    model: torch.nn.Module
    tokenizer: object
    batches: list[tuple[torch.Tensor, ...]]  # token ids, int64 [sequences, length]
    prompt: torch.Tensor  # the headline prompt, int64 [1, length]


def validate_mps() -> ModuleType:
    """The file that users copy, as a module."""
    if "validate_mps" not in sys.modules:
        spec = importlib.util.spec_from_file_location("validate_mps", ROOT / "snippets" / "validate_mps.py")
        module = sys.modules["validate_mps"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules["validate_mps"]


def load(tool: ModuleType, model: str, entry: str) -> Subject:
    """Load a model; raises `tool.CouldNotCheck` where it cannot be had."""
    from transformers import AutoTokenizer

    source = tool.find_model(model)
    tokenizer, loaded = AutoTokenizer.from_pretrained(source), tool.load(source, entry).eval()
    prompts = [batch[0] for batch in tool.ioi_batches(tokenizer)]
    random_ids = tool.inputs_for(loaded, tool.read("AutoConfig", source))
    return Subject(loaded, tokenizer, [(random_ids,), (prompts[1],)], prompts[0])


def row(tool: ModuleType, subject: Subject, fault: Fault) -> dict[str, dict]:
    """The cells of `validate_mps.py`'s checks and of `locate`, by name, on a device with this fault."""
    told: list[int] = []
    with faults.only(counting(fault, lambda: told.append(1))):
        return cells(tool, subject, told)


def cells(tool: ModuleType, subject: Subject, wrong: Sequence = ()) -> dict[str, dict]:
    """The cells on the device as it is; it puts something into `wrong` for each wrong result."""

    class Run(Remembering, tool.Run):
        pass

    def cell(check: Callable[[], dict], before: int = 0) -> dict:
        start = len(wrong)
        found = check()
        return met_or_not(found, len(wrong) - start + before)

    torch.manual_seed(0)
    other = tool.copy_to(subject.model, DEVICE)
    moved = len(wrong)  # a fault may spoil the weights on their way to the device
    run = Run(subject.model, other, DEVICE, subject.batches, subject.tokenizer, [])
    found = {name: cell(lambda name=name: checked(tool, run, name), moved) for name in tool.CHECKS}
    found["locate"] = cell(lambda: by_locate(subject))
    return {SIGN: by_sign(run, found["IOI"]), **found}


def met_or_not(found: dict, wrong: int) -> dict:
    """The cell of what a check gave while so many calls were wrong; a pass without any says nothing."""
    if found["verdict"] == "passed" and not wrong:
        return {"verdict": "not met", "wrong": 0}
    return found | {"wrong": wrong}


def checked(tool: ModuleType, run, name: str) -> dict:
    """The cell of one of `validate_mps.py`'s checks."""
    check = tool.outcome(run, name)
    words = {"agrees": "passed", "disagrees": "caught"}
    margin = check.margin if check.margin is None or math.isfinite(check.margin) else None
    return {"verdict": words.get(check.verdict, "could not check"), "margin": margin, "text": check.text}


def by_sign(run, ioi: dict) -> dict:
    """The cell of the check that looks whether one logit difference is positive, from what the IOI check printed."""
    shown = re.search(rf"\[{DEVICE.upper()}\].* LD=(\S+)", "\n".join(run.lines))
    if not shown:
        return ioi | {"verdict": "could not check", "margin": None}
    verdict = "passed" if float(shown[1]) > 0 else "caught"
    return met_or_not({"verdict": verdict, "margin": None, "text": f"logit difference {shown[1]}"}, ioi["wrong"])


def by_locate(subject: Subject) -> dict:
    """The cell of `locate`: its text says which op and module it named."""
    found = located(subject.model, subject.prompt)
    words = {"agrees": "passed", "diverges": "caught"}
    return {"verdict": words.get(found.verdict, found.verdict), "margin": None, "text": found.text}


def audited(tool: ModuleType, subject: Subject) -> dict[str, dict]:
    """The cell of `audit` for each bug of the catalogue, from one healthy run on the CPU of what the checks do.

    `wrong` is the number of calls that would be: on the CPU none is.
    """
    uses = (tool.logits, tool.residual_stream, tool.attention_patterns, tool.patched, tool.gradients, tool.generated)
    with audit(bugs=read_known(entries(catalogue.with_check()))) as report, torch.no_grad():
        for use in (*uses, tool.padded):
            use(subject.model, *subject.batches[0])
        for length in tool.LENGTHS:
            with contextlib.suppress(IndexError, RuntimeError):  # longer than the model takes
                tool.logits(subject.model, *tool.call_of(tool.resized(subject.batches[0], length))[0])
    return {
        bug.slug: audit_cell([f for f in report.findings if f.bug.slug == bug.slug]) for bug in catalogue.with_check()
    }


def audit_cell(findings: list) -> dict:
    """The cell of one bug."""
    if not findings:
        return {"verdict": "not met", "wrong": 0}
    certain = [f for f in findings if f.doubt is None]
    calls = sum(f.count for f in certain or findings)
    text = f"{calls} calls of {(certain or findings)[0].op}" + ("" if certain else f": {findings[0].doubt}")
    return {"verdict": "caught" if certain else "could not check", "margin": None, "text": text, "wrong": calls}


def rows(model: str, entry: str, wanted: set[str]) -> Iterator[dict]:
    """The rows of a model for the faults with these slugs; first those of faults that would never fire, which are not run."""
    tool = validate_mps()
    subject = load(tool, model, entry)
    audits = audited(tool, subject)
    members = [(group, one) for group, some in groups().items() for one in some if one.slug in wanted]
    with watching([one for _, one in members]) as seen:
        healthy = cells(tool, subject)
    for group, one in sorted(members, key=lambda member: seen[member[1].slug].fired > 0):
        watch = seen[one.slug]
        found = row(tool, subject, one) if watch.fired else healthy
        yield {
            "model": model,
            "entry": entry,
            "fault": one.slug,
            "group": group,
            "ops": sorted(watch.ops),
            "called": watch.called,
            "fired": watch.fired,
            "lacking": watch.lacking(),
            "cells": found | ({"audit": audits[one.slug]} if group == "catalogue" else {}),
        }


def main(model: str, entry: str, *wanted: str) -> None:
    """Write the rows to the standard output, one a line; whatever libraries print goes to the standard error."""
    torch.set_num_threads(1)
    answer = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        for found in rows(model, entry, set(wanted) or {f.slug for members in groups().values() for f in members}):
            print(json.dumps(found, allow_nan=False), file=answer, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
