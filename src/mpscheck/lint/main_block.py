"""The last lines are the same in every snippet of a kind, which has the parts of the common main block that it needs."""

import ast
import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from mpscheck.bugs.bug import OF_CHECK, REFERENCE, Bug, is_metadata
from mpscheck.lint.syntax import main_block_line

NAME = "main-block"
DESCRIPTION = "the main block is, letter for letter, the common one of its kind"

FILE = Path(__file__).with_name("main_block.py.txt")
SECTION = "#: "  # begins the lines that only blocks with these parts have: `#: exact, not dtypes`; `#: all` ends them
DYING = ("crash", "hang", "memory")  # kinds that may end the process
RAISING = ("error", "memory")  # kinds that may show as an error
STATISTICAL = "p_value"  # the function that a claim about random numbers has


def check(bug: Bug) -> Iterator[str]:
    mend = f"let `mpscheck lint --fix` write it, from src/mpscheck/lint/{FILE.name}"
    start = main_block_line(bug)
    if start is None:
        yield f"there is no main block: {mend}"
        return
    expected = text_for(parts_of(bug.facts, bug.check.defined)).splitlines()
    found = bug.check.source.splitlines()[start - 1 :]
    different = [n for n in range(max(len(found), len(expected))) if found[n : n + 1] != expected[n : n + 1]]
    if different:
        line = "".join(found[different[0] :][:1]) or "nothing"
        yield f"line {start + different[0]}: {line.strip()!r} is not the common text: {mend}"


def text_of(source: str) -> str:
    """The main block that a snippet of this text should have; without facts that can be read, the plain one."""
    body = ast.parse(source).body
    facts = {}
    for node in filter(is_metadata, body):
        with contextlib.suppress(ValueError, TypeError):  # then the linter says so
            facts = ast.literal_eval(node.value)
    defined = [node.name for node in body if isinstance(node, ast.FunctionDef)]
    return text_for(parts_of(facts if isinstance(facts, dict) else {}, defined))


def parts_of(facts: dict, defined: Iterable[str]) -> set[str]:
    """The parts that the main block of such a snippet has: by its fields, and by the functions that it defines."""
    parts = {"workaround"} & set(defined)
    if STATISTICAL in defined:
        return parts | {"statistical"}
    kind = facts.get("kind")
    parts |= {"exact"} | {REFERENCE} & set(defined) | set(OF_CHECK) & set(facts)
    return parts | ({"dies"} if kind in DYING else set()) | ({"raises"} if kind in RAISING else set())


def text_for(parts: set[str]) -> str:
    """The main block with these parts."""
    lines, kept = [], True
    for line in FILE.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.startswith(SECTION):
            words = line.removeprefix(SECTION).strip().split(", ")
            kept = words == ["all"] or all((word.split()[-1] in parts) != word.startswith("not ") for word in words)
        elif kept:
            lines.append(line)
    return "".join(lines)
