"""One known bug: what is known of it, and the check that shows it, where there is one. Imports no torch."""

import ast
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from mpscheck.bugs import effect as effects_data
from mpscheck.bugs import trigger as triggers_data
from mpscheck.bugs import versions
from mpscheck.bugs.code_hash import code_hash

LOUD_KINDS = ("error", "crash", "hang")  # these give themselves away
MAIN_BLOCK = "# The lines below are the same in every snippet"
METADATA = "BUG"
FUNCTIONS = ("compute", "control", "workaround")
REFERENCE = "reference"  # in place of compute in float64, where that is too large
ON_CPU = ("inputs", REFERENCE, "p_value")  # functions that never see the device
OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.MatMult: "matmul"}
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")  # between the words of a class's name
OF_CHECK = (
    "dtypes",
    "repeats",
    "rate",
    "memory",
    "fresh",
    "exempt",
    "no_workaround",
)  # fields that say how a check is made


@dataclass(frozen=True)
class Check:
    """The part of a bug that a snippet adds: a program that anybody can run."""

    path: Path
    source: str
    explanation: str  # the docstring below its first line, Markdown
    dtypes: tuple[str, ...] = ("float32",)  # under test
    repeats: int | None = None  # how often, where it does not show in each run
    rate: float | None = None  # the share of runs that are wrong, as a source says
    memory: float = 0.0  # GiB that a run needs
    fresh: bool = False
    exempt: str | None = None
    no_workaround: str | None = None
    false_alarm: float | None = None  # of a statistical check: the constant FALSE_ALARM

    @cached_property
    def code_hash(self) -> str:
        """Hash of the syntax tree without docstrings, comments, metadata and the common main block.

        Rewording a page must not orphan a run on a Mac.
        """
        return code_hash([self.source], counts=lambda node: not is_main_block(node) and not is_metadata(node))

    @cached_property
    def defined(self) -> tuple[str, ...]:
        """The names of the functions that the snippet defines."""
        return tuple(node.name for node in ast.parse(self.source).body if isinstance(node, ast.FunctionDef))

    @cached_property
    def called(self) -> frozenset[str]:
        """What its functions call, as far as the code says: names as aten has them (`layer_norm` of `nn.LayerNorm`)."""
        return called(self.source)

    @property
    def functions(self) -> tuple[str, ...]:
        """Those of compute, control, workaround that the snippet has."""
        return tuple(name for name in FUNCTIONS if name in self.defined)

    @cached_property
    def shown_lines(self) -> tuple[int, int]:
        """First and last line (1-based) of what a page shows: from the imports to before the common main block."""
        lines = self.source.splitlines()
        imports = (n.lineno for n in ast.parse(self.source).body if isinstance(n, ast.Import | ast.ImportFrom))
        last = next((n for n, line in enumerate(lines) if line.startswith(MAIN_BLOCK)), len(lines))
        while not lines[last - 1].strip():
            last -= 1
        return next(imports, 1), last


@dataclass(frozen=True)
class Bug:
    """One bug. `catalogue/schema.json` says what each field means; what nothing is known for is empty or None."""

    slug: str
    claim: str
    issue: str  # "pytorch/pytorch#161640"
    kind: str
    family: str
    affected: SpecifierSet  # lower bound: oldest version seen affected; "<X": fixed in X; "<=X": last seen in X
    basis: dict[str, str]  # {"seen": ..., "fixed": ...}, and "macos" where that is not the threads
    triggers: tuple[triggers_data.Trigger, ...] = ()
    effect: effects_data.Effect | None = None
    absent: dict[str, str] = field(default_factory=dict)  # why affected, trigger or effect are not there
    when: str = ""  # what sets it off, plain text; a check's trigger says it in data
    effect_text: str | None = None  # how the result is wrong, plain text
    workaround: str | None = None  # plain text; a check has it as a function
    also: tuple[str, ...] = ()
    silent: bool = True
    ops: tuple[str, ...] = ()  # public names: torch.nn.functional.linear
    unsure: tuple[str, ...] = ()  # releases within `affected` ("2.5", "2.9.0") that may have the fix already
    introduced: dict | None = None  # {"version": "2.8", "basis": "wheel"}: older versions are stated to be right
    fixed_pr: str | None = None
    macos: SpecifierSet | None = None
    macos_note: str | None = None
    chips: tuple[str, ...] = ()
    reported: tuple[dict, ...] = ()
    met_in: tuple[str, ...] = ()
    caveat: str | None = None  # what weakens the entry, plain text
    caused_by: str = "unknown"  # or torch, macos, both
    in_a_release: bool | None = None
    open_as_stored: bool | None = None  # state of the issue on stored_date, not live
    stored_date: str | None = None
    danger: int | None = None  # rank among the most dangerous for work on language models
    check: Check | None = None
    facts: dict = field(default_factory=dict, compare=False, hash=False)  # as they are written

    @cached_property
    def fixed(self) -> Version | None:
        """The first release with the fix, if one is stated."""
        uppers = [Version(s.version) for s in self.affected if s.operator == "<"]
        return uppers[0] if uppers else None

    @property
    def imitable(self) -> bool:
        """True if trigger and effect are known: the emulated device can be made sick with it."""
        return bool(self.triggers) and self.effect is not None

    @property
    def not_imitated(self) -> str | None:
        """Why the emulated device cannot be made sick with it, so that its check is not proven there; None if it can."""
        if self.imitable:
            return None
        return self.absent.get("effect" if self.triggers else "trigger", "no reason is stated")

    @property
    def apart(self) -> bool:
        """True if each function of its check needs a process of its own: one may take the others with it."""
        return self.check.fresh or self.check.memory > 0 or self.kind in ("crash", "hang", "memory")

    def state(self, torch: str, macos: str | None = None) -> str:
        """`affected`, `not affected` or `unknown` for a torch version (and a macOS version, where the bug depends on it).

        Affected only between the oldest version seen affected and the fix, not affected only where a source says so. That
        is what sources say; `mpscheck.known.answer` joins it with what was measured.
        """
        introduced = self.introduced["version"] if self.introduced else None
        macos_range = str(self.macos) if self.macos else None
        return versions.state(str(self.affected), introduced, macos_range, torch, macos, self.unsure)

    @property
    def url(self) -> str:
        """Address of the thread on GitHub."""
        return thread_url(self.issue)


def made(facts: dict, check: Check | None = None) -> Bug:
    """The bug that these fields describe, slug and claim among them. Raises ValueError where a value cannot be read."""
    known = {name: frozen(value) for name, value in facts.items()}
    for name in (*OF_CHECK, "trigger"):
        known.pop(name, None)
    known["affected"] = SpecifierSet(facts.get("affected", ""))
    if "macos" in facts:
        known["macos"] = SpecifierSet(facts["macos"])
    if "trigger" in facts:
        known["triggers"] = triggers_data.parse(facts["trigger"])
    if "effect" in facts:
        known["effect"] = effects_data.parse(facts["effect"])
    known["silent"] = facts.get("silent", facts["kind"] not in LOUD_KINDS)
    return Bug(**known, check=check, facts=facts)


def frozen(value: object) -> object:
    """A list as a tuple, all else as it is."""
    return tuple(value) if isinstance(value, list) else value


def called(source: str) -> frozenset[str]:
    """The names of all that a snippet calls on the device, operators included, in small letters and as not in place."""
    tops = [top for top in ast.parse(source).body if not is_main_block(top) and getattr(top, "name", "") not in ON_CPU]
    nodes = [node for top in tops for node in ast.walk(top)]
    names = {getattr(node.func, "attr", getattr(node.func, "id", "")) for node in nodes if isinstance(node, ast.Call)}
    operators = {OPERATORS.get(type(node.op), "") for node in nodes if isinstance(node, ast.BinOp | ast.AugAssign)}
    return frozenset(_WORDS.sub("_", name).lower().rstrip("_") for name in names | operators) - {""}


def is_main_block(node: ast.stmt) -> bool:
    """True for `if __name__ == "__main__":`."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


def is_metadata(node: ast.stmt) -> bool:
    """True for `BUG = …`."""
    return isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [METADATA]


def thread_url(reference: str) -> str:
    """`pytorch/pytorch#161640` as an address."""
    repository, _, number = reference.partition("#")
    return f"https://github.com/{repository}/issues/{number}"
