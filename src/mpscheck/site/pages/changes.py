"""What changed: where runs contradict what is said or one another, and what a run found otherwise than the run before it."""

from mpscheck.known import setups
from mpscheck.known.changes import (
    NEWLY_RIGHT,
    NEWLY_WRONG,
    Contradiction,
    Disagreement,
    Together,
    changes_of,
    contradictions,
    disagreements,
)
from mpscheck.known.measured import RIGHT, WRONG
from mpscheck.site import run_pages, words
from mpscheck.site.escape import claim_markdown, text
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import day, details, table

NOTHING = (
    "No run contradicts what sources say or what another run says, and none found anything else than the run before it."
)
BEFORE = "Otherwise than the run before on the same runner; no source says so yet."


def page(
    against: list[Contradiction],
    differing: list[Disagreement],
    found: list[Together],
    links: dict[str, str],
    last: str,
) -> str:
    """What is news in tables, newest first; what sources say already on request. One line where nothing changed."""
    parts = [last]
    if not against and not differing and not found:
        return "\n\n".join([*parts, NOTHING])
    if against:
        heads = ["Date", "Bug", "PyTorch", "On", "Runs say", "Sources say"]
        parts += [
            "## Contradictions { #contradictions data-search-exclude }",
            "Runs say one thing, a source says the other. Nobody has settled it yet.",
            table(heads, [_contradiction(one, links) for one in against], "Contradictions"),
        ]
    if differing:
        heads = ["Date", "Bug", "PyTorch", "On", "Wrong in", "Right in"]
        parts += [
            "## Runs that disagree { #disagreements data-search-exclude }",
            "On one kind of set-up, runs say opposite things. An unverified run is one that somebody sent.",
            table(heads, [_disagreement(one, links) for one in differing], "Runs that disagree"),
        ]
    heads = ["Date", "Bug", "PyTorch", "On", "Before", "Sources say"]
    for kind in (NEWLY_WRONG, NEWLY_RIGHT):
        news = [one for one in found if one.first.kind == kind and one.is_news]
        if news:
            title = kind.capitalize()
            shown = table(heads, [_change(one, links) for one in news], title)
            parts += [f"## {title} {{ #{kind.replace(' ', '-')} data-search-exclude }}", BEFORE, shown]
    if told := [one for one in found if not one.is_news]:
        heads = ["Date", "Bug", "PyTorch", "On", "Now", "Before", "Sources say"]
        rows = [[*row[:4], one.first.kind, *row[4:]] for one in told for row in [_change(one, links)]]
        title = f"{len(told)} more changes that sources tell of already"
        parts.append(details(title, table(heads, rows, "Changes that sources tell of already")))
    return "\n\n".join(parts)


def _contradiction(one: Contradiction, links: dict[str, str]) -> list[str]:
    m = one.newest.rests_on[0]
    return [
        day(m.day, links[m.run]),
        _bug(one.bug),
        text(one.torch),
        text(setups.machines(one.where), limit=300),
        f"**{one.proposed}**",
        f"{one.newest.said.state} ({one.newest.said.basis})",
    ]


def _disagreement(one: Disagreement, links: dict[str, str]) -> list[str]:
    wrong, right = (
        "<br>".join(f"{day(m.day, links[m.run])}{'' if m.verified else ', unverified'}" for m in one.of(outcome))
        for outcome in (WRONG, RIGHT)
    )
    return [day(one.date), _bug(one.bug), text(one.setup.torch), text(one.setup.machine, limit=300), wrong, right]


def _change(one: Together, links: dict[str, str]) -> list[str]:
    now, before = one.first.now, one.first.before
    return [
        day(now.day, links[now.run]),
        _bug(one.first.bug),
        text(one.torch),
        text(setups.machines(one.where), limit=300),
        f"{before.outcome} in {text(setups.release_of(before.provenance['torch']))}, macOS {text(before.provenance['macos'])}, "
        f"{day(before.day, links[before.run])}",
        setups.listed(sorted({change.said for change in one.changes})),
    ]


def _bug(bug) -> str:
    return f'<a href="../bugs/{bug.slug}/">{claim_markdown(bug.claim)}</a>'


def files(inputs: Inputs) -> dict[str, str]:
    """The generated file that the page includes."""
    runs = inputs.published
    links, last = run_pages.links(runs), words.last_measured(run.where for run in runs)
    return pieces(
        changes=page(contradictions(inputs.known), disagreements(inputs.known), changes_of(inputs.known), links, last)
    )
