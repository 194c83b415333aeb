"""A snippet runs on Python 3.9. Checked statically, by vermin."""

import ast
from collections.abc import Iterator

import vermin

from mpscheck.bugs.bug import Bug
from mpscheck.lint.syntax import tree

NAME = "python-floor"
DESCRIPTION = "Python 3.9 suffices (static: vermin reads the code, no such interpreter runs it)"

FLOOR = (3, 9)


def check(bug: Bug) -> Iterator[str]:
    if any(
        map(_is_union, ast.walk(tree(bug.check.source)))
    ):  # vermin cannot tell `int | None` from two masks joined by |
        yield "has a | in an annotation, which needs Python 3.10 (static): leave the annotation out"
    try:
        needed = vermin.visit(bug.check.source).minimum_versions()[-1]
    except vermin.InvalidVersionException as error:
        yield f"no Python version has all that is used: {error}"
        return
    if needed and needed > FLOOR:
        yield f"needs Python {needed[0]}.{needed[1]} (static): use only what 3.9 has; vermin -vv FILE names the place"


def _is_union(node: ast.AST) -> bool:
    """An argument, a variable or a function with a `|` in its annotation."""
    annotations = [getattr(node, "annotation", None), getattr(node, "returns", None)]
    return any(isinstance(part, ast.BinOp) for annotation in filter(None, annotations) for part in ast.walk(annotation))
