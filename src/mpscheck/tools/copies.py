"""Copies of a value with other tensors: what reads a tensor of it, functions that close over it too, reads the copy's."""

from __future__ import annotations

import contextlib
import copy
import functools
import inspect
import types
from collections.abc import Mapping

import torch


def changed(value, change, memo=None):
    """A copy of a value of any type, with `change` of each tensor in it; `memo` has what is changed otherwise, by id.

    Functions that read such tensors, as the wrappers of a module do that close over it, read the copy.
    """
    memo, functions = {} if memo is None else memo, []
    for leaf in list(everything(value, (torch.Tensor, torch.Generator, types.FunctionType))):
        if id(leaf) in memo:
            continue
        if isinstance(leaf, torch.nn.Parameter):
            memo[id(leaf)] = torch.nn.Parameter(change(leaf), leaf.requires_grad)
        elif isinstance(leaf, torch.Tensor):
            memo[id(leaf)] = change(leaf)
        elif isinstance(leaf, torch.Generator):  # it gives the same numbers each time
            memo[id(leaf)] = torch.Generator(leaf.device).set_state(leaf.get_state())
        elif any(True for _ in everything(parts(leaf))):
            cells = tuple(types.CellType() for _ in leaf.__closure__ or ())
            memo[id(leaf)] = types.FunctionType(leaf.__code__, dict(leaf.__globals__), leaf.__name__, None, cells)
            functions.append(leaf)

    def own(part):  # deepcopy takes what is in `memo` as copied already, but that of Python 3.14 no functions
        return memo[id(part)] if id(part) in memo else copy.deepcopy(part, memo)

    def again(part):
        return own(part) if any(True for _ in everything(part)) else part

    copied = own(value)
    for function in functions:
        new, names = memo[id(function)], surroundings(function)
        new.__defaults__, new.__kwdefaults__ = again(function.__defaults__), again(function.__kwdefaults__)
        for cell, old in zip(new.__closure__ or (), function.__closure__ or ()):
            with contextlib.suppress(ValueError):  # it is empty
                cell.cell_contents = again(old.cell_contents)
        new.__globals__.update({name: again(names[name]) for name in set(names) & set(function.__globals__)})
    for module in everything(copied, torch.nn.Module):
        for table in [vars(module), *(held for held in vars(module).values() if isinstance(held, dict))]:
            functions = {name: held for name, held in table.items() if isinstance(held, types.FunctionType)}
            dict.update(table, {name: own(held) for name, held in functions.items()})  # that of diffusers refuses
    return copied


def everything(value, kinds=torch.Tensor, seen=None):
    """All tensors in a value, or all of other kinds, in order; one that stands there twice is given twice."""
    seen = {} if seen is None else seen
    if isinstance(value, kinds):
        yield value
    if id(value) not in seen and not isinstance(value, (torch.Tensor, str, bytes, type, types.ModuleType)):
        seen[id(value)] = value  # kept, so that no other value gets its id
        for part in parts(value):
            yield from everything(part, kinds, seen)


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
