"""What several rules read out of a snippet's syntax tree."""

import ast
from functools import lru_cache

from mpscheck.bugs.bug import MAIN_BLOCK, Bug, is_metadata


@lru_cache(maxsize=8)
def tree(source: str) -> ast.Module:
    """The syntax tree of a whole snippet."""
    return ast.parse(source)


def is_statistical(bug: Bug) -> bool:
    """True if the snippet tests a claim about random numbers by a p-value."""
    return "p_value" in bug.check.defined


def main_block_line(bug: Bug) -> int | None:
    """Line (1-based) on which the common main block begins; None if there is none."""
    return next((n for n, line in enumerate(bug.check.source.splitlines(), 1) if line.startswith(MAIN_BLOCK)), None)


def own_code(bug: Bug) -> list[ast.stmt]:
    """The top-level statements that a contributor wrote: without docstring, metadata and common main block."""
    end = main_block_line(bug) or len(bug.check.source.splitlines()) + 1
    return [node for node in tree(bug.check.source).body[1:] if node.lineno < end and not is_metadata(node)]


def function(bug: Bug, name: str) -> ast.FunctionDef | None:
    """The definition of a top-level function."""
    return next((n for n in own_code(bug) if isinstance(n, ast.FunctionDef) and n.name == name), None)


def returned(definition: ast.FunctionDef) -> list[ast.expr | None]:
    """What the return statements of a function return."""
    return [node.value for node in ast.walk(definition) if isinstance(node, ast.Return)]


def imported(bug: Bug) -> dict[str, str]:
    """Local name -> dotted name of everything imported: {"F": "torch.nn.functional"}."""
    names = {}
    for node in ast.walk(tree(bug.check.source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def dotted(node: ast.expr, names: dict[str, str]) -> str | None:
    """`F.gelu` as "torch.nn.functional.gelu", given what is imported; None if it is no such chain of names."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        parent = dotted(node.value, names)
        return f"{parent}.{node.attr}" if parent else None
    return None
