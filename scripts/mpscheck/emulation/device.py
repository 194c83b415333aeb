"""Registering `emu` with torch: the dispatch key, `torch.emu`, the kernels, and what a Python backend needs patched.

Uses torch's own registration of Python backends (`_setup_privateuseone_for_python_backend`, torch ≥ 2.10, experimental
there). One process has one such backend.
"""

import contextlib
from collections.abc import Callable

import torch
from torch.library import Library

from mpscheck import aten
from mpscheck.emulation import faults, kernels, memory
from mpscheck.emulation.memory import NAME, Unsupported, new_storage

HONEST = False
_libraries: list[Library] = []  # torch forgets a registration whose library object is gone
_hooked: set[str] = set()
_aten = Library("aten", "IMPL")


def register(honest: bool = False) -> None:
    """Make `device="emu"` usable in this process. `honest`: healthy, but with other arithmetic than the CPU's."""
    global HONEST
    if not hasattr(torch._C, "_acc"):
        raise SystemExit(f"the emulated device needs torch 2.10 or newer, this is {torch.__version__}")
    HONEST = honest
    from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

    _setup_privateuseone_for_python_backend(rename=NAME, backend_module=Module())
    memory.DEVICE = torch.device(NAME, 0)
    Module.manual_seed_all(torch.initial_seed())
    _register_fallback()
    if honest:
        from mpscheck.emulation.honest import HOST_FUNCTIONS

        kernels.HOST.update(HOST_FUNCTIONS)
    _register_kernels()
    _register_autocast()
    _patch_storages()
    _patch_printing()
    _patch_module_moves()


class Module:
    """What `torch.emu` offers, the same names as `torch.mps` and `torch.cuda`."""

    def is_available(self) -> bool:
        return True

    def is_initialized(self) -> bool:
        return True

    def _lazy_init(self) -> None:
        pass

    def _is_in_bad_fork(self) -> bool:
        return False

    def current_device(self) -> int:
        return 0

    def set_device(self, device) -> None:
        pass

    def device_count(self) -> int:
        return 1

    def device(self, device):
        return contextlib.nullcontext()

    def synchronize(self, device=None) -> None:
        pass

    def empty_cache(self) -> None:
        pass

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.float16, torch.bfloat16]

    @staticmethod
    def manual_seed_all(seed: int) -> None:
        kernels.GENERATOR.manual_seed((seed ^ 0x5EED if HONEST else seed) & 0x7FFFFFFFFFFFFFFF)

    manual_seed = manual_seed_all

    def get_rng_state(self, device=NAME) -> torch.Tensor:
        return kernels.GENERATOR.get_state()

    def set_rng_state(self, state, device=NAME) -> None:
        kernels.GENERATOR.set_state(state)


# ---- kernels ------------------------------------------------------------------------------------------------------


def _entry(op, healthy: Callable) -> Callable:
    """The kernel of one op: healthy, unless a fault on this op fires."""
    name, form = aten.base_name(op), aten.form_of(op)

    def kernel(*args, **kwargs):
        if name not in faults.ACTIVE:
            return healthy(*args, **kwargs)

        def run(bound):
            positional, named = aten.unbind(op, bound)
            return healthy(*positional, **named)

        return faults.call(name, form, aten.bind(op, args, kwargs), run)

    return kernel


def _on_host(op, function: Callable | None = None) -> Callable:
    return lambda *args, **kwargs: kernels.run_on_host(op, args, kwargs, function)


def _register_fallback() -> None:
    def refuse(op, *args, **kwargs):
        raise Unsupported(f"the {NAME} device has no kernel for {op._schema.name}; run this part on the CPU")

    library = Library("_", "IMPL")
    library.fallback(refuse, "PrivateUse1")
    _libraries.append(library)


def _register_kernels() -> None:
    own = {f"aten::{name}": kernel for name, kernel in kernels.OWN.items()}
    for qualified in torch._C._dispatch_get_all_op_names():
        if not qualified.startswith("aten::") or qualified in own:
            continue
        if torch._C._dispatch_has_kernel_for_dispatch_key(qualified, "CPU"):
            op = _overload(qualified)
            if op is not None:
                _aten.impl(
                    qualified,
                    _entry(op, _on_host(op, kernels.HOST.get(qualified.removeprefix("aten::")))),
                    "PrivateUse1",
                )
    for qualified, kernel in own.items():
        op = _overload(qualified)
        plain = qualified.removeprefix("aten::") in kernels.NO_FAULTS
        entry = kernel if plain else _entry(op, kernel)
        _aten.impl(qualified, entry, "PrivateUse1")
        if aten.base_name(op) in kernels.COMPOSITES:
            _aten.impl(qualified, entry, "AutogradPrivateUse1")
    fallthrough = torch.library.fallthrough_kernel
    for key in ("Conjugate", "Negative"):  # else copying a conjugated tensor to the device never ends
        for name in ("aten::_copy_from", "aten::_copy_from_and_resize"):
            _aten.impl(name, fallthrough, key)


def _overload(qualified: str):
    name, _, overload = qualified.removeprefix("aten::").partition(".")
    try:
        return getattr(getattr(torch.ops.aten, name), overload or "default")
    except (AttributeError, RuntimeError):
        return None


def hook(name: str) -> None:
    """Make an op reachable for faults that is no kernel of its own: the composite ones, `randn`, and `copy`."""
    if name in _hooked:
        return
    _hooked.add(name)
    if name == "copy":
        _hook_to_copy()
        return
    for packet in [getattr(torch.ops.aten, n) for n in (name, name + "_") if hasattr(torch.ops.aten, n)]:
        for op in [getattr(packet, overload) for overload in packet.overloads()]:
            _hook_overload(op)


def _hook_overload(op) -> None:
    def has(key):
        return torch._C._dispatch_has_kernel_for_dispatch_key(op.name(), key)

    if not torch._C._dispatch_has_kernel(op.name()) or has("PrivateUse1"):  # TorchScript's own overloads have none
        return
    if has("CompositeImplicitAutograd"):
        entry = _entry(op, op.decompose)
        _aten.impl(op.name(), entry, "PrivateUse1")
        _aten.impl(op.name(), entry, "AutogradPrivateUse1")
    elif has("CompositeExplicitAutograd"):
        explicit = torch._C.DispatchKey.CompositeExplicitAutograd
        _aten.impl(op.name(), _entry(op, lambda *a, **k: op._op_dk(explicit, *a, **k)), "PrivateUse1")


def _hook_to_copy() -> None:
    """`x.to(…)` makes its result and copies into it: one call named `copy` with `src` and the new `self`."""
    op = torch.ops.aten._to_copy.default
    explicit = torch._C.DispatchKey.CompositeExplicitAutograd

    def to_copy(src, **options):
        def run(bound):
            return op._op_dk(explicit, bound["src"], **options)

        with faults.off():
            result = run({"src": src})
        return faults.call("copy", "functional", {"self": result, "src": src}, run)

    _aten.impl("aten::_to_copy", to_copy, "PrivateUse1")


def _register_autocast() -> None:
    library = Library("_", "IMPL")
    library.fallback(torch.library.fallthrough_kernel, "AutocastPrivateUse1")
    _libraries.append(library)
    guard = torch._C._ExcludeDispatchKeyGuard
    keys = torch._C.DispatchKeySet(torch._C.DispatchKey.AutocastPrivateUse1)
    for name in (
        "linear",
        "mm",
        "addmm",
        "bmm",
        "baddbmm",
        "matmul",
        "conv1d",
        "conv2d",
        "scaled_dot_product_attention",
    ):
        op = getattr(torch.ops.aten, name).default

        def lower(*args, op=op, **kwargs):
            dtype = torch.get_autocast_dtype(NAME)

            def cast(value):
                floating = isinstance(value, torch.Tensor) and value.is_floating_point()
                return value.to(dtype) if floating and value.device.type == NAME else value

            with guard(keys):
                return op(*map(cast, args), **{k: cast(v) for k, v in kwargs.items()})

        _aten.impl(f"aten::{name}", lower, "AutocastPrivateUse1")


# ---- what a backend in Python cannot register, and so is patched ---------------------------------------------------


def _patch_storages() -> None:
    """Storages: torch offers no allocator to a Python backend, and `UntypedStorage(n, device="emu")` would crash."""
    cls = torch.UntypedStorage
    make, clone, to, cpu = cls.__new__, cls.clone, cls.to, cls.cpu

    def on_emu(storage) -> bool:
        return storage.device.type == NAME

    def new(cls, *args, device=None, **kwargs):
        if device is not None and torch.device(device).type == NAME:
            return new_storage(make(cls, *args, **kwargs))
        return make(cls, *args, **kwargs) if device is None else make(cls, *args, device=device, **kwargs)

    cls.__new__ = new
    cls.clone = lambda self: new_storage(self.host.clone()) if on_emu(self) else clone(self)
    cls.cpu = lambda self: self.host.clone() if on_emu(self) else cpu(self)
    cls.emu = lambda self, *args, **kwargs: self if on_emu(self) else new_storage(clone(self))

    def to_device(self, *, device, non_blocking=False):
        if torch.device(device).type == NAME:
            return self.emu()
        return to(self.host if on_emu(self) else self, device=device, non_blocking=non_blocking)

    cls.to = to_device


def _patch_printing() -> None:
    """Printing a tensor computes in float64, which the device refuses: print its copy on the CPU."""
    from torch import _tensor_str

    plain = _tensor_str._tensor_str
    _tensor_str._tensor_str = lambda tensor, indent: plain(
        tensor.cpu() if tensor.device.type == NAME else tensor, indent
    )


def _patch_module_moves() -> None:
    """`module.to("emu")` makes new parameters (on mps they stay the same objects): tie shared ones again."""
    plain = torch.nn.Module._apply

    def apply(self, fn, recurse=True):
        places: dict[int, list] = {}
        for module in self.modules() if recurse else ():
            for name, parameter in module._parameters.items():
                if parameter is not None:
                    places.setdefault(id(parameter), []).append((parameter, module, name))
        result = plain(self, fn, recurse)
        for (_, first, first_name), *rest in places.values():
            moved = first._parameters[first_name]
            if moved is not None and moved.device.type == NAME:
                for _, module, name in rest:
                    module._parameters[name] = moved
        return result

    torch.nn.Module._apply = apply
