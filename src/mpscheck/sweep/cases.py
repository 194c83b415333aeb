"""One call in one layout on the device, held against the CPU by the project's own rule.

A `Bench` is one sample in one dtype: it makes the CPU's results once, on plain tensors, and they serve every layout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import torch

from mpscheck.runs.outputs import is_rounded, widened
from mpscheck.sweep import layouts
from mpscheck.sweep.entries import Entry, Sample
from mpscheck.sweep.layouts import CONJUGATED, EXPANDED, PLAIN
from mpscheck.tools.locate.judge import MOVES, Difference, difference, in_one_order, only_order
from mpscheck.tools.locate.lockstep import first_line
from mpscheck.tools.locate.replay import mapped, on_cpu, tensors_in, wide_dtype

FORMS = ("call", "again", "out", "inplace", "backward")
WRONG = ("wrong", "nan", "shape", "around", "raises")  # verdicts that are findings
REFUSALS = (  # how a device says that it does not do this at all, in small letters
    "not implemented",
    "not support",
    "unsupported",
    "only support",
    "doesn't support",
    "no kernel",
    "could not run",
    "float64",
    "complex128",
    "invalid dtype",
    "got: emu",
    "to be on cpu",
    "view size is not compatible",
    "must be contiguous",
    "is_contiguous",
    "must have a last dimension with stride 1",
    "divisible by 2",
    "unresolved conjugated",
)
INCOMING = (PLAIN, EXPANDED, "transposed", "stepped")  # layouts of the gradient that comes in
FILLER = 7
SEEDS = 24  # tried before a call counts as one that draws nothing: one number of two may be the same by chance
WRITE_OUTSIDE = ("triu", "tril", "lu_unpack", "linalg.lu")  # into a strided `out=`, on the CPU: results/found.json


@dataclass(frozen=True)
class Case:
    """What is called how: by `layouts` of the tensors of a sample, and of what is written (`target`).

    Of a backward pass `target` is the layout of the gradient that comes in; `frozen`: the first tensor has no gradient.
    """

    entry: str
    dtype: str
    sample: int
    form: str = "call"
    layouts: tuple[str, ...] = ()
    target: str = PLAIN
    frozen: bool = False

    @property
    def plain(self) -> bool:
        """Whether all is as contiguous as can be."""
        return all(layout == PLAIN for layout in (*self.layouts, self.target))

    def stored(self) -> dict:
        """As plain data."""
        return asdict(self) | {"layouts": list(self.layouts)}

    def __str__(self) -> str:
        parts = [self.entry, self.dtype, f"sample {self.sample}", *([] if self.form == "call" else [self.form])]
        odd = [f"{n}: {layout}" for n, layout in enumerate(self.layouts) if layout != PLAIN]
        odd += [f"target: {self.target}"] * (self.target != PLAIN) + ["first frozen"] * self.frozen
        return ", ".join(parts + odd)


def read_case(stored: dict) -> Case:
    """A case from plain data."""
    return Case(**{**stored, "layouts": tuple(stored["layouts"])})


@dataclass(frozen=True)
class Outcome:
    """What came of a case: `agrees`, one of WRONG, `refused` by the device, `random`, `not-run`: the CPU cannot make it, or
    `cpu`: on an emulated device, the CPU's own kernel is wrong here.
    """

    verdict: str
    said: str = ""
    ratio: float = 0.0

    @property
    def wrong(self) -> bool:
        """Whether it is a finding."""
        return self.verdict in WRONG


AGREES, RANDOM = Outcome("agrees"), Outcome("random")


class NotHere(Exception):
    """The CPU cannot make this call, so there is nothing to hold the device against."""


@dataclass
class Expected:
    """What the CPU gives: results, and which tensors it changed; in float64 once it is asked for."""

    results: list[torch.Tensor]
    changed: tuple[int, ...]
    make_exact: Callable[[], list[torch.Tensor]]

    @cached_property
    def exact(self) -> list[torch.Tensor]:
        """In float64; empty where there is none."""
        try:
            return self.make_exact()
        except Exception:  # whatever an op raises for a dtype that it does not have
            return []


Watch = Callable[[], AbstractContextManager]


class Bench:
    """One sample of an entry on a device. `watch` gives what is around the calls that are made there, and nothing else."""

    def __init__(self, entry: Entry, dtype: str, sample: Sample, device: str, watch: Watch = nullcontext):
        self.entry, self.dtype, self.sample, self.device, self.watch = entry, dtype, sample, device, watch
        self.name = entry.op.rpartition(".")[2]
        self._expected: dict[tuple, Expected | None] = {}
        self._random: bool | None = None
        self._takes_out: bool | None = None

    # ---- which cases --------------------------------------------------------------------------------------------

    def cases(self) -> Iterator[Case]:
        """All that is tried of this sample, the plain call first."""
        plain = Case(self.entry.name, self.dtype, self.sample.number, layouts=(PLAIN,) * len(self.sample.tensors))
        yield plain
        if not self.entry.whole or self.sample.values == "large":
            return
        for some in self._assignments(plain.layouts, layouts.MEMORY, also=True):
            yield replace(plain, layouts=some)
        if self.sample.tensors and self.sample.number == 0:
            yield replace(plain, form="again")
        if self.entry.out:
            yield from (replace(plain, form="out", target=target) for target in (PLAIN, *layouts.WRITTEN))
        if self.entry.in_place is not None and self.sample.tensors:
            for target in (PLAIN, *layouts.possible(self.sample.tensors[0], layouts.WRITTEN)):
                yield replace(plain, form="inplace", layouts=(target, *plain.layouts[1:]))
        if self.dtype in self.entry.backward and self.sample.values == "plain" and self._differentiable:
            yield from self._backward(plain)

    def _assignments(self, plain, names, also=False) -> Iterator[tuple[str, ...]]:
        """Each tensor in each layout, one at a time, then all of them; `also`: what changes values or the device."""
        tensors = self.sample.tensors
        for n, tensor in enumerate(tensors):
            own = layouts.possible(tensor, names)
            if also and layouts.expanded(tensor) is not None:
                own.append(EXPANDED)
            if also and tensor.is_complex():
                own.append(layouts.CONJUGATED)
            if also and n and not tensor.ndim and tensors[0].ndim:
                own += layouts.ON_CPU
            for layout in own:
                yield (*plain[:n], layout, *plain[n + 1 :])
        if len(tensors) > 1:
            each = [layouts.possible(tensor, names) for tensor in tensors]
            for layout in names:
                some = tuple(layout if layout in own else PLAIN for own in each)
                if sum(one != PLAIN for one in some) > 1:
                    yield some

    @property
    def _differentiable(self) -> list[int]:
        return [n for n, t in enumerate(self.sample.tensors) if t.is_floating_point()]

    def _backward(self, plain: Case) -> Iterator[Case]:
        plain = replace(plain, form="backward")
        yield from (replace(plain, target=target) for target in INCOMING)
        if len(self._differentiable) > 1:
            yield replace(plain, frozen=True)
        for some in self._assignments(plain.layouts, ("transposed", "stepped", "channels-last", "offset")):
            yield replace(plain, layouts=some)

    # ---- arguments ----------------------------------------------------------------------------------------------

    def arguments(self, case: Case, device: str) -> tuple[tuple, dict, list[torch.Tensor], list]:
        """Arguments and keywords on a device, their tensors, and all of the memory of each with its place."""
        made = [layouts.placed(values, layout, device) for values, layout in zip(self.sample.tensors, case.layouts)]
        each = iter([view for view, _, _ in made])
        args, kwargs = mapped(
            lambda v: next(each) if isinstance(v, torch.Tensor) else v, (self.sample.args, self.sample.kwargs)
        )
        return args, kwargs, [view for view, _, _ in made], [(flat, place) for _, flat, place in made]

    def values(self, case: Case, wide: bool = False) -> tuple[tuple, dict, list[torch.Tensor]]:
        """The same values on the CPU, contiguous; `wide`: in float64."""
        each = iter(self._plain(case, wide))
        tensors = []

        def one(value):
            if isinstance(value, torch.Tensor):
                tensors.append(next(each))
                return tensors[-1]
            return wide_dtype(value) if wide and isinstance(value, torch.dtype) else value

        args, kwargs = mapped(one, (self.sample.args, self.sample.kwargs))
        return args, kwargs, tensors

    def _plain(self, case: Case, wide: bool) -> list[torch.Tensor]:
        found = []
        for tensor, layout in zip(self.sample.tensors, case.layouts):
            values = layouts.expanded(tensor).clone() if layout == EXPANDED else tensor.clone()
            found.append(widened(values) if wide and is_rounded(values.dtype) else values)
        return found

    # ---- the CPU ------------------------------------------------------------------------------------------------

    def expected(self, case: Case) -> Expected:
        """What the CPU gives on plain tensors with these values. Raises NotHere."""
        valued = tuple(EXPANDED if layout == EXPANDED else PLAIN for layout in case.layouts)
        key = (case.form if case.form != "out" else "call", valued, case.frozen)
        key += (case.target == EXPANDED,) if case.form == "backward" else ()
        if key not in self._expected:
            try:
                self._expected[key] = self._made(replace(case, layouts=valued))
            except Exception:  # whatever an op raises
                self._expected[key] = None
        found = self._expected[key]
        if found is None:
            raise NotHere
        return found

    def _made(self, case: Case) -> Expected:
        if case.form == "backward":
            run = lambda wide: fetched(self._gradients(case, *self.values(case, wide), "cpu"))  # noqa: E731
            return Expected(run(False), (), lambda: run(True))
        args, kwargs, tensors = self.values(case)
        versions = [t._version for t in tensors]
        results = self._results(case, args, kwargs)
        changed = tuple(n for n, t in enumerate(tensors) if t._version != versions[n])
        results = fetched(results) + fetched([tensors[n] for n in changed])
        if not results:
            raise NotHere

        def exactly():
            args, kwargs, tensors = self.values(case, wide=True)
            found = self._results(case, args, kwargs)
            return fetched(found) + fetched([tensors[n] for n in changed])

        return Expected(results, changed, exactly)

    def _results(self, case: Case, args, kwargs, device: str = "cpu") -> list[torch.Tensor]:
        """The results of a call; of one that is made again with other values those of the second."""
        if case.form == "inplace":
            return tensors_in(self.entry.in_place(*args, **kwargs))
        if case.form == "again":
            if device != "cpu":
                self.entry.call(device, *args, **kwargs)
            args, kwargs = mapped(turned, (args, kwargs))
        return tensors_in(self.entry.call(device, *args, **kwargs))

    def _gradients(self, case: Case, args, kwargs, tensors, device: str) -> list[torch.Tensor]:
        """The results, and the gradients of a weighted sum of them. Raises NotHere where there are none."""
        wanted = [tensors[n] for n in self._differentiable[case.frozen :]]
        for tensor in wanted:
            tensor.requires_grad_()
        results = [t for t in tensors_in(self.entry.call(device, *args, **kwargs)) if t.requires_grad]
        if not results:
            raise NotHere
        draw, incoming = torch.Generator().manual_seed(0), []
        for result in results:
            weights = torch.randn(result.shape, generator=draw).to(result.dtype)
            possible = (*layouts.possible(weights), *[EXPANDED] * (layouts.expanded(weights) is not None))
            incoming.append(layouts.placed(weights, case.target if case.target in possible else PLAIN, device)[0])
        found = torch.autograd.grad(results, wanted, incoming, allow_unused=True)
        return [*results, *(t for t in found if t is not None)]

    # ---- the device ---------------------------------------------------------------------------------------------

    def run(self, case: Case) -> Outcome:
        """Make the case on the device. Never raises but for what ends a process."""
        if self._ruins_memory(case):
            return Outcome("cpu", "the CPU's own kernel writes outside of such a result")
        try:
            expected = self.expected(case)
            if case.form == "out":
                self._out_on_cpu(expected)
        except NotHere:
            return Outcome("not-run")
        if any(case.layouts[n] == EXPANDED for n in expected.changed) or self._writes_again(case):
            return Outcome("not-run")  # torch leaves open what several writes to one place give
        try:
            found = self._on_device(case, expected)
        except Exception as error:  # whatever a device raises
            mixed = any(layout in layouts.ON_CPU for layout in case.layouts)
            refused = mixed or is_refusal(error) or self._raises_on_cpu(case)
            return Outcome("refused" if refused else "raises", first_line(error)[:200])
        if found is None:
            return AGREES
        if self.is_random(case):
            return RANDOM
        if self._is_the_cpus(case, expected):
            return Outcome("cpu", said_of(found))
        return Outcome(found.kind, said_of(found), found.ratio)

    def _ruins_memory(self, case: Case) -> bool:
        """Whether an emulated device would run a kernel of the CPU that is known to write outside of its result."""
        emulated = self.device.partition(":")[0] == "emu"
        return emulated and self.entry.op in WRITE_OUTSIDE and case.form == "out" and case.target != PLAIN

    def _writes_again(self, case: Case) -> bool:
        """Whether a call that is made twice writes to what the second is given."""
        return case.form == "again" and bool(self.expected(replace(case, form="call")).changed)

    def _is_the_cpus(self, case: Case, expected: Expected) -> bool:
        """Whether the CPU's own kernel, which is what an emulated device runs, is wrong in this layout too."""
        if self.device.partition(":")[0] != "emu" or (case.plain and case.form != "out"):
            return False
        try:
            return Bench(self.entry, self.dtype, self.sample, "cpu")._on_device(case, expected) is not None
        except Exception:  # whatever an op raises
            return True

    def _raises_on_cpu(self, case: Case) -> bool:
        """Whether the CPU refuses such layouts too, as `view` does."""
        if self.device == "cpu":
            return False
        try:
            Bench(self.entry, self.dtype, self.sample, "cpu")._on_device(case, self.expected(case))
        except Exception:  # whatever an op raises
            return True
        return False

    def _on_device(self, case: Case, expected: Expected) -> Difference | None:
        args, kwargs, tensors, memory = self.arguments(case, self.device)
        if case.form == "backward":
            with self.watch():
                found = self._gradients(case, args, kwargs, tensors, self.device)
            return self.worst(case, expected, fetched(found))
        if case.form == "out":
            return self._into(case, expected, args, kwargs)
        with self.watch():
            results = self._results(case, args, kwargs, self.device)
        got = fetched(results) + fetched([tensors[n] for n in expected.changed])
        if found := self.worst(case, expected, got):
            return found
        written = (0,) if case.form == "inplace" else expected.changed if case.form == "call" else ()
        around = (self._around(case.layouts[n], self.sample.tensors[n], memory[n][0]) for n in written)
        return next((found for found in around if found), None)

    def _out_on_cpu(self, expected: Expected) -> None:
        """Whether the CPU takes `out=` here, tried once in plain memory. Raises NotHere."""
        if self._takes_out is None:
            args, kwargs, _ = self.values(Case("", "", 0, layouts=(PLAIN,) * len(self.sample.tensors)))
            try:
                self.entry.call("cpu", *args, **kwargs, out=bundle([torch.empty_like(t) for t in expected.results]))
                self._takes_out = not expected.changed
            except Exception:  # whatever an op raises
                self._takes_out = False
        if not self._takes_out:
            raise NotHere

    def _into(self, case: Case, expected: Expected, args, kwargs) -> Difference | None:
        made = []
        for result in expected.results:
            layout = case.target if case.target in layouts.possible(result) else PLAIN
            made.append((layout, *layouts.placed(torch.full_like(result, FILLER), layout, self.device)))
        if case.target != PLAIN and all(layout == PLAIN for layout, *_ in made):
            return None
        views = [view for _, view, _, _ in made]
        with self.watch():
            self.entry.call(self.device, *args, **kwargs, out=bundle(views))
        if found := self.worst(case, expected, fetched(views)):
            return found
        around = (
            self._around(layout, torch.full_like(result, FILLER), flat)
            for (layout, _, flat, _), result in zip(made, expected.results)
        )
        return next((found for found in around if found), None)

    def _around(self, layout: str, before: torch.Tensor, flat: torch.Tensor) -> Difference | None:
        """Whether what lies around a tensor is still what it was."""
        if layout == CONJUGATED:
            return None
        place = layouts.place_of(before.shape, layout)
        right, got = layouts.memory(before, place), flat.cpu()
        for memory in (right, got):
            memory.as_strided(before.shape, place.strides, place.offset).zero_()
        found = difference(right, got, None, moves=True)
        return found and replace(found, kind="around", around=True)

    def worst(self, case: Case, expected: Expected, got: list[torch.Tensor]) -> Difference | None:
        """The largest difference of the results by the rule; None where all is right."""
        cpu = expected.results
        if len(cpu) != len(got):
            return Difference("shape", float("inf"))
        if all(torch.equal(c, g) if c.dtype == g.dtype else False for c, g in zip(cpu, got)):
            return None
        bound = self._bound(case)
        exact = expected.exact
        if self.name in GAUGE and case.form != "backward":
            cpu, got, exact = ([GAUGE[self.name](some)] if some else [] for some in (cpu, got, exact))
        cpu, got, exact = (in_one_order(self.name, bound, list(some)) for some in (cpu, got, exact))
        found = []
        for n, (c, g) in enumerate(zip(cpu, got)):
            e = (
                exact[n]
                if n < len(exact) and exact[n].shape == c.shape and exact[n].dtype.is_complex == c.is_complex()
                else None
            )
            if case.form != "backward" and bound and only_order(self.name, bound, c, g):
                continue
            found.append(difference(c, g, e, moves=self.name in MOVES and case.form != "backward"))
        return max(filter(None, found), key=lambda one: one.ratio, default=None)

    def _bound(self, case: Case) -> dict[str, Any]:
        """Arguments by name where a rule asks for them: of ops that sort, and that write to places."""
        args, kwargs, _ = self.values(case)
        if self.entry.name.startswith("own/") or not args or not isinstance(args[0], torch.Tensor):
            return {}
        bound = {"self": args[0], **kwargs}
        numbers = [a for a in args[1:] if type(a) is int]
        if "dim" not in bound and numbers:
            bound["dim"] = numbers[-1 if self.name in ("topk", "kthvalue") and len(numbers) > 1 else 0]
        if self.name in ("topk", "kthvalue") and len(numbers) < 2 and "dim" not in kwargs:
            bound["dim"] = -1
        if self.name in ("index_copy", "scatter") and len(args) >= 4:
            bound |= {"dim": args[1], "index": args[2], "src": args[3], "source": args[3]}
        if self.name == "index_put" and len(args) >= 3:
            bound |= {
                "indices": args[1],
                "values": args[2],
                "accumulate": kwargs.get("accumulate", len(args) > 3 and args[3]),
            }
        return bound

    def is_random(self, case: Case) -> bool:
        """Whether the CPU itself gives something else from another seed, also where the call sets one."""
        if self._random is None:
            try:
                first = [t.nan_to_num() for t in self._drawn(case, 0)]
                others = ([t.nan_to_num() for t in self._drawn(case, seed)] for seed in range(1, SEEDS))
                self._random = any(not all(map(torch.equal, first, other)) for other in others)
            except Exception:  # whatever an op raises
                self._random = False
        return self._random

    def _drawn(self, case: Case, seed: int) -> list[torch.Tensor]:
        with other_seeds(seed):
            args, kwargs, _ = self.values(case)
            return fetched(tensors_in(self.entry.call("cpu", *args, **kwargs)))


@contextmanager
def other_seeds(shift: int) -> Iterator[None]:
    """Within, whoever seeds torch seeds it with another number."""
    plain = torch.manual_seed
    torch.manual_seed = lambda seed: plain(seed + shift)
    try:
        plain(shift)
        yield
    finally:
        torch.manual_seed = plain


def fetched(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    """Results on the CPU, as plain numbers."""
    return [on_cpu(t).resolve_conj().resolve_neg() for t in tensors if t.layout is torch.strided]


def turned(value):
    """A floating tensor with its values the other way round, all else as it is."""
    if isinstance(value, torch.Tensor) and is_rounded(value.dtype) and value.numel() > 1:
        return value.reshape(-1).flip(0).reshape(value.shape)
    return value


def bundle(tensors: list[torch.Tensor]):
    """As `out=` wants it: one tensor, or a tuple."""
    return tensors[0] if len(tensors) == 1 else tuple(tensors)


def said_of(found: Difference) -> str:
    """How a result is wrong, in a few words."""
    if found.kind == "shape":
        return "another shape or dtype"
    where = "memory around the result is written" if found.around else f"{found.share:.0%} of the values"
    return f"{where}; at {list(found.index)} {found.got} for {found.expected}"


def is_refusal(error: Exception) -> bool:
    """Whether a device says that it does not do this at all."""
    unknown = isinstance(error, NotImplementedError) or type(error).__name__ == "Unsupported"
    return unknown or any(words in str(error).lower() for words in REFUSALS)


def _svd(r):
    return (
        r[0] * r[1].unsqueeze(-2).to(r[0].dtype) @ r[2]
        if len(r) == 3 and r[0].shape[-1] == r[1].shape[-1] == r[2].shape[-2]
        else r[-1] * 0
    )


def _eigh(r):
    return r[1] * r[0].unsqueeze(-2).to(r[1].dtype) @ r[1].mH if len(r) == 2 else r[0]


def _product(r):
    return r[0] @ r[1] if len(r) == 2 and r[0].shape[-1] == r[1].shape[-2] else r[-1] * 0


def _lu(r):
    return r[0] @ r[1] @ r[2] if len(r) == 3 and r[0].numel() else r[-1] * 0


# Factors are not unique: what they are factors of is.
GAUGE: dict[str, Callable[[list[torch.Tensor]], torch.Tensor]] = {
    "svd": _svd,
    "eigh": _eigh,
    "qr": _product,
    "lu": _lu,
}
