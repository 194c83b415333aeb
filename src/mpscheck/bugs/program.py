"""Parts of a snippet as a program: what some of its functions need, and no more. Pure."""

import ast


def parts(source: str, wanted: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Of a program: its imports, and the statements that define the wanted names and all that those use."""
    nodes = ast.parse(source).body
    text = source.splitlines()
    imports = [ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    defining = {name: node for node in nodes for name in defined_by(node)}
    kept, waiting = set(), [name for name in wanted if name in defining]
    while waiting:
        node = defining[waiting.pop()]
        if node not in kept:
            kept.add(node)
            used = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
            waiting += [name for name in used if name in defining]
    first = {node: min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) for node in kept}
    return imports, ["\n".join(text[first[n] - 1 : n.end_lineno]) for n in sorted(kept, key=lambda n: n.lineno)]


def defined_by(node: ast.stmt) -> list[str]:
    """The names that a statement at the top of a snippet defines; the metadata are no part of the program."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    names = [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
    return [name for name in names if name != "BUG"]
