"""Made-up records of one check: what the emulated device gave, healthy and sick, and what else a Mac may do to it.

Shapes, values and errors of the CPU are real, and those of a sick device are what the imitated fault makes of them.
"""

import copy
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mpscheck.bugs.bug import Bug
from mpscheck.runs import numerics, runner

LOUD = {
    "error": "RuntimeError: made up",
    "crash": "the process ended: killed by SIGABRT",
    "hang": "no answer within 120 seconds",
}
SEED = 0
OUTDATED = "0" * 16  # the hash of no code


@dataclass(frozen=True)
class Seen:
    """One check in one dtype: an attempt on a healthy device with other arithmetic, and one on a sick device."""

    bug: Bug
    dtype: str
    right: dict
    sick: dict


def measured(bugs: tuple[Bug, ...]) -> Iterator[Seen]:
    """Each check, run here on the emulated device, each time with the same random numbers whatever ran before."""
    with runner.Worker("emu", emulated="honest") as healthy, runner.Worker("emu", emulated="1") as other:
        for job in (replace(job, seed=SEED) for bug in bugs for job in runner.jobs_of(bug)):
            right = _tidy(healthy.measure(job), job.bug)
            sick = _tidy(other.measure(replace(job, faults=(job.bug.slug,))), job.bug) if job.bug.imitable else right
            shows = numerics.verdict_of_attempt(sick, "compute") in numerics.SHOWS[job.bug.kind]
            yield Seen(job.bug, job.dtype, right, sick if shows else _made_sick(right, job.bug.kind))


def _tidy(record: dict, bug: Bug) -> dict:
    """The attempt of a record, without what differs from one run to the next."""
    attempt = copy.deepcopy(record["attempts"][0]) | {"before": []}
    attempt.pop("stderr", None)
    for name, numbers in attempt["functions"].items():
        numbers["seconds"] = _share(bug.slug, name) / 10
    return attempt


def _made_sick(right: dict, kind: str) -> dict:
    """An attempt for a bug that cannot be imitated: it shows as its kind does."""
    if kind in numerics.NOT_RUN:
        return failed(right, kind, LOUD.get(kind, "the process grew beyond its memory limit"))
    return _spoiled(right, "compute")


def failed(right: dict, outcome: str, reason: str, stderr: str = "") -> dict:
    """An attempt of which `compute` has no numbers."""
    others = {name: numbers for name, numbers in right["functions"].items() if name != "compute"}
    functions = {} if outcome in ("gpu-fault", "unfit", "not-run") else others
    attempt = {"outcome": outcome, "reason": reason, "before": [], "functions": functions}
    return attempt | ({"stderr": stderr} if stderr else {})


def _spoiled(right: dict, function: str) -> dict:
    """The attempt with zeros where one function gave numbers."""
    attempt = copy.deepcopy(right)
    numbers = attempt["functions"][function]
    if "p_value" in numbers:
        numbers["p_value"] = 0.0
        return attempt
    for output in numbers["outputs"]:
        if "cpu_shape" in output:
            continue
        whole, size = not output["eps"], 1
        for length in output["shape"]:
            size *= length
        exact = output["exact"]["max"]
        output["device"] |= {**output["exact"], "misplaced": size if whole else 0, "wrong": size}
        value = int(exact) if whole and isinstance(exact, float) else exact
        output |= {
            "equals_cpu": False,
            "first_wrong": {"index": [0] * len(output["shape"]), "cpu": value, "device": 0, "exact": value},
        }
    return attempt


def _another_shape(right: dict) -> dict:
    """The attempt with an output of `compute` cut by one."""
    attempt = copy.deepcopy(right)
    first, *others = attempt["functions"]["compute"]["outputs"]
    cut = [*first["shape"][:-1], max(0, first["shape"][-1] - 1)]
    shapes = {"shape": cut, "dtype": first["dtype"], "cpu_shape": first["shape"], "cpu_dtype": first["dtype"]}
    attempt["functions"]["compute"]["outputs"] = [shapes, *others]
    return attempt


def _varied(right: dict, *where: str) -> dict:
    """The attempt with somewhat smaller errors: no two set-ups round alike."""
    attempt = copy.deepcopy(right)
    for name, numbers in attempt["functions"].items():
        for output in numbers.get("outputs", ()):
            if "cpu_shape" in output or not output["eps"]:
                continue
            for size in ("rms", "max"):
                if isinstance(output["device"][size], float):
                    output["device"][size] *= 0.5 + 0.5 * _share(name, *where)
    return attempt


PLANTED = {  # how a case of `planted.json` makes the attempts of a record
    "right": lambda seen: [seen.right],
    "sick": lambda seen: [seen.sick],
    "sick once": lambda seen: [seen.sick, seen.right],
    "another shape": lambda seen: [_another_shape(seen.right)] * 2,
    "control wrong": lambda seen: [_spoiled(seen.sick, "control")],
    "workaround wrong": lambda seen: [_spoiled(seen.sick, "workaround")],
    "outdated": lambda seen: [seen.sick],
}


def record(seen: Seen, found: str, *where: str, reason: str = "", stderr: str = "") -> dict:
    """A record: `found` is a word of PLANTED, or an outcome with its reason; `where` tells set-ups apart."""
    attempts = PLANTED[found](seen) if found in PLANTED else [failed(seen.right, found, reason, stderr)]
    attempts = [_varied(one, seen.bug.slug, *where) if one is seen.right else one for one in attempts]
    code = OUTDATED if found == "outdated" else seen.bug.check.code_hash
    return {"snippet": seen.bug.slug, "code": code, "dtype": seen.dtype, "attempts": attempts}


def _share(*names: str) -> float:
    """A number from 0 to 1 that these names always give."""
    return zlib.crc32(" ".join(names).encode()) % 1000 / 1000
