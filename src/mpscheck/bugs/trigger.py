"""When a bug fires, said in data: an op and conditions on the properties of its arguments.

    trigger = [{ op = ["linear"], when = ["weight.layout != contiguous"] }]

One definition serves four masters: the sentence on the page, the imitated fault, the audit of a user's script, and the
self-test of the snippet. Several conditions hold together; several tables are alternatives. No code, no nesting.

    SUBJECT.PROPERTY COMPARATOR LITERAL                     key.size.-2 not-multiple-of 32
    SUBJECT.PROPERTY COMPARATOR SUBJECT.PROPERTY            key.size.-2 >= query.size.-2
    numbers may be products and ratios                      self.numel * self.itemsize > 4294967296
    earlier.SUBJECT.PROPERTY COMPARATOR …                   earlier.scale.value != scale.value
    never.SUBJECT.PROPERTY COMPARATOR …                     never.input.shape == input.shape
    SUBJECT has TAG                                         self has neginf

`op` is the aten name as the caller reaches it, before decomposition, without overload and without the trailing
underscore: `linear`, `scaled_dot_product_attention`, `addcmul`. `SUBJECT` is an argument's name in the aten schema, or
`result`. An argument that the call leaves out has the schema's default. What is `earlier` is asked of one earlier call
of the same ops in the process; what is `never` must be true of none of them. `phase` says in which pass the call is made. The words are in `properties`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import Any

from mpscheck.bugs.aten import overloads
from mpscheck.bugs.mps_names import WITHIN
from mpscheck.bugs.properties import (
    ALIKE,
    COMPARATORS,
    LOOKS,
    NAMES,
    NUMBERS,
    OF_ANY_ARGUMENT,
    PROPERTIES,
    READS,
    TAGS,
    WITH_DIM,
    WORD_COMPARATORS,
    YES_OR_NO,
    is_tensor,
    plain,
    tensors_in_argument,
)

FORMS = ("inplace", "out")
PHASES = ("forward", "backward", "double-backward")
EARLIER = ("earlier", "never")  # true of some earlier call, of none


class BadTrigger(ValueError):
    """A trigger that is not in the grammar; the message says which part, and what is allowed."""


def phase_now() -> str:
    """The pass that the calling thread is in: `backward` while autograd computes gradients.

    `double-backward` where it records what it does there (`create_graph=True`), as a gradient of a gradient needs.
    """
    import torch

    if torch._C._current_graph_task_id() == -1:
        return "forward"
    return "double-backward" if torch.is_grad_enabled() else "backward"


@dataclass(frozen=True)
class Call:
    """One call of an op: what a trigger looks at.

    `args` maps the names of the aten schema to the values, `writes` names those that the results are written to,
    `result` is the returned value (None before the call), `accelerator` the device type that plays the part of `mps`,
    `phase` one of PHASES.
    """

    op: str
    args: dict[str, Any]
    writes: tuple[str, ...] = ()
    result: Any = None
    accelerator: str = "mps"
    phase: str = field(default_factory=phase_now)

    @property
    def form(self) -> str:
        """How it gives its results: `inplace`, `out` or `functional`."""
        if not self.writes:
            return "functional"
        return "inplace" if "self" in self.writes else "out"

    @property
    def destination(self) -> tuple:
        """The tensors that an in-place or `out=` call writes to, one for each result; empty if it makes its results."""
        return tuple(tensors_in_argument([self.args.get(name) for name in self.writes]))


@dataclass(frozen=True)
class Term:
    """A property of an argument: `key.size.-2`, `earlier.scale.value`. `dim` is a number or names an argument that is one.

    `of` is which call it is asked of: "" for this one, else one of EARLIER.
    """

    subject: str
    property: str
    dim: str | None = None
    of: str = ""

    @property
    def earlier(self) -> bool:
        """Whether it asks about earlier calls."""
        return self.of in EARLIER

    def __str__(self) -> str:
        parts = (self.of or None, self.subject, self.property, self.dim)
        return ".".join(part for part in parts if part is not None)


@dataclass(frozen=True)
class Product:
    """Terms and numbers multiplied, and divided by others: `query.size.1 / key.size.1`."""

    over: tuple[Term | str, ...]
    under: tuple[Term | str, ...] = ()

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The properties in it."""
        return tuple(factor for factor in self.over + self.under if isinstance(factor, Term))

    def __str__(self) -> str:
        return " * ".join(map(str, self.over)) + "".join(f" / {factor}" for factor in self.under)


@dataclass(frozen=True)
class Condition:
    """`weight.size.0 > 65536`: what is compared, how, and with what: a literal (several after `in`) or another product.

    Of a tag, `left` is the subject alone, the comparator `has`, and `right` the tag.
    """

    left: Product
    comparator: str
    right: Product | str

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The properties that it speaks of, on both sides."""
        return self.left.terms + (() if isinstance(self.right, str) else self.right.terms)

    @cached_property
    def subject(self) -> str:
        """The argument that it is mainly about."""
        return self.left.terms[0].subject

    @cached_property
    def subjects(self) -> tuple[str, ...]:
        """The arguments that it speaks of."""
        return tuple(dict.fromkeys(term.subject for term in self.terms))

    @cached_property
    def properties(self) -> tuple[str, ...]:
        """The properties that it speaks of; none for a tag."""
        return () if self.comparator == "has" else tuple(dict.fromkeys(term.property for term in self.terms))

    @property
    def words(self) -> tuple[str, ...]:
        """The entries of the vocabulary that it uses, such as `PROPERTIES[size]`."""
        if self.comparator == "has":
            return (f"TAGS[{self.right}]",)
        return (f"COMPARATORS[{self.comparator}]", *(f"PROPERTIES[{name}]" for name in self.properties))

    @cached_property
    def of(self) -> str:
        """Which call it asks about: "" for this one alone, else one of EARLIER."""
        return self.left.terms[0].of

    @cached_property
    def earlier(self) -> bool:
        """Whether it asks about earlier calls."""
        return self.of in EARLIER

    @cached_property
    def reads(self) -> bool:
        """Whether two calls that look alike (sizes, dtypes, strides, numbers) may differ in it: by values or memory."""
        return self.right not in LOOKS if self.comparator == "has" else any(name in READS for name in self.properties)

    @cached_property
    def alike(self) -> bool:
        """Whether a property is held against the same one of another call or argument, equal or not."""
        if isinstance(self.right, str) or self.comparator not in ("==", "!="):
            return False
        sides = (self.left, self.right)
        if any(len(side.over) != 1 or side.under or not side.terms for side in sides):
            return False
        return sides[0].terms[0].property == sides[1].terms[0].property

    def __str__(self) -> str:
        left = self.subject if self.comparator == "has" else self.left
        return f"{left} {self.comparator} {self.right}"


@dataclass(frozen=True)
class Trigger:
    """Any of `ops`, called in this `form` and `phase` (None: any), with every condition true."""

    ops: tuple[str, ...]
    when: tuple[Condition, ...] = ()
    form: str | None = None
    phase: str | None = None

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.ops, self.when, self.form, self.phase))

    @property
    def table(self) -> dict:
        """The trigger as it is written in metadata."""
        table = {"op": list(self.ops), "when": [str(condition) for condition in self.when]}
        more = {"form": self.form, "phase": self.phase}
        return table | {name: value for name, value in more.items() if value}

    def needs_result(self) -> bool:
        """True if it can be decided only after the call."""
        return any("result" in condition.subjects for condition in self.when)

    @cached_property
    def looks(self) -> Trigger:
        """What of it two calls that look alike have in common; itself if that is all."""
        when = tuple(c for c in self.when if not c.reads and not c.earlier)
        return self if when == self.when else replace(self, when=when)

    @cached_property
    def reads(self) -> bool:
        """Whether two calls that look alike, with the same calls before them, may differ: by values or memory."""
        return any(condition.reads for condition in self.when)

    def without(self, name: str) -> Trigger:
        """The trigger without what it asks of this property; itself if that is nothing."""
        when = tuple(c for c in self.when if name not in c.properties)
        return self if when == self.when else replace(self, when=when)

    @cached_property
    def earlier_terms(self) -> tuple[Term, ...]:
        """What it asks about earlier calls."""
        return tuple(dict.fromkeys(term for c in self.when for term in c.terms if term.earlier))

    def matches(self, call: Call, before: Iterable[tuple] = ()) -> bool:
        """True if the call is one on which the bug fires. Reads values only for tags, `max` and `min`.

        `before` holds what `snapshot` gave for earlier calls; `Earlier` keeps it.
        """
        if call.op not in self.ops or self.form not in (None, call.form) or not self._in_phase(call.phase):
            return False
        if not all(
            any(all(holds(c, item, call) for c in mine) for item in items_of(subject, call))
            for subject, mine in self._by_subject.items()
        ):
            return False
        return self._was("earlier", call, before, if_nothing=True) and not self._was("never", call, before)

    def _was(self, of: str, call: Call, before: Iterable[tuple], if_nothing: bool = False) -> bool:
        """Whether what is said of earlier calls is true of one; `if_nothing` where nothing is said."""
        said = [condition for condition in self.when if condition.of == of]
        kept = (dict(zip(self.earlier_terms, values)) for values in before)
        return any(all(holds(c, None, call, one) for c in said) for one in kept) if said else if_nothing

    def _in_phase(self, phase: str) -> bool:
        return self.phase in (None, phase) or (self.phase, phase) == ("backward", "double-backward")

    @cached_property
    def _by_subject(self) -> dict[str, list[Condition]]:
        """What it asks of this call, by the argument: one tensor of that must have all. Those that read come last."""
        found: dict[str, list[Condition]] = {}
        for condition in sorted(self.when, key=lambda c: c.reads):
            if not condition.earlier:
                found.setdefault(condition.subject, []).append(condition)
        return found

    def snapshot(self, call: Call) -> tuple:
        """What the trigger asks about this call once it is an earlier one."""
        return tuple(_whole(term, items_of(term.subject, call)[0], call) for term in self.earlier_terms)


class Earlier:
    """Triggers held against the calls of one program in their order: it keeps what they ask about earlier ones."""

    def __init__(self):
        self._kept: dict[Trigger, dict[tuple, None]] = {}

    def matches(self, trigger: Trigger, call: Call) -> bool:
        """Whether the trigger matches the call, which from then on is an earlier one."""
        if not trigger.earlier_terms:
            return trigger.matches(call)
        kept = self._kept.setdefault(trigger, {})
        fires = trigger.matches(call, kept)
        if call.op in trigger.ops:
            kept[trigger.snapshot(call)] = None
        return fires

    def count(self, triggers: Iterable[Trigger]) -> int:
        """How many different earlier calls are kept for these triggers: while it is the same, so are their answers."""
        return sum([len(self._kept.get(trigger, ())) for trigger in triggers])


# ---- whether a condition holds ------------------------------------------------------------------------------------

_NUMBER = re.compile(r"-?(\d+(\.\d+)?(e[+-]?\d+)?|inf)")


def read_literal(text: str) -> bool | int | float | str:
    """`true` and `false`, a number, or else a word."""
    if text in ("true", "false"):
        return text == "true"
    if _NUMBER.fullmatch(text):
        return int(text) if text.lstrip("-").isdigit() else float(text)
    return text


def kind(value) -> str:
    """`truth value`, `number` or `word`: only values of one kind are compared."""
    if isinstance(value, bool):
        return "truth value"
    return "number" if isinstance(value, (int, float)) else "word"


def holds(condition: Condition, item, call: Call, before: dict[Term, Any] | None = None) -> bool:
    """Whether one condition is true of one tensor, or of an argument that is none.

    `item` is what the condition's subject stands for, `before` what an earlier call had for its terms.
    """
    if condition.comparator == "has":
        return is_tensor(item) and TAGS[condition.right](item)

    def value_of(term: Term, read: Callable[[Term, Any, Call], Any] = property_of):
        if term.earlier:
            return before[term]
        mine = item is not None and term.subject == condition.subject
        return read(term, item if mine else items_of(term.subject, call)[0], call)

    if condition.alike:  # also what has no order: shapes, dtypes, lists of numbers, an argument that is None
        pair = [value_of(side.over[0], _whole) for side in (condition.left, condition.right)]
        absent = None in pair and condition.left.over[0].property != "value"
        return not absent and COMPARATORS[condition.comparator](*pair)
    left = _evaluated(condition.left, value_of)
    right = _right_side(condition, value_of)
    if left is None or not right or any(kind(one) != kind(left) for one in right):
        return False
    return COMPARATORS[condition.comparator](left, right if condition.comparator == "in" else right[0])


def _evaluated(product: Product, value_of: Callable[[Term], Any]):
    """The value of a single term, the number of a product; None where a part is missing or is no number."""
    values = [
        [value_of(f) if isinstance(f, Term) else read_literal(f) for f in p] for p in (product.over, product.under)
    ]
    if len(values[0]) == 1 and not values[1]:
        return values[0][0]
    if any(kind(value) != "number" for value in values[0] + values[1]) or 0 in values[1]:
        return None
    return prod(values[0]) / prod(values[1]) if values[1] else prod(values[0])


def _right_side(condition: Condition, value_of: Callable[[Term], Any]) -> list:
    """What the left side is compared with; empty where that is something that the call has not."""
    if isinstance(condition.right, Product):
        value = _evaluated(condition.right, value_of)
        return [] if value is None else [value]
    words = condition.right.split(",")
    return words if condition.properties == ("order",) else [read_literal(word) for word in words]


def property_of(term: Term, item, call: Call):
    """A property of one tensor, or of an argument that is none; None if it has no such property."""
    if term.property not in OF_ANY_ARGUMENT and not is_tensor(item):
        return None
    dim = None if term.dim is None else _dimension(term.dim, call)
    if term.dim is not None and dim is None:
        return None
    if term.property == "value" and dim is not None:
        item = _argument(term.subject, call)
    return PROPERTIES[term.property](item, dim, call.accelerator)


def _whole(term: Term, item, call: Call):
    """The property as it is held against that of another argument or call: a list of numbers is one value."""
    values = _argument(term.subject, call)
    if term.property == "value" and term.dim is None and isinstance(values, (list, tuple)):
        return tuple(plain(value) for value in values)
    return property_of(term, item, call)


def _dimension(dim: str, call: Call) -> int | None:
    """A dimension that is written as a number, or that an argument of the call names."""
    if re.fullmatch(r"-?\d+", dim):
        return int(dim)
    value = call.args.get(dim)
    if isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def items_of(subject: str, call: Call) -> list:
    """What a subject stands for: its tensors; if it has none, the argument itself, or each item of a list."""
    tensors = tensors_of(subject, call)
    if tensors:
        return tensors
    value = _argument(subject, call)
    return list(value) if isinstance(value, (list, tuple)) and value else [value]


def tensors_of(subject: str, call: Call) -> list:
    """The tensors that a subject stands for: an argument, each of a list, or the result (each of a tuple)."""
    return list(tensors_in_argument(_argument(subject, call)))


def _argument(subject: str, call: Call):
    if subject == "result":
        return call.result if call.result is not None else call.destination or None
    return call.args.get(subject, call.args.get("input") if subject == "self" else None)


# ---- parsing ------------------------------------------------------------------------------------------------------

_TERM = re.compile(
    r"(?:(?P<of>earlier|never)\.)?(?P<subject>[a-z_A-Z][a-z_A-Z0-9]*)"
    r"\.(?P<property>[a-z]+)(?:\.(?P<dim>-?\d+|[a-z_][a-z_0-9]*))?"
)
_SHAPE_OF_A_CONDITION = "SUBJECT.PROPERTY COMPARATOR LITERAL, or SUBJECT has TAG"


def parse(tables: Iterable[dict]) -> tuple[Trigger, ...]:
    """The triggers of a snippet's metadata, alternatives of each other. Raises BadTrigger."""
    if not isinstance(tables, list) or not tables:
        raise BadTrigger("trigger is a list of tables: [{ op = [...], when = [...] }]")
    return tuple(_parse_table(table) for table in tables)


def _parse_table(table: dict) -> Trigger:
    unknown = set(table) - {"op", "when", "form", "phase"}
    if unknown:
        raise BadTrigger(f"unknown key {sorted(unknown)[0]!r} in trigger: it has op, when, form, phase")
    if not isinstance(table.get("op"), list) or not all(isinstance(op, str) for op in table["op"]) or not table["op"]:
        raise BadTrigger('trigger needs op, a list of aten names: op = ["linear"]')
    for name, allowed in (("form", FORMS), ("phase", PHASES)):
        if table.get(name) not in (None, *allowed):
            raise BadTrigger(f"{name} = {table[name]!r} is not known: {' or '.join(allowed)}")
    when = tuple(parse_condition(text) for text in table.get("when", ()))
    return Trigger(tuple(table["op"]), when, table.get("form"), table.get("phase"))


def parse_condition(text: str) -> Condition:
    """One condition. Raises BadTrigger where the text is not in the grammar or uses a word that does not exist."""
    words = text.split(" ")
    if len(words) == 3 and words[1] == "has" and words[0].isidentifier():
        if words[2] not in TAGS:
            raise BadTrigger(f"{text!r}: no tag {words[2]!r}; there is {', '.join(TAGS)}")
        return Condition(Product((Term(words[0], "has"),)), "has", words[2])
    places = [place for place, word in enumerate(words) if word in COMPARATORS]
    if len(places) != 1:
        raise BadTrigger(f"{text!r} is not a condition: {_SHAPE_OF_A_CONDITION}")
    left, comparator, right = words[: places[0]], words[places[0]], words[places[0] + 1 :]
    product = _parse_product(left, text)
    literal = len(right) == 1 and not _is_term(right[0])
    if literal and not re.fullmatch(r"[\w.,+-]+", right[0]):
        raise BadTrigger(f"{text!r} is not a condition: {_SHAPE_OF_A_CONDITION}")
    condition = Condition(product, comparator, right[0] if literal else _parse_product(right, text))
    wrong = _wrong_parts(condition)
    if wrong:
        raise BadTrigger(f"{text!r}: {wrong}")
    return condition


def _is_term(word: str) -> bool:
    match = _TERM.fullmatch(word)
    return bool(match) and not _NUMBER.fullmatch(word)


def _parse_product(words: list[str], text: str) -> Product:
    """Terms and numbers with `*` and `/` between them. Raises BadTrigger."""
    factors, signs = words[::2], ["*", *words[1::2]]
    if len(words) % 2 == 0 or any(sign not in ("*", "/") for sign in signs):
        raise BadTrigger(f"{text!r} is not a condition: {_SHAPE_OF_A_CONDITION}")
    sides: dict[str, list] = {"*": [], "/": []}
    for sign, factor in zip(signs, factors):
        sides[sign].append(factor if re.fullmatch(r"\d+", factor) else _parse_term(factor, text))
    product = Product(tuple(sides["*"]), tuple(sides["/"]))
    if not product.terms:
        raise BadTrigger(f"{text!r} is not a condition: {_SHAPE_OF_A_CONDITION}")
    return product


def _parse_term(word: str, text: str) -> Term:
    match = _TERM.fullmatch(word)
    if match is None:
        raise BadTrigger(f"{text!r} is not a condition: {_SHAPE_OF_A_CONDITION}")
    name, dim = match["property"], match["dim"]
    if name not in PROPERTIES:
        raise BadTrigger(f"{text!r}: no property {name!r}; there is {', '.join(PROPERTIES)}")
    if name != "value" and (name in WITH_DIM) != (dim is not None):
        raise BadTrigger(
            f"{text!r}: {name} needs a dimension ({name}.0, {name}.-1)"
            if dim is None
            else f"{text!r}: {name} has no dimension"
        )
    return Term(match["subject"], name, dim, match["of"] or "")


def _wrong_parts(condition: Condition) -> str | None:
    """What is wrong with what is compared, by which comparator, and with what; None if nothing is."""
    left, right, comparator = condition.left, condition.right, condition.comparator
    if isinstance(right, Product) and any(term.earlier for term in right.terms):
        return "what is earlier stands on the left side"
    if len({term.of for term in left.terms}) > 1:
        return "the left side is of this call or of an earlier one, not of both"
    single = len(left.over) == 1 and not left.under
    name = left.terms[0].property
    if isinstance(right, Product):
        if condition.alike:
            return None
        fits = comparator != "in" and all(term.property in NUMBERS for term in condition.terms)
        if fits:
            return None
        if single and name not in NUMBERS:
            return f"{name} is compared by == or != with the same property of another argument"
        return f"a number is compared with a number: {', '.join(NUMBERS)}"
    if not single or any(not isinstance(factor, Term) for factor in left.over):
        strange = next((term.property for term in left.terms if term.property not in NUMBERS), None)
        if strange:
            return f"only numbers are multiplied: {', '.join(NUMBERS)}, not {strange}"
        return None if _NUMBER.fullmatch(right) and comparator != "in" else "a product is compared with one number"
    return _wrong_literal(name, comparator, right)


def _wrong_literal(name: str, comparator: str, literal: str) -> str | None:
    """What is wrong with what a property is compared with, and by which comparator; None if nothing is."""
    words = literal.split(",")
    if comparator != "in" and len(words) > 1:
        return "several literals are compared by `in`"
    if name in ALIKE:
        return f"{name} is compared by == or != with that of another argument"
    if name in YES_OR_NO:
        fits = literal in NAMES[name] and comparator in ("==", "!=")
        return None if fits else f"{name} is compared by == or != with true or false"
    if name in NAMES:
        fits = all(word in NAMES[name] for word in words) and comparator in WORD_COMPARATORS
        return None if fits else f"{name} is compared by ==, != or in with {', '.join(NAMES[name])}"
    if name == "order":
        fits = all(sorted(word) == list("0123456789")[: len(word)] for word in words) and comparator in WORD_COMPARATORS
        said = "order is compared by ==, != or in with all dimensions, the outermost first, as in 0213"
        return None if fits else said
    if name == "value":
        kinds = {kind(read_literal(word)) for word in words if word}
        if len(kinds) != 1 or not all(words):
            return "value is compared with a number, a word, true or false, or by `in` with several of one kind"
        fits = comparator in WORD_COMPARATORS or kinds == {"number"}
        return None if fits else "only a number is compared by <, <=, >, >=, multiple-of and not-multiple-of"
    if name in ("max", "min"):
        return None if all(_NUMBER.fullmatch(word) for word in words) else f"{name} is compared with a number"
    fits = all(re.fullmatch(r"-?\d+", word) for word in words)
    return None if fits else f"{name} is compared with a whole number (with several after `in`) or with key.size.0"


# ---- names against torch's schemas --------------------------------------------------------------------------------


def check_names(triggers: Iterable[Trigger], also: Iterable[str] = ()) -> list[str]:
    """What is wrong with the names against torch's own schemas: no such op, no such argument. Imports torch.

    An argument must also be one that has the property, and a value of the kind that it is compared with. `also` are
    more names that each op must have as an argument.
    """
    import torch

    errors = []
    for trigger in triggers:
        for op in trigger.ops:
            if not overloads(op):
                errors.append(f"torch {torch.__version__} has no op aten::{op}")
                continue
            if op in WITHIN:
                errors.append(f"aten::{op} is what mps calls inside {WITHIN[op]}, which is what a program calls")
            types = types_of(op)
            terms = [(condition, term) for condition in trigger.when for term in condition.terms]
            dims = [term.dim for _, term in terms if term.dim is not None and not term.dim.lstrip("-").isdigit()]
            wanted = [*(term.subject for _, term in terms), *dims, *also]
            missing = [name for name in dict.fromkeys(wanted) if name not in types]
            errors += [f"aten::{op} has no argument {name!r}" for name in missing]
            errors += [
                f"aten::{op}: {dim!r} is no whole number, which a dimension is"
                for dim in dims
                if not _is_int(types, dim)
            ]
            for condition, term in terms:
                if term.subject in types:
                    errors += _wrong_type(op, condition, term, types[term.subject])
    return list(dict.fromkeys(errors))


def types_of(op: str) -> dict[str, set[str]]:
    """The types that each argument has in the overloads of an op; `Optional` where it may be left out or None."""
    found: dict[str, set[str]] = {"result": {"Tensor"}}
    in_each = [{a.name: str(a.type) for a in overload._schema.arguments} for overload in overloads(op)]
    for types in in_each:
        for name, of in types.items():
            found.setdefault(name, set()).add(of)
    for name, of in found.items():
        if name != "result" and any(name not in types for types in in_each):
            of.add("Optional")
    if "input" in found:
        found.setdefault("self", found["input"])
    return found


def _is_int(types: dict[str, set[str]], name: str) -> bool:
    return any("int" in of for of in types.get(name, {"int"}))


_KINDS = {  # kinds of values by the words in the names of their types; a dtype is an `int` in Python's schemas
    "truth value": ("bool", "number"),
    "number": ("int", "float", "number"),
    "word": ("str", "int", "Device"),
}


def takes(types: set[str], value: bool | int | float | str) -> bool:
    """Whether an argument of these types may have such a value."""
    return any(word in " ".join(types) for word in _KINDS[kind(value)])


def _wrong_type(op: str, condition: Condition, term: Term, types: set[str]) -> list[str]:
    """At most one sentence: what is wrong with a condition on an argument of these types."""
    said, whole = f'aten::{op}: {term.subject!r} of "{condition}"', " ".join(sorted(types))
    if term.property == "given":
        return [] if "Optional" in whole else [f"{said} is always given"]
    if term.property == "tensor":
        return [] if re.search(r"number|int|float|bool", whole) else [f"{said} is always a tensor"]
    if term.property != "value":
        return [] if "Tensor" in whole else [f"{said} is no tensor: it has a value"]
    if isinstance(condition.right, Product):
        return [] if condition.alike or takes(types, 1) else [f"{said} is a {whole}, and no number"]
    value = read_literal(condition.right.split(",")[0])
    return [] if takes(types, value) else [f"{said} is a {whole}, which is compared with no {kind(value)}"]


# ---- the sentence on the page ------------------------------------------------------------------------------------

_LITERAL_WORDS = {  # the others stand for themselves
    "permuted": "permuted (dense, in another order than contiguous)",
    "sliced": "a slice with gaps",
    "expanded": "expanded (a stride of 0)",
    "cpu": "on the CPU",
    "accel": "on the GPU",
}
_TAG_WORDS = {
    "neginf": "holds minus infinity",
    "inf": "holds infinity",
    "nan": "holds NaN",
    "zero": "holds a zero",
    "duplicates": "holds a value more than once",
    "masked-row": "has a row that is masked as a whole",
    "square": "is square",
}
_COMPARE_WORDS = {  # now, and of an earlier call
    "==": ("is", "was"),
    "!=": ("is not", "was not"),
    "<": ("is below", "was below"),
    "<=": ("is at most", "was at most"),
    ">": ("is above", "was above"),
    ">=": ("is at least", "was at least"),
    "in": ("is one of", "was one of"),
    "multiple-of": ("is a multiple of", "was a multiple of"),
    "not-multiple-of": ("is not a multiple of", "was not a multiple of"),
}
_NOUNS = {  # whose property is compared; the others are the argument itself
    "order": "the order of the dimensions of {who} in memory",
    "dtype": "the dtype of {who}",
    "size": "the size of {who} in dimension {dim}",
    "stride": "the stride of {who} in dimension {dim}",
    "ndim": "the number of dimensions of {who}",
    "numel": "the number of elements of {who}",
    "offset": "the storage offset of {who}",
    "itemsize": "the bytes of an element of {who}",
    "max": "the largest value of {who}",
    "min": "the smallest value of {who}",
    "shape": "the shape of {who}",
    "strides": "the list of strides of {who}",
    "memory": "the memory that {who} lies in",
}
_YES_OR_NO_PHRASES = {
    "grad": ("no gradient is recorded through {who}", "a gradient is recorded through {who}"),
    "given": ("{who} is not given", "{who} is given"),
    "tensor": ("{who} is no tensor", "{who} is a tensor"),
    "conj": ("{who} is not a conjugated view", "{who} is a conjugated view"),
}
_FORM_WORDS = {None: "", "inplace": " in place", "out": " with `out=`"}
_PHASE_WORDS = {
    None: "",
    "forward": " outside a backward pass",
    "backward": " in a backward pass",
    "double-backward": " in a backward pass that is recorded for a gradient of the gradient",
}


def sentence(triggers: Iterable[Trigger]) -> str:
    """The triggers as one phrase in Markdown: "`linear` is called and *weight* is not contiguous"."""
    return ", or ".join(_trigger_phrase(trigger) for trigger in triggers)


def _trigger_phrase(trigger: Trigger) -> str:
    ops = ", ".join(f"`{op}`" for op in trigger.ops)
    how = _FORM_WORDS[trigger.form] + _PHASE_WORDS[trigger.phase]
    phrases = [_condition_phrase(condition) for condition in trigger.when if not condition.earlier]
    for of, which in zip(EARLIER, ("an", "no")):
        if then := [_condition_phrase(condition) for condition in trigger.when if condition.of == of]:
            phrases.append(f"in {which} earlier call {' and '.join(then)}")
    if len(phrases) > 2:
        return f"{ops} is called{how}, and all of this holds: {'; '.join(phrases)}"
    return " and ".join([f"{ops} is called{how}", *phrases])


def _condition_phrase(condition: Condition) -> str:
    who = _who(condition.subject)
    if condition.comparator == "has":
        return f"{who} {_TAG_WORDS[condition.right]}"
    left, right = condition.left.over[0], condition.right
    if isinstance(right, str) and isinstance(left, Term) and left.property in YES_OR_NO:
        yes = (right == "true") == (condition.comparator == "==")
        return _YES_OR_NO_PHRASES[left.property][yes].format(who=who)
    compared = _COMPARE_WORDS[condition.comparator][condition.earlier]
    if isinstance(right, Product):
        same = str(condition.left) == f"{condition.of}.{right}" and condition.comparator in ("==", "!=")
        said = ["the same as now"] if same else [_product_phrase(right)]
    else:
        said = [_literal_phrase(condition, literal) for literal in right.split(",")]
    return f"{_product_phrase(condition.left)} {compared} {', '.join(said)}"


def _who(subject: str) -> str:
    return "the result" if subject == "result" else f"*{subject}*"


def _product_phrase(product: Product) -> str:
    said = " times ".join(_factor_phrase(factor) for factor in product.over)
    return said + "".join(f" divided by {_factor_phrase(factor)}" for factor in product.under)


def _factor_phrase(factor: Term | str) -> str:
    if isinstance(factor, str):
        return f"{int(factor):,}"
    who, dim = _who(factor.subject), factor.dim
    if factor.property == "value":
        return who if dim is None else f"item {dim} of {who}"
    if dim is not None and not dim.lstrip("-").isdigit():
        dim = f"*{dim}*"
    return _NOUNS.get(factor.property, "{who}").format(who=who, dim=dim)


def _literal_phrase(condition: Condition, literal: str) -> str:
    name = condition.properties[0]
    if name == "order":
        return f"({', '.join(literal)})"
    if name == "value":
        value = read_literal(literal)
        return f"`{value}`" if kind(value) == "word" else f"{value:,}" if kind(value) == "number" else literal
    if name in NUMBERS and condition.comparator != "in":
        return f"{read_literal(literal):,}"
    return _LITERAL_WORDS.get(literal, literal)
