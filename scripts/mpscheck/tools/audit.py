"""Would this program meet a known bug of PyTorch on Apple GPUs? Finds out on any machine, and names the lines.

    python audit_mps.py [--torch 2.8.0] [--macos 15] [--json] my_experiment.py its own arguments

The program runs as it always does. Each op that it calls is held against the triggers of the known bugs: dtype, shape,
strides, storage offset. In a notebook:

    from audit_mps import audit

    with audit(torch="2.8.0", macos="15") as report:
        model(tokens)
    print(report)

Exit status: 0 no known bug would be met on the versions asked for (unknown ones are listed), 3 at least one would,
1 the program did not run to its end, 2 could not run.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import dis
import json
import linecache
import os
import platform
import re
import runpy
import sys
import sysconfig
import threading
import traceback
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import torch

from mpscheck.aten import base_name
from mpscheck.known import Known, read_known
from mpscheck.recorder import TWO_MODES, around, best_level, call_of
from mpscheck.trigger import Call, Trigger, tensors_of
from mpscheck.versions import Version

GROUPS = ("sick", "known", "unknown", "healthy")
DEVICE_DOUBT = "possible: depends on which device holds an argument, which a run on the CPU cannot show"
CALL_DOUBT = "possible: every call of this op matches, and something outside the call decides"
DRAFT_DOUBT = "possible: when this bug fires is drafted from its thread, no snippet has tried it"
PATH_DOUBT = "takes another path on mps: this line is in a branch that asks for mps, so it may not run there"
NOT_LOOKED_AT = (
    "other inputs, other paths through the code, other processes, threads that the program starts, compiled code "
    "(torch.compile is off here), copies between devices that a run on the CPU does not make, bugs that are not in "
    "this catalogue"
)


# ---- would this call meet the bug? --------------------------------------------------------------------------------


def decide(trigger: Trigger, call: Call, devices_known: bool) -> bool | None:
    """Whether the bug fires on the call: True, False, or None where only a device decides that is not known here."""
    if devices_known or all(c.property != "device" for c in trigger.when):
        return trigger.matches(call)
    rest = Trigger(trigger.ops, tuple(c for c in trigger.when if c.property != "device"), trigger.form)
    given = all(tensors_of(condition.subject, call) for condition in trigger.when)
    return None if given and rest.matches(call) else False


def doubt_of(bug: Known, trigger: Trigger, fires: bool | None) -> str | None:
    """Why a match is only possible, None if it is certain."""
    if fires is None:
        return DEVICE_DOUBT
    if bug.draft:
        return DRAFT_DOUBT
    return None if trigger.when else CALL_DOUBT


def signature(value: Any) -> Any:
    """All of a call's arguments that a trigger may ask for, but for the values of tensors. Hashable."""
    if isinstance(value, torch.Tensor):
        return (value.dtype, value.shape, value.stride(), value.storage_offset(), value.device)
    if isinstance(value, (list, tuple)):
        return tuple([signature(item) for item in value])
    if isinstance(value, dict):
        return tuple([(name, signature(item)) for name, item in value.items()])
    return (value.__class__, value if isinstance(value, (int, float, str)) else repr(value))


def device_types(value: Any) -> set[str]:
    """The types of the devices that hold the tensors of an argument, of a list or of a dict of arguments."""
    if isinstance(value, torch.Tensor):
        return {value.device.type}
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return {kind for item in items for kind in device_types(item)}


@dataclass(frozen=True)
class Plan:
    """What to do with the calls of one op: the bugs to think of, and whether the result must be known first."""

    watched: tuple[tuple[Known, Trigger], ...]
    late: bool
    reads_values: bool


# ---- where does the call come from? -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A line of a source file. `file` is shown: relative to the program's folder, or to the folder of packages."""

    file: str
    line: int
    code: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


_PACKAGES = re.compile(r".*[/\\](?:site|dist)-packages[/\\]")
_STANDARD = os.path.realpath(sysconfig.get_paths()["stdlib"]) + os.sep
_TORCH = os.path.dirname(os.path.abspath(torch.__file__)) + os.sep
_TOOL = os.path.abspath(__file__)
_TOOL_FOLDER = os.path.dirname(os.path.dirname(_TOOL)) + os.sep if __package__ else _TOOL


def kind_of_file(name: str) -> str:
    """`torch` (also this tool's own), `library` or `user`."""
    path = os.path.abspath(name)
    if path == _TOOL or path.startswith((_TORCH, _TOOL_FOLDER)):
        return "torch"
    generated = name.startswith(("<frozen", "<eval_with_key", "<string>"))
    return "library" if generated or _PACKAGES.match(path) or os.path.realpath(path).startswith(_STANDARD) else "user"


def shown_path(name: str, folder: str) -> str:
    """A file's name as the report gives it: without what is the same for all files of a machine."""
    inside = _PACKAGES.sub("", name)
    if inside != name or name.startswith("<"):
        return inside.replace(os.sep, "/")
    path = os.path.abspath(name)
    return os.path.relpath(path, folder).replace(os.sep, "/") if path.startswith(folder + os.sep) else path


def frames_from(frame) -> Iterator[Any]:
    """The frame and its callers, innermost first."""
    while frame is not None:
        yield frame
        frame = frame.f_back


# ---- code that takes another path on mps --------------------------------------------------------------------------


def asks_for_mps(node: ast.AST) -> bool:
    """True for an expression by which a program asks whether it is on `mps`."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        return any(_names_mps(item) for side in sides for item in [side, *getattr(side, "elts", ())])
    if isinstance(node, ast.Attribute):
        return node.attr == "is_mps"
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        if name.endswith(".startswith"):
            return any(_names_mps(argument) for argument in node.args)
        return bool(re.search(r"(^|[._])mps([._].*)?(available|built)$", name))
    return isinstance(node, getattr(ast, "MatchValue", ())) and _names_mps(node.value)


def _names_mps(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.partition(":")[0] == "mps"


def _tree(path: str) -> ast.Module:
    """The syntax of a Python file (or of a notebook's cell) that speaks of mps; an empty one for the others."""
    source = "".join(linecache.getlines(path))
    try:
        return ast.parse(source) if "mps" in source else ast.Module([], [])
    except (ValueError, SyntaxError, RecursionError):
        return ast.Module([], [])


def lines_that_ask(path: str) -> list[int]:
    """The lines of a Python file that ask for `mps`; none where the file cannot be read as Python."""
    return sorted({node.lineno for node in ast.walk(_tree(path)) if hasattr(node, "lineno") and asks_for_mps(node)})


@cache
def branches_on_mps(path: str) -> tuple[tuple[int, int], ...]:
    """First and last line of each part of a file that runs, or does not run, because it is on `mps`.

    Those are both sides of an `if` that asks for it, and what follows where one of its sides leaves the block.
    """
    found = []
    for node in ast.walk(_tree(path)):
        if isinstance(node, (ast.If, ast.IfExp)) and any(asks_for_mps(part) for part in ast.walk(node.test)):
            found += [_span(side) for side in (node.body, node.orelse) if side]
        for name in ("body", "orelse", "finalbody"):
            statements = getattr(node, name, None)
            for number, statement in enumerate(statements if isinstance(statements, list) else ()):
                if _leaves_on_mps(statement) and statements[number + 1 :]:
                    found.append(_span(statements[number + 1 :]))
    return tuple(found)


def _span(nodes) -> tuple[int, int]:
    nodes = nodes if isinstance(nodes, list) else [nodes]
    return nodes[0].lineno, nodes[-1].end_lineno


def _leaves_on_mps(node: ast.AST) -> bool:
    if not isinstance(node, ast.If) or not any(asks_for_mps(part) for part in ast.walk(node.test)):
        return False
    return any(
        side and isinstance(side[-1], (ast.Return, ast.Continue, ast.Break)) for side in (node.body, node.orelse)
    )


# ---- the report ---------------------------------------------------------------------------------------------------


@dataclass
class Finding:
    """Calls from one place that would meet one known bug."""

    bug: Known
    doubt: str | None  # why it is only possible; None: these calls have all that the bug needs
    device: str  # where they ran: "cpu" or an accelerator
    op: str
    arguments: str
    user: Place | None = None  # the line of the program
    library: Place | None = None  # the line of a library that calls the op, where that is another one
    modules: dict[str, int] = field(default_factory=dict)  # "Linear (h.0.attn.q)": calls
    count: int = 0

    def data(self, group: str) -> dict:
        """The finding as plain data."""
        lines = {
            name: vars(place) if place else None for name, place in (("user", self.user), ("library", self.library))
        }
        return {
            "slug": self.bug.slug,
            "claim": self.bug.claim,
            "kind": self.bug.kind,
            "group": group,
            "doubt": self.doubt,
            "device": self.device,
            "op": self.op,
            "arguments": self.arguments,
            **lines,
            "modules": self.modules,
            "count": self.count,
            "affected": self.bug.affected,
            "macos": self.bug.macos,
            "workaround": self.bug.workaround,
            "url": self.bug.url,
        }


class Report:
    """What an audit saw. `findings` is complete when the block ends; `str(report)` and `data()` say it."""

    def __init__(self, bugs, torch_version: str | None, macos: str | None, folder: str, subject: str, level: str):
        self.bugs, self.torch, self.macos = bugs, torch_version, macos
        self.folder, self.subject, self.level = folder, subject, level
        self.ended = "ran to its end"
        self.ops = self.calls = self.not_judged = 0  # ops seen, calls held against triggers, calls that could not be
        self.accelerators: set[str] = set()
        self.other_paths: list[tuple[Place, bool]] = []  # True: in a function that itself called ops
        self._found: dict[tuple, Finding] = {}
        self._by_op: dict[str, list[tuple[Known, Trigger]]] = {}
        for bug in bugs:
            for trigger in bug.triggers:
                for name in trigger.ops:
                    self._by_op.setdefault(name, []).append((bug, trigger))
        self._plans: dict[Any, Plan | None] = {}
        self._judged: dict[tuple, tuple] = {}
        self._kinds: dict[str, str] = {}
        self._files: dict[Any, bool] = {}  # code object: whether it is a caller outside torch
        self._module_names = weakref.WeakKeyDictionary()

    # what the recorder calls

    def handle(self, op, args: tuple, kwargs: dict, run) -> Any:
        """Look at one call, and compute it."""
        self.ops += 1
        self._note_caller(sys._getframe(1))
        try:
            plan = self._plans[op]
        except KeyError:
            plan = self._plans[op] = self._plan(op)
        if plan is None:
            return run()
        if plan.late:
            result = run()
            self._judge(plan, op, args, kwargs, result)
            return result
        self._judge(plan, op, args, kwargs, None)
        return run()

    def _plan(self, op) -> Plan | None:
        copies = base_name(op) == "_to_copy"
        watched = self._by_op.get("copy" if copies else base_name(op), [])
        if not watched and not copies:  # copies show which devices there are
            return None
        late = copies or any(trigger.needs_result() for _, trigger in watched)
        reads = any(condition.property == "has" for _, trigger in watched for condition in trigger.when)
        return Plan(tuple(watched), late, reads)

    def _note_caller(self, frame) -> None:
        """Remember the innermost code outside torch: its file is looked through for other paths on mps."""
        while frame is not None:
            code = frame.f_code
            outside = self._files.get(code)
            if outside is None:
                outside = self._files[code] = self._kind(code.co_filename) != "torch"
            if outside:
                return
            frame = frame.f_back

    def _judge(self, plan: Plan, op, args: tuple, kwargs: dict, result: Any) -> None:
        self.calls += 1
        try:
            key = (op, signature(args), signature(kwargs), signature(result))
            hits = None if plan.reads_values else self._judged.get(key)
            if hits is None:
                hits = self._judged[key] = self._hits(plan, op, args, kwargs, result)
        except Exception:  # a tensor without strides or values: sparse, nested, traced
            self.not_judged += 1
            return
        if hits:
            self._add_all(hits)

    def _hits(self, plan: Plan, op, args: tuple, kwargs: dict, result: Any) -> tuple[Finding, ...]:
        """A finding, as yet without its place, for each bug whose trigger matches the call."""
        kinds = device_types(args) | device_types(kwargs) | device_types(result)
        if kinds == {"meta"}:
            return ()
        real = sorted(kinds - {"cpu", "meta"})
        self.accelerators.update(real)
        call = call_of(op, args, kwargs, result, real[0] if real else "mps")
        found: dict[str, Finding] = {}
        for bug, trigger in plan.watched:
            fires = decide(trigger, call, devices_known=bool(real))
            doubt = doubt_of(bug, trigger, fires)
            if fires is not False and (bug.slug not in found or doubt is None):
                where = real[0] if real else "cpu"
                found[bug.slug] = Finding(bug, doubt, where, call.op, _arguments(trigger, call))
        return tuple(found.values())

    def _add_all(self, hits: tuple[Finding, ...]) -> None:
        """Count each hit for the place that the call comes from."""
        frames = list(frames_from(sys._getframe(2)))
        user, library, branched = self._place(frames)
        module = self._module(frames)
        for hit in hits:
            doubt = PATH_DOUBT if branched and hit.doubt is None and hit.device != "mps" else hit.doubt
            key = (hit.bug.slug, doubt, hit.device, hit.op, user, library)
            if key not in self._found:
                self._found[key] = replace(hit, doubt=doubt, user=user, library=library, modules={})
            finding = self._found[key]
            finding.count += 1
            if module:
                finding.modules[module] = finding.modules.get(module, 0) + 1

    # where a call comes from

    def _kind(self, name: str) -> str:
        if name not in self._kinds:
            self._kinds[name] = kind_of_file(name)
        return self._kinds[name]

    def _place(self, frames: list) -> tuple[Place | None, Place | None, bool]:
        """The program's line, the library's line if that is another one, and whether one is in a branch on mps."""
        outside = [frame for frame in frames if self._kind(frame.f_code.co_filename) != "torch"]
        users = [frame for frame in outside if self._kind(frame.f_code.co_filename) == "user"]
        if not users:  # a thread of autograd's own: the program waits in the main thread
            main = sys._current_frames().get(threading.main_thread().ident)
            users = [f for f in frames_from(main) if self._kind(f.f_code.co_filename) == "user"]
        inside = [f for f in users if os.path.abspath(f.f_code.co_filename).startswith(self.folder + os.sep)]
        user = inside[0] if inside else users[-1] if users else outside[-1] if outside else None
        library = outside[0] if outside and outside[0] is not user else None
        lines = [(f.f_code.co_filename, f.f_lineno) for f in outside]
        branched = any(a <= line <= b for name, line in lines for a, b in branches_on_mps(name))
        return self._line(user), self._line(library), branched

    def _line(self, frame) -> Place | None:
        if frame is None:
            return None
        name, number = frame.f_code.co_filename, frame.f_lineno
        return Place(shown_path(name, self.folder), number, linecache.getline(name, number).strip())

    def _module(self, frames: list) -> str | None:
        """The innermost `nn.Module` that is being called, with its name in the outermost one."""
        called = [f.f_locals.get("self") for f in frames if f.f_code is torch.nn.Module._call_impl.__code__]
        called = [module for module in called if isinstance(module, torch.nn.Module)]
        if not called:
            return None
        leaf, root = called[0], called[-1]
        if root not in self._module_names:
            self._module_names[root] = {id(module): name for name, module in root.named_modules()}
        parts = self._module_names[root].get(id(leaf), "").split(".")
        name = ".".join(part for part in parts if not part.startswith("_"))  # wrappers keep what they wrap in private
        return f"{type(leaf).__name__} ({name})" if name else type(leaf).__name__

    def look_for_other_paths(self) -> None:
        """Look through the files whose code called ops, and the imported files of their packages."""
        spans: dict[str, list[tuple[int, int]]] = {}  # by file: the functions that called ops
        for code, outside in self._files.items():
            if outside:
                spans.setdefault(code.co_filename, []).append(_lines_of(code))
        folders = {folder for name in spans for folder in [_package_folder(name)] if folder}
        imported = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
        near = {name for name in imported if name.endswith(".py") and name.startswith(tuple(folders))}
        for name in sorted({*spans, *near}):
            if self._kind(name) == "torch":
                continue
            for number in lines_that_ask(name):
                place = Place(shown_path(name, self.folder), number, linecache.getline(name, number).strip())
                self.other_paths.append((place, any(a <= number <= b for a, b in spans.get(name, ()))))

    # saying it

    @property
    def findings(self) -> list[Finding]:
        """All findings but those on calls that ran on the CPU beside an accelerator, most frequent first."""
        found = [f for f in self._found.values() if not self.accelerators or f.device != "cpu"]
        return sorted(found, key=lambda f: (f.doubt is not None, -f.count, f.bug.slug))

    def group(self, finding: Finding) -> str:
        """`sick`, `unknown` or `healthy` on the versions asked for; `known` where none were asked for."""
        return finding.bug.state(self.torch, self.macos) if self.torch else "known"

    @property
    def exposed(self) -> bool:
        """True if some call would meet a known bug on the versions asked for, without a doubt."""
        return any(f.doubt is None and self.group(f) in ("sick", "known") for f in self.findings)

    @property
    def versions(self) -> str:
        """The versions asked for, in words."""
        if not self.torch:
            return "any version"
        return f"torch {self.torch}, " + (f"macOS {self.macos}" if self.macos else "any macOS")

    def not_looked_at(self) -> str:
        """What was looked at, and what was not: one sentence each."""
        date = globals().get("CATALOGUE_DATE")
        catalogue = f"{len(self.bugs)} known bugs" + (f" (newest entry {date})" if date else "")
        judged = f"{self.ops:,} ops seen ({self.level}), {self.calls:,} of them held against {catalogue}"
        failed = f", {self.not_judged:,} could not be (sparse, nested or traced tensors)" if self.not_judged else ""
        return f"Looked at: one run with one input; {judged}{failed}. Not looked at: {NOT_LOOKED_AT}."

    def data(self) -> dict:
        """The report as plain data, for JSON."""
        return {
            "schema": 1,
            "subject": self.subject,
            "ended": self.ended,
            "catalogue": {"date": globals().get("CATALOGUE_DATE"), "bugs": len(self.bugs)},
            "asked": {"torch": self.torch, "macos": self.macos},
            "level": self.level,
            "accelerators": sorted(self.accelerators),
            "ops": self.ops,
            "calls": self.calls,
            "not_judged": self.not_judged,
            "exposed": self.exposed,
            "findings": [finding.data(self.group(finding)) for finding in self.findings],
            "other_paths": [{**vars(place), "called": called} for place, called in self.other_paths],
            "not_looked_at": self.not_looked_at(),
        }

    def __str__(self) -> str:
        return "\n".join(self._text())

    __repr__ = __str__

    def _text(self) -> Iterator[str]:
        yield f"Audit of {self.subject}: {self.ended}. Asked for: {self.versions}."
        groups = {name: [f for f in self.findings if self.group(f) == name] for name in GROUPS}
        affected = [*groups["sick"], *groups["known"]]
        yield from self._group(f"MEETS A KNOWN BUG of {self.versions}", [f for f in affected if not f.doubt])
        yield from self._group(f"POSSIBLE on {self.versions}", [f for f in affected if f.doubt])
        yield from self._group(f"UNKNOWN on {self.versions}", groups["unknown"])
        if groups["healthy"]:
            slugs = sorted({f.bug.slug for f in groups["healthy"]})
            yield f"\nHEALTHY on {self.versions}: {len(slugs)} (met here, bugs of other versions: {', '.join(slugs)})"
        if not any(groups.values()):
            yield "\nNo call matched a known bug."
        yield from self._other_paths_text()
        yield f"\n{self.not_looked_at()}"

    def _group(self, title: str, findings: list[Finding]) -> Iterator[str]:
        slugs = list(dict.fromkeys(f.bug.slug for f in findings))
        if findings:
            yield f"\n{title}: {len(slugs)}"
        for slug in slugs:
            same = [f for f in findings if f.bug.slug == slug]
            yield from _bug_text(same[0].bug)
            for finding in same:
                yield from _finding_text(finding)

    def _other_paths_text(self) -> Iterator[str]:
        if not self.other_paths or "mps" in self.accelerators:
            return
        yield f"\nTAKES ANOTHER PATH ON MPS: unknown, since this run did not take it ({len(self.other_paths)})"
        for place, called in self.other_paths:
            if called:
                yield f"  {place}: {place.code}"
        rest: dict[str, list[int]] = {}
        for place, called in self.other_paths:
            if not called:
                rest.setdefault(place.file, []).append(place.line)
        for file, numbers in rest.items():
            yield f"  {file}: line {', '.join(map(str, numbers))} (in code that called no op in this run)"


def _arguments(trigger: Trigger, call: Call) -> str:
    """The tensors that the trigger asks about, in words."""
    subjects = list(dict.fromkeys(c.subject for c in trigger.when))
    return "; ".join(f"{subject}: {_tensor(t)}" for subject in subjects for t in tensors_of(subject, call)[:1])


def _tensor(t) -> str:
    strides, offset = tuple(t.stride()), t.storage_offset()
    words = f"{str(t.dtype).rpartition('.')[2]} {tuple(t.shape)}, strides {strides}"
    return words + (f", offset {offset}" if offset else "")


def _lines_of(code) -> tuple[int, int]:
    """First and last line of the function that a code object belongs to."""
    numbers = [number for _, number in dis.findlinestarts(code) if number]
    return min(numbers, default=0), max(numbers, default=0)


def _package_folder(name: str) -> str | None:
    """The folder of the package that a file of `site-packages` belongs to."""
    match = _PACKAGES.match(name)
    top = name[match.end() :].partition(os.sep) if match else ("", "", "")
    return match.group() + top[0] + os.sep if top[1] else None


def in_order(specifier: str) -> str:
    """A range of versions with its lower end first."""
    return ", ".join(sorted(specifier.split(","), key=lambda part: part.startswith("<")))


def _bug_text(bug: Known) -> Iterator[str]:
    where = f"torch {in_order(bug.affected)}" + (f", macOS {in_order(bug.macos)}" if bug.macos else "")
    chips = f", {', '.join(bug.chips)}" if bug.chips else ""
    yield f"\n* {bug.claim}  [{bug.kind}]"
    yield f"  {bug.url}"
    yield f"  affected: {where}{chips}"
    lines = (bug.workaround or "none known").splitlines()
    for number, line in enumerate(lines):
        yield f"  {'            ' if number else 'workaround: '}{line}"


def _finding_text(finding: Finding) -> Iterator[str]:
    times = "once" if finding.count == 1 else f"{finding.count:,} times"
    user = f"{finding.user}: {finding.user.code}" if finding.user else "a thread in which none of your lines runs"
    yield f"  - {user}"
    if finding.library:
        yield f"      calls {finding.op} {times} in {finding.library}: {finding.library.code}"
    else:
        yield f"      calls {finding.op} {times}"
    yield f"      {finding.arguments}" if finding.arguments else f"      every call of {finding.op}"
    if finding.modules:
        names = list(finding.modules)
        more = f" and {len(names) - 4} more" if len(names) > 4 else ""
        yield f"      in {', '.join(names[:4])}{more}"
    if finding.doubt:
        yield f"      {finding.doubt}"


# ---- running ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def audit(
    torch: str | None = None, macos: str | None = None, bugs: tuple[Known, ...] | None = None, **options: Any
) -> Iterator[Report]:
    """Hold what the block calls against the known bugs; gives the `Report`.

    Args:
        torch, macos: the versions asked for, such as "2.8.0" and "15". On a Mac, None is this Mac; elsewhere None asks
            for all versions.
        bugs: the catalogue; None is the one in this file.
        options: `folder`, the folder of the program, whose lines are preferred; `subject`, its name in the report;
            `two_modes`, True to see a little less but leave torch's private parts alone (`torch.export` needs them).

    Raises ValueError for what is no version. An exception of the block passes through, and the report stays good.
    """
    torch_version, macos = asked_versions(torch, macos)
    known = read_known(globals().get("CATALOGUE", [])) if bugs is None else bugs
    folder = os.path.abspath(options.get("folder", os.getcwd()))
    level = TWO_MODES if options.get("two_modes") else best_level()
    report = Report(known, torch_version, macos, folder, options.get("subject", "this block"), level)
    try:
        with _nothing_compiled(), around(report.handle, report.level):
            yield report
    except BaseException as error:
        report.ended = ending_of(error)
        raise
    finally:
        report.look_for_other_paths()


def _nothing_compiled():
    """torch.compile gives the plain functions within the block: compiled code calls no ops."""
    compiler = getattr(torch, "compiler", None)
    return compiler.set_stance("force_eager") if hasattr(compiler, "set_stance") else contextlib.nullcontext()


def asked_versions(torch_version: str | None, macos: str | None) -> tuple[str | None, str | None]:
    """The versions to judge by: those given, else this Mac's, else none. Raises ValueError for what is no version."""
    for name, version in (("torch", torch_version), ("macOS", macos)):
        if version is not None:
            try:
                Version(version)
            except ValueError:
                raise ValueError(f"{version!r} is no version of {name}, such as 2.8.0") from None
    mac = platform.mac_ver()[0]
    if torch_version is None and (mac or macos):
        torch_version = torch.__version__
    return torch_version, macos or mac or None


def ending_of(error: BaseException) -> str:
    """How the program ended, in words."""
    if isinstance(error, SystemExit):
        return "ran to its end" if error.code in (None, 0) else f"ended itself with status {error.code!r}"
    if isinstance(error, KeyboardInterrupt):
        return "was interrupted; what follows was seen until then"
    return f"raised {type(error).__name__}; what follows was seen until then"


def run_script(report_of, path: str, arguments: list[str]) -> Report:
    """Run a Python file as `python FILE ARGUMENTS` does, within `report_of`; its exceptions end here, in words."""
    folder = os.path.dirname(os.path.abspath(path))
    own = os.path.dirname(os.path.abspath(__file__))
    sys.path[:1] = [folder, *(entry for entry in sys.path[:1] if os.path.abspath(entry) != own)]
    sys.argv = [path, *arguments]
    try:
        with report_of as report:
            runpy.run_path(os.path.abspath(path), run_name="__main__")
    except SystemExit as error:
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None and kind_of_file(trace.tb_frame.f_code.co_filename) != "user":
            trace = trace.tb_next
        traceback.print_exception(type(error), error, trace)
    return report


@contextlib.contextmanager
def _stdout_for_json() -> Iterator[None]:
    """What the program prints goes to stderr, so that stdout holds nothing but JSON."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def main(argv: list[str] | None = None) -> int:
    """The command line; gives the exit status."""
    parser = argparse.ArgumentParser("audit_mps.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--torch", metavar="VERSION", help="the torch of the Mac; this one's on a Mac, else all")
    parser.add_argument("--macos", metavar="VERSION", help="its macOS, such as 15 or 15.6.1")
    parser.add_argument("--json", action="store_true", help="print data; what the program prints goes to stderr")
    parser.add_argument(
        "--two-modes", action="store_true", help="see a little less, for programs that use torch.export"
    )
    parser.add_argument("script", help="the Python file to run")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="its own arguments")
    options = parser.parse_args(argv)
    if not os.path.isfile(options.script):
        print(f"audit_mps.py: there is no file {options.script}", file=sys.stderr)
        return 2
    folder = os.path.dirname(os.path.abspath(options.script))
    try:
        asked_versions(options.torch, options.macos)
    except ValueError as error:
        print(f"audit_mps.py: {error}", file=sys.stderr)
        return 2
    named = {"folder": folder, "subject": options.script, "two_modes": options.two_modes}
    block = audit(options.torch, options.macos, **named)
    with _stdout_for_json() if options.json else contextlib.nullcontext():
        report = run_script(block, options.script, options.arguments)
    print(json.dumps(report.data(), indent=1) if options.json else f"\n{report}")
    if report.exposed:
        return 3
    return 0 if report.ended == "ran to its end" else 1


if __name__ == "__main__":
    sys.exit(main())
