"""Where is it wrong? The first op, and its module, where a device leaves the CPU although its inputs were right.

    python locate_divergence.py                        GPT-2 on mps, through TransformerLens where it is installed
    python locate_divergence.py --model DIR --entry transformers --prompt "Any text"

Exit status 0: no op diverges and the whole forward pass agrees; 3: found; anything else: could not check. In a notebook,
for any torch.nn.Module of yours on the CPU: `from locate_divergence import locate; print(locate(model, tokens))`.

The model runs once on the CPU. Each op that it calls is computed on the device too, before torch takes it apart, for the
CPU's inputs in the CPU's layout, so errors do not add up. What is found comes with a program that shows it without the
model, and that was run here. At the end the whole model runs on the device, for what the inputs alone do not show.
For Python 3.9 and torch 2.4 or newer.
"""

# Built from the modules of MPS Check by `mpscheck bundle`; edit those, not this file.
from __future__ import annotations

# ---- the catalogue ------------------------------------------------------------------------------------------

CATALOGUE_DATE = "2026-09-19"
CATALOGUE = [{'slug': 'adam-noncontiguous-param-frozen',
  'claim': '`addcmul_` and `addcdiv_` leave a non-contiguous tensor as it was, so Adam never moves such a parameter.',
  'when': '`addcmul`, `addcdiv` is called in place and *self* is not contiguous',
  'issue': 'pytorch/pytorch#118115',
  'url': 'https://github.com/pytorch/pytorch/issues/118115',
  'kind': 'wrong',
  'affected': '<2.4,>=2.3',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'parameter, a, b = (t.to(device).T.contiguous() for t in (weight, a, b))\n'
                'return parameter.addcmul_(a, b).addcdiv_(a, b)',
  'page': 'bugs/adam-noncontiguous-param-frozen/',
  'triggers': [{'op': ['addcmul', 'addcdiv'], 'form': 'inplace', 'when': ['self.layout != contiguous']}]},
 {'slug': 'binary-op-cpu-0d-view-offset',
  'claim': '`mps_tensor * cpu_vector[i]` multiplies by `cpu_vector[0]`, whatever `i` is.',
  'when': '`mul`, `div`, `add`, `sub` is called and *other* is on the CPU and the number of dimensions of *other* is '
          '0 and the storage offset of *other* is above 0',
  'issue': 'pytorch/pytorch#187117',
  'url': 'https://github.com/pytorch/pytorch/issues/187117',
  'kind': 'wrong',
  'affected': '<2.14,>=2.12',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return vector.to(device) * strengths[2].item()',
  'page': 'bugs/binary-op-cpu-0d-view-offset/',
  'triggers': [{'op': ['mul', 'div', 'add', 'sub'],
                'when': ['other.device == cpu', 'other.ndim == 0', 'other.offset > 0']}]},
 {'slug': 'conv1d-out-channels-over-65536',
  'claim': '`F.conv1d` with more than 65,536 output channels writes the last channels over the first ones.',
  'when': '`conv1d` is called and the size of *weight* in dimension 0 is above 65,536',
  'issue': 'pytorch/pytorch#129207',
  'url': 'https://github.com/pytorch/pytorch/issues/129207',
  'kind': 'wrong',
  'affected': '<2.5',
  'introduced': None,
  'macos': '<15.1',
  'chips': [],
  'workaround': 'x, weight, bias = (x.to(device), weight.to(device), bias.to(device))\n'
                'parts = []\n'
                'for start in range(0, weight.shape[0], 32768):\n'
                '    chunk = slice(start, start + 32768)\n'
                '    parts.append(F.conv1d(x, weight[chunk].clone(), bias[chunk].clone(), padding=1))\n'
                'return torch.cat(parts, dim=1)',
  'page': 'bugs/conv1d-out-channels-over-65536/',
  'triggers': [{'op': ['conv1d'], 'when': ['weight.size.0 > 65536']}]},
 {'slug': 'copy-to-cpu-float64-noop-214',
  'claim': 'Copying an Apple GPU tensor into a float64 CPU tensor (`copy_`, `x.to("cpu", torch.float64)`) writes '
           'nothing.',
  'when': '`copy` is called and *self* is on the CPU and *src* is on the GPU and the dtype of *self* is one of '
          'float64, complex128',
  'issue': 'pytorch/pytorch#197715',
  'url': 'https://github.com/pytorch/pytorch/issues/197715',
  'kind': 'wrong',
  'affected': '<=2.14.1,>=2.14',
  'introduced': '2.14',
  'macos': None,
  'chips': [],
  'workaround': 'return x.to(device).cpu().double()',
  'page': 'bugs/copy-to-cpu-float64-noop-214/',
  'triggers': [{'op': ['copy'],
                'when': ['self.device == cpu', 'src.device == accel', 'self.dtype in float64,complex128']}]},
 {'slug': 'gelu-noncontiguous',
  'claim': '`F.gelu` of a transposed tensor returns meaningless numbers.',
  'when': '`gelu` is called and *self* is permuted (dense, in another order than contiguous)',
  'issue': 'pytorch/pytorch#98212',
  'url': 'https://github.com/pytorch/pytorch/issues/98212',
  'kind': 'wrong',
  'affected': '<2.4,>=2.1.0.dev20230329',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return F.gelu(x.to(device).transpose(1, 2).contiguous())',
  'page': 'bugs/gelu-noncontiguous/',
  'triggers': [{'op': ['gelu'], 'when': ['self.layout == permuted']}]},
 {'slug': 'index-copy-strided-index',
  'claim': '`index_copy` reads an index with gaps as if it were contiguous.',
  'when': '`index_copy` is called and *index* is a slice with gaps',
  'issue': 'pytorch/pytorch#160993',
  'url': 'https://github.com/pytorch/pytorch/issues/160993',
  'kind': 'wrong',
  'affected': '<2.9,>=2.8',
  'introduced': '2.8',
  'macos': None,
  'chips': [],
  'workaround': 'index = positions.to(device)[::2].contiguous()\n'
                'return torch.index_copy(residual.to(device), 0, index, patch.to(device))',
  'page': 'bugs/index-copy-strided-index/',
  'triggers': [{'op': ['index_copy'], 'when': ['index.layout == sliced']}]},
 {'slug': 'linear-noncontiguous-weight',
  'claim': '`F.linear` reads a non-contiguous weight as if it were contiguous.',
  'when': '`linear` is called and *weight* is not contiguous',
  'issue': 'pytorch/pytorch#161640',
  'url': 'https://github.com/pytorch/pytorch/issues/161640',
  'kind': 'wrong',
  'affected': '<2.9,>=2.8',
  'introduced': '2.8',
  'macos': '>=15',
  'chips': [],
  'workaround': 'return F.linear(x.to(device), w.to(device).T.contiguous())',
  'page': 'bugs/linear-noncontiguous-weight/',
  'triggers': [{'op': ['linear'], 'when': ['weight.layout != contiguous']}]},
 {'slug': 'rand-5d-batches-identical',
  'claim': '`torch.randn` of a shape with five dimensions or more repeats the same numbers in every batch item.',
  'when': '`randn` is called and the number of dimensions of the result is at least 5',
  'issue': 'pytorch/pytorch#147624',
  'url': 'https://github.com/pytorch/pytorch/issues/147624',
  'kind': 'wrong',
  'affected': '<2.7,>=2.5.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'return torch.randn(2 * 32 * 32 * 32, device=device).view(2, 1, 32, 32, 32)',
  'page': 'bugs/rand-5d-batches-identical/',
  'triggers': [{'op': ['randn'], 'when': ['result.ndim >= 5']}]},
 {'slug': 'sdpa-noncontiguous-regression-28',
  'claim': '`scaled_dot_product_attention` ignores the strides of a transposed query of 8 positions or fewer.',
  'when': '`scaled_dot_product_attention` is called and *query* is not contiguous and the size of *query* in '
          'dimension -2 is at most 8 and the size of *query* in dimension -1 is one of 64, 96, 128',
  'issue': 'pytorch/pytorch#163597',
  'url': 'https://github.com/pytorch/pytorch/issues/163597',
  'kind': 'wrong',
  'affected': '<2.9,>=2.8',
  'introduced': '2.8',
  'macos': None,
  'chips': [],
  'workaround': 'query = q.to(device)[:, :8].transpose(1, 2).contiguous()\n'
                'return F.scaled_dot_product_attention(query, k.to(device), v.to(device))',
  'page': 'bugs/sdpa-noncontiguous-regression-28/',
  'triggers': [{'op': ['scaled_dot_product_attention'],
                'when': ['query.layout != contiguous', 'query.size.-2 <= 8', 'query.size.-1 in 64,96,128']}]},
 {'slug': 'stack-sliced-views-same-values',
  'claim': '`torch.stack` of two slices repeats the first slice.',
  'when': '`stack` is called and the storage offset of *tensors* is above 0',
  'issue': 'pytorch/pytorch#87856',
  'url': 'https://github.com/pytorch/pytorch/issues/87856',
  'kind': 'wrong',
  'affected': '<2.0,>=1.14.0.dev20221027',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'x = x.to(device)\nreturn torch.stack((x[:32].clone(), x[32:].clone()), dim=-1)',
  'page': 'bugs/stack-sliced-views-same-values/',
  'triggers': [{'op': ['stack'], 'when': ['tensors.offset > 0']}]},
 {'slug': 'triu-minus-inf-gives-nan',
  'claim': '`torch.triu` turns the zeros of a causal mask into NaN.',
  'when': '`triu` is called and *self* holds minus infinity',
  'issue': 'pytorch/pytorch#100005',
  'url': 'https://github.com/pytorch/pytorch/issues/100005',
  'kind': 'nan',
  'affected': '<2.5,>=2.0.1',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'minus_inf = minus_inf.to(device)\n'
                'position = torch.arange(minus_inf.shape[-1], device=device)\n'
                'future = position[None, :] > position[:, None]\n'
                'return torch.where(future, minus_inf, torch.zeros_like(minus_inf))',
  'page': 'bugs/triu-minus-inf-gives-nan/',
  'triggers': [{'op': ['triu'], 'when': ['self has neginf']}]},
 {'slug': 'where-nonzero-index-over-2e24',
  'claim': '`torch.nonzero` gives wrong positions once they pass 16,777,216 (2**24).',
  'when': '`nonzero` is called and the number of elements of *self* is above 16,777,216',
  'issue': 'pytorch/pytorch#122916',
  'url': 'https://github.com/pytorch/pytorch/issues/122916',
  'kind': 'wrong',
  'affected': '<=2.4.1,>=2.4',
  'introduced': None,
  'macos': None,
  'chips': [],
  'workaround': 'mask = mask.to(device)\n'
                'found, chunk = ([], 2 ** 23)\n'
                'for start in range(0, mask.numel(), chunk):\n'
                '    part = mask[start:start + chunk].clone()\n'
                '    found.append(torch.nonzero(part).flatten().cpu() + start)\n'
                'return torch.cat(found).to(device)',
  'page': 'bugs/where-nonzero-index-over-2e24/',
  'triggers': [{'op': ['nonzero'], 'when': ['self.numel > 16777216']}]}]


# ---- aten ------------------------------------------------------------------------------------------------

from typing import Any


def base_name(op) -> str:
    """The name that triggers use: no overload, and no trailing underscore where the op writes to `self`."""
    return op._schema.name.rpartition("::")[2].removesuffix("_")


def bind(op, args, kwargs) -> dict[str, Any]:
    """The arguments by their names in the op's schema, defaults included."""
    bound = {}
    for position, argument in enumerate(op._schema.arguments):
        if position < len(args):
            bound[argument.name] = args[position]
        elif argument.name in kwargs:
            bound[argument.name] = kwargs[argument.name]
        elif argument.has_default_value():
            bound[argument.name] = argument.default_value
    return bound


def unbind(op, bound: dict) -> tuple[list, dict]:
    """The reverse of `bind`: positional and keyword arguments."""
    args, kwargs = [], {}
    for argument in op._schema.arguments:
        if argument.name not in bound:
            continue
        if argument.kwarg_only:
            kwargs[argument.name] = bound[argument.name]
        else:
            args.append(bound[argument.name])
    return args, kwargs


def form_of(op) -> str:
    """inplace, out or functional."""
    arguments = op._schema.arguments
    if any(a.is_out for a in arguments):
        return "out"
    writes = arguments and arguments[0].alias_info is not None and arguments[0].alias_info.is_write
    return "inplace" if writes else "functional"


# ---- trigger ---------------------------------------------------------------------------------------------

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

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

    `args` maps the names of the aten schema to the values, `result` is the returned value (None before the call),
    `accelerator` the device type that plays the part of `mps`.
    """

    op: str
    args: dict[str, Any]
    form: str = "functional"
    result: Any = None
    accelerator: str = "mps"


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


def layout(tensor) -> frozenset[str]:
    """The layout: contiguous, permuted (dense, in another order), sliced (gaps) or expanded (a stride of 0)."""
    if tensor.is_contiguous():
        return frozenset({"contiguous"})
    sizes_strides = [(size, stride) for size, stride in zip(tensor.shape, tensor.stride()) if size > 1]
    if any(stride == 0 for _, stride in sizes_strides):
        return frozenset({"expanded"})
    dense, expected = True, 1
    for size, stride in sorted(sizes_strides, key=lambda pair: pair[1]):
        dense, expected = dense and stride == expected, expected * size
    return frozenset({"permuted" if dense else "sliced"})


def device(tensor, accelerator: str) -> frozenset[str]:
    """`cpu` or `accel` (the device that plays the part of mps)."""
    return frozenset({"accel" if tensor.device.type == accelerator else tensor.device.type})


PROPERTIES: dict[str, Callable[[Any, int | None, str], Any]] = {
    "layout": lambda t, dim, accelerator: layout(t),
    "device": lambda t, dim, accelerator: device(t, accelerator),
    "dtype": lambda t, dim, accelerator: frozenset({str(t.dtype).removeprefix("torch.")}),
    "size": lambda t, dim, accelerator: t.shape[dim] if -t.ndim <= dim < t.ndim else None,
    "ndim": lambda t, dim, accelerator: t.ndim,
    "numel": lambda t, dim, accelerator: t.numel(),
    "offset": lambda t, dim, accelerator: t.storage_offset(),
}
TAGS: dict[str, Callable[[Any], bool]] = {
    "neginf": lambda t: t.is_floating_point() and bool((t.cpu() == float("-inf")).any()),
}
NAMES = {  # literals that a property may be compared with; the other properties are compared with whole numbers
    "layout": ("contiguous", "permuted", "sliced", "expanded"),
    "device": ("cpu", "accel"),
    "dtype": (
        "bool",
        "uint8",
        "int8",
        "int16",
        "int32",
        "int64",
        "float16",
        "bfloat16",
        "float32",
        "float64",
        "complex64",
        "complex128",
    ),
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


def holds(condition: Condition, tensor, accelerator: str = "mps") -> bool:
    """Whether one condition is true of one tensor."""
    if condition.property == "has":
        return TAGS[condition.literal](tensor)
    value = PROPERTIES[condition.property](tensor, condition.dim, accelerator)
    literals = condition.literal.split(",")
    if condition.property in NAMES:
        return value.isdisjoint(literals) if condition.comparator == "!=" else not value.isdisjoint(literals)
    if value is None:
        return False
    numbers = [int(literal) for literal in literals]
    return NUMBER_COMPARATORS[condition.comparator](value, numbers if condition.comparator == "in" else numbers[0])


def tensors_of(subject: str, call: Call) -> list:
    """The tensors that a subject stands for: an argument, each of a list, or the result (each of a tuple)."""
    if subject == "result":
        value = call.result if call.form == "functional" else call.args.get("out", call.args.get("self"))
    else:
        value = call.args.get(subject, call.args.get("input") if subject == "self" else None)
    values = value if isinstance(value, (list, tuple)) else [value]
    return [v for v in values if hasattr(v, "storage_offset")]


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


def check_names(triggers: Iterable[Trigger]) -> list[str]:
    """What is wrong with the names against torch's own schemas: no such op, no such argument. Imports torch."""
    import torch

    errors = []
    for trigger in triggers:
        for op in trigger.ops:
            packets = [getattr(torch.ops.aten, name, None) for name in (op, op + "_", "_" + op)]
            overloads = [getattr(p, name) for p in packets if p is not None for name in p.overloads()]
            if not overloads:
                errors.append(f"torch {torch.__version__} has no op aten::{op}")
                continue
            names = {argument.name for overload in overloads for argument in overload._schema.arguments} | {"result"}
            if "input" in names:
                names.add("self")
            errors += [f"aten::{op} has no argument {c.subject!r}" for c in trigger.when if c.subject not in names]
    return errors


# ---- the sentence on the page ------------------------------------------------------------------------------------

_LAYOUT_WORDS = {
    "contiguous": "contiguous",
    "permuted": "permuted (dense, in another order than contiguous)",
    "sliced": "a slice with gaps",
    "expanded": "expanded (a stride of 0)",
}
_DEVICE_WORDS = {"cpu": "on the CPU", "accel": "on the GPU"}
_TAG_WORDS = {"neginf": "holds minus infinity"}
_COMPARE_WORDS = {
    "==": "is",
    "!=": "is not",
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
    "in": "is one of",
}
_NUMBER_WORDS = {
    "ndim": "the number of dimensions of {}",
    "numel": "the number of elements of {}",
    "offset": "the storage offset of {}",
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
    verb = _COMPARE_WORDS[condition.comparator] if condition.property != "has" else ""
    literal = condition.literal.replace(",", ", ")
    if condition.property == "has":
        return f"{who} {_TAG_WORDS[condition.literal]}"
    if condition.property == "layout":
        return f"{who} {verb} {_LAYOUT_WORDS.get(condition.literal, literal)}"
    if condition.property == "device":
        return f"{who} {verb} {_DEVICE_WORDS[condition.literal]}"
    if condition.property == "dtype":
        return f"the dtype of {who} {verb} {literal}"
    if condition.property == "size":
        return f"the size of {who} in dimension {condition.dim} {verb} {_thousands(literal)}"
    return f"{_NUMBER_WORDS[condition.property].format(who)} {verb} {_thousands(literal)}"


def _thousands(literal: str) -> str:
    return f"{int(literal):,}" if literal.lstrip("-").isdigit() else literal


# ---- versions --------------------------------------------------------------------------------------------

import operator
import re

try:
    from packaging.version import Version
except ImportError:  # every torch has this class, wherever it takes it from
    from torch.torch_version import Version

SPECIFIERS = {">=": operator.ge, "<=": operator.le, "==": operator.eq, "<": operator.lt}


def ends_of(specifier: str) -> list[tuple[str, Version]]:
    """The parts of a specifier of versions: ">=2.8,<2.9" gives (">=", 2.8) and ("<", 2.9). Raises ValueError."""
    parts = [re.fullmatch(r"\s*(>=|<=|==|<)\s*(\S+)\s*", part) for part in specifier.split(",")]
    if None in parts:
        raise ValueError(f"{specifier!r} is no range of versions: >=, <=, ==, < and a version, joined by commas")
    return [(part.group(1), Version(part.group(2))) for part in parts]


def contains(specifier: str, version: Version) -> bool:
    """Whether a version is within all parts. As in PEP 440, nightlies of 2.9 are not within `<2.9`."""

    def within(comparator: str, end: Version) -> bool:
        if comparator == "<" and version.is_prerelease and Version(version.base_version) == end:
            return False
        return SPECIFIERS[comparator](version, end)

    return all(within(comparator, end) for comparator, end in ends_of(specifier))


def state(affected: str, introduced: str | None, macos_range: str | None, torch: str, macos: str | None) -> str:
    """What is known of one bug on one Mac.

    Args:
        affected: PEP 440 specifier; its lower bound is the oldest version seen sick, "<X" the fix, "<=X" the last seen.
        introduced: first bad version, if a source says that older ones are right.
        macos_range: specifier of the macOS versions that matter, None if the thread names none.
        torch, macos: the versions asked for; macos None if not known.

    Sick only between the oldest version seen sick and the fix; healthy only where a source says so.
    """
    ends, version = ends_of(affected), Version(torch.split("+")[0])
    fixed = [end for comparator, end in ends if comparator == "<"]
    if fixed and version >= fixed[0]:
        return "healthy"
    if introduced is not None and version < Version(introduced):
        return "healthy"
    seen = any(comparator in (">=", "==") for comparator, _ in ends)
    if not seen or not contains(affected, version):
        return "unknown"
    if macos_range is not None and macos is not None and not contains(macos_range, Version(macos)):
        return "unknown"
    return "sick"


# ---- known -----------------------------------------------------------------------------------------------

from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """One known bug. `workaround` is the line of code that cures it, `page` the bug's page (an address or a path)."""

    slug: str
    claim: str
    when: str  # the trigger as a phrase
    issue: str
    url: str
    kind: str
    affected: str
    introduced: str | None
    macos: str | None
    chips: tuple[str, ...]
    workaround: str | None
    page: str
    triggers: tuple[Trigger, ...]

    def state(self, torch: str, macos: str | None = None) -> str:
        """`sick`, `healthy` or `unknown` on this torch and macOS."""
        return state(self.affected, self.introduced, self.macos, torch, macos)


def read_known(entries: list[dict]) -> tuple[Known, ...]:
    """The bugs of an embedded catalogue (a list of plain dicts, see `mpscheck.bundle.entries`)."""
    return tuple(Known(**{**e, "chips": tuple(e["chips"]), "triggers": parse(e["triggers"])}) for e in entries)


# ---- recorder --------------------------------------------------------------------------------------------

import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch


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
        return Call("copy", {"self": result, "src": args[0]}, "functional", result, accelerator)
    return Call(base_name(op), bind(op, args, kwargs), form_of(op), result, accelerator)


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


@cache
def _opens(op) -> bool:
    """True for an op that is nothing but other ops, on the device where it is called."""
    if base_name(op) in WHOLE:
        return False

    def has(key: str) -> bool:
        return torch._C._dispatch_has_kernel_for_dispatch_key(op.name(), key)

    return has("CompositeImplicitAutograd") and not has("CPU") and not has("PrivateUse1")


def _computed(op, args: tuple, kwargs: dict, mode) -> Any:
    """The op's result; if it is nothing but other ops, those are seen by `mode`."""
    if _opens(op):
        with mode:
            result = op.decompose(*args, **kwargs)
        if result is not NotImplemented:
            return result
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
            kwargs = kwargs or {}
            return handle(op, args, kwargs, lambda: _computed(op, args, kwargs, self))

    recorder = Recorder()
    with _through_higher_order_ops(recorder), enable_python_dispatcher(), recorder, torch._C._EnablePreDispatch():
        yield


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
            return handled(op, args, _as_in_schema(kwargs), lambda: function(*args, **kwargs))

    class Kernels(TorchDispatchMode):
        supports_higher_order_operators = True

        def __torch_dispatch__(self, op, types_, args=(), kwargs=None):
            kwargs = kwargs or {}
            if getattr(here, "quiet", False) or not hasattr(op, "_schema"):  # one that takes functions has no schema
                return op(*args, **kwargs)
            if base_name(op) in WHOLE or _opens(op):  # inference mode: `Composites` has handled it
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
    try:
        op = getattr(packet, torch._C._jit_resolve_packet(f"aten::{name}", *args, **_as_in_schema(kwargs)))
    except (RuntimeError, AttributeError, TypeError):  # not an op that can be called like this
        return None
    return op if _hides_from_dispatch(op) else None


@cache
def _hides_from_dispatch(op) -> bool:
    """True for an op on tensors that reaches a dispatch mode only in parts."""
    gives_tensors = any("Tensor" in str(value.type) for value in op._schema.returns)
    exists = torch._C._dispatch_has_kernel(op.name())  # TorchScript's own overloads, such as those of `size`, do not
    return exists and gives_tensors and (base_name(op) in WHOLE or _opens(op))


def _as_in_schema(kwargs: dict) -> dict:
    """Python says `input` where aten's schemas mostly say `self`."""
    return {"self" if name == "input" else name: value for name, value in kwargs.items()}


@cache
def _without_overrides(function: types.FunctionType) -> types.FunctionType:
    """The same Python function, not asking whether a mode wants to see it: its body runs, and the mode sees that."""
    names = ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")
    never = {name: lambda *args: False for name in names if name in function.__globals__}
    copy = types.FunctionType(
        function.__code__,
        {**function.__globals__, **never},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


# ---- locate ----------------------------------------------------------------------------------------

import argparse
import contextlib
import copy
import json
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch


PROMPT = "When Mary and John went to the store, John gave a drink to"  # the example of Wang et al. (arXiv 2211.00593)
KINDS = {"wrong": "is wrong", "nan": "makes NaN where the CPU has none", "shape": "gives another shape or dtype"}


@dataclass
class Report:
    """What `locate` found. `verdict` is diverges, agrees or could not check.

    `whole` says whether the whole forward pass agrees (None: it could not be compared, and `whole_text` says why).
    `reproductions` and `bugs` belong to `findings`, one each; only the first unless all were asked for.
    """

    verdict: str
    subject: str
    findings: list[Finding] = field(default_factory=list)
    reproductions: list[Reproduction] = field(default_factory=list)
    bugs: list[list[Known]] = field(default_factory=list)
    whole: bool | None = None
    whole_text: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    refused: dict[str, tuple[int, str]] = field(default_factory=dict)
    seconds: float = 0.0

    def __str__(self) -> str:
        return "\n".join(report_lines(self))


# ---- the pass -----------------------------------------------------------------------------------------------------


def locate(
    model: torch.nn.Module,
    *args,
    device: str = "mps",
    repeat: int = 1,
    backward: bool = False,
    every: bool = False,
    known: tuple[Known, ...] | None = None,
    run: Callable[[str], str] = run_in_process,
    folder: str | Path = ".",
    **kwargs,
) -> Report:
    """Find the first op where a device leaves the CPU although its inputs are right.

    Args:
        model: any module, on the CPU. It stays there; it runs once, in the mode (train or eval) that it is in.
        args, kwargs: what it is called with; tensors on the CPU.
        repeat: how often the device computes each op: more than once also finds what differs from itself.
        backward: compare the gradients of each op too, with those that come in when the output's are random (or 1).
        every: reproduce all that is wrong, not the first alone.
        known: the bugs to recognize, by default those that the single file carries.
        run: what executes a reproduction; a process of its own by default.
        folder: where the numbers of a reproduction are saved, if random ones do not show it.

    Raises CouldNotCheck if the device is not there or the model is not on the CPU; whatever the model raises.
    """
    need_device(device)
    weights = [*model.parameters(), *model.buffers()]
    if any(t.device.type != "cpu" for t in weights + tensors_in((args, kwargs))):
        raise CouldNotCheck("model and inputs must be on the CPU: they are copied to the device here")
    started = time.perf_counter()
    steps = LockStep(model, device, repeat, backward)
    steps.keep([weight.detach() for weight in weights])
    steps.place((args, kwargs), True)
    twin, twin_error = twin_model(model, steps)
    with torch.set_grad_enabled(backward), steps.where.following(), around(steps.handle):
        output = model(*args, **kwargs)
    if backward:
        run_backward(model, output)
    compared = steps.counts["compared"]
    whole, text = None, twin_error
    if twin is not None:
        whole, text = compare_whole(model, twin, args, kwargs, output, steps)
    if not whole and twin is not None and not steps.findings and not steps.counts["random"]:
        look_from_the_device(twin, args, kwargs, steps)
    report = Report("could not check", f"{device} against the CPU, torch {torch.__version__}", steps.findings)
    report.whole, report.whole_text, report.refused = whole, text, steps.refused
    report.counts = {**steps.counts, "compared": compared}
    bugs = read_known(globals().get("CATALOGUE", ())) if known is None else known
    for finding in steps.findings if every else steps.findings[:1]:
        report.bugs.append(recognized(finding, bugs, steps))
        report.reproductions.append(reproduce(finding.outer, device, run, Path(folder)))
    if steps.findings or whole is False:
        report.verdict = "diverges"
    elif whole:
        report.verdict = "agrees"
    report.seconds = time.perf_counter() - started
    return report


def twin_model(model: torch.nn.Module, steps: LockStep) -> tuple[Any, str]:
    """The model on the device as `model.to(device)` makes it, on the weights that are there already; or why not."""
    twins, moved = Twins(lambda flat: flat.to(steps.device), steps.kept), {}
    try:
        for weight in [*model.parameters(), *model.buffers()]:
            plain = weight.detach()
            there = twins.tensor(plain) if plain.is_contiguous() else plain.to(steps.device)
            is_parameter = isinstance(weight, torch.nn.Parameter)
            moved[id(weight)] = torch.nn.Parameter(there, weight.requires_grad) if is_parameter else there
        twin = copy.deepcopy(model, moved)  # deepcopy takes what is in `moved` as copied already
        # TransformerLens notes the device in .cfg as well; its own .to() sets that
        return twin.to(steps.device, print_details=False) if hasattr(model, "cfg") else twin.to(steps.device), ""
    except Exception as error:
        return None, f"the model cannot be copied: {first_line(error)}"


def run_backward(model: torch.nn.Module, output) -> None:
    """The model's own backward pass, from the first result that has a gradient; what it computes is dropped."""
    results = [t for t in tensors_in(output) if t.requires_grad]
    weights = [p for p in model.parameters() if p.requires_grad]
    if not results or not weights:
        raise CouldNotCheck("the output has no gradient: backward needs parameters with requires_grad")
    generator = torch.Generator().manual_seed(0)
    incoming = torch.randn(results[0].shape, generator=generator) if results[0].numel() > 1 else torch.ones(())
    incoming = incoming.to(results[0].dtype).reshape(results[0].shape)
    torch.autograd.grad(results[0], weights, incoming, allow_unused=True)


# ---- the whole forward pass ---------------------------------------------------------------------------------------


def compare_whole(model, twin, args, kwargs, output, steps: LockStep) -> tuple[bool | None, str]:
    """Whether the model's outputs agree, and that in words."""
    if steps.counts["random"]:
        return None, f"it draws random numbers ({steps.counts['random']} calls)"
    try:
        with torch.no_grad():
            there = twin(*to_there(args, steps), **to_there(kwargs, steps))
    except Exception as error:
        return None, f"it does not run there: {first_line(error)}"
    pairs = list(zip(tensors_in(output), tensors_in(there)))
    if len(tensors_in(output)) != len(tensors_in(there)) or any(a.shape != b.shape for a, b in pairs):
        return False, "it gives other shapes"
    pairs = [(cpu.detach(), on_cpu(got)) for cpu, got in pairs]
    apart = [distance(cpu, got) for cpu, got in pairs]
    calls = steps.counts["compared"]
    if all(a <= SCREEN * calls**0.5 and c.dtype is torch.float32 or a <= SCREEN for a, (c, _) in zip(apart, pairs)):
        return True, f"it is {max(apart, default=0):.3g} roundings away from the CPU after {calls} ops"
    try:
        exact = tensors_in(forward_in_float64(model, args, kwargs))
    except Exception as error:
        return None, f"it differs, and there is no reference in float64: {first_line(error)}"
    found = [difference(c, g, e, moves=False) for (c, g), e in zip(pairs, exact)]
    worst = max(filter(None, found), key=lambda d: d.ratio, default=None)
    return worst is None, "its error is within 10 times the CPU's own" if worst is None else difference_text(worst)


def to_there(value, steps: LockStep):
    """Inputs on the device."""
    return mapped(lambda v: v.to(steps.device) if isinstance(v, torch.Tensor) else v, value)


def forward_in_float64(model, args, kwargs):
    """The model's output on the CPU in float64. Weights are widened for one op at a time."""

    def handle(op, args, kwargs, run):
        if obstacle(op, tensors_in((args, kwargs))):
            return run()
        with plain_dispatch():
            return called_in_float64(op, args, kwargs)

    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad(), around(handle):
            return model(*args, **kwargs)
    finally:
        torch.set_default_dtype(default)


def look_from_the_device(twin, args, kwargs, steps: LockStep) -> None:
    """The pass the other way: the device's results go on, so that what it makes itself is what is compared."""
    steps.where.names.update(type(steps.where)(twin).names)
    steps.sick.clear()
    with contextlib.suppress(Exception), torch.no_grad(), steps.where.following(), around(steps.handle_there):
        twin(*to_there(args, steps), **to_there(kwargs, steps))


# ---- words --------------------------------------------------------------------------------------------------------


def recognized(finding: Finding, known: tuple[Known, ...], steps: LockStep) -> list[Known]:
    """The bugs whose trigger matches the call, those first that are sick on this torch."""
    cases = [finding.case] if finding.case is finding.outer else [finding.case, finding.outer]
    found = []
    for case in cases:
        call = call_on(case, steps)
        found += [bug for bug in known if bug not in found and any(t.matches(call) for t in bug.triggers)]
    return sorted(found, key=lambda bug: ("sick", "unknown", "healthy").index(bug.state(torch.__version__, macos())))


def call_on(case: Case, steps: LockStep):
    """A case as triggers see it on the device, before it is made. A copy between dtypes has a new tensor as `self`."""
    twins = Twins(lambda flat: flat.to(steps.device))
    args, kwargs = twins.of((case.args, case.kwargs), case.scalars)
    result = torch.empty_like(args[0], dtype=kwargs.get("dtype")) if base_name(case.op) == "_to_copy" else None
    return call_of(case.op, args, kwargs, result, steps.device.partition(":")[0])


def macos() -> str | None:
    """The version of macOS; None elsewhere."""
    return platform.mac_ver()[0] or None


def difference_text(result: Difference) -> str:
    """How a result is wrong, in words."""
    if result.kind == "shape":
        return "shape or dtype are others"
    at = f"first at {result.index}: expected {result.expected:.6g}, got {result.got:.6g}"
    error = f"; error {result.ratio:.3g} times the CPU's own, 10 allowed" if result.ratio < float("inf") else ""
    return f"{result.share:.3%} of the values are wrong, {at}{error}"


def tensor_rows(case: Case) -> Iterator[str]:
    """The tensors among the arguments: name, dtype, shape, strides, offset, layout."""
    names = [a.name for a in case.op._schema.arguments]
    arguments = [*zip(names, case.args), *case.kwargs.items()]
    arguments += [("gradient", g) for g in case.incoming or () if g is not None]
    for name, value in arguments:
        for t in tensors_in(value):
            kind = "on the CPU" if id(t) in case.scalars else next(iter(layout(t)))
            place = f"shape {tuple(t.shape)}, strides {t.stride()}, offset {t.storage_offset()}"
            yield f"{name}: {str(t.dtype)[6:]}, {place}, {kind}"


def finding_lines(finding: Finding) -> Iterator[str]:
    """A finding in words."""
    gradient = ", gradient," if finding.case.incoming else ""
    kind = "differs from itself" if finding.case.differs else KINDS[finding.result.kind]
    inputs = "on the inputs that the device itself made" if finding.own_inputs else "although its inputs are right"
    yield f"aten::{finding.op}{gradient} {kind} {inputs}"
    hooks = [f"after {finding.spot.hook}"] * bool(finding.spot.hook) + [f"seen from {finding.next_hook} on"] * bool(finding.next_hook)
    yield f"  module: {finding.spot.module}" + (f" ({', '.join(hooks)})" if hooks else "")
    yield f"  called at: {finding.spot.line}" + (
        f", as part of aten::{base_name(finding.outer.op)}" if finding.outer.op is not finding.case.op else ""
    )
    for row in tensor_rows(finding.case):
        yield f"  {row}"
    yield f"  result: {difference_text(finding.result)}"
    modules = list(dict.fromkeys(finding.modules))
    yield f"  calls like it that are wrong: {len(finding.modules)}, in {', '.join(modules[:6])}{', …' * (len(modules) > 6)}"


def bug_lines(bugs: list[Known]) -> Iterator[str]:
    """The known bugs of a finding in words."""
    if not bugs:
        yield "  known bug: none in the catalogue fits; it may be new"
    for bug in bugs:
        state = bug.state(torch.__version__, macos())
        yield f"  known bug: {bug.claim}"
        yield f"    {bug.url}, page {bug.page}, affected {bug.affected}; on torch {torch.__version__}: {state}"
        if bug.workaround:
            yield "    workaround: " + bug.workaround.replace("\n", "\n      ")


def reproduction_lines(reproduction: Reproduction) -> Iterator[str]:
    """A reproduction, and whether it fails."""
    if not reproduction.fails:
        yield f"  no reproduction without the model: {reproduction.note}"
        return
    yield f"  reproduction, run here, it fails{': ' * bool(reproduction.note)}{reproduction.note}"
    yield ""
    yield from (f"    {line}".rstrip() for line in reproduction.text.splitlines())
    yield ""


def report_lines(report: Report) -> Iterator[str]:
    """A report in words. The last line is the answer."""
    for finding, bugs, reproduction in zip(report.findings, report.bugs, report.reproductions):
        yield from finding_lines(finding)
        yield from bug_lines(bugs)
        yield from reproduction_lines(reproduction)
    rest = report.findings[len(report.bugs) :]
    if rest:
        yield f"{len(rest)} more kinds of calls are wrong: {', '.join(sorted({f.op for f in rest}))} (--all shows them)"
    birth = next((f for f in report.findings if f.result.kind == "nan"), None)
    if birth and birth is not report.findings[0]:
        yield f"the first NaN is made by aten::{birth.op} in {birth.spot.module}"
    yield "calls: " + ", ".join(f"{count} {kind}" for kind, count in report.counts.items() if count)
    for op, (count, reason) in report.refused.items():
        yield f"not compared: aten::{op}, {count} calls: {reason}"
    word = {True: "agrees", False: "disagrees", None: "could not be compared"}[report.whole]
    yield f"whole forward pass: {word}: {report.whole_text}"
    yield last_line(report)


def last_line(report: Report) -> str:
    """The answer."""
    if report.findings:
        first = report.findings[0]
        answer = f"FOUND: aten::{first.op} in {first.spot.module}"
    elif report.whole is False:
        answer = (
            "FOUND, BUT NOT WHERE: the whole forward pass differs and no op does on the same inputs; look at state that "
            "is kept between calls and at code that takes another path on the device"
        )
    elif report.verdict == "agrees":
        answer = "NO OP DIVERGES, and the whole forward pass agrees"
    else:
        answer = f"COULD NOT CHECK: no op diverges, but the whole forward pass was not compared: {report.whole_text}"
    return f"{answer}. {report.subject}."


def as_json(report: Report) -> dict:
    """A report as plain data."""
    findings = [
        {
            "op": f.op,
            "outer": base_name(f.outer.op),
            "gradient": f.case.incoming is not None,
            "module": f.spot.module,
            "line": f.spot.line,
            "after_hook": f.spot.hook,
            "next_hook": f.next_hook,
            "kind": "nondeterministic" if f.case.differs else f.result.kind,
            "own_inputs": f.own_inputs,
            "tensors": list(tensor_rows(f.case)),
            "result": {**asdict(f.result), "ratio": str(f.result.ratio)},
            "modules": f.modules,
        }
        for f in report.findings
    ]
    for finding, bugs, reproduction in zip(findings, report.bugs, report.reproductions):
        finding["bugs"] = [{"slug": b.slug, "url": b.url, "state": b.state(torch.__version__, macos())} for b in bugs]
        finding["reproduction"] = asdict(reproduction)
    plain = ("verdict", "subject", "whole", "whole_text", "counts", "refused", "seconds")
    return {name: getattr(report, name) for name in plain} | {"findings": findings, "last line": last_line(report)}


# ---- the command --------------------------------------------------------------------------------------------------


def run_command(options) -> Report:
    """Do what the command line asks."""
    need_device(options.device)
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    entry = options.entry or newest_entry()
    model, tokenizer = load_model(find_model(options.model), entry)
    start = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]  # put first, as TransformerLens does
    tokens = torch.tensor([start + tokenizer.encode(options.prompt, add_special_tokens=False)])
    report = locate(
        model.eval(),
        tokens,
        device=options.device,
        repeat=3 if options.repeat else 1,
        backward=options.backward,
        every=options.all,
    )
    name = f"{options.model} through {type(model).__name__} (--entry {entry}), {str(next(model.parameters()).dtype)[6:]}"
    report.subject = f"{name}, {tokens.numel()} tokens, {report.subject}, {report.seconds:.1f} s"
    return report


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="gpt2", help="gpt2 (the default), smollm2, ioi-small or a folder")
    parser.add_argument("--entry", choices=["transformers", "bridge", "hooked"], help="transformers or TransformerLens")
    parser.add_argument("--device", default="mps", help="any device of torch, mps by default")
    parser.add_argument("--prompt", default=PROMPT, help="the text that the model reads")
    parser.add_argument("--all", action="store_true", help="show and reproduce all that is wrong: a process for each")
    parser.add_argument("--repeat", action="store_true", help="compute each op 3 times there: two forwards more")
    parser.add_argument("--backward", action="store_true", help="gradients too: some 5 forwards more, all activations kept")
    parser.add_argument("--json", action="store_true", help="print one JSON object only")
    options = parser.parse_args(arguments)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what libraries print must not mix with the answer
            report = run_command(options)
    except KeyboardInterrupt:
        report = Report("could not check", "", whole_text="stopped before the end")
    except CouldNotCheck as error:
        report = Report("could not check", str(error))
    except ModuleNotFoundError as error:
        report = Report("could not check", f"the package {error.name} is missing: {sys.executable} -m pip install {error.name}")
    except Exception as error:  # no traceback for a user who cannot do anything with it
        report = Report("could not check", first_line(error))
    if options.json:
        print(json.dumps(as_json(report)))
    elif report.counts:
        print(report)
    else:
        print(f"COULD NOT CHECK: {report.subject or report.whole_text}")
    return {"agrees": 0, "diverges": 3}.get(report.verdict, 2)


if __name__ == "__main__":
    sys.exit(main())
