"""A hash of what Python code does: rewording a comment or a docstring must not orphan a run on a Mac."""

import ast
import hashlib
from collections.abc import Callable, Iterable


def code_hash(sources: Iterable[str], counts: Callable[[ast.stmt], bool] = lambda statement: True) -> str:
    """Hash of the syntax of these sources without comments, docstrings and the top-level statements that do not count.

    The same for every version of Python. Raises SyntaxError.
    """
    digest = hashlib.sha256()
    for source in sources:
        tree = ast.parse(source)
        tree.body = [statement for statement in tree.body if counts(statement)]
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
                node.body = node.body[1:]
        digest.update(_text(tree).encode())
    return digest.hexdigest()[:16]


def _text(node) -> str:
    """The syntax as text; empty fields are left out, since each Python adds some (`type_params` in 3.12)."""
    if isinstance(node, list):
        return f"[{', '.join(map(_text, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = [(name, value) for name, value in ast.iter_fields(node) if value is not None and value != []]
    return f"{type(node).__name__}({', '.join(f'{name}={_text(value)}' for name, value in fields)})"
