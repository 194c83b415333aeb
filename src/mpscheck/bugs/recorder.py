"""Seeing every op that a program calls, by the name under which the caller reaches it.

A torch dispatch mode sees ops after they were taken apart (`F.linear` as `t` and `addmm`), so a bug of `linear` could
not be recognized. This recorder sits above autograd, at the pre-dispatch key: it sees `linear` whole, then, for ops
that are nothing but other ops, those too. Ops that `mps` computes with a kernel of its own are not opened.

That place is a private part of torch. Where this torch does not have it, two public modes do the work together: a
function mode for the ops that are nothing but other ops, a dispatch mode for the rest. They see less: where one such op
calls another inside torch (`log_softmax` in `cross_entropy`), only the outer one; within `vmap` and `flex_attention`,
only parts or nothing. `best_level()` says which is used here.
"""

from __future__ import annotations

import threading
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch

from mpscheck.bugs.aten import base_name, bind, destinations_of
from mpscheck.bugs.mps_names import GRADIENTS, INCOMING
from mpscheck.bugs.properties import tensors_in_argument
from mpscheck.bugs.trigger import Call

WHOLE = ("linear", "scaled_dot_product_attention", "lstm", "gru")  # kernels of mps itself: what is inside is not called
PRE_DISPATCH = "pre-dispatch"
TWO_MODES = "function and dispatch modes"
Around = Callable[[Any, tuple, dict, Callable[[], Any]], Any]


@cache
def available() -> bool:
    """Whether the pre-dispatch level works in this torch: tried on one call."""
    seen = []

    def handle(op, args, kwargs, run):
        seen.append(base_name(op))
        return run()

    try:
        with _pre_dispatch(handle):
            torch.nn.functional.linear(torch.ones(1, 1), torch.ones(1, 1))
    except Exception:  # a private part that is missing or has changed can raise anything
        return False
    return "linear" in seen


def best_level() -> str:
    """The level that `around` uses here: `PRE_DISPATCH`, or `TWO_MODES` where torch lacks the private parts."""
    return PRE_DISPATCH if available() else TWO_MODES


def call_of(op, args: tuple, kwargs: dict, result: Any = None, accelerator: str = "mps") -> Call:
    """What a trigger looks at. `x.to(…)` is a call of `copy` with the source `src` and the new tensor `self`."""
    if base_name(op) == "_to_copy":
        arguments = {"self": result, "src": args[0], "non_blocking": kwargs.get("non_blocking", False)}
        return Call("copy", arguments, (), result, accelerator)
    return Call(base_name(op), bind(op, args, kwargs), destinations_of(op), result, accelerator)


def copy_elsewhere(op, args: tuple, kwargs: dict, result: Any) -> Call | None:
    """The copy that `x.to(device)` would be if one of both devices were a GPU; None where it is no such call.

    On the CPU alone nothing is copied: the tensor itself is given back.
    """
    bound = bind(op, args, kwargs)
    source = bound["self"]
    if result is not source or bound.get("device") is None or source.device.type != "cpu":
        return None
    arguments = {"self": torch.empty_like(source, device="meta"), "src": source}
    return Call("copy", {**arguments, "non_blocking": bound.get("non_blocking", False)})


def await_gradients(call: Call, result: Any, names: tuple[str, ...], seen: Callable[[Call], None]) -> None:
    """When gradients arrive at the results of a call, `seen` gets a call of the kernels that mps has for it.

    Nothing is awaited on mps and on backends such as `emu`: there these kernels are called, and seen.
    """
    results = list(tensors_in_argument(result))
    own = ("mps", torch._C._get_privateuse1_backend_name())
    awaited = [n for n, tensor in enumerate(results) if tensor.requires_grad and tensor.device.type not in own]
    if not names or not awaited:
        return

    def arrived(gradients: Sequence[torch.Tensor | None]) -> None:
        incoming = {INCOMING[n]: gradient for n, gradient in zip(awaited, gradients)}
        for name in names:
            one = GRADIENTS[name]
            args = {
                there: incoming.get(here) if here in INCOMING else call.args.get(here)
                for there, here in one.args.items()
            }
            if one.needed:
                asked = [call.args.get(name) for name in one.needed]
                args["output_mask"] = [tensor is not None and tensor.requires_grad for tensor in asked]
            seen(Call(name, args, (), None, call.accelerator))

    if len(awaited) == 1:  # called also where the result is what `backward` is called of
        results[awaited[0]].register_hook(lambda gradient: arrived([gradient]))
    else:
        torch.autograd.graph.register_multi_grad_hook([results[n] for n in awaited], arrived)


@contextmanager
def around(handle: Around, level: str | None = None) -> Iterator[None]:
    """Within the block, each op calls `handle(op, args, kwargs, run)` and gives what that returns.

    `run()` computes the op. Ops that `run` opens are handled in turn. Ops that `handle` itself calls are not.
    `level` is `PRE_DISPATCH` or `TWO_MODES`, the best one here if None.
    """
    with (_pre_dispatch if (level or best_level()) == PRE_DISPATCH else _two_modes)(handle):
        yield


@contextmanager
def calls(accelerator: str = "mps", seen: Callable[[Call], None] = lambda call: None) -> Iterator[None]:
    """Within the block, `seen` gets each call after it was computed. In-place calls show their arguments afterwards."""

    def handle(op, args, kwargs, run):
        result = run()
        seen(call_of(op, args, kwargs, result, accelerator))
        return result

    with around(handle):
        yield


def _has_kernel(op, key: str) -> bool:
    return torch._C._dispatch_has_kernel_for_dispatch_key(op.name(), key)


@cache
def _is_composite(op) -> bool:
    """True for an op that is nothing but other ops on the CPU."""
    return _has_kernel(op, "CompositeImplicitAutograd") and not _has_kernel(op, "CPU")


def _opens(op, values) -> bool:
    """True for an op that is nothing but other ops; not for one of which `emu` was given a kernel, perhaps a sick one."""
    if not _is_composite(op) or base_name(op) in WHOLE:
        return False
    return not _has_kernel(op, "PrivateUse1") or not _on_private_device(values)


def _on_private_device(values) -> bool:
    """True if some tensor among the arguments is on a backend such as `emu`."""
    private = torch._C._get_privateuse1_backend_name()
    return any(tensor.device.type == private for tensor in tensors_in_argument(values))


def _computed(op, args: tuple, kwargs: dict, mode) -> Any:
    """The op's result; if it is nothing but other ops, those are seen by `mode`.

    Always by torch's own kernels: the Python dispatcher has others for some ops, with other roundings and other views.
    """
    if _opens(op, (*args, *kwargs.values())):
        with mode:
            return op._op_dk(torch._C.DispatchKey.CompositeImplicitAutograd, *args, **kwargs)
    with torch._C._DisablePythonDispatcher():
        return op(*args, **kwargs)


# ---- level 1: above autograd --------------------------------------------------------------------------------------


@contextmanager
def _pre_dispatch(handle: Around) -> Iterator[None]:
    from torch._dispatch.python import enable_python_dispatcher
    from torch._subclasses.schema_check_mode import SchemaCheckMode

    class Recorder(SchemaCheckMode):  # one of three classes that torch admits at this key
        def __init__(self):
            super().__init__()
            self._dispatch_key = torch._C.DispatchKey.PreDispatch

        def __torch_dispatch__(self, op, types, args=(), kwargs=None):
            return self.handled(op, args, kwargs or {})

        def handled(self, op, args, kwargs):
            autocast = _autocast_kernel(op, args, kwargs)
            if autocast is not None:  # it casts the arguments and calls the op anew: that call is the one to see
                with self:
                    return op._op_dk(autocast, *args, **kwargs)
            return handle(op, args, kwargs, lambda: _computed(op, args, kwargs, self))

    recorder = Recorder()
    with (
        _through_higher_order_ops(recorder),
        enable_python_dispatcher(),
        recorder,
        torch._C._EnablePreDispatch(),
        _straight_to(recorder),
    ):
        yield


@contextmanager
def _straight_to(recorder) -> Iterator[None]:
    """Let ops reach the recorder without what torch does for any mode at this key, which costs more than most ops."""
    from torch._ops import OpOverload, mode_stack_state_for_pre_dispatch

    plain, here, modes = OpOverload._get_dispatch, torch._C.DispatchKey.PreDispatch, mode_stack_state_for_pre_dispatch()
    include, excluded = (
        torch._C._dispatch_tls_set_dispatch_key_included,
        torch._C._dispatch_tls_is_dispatch_key_excluded,
    )

    def get_dispatch(op, key):
        if key != here or modes._schema_check_mode is not recorder or excluded(torch._C.DispatchKey.Python):
            return plain(op, key)

        def handler(*args, **kwargs):
            modes._schema_check_mode = None
            include(here, False)
            try:
                return recorder.handled(op, args, kwargs)
            finally:
                modes._schema_check_mode = recorder
                include(here, True)

        return handler

    OpOverload._get_dispatch = get_dispatch
    try:
        yield
    finally:
        OpOverload._get_dispatch = plain


def _autocast_kernel(op, args: tuple, kwargs: dict):
    """The dispatch key of the kernel that `torch.autocast` has for the op, where it is on for a device of a tensor."""
    if not torch._C._is_any_autocast_enabled():
        return None
    private = torch._C._get_privateuse1_backend_name()
    names = {"cpu": "AutocastCPU", "cuda": "AutocastCUDA", "mps": "AutocastMPS", private: "AutocastPrivateUse1"}
    for device in {tensor.device.type for tensor in tensors_in_argument((*args, *kwargs.values()))}:
        key = getattr(torch._C.DispatchKey, names.get(device, ""), None)
        is_on = key is not None and not torch._C._dispatch_tls_is_dispatch_key_excluded(key)
        if is_on and _has_kernel(op, names[device]):
            return key
    return None


@contextmanager
def _through_higher_order_ops(recorder) -> Iterator[None]:
    """Let ops that take functions (`autograd.Function` within `vmap`, `flex_attention`) run; what they call is seen.

    At this key torch asks each of them for a rule for the mode that is there, and raises where there is none.
    """
    from torch._ops import HigherOrderOperator, _compute_keyset

    plain = HigherOrderOperator.dispatch

    def dispatch(self, key, /, *args, **kwargs):
        def one_key_lower(mode, *args, **kwargs):  # called with the mode off, so the keys are those below it
            below = _compute_keyset(args, kwargs, self.non_fallthrough_keys).highestPriorityTypeId()
            with mode:
                return plain(self, below, *args, **kwargs)

        self.python_key_table[type(recorder)] = one_key_lower
        try:
            return plain(self, key, *args, **kwargs)
        finally:
            self.python_key_table.pop(type(recorder), None)

    HigherOrderOperator.dispatch = dispatch
    try:
        yield
    finally:
        HigherOrderOperator.dispatch = plain


# ---- level 2: two public modes ------------------------------------------------------------------------------------


@contextmanager
def _two_modes(handle: Around) -> Iterator[None]:
    from torch.overrides import TorchFunctionMode
    from torch.utils._python_dispatch import TorchDispatchMode

    here = threading.local()  # `quiet`: ops of `handle` itself, and those inside an op that is not opened

    @contextmanager
    def quiet(value: bool):
        before, here.quiet = getattr(here, "quiet", False), value
        try:
            yield
        finally:
            here.quiet = before

    def handled(op, args, kwargs, compute):
        def run():
            with quiet(base_name(op) in WHOLE):
                return compute()

        with quiet(True):
            return handle(op, args, kwargs, run)

    class Composites(TorchFunctionMode):
        started = None  # the Python function whose body was just entered

        def __torch_function__(self, function, types_, args=(), kwargs=None):
            kwargs, started, self.started = kwargs or {}, self.started, None
            if getattr(here, "quiet", False) or function is started:
                return function(*args, **kwargs)
            if isinstance(function, types.FunctionType):
                self.started = function
                with self:
                    return _without_overrides(function)(*args, **kwargs)
            op = _composite(function, args, kwargs)
            if op is None:
                return function(*args, **kwargs)
            return handled(op, *_as_in_schema(op, args, kwargs), lambda: function(*args, **kwargs))

    class Kernels(TorchDispatchMode):
        supports_higher_order_operators = True

        def __torch_dispatch__(self, op, types_, args=(), kwargs=None):
            kwargs = kwargs or {}
            if getattr(here, "quiet", False) or not hasattr(op, "_schema"):  # one that takes functions has no schema
                return op(*args, **kwargs)
            if base_name(op) in WHOLE or _opens(
                op, (*args, *kwargs.values())
            ):  # inference mode: `Composites` has handled it
                return _computed(op, args, kwargs, self)
            return handled(op, args, kwargs, lambda: op(*args, **kwargs))

    with Kernels(), Composites():
        yield


def _composite(function, args: tuple, kwargs: dict):
    """The overload of a C++ function of torch that the dispatch mode would only see in parts; None for the others."""
    name = getattr(function, "__name__", "")
    packet = getattr(torch.ops.aten, name, None) if name.isidentifier() and not name.startswith("__") else None
    if packet is None:
        return None
    named = _renamed(kwargs)
    try:
        op = getattr(packet, torch._C._jit_resolve_packet(f"aten::{name}", *args, **named))
    except (RuntimeError, AttributeError, TypeError):  # it does not take all that Python takes, such as `padding=1`
        op = next((o for o in _overloads(packet) if _fits(o, args, named)), None)
    return op if op is not None and _hides_from_dispatch(op) else None


def _overloads(packet) -> list:
    return [getattr(packet, name) for name in packet.overloads()]


def _fits(op, args: tuple, kwargs: dict) -> bool:
    """True if the op has a place for each of the arguments, by their number and names."""
    names = [argument.name for argument in op._schema.arguments]
    return len(args) <= len(names) and set(kwargs) <= set(names[len(args) :])


@cache
def _hides_from_dispatch(op) -> bool:
    """True for an op on tensors that reaches a dispatch mode only in parts."""
    gives_tensors = any("Tensor" in str(value.type) for value in op._schema.returns)
    exists = torch._C._dispatch_has_kernel(op.name())  # TorchScript's own overloads, such as those of `size`, do not
    return exists and gives_tensors and (base_name(op) in WHOLE or _is_composite(op))


def _renamed(kwargs: dict) -> dict:
    """Python says `input` where aten's schemas mostly say `self`."""
    return {"self" if name == "input" else name: value for name, value in kwargs.items()}


def _as_in_schema(op, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """The arguments as the op itself takes them: one number for a list of them becomes a list."""
    lengths = {argument.name: argument.N or 1 for argument in op._schema.arguments if str(argument.type) == "List[int]"}

    def converted(name: str, value: Any) -> Any:
        return [value] * lengths[name] if name in lengths and isinstance(value, int) else value

    names = [argument.name for argument in op._schema.arguments]
    positional = tuple(converted(name, value) for name, value in zip(names, args))
    return positional, {name: converted(name, value) for name, value in _renamed(kwargs).items()}


@cache
def _without_overrides(function: types.FunctionType) -> types.FunctionType:
    """The same Python function, not asking whether a mode wants to see it: its body runs, and the mode sees that.

    So for the functions between which it chooses, as `F.max_pool2d` does.
    """
    names = ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")
    never = {name: lambda *args: False for name in names if name in function.__globals__}
    copy = types.FunctionType(
        function.__code__,
        {**function.__globals__, **never},
        function.__name__,
        function.__defaults__,
        tuple([_cell_without_overrides(cell) for cell in function.__closure__]) if function.__closure__ else None,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _cell_without_overrides(cell: types.CellType) -> types.CellType:
    inside = cell.cell_contents
    asks = isinstance(inside, types.FunctionType) and inside.__module__ == "torch.nn.functional"
    return types.CellType(_without_overrides(inside)) if asks else cell
