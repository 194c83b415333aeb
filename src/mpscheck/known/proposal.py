"""How a contradiction is settled: the range that runs and reports together allow, as a diff of the bug's own file. Pure.

Nothing changes by itself: a person reads the runs, takes the diff into `BUG` of the snippet, or ties the claim to a macOS or
chip instead. From then on what is measured is what is said.
"""

import ast
import difflib
import json
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from mpscheck.bugs.bug import Bug, is_metadata
from mpscheck.known import answer as answers
from mpscheck.known import releases
from mpscheck.known.answer import Answer
from mpscheck.known.measured import Index
from mpscheck.known.said import versions_seen


@dataclass(frozen=True)
class Proposal:
    """The fields of `BUG` that runs contradict, as they would be; None: the field goes. `why_not` where no range fits."""

    fields: dict[str, object]
    rests_on: tuple[Answer, ...]  # the contradictions
    why_not: str = ""


def contradictions(bug: Bug, index: Index) -> list[Answer]:
    """The measured set-ups on which runs contradict what is said, newest release first."""
    return [one for _, one in answers.measured_on(bug, index) if one.state == answers.CONTRADICTION]


def proposed_range(bug: Bug, index: Index) -> Proposal | None:
    """The range that says what is measured and what is reported; None where nothing contradicts."""
    against = tuple(contradictions(bug, index))
    if not against:
        return None
    wrong, right = _by_release(bug, index)
    seen = sorted({*wrong, *_reported(bug)})
    if both := sorted(set(seen) & set(right)):
        why = f"{both[0]} is wrong on one set-up or in a report and right on another: is the claim tied to a macOS or a chip?"
        return Proposal({}, against, why)
    if not seen:
        return Proposal({}, against, "no version is left that was seen affected")
    if between := [version for version in right if seen[0] < version < seen[-1]]:
        return Proposal(
            {}, against, f"{between[0]} is right, older and newer versions are wrong: no one range holds that"
        )
    return Proposal(_fields(bug, wrong, right, seen), against)


def _fields(bug: Bug, wrong: list[Version], right: list[Version], seen: list[Version]) -> dict[str, object]:
    """The fields that change: ends that hold stay as they are written."""
    basis, introduced, fixed = dict(bug.basis), bug.introduced, bug.fixed
    stated = {one.operator: Version(one.version) for one in bug.affected}
    lower = stated.get(">=", stated.get("=="))
    if lower is None or seen[0] < lower:
        lower, basis["seen"] = seen[0], answers.MEASURED
    if introduced is not None and Version(introduced["version"]) > lower:
        introduced = None
    if introduced is None and _release_before(lower) in right:
        introduced = {"version": str(lower), "basis": answers.MEASURED}
    if fixed is not None and wrong and wrong[-1] >= fixed:
        fixed, basis["fixed"] = None, "unknown"
    healed = [version for version in right if version > seen[-1]]
    if healed and (fixed is None or healed[0] < fixed):
        fixed, basis["fixed"] = healed[0], answers.MEASURED
    upper = f"<{fixed}" if fixed is not None else f"<={seen[-1]}"
    affected = f"=={lower}" if upper == f"<={lower}" else f">={lower},{upper}"
    changed = {"introduced": introduced} if introduced != bug.introduced else {}
    changed |= {"affected": affected} if SpecifierSet(affected) != bug.affected else {}
    return changed | ({"basis": basis} if basis != bug.basis else {})


def _by_release(bug: Bug, index: Index) -> tuple[list[Version], list[Version]]:
    """The releases that runs say are affected on some set-up, and those that they say are not, oldest first."""
    wrong, right = set(), set()
    for setup, one in answers.measured_on(bug, index):
        decided = one.proposed if one.state == answers.CONTRADICTION else one.state
        if one.found == answers.WRONG and decided == answers.AFFECTED:
            wrong.add(Version(setup.torch))
        elif one.found == answers.RIGHT and decided == answers.NOT_AFFECTED and one.basis == answers.MEASURED:
            right.add(Version(setup.torch))
    return sorted(wrong), sorted(right)


def _reported(bug: Bug) -> set[Version]:
    """The versions in which a source saw it, as far as one is named."""
    return {_as_release(version) for version in versions_seen(bug)}


def _as_release(version: Version) -> Version:
    """2.8 and 2.8.0 are one version."""
    return version if version.is_prerelease else Version(".".join(str(part) for part in (*version.release, 0, 0)[:3]))


def _release_before(version: Version) -> Version | None:
    older = [Version(one.version) for one in releases.load() if Version(one.version) < version]
    return older[-1] if older else None


def diff(bug: Bug, proposal: Proposal, name: str) -> str:
    """The change of the snippet's file, as `git apply` takes it; `name` is the file's path in the repository."""
    old = bug.check.source
    new = with_fields(old, proposal.fields)
    lines = difflib.unified_diff(old.splitlines(True), new.splitlines(True), f"a/{name}", f"b/{name}")
    return "".join(lines)


def with_fields(source: str, fields: dict[str, object]) -> str:
    """The text of a snippet with these fields of `BUG`, one a line; None takes a field out, all else stays as it is."""
    table = next(node for node in ast.parse(source).body if is_metadata(node)).value
    lines = source.splitlines()
    places = {
        key.value: (key.lineno - 1, value.end_lineno) for key, value in zip(table.keys, table.values, strict=True)
    }
    added = [name for name, value in fields.items() if value is not None and name not in places]
    after = places["affected"][1] if "affected" in places else places["family"][1]
    edits = [(after, after, [_line(name, fields[name]) for name in added])] if added else []
    for name, value in fields.items():
        if name in places:
            edits.append((*places[name], [] if value is None else [_line(name, value)]))
    for start, end, new in sorted(edits, reverse=True):
        lines[start:end] = new
    return "\n".join(lines) + "\n"


def _line(name: str, value: object) -> str:
    return f"    {json.dumps(name)}: {json.dumps(value)},"
