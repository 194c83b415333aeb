"""The layout that matters is made after the move to the device.

`.to(device)` copies a slice, an offset or an expanded tensor into plain memory: a view made before the move is lost,
and the snippet tests nothing. A heuristic on the syntax tree: it follows names within one function and knows the usual
calls that make a view. Where the trigger asks for a copy of a CPU tensor, the move of a view is the call under test.
"""

import ast
from collections.abc import Iterator

from mpscheck.bugs.bug import FUNCTIONS, Bug
from mpscheck.lint.syntax import function

NAME = "layout"
DESCRIPTION = "views are made after .to(device), which drops the layout of slices, offsets and expanded tensors"

# fmt: off
VIEW_ATTRIBUTES = ["T", "mT", "H", "mH", "real", "imag"]
VIEW_CALLS = [
    "t", "transpose", "swapaxes", "swapdims", "permute", "movedim", "moveaxis", "view", "view_as", "reshape", "expand",
    "expand_as", "broadcast_to", "narrow", "select", "unfold", "as_strided", "diagonal", "chunk", "split", "tensor_split",
    "unbind", "squeeze", "unsqueeze", "flatten", "unflatten",
]
# fmt: on


def check(bug: Bug) -> Iterator[str]:
    if _claims_a_move(bug):
        return
    for definition in filter(None, (function(bug, name) for name in FUNCTIONS)):
        for moved in _moved_views(definition):
            yield (
                f"line {moved.lineno}: {ast.unparse(moved)} moves a view, which may arrive as a plain copy: move first, as in "
                "x.to(device)[::2] or w.to(device).T"
            )
    inputs = function(bug, "inputs")
    for view in _returned_views(inputs) if inputs is not None else ():
        yield (
            f"line {view.lineno}: inputs() returns the view {ast.unparse(view)}, which may arrive as a plain copy on "
            "the device: return the plain tensor and make the view in compute, after the move"
        )


def _claims_a_move(bug: Bug) -> bool:
    """Whether the bug is one of moving a view from the CPU to the device."""
    return any("copy" in t.ops and any(str(c) == "src.device == cpu" for c in t.when) for t in bug.triggers)


def _moved_views(definition: ast.FunctionDef) -> Iterator[ast.Call]:
    views: set[str] = set()
    for statement in _statements(definition.body):
        for node in _own_expressions(statement):
            if _is_move(node) and _is_view(node.func.value, views):
                yield node
        _follow(statement, views)


def _returned_views(definition: ast.FunctionDef) -> Iterator[ast.expr]:
    views: set[str] = set()
    for statement in _statements(definition.body):
        if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Tuple):
            yield from (element for element in statement.value.elts if _is_view(element, views))
        _follow(statement, views)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements in the order in which they stand, those within `for`, `if`, `with` too."""
    for statement in body:
        yield statement
        for block in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(statement, block, []))


def _own_expressions(statement: ast.stmt) -> Iterator[ast.AST]:
    """The expressions of one statement, without those of the statements within it."""
    for child in ast.iter_child_nodes(statement):
        if not isinstance(child, ast.stmt):
            yield from ast.walk(child)


def _follow(statement: ast.stmt, views: set[str]) -> None:
    """Note which names stand for views after an assignment."""
    if not isinstance(statement, ast.Assign):
        return
    for target in statement.targets:
        pairs = [(target, statement.value)]
        if isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
            pairs = list(zip(target.elts, statement.value.elts, strict=False))
        for name, value in pairs:
            if isinstance(name, ast.Name):
                (views.add if _is_view(value, views) else views.discard)(name.id)


def _is_move(node: ast.AST) -> bool:
    """`….to(device, …)`."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "to"):
        return False
    arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
    return any(isinstance(argument, ast.Name) and argument.id == "device" for argument in arguments)


def _is_view(node: ast.expr, views: set[str]) -> bool:
    """True if the outermost step makes a view (`x[::2]`, `x.T`, `torch.narrow(x, …)`), or the name stands for one."""
    if isinstance(node, ast.Name):
        return node.id in views
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in VIEW_CALLS
    if isinstance(node, ast.Attribute):
        return node.attr in VIEW_ATTRIBUTES
    return isinstance(node, ast.Subscript)
