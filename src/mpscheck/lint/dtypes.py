"""The dtype under test is said in the metadata. A cast in compute would narrow the reference in float64 as well."""

import ast
from collections.abc import Iterator

from mpscheck.bugs.bug import Bug
from mpscheck.lint.syntax import dotted, imported, is_statistical, own_code

NAME = "dtypes"
DESCRIPTION = (
    "no function casts to a half type or asks for one; `dtypes` names what is under test, the runner rounds to it"
)

HALVES = {"torch.float16": "float16", "torch.half": "float16", "torch.bfloat16": "bfloat16"}
METHODS = {"half": "float16", "bfloat16": "bfloat16"}
WITHIN = "autocast"  # its dtype is no cast: float64 stays float64 within it
COPIES = ("_to_copy", "copy_", "_copy_from")  # of these the cast is the claim


def check(bug: Bug) -> Iterator[str]:
    if is_statistical(bug) and "dtypes" in bug.facts:
        yield "dtypes: a claim about random numbers draws in a dtype of its own: take it out"
    if is_statistical(bug):
        return  # no reference to narrow
    if any(op in COPIES for trigger in bug.triggers for op in trigger.ops):
        return
    names = imported(bug)
    for node in (node for top in own_code(bug) for node in ast.walk(top)):
        if dtype := _cast_to(node, names):
            yield (
                f"line {node.lineno}: {ast.unparse(node)} narrows the reference too, so that a healthy device looks wrong: "
                f'take it out and say dtypes = ["{dtype}"] in the metadata'
            )


def _cast_to(node: ast.AST, names: dict[str, str]) -> str | None:
    """The half type that a call gives, `x.half()`, `x.to(torch.float16)`, `torch.ones(3, dtype=torch.half)`; else None."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr == WITHIN:
        return None
    if node.func.attr in METHODS and not node.args:
        return METHODS[node.func.attr]
    given = [keyword.value for keyword in node.keywords if keyword.arg == "dtype"]
    if node.func.attr in ("to", "type"):
        given += node.args
    return next((HALVES[name] for value in given if (name := dotted(value, names)) in HALVES), None)
