"""A page for each release of PyTorch, and the table of all of them: known to affect it, fixed in it, unknown."""

from collections import Counter
from html import escape

from mpscheck.known import releases
from mpscheck.known.entry import Entry
from mpscheck.known.releases import LETTERS, Release
from mpscheck.site import words
from mpscheck.site.escape import claim_html
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.pages import declared
from mpscheck.site.pages import family as family_page


def counts(entries: list[Entry], place: int) -> dict[str, int]:
    """How many bugs affect, may affect and do not affect the release at this place of the list."""
    found = Counter(entry.letters[place] for entry in entries)
    return {state: found[letter] for state, letter in LETTERS.items()}


def counts_by_release(entries: list[Entry]) -> list[tuple[Release, dict[str, int]]]:
    """Each release with its counts, newest first."""
    return [(release, counts(entries, place)) for place, release in enumerate(releases.load())][::-1]


def answer(number: dict[str, int]) -> str:
    """The sentence that opens every view of one release: never a clean bill while anything is unknown."""
    known = f"**{number['affected']} known, {number['unknown']} unknown.**"
    if number["unknown"] == 0 and number["affected"] == 0:
        return f"{known} A source says of each known bug that this release does not have it."
    unknown = (
        f" For {number['unknown']} bugs nobody has said whether this release has them: no list can clear it."
        if number["unknown"]
        else ""
    )
    return f"{known}{unknown}"


def table(entries: list[Entry], folder: str = "releases/") -> str:
    """One row a release, as HTML, with links relative to the page that `folder` is seen from."""
    rows = []
    for release, number in counts_by_release(entries):
        rows.append(
            f'<tr><th scope="row"><a href="{folder}{release.version}/">{release.version}</a></th>'
            f"<td>{number['affected']}</td><td>{number['unknown']}</td><td>{number['not affected']}</td><td>{release.date}</td></tr>"
        )
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("PyTorch", "Affected by", "Unknown", "Not affected by", "Released")
    )
    body = "\n".join(rows)
    return (
        '<div class="scroll numbers" role="region" aria-label="PyTorch releases" tabindex="0" data-search-exclude>\n'
        f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def page(release: Release, place: int, entries: list[Entry], command: str) -> str:
    """The page of one release."""
    number = counts(entries, place)
    affected = [entry for entry in entries if entry.letters[place] == "a"]
    unknown = [entry for entry in entries if entry.letters[place] == "u"]
    fixed = [entry for entry in entries if entry.fixed_in(release.version)]
    broken = [entry for entry in entries if entry.introduced_in(release.version)]
    version = release.version
    parts = [
        f"---\ndescription: Known wrong results of PyTorch {version} on Apple GPUs, and what is unknown.\n---",
        f"# PyTorch {version} on Apple GPUs",
        f"{answer(number)} {number['not affected']} of {len(entries)} do not affect it, says a source.",
        "<div data-search-exclude markdown>\n\nThe check that decides for your own model, in the environment that you "
        f"work in:\n\n{command}\n\n[Download validate_mps.py](../validate_mps.py){{ download }} · "
        f"[what it does](../validate.md) · [filter these bugs](../bugs.md?torch={version})\n\n</div>",
        f"## Affected by {'{'} data-search-exclude {'}'}\n\n"
        + (_list(affected, macos=True) or "None is known. That is not a clean bill: see what is unknown."),
    ]
    if broken:
        parts.append(
            "## Came with it { data-search-exclude }\n\nA source says that older releases are right.\n\n"
            + _list(broken)
        )
    parts += [
        "## Fixed in it { data-search-exclude }\n\n" + (_list(fixed) or "No fix is stated for this release."),
        f"## Unknown {'{'} data-search-exclude {'}'}\n\n{_unknown(unknown, entries, version)}",
        f"<small>Released on {release.date} (day of the first file on PyPI). States are computed from what threads, "
        "release notes and wheels say: affected from the oldest version seen affected up to the fix, not affected only "
        "where a source says so.</small>",
    ]
    return "\n\n".join(parts) + "\n"


def _list(entries: list[Entry], macos: bool = False) -> str:
    """Bugs as a list in HTML, the most dangerous first; empty for none."""
    if not entries:
        return ""
    return "<ul>\n" + "\n".join(f"<li>{_link(entry)}{_details(entry, macos)}</li>" for entry in entries) + "\n</ul>"


def _link(entry: Entry) -> str:
    return f'<a href="../../bugs/{entry.slug}/">{claim_html(entry.bug.claim)}</a>'


def _details(entry: Entry, macos: bool) -> str:
    tied = f"macOS {words.limits(entry.bug.macos)}" if macos and entry.bug.macos is not None else ""
    chips = f"chips: {', '.join(entry.bug.chips)}" if macos and entry.bug.chips else ""
    kind = words.kind(entry.bug.kind, entry.silent)
    check = "has a check" if entry.has_check else ""
    return f" <small>({escape('; '.join(part for part in (kind, tied, chips, check) if part))})</small>"


def _unknown(unknown: list[Entry], entries: list[Entry], version: str) -> str:
    """How many of each family; the pages of the families say which, for every release, and so need no copy here."""
    if not unknown:
        return "Nothing: a source speaks of each bug."
    found = family_page.by_family(unknown)
    numbers = {
        family: f"{len(found[family])} of {len(there)}"
        for family, there in family_page.by_family(entries).items()
        if family in found
    }
    return (
        f"{len(unknown)} bugs. Each may be in this release or not. "
        f"[Show them](../bugs.md?torch={version}&state=unknown), or read them by family, with what is known of each on "
        f"every release:\n\n{family_page.links(numbers, '../../bugs/family/')}"
    )


def files(inputs: Inputs) -> dict[str, str]:
    """A page a release, and the tables that other pages include."""
    found = pieces(releases_here=table(inputs.known, ""), releases_home=table(inputs.known))
    for place, release in enumerate(releases.load()):
        of_wheel = declared.of_release(release.version, inputs.declared)
        found[f"releases/{release.version}.md"] = (
            page(release, place, inputs.known, words.command(inputs.site_url)) + of_wheel
        )
    return found
