"""Measuring one snippet in this process: load it, run its functions on the device and on the CPU, give the numbers."""

import importlib.util
import time
from pathlib import Path
from types import ModuleType

import torch

from mpscheck.runs import numerics

REPEATS = 3


def load_module(path: Path) -> ModuleType:
    """Execute a snippet's file as a module (its main block does not run)."""
    spec = importlib.util.spec_from_file_location("snippet", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def in_dtype(tensors: tuple, dtype: torch.dtype) -> tuple:
    """Floating tensors in a dtype; whole numbers and booleans stay as they are."""
    return tuple(t.to(dtype) if t.is_floating_point() else t for t in tensors)


def to_cpu(result) -> tuple:
    """The outputs, one tensor or a tuple, on the CPU.

    `.cpu()` alone, never with a dtype: that copy is wrong on some torch (pytorch#197715).
    """
    outputs = result if isinstance(result, tuple) else (result,)
    return tuple(t.detach().cpu() for t in outputs)


def eps_of(outputs: tuple) -> float:
    """The largest machine epsilon among floating outputs; 0 if all are whole numbers."""
    return max((torch.finfo(t.dtype).eps for t in outputs if t.is_floating_point()), default=0.0)


def same_bits(a: tuple, b: tuple) -> bool:
    """Whether two sets of outputs are the same bit by bit; NaN in the same place counts as the same."""
    return all(
        x.shape == y.shape and x.dtype == y.dtype and bool(((x == y) | ((x != x) & (y != y))).all())
        for x, y in zip(a, b, strict=True)
    )


def measure_function(module: ModuleType, name: str, device: str, dtype: torch.dtype) -> dict:
    """The numbers of one function (compute, control, workaround) of a snippet."""
    inputs = in_dtype(module.inputs(), dtype)
    started = time.perf_counter()
    first = to_cpu(getattr(module, name)(device, *inputs))
    seconds = round(time.perf_counter() - started, 4)
    if hasattr(module, "p_value"):
        numbers = {"p_value": float(module.p_value(first[0])), "false_alarm": float(module.FALSE_ALARM)}
    else:
        numbers = compared(module, name, device, inputs, first)
    return numbers | {"seconds": seconds}


def compared(module: ModuleType, name: str, device: str, inputs: tuple, first: tuple) -> dict:
    """The numbers of a function whose outputs are compared with the CPU's; `first` is what the device gave.

    A workaround is held against compute's reference, since it claims to give the same quantity.
    """
    function = getattr(module, name)
    again = [to_cpu(function(device, *inputs)) for _ in range(REPEATS - 1)]
    exact = module.compute if name == "workaround" else function
    reference = to_cpu(exact("cpu", *in_dtype(inputs, torch.float64)))  # the values that the device got, not a new draw
    baseline = to_cpu(function("cpu", *inputs))
    flat = torch.cat([t.flatten().double() for t in reference])
    finite = flat[flat.isfinite()]
    reference_rms = finite.square().mean().sqrt().item() if finite.numel() else 0.0
    eps = eps_of(baseline)
    cpu = numerics.compare(baseline, reference, 0.0)
    largest = max(numerics.as_float(cpu.get("max_abs")), eps * reference_rms)
    wrong_above = numerics.ALLOWED_RATIO * largest if cpu.get("rms") else 0.0
    spread = max((numerics.as_float(numerics.compare(a, first, 0.0).get("rms")) for a in again), default=0.0)
    return {
        "device": numerics.compare(first, reference, wrong_above),
        "baseline": cpu,
        "eps": eps,
        "reference_rms": numerics.number(reference_rms),
        "spread": numerics.number(spread),
        "repeats": REPEATS,
        "repeats_equal": all(same_bits(a, first) for a in again),
        "equals_cpu": same_bits(first, baseline),
        "dtypes": [str(t.dtype).removeprefix("torch.") for t in first],
    }


def measure(path: str, names: tuple[str, ...], device: str, dtype: str = "float32") -> dict:
    """The numbers of several functions of one snippet: {name: numbers}. Whatever the snippet raises passes through."""
    module = load_module(Path(path))
    return {name: measure_function(module, name, device, getattr(torch, dtype)) for name in names}
