"""The catalogue of bugs, read out of the snippets themselves: docstring, metadata, source. Nothing is executed.

A snippet states its metadata in a PEP 723 style comment block, table `[tool.mps-check]`; its file name is its slug.
Nothing here imports torch.
"""

import ast
import difflib
import re
import tomllib
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from mpscheck.bugs import effect as effects
from mpscheck.bugs import trigger as triggers
from mpscheck.bugs import versions
from mpscheck.bugs.code_hash import code_hash
from mpscheck.places import BUGS

KINDS = ("wrong", "nan", "nondeterministic", "error", "crash", "hang", "memory")
BASES = ("thread", "release notes", "merge date", "wheel", "measured", "unknown")
MAIN_BLOCK = "# The lines below are the same in every snippet"
FUNCTIONS = ("compute", "control", "workaround")
_METADATA = re.compile(r"(?m)^# /// script$\n(?P<body>(?:^#(?: .*)?$\n)+)^# ///$")
_REQUIRED = {"issue", "kind", "family", "affected", "basis", "trigger", "effect"}
_OPTIONAL = {
    "also",
    "introduced",
    "fixed_pr",
    "macos",
    "chips",
    "reported",
    "met_in",
    "fresh",
    "exempt",
    "no_workaround",
}


class BadSnippet(ValueError):
    """A snippet whose metadata cannot be read; the message names the file and what to change."""


class UnknownBug(LookupError):
    """No bug of this slug; the message names the nearest ones."""


@dataclass(frozen=True)
class Bug:
    """One bug: what its snippet claims, and what is known of it."""

    slug: str
    path: Path
    source: str
    claim: str  # first line of the docstring
    explanation: str  # the rest of it, Markdown
    issue: str  # "pytorch/pytorch#161640"
    kind: str
    family: str
    affected: SpecifierSet  # lower bound: oldest version seen affected; "<X": fixed in X; "<=X": last seen in X
    basis: dict[str, str]  # {"seen": ..., "fixed": ...}, and "macos" where that is not the threads
    triggers: tuple[triggers.Trigger, ...]
    effect: effects.Effect
    also: tuple[str, ...] = ()
    introduced: dict | None = None  # {"version": "2.8", "basis": "wheel"}: older versions are stated to be right
    fixed_pr: str | None = None
    macos: SpecifierSet | None = None
    chips: tuple[str, ...] = ()
    reported: tuple[dict, ...] = ()
    met_in: tuple[str, ...] = ()
    fresh: bool = False
    exempt: str | None = None
    no_workaround: str | None = None
    false_alarm: float | None = None  # of a statistical snippet: the constant FALSE_ALARM
    metadata: dict = field(default_factory=dict, compare=False, hash=False)

    @cached_property
    def fixed(self) -> Version | None:
        """The first release with the fix, if one is stated."""
        uppers = [Version(s.version) for s in self.affected if s.operator == "<"]
        return uppers[0] if uppers else None

    def state(self, torch: str, macos: str | None = None) -> str:
        """`affected`, `not affected` or `unknown` for a torch version (and a macOS version, where the bug depends on it).

        Affected only between the oldest version seen affected and the fix, not affected only where a source says so.
        """
        introduced = self.introduced["version"] if self.introduced else None
        return versions.state(str(self.affected), introduced, str(self.macos) if self.macos else None, torch, macos)

    @cached_property
    def code_hash(self) -> str:
        """Hash of the syntax tree without docstrings, comments, metadata and the common main block.

        Rewording a page must not orphan a run on a Mac.
        """
        return code_hash([self.source], counts=lambda statement: not _is_main_block(statement))

    @cached_property
    def defined(self) -> tuple[str, ...]:
        """The names of the functions that the snippet defines."""
        return tuple(node.name for node in ast.parse(self.source).body if isinstance(node, ast.FunctionDef))

    @property
    def functions(self) -> tuple[str, ...]:
        """Those of compute, control, workaround that the snippet has."""
        return tuple(name for name in FUNCTIONS if name in self.defined)

    @cached_property
    def shown_lines(self) -> tuple[int, int]:
        """First and last line (1-based) of what a page shows: from the imports to before the common main block."""
        lines = self.source.splitlines()
        first = next(n for n, line in enumerate(lines, 1) if line.startswith(("import ", "from ")))
        last = next((n for n, line in enumerate(lines) if line.startswith(MAIN_BLOCK)), len(lines))
        while not lines[last - 1].strip():
            last -= 1
        return first, last

    @property
    def url(self) -> str:
        """Address of the thread on GitHub."""
        return thread_url(self.issue)


def _is_main_block(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


def thread_url(reference: str) -> str:
    """`pytorch/pytorch#161640` as an address."""
    repository, _, number = reference.partition("#")
    return f"https://github.com/{repository}/issues/{number}"


def read(path: Path) -> Bug:
    """The bug that a snippet file describes. Raises BadSnippet; executes nothing."""
    source = Path(path).read_text(encoding="utf-8")
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise BadSnippet(f"{path}: not Python: {error.msg} (line {error.lineno})") from None
    docstring = ast.get_docstring(tree)
    if not docstring:
        raise BadSnippet(f"{path}: needs a docstring whose first line is the claim")
    table = _metadata(path, source)
    try:
        return _bug(Path(path), source, tree, docstring, table)
    except (triggers.BadTrigger, effects.BadEffect, InvalidSpecifier, ValueError, KeyError, TypeError) as error:
        raise BadSnippet(f"{path}: {error}") from None


def _metadata(path: Path, source: str) -> dict:
    match = _METADATA.search(source)
    if match is None:
        raise BadSnippet(f"{path}: needs a metadata block: # /// script … # [tool.mps-check] … # ///")
    text = "\n".join(line[2:] if line.startswith("# ") else line[1:] for line in match["body"].splitlines())
    try:
        table = tomllib.loads(text).get("tool", {}).get("mps-check")
    except tomllib.TOMLDecodeError as error:
        raise BadSnippet(f"{path}: the metadata is not TOML: {error}") from None
    if not isinstance(table, dict):
        raise BadSnippet(f"{path}: the metadata has no [tool.mps-check] table")
    missing, unknown = _REQUIRED - set(table), set(table) - _REQUIRED - _OPTIONAL
    if missing:
        raise BadSnippet(f"{path}: [tool.mps-check] lacks {', '.join(sorted(missing))}")
    if unknown:
        raise BadSnippet(f"{path}: [tool.mps-check] does not know {', '.join(sorted(unknown))}")
    return table


def _bug(path: Path, source: str, tree: ast.Module, docstring: str, table: dict) -> Bug:
    claim, _, explanation = docstring.partition("\n")
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return Bug(
        slug=path.stem,
        path=path,
        source=source,
        claim=claim.strip(),
        explanation=explanation.strip(),
        issue=table["issue"],
        kind=table["kind"],
        family=table["family"],
        affected=SpecifierSet(table["affected"]),
        basis=table["basis"],
        triggers=triggers.parse(table["trigger"]),
        effect=effects.parse(table["effect"]),
        also=tuple(table.get("also", ())),
        introduced=table.get("introduced"),
        fixed_pr=table.get("fixed_pr"),
        macos=SpecifierSet(table["macos"]) if "macos" in table else None,
        chips=tuple(table.get("chips", ())),
        reported=tuple(table.get("reported", ())),
        met_in=tuple(table.get("met_in", ())),
        fresh=table.get("fresh", False),
        exempt=table.get("exempt"),
        no_workaround=table.get("no_workaround"),
        false_alarm=constants.get("FALSE_ALARM"),
        metadata=table,
    )


@lru_cache
def load(folder: Path = BUGS) -> tuple[Bug, ...]:
    """All bugs of a folder of snippets, by slug. Raises BadSnippet for the first that cannot be read."""
    return tuple(read(path) for path in sorted(folder.glob("*.py")))


def find(slug: str, folder: Path = BUGS) -> Bug:
    """One bug by its slug. Raises UnknownBug, which names the nearest slugs."""
    bugs = {bug.slug: bug for bug in load(folder)}
    if slug in bugs:
        return bugs[slug]
    near = difflib.get_close_matches(slug, bugs, n=3, cutoff=0.3)
    raise UnknownBug(f"there is no bug {slug!r}" + (f"; did you mean {', '.join(near)}?" if near else ""))
