"""Tensors of the emulated device: their memory is host memory, so a view of it on the CPU costs nothing.

An `emu` tensor is a plain `torch.Tensor`; its storage carries, as the attribute `host`, the CPU storage that owns the
memory. `unwrap` gives a CPU tensor on the same memory with the same size, strides and offset; `wrap` the reverse.
"""

import torch
from torch._C import DispatchKey

NAME = "emu"
NO_FLOAT64 = (torch.float64, torch.complex128)


class Unsupported(RuntimeError):
    """The emulated device cannot do this; the message names the operation."""


def is_emu(value) -> bool:
    """True for a tensor on the emulated device."""
    return isinstance(value, torch.Tensor) and value.device.type == NAME


def new_storage(host: torch.UntypedStorage) -> torch.UntypedStorage:
    """An `emu` storage on the memory of a CPU storage, which it keeps alive."""
    storage = torch._C._construct_storage_from_data_pointer(host.data_ptr(), torch.device(NAME, 0), host.nbytes())
    storage.host = host
    return storage


def set_metadata(tensor: torch.Tensor, storage, offset, size, stride) -> torch.Tensor:
    """Let an `emu` tensor show a part of an `emu` storage; gives the tensor."""
    set_ = torch.ops.aten.set_.source_Storage_storage_offset
    return set_._op_dk(DispatchKey.CPU, tensor, storage, offset, size, stride)


def on_storage(storage, dtype, offset, size, stride) -> torch.Tensor:
    """An `emu` tensor with the given metadata on an `emu` storage."""
    return set_metadata(torch._C._acc.create_empty_tensor([0], dtype), storage, offset, size, stride)


def unwrap(tensor: torch.Tensor) -> torch.Tensor:
    """A CPU tensor on the same memory: same size, strides, offset, conjugate and negative bit."""
    host = tensor.untyped_storage().host
    view = torch.empty(0, dtype=tensor.dtype).set_(host, tensor.storage_offset(), tensor.size(), tensor.stride())
    if tensor.is_conj():
        view = view.conj()
    if tensor.is_neg():
        view = torch._neg_view(view)
    return view


def wrap(tensor: torch.Tensor, arguments: dict) -> torch.Tensor:
    """An `emu` tensor on the memory of a CPU tensor.

    `arguments` maps addresses of host memory to the `emu` tensors that a kernel was given: a result that lies in an
    argument's memory is a view of it, and shares its storage.
    Raises TypeError for float64 and complex128, as `mps` does.
    """
    if tensor.dtype in NO_FLOAT64:
        raise TypeError(f"the {NAME} device has no {str(tensor.dtype)[6:]}, like mps: use float32 instead")
    if tensor.layout is not torch.strided:
        raise Unsupported(f"the {NAME} device has no {str(tensor.layout)[6:]} tensors")
    host = tensor.untyped_storage()
    base = arguments.get(host.data_ptr()) if host.nbytes() else None
    metadata = (tensor.dtype, tensor.storage_offset(), tensor.size(), tensor.stride())
    if base is None:
        shown = on_storage(new_storage(host), *metadata)
    elif base.is_inference() or not torch.is_inference_mode_enabled():
        shown = on_storage(base.untyped_storage(), *metadata)
    else:
        with torch.inference_mode(False):  # a view of an ordinary tensor is one, also in inference mode
            shown = on_storage(base.untyped_storage(), *metadata)
    torch._C._set_conj(shown, tensor.is_conj())
    torch._C._set_neg(shown, tensor.is_neg())
    return shown


def point_to(tensor: torch.Tensor, host_view: torch.Tensor) -> None:
    """Let an `emu` tensor show what a CPU tensor shows: an `out=` argument that a kernel has resized."""
    storage = tensor.untyped_storage()
    host = host_view.untyped_storage()
    if (storage.data_ptr(), storage.nbytes()) != (host.data_ptr(), host.nbytes()):
        storage = new_storage(host)
    set_metadata(tensor, storage, host_view.storage_offset(), host_view.size(), host_view.stride())
