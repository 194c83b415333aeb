"""What a result on the emulated device was made of: hashes by part, so that a change names what it makes stale.

A new word of the vocabulary leaves every result as it was: of the words, only those count that a bug's own fault uses.
"""

import hashlib
from collections.abc import Iterable
from functools import lru_cache

from mpscheck.bugs.bug import Bug
from mpscheck.bugs.code_hash import code_hash, reached_hash
from mpscheck.bugs.effect import Effect
from mpscheck.bugs.trigger import Trigger
from mpscheck.places import PACKAGE, ROOT

MEASURING = (
    "bugs/aten",
    "bugs/recorder",
    *(f"runs/{n}" for n in ("measure", "numerics", "outputs", "rule", "selftest")),
)


def digest(parts: Iterable[str]) -> str:
    """One short hash of several texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _source(name: str) -> str:
    return (PACKAGE / f"{name}.py").read_text(encoding="utf-8")


@lru_cache
def device() -> str:
    """Hash of the code of the emulated device and of the measuring, without the words of triggers and effects."""
    files = [path for path in sorted(PACKAGE.glob("emulation/*.py")) if path.stem != "effects"]
    sources = [path.read_text(encoding="utf-8") for path in files] + [_source(name) for name in MEASURING]
    return digest([code_hash(sources), reached_hash(_source("bugs/trigger"), "Trigger", "Call", "Earlier")])


@lru_cache
def imitation(triggers: tuple[Trigger, ...], effect: Effect) -> str:
    """Hash of a fault in words: trigger and effect as they are written, and the code of the words that they use."""
    how = reached_hash(_source("emulation/effects"), f"IMITATIONS[{effect.word}]")
    return digest([repr([trigger.table for trigger in triggers]), str(effect), _when(triggers), how])


def _when(triggers: tuple[Trigger, ...]) -> str:
    """Hash of the code of the words that triggers use."""
    conditions = [condition for trigger in triggers for condition in trigger.when]
    return reached_hash(_source("bugs/properties"), *sorted({word for c in conditions for word in c.words}))


@lru_cache
def code(pattern: str) -> str:
    """Hash of what the modules that a glob names do, comments and docstrings aside."""
    return code_hash(path.read_text(encoding="utf-8") for path in sorted(PACKAGE.glob(pattern)))


def shared() -> str:
    """Hash of what `validate` and `locate` both carry."""
    return digest([code("tools/models.py"), code("tools/copies.py")])


def fault_of(bug: Bug) -> str:
    """Hash of the fault of a bug."""
    return imitation(bug.triggers, bug.effect) if bug.imitable else digest([repr(bug.triggers), str(bug.effect)])


def of_check(bug: Bug) -> dict[str, str]:
    """What the controls of a bug's check are made of."""
    how = {name: bug.facts[name] for name in ("dtypes", "repeats") if name in bug.facts}  # what the code does not say
    check = digest([bug.check.code_hash, repr(how)]) if how else bug.check.code_hash
    return {"check": check, "fault": fault_of(bug), "device": device()}


def of_recording(bug: Bug) -> dict[str, str]:
    """What is made of the calls of libraries that were held against a bug's triggers."""
    return {
        "trigger": digest([repr([trigger.table for trigger in bug.triggers]), _when(bug.triggers)]),
        "libraries": code("detection/libraries.py"),
    }


def of_row(fault: str, bugs: dict[str, Bug]) -> dict[str, str]:
    """What a row of the detection table is made of, by the fault's name."""
    own = fault_of(bugs[fault]) if fault in bugs else code("detection/faults.py")
    return {
        "validate_mps.py": code("../../snippets/validate_mps.py"),
        "locate and audit": code("tools/**/*.py"),
        "fault": own,
        "counting": digest(code(f"detection/{name}.py") for name in ("rows", "hits", "remembering", "located")),
        "device": device(),
    }


def of_works(fault: str, environment: str, bugs: dict[str, Bug]) -> dict[str, str]:
    """What the row of a kind of model is made of, by the fault that it was given and the environment that it needs."""
    pins = {"environment": files(f"scripts/environments/{environment}.txt")} if environment else {}
    return {
        "validate": digest([code("tools/validate/*.py"), shared()]),
        "locate": digest([code("tools/locate/*.py"), shared()]),
        "models": reached_hash(_source("detection/libraries"), "LIBRARIES"),  # not what people do with them
        "fault": fault_of(bugs[fault]) if fault in bugs else code("detection/faults.py"),
        "counting": digest([code("detection/works.py"), code("detection/located.py")]),
        "device": device(),
        **pins,
    }


def of_redteam() -> dict[str, str]:
    """What is made of the faults that nobody wrote."""
    models = reached_hash(_source("detection/libraries"), "of_transformers", "LstmLanguageModel", "tokens")
    return {
        "validate and locate": digest([shared(), code("tools/validate/*.py"), code("tools/locate/*.py")]),
        "faults": digest(
            [
                *(code(f"detection/{name}.py") for name in ("generated", "redteam", "remembering", "located")),
                code("emulation/effects.py"),
            ]
        ),
        "models": models,
        "device": device(),
    }


def of_sweep(bug: Bug) -> dict[str, str]:
    """What the sweep says of a device that is sick with a bug is made of."""
    return {"sweep": code("sweep/*.py"), "fault": fault_of(bug), "device": device()}


def of_case() -> dict[str, str]:
    """What the report rebuilt is made of."""
    return {
        "scripts/case/reproduce.py": code("../../scripts/case/reproduce.py"),
        "validate_mps.py": code("../../snippets/validate_mps.py"),
        "locate and audit": code("tools/**/*.py"),
        "device": device(),
    }


def files(*patterns: str) -> str:
    """Hash of the bytes of the files that these globs name, from the repository's root."""
    paths = [path for pattern in patterns for path in sorted(ROOT.glob(pattern)) if path.is_file()]
    return digest(hashlib.sha256(path.read_bytes()).hexdigest() for path in paths)


def changed(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """The parts that are not what they were, by name."""
    return [name for name, value in now.items() if before.get(name) != value]
