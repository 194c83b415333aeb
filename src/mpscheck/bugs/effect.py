"""How a result is wrong, said in data: a word of a small closed vocabulary and what it applies to.

    effect = "ignores-strides(weight)"
    effect = "unwritten(result, after 4096)"
    effect = "noise(result, 0.1) in 1 of 20 calls"

`mpscheck.emulation.effects` holds the imitation of each word. Nothing here imports torch, but for `check_names`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mpscheck.bugs import trigger as triggers
from mpscheck.bugs.properties import NAMES
from mpscheck.bugs.trigger import Trigger


@dataclass(frozen=True)
class Word:
    """A word of the vocabulary: what it says of its target and value, what it takes, in words and as a pattern.

    `of` is what its target may be: a `tensor`, a `number` (or a tensor), any `value`; or it has `no target`.
    """

    means: str
    takes: str
    pattern: str
    of: str = "tensor"


_ARGUMENT = r"(?!result\b)\w+"
_DTYPE = "|".join(NAMES["dtype"])
_NUMBER = r"-?(\d+(\.\d+)?(e[+-]?\d+)?|inf)|nan"
ERRORS = ("RuntimeError", "NotImplementedError", "IndexError", "TypeError", "ValueError", "OutOfMemoryError")
PARTS = {  # of `unwritten`
    "after": "behind its first {}",
    "first": "in its first {}",
    "last": "in its last {}",
    "tail": "behind the last whole block of {}",
}
WORDS = {
    "ignores-strides": Word("{} is read or written as if it were contiguous", "argument", r"\w+"),
    "ignores-offset": Word("the storage offset of {} is ignored", "argument", _ARGUMENT),
    "ignores-conj": Word("{} is taken without its conjugation", "argument", _ARGUMENT),
    "conjugates": Word("{} is taken as its complex conjugate", "argument", _ARGUMENT),
    "transposes": Word("{} is taken transposed", "argument", _ARGUMENT),
    "reads-freed": Word("the memory of {} is read after it was freed and given to others", "argument", _ARGUMENT),
    "reinterprets": Word("the memory of {} is read as {}", "argument, dtype", rf"{_ARGUMENT}, ({_DTYPE})"),
    "drops": Word("{} is taken as if it were not given, or zero", "argument", _ARGUMENT, "value"),
    "sets": Word("{} is taken as {}", "argument, value", rf"\w+, ({_NUMBER}|[a-z]\w*)", "value"),
    "unchecked": Word("{} is not checked: what is out of range raises no error", "argument", _ARGUMENT),
    "scales": Word("{} is multiplied by {}", "argument, number", rf"\w+, ({_NUMBER})", "number"),
    "noise": Word("{} is off by random numbers of a relative size of {}", "result, number", rf"result, ({_NUMBER})"),
    "unwritten": Word(
        "{} is left unwritten{}",
        "result, part",
        rf"result(, ({'|'.join(PARTS)}) [1-9]\d*)?",
    ),
    "writes-outside": Word("{} is written, and one element more behind it in memory", "result", "result"),
    "rounds": Word("{} goes through {}", "argument, dtype", rf"\w+, ({_DTYPE})", "number"),
    "makes-nan": Word("{} holds NaN where infinity met zero", "result", "result"),
    "wraps": Word(
        "{} wraps around at {}: what lies beyond lands at the start, and its own place stays unwritten",
        "argument.size.dim, number",
        rf"{_ARGUMENT}\.size\.-?\d+, \d+",
    ),
    "stale": Word("{} is that of the first call with the same shapes", "argument", r"\w+", "value"),
    "random": Word(
        "every item of the first dimension gets the same random numbers", "broadcast", "broadcast", "no target"
    ),
    "raises": Word("the call raises {}", "error", "|".join(ERRORS), "no target"),
    "keeps": Word("{} of memory are kept for ever", "number KiB", r"[1-9]\d* KiB", "no target"),
}
_RATE = re.compile(r"(?P<effect>.+\)) in 1 of (?P<every>[1-9]\d*) calls")


class BadEffect(ValueError):
    """An effect that is not in the vocabulary; the message says what is."""


@dataclass(frozen=True)
class Effect:
    """`word(target, value)`: target is an argument of the op, `result`, or for some words what they are about.

    `every` is how often: at each call on which the trigger fires (1), or at the last of so many.
    """

    word: str
    target: str
    value: str | None = None
    every: int = 1

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments that it is about, or `result`: `weight` of `wraps(weight.size.0, 65536)`; none for `random`."""
        return () if WORDS[self.word].of == "no target" else (self.target.partition(".")[0],)

    def __str__(self) -> str:
        inside = self.target + ("" if self.value is None else f", {self.value}")
        return f"{self.word}({inside})" + (f" in 1 of {self.every} calls" if self.every > 1 else "")


def parse(text: str) -> Effect:
    """An effect from a snippet's metadata. Raises BadEffect."""
    rate = _RATE.fullmatch(text)
    match = re.fullmatch(r"([a-z-]+)\((.+)\)", rate["effect"] if rate else text)
    if match is None:
        raise BadEffect(f"{text!r} is not an effect: word(target) or word(target, value), in 1 of N calls")
    word, inside = match.groups()
    if word not in WORDS:
        raise BadEffect(f"{text!r}: no effect {word!r}; there is {', '.join(WORDS)}")
    if not re.fullmatch(WORDS[word].pattern, inside):
        raise BadEffect(f"{text!r}: {_form(word)}")
    target, _, value = inside.partition(", ")
    return Effect(word, target, value or None, int(rate["every"]) if rate else 1)


def _form(word: str) -> str:
    """How a word is written, with the words of a list that it takes."""
    lists = {"part": f"part is {', '.join(PARTS)} and a number, or left out", "error": f"error is {', '.join(ERRORS)}"}
    more = [said for name, said in lists.items() if name in WORDS[word].takes]
    return "; ".join([f"it is {word}({WORDS[word].takes})", *more])


def check_names(effect: Effect, tables: Iterable[Trigger]) -> list[str]:
    """What is wrong with the target against torch's own schemas: no such argument, or one of another kind. Imports torch."""
    tables, wrong = tuple(tables), []
    for op in {op: None for trigger in tables for op in trigger.ops}:
        types = triggers.types_of(op)
        for name in effect.arguments:
            if name in types:
                wrong += [f"aten::{op}: {name!r} {said}" for said in _wrong_target(effect, types[name])]
    return wrong


def _wrong_target(effect: Effect, types: set[str]) -> list[str]:
    """At most one sentence: what is wrong with a target of these types."""
    whole = " ".join(sorted(types))
    if effect.word == "drops":
        return (
            []
            if "Tensor" in whole or "Optional" in whole
            else [f"is of type {whole}: sets({effect.target}, …) says a value"]
        )
    if effect.word == "sets":
        value = triggers.read_literal(effect.value)
        if "Tensor" in whole and (isinstance(value, float | int) or effect.value == "nan"):
            return []  # all of it takes that value
        return [] if triggers.takes(types, value) else [f"is of type {whole}, which cannot be {effect.value}"]
    of = WORDS[effect.word].of
    if "Tensor" in whole or of == "value" or (of == "number" and triggers.takes(types, 0.5)):
        return []
    return [f"is of type {whole} and no {of}: sets({effect.target}, …) says what it is taken as"]


def sentence(effect: Effect) -> str:
    """The effect as a phrase in Markdown: "*weight* is read or written as if it were contiguous"."""
    often = f", in 1 of {effect.every} calls" if effect.every > 1 else ""
    if WORDS[effect.word].of == "no target":
        return WORDS[effect.word].means.format(f"`{effect.target}`") + often
    name, _, rest = effect.target.partition(".")
    target = "the result" if name == "result" else f"*{name}*"
    if rest.startswith("size."):
        target = f"dimension {rest.removeprefix('size.')} of {target}"
    value = effect.value
    if effect.word == "unwritten":
        part, _, count = (value or "").partition(" ")
        value = f" {PARTS[part]}".format(f"{int(count):,} elements") if part else ""
    return WORDS[effect.word].means.format(target, value) + often
