"""Building the single-file tools that people download: tested modules, written one after the other into one file.

The parts are concatenated as they are, without their imports of each other, so the file reads like a program that was
written in one piece. That asks of the parts: Python 3.9, and no top-level name that another part has.
"""

from __future__ import annotations

import ast
import json
import pprint
import re

from mpscheck.bugs import catalogue, reported
from mpscheck.bugs import trigger as triggers
from mpscheck.bugs.catalogue import Bug
from mpscheck.places import PACKAGE, ROOT
from mpscheck.runs import results

TOOLS = {  # file under snippets/: the modules it is made of, the last one is the tool itself
    "audit_mps.py": (
        *("bugs/aten", "bugs/trigger", "bugs/versions", "runs/macos", "tools/known", "bugs/recorder"),
        *("tools/audit/branches", "tools/audit/places", "tools/audit/matching", "tools/audit/findings"),
        *("tools/audit/report", "tools/audit/command"),
    ),
    "locate_divergence.py": (
        *("bugs/aten", "bugs/trigger", "bugs/versions", "runs/macos", "tools/known", "bugs/recorder"),
        *(
            "runs/rule",
            "runs/outputs",
            "tools/models",
            "tools/locate/replay",
            "tools/locate/judge",
            "tools/locate/where",
            "tools/locate/lockstep",
        ),
        *("tools/locate/reproduce", "tools/locate/text", "tools/locate/whole", "tools/locate/command"),
    ),
}
HEADING = f"# ---- the catalogue {'-' * 90}"


class BadPart(ValueError):
    """A module that cannot be part of a single file; the message says why."""


def entries(bugs: tuple[Bug, ...]) -> list[dict]:
    """The catalogue as the tools carry it."""
    return [_entry(bug, workaround_code(bug), bug.metadata["trigger"]) for bug in bugs]


def drafted() -> list[dict]:
    """The silent index-only bugs whose trigger somebody drafted: `audit` shows a match as possible, never as certain."""
    return [
        _entry(bug, bug.workaround, [table_of(trigger) for trigger in bug.triggers])
        | {"draft": True, "unsure": list(bug.unsure)}
        for bug in reported.load()
        if bug.triggers and bug.silent
    ]


def _entry(bug: Bug | reported.Reported, workaround: str | None, tables: list[dict]) -> dict:
    """What `mpscheck.tools.known.Known` holds, as plain data."""
    return {
        "slug": bug.slug,
        "claim": bug.claim,
        "when": triggers.sentence(bug.triggers),
        "issue": bug.issue,
        "url": bug.url,
        "kind": bug.kind,
        "affected": str(bug.affected),
        "introduced": bug.introduced["version"] if bug.introduced else None,
        "macos": str(bug.macos) if bug.macos else None,
        "chips": list(bug.chips),
        "workaround": workaround,
        "page": f"bugs/{bug.slug}/",
        "triggers": tables,
    }


def table_of(trigger: triggers.Trigger) -> dict:
    """A trigger as it is written in metadata."""
    table = {"op": list(trigger.ops), "when": [str(condition) for condition in trigger.when]}
    return table | ({"form": trigger.form} if trigger.form else {})


def workaround_code(bug: Bug) -> str | None:
    """The body of the snippet's `workaround` as code, one statement a line; None if it has none."""
    for node in ast.parse(bug.source).body:
        if isinstance(node, ast.FunctionDef) and node.name == "workaround":
            return "\n".join(ast.unparse(statement) for statement in node.body)
    return None


def data_date(bugs: tuple[Bug, ...]) -> str:
    """The newest date that the catalogue's own data names: the same data give the same file on any day."""
    dates = [entry["date"] for bug in bugs for entry in bug.reported if "date" in entry]
    return max(dates, default="unknown")


def part(name: str) -> tuple[str, str]:
    """Docstring and code of one module, without what ties it to the package. Raises BadPart."""
    source = (PACKAGE / f"{name}.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    lines = source.splitlines()
    dropped = [tree.body[0]] + [n for n in tree.body if _is_internal_import(n)]
    for node in dropped:
        for number in range(node.lineno - 1, node.end_lineno):
            lines[number] = None
    code = "\n".join(line for line in lines if line is not None)
    return ast.get_docstring(tree) or "", re.sub(r"\n{4,}", "\n\n\n", code).strip()


def _is_internal_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("__future__", "mpscheck")


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


def build(tool: str) -> str:
    """The text of one single-file tool. Raises BadPart where two parts share a name."""
    names: set[str] = set()
    chunks = []
    docstring = ""
    for module in TOOLS[tool]:
        docstring, code = part(module)
        clash = names & _names(code)
        if clash:
            raise BadPart(f"{tool}: {module} defines {sorted(clash)[0]} once more")
        names |= _names(code)
        chunks.append(f"# ---- {module.rpartition('/')[2]} {'-' * (100 - len(module))}\n\n{code}")
    bugs = catalogue.load()
    known = entries(bugs) + (drafted() if tool == "audit_mps.py" else [])
    data = pprint.pformat(known, width=118, sort_dicts=False)
    head = f'"""{docstring}\n"""\n\n# Built from the modules of MPS Check by `make derived`; edit those, not this file.\nfrom __future__ import annotations\n'
    embedded = f"{HEADING}\n\nCATALOGUE_DATE = {json.dumps(data_date(bugs))}\nCATALOGUE = {data}\n"
    return f"{head}\n{embedded}\n\n" + "\n\n\n".join(chunks) + "\n"


def code_of(text: str) -> str:
    """The text of a built tool without the catalogue that it carries: what a new bug leaves as it was."""
    before, _, rest = text.partition(HEADING)
    return before + rest[rest.index("\n# ---- ") :]


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
