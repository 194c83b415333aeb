"""Where is it wrong? The first op, and its module, where a device leaves the CPU although its inputs were right.

    python locate_divergence.py                        GPT-2 on mps, through TransformerLens where it is installed
    python locate_divergence.py --model DIR --entry transformers --prompt "Any text"

Exit status 0: no op diverges and the whole forward pass agrees; 3: found; anything else: could not check. In a notebook,
for any torch.nn.Module of yours on the CPU: `from locate_divergence import locate; print(locate(model, tokens))`.

The model runs once on the CPU. Each op that it calls is computed on the device too, before torch takes it apart, for the
CPU's inputs in the CPU's layout, so errors do not add up. What is found comes with a program that shows it without the
model, and that was run here. At the end the whole model runs on the device, for what the inputs alone do not show.
For Python 3.9 and torch 2.4 or newer.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import json
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from mpscheck.aten import base_name
from mpscheck.known import Known, read_known
from mpscheck.recorder import around, call_of
from mpscheck.tools.judge import SCREEN, Difference, difference, distance
from mpscheck.tools.lockstep import Finding, LockStep, first_line
from mpscheck.tools.models import CouldNotCheck, find_model, load_model, need_device, newest_entry
from mpscheck.tools.replay import Case, Twins, flat_of, mapped, on_cpu, tensors_in, wide_dtype
from mpscheck.tools.reproduce import Reproduction, reproduce, run_in_process
from mpscheck.trigger import layout

PROMPT = "When Mary and John went to the store, John gave a drink to"  # the example of Wang et al. (arXiv 2211.00593)
KINDS = {"wrong": "is wrong", "nan": "makes NaN where the CPU has none", "shape": "gives another shape or dtype"}


@dataclass
class Report:
    """What `locate` found. `verdict` is diverges, agrees or could not check.

    `whole` says whether the whole forward pass agrees (None: it could not be compared, and `whole_text` says why).
    `reproductions` and `bugs` belong to `findings`, one each; only the first unless all were asked for.
    """

    verdict: str
    subject: str
    findings: list[Finding] = field(default_factory=list)
    reproductions: list[Reproduction] = field(default_factory=list)
    bugs: list[list[Known]] = field(default_factory=list)
    whole: bool | None = None
    whole_text: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    refused: dict[str, tuple[int, str]] = field(default_factory=dict)
    seconds: float = 0.0

    def __str__(self) -> str:
        return "\n".join(report_lines(self))


# ---- the pass -----------------------------------------------------------------------------------------------------


def locate(
    model: torch.nn.Module,
    *args,
    device: str = "mps",
    repeat: int = 1,
    backward: bool = False,
    every: bool = False,
    known: tuple[Known, ...] | None = None,
    run: Callable[[str], str] = run_in_process,
    folder: str | Path = ".",
    **kwargs,
) -> Report:
    """Find the first op where a device leaves the CPU although its inputs are right.

    Args:
        model: any module, on the CPU. It stays there; it runs once, in the mode (train or eval) that it is in.
        args, kwargs: what it is called with; tensors on the CPU.
        repeat: how often the device computes each op: more than once also finds what differs from itself.
        backward: compare the gradients of each op too, with those that come in when the output's are random (or 1).
        every: reproduce all that is wrong, not the first alone.
        known: the bugs to recognize, by default those that the single file carries.
        run: what executes a reproduction; a process of its own by default.
        folder: where the numbers of a reproduction are saved, if random ones do not show it.

    Raises CouldNotCheck if the device is not there or the model is not on the CPU; whatever the model raises.
    """
    need_device(device)
    weights = [*model.parameters(), *model.buffers()]
    if any(t.device.type != "cpu" for t in weights + tensors_in((args, kwargs))):
        raise CouldNotCheck("model and inputs must be on the CPU: they are copied to the device here")
    started = time.perf_counter()
    steps = LockStep(model, device, repeat, backward)
    steps.keep([weight.detach() for weight in weights])
    steps.place((args, kwargs), True)
    twin, twin_error = twin_model(model, steps)
    with torch.set_grad_enabled(backward), steps.where.following(), around(steps.handle):
        output = model(*args, **kwargs)
    if backward:
        run_backward(model, output)
    compared = steps.counts["compared"]
    whole, text = None, twin_error
    if twin is not None:
        whole, text = compare_whole(model, twin, args, kwargs, output, steps)
    if whole is False and not steps.findings:
        look_from_the_device(twin, args, kwargs, steps)
    report = Report("could not check", f"{device} against the CPU, torch {torch.__version__}", steps.findings)
    report.whole, report.whole_text, report.refused = whole, text, steps.refused
    report.counts = {**steps.counts, "compared": compared}
    bugs = read_known(globals().get("CATALOGUE", ())) if known is None else known
    for finding in steps.findings if every else steps.findings[:1]:
        report.bugs.append(recognized(finding, bugs, steps))
        report.reproductions.append(reproduce(finding.outer, device, run, Path(folder)))
    if steps.findings or whole is False:
        report.verdict = "diverges"
    elif whole:
        report.verdict = "agrees"
    report.seconds = time.perf_counter() - started
    return report


def twin_model(model: torch.nn.Module, steps: LockStep) -> tuple[Any, str]:
    """The model on the device as `model.to(device)` makes it, on the weights that are there already; or why not."""
    twins, moved = Twins(lambda flat: flat.to(steps.device), steps.kept), {}
    for weight in [*model.parameters(), *model.buffers()]:
        plain = weight.detach()
        there = twins.tensor(plain) if plain.is_contiguous() else plain.to(steps.device)
        is_parameter = isinstance(weight, torch.nn.Parameter)
        moved[id(weight)] = torch.nn.Parameter(there, weight.requires_grad) if is_parameter else there
    try:
        twin = copy.deepcopy(model, moved)  # deepcopy takes what is in `moved` as copied already
        # TransformerLens notes the device in .cfg as well; its own .to() sets that
        return twin.to(steps.device, print_details=False) if hasattr(model, "cfg") else twin.to(steps.device), ""
    except Exception as error:
        return None, f"the model cannot be copied: {first_line(error)}"


def run_backward(model: torch.nn.Module, output) -> None:
    """The model's own backward pass, from the first result that has a gradient; what it computes is dropped."""
    results = [t for t in tensors_in(output) if t.requires_grad]
    weights = [p for p in model.parameters() if p.requires_grad]
    if not results or not weights:
        raise CouldNotCheck("the output has no gradient: backward needs parameters with requires_grad")
    generator = torch.Generator().manual_seed(0)
    incoming = torch.randn(results[0].shape, generator=generator) if results[0].numel() > 1 else torch.ones(())
    incoming = incoming.to(results[0].dtype).reshape(results[0].shape)
    torch.autograd.grad(results[0], weights, incoming, allow_unused=True)


# ---- the whole forward pass ---------------------------------------------------------------------------------------


def compare_whole(model, twin, args, kwargs, output, steps: LockStep) -> tuple[bool | None, str]:
    """Whether the model's outputs agree, and that in words."""
    if steps.counts["random"]:
        return None, f"it draws random numbers ({steps.counts['random']} calls)"
    try:
        with torch.no_grad():
            there = twin(*to_there(args, steps), **to_there(kwargs, steps))
    except Exception as error:
        return None, f"it does not run there: {first_line(error)}"
    pairs = list(zip(tensors_in(output), tensors_in(there)))
    if len(tensors_in(output)) != len(tensors_in(there)) or any(a.shape != b.shape for a, b in pairs):
        return False, "it gives other shapes"
    pairs = [(cpu.detach(), on_cpu(got)) for cpu, got in pairs]
    apart = [distance(cpu, got) for cpu, got in pairs]
    calls = steps.counts["compared"]
    if all(a <= SCREEN * calls**0.5 and c.dtype is torch.float32 or a <= SCREEN for a, (c, _) in zip(apart, pairs)):
        return True, f"it is {max(apart, default=0):.3g} roundings away from the CPU after {calls} ops"
    try:
        exact = tensors_in(forward_in_float64(model, args, kwargs))
    except Exception as error:
        return None, f"it differs, and there is no reference in float64: {first_line(error)}"
    found = [difference(c, g, e, moves=False) for (c, g), e in zip(pairs, exact)]
    worst = max(filter(None, found), key=lambda d: d.ratio, default=None)
    return worst is None, "its error is within 10 times the CPU's own" if worst is None else difference_text(worst)


def to_there(value, steps: LockStep):
    """Inputs on the device."""
    return mapped(lambda v: v.to(steps.device) if isinstance(v, torch.Tensor) else v, value)


def forward_in_float64(model, args, kwargs):
    """The model's output on the CPU in float64. Weights are widened for one op at a time."""

    def handle(op, args, kwargs, run):
        if not hasattr(op, "_schema"):
            return run()
        twins = Twins(lambda flat: flat.double() if flat.is_floating_point() else flat)
        args, kwargs = mapped(wide_dtype, twins.of((tuple(args), kwargs)))
        return op(*args, **kwargs)

    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad(), around(handle):
            return model(*args, **kwargs)
    finally:
        torch.set_default_dtype(default)


def look_from_the_device(twin, args, kwargs, steps: LockStep) -> None:
    """The pass the other way: the device's results go on, so that what it makes itself is what is compared."""
    steps.where.names.update(type(steps.where)(twin).names)
    steps.sick.clear()
    with contextlib.suppress(Exception), torch.no_grad(), steps.where.following(), around(steps.handle_there):
        twin(*to_there(args, steps), **to_there(kwargs, steps))


# ---- words --------------------------------------------------------------------------------------------------------


def recognized(finding: Finding, known: tuple[Known, ...], steps: LockStep) -> list[Known]:
    """The bugs whose trigger matches the call, those first that are sick on this torch."""
    cases = [finding.case] if finding.case is finding.outer else [finding.case, finding.outer]
    found = []
    for case in cases:
        call = call_on(case, steps)
        found += [bug for bug in known if bug not in found and any(t.matches(call) for t in bug.triggers)]
    return sorted(found, key=lambda bug: ("sick", "unknown", "healthy").index(bug.state(torch.__version__, macos())))


def call_on(case: Case, steps: LockStep):
    """A case as triggers see it on the device, before it is made. A copy between dtypes has a new tensor as `self`."""
    twins = Twins(lambda flat: flat.to(steps.device))
    args, kwargs = twins.of((case.args, case.kwargs), case.scalars)
    result = torch.empty_like(args[0], dtype=kwargs.get("dtype")) if base_name(case.op) == "_to_copy" else None
    return call_of(case.op, args, kwargs, result, steps.device.partition(":")[0])


def macos() -> str | None:
    """The version of macOS; None elsewhere."""
    return platform.mac_ver()[0] or None


def difference_text(result: Difference) -> str:
    """How a result is wrong, in words."""
    if result.kind == "shape":
        return "shape or dtype are others"
    at = f"first at {result.index}: expected {result.expected:.6g}, got {result.got:.6g}"
    error = f"; error {result.ratio:.3g} times the CPU's own, 10 allowed" if result.ratio < float("inf") else ""
    return f"{result.share:.3%} of the values are wrong, {at}{error}"


def tensor_rows(case: Case) -> Iterator[str]:
    """The tensors among the arguments: name, dtype, shape, strides, offset, layout."""
    names = [a.name for a in case.op._schema.arguments]
    arguments = [*zip(names, case.args), *case.kwargs.items()]
    arguments += [("gradient", g) for g in case.incoming or () if g is not None]
    for name, value in arguments:
        for t in tensors_in(value):
            kind = "on the CPU" if id(t) in case.scalars else next(iter(layout(t)))
            place = f"shape {tuple(t.shape)}, strides {t.stride()}, offset {t.storage_offset()}"
            yield f"{name}: {str(t.dtype)[6:]}, {place}, {kind}"


def finding_lines(finding: Finding) -> Iterator[str]:
    """A finding in words."""
    gradient = ", gradient," if finding.case.incoming else ""
    kind = "differs from itself" if finding.case.differs else KINDS[finding.result.kind]
    inputs = "on the inputs that the device itself made" if finding.own_inputs else "although its inputs are right"
    yield f"aten::{finding.op}{gradient} {kind} {inputs}"
    hooks = [f"after {finding.spot.hook}"] * bool(finding.spot.hook) + [f"seen from {finding.next_hook} on"] * bool(finding.next_hook)
    yield f"  module: {finding.spot.module}" + (f" ({', '.join(hooks)})" if hooks else "")
    yield f"  called at: {finding.spot.line}" + (
        f", as part of aten::{base_name(finding.outer.op)}" if finding.outer.op is not finding.case.op else ""
    )
    for row in tensor_rows(finding.case):
        yield f"  {row}"
    yield f"  result: {difference_text(finding.result)}"
    modules = list(dict.fromkeys(finding.modules))
    yield f"  calls like it that are wrong: {len(finding.modules)}, in {', '.join(modules[:6])}{', …' * (len(modules) > 6)}"


def bug_lines(bugs: list[Known]) -> Iterator[str]:
    """The known bugs of a finding in words."""
    if not bugs:
        yield "  known bug: none in the catalogue fits; it may be new"
    for bug in bugs:
        state = bug.state(torch.__version__, macos())
        yield f"  known bug: {bug.claim}"
        yield f"    {bug.url}, page {bug.page}, affected {bug.affected}; on torch {torch.__version__}: {state}"
        if bug.workaround:
            yield "    workaround: " + bug.workaround.replace("\n", "\n      ")


def reproduction_lines(reproduction: Reproduction) -> Iterator[str]:
    """A reproduction, and whether it fails."""
    if not reproduction.fails:
        yield f"  no reproduction without the model: {reproduction.note}"
        return
    yield f"  reproduction, run here, it fails{': ' * bool(reproduction.note)}{reproduction.note}"
    yield ""
    yield from (f"    {line}".rstrip() for line in reproduction.text.splitlines())
    yield ""


def report_lines(report: Report) -> Iterator[str]:
    """A report in words. The last line is the answer."""
    for finding, bugs, reproduction in zip(report.findings, report.bugs, report.reproductions):
        yield from finding_lines(finding)
        yield from bug_lines(bugs)
        yield from reproduction_lines(reproduction)
    rest = report.findings[len(report.bugs) :]
    if rest:
        yield f"{len(rest)} more kinds of calls are wrong: {', '.join(sorted({f.op for f in rest}))} (--all shows them)"
    birth = next((f for f in report.findings if f.result.kind == "nan"), None)
    if birth and birth is not report.findings[0]:
        yield f"the first NaN is made by aten::{birth.op} in {birth.spot.module}"
    yield "calls: " + ", ".join(f"{count} {kind}" for kind, count in report.counts.items() if count)
    for op, (count, reason) in report.refused.items():
        yield f"not compared: aten::{op}, {count} calls: {reason}"
    word = {True: "agrees", False: "disagrees", None: "could not be compared"}[report.whole]
    yield f"whole forward pass: {word}: {report.whole_text}"
    yield last_line(report)


def last_line(report: Report) -> str:
    """The answer."""
    if report.findings:
        first = report.findings[0]
        answer = f"FOUND: aten::{first.op} in {first.spot.module}"
    elif report.whole is False:
        answer = (
            "FOUND, BUT NOT WHERE: the whole forward pass differs and no op does on the same inputs; look at state that "
            "is kept between calls and at code that takes another path on the device"
        )
    elif report.verdict == "agrees":
        answer = "NO OP DIVERGES, and the whole forward pass agrees"
    else:
        answer = f"COULD NOT CHECK: no op diverges, but the whole forward pass was not compared: {report.whole_text}"
    return f"{answer}. {report.subject}."


def as_json(report: Report) -> dict:
    """A report as plain data."""
    findings = [
        {
            "op": f.op,
            "outer": base_name(f.outer.op),
            "gradient": f.case.incoming is not None,
            "module": f.spot.module,
            "line": f.spot.line,
            "after_hook": f.spot.hook,
            "next_hook": f.next_hook,
            "kind": "nondeterministic" if f.case.differs else f.result.kind,
            "own_inputs": f.own_inputs,
            "tensors": list(tensor_rows(f.case)),
            "result": {**asdict(f.result), "ratio": str(f.result.ratio)},
            "modules": f.modules,
        }
        for f in report.findings
    ]
    for finding, bugs, reproduction in zip(findings, report.bugs, report.reproductions):
        finding["bugs"] = [{"slug": b.slug, "url": b.url, "state": b.state(torch.__version__, macos())} for b in bugs]
        finding["reproduction"] = asdict(reproduction)
    plain = ("verdict", "subject", "whole", "whole_text", "counts", "refused", "seconds")
    return {name: getattr(report, name) for name in plain} | {"findings": findings, "last line": last_line(report)}


# ---- the command --------------------------------------------------------------------------------------------------


def run_command(options) -> Report:
    """Do what the command line asks."""
    need_device(options.device)
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    entry = options.entry or newest_entry()
    model, tokenizer = load_model(find_model(options.model), entry)
    start = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]  # put first, as TransformerLens does
    tokens = torch.tensor([start + tokenizer.encode(options.prompt, add_special_tokens=False)])
    report = locate(
        model.eval(),
        tokens,
        device=options.device,
        repeat=3 if options.repeat else 1,
        backward=options.backward,
        every=options.all,
    )
    name = f"{options.model} through {type(model).__name__} (--entry {entry}), {str(next(model.parameters()).dtype)[6:]}"
    report.subject = f"{name}, {tokens.numel()} tokens, {report.subject}, {report.seconds:.1f} s"
    return report


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="gpt2", help="gpt2 (the default), smollm2, ioi-small or a folder")
    parser.add_argument("--entry", choices=["transformers", "bridge", "hooked"], help="transformers or TransformerLens")
    parser.add_argument("--device", default="mps", help="any device of torch, mps by default")
    parser.add_argument("--prompt", default=PROMPT, help="the text that the model reads")
    parser.add_argument("--all", action="store_true", help="show and reproduce all that is wrong: a process for each")
    parser.add_argument("--repeat", action="store_true", help="compute each op 3 times there: two forwards more")
    parser.add_argument("--backward", action="store_true", help="gradients too: some 5 forwards more, all activations kept")
    parser.add_argument("--json", action="store_true", help="print one JSON object only")
    options = parser.parse_args(arguments)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what libraries print must not mix with the answer
            report = run_command(options)
    except KeyboardInterrupt:
        report = Report("could not check", "", whole_text="stopped before the end")
    except CouldNotCheck as error:
        report = Report("could not check", str(error))
    except ModuleNotFoundError as error:
        report = Report("could not check", f"the package {error.name} is missing: {sys.executable} -m pip install {error.name}")
    except Exception as error:  # no traceback for a user who cannot do anything with it
        report = Report("could not check", first_line(error))
    if options.json:
        print(json.dumps(as_json(report)))
    elif report.counts:
        print(report)
    else:
        print(f"COULD NOT CHECK: {report.subject or report.whole_text}")
    return {"agrees": 0, "diverges": 3}.get(report.verdict, 2)


if __name__ == "__main__":
    sys.exit(main())
