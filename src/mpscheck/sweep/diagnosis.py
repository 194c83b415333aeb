"""What is behind findings: the aten op that is wrong, the smallest case, the trigger, the known bug, a program that shows it.

Runs in a worker process. The op is found in lock-step with the CPU, as `locate` does; where that sees nothing (a view, a
copy between devices, or the CPU's own kernels), the op whose calls explain best which cases are wrong.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from mpscheck.bugs import catalogue, properties, recorder, trigger
from mpscheck.bugs.bug import Bug
from mpscheck.bugs.properties import is_tensor, plain, tensors_in_argument
from mpscheck.bugs.trigger import Call
from mpscheck.sweep.cases import Bench, Case, read_case
from mpscheck.sweep.database import all_entries
from mpscheck.sweep.entries import Entry, Sample, spread
from mpscheck.sweep.layouts import PLAIN
from mpscheck.sweep.learning import Example, Facts, Learnt, learn, score
from mpscheck.sweep.work import samples_of
from mpscheck.tools.locate.lockstep import Finding, LockStep
from mpscheck.tools.locate.recognize import GIVES_NUMBERS, could_match
from mpscheck.tools.locate.replay import mapped
from mpscheck.tools.locate.reproduce import reproduce, run_in_process

LOOKED_INTO = 6  # cases of an entry that are made in lock-step
WRONG_CASES, RIGHT_CASES = 8, 14  # of a sample, that a trigger is learnt from
SECONDS = 25.0  # for the examples of one op
READ = 20_000  # elements of a tensor whose values are looked at
SEEN_RIGHT = 0.98  # of the cases that a known trigger must tell right to be the one
COMMON = frozenset(  # of which a program is full; they are blamed last
    """empty empty_like empty_strided detach alias lift_fresh view resize as_strided set copy clone to reshape
    _local_scalar_dense item select slice contiguous permute transpose t unsqueeze squeeze expand flip zeros ones full
    _reshape_alias _unsafe_view narrow movedim flatten""".split()
)
RELATED = 4  # entries beside those that were wrong, for calls of the op that are right


def bench_of(case: Case, device: str, seed: int) -> Bench | None:
    """The bench that makes a case; None where another seed gives no such sample."""
    entry = all_entries()[case.entry]
    samples = {sample.number: sample for sample in samples_of(entry, case.dtype, seed)}
    sample = samples.get(case.sample)
    if sample is None or len(sample.tensors) != len(case.layouts):
        return None
    return Bench(entry, case.dtype, sample, device)


def benches(entry: Entry, device: str, seed: int) -> Iterable[Bench]:
    """All of an entry."""
    for dtype in entry.dtypes:
        for sample in samples_of(entry, dtype, seed):
            yield Bench(entry, dtype, sample, device)


# ---- the op -------------------------------------------------------------------------------------------------------


def in_lock_step(bench: Bench, case: Case) -> list[Finding]:
    """The calls within a case that are wrong on the device, in lock-step with the CPU."""
    steps = LockStep(torch.nn.Module(), bench.device, backward=case.form == "backward")
    twin = Bench(bench.entry, bench.dtype, bench.sample, "cpu", lambda: recorder.around(steps.handle))
    with suppress(Exception):  # whatever a device raises
        twin._on_device(case, bench.expected(case))
    return steps.findings


def name_of(finding: Finding) -> str:
    """The name of the op as triggers have it: `x.to(…)` is a `copy`."""
    op = finding.op
    return "copy" if op == "_to_copy" else op


def ops_of(name: str, device: str, seed: int, wrong: list[dict]) -> dict[str, list[dict]]:
    """The wrong cases of an entry by the aten op that is wrong."""
    found: dict[str, list[dict]] = {}
    kernel: str | None = None  # of the gradient, once it was looked for
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for one in wrong[:LOOKED_INTO]:
            case = read_case(one["case"])
            bench = bench_of(case, device, seed)
            steps = in_lock_step(bench, case) if bench and one["verdict"] not in ("crash", "hang") else []
            op = name_of(steps[0]) if steps else ""
            if op and steps[0].gradient and "backward" not in op:
                kernel = kernel if kernel is not None else best_op(name, device, seed, backward=True) or ""
                op = kernel or op
            found.setdefault(op, []).append(one)
    named = {op: some for op, some in found.items() if op}
    rest = [*found.get("", []), *wrong[LOOKED_INTO:]]
    if not rest:
        return named
    if named:
        best = max(named, key=lambda op: len(named[op]))
        named[best] = named[best] + rest
        return named
    return {best_op(name, device, seed) or all_entries()[name].op.rpartition(".")[2]: rest}


def best_op(name: str, device: str, seed: int, backward: bool = False) -> str | None:
    """The op whose calls explain best which cases of an entry are wrong; `backward`: of those that compute gradients."""
    pairs = made_cases([name], device, seed, time.monotonic() + SECONDS / 2)
    wrong = [calls for found, calls in pairs if found.wrong and calls]
    if not wrong:
        return None
    reached = [{op for op, *_ in calls if not backward or "backward" in op} for calls in wrong]
    everywhere = set.intersection(*reached)
    scores = {}
    for op in everywhere:
        examples = [Example(tuple(facts for o, facts, _ in calls if o == op), found.wrong) for found, calls in pairs]
        learnt = learn(examples)
        if learnt:
            conditions = sum(map(len, learnt.alternatives))
            own = all_entries()[name].op.rpartition(".")[2]
            scores[op] = round(learnt.right / learnt.of, 2), op == own, op not in COMMON, -conditions
    return max(scores, key=scores.__getitem__, default=None)


# ---- the facts of a call ------------------------------------------------------------------------------------------


def facts_of(call: Call) -> Facts:
    """What triggers may ask of a call, as far as a trigger is learnt from it."""
    facts: Facts = {"form": call.form, "phase": call.phase}
    told: dict[str, torch.Tensor] = {}
    for name, value in [*call.args.items(), ("result", call.result)]:
        tensors = list(tensors_in_argument(value))
        if name != "result":
            facts[f"{name}.given"] = value is not None
        if tensors:
            told[name] = next((t for t in tensors if not t.is_contiguous() or t.storage_offset()), tensors[0])
            facts |= _facts_of_tensor(name, told[name], call.accelerator)
            if name != "result" and not isinstance(value, (list, tuple)):
                facts[f"{name}.tensor"] = True
        elif name != "result" and value is not None:
            facts |= _facts_of_value(name, value)
    pairs = [(a, b) for n, a in enumerate(told) for b in list(told)[n + 1 :]][:6]
    for a, b in pairs:
        facts[f"{a}.strides ~ {b}.strides"] = told[a].stride() == told[b].stride()
        facts[f"{a}.dtype ~ {b}.dtype"] = told[a].dtype == told[b].dtype
    return facts


def _facts_of_value(name: str, value) -> Facts:
    if isinstance(value, (list, tuple)):
        items = [plain(item) for item in value if not is_tensor(item)]
        numbers = bool(items) and not any(item is None for item in items)
        return {f"{name}.value.0": items[0], f"{name}.value.-1": items[-1]} if numbers else {}
    facts: Facts = {f"{name}.value": plain(value)}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        facts[f"{name}.tensor"] = False
    return facts


def _facts_of_tensor(name: str, tensor: torch.Tensor, accelerator: str) -> Facts:
    facts: Facts = {}
    for word in ("layout", "device", "dtype", "ndim", "numel", "offset", "conj", "grad"):
        facts[f"{name}.{word}"] = properties.PROPERTIES[word](tensor, None, accelerator)
    order = properties.order(tensor) if facts[f"{name}.layout"] == "permuted" else ""
    if order and len(order) > 1:
        facts[f"{name}.order"] = order
    dims = tensor.ndim
    for dim in dict.fromkeys([*range(min(dims, 2)), *range(-min(dims, 3), 0)]):
        facts[f"{name}.size.{dim}"] = tensor.shape[dim]
    for dim in range(min(dims, 2)):
        facts[f"{name}.stride.{dim}"] = tensor.stride(dim)
    facts[f"{name} has square"] = properties.TAGS["square"](tensor)
    if 0 < tensor.numel() <= READ and name != "result":
        facts |= _facts_of_numbers(name, tensor)
    return facts


def _facts_of_numbers(name: str, tensor: torch.Tensor) -> Facts:
    """What is read from the values, on the CPU, from a copy of all of the memory."""
    try:
        values = tensor.detach().cpu().resolve_conj().resolve_neg()
    except Exception:  # a device that cannot even copy
        return {}
    facts: Facts = {}
    if values.is_floating_point():
        finite = values.isfinite()
        facts |= {
            f"{name} has nan": bool(values.isnan().any()),
            f"{name} has inf": bool(values.isinf().any()),
            f"{name} has neginf": bool((values == float("-inf")).any()),
        }
        if not bool(finite.all()) and values.ndim:
            facts[f"{name} has masked-row"] = properties.has_masked_row(values)
    elif values.dtype is torch.bool and values.ndim:
        facts[f"{name} has masked-row"] = properties.has_masked_row(values)
    elif not values.is_complex():
        facts[f"{name} has duplicates"] = properties.has_duplicates(values)
    facts[f"{name} has zero"] = bool((values == 0).any())
    if not values.is_complex():
        for word in ("max", "min"):
            facts[f"{name}.{word}"] = properties.extreme(values, word)
    return facts


# ---- the trigger --------------------------------------------------------------------------------------------------

Made = tuple[str, Facts, frozenset]  # the op, what is true of the call, the known bugs whose trigger matches it


def made_cases(names: list[str], device: str, seed: int, until: float, op: str = "", shift: int = 0):
    """Cases of some entries, wrong and right ones: what came of each, and its calls (of one op alone, if it is named).

    `shift` draws other values, for the same cases.
    """
    known = known_of(op) if op else ()
    names = [*names, *related(op, names)] if op else names
    made: list[Made] = []

    def seen(call: Call) -> None:
        if not op or call.op == op:
            slugs = frozenset(bug.slug for bug in known if any(could_match(t, call) for t in bug.triggers))
            with suppress(Exception):  # a device that cannot even tell its values
                made.append((call.op, facts_of(call), slugs))

    accelerator, found = device.partition(":")[0], []
    for name in names:
        for bench in benches(all_entries()[name], device, seed + shift):
            if time.monotonic() > until:
                return found
            outcomes = [(case, bench.run(case)) for case in bench.cases()]
            bench.watch = lambda: recorder.calls(accelerator, seen)
            wrong = [pair for pair in outcomes if pair[1].wrong]
            right = [pair for pair in outcomes if pair[1].verdict == "agrees"]
            for case, outcome in [*spread(wrong, WRONG_CASES), *spread(right, RIGHT_CASES)]:
                made.clear()
                bench.run(case)
                found.append((outcome, list(made)))
    return found


def related(op: str, names: list[str]) -> list[str]:
    """Entries that bear the op in their names, or whose own name is in the op's, beside those that are there."""
    ops = {name: entry.op.rpartition(".")[2].rstrip("_") for name, entry in all_entries().items()}
    exact = [name for name, own in ops.items() if own == op]
    near = [name for name, own in ops.items() if len(own) > 3 and own in op]
    near.sort(key=lambda name: -len(ops[name]))
    return [name for name in dict.fromkeys([*exact, *near]) if name not in names][:RELATED]


def known_of(op: str) -> list[Bug]:
    """The known bugs whose trigger is about an op, those with a check first."""
    some = [bug for bug in catalogue.all_bugs() if bug.kind in (*GIVES_NUMBERS, "error")]
    about = [bug for bug in some if any(op in one.ops for one in bug.triggers)]
    return sorted(about, key=lambda bug: bug.check is None)


@dataclass(frozen=True)
class Explained:
    """What is known of the wrong calls of one op."""

    op: str
    learnt: Learnt | None
    fresh: tuple[int, int]  # cases with other values that the trigger tells right, and how many there were
    hit: tuple[int, int]  # of these, the wrong ones
    alike: dict[str, float]  # by known bug: the share of cases of which its trigger says the same
    known: tuple[str, ...]  # bugs whose own trigger tells the cases apart as well as can be
    near: tuple[str, ...]  # bugs whose trigger holds of most wrong cases, but tells them apart less well
    cases: tuple[int, int]  # wrong and right ones that it was learnt from


def explain(op: str, names: list[str], device: str, seed: int) -> Explained:
    """The trigger of an op's wrong calls, learnt from the cases of these entries and tried on other values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pairs = made_cases(names, device, seed, time.monotonic() + SECONDS, op)
        learnt = learn(examples_of(pairs))
        again = made_cases(names, device, seed, time.monotonic() + SECONDS / 2, op, shift=1) if learnt else []
    wrong = sum(found.wrong for found, _ in pairs)
    known, near = matching(pairs)
    others = examples_of(again)
    fresh, hit = (
        (score(learnt, some) if learnt else (0, 0)) for some in (others, [one for one in others if one.wrong])
    )
    alike = agreement(learnt, again, {*known, *near}) if learnt else {}
    return Explained(op, learnt, fresh, hit, alike, known, near, (wrong, len(pairs) - wrong))


def agreement(learnt: Learnt, pairs, slugs: Iterable[str]) -> dict[str, float]:
    """By known bug: the share of cases of which its own trigger says the same as the one that was inferred."""
    held = [learnt.holds([facts for _, facts, _ in calls]) for _, calls in pairs]
    return {
        slug: round(sum(h == any(slug in s for *_, s in calls) for h, (_, calls) in zip(held, pairs)) / len(pairs), 4)
        for slug in sorted(slugs)
        if pairs
    }


def examples_of(pairs) -> list[Example]:
    """Cases as the learner takes them."""
    return [Example(tuple(facts for _, facts, _ in calls), found.wrong) for found, calls in pairs]


def matching(pairs) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The known bugs whose trigger tells wrong cases from right ones, and those that are near."""
    slugs = Counter(
        slug for found, calls in pairs if found.wrong for slug in frozenset().union(*(s for *_, s in calls))
    )
    known, near, wrong = {}, {}, sum(found.wrong for found, _ in pairs)
    for slug, hit in slugs.items():
        held = [any(slug in s for *_, s in calls) for _, calls in pairs]
        right = sum(h == found.wrong for h, (found, _) in zip(held, pairs)) / len(pairs)
        if right >= SEEN_RIGHT:
            known[slug] = right
        elif hit >= wrong / 2:
            near[slug] = right
    return tuple(sorted(known, key=lambda s: -known[s])), tuple(sorted(near, key=lambda s: -near[s]))


def sentence(learnt: Learnt, op: str) -> str:
    """A trigger as a phrase; the conditions themselves where they are in words that triggers have not."""
    try:
        return trigger.sentence(trigger.parse(learnt.tables(op)))
    except trigger.BadTrigger:
        return " or ".join(" and ".join(t["when"]) for t in learnt.tables(op))


# ---- the smallest case --------------------------------------------------------------------------------------------


def smallest(cases: list[dict], device: str, seed: int) -> tuple[Bench, Case] | None:
    """The smallest of these cases that is wrong in this process, with sizes made smaller as long as it stays wrong."""
    ordered = sorted(map(read_case, cases), key=lambda c: (sum(x != PLAIN for x in c.layouts), c.form != "call"))
    for case in ordered[:8]:
        bench = bench_of(case, device, seed)
        if bench is not None and bench.run(case).wrong:
            return smaller(bench, *_plainer(bench, case))
    return None


def _plainer(bench: Bench, case: Case) -> tuple[Case]:
    """As few odd layouts as still show it."""
    for n, layout in enumerate(case.layouts):
        other = replace(case, layouts=(*case.layouts[:n], PLAIN, *case.layouts[n + 1 :]))
        if layout != PLAIN and not other.plain and bench.run(other).wrong:
            case = other
    return (case,)


def smaller(bench: Bench, case: Case) -> tuple[Bench, Case]:
    """Each size that tensors share made smaller, as long as the CPU takes it and the device is wrong."""
    for size in sorted({size for t in bench.sample.tensors for size in t.shape if size > 1}, reverse=True):
        for less in (1, 2, 3, size // 2):
            if less >= size:
                continue
            other = Bench(bench.entry, bench.dtype, narrowed(bench.sample, size, less), bench.device)
            with suppress(Exception):  # whatever an op raises for sizes that do not fit
                if other.run(case).wrong:
                    bench = other
                    break
    return bench, case


def narrowed(sample: Sample, size: int, less: int) -> Sample:
    """The sample with each dimension of a size cut to another."""

    def cut(value):
        if not isinstance(value, torch.Tensor):
            return value
        return value[tuple(slice(less) if s == size else slice(None) for s in value.shape)].clone()

    args, kwargs = mapped(cut, (sample.args, sample.kwargs))
    return replace(sample, args=args, kwargs=kwargs)


def shown(bench: Bench, case: Case, folder: str) -> dict:
    """The case in sizes and words, whether the plain call is right, and, with a folder, a program that was run here."""
    found = {
        "case": case.stored(),
        "shapes": [list(t.shape) for t in bench.sample.tensors],
        "said": bench.run(case).said,
    }
    plain_case = replace(case, layouts=(PLAIN,) * len(case.layouts), target=PLAIN)
    found["plain"] = bench.run(plain_case).verdict
    steps = in_lock_step(bench, case) if folder else []
    if steps and not steps[0].own_inputs:
        program = reproduce(steps[0].outer, bench.device, run_in_process, Path(folder))
        if program.fails and len(program.text.strip().splitlines()) <= 15 and not program.note:
            found["program"] = program.text
    return found


def described(op: str, names: list[str], cases: list[dict], device: str, seed: int, program: bool = True) -> dict:
    """All that is found out about the wrong calls of one op, as plain data; a `program` is run in a process of its own."""
    explained = explain(op, names, device, seed)
    found = {
        "op": op,
        "cases": list(explained.cases),
        "trigger": explained.learnt.tables(op) if explained.learnt else [],
        "when": sentence(explained.learnt, op) if explained.learnt else "",
        "learnt": [explained.learnt.right, explained.learnt.of] if explained.learnt else [0, 0],
        "fresh": list(explained.fresh),
        "hit": list(explained.hit),
        "alike": explained.alike,
        "known": list(explained.known),
        "near": list(explained.near),
    }
    small = smallest(cases, device, seed)
    if small:
        with tempfile.TemporaryDirectory() as folder:
            found["smallest"] = shown(*small, folder if program else "")
    return found
