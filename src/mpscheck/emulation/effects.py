"""The imitations: for each word of the effect vocabulary, how to compute the wrong result on the emulated device.

Each takes the call, `run` (computes the right result from a dict of arguments), the effect's target and value. None
gives the right answer by chance: memory that is left unwritten holds junk, never zero.
"""

import builtins
from collections.abc import Callable

import torch
from torch.utils._pytree import tree_map_only

from mpscheck.bugs import aten
from mpscheck.bugs.properties import tensors_in_argument
from mpscheck.bugs.trigger import Call, read_literal
from mpscheck.emulation import firing

WIDEST = {int: torch.int64, float: torch.float64}
JUNK = -7.25  # no likely answer; whole-number types get 249, bool gets True


def each(function: Callable[[torch.Tensor], torch.Tensor], value):
    """Apply a function to a tensor, or to each in a list or tuple; what is no tensor stays."""
    return tree_map_only(torch.Tensor, function, value)


def junk_like(tensor: torch.Tensor) -> torch.Tensor:
    """New memory that nothing was written to: the same junk everywhere."""
    if tensor.dtype is torch.bool:
        return torch.ones_like(tensor)
    return torch.full_like(tensor, JUNK if tensor.is_floating_point() else 249)


def unwritten_result(call: Call, right):
    """Where the right result should stand: in the destination as it is, else (also where it must grow) in new memory."""
    if not call.writes:
        return each(junk_like, right)
    pairs = zip(call.destination, right, strict=True)
    return tuple(old if old.shape == new.shape else junk_like(new) for old, new in pairs)


def packed_strides(shape) -> list[int]:
    """The strides of a contiguous tensor of this shape."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return strides[::-1]


def as_if_contiguous(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor's memory from its offset on, taken as contiguous; past the end of the memory it begins again."""
    offset = tensor.storage_offset()
    available = tensor.untyped_storage().nbytes() // tensor.element_size() - offset
    if available >= tensor.numel():
        return tensor.as_strided(tensor.shape, packed_strides(tensor.shape), offset)
    flat = tensor.as_strided((available,), (1,), offset)
    return flat.repeat(-(-tensor.numel() // available))[: tensor.numel()].reshape(tensor.shape)


def with_argument(call: Call, run, name: str, function):
    """The result with one argument (each tensor of a list, or a number) as the function makes it."""
    value = call.args[name]
    if type(value) in (int, float):
        return run(call.args | {name: function(torch.tensor(value, dtype=WIDEST[type(value)])).item()})
    return run(call.args | {name: each(function, value)})


def may_be_absent(op: str, name: str) -> bool:
    """Whether an argument of an op may be None, by each overload that has it."""
    types = [str(a.type) for overload in aten.overloads(op) for a in overload._schema.arguments if a.name == name]
    return all(of.startswith("Optional") for of in types)


def in_part(tensor: torch.Tensor, part: str) -> torch.Tensor:
    """Which elements are in a part of a tensor, such as `after 4096`: counted row by row."""
    which, _, count = part.partition(" ")
    number, total = int(count), tensor.numel()
    start, end = {
        "after": (number, total),
        "first": (0, number),
        "last": (max(total - number, 0), total),
        "tail": (total - total % number, total),
    }[which]
    places = torch.arange(total, device=tensor.device).reshape(tensor.shape)
    return (places >= start) & (places < end)


# ---- one function a word -------------------------------------------------------------------------------------------


def ignores_strides(call: Call, run, target: str, value=None):
    if target != "result":
        return with_argument(call, run, target, as_if_contiguous)
    right = firing.right_result(call, run)
    wrong = unwritten_result(call, right)
    for memory, values in zip(tensors_in_argument(wrong), tensors_in_argument(right), strict=True):
        as_if_contiguous(memory).copy_(values)
    return wrong


def ignores_offset(call: Call, run, target: str, value=None):
    return with_argument(call, run, target, lambda t: t.as_strided(t.shape, t.stride(), 0))


def ignores_conj(call: Call, run, target: str, value=None):
    return with_argument(call, run, target, lambda t: t.conj() if t.is_conj() else t)


def conjugates(call: Call, run, target: str, value=None):
    return with_argument(call, run, target, torch.conj_physical)


def transposes(call: Call, run, target: str, value=None):
    return with_argument(call, run, target, lambda t: t.mT)


def reads_freed(call: Call, run, target: str, value=None):
    return with_argument(call, run, target, junk_like)


def reinterprets(call: Call, run, target: str, value: str):
    def read_as(tensor):
        dtype = getattr(torch, value)
        memory = tensor.contiguous().flatten().view(torch.uint8)
        times = -(-tensor.numel() * dtype.itemsize // max(len(memory), 1))
        read = memory.repeat(times)[: tensor.numel() * dtype.itemsize].clone().view(dtype)
        return read.to(tensor.dtype).reshape(tensor.shape)

    return with_argument(call, run, target, read_as)


def drops(call: Call, run, target: str, value=None):
    if may_be_absent(call.op, target):
        return run(call.args | {target: None})
    return with_argument(call, run, target, torch.zeros_like)


def sets(call: Call, run, target: str, value: str):
    number = float("nan") if value == "nan" else read_literal(value)
    if target == "result":
        return each(lambda right: torch.full_like(right, number), firing.right_result(call, run))
    old = call.args[target]
    if isinstance(old, torch.Tensor):
        return with_argument(call, run, target, lambda tensor: torch.full_like(tensor, number))
    if isinstance(old, (list, tuple)):
        return run(call.args | {target: [number] * len(old)})
    return run(call.args | {target: getattr(torch, value) if isinstance(old, torch.dtype) else number})


def unchecked(call: Call, run, target: str, value=None):
    return with_argument(call, run, target, torch.zeros_like)  # any place will do: a right device raises


def scales(call: Call, run, target: str, value: str):
    if target != "result":
        return with_argument(call, run, target, lambda tensor: tensor * float(value))
    return each(lambda right: right * float(value), firing.right_result(call, run))


def noise(call: Call, run, target: str, value: str):
    generator = torch.Generator().manual_seed(0)

    def disturbed(right):
        drawn = torch.randn(right.shape, generator=generator).to(right.device)
        return (right * (1 + float(value) * drawn)).to(right.dtype)

    return each(disturbed, firing.right_result(call, run))


def unwritten(call: Call, run, target: str, value: str | None = None):
    right = firing.right_result(call, run)
    wrong = unwritten_result(call, right)
    if value is None:
        return wrong
    for memory, values in zip(tensors_in_argument(wrong), tensors_in_argument(right), strict=True):
        written = ~in_part(values, value)
        memory.copy_(torch.where(written, values, memory))
    return wrong


def writes_outside(call: Call, run, target: str, value=None):
    result = firing.healthy(call, run)
    for memory in call.destination or tensors_in_argument(result):
        end = memory.storage_offset() + 1 + sum((n - 1) * s for n, s in zip(memory.shape, memory.stride()))
        if memory.numel() and end * memory.element_size() < memory.untyped_storage().nbytes():
            behind = memory.as_strided((1,), (1,), end)
            behind.copy_(junk_like(behind))
    return result


def rounds(call: Call, run, target: str, value: str):
    def through(tensor):
        return tensor.to(getattr(torch, value)).to(tensor.dtype)

    if target != "result":
        return with_argument(call, run, target, through)
    return each(through, firing.right_result(call, run))


def makes_nan(call: Call, run, target: str, value=None):
    def spoiled(right):
        infinite = torch.zeros_like(right, dtype=torch.bool)
        for argument in call.args.values():
            if isinstance(argument, torch.Tensor) and argument.shape == right.shape:
                infinite |= argument.isinf()
        return right.masked_fill(infinite & (right == 0), float("nan"))

    return each(spoiled, firing.right_result(call, run))


def wraps(call: Call, run, target: str, value: str):
    argument, _, dim = target.split(".")
    limit, size = int(value), call.args[argument].shape[int(dim)]

    def wrapped(right):
        axis = list(right.shape).index(size)
        wrong = junk_like(right)
        wrong.narrow(axis, 0, limit).copy_(right.narrow(axis, 0, limit))
        wrong.narrow(axis, 0, size - limit).copy_(right.narrow(axis, limit, size - limit))
        return wrong

    return each(wrapped, firing.right_result(call, run))


def stale(call: Call, run, target: str, value=None):
    first = firing.first_like(call, target)
    if target != "result":
        return run(call.args | {target: first})
    return run(call.args) if first is None else first


def raises(call: Call, run, target: str, value=None):
    kind = torch.OutOfMemoryError if target == "OutOfMemoryError" else getattr(builtins, target)
    raise firing.on_purpose(kind(f"aten::{call.op} on a device that is sick on purpose"))


def keeps(call: Call, run, target: str, value=None):
    firing.keep_memory(int(target.removesuffix(" KiB")) * 1024)
    return firing.healthy(call, run)


def random(call: Call, run, target: str, value=None):
    return each(lambda right: right[:1].expand_as(right).clone(), firing.right_result(call, run))


IMITATIONS = {
    "ignores-strides": ignores_strides,
    "ignores-offset": ignores_offset,
    "ignores-conj": ignores_conj,
    "conjugates": conjugates,
    "transposes": transposes,
    "reads-freed": reads_freed,
    "reinterprets": reinterprets,
    "drops": drops,
    "sets": sets,
    "unchecked": unchecked,
    "scales": scales,
    "noise": noise,
    "unwritten": unwritten,
    "writes-outside": writes_outside,
    "rounds": rounds,
    "makes-nan": makes_nan,
    "wraps": wraps,
    "stale": stale,
    "random": random,
    "raises": raises,
    "keeps": keeps,
}
