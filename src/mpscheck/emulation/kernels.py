"""The kernels of the emulated device.

Most ops run the CPU's own kernel on the same memory (`run_on_host`), so a healthy `emu` is bit-identical with the CPU.
A few are its own, as they are on `mps`: `linear`, `scaled_dot_product_attention`, `lstm`, memory, copies, convolution.
"""

from collections.abc import Callable

import torch
from torch._C import DispatchKey

from mpscheck.bugs.trigger import Call
from mpscheck.emulation import firing, memory
from mpscheck.emulation.memory import NAME, Unsupported, is_emu, unwrap, wrap

aten = torch.ops.aten
GENERATOR = torch.Generator()  # the device's own random stream, seeded by torch.manual_seed as on mps
HOST: dict[str, Callable] = {}  # op: what to compute in place of the CPU's kernel; more with `MPSCHECK_EMU=honest`
CPU_OPERANDS = ("index", "copy")  # ops in whose name one of these stands take CPU tensors beside the device's


# ---- the CPU's kernel on the device's memory ----------------------------------------------------------------------


def run_on_host(op, args, kwargs, function: Callable | None = None):
    """Run the CPU's kernel of `op` (or `function` with the same arguments) on the memory of `emu` tensors.

    Results that are arguments come back as those arguments, results in an argument's memory as views of it.
    """
    bases, originals = {}, {}

    def to_host(value):
        if isinstance(value, torch.Tensor):
            if not is_emu(value):
                if value.ndim and value.device.type != "meta" and not any(w in op._schema.name for w in CPU_OPERANDS):
                    raise RuntimeError(
                        f"{op._schema.name}: expected all tensors on the same device, found {NAME} and {value.device}"
                    )
                return value
            host = unwrap(value)
            bases[host.untyped_storage().data_ptr()] = value
            originals[id(host)] = (value, host)
            return host
        if isinstance(value, (list, tuple)):
            return type(value)(to_host(item) for item in value)
        if isinstance(value, torch.device):
            return torch.device("cpu") if value.type == NAME else value
        return value

    args = [to_host(_as_tensor(op, position, value)) for position, value in enumerate(args)]
    kwargs = {name: to_host(value) for name, value in kwargs.items()}
    result = _run_kernel(op, args, kwargs, function)
    for original, host in originals.values():  # an out= argument that the kernel resized
        if original.shape != host.shape or original.stride() != host.stride():
            memory.point_to(original, host)

    def to_device(value):
        if isinstance(value, torch.Tensor):
            return originals[id(value)][0] if id(value) in originals else wrap(value, bases)
        if isinstance(value, (list, tuple)):
            return type(value)(to_device(item) for item in value)
        return value

    return to_device(result)


def _as_tensor(op, position: int, value):
    """torch hands `x % 5` to a kernel in Python as a number where the schema says Tensor: make it one again."""
    if type(value) not in (bool, int, float, complex) or str(op._schema.arguments[position].type) != "Tensor":
        return value
    dtype = torch.get_default_dtype() if isinstance(value, float) else None
    return torch.tensor(value, dtype=dtype)


def _run_kernel(op, args, kwargs, function):
    if function is not None:
        return function(*args, **kwargs)
    if torch.Tag.nondeterministic_seeded not in op.tags:
        return op._op_dk(DispatchKey.CPU, *args, **kwargs)
    if any(argument.name == "generator" for argument in op._schema.arguments):
        if kwargs.get("generator") is None:
            kwargs["generator"] = GENERATOR
        return op._op_dk(DispatchKey.CPU, *args, **kwargs)
    default = torch.default_generator  # ops without a generator argument (dropout): lend them the device's stream
    kept = default.get_state()
    default.set_state(GENERATOR.get_state())
    try:
        return op._op_dk(DispatchKey.CPU, *args, **kwargs)
    finally:
        GENERATOR.set_state(default.get_state())
        default.set_state(kept)


# ---- kernels of its own: memory and copies ------------------------------------------------------------------------


def _check_device(device) -> None:
    if device is not None and torch.device(device).index not in (None, 0):
        raise RuntimeError(f"there is one {NAME} device, {NAME}:0; {device} does not exist")


def empty(size, *, dtype=None, layout=None, device=None, pin_memory=None, memory_format=None):
    _check_device(device)
    if layout not in (None, torch.strided):
        raise Unsupported(f"the {NAME} device has no {layout} tensors")
    return wrap(
        torch.empty(size, dtype=dtype, device="cpu", memory_format=memory_format or torch.contiguous_format), {}
    )


def empty_strided(size, stride, *, dtype=None, layout=None, device=None, pin_memory=None):
    _check_device(device)
    return wrap(torch.empty_strided(size, stride, dtype=dtype, device="cpu"), {})


def copy_from(src, dst, non_blocking=False):
    """Kernel of `dst.copy_(src)` where one of the two is on the device; a trigger names it `copy`."""

    def run(bound):
        to, source = (unwrap(t).detach() if is_emu(t) else t.detach() for t in (bound["self"], bound["src"]))
        to.copy_(source)
        return bound["self"]

    arguments = {"self": dst, "src": src, "non_blocking": non_blocking}
    return firing.computed(Call("copy", arguments, ("self",), accelerator=NAME), run)


def copy_from_and_resize(src, dst):
    return copy_from(src, dst.resize_(src.size()))


def as_strided(tensor, size, stride, storage_offset=None):
    return aten.as_strided.default._op_dk(DispatchKey.CPU, tensor, size, stride, storage_offset)


def resize_(tensor, size, memory_format=None):
    host = unwrap(tensor)
    host.resize_(size, memory_format=memory_format)  # without a format, a tensor of that size keeps its strides
    memory.point_to(tensor, host)
    return tensor


def set_storage_offset(tensor, source, storage_offset, size, stride=()):
    strides = stride or torch.empty(size, device="meta").stride()
    return memory.set_metadata(tensor, source, storage_offset, size, strides)


def set_storage(tensor, source):
    return set_storage_offset(tensor, source, 0, [source.nbytes() // tensor.element_size()])


def set_tensor(tensor, source):
    return set_storage_offset(tensor, source.untyped_storage(), source.storage_offset(), source.size(), source.stride())


def set_empty(tensor):
    return set_storage_offset(tensor, memory.new_storage(torch.UntypedStorage(0)), 0, [0])


def local_scalar_dense(tensor):
    return unwrap(tensor).item()


# ---- kernels of its own: arithmetic -------------------------------------------------------------------------------


def histc(x, bins=100, min=0, max=0):
    """The CPU's kernel takes no whole numbers, those of GPUs do; transformers counts on it for experts."""
    return torch.histc(x if x.is_floating_point() else x.double(), bins, min, max).to(x.dtype)


HOST["histc"] = histc


def linear(x, weight, bias=None):
    kernel = HOST.get("linear", torch.nn.functional.linear)
    return run_on_host(aten.linear.default, [x, weight, bias], {}, kernel)


def linear_backward(x, grad_output, weight, output_mask):
    """Gradients of `linear`: x (..., in), grad_output (..., out), weight (out, in)."""

    def on_host(x, grad, weight):
        rows, grads = x.reshape(-1, x.shape[-1]), grad.reshape(-1, grad.shape[-1])
        return (
            (grads @ weight).reshape(x.shape) if output_mask[0] else None,
            grads.T @ rows if output_mask[1] else None,
            grads.sum(0) if output_mask[2] else None,
        )

    return run_on_host(aten.linear_backward.default, [x, grad_output, weight], {}, on_host)


def attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None, enable_gqa=False):
    """scaled_dot_product_attention: its own kernel without gradients, the composite one with, as on mps."""
    options = {"scale": scale, "enable_gqa": enable_gqa}
    args = [query, key, value, attn_mask, dropout_p, is_causal]
    needs_grad = torch.is_grad_enabled() and any(isinstance(t, torch.Tensor) and t.requires_grad for t in args)
    if needs_grad or dropout_p:
        return aten.scaled_dot_product_attention.default.decompose(*args, **options)
    kernel = HOST.get("scaled_dot_product_attention", torch.nn.functional.scaled_dot_product_attention)
    return run_on_host(aten.scaled_dot_product_attention.default, args, options, kernel)


def convolution(x, weight, bias, stride, padding, dilation, transposed, output_padding, groups):
    args = [x, weight, bias, stride, padding, dilation, transposed, output_padding, groups]
    return run_on_host(aten.convolution.default, args, {}, HOST.get("convolution_overrideable", aten.convolution))


def convolution_backward(
    grad_output, x, weight, stride, padding, dilation, transposed, output_padding, groups, output_mask
):
    bias_sizes = [weight.shape[1] * groups if transposed else weight.shape[0]]
    args = [grad_output, x, weight, bias_sizes, stride, padding, dilation, transposed, output_padding, groups]
    return run_on_host(aten.convolution_backward.default, [*args, output_mask], {}, aten.convolution_backward)


def lstm(x, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first):
    """`nn.LSTM`: the CPU's own kernel, whose bits its steps do not give; step by step with gradients and when honest."""
    op, args = aten.lstm.input, [x, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first]
    needs_grad = torch.is_grad_enabled() and any(t.requires_grad for t in (x, *hx, *params))
    if needs_grad or "linear" in HOST:
        return op._op_dk(DispatchKey.CompositeImplicitAutograd, *args)
    return run_on_host(op, args, {}, torch.lstm)


def lstm_cell(input_gates, hidden_gates, cell, input_bias=None, hidden_bias=None):
    """One LSTM step (gates already multiplied), written in ops that have gradients of their own."""
    gates = input_gates + hidden_gates
    if input_bias is not None:
        gates = gates + input_bias + hidden_bias
    enter, forget, new, leave = gates.chunk(4, 1)
    cell = forget.sigmoid() * cell + enter.sigmoid() * new.tanh()
    return leave.sigmoid() * cell.tanh(), cell, gates


def gru_cell(input_gates, hidden_gates, hidden, input_bias=None, hidden_bias=None):
    """One GRU step (gates already multiplied), written in ops that have gradients of their own."""
    if input_bias is not None:
        input_gates, hidden_gates = input_gates + input_bias, hidden_gates + hidden_bias
    (in_r, in_z, in_n), (hid_r, hid_z, hid_n) = input_gates.chunk(3, 1), hidden_gates.chunk(3, 1)
    reset, update = (in_r + hid_r).sigmoid(), (in_z + hid_z).sigmoid()
    new = (in_n + reset * hid_n).tanh()
    return (1 - update) * new + update * hidden, hidden_gates


OWN = {  # op: kernel, registered at PrivateUse1
    "empty.memory_format": empty,
    "empty_strided": empty_strided,
    "_copy_from": copy_from,
    "_copy_from_and_resize": copy_from_and_resize,
    "as_strided": as_strided,
    "resize_": resize_,
    "set_.source_Storage_storage_offset": set_storage_offset,
    "set_.source_Storage": set_storage,
    "set_.source_Tensor": set_tensor,
    "set_": set_empty,
    "_local_scalar_dense": local_scalar_dense,
    "linear": linear,
    "linear_backward": linear_backward,
    "scaled_dot_product_attention": attention,
    "convolution_overrideable": convolution,
    "convolution_backward_overrideable": convolution_backward,
    "lstm.input": lstm,
    "_thnn_fused_lstm_cell": lstm_cell,
    "_thnn_fused_gru_cell": gru_cell,
}
COMPOSITES = ("scaled_dot_product_attention", "lstm", "_thnn_fused_lstm_cell", "_thnn_fused_gru_cell")  # above autograd
