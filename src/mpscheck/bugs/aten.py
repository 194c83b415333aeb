"""Names and arguments of aten ops, as triggers speak of them."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def base_name(op) -> str:
    """The name that triggers use: no overload, and no trailing underscore where the op writes to `self`."""
    return op._schema.name.rpartition("::")[2].removesuffix("_")


def bind(op, args, kwargs) -> dict[str, Any]:
    """The arguments by their names in the op's schema, defaults included."""
    bound = {}
    for position, argument in enumerate(op._schema.arguments):
        if position < len(args):
            bound[argument.name] = args[position]
        elif argument.name in kwargs:
            bound[argument.name] = kwargs[argument.name]
        elif argument.has_default_value():
            bound[argument.name] = argument.default_value
    return bound


def unbind(op, bound: dict) -> tuple[list, dict]:
    """The reverse of `bind`: positional and keyword arguments."""
    args, kwargs = [], {}
    for argument in op._schema.arguments:
        if argument.name not in bound:
            continue
        if argument.kwarg_only:
            kwargs[argument.name] = bound[argument.name]
        else:
            args.append(bound[argument.name])
    return args, kwargs


def destinations_of(op) -> tuple[str, ...]:
    """The arguments that an op writes its results to: those of `out=`, or `self` in place. Empty if it makes them."""
    arguments = op._schema.arguments
    out = tuple(a.name for a in arguments if a.is_out)
    in_place = tuple(a.name for a in arguments[:1] if a.alias_info is not None and a.alias_info.is_write)
    return out or in_place


def overloads(name: str) -> list:
    """The overloads of an op by its `base_name`, in place ones included; empty if torch has none. Imports torch."""
    import torch

    packets = [getattr(torch.ops.aten, spelled, None) for spelled in (name, name + "_")]
    return [getattr(packet, overload) for packet in packets if packet is not None for overload in packet.overloads()]
