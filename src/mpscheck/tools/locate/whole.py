"""The whole forward pass on the device: what the same inputs, op by op, do not show."""

from __future__ import annotations

import contextlib
import copy
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from mpscheck.bugs.aten import base_name, bind
from mpscheck.bugs.recorder import around
from mpscheck.runs.outputs import is_rounded, sizes, widened
from mpscheck.tools.copies import changed
from mpscheck.tools.locate.judge import INDICES, SCREEN, comparable, difference, distance
from mpscheck.tools.locate.lockstep import LockStep, first_line, to_cpu_device
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
    written,
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

    def as_it_is(tensor):  # what is kept from an earlier run has a gradient, which deepcopy would refuse
        return tensor.detach() if tensor.grad_fn is not None else copy.deepcopy(tensor, moved)

    try:
        for weight in [*model.parameters(), *model.buffers()]:
            plain = weight.detach()
            there = twins.tensor(plain) if plain.is_contiguous() else plain.to(steps.device)
            is_parameter = isinstance(weight, torch.nn.Parameter)
            moved[id(weight)] = torch.nn.Parameter(there, weight.requires_grad) if is_parameter else there
        scripted = isinstance(model, torch.jit.ScriptModule)  # it makes its own copies
        twin = copy.deepcopy(model) if scripted else changed(model, as_it_is, moved)
        with contextlib.redirect_stdout(io.StringIO()):  # a library's own .to() may tell of it, and notes the device
            return twin.to(steps.device), ""
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
    if far <= SCREEN:  # then the rule says right, whatever float64 gives
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


def forward_in_float64(before: Before, chosen: list[Step] | None = None):
    """The model's output on the CPU in float64. Weights are widened for one op at a time.

    With the steps of another pass the whole numbers and truth values are those of that pass.
    """
    following = iter(chosen or ())

    def handle(op, args, kwargs, run):
        if obstacle(op, tensors_in((args, kwargs))):
            return run()
        with plain_dispatch():
            result = called_in_float64(op, args, kwargs)
            return result if chosen is None else choosing(op, args, kwargs, result, next(following).choices)

    args, kwargs = before.inputs("cpu")
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad(), before.again(), around(handle):
            return before.model(*args, **kwargs)
    finally:
        torch.set_default_dtype(default)


def choosing(op, args, kwargs, result, choices: list[torch.Tensor]):
    """A result with other choices in it; what is sorted by an index is then in that order."""
    of_these = iter(choices)
    chosen = mapped(lambda v: next(of_these) if isinstance(v, torch.Tensor) and is_choice(v) else v, result)
    bound, name = bind(op, args, kwargs), base_name(op)
    tensors = tensors_in(chosen)
    if (
        name in INDICES
        and len(tensors) == 2
        and tensors[0].shape == tensors[1].shape
        and bound["self"].ndim == tensors[1].ndim
    ):
        values = bound["self"].to(tensors[0].dtype).gather(bound["dim"], tensors[1])
        return type(chosen)((values, tensors[1]))
    if written(op, args, kwargs):  # in place: the argument itself is what goes on
        for target, value in zip(tensors_in(result), tensors):
            target.copy_(value)
        return result
    return chosen


def look_from_the_device(before: Before, twin, steps: LockStep) -> Pass | None:
    """The pass the other way: the device's results go on, so that what it makes itself is what is compared.

    None if it does not come to its end.
    """
    steps.where.names.update(type(steps.where)(twin).names)
    steps.sick.clear()
    found = Pass()

    def handle(op, args, kwargs, run):
        result = steps.handle_there(op, args, kwargs, run)
        if not steps.outer:
            found.add(op, args, kwargs, result, steps.where.module())
        return result

    args, kwargs = before.inputs(steps.device)
    with contextlib.suppress(Exception), torch.no_grad(), steps.where.following(), around(handle):
        found.output = twin(*args, **kwargs)
        return found
    return None


# ---- a reference that makes the same choices ----------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One call of a pass: op, sizes, dtypes and numbers; the module; the whole numbers and truth values that it gave."""

    call: str
    module: str
    choices: list[torch.Tensor]


@dataclass
class Pass:
    """The steps of a pass, and what it gave."""

    steps: list[Step] = field(default_factory=list)
    output: Any = None

    def add(self, op, args, kwargs, result, module: str = "") -> None:
        """Note a call without its tensors' values and layouts, and without its device."""

        def short(value):
            return (str(value.dtype), value.shape) if isinstance(value, torch.Tensor) else to_cpu_device(value)

        call = repr((op, mapped(short, (tuple(args), kwargs))))
        self.steps.append(Step(call, module, [on_cpu(t).clone() for t in tensors_in(result) if is_choice(t)]))


def is_choice(tensor: torch.Tensor) -> bool:
    """Whether a result says which: an index, a mask."""
    return not is_rounded(tensor.dtype)


def compare_with_choices(before: Before, twin, there: Pass) -> tuple[bool | None, str] | None:
    """Whether the outputs agree, each held against a pass in float64 that makes the choices of its own side.

    Which of nearly equal values is the larger is decided by rounding, and torch leaves the order of equal ones open: each
    side may choose, and each step of the device's pass was found right. None unless both went through the same steps with
    the same weights.
    """
    here = Pass()

    def handle(op, args, kwargs, run):
        with plain_dispatch():
            result = op(*args, **kwargs)
        here.add(op, args, kwargs, result)
        return result

    args, kwargs = before.inputs("cpu")
    with torch.no_grad(), before.again():
        pairs = zip([*before.model.parameters(), *before.model.buffers()], [*twin.parameters(), *twin.buffers()])
        if not all(torch.equal(ours.detach(), on_cpu(theirs)) for ours, theirs in pairs):
            return None
        with around(handle):
            here.output = before.model(*args, **kwargs)
    if [step.call for step in here.steps] != [step.call for step in there.steps]:
        return None
    cpu, got = values_in(here.output), [on_cpu(t) for t in values_in(there.output)]
    if not cpu or [t.shape for t in cpu] != [t.shape for t in got]:
        return None
    try:
        exact, exact_there = (values_in(forward_in_float64(before, one.steps)) for one in (here, there))
    except Exception:  # whatever an op raises for a dtype that it does not have
        return None
    if any(off_the_rails(*pair) for pair in [*zip(cpu, exact), *zip(got, exact_there)]):
        return None
    shifted = [as_if_chosen(*values) for values in zip(got, exact, exact_there)]
    found = [difference(c, g, e, moves=False) for c, g, e in zip(cpu, shifted, exact)]
    worst = max(filter(None, found), key=lambda d: d.ratio, default=None)
    if worst is not None:
        return False, difference_text(worst)
    others = [
        b.module
        for a, b in zip(here.steps, there.steps)
        if not all(torch.equal(x, y) for x, y in zip(a.choices, b.choices))
    ]
    chosen = f"; between nearly equal values it chooses otherwise, first in {others[0]}" if others else ""
    return True, f"its error is within 10 times the CPU's own, where float64 makes the same choices{chosen}"


def as_if_chosen(got: torch.Tensor, exact: torch.Tensor, exact_there: torch.Tensor) -> torch.Tensor:
    """What the device would have given had it chosen as the CPU did: the same error, on the other reference."""
    if is_choice(got):
        return torch.where(got == exact_there, exact.to(got.dtype), got)
    return (widened(got) + (widened(exact) - widened(exact_there))).to(got.dtype)
