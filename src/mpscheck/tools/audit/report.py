"""What an audit saw: the recorder hands it each call, the user reads it as text or as data."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from mpscheck.bugs.recorder import await_gradients, call_of, copy_elsewhere
from mpscheck.bugs.trigger import Call
from mpscheck.tools.audit.findings import Finding, Unclear, group_text, other_paths_text, unclear_text
from mpscheck.tools.audit.matching import Match, Matcher, Plan
from mpscheck.tools.audit.places import Callers, Place, frames_from
from mpscheck.tools.known import Known

GROUPS = ("affected", "known", "unknown", "not affected")
PATH_DOUBT = "takes another path on mps: this line is in a branch that asks for mps, so it may not run there"
NOT_LOOKED_AT = (
    "other inputs, other paths through the code, other processes, threads that the program starts, compiled code "
    "(torch.compile is off here), copies between devices other than by .to() and .cpu() where the run has one device, "
    "bugs that are not in this catalogue"
)


class Report:
    """What an audit saw. `findings` is complete when the block ends; `str(report)` and `data()` say it."""

    def __init__(
        self, bugs: tuple[Known, ...], torch: str | None, macos: str | None, folder: str, subject: str, level: str
    ):
        self.bugs, self.torch, self.macos = bugs, torch, macos
        self._with_condition = [bug for bug in bugs if bug.triggers]
        self.subject, self.level = subject, level
        self.ended = "ran to its end"
        self.ops = self.calls = self.not_judged = 0  # ops seen, calls held against triggers, calls that could not be
        self.other_paths: list[tuple[Place, bool]] = []  # True: in a function that itself called ops
        self._callers, self._matcher = Callers(folder), Matcher(bugs)
        self._found: dict[tuple, Finding] = {}

    # ---- what the recorder calls ----------------------------------------------------------------------------------

    def handle(self, op, args: tuple, kwargs: dict, run) -> Any:
        """Look at one call, and compute it."""
        self.ops += 1
        self._callers.note(sys._getframe(1))
        plan = self._matcher.plan(op)
        if plan is None:
            return run()
        if plan.watched[True] and not plan.late:
            self._judge(plan, op, args, kwargs, None)
        result = run()
        if plan.late:
            self._judge(plan, op, args, kwargs, result)
        if plan.gradients:
            await_gradients(call_of(op, args, kwargs), result, plan.gradients, self._judge_gradient)
        if plan.allocates:
            self._matcher.remember_unwritten(result)
        if plan.moves:
            self._judge_copy(copy_elsewhere(op, args, kwargs, result))
        return result

    def _judge(self, plan: Plan, op, args: tuple, kwargs: dict, result: Any) -> None:
        self.calls += 1
        try:
            matches = self._matcher.matches(plan, op, args, kwargs, result)
        except Exception:  # a tensor without strides or values: sparse, nested, traced
            self.not_judged += 1
            return
        if matches:
            self._count(matches, list(frames_from(sys._getframe(2))))

    def _judge_gradient(self, call: Call) -> None:
        self.calls += 1
        matches = self._matcher.gradient_matches(call)
        if matches:
            self._count(matches, list(frames_from(sys._getframe(1))))

    def _judge_copy(self, call: Call | None) -> None:
        matches = self._matcher.copy_matches(call) if call else ()
        if matches:
            self._count(matches, list(frames_from(sys._getframe(2))))

    def _count(self, matches: tuple[Match, ...], frames: list) -> None:
        """Count each match for the place that the call comes from."""
        user, library, branched = self._callers.place(frames)
        module = self._callers.module(frames)
        for match in matches:
            doubt = PATH_DOUBT if branched and match.doubt is None and match.device != "mps" else match.doubt
            key = (match.bug.slug, doubt, match.device, match.op, user, library)
            if key not in self._found:
                self._found[key] = Finding(match.bug, doubt, match.device, match.op, match.arguments, user, library)
            finding = self._found[key]
            finding.count += 1
            if module:
                finding.modules[module] = finding.modules.get(module, 0) + 1

    def look_for_other_paths(self) -> None:
        """Look through the source files of what was called for lines that ask for mps."""
        self.other_paths = self._callers.other_paths()

    # ---- what the user asks ---------------------------------------------------------------------------------------

    @property
    def accelerators(self) -> set[str]:
        """The types of the devices, other than the CPU, that calls ran on."""
        return self._matcher.accelerators

    @property
    def called(self) -> list[str]:
        """The aten names of all ops seen, in order."""
        return self._matcher.called

    @property
    def findings(self) -> list[Finding]:
        """All findings but those on calls that ran on the CPU beside an accelerator, most frequent first."""
        found = [f for f in self._found.values() if not self.accelerators or f.device != "cpu"]
        return sorted(found, key=lambda f: (f.doubt is not None, -f.count, f.bug.slug))

    def group(self, finding: Finding) -> str:
        """`affected`, `unknown` or `not affected` on the versions asked for; `known` where none were asked for."""
        return self._group(finding.bug)

    def _group(self, bug: Known) -> str:
        return bug.state(self.torch, self.macos) if self.torch else "known"

    @property
    def condition_not_known(self) -> list[Unclear]:
        """The known bugs of ops that were called of which nobody knows when they fire, by danger."""
        found = [Unclear(bug, self._group(bug), ops) for bug, ops in self._matcher.condition_not_known(self.bugs)]
        return sorted(found, key=lambda one: one.rank)

    @property
    def exposed(self) -> bool:
        """True if some call would meet a known bug on the versions asked for, without a doubt."""
        return any(f.doubt is None and self.group(f) in ("affected", "known") for f in self.findings)

    @property
    def versions(self) -> str:
        """The versions asked for, in words."""
        if not self.torch:
            return "any version"
        return f"torch {self.torch}, " + (f"macOS {self.macos}" if self.macos else "any macOS")

    def not_looked_at(self) -> str:
        """What was looked at, and what was not: one sentence each."""
        date = globals().get("CATALOGUE_DATE")
        catalogue = f"{len(self._with_condition)} known bugs" + (f" (newest entry {date})" if date else "")
        judged = f"{self.ops:,} ops seen ({self.level}), {self.calls:,} of them held against {catalogue}"
        failed = f", {self.not_judged:,} could not be (sparse, nested or traced tensors)" if self.not_judged else ""
        return f"Looked at: one run with one input; {judged}{failed}. Not looked at: {NOT_LOOKED_AT}."

    def data(self) -> dict:
        """The report as plain data, for JSON."""
        return {
            "schema": 1,
            "subject": self.subject,
            "ended": self.ended,
            "catalogue": {"date": globals().get("CATALOGUE_DATE"), "bugs": len(self._with_condition)},
            "asked": {"torch": self.torch, "macos": self.macos},
            "level": self.level,
            "accelerators": sorted(self.accelerators),
            "ops": self.ops,
            "calls": self.calls,
            "not_judged": self.not_judged,
            "exposed": self.exposed,
            "findings": [finding.data(self.group(finding)) for finding in self.findings],
            "condition_not_known": [one.data() for one in self.condition_not_known],
            "other_paths": [{**vars(place), "called": called} for place, called in self.other_paths],
            "not_looked_at": self.not_looked_at(),
        }

    def __str__(self) -> str:
        return "\n".join(self._text())

    __repr__ = __str__  # a notebook shows it as it is printed

    def _text(self) -> Iterator[str]:
        yield f"Audit of {self.subject}: {self.ended}. Asked for: {self.versions}."
        groups = {name: [f for f in self.findings if self.group(f) == name] for name in GROUPS}
        affected = [*groups["affected"], *groups["known"]]
        yield from group_text(f"MEETS A KNOWN BUG of {self.versions}", [f for f in affected if not f.doubt])
        yield from group_text(f"POSSIBLE on {self.versions}", [f for f in affected if f.doubt])
        yield from group_text(f"UNKNOWN on {self.versions}", groups["unknown"])
        if groups["not affected"]:
            slugs = sorted({f.bug.slug for f in groups["not affected"]})
            yield f"\nNOT AFFECTED on {self.versions}: {len(slugs)} (met here, bugs of other versions: {', '.join(slugs)})"
        if not self.ops:
            yield "\nNOTHING WAS CHECKED: no op of PyTorch was called in the main thread."
        elif not any(groups.values()):
            yield "\nNo call matched a known bug."
        if self.other_paths and "mps" not in self.accelerators:
            yield from other_paths_text(self.other_paths)
        if self.condition_not_known:
            yield from unclear_text(self.condition_not_known, self.versions)
        yield f"\n{self.not_looked_at()}"
