"""Index-only entries: bugs that public threads report and no snippet runs yet, and what users met.

`catalogue/reported.jsonl` holds one bug a line, `catalogue/reports.jsonl` one user's report a line; what the fields mean
stands in `catalogue/schema.json`. A snippet of the same slug takes a bug's row over. Nothing here imports torch.
"""

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import jsonschema
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from mpscheck.bugs import catalogue, versions
from mpscheck.bugs import trigger as triggers
from mpscheck.places import CATALOGUE

BUGS = CATALOGUE / "reported.jsonl"
REPORTS = CATALOGUE / "reports.jsonl"
SCHEMA = CATALOGUE / "schema.json"


class BadEntry(ValueError):
    """A line that is no entry; the message names the file, the line, the place in it and what was expected."""


@dataclass(frozen=True)
class Reported:
    """One bug known from threads alone. Fields named as in `catalogue.Bug` mean the same; the schema says the rest."""

    slug: str
    claim: str
    when: str  # what sets it off, plain text
    effect_text: str | None  # how the result is wrong, plain text
    issue: str
    also: tuple[str, ...]
    kind: str
    silent: bool
    family: str
    ops: tuple[str, ...]  # public names: torch.nn.functional.linear
    affected: SpecifierSet  # empty if nothing is known
    unsure: tuple[str, ...]  # releases within it ("2.5", "2.9.0") that may have the fix already
    introduced: dict | None
    basis: dict[str, str]
    fixed_pr: str | None
    macos: SpecifierSet | None
    macos_note: str | None
    chips: tuple[str, ...]
    reported: tuple[dict, ...]
    met_in: tuple[str, ...]
    workaround: str | None  # plain text
    caveat: str | None  # what weakens the entry, plain text
    caused_by: str  # torch, macos, both or unknown
    open_as_stored: bool | None  # state of the issue on stored_date, not live
    stored_date: str
    state_2_14: str | None
    in_a_release: bool | None
    danger_rank: int | None
    triggers: tuple[triggers.Trigger, ...]  # empty if the vocabulary cannot say it, or nobody did
    trigger_basis: str | None  # "draft": from the thread's words, tried by no snippet

    @cached_property
    def fixed(self) -> Version | None:
        """The first release with the fix, if one is stated."""
        uppers = [Version(s.version) for s in self.affected if s.operator == "<"]
        return uppers[0] if uppers else None

    def state(self, torch: str, macos: str | None = None) -> str:
        """`affected`, `not affected` or `unknown` on a torch and macOS version, by the rule that holds for snippets."""
        introduced = self.introduced["version"] if self.introduced else None
        macos_range = str(self.macos) if self.macos else None
        return versions.state(str(self.affected), introduced, macos_range, torch, macos, self.unsure)

    @property
    def url(self) -> str:
        """Address of the thread on GitHub."""
        return catalogue.thread_url(self.issue)


@dataclass(frozen=True)
class Report:
    """What one user met, and the bugs behind it as far as they are known."""

    thread: str  # owner/repository#number, or the address of a page
    also: tuple[str, ...]
    who: str  # project or setting
    summary: str
    op: str | None
    bugs: tuple[str, ...]  # slugs
    link: str | None  # same thread, stated or inferred; None without bugs
    torch: str | None  # in the thread's words, as macos and chip
    macos: str | None
    chip: str | None
    figures: dict
    resolved_by: str | None
    confidence: str  # of the symptom: high, medium or low

    @property
    def url(self) -> str:
        """Address of the thread or page."""
        return self.thread if self.thread.startswith("https://") else catalogue.thread_url(self.thread)


@lru_cache
def _validator(kind: str) -> jsonschema.Draft202012Validator:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator({**schema, "$ref": f"#/$defs/{kind}"})


def _entries(path: Path, kind: str) -> list[tuple[str, dict]]:
    """(place, entry) of each line, checked against the schema. Raises BadEntry."""
    entries = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        place = f"{path.name} line {number}"
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadEntry(f"{place} is not JSON: {error}") from None
        error = jsonschema.exceptions.best_match(_validator(kind).iter_errors(entry))
        if error is not None:
            where = "/".join(str(part) for part in error.absolute_path) or "the whole line"
            raise BadEntry(f"{place} is no {kind}: {where}: {error.message[:200]}")
        entries.append((place, entry))
    return entries


def _frozen(entry: dict) -> dict:
    """The same fields with lists as tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}


@lru_cache
def load(path: Path = BUGS) -> tuple[Reported, ...]:
    """All index-only entries, by slug. Raises BadEntry for the first line that is wrong or out of order."""
    bugs: list[Reported] = []
    for place, entry in _entries(path, "bug"):
        if bugs and entry["slug"] <= bugs[-1].slug:
            raise BadEntry(f"{place}: {entry['slug']} comes after {bugs[-1].slug}: sort by slug, one line a slug")
        trigger = entry.pop("trigger")
        try:
            parsed = triggers.parse(trigger) if trigger else ()
        except triggers.BadTrigger as error:
            raise BadEntry(f"{place}: {error}") from None
        ranges = {
            "affected": SpecifierSet(entry["affected"] or ""),
            "macos": SpecifierSet(entry["macos"]) if entry["macos"] else None,
        }
        bugs.append(Reported(**{**_frozen(entry), **ranges, "triggers": parsed}))
    return tuple(bugs)


@lru_cache
def reports(path: Path = REPORTS) -> tuple[Report, ...]:
    """All reports of users, in the file's order. Raises BadEntry, also where a report names a slug that is none."""
    known = {bug.slug for bug in all_bugs()}
    found = []
    for place, entry in _entries(path, "report"):
        strange = [slug for slug in entry["bugs"] if slug not in known]
        if strange:
            raise BadEntry(f"{place}: there is no bug {strange[0]!r}")
        found.append(Report(**_frozen(entry)))
    return tuple(found)


def met(slug: str) -> tuple[Report, ...]:
    """The reports of users who met a bug."""
    return tuple(report for report in reports() if slug in report.bugs)


def all_bugs() -> tuple[catalogue.Bug | Reported, ...]:
    """Every known bug, by slug: the snippets, and the entries that no snippet has taken over."""
    snippets = {bug.slug: bug for bug in catalogue.load()}
    return tuple(sorted((*snippets.values(), *(bug for bug in load() if bug.slug not in snippets)), key=_slug))


def _slug(bug: catalogue.Bug | Reported) -> str:
    return bug.slug
