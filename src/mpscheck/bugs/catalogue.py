"""All known bugs: those that a snippet shows, and those that are known from threads alone. Nothing is executed.

A snippet states its facts in a literal, `BUG = {…}`, between docstring and imports; its file name is its slug. A row is a
line of `catalogue/reported.jsonl`. Both have the fields of `catalogue/schema.json`. Nothing here imports torch.
"""

import ast
import difflib
import json
from functools import lru_cache
from pathlib import Path

from mpscheck.bugs import bug as bugs
from mpscheck.bugs import schema
from mpscheck.bugs.bug import METADATA, Bug, Check
from mpscheck.places import BUGS, CATALOGUE

ROWS = CATALOGUE / "reported.jsonl"
UNSAID = {  # of a row; a snippet states its own reasons
    "affected": "no source names a version",
    "trigger": "nobody has drafted it",
    "effect": "nobody has drafted it",
}


class BadBug(ValueError):
    """A snippet or a row that cannot be read; the message names the file, the line of a row, and what to change."""


class UnknownBug(LookupError):
    """No bug of this name; the message names the nearest ones."""


def read(path: Path) -> Bug:
    """The bug that a snippet file describes. Raises BadBug; executes nothing."""
    path = Path(path)
    docstring, facts, source = parts_of(path)
    for problem in schema.problems(facts, "snippet"):
        raise BadBug(f"{path}: {METADATA}: {problem}")
    return of_parts(path, docstring, facts, source)


def parts_of(path: Path) -> tuple[str, dict, str]:
    """Docstring, `BUG` and text of a snippet; the fields of `BUG` are not yet held against the schema. Raises BadBug."""
    try:
        source = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadBug(f"{path}: not text in UTF-8") from None
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError) as error:
        line = f" (line {error.lineno})" if getattr(error, "lineno", None) else ""
        raise BadBug(f"{path}: not Python: {getattr(error, 'msg', error)}{line}") from None
    docstring = ast.get_docstring(tree)
    if not docstring:
        raise BadBug(f"{path}: needs a docstring whose first line is the claim")
    nodes = [node for node in tree.body if bugs.is_metadata(node)]
    if not nodes or nodes != tree.body[1:2]:
        raise BadBug(f"{path}: needs one {METADATA} = {{…}} right below the docstring, before the imports")
    try:
        facts = ast.literal_eval(nodes[0].value)
    except (ValueError, TypeError, RecursionError):
        raise BadBug(f"{path}: {METADATA} must be written out: texts, numbers, lists and tables alone") from None
    if not isinstance(facts, dict) or not all(isinstance(name, str) for name in facts):
        raise BadBug(f"{path}: {METADATA} must be a table of fields, {METADATA} = {{…}}")
    return docstring, facts, source


def of_parts(path: Path, docstring: str, facts: dict, source: str) -> Bug:
    """The bug of a snippet whose fields are right. Raises BadBug where a value cannot be read."""
    claim, _, explanation = docstring.partition("\n")
    constants = {
        target.id: node.value.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    check = Check(
        path=path,
        source=source,
        explanation=explanation.strip(),
        **{name: bugs.frozen(facts[name]) for name in bugs.OF_CHECK if name in facts},
        false_alarm=constants.get("FALSE_ALARM"),
    )
    try:
        return bugs.made({"slug": path.stem, "claim": claim.strip(), **facts}, check)
    except ValueError as error:
        raise BadBug(f"{path}: {error}") from None


def entries(path: Path, kind: str) -> list[tuple[str, dict]]:
    """(place, fields) of each line of a file of the catalogue, held against the schema. Raises BadBug."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        place = f"{path.name} line {number}"
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadBug(f"{place} is not JSON: {error}") from None
        for problem in schema.problems(entry, kind):
            raise BadBug(f"{place} is no {kind}: {problem}")
        found.append((place, entry))
    return found


@lru_cache
def rows(path: Path = ROWS) -> tuple[Bug, ...]:
    """The bugs that are known from threads alone, by slug. Raises BadBug for the first line that is wrong or out of order."""
    found: list[Bug] = []
    for place, entry in entries(path, "row"):
        if found and entry["slug"] <= found[-1].slug:
            raise BadBug(f"{place}: {entry['slug']} comes after {found[-1].slug}: sort by slug, one line a slug")
        reasons = {name: reason for name, reason in UNSAID.items() if name not in entry}
        try:
            found.append(bugs.made({**entry, "absent": {**reasons, **entry.get("absent", {})}}))
        except ValueError as error:
            raise BadBug(f"{place}: {error}") from None
    return tuple(found)


@lru_cache
def with_check(folder: Path = BUGS) -> tuple[Bug, ...]:
    """The bugs that a snippet shows, by slug. Raises BadBug for the first that cannot be read."""
    return tuple(read(path) for path in sorted(folder.glob("*.py")))


def all_bugs() -> tuple[Bug, ...]:
    """Every known bug, by slug. Raises BadBug where a bug has both a snippet and a row."""
    checked = with_check()
    twice = {bug.slug for bug in checked} & {bug.slug for bug in rows()}
    if twice:
        raise BadBug(
            f"{ROWS.name}: {min(twice)} has a snippet: take the line out, what it says belongs into the snippet"
        )
    return tuple(sorted((*checked, *rows()), key=lambda bug: bug.slug))


def find(slug: str) -> Bug:
    """One bug with a check, by its slug. Raises UnknownBug, which names the nearest slugs."""
    known = {path.stem: path for path in BUGS.glob("*.py")}
    if slug in known:
        return _found(known[slug])
    if any(bug.slug == slug for bug in rows()):
        raise UnknownBug(f"{slug} has no snippet yet: `mpscheck new {slug}` begins one")
    near = difflib.get_close_matches(slug, known, n=3, cutoff=0.3)
    raise UnknownBug(f"there is no bug {slug!r}" + (f"; did you mean {', '.join(near)}?" if near else ""))


@lru_cache
def _found(path: Path) -> Bug:
    return read(path)
