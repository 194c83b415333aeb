"""Which known bugs a GPT-2 meets through which library version: tables made from `results/exposure/*.json`. Pure.

The files are written by `scripts/exposure/measure.py`. A bug whose trigger is newer than a file was not measured in it,
and counts as unknown.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from mpscheck import results
from mpscheck.catalogue import Bug
from mpscheck.report import releases
from mpscheck.report.markup import items, table

FOLDER = results.RUNS.parent / "exposure"
LINEAR = "linear-noncontiguous-weight"  # pytorch/pytorch#161640
MODEL = "gpt2-shape"  # what the answers are about; toy models are only there as `ioi-small`
RELEASES = tuple(release.version for release in releases.load())


@dataclass(frozen=True)
class Row:
    """One entry point of one library version, measured with one model."""

    library: str  # "TransformerLens 2.17.0"
    entry: str
    model: str
    uses: dict[str, dict]


@dataclass(frozen=True)
class Answer:
    """What is known of one use: torch releases that are sick, the oldest one after them, and what is unknown there."""

    sick: tuple[str, ...]
    first: str | None  # None: the newest release is sick
    unknown: tuple[str, ...]  # slugs of bugs that are met and unknown on `first` or later


def read(folder: Path = FOLDER) -> dict[str, dict]:
    """The stored files by name, oldest library first; raises BadResults for one that is not such a file."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if (
                data["schema"] not in (1, 2)
                or not isinstance(data["records"], list)
                or "bugs" not in data["provenance"]
            ):
                raise KeyError("schema")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise results.BadResults(f"{path.name} is not a file of exposures: {error}") from None
        found[path.stem] = data
    return found


def rows(data: dict[str, dict]) -> list[Row]:
    """One row an entry point and library version: with GPT-2's shape, or with the small model where that is all."""
    found = []
    for file in data.values():
        versions = file["provenance"]["versions"]
        shaped = {record["entry"] for record in file["records"] if record["model"] == MODEL}
        for record in file["records"]:
            if record["model"] == MODEL or record["entry"] not in shaped:
                library = f"TransformerLens {versions['transformer_lens']}"
                if record["entry"].startswith("transformers"):
                    library = f"transformers {versions['transformers']}"
                found.append(Row(library, record["entry"], record["model"], record["uses"]))
    return found


def fingerprint(bug: Bug) -> str:
    """The hash of a bug's triggers, which a file of exposures stores for each bug that it was measured for."""
    return hashlib.sha256(json.dumps(bug.metadata["trigger"], sort_keys=True).encode()).hexdigest()[:16]


def unmeasured(data: dict[str, dict], bugs: tuple[Bug, ...]) -> list[str]:
    """The slugs of bugs that some file was not measured for, with the trigger that they have now."""
    stored = [file["provenance"]["bugs"] for file in data.values()]
    return [bug.slug for bug in bugs if any(known.get(bug.slug) != fingerprint(bug) for known in stored)]


# ---- the answers ---------------------------------------------------------------------------------------------------


def answer(findings: list[dict], bugs: tuple[Bug, ...]) -> Answer:
    """What is known of one use, over all releases.

    A match that is only possible (`doubt`) makes a release unknown, never sick.
    """
    by_slug = {bug.slug: bug for bug in bugs}
    states = [
        (found["slug"], release, by_slug[found["slug"]].state(release), found["doubt"])
        for found in findings
        if found["slug"] in by_slug
        for release in RELEASES
    ]
    sick = {release for _, release, state, doubt in states if state == "sick" and doubt is None}
    last = max((RELEASES.index(release) for release in sick), default=-1)
    after = RELEASES[last + 1 :]
    unknown = {
        s
        for s, release, state, doubt in states
        if release in after and (state == "unknown" or (doubt and state == "sick"))
    }
    return Answer(tuple(r for r in RELEASES if r in sick), after[0] if after else None, tuple(sorted(unknown)))


def _cell(found: Answer) -> str:
    count = len(found.unknown)
    unknown = f"; {count} unknown" if count else ""
    if not found.sick:
        return f"none met{unknown}"
    sick = found.sick[0] if len(found.sick) == 1 else f"{found.sick[0]} to {found.sick[-1]}"
    return (f"**{found.first}** (sick: {sick})" if found.first else f"no release (sick: {sick})") + unknown


def safe_torch(data: dict[str, dict], bugs: tuple[Bug, ...]) -> str:
    """The smallest torch from which on no known bug is met, by entry point; by use, where uses differ."""
    lines = [[row.library, row.entry, items(_answers(row, bugs))] for row in rows(data)]
    return table(["Library", "Entry point", "Smallest torch"], lines, "Smallest torch by entry point")


def _answers(row: Row, bugs: tuple[Bug, ...]) -> list[str]:
    by_words: dict[str, list[str]] = {}
    for use, found in row.uses.items():
        by_words.setdefault(_cell(answer(found["findings"], bugs)), []).append(use)
    if len(by_words) == 1:
        return [f"every use: {words}" for words in by_words]
    return [f"{'; '.join(uses)}: {words}" for words, uses in by_words.items()]


def summary(data: dict[str, dict], bugs: tuple[Bug, ...], without_trigger: int) -> str:
    """What the table rests on, and what it leaves out."""
    newer = unmeasured(data, bugs)
    late = f" Not measured yet: {', '.join(newer)}." if newer else ""
    return (
        f"{len(bugs) - len(newer)} known bugs were looked for, those with a machine-readable trigger.{late} "
        f"{without_trigger} more are reported without one and were **not** looked for: the table says where known bugs "
        "begin, not that all is right after that."
    )


# ---- #161640 -------------------------------------------------------------------------------------------------------


def linear_exposure(data: dict[str, dict]) -> str:
    """Who passes a weight to `F.linear` that is not contiguous: entry point, calls by use, and the line."""
    found = rows(data)
    uses = list(dict.fromkeys(use for row in found for use in row.uses))
    lines = []
    for row in found:
        calls = [_linear(row.uses[use]) for use in uses]
        first = next((use for use in calls if use), [])
        counts = ", ".join(str(sum(f["count"] for f in use)) for use in calls) if first else ""
        lines.append([row.library, row.entry, _verdict(first), counts, items(_places(first))])
    headings = ["Library", "Entry point", "Exposed", f"Calls ({', '.join(uses)})", "Where, and the weight"]
    return table(headings, lines, "Exposure")


def _linear(use: dict) -> list[dict]:
    return [found for found in use["findings"] if found["slug"] == LINEAR]


def _verdict(findings: list[dict]) -> str:
    if not findings:
        return "no"
    if all(found["doubt"] for found in findings):
        return "unknown: on `mps` the code takes another path"
    return "**yes**"


def _places(findings: list[dict]) -> list[str]:
    places = []
    for found in findings:
        place = found["library"] or {"file": "the program itself", "line": ""}
        note = " (in a branch that asks for `mps`)" if found["doubt"] else ""
        places.append(f"`{place['file']}:{place['line']}`{note}: {found['arguments']}; {_modules(found['modules'])}")
    return places


def _modules(modules: dict[str, int]) -> str:
    names = [name.partition(" (")[2].rstrip(")") or name for name in modules]
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}" if names else ""


# ---- other paths, and where it was measured ------------------------------------------------------------------------


def other_paths(data: dict[str, dict]) -> str:
    """How many lines ask for `mps` in what each entry point imports, and which of them are in code that ran."""
    lines = []
    for name, file in data.items():
        for record in file["records"]:
            if record["model"] == MODEL:
                ran = [f"`{p['file']}:{p['line']}`" for p in record["other_paths"] if p["called"]]
                lines.append([name.partition("-")[2], record["entry"], str(len(record["other_paths"])), items(ran)])
    return table(
        ["TransformerLens environment", "Entry point", "Lines", "In code that ran"], lines, "Lines that ask for mps"
    )


def provenance(data: dict[str, dict]) -> str:
    """Where each file was measured: one entry a library version."""
    entries = []
    for file in data.values():
        where, versions = file["provenance"], file["provenance"]["versions"]
        on = sorted({use["device"] for record in file["records"] for use in record["uses"].values()})
        entries.append(
            f"- TransformerLens {versions['transformer_lens']}, transformers {versions['transformers']}, torch "
            f"{versions['torch']}, Python {versions['python']}, {where['cpu']}, {where['system']}, {where['date']}; "
            f"devices: {' and '.join(on)}; recorder: {where['level']}"
        )
    return "\n".join(entries)


def pieces(bugs: tuple[Bug, ...], without_trigger: int, data: dict[str, dict]) -> dict[str, str]:
    """The generated parts of docs/exposure.md, by name."""
    return {
        "exposure-summary": summary(data, bugs, without_trigger),
        "exposure-torch": safe_torch(data, bugs),
        "exposure-linear": linear_exposure(data),
        "exposure-paths": other_paths(data),
        "exposure-provenance": provenance(data),
    }
