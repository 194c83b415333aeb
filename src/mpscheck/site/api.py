"""The published data: `bugs.json`, `known-bad.json`, the feed, `llms.txt` and redirects. Pure functions from data to text.

Links are absolute only where the site has a public address.
"""

import uuid
from html import escape
from pathlib import Path

from mpscheck.bugs.bug import Bug
from mpscheck.bugs.figures import Figure
from mpscheck.known import exposure, names, releases, setups
from mpscheck.known.answer import AFFECTED, MEASURED, NOT_AFFECTED, UNKNOWN, UNVERIFIED, Answer
from mpscheck.known.changes import (
    Contradiction,
    Disagreement,
    Together,
    changes_of,
    contradictions,
    disagreements,
)
from mpscheck.known.entry import Entry, every_release
from mpscheck.known.measured import DISAGREE, NONE, RIGHT, WRONG, Index
from mpscheck.known.said import LIKELY
from mpscheck.known.setups import Setup
from mpscheck.places import CATALOGUE, ROOT
from mpscheck.site import figures as figures_part
from mpscheck.site import words
from mpscheck.site.escape import json_of, plain
from mpscheck.site.inputs import Inputs, pieces

VERSION = 1  # raised only for a change that can break a reader; docs/api.md has the promise
SCHEMAS = ROOT / "api" / "v1"
RENAMED = CATALOGUE / "renamed.json"  # old slug: new slug
NAMESPACE = uuid.UUID("5f0f6a0e-7c5c-5c0e-9d0a-1b1c53f3a161")  # of the feed's ids: any constant will do
FEED_LENGTH = 50
SAID = "said"  # by a source: a thread, release notes, a wheel


class BadRename(ValueError):
    """An entry of `catalogue/renamed.json` that leads nowhere; the message names it."""


def data_date(entries: list[Entry]) -> str:
    """The newest day that the data name: the same data give the same bytes on any day."""
    stored = [entry.bug.stored_date for entry in entries if entry.bug.stored_date]
    measured = [one.date for entry in entries for _, one in entry.measured_on]
    return max([*stored, *measured, *(entry.date for entry in entries)], default="")


def bugs_json(entries: list[Entry], site_url: str, figures: dict[str, tuple[Figure, ...]]) -> str:
    """Every known bug with all that is known of it."""
    by_slug = sorted(entries, key=lambda entry: entry.slug)
    document = {
        "version": VERSION,
        "data_date": data_date(entries),
        "releases": [release.version for release in releases.load()],
        "bugs": [_bug(entry, site_url, figures.get(entry.slug, ())) for entry in by_slug],
    }
    return _dump(document)


def _bug(entry: Entry, site_url: str, figures: tuple[Figure, ...]) -> dict:
    bug = entry.bug
    on = {release.version: one for release, one in zip(releases.load(), entry.answers, strict=True)}
    return {
        "slug": bug.slug,
        "claim": bug.claim,
        "page": f"{site_url}bugs/{bug.slug}/",
        "issue": bug.issue,
        "also": list(bug.also),
        "kind": bug.kind,
        "silent": entry.silent,
        "family": bug.family,
        "ops": list(names.ops(bug)),
        "affected": str(bug.affected) or None,
        "introduced": bug.introduced,
        "fixed": str(bug.fixed) if bug.fixed is not None else None,
        "fixed_pr": bug.fixed_pr,
        "basis": {end: bug.basis[end] for end in ("seen", "fixed")},
        "macos": str(bug.macos) if bug.macos is not None else None,
        "chips": list(bug.chips),
        "caused_by": bug.caused_by,
        "evidence": list(entry.kinds),
        "check": f"{site_url}bugs/{bug.slug}.py" if entry.has_check else None,
        "danger_rank": entry.danger,
        "first_reported": entry.date or None,
        "reports": [one.url for one in entry.encounters],
        "figures": figures_part.as_data(figures),
        "affected_releases": [version for version, one in on.items() if one.accused],
        "not_affected_releases": [version for version, one in on.items() if one.state == NOT_AFFECTED],
        "unknown": [
            {"shade": one.shade, "first": first, "last": last, "rests_on": one.said.reason}
            for one, first, last in entry.stretches[::-1]
            if one.state == UNKNOWN
        ],
        "measured": [_measured(setup, one) for setup, one in entry.measured_on],
    }


def _measured(setup: Setup, one: Answer) -> dict:
    """What is known on one set-up on which the bug was measured."""
    return {
        "torch": setup.torch,
        "macos": setup.macos,
        "virtual": setup.virtual,
        "chip": setup.chip,
        "found": one.found,
        "state": one.state,
        "said": one.said.state,
        "verified": any(m.verified for m in one.rests_on),
        "date": one.date,
    }


def known_bad(entries: list[Entry], measured: dict[str, dict], site_url: str, index: Index = NONE) -> str:
    """By minor version of PyTorch: what is known to affect it, how much is unknown; which libraries meet it."""
    minors: dict[str, list[str]] = {}
    for version in every_release(entries)[::-1]:
        minors.setdefault(".".join(version.split(".")[:2]), []).append(version)
    met = met_through(measured)
    torch = {minor: _minor(entries, versions, met, site_url) for minor, versions in minors.items()}
    broken = {
        library: [
            [int(part) for part in minor.split(".")]
            for minor, found in torch.items()
            if _convicts(found, library, {entry.slug for entry in entries if entry.bug.chips})
        ]
        for library in met
    }
    smallest = smallest_for(entries, measured, tuple(met), index)
    document = {"version": VERSION, "data_date": data_date(entries), "torch": torch}
    return _dump({**document, "broken_for": broken, "smallest_for": smallest})


def _convicts(minor: dict, library: str, some_macs: set[str]) -> bool:
    """Whether a bug that the library meets is known of a Mac that one can touch, by more than runs that nobody vouches for.

    `some_macs` are the bugs tied to chips: a library cannot warn everybody of what an M1 alone has.
    """
    return any(
        one["slug"] in minor["met_through"][library]
        and one["slug"] not in some_macs
        and not one["virtual_alone"]
        and {SAID, MEASURED} & set(one["known_by"])
        for one in minor["affected"]
    )


def known_by(there: list[Answer]) -> list[str]:
    """Who says wrong, of the answers that accuse: our runs, unverified runs, sources."""
    ran = [one for one in there if one.found in (WRONG, DISAGREE)]
    found = {one.basis for one in ran} | {SAID for one in there if one.said.state == AFFECTED}
    return [word for word in (MEASURED, UNVERIFIED, SAID) if word in found]


def virtual_alone(there: list[Answer]) -> bool:
    """Whether runs on virtual GPUs alone say wrong, and no source does."""
    said = any(one.said.state == AFFECTED for one in there)
    return not said and all(setup.virtual is True for one in there for setup in one.where)


def _minor(entries: list[Entry], versions: list[str], met: dict[str, set[str]], site_url: str) -> dict:
    found = {entry.slug: [entry.answer_on(version) for version in versions] for entry in entries}
    affected = [entry for entry in entries if any(one.accused for one in found[entry.slug])]
    rest = [entry for entry in entries if entry not in affected]
    unknown = [entry for entry in rest if any(one.state == UNKNOWN for one in found[entry.slug])]
    silent = {entry.slug for entry in affected if entry.silent}
    return {
        "releases": versions,
        "silent": bool(silent),
        "affected": [
            {
                "slug": entry.slug,
                "silent": entry.silent,
                "releases": [one for one, on in zip(versions, found[entry.slug], strict=True) if on.accused],
                "basis": sorted({one.basis for one in found[entry.slug] if one.accused}),
                "known_by": known_by([one for one in found[entry.slug] if one.accused]),
                "virtual_alone": virtual_alone([one for one in found[entry.slug] if one.accused]),
                "state": next(one.state for one in found[entry.slug][::-1] if one.accused),
                "macos": str(entry.bug.macos) if entry.bug.macos is not None else None,
                "chips": list(entry.bug.chips),
                "issue": entry.bug.issue,
                "page": f"{site_url}bugs/{entry.slug}/",
            }
            for entry in affected
        ],
        "unknown": len(unknown),
        "likely": [entry.slug for entry in unknown if any(one.shade == LIKELY for one in found[entry.slug])],
        "not_affected": len(rest) - len(unknown),
        "met_through": {library: sorted(slugs & silent) for library, slugs in met.items()},
    }


def smallest_for(
    entries: list[Entry], measured: dict[str, dict], libraries: tuple[str, ...], index: Index = NONE
) -> dict[str, dict]:
    """By library: from which minor version on GPT-2 meets no known bug, no possible one either, and what is unknown."""
    study = exposure.Study(measured, [entry.bug for entry in entries], index)
    states, found = study.states(), {}
    for library in libraries:
        how = study.together(library)
        answer = exposure.answer(how, states)
        found[library] = {
            "known": exposure.minor(answer.first),
            "possible": exposure.minor(answer.strict),
            "unknown": len(exposure.left(answer, how, states).unknown),
        }
    return found


def met_through(measured: dict[str, dict]) -> dict[str, set[str]]:
    """The bugs whose trigger a library's own calls were seen to match, by library: measured, on a machine without mps."""
    found: dict[str, set[str]] = {"TransformerLens": set(), "transformers": set()}
    for row in exposure.rows(measured):
        for use in row.uses.values():
            found[row.project] |= {one["slug"] for one in use["findings"] if one["doubt"] is None}
    return found


def feed(entries: list[Entry], site_url: str) -> str:
    """An Atom feed, newest first: bugs by their first report, what runs say against sources and one another, what changed."""
    base = site_url or "../"
    told = [(entry.date, entry.slug, _feed_entry(entry, base)) for entry in entries]
    against = contradictions(entries)
    told += [(one.date, one.bug.slug, _contradiction(one, base)) for one in against]
    told += [(one.date, one.bug.slug, _disagreement(one, base)) for one in disagreements(entries)]
    there = {(one.bug.slug, one.torch) for one in against}  # these tell it already
    news = [one for one in changes_of(entries) if one.is_news and (one.bug.slug, one.torch) not in there]
    told += [(one.since, one.bug.slug, _change(one, base)) for one in news]
    newest = sorted(told, reverse=True)[:FEED_LENGTH]
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        "<title>MPS Check: wrong results of PyTorch on Apple GPUs</title>",
        f"<id>urn:uuid:{uuid.uuid5(NAMESPACE, 'feed')}</id>",
        f"<updated>{data_date(entries)}T00:00:00Z</updated>",
        "<author><name>MPS Check</name></author>",
        f'<link rel="alternate" href="{escape(base)}bugs/"/>',
    ]
    if site_url:
        parts.append(f'<link rel="self" href="{escape(site_url)}api/feed.xml"/>')
    parts += [text for _, _, text in newest]
    return "\n".join([*parts, "</feed>"]) + "\n"


def _feed_entry(entry: Entry, base: str) -> str:
    said = f"{words.BUG_KINDS[entry.bug.kind]}; PyTorch {words.versions(entry.bug)}. First report: {entry.bug.url}"
    return (
        f"<entry>\n<title>{escape(plain(entry.bug.claim))}</title>\n"
        f"<id>urn:uuid:{uuid.uuid5(NAMESPACE, entry.slug)}</id>\n<updated>{entry.date}T00:00:00Z</updated>\n"
        f'<link rel="alternate" href="{escape(base)}bugs/{entry.slug}/"/>\n<summary>{escape(said)}</summary>\n</entry>'
    )


def _contradiction(one: Contradiction, base: str) -> str:
    """Where runs contradict what is said: an id of its own, so that a reader is told of it once."""
    title = f"Contradiction on torch {one.torch}, {setups.machines(one.where)}: {plain(one.bug.claim)}"
    return _news(one.bug, title, f"{one.torch} {one.proposed}", one.date, one.newest.words, base)


def _disagreement(one: Disagreement, base: str) -> str:
    """Where runs on one set-up say opposite things."""
    title = f"Runs disagree on torch {one.setup.torch}, {one.setup.machine}: {plain(one.bug.claim)}"
    found = {outcome: one.of(outcome) for outcome in (WRONG, RIGHT)}
    runs = sum(map(len, found.values()))
    said = "; ".join(f"{word} in {len(there)} of {runs} runs, last on {there[0].day}" for word, there in found.items())
    return _news(one.bug, title, f"{one.setup} disagree", one.date, said, base)


def _change(one: Together, base: str) -> str:
    """What runs found otherwise than those before them, where no source says so."""
    before = one.first.before
    title = f"{one.kind.capitalize()} on torch {one.torch}, {setups.machines(one.where)}: {plain(one.bug.claim)}"
    said = (
        f"{before.outcome} before, on torch {before.provenance['torch']} on {before.day}; sources say: {one.first.said}"
    )
    return _news(one.bug, title, f"{one.torch} {one.kind}", one.since, said, base)


def _news(bug: Bug, title: str, what: str, date: str, said: str, base: str) -> str:
    return (
        f"<entry>\n<title>{escape(title)}</title>\n<id>urn:uuid:{uuid.uuid5(NAMESPACE, f'{bug.slug} {what}')}</id>\n"
        f"<updated>{date}T00:00:00Z</updated>\n"
        f'<link rel="alternate" href="{escape(base)}bugs/{bug.slug}/"/>\n<summary>{escape(said)}</summary>\n</entry>'
    )


def llms(entries: list[Entry], site_url: str) -> str:
    """`llms.txt`: what is here, for programs that read: tools, data, and the bugs that have a check."""
    lines = [
        "# MPS Check",
        "",
        "> Executable checks for silently wrong numbers of PyTorch on Apple GPUs (device mps). "
        f"{len(entries)} known bugs; for a release that no source mentions, a bug is unknown, never absent.",
        "",
        "## Tools",
        "",
        f"- [validate_mps.py]({site_url}validate_mps.py): is it wrong? compares a language model on CPU and GPU",
        f"- [audit_mps.py]({site_url}audit_mps.py): which lines of a script would hit a known bug?",
        "",
        "## Data",
        "",
        f"- [bugs.json]({site_url}api/v1/bugs.json): every known bug",
        f"- [known-bad.json]({site_url}api/v1/known-bad.json): bugs known to affect it, by minor version of PyTorch",
        f"- [What the fields mean]({site_url}api/)",
        "",
        "## Bugs with a check that anybody can run",
        "",
    ]
    lines += [
        f"- [{plain(e.bug.claim)}]({site_url}bugs/{e.slug}/): {words.versions(e.bug)}" for e in entries if e.has_check
    ]
    return "\n".join(lines) + "\n"


def redirects(renamed: dict[str, str], slugs: set[str]) -> dict[str, str]:
    """A page for each slug that a bug once had, by its path under `docs/`. Raises BadRename."""
    found = {}
    for old, new in renamed.items():
        if old in slugs:
            raise BadRename(f"{RENAMED.name}: {old} is a bug: remove the line")
        if new not in slugs:
            raise BadRename(f"{RENAMED.name}: {old} leads to {new}, which is no bug")
        target = f"../{new}/"
        found[f"bugs/{old}/index.html"] = (
            f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{new}</title>\n'
            f'<meta http-equiv="refresh" content="0; url={target}">\n<link rel="canonical" href="{target}">\n'
            f'<meta name="robots" content="noindex">\n</head>\n<body><p>This bug is now called '
            f'<a href="{target}">{new}</a>.</p></body>\n</html>\n'
        )
    return found


def where(site_url: str) -> str:
    """The address of the data, for docs/api.md: a line of Python that reads it where the site has an address."""
    if not site_url:
        return "The files are beside this page; this copy of the site has no public address."
    return f"The files are under `{site_url}api/v1/`."


def schemas(folder: Path = SCHEMAS) -> dict[str, str]:
    """The JSON Schemas of the published files, by file name."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.schema.json"))}


def _dump(document: dict) -> str:
    return json_of(document) + "\n"


def files(inputs: Inputs) -> dict[str, str]:
    """The published data with their schemas, the feed, the redirects of renamed bugs, and the piece on where they are."""
    known, site_url = inputs.known, inputs.site_url
    data = {
        "v1/bugs.json": bugs_json(known, site_url, inputs.figures),
        "v1/known-bad.json": known_bad(known, inputs.exposure, site_url, inputs.measured.verified),
        "feed.xml": feed(known, site_url),
    }
    data |= {f"v1/{name}": schema for name, schema in schemas().items()}
    found = {f"api/{name}": text for name, text in data.items()} | {"llms.txt": llms(known, site_url)}
    return found | redirects(inputs.renamed, {entry.slug for entry in known}) | pieces(api=where(site_url))
