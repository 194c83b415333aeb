"""A pass over a model in lock-step: each op on the CPU and on the device with the same inputs, and what differed."""

from __future__ import annotations

import contextlib
import math
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from mpscheck.bugs.aten import base_name, bind
from mpscheck.bugs.recorder import around
from mpscheck.tools.locate.judge import MOVES, SCREEN, Difference, difference, distance, in_one_order, only_order
from mpscheck.tools.locate.replay import (
    Case,
    Twins,
    computed,
    computed_exactly,
    flat_of,
    is_around,
    is_random,
    mapped,
    new_places,
    obstacle,
    on_cpu,
    only_shows,
    outcome,
    plain_dispatch,
    saved,
    storage_of,
    targets_of,
    tensors_in,
    written,
)
from mpscheck.tools.locate.where import Spot, Where
from mpscheck.tools.models import CouldNotCheck

SOME = 16  # pieces of memory that are kept on the device after a call


@dataclass
class Finding:
    """One kind of call that is wrong on the device: the first such call, and the modules that make such calls."""

    case: Case  # the op that is wrong
    outer: Case  # the call that the program made: the same, one that consists of other ops, or the gradient of one
    result: Difference
    spot: Spot
    next_hook: str | None = None  # the first hook point of TransformerLens that shows it
    modules: list[str] = field(default_factory=list)  # one a call
    own_inputs: bool = False  # found on inputs that the device itself made

    @property
    def op(self) -> str:
        """The aten name of the op: of a gradient the kernel that is wrong, where one could be told from the others."""
        return base_name(self.case.op)

    @property
    def gradient(self) -> bool:
        """Whether it is the gradient of a call that is wrong, not its result."""
        return self.outer.incoming is not None


@dataclass
class Runs:
    """What several runs of one call on the device gave: only the first and the farthest from the CPU are kept."""

    distances: list[float] = field(default_factory=list)  # from the CPU, in units of rounding
    differ: bool = False
    first: list = field(default_factory=list)
    farthest: list = field(default_factory=list)

    @property
    def apart(self) -> float:
        """The largest distance from the CPU."""
        return max(self.distances, default=0.0)

    def add(self, got: list, apart: float) -> None:
        """One more run."""
        if not self.distances:
            self.first = self.farthest = got
        elif apart > self.apart:
            self.farthest = got
        self.differ = self.differ or any(distance(a, b) for a, b in zip(self.first, got) if a is not b)
        self.distances.append(apart)

    def share_beyond(self, limit: float) -> float:
        """The share of the runs that are farther from the CPU than a limit."""
        return sum(distance > limit for distance in self.distances) / len(self.distances)


class Recent:
    """What was moved to the device, or came to be there, a short while ago: most results are read by the next few calls.

    The tensors on the CPU are kept with it, so that their memory does not become that of others.
    """

    def __init__(self):
        self.held: OrderedDict[tuple, tuple] = OrderedDict()

    def note(self, tensor: torch.Tensor, flat: torch.Tensor) -> None:
        """All of a tensor's memory, as it is on the device."""
        if not tensor.is_inference():  # such a tensor does not count what is written to it
            key = (storage_of(tensor), tensor.dtype)
            self.held[key] = (tensor.detach(), tensor._version, flat)
            self.held.move_to_end(key)
            if len(self.held) > SOME:
                self.held.popitem(last=False)

    def note_result(self, tensor: torch.Tensor, there: torch.Tensor) -> None:
        """A result on the device that holds what the CPU's holds, if it is all of its memory on both."""
        if there.device.type != "cpu" and all(fills_memory(t) for t in (tensor, there)):
            self.note(tensor, flat_of(there))

    def is_intact(self, tensors: list[torch.Tensor]) -> bool:
        """Whether what is kept of these tensors still holds, bit for bit, what the CPU's memory holds."""
        flats = ((flat_of(t), self.get((storage_of(t), t.dtype))) for t in tensors)
        return all(there is None or bits_of(flat).equal(bits_of(on_cpu(there))) for flat, there in flats)

    def get(self, key: tuple) -> torch.Tensor | None:
        """The memory on the device; None if it is not there, or the CPU's was written to since."""
        tensor, version, flat = self.held.get(key, (None, 0, None))
        if tensor is None or tensor._version != version:
            return None
        self.held.move_to_end(key)
        return flat


@dataclass(frozen=True)
class OnDevice:
    """What one call finds on the device: the weights and what was there lately, but for what it writes to."""

    kept: dict
    recent: Recent
    targets: set[int]

    def get(self, key: tuple) -> torch.Tensor | None:
        """The memory by storage and dtype, if it is there."""
        if key[0] in self.targets:
            return None
        flat = self.kept.get(key)
        return self.recent.get(key) if flat is None else flat


class LockStep:
    """The pass. `findings` are what is wrong, `counts` and `refused` say what was compared, what not, and why.

    `repeat` is how often the device computes each op. With `backward`, each op's gradients are compared when the
    program's own backward pass comes to it, with the gradient that comes in there.
    """

    def __init__(self, model: torch.nn.Module, device: str, repeat: int = 1, backward: bool = False):
        self.device, self.repeat, self.backward = device, repeat, backward
        self.where = Where(model)
        self.findings: list[Finding] = []
        self.counts: Counter = Counter()
        self.runs: Counter = Counter()  # by op: how often the device computed it
        self.refused: dict[str, tuple[int, str]] = {}  # op: how often, why
        self.sick: dict[str, Finding] = {}  # by kind of call
        self.near: dict[str, float] = {}  # by kind of call: a distance from the CPU that was found right
        self.outer: list[Case] = []  # the calls that are being looked into
        self.backward_of: Spot | None = None  # where the call was made whose backward pass is being looked into
        self.last: Finding | None = None  # the last one that was found or found again
        self.alone: list[Case] = []  # calls on the device that the CPU cannot make
        self.kept: dict[tuple, torch.Tensor] = {}  # the weights on the device
        self.recent = Recent()
        self.trusted: set[torch.dtype] = set()  # those whose numbers come back from the device as they went
        self.there: set[int] = set()  # storages that a run on the device would have there,
        self.numbers: set[int] = set()  # and would have on the CPU: torch.tensor(…) and what is made of it
        self.cpu_only: set[int] = set()  # and must have on the CPU: the device takes, or leaves, them there alone

    def moved(self, flat: torch.Tensor) -> torch.Tensor:
        """Memory on the device. Raises CouldNotCheck where moving changes numbers, tried once for each dtype."""
        if flat.dtype not in self.trusted:
            numbers = torch.arange(-100, 101).to(flat.dtype)
            try:
                returned = numbers.to(self.device).cpu()
            except Exception as error:  # whatever a device raises for what it cannot do
                raise CouldNotCheck(f"{self.device} takes no {flat.dtype} ({first_line(error)})") from error
            if not torch.equal(returned, numbers):
                raise CouldNotCheck(f"{flat.dtype} numbers moved to {self.device} and back are others")
            self.trusted.add(flat.dtype)
        return flat.to(self.device)

    def keep(self, weights: list[torch.Tensor]) -> None:
        """Move weights to the device, once for the whole pass."""
        for weight in weights:
            key = (storage_of(weight), weight.dtype)
            if key not in self.kept:
                self.kept[key] = self.moved(flat_of(weight))
        self.place(weights, True)

    def place(self, tensors: list[torch.Tensor], there: bool | None) -> None:
        """Note whether a run on the device would have these tensors there; None: that is not known."""
        for tensor in tensors:
            for known in (self.there, self.numbers, self.cpu_only):
                known.discard(storage_of(tensor))  # an address may have been used before
            if there is not None:
                (self.there if there else self.numbers).add(storage_of(tensor))

    def would_be_there(self, op, bound: dict, tensors: list[torch.Tensor]) -> bool | None:
        """Whether a run on the device would make this call there; None: that is not known."""
        if base_name(op) == "lift_fresh":  # torch.tensor(…)
            return False
        if bound.get("device") is not None or any(storage_of(t) in self.there for t in tensors):
            return True
        here = self.numbers | self.cpu_only
        return False if tensors and all(storage_of(t) in here for t in tensors) else None

    # ---- one call -------------------------------------------------------------------------------------------------

    def handle(self, op, args, kwargs, run):
        """Compute an op on the CPU, whose result goes on, and compare the device's result for the same inputs."""
        tensors = tensors_in((args, kwargs))
        if not self.accepts(op, tensors):
            return run()
        before, restore = saved(op, args, kwargs)
        with plain_dispatch():
            result = op(*args, **kwargs)
            results = tensors_in(result)
            if not self.accepts(op, results):
                return result
            places = new_places(tensors, result)
            if not places and not targets_of(op) and tensors and not self.backward:  # it shows memory that is known
                self.counts["views"] += not self.outer
                return result
            bound = bind(op, args, kwargs)
            there = self.would_be_there(op, bound, tensors)
            self.place(results, there)
            wrong = None
            if self.is_compared(op, bound, there is not False, places):
                case, cpu = Case(op, *before, places), outcome(op, args, kwargs, result, places)
                wrong = self.compare(case, cpu, None, results)
                scalars = frozenset(n for n, t in enumerate(tensors) if t.ndim == 0 and storage_of(t) not in self.there)
                staying = scalars | self.must_stay(tensors)
                if not wrong and scalars and len(staying) < len(tensors):
                    wrong = self.compare(case, cpu, [staying])  # a number often stays on the CPU
            for target in written(op, args, kwargs):  # a weight that was changed is moved again when it is read
                self.kept.pop((storage_of(target), target.dtype), None)
            if self.backward and not self.outer:
                self.await_gradient(op, args, kwargs, result)
        if wrong:
            self.settle(*wrong, restore, run)
        return result

    def handle_there(self, op, args, kwargs, run):
        """The reverse: the device's result goes on, and the CPU computes it for the inputs that the device made."""
        if not self.accepts(op, tensors_in((args, kwargs))):
            return run()
        before, restore = saved(op, args, kwargs)
        with plain_dispatch():
            result = op(*args, **kwargs)
            if not self.accepts(op, tensors_in(result)):
                return result
            places, wrong = new_places(tensors_in((args, kwargs)), result), None
            if self.is_compared(op, bind(op, args, kwargs), True, places):
                here = frozenset(id(t) for t in tensors_in(before) if t.device.type == "cpu")
                fetched = Twins(lambda flat: flat.cpu()).of(before, here)
                staying = frozenset(n for n, t in enumerate(tensors_in(before)) if id(t) in here)
                case = Case(op, *mapped(to_cpu_device, fetched), places, staying)
                copies = Twins(lambda flat: flat.clone() if written(op, args, kwargs) else flat)
                try:
                    cpu = computed(case, copies)
                except Exception as error:  # a kernel of the device's own, as those of some gradients
                    self.alone.append(case)
                    self.refuse(op, f"the CPU does not compute it: {first_line(error)}")
                    return result
                runs, got = Runs(), outcome(op, args, kwargs, result, places)
                runs.add(got, self.apart(case, cpu, got))
                wrong = self.judge(case, cpu, runs)
        if wrong:
            self.settle(*wrong, restore, run, own_inputs=not self.backward_of)
        return result

    def accepts(self, op, tensors: list[torch.Tensor]) -> bool:
        """Whether a call can be made elsewhere; if not, that is noted."""
        reason = obstacle(op, tensors)
        if reason:
            self.refuse(op, reason)
        return reason is None

    def refuse(self, op, reason: str) -> None:
        """Note an op that was not compared; what is inside another call is compared with that."""
        if self.backward_of:
            return
        name = base_name(op) if hasattr(op, "_schema") else str(op)
        self.refused[name] = (self.refused.get(name, (0, ""))[0] + 1, reason)

    def is_compared(self, op, bound: dict, there: bool, places: tuple) -> bool:
        """Whether a call gives something to compare; each is counted by what it is."""
        if is_random(op, bound):
            kind = "random"
        elif only_shows(op) or not (places or written(op, (), bound)):
            kind = "views"
        else:
            kind = "compared" if there else "on the CPU"
        self.counts[kind] += not self.outer
        return kind == "compared"

    def must_stay(self, tensors: list[torch.Tensor]) -> frozenset:
        """The places of the tensors that the device takes from the CPU alone."""
        return frozenset(n for n, t in enumerate(tensors) if storage_of(t) in self.cpu_only)

    def ways(self, case: Case) -> Iterator[frozenset]:
        """Which tensors may stay on the CPU, in the order to try: a device takes some, such as lengths, there alone."""
        first = self.must_stay(case.tensors) if self.cpu_only else frozenset()
        if not first or len(first) < len(case.tensors):
            yield first
        targets = {storage_of(t) for t in written(case.op, case.args, case.kwargs)}
        able = [
            n
            for n, t in enumerate(case.tensors)
            if storage_of(t) not in targets and (t.ndim == 0 or not (t.is_floating_point() or t.is_complex()))
        ]
        for way in dict.fromkeys([frozenset(), *(frozenset([n]) for n in able), frozenset(able)]):
            if way != first and (not way or len(way) < len(case.tensors)):
                yield way

    def compare(
        self, case: Case, cpu: list, ways: Iterable[frozenset] | None, results: Iterable[torch.Tensor] = ()
    ) -> tuple[Case, Difference] | None:
        """Compute a case on the device, in the first of the ways that it takes, and judge it against the CPU's results.

        `ways` are all of them if None. `results` are the CPU's: what the device leaves on the CPU of its own, a run on
        the device would have there.
        """
        targets = {storage_of(t) for t in written(case.op, case.args, case.kwargs)}
        reason = None
        for way in self.ways(case) if ways is None else ways:
            if way != case.staying:
                case = replace(case, staying=way)
            made: list[torch.Tensor] = []  # the tensors of the result as the device gives them

            def look(there, made=made):
                made[:] = tensors_in(there)

            try:
                runs = self.runs_of(case, cpu, targets, look)
                if runs.apart > screen_of(case) and not self.recent.is_intact(case.tensors):
                    self.recent = Recent()  # another call wrote to what it read: that is no fault of this one
                    runs = self.runs_of(case, cpu, targets, look)
            except Exception as error:  # whatever a device raises for what it cannot do
                reason = reason or first_line(error)
                continue
            if reason and case.incoming is None:
                self.cpu_only |= {storage_of(case.tensors[n]) for n in way}
            pairs = list(zip(results, made))
            self.cpu_only |= {storage_of(t) for t, there in pairs if there.device.type == "cpu"}
            if not runs.apart and not targets:
                for t, there in pairs:
                    self.recent.note_result(t, there)
            if not self.outer:
                self.runs[base_name(case.op) + " (gradient)" * (case.incoming is not None)] += self.repeat
            return self.judge(case, cpu, runs)
        if ways is None:  # else a program that the device takes does not make such a call
            self.refuse(case.op, reason)
        return None

    def runs_of(self, case: Case, cpu: list, targets: set[int], look) -> Runs:
        """A case computed on the device as often as asked for, on copies of its own of what it writes to (`targets`)."""
        runs = Runs()
        for _ in range(self.repeat):
            twins = Twins(self.moved, OnDevice(self.kept, self.recent, targets))
            got = computed(case, twins, self.to_device, look)
            runs.add(got, self.apart(case, cpu, got))
            if twins.flats:
                for t in case.tensors:
                    flat = twins.flats.get((storage_of(t), t.dtype))
                    if flat is not None and storage_of(t) not in targets:
                        self.recent.note(t, flat)
        return runs

    def to_device(self, value):
        """The device for a torch.device, anything else as it is."""
        return torch.device(self.device) if isinstance(value, torch.device) else value

    # ---- the verdict on one call ----------------------------------------------------------------------------------

    def judge(self, case: Case, cpu: list, runs: Runs) -> tuple[Case, Difference | None] | None:
        """The case and how it is wrong (None: known already), or None if all of the device's results are right."""
        apart, screen = runs.apart, screen_of(case)
        if apart <= screen:
            return None
        kind = kind_of(case)
        if kind in self.sick:
            return case, None
        if apart <= self.near.get(kind, 0.0):
            return None
        worst = self.worst(case, cpu, runs.farthest)
        if worst is None:
            if math.isfinite(apart):  # another order says nothing of the next call
                self.near[kind] = apart
            return None
        return replace(case, differs=runs.share_beyond(screen) if runs.differ else 0.0), worst

    def apart(self, case: Case, cpu: list, got: list) -> float:
        """How far results are from the CPU's, in units of rounding; infinity where memory around them differs at all."""
        if len(got) != len(cpu):
            return math.inf
        distances = [distance(c, g) for c, g in zip(cpu, got)]
        return max((math.inf if d and is_around(case, n) else d for n, d in enumerate(distances)), default=0.0)

    def settle(
        self, case: Case, worst: Difference | None, restore, run, spot: Spot | None = None, own_inputs=False
    ) -> None:
        """Note what is wrong: the innermost op that shows it, or once more a kind of call that is known."""
        spot = spot or self.backward_of or self.where.spot()
        kind = kind_of(case)
        if kind in self.sick:
            self.last = self.sick[kind]
            self.last.modules.append(spot.module)
        else:
            self.sick[kind] = self.look_inside(case, restore, run) or self.note(case, worst, spot, own_inputs)

    def worst(self, case: Case, cpu: list, got: list) -> Difference | None:
        """The largest difference by the rule; None if all is right."""
        name, found, exact = base_name(case.op), [], None
        bound = {} if case.incoming else bind(case.op, case.args, case.kwargs)
        if len(got) != len(cpu):
            return Difference("shape", math.inf)
        cpu, got = (in_one_order(name, bound, results) for results in (cpu, got))
        for n, (c, g) in enumerate(zip(cpu, got)):
            if not distance(c, g) or only_order(name, bound, c, g):
                continue
            if is_around(case, n):
                one = difference(c, g, None, moves=True)
                found.append(one and replace(one, around=True))
                continue
            exact = self.exact(case) if exact is None else exact
            reference = exact[n] if n < len(exact) and exact[n].shape == c.shape else None
            found.append(difference(c, g, reference, name in MOVES and not case.incoming))
        return max(filter(None, found), key=lambda d: (not d.around, d.kind == "nan", d.ratio), default=None)

    def exact(self, case: Case) -> list[torch.Tensor]:
        """The case on the CPU in float64; nothing if there is no such kernel."""
        with contextlib.suppress(Exception):  # whatever an op raises for a dtype that it does not have
            return computed_exactly(case)
        return []

    def look_inside(self, case: Case, restore, run) -> Finding | None:
        """Go through the ops that a call consists of, if it does; the one that is wrong."""
        self.last = None
        restore()
        self.outer.append(case)
        try:
            run()
        finally:
            self.outer.pop()
        return self.last

    def note(self, case: Case, worst: Difference, spot: Spot, own_inputs: bool) -> Finding:
        """Add a finding, or a call to one of the same op and layouts."""
        same = (f for f in self.findings if kind_of(f.case, offsets=False) == kind_of(case, offsets=False))
        self.last = next(same, None)
        if self.last is None:
            outer = self.outer[0] if self.outer else case
            self.last = Finding(case, outer, worst, spot, own_inputs=own_inputs)
            self.findings.append(self.last)
            if not self.last.gradient:
                self.where.waiting.append(self.last)
        self.last.modules.append(spot.module)
        return self.last

    # ---- gradients ------------------------------------------------------------------------------------------------

    def await_gradient(self, op, args, kwargs, result) -> None:
        """Compare an op's gradients when the backward pass comes to it."""
        tensors, results = tensors_in((args, kwargs)), tensors_in(result)
        nodes: dict[Any, dict[int, int]] = {}  # what computes the gradient: place among the results, in its own order
        for place, t in enumerate(results):
            if t.grad_fn is not None and not any(t is argument for argument in tensors):
                nodes.setdefault(t.grad_fn, {})[place] = t.output_nr
        if nodes and written(op, args, kwargs):
            self.counts["gradients of calls in place"] += 1
            return
        wrt = tuple(n for n, t in enumerate(tensors) if t.requires_grad)
        case = Case(
            op, *mapped(lambda v: v.detach() if isinstance(v, torch.Tensor) else v, (tuple(args), kwargs)), wrt=wrt
        )
        versions, spot, count = [t._version for t in case.tensors], self.where.spot(), len(results)

        def arrived(order: dict[int, int], grads: tuple) -> None:
            if [t._version for t in case.tensors] != versions:
                self.counts["gradients of arguments that were changed since"] += 1
                return
            incoming = tuple(grads[order[n]] if n in order else None for n in range(count))
            if any(gradient is not None for gradient in incoming):
                self.counts["gradients"] += 1
                one = replace(case, incoming=incoming)
                with plain_dispatch():  # also where the program itself asks for gradients, under the recorder
                    wrong = self.compare(one, computed(one, Twins(lambda flat: flat)), None)
                if wrong:
                    self.settle(*wrong, lambda: None, lambda: self.through_kernels(*wrong, spot), spot)

        for node, order in nodes.items():
            node.register_prehook(lambda grads, order=order: arrived(order, grads))

    def through_kernels(self, case: Case, worst: Difference | None, spot: Spot) -> None:
        """Make a wrong gradient on the device again, each kernel of its backward pass being held against the CPU.

        Is none of them wrong, and has the CPU no such kernel as one of them, then that one is.
        """
        self.alone, self.backward_of = [], spot
        try:
            with contextlib.suppress(Exception):  # whatever a device raises; then the gradient is named as a whole
                computed(case, Twins(self.moved), self.to_device, backward=around(self.handle_there))
            if self.last is None and not case.differs and len({base_name(one.op) for one in self.alone}) == 1:
                self.note(self.alone[0], worst, spot, False)
        finally:
            self.backward_of = None


def bits_of(flat: torch.Tensor) -> torch.Tensor:
    """Memory as bytes: NaN is then the same as NaN, and 0 another than -0."""
    return flat.view(torch.uint8)


def fills_memory(tensor: torch.Tensor) -> bool:
    """Whether a tensor is all that its memory holds, in plain order."""
    plain = tensor.is_contiguous() and not (tensor.is_conj() or tensor.is_neg())
    return plain and tensor.numel() * tensor.element_size() == tensor.untyped_storage().nbytes()


def screen_of(case: Case) -> float:
    """How far from the CPU a result may be, in units of rounding, and be right whatever the reference is."""
    return 0.0 if base_name(case.op) in MOVES else SCREEN


def kind_of(case: Case, offsets: bool = True) -> str:
    """What makes two calls alike: op, numbers, dtypes and layouts."""

    def described(value):
        if not isinstance(value, torch.Tensor):
            return value
        return str(value.dtype), value.shape, value.stride(), value.storage_offset() if offsets else ""

    return repr(
        (case.op, case.incoming is None, bool(case.staying), mapped(described, (case.args, case.kwargs, case.incoming)))
    )


def to_cpu_device(value):
    """The CPU for a torch.device, anything else as it is."""
    return torch.device("cpu") if isinstance(value, torch.device) else value


def first_line(error: BaseException) -> str:
    """An exception in one line."""
    return f"{type(error).__name__}: {error}".splitlines()[0]
