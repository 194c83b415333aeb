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


def reached_hash(source: str, *roots: str, stop: Iterable[str] = ()) -> str:
    """Hash of the top-level definitions that these names need, themselves included, within one module.

    A root is a name, or `TABLE[key]` for one entry of a dict that is written out. What only `stop` names lead to does not
    count. Raises KeyError for a root that is not there.
    """
    defined = _definitions(ast.parse(source))
    nodes = [_root(defined, root) for root in roots]
    seen, waiting = set(stop), list(nodes)
    while waiting:
        names = {node.id for node in ast.walk(waiting.pop()) if isinstance(node, ast.Name)}
        for name in sorted(names & set(defined) - seen):
            seen.add(name)
            nodes.append(defined[name])
            waiting.append(defined[name])
    return code_hash(sorted({ast.unparse(node) for node in nodes}))


def _definitions(tree: ast.Module) -> dict[str, ast.stmt]:
    """The functions, classes and values that a module defines, by name."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id: node for target in targets if isinstance(target, ast.Name)}
    return found


def _root(defined: dict[str, ast.stmt], root: str) -> ast.AST:
    name, _, key = root.partition("[")
    if not key:
        return defined[name]
    entries = defined[name].value
    return {ast.literal_eval(k): v for k, v in zip(entries.keys, entries.values, strict=True)}[key.removesuffix("]")]


def _text(node) -> str:
    """The syntax as text; empty fields are left out, since each Python adds some (`type_params` in 3.12)."""
    if isinstance(node, list):
        return f"[{', '.join(map(_text, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = [(name, value) for name, value in ast.iter_fields(node) if value is not None and value != []]
    return f"{type(node).__name__}({', '.join(f'{name}={_text(value)}' for name, value in fields)})"
