"""Code that takes another path on `mps`, found in the syntax of a source file: nothing is run."""

from __future__ import annotations

import ast
import linecache
import re
from functools import cache

SPEAKS_OF_MPS = re.compile(r"(?<![A-Za-z0-9])mps")  # a name or a text with such a part; not `dumps`


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
        return ast.parse(source) if SPEAKS_OF_MPS.search(source) else ast.Module([], [])
    except (ValueError, SyntaxError, RecursionError):
        return ast.Module([], [])


@cache
def lines_that_ask(path: str) -> tuple[int, ...]:
    """The lines of a Python file that ask for `mps`; none where the file cannot be read as Python."""
    found = {node.lineno for node in ast.walk(_tree(path)) if hasattr(node, "lineno") and asks_for_mps(node)}
    return tuple(sorted(found))


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
