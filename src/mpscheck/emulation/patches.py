"""What a backend written in Python cannot register with torch, and so is patched: storages, printing, moved modules, compiling."""

import torch

from mpscheck.emulation.memory import NAME, new_storage


def patch_compile() -> None:
    """Compiled code: the default backend of torch.compile generates none for this device, so its graph is run as it is."""
    cls = torch._TorchCompileInductorWrapper
    compile_graph = cls.__call__

    def compiled(self, graph, inputs):
        here = any(isinstance(value, torch.Tensor) and value.device.type == NAME for value in inputs)
        return graph.forward if here else compile_graph(self, graph, inputs)

    cls.__call__ = compiled


def patch_storages() -> None:
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


def patch_printing() -> None:
    """Printing a tensor computes in float64, which the device refuses: print its copy on the CPU."""
    from torch import _tensor_str

    plain = _tensor_str._tensor_str
    _tensor_str._tensor_str = lambda tensor, indent: plain(
        tensor.cpu() if tensor.device.type == NAME else tensor, indent
    )


def patch_module_moves() -> None:
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
