"""Writing a program of at most 15 lines that makes one call on a device and on the CPU, and seeing that it fails."""

from __future__ import annotations

import math
import subprocess
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from mpscheck.bugs.aten import base_name
from mpscheck.runs.outputs import compare_output, is_rounded
from mpscheck.runs.rule import MISSED, SIZES, allowed_error
from mpscheck.tools.locate.judge import MOVES
from mpscheck.tools.locate.replay import Case, Twins, computed, flat_of, storage_of, tensors_in, wide_dtype, written

LETTERS = "abcdefghijklmnopqrstuvw"
SEVERAL_TIMES = (20, 2000)  # runs of a call that does not always go wrong: so many at least and at most
SMALL = 8  # as many values are written out


@dataclass(frozen=True)
class Reproduction:
    """`text` is the program; `fails` says that it was run here and went wrong; `note` what is to be known of it."""

    text: str
    fails: bool
    note: str


def reproduce(case: Case, device: str, run: Callable[[str], str], folder: Path) -> Reproduction:
    """A program that fails, first with random numbers, then with the real ones, saved to a file in `folder`.

    `run` executes a program and says "fails", "passes", or what else happened.
    """
    path, said = folder / f"locate_divergence_{base_name(case.op)}.pt", ""
    for place, public in ((None, True), (None, False), (path, True), (path, False)):
        try:
            said = run(text := program(case, device, place, public))
        except Exception as error:  # an op that does not take random numbers
            said = f"{type(error).__name__}: {error}".splitlines()[0]
        if said == "fails":
            note = f"it needs the real numbers, which are in {path}; random ones do not show it" if place else ""
            return Reproduction(text, True, note)
    if said == "passes":
        said = "this call alone is right, also with the real numbers: it depends on what ran before it"
    path.unlink(missing_ok=True)
    return Reproduction("", False, said)


def run_in_process(text: str) -> str:
    """Run a program with this Python in a process of its own."""
    try:
        done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        return "it did not end within 300 seconds"
    if done.returncode == 0:
        return "passes"
    lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    return "fails" if any(line.startswith("AssertionError") for line in lines) else lines[-1]


# ---- the program --------------------------------------------------------------------------------------------------


def program(case: Case, device: str, path: Path | None, public: bool) -> str:
    """The text. The data are random, or the real ones, which are then saved to `path`.

    `public`: the call is spelled as users write it, if that has the arguments of the aten op.
    """
    tensors = tensors_in((case.args, case.kwargs, case.incoming))
    ids = case.staying_ids
    tensors.sort(key=lambda t: id(t) in ids)  # those that stay on the CPU last
    texts, data = ([], real_data(tensors)) if path else random_data(tensors)
    names = dict(zip(data, LETTERS if len(data) <= len(LETTERS) else [f"t{n}" for n in range(len(data))]))
    staying = {storage_of(t) for t in tensors if id(t) in ids}
    moved = [name for (storage, _), name in names.items() if storage not in staying]
    code = {id(t): tensor_code(t, names, data, moved) for t in tensors}
    some = "data" if len(moved) == len(names) else f"data[:{len(moved)}]"
    body = [f"{', '.join(moved)} = [t.to(device, copy=True) for t in {some}]"] if moved else []
    body = ["a = data[0].to(device, copy=True)"] if len(moved) == 1 else body
    body += gradient_code(case, code, public) if case.incoming else forward_code(case, code, names, public)
    limits = tolerance(case, data)
    check = check_code(device, limits, one=len(limits) == 1 and not case.incoming)
    if case.differs:
        check = [f"for _ in range({runs_for(case.differs)}):", *indented(check)]
    if path:
        torch.save(list(data.values()), path)
    start = [f"data = torch.load({str(path)!r})"] if path else ["torch.manual_seed(0)", f"data = [{', '.join(texts)}]"]
    start = start if names else []
    return "\n".join(["import torch", "", *start, "", "def call(device):", *indented(body), "", *check]) + "\n"


def runs_for(share: float) -> int:
    """How many runs show a fault that makes this share of them wrong, but for the chance MISSED."""
    least, most = SEVERAL_TIMES
    return least if share >= 1 else min(most, max(least, math.ceil(math.log(MISSED) / math.log(1 - share))))


def check_code(device: str, limits: list[tuple[float, float]], one: bool) -> list[str]:
    """The comparison with the CPU: for each result the largest error and the RMS that are allowed there.

    `one`: the call gives a tensor, not several.
    """

    def compare(got: str, expected: str, largest: str, rms: str | None) -> list[str]:
        lines = [f"torch.testing.assert_close({got}, {expected}, rtol=0, atol={largest}, equal_nan=True)"]
        apart = f"({got} - {expected}).abs().double().nan_to_num()"
        return lines + [f"assert {apart}.square().mean().sqrt() <= {rms}"] * (rms is not None)

    fetch = "call(d).cpu()" if one else "[t.cpu() for t in call(d)]"
    start = f'got, expected = [{fetch} for d in ("{device}", "cpu")]'
    texts = [tuple(f"{limit:.1e}" if limit else "0" for limit in pair) for pair in limits]
    rounded = all(
        largest for largest, _ in limits
    )  # whole numbers have no RMS, and where nothing may differ, none is needed
    if one:
        return [start, *compare("got", "expected", texts[0][0], texts[0][1] if rounded else None)]
    if not any(largest for largest, _ in limits):
        return [start, *compare("got", "expected", "0", None)]
    names, values = ("a, b, largest, rms", ([t[0] for t in texts], [t[1] for t in texts]))
    if not rounded:
        names, values = "a, b, largest", values[:1]
    lists = ", ".join(f"[{', '.join(column)}]" for column in values)
    loop = compare("a", "b", "largest", "rms" if rounded else None)
    return [start, f"for {names} in zip(got, expected, {lists}):", *indented(loop)]


def indented(lines: list[str]) -> list[str]:
    return ["    " + line for line in lines]


def tensor_code(tensor: torch.Tensor, names: dict, data: dict, moved: list[str]) -> str:
    """A tensor as code: the name of its data, and its layout if that is not plain."""
    key = (storage_of(tensor), tensor.dtype)
    name = names[key] if names[key] in moved else f"data[{list(names).index(key)}]"
    if data[key].shape == tensor.shape and not tensor.storage_offset():
        return name
    offset = f", {tensor.storage_offset()}" if tensor.storage_offset() else ""
    return f"{name}.as_strided({tuple(tensor.size())}, {tuple(tensor.stride())}{offset})"


def forward_code(case: Case, code: dict, names: dict, public: bool) -> list[str]:
    """The call; one that writes gives all of the memory that it wrote to."""
    call = call_code(case.op, case.args, case.kwargs, code, public)
    targets = [names[(storage_of(t), t.dtype)] for t in written(case.op, case.args, case.kwargs)]
    return [call, f"return {', '.join(dict.fromkeys(targets))}"] if targets else [f"return {call}"]


def gradient_code(case: Case, code: dict, public: bool) -> list[str]:
    """The gradients of the call, as autograd computes them."""
    asked = [case.tensors[place] for place in case.wrt]
    inner = {id(t): f"x[{n}]" for n, t in enumerate(asked)}
    given = [n for n, gradient in enumerate(case.incoming) if gradient is not None]
    results = "y" if len(case.incoming) == 1 else f"[{', '.join(f'y[{n}]' for n in given)}]"
    incoming = ", ".join(code[id(case.incoming[n])] for n in given)
    return [
        f"x = [{', '.join(f'{code[id(t)]}.requires_grad_()' for t in asked)}]",
        f"y = {call_code(case.op, case.args, case.kwargs, {**code, **inner}, public)}",
        f"return torch.autograd.grad({results}, x, [{incoming}])",
    ]


def call_code(op, args, kwargs, code: dict, public: bool) -> str:
    """The call as a user writes it, or by its aten name."""

    def written_out(value) -> str:
        if isinstance(value, torch.Tensor):
            return code[id(value)]
        if isinstance(value, (list, tuple)):
            return f"[{', '.join(map(written_out, value))}]"
        if isinstance(value, float) and not abs(value) < float("inf"):
            return f'float("{value}")'
        return "device" if isinstance(value, torch.device) else repr(value)

    args = list(args)
    while args and is_default(op._schema.arguments[len(args) - 1], args[-1]):
        args.pop()
    texts = [written_out(value) for value in args]
    texts += [f"{name}={written_out(value)}" for name, value in kwargs.items() if value is not None]
    name = op._schema.name.rpartition("::")[2]
    for place, prefix in ((torch.nn.functional, "torch.nn.functional"), (torch, "torch")):
        if public and isinstance(getattr(place, name, None), types.BuiltinFunctionType):
            return f"{prefix}.{name}({', '.join(texts)})"
    if public and hasattr(torch.Tensor, name) and args and isinstance(args[0], torch.Tensor):
        return f"{texts[0]}.{name}({', '.join(texts[1:])})"
    return f"torch.ops.{op}({', '.join(texts)})"


def is_default(argument, value) -> bool:
    """Whether an argument of a schema can be left out with this value."""
    return argument.has_default_value() and not isinstance(value, torch.Tensor) and argument.default_value == value


# ---- the data -----------------------------------------------------------------------------------------------------


def real_data(tensors: list[torch.Tensor]) -> dict:
    """The memory of the tensors, by storage and dtype."""
    return {(storage_of(t), t.dtype): flat_of(t).clone() for t in tensors}


def random_data(tensors: list[torch.Tensor]) -> tuple[list[str], dict]:
    """Random data in place of the memory of the tensors, with the same dtypes and kinds of values: code, and values."""
    texts, data = [], {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for tensor in tensors:
            key = (storage_of(tensor), tensor.dtype)
            if key not in data:
                flat = flat_of(tensor)
                sharing = [t for t in tensors if (storage_of(t), t.dtype) == key]
                plain = tensor.numel() == flat.numel() and all(
                    t.is_contiguous() and t.shape == tensor.shape for t in sharing
                )
                text, data[key] = random_like(flat, tuple(tensor.size()) if plain else (flat.numel(),))
                texts.append(text)
    return texts, data


def random_like(flat: torch.Tensor, shape: tuple) -> tuple[str, torch.Tensor]:
    """One piece of data, code and values. A few values, and those that are all the same, are written out."""

    def made(name: str, *args, default=torch.float32) -> tuple[str, torch.Tensor]:
        options = {} if flat.dtype is default else {"dtype": flat.dtype}
        texts = [repr(a).replace("inf", "torch.inf") for a in args] + [f"{k}={v}" for k, v in options.items()]
        return f"torch.{name}({', '.join(texts)})", getattr(torch, name)(*args, **options)

    def natural():  # the dtype that torch gives to such numbers
        return {torch.bool: torch.bool, torch.int64: torch.int64}.get(flat.dtype, torch.float32)

    if not flat.numel():
        return made("zeros", shape)
    if flat.is_complex():
        return made("randn", shape)
    if flat.numel() <= SMALL and bool(flat.isfinite().all()):
        return made("tensor", flat.view(shape).tolist(), default=natural())
    if bool((flat == flat[0]).all()):
        return made("full", shape, flat[0].item(), default=natural())
    if flat.dtype is torch.bool:
        return f"torch.rand({shape}) < 0.5", torch.rand(shape) < 0.5
    if not flat.is_floating_point():
        return made("randint", int(flat.min()), int(flat.max()) + 1, shape, default=torch.int64)
    text, values = made("rand" if bool((flat >= 0).all()) else "randn", shape)
    share = round((flat == float("-inf")).double().mean().item(), 2)
    if share:
        values = values.masked_fill(torch.rand(shape) < share, float("-inf"))
        text = f"{text}.masked_fill(torch.rand({shape}) < {share}, -torch.inf)"
    return text, values


def tolerance(case: Case, data: dict) -> list[tuple[float, float]]:
    """For each result of the program, the largest error and the RMS that a healthy device may make on these data.

    They are held against the CPU, whose own error comes on top. A call that writes gives the memory that it wrote to.
    """
    flat = {key: values.flatten() for key, values in data.items()}
    cpu = computed(case, Twins(lambda t: t, {key: values.clone() for key, values in flat.items()}))
    wide = {key: values.double() if values.is_floating_point() else values for key, values in flat.items()}
    try:
        exact = computed(case, Twins(lambda t: t, wide), wide_dtype)
    except Exception:  # whatever an op raises for a dtype that it does not have
        exact = [None] * len(cpu)
    limits = [allowed_here(c, e, base_name(case.op) not in MOVES) for c, e in zip(cpu, exact)]
    wrote = [] if case.incoming else written(case.op, case.args, case.kwargs)
    if not wrote:
        return limits
    largest: dict[int, tuple[float, float]] = {}  # by storage; every second one is the memory around the first
    for target, limit in zip(wrote, limits[::2]):
        largest[storage_of(target)] = max(limit, largest.get(storage_of(target), limit))
    return list(largest.values())


def allowed_here(cpu: torch.Tensor, exact: torch.Tensor | None, rounds: bool) -> tuple[float, float]:
    """The largest error and the RMS that are allowed of one result, against the CPU."""
    if not is_rounded(cpu.dtype):
        return 0.0, 0.0
    numbers = compare_output(cpu, cpu, exact, rounds)
    largest, rms = (allowed_error(numbers, size, rounds) + numbers["cpu"][size] for size in reversed(SIZES))
    return largest, rms
