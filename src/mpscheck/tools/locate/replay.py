"""Making one call of an op a second time elsewhere, on tensors with the same values and the same layout."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch

from mpscheck.bugs.aten import base_name, bind

# ---- values with tensors in them ----------------------------------------------------------------------------------


NO_PARTS = (
    type(None),
    str,
    torch.dtype,
    torch.device,
    torch.layout,
    torch.memory_format,
)  # told at once: most values are


def leaves(value, kinds=(torch.Tensor, bool, int, float), found: list | None = None) -> list:
    """The tensors and numbers in a value: itself, or what is in a list, a tuple, a mapping, a dataclass."""
    found = [] if found is None else found
    if isinstance(value, kinds):
        found.append(value)
    elif isinstance(value, (list, tuple)):
        for item in value:
            leaves(item, kinds, found)
    elif not isinstance(value, (torch.Tensor, int, float, *NO_PARTS)):
        if dataclasses.is_dataclass(value) and not isinstance(value, (Mapping, type)):
            value = vars(value)
        for item in value.values() if isinstance(value, Mapping) else ():
            leaves(item, kinds, found)
    return found


def tensors_in(value) -> list[torch.Tensor]:
    """The tensors in a value, in order."""
    return leaves(value, torch.Tensor)


def mapped(function: Callable[[Any], Any], value):
    """The value with `function` applied to all that is in its lists, tuples, mappings and dataclasses."""
    if isinstance(value, (torch.Tensor, int, float, *NO_PARTS)):
        return function(value)
    if isinstance(value, (list, tuple)):
        items = [mapped(function, item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, Mapping):
        return {name: mapped(function, item) for name, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        other = copy.copy(value)
        vars(other).update({name: mapped(function, item) for name, item in vars(value).items()})
        return other
    return function(value)


# ---- the same layout elsewhere ------------------------------------------------------------------------------------


def storage_of(tensor: torch.Tensor) -> int:
    """A number that two living tensors share if they share memory."""
    return tensor.untyped_storage()._cdata


def flat_of(tensor: torch.Tensor) -> torch.Tensor:
    """All of a tensor's memory, from its start, as one contiguous dimension."""
    length = tensor.untyped_storage().nbytes() // tensor.element_size()
    return tensor.detach().as_strided((length,), (1,), 0)


class Twins:
    """Copies of tensors: each storage is converted once, and size, strides and offset are made again on the copy.

    `.to(device)` would pack a tensor that has gaps or an offset, and a bug that needs them would be gone.
    `convert` gets a contiguous tensor of one dimension; `kept` holds what was converted before, by storage and dtype.
    """

    def __init__(self, convert: Callable[[torch.Tensor], torch.Tensor], kept: dict | None = None):
        self.convert = convert
        self.kept = {} if kept is None else kept
        self.flats: dict[tuple, torch.Tensor] = {}

    def tensor(self, original: torch.Tensor) -> torch.Tensor:
        """The twin of one tensor. Tensors that share memory have twins that do."""
        if original.is_conj():
            return self.tensor(original.conj()).conj()
        if original.is_neg():
            return torch._neg_view(self.tensor(torch._neg_view(original)))
        key = (storage_of(original), original.dtype)
        flat = self.kept.get(key)
        if flat is None:
            flat = self.flats.get(key)
        if flat is None:
            flat = self.flats[key] = self.convert(flat_of(original))
        return flat.as_strided(original.size(), original.stride(), original.storage_offset())

    def of(self, value, without: frozenset = frozenset()):
        """A value with each tensor in it replaced by its twin, but for those whose ids are in `without`."""
        return mapped(lambda v: self.tensor(v) if isinstance(v, torch.Tensor) and id(v) not in without else v, value)


def on_cpu(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor on the CPU. What is not contiguous is copied with its layout: a strided copy may be what is broken."""
    tensor = tensor.detach()
    if tensor.device.type == "cpu":
        return tensor
    return tensor.cpu() if tensor.is_contiguous() else Twins(lambda flat: flat.cpu()).tensor(tensor)


# ---- one call -----------------------------------------------------------------------------------------------------


@contextmanager
def plain_dispatch() -> Iterator[None]:
    """Within the block, ops are called as without a recorder around: by torch's own dispatcher, with its own kernels."""
    recorders = torch._C.DispatchKeySet(torch._C.DispatchKey.PreDispatch)
    with torch._C._DisablePythonDispatcher(), torch._C._ExcludeDispatchKeyGuard(recorders):
        yield


@dataclass(frozen=True)
class Case:
    """One call of an op that can be made again: its arguments as they were before it, on the CPU.

    `places` says which leaves of its result are new, see `new_places`. `staying` says which of the tensors in the
    arguments stay on the CPU: numbers, and what the device takes from there alone. For a gradient, `incoming` is what came in, one for each tensor of the result (None where nothing
    did), and `wrt` says for which of the tensors in the arguments. `differs`: the share of
    the runs that were wrong, where several runs gave several results.
    """

    op: Any
    args: tuple
    kwargs: dict
    places: tuple[int, ...] = ()
    staying: frozenset = frozenset()
    incoming: tuple | None = None
    wrt: tuple[int, ...] = ()
    differs: float = 0.0

    @property
    def tensors(self) -> list[torch.Tensor]:
        """The tensors in the arguments, in order."""
        return tensors_in((self.args, self.kwargs))

    @property
    def staying_ids(self) -> frozenset:
        """The ids of the tensors that stay on the CPU."""
        return frozenset(id(t) for n, t in enumerate(self.tensors) if n in self.staying)


@cache
def targets_of(op) -> tuple[str, ...]:
    """The names of the arguments that an op writes to."""
    return tuple(a.name for a in op._schema.arguments if a.alias_info is not None and a.alias_info.is_write)


def written(op, args, kwargs) -> list[torch.Tensor]:
    """The tensors that a call writes to."""
    if not targets_of(op):
        return []
    bound = bind(op, args, kwargs)
    return [tensor for name in targets_of(op) for tensor in tensors_in(bound.get(name))]


def saved(op, args, kwargs) -> tuple[tuple, Callable[[], None]]:
    """The arguments of a call as they are now, in copies where it writes; and how to bring that back afterwards."""
    storages = {storage_of(tensor) for tensor in written(op, args, kwargs)}
    if not storages:
        return (tuple(args), kwargs), lambda: None
    copies = Twins(lambda flat: flat.clone())
    tensors = tensors_in((args, kwargs))
    untouched = frozenset(id(t) for t in tensors if storage_of(t) not in storages)
    before = copies.of((tuple(args), kwargs), untouched)

    def restore():
        for tensor in tensors:
            if id(tensor) not in untouched:
                flat_of(tensor).copy_(copies.flats[(storage_of(tensor), tensor.dtype)])

    return before, restore


def new_places(arguments: list[torch.Tensor], result) -> tuple[int, ...]:
    """Which leaves of a result are new: numbers, and tensors in memory that is no argument's."""
    known = {storage_of(tensor) for tensor in arguments}
    places = enumerate(leaves(result))
    return tuple([n for n, leaf in places if not isinstance(leaf, torch.Tensor) or storage_of(leaf) not in known])


def outcome(op, args, kwargs, result, places: tuple[int, ...]) -> list[torch.Tensor]:
    """What a call did, on the CPU: what it wrote to, the memory around that, and its new results."""
    found = [t for target in written(op, args, kwargs) for t in (on_cpu(target), around_it(target))]  # see `is_around`
    everything = list(leaves(result))
    new = [everything[place] for place in places if place < len(everything)]
    return found + [on_cpu(t) if isinstance(t, torch.Tensor) else torch.tensor(t) for t in new]


def is_around(case: Case, place: int) -> bool:
    """Whether this place of an `outcome` holds the memory around a tensor that was written to: no call may change it."""
    return case.incoming is None and place % 2 == 1 and place < 2 * len(written(case.op, case.args, case.kwargs))


def around_it(tensor: torch.Tensor) -> torch.Tensor:
    """All of a tensor's memory with 0 where the tensor itself is; nothing if the tensor fills it."""
    if flat_of(tensor).numel() == tensor.numel():
        return torch.empty(0, dtype=tensor.dtype)
    flat = on_cpu(flat_of(tensor)).clone()
    flat.as_strided(tensor.size(), tensor.stride(), tensor.storage_offset()).fill_(0)
    return flat


def computed(
    case: Case,
    twins: Twins,
    change: Callable[[Any], Any] = lambda value: value,
    look: Callable[[Any], None] = lambda result: None,
    backward: AbstractContextManager | None = None,
) -> list[torch.Tensor]:
    """What a case gives on twins of its tensors, on the CPU.

    `change` is applied to its other arguments; `look` gets the result as it is, before it is brought to the CPU;
    `backward` is around the backward pass of a gradient alone, not around the forward call that it needs.
    """
    args, kwargs = mapped(change, twins.of((tuple(case.args), case.kwargs), case.staying_ids))
    if case.incoming is None:
        result = case.op(*args, **kwargs)
        look(result)
        return outcome(case.op, args, kwargs, result, case.places)
    return [on_cpu(t) for t in gradients(case, args, kwargs, twins.of(case.incoming), backward)]


def computed_exactly(case: Case) -> list[torch.Tensor]:
    """What a case gives on the CPU in float64. Raises what the op raises where it has no float64."""
    return computed(case, Twins(lambda flat: flat.double() if flat.is_floating_point() else flat.clone()), wide_dtype)


def called_in_float64(op, args, kwargs):
    """The result of a call on the CPU, with what is float32 or a half type widened. What it writes to is written to.

    Views stay views of the same memory. An op that has no float64 is computed in float32 and its result widened.
    """
    returns = op._schema.returns
    if any(value.alias_info is not None and not value.alias_info.is_write for value in returns):
        return op(*mapped(wide_dtype, tuple(args)), **mapped(wide_dtype, kwargs))
    try:
        return called_in(torch.float64, op, args, kwargs)
    except Exception:  # whatever an op raises for a dtype that it does not have
        result = called_in(torch.float32, op, args, kwargs)
        targets = {id(target) for target in written(op, args, kwargs)}

        def widened(value):
            is_new = isinstance(value, torch.Tensor) and id(value) not in targets
            return value.double() if is_new and value.is_floating_point() else value

        return mapped(widened, result)


def called_in(dtype: torch.dtype, op, args, kwargs):
    """The result of a call with all that is floating in one dtype. What it writes to is written to, and returned."""
    as_it_is = frozenset(id(t) for t in tensors_in((args, kwargs)) if t.dtype is dtype or not t.is_floating_point())
    twins = Twins(lambda flat: flat.to(dtype))

    def in_dtype(value):
        return dtype if isinstance(value, torch.dtype) and value.is_floating_point else value

    there_args, there_kwargs = mapped(in_dtype, twins.of((tuple(args), kwargs), as_it_is))
    result = op(*there_args, **there_kwargs)
    originals = {}
    for target, there in zip(written(op, args, kwargs), written(op, there_args, there_kwargs)):
        if target is not there:
            target.detach().copy_(there.detach())
            originals[id(there)] = target
    return mapped(lambda v: originals.get(id(v), v), result)


def wide_dtype(value):
    """float64 for a floating dtype, anything else as it is."""
    return torch.float64 if isinstance(value, torch.dtype) and value.is_floating_point else value


def gradients(case: Case, args, kwargs, incoming, backward: AbstractContextManager | None) -> list[torch.Tensor]:
    """The gradients of a call of a case's op, made anew, for the tensors at the places `wrt` of its arguments.

    An argument that the result does not depend on gets an empty tensor.
    """
    wrt = case.wrt
    tensors = [t.detach().requires_grad_(place in wrt) for place, t in enumerate(tensors_in((args, kwargs)))]
    following = iter(tensors)
    args, kwargs = mapped(lambda v: next(following) if isinstance(v, torch.Tensor) else v, (args, kwargs))
    with torch.enable_grad():
        results = tensors_in(case.op(*args, **kwargs))
    pairs = [(result, gradient) for result, gradient in zip(results, incoming) if gradient is not None]
    asked = [tensors[place] for place in wrt]
    with backward or nullcontext():
        found = torch.autograd.grad([r for r, _ in pairs], asked, [g for _, g in pairs], allow_unused=True)
    return [torch.empty(0) if gradient is None else gradient for gradient in found]


# ---- what is not compared -----------------------------------------------------------------------------------------


def obstacle(op, tensors: list[torch.Tensor]) -> str | None:
    """Why a call cannot be made again elsewhere; None if it can."""
    if not hasattr(op, "_schema"):
        return "it has no schema"
    for tensor in tensors:
        if torch._C._functorch.is_functorch_wrapped_tensor(tensor):
            return "inside torch.vmap or another transform"
        if tensor.layout is not torch.strided:
            return f"it takes or gives a {str(tensor.layout)[6:]} tensor"
        if type(tensor) not in (torch.Tensor, torch.nn.Parameter):
            return f"it takes or gives a tensor of class {type(tensor).__name__}"
    return None


def is_random(op, bound: dict) -> bool:
    """Whether a call draws random numbers: one with dropout 0, or not in training, does not."""
    draws = torch.Tag.nondeterministic_seeded in op.tags or "dropout" in bound
    chances = [bound.get(name) for name in ("p", "dropout_p", "dropout")]
    off = any(isinstance(chance, (int, float)) and chance == 0 for chance in chances)
    return draws and not off and all(bound.get(name) is not False for name in ("train", "training"))


def only_shows(op) -> bool:
    """Whether an op computes nothing: it changes how memory is seen, or gives memory as it finds it."""
    return torch.Tag.inplace_view in op.tags or base_name(op).replace("new_", "").startswith(("empty", "resize"))
