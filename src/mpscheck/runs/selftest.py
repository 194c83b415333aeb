"""The self-test of a snippet's trigger: it must match a call that `compute` makes, and none of the others'."""

from collections.abc import Iterable
from pathlib import Path

import torch

from mpscheck.bugs import recorder
from mpscheck.bugs.aten import base_name
from mpscheck.bugs.trigger import Earlier, Trigger
from mpscheck.runs.measure import in_dtype, load_module


def matches_of(triggers: Iterable[Trigger], device: str, function, inputs: tuple) -> int:
    """How many calls the function makes on the device that one of the triggers matches.

    A call is judged before it is computed (in-place ops change what they get), unless the result must be known.
    """
    triggers = tuple(triggers)
    early = [t for t in triggers if not t.needs_result()]
    late = [t for t in triggers if t.needs_result()]
    count, earlier = 0, Earlier()

    def some_matches(held: list, call) -> bool:
        return any([earlier.matches(trigger, call) for trigger in held])  # each must see each call

    def handle(op, args, kwargs, run):
        nonlocal count
        copies = base_name(op) == "_to_copy"
        hit = not copies and some_matches(early, recorder.call_of(op, args, kwargs, None, device))
        count += hit  # before the call: one that raises is matched too
        result = run()
        if late or copies:
            call = recorder.call_of(op, args, kwargs, result, device)
            count += some_matches(early + late if copies else late, call) and not hit
        return result

    with recorder.around(handle):
        function(device, *inputs)
    return count


def matches(
    path: str,
    triggers: tuple[Trigger, ...],
    names: tuple[str, ...],
    device: str = "emu",
    dtypes: tuple[str, ...] = ("float32",),
) -> dict[str, int]:
    """For each function of a snippet, how many of its calls on the device match, in all dtypes under test."""
    module = load_module(Path(path))

    def count(name: str, dtype: str) -> int:
        inputs = in_dtype(module.inputs(), getattr(torch, dtype))
        return matches_of(triggers, device, getattr(module, name), inputs)

    return {name: sum(count(name, dtype) for dtype in dtypes) for name in names}
