"""When a bug fires, said in data: an op and conditions on the properties of its arguments.

    trigger = [{ op = ["linear"], when = ["weight.layout != contiguous"] }]

One definition serves four masters: the sentence on the page, the imitated fault, the audit of a user's script, and the
self-test of the snippet. The grammar of a condition is one regular expression: `SUBJECT.PROPERTY COMPARATOR LITERAL` or
`SUBJECT has TAG`. Several conditions hold together; several tables are alternatives. No code, no nesting.

`op` is the aten name as the caller reaches it, before decomposition, without overload and without the trailing
underscore: `linear`, `scaled_dot_product_attention`, `addcmul`. `SUBJECT` is an argument's name in the aten schema, or
`result`. Most properties are those of a tensor; `value` is that of any other argument (a number, a truth value, a word),
`given` says whether an argument is there at all. An argument that the call leaves out has the schema's default.
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

    @property
    def other(self) -> Condition | None:
        """The property on the right side, where a number is compared with that of another argument; without literal."""
        match = OTHER.fullmatch(self.literal) if self.property in NUMBERS else None
        return match and Condition(match["subject"], match["property"], _whole(match["dim"]), "==", "")

    @property
    def subjects(self) -> tuple[str, ...]:
        """The arguments that it speaks of."""
        return (self.subject,) if self.other is None else (self.subject, self.other.subject)

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
        return any("result" in condition.subjects for condition in self.when)

    def matches(self, call: Call) -> bool:
        """True if the call is one on which the bug fires. Reads values only for `has`."""
        if call.op not in self.ops or self.form not in (None, call.form):
            return False
        subjects = {condition.subject for condition in self.when}
        return all(self._some_item_fits(subject, call) for subject in subjects)

    def _some_item_fits(self, subject: str, call: Call) -> bool:
        conditions = [condition for condition in self.when if condition.subject == subject]
        return any(all(holds(c, item, call) for c in conditions) for item in items_of(subject, call))


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


def order(tensor) -> str:
    """The dimensions from the outermost in memory to the innermost, such as `0213`; empty where there are gaps.

    The strides must be the exact ones: also that of a dimension of size 1, at which kernels look as at any other.
    """
    sizes, strides = tensor.shape, tensor.stride()
    dims = sorted(range(tensor.ndim), key=lambda dim: (-strides[dim], -sizes[dim]))
    expected = 1
    for dim in reversed(dims):
        if strides[dim] != expected:
            return ""
        expected *= sizes[dim]
    return "".join(map(str, dims))


def records_gradient(tensor) -> bool:
    """Whether autograd records what is done with it."""
    import torch

    return tensor.requires_grad and torch.is_grad_enabled()


def plain(value) -> bool | int | float | str | None:
    """The value of an argument that is no tensor; what torch has a name for (a dtype, a device) is that name."""
    if is_tensor(value):
        return None
    return value if value is None or isinstance(value, (int, float, str)) else str(value).removeprefix("torch.")


PROPERTIES: dict[str, Callable[[Any, int | None, str], Any]] = {
    "layout": lambda t, dim, accelerator: layout(t),
    "order": lambda t, dim, accelerator: order(t),
    "device": lambda t, dim, accelerator: "accel" if t.device.type == accelerator else t.device.type,
    "dtype": lambda t, dim, accelerator: str(t.dtype).removeprefix("torch."),
    "size": lambda t, dim, accelerator: t.shape[dim] if -t.ndim <= dim < t.ndim else None,
    "ndim": lambda t, dim, accelerator: t.ndim,
    "numel": lambda t, dim, accelerator: t.numel(),
    "offset": lambda t, dim, accelerator: t.storage_offset(),
    "grad": lambda t, dim, accelerator: records_gradient(t),
    "given": lambda value, dim, accelerator: value is not None,
    "value": lambda value, dim, accelerator: plain(value),
}
NUMBERS = ("size", "ndim", "numel", "offset")  # compared with a whole number, or with that of another argument
OF_ANY_ARGUMENT = ("given", "value")  # the others are properties of tensors
YES_OR_NO = ("grad", "given")
TAGS: dict[str, Callable[[Any], bool]] = {
    "neginf": lambda t: t.is_floating_point() and bool((t.cpu() == float("-inf")).any()),
    "square": lambda t: t.ndim >= 2 and t.shape[-1] == t.shape[-2],
}
NAMES = {  # literals that a property may be compared with; `order` and `value` are compared with more than a few
    "layout": ("contiguous", "permuted", "sliced", "expanded"),
    "device": ("cpu", "accel"),
    "dtype": tuple("bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128".split()),
    "grad": ("true", "false"),
    "given": ("true", "false"),
}
COMPARATORS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, literals: value in literals,
}
WORD_COMPARATORS = ("==", "!=", "in")
OTHER = re.compile(rf"(?P<subject>[a-z_][a-z_0-9]*)\.(?P<property>{'|'.join(NUMBERS)})(?:\.(?P<dim>-?\d+))?")
_NUMBER = re.compile(r"-?(\d+(\.\d+)?(e-?\d+)?|inf)")


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


def holds(condition: Condition, item, call: Call) -> bool:
    """Whether one condition is true of one tensor, or of an argument that is none."""
    if condition.property not in OF_ANY_ARGUMENT and not is_tensor(item):
        return False
    if condition.property == "has":
        return TAGS[condition.literal](item)
    value = PROPERTIES[condition.property](item, condition.dim, call.accelerator)
    right = _right_sides(condition, call)
    if value is None or not right or any(kind(one) != kind(value) for one in right):
        return False
    return COMPARATORS[condition.comparator](value, right if condition.comparator == "in" else right[0])


def _right_sides(condition: Condition, call: Call) -> list:
    """What the property is compared with; empty where that is a property of another tensor, which the call has not."""
    other = condition.other
    if other is None:
        words = condition.literal.split(",")
        return words if condition.property == "order" else [read_literal(word) for word in words]
    found = [PROPERTIES[other.property](t, other.dim, call.accelerator) for t in tensors_of(other.subject, call)[:1]]
    return [number for number in found if number is not None]


def is_tensor(value) -> bool:
    """True for a tensor."""
    return hasattr(value, "storage_offset")


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
        return call.destination or call.result
    return call.args.get(subject, call.args.get("input") if subject == "self" else None)


def tensors_in_argument(value) -> Iterator:
    """The tensors in an argument or a result: itself, or those in a list, also in lists of them."""
    if is_tensor(value):
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
    wrong = _wrong_literal(name, comparator, literal)
    if wrong:
        raise BadTrigger(f"{text!r}: {wrong}")
    return Condition(match["subject"], name, _whole(match["dim"]), comparator, literal)


def _wrong_literal(name: str, comparator: str, literal: str) -> str | None:
    """What is wrong with what a property is compared with, and by which comparator; None if nothing is."""
    words = literal.split(",")
    if comparator != "in" and len(words) > 1:
        return "several literals are compared by `in`"
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
        return None if fits else "only a number is compared by <, <=, > and >="
    other = OTHER.fullmatch(literal)
    if other and comparator != "in":
        fits = (other["property"] == "size") == (other["dim"] is not None)
        return None if fits else "size needs a dimension (size.0, size.-1), the other properties have none"
    fits = all(re.fullmatch(r"-?\d+", word) for word in words)
    return None if fits else f"{name} is compared with a whole number (with several after `in`) or with key.size.0"


def _whole(text: str | None) -> int | None:
    return None if text is None else int(text)


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
            types = _types(op)
            wanted = [*(subject for c in trigger.when for subject in c.subjects), *also]
            missing = [name for name in dict.fromkeys(wanted) if name not in types]
            errors += [f"aten::{op} has no argument {name!r}" for name in missing]
            for condition in trigger.when:
                if condition.subject in types:
                    errors += _wrong_type(op, condition, types[condition.subject])
    return errors


def _types(op: str) -> dict[str, set[str]]:
    """The types that each argument has in the overloads of an op; `Optional` where it may be left out or None."""
    found: dict[str, set[str]] = {"result": {"Tensor"}}
    in_each = [{a.name: str(a.type) for a in overload._schema.arguments} for overload in overloads(op)]
    for types in in_each:
        for name, of in types.items():
            found.setdefault(name, set()).add(of)
    for name, of in found.items():
        if any(name not in types for types in in_each):
            of.add("Optional")
    if "input" in found:
        found.setdefault("self", found["input"])
    return found


_KINDS = {  # kinds of values by the words in the names of their types; a dtype is an `int` in Python's schemas
    "truth value": ("bool", "number"),
    "number": ("int", "float", "number"),
    "word": ("str", "int", "Device"),
}


def _wrong_type(op: str, condition: Condition, types: set[str]) -> list[str]:
    """At most one sentence: what is wrong with a condition on an argument of these types."""
    said, whole = f'aten::{op}: {condition.subject!r} of "{condition}"', " ".join(sorted(types))
    if condition.property == "given":
        return [] if "Optional" in whole else [f"{said} is always given"]
    if condition.property != "value":
        return [] if "Tensor" in whole else [f"{said} is no tensor: it has a value"]
    wanted = kind(read_literal(condition.literal.split(",")[0]))
    if any(word in whole for word in _KINDS[wanted]):
        return []
    return [f"{said} is a {whole}, which is compared with no {wanted}"]


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
_NOUNS = {  # whose property is compared; the others are the argument itself
    "order": "the order of the dimensions of {who} in memory",
    "dtype": "the dtype of {who}",
    "size": "the size of {who} in dimension {dim}",
    "ndim": "the number of dimensions of {who}",
    "numel": "the number of elements of {who}",
    "offset": "the storage offset of {who}",
}
_YES_OR_NO_PHRASES = {
    "grad": ("no gradient is recorded through {who}", "a gradient is recorded through {who}"),
    "given": ("{who} is not given", "{who} is given"),
}


def sentence(triggers: Iterable[Trigger]) -> str:
    """The triggers as one phrase in Markdown: "`linear` is called and *weight* is not contiguous"."""
    return ", or ".join(_trigger_phrase(trigger) for trigger in triggers)


def _trigger_phrase(trigger: Trigger) -> str:
    ops = ", ".join(f"`{op}`" for op in trigger.ops)
    how = {None: "", "inplace": " in place", "out": " with `out=`"}[trigger.form]
    phrases = [_condition_phrase(condition) for condition in trigger.when]
    if len(phrases) > 2:
        return f"{ops} is called{how}, and all of this holds: {'; '.join(phrases)}"
    return " and ".join([f"{ops} is called{how}", *phrases])


def _condition_phrase(condition: Condition) -> str:
    if condition.property in YES_OR_NO:
        yes = (condition.literal == "true") == (condition.comparator == "==")
        return _YES_OR_NO_PHRASES[condition.property][yes].format(who=_who(condition.subject))
    if condition.property == "has":
        return f"{_noun(condition)} {_LITERAL_WORDS[condition.literal]}"
    said = [_literal_phrase(condition, literal) for literal in condition.literal.split(",")]
    return f"{_noun(condition)} {_COMPARE_WORDS[condition.comparator]} {', '.join(said)}"


def _who(subject: str) -> str:
    return "the result" if subject == "result" else f"*{subject}*"


def _noun(condition: Condition) -> str:
    return _NOUNS.get(condition.property, "{who}").format(who=_who(condition.subject), dim=condition.dim)


def _literal_phrase(condition: Condition, literal: str) -> str:
    if condition.other is not None:
        return _noun(condition.other)
    if condition.property == "order":
        return f"({', '.join(literal)})"
    if condition.property == "value":
        value = read_literal(literal)
        return f"`{value}`" if kind(value) == "word" else f"{value:,}" if kind(value) == "number" else literal
    if condition.property in NUMBERS and condition.comparator != "in":
        return f"{int(literal):,}"
    return _LITERAL_WORDS.get(literal, literal)
