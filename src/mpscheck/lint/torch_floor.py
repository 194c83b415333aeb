"""A snippet runs on torch 2.0. Checked statically, against names that are known to be newer."""

import ast
from collections.abc import Iterator

from mpscheck.bugs.bug import Bug
from mpscheck.lint.syntax import dotted, imported, own_code

NAME = "torch-floor"
DESCRIPTION = "nothing newer than torch 2.0 is used (static: a list of newer names, no torch 2.0 runs it)"

# Public names of torch 2.13.0 that the macOS arm64 wheel of torch 2.0.0 has neither in the modules that would define
# them nor in its type stubs. Not complete: add a name when a snippet stumbles over it.
# fmt: off
NEWER = {
    "torch": [
        "accelerator", "compiler", "cond", "empty_permuted", "export", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2",
        "float8_e5m2fnuz", "get_default_device", "hash_tensor", "newaxis", "nonzero_static", "rms_norm", "uint16",
        "uint32", "uint64", "unravel_index", "while_loop",
    ],
    "torch.Tensor": ["dim_order", "hash_tensor", "nonzero_static"],
    "torch.amp": ["GradScaler"],
    "torch.library": ["custom_op"],
    "torch.mps": [
        "Event", "compile_shader", "device_count", "event", "is_available", "load_metallib", "profiler",
        "recommended_max_memory",
    ],
    "torch.nn": [
        "Buffer", "CircularPad1d", "CircularPad2d", "CircularPad3d", "LPPool3d", "LinearCrossEntropyLoss", "RMSNorm",
        "ZeroPad1d", "ZeroPad3d", "attention",
    ],
    "torch.nn.functional": ["grouped_mm", "linear_cross_entropy", "lp_pool3d", "rms_norm", "scaled_mm"],
    "torch.optim": ["Adafactor", "Muon"],
}
NEWER_KEYWORDS = {"torch.nn.functional.scaled_dot_product_attention": ["scale", "enable_gqa"]}
# fmt: on


def check(bug: Bug) -> Iterator[str]:
    names = imported(bug)
    found = {(node.lineno, newer) for top in own_code(bug) for node in ast.walk(top) for newer in _newer(node, names)}
    for line, name in sorted(found):
        yield f"line {line}: {name} is newer than torch 2.0 (static): spell it with older calls"


def _newer(node: ast.AST, names: dict[str, str]) -> Iterator[str]:
    """The names newer than torch 2.0 that one node of the syntax tree uses."""
    if isinstance(node, ast.Call):
        keywords = NEWER_KEYWORDS.get(dotted(node.func, names), [])
        yield from (f"{keyword.arg}=" for keyword in node.keywords if keyword.arg in keywords)
    if isinstance(node, ast.Import):
        used = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        used = [f"{node.module}.{alias.name}" for alias in node.names]
    elif isinstance(node, ast.Attribute):  # a function of a module, else a method of some tensor
        used = [dotted(node, names) or f"torch.Tensor.{node.attr}"]
    else:
        return
    for name in used:
        yield from (newer for newer in _all_newer() if f"{name}.".startswith(f"{newer}."))


def _all_newer() -> Iterator[str]:
    return (f"{module}.{name}" for module, names in NEWER.items() for name in names)
