"""The whole forward pass on the device: what the same inputs, op by op, do not show."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from mpscheck.bugs.recorder import around
from mpscheck.runs.outputs import is_rounded, sizes, widened
from mpscheck.tools.locate.judge import SCREEN, comparable, difference, distance
from mpscheck.tools.locate.lockstep import LockStep, first_line
from mpscheck.tools.locate.replay import (
    Twins,
    called_in_float64,
    leaves,
    mapped,
    obstacle,
    on_cpu,
    plain_dispatch,
    storage_of,
    tensors_in,
)
from mpscheck.tools.locate.text import difference_text


class Before:
    """A model's inputs and buffers as they are before it runs, since it may change them."""

    def __init__(self, model: torch.nn.Module, args: tuple, kwargs: dict):
        self.model = model
        self.args, self.kwargs = Twins(lambda flat: flat.clone()).of((args, kwargs))
        self.storages = [storage_of(tensor) for tensor in tensors_in((args, kwargs))]
        self.staying: set[int] = set()  # those storages that stay on the CPU
        self.buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]

    def inputs(self, device: str) -> tuple[tuple, dict]:
        """New copies of the inputs, as `.to(device)` makes them, but for those that stay on the CPU."""
        storages = iter(self.storages)

        def moved(value):
            if not isinstance(value, torch.Tensor):
                return value
            return value.to("cpu" if next(storages) in self.staying else device, copy=True)

        return mapped(moved, (self.args, self.kwargs))

    @contextmanager
    def again(self) -> Iterator[None]:
        """Within the block, the model's buffers are as they were before it ran."""
        after = [buffer.detach().clone() for buffer, _ in self.buffers]
        try:
            for buffer, value in self.buffers:
                buffer.detach().copy_(value)
            yield
        finally:
            for (buffer, _), value in zip(self.buffers, after):
                buffer.detach().copy_(value)


def twin_model(model: torch.nn.Module, steps: LockStep) -> tuple[Any, str]:
    """The model on the device as `model.to(device)` makes it, on the weights that are there already; or why not."""
    twins, moved = Twins(lambda flat: flat.to(steps.device), steps.kept), {}
    try:
        for weight in [*model.parameters(), *model.buffers()]:
            plain = weight.detach()
            there = twins.tensor(plain) if plain.is_contiguous() else plain.to(steps.device)
            is_parameter = isinstance(weight, torch.nn.Parameter)
            moved[id(weight)] = torch.nn.Parameter(there, weight.requires_grad) if is_parameter else there
        for tensor in tensors_in([vars(module) for module in model.modules()]):
            if tensor.grad_fn is not None:  # kept from an earlier run; deepcopy would refuse it
                moved[id(tensor)] = tensor.detach()
        # deepcopy takes what is in `moved` as copied already; TorchScript makes its own copies
        twin = copy.deepcopy(model) if isinstance(model, torch.jit.ScriptModule) else copy.deepcopy(model, moved)
        # TransformerLens notes the device in .cfg as well; its own .to() sets that
        return twin.to(steps.device, print_details=False) if hasattr(model, "cfg") else twin.to(steps.device), ""
    except Exception as error:
        return None, f"the model cannot be copied: {first_line(error)}"


def compare_whole(before: Before, twin, output, steps: LockStep) -> tuple[bool | None, str]:
    """Whether the model's outputs agree, and that in words."""
    if steps.counts["random"]:
        return None, f"it draws random numbers ({steps.counts['random']} calls)"
    try:
        there = run_there(before, twin, steps)
    except Exception as error:
        return None, f"it does not run there: {first_line(error)}"
    results, others = values_in(output), values_in(there)
    if not results:
        return None, "its output holds no tensor and no number"
    pairs = list(zip(results, others))
    if len(results) != len(others) or any(a.shape != b.shape for a, b in pairs):
        return False, "it gives other shapes"
    pairs = [(cpu.detach(), on_cpu(got)) for cpu, got in pairs]
    calls = steps.counts["compared"]
    far = max((distance(cpu, got) for cpu, got in pairs), default=0.0)
    half = any(cpu.is_floating_point() and cpu.dtype.itemsize < 4 for cpu, _ in pairs)
    if far <= (SCREEN if half else max(SCREEN, calls**0.5)):  # as far as one rounding an op goes, in a random walk
        return True, f"{far:.3g} roundings from the CPU after {calls} ops"
    try:
        exact = values_in(forward_in_float64(before))
    except Exception as error:
        return None, f"it differs, and there is no reference in float64: {first_line(error)}"
    if any(off_the_rails(cpu, e) for (cpu, _), e in zip(pairs, exact)):
        return None, "it differs, and in float64 the CPU itself gives other numbers: there is no reference"
    found = [difference(c, g, e, moves=False) for (c, g), e in zip(pairs, exact)]
    worst = max(filter(None, found), key=lambda d: d.ratio, default=None)
    return worst is None, "its error is within 10 times the CPU's own" if worst is None else difference_text(worst)


def run_there(before: Before, twin, steps: LockStep):
    """What the model gives on the device. Inputs that its ops take from the CPU alone stay there, if it needs that."""
    try:
        args, kwargs = before.inputs(steps.device)
        with torch.no_grad():
            return twin(*args, **kwargs)
    except Exception:
        before.staying = steps.cpu_only.intersection(before.storages)
        if not before.staying:
            raise
    args, kwargs = before.inputs(steps.device)
    with torch.no_grad():
        return twin(*args, **kwargs)


def values_in(output) -> list[torch.Tensor]:
    """The tensors and numbers of an output as tensors."""
    return [leaf if isinstance(leaf, torch.Tensor) else torch.tensor(leaf) for leaf in leaves(output)]


def off_the_rails(cpu: torch.Tensor, exact: torch.Tensor) -> bool:
    """Whether float64 gives something else than more digits, as where rounding decides which expert is asked."""
    if cpu.shape != exact.shape:
        return True
    if not is_rounded(cpu.dtype):
        return False
    cpu, exact, _ = comparable(widened(cpu), widened(exact))
    return sizes(cpu - exact)["rms"] > 0.1 * sizes(exact)["rms"]


def forward_in_float64(before: Before):
    """The model's output on the CPU in float64. Weights are widened for one op at a time."""

    def handle(op, args, kwargs, run):
        if obstacle(op, tensors_in((args, kwargs))):
            return run()
        with plain_dispatch():
            return called_in_float64(op, args, kwargs)

    args, kwargs = before.inputs("cpu")
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad(), before.again(), around(handle):
            return before.model(*args, **kwargs)
    finally:
        torch.set_default_dtype(default)


def look_from_the_device(before: Before, twin, steps: LockStep) -> None:
    """The pass the other way: the device's results go on, so that what it makes itself is what is compared."""
    steps.where.names.update(type(steps.where)(twin).names)
    steps.sick.clear()
    args, kwargs = before.inputs(steps.device)
    with contextlib.suppress(Exception), torch.no_grad(), steps.where.following(), around(steps.handle_there):
        twin(*args, **kwargs)
