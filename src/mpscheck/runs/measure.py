"""Measuring one snippet in this process: load it, run its functions on the device and on the CPU, give the numbers."""

from __future__ import annotations

import importlib.util
import time
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from types import ModuleType

import torch

from mpscheck.runs import numerics, outputs, rule

REPEATS = 3
NONE = torch.empty(0)  # stands for an output that a second run lacks


def load_module(path: Path) -> ModuleType:
    """Execute a snippet's file as a module (its main block does not run)."""
    spec = importlib.util.spec_from_file_location("snippet", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def in_dtype(tensors: tuple, dtype: torch.dtype) -> tuple:
    """Floating tensors in a dtype; complex ones as wide; whole numbers and booleans stay as they are."""
    wide = dtype is torch.float64
    return tuple(
        t.to(dtype) if t.is_floating_point() else outputs.widened(t) if wide and t.is_complex() else t for t in tensors
    )


def to_cpu(result) -> tuple:
    """The outputs, one tensor or a tuple, on the CPU.

    `.cpu()` alone, never with a dtype: that copy is wrong on some torch (pytorch#197715).
    """
    outputs = result if isinstance(result, tuple) else (result,)
    return tuple(t.detach().cpu() for t in outputs)


def same_bits(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether two outputs are the same bit by bit; NaN in the same place counts as the same."""
    return a.shape == b.shape and a.dtype == b.dtype and bool(outputs.same(a, b).all())


def measure_function(module: ModuleType, name: str, device: str, dtype: torch.dtype) -> dict:
    """The numbers of one function (compute, control, workaround) of a snippet."""
    with without_device():
        inputs = in_dtype(module.inputs(), dtype)
    started = time.perf_counter()
    first = to_cpu(getattr(module, name)(device, *inputs))
    seconds = round(time.perf_counter() - started, 4)
    if hasattr(module, "p_value"):
        numbers = {"p_value": float(module.p_value(first[0])), "false_alarm": float(module.FALSE_ALARM)}
    else:
        again = [to_cpu(getattr(module, name)(device, *inputs)) for _ in range(repeats_of(module) - 1)]
        with without_device():
            numbers = compared(module, name, inputs, (first, *again))
    return numbers | {"seconds": seconds}


class NoReference(RuntimeError):
    """There is nothing to hold the device against: the inputs, the CPU or the reference failed."""


@contextmanager
def without_device():
    """What is raised within is not the device's doing. Raises NoReference."""
    try:
        yield
    except Exception as error:
        raise NoReference(f"not on the device: {type(error).__name__}: {error}") from error


def repeats_of(module: ModuleType) -> int:
    """How often each function of a snippet is run."""
    return facts_of(module).get("repeats", REPEATS)


def compared(module: ModuleType, name: str, inputs: tuple, runs: tuple) -> dict:
    """The numbers of a function whose outputs are compared with the CPU's; `runs` is what the device gave each time."""
    first, *again = runs
    reference = reference_of(module, name, inputs)
    baseline = to_cpu(getattr(module, name)("cpu", *inputs))
    found = [
        one_output(got, cpu, wide, [run[n] if n < len(run) else NONE for run in again])
        for n, (got, cpu, wide) in enumerate(zip_longest(first, baseline, reference[: len(baseline)]))
    ]
    numbers = {"outputs": numerics.storable(found), "repeats": len(runs)}
    if "repeats" in facts_of(module):  # a check of something rare: how rare it was
        numbers["wrong_runs"] = sum(is_wrong(run, baseline, reference) for run in runs)
    return numbers


def facts_of(module: ModuleType) -> dict:
    """`BUG` of a snippet; a file of a stranger's may have none."""
    return getattr(module, "BUG", {})


def reference_of(module: ModuleType, name: str, inputs: tuple) -> tuple:
    """What exact arithmetic gives for these inputs, which are the values that the device got and not a new draw.

    A workaround is held against compute's reference, since it claims to give the same quantity.
    """
    if name != "control" and hasattr(module, "reference"):
        found = to_cpu(module.reference(*inputs))
        narrow = [str(t.dtype) for t in found if t.dtype in (torch.float32, torch.float16, torch.bfloat16)]
        if narrow:  # its own rounding would count as the CPU's error, and excuse the device's
            raise ValueError(f"reference() gives {narrow[0]}: compute it in torch.float64")
        return found
    function = module.compute if name == "workaround" else getattr(module, name)
    return to_cpu(function("cpu", *in_dtype(inputs, torch.float64)))


def is_wrong(run: tuple, baseline: tuple, reference: tuple) -> bool:
    """Whether one of the runs, taken by itself, is wrong."""
    if len(run) != len(baseline):
        return True
    found = zip_longest(run, baseline, reference[: len(baseline)])
    return any(rule.verdict_of_output(outputs.compare_output(*output)) != "agrees" for output in found)


def one_output(got, cpu, exact, again: list) -> dict:
    """The numbers of one output; of one that the device or the CPU alone has, what it is."""
    if got is None or cpu is None:
        mine, its = (described(tensor) for tensor in (got, cpu))
        return mine | {f"cpu_{name}": value for name, value in its.items()}
    numbers = outputs.compare_output(got, cpu, exact)
    if "cpu_shape" in numbers:
        return numbers
    spreads = [outputs.spread_of(run, got) for run in again]
    return numbers | {
        "spread": {name: max(spread[name] for spread in spreads) for name in spreads[0]},
        "repeats_equal": all(same_bits(run, got) for run in again),
        "equals_cpu": same_bits(got, cpu),
    }


def described(tensor: torch.Tensor | None) -> dict:
    """Shape and dtype of an output; None for each where there is none."""
    if tensor is None:
        return {"shape": None, "dtype": None}
    return {"shape": list(tensor.shape), "dtype": str(tensor.dtype).removeprefix("torch.")}


def measure(path: str, names: tuple[str, ...], device: str, dtype: str = "float32") -> tuple[dict, dict]:
    """The numbers of several functions of one snippet, {name: numbers}, and what those that failed raised, {name: error}.

    What loading the file raises passes through.
    """
    return measured(load_module(Path(path)), names, device, dtype)


def measured(module: ModuleType, names: tuple[str, ...], device: str, dtype: str) -> tuple[dict, dict]:
    """The same of what is loaded already, or of what has `inputs` and these functions as a snippet has them."""
    numbers, errors = {}, {}
    for name in names:
        try:
            numbers[name] = measure_function(module, name, device, getattr(torch, dtype))
        except BaseException as error:  # of one function: the others still say whether it is this one alone
            errors[name] = error
    return numbers, errors
