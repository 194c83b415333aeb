"""Building the single-file tools that people download: tested modules, written one after the other into one file.

The parts are concatenated as they are, without their imports of each other, and with what else they import at the head,
so the file reads like a program that was written in one piece. That asks of the parts: Python 3.9, and no top-level name
that another part has. They stand in the order in which a person reads them, which may be another than that of their
imports: what a part needs when it is defined (a base class, a default, a decorator) must come before it, no more.
"""

from __future__ import annotations

import ast
import json
import pprint
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mpscheck.bugs import catalogue
from mpscheck.bugs import trigger as triggers
from mpscheck.bugs.bug import Bug
from mpscheck.known import answer, measured, names, said
from mpscheck.known.measured import NONE, Index
from mpscheck.known.setups import Setup
from mpscheck.places import PACKAGE, ROOT
from mpscheck.runs import results, slim


@dataclass(frozen=True)
class Tool:
    """What a file is made of: modules in the order in which it is read, the last one has its docstring and command."""

    parts: tuple[str, ...]
    carries: Callable[[], list[dict]] | None = None  # its catalogue, if it has one


MATCHING = (
    *("bugs/aten", "bugs/mps_names", "bugs/properties", "bugs/trigger", "bugs/versions"),
    *("runs/macos", "tools/known", "bugs/recorder"),
)
AUDIT = ("branches", "places", "matching", "findings", "report", "command")
LOCATE = ("replay", "judge", "where", "lockstep", "recognize", "reproduce", "text", "whole", "command")
VALIDATE = ("checks", "report", "run", "compare", "calls", "modes")
RULE = ("runs/outputs", "runs/rule")
TOOLS = {  # by the name of the file under snippets/
    "audit_mps.py": Tool(
        (*MATCHING, *(f"tools/audit/{name}" for name in AUDIT)),
        lambda: entries(catalogue.with_check(), measured_now()) + drafted() + without_condition(),
    ),
    "locate_divergence.py": Tool(
        (*MATCHING, *RULE, "tools/models", "tools/copies", *(f"tools/locate/{name}" for name in LOCATE)),
        lambda: entries(catalogue.with_check(), measured_now()) + drafted() + without_condition(),
    ),
    "validate_mps.py": Tool(
        (
            *(f"tools/validate/{name}" for name in VALIDATE),
            "tools/copies",
            *RULE,
            "tools/models",
            "runs/macos",
            "runs/plain",
            "tools/validate/command",
        ),
    ),
}
HEADING = f"# ---- the catalogue {'-' * 90}"


class BadPart(ValueError):
    """A module that cannot be part of a single file; the message says why."""


def measured_now() -> Index:
    """What the stored runs gave."""
    folders = (dict(slim.read(folder)) for folder in (results.RUNS, results.UNVERIFIED))
    return measured.index(catalogue.with_check(), *folders)


def entries(bugs: tuple[Bug, ...], index: Index = NONE) -> list[dict]:
    """The catalogue as the tools carry it."""
    found = []
    for bug in bugs:
        if bug.triggers:
            changed = changed_by_runs(bug, index)
            found.append(_entry(bug, workaround_code(bug)) | ({"measured": changed} if changed else {}))
    return found


def changed_by_runs(bug: Bug, index: Index) -> dict[str, dict[str, str]]:
    """By release and macOS ("": any): the state, as `Known.state` says it, where runs make it another than sources do."""
    table: dict[str, dict[str, str]] = {}
    for setup in index.setups(bug.slug):
        for macos in dict.fromkeys((None, setup.macos, setup.macos and setup.macos.split(".")[0])):
            asked = Setup(setup.torch, macos)
            one = answer.answer(bug, asked, index)
            state = answer.AFFECTED if one.accused else one.state
            if state != said.said(bug, asked).state:
                table.setdefault(setup.torch, {})[macos or ""] = state
    return table


HELD, DRAFTED, LISTED, LOUD, UNNAMED = "held", "drafted", "listed", "loud", "unnamed"


def reach(bug: Bug) -> str:
    """What `audit` makes of a bug.

    HELD: its trigger, which a snippet has tried, is held against each call. DRAFTED: one that nobody has tried. LISTED:
    nobody knows when it fires, so it stands at the end where its op was called. LOUD: left out, it gives itself away.
    UNNAMED: left out, since its thread names no op that a recorder could see (a whole model, compiled code).
    """
    if bug.triggers and bug.check:
        return HELD
    if not bug.silent:
        return LOUD
    if bug.triggers:
        return DRAFTED
    return LISTED if aten_names(bug) else UNNAMED


def drafted() -> list[dict]:
    """The silent index-only bugs whose trigger somebody drafted: `audit` shows a match as possible, never as certain."""
    return [
        _entry(bug, bug.workaround) | {"draft": True, "unsure": list(bug.unsure)}
        for bug in catalogue.rows()
        if reach(bug) == DRAFTED
    ]


def without_condition() -> list[dict]:
    """The silent bugs of an op of which nobody knows when they fire: they stand beside what is wrong in that op."""
    return [
        _entry(bug, None if bug.check else bug.workaround) | {"ops": aten_names(bug), "seen": data_date((bug,))}
        for bug in catalogue.all_bugs()
        if reach(bug) == LISTED
    ]


def aten_names(bug: Bug) -> list[str]:
    """What a recorder sees where the public names of a bug are called; nothing of compiled code."""
    if bug.family == "compile":
        return []
    spelled = [*map(names.bare, bug.ops), *(name.removeprefix("aten::") for name in names.of_bug(bug))]
    return sorted({name.rstrip("_").lower() for name in spelled if name.isidentifier()} - {""})


def _entry(bug: Bug, workaround: str | None) -> dict:
    """What `mpscheck.tools.known.Known` holds, as plain data."""
    entry = {
        "slug": bug.slug,
        "claim": bug.claim,
        "when": triggers.sentence(bug.triggers),
        "issue": bug.issue,
        "url": bug.url,
        "kind": bug.kind,
        "family": bug.family,
        "affected": str(bug.affected),
        "introduced": bug.introduced["version"] if bug.introduced else None,
        "macos": str(bug.macos) if bug.macos else None,
        "chips": list(bug.chips),
        "workaround": workaround,
        "page": f"bugs/{bug.slug}/",
        "triggers": [trigger.table for trigger in bug.triggers],
    }
    more = {"unsure": list(bug.unsure), "danger": bug.danger}
    return entry | {name: value for name, value in more.items() if value}


def workaround_code(bug: Bug) -> str | None:
    """The body of the snippet's `workaround` as code, one statement a line; None if it has none."""
    for node in ast.parse(bug.check.source).body:
        if isinstance(node, ast.FunctionDef) and node.name == "workaround":
            return "\n".join(ast.unparse(statement) for statement in node.body)
    return None


def data_date(bugs: tuple[Bug, ...]) -> str:
    """The newest date that the catalogue's own data names: the same data give the same file on any day."""
    dates = [entry["date"] for bug in bugs for entry in bug.reported if "date" in entry]
    return max(dates, default="unknown")


@dataclass(frozen=True)
class Part:
    """One module without what ties it to the package, and without its imports."""

    docstring: str
    code: str
    imports: dict[str, ast.stmt]  # by the name that each makes


def part(name: str) -> Part:
    """Read one module of the package."""
    source = (PACKAGE / f"{name}.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    lines = source.splitlines()
    imported = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    for node in [tree.body[0], *imported]:
        for number in range(node.lineno - 1, node.end_lineno):
            lines[number] = None
    code = "\n".join(line for line in lines if line is not None)
    imports = {name: one for node in imported if not _is_internal_import(node) for name, one in _one_by_one(node)}
    return Part(ast.get_docstring(tree) or "", re.sub(r"\n{4,}", "\n\n\n", code).strip(), imports)


def _is_internal_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("__future__", "mpscheck")


def _one_by_one(node: ast.Import | ast.ImportFrom) -> Iterable[tuple[str, ast.stmt]]:
    """Each name that an import makes, with an import of that name alone."""
    for alias in node.names:
        one = ast.ImportFrom(node.module, [alias], 0) if isinstance(node, ast.ImportFrom) else ast.Import([alias])
        yield alias.asname or alias.name, one


def _names(code: str) -> set[str]:
    names = set()
    for node in ast.parse(code).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {t.id for t in node.targets if isinstance(t, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


def import_lines(imports: Iterable[ast.stmt]) -> str:
    """Imports as ruff sorts them: the standard library, then the rest; modules, then names of modules."""
    modules, members = set(), {}
    for node in imports:
        if isinstance(node, ast.Import):
            modules.add(ast.unparse(node))
        else:
            members.setdefault(node.module, {})[node.names[0].name] = ast.unparse(node.names[0])
    lines = sorted(modules)
    for module in sorted(members):
        names = sorted(members[module], key=lambda name: (not name.isupper(), name.islower(), name))
        lines.append(f"from {module} import {', '.join(members[module][name] for name in names)}")
    own = [line for line in lines if re.split(r"[ .]", line)[1] in sys.stdlib_module_names]
    return "\n".join([*own, "", *(line for line in lines if line not in own)])


def build(tool: str) -> str:
    """The text of one single-file tool. Raises BadPart where two parts share a name."""
    names: set[str] = set()
    imports: dict[str, ast.stmt] = {}
    chunks = []
    for module in TOOLS[tool].parts:
        one = part(module)
        same = {name for name in one.imports if name in imports and _same(one.imports[name], imports[name])}
        own = _names(one.code) | (set(one.imports) - same)
        if clash := (names | set(imports)) & own:
            raise BadPart(f"{tool}: {module} defines {sorted(clash)[0]} once more")
        names |= _names(one.code)
        imports |= one.imports
        title = f"# ---- {module.rpartition('/')[2]} ".ljust(120, "-")
        chunks.append(f"{title}\n# {one.docstring.splitlines()[0]}\n\n\n{one.code}")
    head = f'"""{one.docstring}\n"""\n\n# Built from the modules of MPS Check by `make derived`; edit those, not this file.\n'
    head += f"from __future__ import annotations\n\n{import_lines(imports.values())}\n"
    return "\n".join([head, *_embedded(TOOLS[tool]), "\n\n\n".join(chunks)]) + "\n"


def _same(a: ast.stmt, b: ast.stmt) -> bool:
    return ast.unparse(a) == ast.unparse(b)


def _embedded(tool: Tool) -> Iterable[str]:
    """The catalogue that a tool carries as code, if it carries one."""
    if tool.carries:
        data = pprint.pformat(tool.carries(), width=118, sort_dicts=False)
        yield f"{HEADING}\n\nCATALOGUE_DATE = {json.dumps(data_date(catalogue.with_check()))}\nCATALOGUE = {data}\n\n"


def code_of(text: str) -> str:
    """The text of a built tool without the catalogue that it carries: what a new bug leaves as it was."""
    before, heading, rest = text.partition(HEADING)
    return before + rest[rest.index("\n# ---- ") :] if heading else text


def write(tool: str) -> None:
    """Write a tool into snippets/. Raises BadPart."""
    results.write_atomic(ROOT / "snippets" / tool, build(tool))


def is_current(tool: str) -> bool:
    """True if the file under snippets/ is what a build gives now."""
    return _stored(tool) == build(tool)


def has_current_code(tool: str) -> bool:
    """True if the file under snippets/ has the code of its modules, whatever catalogue it carries."""
    stored = _stored(tool)
    return bool(stored) and code_of(stored) == code_of(build(tool))


def _stored(tool: str) -> str:
    path = ROOT / "snippets" / tool
    return path.read_text(encoding="utf-8") if path.exists() else ""
