"""Measuring one snippet in this process: load it, run its functions on the device and on the CPU, give the numbers."""

import importlib.util
import time
from pathlib import Path
from types import ModuleType

import torch

from mpscheck import numerics

REPEATS = 3


def load_module(path: Path) -> ModuleType:
    """Execute a snippet's file as a module (its main block does not run)."""
    spec = importlib.util.spec_from_file_location("snippet", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rounded(tensors: tuple, dtype: torch.dtype) -> tuple:
    """The inputs as the dtype under test sees them; whole numbers and booleans stay as they are."""
    return tuple(t.to(dtype) if t.is_floating_point() else t for t in tensors)


def upcast(tensors: tuple) -> tuple:
    """Floating inputs in float64: the very values that the device got, not a new draw."""
    return tuple(t.double() if t.is_floating_point() else t for t in tensors)


def to_cpu(result) -> tuple:
    """Outputs on the CPU. `.cpu()` alone, never with a dtype: that copy is wrong on some torch (pytorch#197715)."""
    return tuple(t.cpu() for t in numerics.outputs_of(result))


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
    """The numbers of one function (compute, control, workaround) of a snippet.

    A workaround is held against compute's reference, since it claims to give the same quantity.
    """
    inputs = rounded(module.inputs(), dtype)
    function = getattr(module, name)
    started = time.perf_counter()
    first = to_cpu(function(device, *inputs))
    seconds = time.perf_counter() - started
    if hasattr(module, "p_value"):
        return {
            "p_value": float(module.p_value(first[0])),
            "false_alarm": float(module.FALSE_ALARM),
            "seconds": round(seconds, 4),
        }
    again = [to_cpu(function(device, *inputs)) for _ in range(REPEATS - 1)]
    reference_function = module.compute if name == "workaround" else function
    reference = to_cpu(reference_function("cpu", *upcast(inputs)))
    baseline = to_cpu(function("cpu", *inputs))
    flat = torch.cat([t.flatten().double() for t in reference])
    finite = flat[flat.isfinite()]
    reference_rms = finite.square().mean().sqrt().item() if finite.numel() else 0.0
    eps = eps_of(baseline)
    cpu = numerics.compare(baseline, reference, 0.0)
    wrong_above = 10 * max(numerics.as_float(cpu.get("max_abs")), eps * reference_rms) if cpu.get("rms") else 0.0
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
        "seconds": round(seconds, 4),
    }


def measure(path: str, names: tuple[str, ...], device: str, dtype: str = "float32") -> dict:
    """The numbers of several functions of one snippet: {name: numbers}. Whatever the snippet raises passes through."""
    module = load_module(Path(path))
    return {name: measure_function(module, name, device, getattr(torch, dtype)) for name in names}
