"""The kind of a bug fits how its result is wrong, and what the kind says is not said again."""

from collections.abc import Iterator

from mpscheck.bugs.bug import LOUD_KINDS, Bug

NAME = "values"
DESCRIPTION = "the kind fits the effect; silent is stated only where the kind does not say it"

OUT_OF_MEMORY = "OutOfMemoryError"


def check(bug: Bug) -> Iterator[str]:
    if bug.effect is not None and (said := _misfit(bug)):
        yield f"kind = {bug.kind!r}, effect {bug.effect}: {said}"
    if bug.facts.get("silent") is (bug.kind not in LOUD_KINDS):
        yield f"silent = {bug.silent}: a bug of kind {bug.kind!r} is that; leave it out"


def _misfit(bug: Bug) -> str | None:
    """Why a bug of this kind cannot have this effect."""
    raises = bug.effect.target if bug.effect.word == "raises" else None
    if bug.kind in ("crash", "hang"):
        return f'a {bug.kind} is not imitated, it would end the process: say why in absent = {{"effect": "…"}}'
    if bug.kind == "error" and raises in (None, OUT_OF_MEMORY):
        return "an error is raised: raises(RuntimeError), or another than OutOfMemoryError"
    if bug.effect.word == "keeps" and bug.kind != "memory":
        return "what keeps memory is of kind memory"
    if raises and bug.kind != ("memory" if raises == OUT_OF_MEMORY else "error"):
        return f"what raises is of kind {'memory' if raises == OUT_OF_MEMORY else 'error'}"
    return None
