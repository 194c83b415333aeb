"""How a result is wrong, said in data: a word of a small closed vocabulary and what it applies to.

    effect = "ignores-strides(weight)"

`mpscheck.emulation.effects` holds the imitation of each word. Nothing here imports torch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mpscheck.bugs.trigger import NAMES


@dataclass(frozen=True)
class Word:
    """A word of the vocabulary: what it says of its target and value, what it takes, in words and as a pattern."""

    means: str
    takes: str
    pattern: str


_ARGUMENT = r"(?!result\b)\w+"
WORDS = {
    "ignores-strides": Word("{} is read or written as if it were contiguous", "argument", r"\w+"),
    "ignores-offset": Word("the storage offset of {} is ignored", "argument", _ARGUMENT),
    "transposes": Word("{} is taken transposed", "argument", _ARGUMENT),
    "unwritten": Word("{} is left unwritten", "result", "result"),
    "rounds": Word("{} goes through {}", "argument, dtype", rf"\w+, ({'|'.join(NAMES['dtype'])})"),
    "makes-nan": Word("{} holds NaN where infinity met zero", "result", "result"),
    "wraps": Word(
        "{} wraps around at {}: what lies beyond lands at the start, and its own place stays unwritten",
        "argument.size.dim, number",
        rf"{_ARGUMENT}\.size\.-?\d+, \d+",
    ),
    "random": Word("every item of the first dimension gets the same random numbers", "broadcast", "broadcast"),
}


class BadEffect(ValueError):
    """An effect that is not in the vocabulary; the message says what is."""


@dataclass(frozen=True)
class Effect:
    """`word(target, value)`: target is an argument of the op, `result`, or for `random` how."""

    word: str
    target: str
    value: str | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments that it is about, or `result`: `weight` of `wraps(weight.size.0, 65536)`; none for `random`."""
        return () if self.word == "random" else (self.target.partition(".")[0],)

    def __str__(self) -> str:
        return f"{self.word}({self.target}{'' if self.value is None else ', ' + self.value})"


def parse(text: str) -> Effect:
    """An effect from a snippet's metadata. Raises BadEffect."""
    match = re.fullmatch(r"([a-z-]+)\((.+)\)", text)
    if match is None:
        raise BadEffect(f"{text!r} is not an effect: word(target) or word(target, value)")
    word, inside = match.groups()
    if word not in WORDS:
        raise BadEffect(f"{text!r}: no effect {word!r}; there is {', '.join(WORDS)}")
    if not re.fullmatch(WORDS[word].pattern, inside):
        raise BadEffect(f"{text!r}: it is {word}({WORDS[word].takes})")
    target, _, value = inside.partition(", ")
    return Effect(word, target, value or None)


def sentence(effect: Effect) -> str:
    """The effect as a phrase in Markdown: "*weight* is read or written as if it were contiguous"."""
    name, _, rest = effect.target.partition(".")
    target = "the result" if name == "result" else f"*{name}*"
    if rest.startswith("size."):
        target = f"dimension {rest.removeprefix('size.')} of {target}"
    return WORDS[effect.word].means.format(target, effect.value)
