"""A run that somebody sent: what speaks against taking it in, in words. Pure, but for the catalogue; nothing is attested.

Whoever writes a run by hand can still invent numbers: that is why it is shown as unverified. What is refused here cannot have
been written by `mpscheck`, tells more of a person than it should, or is a copy of a run that is there.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from packaging.version import Version

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import Bug
from mpscheck.known import releases
from mpscheck.known.measured import BROUGHT
from mpscheck.runs import canaries, numerics, private, provenance, results
from mpscheck.runs.plain import NOT_SHOWN, PLAIN

FORMS = {  # what Apple's programs, torch and Python give; no word of a person's
    "torch_git": r"[0-9a-f]{40}",
    "gpu": r"[A-Z](?!.*\.\.)[\w .,+()@-]{1,99}",
    "chip": r"[A-Z](?!.*\.\.)[\w .,+()@-]{1,99}",
    "model": r"\w{1,30}(,\d{1,3})?",
    "system": "Darwin",
    "macos_build": r"\d{2}[A-Z]\d{1,5}[a-z]?",
    "mpsgraph": r"[\d.]{1,30}",
    "runner": r"[\w.-]{1,40}",
    "image": r"[\w.-]{1,40}",
}
NEEDED = ("torch_git", "gpu", "chip", "system", "macos", "macos_build")
EPS = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52, "complex64": 2.0**-23}
ROUNDING = 1 + 1e-6  # of a sum of squares
SAME, ENOUGH = 0.95, 10  # such a share of the durations, of so many at least, is no chance


def problems(run: dict, there: dict[str, dict], today: date) -> list[str]:
    """Why a run is not taken in; `there` are the runs that are, by name."""
    where = run["provenance"]
    if BROUGHT in run:
        return ["it says itself which job brought it: that is not its to say"]
    if where["device"].split(":")[0] != "mps":
        return [f"it was measured on {where['device']}, not on mps"]
    if not numerics.measured_anything(run):
        return ["it has no number: nothing was measured"]
    found = [*_of_provenance(where, today), *_of_texts(run), *_of_records(run), *_of_copies(run, there)]
    return list(dict.fromkeys(found))


def doubts(run: dict) -> list[str]:
    """What a person should look at; it keeps nothing out."""
    where = run["provenance"]
    known = {bug.slug: bug for bug in catalogue.with_check()}
    old = sorted({r["snippet"] for r in run["records"] if r["code"] != known[r["snippet"]].check.code_hash})
    found = [f"{len(old)} of its snippets are of another version than ours: {', '.join(old[:3])}"] if old else []
    if not where["virtual"] and where["chip"].startswith("Apple M") and where["chip"] not in where["gpu"]:
        found.append(f"its GPU calls itself {where['gpu']}, its chip {where['chip']}")
    if where["virtual"] is None:
        found.append("it does not tell whether it is a virtual machine")
    return found


def name_of(run: dict) -> str:
    """The file of a contributed run: two people with the same Mac have one each."""
    digest = hashlib.sha256(results.text(run).encode()).hexdigest()[:8]
    return f"{provenance.run_id(run['provenance'])}_{digest}.json"


def _of_provenance(where: dict, today: date) -> Iterator[str]:
    for name in NEEDED:
        if not where.get(name):
            yield f"it does not tell its {name}"
    for name, form in FORMS.items():
        if where.get(name) is not None and not re.fullmatch(form, where[name], re.ASCII):
            yield f"its {name} is nothing that mpscheck writes"
    for name, value in where["variables"].items():
        ours = provenance.VARIABLE.fullmatch(name) and not name.startswith("MPSCHECK_")
        if not ours or not (PLAIN.fullmatch(value) or value == NOT_SHOWN):
            yield "it has a variable that mpscheck does not write on a Mac"
    for name, value in where.get("packages", {}).items():
        if name not in provenance.PACKAGES or not PLAIN.fullmatch(value):
            yield "it has a package that mpscheck does not write"
    try:
        day = date.fromisoformat(where["date"][:10])
    except ValueError:
        yield "its date is no day"
        return
    if day > today + timedelta(days=1):
        yield f"it was measured on {day}, which is still to come"
    released = {one.version: one.date for one in releases.load()}.get(Version(where["torch"]).base_version)
    if released and not Version(where["torch"]).is_prerelease and day < date.fromisoformat(released):
        yield f"it was measured on {day}, before torch {where['torch']} came out on {released}"


def _attempts(run: dict) -> Iterator[dict]:
    for record in run["records"]:
        yield from record["attempts"]
    for canary in run["canaries"]:
        yield canary["attempt"]


def _of_texts(run: dict) -> Iterator[str]:
    for attempt in _attempts(run):
        for text in (attempt.get("reason", ""), attempt.get("stderr", "")):
            if not all(c.isprintable() or c == "\n" for c in text) or "\n" in attempt.get("reason", ""):
                yield "a message has characters that mpscheck takes out"
            if private.names_a_person(text):
                yield "a message names a folder of a user or an address: measure again with the newest mpscheck"


def _of_records(run: dict) -> Iterator[str]:
    known, seen = {bug.slug: bug for bug in catalogue.with_check()}, set()
    for record in run["records"]:
        slug, key = record["snippet"], (record["snippet"], record["dtype"])
        if slug not in known:
            yield f"it names a bug that is not in the catalogue: {slug}"
            continue
        if key in seen:
            yield f"{slug} in {record['dtype']} stands in it twice"
        seen.add(key)
        if record.get("faults"):
            yield f"{slug}: it was measured with a fault that was switched on"
        yield from (f"{slug}: {problem}" for problem in _of_record(record, known[slug]))
    for canary in run["canaries"]:
        if canary["name"] not in canaries.TABLE:
            yield f"it has a call that is known to be right and that nobody knows: {canary['name']}"
        yield from (f"{canary['name']}: {problem}" for problem in _of_attempt(canary["attempt"]))


def _of_record(record: dict, bug: Bug) -> Iterator[str]:
    if record["code"] == bug.check.code_hash:  # of another version nothing more is known
        if record["dtype"] not in bug.check.dtypes:
            yield f"it has no check in {record['dtype']}"
        if any(set(attempt["functions"]) - set(bug.check.functions) for attempt in record["attempts"]):
            yield "it has no such function"
    for attempt in record["attempts"]:
        yield from _of_attempt(attempt)


def _of_attempt(attempt: dict) -> Iterator[str]:
    for numbers in attempt["functions"].values():
        for output in numbers.get("outputs", ()):
            if "eps" in output:
                yield from _of_output(output)
        if numbers.get("wrong_runs", 0) > numbers.get("repeats", 0):
            yield "more runs were wrong than there were"


def _of_output(output: dict) -> Iterator[str]:
    """What no tensor can give."""
    elements = math.prod(output["shape"])
    counts = [
        value for part in ("cpu", "device", "spread") for value in output[part].values() if isinstance(value, int)
    ]
    sizes = [tuple(map(numerics.as_float, (output[p]["rms"], output[p]["max"]))) for p in ("exact", "cpu", "device")]
    first = output["first_wrong"]
    if any(count > max(1, elements) for count in counts):  # an output of another shape counts as one
        yield "it counts more elements than there are"
    if any(rms > most * ROUNDING for rms, most in sizes):
        yield "a root mean square is larger than the largest value"
    if output["eps"] not in (0, EPS.get(output["dtype"], output["eps"])):
        yield f"{output['dtype']} does not round so"
    if (first is None) != (output["device"]["wrong"] == 0):
        yield "it has a first wrong element and none that is wrong, or the other way"
    if first and (
        len(first["index"]) != len(output["shape"]) or any(i >= n for i, n in zip(first["index"], output["shape"]))
    ):
        yield "its first wrong element is outside of the tensor"


def durations(run: dict) -> dict[tuple, float]:
    """How long each call took: the one thing that two runs never share."""
    parts = [((r["snippet"], r["dtype"], n), a) for r in run["records"] for n, a in enumerate(r["attempts"])]
    parts += [((c["name"], c["after"]), c["attempt"]) for c in run["canaries"]]
    return {
        (*place, name): numbers["seconds"]
        for place, attempt in parts
        for name, numbers in attempt["functions"].items()
        if "seconds" in numbers
    }


def _of_copies(run: dict, there: dict[str, dict]) -> Iterable[str]:
    mine = durations(run)
    for name, other in there.items():
        theirs = durations(other)
        shared = mine.keys() & theirs.keys()
        same = sum(mine[key] == theirs[key] for key in shared)
        if len(shared) >= ENOUGH and same >= SAME * len(shared):
            yield f"{same} of its {len(shared)} durations are those of {results.printable(name)}: it is a copy"
