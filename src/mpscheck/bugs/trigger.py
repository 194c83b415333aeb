"""When a bug fires, said in data: an op and conditions on the properties of its arguments.

    trigger = [{ op = ["linear"], when = ["weight.layout != contiguous"] }]

One definition serves four masters: the sentence on the page, the imitated fault, the audit of a user's script, and the
self-test of the snippet. The grammar of a condition is one regular expression: `SUBJECT.PROPERTY COMPARATOR LITERAL` or
`SUBJECT has TAG`. Several conditions hold together; several tables are alternatives. No code, no nesting.

`op` is the aten name as the caller reaches it, before decomposition, without overload and without the trailing
underscore: `linear`, `scaled_dot_product_attention`, `addcmul`. `SUBJECT` is an argument's name in the aten schema, or
`result`. Nothing here imports torch, except `check_names`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mpscheck.bugs.aten import overloads

CONDITION = re.compile(
    r"(?P<subject>[a-z_][a-z_0-9]*)"
    r"(?:\.(?P<property>[a-z]+)(?:\.(?P<dim>-?\d+))? (?P<comparator>==|!=|<=|>=|<|>|in) (?P<literal>[\w.,-]+)"
    r"| has (?P<tag>[a-z]+))"
)
FORMS = ("inplace", "out")


class BadTrigger(ValueError):
    """A trigger that is not in the grammar; the message says which part, and what is allowed."""


@dataclass(frozen=True)
class Call:
    """One call of an op: what a trigger looks at.

    `args` maps the names of the aten schema to the values, `writes` names those that the results are written to,
    `result` is the returned value (None before the call), `accelerator` the device type that plays the part of `mps`.
    """

    op: str
    args: dict[str, Any]
    writes: tuple[str, ...] = ()
    result: Any = None
    accelerator: str = "mps"

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
class Condition:
    """`weight.size.0 > 65536`: subject, property, dim, comparator, literal; or `self has neginf`, a tag of the values."""

    subject: str
    property: str
    dim: int | None
    comparator: str
    literal: str

    def __str__(self) -> str:
        if self.property == "has":
            return f"{self.subject} has {self.literal}"
        dim = "" if self.dim is None else f".{self.dim}"
        return f"{self.subject}.{self.property}{dim} {self.comparator} {self.literal}"


@dataclass(frozen=True)
class Trigger:
    """Any of `ops`, called in this `form` (None: any), with every condition true."""

    ops: tuple[str, ...]
    when: tuple[Condition, ...] = ()
    form: str | None = None

    def needs_result(self) -> bool:
        """True if it can be decided only after the call."""
        return any(condition.subject == "result" for condition in self.when)

    def matches(self, call: Call) -> bool:
        """True if the call is one on which the bug fires. Reads values only for `has`."""
        if call.op not in self.ops or self.form not in (None, call.form):
            return False
        subjects = {condition.subject for condition in self.when}
        return all(self._some_tensor_fits(subject, call) for subject in subjects)

    def _some_tensor_fits(self, subject: str, call: Call) -> bool:
        conditions = [condition for condition in self.when if condition.subject == subject]
        return any(all(holds(c, t, call.accelerator) for c in conditions) for t in tensors_of(subject, call))


# ---- properties: how each is read, and how it is said -------------------------------------------------------------


def layout(tensor) -> str:
    """The layout: contiguous, permuted (dense, in another order), sliced (gaps) or expanded (a stride of 0)."""
    if tensor.is_contiguous():
        return "contiguous"
    sizes_strides = [(size, stride) for size, stride in zip(tensor.shape, tensor.stride()) if size > 1]
    if any(stride == 0 for _, stride in sizes_strides):
        return "expanded"
    dense, expected = True, 1
    for size, stride in sorted(sizes_strides, key=lambda pair: pair[1]):
        dense, expected = dense and stride == expected, expected * size
    return "permuted" if dense else "sliced"


PROPERTIES: dict[str, Callable[[Any, int | None, str], Any]] = {
    "layout": lambda t, dim, accelerator: layout(t),
    "device": lambda t, dim, accelerator: "accel" if t.device.type == accelerator else t.device.type,
    "dtype": lambda t, dim, accelerator: str(t.dtype).removeprefix("torch."),
    "size": lambda t, dim, accelerator: t.shape[dim] if -t.ndim <= dim < t.ndim else None,
    "ndim": lambda t, dim, accelerator: t.ndim,
    "numel": lambda t, dim, accelerator: t.numel(),
    "offset": lambda t, dim, accelerator: t.storage_offset(),
}
TAGS: dict[str, Callable[[Any], bool]] = {
    "neginf": lambda t: t.is_floating_point() and bool((t.cpu() == float("-inf")).any()),
    "square": lambda t: t.ndim >= 2 and t.shape[-1] == t.shape[-2],
}
NAMES = {  # literals that a property may be compared with; the other properties are compared with whole numbers
    "layout": ("contiguous", "permuted", "sliced", "expanded"),
    "device": ("cpu", "accel"),
    "dtype": tuple("bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128".split()),
}
NUMBER_COMPARATORS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, literals: value in literals,
}


def holds(condition: Condition, tensor, accelerator: str) -> bool:
    """Whether one condition is true of one tensor."""
    if condition.property == "has":
        return TAGS[condition.literal](tensor)
    value = PROPERTIES[condition.property](tensor, condition.dim, accelerator)
    literals = condition.literal.split(",")
    if condition.property in NAMES:
        return (value in literals) != (condition.comparator == "!=")
    if value is None:
        return False
    numbers = [int(literal) for literal in literals]
    return NUMBER_COMPARATORS[condition.comparator](value, numbers if condition.comparator == "in" else numbers[0])


def tensors_of(subject: str, call: Call) -> list:
    """The tensors that a subject stands for: an argument, each of a list, or the result (each of a tuple)."""
    if subject == "result":
        value = call.destination or call.result
    else:
        value = call.args.get(subject, call.args.get("input") if subject == "self" else None)
    return list(tensors_in_argument(value))


def tensors_in_argument(value) -> Iterator:
    """The tensors in an argument or a result: itself, or those in a list, also in lists of them."""
    if hasattr(value, "storage_offset"):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_in_argument(item)


# ---- parsing ------------------------------------------------------------------------------------------------------


def parse(tables: Iterable[dict]) -> tuple[Trigger, ...]:
    """The triggers of a snippet's metadata, alternatives of each other. Raises BadTrigger."""
    if not isinstance(tables, list) or not tables:
        raise BadTrigger("trigger is a list of tables: [{ op = [...], when = [...] }]")
    return tuple(_parse_table(table) for table in tables)


def _parse_table(table: dict) -> Trigger:
    unknown = set(table) - {"op", "when", "form"}
    if unknown:
        raise BadTrigger(f"unknown key {sorted(unknown)[0]!r} in trigger: it has op, when, form")
    if not isinstance(table.get("op"), list) or not all(isinstance(op, str) for op in table["op"]) or not table["op"]:
        raise BadTrigger('trigger needs op, a list of aten names: op = ["linear"]')
    if table.get("form") not in (None, *FORMS):
        raise BadTrigger(f"form = {table['form']!r} is not known: {' or '.join(FORMS)}")
    return Trigger(
        tuple(table["op"]), tuple(parse_condition(text) for text in table.get("when", ())), table.get("form")
    )


def parse_condition(text: str) -> Condition:
    """One condition. Raises BadTrigger where the text is not in the grammar or uses a word that does not exist."""
    match = CONDITION.fullmatch(text)
    if match is None:
        raise BadTrigger(f"{text!r} is not a condition: SUBJECT.PROPERTY COMPARATOR LITERAL, or SUBJECT has TAG")
    if match["tag"]:
        if match["tag"] not in TAGS:
            raise BadTrigger(f"{text!r}: no tag {match['tag']!r}; there is {', '.join(TAGS)}")
        return Condition(match["subject"], "has", None, "has", match["tag"])
    name, comparator, literal = match["property"], match["comparator"], match["literal"]
    if name not in PROPERTIES:
        raise BadTrigger(f"{text!r}: no property {name!r}; there is {', '.join(PROPERTIES)}")
    if (name == "size") != (match["dim"] is not None):
        raise BadTrigger(f"{text!r}: size needs a dimension (size.0, size.-1), the other properties have none")
    if name in NAMES:
        wrong = [word for word in literal.split(",") if word not in NAMES[name]]
        if wrong or comparator not in ("==", "!=", "in"):
            raise BadTrigger(f"{text!r}: {name} is compared by ==, != or in with {', '.join(NAMES[name])}")
    elif not re.fullmatch(r"-?\d+(,-?\d+)*" if comparator == "in" else r"-?\d+", literal):
        raise BadTrigger(f"{text!r}: {name} is compared with a whole number (with several after `in`)")
    return Condition(match["subject"], name, None if match["dim"] is None else int(match["dim"]), comparator, literal)


def check_names(triggers: Iterable[Trigger], also: Iterable[str] = ()) -> list[str]:
    """What is wrong with the names against torch's own schemas: no such op, no such argument. Imports torch.

    `also` are more names that each op must have as an argument.
    """
    import torch

    errors = []
    for trigger in triggers:
        for op in trigger.ops:
            known = overloads(op)
            if not known:
                errors.append(f"torch {torch.__version__} has no op aten::{op}")
                continue
            names = {argument.name for overload in known for argument in overload._schema.arguments} | {"result"}
            if "input" in names:
                names.add("self")
            wanted = [*(c.subject for c in trigger.when), *also]
            errors += [f"aten::{op} has no argument {name!r}" for name in dict.fromkeys(wanted) if name not in names]
    return errors


# ---- the sentence on the page ------------------------------------------------------------------------------------

_LITERAL_WORDS = {  # the others stand for themselves
    "permuted": "permuted (dense, in another order than contiguous)",
    "sliced": "a slice with gaps",
    "expanded": "expanded (a stride of 0)",
    "cpu": "on the CPU",
    "accel": "on the GPU",
    "neginf": "holds minus infinity",
    "square": "is square",
}
_COMPARE_WORDS = {
    "==": "is",
    "!=": "is not",
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
    "in": "is one of",
}
_PHRASES = {
    "has": "{who} {literal}",
    "layout": "{who} {verb} {literal}",
    "device": "{who} {verb} {literal}",
    "dtype": "the dtype of {who} {verb} {literal}",
    "size": "the size of {who} in dimension {dim} {verb} {literal}",
    "ndim": "the number of dimensions of {who} {verb} {literal}",
    "numel": "the number of elements of {who} {verb} {literal}",
    "offset": "the storage offset of {who} {verb} {literal}",
}


def sentence(triggers: Iterable[Trigger]) -> str:
    """The triggers as one phrase in Markdown: "`linear` is called and *weight* is not contiguous"."""
    return ", or ".join(_trigger_phrase(trigger) for trigger in triggers)


def _trigger_phrase(trigger: Trigger) -> str:
    ops = ", ".join(f"`{op}`" for op in trigger.ops)
    how = {None: "", "inplace": " in place", "out": " with `out=`"}[trigger.form]
    phrases = [_condition_phrase(condition) for condition in trigger.when]
    return f"{ops} is called{how}" + (" and " + " and ".join(phrases) if phrases else "")


def _condition_phrase(condition: Condition) -> str:
    who = "the result" if condition.subject == "result" else f"*{condition.subject}*"
    said = [_LITERAL_WORDS.get(literal, literal) for literal in condition.literal.split(",")]
    literal = f"{int(said[0]):,}" if len(said) == 1 and said[0].lstrip("-").isdigit() else ", ".join(said)
    verb = _COMPARE_WORDS.get(condition.comparator)
    return _PHRASES[condition.property].format(who=who, dim=condition.dim, verb=verb, literal=literal)
