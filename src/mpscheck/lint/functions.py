"""The functions of the contract, with the parameters that the runner hands over."""

import ast
from collections.abc import Iterator

from mpscheck.bugs.bug import FUNCTIONS, REFERENCE, Bug
from mpscheck.lint.syntax import function, own_code, returned

NAME = "functions"
DESCRIPTION = (
    "inputs() returns a tuple; compute, control and workaround take (device, *inputs), reference takes (*inputs)"
)


def check(bug: Bug) -> Iterator[str]:
    for name in ("inputs", "compute", "control"):
        if name not in bug.check.defined:
            yield f"there is no {name}: define {name}({'' if name == 'inputs' else 'device, …'})"
    if ("workaround" in bug.check.defined) == (bug.check.no_workaround is not None):
        yield "exactly one is needed: a function workaround(device, …), or no_workaround = the reason in the metadata"
    for name in bug.check.defined:
        if len([n for n in own_code(bug) if isinstance(n, ast.FunctionDef) and n.name == name]) > 1:
            yield f"{name} is defined twice: the first definition is lost, remove one"
            return
    yield from _signatures(bug)


def _signatures(bug: Bug) -> Iterator[str]:
    inputs = function(bug, "inputs")
    count = None
    if inputs is not None:
        if _parameters(inputs) != []:
            yield f"inputs({ast.unparse(inputs.args)}): expected no parameters, it is called as inputs()"
        tuples = [value for value in returned(inputs) if isinstance(value, ast.Tuple)]
        if len(tuples) != 1 or len(returned(inputs)) != 1:
            yield "inputs must end in one return of a written-out tuple: return x, w (of one tensor: return (x,))"
        else:
            count = len(tuples[0].elts)
    for definition in filter(None, (function(bug, name) for name in (*FUNCTIONS, REFERENCE))):
        parameters, first = _parameters(definition), [] if definition.name == REFERENCE else ["device"]
        if (
            parameters is None
            or (parameters[:1] == ["device"]) != bool(first)
            or (count not in (None, len(parameters) - len(first)))
        ):
            what = "one parameter for each input" if count is None else f"{count} parameter(s), one for each input"
            yield f"{definition.name}({ast.unparse(definition.args)}): expected {'device, then ' * bool(first)}{what}; no defaults"
        if not any(value is not None for value in returned(definition)):
            yield f"{definition.name} returns nothing: return the tensor (or a tuple of tensors) that the device computed"


def _parameters(definition: ast.FunctionDef) -> list[str] | None:
    """Names of the parameters; None if some are not plain ones."""
    args = definition.args
    if args.posonlyargs or args.vararg or args.kwonlyargs or args.kwarg or args.defaults:
        return None
    return [argument.arg for argument in args.args]
