"""Random inputs are drawn once, in float32, from a fixed seed.

The same seed gives other numbers for another dtype, so a second draw (in float64, for the reference) would compare two
different problems; and a draw in compute would differ from device to device.
"""

import ast
from collections.abc import Iterator

from mpscheck.bugs.bug import Bug
from mpscheck.lint.syntax import dotted, function, imported, is_statistical, own_code

NAME = "draws"
DESCRIPTION = "random numbers are drawn in inputs() only, in float32 or whole numbers, from a seeded torch.Generator"

# fmt: off
FUNCTIONS = [
    "rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "normal", "bernoulli", "multinomial",
    "poisson", "manual_seed",
]
METHODS = [
    "normal_", "uniform_", "random_", "bernoulli_", "exponential_", "geometric_", "cauchy_", "log_normal_",
]
OTHER_FLOATS = ["torch.float64", "torch.double", "torch.float16", "torch.half", "torch.bfloat16"]
# fmt: on


def check(bug: Bug) -> Iterator[str]:
    names = imported(bug)
    inputs = function(bug, "inputs")
    inside = set(ast.walk(inputs)) if inputs is not None else set()
    draws = [node for top in own_code(bug) for node in ast.walk(top) if _is_draw(node, names)]
    for draw in draws:
        what = f"line {draw.lineno}: {ast.unparse(draw.func)}"
        if draw in inside:
            yield from _in_inputs(draw, what, names)
        elif not is_statistical(bug):
            yield f"{what} outside inputs(): draw there once, so that device and reference get the same numbers"
    if any(draw in inside for draw in draws) and not any(map(_is_seeding, inside)):
        yield "inputs() draws without a fixed seed: generator = torch.Generator().manual_seed(0)"


def _is_draw(node: ast.AST, names: dict[str, str]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    module, _, name = (dotted(node.func, names) or "").rpartition(".")
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    return (module == "torch" and name in FUNCTIONS) or module == "random" or method in METHODS


def _in_inputs(draw: ast.Call, what: str, names: dict[str, str]) -> Iterator[str]:
    keywords = {keyword.arg: keyword.value for keyword in draw.keywords}
    if "generator" not in keywords:
        yield f"{what} has no generator: hand it one of a fixed seed, generator=torch.Generator().manual_seed(0)"
    dtype = dotted(keywords["dtype"], names) if "dtype" in keywords else None
    if dtype in OTHER_FLOATS:
        yield f"{what} draws in {dtype}: draw in float32; the runner rounds the inputs to the dtype under test"


def _is_seeding(node: ast.AST) -> bool:
    """`torch.Generator().manual_seed(0)`: a constant seed for a generator of the snippet's own."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "manual_seed"
        and [type(argument) for argument in node.args] == [ast.Constant]
    )
