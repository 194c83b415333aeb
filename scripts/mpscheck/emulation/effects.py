"""The imitations: for each word of the effect vocabulary, how to compute the wrong result on the emulated device.

Each takes the call, `run` (computes the right result from a dict of arguments), the effect's target and value. None
gives the right answer by chance: memory that is left unwritten holds junk, never zero.
"""

import torch

from mpscheck.trigger import Call

JUNK = -7.25  # no likely answer; whole-number types get -7, unsigned and bool what that wraps to


def junk_like(tensor: torch.Tensor) -> torch.Tensor:
    """What unwritten memory holds: the same junk everywhere."""
    if tensor.dtype is torch.bool:
        return torch.ones_like(tensor)
    return torch.full_like(tensor, JUNK) if tensor.is_floating_point() else torch.full_like(tensor, 249)


def packed_strides(shape) -> list[int]:
    """The strides of a contiguous tensor of this shape."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return strides[::-1]


def read_densely(tensor: torch.Tensor, offset: int) -> torch.Tensor:
    """Read a tensor's memory from `offset` on as if it were contiguous; past the end of the memory it begins again."""
    available = tensor.untyped_storage().nbytes() // tensor.element_size() - offset
    if available >= tensor.numel():
        return tensor.as_strided(tensor.shape, packed_strides(tensor.shape), offset)
    flat = tensor.as_strided((available,), (1,), offset)
    return flat.repeat(-(-tensor.numel() // available))[: tensor.numel()].reshape(tensor.shape)


def change(value, function):
    """Apply a function to a tensor, or to each of a list."""
    if isinstance(value, (list, tuple)):
        return type(value)(function(v) for v in value)
    return function(value)


def destination(call: Call) -> torch.Tensor | None:
    """The tensor that an in-place or out= call writes to; None for a call that makes its result."""
    return None if call.form == "functional" else call.args.get("out", call.args.get("self"))


def healthy_result(call: Call, run):
    """The right result; for in-place calls in memory of its own, with the destination as it was before."""
    target = destination(call)
    if target is None:
        return call.result if call.result is not None else run(call.args)
    kept = target.clone()
    right = run(call.args).clone()
    target.copy_(kept)
    return right


def ignores_strides(call: Call, run, target: str, value=None):
    if target != "result":
        return run(call.args | {target: change(call.args[target], lambda t: read_densely(t, t.storage_offset()))})
    right = healthy_result(call, run)
    result = destination(call)
    if result is None:
        result = junk_like(right)
    read_densely(result, result.storage_offset()).copy_(right)
    return result


def ignores_offset(call: Call, run, target: str, value=None):
    def from_the_start(tensor):
        return tensor.as_strided(tensor.shape, tensor.stride(), 0)

    return run(call.args | {target: change(call.args[target], from_the_start)})


def transposes(call: Call, run, target: str, value=None):
    return run(call.args | {target: change(call.args[target], lambda t: t.mT)})


def unwritten(call: Call, run, target: str, value=None):
    result = destination(call)
    return result if result is not None else change(healthy_result(call, run), junk_like)


def rounds(call: Call, run, target: str, value: str):
    def through(tensor):
        return tensor.to(getattr(torch, value)).to(tensor.dtype)

    if target != "result":
        return run(call.args | {target: change(call.args[target], through)})
    return _deliver(call, change(healthy_result(call, run), through))


def makes_nan(call: Call, run, target: str, value=None):
    right = healthy_result(call, run)
    infinite = torch.zeros_like(right, dtype=torch.bool)
    for argument in call.args.values():
        if isinstance(argument, torch.Tensor) and argument.shape == right.shape:
            infinite |= argument.isinf()
    return _deliver(call, right.masked_fill(infinite & (right == 0), float("nan")))


def wraps(call: Call, run, target: str, value: str):
    argument, _, dim = target.split(".")
    limit, size = int(value), call.args[argument].shape[int(dim)]
    right = healthy_result(call, run)
    axis = list(right.shape).index(size)
    wrong = junk_like(right)
    wrong.narrow(axis, 0, limit).copy_(right.narrow(axis, 0, limit))
    beyond = right.narrow(axis, limit, size - limit)
    wrong.narrow(axis, 0, size - limit).copy_(beyond)
    return _deliver(call, wrong)


def random(call: Call, run, target: str, value=None):
    right = healthy_result(call, run)
    return _deliver(call, right[:1].expand_as(right).clone())  # broadcast: every item gets the first one's numbers


def _deliver(call: Call, wrong):
    """Give a wrong result the way the call gives its result: new, or written to the destination."""
    result = destination(call)
    return wrong if result is None else result.copy_(wrong)


IMITATIONS = {
    "ignores-strides": ignores_strides,
    "ignores-offset": ignores_offset,
    "transposes": transposes,
    "unwritten": unwritten,
    "rounds": rounds,
    "makes-nan": makes_nan,
    "wraps": wraps,
    "random": random,
}
