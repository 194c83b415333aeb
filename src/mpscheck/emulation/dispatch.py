"""Giving torch's dispatcher the kernels of the emulated device, each behind a check whether a fault fires.

Most are registered when the device is, those of composite ops only when a fault asks for them (`hook`).
"""

from collections.abc import Callable
from functools import cache

import torch
from torch.library import Library, fallthrough_kernel

from mpscheck.bugs import aten
from mpscheck.bugs.trigger import Call
from mpscheck.emulation import firing, kernels
from mpscheck.emulation.memory import NAME, Unsupported

AUTOCAST = (  # what torch.autocast lowers to a half type
    *("linear", "mm", "addmm", "bmm", "baddbmm", "matmul"),
    *("conv1d", "conv2d", "scaled_dot_product_attention"),
)
_aten = Library("aten", "IMPL")  # torch forgets a registration whose library object is gone
_fallbacks = Library("_", "IMPL")
_EXPLICIT = torch._C.DispatchKey.CompositeExplicitAutograd
_IMPLICIT = torch._C.DispatchKey.CompositeImplicitAutograd


def _entry(op, healthy: Callable) -> Callable:
    """The kernel of one op: healthy, unless a fault on this op fires."""
    name, writes = aten.base_name(op), aten.destinations_of(op)

    def kernel(*args, **kwargs):
        if name not in firing.ACTIVE:
            return healthy(*args, **kwargs)

        def run(bound):
            positional, named = aten.unbind(op, bound)
            return healthy(*positional, **named)

        result = firing.computed(Call(name, aten.bind(op, args, kwargs), writes, accelerator=NAME), run)
        return result if op._schema.returns else None  # torch refuses any other, as for `_foreach_add_`

    return kernel


def _has_kernel(op, key: str) -> bool:
    return torch._C._dispatch_has_kernel_for_dispatch_key(op.name(), key)


# ---- when the device is registered --------------------------------------------------------------------------------


def register_kernels() -> None:
    """The device's own kernels; the CPU's for the other ops that it has one for; for the rest a sentence."""
    _fallbacks.fallback(_refuse, "PrivateUse1")
    for qualified in torch._C._dispatch_get_all_op_names():
        namespace, _, name = qualified.partition("::")
        op = _overload(name) if namespace == "aten" else None
        if op is None:
            continue
        if name in kernels.OWN:
            _register_own(op, kernels.OWN[name])
        elif _has_kernel(op, "CPU"):
            _aten.impl(qualified, _entry(op, _on_host(op, kernels.HOST.get(name))), "PrivateUse1")
    for key in ("Conjugate", "Negative"):  # else copying a conjugated tensor to the device never ends
        for name in ("aten::_copy_from", "aten::_copy_from_and_resize"):
            _aten.impl(name, fallthrough_kernel, key)


def _refuse(op, *args, **kwargs):
    raise Unsupported(f"the {NAME} device has no kernel for {op._schema.name}; run this part on the CPU")


def _overload(name: str):
    packet, _, overload = name.partition(".")
    try:
        return getattr(getattr(torch.ops.aten, packet), overload or "default")
    except (AttributeError, RuntimeError):
        return None


def _register_own(op, kernel: Callable) -> None:
    entry = _entry(op, kernel)
    _aten.impl(op.name(), entry, "PrivateUse1")
    if aten.base_name(op) in kernels.COMPOSITES:
        _aten.impl(op.name(), entry, "AutogradPrivateUse1")


def _on_host(op, function: Callable | None) -> Callable:
    return lambda *args, **kwargs: kernels.run_on_host(op, args, kwargs, function)


def register_autocast() -> None:
    """Let `torch.autocast("emu")` lower the products, and leave all other ops as they are."""
    _fallbacks.fallback(fallthrough_kernel, "AutocastPrivateUse1")
    for name in AUTOCAST:
        _aten.impl(f"aten::{name}", _lowered(getattr(torch.ops.aten, name).default), "AutocastPrivateUse1")


def _lowered(op) -> Callable:
    """The op on its arguments in the dtype of autocast, with autocast off."""
    autocast = torch._C.DispatchKeySet(torch._C.DispatchKey.AutocastPrivateUse1)

    def kernel(*args, **kwargs):
        dtype = torch.get_autocast_dtype(NAME)

        def cast(value):
            floating = isinstance(value, torch.Tensor) and value.is_floating_point()
            return value.to(dtype) if floating and value.device.type == NAME else value

        with torch._C._ExcludeDispatchKeyGuard(autocast):
            return op(*map(cast, args), **{name: cast(value) for name, value in kwargs.items()})

    return kernel


# ---- when a fault asks for it -------------------------------------------------------------------------------------


@cache
def hook(name: str) -> None:
    """Make an op reachable for faults that is no kernel of its own: the composite ones, `randn`, and `copy`."""
    if name == "copy":
        _hook_to_copy()
        return
    for op in aten.overloads(name):
        if not torch._C._dispatch_has_kernel(op.name()) or _has_kernel(op, "PrivateUse1"):
            continue  # TorchScript's own overloads have no kernel
        if _has_kernel(op, "CompositeImplicitAutograd"):
            entry = _entry(op, _torchs_own(op, _IMPLICIT))
            _aten.impl(op.name(), entry, "PrivateUse1")
            _aten.impl(op.name(), entry, "AutogradPrivateUse1")
        elif _has_kernel(op, "CompositeExplicitAutograd"):
            _aten.impl(op.name(), _entry(op, _torchs_own(op, _EXPLICIT)), "PrivateUse1")


def _torchs_own(op, key) -> Callable:
    """Torch's own kernel: `op.decompose` takes one in Python where there is one, and that of `lstm` never drops out."""
    return lambda *args, **kwargs: op._op_dk(key, *args, **kwargs)


def _hook_to_copy() -> None:
    """`x.to(…)` makes its result and copies into it: one call named `copy` with `src`, the new `self`, `non_blocking`."""
    healthy = _torchs_own(torch.ops.aten._to_copy.default, _EXPLICIT)

    def to_copy(src, **options):
        def run(bound):
            return healthy(bound["src"], **options)

        with firing.off():
            result = run({"src": src})
        arguments = {"self": result, "src": src, "non_blocking": options.get("non_blocking", False)}
        return firing.computed(Call("copy", arguments, accelerator=NAME), run)

    _aten.impl("aten::_to_copy", to_copy, "PrivateUse1")
