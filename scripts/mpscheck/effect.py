"""How a result is wrong, said in data: a word of a small closed vocabulary and what it applies to.

    effect = "ignores-strides(weight)"

`mpscheck.emulation.effects` holds the imitation of each word. Nothing here imports torch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mpscheck.trigger import NAMES

WORDS = {
    "ignores-strides": "{} is read or written as if it were contiguous",
    "ignores-offset": "the storage offset of {} is ignored",
    "transposes": "{} is taken transposed",
    "unwritten": "{} is left unwritten",
    "rounds": "{} goes through {}",
    "makes-nan": "{} holds NaN where infinity met zero",
    "wraps": "{} wraps around at {}: what lies beyond lands at the start, and its own place stays unwritten",
    "random": "{}",
}
RANDOM_KINDS = {"broadcast": "every item of the first dimension gets the same random numbers"}
ARGUMENTS = {"rounds": 2, "wraps": 2}
SIGNATURES = {  # what a word takes: `argument` is an argument of the op, or `result` where the pattern below allows it
    "ignores-strides": "argument",
    "ignores-offset": "argument",
    "transposes": "argument",
    "unwritten": "result",
    "rounds": "argument, dtype",
    "makes-nan": "result",
    "wraps": "argument.size.dim, number",
}
PATTERNS = {
    "ignores-strides": r"\w+",
    "ignores-offset": r"(?!result$)\w+",
    "transposes": r"(?!result$)\w+",
    "unwritten": "result",
    "rounds": rf"\w+, ({'|'.join(NAMES['dtype'])})",
    "makes-nan": "result",
    "wraps": r"(?!result\.)\w+\.size\.-?\d+, \d+",
}


class BadEffect(ValueError):
    """An effect that is not in the vocabulary; the message says what is."""


@dataclass(frozen=True)
class Effect:
    """`word(target, value)`: target is an argument of the op, `result`, or for `random` the kind."""

    word: str
    target: str
    value: str | None = None

    @property
    def argument(self) -> str | None:
        """The argument that it is about, or `result`; None for `random`: `weight` of `wraps(weight.size.0, 65536)`."""
        return None if self.word == "random" else self.target.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.word}({self.target}{'' if self.value is None else ', ' + self.value})"


def parse(text: str) -> Effect:
    """An effect from a snippet's metadata. Raises BadEffect."""
    match = re.fullmatch(r"([a-z-]+)\(([\w.-]+)(?:, ([\w.]+))?\)", text)
    if match is None:
        raise BadEffect(f"{text!r} is not an effect: word(target) or word(target, value)")
    word, target, value = match.groups()
    if word not in WORDS:
        raise BadEffect(f"{text!r}: no effect {word!r}; there is {', '.join(WORDS)}")
    if (value is None) != (ARGUMENTS.get(word, 1) == 1):
        raise BadEffect(f"{text!r}: {word} takes {ARGUMENTS.get(word, 1)} argument(s)")
    if word == "random" and target not in RANDOM_KINDS:
        raise BadEffect(f"{text!r}: random takes {', '.join(RANDOM_KINDS)}")
    effect = Effect(word, target, value)
    if word in PATTERNS and not re.fullmatch(PATTERNS[word], text[len(word) + 1 : -1]):
        raise BadEffect(f"{text!r}: it is {word}({SIGNATURES[word]})")
    return effect


def sentence(effect: Effect) -> str:
    """The effect as a phrase in Markdown: "*weight* is read or written as if it were contiguous"."""
    if effect.word == "random":
        return RANDOM_KINDS[effect.target]
    name, _, rest = effect.target.partition(".")
    target = "the result" if name == "result" else f"*{name}*"
    if rest.startswith("size."):
        target = f"dimension {rest.removeprefix('size.')} of {target}"
    return WORDS[effect.word].format(target, effect.value)
