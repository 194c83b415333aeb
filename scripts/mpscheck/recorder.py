"""Seeing every op that a program calls, by the name under which the caller reaches it.

A torch dispatch mode sees ops after they were taken apart (`F.linear` as `t` and `addmm`), so a bug of `linear` could
not be recognized. This recorder sits above autograd, at the pre-dispatch key: it sees `linear` whole, then, for ops
that are nothing but other ops, those too. Ops that `mps` computes with a kernel of its own are not opened.
Private parts of torch (tried on 2.10 to 2.14); `available()` says whether this torch has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from mpscheck.aten import base_name, bind, form_of
from mpscheck.trigger import Call

WHOLE = ("linear", "scaled_dot_product_attention", "lstm", "gru")  # kernels of mps itself: what is inside is not called
Around = Callable[[Any, tuple, dict, Callable[[], Any]], Any]


def available() -> bool:
    """Whether this torch has the private parts that the recorder needs."""
    return hasattr(torch._C, "_EnablePreDispatch") and hasattr(torch.ops.aten.linear.default, "decompose")


def call_of(op, args: tuple, kwargs: dict, result: Any = None, accelerator: str = "mps") -> Call:
    """What a trigger looks at. `x.to(…)` is a call of `copy` with the source `src` and the new tensor `self`."""
    if base_name(op) == "_to_copy":
        return Call("copy", {"self": result, "src": args[0]}, "functional", result, accelerator)
    return Call(base_name(op), bind(op, args, kwargs), form_of(op), result, accelerator)


def _opens(op, args: tuple, kwargs: dict) -> bool:
    """True for an op that is nothing but other ops, on the device where it is called."""
    if base_name(op) in WHOLE:
        return False

    def has(key: str) -> bool:
        return torch._C._dispatch_has_kernel_for_dispatch_key(op.name(), key)

    return has("CompositeImplicitAutograd") and not has("CPU") and not has("PrivateUse1")


@contextmanager
def around(handle: Around) -> Iterator[None]:
    """Within the block, each op calls `handle(op, args, kwargs, run)` and gives what that returns.

    `run()` computes the op. Ops that `run` opens are handled in turn. Ops that `handle` itself calls are not.
    """
    from torch._dispatch.python import enable_python_dispatcher
    from torch._subclasses.schema_check_mode import SchemaCheckMode

    class Recorder(SchemaCheckMode):  # one of three classes that torch admits at this key
        def __init__(self):
            super().__init__()
            self._dispatch_key = torch._C.DispatchKey.PreDispatch

        def __torch_dispatch__(self, op, types, args=(), kwargs=None):
            kwargs = kwargs or {}

            def run():
                if _opens(op, args, kwargs):
                    with self:
                        result = op.decompose(*args, **kwargs)
                    if result is not NotImplemented:
                        return result
                return op(*args, **kwargs)

            return handle(op, args, kwargs, run)

    with enable_python_dispatcher(), Recorder(), torch._C._EnablePreDispatch():
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
