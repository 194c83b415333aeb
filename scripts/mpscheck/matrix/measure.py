"""One row of the detection matrix: one model, one fault, and what each check says of it on the emulated device.

A cell is a dict: `verdict` (one of `VERDICTS`), `fired` (how often the fault fired while the check ran), `margin` (the
error over the allowed one, where there is one) and `text`.
"""

import contextlib
import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import torch

from mpscheck import catalogue
from mpscheck.bundle import entries
from mpscheck.emulation import faults
from mpscheck.emulation.faults import Fault
from mpscheck.known import read_known
from mpscheck.tools.audit import audit
from mpscheck.tools.locate import locate

DEVICE = "emu"
ENTRIES = ("transformers", "bridge")
VERDICTS = ("caught", "passed", "not met", "could not check")


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
        spec = importlib.util.spec_from_file_location("validate_mps", catalogue.ROOT / "snippets" / "validate_mps.py")
        module = sys.modules["validate_mps"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules["validate_mps"]


def load(tool: ModuleType, model: str, entry: str) -> Subject:
    """Load a model; raises `tool.CouldNotCheck` where it cannot be had."""
    from transformers import AutoTokenizer

    source = tool.find_model(model)
    tokenizer, loaded = AutoTokenizer.from_pretrained(source), tool.load(source, entry).eval()
    prompts = [batch[0] for batch in tool.ioi_batches(tokenizer)]
    random_ids = torch.randint(len(tokenizer), (2, 32), generator=torch.Generator().manual_seed(0))
    return Subject(loaded, tokenizer, [(random_ids,), (prompts[1],)], prompts[0])


def row(tool: ModuleType, subject: Subject, fault: Fault) -> dict[str, dict]:
    """The cells of `validate_mps.py`'s checks and of `locate`, by name. The device is sick only within."""
    with faults.only(fault), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        other = tool.copy_to(subject.model, DEVICE)
        moved = faults.COUNTS.get(fault.slug, 0)  # a fault may spoil the weights on their way to the device
        run = tool.Run(subject.model, other, DEVICE, subject.batches, subject.tokenizer, [])
        found = {name: cell(fault, moved, lambda name=name: checked(tool, run, name)) for name in tool.CHECKS}
        found["locate"] = cell(fault, 0, lambda: located(subject, fault))
    return found


def cell(fault: Fault, before: int, check: Callable[[], dict]) -> dict:
    """What a check gives, with the number of times that the fault fired in it; a check that met none says nothing."""
    start = faults.COUNTS.get(fault.slug, 0)
    found = check()
    fired = faults.COUNTS.get(fault.slug, 0) - start + before
    if found["verdict"] == "passed" and not fired:
        found["verdict"] = "not met"
    return found | {"fired": fired}


def checked(tool: ModuleType, run, name: str) -> dict:
    """The cell of one of `validate_mps.py`'s checks."""
    check = tool.outcome(run, name)
    words = {"agrees": "passed", "disagrees": "caught"}
    return {"verdict": words.get(check.verdict, "could not check"), "margin": check.margin, "text": check.text}


def located(subject: Subject, fault: Fault) -> dict:
    """The cell of `locate`: its text says which op it named, and whether the fault is on that op."""
    try:
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            report = locate(subject.model, subject.prompt, device=DEVICE, known=(), run=lambda program: "not run here")
    except Exception as error:
        return {"verdict": "could not check", "margin": None, "text": f"{type(error).__name__}: {error}".splitlines()[0]}
    words = {"agrees": "passed", "diverges": "caught"}
    text = f"names {report.findings[0].op} in {report.findings[0].spot.module}" if report.findings else "names no op"
    return {"verdict": words.get(report.verdict, "could not check"), "margin": None, "text": text}


def audited(tool: ModuleType, subject: Subject) -> dict[str, dict]:
    """The cell of `audit` for each bug of the catalogue, from one healthy run on the CPU of what the checks do."""
    uses = (tool.logits, tool.residual_stream, tool.attention_patterns, tool.patched, tool.gradients, tool.generated)
    uses += (tool.lengths, tool.padded)
    with audit(bugs=read_known(entries(catalogue.load()))) as report, torch.no_grad():
        for use in uses:
            use(subject.model, *subject.batches[0])
    found = {}
    for bug in catalogue.load():
        here = [f for f in report.findings if f.bug.slug == bug.slug]
        certain = [f for f in here if f.doubt is None]
        verdict = "caught" if certain else "could not check" if here else "not met"
        text = f"{sum(f.count for f in here)} calls of {here[0].op}" + (f": {here[0].doubt}" if not certain else "") if here else ""
        found[bug.slug] = {"verdict": verdict, "margin": None, "text": text, "fired": sum(f.count for f in here)}
    return found
