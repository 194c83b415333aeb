"""The smallest trigger that separates wrong calls from right ones, in the words of `bugs.properties`.

Each case gives the calls of one op that it made, each as a table of facts; a case is wrong or right as a whole. A
conjunction explains a wrong case if it holds of one of its calls, and is refuted by a right case with such a call.
Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from mpscheck.bugs.properties import FLOATS, INTEGERS

LONGEST = 3  # conditions that are looked for together; more are added one at a time
ALTERNATIVES = 3
REFUTED = 60.0  # what it costs to be refuted by all right calls; a condition costs some 1.5
CHANCE = 0.05  # the share of right calls of which a trigger may hold, the fault having done no harm there
COMPARED = ("size", "ndim", "numel", "offset", "stride", "value", "max", "min")  # numbers with a threshold
GROUPS = (FLOATS, INTEGERS, ("float16", "bfloat16"), ("complex64", "complex128"))
COST = {  # what a condition costs, cheapest first: a reader understands a layout at once
    "layout": 1.0, "conj": 1.0, "dtype": 1.1, "given": 1.2, "device": 1.2, "tensor": 1.2, "has": 1.3, "value": 1.35, "grad": 1.4,
    "ndim": 1.5, "offset": 1.25, "order": 1.6, "numel": 1.55, "size": 1.7, "max": 1.8, "min": 1.8, "strides": 1.6, "stride": 2.2, "form": 0.9, "phase": 0.9,
}  # fmt: skip

Facts = dict[str, object]  # `self.layout`: permuted, `self has nan`: True, `form`: out


@dataclass(frozen=True)
class Example:
    """One case: the facts of its calls of the op, and whether it came out wrong."""

    calls: tuple[Facts, ...]
    wrong: bool


@dataclass(frozen=True)
class Test:
    """A condition as it is written, and how it is decided from facts."""

    text: str
    term: str
    comparator: str
    value: object

    def holds(self, facts: Facts) -> bool:
        """Whether it is true of a call; what the call has not is true of nothing."""
        found = facts.get(self.term)
        if found is None:
            return False
        if self.comparator == "in":
            return found in self.value
        if self.comparator in ("==", "!="):
            return (found == self.value) == (self.comparator == "==")
        return found > self.value if self.comparator == ">" else found < self.value

    @property
    def is_limit(self) -> bool:
        """Whether it is a limit of a size or a value, which chance can set anywhere."""
        return self.comparator in ("<", ">") and ".offset" not in self.term

    @property
    def cost(self) -> float:
        """How much a reader has to understand."""
        name = "has" if " has " in self.term else next((p for p in self.term.split(".")[1:2]), self.term)
        return (
            COST.get(name, 2.0)
            + (0.05 if self.comparator == "in" else 0.0)
            + (0.02 if self.term.startswith("result") else 0.0)
        )


@dataclass(frozen=True)
class Learnt:
    """Alternatives, each a conjunction; how many of the cases that it was learnt from it tells right."""

    alternatives: tuple[tuple[Test, ...], ...]
    right: int
    of: int

    def holds(self, calls: Iterable[Facts]) -> bool:
        """Whether it is true of one of these calls."""
        return any(all(test.holds(facts) for test in tests) for facts in calls for tests in self.alternatives)

    def tables(self, op: str) -> list[dict]:
        """As a trigger is written in metadata."""
        found = []
        for tests in self.alternatives:
            table = {"op": [op], "when": [test.text for test in tests if "." in test.term or " has " in test.term]}
            found.append(table | {test.term: test.value for test in tests if test.term in ("form", "phase")})
        return found


def learn(examples: list[Example]) -> Learnt | None:
    """The smallest trigger; None where nothing was wrong, or no call of the op was seen in what was.

    First one conjunction in words that a reader understands at once, then one with limits of sizes and values, then
    alternatives.
    """
    wrong = [one for one in examples if one.wrong and one.calls]
    right = [one for one in examples if not one.wrong]
    if not wrong:
        return None
    calls = [facts for one in right for facts in one.calls]
    tests = candidates(wrong, calls)
    plain = [test for test in tests if not test.is_limit]
    alternatives = (
        _alternatives(wrong, calls, plain, 1)
        or _alternatives(wrong, calls, tests, 1)
        or _alternatives(wrong, calls, plain, ALTERNATIVES)
        or _alternatives(wrong, calls, tests, ALTERNATIVES)
        or (_least_wrong(wrong, right, tests),)
    )
    learnt = Learnt(alternatives, 0, 0)
    return Learnt(alternatives, *score(learnt, examples))


def _alternatives(wrong: list[Example], calls: list[Facts], tests: list[Test], most: int) -> tuple | None:
    """At most so many conjunctions that explain each wrong case; None where they do not suffice."""
    found, left = [], wrong
    while left and len(found) < most:
        one = _conjunction(left, calls, tests, last=len(found) == most - 1)
        if one is None:
            return None
        found.append(one)
        left = [example for example in left if not _explains(one, example)]
    return tuple(found) if not left else None


def score(learnt: Learnt, examples: list[Example]) -> tuple[int, int]:
    """How many cases it tells right, and of how many."""
    return sum(learnt.holds(one.calls) == one.wrong for one in examples), len(examples)


def _explains(tests: tuple[Test, ...], example: Example) -> bool:
    return any(all(test.holds(facts) for test in tests) for facts in example.calls)


def _conjunction(wrong: list[Example], calls: list[Facts], tests: list[Test], last: bool) -> tuple[Test, ...] | None:
    """The cheapest conjunction that right calls do not refute: of all wrong cases, else of as many as one can explain."""
    whole = [t for t in tests if all(_explains((t,), one) for one in wrong)]
    found = _smallest(whole, wrong, calls)
    if found is not None or last:
        return found
    best, most = None, 0
    for test in sorted(tests, key=lambda t: t.cost)[:60]:  # an alternative is about some of the wrong cases
        some = [one for one in wrong if _explains((test,), one)]
        if not most < len(some) < len(wrong):
            continue
        inner = [t for t in tests if all(_explains((test, t), one) for one in some)]
        found = _smallest([test, *inner], some, calls)
        if found is not None:
            best, most = found, len(some)
    return best


def _smallest(tests: list[Test], wrong: list[Example], calls: list[Facts]) -> tuple[Test, ...] | None:
    """The cheapest of these conditions that together hold of each wrong case and of hardly any right call.

    Of some right calls they may hold: a fault that fires can leave the result right by chance.
    """
    if not calls:
        return ()
    masks: dict[int, Test] = {}
    for test in tests:
        mask = sum(1 << n for n, facts in enumerate(calls) if test.holds(facts))
        if mask not in masks or test.cost < masks[mask].cost:  # those that say the same of all right calls are one
            masks[mask] = test
    pairs = sorted(masks.items(), key=lambda pair: pair[1].cost)[:80]
    best: tuple[float, tuple[Test, ...]] | None = None
    for size in range(1, LONGEST + 1):
        for some in combinations(pairs[: 80 if size < 3 else 35], size):
            cost = sum(test.cost for _, test in some) + 0.5 * size
            if best is not None and cost >= best[0]:
                continue
            together = -1
            for mask, _ in some:
                together &= mask
            refuted = bin(together).count("1")
            cost += max(0.1 * refuted, REFUTED * refuted / len(calls))
            chosen = tuple(test for _, test in some)
            if refuted > CHANCE * len(calls) or (best is not None and cost >= best[0]):
                continue
            if all(_explains(chosen, one) for one in wrong):
                best = cost, chosen
    return best[1] if best is not None else _greedy(pairs, wrong)


def _greedy(pairs: list, wrong: list[Example]) -> tuple[Test, ...] | None:
    """Conditions added one at a time, each the one that leaves the fewest right calls."""
    chosen, left = (), -1
    for _ in range(6):
        fitting = [
            (bin(left & mask if left >= 0 else mask).count("1"), test.cost, n)
            for n, (mask, test) in enumerate(pairs)
            if test not in chosen and all(_explains((*chosen, test), one) for one in wrong)
        ]
        if not fitting:
            return None
        _, _, n = min(fitting)
        mask, test = pairs[n]
        chosen, left = (*chosen, test), mask if left < 0 else left & mask
        if not left:
            return chosen
    return None


def _least_wrong(wrong: list[Example], right: list[Example], tests: list[Test]) -> tuple[Test, ...]:
    """Where nothing separates them: the single condition that is right most often, or none at all."""
    both = [*wrong, *right]

    def said_right(tests: tuple[Test, ...]) -> int:
        return sum(_explains(tests, one) == one.wrong for one in both)

    options = [(), *((test,) for test in tests)]
    return max(options, key=lambda tests: (said_right(tests), -sum(t.cost for t in tests)))


def candidates(wrong: list[Example], right: list[Facts]) -> list[Test]:
    """The conditions that are true of some wrong call and say something."""
    positive = [facts for one in wrong for facts in one.calls]
    terms = dict.fromkeys(term for facts in positive for term in facts)
    found: list[Test] = []
    for term in terms:
        values = [facts[term] for facts in positive if facts.get(term) is not None]
        others = [facts[term] for facts in right if facts.get(term) is not None]
        if values:
            found += _tests(term, values, others)
    return found


def _tests(term: str, values: list, others: list) -> Iterator[Test]:
    name = term.split(".")[1] if "." in term else term
    kinds = list(dict.fromkeys(values))
    if " has " in term:
        if True in values:
            yield Test(term, term, "==", True)
        return
    if " strides " in term or " dtype " in term:  # of two arguments, the same or not
        yield from (Test(term.replace("~", "==" if value else "!="), term, "==", value) for value in kinds)
        return
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
    if not numbers or name in ("value", "ndim") or len(kinds) == 1:
        for value in kinds[:6]:
            if (said := _said(value)) and not (
                name == "offset" or (name in ("max", "min", "stride", "numel") and value not in (0, 1))
            ):
                yield Test(f"{term} == {said}", term, "==", value)
    if name == "layout":
        yield Test(f"{term} != contiguous", term, "!=", "contiguous")
    if name == "dtype":
        for group in GROUPS:
            if set(kinds) <= set(group):
                yield Test(f"{term} in {','.join(group)}", term, "in", group)
        if 1 < len(kinds) <= 4:
            yield Test(f"{term} in {','.join(sorted(kinds))}", term, "in", tuple(sorted(kinds)))
    if name in COMPARED and numbers:
        least, most = min(values), max(values)
        below = [value for value in others if isinstance(value, (int, float)) and value < least]
        above = [value for value in others if isinstance(value, (int, float)) and value > most]
        if name == "offset" and least > 0:
            yield Test(f"{term} > 0", term, ">", 0)
        elif below and _apart(name, max(below), least):
            yield Test(f"{term} > {_said(max(below))}", term, ">", max(below))
        if above and _apart(name, most, min(above)):
            yield Test(f"{term} < {_said(min(above))}", term, "<", min(above))


def _apart(name: str, low: float, high: float) -> bool:
    """Whether a limit lies between two numbers that is no chance: values far apart, or on both sides of 0; any sizes."""
    return (
        name not in ("max", "min")
        or low <= 0 <= high
        or (low > 0 and high >= 1.5 * low)
        or (high < 0 and low <= 1.5 * high)
    )


def _said(value: object) -> str:
    """A value as a condition writes it; empty where it cannot."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value) if value == value else ""
    return value if isinstance(value, str) and value.replace("_", "").replace("-", "").isalnum() else ""
