"""What was found, in words and as plain data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

import torch

from mpscheck.bugs.aten import base_name
from mpscheck.bugs.properties import layout
from mpscheck.runs.macos import macos_version
from mpscheck.runs.rule import MISSED, rate_seen
from mpscheck.tools.known import Known
from mpscheck.tools.locate.judge import Difference
from mpscheck.tools.locate.lockstep import Finding
from mpscheck.tools.locate.recognize import Recognized, is_elsewhere
from mpscheck.tools.locate.replay import Case, tensors_in
from mpscheck.tools.locate.reproduce import Reproduction

SHOWN = 3  # so many bugs are shown in full
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
    bugs: list[Recognized] = field(default_factory=list)
    whole: bool | None = None
    whole_text: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)  # by op: how often the device computed it
    refused: dict[str, tuple[int, str]] = field(default_factory=dict)
    seconds: float = 0.0

    def __str__(self) -> str:
        return "\n".join(report_lines(self))


def difference_text(result: Difference) -> str:
    """How a result is wrong, in words."""
    if result.kind == "shape":
        return "shape or dtype are others"
    values = f"expected {digits(result.expected, result.got)}, got {digits(result.got, result.expected)}"
    if result.around:
        return f"right, but the memory around it is changed, first at element {result.index[0]} of it: {values}"
    at = f"first at {result.index}: {values}"
    error = f"; error {result.ratio:.3g} times the CPU's own, 10 allowed" if result.ratio < float("inf") else ""
    return f"{result.share:.3%} of the values are wrong, {at}{error}"


def digits(value: complex, other: complex) -> str:
    """A value with six digits, or with as many as tell it from the other; whole numbers in full."""
    if isinstance(value, int) or f"{value:.6g}" == f"{other:.6g}":
        return repr(value)
    return f"{value:.6g}"


def tensor_rows(case: Case) -> Iterator[str]:
    """The tensors among the arguments: name, dtype, shape, strides, offset, layout."""
    names = [a.name for a in case.op._schema.arguments]
    arguments = [*zip(names, case.args), *case.kwargs.items()]
    arguments += [("gradient", g) for g in case.incoming or () if g is not None]
    for name, value in arguments:
        for t in tensors_in(value):
            kind = "on the CPU" if id(t) in case.staying_ids else layout(t)
            place = f"shape {tuple(t.shape)}, strides {t.stride()}, offset {t.storage_offset()}"
            yield f"{name}: {str(t.dtype)[6:]}, {place}, {kind}"


def finding_lines(finding: Finding) -> Iterator[str]:
    """A finding in words."""
    gradient = ", gradient," if finding.gradient else ""
    kind = KINDS[finding.result.kind]
    if finding.case.differs:
        kind = f"differs from itself and is wrong in {100 * finding.case.differs:.2g} % of the runs,"
    inputs = "on the inputs that the device itself made" if finding.own_inputs else "although its inputs are right"
    yield f"aten::{finding.op}{gradient} {kind} {inputs}"
    hooks = [f"after {finding.spot.hook}"] * bool(finding.spot.hook) + [f"seen from {finding.next_hook} on"] * bool(
        finding.next_hook
    )
    yield f"  module: {finding.spot.module}" + (f" ({', '.join(hooks)})" if hooks else "")
    yield f"  called at: {finding.spot.line}" + (
        f", as part of {'the gradient of ' * finding.gradient}aten::{base_name(finding.outer.op)}"
        if finding.outer.op is not finding.case.op
        else ""
    )
    for row in tensor_rows(finding.case):
        yield f"  {row}"
    yield f"  result: {difference_text(finding.result)}"
    modules = list(dict.fromkeys(finding.modules))
    yield f"  calls like it that are wrong: {len(finding.modules)}, in {', '.join(modules[:6])}{', …' * (len(modules) > 6)}"


def bug_lines(found: Recognized) -> Iterator[str]:
    """The known bugs of a finding in words: a few of each sort, the likeliest first, and the names of the rest."""
    if not found.fits:
        new = "" if found.unlikely or found.unknown else "; it may be new"
        yield f"  known bug: none in the catalogue has a condition that explains it{new}"
    for bug in found.fits[:SHOWN]:
        drafted = " (condition drafted from its thread, not tried)" if bug.draft else ""
        yield f"  known bug: {bug.claim}{drafted}"
        yield f"    {bug.url}, page {bug.page}"
        yield f"    affected: {here(bug)}"
        if bug.workaround:
            yield f"    workaround: {'; '.join(bug.workaround.splitlines()).replace('return ', '')}"
    if found.fits[SHOWN:]:
        yield f"    whose condition it meets too: {slugs(found.fits[SHOWN:])}"
    if found.unlikely:
        yield f"  unlikely, by what the call gives with plain layouts: {slugs(found.unlikely)}"
    if found.unknown:
        yield f"  known bugs of this op, condition not known: {len(found.unknown)}"
    for bug in found.unknown[:SHOWN]:
        yield f"    {bug.claim}"
        yield f"      {bug.url}; affected: {here(bug)}"
    if found.unknown[SHOWN:]:
        yield f"    and {slugs(found.unknown[SHOWN:])}"


def here(bug: Known) -> str:
    """Where a bug is known, and what that means for this torch, macOS and chip."""
    only = " there; this machine is another, or it does not tell" if is_elsewhere(bug) else ""
    return f"{bug.where}; torch {torch.__version__} is {bug.state(torch.__version__, macos_version())}{only}"


def slugs(bugs: tuple[Known, ...]) -> str:
    """The names of bugs."""
    return ", ".join(bug.slug for bug in bugs)


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
    if report.runs:
        yield rate_line(report.runs)
    for op, (count, reason) in report.refused.items():
        yield f"not compared: aten::{op}, {count} calls: {reason}"
    word = {True: "agrees", False: "disagrees", None: "could not be compared"}[report.whole]
    yield f"whole forward pass: {word}: {report.whole_text}"
    if report.whole and not all(f.gradient for f in report.findings):
        yield "  (what is wrong does not reach the output, or not with the layout that model.to(device) gives a weight)"
    if os.environ.get("PYTORCH_ENABLE_MPS_FALLBACK", "0") != "0":
        yield "PYTORCH_ENABLE_MPS_FALLBACK is set: what mps lacks ran on the CPU, and that is all that was compared of it"
    yield last_line(report)


def rate_line(runs: dict[str, int]) -> str:
    """How rare a fault could be and still be found: for the op with the fewest runs on the device, and with the most."""
    few, many = min(runs, key=runs.__getitem__), max(runs, key=runs.__getitem__)
    said = [f"{100 * rate_seen(runs[op]):.2g} % of the runs of aten::{op} ({runs[op]} there)" for op in (few, many)]
    return f"rare faults: with a chance of {1 - MISSED:.0%} it finds one that spoils {' or '.join(dict.fromkeys(said))}"


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
            "gradient": f.gradient,
            "module": f.spot.module,
            "line": f.spot.line,
            "after_hook": f.spot.hook,
            "next_hook": f.next_hook,
            "kind": "nondeterministic" if f.case.differs else f.result.kind,
            "own_inputs": f.own_inputs,
            "tensors": list(tensor_rows(f.case)),
            "result": {n: str(v) if n == "ratio" or isinstance(v, complex) else v for n, v in asdict(f.result).items()},
            "modules": f.modules,
        }
        for f in report.findings
    ]
    for finding, bugs, reproduction in zip(findings, report.bugs, report.reproductions):
        for name, some in (
            ("bugs", bugs.fits),
            ("unlikely_bugs", bugs.unlikely),
            ("condition_not_known", bugs.unknown),
        ):
            finding[name] = [
                {"slug": b.slug, "url": b.url, "state": b.state(torch.__version__, macos_version())} for b in some
            ]
        finding["reproduction"] = asdict(reproduction)
    plain = ("verdict", "subject", "whole", "whole_text", "counts", "runs", "refused", "seconds")
    more = {"findings": findings, "last line": last_line(report)}
    return (
        {name: getattr(report, name) for name in plain}
        | more
        | {"rate_seen": {op: rate_seen(n) for op, n in report.runs.items()}}
    )
