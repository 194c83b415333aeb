"""What a model is called with and what it gives, in the forms that people have, and copies with other tensors."""

from __future__ import annotations

import contextlib
import copy
import functools
import inspect
import types
from collections.abc import Mapping

import torch

from mpscheck.tools.models import CouldNotCheck


def call_of(batch):
    """(positional, keyword arguments) of a batch: a tensor, a dict of keywords, or a tuple that may end with one."""
    args = batch if isinstance(batch, tuple) else (batch,)
    return (args[:-1], dict(args[-1])) if args and isinstance(args[-1], Mapping) else (args, {})


def tokens_of(batch):
    """The token ids of a batch, [sequences, length]. Raises CouldNotCheck."""
    args, named = call_of(batch)
    for value in (*args, *named.values()):
        if isinstance(value, torch.Tensor) and value.ndim == 2 and value.dtype in (torch.int64, torch.int32):
            return value
    raise CouldNotCheck("it is not called with token ids")


def resized(batch, length, rows=1):
    """The batch with its first rows alone, repeated or cut to a length; masks and what else is as long goes along."""
    shape = tokens_of(batch).shape
    take = torch.arange(length) % shape[1]
    return changed(batch, lambda t: t[:rows, take] if t.shape[:2] == shape else t)


def leaves(value, kinds=torch.Tensor, seen=None):
    """All tensors in a value, or all of other kinds, in order; one that stands there twice is given twice."""
    seen = {} if seen is None else seen
    if isinstance(value, kinds):
        yield value
    if id(value) not in seen and not isinstance(value, (torch.Tensor, str, bytes, type, types.ModuleType)):
        seen[id(value)] = value  # kept, so that no other value gets its id
        for part in parts(value):
            yield from leaves(part, kinds, seen)


def parts(value):
    """What a value consists of: items, attributes, what a function reads outside itself."""
    if isinstance(value, (list, tuple, set)):
        return value
    if isinstance(value, functools.partial):
        return [value.func, value.args, value.keywords]
    if isinstance(value, types.FunctionType):
        return [*surroundings(value).values(), value.__defaults__, value.__kwdefaults__]
    if isinstance(value, Mapping):
        return value.values()
    return [getattr(value, "__self__", None), *getattr(value, "__dict__", {}).values()]


def surroundings(function):
    """The variables by name that a function reads outside itself, without the functions of other modules."""
    names, own = inspect.getclosurevars(function), function.__module__
    read = {**names.globals, **names.nonlocals}
    return {n: v for n, v in read.items() if not isinstance(v, types.FunctionType) or v.__module__ == own}


def numbers(output):
    """All that a model gives, a list of tensors: of a tuple, a dict, a dataclass; single numbers too."""
    found = list(leaves(output, (torch.Tensor, bool, int, float, complex)))
    if not found:
        raise CouldNotCheck(f"it gives no numbers but {type(output).__name__}")
    return [torch.as_tensor(value) for value in found]


def first_of(output):
    """The logits, else the first tensor of what a module gives."""
    output = getattr(output, "logits", output)
    return output if isinstance(output, torch.Tensor) else next(leaves(output))


def changed(value, change, memo=None):
    """A copy of a value of any type, with `change` of each tensor in it; `memo` has what is changed otherwise, by id.

    Functions that read such tensors, as the wrappers of a module do that close over it, read the copy.
    """
    memo, functions = {} if memo is None else memo, []
    for leaf in list(leaves(value, (torch.Tensor, torch.Generator, types.FunctionType))):
        if id(leaf) in memo:
            continue
        if isinstance(leaf, torch.nn.Parameter):
            memo[id(leaf)] = torch.nn.Parameter(change(leaf), leaf.requires_grad)
        elif isinstance(leaf, torch.Tensor):
            memo[id(leaf)] = change(leaf)
        elif isinstance(leaf, torch.Generator):  # it gives the same numbers each time
            memo[id(leaf)] = torch.Generator(leaf.device).set_state(leaf.get_state())
        elif any(True for _ in leaves(parts(leaf))):
            cells = tuple(types.CellType() for _ in leaf.__closure__ or ())
            memo[id(leaf)] = types.FunctionType(leaf.__code__, dict(leaf.__globals__), leaf.__name__, None, cells)
            functions.append(leaf)
    # deepcopy takes what is in `memo` as copied already; that of Python 3.14 does not look there for functions
    copied = memo[id(value)] if id(value) in memo else copy.deepcopy(value, memo)
    again = lambda part: copy.deepcopy(part, memo) if any(True for _ in leaves(part)) else part  # noqa: E731
    for function in functions:
        new, names = memo[id(function)], surroundings(function)
        new.__defaults__, new.__kwdefaults__ = again(function.__defaults__), again(function.__kwdefaults__)
        for cell, old in zip(new.__closure__ or (), function.__closure__ or ()):
            with contextlib.suppress(ValueError):  # it is empty
                cell.cell_contents = again(old.cell_contents)
        new.__globals__.update({name: again(names[name]) for name in set(names) & set(function.__globals__)})
    return copied
