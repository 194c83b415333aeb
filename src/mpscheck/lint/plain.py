"""What readers see is plain English, as a native reader would write it: the word list of docs/style.md."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mpscheck.bugs.bug import Bug

NAME = "plain"
DESCRIPTION = "the words are those of the list in docs/style.md: a bug is hit, and fixed"


@dataclass(frozen=True)
class Word:
    """What is not written, how it is found, and what is written in its place."""

    instead_of: str
    pattern: str
    write: str


WORDS = (
    Word("meet, met (a bug)", r"\b(?:meets?|(?<!infinity )met|meeting)\b", "hit"),
    Word("mend, mended", r"\b(?:mends?|mended|mending)\b", "fix, fixed"),
    Word("heal, healed", r"\b(?:heals?|healed)\b", "fix, fixed; for a device, healthy"),
    Word("cure, cured", r"\b(?:cures?|cured|curing)\b", "fix, fixed; a workaround"),
    Word("anew", r"\banew\b", "again; regenerate"),
    Word("by itself", r"\bby (?:itself|themselves)\b", "on its own; unasked"),
    Word("bear, bears", r"\bbears?\b", "handle, allow"),
    Word("business", r"\bbusiness\b", "is what it is for"),
    Word("go round (a bug)", r"\b(?:go|goes|going|went) round\b", "work around, avoid"),
    Word("speaks of, tells of", r"\b(?:speaks?|tells?|told|spoken) of\b", "mentions, says"),
    Word("says nothing of", r"\bsays? nothing of\b", "says nothing about"),
    Word(
        "stands, stood",
        r"(?<!what )(?<!you )(?<!must )\b(?:stands?|stood)\b(?! (?:for|out|still|alone|in for)\b)",
        "is; is listed; lies",
    ),
    Word(
        "hence, thus, whereby", r"\b(?:hence|thus|whereby|wherein|whereof|thereof|thereby|lest|whilst|albeit)\b", "so"
    ),
    Word("at hand", r"\bat hand\b", "available"),
    Word("held against", r"\b(?:holds?|held|holding) against\b", "compared with, checked against"),
    Word("rightly", r"\brightly\b", "correctly"),
    Word("you can touch (a Mac)", r"\b(?:one|you) can touch\b", "a physical Mac"),
    Word("known of, unknown of", r"\b(?:un)?known\W* of\b", "known about; unknown for"),
    Word("says of, said of", r"\b(?:says?|said) of\b", "says about"),
    Word("of which nobody", r"\bof which (?:no|nobody|nothing)\b", "for which nobody"),
    Word("told by, told in", r"\btold (?:by|in|or|from)\b", "reported; inferred"),
    Word("look whether", r"\blook whether\b", "check that"),
    Word("renew, renewed", r"\brenew(?:s|ed)?\b", "update"),
    Word("near to", r"\bnear to\b", "close to"),
)
CODE = re.compile(r"```.*?```|~~~.*?~~~|`[^`\n]*`|\]\([^)]*\)|https?://\S+|<[^>]*>|\{[^}]*\}", re.DOTALL)


def found(text: str) -> Iterator[tuple[str, str]]:
    """Each word of the list in a text of Markdown, code and addresses left out, with what to write in its place."""
    prose = CODE.sub(" ", text)
    for word in WORDS:
        for match in re.finditer(word.pattern, prose, re.IGNORECASE):
            yield match[0], word.write


def check(bug: Bug) -> Iterator[str]:
    said = [
        bug.claim,
        *bug.met_in,
        *(bug.facts.get(name) or "" for name in ("when", "effect_text", "workaround", "caveat")),
    ]
    for text in [*said, bug.check.explanation] if bug.check else said:
        yield from (f"{word!r}: write {instead}" for word, instead in found(text))
